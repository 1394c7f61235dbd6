"""What a person who waits is told: how far it has come, and how long it may still take."""

import io

from rich.console import Console

from grader.batch.stages import Count, Stages, Step
from grader.batch.view import PlainView, describe, time_left


class Watching:
    """A view that keeps what it was shown."""

    def __init__(self) -> None:
        self.seen: list[dict[Step, tuple[int, int, int, int]]] = []

    def show(self, counts: dict[Step, Count]) -> None:
        """Keep the numbers."""
        self.seen.append(
            {step: (count.total, count.running, count.done, count.failed) for step, count in counts.items()}
        )


def test_a_stage_is_counted_from_its_beginning_to_its_end() -> None:
    view = Watching()
    stages = Stages(view)
    stages.expect("checks", 3)
    stages.tick()
    stages.start("checks")
    stages.start("checks")
    stages.end("checks")
    stages.put_back("checks")
    stages.start("checks")
    stages.end("checks", failed=True)
    assert view.seen == [{}, {"checks": (3, 1, 1, 0)}, {"checks": (3, 0, 2, 1)}]


def test_the_time_left_follows_the_pace_so_far() -> None:
    count = Count(total=30, running=2, done=10, failed=0, began=100.0)
    assert count.seconds_left(now=150.0) == 100.0
    assert Count(total=30, began=100.0).seconds_left(now=150.0) is None
    assert describe("checks", count, 150.0) == "checks: 10 of 30 done, 2 running, 0 failed, about 2 min left"


def test_durations_are_told_as_people_estimate_them() -> None:
    assert [time_left(seconds) for seconds in (None, 4.4, 89, 90, 5000, 9000)] == [
        *("–", "4 s", "89 s", "2 min", "83 min", "2.5 h")
    ]


def test_a_log_gets_a_line_for_the_beginning_and_the_end_and_few_between() -> None:
    text = io.StringIO()
    stages = Stages(PlainView(Console(file=text, width=200)))
    stages.expect("intake", 500)
    for _ in range(500):
        stages.start("intake")
        stages.end("intake")
    lines = text.getvalue().splitlines()
    assert lines[-1] == "intake: 500 of 500 done, 0 running, 0 failed"
    assert len(lines) <= 3
