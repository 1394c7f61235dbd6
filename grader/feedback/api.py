"""The few calls of GitHub's REST API that a comment needs: capped, timed, and decoded strictly."""

import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from grader.errors import HarnessError

SECONDS = 30.0
LARGEST = 8 << 20  # bytes of one answer
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class GitHub:
    """One repository (`owner/name`), seen with a token."""

    url: str
    repository: str
    token: str

    def read(self, path: str, kind: type[Answer]) -> Answer:
        """Return the answer to a GET, decoded. Raises HarnessError."""
        try:
            return msgspec.json.decode(self.download(path), type=kind)
        except msgspec.MsgspecError as error:
            raise HarnessError(f"GitHub's answer to {path} is not what its documentation says: {error}.") from error

    def download(self, path: str) -> bytes:
        """Return the bytes behind a GET, redirections followed without the token. Raises HarnessError."""
        return self._ask("GET", path, None)

    def write(self, method: str, path: str, content: dict[str, str]) -> None:
        """POST or PATCH an object. Raises HarnessError."""
        self._ask(method, path, msgspec.json.encode(content))

    def _ask(self, method: str, path: str, data: bytes | None) -> bytes:
        request = urllib.request.Request(f"{self.url}/repos/{self.repository}/{path}", data=data, method=method)
        request.add_header("Accept", "application/vnd.github+json")
        request.add_header("X-GitHub-Api-Version", "2022-11-28")
        request.add_header("User-Agent", "grader")
        request.add_unredirected_header("Authorization", f"Bearer {self.token}")
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                content: bytes = answer.read(LARGEST + 1)
        except (OSError, ValueError) as error:  # URLError is an OSError
            raise HarnessError(f"GitHub did not do {method} {path}: {error}.") from error
        if len(content) > LARGEST:
            raise HarnessError(f"GitHub's answer to {path} is over 8 MiB.")
        return content
