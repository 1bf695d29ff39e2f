"""Exports have the rows of the lake, in files that other programs open, and are atomic."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import frictionless
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from newslake.pipeline.addons.share.export import FORMS, ExportReport, Form, Selection, export
from newslake.pipeline.cli import app
from newslake.pipeline.errors import ConfigError, LakeError
from newslake.pipeline.lake import Lake
from newslake.pipeline.tables import ANNOTATION_TABLES, TABLE_SPECS, rows_table
from tests.unit.lake.rows import NOON, Story, batch_keys, near_duplicate_rows, story_rows
from tests.unit.lake.test_commit import DAY, NEXT_DAY, lake, open_lake

__all__ = ["lake"]

# Texts that a spreadsheet would run, then texts that it would not.
FORMULAS = ("=1+1", "+1", "-2+3", "@SUM(A1)", "\tx", "\rx", '=HYPERLINK("https://x.example")')
PLAIN = ("'=1", "a,b", 'say "x"', "two\nlines", "a=1", " =1", "naïve café 🚢", "ok")
ALL = Selection()


def write(lake: Lake, target: Path, form: Form, selection: Selection = ALL, *, has_bom: bool = False) -> ExportReport:
    return export(lake, target, form=form, selection=selection, has_bom=has_bom, report_progress=lambda _: None)


def fill(lake: Lake) -> list[Story]:
    """Commit stories with unusual sections and tags on three days, and cluster those of the first day."""
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
    tables = {
        spec.name: rows_table(spec, [row for each in rows for row in each[spec.name]]) for spec in ANNOTATION_TABLES
    }
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
    """One file per table, with the columns of the contract, the joined ones and the day, and with metadata."""
    fill(lake)
    done = write(lake, tmp_path / "out", "folder")
    assert (done.days, done.rows["articles"], done.rows["near_duplicates"]) == (3, 16, 5)
    stored = lake.read("articles", columns=[*ANNOTATION_TABLES[0].schema.names, "published_date"])
    written = pq.read_table(tmp_path / "out/articles.parquet")
    assert written.select(stored.schema.names).to_pylist() == stored.to_pylist()
    assert written.schema.names[-3:] == ["dup_group_id", "is_duplicate", "published_date"]
    assert written["dup_group_id"].to_pylist() == written["article_id"].to_pylist()
    assert all(field.metadata[b"about"] for field in written.schema)
    assert written.schema.metadata[b"schema_version"] == b"3"
    for spec in ANNOTATION_TABLES:
        assert pq.read_metadata(tmp_path / f"out/{spec.name}.parquet").num_rows == lake.read(spec.name).num_rows


@pytest.mark.parametrize("form", ["folder", "sqlite"])
def test_people_have_the_ids_of_their_links(lake: Lake, tmp_path: Path, form: Form) -> None:
    """A linked surname, and its quotes, have the person of the link; other people have themselves, things nobody."""
    stories = [Story(n) for n in range(3)]
    kinds = [("PERSON", "person"), ("PERSON", "person"), ("ORG", "organisation")]
    rows = [story_rows(story) for story in stories]
    for number, (each, (kind, speaking)) in enumerate(zip(rows, kinds, strict=True)):
        each["entities"][0] |= {"entity_id": f"id {number}", "entity_name": f"Name {number}"}
        each["entities"][0] |= {"cluster_index": 4, "entity_type": kind}
        each["quotes"][0] |= {"speaker_entity_id": f"id {number}", "speaker_name": f"Name {number}"}
        each["quotes"][0] |= {"speaker_cluster_index": 4, "speaker_kind": speaking}
    tables = {
        spec.name: rows_table(spec, [row for each in rows for row in each[spec.name]]) for spec in ANNOTATION_TABLES
    }
    lake.stage("b", tables, batch_keys(stories))
    lake.commit(["b"], is_current=lambda *_: True)
    keys = {name: getattr(stories[0], name) for name in ("article_id", "revision_id", "published_at")}
    person = {"person_id": "id", "person_name": "Ada Quill", "method": "outlet", "confidence": 0.75}
    links = rows_table(TABLE_SPECS["person_links"], [{**keys, "cluster_index": 4, **person}])
    lake.replace("person_links", lambda: {DAY: links})
    write(lake, tmp_path / "out", form)
    for table, prefix in (("entities", ""), ("quotes", "speaker_")):
        found = _exported(tmp_path / "out", table, ("article_id", f"{prefix}person_id", f"{prefix}person_name"))
        expected = [("id", "Ada Quill"), ("id 1", "Name 1"), (None, None)]
        assert found == [(story.article_id, *each) for story, each in zip(stories, expected, strict=True)]


def _exported(folder: Path, table: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    if (folder / "newslake.sqlite").exists():
        return sqlite_rows(folder, f"SELECT {', '.join(columns)} FROM {table} ORDER BY 1")
    return [tuple(row[name] for name in columns) for row in pq.read_table(folder / f"{table}.parquet").to_pylist()]


def test_csv_escapes_only_formulas(lake: Lake, tmp_path: Path) -> None:
    """Text that a spreadsheet would run has an apostrophe before it; other text, numbers and days are unchanged."""
    fill(lake)
    write(lake, tmp_path / "out", "csv")
    rows = csv_rows(tmp_path / "out/articles.csv")
    sections = {int(row["article_id"], 16): row["section"] for row in rows}
    assert [sections[n] for n in range(len(FORMULAS) + len(PLAIN))] == [*(f"'{each}" for each in FORMULAS), *PLAIN]
    tags = {int(row["article_id"], 16): json.loads(row["tags"]) for row in rows}
    assert [tags[n] for n in range(len(FORMULAS))] == [[each] for each in FORMULAS]
    assert {row["published_date"] for row in rows} == {date(2026, 2, day) for day in (3, 4, 5)}
    assert {row["word_count"] for row in rows} == {0}


def test_formulas_are_escaped_only_in_csv(lake: Lake, tmp_path: Path) -> None:
    """Parquet and SQLite keep text unchanged."""
    fill(lake)
    write(lake, tmp_path / "p", "folder")
    write(lake, tmp_path / "s", "sqlite")
    sections = {*FORMULAS, *PLAIN, None}
    assert set(pq.read_table(tmp_path / "p/articles.parquet")["section"].to_pylist()) == sections
    assert {section for (section,) in sqlite_rows(tmp_path / "s", "SELECT section FROM articles")} == sections


def test_byte_order_mark_is_optional(lake: Lake, tmp_path: Path) -> None:
    """CSV begins with a byte order mark if requested; its package is still valid."""
    fill(lake)
    write(lake, tmp_path / "plain", "csv")
    write(lake, tmp_path / "excel", "csv", has_bom=True)
    assert (tmp_path / "plain/quotes.csv").read_bytes()[:1] == b'"'
    assert (tmp_path / "excel/quotes.csv").read_bytes()[:4] == b'\xef\xbb\xbf"'
    assert frictionless.Package(str(tmp_path / "excel/datapackage.json")).validate().valid


def test_sqlite_joins_and_explains(lake: Lake, tmp_path: Path) -> None:
    """The database has keys, indexes, joined columns, and a description of every column."""
    fill(lake)
    write(lake, tmp_path / "out", "sqlite")
    joined = "SELECT count(*) FROM quotes JOIN articles USING (article_id, revision_id) WHERE NOT is_duplicate"
    assert sqlite_rows(tmp_path / "out", joined) == [(16,)]
    assert sqlite_rows(tmp_path / "out", "SELECT count(*) FROM quotes WHERE quote_cluster_id = article_id || ':0'") == [
        (16,)
    ]
    plan = sqlite_rows(tmp_path / "out", "EXPLAIN QUERY PLAN SELECT * FROM quotes WHERE quote_cluster_id = 'x'")
    assert "USING INDEX" in plan[0][3]
    plan = sqlite_rows(tmp_path / "out", "EXPLAIN QUERY PLAN SELECT * FROM quotes WHERE speaker_person_id = 'x'")
    assert "USING INDEX" in plan[0][3]
    explained = sqlite_rows(tmp_path / "out", "SELECT count(*) FROM columns_explained WHERE length(about) > 5")
    columns = sqlite_rows(tmp_path / "out", "SELECT count(*) FROM pragma_table_info('articles')")
    assert explained[0][0] > columns[0][0] > 40
    stamp = sqlite_rows(tmp_path / "out", "SELECT max(published_at), typeof(is_duplicate) FROM articles")
    assert stamp[0][1] == "integer"
    assert stamp[0][0].startswith("2026-02-05T12:")


@pytest.mark.parametrize("form", FORMS)
def test_documentation_of_an_export(lake: Lake, tmp_path: Path, form: Form) -> None:
    """The package is valid and names real files, the citation meets its schema, the readme describes the content."""
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
    checked = subprocess.run([sys.executable, "-m", *check], cwd=tmp_path / "out", capture_output=True, check=False)
    assert checked.returncode == 0, checked.stdout
    readme = (tmp_path / "out/README.txt").read_text()
    assert "2026-02-03 to 2026-02-05, by: harbour, odd" in readme
    assert ("apostrophe" in readme) == (form == "csv")


def test_csv_agrees_with_its_package(lake: Lake, tmp_path: Path) -> None:
    """Frictionless finds that every cell has its column's type, every key is unique and every parent exists."""
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
    """An export depends only on its rows, not on its time or target."""
    fill(lake)
    (tmp_path / "b").mkdir()
    write(lake, tmp_path / "a", form)
    write(lake, tmp_path / "b", form)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


