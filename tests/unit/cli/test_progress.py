"""Progress of commands that read many pages: counts, rate and time left."""

from collections.abc import Callable

import pytest

from newslake.pipeline.cli.progress import PageProgress, count_text


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("1,200 of 4,000 pages, 8.5 per s, 5 min left", (1200, 4000, 8.5)),
        ("1,200 pages, 85 per s", (1200, None, 85.2)),
        ("3 of 4 pages", (3, 4, None)),
        ("5 of 4 pages, 2.0 per s", (5, 4, 2.0)),
    ],
)
def test_counts_as_text(text: str, counts: tuple[int, int | None, float | None]) -> None:
    """Counts have the total, the rate and the time left, as far as they are known."""
    done, total, pace = counts
    assert count_text(done, total, pace=pace) == text


def test_lines_appear_every_ten_seconds() -> None:
    """A step is shown at once, its counts at most every ten seconds, with the rate since the step began."""
    shown: list[str] = []
    times = [float(second) for second in range(30)]
    progress = PageProgress(shown.append, seconds=10, clock=_clock([0.0, 0.0, *times]))

    progress("reading")
    for number in range(1, 25):
        progress.count(number, 100)

    assert shown == [
        "reading",
        "reading: 11 of 100 pages, 1.1 per s, 81 s left",
        "reading: 21 of 100 pages, 1.1 per s, 75 s left",
    ]


def _clock(times: list[float]) -> Callable[[], float]:
    return lambda: times.pop(0)
