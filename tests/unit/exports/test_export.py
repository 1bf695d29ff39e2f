"""Exports hold what the lake holds, in files that other programs open, and are there whole or not at all."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import frictionless
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import ConfigError, LakeError
from pipeline.exports import FORMS, ExportReport, Form, Selection, export
from pipeline.lake import Lake
from pipeline.tables import READING_TABLES, rows_table, table_named
from tests.unit.lake.rows import NOON, Story, batch_keys, near_duplicate_rows, story_rows
from tests.unit.lake.test_commit import DAY, NEXT_DAY, lake, open_lake

__all__ = ["lake"]

# What a spreadsheet would run comes first, then what it would not.
FORMULAS = ("=1+1", "+1", "-2+3", "@SUM(A1)", "\tx", "\rx", '=HYPERLINK("https://x.example")')
PLAIN = ("'=1", "a,b", 'say "x"', "two\nlines", "a=1", " =1", "naïve café 🚢", "ok")
ALL = Selection()


def write(lake: Lake, target: Path, form: Form, selection: Selection = ALL, *, has_bom: bool = False) -> ExportReport:
    return export(lake, target, form=form, selection=selection, has_bom=has_bom, report_progress=lambda _: None)


def fill(lake: Lake) -> list[Story]:
    """Commit stories on three days whose section and tags are what nobody expects, and relate those of the first."""
    words = (*FORMULAS, *PLAIN)
    stories = [Story(n, day=n % 3) for n in range(len(words))]
    stories.append(Story(50, day=None, news_day=1))
    rows = [story_rows(story) for story in stories]
    for each, section in zip(rows, words, strict=False):
        each["articles"][0] |= {
            "section": section,
            "tags": [section],
            "source_key": "odd" if section in PLAIN else "harbour",
        }
    tables = {spec.name: rows_table(spec, [row for each in rows for row in each[spec.name]]) for spec in READING_TABLES}
    lake.stage("b", tables, batch_keys(stories))
    lake.commit(["b"], is_current=lambda *_: True)
    lake.replace(
        "near_duplicates",
        lambda: {DAY: near_duplicate_rows([story for story in stories if story.published_date == DAY])},
    )
    return stories


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def csv_rows(path: Path) -> list[dict[str, Any]]:
    options = pyarrow.csv.ParseOptions(newlines_in_values=True)
    return pyarrow.csv.read_csv(path, parse_options=options).to_pylist()


def sqlite_rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / "newslake.sqlite")) as connection:
        return connection.execute(query).fetchall()


def test_parquet_has_the_rows_of_the_lake(lake: Lake, tmp_path: Path) -> None:
    """One file a table, with the contract's columns, the joined ones and the day; every file says what it is."""
    fill(lake)
    done = write(lake, tmp_path / "out", "folder")
    assert (done.days, done.rows["articles"], done.rows["near_duplicates"]) == (3, 16, 5)
    stored = lake.read("articles", columns=[*READING_TABLES[0].schema.names, "published_date"])
    told = pq.read_table(tmp_path / "out/articles.parquet")
    assert told.select(stored.schema.names).to_pylist() == stored.to_pylist()
    assert told.schema.names[-3:] == ["dup_group_id", "is_duplicate", "published_date"]
    assert told["dup_group_id"].to_pylist() == told["article_id"].to_pylist()
    assert all(field.metadata[b"about"] for field in told.schema)
    assert told.schema.metadata[b"schema_version"] == b"2"
    for spec in READING_TABLES:
        assert pq.read_metadata(tmp_path / f"out/{spec.name}.parquet").num_rows == lake.read(spec.name).num_rows


