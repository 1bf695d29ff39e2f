"""Intervals of an audit, by published values, and by what must hold for any answers."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newslake.pipeline.addons.audit.intervals import (
    Agreement,
    Proportion,
    cohen_kappa,
    detectable_difference,
    estimate_proportion,
    wilson_interval,
)
from newslake.pipeline.errors import ConfigError

OUTCOMES = st.lists(st.tuples(st.booleans(), st.floats(1e-3, 1e3)), min_size=1, max_size=60)


def _outcomes(right: int, n: int) -> list[bool]:
    return [True] * right + [False] * (n - right)


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_interval_has_published_values(right, n, low, high):
    """The interval has the ends that Newcombe (1998, Statistics in Medicine 17, table I, method 3) prints."""
    found = estimate_proportion(_outcomes(right, n))

    assert (round(found.low, 4), round(found.high, 4)) == (low, high)
    assert (found.share, found.n, found.effective_n) == (right / n, n, n)


def test_no_outcome_has_no_share():
    """A field that nobody answered has no share; it is not an error."""
    assert estimate_proportion([]) is None
    assert estimate_proportion([], []) is None


def test_unequal_weights_give_the_interval_of_fewer_rows():
    """Weights 3 and 1 give Kish's effective sample size, (sum of w)^2 / (sum of w^2), and its Wilson interval."""
    found = estimate_proportion([True, True, False, False], [3, 1, 1, 1])

    low, high = wilson_interval(4 / 6, 36 / 12)
    assert found == Proportion(share=pytest.approx(4 / 6), low=low, high=high, n=4, effective_n=pytest.approx(3))
    assert found.high - found.low > 0.6


@pytest.mark.parametrize("weights", [[1.0], [1.0, 0.0], [1.0, -2.0], [1.0, math.nan], [1.0, math.inf]])
def test_wrong_weights_are_refused(weights):
    """Each outcome needs one positive weight."""
    with pytest.raises(ConfigError) as caught:
        estimate_proportion([True, False], weights)

    assert caught.value.key == "weights"


@given(OUTCOMES)
def test_share_is_inside_its_interval(answers):
    """For any outcomes and weights, 0 <= low <= share <= high <= 1, and the interval has a length."""
    found = estimate_proportion(*zip(*answers, strict=True))

    assert 0 <= found.low <= found.share <= found.high <= 1
    assert found.high - found.low > 0
    assert 1 - 1e-9 <= found.effective_n <= found.n


@given(OUTCOMES)
def test_wrong_rows_mirror_right_rows(answers):
    """The share of wrong rows, and its interval, are one minus those of right rows."""
    outcomes, weights = zip(*answers, strict=True)
    right, wrong = estimate_proportion(outcomes, weights), estimate_proportion([not each for each in outcomes], weights)

    assert (wrong.share, wrong.low, wrong.high) == pytest.approx((1 - right.share, 1 - right.high, 1 - right.low))


@given(OUTCOMES, st.floats(1e-6, 1e6))
def test_only_ratios_of_weights_matter(answers, factor):
    """All weights times the same factor give the same result."""
    outcomes, weights = zip(*answers, strict=True)
    one, other = (estimate_proportion(outcomes, [each * by for each in weights]) for by in (1, factor))

    assert (one.share, one.low, one.high) == pytest.approx((other.share, other.low, other.high))


def _pairs(table: dict[tuple[str, str], int]) -> list[tuple[str, str]]:
    return [pair for pair, count in table.items() for _ in range(count)]


def test_kappa_has_its_published_value():
    """The diagnoses of Fleiss, Levin and Paik (2003, table 18.1): 89 of 100 agree, kappa is 0.676."""
    found = cohen_kappa(
        _pairs({
            ("psychotic", "psychotic"): 75, ("psychotic", "neurotic"): 1, ("psychotic", "organic"): 4,
            ("neurotic", "psychotic"): 5, ("neurotic", "neurotic"): 4, ("neurotic", "organic"): 1,
            ("organic", "organic"): 10,
        })
    )  # fmt: skip

    assert (found.n, found.agreement, round(found.kappa, 3)) == (100, 0.89, 0.676)


def test_readers_who_never_agree_have_a_negative_kappa():
    """Two readers who always give the opposite answer have kappa -1; those who always agree have 1."""
    assert cohen_kappa([("yes", "no"), ("no", "yes")]) == Agreement(n=2, agreement=0.0, kappa=-1.0)
    assert cohen_kappa([("yes", "yes"), ("no", "no")]) == Agreement(n=2, agreement=1.0, kappa=1.0)


def test_one_answer_has_no_kappa():
    """If both readers gave the same answer to all rows, chance gives full agreement as well, and kappa is None."""
    assert cohen_kappa([("yes", "yes")] * 7) == Agreement(n=7, agreement=1.0, kappa=None)
    assert cohen_kappa([]) is None


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=40))
def test_kappa_does_not_depend_on_the_order_of_readers(pairs):
    """Kappa is the same if the readers are swapped, is 1 only for full agreement, and is at most the agreement."""
    found = cohen_kappa(pairs)

    assert cohen_kappa([(other, one) for one, other in pairs]) == found
    assert found.kappa is None or -1 <= found.kappa <= found.agreement <= 1
    assert (found.kappa == 1) == (found.agreement == 1 and found.kappa is not None)


def test_detectable_difference_has_its_power():
    """A difference of the result is found in 80 of 100 pairs of samples: with 200 rows each, about 12 points."""
    difference = detectable_difference(200, 200, 0.8)

    assert difference == pytest.approx(0.122, abs=0.001)
    # Fleiss, Levin and Paik (2003, chapter 4): the sample size for 0.8 against 0.8 - difference.
    other = 0.8 - difference
    pooled = (0.8 + other) / 2
    n = (1.959964 * (2 * pooled * (1 - pooled)) ** 0.5 + 0.841621 * (0.16 + other * (1 - other)) ** 0.5) ** 2
    assert n / difference**2 == pytest.approx(200)


def test_small_samples_have_no_detectable_difference():
    """Samples of two rows show no difference; an impossible share or size is refused."""
    assert detectable_difference(2, 2, 0.5) is None
    assert detectable_difference(200, 200, 1.0) == detectable_difference(200, 200, 0.0) > 0
    for n, share, key in [(0, 0.5, "n"), (200, 1.2, "share")]:
        with pytest.raises(ConfigError) as caught:
            detectable_difference(200, n, share)
        assert caught.value.key == key


@given(st.integers(30, 2000), st.integers(30, 2000), st.floats(0, 1))
def test_more_rows_show_smaller_differences(n, more, share):
    """The difference is positive, at most 1, symmetric in right and wrong, and smaller if a sample is larger."""
    difference = detectable_difference(n, n, share)

    assert 0 < difference <= 1
    assert difference == pytest.approx(detectable_difference(n, n, 1 - share), abs=1e-9)
    assert detectable_difference(n + more, n + more, share) < difference
