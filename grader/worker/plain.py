"""Plain data, and what becomes of everything else: an object stays where it is and a Handle crosses for it.

Exactly None, bool, int, float, str, bytes, list and dict cross. Both transports convert with these functions, so that a
check gives one verdict on a student's machine and in the grader.
"""

import dataclasses
from collections.abc import Callable, Mapping
from enum import Enum

SCALARS = (type(None), bool, int, float, str, bytes)
MAX_DEPTH = 64

_CONFIGS = {"PeftConfig", "TrainingArguments", "BitsAndBytesConfig"}
_LIBRARIES = ("peft", "transformers", "trl")


class NotPlainError(ValueError):
    """A value that cannot cross: nested too deep, or an argument that is no plain data."""


class Handle:
    """An object that stayed in the worker: its class, the names of its classes, and a config object's plain fields.

    Passed back as an argument, at any depth, it becomes the object again. Fields are attributes too: `config.r`.
    """

    def __init__(self, id: int, kind: str, ancestry: list[str], fields: dict[str, object]) -> None:
        self.id = id
        self.kind = kind
        self.ancestry = ancestry
        self.fields = fields

    def __getattr__(self, name: str) -> object:
        """Return a field of a config object, none that poses as a protocol of Python's. Raises AttributeError."""
        fields = self.__dict__.get("fields", {})
        if name in fields and not name.startswith("__"):
            return fields[name]
        raise AttributeError(f"this {self.__dict__.get('kind', 'object')} has no field {name!r} that can be read")

    def __repr__(self) -> str:
        """Name the object; no address, so that two runs print the same."""
        return f"<{self.kind}>"


def lower(value: object, keep: Callable[[object], object], depth: int = 0) -> object:
    """Return `value` as plain data; `keep` gives what stands in for an object that cannot cross.

    An integer that does not fit into 64 bits and a string with a lone surrogate cannot cross either: msgpack has no
    place for them. Raises NotPlainError where the value is nested more than 64 deep (or holds itself).
    """
    kind = type(value)
    if value is None or kind is bool or kind is float or kind is bytes:
        return value
    if depth > MAX_DEPTH:
        raise NotPlainError(f"the value is nested more than {MAX_DEPTH} deep, or holds itself")
    if isinstance(value, Enum):
        return lower(value.value, keep, depth + 1)
    if isinstance(value, str):
        return str.__str__(value) if _is_text(value) else keep(value)
    if isinstance(value, int):
        return int(value) if -(2**63) <= value < 2**64 else keep(value)
    if isinstance(value, float | bytes):
        return float(value) if isinstance(value, float) else bytes(value)
    if isinstance(value, list | tuple):
        return [lower(item, keep, depth + 1) for item in value]
    if isinstance(value, Mapping):
        return _lower_mapping(value, keep, depth)
    if kind.__module__ == "numpy" and hasattr(value, "item") and not hasattr(value, "__len__"):
        return lower(value.item(), keep, depth + 1)
    return keep(value)


def _lower_mapping(value: Mapping[object, object], keep: Callable[[object], object], depth: int) -> object:
    stayed: list[object] = []
    keys = [lower(key, stayed.append, depth + 1) for key in value]
    if stayed or not all(isinstance(key, SCALARS) for key in keys):
        return keep(value)
    return {key: lower(item, keep, depth + 1) for key, item in zip(keys, value.values(), strict=True)}


def _is_text(value: str) -> bool:
    try:
        str.encode(value)
    except UnicodeEncodeError:
        return False
    return True


def check(value: object, depth: int = 0) -> None:
    """Raise NotPlainError unless a decoded value is made of the exact plain types and Handles, 64 deep at most."""
    kind = type(value)
    if kind in SCALARS or kind is Handle:
        return
    if depth > MAX_DEPTH:
        raise NotPlainError(f"it is nested more than {MAX_DEPTH} deep")
    if kind is list:
        for item in value:  # type: ignore[attr-defined]
            check(item, depth + 1)
    elif kind is dict:
        for key, item in value.items():  # type: ignore[attr-defined]
            if type(key) not in SCALARS:
                raise NotPlainError(f"it has a {type(key).__name__} as a key")
            check(item, depth + 1)
    else:
        raise NotPlainError(f"it holds a {kind.__name__}")


def describe(value: object) -> tuple[str, list[str], dict[str, object]]:
    """Return an object's class name, the names of all its classes, and its plain fields if it is a config object."""
    classes = type(value).__mro__
    ancestry = [cls.__name__ for cls in classes]
    ours = any(cls.__name__ in _CONFIGS and cls.__module__.startswith(_LIBRARIES) for cls in classes)
    return ancestry[0], ancestry, config_fields(value) if ours else {}


def config_fields(config: object) -> dict[str, object]:
    """Return the fields of a config object that are plain: enums as their values, sets as sorted lists."""
    # BitsAndBytesConfig is a dataclass whose settings are properties: only its to_dict names them all.
    if dataclasses.is_dataclass(config) and not hasattr(config, "load_in_8bit"):
        names = [field.name for field in dataclasses.fields(config)]
        fields = {name: getattr(config, name, None) for name in names}
    else:
        fields = config.to_dict()  # type: ignore[attr-defined]
    plain: dict[str, object] = {}
    for name, value in fields.items():
        stayed: list[object] = []
        lowered = lower(sorted(value, key=str) if isinstance(value, set | frozenset) else value, stayed.append)
        if not stayed:
            plain[name] = lowered
    return plain