@pytest.mark.parametrize("form", FORMS)
def test_days_and_sources_select(lake: Lake, tmp_path: Path, form: Form) -> None:
    """Only articles of the selected days and sources are exported, with their child rows."""
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
def test_without_text_no_words_remain(lake: Lake, tmp_path: Path, form: Form) -> None:
    """No file has text, headlines or quoted words; names, ids and offsets remain."""
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
def test_deletions_are_always_exported(lake: Lake, tmp_path: Path, form: Form) -> None:
    """For any selection, the list of takedowns is complete, so that holders of older exports can apply it."""
    fill(lake)
    row = {
        "article_id": Story(77).article_id,
        "revision_ids": ["r"],
        "last_published_date": DAY,
        "reason": "court",
        "deleted_at": NOON,
    }
    lake.log.append("deletions", "takedown", rows_table(TABLE_SPECS["deletions"], [row]))
    done = write(
        lake, tmp_path / "out", form, Selection(first=NEXT_DAY, source_keys=frozenset({"odd"}), has_text=False)
    )
    assert done.rows["deletions"] == 1
    assert any(Story(77).article_id.encode() in data for data in _words(tmp_path / "out"))
    package = json.loads((tmp_path / "out/datapackage.json").read_bytes())
    assert {each["name"]: each["rows"] for each in package["resources"]}["deletions"] == 1


