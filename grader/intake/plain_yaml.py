"""YAML as plain data, read event by event: no objects, no recursion, no reference followed."""

import yaml

DEEPEST = 100
PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(data: bytes) -> object:
    """Return the first document's lists, dicts and strings. Tags and types are ignored; a reference reads as None.

    Loading it as PyYAML does would make the objects that tags ask for, and nesting would overrun the C parser's stack.
    Raises ValueError for what is no YAML or is nested deeper than 100 levels.
    """
    stack: list[list[object]] = [[]]
    try:
        for event in yaml.parse(data, Loader=PARSER):
            if isinstance(event, yaml.ScalarEvent):
                stack[-1].append(event.value)
            elif isinstance(event, yaml.AliasEvent):
                stack[-1].append(None)
            elif isinstance(event, yaml.CollectionStartEvent):
                _open(stack)
            elif isinstance(event, yaml.CollectionEndEvent):
                items = stack.pop()
                stack[-1].append(_pair(items) if isinstance(event, yaml.MappingEndEvent) else items)
    except yaml.YAMLError as error:
        raise ValueError("not valid YAML") from error
    return next(iter(stack[0]), None)


def _open(stack: list[list[object]]) -> None:
    if len(stack) > DEEPEST:
        raise ValueError("nested too deep")
    stack.append([])


def _pair(items: list[object]) -> dict[str, object]:
    return {key: value for key, value in zip(items[::2], items[1::2], strict=True) if isinstance(key, str)}
