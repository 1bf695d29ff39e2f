"""Failed fetches as values, which retries and robots rules check before they become errors; pauses between tries."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import SystemRandom
from typing import Literal, Self
from urllib.parse import urlsplit

from newslake.pipeline.errors import BrokenItemError, RefusedFetchError, TransientFetchError
from newslake.pipeline.model import Exchange


@dataclass(frozen=True, slots=True)
class FetchFailure:
    """Why a fetch failed. ``kind``: "retry" soon, "defer" to a later run, "permanent" (no retry), or "broken" (an
    unexpected exception).

    ``reason`` is a word of the package's docstring, ``detail`` is for people. ``exchange`` is set for a response that
    goes into the archive: the page is gone, or its body is truncated.
    """

    kind: Literal["retry", "defer", "permanent", "broken"]
    reason: str
    detail: str
    status: int | None = None
    retry_after_seconds: float | None = None
    exchange: Exchange | None = None

    def of_host_file(self, url: str, *, reason: str) -> Self:
        """Return the failure of a page that waits for the file of its host at ``url``.

        The reason host_backoff stays, because it does not count as a try. A defect of ours stays one: to wait for
        it would hide it.
        """
        if self.kind == "broken":
            return replace(self, detail=f"{_file_and_host(url)}: {self.detail}")
        return replace(
            self,
            kind="defer",
            reason=self.reason if self.reason == "host_backoff" else reason,
            detail=f"{_file_and_host(url)} is not available: {self.detail}; pages of this host wait for it",
            status=None,
            exchange=None,
        )

    def as_error(self, url: str) -> TransientFetchError | RefusedFetchError | BrokenItemError:
        """Return the error that jobs handle."""
        message = f"{url}: {self.detail}"
        if self.kind == "broken":
            return BrokenItemError(message, key=url, reason=self.reason)
        if self.kind == "permanent":
            return RefusedFetchError(message, key=url, reason=self.reason, status=self.status, exchange=self.exchange)
        return TransientFetchError(
            message,
            key=url,
            reason=self.reason,
            retry_after_seconds=self.retry_after_seconds,
            exchange=self.exchange,
        )


def _file_and_host(url: str) -> str:
    """Return "robots.txt of example.org" for the URL of a host's file: the URL of the page is in the same message."""
    parts = urlsplit(url)
    return f"{parts.path.rpartition('/')[2]} of {parts.netloc}"


# The pause before the next try: the server's Retry-After, else a short one that doubles.

_FIRST_PAUSE_SECONDS = 0.2
_FOREVER_SECONDS = 10.0 * 365 * 86400
_random = SystemRandom()


def retry_after_seconds(value: str | None, *, now: datetime) -> float | None:
    """Return the seconds of a Retry-After header, which has seconds or a date; None without a valid one."""
    if value is None:
        return None
    value = value.strip()
    if re.fullmatch(r"\d+", value, re.ASCII):
        return min(float(value), _FOREVER_SECONDS)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:  # neither form: treat it as missing
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - now).total_seconds())


def pause_seconds(attempt: int) -> float:
    """Return the pause after a failed try (1 is the first): doubled each time, with ±50 % jitter."""
    return float(_FIRST_PAUSE_SECONDS * 2 ** (attempt - 1) * _random.uniform(0.5, 1.5))
