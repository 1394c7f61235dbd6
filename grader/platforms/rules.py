"""The rules for one row, as functions: each returns in a few words what is wrong, or None."""

from collections.abc import Callable

from grader.intake.names import quote
from grader.platforms.facts import Row

RowRule = Callable[[Row], str | None]
ROLES = ("system", "user", "assistant")
SHAPES = (("messages",), ("prompt", "completion"), ("text",))


def only(*keys: str) -> RowRule:
    """Make the rule that a row has no other keys."""

    def mistake(row: Row) -> str | None:
        others = sorted(set(row) - set(keys))
        return f"has a key {quote(others[0])}; only {' and '.join(keys)} may stand there" if others else None

    return mistake


def one_shape(row: Row) -> str | None:
    """Ask for messages, or a prompt and its completion, or a text, and for one of these only."""
    begun = [shape for shape in SHAPES if any(key in row for key in shape)]
    if len(begun) != 1:
        found = " and ".join(shape[0] for shape in begun)
        return f"mixes {found}" if begun else "has neither messages nor prompt and completion nor text"
    missing = [key for key in begun[0] if key not in row]
    if missing:
        return f"has no {missing[0]!r}"
    texts = [key for key in begun[0] if key != "messages"]
    blank = [key for key in texts if not _is_text(row[key])]
    return f"has a {blank[0]!r} that is no text, or blank" if blank else None


def messages_are_texts(row: Row) -> str | None:
    """Ask that messages is a list of objects with a known role and a content that is not blank."""
    messages = row.get("messages")
    if not isinstance(messages, list) or not messages:
        return "has no list of messages"
    for number, message in enumerate(messages, 1):
        if not isinstance(message, dict) or message.get("role") not in ROLES:
            return f"has a message {number} whose role is none of {', '.join(ROLES)}"
        if not _is_text(message.get("content")):
            return f"has a message {number} whose content is no text, or blank"
    return None


def has_an_answer(row: Row) -> str | None:
    """Ask for at least one message of the assistant."""
    return None if "assistant" in _roles(row) else "has no message of the assistant to learn from"


def weights_are_0_or_1(row: Row) -> str | None:
    """Ask that a weight is 0 or 1, and on messages of the assistant alone."""
    for message in _messages(row):
        if "weight" not in message:
            continue
        weight = message["weight"]
        if message.get("role") != "assistant":
            return "has a weight on a message that is not the assistant's"
        if isinstance(weight, bool) or weight not in (0, 1):
            return "has a weight that is neither 0 nor 1"
    return None


def user_and_assistant_take_turns(row: Row) -> str | None:
    """Ask for user, assistant, user, assistant …; messages that a system text opens go on with the user."""
    roles = _roles(row)
    turns = roles[1:] if roles[:1] == ["system"] else roles
    if any(role != ROLES[1 + place % 2] for place, role in enumerate(turns)):
        return "has messages in which user and assistant do not take turns, the user first"
    return None


def the_assistant_ends(row: Row) -> str | None:
    """Ask that the last message is the assistant's, and that there are two or more."""
    roles = _roles(row)
    return None if len(roles) >= 2 and roles[-1] == "assistant" else "does not end with a message of the assistant"


def no_system_message(row: Row) -> str | None:
    """Ask that a system text stands beside the messages, and is a text."""
    if "system" in _roles(row):
        return "has a system message; its text belongs under a key 'system' beside the messages"
    return None if "system" not in row or _is_text(row["system"]) else "has a 'system' that is no text, or blank"


def where_there_are_messages(rule: RowRule) -> RowRule:
    """Make a rule that lets rows without messages pass."""
    return lambda row: rule(row) if "messages" in row else None


def _messages(row: Row) -> list[dict[str, object]]:
    messages = row.get("messages")
    return [message for message in messages if isinstance(message, dict)] if isinstance(messages, list) else []


def _roles(row: Row) -> list[object]:
    return [message.get("role") for message in _messages(row)]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
