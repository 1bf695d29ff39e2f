"""Correction: a share of a table, and its count, corrected by the errors that an audit of a sample of the rows shows.

A share has a denominator (say, the quotes of a month) and a numerator (those of a woman). The table says of every row
whether it belongs to them; a reader says it only of the audited rows. These are a simple random sample of each stratum,
drawn without replacement, so that their errors tell about the errors of the other rows.

The estimator. A row i of stratum h has predicted indicators, d_hat_i (in the denominator) and y_hat_i (in the
numerator), and true ones, d_i and y_i; a row that should not exist has d_i = y_i = 0. N_h rows are in the stratum, n_h
of them audited. The total of the denominator is what the table says plus the errors, extrapolated:

    D = sum over all rows of d_hat  +  sum over strata of N_h * mean of (d - d_hat) in the audited rows

and the total of the numerator, Y, likewise. This is the difference estimator of survey sampling (Särndal, Swensson and
Wretman 1992, chapter 6). Both totals are unbiased, however wrong the table is. Design-based supervised learning (Egami,
Hinck, Stewart and Wei 2023) averages over all rows the pseudo-outcome y_hat + (y - y_hat) / (n_h / N_h), without the
second term if a row is not audited: the same sum, if predictions are taken as they are. Prediction-powered inference
(Angelopoulos et al. 2023) adds the mean error of a simple random sample to the mean prediction: the same again, if that
is the mean of all rows. The corrected share is the ratio R = Y / D. With the linearised error of a row,
e_i = (y_i - R d_i) - (y_hat_i - R d_hat_i), and its sample variance s_h^2 (Särndal, Swensson and Wretman 1992, chapter
5):

    Var(R) = sum over strata of N_h^2 (1 - n_h / N_h) s_h^2 / n_h / D^2

The corrected count is Y, with R = 0 in e_i.

The interval. R with 1.96 standard errors on each side is too short if few audited rows are wrong, and has no length if
none is. Two remedies hold in simulation (tests/addons/audit/test_correction.py):

- Two pseudo rows, one wrongly in the numerator and one wrongly out of it, are added to the variance, as in the adjusted
  interval for matched pairs of Bonett and Price (2012; Agresti and Min 2005 add half of it). An audit of n rows without
  an error then gives 2.8 / n on each side, near the rule of three.
- The interval is shifted by (2 z^2 + 1) / 6 times the third moment over the variance (Johnson 1978; Cai 2005): a sample
  with too few rare errors has both an estimate near to the table's and a variance that is too small.

It covers the truth in 93 to 97 of 100 audits if about ten rows of the sample or more are expected to be wrong about the
numerator, in 94 to 98 from five rows on. It is too long, and covers in 94 to 100, if fewer are, or if most of the table
is in a stratum with few audited rows: errors may be there that no audited row shows. The least coverage is 92.7,
for equal samples of strata of which one is ten times as large as another; draw in proportion to size.

What it cannot do. Only rows of the table are audited: what the rules missed is in no row, and not in D and Y. The
reader is taken to be right. Rows must be drawn at random; they may not be chosen.

References:
    Agresti and Min (2005), Simple improved confidence intervals for comparing matched proportions. Statistics in
        Medicine 24.
    Angelopoulos, Bates, Fannjiang, Jordan and Zrnic (2023), Prediction-powered inference. Science 382.
    Bonett and Price (2012), Adjusted Wald confidence interval for a difference of binomial proportions based on paired
        data. Journal of Educational and Behavioral Statistics 37.
    Cai (2005), One-sided confidence intervals in discrete distributions. Journal of Statistical Planning and
        Inference 131.
    Egami, Hinck, Stewart and Wei (2023), Using imperfect surrogates for downstream inference: design-based supervised
        learning for social science applications of large language models. NeurIPS 36.
    Johnson (1978), Modified t tests and confidence intervals for asymmetrical populations. JASA 73.
    Särndal, Swensson and Wretman (1992), Model Assisted Survey Sampling. Springer.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from newslake.pipeline.addons.audit.intervals import LEVEL
from newslake.pipeline.errors import ConfigError

_Z = NormalDist().inv_cdf((1 + LEVEL) / 2)
_PSEUDO_ROWS = 2  # one for each direction of an error
_SKEWNESS_FACTOR = (2 * _Z**2 + 1) / 6


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedRow:
    """One audited row: where the table counts it, and where it belongs by the reader.

    What is in the numerator is in the denominator. A row that should not exist belongs to neither.
    """

    is_predicted_in_denominator: bool
    is_predicted_in_numerator: bool
    is_in_denominator: bool
    is_in_numerator: bool

    @property
    def predicted(self) -> tuple[bool, bool]:
        """Whether the table counts the row in the denominator, and in the numerator."""
        return self.is_predicted_in_denominator, self.is_predicted_in_numerator

    @property
    def true(self) -> tuple[bool, bool]:
        """Whether the row belongs to the denominator, and to the numerator."""
        return self.is_in_denominator, self.is_in_numerator


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedStratum:
    """A part of the table with the rows that were drawn from it.

    ``size`` is the number of its rows in the table, ``predicted_denominator`` and ``predicted_numerator`` are how many
    of them the table counts there; audited rows are included in all three.
    """

    name: str
    size: int
    predicted_denominator: int
    predicted_numerator: int
    rows: Sequence[AuditedRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedShare:
    """A share and a count, as the table has them and corrected, with 95 % intervals.

    ``low <= share <= high``, ``count_low <= count <= count_high``. Counts are numbers of rows, not rounded. ``size`` is
    the number of rows in the table, ``n`` of audited rows, ``error_count`` of audited rows that the table counts
    wrongly. If it is below about ten, the intervals may be longer than 95 % coverage needs.
    """

    naive: float
    share: float
    low: float
    high: float
    naive_count: int
    count: float
    count_low: float
    count_high: float
    denominator: float
    size: int
    n: int
    error_count: int


def correct_share(strata: Sequence[AuditedStratum]) -> CorrectedShare:
    """Return the share and the count of all strata together, corrected by their audited rows.

    A stratum without rows in the table counts as nothing. Raises: ConfigError with the name of the stratum if its
    numbers contradict each other or fewer than two of its rows were audited, and if the denominator is empty.
    """
    _check(strata)
    samples = [_Sample(stratum) for stratum in strata if stratum.size]
    predicted_denominator = sum(stratum.predicted_denominator for stratum in strata)
    predicted_numerator = sum(stratum.predicted_numerator for stratum in strata)
    denominator = predicted_denominator + math.fsum(each.denominator_error for each in samples)
    numerator = predicted_numerator + math.fsum(each.numerator_error for each in samples)
    if predicted_denominator <= 0 or denominator <= 0:
        by = "in the tables" if predicted_denominator <= 0 else "by the audited rows"
        raise ConfigError(f"no row is in the denominator {by}; choose a wider condition", key="denominator")

    size = sum(stratum.size for stratum in strata)
    ratio = numerator / denominator
    share, low, high = (
        _clip(ratio + each / denominator, most=1) for each in (0, *_interval_of_error(samples, ratio=ratio))
    )
    count, count_low, count_high = (
        _clip(numerator + each, most=size) for each in (0, *_interval_of_error(samples, ratio=0))
    )
    return CorrectedShare(
        naive=predicted_numerator / predicted_denominator,
        share=share,
        low=low,
        high=high,
        naive_count=predicted_numerator,
        count=count,
        count_low=count_low,
        count_high=count_high,
        denominator=denominator,
        size=size,
        n=sum(each.n for each in samples),
        error_count=sum(each.error_count for each in samples),
    )


class _Sample:
    """The audited rows of a stratum, counted by kind; there are at most nine kinds of rows."""

    def __init__(self, stratum: AuditedStratum) -> None:
        self.size, self.n = stratum.size, len(stratum.rows)
        self.weight = self.size / self.n
        self.unseen = 1 - self.n / self.size  # the finite population correction
        self._counts = Counter((row.predicted, row.true) for row in stratum.rows)
        self.error_count = sum(count for (predicted, true), count in self._counts.items() if predicted != true)
        self.denominator_error = self._total(part=0)
        self.numerator_error = self._total(part=1)

    def _total(self, *, part: int) -> float:
        """Return by how much the table's total is too low: of the denominator (0) or of the numerator (1)."""
        return self.weight * sum(
            (true[part] - predicted[part]) * count for (predicted, true), count in self._counts.items()
        )

    def moments(self, *, ratio: float) -> tuple[float, float]:
        """Return the sample variance and the third central moment of the errors e of the rows."""
        if self.n < 2:
            return 0.0, 0.0
        errors = [
            ((true[1] - predicted[1]) - ratio * (true[0] - predicted[0]), count)
            for (predicted, true), count in self._counts.items()
        ]
        mean = math.fsum(error * count for error, count in errors) / self.n
        variance = math.fsum((error - mean) ** 2 * count for error, count in errors) / (self.n - 1)
        return variance, math.fsum((error - mean) ** 3 * count for error, count in errors) / self.n


