"""The exported sample newsroom: the same rows as in SQL, and no text in exports without text."""

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import frictionless
import pytest

from newslake.pipeline.addons.share.export import FORMS, Form, Selection, export, export_specs
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.lake import Lake
from newslake.pipeline.query.connection import connect, query
from newslake.pipeline.tables import ANNOTATION_TABLES, CLUSTER_TABLES
from samples.server import DAYS, Newsroom
from tests.unit.jobs.test_run import INBOX, open_at, run_evening

pytestmark = [pytest.mark.model]

TABLES = tuple(spec.name for spec in export_specs(has_text=True))
IDS = {
    "articles": "dup_group_id, is_duplicate",
    "entities": "person_id, person_name",
    "quotes": "quote_cluster_id, speaker_person_id, speaker_person_name",
    "events": "event_cluster_id",
}
KEYS = {spec.name: ", ".join(spec.key) for spec in (*ANNOTATION_TABLES, *CLUSTER_TABLES)}


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The lake after two evenings."""
    folder = tmp_path_factory.mktemp("data")
    shutil.copytree(INBOX, folder / "inbox")
    with Newsroom() as newsroom:
        for day in DAYS[:2]:
            run_evening(folder, newsroom, day)
        yield open_at(folder, newsroom, DAYS[1])


@pytest.fixture(scope="module")
def lake(space: Workspace) -> Lake:
    return space.lake


def write(lake: Lake, target: Path, form: Form, *, has_text: bool = True) -> None:
    export(lake, target, form=form, selection=Selection(has_text=has_text), report_progress=lambda _: None)


def test_exports_agree_with_the_lake(space: Workspace, lake: Lake, tmp_path: Path) -> None:
    """Each table has the same rows and joined ids in Parquet, in SQLite and in SQL on the lake."""
    connection = connect(space.settings.lake_dir)
    write(lake, tmp_path / "p", "folder")
    write(lake, tmp_path / "s", "sqlite")
    with closing(sqlite3.connect(tmp_path / "s/newslake.sqlite")) as database:
        for name in TABLES:
            columns = f"{KEYS[name]}, published_date{', ' + IDS[name] if name in IDS else ''}"
            expected = query(connection, f"SELECT {columns} FROM {name} ORDER BY {KEYS[name]}").rows
            parquet = duckdb.sql(
                f"SELECT {columns} FROM '{tmp_path}/p/{name}.parquet' ORDER BY {KEYS[name]}"
            ).fetchall()
            assert parquet == list(expected)
            rows = database.execute(f"SELECT {columns} FROM {name} ORDER BY {KEYS[name]}").fetchall()
            assert [tuple(map(str, row)) for row in rows] == [
                tuple(str(int(each) if isinstance(each, bool) else each) for each in row) for row in expected
            ]
            assert len(expected) > 0 or name in ("event_clusters", "person_links")


def test_csv_agrees_with_its_package(lake: Lake, tmp_path: Path) -> None:
    """Frictionless accepts the whole export of real articles, with and without text."""
    for has_text in (True, False):
        write(lake, tmp_path / str(has_text), "csv", has_text=has_text)
        report = frictionless.Package(str(tmp_path / str(has_text) / "datapackage.json")).validate()
        assert report.valid, report.flatten(["title", "fieldName", "rowNumber", "note"])[:5]


def test_package_of_the_lake_is_valid(space: Workspace) -> None:
    """Frictionless accepts the package that is published with real articles."""
    path = space.settings.lake_dir / "datapackage.json"
    assert frictionless.Package(str(path)).resource_names[0] == "articles"
    assert frictionless.Package.validate_descriptor(str(path)).valid


@pytest.mark.parametrize("form", FORMS)
def test_no_eleven_words_in_a_row_remain(lake: Lake, tmp_path: Path, form: Form) -> None:
    """Without text, no file has 11 consecutive words of an article; roles and names are shorter."""
    write(lake, tmp_path / "out", form, has_text=False)
    if form == "folder":
        tables = [duckdb.sql(f"SELECT * FROM '{path}'").fetchall() for path in (tmp_path / "out").glob("*.parquet")]
        found = str(tables)
    else:
        found = b"".join(path.read_bytes() for path in (tmp_path / "out").iterdir()).decode("utf-8", "replace")
    left = _runs(found)
    texts = lake.read("articles", columns=["text"])["text"].to_pylist()
    assert len(texts) > 20
    assert left & {run for text in texts for run in _runs(text)} == set()


def _runs(text: str) -> set[str]:
    words = re.findall(r"\w+", text.lower())
    return {" ".join(words[at : at + 11]) for at in range(len(words) - 10)}
