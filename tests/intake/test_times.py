"""A time counts where it says its zone."""

from datetime import UTC, datetime

import pytest

from grader.intake.times import read_time


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T09:00:00Z",
        "2026-11-20 09:00:00.000000000 Z",
        "2026-11-20 10:00:00.000000000 +01:00",
        "2026-11-20 09:00:00 UTC",
        "2026-11-20T02:00:00-0700",
        "20261120T090000Z",
    ],
)
def test_times_with_a_zone_are_read_as_platforms_write_them(text: str) -> None:
    assert read_time(text) == datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "2026-11-20T09:00:00", "2026-11-20", "Friday, 20 November 2026", "Z", "1e9", "-"])
def test_a_time_without_a_zone_is_none(text: str) -> None:
    assert read_time(text) is None
