"""The progress of a command that reads many pages: the step, how many, how fast, and how long it will take."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.markup import escape

from newslake.pipeline.cli.output import err, log
from newslake.pipeline.log_lines import writes_json

_LINE_SECONDS = 10.0  # between two lines of counts, where there is no terminal
_STATUS_SECONDS = 0.2
_RATE_SECONDS = 1.0  # before this, a rate says nothing


class PageProgress:
    """Shows steps and counts on one line of a terminal; elsewhere as lines, with counts every ten seconds."""

    def __init__(self, show: Callable[[str], None], *, seconds: float, clock: Callable[[], float] = time.monotonic):
        self._show = show
        self._seconds = seconds
        self._clock = clock
        self._step, self._unit = "pages", "pages"
        self._first: tuple[float, int] | None = None
        self._shown_at = clock()

    def __call__(self, message: str, *, unit: str = "pages") -> None:
        """Show a step, to which the next counts belong; ``unit`` is what they count."""
        self._step, self._unit, self._first = message, unit, None
        self._show(message)
        self._shown_at = self._clock()

    def count(self, done: int, total: int | None) -> None:
        """Show that ``done`` pages of the step are ready, of ``total`` if that is known."""
        now = self._clock()
        if self._first is None:
            self._first = now, done - 1
        if now - self._shown_at >= self._seconds:
            self._show(f"{self._step}: {count_text(done, total, pace=self._pace(now, done), unit=self._unit)}")
            self._shown_at = now

    def _pace(self, now: float, done: int) -> float | None:
        began, before = self._first or (now, done)
        seconds = now - began
        return (done - before) / seconds if seconds >= _RATE_SECONDS and done > before else None


def count_text(done: int, total: int | None, *, pace: float | None, unit: str = "pages") -> str:
    """Return counts as text: "1,200 of 4,000 pages, 8.5 per s, 5 min left". ``pace`` is in units per second."""
    of = f" of {total:,}" if total is not None else ""
    rate = "" if pace is None else f", {pace:,.0f} per s" if pace >= 10 else f", {pace:.1f} per s"
    left = f", {duration((total - done) / pace)} left" if pace and total is not None and total >= done else ""
    return f"{done:,}{of} {unit}{rate}{left}"


def duration(seconds: float) -> str:
    """Return seconds in a readable unit."""
    return (
        f"{seconds:.0f} s"
        if seconds < 90
        else f"{seconds / 60:.0f} min"
        if seconds < 5400
        else f"{seconds / 3600:.1f} h"
    )


@contextmanager
def page_progress(*, quiet: bool) -> Iterator[PageProgress]:
    """Yield the progress of a command: on one line of a terminal, as lines elsewhere, or nowhere if quiet."""
    if quiet:
        yield PageProgress(lambda _: None, seconds=_LINE_SECONDS)
    elif writes_json():
        yield PageProgress(lambda text: log.info("%s", text), seconds=_LINE_SECONDS)
    elif err.is_terminal:
        with err.status("starting") as status:
            yield PageProgress(lambda text: status.update(escape(text)), seconds=_STATUS_SECONDS)
    else:
        yield PageProgress(
            lambda text: err.print(text, highlight=False, markup=False, soft_wrap=True), seconds=_LINE_SECONDS
        )
