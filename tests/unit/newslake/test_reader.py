"""`newslake.open`: tables, SQL, questions and articles of a lake, read-only and within limits."""

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pandas
import polars
import pyarrow as pa
import pytest

import newslake
from newslake.pipeline.addons.search.index import update_index
from newslake.pipeline.tables import TABLE_SPECS
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
    assert lake.read("quotes").columns[: len(TABLE_SPECS["quotes"].columns)] == tuple(
        column.name for column in TABLE_SPECS["quotes"].columns
    )
    assert {"quote_cluster_id", "speaker_person_name"} < set(lake.read("quotes").columns)
    assert len(lake.read("outcomes")) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda lake: lake.read("quote"), "no table 'quote'; did you mean"),
        (lambda lake: lake.read(["quotes"]), r"not a text; lake.tables\(\) lists the tables"),
        (lambda lake: lake.read("quotes", columns=["quote"]), "no column 'quote'; did you mean quote_index or quote_"),
        (lambda lake: lake.read("quotes", columns=["quote_tekst"]), "did you mean quote_text"),
        (lambda lake: lake.read("quotes", columns="colour"), r"lake.columns\('quotes'\) lists its columns"),
        (lambda lake: lake.read("quotes", columns=['a" FROM x; --']), "quotes has no column 'a\" FROM x; --'"),
        (lambda lake: lake.read("quotes", columns=[]), "columns is empty"),
        (lambda lake: lake.read("quotes", columns=["cue_text", "cue_text"]), "columns has 'cue_text' twice"),
        (lambda lake: lake.read("quotes", since=datetime(2026, 2, 4, 9)), "is a time, and days are selected"),  # noqa: DTZ001
        (lambda lake: lake.read("quotes", since=20260204), "since=20260204 is not a day"),
        (lambda lake: lake.read("quotes", source=["harbour"]), "type list, not a text; give the key of one source"),
        (lambda lake: lake.search("ferry", source="harbor"), "^source harbor: did you mean harbour"),
        (lambda lake: lake.search("ferry", language="english"), "not an ISO 639-1 code such as 'en'"),
        (lambda lake: lake.search(None), "give words to find"),
        (lambda lake: lake.ask("top-speakers", limt=3), "has no option limt; did you mean limit"),
        (lambda lake: lake.ask("top-speakers", limit="3"), "limit='3' is not an integer of 1 or more"),
        (lambda lake: lake.ask("top-speakers", limit=0), "limit=0 is not an integer of 1 or more"),
        (lambda lake: lake.ask(None), r"lake.questions\(\) lists the questions"),
        (lambda lake: lake.sql(None), "statement is of the type NoneType"),
        (lambda lake: lake.sql("SELECT $a", {"b": 1}), r"no value for \$a"),
        (lambda lake: lake.sql("SELECT $a", {"a": 1, "b": 1}), r"has no \$b"),
        (lambda lake: lake.sql("SELECT ?", [1]), "parameters are values by name"),
        (lambda lake: lake.columns("quote"), "no table 'quote'; did you mean"),
        (lambda lake: lake.article({"article_id": "a"}), "give an article_id or a URL"),
        (lambda lake: lake.read("quotes", since="3 March"), "'3 March' is not a valid date"),
        (lambda lake: lake.read("quotes", since="2026-02-04", until="2026-02-03"), "swap them"),
        (lambda lake: lake.read("quotes", source="harbor"), "^source harbor: did you mean harbour"),
        (lambda lake: lake.ask("top-speaker"), "unknown question 'top-speaker'; did you mean top-speakers"),
        (lambda lake: lake.ask("top-speakers", colour="red"), "has no option colour; its options are: none"),
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


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"path": None}, "path=None is not a folder"),
        ({"path": "s3://bucket/lake"}, "give a folder, or the address of an Iceberg REST catalog"),
        ({"path": "~/no-such-lake"}, "/no-such-lake has no lake"),
        ({"seconds": 0}, "seconds=0 is not a number above 0"),
        ({"memory_mb": 0.5}, "memory_mb=0.5 is not an integer"),
        ({"max_rows": True}, "max_rows=True is not an integer"),
    ],
)
def test_wrong_lake_is_named(data: Path, given: dict[str, object], message: str) -> None:
    """Another path than a folder, and a limit that is not a number, are errors; `~` is the home folder."""
    with pytest.raises(newslake.ConfigError, match=message) as found:
        newslake.open(**({"path": data} | given))
    assert "~" not in str(found.value)


