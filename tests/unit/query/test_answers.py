"""Fifteen questions compared with the pandas oracle, on a lake of generated articles."""

import math
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from newslake.pipeline.query.connection import connect, query
from newslake.pipeline.query.saved_queries import answer
from tests.bench_questions import FIFTEEN
from tests.big_lake import make_big_lake
from tests.unit.query.pandas_oracle import AGAIN, Frames, frames_of


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_big_lake(tmp_path_factory.mktemp("big") / "lake", articles=1_500, days=24, outlets=8)


@pytest.fixture(scope="module")
def frames(lake: Path) -> Frames:
    return frames_of(lake)


def _plain(value: Any) -> Any:
    """Return a value without its library's type: a time as seconds, None for NaN."""
    if isinstance(value, datetime):
        return value.timestamp()
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return value if isinstance(value, str) or not hasattr(value, "item") else value.item()


def _differing(found: tuple[Any, ...], expected: tuple[Any, ...]) -> Iterator[tuple[Any, Any]]:
    for one, other in zip(map(_plain, found), map(_plain, expected), strict=True):
        is_near = (
            isinstance(one, float) and other is not None and abs(one - other) <= 0.0501 * (abs(other) > 1) + 0.00101
        )
        if one != other and not is_near:
            yield one, other


@pytest.mark.parametrize("slug", FIFTEEN)
def test_question_agrees_with_pandas(slug, lake, frames):
    """Each of the fifteen questions gives the rows of an independent computation, in the same order."""
    found, expected = answer(connect(lake), slug).rows, AGAIN[slug](frames)

    assert len(found) == len(expected) > 0
    assert [(at, *each) for at, row in enumerate(found) for each in _differing(row, expected[at])] == []


def test_about_finds_statements_by_and_about_a_name(lake, frames):
    """With `about`, the speaker of each statement, or a name inside it, contains the given text."""
    connection = connect(lake)
    name = answer(connection, "top-speakers").records()[0]["speaker"]
    connection.execute("SET VARIABLE about = ?", [name.upper()])

    records = answer(connection, "who-said-what").records()

    assert len(records) == 50
    assert all(name in (record["speaker"], *_inside(record["quote"], frames)) for record in records)
    assert any(name != record["speaker"] for record in records)
    connection.execute("SET VARIABLE about = 'nobody at all'")
    assert answer(connection, "who-said-what").rows == ()


def _inside(quote: str, frames: Frames) -> set[str]:
    return {name for name in frames["entities"]["entity_name"].unique() if name in quote}


def test_same_lake_from_the_same_seed(lake, tmp_path):
    """The generated lake is reproducible and has about the expected number of rows."""
    again = make_big_lake(tmp_path / "lake", articles=1_500, days=24, outlets=8)
    counts = "SELECT (SELECT count(*) FROM entities) / count(*), (SELECT count(*) FROM quotes) / count(*) FROM articles"

    assert _files(again) == _files(lake)
    ((mentions, quotes),) = query(connect(lake), counts).rows
    assert (19 < mentions < 21, 4.8 < quotes < 5.2) == (True, True)


def _files(lake: Path) -> dict[str, bytes]:
    return {str(path.relative_to(lake)): path.read_bytes() for path in (lake / "tables").rglob("*.parquet")}
