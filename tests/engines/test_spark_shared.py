"""Spark 3.5 with Iceberg on a shared store: every cell of each table, and the answers of newslake, in its order.

The lines are those of docs/addons/engines.md. Spark goes through the REST catalog, and reads the objects by S3.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from newslake.pipeline.addons.share.dialects import transpile
from newslake.pipeline.environment import PREFIX
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.lake import Lake
from newslake.pipeline.query.connection import connect, query
from newslake.pipeline.query.saved_queries import list_questions
from newslake.pipeline.query.views import stored_name
from newslake.pipeline.tables import TABLES
from samples.answers import replay_newsroom
from tests.engines.engine_answers import plain
from tests.engines.lakes import stored_rows, write_odd_lake
from tests.engines.spark_on_iceberg import SharedAnswers, SparkPackages
from tests.scale.postgres import PostgresServer, find_program
from tests.scale.seaweedfs import SeaweedFS, seaweedfs
from tests.store.lake_copies import copy_files, copy_lake
from tests.store.shared_stores import StoreServices
from tests.unit.lake.rows import NOON

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(1200)]  # the first test waits for all answers

QUESTIONS = {question.slug: question.sql for question in list_questions()}
SPECS = {spec.name: spec for spec in TABLES}
LAKES = ("sample", "odd")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkPackages]:
    """The packages of Spark with Iceberg; SeaweedFS is on the path."""
    installed = SparkPackages(tmp_path_factory.mktemp("packages"))
    installed.install()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(installed.programs), prepend=":")
        yield installed


@pytest.fixture(scope="module")
def weed(packages: SparkPackages, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedFS]:
    """Object storage and catalog, with a database."""
    assert find_program("initdb"), "PostgreSQL is not installed: apt-get install postgresql"
    with PostgresServer.running() as database, seaweedfs(tmp_path_factory.mktemp("weed")) as server:
        server.database_url = database.url
        yield server


@pytest.fixture(scope="module")
def lakes(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Local lakes: the sample newsroom, and unusual rows, without a log: only runs write one."""
    root = tmp_path_factory.mktemp("lakes")
    replay_newsroom(root / "sample", port=0)
    write_odd_lake(root / "odd" / "lake")
    shutil.rmtree(root / "odd" / "lake" / "log")
    return {name: root / name / "lake" for name in LAKES}


@pytest.fixture(scope="module")
def stores(
    lakes: Mapping[str, Path], weed: SeaweedFS, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Mapping[str, str]]:
    """Shared stores with the rows of the lakes: the settings of each, as variables."""
    found = {}
    for name, lake in lakes.items():
        folder = tmp_path_factory.mktemp(name)
        properties = folder / "catalog.toml"
        properties.write_text(f'credential = "{weed.admin.access_key}:{weed.admin.secret_key}"\n')
        services = StoreServices(weed=weed, database_url=str(weed.database_url), name=f"of_{name}", folder=folder)
        space: Workspace = services.workspace(catalog_properties_file=properties)
        if name == "odd":
            copy_files(lake, space.store.tables)
        else:
            copy_lake(Lake(lake, durability="process", now=lambda: NOON), space.store.tables)
        found[name] = _variables(space)
    return found


def _variables(space: Workspace) -> dict[str, str]:
    fields = {name: value for model in space.settings.models() for name, value in model}
    given = {
        name: value for name, value in fields.items() if name.startswith(("store", "catalog_", "objects_", "data_dir"))
    }
    return {f"{PREFIX}{name.upper()}": str(value) for name, value in given.items() if value is not None}


@pytest.fixture(scope="module")
def answered(
    packages: SparkPackages,
    weed: SeaweedFS,
    stores: Mapping[str, Mapping[str, str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> SharedAnswers:
    """The answers of Spark on both stores."""
    sql = {f"ask.{slug}": transpile(text, "spark") for slug, text in QUESTIONS.items()}
    sql |= {f"all.{spec.name}": f"SELECT * FROM {stored_name(spec)}" for spec in TABLES}
    return SharedAnswers(packages, weed, stores, sql, tmp_path_factory.mktemp("answers"))


@pytest.fixture(scope="module")
def expected(lakes: Mapping[str, Path]) -> Callable[[str, str], list[tuple[Any, ...]]]:
    """The answers of `newslake ask` on the local lakes, by lake and question."""
    connections = {name: connect(lake) for name, lake in lakes.items()}
    return cache(lambda lake, slug: [tuple(map(plain, row)) for row in query(connections[lake], QUESTIONS[slug]).rows])


@pytest.mark.parametrize("lake", LAKES)
@pytest.mark.parametrize("table", SPECS)
def test_spark_reads_every_cell(table: str, lake: str, answered: SharedAnswers, lakes: Mapping[str, Path]) -> None:
    """A table of the shared store has in Spark the columns of the contract, and the rows of the local lake."""
    names = SPECS[table].file_schema.names
    found = answered.rows(lake, f"all.{table}")
    rows = stored_rows(lakes[lake], SPECS[table])

    def cells(of: Any) -> list[tuple[Any, ...]]:
        return sorted((tuple(plain(row[name]) for name in names) for row in of), key=repr)

    assert [list(row) for row in found[:1]] == [names][: len(rows)]
    assert cells(found) == cells(rows)


@pytest.mark.parametrize("lake", LAKES)
@pytest.mark.parametrize("slug", QUESTIONS)
def test_spark_has_the_answer_of_newslake(
    slug: str, lake: str, answered: SharedAnswers, expected: Callable[[str, str], list[tuple[Any, ...]]]
) -> None:
    """Every saved question has the rows of `newslake ask`, in the same order."""
    assert [tuple(row.values()) for row in answered.rows(lake, f"ask.{slug}")] == expected(lake, slug)
