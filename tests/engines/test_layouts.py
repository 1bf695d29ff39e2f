"""Closing months changes no cell of a table and no answer in any engine: sample newsroom, and three years of days."""

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newslake.pipeline.addons.share.dialects import DIALECTS, transpile
from newslake.pipeline.lake import Lake
from newslake.pipeline.query.saved_queries import list_questions
from newslake.pipeline.query.views import table_files
from newslake.pipeline.tables import TABLES
from samples.answers import replay_newsroom
from tests.big_lake import make_big_lake
from tests.engines.engine_answers import SECTIONS, PageAnswers, Rows

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(1_500)]

LAKES = ("sample", "years")
DAYS = 3 * 365
SQL_ENGINES = tuple(engine for engine in SECTIONS if engine in DIALECTS)
QUESTIONS = {question.slug: question.sql for question in list_questions()}


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Folders that contain data/lake; each lake is there with all months open, and with all closed."""
    root = tmp_path_factory.mktemp("layouts")
    found = {f"{lake} {state}": root / lake / state for lake in LAKES for state in ("open", "closed")}
    replay_newsroom(found["sample open"] / "data", port=0)
    make_big_lake(found["years open"] / "data" / "lake", articles=2 * DAYS, days=DAYS)
    for lake in LAKES:
        shutil.copytree(found[f"{lake} open"], found[f"{lake} closed"])
        kept = Lake(found[f"{lake} closed"] / "data" / "lake", durability="process", now=lambda: datetime.now(UTC))
        kept.compact(months=sorted(kept.partitions.state().months))
    return found


@pytest.fixture(scope="module")
def answered(homes: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> PageAnswers:
    """The answers of each engine on all lakes."""
    asks = {f"ask.{slug}": sql for slug, sql in QUESTIONS.items()}
    translated = {
        engine: {name: transpile(sql, engine) for name, sql in asks.items()}
        for engine in SECTIONS
        if engine in DIALECTS
    }
    return PageAnswers(homes, translated, tmp_path_factory.mktemp("answers"))


def test_compaction_leaves_a_file_per_month(homes: Mapping[str, Path]) -> None:
    """The comparison is meaningful: the open lake has a file per day, the closed one a file per month."""
    quotes = next(spec for spec in TABLES if spec.name == "quotes")
    counts = {name: len(table_files(home / "data" / "lake", quotes)) for name, home in homes.items()}
    assert counts["years open"] > 1_000
    assert counts["years closed"] == 36
    assert counts["sample closed"] < counts["sample open"]


@pytest.mark.parametrize("engine", SECTIONS)
@pytest.mark.parametrize("lake", LAKES)
def test_compaction_changes_no_cell(lake: str, engine: str, homes: Mapping[str, Path], answered: PageAnswers) -> None:
    """Each table has the same rows, opened alone or with all others."""
    home = homes[f"{lake} open"] / "data" / "lake"
    names = [f"one.{spec.name}" for spec in TABLES if table_files(home, spec)]
    if engine in SQL_ENGINES:
        names += [f"all.{spec.name}" for spec in TABLES]
    for name in names:
        before, after = (answered.rows(engine, f"{lake} {state}", name) for state in ("open", "closed"))
        assert _sorted(before) == _sorted(after), f"{name} differs"
        assert before or name.startswith("all.")


def _sorted(rows: Rows) -> list[str]:
    return sorted(map(repr, rows))


@pytest.mark.parametrize("engine", SQL_ENGINES)
@pytest.mark.parametrize("lake", LAKES)
@pytest.mark.parametrize("slug", QUESTIONS)
def test_compaction_changes_no_answer(slug: str, lake: str, engine: str, answered: PageAnswers) -> None:
    """Each saved question has the same rows in the same order."""
    before, after = (answered.rows(engine, f"{lake} {state}", f"ask.{slug}") for state in ("open", "closed"))
    assert before == after
