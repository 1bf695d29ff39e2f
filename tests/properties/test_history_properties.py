"""Estimates are plausible for any history of runs."""

from hypothesis import given
from hypothesis import strategies as st

from newslake.pipeline.jobs.runtimes import History, Run, estimate, expected_seconds

RUNS = st.lists(
    st.builds(
        Run,
        stage=st.sampled_from(("ingest", "extract")),
        launcher=st.sampled_from(("cli", "airflow")),
        size=st.integers(0, 5000),
        seconds=st.floats(0.001, 1e6),
    ),
    max_size=30,
)
SIZES = st.lists(st.integers(0, 100_000), min_size=2, max_size=6)


@given(RUNS, SIZES)
def test_more_articles_never_take_less_time(runs: list[Run], sizes: list[int]) -> None:
    """Expected seconds are never negative and never fall as articles are added."""
    expected = [expected_seconds(History(tuple(runs)), launcher="cli", articles=size) for size in sorted(sizes)]
    known = [seconds for seconds in expected if seconds is not None]
    assert known == sorted(known)
    assert all(seconds >= 0 for seconds in known)


@given(RUNS, SIZES, st.floats(0, 1e6))
def test_estimate_is_all_or_nothing(runs: list[Run], sizes: list[int], least: float) -> None:
    """A complete estimate is the sum of both stages, at least the hosts' pace; both stages are required."""
    found = estimate(History(tuple(runs)), launcher="airflow", pages=sizes, articles=sizes, least_seconds=least)
    parts = (found.ingest_seconds, found.extract_seconds)
    assert found.seconds == (None if None in parts else sum(parts))
    assert found.ingest_seconds is None or found.ingest_seconds >= least