def _interval_of_error(samples: Sequence[_Sample], *, ratio: float) -> tuple[float, float]:
    """Return the ends of the interval of Y - ratio · D, in rows, relative to its estimate."""
    moments = [(each, *each.moments(ratio=ratio)) for each in samples]
    # A pseudo row counts as much as the stratum in which a rare error is most probable: the mean over the table's rows.
    pseudo_weight = math.fsum(each.size * each.weight * math.sqrt(each.unseen) for each in samples)
    pseudo_weight /= sum(each.size for each in samples)
    variance = _PSEUDO_ROWS * pseudo_weight**2 + math.fsum(
        each.size * each.weight * each.unseen * s2 for each, s2, _ in moments
    )
    if not variance:  # all rows were audited
        return 0.0, 0.0
    third_moment = math.fsum(each.size * (each.weight * each.unseen) ** 2 * m3 for each, _, m3 in moments)
    shift, half = _SKEWNESS_FACTOR * third_moment / variance, _Z * math.sqrt(variance)
    return min(0.0, shift - half), max(0.0, shift + half)


def _clip(value: float, *, most: float) -> float:
    return min(max(0.0, value), float(most))


def _check(strata: Sequence[AuditedStratum]) -> None:
    """Raise ConfigError for the first stratum with numbers that cannot be."""
    names = Counter(stratum.name for stratum in strata)
    for stratum in strata:
        problem = _problem_of(stratum)
        if names[stratum.name] > 1:
            problem = "is given twice; join its rows"
        if problem:
            raise ConfigError(f"stratum {stratum.name!r} {problem}", key=stratum.name)