def test_nothing_is_overwritten(lake: Lake, tmp_path: Path) -> None:
    """A folder that is not empty, or a file, is refused and unchanged."""
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
    """A damaged object stops the export with its name, and no export is left."""
    fill(lake)
    [damaged] = (tmp_path / "lake/_state/data/events").glob(f"*/{NEXT_DAY}.*.obj")
    damaged.chmod(0o600)
    damaged.write_bytes(b"PAR1")
    with pytest.raises(LakeError, match=damaged.name):
        write(lake, tmp_path / "out", form)
    assert [path.name for path in tmp_path.iterdir()] == ["lake"]


def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command exports the requested days; an unknown format and a byte order mark for other formats are refused."""
    monkeypatch.setenv("NEWS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("NEWS_DURABILITY", "process")
    fill(open_lake(tmp_path / "lake"))
    words = ["lake", "export", "--quiet", "--json", "--from", "2026-02-04", "--to", "2026-02-04", "--no-text"]
    done = CliRunner().invoke(app, [*words, "--format", "sqlite", str(tmp_path / "out")])
    assert json.loads(done.stdout)["days"] == 1
    assert sqlite_rows(tmp_path / "out", "SELECT DISTINCT published_date FROM articles") == [("2026-02-04",)]
    turned = ["--format", "csv", "--from", "2026-02-04", "--to", "2026-02-03"]
    for wrong in (
        ["--format", "xlsx"],
        ["--format", "sqlite", "--bom"],
        ["--format", "csv", "--from", "soon"],
        ["--format", "csv", "--source", "nosuch"],
        turned,
    ):
        assert isinstance(
            CliRunner().invoke(app, ["lake", "export", *wrong, str(tmp_path / "no")]).exception, ConfigError
        )
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize("place", ["lake/tables/mine", "snapshots/mine"])
def test_nothing_is_exported_into_the_lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """There, recover would treat an export as stray files, and the list of snapshots as a broken snapshot."""
    monkeypatch.setenv("NEWS_DATA_DIR", str(tmp_path))
    fill(open_lake(tmp_path / "lake"))
    done = CliRunner().invoke(app, ["lake", "export", "--format", "folder", str(tmp_path / place)])
    assert isinstance(done.exception, ConfigError)
    assert not (tmp_path / place).exists()
