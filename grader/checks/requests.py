"""What the grader asks of the warm pytest process, one packet a submission. Without pytest, which it never imports."""

import msgspec

PACKET_BYTES = 2**16
READY = b"ready"


class Request(msgspec.Struct, frozen=True):
    """Fork for one submission. One descriptor comes with it, over which the fork's pidfd is sent back.

    Checks that the file `journal` already decides are left out; `printed` takes what pytest itself prints.
    """

    source: str
    boundary: str
    journal: str
    printed: str
