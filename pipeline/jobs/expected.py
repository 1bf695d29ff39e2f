"""What is usual for a source on such a day, and how far off a count is from it. Pure; earlier outages hardly count."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from math import sqrt
from statistics import median

ANOMALY_THRESHOLD = 3.5  # robust standard deviations
_SIGMA_OF_MAD = 1.4826  # of a normal distribution
_LEAST_SHARE, _UNKNOWN_SHARE = 0.05, 0.2
_LEAST_PAGES, _LEAST_RISE = 5, 0.2


def baseline(known: Collection[date], day: date, *, weeks: int, least: int) -> list[date]:
    """Return the days before a day that it is measured by: the same weekdays of some weeks where there are ``least``
    of these, else all days of them."""
    near = sorted(each for each in known if day - timedelta(weeks=weeks) <= each < day)
    same = [each for each in near if each.weekday() == day.weekday()]
    return same if len(same) >= least else near


def robust_z_score(count: int, usual: Sequence[int]) -> float:
    """Return how far a count is off the median of its like, in standard deviations; negative for fewer.

    Counts scatter at least as Poisson's do: the square root makes their deviation 1 whatever their size (Anscombe). A
    source that scatters more by itself is measured by its own median deviation.
    """
    centre = median(map(_stabilize_variance, usual))
    spread = _SIGMA_OF_MAD * median(abs(_stabilize_variance(each) - centre) for each in usual)
    return (_stabilize_variance(count) - centre) / max(spread, 1.0)


def _stabilize_variance(count: int) -> float:
    return 2 * sqrt(count + 0.375)


def may_be_anomalous(part: int, whole: int) -> bool:
    """Return whether a share is far above anything at all: most are not, and need not be compared."""
    return whole >= _LEAST_PAGES and part / whole - _LEAST_SHARE >= _LEAST_RISE


def is_share_anomalous(part: int, whole: int, usual: Sequence[float]) -> bool:
    """Return whether a share is far above the median of its like: beyond chance, and by a fifth of all at least."""
    if not may_be_anomalous(part, whole):
        return False
    share = max(median(usual) if usual else _UNKNOWN_SHARE, _LEAST_SHARE)
    chance = sqrt(whole * share * (1 - share)) or 1.0
    return part / whole - share >= _LEAST_RISE and (part - whole * share) / chance >= ANOMALY_THRESHOLD
