"""What a page that is served may cost."""

from contextlib import AbstractContextManager

from pipeline.query import Limits, apply_limits
from pipeline.settings import Settings

_THREADS = 2
_ROWS = 200_000  # as values of Python: about as much again as the memory of DuckDB


def within_limits(settings: Settings) -> AbstractContextManager[None]:
    """Hold to the time and memory of the settings all that is asked of the lake in here. Raises: LimitError."""
    limits = Limits(
        seconds=settings.newsroom_seconds, memory_mb=settings.newsroom_memory_mb, threads=_THREADS, rows=_ROWS
    )
    return apply_limits(limits)