def test_csv_escapes_formulas_and_nothing_else(lake: Lake, tmp_path: Path) -> None:
    """Text that a spreadsheet would run has an apostrophe before it; other text, numbers and days are as they are."""
    fill(lake)
    write(lake, tmp_path / "out", "csv")
    rows = csv_rows(tmp_path / "out/articles.csv")
    told = {int(row["article_id"], 16): row["section"] for row in rows}
    assert [told[n] for n in range(len(FORMULAS) + len(PLAIN))] == [*(f"'{each}" for each in FORMULAS), *PLAIN]
    tags = {int(row["article_id"], 16): json.loads(row["tags"]) for row in rows}
    assert [tags[n] for n in range(len(FORMULAS))] == [[each] for each in FORMULAS]
    assert {row["published_date"] for row in rows} == {date(2026, 2, day) for day in (3, 4, 5)}
    assert {row["word_count"] for row in rows} == {0}


def test_formulas_are_escaped_nowhere_else(lake: Lake, tmp_path: Path) -> None:
    """Parquet and SQLite keep text as it is."""
    fill(lake)
    write(lake, tmp_path / "p", "folder")
    write(lake, tmp_path / "s", "sqlite")
    sections = {*FORMULAS, *PLAIN, None}
    assert set(pq.read_table(tmp_path / "p/articles.parquet")["section"].to_pylist()) == sections
    assert {section for (section,) in sqlite_rows(tmp_path / "s", "SELECT section FROM articles")} == sections


def test_mark_for_excel_is_asked_for(lake: Lake, tmp_path: Path) -> None:
    """CSV begins with a byte order mark where that was asked for; its package still reads."""
    fill(lake)
    write(lake, tmp_path / "plain", "csv")
    write(lake, tmp_path / "excel", "csv", has_bom=True)
    assert (tmp_path / "plain/quotes.csv").read_bytes()[:1] == b'"'
    assert (tmp_path / "excel/quotes.csv").read_bytes()[:4] == b'\xef\xbb\xbf"'
    assert frictionless.Package(str(tmp_path / "excel/datapackage.json")).validate().valid


def test_sqlite_joins_and_explains(lake: Lake, tmp_path: Path) -> None:
    """The database has keys, indexes, joined columns, and a sentence for every column."""
    fill(lake)
    write(lake, tmp_path / "out", "sqlite")
    joined = "SELECT count(*) FROM quotes JOIN articles USING (article_id, revision_id) WHERE NOT is_duplicate"
    assert sqlite_rows(tmp_path / "out", joined) == [(16,)]
    assert sqlite_rows(tmp_path / "out", "SELECT count(*) FROM quotes WHERE quote_cluster_id = article_id || ':0'") == [
        (16,)
    ]
    plan = sqlite_rows(tmp_path / "out", "EXPLAIN QUERY PLAN SELECT * FROM quotes WHERE quote_cluster_id = 'x'")
    assert "USING INDEX" in plan[0][3]
    told = sqlite_rows(tmp_path / "out", "SELECT count(*) FROM columns_explained WHERE length(about) > 5")
    columns = sqlite_rows(tmp_path / "out", "SELECT count(*) FROM pragma_table_info('articles')")
    assert told[0][0] > columns[0][0] > 40
    stamp = sqlite_rows(tmp_path / "out", "SELECT max(published_at), typeof(is_duplicate) FROM articles")
    assert stamp[0][1] == "integer"
    assert stamp[0][0].startswith("2026-02-05T12:")


@pytest.mark.parametrize("form", FORMS)
def test_papers_of_an_export(lake: Lake, tmp_path: Path, form: Form) -> None:
    """The package is valid and names real files, the citation keeps its schema, the card says what is in it."""
    fill(lake)
    done = write(lake, tmp_path / "out", form)
    package = json.loads((tmp_path / "out/datapackage.json").read_bytes())
    report = frictionless.Package.validate_descriptor(package)
    assert report.valid, report.flatten(["note"])
    for each in package["resources"]:
        assert (tmp_path / "out" / each["path"]).stat().st_size == each["bytes"]
        assert each["rows"] == done.rows[each["name"]]
    assert package["sources"] == [{"title": "harbour"}, {"title": "odd"}]
    check = ["check_jsonschema", "--builtin-schema", "vendor.citation-file-format", "CITATION.cff"]
    told = subprocess.run([sys.executable, "-m", *check], cwd=tmp_path / "out", capture_output=True, check=False)
    assert told.returncode == 0, told.stdout
    card = (tmp_path / "out/README.txt").read_text()
    assert "2026-02-03 to 2026-02-05, by: harbour, odd" in card
    assert ("apostrophe" in card) == (form == "csv")


