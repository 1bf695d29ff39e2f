"""Corrected shares: in simulated audits the interval covers the truth, and without errors nothing is corrected."""

import math
from dataclasses import dataclass, replace
from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from newslake.pipeline.addons.audit.correction import AuditedRow, AuditedStratum, CorrectedShare, correct_share
from newslake.pipeline.errors import ConfigError

DRAWS = 2000
# In neither, in the denominator only, in both: by the table, and by the reader.
PLACES = ((False, False), (True, False), (True, True))
ROWS = [
    AuditedRow(
        is_predicted_in_denominator=predicted[0],
        is_predicted_in_numerator=predicted[1],
        is_in_denominator=true[0],
        is_in_numerator=true[1],
    )
    for predicted, true in product(PLACES, PLACES)
]
OUTSIDE, OTHER, COUNTED, SPURIOUS, MISSED = ROWS[0], ROWS[4], ROWS[8], ROWS[7], ROWS[5]


@dataclass(frozen=True, kw_only=True)
class Stratum:
    """A stratum to simulate: its size, the rows to draw, the share of the table, and the errors of the table.

    Of the rows that the table has in the numerator, ``spurious`` are not in it. Of the others ``missed`` are in it.
    ``invalid`` of all rows should not exist. ``outside`` of all rows are not in the table's denominator; one of twenty
    of these is in the true one.
    """

    size: int
    n: int
    share: float
    spurious: float
    missed: float
    invalid: float = 0.0
    outside: float = 0.0

    def population(self, rng: np.random.Generator) -> np.ndarray:
        """Return the number of rows of each kind of ROWS."""
        inside = rng.random(self.size) >= self.outside
        predicted = np.where(inside, 1 + (rng.random(self.size) < self.share), 0)
        is_true = np.where(inside, rng.random(self.size) >= self.invalid, rng.random(self.size) < 0.05)
        chance = np.where(predicted == 2, 1 - self.spurious, self.missed)
        true = np.where(is_true, 1 + (rng.random(self.size) < chance), 0)
        return np.bincount(3 * predicted + true, minlength=len(ROWS))


def _strata(*sizes: int, n: tuple[int, ...], share: float, **errors: float) -> list[Stratum]:
    return [Stratum(size=size, n=drawn, share=share, **errors) for size, drawn in zip(sizes, n, strict=True)]


