"""`newslake.open`: tables, SQL, questions and articles of a lake, read-only and within limits."""

from datetime import date
from pathlib import Path

import duckdb
import pandas
import polars
import pyarrow as pa
import pytest

import newslake
from pipeline.search import update_index
from pipeline.tables import table_named
from tests.unit.lake.rows import Story
from tests.unit.lake.test_commit import commit, open_lake

STORIES = (Story(1), Story(2), Story(4, day=1, words="The <script>tide</script> is high."))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a lake of three articles on two days, and a snapshot of it."""
    folder = tmp_path_factory.mktemp("data")
    lake = open_lake(folder / "lake")
    commit(lake, STORIES)
    lake.snapshots.take("v1")
    update_index(folder / "lake", durability="process")
    return folder


def test_lake_opens_by_data_folder_lake_and_snapshot(data: Path) -> None:
    """A data folder, the folder of its lake, and a snapshot are opened; another folder is an error that says so."""
    counts = [
        len(newslake.open(path).read("articles")) for path in (data, str(data / "lake"), data / "snapshots" / "v1")
    ]

    assert counts == [3, 3, 3]
    with pytest.raises(newslake.ConfigError, match="has no lake; give a data folder"):
        newslake.open(data / "snapshots")


def test_read_selects_days_and_columns(data: Path) -> None:
    """Rows are those of the days, both inclusive, in the given columns; without columns, clusters are included."""
    lake = newslake.open(data)

    assert lake.read("quotes", columns=["quote_text"], since="2026-02-04").to_dicts() == [
        {"quote_text": "“The <script>tide</script> is high.”"}
    ]
    assert len(lake.read("articles", until=date(2026, 2, 3))) == 2
    assert lake.read("quotes").columns[: len(table_named("quotes").columns)] == tuple(
        column.name for column in table_named("quotes").columns
    )
    assert {"quote_cluster_id", "speaker_person_name"} < set(lake.read("quotes").columns)
    assert len(lake.read("outcomes")) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda lake: lake.read("quote"), "no table 'quote'; did you mean"),
        (lambda lake: lake.read("quotes", columns=["quote"]), 'no column "quote"'),
        (lambda lake: lake.read("quotes", columns=['a" FROM x; --']), "not found in FROM"),
        (lambda lake: lake.read("quotes", since="3 March"), "'3 March' is not a valid date"),
        (lambda lake: lake.read("quotes", since="2026-02-04", until="2026-02-03"), "swap them"),
        (lambda lake: lake.read("quotes", source="harbor"), "harbor: did you mean harbour"),
        (lambda lake: lake.ask("top-speaker"), "unknown question 'top-speaker'; did you mean top-speakers"),
        (lambda lake: lake.ask("top-speakers", colour="red"), "has no option --colour"),
        (lambda lake: lake.sql("DROP TABLE articles"), "one read-only statement"),
        (lambda lake: lake.sql("COPY articles TO 'x.csv'"), "one read-only statement"),
        (lambda lake: lake.sql("FROM '/etc/passwd'"), "Table with name /etc/passwd does not exist"),
        (lambda lake: lake.article("https://harbour.example/none"), "the lake has no article"),
    ],
)
def test_wrong_call_is_named(data: Path, call: object, message: str) -> None:
    """A wrong table, column, day, source, question, option or statement is an error that says what to do."""
    with pytest.raises(newslake.ConfigError, match=message):
        call(newslake.open(data))


def test_other_libraries_take_rows(data: Path) -> None:
    """Rows become Arrow, pandas and Polars, and Polars, pyarrow and DuckDB take the object itself."""
    rows = newslake.open(data).read("entities", columns=["article_id", "entity_text"])
    names = ["Bram Toller", "Cora Weld", "Ada Quill"]

    assert isinstance(rows.arrow, pa.Table)
    assert isinstance(rows.to_pandas(), pandas.DataFrame)
    assert rows.to_pandas()["entity_text"].tolist() == names
    assert rows.to_polars()["entity_text"].to_list() == names
    assert polars.DataFrame(rows).equals(rows.to_polars())
    assert pa.table(rows).equals(rows.arrow)
    assert duckdb.sql("SELECT max(entity_text) FROM rows").fetchall() == [("Cora Weld",)]
    assert [row["entity_text"] for row in rows] == names


def test_answer_has_its_denominators(data: Path) -> None:
    """An answer has the question, what is counted and the period; options are checked and applied as texts."""
    lake = newslake.open(data)
    found = lake.ask("unnamed-sources", minimum=1, since="2026-02-03", until="2026-02-04")
    slugs = [row["slug"] for row in lake.questions()]

    assert found.title.endswith("?")
    assert [row["quotes"] for row in found] == [3]
    assert found.notes[0].endswith("3 to 4 February 2026.")
    assert lake.ask("unnamed-sources", minimum=4).to_dicts() == []
    assert "unnamed-sources" in slugs


def test_limits_stop_a_call(data: Path) -> None:
    """A call over its time or its number of rows is stopped; the message names the limits; the next call works."""
    few = newslake.open(data, max_rows=2, seconds=1)

    with pytest.raises(
        newslake.LimitError, match=r"exceeded 2 rows: .* larger limits \(seconds, memory_mb, max_rows\)"
    ):
        few.read("articles")
    with pytest.raises(newslake.LimitError, match="exceeded 1 seconds"):
        few.sql("SELECT sum(range) FROM range(1_000_000_000_000)")
    assert few.sql("SELECT count(*) AS n FROM articles").to_dicts() == [{"n": 3}]


def test_tables_in_a_notebook_are_escaped(data: Path) -> None:
    """The HTML of rows and answers has every value and title escaped, and a note about more rows."""
    lake = newslake.open(data)
    shown = lake.read("quotes", columns=["quote_text"])._repr_html_()
    many = lake.sql("SELECT range AS n, chr(8238) AS hidden FROM range(25)")._repr_html_()

    assert "&lt;script&gt;tide&lt;/script&gt;" in shown
    assert "<script>" not in shown
    assert ("and 5 more rows" in many, many.count("<tr>"), "[U+202E]" in many) == (True, 21, True)
    assert lake.ask("top-speakers")._repr_html_().startswith("<p><b>Who")
    assert repr(lake.read("quotes", columns=["quote_text"])) == "Rows(3 x 1: quote_text)"


def test_article_has_its_rows(data: Path) -> None:
    """An article is found by its id, with its text and rows."""
    lake = newslake.open(data)
    story = STORIES[2]
    document = lake.article(story.article_id)

    assert (document.title, document.text) == ("Story 4", story.text)
    [entity] = document.entities
    assert document.text[entity["start_char"] : entity["end_char"]] == "Ada Quill"
    assert [row["quote_text"] for row in document.quotes] == [f"“{story.words}”"]
    assert repr(document) == f"Document('Story 4', {len(story.text)} characters, 1 entities, 1 quotes, 1 events)"


def test_search_finds_articles(data: Path) -> None:
    """Matches are rows with plain titles and snippets, offsets into the text and the total; a snapshot has no index."""
    lake = newslake.open(data)
    found = lake.search("ferry", limit=1)
    [row] = found

    assert (len(found), found.total, found.is_current) == (1, 2, True)
    document = lake.article(row["article_id"])
    assert document.text[row["start_char"] : row["end_char"]] == "ferry"
    assert "ferry was late" in row["snippet"]
    assert [each["title"] for each in lake.search("tide", since="2026-02-04")] == ["Story 4"]
    assert lake.search("unheard").to_dicts() == []
    with pytest.raises(newslake.NewsError, match=r"search\.sqlite is missing"):
        newslake.open(data / "snapshots" / "v1").search("ferry")