def _problem_of(stratum: AuditedStratum) -> str | None:
    n, counted = len(stratum.rows), stratum.predicted_denominator
    if not 0 <= stratum.predicted_numerator <= counted <= stratum.size:
        return (
            f"counts {stratum.predicted_numerator} rows in the numerator, {counted} in the denominator, "
            f"{stratum.size} in all; each number must include the one before"
        )
    if n > stratum.size:
        return f"has {stratum.size} rows, but {n} audited ones; leave out rows that were drawn twice or elsewhere"
    if n < min(2, stratum.size):
        return f"has {stratum.size} rows, but {n} audited; draw at least two, or merge it with another stratum"
    if any(
        numerator and not denominator for row in stratum.rows for denominator, numerator in (row.predicted, row.true)
    ):
        return "has an audited row in the numerator that is not in the denominator; correct its answers"
    return _contradiction(stratum)


def _contradiction(stratum: AuditedStratum) -> str | None:
    """Return the problem if the sample has more rows of a kind than the stratum."""
    kinds = Counter(row.predicted for row in stratum.rows)
    totals = {
        (True, True): ("in the numerator", stratum.predicted_numerator),
        (True, False): ("in the denominator only", stratum.predicted_denominator - stratum.predicted_numerator),
        (False, False): ("in neither", stratum.size - stratum.predicted_denominator),
    }
    for kind, (where, total) in totals.items():
        if kinds[kind] > total:
            return f"counts {total} rows {where}, but {kinds[kind]} audited ones; both must be of one lake and question"
    return None