SYMMETRIC = {"spurious": 0.1, "missed": 0.1}
# Strata that differ in everything: size, part that is drawn, share, errors.
DIFFERENT = [
    Stratum(size=3000, n=60, share=0.5, spurious=0.3, missed=0.05, invalid=0.1),
    Stratum(size=1500, n=40, share=0.1, spurious=0.1, missed=0.1, invalid=0.0),
    Stratum(size=900, n=40, share=0.3, spurious=0.05, missed=0.2, invalid=0.3),
    Stratum(size=400, n=30, share=0.6, spurious=0.2, missed=0.03, invalid=0.05),
    Stratum(size=200, n=30, share=0.2, spurious=0.0, missed=0.1, invalid=0.2),
]
USUAL = {
    "10 % errors, n 200": _strata(10_000, n=(200,), share=0.3, **SYMMETRIC),
    "10 % errors, n 100 of 2,000": _strata(2_000, n=(100,), share=0.3, **SYMMETRIC),
    "10 % errors, n 400 of 2,000": _strata(2_000, n=(400,), share=0.3, **SYMMETRIC),
    "5 % errors, n 200": _strata(50_000, n=(200,), share=0.4, spurious=0.05, missed=0.05),
    "3 % errors, n 400": _strata(50_000, n=(400,), share=0.4, spurious=0.03, missed=0.03),
    "30 % errors, n 100": _strata(50_000, n=(100,), share=0.6, spurious=0.3, missed=0.3),
    "30 % spurious, 3 % missed": _strata(50_000, n=(200,), share=0.3, spurious=0.3, missed=0.03),
    "3 % spurious, 30 % missed": _strata(50_000, n=(200,), share=0.3, spurious=0.03, missed=0.3),
    "only spurious, 20 %": _strata(50_000, n=(200,), share=0.3, spurious=0.2, missed=0.0),
    "only missed, 10 %": _strata(50_000, n=(200,), share=0.2, spurious=0.0, missed=0.1),
    "share 5 %, 30 % spurious, 10 % missed": _strata(50_000, n=(200,), share=0.05, spurious=0.3, missed=0.1),
    "10 % errors, 10 % invalid": _strata(20_000, n=(200,), share=0.4, **SYMMETRIC, invalid=0.1),
    "10 % spurious, 5 % missed, 30 % invalid": _strata(
        20_000, n=(200,), share=0.4, spurious=0.1, missed=0.05, invalid=0.3
    ),
    "10 % errors, half of the rows outside": _strata(
        20_000, n=(200,), share=0.4, **SYMMETRIC, invalid=0.05, outside=0.5
    ),
    "2 strata in proportion, 10 % errors": _strata(8_000, 2_000, n=(160, 40), share=0.3, **SYMMETRIC),
    "3 equal samples of unequal strata, 20 % errors": _strata(
        6_000, 3_000, 1_000, n=(70, 70, 70), share=0.3, spurious=0.2, missed=0.2
    ),
    "5 strata that differ in everything": DIFFERENT,
}
# Fewer than about ten rows of the sample are expected to be wrong, or most rows are in a stratum with a small sample.
RARE = {
    "only missed, 5 %": _strata(50_000, n=(200,), share=0.2, spurious=0.0, missed=0.05),
    "1 % errors, n 200": _strata(10_000, n=(200,), share=0.3, spurious=0.01, missed=0.01),
    "3 % errors, n 100": _strata(10_000, n=(100,), share=0.3, spurious=0.03, missed=0.03),
    "no errors, n 200": _strata(10_000, n=(200,), share=0.3, spurious=0.0, missed=0.0),
    "share 5 %, 20 % spurious": _strata(10_000, n=(200,), share=0.05, spurious=0.2, missed=0.0),
    "only invalid rows, 10 %, share 20 %": _strata(
        10_000, n=(200,), share=0.2, spurious=0.0, missed=0.0, invalid=0.1
    ),
    "equal samples of strata of 90, 7 and 3 %, 5 % errors": _strata(
        18_000, 1_400, 600, n=(67, 67, 66), share=0.3, spurious=0.05, missed=0.05
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Simulation:
    """The truth of a table, and what many audits of it give."""

    share: float
    count: int
    audits: list[CorrectedShare]

    def coverage(self) -> tuple[float, float]:
        """Return how many of the intervals cover the truth: of the share, and of the count."""
        return (
            sum(each.low <= self.share <= each.high for each in self.audits) / len(self.audits),
            sum(each.count_low <= self.count <= each.count_high for each in self.audits) / len(self.audits),
        )


@cache
def _simulate(setting: str) -> Simulation:
    strata = (USUAL | RARE)[setting]
    rng = np.random.default_rng(sum(map(ord, setting)))
    tables = [stratum.population(rng) for stratum in strata]
    samples = [
        rng.multivariate_hypergeometric(table, stratum.n, size=DRAWS)
        for table, stratum in zip(tables, strata, strict=True)
    ]
    total = sum(tables)
    count, denominator = (sum(total[at] for at, row in enumerate(ROWS) if row.true[part]) for part in (1, 0))
    audits = [
        correct_share([*map(_audited, map(str, range(9)), tables, drawn)]) for drawn in zip(*samples, strict=True)
    ]
    return Simulation(count / denominator, count, audits)


def _audited(name: str, table: np.ndarray, drawn: np.ndarray) -> AuditedStratum:
    """Return a stratum with its rows, from the number of rows of each kind: of the table, and drawn."""
    predicted = [sum(int(table[at]) for at, row in enumerate(ROWS) if row.predicted[part]) for part in (0, 1)]
    rows = [row for row, count in zip(ROWS, drawn.tolist(), strict=True) for _ in range(count)]
    return AuditedStratum(
        name=name,
        size=int(table.sum()),
        predicted_denominator=predicted[0],
        predicted_numerator=predicted[1],
        rows=rows,
    )


@pytest.mark.parametrize("setting", USUAL)
def test_interval_covers_the_truth(setting):
    """The intervals of share and count cover the truth in 93 to 97 of 100 audits, in settings as they occur."""
    share, count = _simulate(setting).coverage()

    assert 0.93 <= share <= 0.97
    assert 0.93 <= count <= 0.97


@pytest.mark.parametrize("setting", RARE)
def test_interval_is_long_if_errors_are_rare(setting):
    """If hardly any audited row is wrong, the intervals cover the truth in 94 to 100 of 100 audits: never too short."""
    assert min(_simulate(setting).coverage()) >= 0.94


@pytest.mark.parametrize("setting", USUAL | RARE)
def test_estimate_is_unbiased(setting):
    """The mean of many audits is the true share and the true count, within the error of the simulation."""
    simulation = _simulate(setting)

    for truth, found in (
        (simulation.share, [each.share for each in simulation.audits]),
        (simulation.count, [each.count for each in simulation.audits]),
    ):
        assert abs(np.mean(found) - truth) <= 4 * np.std(found) / math.sqrt(DRAWS) + 1e-9


@pytest.mark.parametrize("setting", ["30 % spurious, 3 % missed", "3 % spurious, 30 % missed", "only spurious, 20 %"])
def test_interval_of_the_table_misses_the_truth(setting):
    """With asymmetric errors the interval of the uncorrected share excludes the truth; the correction finds it."""
    simulation = _simulate(setting)
    naive = simulation.audits[0].naive
    margin = 1.96 * math.sqrt(naive * (1 - naive) / simulation.audits[0].size)

    assert not naive - margin <= simulation.share <= naive + margin
    assert abs(np.mean([each.share for each in simulation.audits]) - simulation.share) < margin


def _stratum(*rows: AuditedRow, name: str = "all", **numbers: int) -> AuditedStratum:
    totals = {"size": 1000, "predicted_denominator": 800, "predicted_numerator": 200} | numbers
    return AuditedStratum(name=name, rows=rows, **totals)


def test_known_result():
    """10 rows audited of 1,000: one spurious and one missed row leave the share; the standard error is by hand."""
    rows = [*[COUNTED] * 2, SPURIOUS, *[OTHER] * 4, MISSED, *[OUTSIDE] * 2]
    found = correct_share([_stratum(*rows)])

    # Errors are 1, -1 and eight times 0: s^2 = 2 / 9. The pseudo rows add 2 * 100^2 * 0.99.
    half = 1.959964 * math.sqrt(1000**2 * 0.99 * (2 / 9) / 10 + 2 * 100**2 * 0.99)
    assert (found.naive, found.share, found.naive_count, found.count) == (0.25, 0.25, 200, 200)
    assert (found.low, found.count_low) == (0, 0)
    assert (found.high, found.count_high) == pytest.approx((0.25 + half / 800, 200 + half))
    assert (found.denominator, found.size, found.n, found.error_count) == (800, 1000, 10, 2)


def test_rows_that_should_not_exist_leave_both_totals():
    """If each second counted row should not exist, the count is halved, and the denominator loses these rows."""
    invalid = ROWS[6]
    found = correct_share([_stratum(*[COUNTED, invalid] * 5, *[OTHER] * 30, *[OUTSIDE] * 10)])

    assert found.count == pytest.approx(200 - 1000 * 5 / 50)
    assert found.denominator == pytest.approx(800 - 1000 * 5 / 50)
    assert found.share == pytest.approx(100 / 700)


def test_audit_without_errors_returns_the_share_of_the_table():
    """Without a wrong row the share is that of the table; the interval allows for errors that were not drawn."""
    found = correct_share([_stratum(*[COUNTED] * 40, *[OTHER] * 120, *[OUTSIDE] * 40)])

    assert (found.share, found.count, found.error_count) == (found.naive, found.naive_count, 0)
    # Near the rule of three, of 200 audited rows, in a denominator that is 800 of 1,000 rows.
    assert found.high - found.share == pytest.approx(2.77 / 200 / 0.8 * math.sqrt(0.8), rel=0.01)
    assert found.share - found.low == pytest.approx(found.high - found.share)


def test_audit_of_all_rows_is_the_truth():
    """If all rows were audited, the share is the true one, and the interval has no length."""
    rows = [*[COUNTED] * 3, SPURIOUS, *[OTHER] * 5, MISSED]
    found = correct_share(
        [_stratum(*rows, size=10, predicted_denominator=10, predicted_numerator=4), _stratum(
            COUNTED, name="one row", size=1, predicted_denominator=1, predicted_numerator=1
        )]
    )  # fmt: skip

    assert (found.low, found.share, found.high) == (5 / 11, 5 / 11, 5 / 11)
    assert (found.count_low, found.count, found.count_high) == (5, 5, 5)


def test_stratum_without_rows_counts_as_nothing():
    """A stratum that has no row in the table needs no audited rows."""
    full = _stratum(*[COUNTED] * 4, *[OTHER] * 4)
    empty = AuditedStratum(name="none", size=0, predicted_denominator=0, predicted_numerator=0, rows=())

    assert correct_share([full, empty]) == correct_share([full])


IMPOSSIBLE = AuditedRow(
    is_predicted_in_denominator=True, is_predicted_in_numerator=True, is_in_denominator=False, is_in_numerator=True
)


@pytest.mark.parametrize(
    ("strata", "key", "words"),
    [
        ([_stratum(COUNTED)], "all", "has 1000 rows, but 1 audited; draw at least two, or merge it"),
        ([_stratum()], "all", "has 1000 rows, but 0 audited"),
        ([_stratum(*[COUNTED] * 9, size=8, predicted_denominator=8, predicted_numerator=8)], "all", "9 audited ones"),
        ([_stratum(COUNTED, OTHER, predicted_numerator=801)], "all", "each number must include the one before"),
        ([_stratum(COUNTED, OTHER, predicted_denominator=1001)], "all", "each number must include the one before"),
        ([_stratum(COUNTED, OTHER, predicted_numerator=-1)], "all", "each number must include the one before"),
        ([_stratum(COUNTED, COUNTED, predicted_numerator=1)], "all", "1 rows in the numerator, but 2 audited"),
        ([_stratum(OTHER, OTHER, predicted_numerator=799)], "all", "1 rows in the denominator only, but 2 audited"),
        ([_stratum(OUTSIDE, OUTSIDE, predicted_denominator=999)], "all", "1 rows in neither, but 2 audited"),
        ([_stratum(COUNTED, IMPOSSIBLE)], "all", "in the numerator that is not in the denominator"),
        ([_stratum(COUNTED, OTHER), _stratum(COUNTED, OTHER)], "all", "is given twice"),
        ([_stratum(ROWS[6], ROWS[6], ROWS[3])], "denominator", "denominator by the audited rows"),
        (
            [_stratum(OUTSIDE, OUTSIDE, predicted_denominator=0, predicted_numerator=0)],
            "denominator",
            "denominator in the tables",
        ),
        ([], "denominator", "denominator in the tables"),
    ],
)
def test_numbers_that_cannot_be_are_refused(strata, key, words):
    """The error names the stratum, what is wrong and what to do."""
    with pytest.raises(ConfigError, match=words) as caught:
        correct_share(strata)

    assert caught.value.key == key


COUNTS = st.lists(st.integers(0, 12), min_size=9, max_size=9)
TABLES = st.lists(st.tuples(COUNTS, COUNTS), min_size=1, max_size=4)


def _given(tables: list[tuple[list[int], list[int]]]) -> list[AuditedStratum]:
    """Return strata with the drawn rows and others; each has at least four rows in the denominator, two of a kind."""
    strata = []
    for at, (drawn, others) in enumerate(tables):
        sample = np.array(drawn) + np.array([0, 0, 0, 0, 2, 0, 0, 0, 2])
        strata.append(_audited(str(at), sample + np.array(others), sample))
    return strata


def _correct(strata: list[AuditedStratum]) -> CorrectedShare:
    """Return the corrected share; an example whose denominator is empty by its audited rows is not used."""
    try:
        return correct_share(strata)
    except ConfigError:
        reject()


def _swap(row: AuditedRow) -> AuditedRow:
    """Return the row of the question with the opposite numerator."""
    return replace(
        row,
        is_predicted_in_numerator=row.is_predicted_in_denominator and not row.is_predicted_in_numerator,
        is_in_numerator=row.is_in_denominator and not row.is_in_numerator,
    )


@given(TABLES)
def test_corrected_share_is_inside_its_interval(tables):
    """For any audit 0 <= low <= share <= high <= 1, and the count is between 0 and all rows."""
    found = _correct(_given(tables))

    assert 0 <= found.low <= found.share <= found.high <= 1
    assert 0 <= found.count_low <= found.count <= found.count_high <= found.size


@given(TABLES)
def test_opposite_numerator_has_the_opposite_share(tables):
    """The share of all other rows of the denominator, and its interval, are one minus those of the numerator."""
    strata = _given(tables)
    opposite = [
        replace(
            each,
            predicted_numerator=each.predicted_denominator - each.predicted_numerator,
            rows=[_swap(row) for row in each.rows],
        )
        for each in strata
    ]
    one, other = _correct(strata), _correct(opposite)

    expected = (1 - one.share, 1 - one.high, 1 - one.low)
    assert (other.share, other.low, other.high) == pytest.approx(expected, abs=1e-9)


@given(COUNTS, st.integers(2, 50))
def test_order_and_names_do_not_matter(drawn, factor):
    """Strata in another order give the same; more audited rows of the same kinds give a shorter interval."""
    sample = np.array(drawn) + np.array([0, 0, 0, 0, 2, 0, 0, 0, 2])
    table = sample * factor * 3
    one, other = _audited("one", table, sample), _audited("other", table * 2, sample)
    found = _correct([one, other])

    assert correct_share([replace(other, name="x"), replace(one, name="y")]) == found
    more = correct_share([_audited("one", table, sample * 2), _audited("other", table * 2, sample * 2)])
    assert more.high - more.low <= found.high - found.low + 1e-12