def test_lake_that_is_gone_is_no_empty_lake(data: Path, tmp_path: Path) -> None:
    """Each method of a reader whose lake was moved away is an error, not an answer without rows."""
    shutil.copytree(data / "lake", tmp_path / "lake")
    lake = newslake.open(tmp_path)
    shutil.rmtree(tmp_path / "lake")

    for call in (
        lambda: lake.read("quotes"),
        lambda: lake.sql("SELECT 1"),
        lambda: lake.ask("top-speakers"),
        lambda: lake.search("ferry"),
        lambda: lake.article("a"),
        lake.tables,
    ):
        with pytest.raises(newslake.ConfigError, match="has no lake any more"):
            call()


def test_tables_and_columns_are_described(data: Path) -> None:
    """Tables have their rows and meaning; columns, those of clusters included, have type, meaning and values."""
    lake = newslake.open(data)
    tables = {row["table"]: row for row in lake.tables()}
    columns = {row["column"]: row for row in lake.columns("quotes")}

    assert [tables[name]["rows"] for name in ("articles", "quotes", "outcomes")] == [3, 3, 0]
    assert tables["quotes"]["about"] == TABLE_SPECS["quotes"].about
    assert tuple(columns) == lake.read("quotes").columns
    assert columns["word_count"]["type"] == "INTEGER"
    assert "direct" in columns["quote_type"]["values"]
    assert columns["speaker_person_name"]["about"]


def test_days_are_dates_times_or_texts(data: Path) -> None:
    """A text, a date and midnight in UTC are the same day; one column may be a text."""
    lake = newslake.open(data)
    days = ("2026-02-04", date(2026, 2, 4), datetime(2026, 2, 4, tzinfo=UTC), pandas.Timestamp("2026-02-04"))

    assert [len(lake.read("quotes", since=day, columns="quote_text")) for day in days] == [1, 1, 1, 1]


def test_statement_has_parameters(data: Path) -> None:
    """Values of parameters are values, never SQL."""
    lake = newslake.open(data)
    statement = "SELECT count(*) AS n FROM articles WHERE title = $title OR word_count < $least"

    assert lake.sql(statement, {"title": "Story 4", "least": 0})[0] == {"n": 1}
    assert lake.sql(statement, {"title": "' OR true --", "least": 0})[0] == {"n": 0}


def test_rows_have_numbers(data: Path) -> None:
    """Rows are taken by number and slice as of a list."""
    rows = newslake.open(data).read("entities", columns=["entity_text"])

    assert rows[0] == rows[-3] == {"entity_text": "Bram Toller"}
    assert [row["entity_text"] for row in rows[1:]] == ["Cora Weld", "Ada Quill"]
    assert rows[5:] == []
    with pytest.raises(IndexError):
        rows[3]
    with pytest.raises(newslake.ConfigError, match=r"for a column, use to_pandas\(\)\['entity_text'\]"):
        rows["entity_text"]


def test_rows_are_printed_as_text(data: Path) -> None:
    """The text of rows has their number, the first rows and columns, null values, and what is left out."""
    lake = newslake.open(data)
    few = lake.sql("SELECT 'a' AS name, NULL AS role UNION ALL SELECT chr(8238) || repeat('b', 40), 'mayor' ORDER BY 2")
    many = repr(lake.sql("SELECT range AS n FROM range(25)"))

    assert repr(few).split("\n") == [
        "Rows: 2 x 2",
        "name" + 37 * " " + "role",
        "[U+202E]" + 30 * "b" + "…" + "  mayor",
        "a" + 40 * " " + "null",
    ]
    assert repr(lake.sql("SELECT 'a' || chr(10) || chr(9) || 'b' AS text")).split("\n") == [
        "Rows: 1 x 1",
        "text",
        "a b",
    ]
    assert many.split("\n")[0] == "Rows: 25 x 1"
    assert many.endswith("9\nand 15 more rows")
    assert "more columns: " in repr(lake.read("quotes"))
    assert max(map(len, repr(lake.read("quotes")).split("\n")[1:-1])) <= 120
    assert repr(lake.ask("top-speakers", limit=1)).startswith("Who is quoted most?\nQuestionAnswer: ")


def test_missing_library_is_named(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pandas or Polars, their data frames are an error that says what to install."""
    rows = newslake.open(data).read("entities")
    monkeypatch.setattr("newslake.rows.find_spec", lambda name: None)

    for library, call in (("pandas", rows.to_pandas), ("polars", rows.to_polars)):
        with pytest.raises(newslake.ConfigError, match=f"pip install {library}"):
            call()


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


@pytest.mark.addons
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