def test_csv_is_what_its_package_says(lake: Lake, tmp_path: Path) -> None:
    """Frictionless finds every cell of its column's type, every key unique and every parent there."""
    fill(lake)
    write(lake, tmp_path / "out", "csv")
    report = frictionless.Package(str(tmp_path / "out/datapackage.json")).validate()
    assert report.valid, report.flatten(["title", "fieldName", "note"])
    path = tmp_path / "out/quotes.csv"
    path.write_bytes(path.read_bytes().replace(b"0" * 31 + b"1", b"f" * 32, 1))
    package = json.loads((tmp_path / "out/datapackage.json").read_bytes())
    for each in package["resources"]:
        each.pop("bytes")
    (tmp_path / "out/datapackage.json").write_text(json.dumps(package))
    assert not frictionless.Package(str(tmp_path / "out/datapackage.json")).validate().valid


@pytest.mark.parametrize("form", FORMS)
def test_same_rows_give_the_same_files(lake: Lake, tmp_path: Path, form: Form) -> None:
    """An export depends on its rows alone, not on when or where to it is made."""
    fill(lake)
    (tmp_path / "b").mkdir()
    write(lake, tmp_path / "a", form)
    write(lake, tmp_path / "b", form)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


@pytest.mark.parametrize("form", FORMS)
def test_days_and_sources_select(lake: Lake, tmp_path: Path, form: Form) -> None:
    """Only articles of the days and sources asked for, with their children, and the days before and after left out."""
    fill(lake)
    selection = Selection(first=NEXT_DAY, last=NEXT_DAY, source_keys=frozenset({"odd"}))
    done = write(lake, tmp_path / "out", form, selection)
    rows = lake.read("articles", days=[NEXT_DAY], columns=["source_key"])["source_key"].to_pylist()
    odd = rows.count("odd")
    assert 0 < odd < len(rows)
    assert (done.days, done.rows["articles"], done.rows["quotes"], done.rows["near_duplicates"]) == (1, odd, odd, 0)
    with pytest.raises(ConfigError, match="nobody"):
        write(lake, tmp_path / "none", form, Selection(source_keys=frozenset({"nobody"})))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lake", "out"]


def _words(folder: Path) -> Iterator[bytes]:
    for path in folder.iterdir():
        if path.suffix != ".parquet":
            yield path.read_bytes()
    for path in folder.glob("*.parquet"):
        yield str(pq.read_table(path).to_pylist()).encode()


@pytest.mark.parametrize("form", FORMS)
def test_without_text_no_words_are_left(lake: Lake, tmp_path: Path, form: Form) -> None:
    """Neither text nor headline nor quoted words are in any file; names, ids and offsets are."""
    fill(lake)
    write(lake, tmp_path / "all", form)
    assert any(b"The ferry was late again." in data for data in _words(tmp_path / "all"))
    write(lake, tmp_path / "out", form, Selection(has_text=False))
    found = b"".join(_words(tmp_path / "out"))
    assert (b"ferry" in found, b"late again" in found, b"Story 3" in found) == (False, False, False)
    assert (b"Ada Quill" in found, Story(3).article_id.encode() in found) == (True, True)
    package = json.loads((tmp_path / "out/datapackage.json").read_bytes())
    fields = {field["name"] for each in package["resources"] for field in each["schema"]["fields"]}
    assert fields.isdisjoint({"text", "title", "standfirst", "quote_text"})
    assert {"start_char", "end_char", "content_hash", "url"} <= fields
    assert (
        "articles.text, articles.title, quotes.medium_text, quotes.quote_text"
        in (tmp_path / "out/README.txt").read_text()
    )


