"""Intervals of an audit: a share of right rows, the agreement of two readers, and the difference that can be shown.

All intervals are of 95 %. Shares are fractions from 0 to 1.

References:
    Wilson (1927), Probable inference, the law of succession, and statistical inference. JASA 22.
    Brown, Cai and DasGupta (2001), Interval estimation for a binomial proportion. Statistical Science 16.
    Kish (1965), Survey Sampling. Wiley.
    Kott (2017), A note on Wilson coverage intervals for proportions estimated from complex samples. Survey
        Methodology 43.
    Cohen (1960), A coefficient of agreement for nominal scales. Educational and Psychological Measurement 20.
    Fleiss, Levin and Paik (2003), Statistical Methods for Rates and Proportions. Wiley. Chapters 4 and 18.
"""

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from newslake.pipeline.errors import ConfigError

LEVEL = 0.95
_Z = NormalDist().inv_cdf((1 + LEVEL) / 2)  # 1.96: the 97.5 % quantile of the normal distribution
_HALVINGS = 60  # of an interval at most 1 wide: the result is exact to the last digit that a float has


@dataclass(frozen=True, slots=True, kw_only=True)
class Proportion:
    """A share with its 95 % Wilson interval: 0 <= low <= share <= high <= 1.

    ``n`` is the number of rows. ``effective_n`` is the number of rows with equal weights that give an interval of the
    same length, at most ``n``.
    """

    share: float
    low: float
    high: float
    n: int
    effective_n: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far two readers agree on ``n`` rows.

    ``agreement`` is the share of rows with the same answer. ``kappa`` is Cohen's kappa: 1 for full agreement, 0 for
    what chance gives, negative for less. It is None if both readers gave one and the same answer to all rows, because
    chance alone then gives full agreement. If one answer is frequent, kappa is low although agreement is high: print
    both.
    """

    n: int
    agreement: float
    kappa: float | None


def estimate_proportion(outcomes: Sequence[bool], weights: Sequence[float] | None = None) -> Proportion | None:
    """Return the weighted share of true outcomes with its Wilson score interval, or None if there is no outcome.

    A weight is the number of rows of the table for which an outcome counts: N_h / n_h in a stratum of N_h rows of which
    n_h were drawn. Weights are positive, and only their ratios matter. With unequal weights the interval is that of
    Kish's effective sample size, (sum of w)^2 / (sum of w^2). This ignores the gain of stratification and of a
    sample that is a large part of its table; the interval is then somewhat too long. Raises: ConfigError.
    """
    factors = [1.0] * len(outcomes) if weights is None else list(weights)
    if len(factors) != len(outcomes):
        raise ConfigError(f"{len(outcomes)} outcomes have {len(factors)} weights; give one each", key="weights")
    wrong = [each for each in factors if not (math.isfinite(each) and each > 0)]
    if wrong:
        raise ConfigError(f"the weight {wrong[0]} is not a positive number", key="weights")
    if not outcomes:
        return None

    largest = max(factors)
    scaled = [each / largest for each in factors]  # neither sums nor squares overflow
    total = math.fsum(scaled)
    share = math.fsum(weight for weight, outcome in zip(scaled, outcomes, strict=True) if outcome) / total
    effective_n = min(float(len(outcomes)), total**2 / math.fsum(weight**2 for weight in scaled))
    low, high = wilson_interval(share, effective_n)
    return Proportion(share=share, low=low, high=high, n=len(outcomes), effective_n=effective_n)


def wilson_interval(share: float, n: float) -> tuple[float, float]:
    """Return the ends of the 95 % Wilson score interval of a share of ``n`` rows; ``n`` is positive, maybe no integer.

    It contains the share, and has a length above 0 also for the shares 0 and 1.
    """
    center = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    # Rounding errors must not exclude a share of 0 or 1.
    return min(share, max(0.0, center - half)), max(share, min(1.0, center + half))


def cohen_kappa(pairs: Iterable[tuple[Hashable, Hashable]]) -> Agreement | None:
    """Return the agreement of two readers on rows that both answered, or None if there is no such row.

    A pair has the answers of the first and of the second reader to one row.
    """
    answers = Counter(pairs)
    n = answers.total()
    if not n:
        return None
    first: Counter[Hashable] = Counter()
    second: Counter[Hashable] = Counter()
    for (one, other), count in answers.items():
        first[one] += count
        second[other] += count
    same = sum(count for (one, other), count in answers.items() if one == other)
    # The counts are integers, so that the comparison with full agreement by chance is exact.
    by_chance = sum(count * second[answer] for answer, count in first.items())
    kappa = None if by_chance == n * n else (n * same - by_chance) / (n * n - by_chance)
    return Agreement(n=n, agreement=same / n, kappa=kappa)


def detectable_difference(
    n_a: float, n_b: float, share: float, *, power: float = 0.8, level: float = 0.05
) -> float | None:
    """Return the smallest difference of two shares that samples of ``n_a`` and ``n_b`` rows show.

    If the one share is ``share`` and the other differs from it by the result, the two-sided test of two proportions at
    ``level`` finds a difference with probability ``power`` (normal approximation, Fleiss, Levin and Paik 2003,
    chapter 4). The difference is taken towards 0.5, where it must be larger. None if samples of this size show no
    difference at all. With weights, pass effective sample sizes. Raises: ConfigError.
    """
    if not (n_a > 0 and n_b > 0):
        raise ConfigError(f"samples of {n_a:g} and {n_b:g} rows have no difference; both need rows", key="n")
    if not 0 <= share <= 1:
        raise ConfigError(f"the share {share} is not between 0 and 1", key="share")
    near = min(share, 1 - share)
    significance, strength = NormalDist().inv_cdf(1 - level / 2), NormalDist().inv_cdf(power)

    def is_shown(difference: float) -> bool:
        far = near + difference
        pooled = (n_a * near + n_b * far) / (n_a + n_b)
        by_chance = math.sqrt(pooled * (1 - pooled) * (1 / n_a + 1 / n_b))
        error = math.sqrt(near * (1 - near) / n_a + far * (1 - far) / n_b)
        return difference >= significance * by_chance + strength * error

    low, high = 0.0, 1 - near
    if not is_shown(high):
        return None
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if is_shown(middle) else (middle, high)
    return high
