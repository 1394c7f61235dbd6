"""Make text that others wrote safe and legible: one function for each place it may be printed in."""

import re
import unicodedata

from grader.language import ngettext

# Joiners hold emoji and several scripts together, and cannot reorder or hide what stands beside them.
_JOINERS = "\u200c\u200d"
_CONTROL_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# What GitHub's Markdown obeys, and only where it does: a name such as split_pairs or week-07.py stays legible. They are
# spans and cells; emphasis that does not stand within a word; what begins a list or an underline; links and emoji.
_MARKDOWN = re.compile(
    r"[\\`*\[\]|~$]|(?<![^\W_])_|_(?![^\W_])|^(?:[-+=]|\d{1,9}[.)])|:(?=[\w/+-])|(?<=www)\.", re.IGNORECASE
)


class _Escapes(dict[int, str]):
    """A table for str.translate that learns each character's form when it is first met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        hidden = unicodedata.category(char) in _CONTROL_CATEGORIES and char not in _JOINERS
        # Python's own notation is the one that the reader knows; it also spells out what UTF-8 cannot hold.
        self[code] = char.encode("unicode_escape").decode("ascii") if hidden else char
        return self[code]


_ONE_LINE = _Escapes()
_LINES = _Escapes({ord("\n"): "\n", ord("\t"): "\t"})


def visible(text: str) -> str:
    """Spell out control, direction-changing and zero-width characters and lone surrogates as Python would (`\\x1b`).

    Newlines and tabs stay. The result can be encoded as UTF-8 and holds nothing that a terminal or browser obeys.
    """
    return text.translate(_LINES)


def one_line(text: str) -> str:
    """Do as `visible` does, and spell out newlines and tabs too (`\\n`)."""
    return text.translate(_ONE_LINE)


def cut(text: str, limit: int) -> str:
    """Keep at most `limit` characters, and say how many were left out."""
    left_out = len(text) - limit
    if left_out <= 0:
        return text
    return text[:limit] + ngettext("… ({count:,} more character)", "… ({count:,} more characters)", left_out)


def markdown(text: str, limit: int) -> str:
    """Return text as one line of GitHub Markdown: no link, image, HTML, mention or end of a table's cell."""
    plain = one_line(cut(" ".join(text.split()), limit))
    escaped = _MARKDOWN.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", plain)
    # A zero-width space after the sign: GitHub looks for mentions and issues after it has undone backslashes.
    broken = escaped.replace("@", "@\u200b").replace("#", "#\u200b")
    return broken.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def markdown_code(text: str, limit: int) -> str:
    """Return text as a code span of GitHub Markdown, fit for a table's cell."""
    plain = one_line(cut(text, limit))
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", plain)), default=0))
    return f"{fence} {plain} {fence}".replace("|", "\\|")


def log_line(line: str) -> str:
    """Return one line of output in which a GitHub runner, should it read along, finds no workflow command."""
    # A line is a command when it begins with `::`, or, in the older form, when `##[` stands anywhere in it.
    quoted = f"\\{line.lstrip()}" if line.lstrip().startswith("::") else line
    return quoted.replace("##[", "## [")


def command_message(text: str, limit: int) -> str:
    """Return text as the message of a GitHub workflow command: one line in which the runner finds no other command."""
    plain = log_line(visible(cut(text, limit)))
    return plain.replace("%", "%25").replace("\n", "%0A")


def command_property(text: str, limit: int) -> str:
    """Return text as a property (`title=…`) of a GitHub workflow command."""
    return command_message(one_line(text), limit).replace(":", "%3A").replace(",", "%2C")