@pytest.mark.parametrize("form", FORMS)
def test_deletions_go_along(lake: Lake, tmp_path: Path, form: Form) -> None:
    """Whatever is selected, the list of what was forgotten goes along, so that who has an older copy can obey it."""
    fill(lake)
    row = {
        "article_id": Story(77).article_id,
        "revision_ids": ["r"],
        "last_published_date": DAY,
        "reason": "court",
        "deleted_at": NOON,
    }
    lake.log.append("deletions", "takedown", rows_table(table_named("deletions"), [row]))
    done = write(
        lake, tmp_path / "out", form, Selection(first=NEXT_DAY, source_keys=frozenset({"odd"}), has_text=False)
    )
    assert done.rows["deletions"] == 1
    assert any(Story(77).article_id.encode() in data for data in _words(tmp_path / "out"))
    package = json.loads((tmp_path / "out/datapackage.json").read_bytes())
    assert {each["name"]: each["rows"] for each in package["resources"]}["deletions"] == 1


def test_nothing_is_overwritten(lake: Lake, tmp_path: Path) -> None:
    """A folder with anything in it, or a file, is refused and left as it is."""
    fill(lake)
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for target in (tmp_path / "full", tmp_path / "file"):
        with pytest.raises(ConfigError, match="not empty"):
            write(lake, target, "csv")
    assert contents(tmp_path / "full") == {"mine.txt": b"mine"}


@pytest.mark.parametrize("form", FORMS)
def test_damaged_lake_leaves_no_export(lake: Lake, tmp_path: Path, form: Form) -> None:
    """An object that is damaged ends the export with its name, and nothing of the export is left."""
    fill(lake)
    [damaged] = (tmp_path / "lake/_state/data/events" / f"published_date={NEXT_DAY}").glob("*.obj")
    damaged.chmod(0o600)
    damaged.write_bytes(b"PAR1")
    with pytest.raises(LakeError, match=damaged.name):
        write(lake, tmp_path / "out", form)
    assert [path.name for path in tmp_path.iterdir()] == ["lake"]


def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command writes an export of the days asked for; another format and a mark that is not CSV's are refused."""
    monkeypatch.setenv("NEWS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("NEWS_DURABILITY", "process")
    fill(open_lake(tmp_path / "lake"))
    words = ["lake", "export", "--quiet", "--json", "--from", "2026-02-04", "--until", "2026-02-04", "--no-text"]
    done = CliRunner().invoke(app, [*words, "--to", "sqlite", str(tmp_path / "out")])
    assert json.loads(done.stdout)["days"] == 1
    assert sqlite_rows(tmp_path / "out", "SELECT DISTINCT published_date FROM articles") == [("2026-02-04",)]
    turned = ["--to", "csv", "--from", "2026-02-04", "--until", "2026-02-03"]
    for wrong in (
        ["--to", "xlsx"],
        ["--to", "sqlite", "--bom"],
        ["--to", "csv", "--from", "soon"],
        ["--to", "csv", "--source", "nosuch"],
        turned,
    ):
        assert isinstance(
            CliRunner().invoke(app, ["lake", "export", *wrong, str(tmp_path / "no")]).exception, ConfigError
        )
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize("place", ["lake/tables/mine", "snapshots/mine"])
def test_nothing_is_exported_into_the_lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """Recover would take an export there for strays, and the list of snapshots for a broken one."""
    monkeypatch.setenv("NEWS_DATA_DIR", str(tmp_path))
    fill(open_lake(tmp_path / "lake"))
    done = CliRunner().invoke(app, ["lake", "export", "--to", "folder", str(tmp_path / place)])
    assert isinstance(done.exception, ConfigError)
    assert not (tmp_path / place).exists()
