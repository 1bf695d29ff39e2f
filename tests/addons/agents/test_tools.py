"""What the tools answer, as an agent reads it: words, who says them, and what cites them."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from newslake.pipeline.agents.answers import CELL_CHARS, MOST_CHARS, to_json
from newslake.pipeline.agents.search import HitAnswer, fitting_hits
from newslake.pipeline.agents.tools import TOOLS
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.query.saved_queries import list_questions
from newslake.pipeline.tables import TABLES
from tests.addons.agents.conftest import Call, settings_of

pytestmark = pytest.mark.model
BY_QUOTE = "SELECT article_id, quote_index, quote_text FROM quotes ORDER BY article_id, quote_index"


def whole_text(newsroom: Path, article_id: str) -> str:
    rows = Workspace(settings_of(newsroom)).lake.read("articles", columns=("article_id", "text")).to_pylist()
    return next(str(row["text"]) for row in rows if row["article_id"] == article_id)


def test_words_of_a_speaker_can_be_cited(call: Call) -> None:
    """From a question to the words in the article: the ids and offsets of a row lead to the same words everywhere."""
    found = call("ask", question="who-said-what", options={"about": "Yardley"})
    row = found["untrusted"]["rows"][0]
    assert "Yardley" in row["speaker"]
    citation = row["_citation"]

    article = call("article", article=row["article_id"], characters=20_000)
    assert (article["revision_id"], article["payload_digest"]) == (citation["revision_id"], citation["payload_digest"])
    assert article["untrusted"]["text"][row["start_char"] : row["end_char"]] == row["quote"]
    [quote] = [each for each in article["untrusted"]["quotes"] if each["row"] == citation["row"]]
    assert (quote["quote_text"], quote["start_char"], quote["end_char"]) == (
        row["quote"],
        row["start_char"],
        row["end_char"],
    )

    why = call("why", subject=citation["row"])
    [excerpt] = [step["excerpt"] for step in why["untrusted"]["steps"] if "excerpt" in step]
    assert (why["answer"], why["is_whole"], excerpt["span"]) == ("kept", True, row["quote"])
    assert (why["article_id"], why["payload_digest"]) == (row["article_id"], citation["payload_digest"])


def test_search_leads_to_the_words(call: Call) -> None:
    """A hit has the ids of its article, and the offsets of the words that it matches."""
    found = call("search", text='"chess club"')
    [hit] = found["untrusted"]["hits"]
    assert found["total"] == found["hit_count"] == 1
    assert "chess club" in hit["snippet"]
    assert set(" ".join(hit["matched_words"]).split()) == {"chess", "club"}
    article = call("article", article=hit["article_id"], first_char=hit["start_char"], characters=500)
    assert article["untrusted"]["text"].lower().startswith("chess club")
    assert (hit["revision_id"], hit["payload_digest"]) == (article["revision_id"], article["payload_digest"])
    assert call("search", text="chess", until="2026-03-01")["total"] == 0
    nothing = call("search", text="chess nobodysaidthis")
    assert (nothing["total"], nothing["untrusted"]["hits"]) == (0, [])
    assert nothing["note"].startswith("no article has all these words")


def test_search_is_paged(call: Call) -> None:
    """The pages of a search have the same hits as one page."""
    whole = call("search", text="said")
    first = call("search", text="said", limit=1)
    second = call("search", text="said", limit=1, offset=first["cut"]["next_offset"])
    assert first["untrusted"]["hits"] + second["untrusted"]["hits"] == whole["untrusted"]["hits"][:2]
    assert "cut" not in whole
    assert first["total"] == whole["total"] == whole["hit_count"]


def test_hits_fit_into_an_answer() -> None:
    """Of hits with long titles, the first are in the answer, as many as fit."""
    hit = HitAnswer(
        article_id="a",
        revision_id="b",
        title="t" * CELL_CHARS,
        snippet="s" * CELL_CHARS,
        matched_words=[],
        source_key="x",
        published_date="2026-03-02",
    )
    assert fitting_hits([]) == 0
    assert fitting_hits([hit] * 3) == 3
    count = fitting_hits([hit] * 50)
    assert 5 < count < 50
    assert count * len(hit.model_dump_json()) < MOST_CHARS


def test_article_is_read_by_pieces(call: Call, newsroom: Path) -> None:
    """The pieces of an article have its whole text in order, and each row exactly once, at its offsets."""
    article_id = call("sql", statement=BY_QUOTE)["untrusted"]["rows"][0]["article_id"]
    pieces, first = [], 0
    while True:
        given = {"first_char": first, "characters": 500, "include": ["quotes", "entities"], "min_confidence": 0}
        piece = call("article", article=article_id, **given)
        pieces.append(piece)
        if "cut" not in piece:
            break
        first = piece["cut"]["next_offset"]
        assert f"first_char={first}" in piece["cut"]["message"]
    text = whole_text(newsroom, article_id)
    assert len(pieces) > 2
    for piece in pieces:
        assert piece["untrusted"]["text"] == text[piece["start_char"] : piece["end_char"]]
    gaps = [text[a["end_char"] : b["start_char"]] for a, b in pairwise(pieces)]
    assert "".join(gaps).strip() == ""
    assert pieces[-1]["end_char"] == len(text) == pieces[0]["text_length"]
    for table, column in (("quotes", "quote_text"), ("entities", "entity_text")):
        rows = [row for piece in pieces for row in piece["untrusted"][table]]
        assert len({row["row"] for row in rows}) == len(rows) == pieces[0]["counts"][table]
        assert all(text[row["start_char"] : row["end_char"]] == row[column] for row in rows)


def test_unsure_rows_of_a_piece_are_counted(call: Call) -> None:
    """A piece leaves out the rows below ``min_confidence``, and counts them; without a value, below 0.5."""
    article_id = call("sql", statement=BY_QUOTE)["untrusted"]["rows"][0]["article_id"]

    def quotes(**given: float) -> tuple[int, int]:
        piece = call("article", article=article_id, characters=20_000, include=["quotes"], **given)
        rows = piece["untrusted"]["quotes"]
        assert all(row["confidence"] >= given.get("min_confidence", 0.5) for row in rows)
        return len(rows), piece["unsure"].get("quotes", 0)

    (every, none_left_out), (sure, left_out) = quotes(min_confidence=0), quotes(min_confidence=0.99)
    assert (none_left_out, sure + left_out) == (0, every)
    assert left_out > 0
    assert sum(quotes()) == every


def test_only_the_named_tables_are_in_a_piece(call: Call) -> None:
    """``include`` selects the rows of a piece; some clients send the list as text."""
    article_id = call("sql", statement=BY_QUOTE)["untrusted"]["rows"][0]["article_id"]
    given = call("article", article=article_id, include='["events"]')["untrusted"]
    assert (given.keys() & {"quotes", "events", "entities"}) == {"events"}


def test_url_names_an_article(call: Call) -> None:
    """A tool takes the URL of an article in place of its id."""
    [row] = call("sql", statement="SELECT article_id, url FROM articles LIMIT 1")["untrusted"]["rows"]
    assert call("article", article=row["url"])["article_id"] == row["article_id"]


def test_rows_are_paged(call: Call) -> None:
    """The pages of a statement with an order have all rows once; the last page is not cut."""
    whole = call("sql", statement=BY_QUOTE, limit=200)["untrusted"]["rows"]
    rows, offset = [], 0
    while True:
        page = call("sql", statement=BY_QUOTE, limit=7, offset=offset)
        rows += page["untrusted"]["rows"]
        if "cut" not in page:
            break
        assert (page["cut"]["reason"], page["row_count"]) == ("rows", 7)
        offset = page["cut"]["next_offset"]
    assert rows == whole
    assert call("sql", statement=BY_QUOTE, offset=1_000)["row_count"] == 0


def test_question_is_paged(call: Call) -> None:
    """The pages of a question have the rows of its answer, with the same denominators."""
    first = call("ask", question="top-speakers", limit=2)
    second = call("ask", question="top-speakers", limit=2, offset=first["cut"]["next_offset"])
    both = call("ask", question="top-speakers", limit=4)
    assert first["untrusted"]["rows"] + second["untrusted"]["rows"] == both["untrusted"]["rows"]
    assert first["counted"] == second["counted"]
    assert first["counted"][0].startswith("Counted: ")


def test_answer_is_cut_at_its_size(call: Call) -> None:
    """An answer has at most the given size; the next call goes on where it ended."""
    statement = "SELECT range AS n, repeat('x', 1500) AS words FROM range(100) ORDER BY n"
    page = call("sql", statement=statement, limit=100)
    assert len(to_json(page)) <= MOST_CHARS
    assert (page["cut"]["reason"], page["cut"]["next_offset"]) == ("size", page["row_count"])
    following = call("sql", statement=statement, limit=1, offset=page["cut"]["next_offset"])
    assert following["untrusted"]["rows"][0]["n"] == page["untrusted"]["rows"][-1]["n"] + 1


def test_long_value_is_cut_and_named(call: Call) -> None:
    """A long value is cut to its first characters; the answer names it with its length."""
    page = call("sql", statement="SELECT 1 AS one, repeat('y', 5000) AS text, range(3000) AS list")
    [row] = page["untrusted"]["rows"]
    assert (row["text"], len(row["list"])) == ("y" * CELL_CHARS, CELL_CHARS)
    assert [(each["row"], each["column"]) for each in page["shortened_cells"]] == [(0, "text"), (0, "list")]
    assert page["shortened_cells"][0]["characters"] == 5000


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("TIMESTAMPTZ '2026-03-02 08:00:00+00'", "2026-03-02T08:00:00Z"),
        ("DATE '2026-03-02'", "2026-03-02"),
        ("1.50::DECIMAL(5,2)", 1.5),
        ("170141183460469231731687303715884105727", 2**127 - 1),
        ("'infinity'::DOUBLE", "inf"),
        ("'nan'::FLOAT", "nan"),
        ("'\\xAA'::BLOB", "aa"),
        ("MAP {'a': DATE '2026-03-02'}", {"a": "2026-03-02"}),
        ("[1, NULL]", [1, None]),
        ("NULL", None),
        ("TIMESTAMP '290000-01-01'", "290000-01-01 00:00:00"),
    ],
)
def test_values_are_json(call: Call, sql: str, value: object) -> None:
    """Each kind of value of DuckDB has one form in JSON."""
    assert call("sql", statement=f"SELECT {sql} AS v")["untrusted"]["rows"] == [{"v": value}]


def test_rows_without_an_article_have_no_citation(call: Call) -> None:
    """A count and an unknown article have no citation; a row with its number has it without offsets."""
    statement = f"SELECT '{'0' * 32}' AS article_id UNION ALL (SELECT article_id FROM articles LIMIT 1)"
    rows = call("sql", statement=statement)["untrusted"]["rows"]
    assert sorted("_citation" in row for row in rows) == [False, True]
    [row] = call("sql", statement=f"{BY_QUOTE} LIMIT 1")["untrusted"]["rows"]
    assert row["_citation"]["row"] == f"{row['article_id']}:quotes:{row['quote_index']}"


def test_questions_are_listed_with_their_options(call: Call) -> None:
    """Every saved question can be answered by its listed name."""
    listed = call("questions")["questions"]
    assert [each["question"] for each in listed] == [each.slug for each in list_questions()]
    assert "about" in next(each["options"] for each in listed if each["question"] == "who-said-what")


@pytest.mark.parametrize("slug", [question.slug for question in list_questions()])
def test_every_question_answers(call: Call, slug: str) -> None:
    """Each question has columns, an explanation and denominators in an answer of limited size."""
    found = call("ask", question=slug, limit=200)
    assert found["columns"]
    assert found["about"]
    assert found["counted"]
    assert len(to_json(found)) <= MOST_CHARS


def test_every_table_is_described(call: Call) -> None:
    """The tables and all columns of their views have types, and a meaning if the contract has one."""
    listed = {each["table"]: each for each in call("tables")["tables"]}
    assert {spec.name for spec in TABLES} <= listed.keys()
    for name in listed:
        found = call("tables", table=name)
        [table] = found["tables"]
        assert len(to_json(found)) <= MOST_CHARS
        assert all(column["type"] for column in table["columns"])
    described = {column["name"]: column for column in call("tables", table="articles")["tables"][0]["columns"]}
    assert described["is_duplicate"]["about"]
    assert "jsonld" in described["published_at_method"]["values"]


def test_page_without_an_article_has_its_reason(call: Call) -> None:
    """A page that was rejected says why; a URL that nobody listed is unknown."""
    statement = "SELECT url, reason FROM outcomes WHERE outcome = 'rejected' LIMIT 1"
    [row] = call("sql", statement=statement)["untrusted"]["rows"]
    found = call("why", subject=row["url"])
    assert found["answer"] == "not_kept"
    assert row["reason"] in found["untrusted"]["steps"][0]["headline"]
    assert call("why", subject="https://post.example/nothing")["answer"] == "unknown"


def test_text_of_third_parties_is_in_one_field(call: Call) -> None:
    """Outside of the field ``untrusted``, an answer has no word of an article."""

    def words(value: Any) -> set[str]:
        return {word for word in to_json(value).replace('"', " ").split() if len(word) > 7 and word.isalpha()}

    article_id = call("sql", statement=BY_QUOTE)["untrusted"]["rows"][0]["article_id"]
    found = call("article", article=article_id, include=["quotes", "events", "entities"])
    theirs = words(found.pop("untrusted")["text"])
    assert theirs
    assert words(found) & theirs == set()


def test_descriptions_name_only_tools_that_exist() -> None:
    """Each tool has a title, a description, and a description of each argument and of ``untrusted``."""
    for tool in TOOLS:
        assert tool.title
        assert len(tool.description) > 60
        for name, field in tool.arguments.model_fields.items():
            assert field.description, (tool.name, name)
        field = tool.result.model_fields.get("untrusted")
        assert field is None or "never an instruction" in str(field.description)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("search", {"text": "  "}, "the search has no word to find"),
        ("search", {"text": "a", "source": "lanten"}, "source lanten: did you mean lantern?"),
        ("search", {"text": "a", "offset": 1_001}, "search: offset: input should be less than"),
        ("ask", {}, "ask: the argument question is missing"),
        ("ask", {"question": "who-said-wat"}, "unknown question 'who-said-wat'; did you mean who-said-what?"),
        (
            "ask",
            {"question": "who-said-what", "options": {"abot": "x"}},
            "who-said-what has no option abot; did you mean",
        ),
        ("ask", {"question": "top-speakers", "source": "lanten"}, "source lanten: did you mean lantern?"),
        ("ask", {"question": "top-speakers", "since": "soon"}, "ask: since: input should be a valid date"),
        (
            "ask",
            {"question": "top-speakers", "since": "2026-03-04", "until": "2026-03-02"},
            "until 2026-03-02 is before since 2026-03-04: swap them",
        ),
        ("sql", {"statement": "SELECT 1", "limt": 3}, "sql: unknown argument 'limt', did you mean limit?"),
        ("sql", {"statement": "SELECT 1", "limit": 0}, "sql: limit: input should be greater than or equal to 1"),
        ("sql", {"statement": "SELECT 1", "limit": 201}, "sql: limit: input should be less than or equal to 200"),
        ("sql", {"statement": 5}, "sql: statement: input should be a valid string"),
        ("sql", {"statement": ""}, "sql: found nothing; write one read-only statement"),
        ("sql", {"statement": "SELECT 1; SELECT 2"}, "sql: found SELECT, SELECT; write one"),
        ("sql", {"statement": "SELECT titel\nFROM articles"}, 'sql: no column "titel"; did you mean title?'),
        ("sql", {"statement": "SELECT 1 AS a, 2 AS a"}, "two columns have the name a: rename one with AS"),
        ("tables", {"table": "artcles"}, "unknown table 'artcles'; did you mean articles?"),
        ("article", {"article": "0" * 32}, f"the lake has no article {'0' * 32}; the tool why"),
        ("article", {"article": "0" * 32, "include": ["quote"]}, "article: include.0: input should be 'quotes'"),
        ("why", {"subject": f"{'0' * 32}:quotes:0"}, f"the lake has no article {'0' * 32}"),
        ("why", {"subject": f"{'0' * 32}:texts:0"}, f"{'0' * 32}:texts:0: table 'texts' has no offsets"),
        ("questions", {"all": True}, "questions: unknown argument 'all', this tool has no arguments"),
        ("serch", {}, "unknown tool 'serch'; did you mean search?"),
    ],
)
def test_wrong_call_is_one_sentence(
    failure: Callable[..., str], name: str, arguments: dict[str, object], message: str
) -> None:
    """A wrong call says what is wrong and what is right, on one line."""
    found = failure(name, **arguments)
    assert found.startswith(message)
    assert "\n" not in found
    assert "^" not in found


def test_null_is_no_value(call: Call) -> None:
    """Clients that send null for an argument without a value get the default."""
    assert call("sql", statement="SELECT 1 AS a", limit=None, offset=None)["row_count"] == 1


def test_offset_after_the_end_is_an_error(call: Call, failure: Callable[..., str]) -> None:
    """A piece after the end of a text says how long the text is."""
    [row] = call("sql", statement="SELECT article_id, length(text) AS n FROM articles LIMIT 1")["untrusted"]["rows"]
    found = failure("article", article=row["article_id"], first_char=row["n"])
    assert found == f"first_char {row['n']} is after the end: the text has {row['n']} characters"
