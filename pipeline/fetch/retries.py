"""When to try again: what the server asks for, else a short growing pause."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import SystemRandom

_FIRST_PAUSE_SECONDS = 0.2
_FOREVER_SECONDS = 10.0 * 365 * 86400
_random = SystemRandom()


def retry_after_seconds(value: str | None, *, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for, given as seconds or as a date; None for none."""
    if value is None:
        return None
    value = value.strip()
    if re.fullmatch(r"\d+", value, re.ASCII):
        return min(float(value), _FOREVER_SECONDS)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:  # neither form: as if it were not there
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - now).total_seconds())


def pause_seconds(attempt: int) -> float:
    """Return the pause after a failed attempt (1 is the first): doubled each time, with jitter of a half each way."""
    return float(_FIRST_PAUSE_SECONDS * 2 ** (attempt - 1) * _random.uniform(0.5, 1.5))
