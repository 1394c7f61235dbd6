"""How far a batch has come, stage by stage, and when it may be over."""

import time
from dataclasses import dataclass, field
from typing import Literal, Protocol

from grader.batch.jobs import Stage

Step = Literal["intake"] | Stage


@dataclass
class Count:
    """One stage: submissions in all, at work, done, and of those done, the ones that failed through our fault."""

    total: int = 0
    running: int = 0
    done: int = 0
    failed: int = 0
    began: float = field(default=0.0, repr=False)

    def seconds_left(self, now: float) -> float | None:
        """Return how long the rest will take at the pace so far, or None while there is no pace yet."""
        if not self.done or not self.began:
            return None
        return (self.total - self.done) * (now - self.began) / self.done


class View(Protocol):
    """Shows the stages to a waiting person."""

    def show(self, counts: dict[Step, Count]) -> None:
        """Show how far it has come; called often."""
        ...


class Stages:
    """Counts, and tells the view."""

    def __init__(self, view: View) -> None:
        self.counts: dict[Step, Count] = {}
        self._view = view

    def expect(self, step: Step, number: int = 1) -> None:
        """Note that so many more submissions go through a stage."""
        self.counts.setdefault(step, Count()).total += number

    def start(self, step: Step) -> None:
        """Note that one is at work."""
        count = self.counts[step]
        count.running += 1
        count.began = count.began or time.monotonic()

    def put_back(self, step: Step) -> None:
        """Note that one is not at work any more and will be tried again."""
        self.counts[step].running -= 1

    def end(self, step: Step, *, failed: bool = False) -> None:
        """Note that one is done."""
        count = self.counts[step]
        count.running -= 1
        count.done += 1
        count.failed += failed
        self.tick()

    def tick(self) -> None:
        """Let the view show how it stands with the stages that have begun."""
        self._view.show({step: count for step, count in self.counts.items() if count.began})
