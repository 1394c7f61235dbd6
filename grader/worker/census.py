"""Counts what a msgpack payload says it holds, before a single object is made of it.

Eight megabytes of empty dicts would become six hundred in memory, and a dict whose keys were chosen to collide takes
minutes to fill (its time grows with the square of their number). Both are refused here, for the price of one pass.
"""

MAX_VALUES = 1_000_000
MAX_KEYS = 4_096
"""In one dict. So many colliding keys still cost only milliseconds."""

_LENGTH_BYTES = {
    **{0xC4: 1, 0xC5: 2, 0xC6: 4},  # bytes
    **{0xC7: 1, 0xC8: 2, 0xC9: 4},  # extensions
    **{0xD9: 1, 0xDA: 2, 0xDB: 4},  # text
    **{0xDC: 2, 0xDD: 4},  # lists
    **{0xDE: 2, 0xDF: 4},  # dicts
}
_EXTENSIONS = {0xC7, 0xC8, 0xC9}
_LISTS = {0xDC, 0xDD}
_DICTS = {0xDE, 0xDF}


class OvercrowdedError(ValueError):
    """More values, or more keys in one dict, than anything that a lab asks for."""


class Census:
    """Counts values over all parts of one reply. A payload that ends too early is left to the decoder's own refusal."""

    def __init__(self) -> None:
        self.values = 0

    def take(self, payload: bytes | memoryview) -> None:
        """Count the values in a payload. Raises OvercrowdedError."""
        place, awaited, end = 0, self._add(1), len(payload)
        while awaited and place < end:
            head = payload[place]
            length_bytes = _LENGTH_BYTES.get(head)
            if length_bytes is None:
                place += _SIZES[head]
                awaited += self._add(_INNER[head]) - 1 if _INNER[head] else -1
                continue
            place += 1 + length_bytes
            length = int.from_bytes(payload[place - length_bytes : place], "big")
            if head in _LISTS:
                awaited += self._add(length) - 1
            elif head in _DICTS:
                awaited += self._add_keys(length) - 1
            else:
                place += length + (head in _EXTENSIONS)  # an extension's type stands before its bytes
                awaited -= 1

    def _add_keys(self, keys: int) -> int:
        if keys > MAX_KEYS:
            raise OvercrowdedError(f"a dict in it has more than {MAX_KEYS:,} keys")
        return self._add(2 * keys)

    def _add(self, values: int) -> int:
        self.values += values
        if self.values > MAX_VALUES:
            raise OvercrowdedError(f"it holds more than {MAX_VALUES:,} values")
        return values


def _size(head: int) -> int:
    """Return how many bytes a value of fixed length takes, its head included and what is inside it not."""
    if 0xA0 <= head <= 0xBF:  # short text
        return 1 + (head & 0x1F)
    sizes = {0xCA: 5, 0xCB: 9, 0xCC: 2, 0xCD: 3, 0xCE: 5, 0xCF: 9, 0xD0: 2, 0xD1: 3, 0xD2: 5, 0xD3: 9}  # numbers
    sizes |= {0xD4: 3, 0xD5: 4, 0xD6: 6, 0xD7: 10, 0xD8: 18}  # extensions of 1, 2, 4, 8 and 16 bytes
    return sizes.get(head, 1)


def _inner(head: int) -> int:
    """Return how many values follow inside a short dict (keys count) or a short list."""
    if 0x80 <= head <= 0x8F:
        return 2 * (head & 0x0F)
    return head & 0x0F if 0x90 <= head <= 0x9F else 0


_SIZES = [_size(head) for head in range(256)]
_INNER = [_inner(head) for head in range(256)]
