"""Figures of a part of the corpus with intervals, the gaps between parts, and families of rows by fold."""

import hashlib
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.quality.whole.scores import RATIOS, ArticleScore, Counts, JudgedRow, Ratio, percent

FOLDS = 5
_RESAMPLES = 1000
_TAIL = 0.025  # of each side of a 95 % interval


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure in percent with its 95 % interval, and what it was counted of."""

    percent: float | None
    low: float | None
    high: float | None
    total: int


def estimates(scores: Sequence[ArticleScore], *, seed: int = 1) -> dict[str, Estimate]:
    """Return each figure of some articles with its interval, from 1,000 samples of articles (percentile bootstrap)."""
    samples = [total_of(sample) for sample in _resamples(scores, seed)]
    whole = total_of(scores)
    return {ratio.name: _estimate(whole, samples, ratio) for ratio in RATIOS}


def total_of(scores: Sequence[ArticleScore]) -> Counts:
    """Return the counts of all articles together."""
    total: Counts = Counter()
    for score in scores:
        total.update(score.counts)
    return total


def _resamples(scores: Sequence[ArticleScore], seed: int) -> list[list[ArticleScore]]:
    chance = random.Random(seed)
    return [chance.choices(scores, k=len(scores)) for _ in range(_RESAMPLES)] if scores else []


def _estimate(whole: Counts, samples: Sequence[Counts], ratio: Ratio) -> Estimate:
    values = sorted(value for sample in samples if (value := percent(sample, ratio)) is not None)
    if not values:
        return Estimate(None, None, None, 0)
    last = len(values) - 1
    low, high = values[round(_TAIL * last)], values[round((1 - _TAIL) * last)]
    return Estimate(percent(whole, ratio), low, high, whole[ratio.total])


# Families: what the rows of one rule, type or band have in common.


def fold_of(doc_id: str) -> int:
    """Return the fold of an article, 0 to 4, by a hash of its id."""
    return int(hashlib.sha256(doc_id.encode()).hexdigest(), 16) % FOLDS


def _band(row: Mapping[str, Any]) -> str:
    confidence = row.get("confidence")
    return "none" if confidence is None else f"{int(10 * min(confidence, 0.999)) / 10:.1f}"


def _is_multiword(row: Mapping[str, Any]) -> str:
    return "several words" if " " in (row.get("trigger_text") or "") else "one word"


FAMILIES: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], str]]] = {
    "event type": ("events", lambda row: str(row.get("event_type"))),
    "event rule": ("events", lambda row: str(row.get("rule_id"))),
    "trigger": ("events", _is_multiword),
    "event confidence": ("events", _band),
    "speaker rule": ("quotes", lambda row: str(row.get("rule_id"))),
    "quote type": ("quotes", lambda row: str(row.get("type"))),
    "quote confidence": ("quotes", _band),
}


@dataclass(frozen=True, slots=True)
class Family:
    """The rows of one value of a family: (right, all) in each fold."""

    name: str
    value: str
    folds: tuple[tuple[int, int], ...]

    @property
    def total(self) -> int:
        return sum(count for _, count in self.folds)

    @property
    def right(self) -> int:
        return sum(right for right, _ in self.folds)


def families(scores: Sequence[ArticleScore]) -> list[Family]:
    """Return the families of all judged rows, the largest loss first."""
    counted: dict[tuple[str, str], list[list[int]]] = defaultdict(lambda: [[0, 0] for _ in range(FOLDS)])
    for score in scores:
        for judged in score.judged:
            _count(counted, judged, fold_of(score.doc_id))
    rows = [Family(*key, tuple((right, count) for right, count in folds)) for key, folds in counted.items()]
    return sorted(rows, key=lambda family: (family.name, family.right - family.total, family.value))


def _count(counted: Mapping[tuple[str, str], list[list[int]]], judged: JudgedRow, fold: int) -> None:
    for name, (table, value_of) in FAMILIES.items():
        if table == judged.table:
            place = counted[name, value_of(judged.row)][fold]
            place[0] += judged.is_right
            place[1] += 1


# Confidence: ten bins, and whether it ranks.


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a confidence compares with the share of right rows.

    ``error`` is the expected calibration error over ten bins of equal width, in points; ``halves`` the percent of right
    rows in the half with the lower and the half with the higher confidence.
    """

    error: float
    halves: tuple[float, float]
    total: int


def calibration(scores: Sequence[ArticleScore], table: str) -> Calibration | None:
    """Return the calibration of a table's confidence; None without rows that have one."""
    rows = sorted(
        (judged.row["confidence"], judged.is_right)
        for score in scores
        for judged in score.judged
        if judged.table == table and judged.row.get("confidence") is not None
    )
    if len(rows) < 2:
        return None
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for confidence, is_right in rows:
        bins[min(9, int(10 * confidence))].append((confidence, is_right))
    error = sum(
        abs(_mean(confidence for confidence, _ in each) - _mean(right for _, right in each)) * len(each)
        for each in bins.values()
    ) / len(rows)
    middle = len(rows) // 2
    lower, upper = ([right for _, right in half] for half in (rows[:middle], rows[middle:]))
    return Calibration(100 * error, (100 * _mean(lower), 100 * _mean(upper)), len(rows))


def _mean(values: Any) -> float:
    rows = list(values)
    return sum(rows) / len(rows)
