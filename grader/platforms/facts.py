"""What is known of a service, each fact with where it was read and when: services change, and some have closed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

Row = Mapping[str, object]


@dataclass(frozen=True)
class Source:
    """A public page, and the day it was read; no day where it could not be read."""

    page: str
    read: date | None = None

    def __str__(self) -> str:
        """Name it as a report does."""
        return f"{self.page}, read {self.read}" if self.read else self.page


@dataclass(frozen=True)
class Rule:
    """What a service asks of a row. `mistake` says in a few words how a row breaks it, or returns None."""

    says: str
    mistake: Callable[[Row], str | None]
    source: Source


@dataclass(frozen=True)
class Limit:
    """The fewest or the most of something that a service takes."""

    number: int
    source: Source


@dataclass(frozen=True)
class Change:
    """What a service announced for a day. `closed` where nobody can start a job from then on."""

    day: date
    says: str
    source: Source
    closed: bool = False


@dataclass(frozen=True)
class Price:
    """US dollars for a million training tokens of one model."""

    model: str
    dollars: float
    source: Source


@dataclass(frozen=True)
class Platform:
    """One service: its rules, its limits on a file (rows) and on a row (tokens), its price and its announcements.

    `system_beside` where the system text stands beside the messages and not among them. `price_page` is where today's
    price stands; `price` is None where no price could be read there, and nothing is made up.
    """

    title: str
    rules: tuple[Rule, ...]
    changes: tuple[Change, ...]
    price_page: str
    price: Price | None = None
    fewest_rows: Limit | None = None
    most_rows: Limit | None = None
    most_tokens: Limit | None = None
    system_beside: bool = False

    def standing(self, today: date) -> list[str]:
        """Say what has changed by a day, and what is announced for later."""
        sentences = [
            f"{'Since' if change.day <= today else 'From'} {change.day}: {change.says} ({change.source})"
            for change in self.changes
        ]
        if any(change.closed and change.day <= today for change in self.changes):
            return [f"{self.title} is closed: the file is for practice.", *sentences]
        return sentences or [f"No end of {self.title} is known here."]
