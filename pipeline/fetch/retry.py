"""Failed fetches as values, on which retries and robots rules decide before they become errors; pauses of retries."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import SystemRandom
from typing import Literal, Self

from pipeline.errors import RefusedFetchError, TransientFetchError
from pipeline.model import Exchange


@dataclass(frozen=True, slots=True)
class FetchFailure:
    """Why a fetch failed. ``kind``: "retry" soon, "defer" to a later run, or give up ("permanent").

    ``reason`` is a word of the package's docstring, ``detail`` is for a person. ``exchange`` is set for a response that
    goes into the archive: the page is gone, or its body broke off.
    """

    kind: Literal["retry", "defer", "permanent"]
    reason: str
    detail: str
    status: int | None = None
    retry_after_seconds: float | None = None
    exchange: Exchange | None = None

    def of_host_file(self, url: str, *, reason: str) -> Self:
        """Return the failure of a page that waits for a file of its host, at ``url``.

        The reason host_backoff is kept, because it does not count as a try.
        """
        return replace(
            self,
            kind="defer",
            reason=self.reason if self.reason == "host_backoff" else reason,
            detail=f"{url}: {self.detail} ({self.reason}); nothing is fetched there before it can be read",
            status=None,
            exchange=None,
        )

    def as_error(self, url: str) -> TransientFetchError | RefusedFetchError:
        """Return the error that jobs handle."""
        message = f"{url}: {self.detail}"
        if self.kind == "permanent":
            return RefusedFetchError(message, key=url, reason=self.reason, status=self.status, exchange=self.exchange)
        return TransientFetchError(
            message,
            key=url,
            reason=self.reason,
            retry_after_seconds=self.retry_after_seconds,
            exchange=self.exchange,
        )


# The pause before the next try: the server's Retry-After, else a short one that doubles.

_FIRST_PAUSE_SECONDS = 0.2
_FOREVER_SECONDS = 10.0 * 365 * 86400
_random = SystemRandom()


def retry_after_seconds(value: str | None, *, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for, given as seconds or as a date; None if there is none."""
    if value is None:
        return None
    value = value.strip()
    if re.fullmatch(r"\d+", value, re.ASCII):
        return min(float(value), _FOREVER_SECONDS)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:  # neither form: treated as missing
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - now).total_seconds())


def pause_seconds(attempt: int) -> float:
    """Return the pause after a failed attempt (1 is the first): doubled each time, with 50 % jitter either way."""
    return float(_FIRST_PAUSE_SECONDS * 2 ** (attempt - 1) * _random.uniform(0.5, 1.5))
