"""Draws from a lake, and shares of it corrected by the answers of readers."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from newslake.pipeline.addons.audit.audited_rows import Share, count_share
from newslake.pipeline.addons.audit.corrected_share import correct_by_audit
from newslake.pipeline.addons.audit.draw import AuditDraw, Population, SamplingDesign
from newslake.pipeline.addons.audit.questions import questions_for
from newslake.pipeline.addons.audit.report import AuditSample, draw_sample
from newslake.pipeline.addons.audit.sheet import FilledSheet, RowAnswers
from newslake.pipeline.addons.audit.store import AuditStore
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.query.connection import connect
from newslake.pipeline.settings import Settings
from newslake.pipeline.tables.spec import Row
from tests.unit.jobs.test_derive import archive, extract, story
from tests.unit.jobs.test_derive import space as derived
from tests.unit.query.conftest import WriteRows, write_rows

__all__ = ["derived", "write_rows"]

DAY, NEXT_DAY = date(2026, 3, 2), date(2026, 3, 3)
QUOTES = Population(table="quotes")
SENTENCES = ("The ferry waits.", "“We sail at noon,” said {name}.", "Nobody answered.")


def _article(number: int) -> Row:
    name = f"Ada Brandt {number}"
    paragraphs = ["Ferry", *(" ".join(SENTENCES).format(name=name) for _ in range(4))]
    blocks, start = [], 0
    for at, text in enumerate(paragraphs):
        blocks.append({"kind": "paragraph" if at else "title", "start_char": start, "end_char": start + len(text)})
        start += len(text) + 2
    at_time = datetime(2026, 3, 2 + number % 2, 8, tzinfo=UTC)
    return {
        "article_id": f"{number:032x}",
        "revision_id": "1" * 16,
        "published_at": at_time,
        "published_at_precision": "second",
        "fetched_at": at_time,
        "title": f"Ferry {number}",
        "publisher": "The Courier",
        "source_key": "courier" if number % 10 else "gazette",
        "language": "en",
        "text": "\n\n".join(paragraphs),
        "blocks": blocks,
        "pipeline_version": "p" * 12,
    }


def _quotes(article: Row) -> list[Row]:
    rows = []
    for index, block in enumerate(article["blocks"][1:]):
        start = article["text"].index("“", block["start_char"])
        end = article["text"].index("”", start) + 1
        gender = "F" if (int(article["article_id"], 16) + index) % 3 == 0 else "M"
        rows.append(
            {
                **{key: article[key] for key in ("article_id", "revision_id", "published_at")},
                "quote_index": index,
                "quote_type": "direct",
                "quote_text": article["text"][start:end],
                "start_char": start,
                "end_char": end,
                "speaker_name": f"Speaker {index}",
                "speaker_kind": "person",
                "speaker_gender": gender,
                "rule_id": "after" if index % 2 else "clause",
            }
        )
    return rows


@pytest.fixture
def space(write_rows: WriteRows, tmp_path: Path) -> Workspace:
    """Return a data root with 200 articles of 4 quotes each, on two days, a tenth of them by the gazette."""
    articles = [_article(number) for number in range(200)]
    for day in (DAY, NEXT_DAY):
        those = [each for each in articles if each["published_at"].date() == day]
        write_rows("articles", day, those)
        write_rows("quotes", day, [row for each in those for row in _quotes(each)])
    sources = tmp_path / "sources.toml"
    sources.write_text(
        '[sources.courier]\nkind = "inbox"\npath = "in"\n[sources.gazette]\nkind = "inbox"\npath = "in2"\n'
    )
    return Workspace(
        Settings.load(data_dir=tmp_path, sources_file=sources, frozen_now=datetime(2026, 11, 27, tzinfo=UTC))
    )


def _draw(space: Workspace, population: Population = QUOTES, **design: object) -> AuditSample:
    return draw_sample(space, population, SamplingDesign(**{"count": 40, "seed": "1", **design}))  # type: ignore[arg-type]


def test_sample_is_random_and_repeatable(space: Workspace) -> None:
    """One seed draws the same rows each time, another one others; every row is drawn equally often."""
    assert _draw(space) == _draw(space)
    drawn = Counter(row.name for seed in range(60) for row in _draw(space, seed=f"{seed}").draw.rows)
    assert len(drawn) > 700  # of 800 rows, 60 times 40 draws leave out 37 on average
    assert max(drawn.values()) < 15  # three on average


def test_population_has_the_rows_that_meet_all_conditions(space: Workspace) -> None:
    """Days, source, language and an SQL condition narrow the population; nothing left is an invalid call."""
    narrow = Population(
        table="quotes", first=NEXT_DAY, last=NEXT_DAY, source="courier", language="en", where="rule_id = 'after'"
    )
    draw = _draw(space, narrow).draw
    assert draw.size == 100 * 2  # no gazette has an odd number
    assert {row.name.rpartition(":")[2] for row in draw.rows} == {"1", "3"}
    for population, message in (
        (Population(table="quotes", language="de"), "no row of quotes meets these conditions"),
        (Population(table="quotes", where="nobody = 1"), 'no column "nobody"'),
        (Population(table="quotes", source="post"), "post"),
        (Population(table="speakers"), "no audit of table 'speakers'"),
        (Population(table="quotes", is_per_cluster=True), "only entities have clusters"),
    ):
        with pytest.raises(ConfigError, match=message):
            _draw(space, population)
    with pytest.raises(ConfigError, match="quotes have no column 'rule_ib' to group by: did you mean rule_id"):
        _draw(space, by="rule_ib")
    with pytest.raises(ConfigError, match="--where: Parser Error"):
        _draw(space, Population(table="quotes", where="1=0) OR (1=1"), without=())
    with pytest.raises(ConfigError, match="200 strata need at least 400 rows"):
        _draw(space, by="article_id")
    with pytest.raises(ConfigError, match="seed 'a b' is not valid"):
        _draw(space, seed="a b")


HOSTILE = (
    *("true) AS x, (SELECT 1", "true) AS x, (SELECT unnest([1, 2])", "true GROUP BY ALL", "true QUALIFY false", ""),
    *("true ORDER BY 1 LIMIT 5", "true WINDOW w AS ()", "true) OR (true", "true)) OR ((true", "true /*", "'", "true]"),
    *("true); DROP VIEW quotes; SELECT (1", "true); SET lock_configuration = false; SELECT (1", "true, true"),
    *("true); COPY (SELECT 1) TO 'FILE'; SELECT (1", "true); ATTACH 'FILE'; SELECT (1", "true UNION SELECT 1"),
    *("EXISTS (FROM 'FILE')", "EXISTS (FROM query('COPY (SELECT 1) TO ''FILE'''))", "EXISTS (CALL pragma_version())"),
    *(f"EXISTS (FROM {reader}('FILE'))" for reader in ("read_text", "read_csv", "read_json", "read_parquet", "glob")),
    "EXISTS (WITH gone AS (DELETE FROM quotes RETURNING 1) FROM gone)",
)


@pytest.mark.parametrize("condition", HOSTILE)
def test_condition_is_one_expression_on_the_rows(space: Workspace, tmp_path: Path, condition: str) -> None:
    """A condition that ends its brackets, adds a clause, writes or reads a file is refused: --where, --share, --of."""
    file = tmp_path / "file.csv"
    file.write_text("a\n1\n")
    text = condition.replace("FILE", str(file))
    connection = connect(space.place)
    where = Population(table="quotes", where=text)
    for population, share in ((where, Share("true")), (QUOTES, Share(text)), (QUOTES, Share("true", text))):
        with pytest.raises(ConfigError):
            count_share(connection, population, share, by="", excluded=())
    assert file.read_text() == "a\n1\n"


def test_strata_are_the_values_of_a_column(space: Workspace) -> None:
    """A stratified sample has rows of each value, with the size of each stratum for the weights."""
    draw = _draw(space, by="source").draw
    assert [(each.name, each.size, each.drawn) for each in draw.strata] == [("courier", 720, 30), ("gazette", 80, 10)]
    assert Counter(row.stratum for row in draw.rows) == {"courier": 30, "gazette": 10}


def test_sheet_has_sentence_and_paragraph_of_each_row(space: Workspace) -> None:
    """The sheet has each row's sentence and paragraph, and its judged values."""
    sample = _draw(space)
    for item in sample.items:
        number = int(item.drawn.article_id, 16)
        assert (
            item.context.sentence
            == item.article["text"][slice(*item.sentence)]
            == SENTENCES[1].format(name=f"Ada Brandt {number}")
        )
        assert " ".join(SENTENCES).format(name=f"Ada Brandt {number}") in sample.sheet
    assert sample.draw.rows[0].values["speaker_kind"] == "person"


def test_articles_of_an_earlier_draw_can_be_left_out(space: Workspace) -> None:
    """The next audit draws no article of the audits that it leaves out."""
    first = _draw(space)
    AuditStore(space.settings).add(first.draw, page="", sheet=first.sheet)
    second = _draw(space, without=(first.draw.draw_id,), seed="t", count=400)
    seen = {row.article_id for row in first.draw.rows}
    assert not seen & {row.article_id for row in second.draw.rows}
    assert second.draw.size == 800 - 4 * len(seen)


FEMALE = Share("speaker_gender = 'F'", "speaker_gender IN ('F', 'M')")


def _read(draw: AuditDraw, judge: Callable[[int], dict[str, str]]) -> FilledSheet:
    """Return the answers of a reader; ``judge`` gives those that are not right, by the number of the article."""
    rows = []
    for line, row in enumerate(draw.rows, 2):
        given = {each.name: "right" for each in questions_for(draw.table)} | judge(int(row.article_id, 16))
        corrections = {"speaker_gender": given.pop("should_be")} if "should_be" in given else {}
        rows.append(RowAnswers(row.name, line, given, corrections, ""))
    return FilledSheet(draw.draw_id, "ana", tuple(rows), ())


def test_audit_without_errors_changes_nothing(space: Workspace) -> None:
    """If readers find no error, the corrected share is that of the tables, with an interval that is not empty."""
    draw = _draw(space, count=100).draw
    found = correct_by_audit(space, draw, [_read(draw, lambda _: {})], FEMALE).share
    assert (found.naive, found.share, found.n, found.error_count) == (found.share, found.naive, 100, 0)
    assert found.low < found.share < found.high
    assert found.naive_count == sum(row["speaker_gender"] == "F" for n in range(200) for row in _quotes(_article(n)))


def test_errors_that_readers_find_are_corrected(space: Workspace) -> None:
    """If the tables call every fourth woman a man, the corrected share is near the truth, and the tables' is not."""
    draw = _draw(space, count=300).draw

    def judge(number: int) -> dict[str, str]:
        return {"gender": "wrong", "should_be": "F"} if number % 4 == 0 else {}

    found = correct_by_audit(space, draw, [_read(draw, judge)], FEMALE).share
    truth = sum(n % 4 == 0 or row["speaker_gender"] == "F" for n in range(200) for row in _quotes(_article(n))) / 800
    assert found.low < truth < found.high
    assert not found.low < found.naive < found.high


def test_rows_that_should_not_exist_leave_both_parts_of_the_share(space: Workspace) -> None:
    """A quote that nobody said counts neither as a woman's nor as anybody's; a wrong value without another is null."""
    draw = _draw(space, count=300).draw
    none = correct_by_audit(space, draw, [_read(draw, lambda n: {"statement": "wrong"} if n % 2 else {})], FEMALE)
    null = correct_by_audit(space, draw, [_read(draw, lambda n: {"gender": "wrong"} if n % 2 else {})], FEMALE)
    assert none.share.denominator == pytest.approx(400, rel=0.15)
    assert null.share == none.share


def test_rows_without_a_verdict_do_not_count(space: Workspace) -> None:
    """A row whose reader cannot tell a value of the share is counted apart."""
    draw = _draw(space, count=100).draw
    sheet = _read(draw, lambda n: {"gender": "unclear"} if n % 2 else {})
    unclear = sum(int(row.article_id, 16) % 2 for row in draw.rows)
    assert correct_by_audit(space, draw, [sheet], FEMALE).unknown == unclear
    # The kind is no part of this share, so it does not matter that it is unclear.
    kind = correct_by_audit(space, draw, [_read(draw, lambda _: {"kind": "unclear"})], FEMALE)
    assert (kind.unknown, kind.share.n) == (0, 100)


def test_conditions_are_read_as_sql_reads_them(space: Workspace) -> None:
    """A column in capitals is the same column; a column that no question judges is named."""
    draw = _draw(space, count=100).draw
    sheet = _read(draw, lambda n: {"gender": "wrong", "should_be": "F"} if n % 4 == 0 else {})
    capitals = Share("SPEAKER_GENDER = 'F'", "speaker_GENDER IN ('F', 'M')")
    assert correct_by_audit(space, draw, [sheet], capitals) == correct_by_audit(space, draw, [sheet], FEMALE)
    found = correct_by_audit(space, draw, [sheet], Share("speaker_role IS NULL AND source_key = 'courier'"))
    assert found.unjudged == ("speaker_role",)


def test_wrong_values_without_what_they_should_be_are_counted(space: Workspace) -> None:
    """If a reader calls a value wrong and writes nothing, the rows whose value counts as empty are counted."""
    draw = _draw(space, count=100).draw
    found = correct_by_audit(space, draw, [_read(draw, lambda n: {"gender": "wrong"} if n % 2 else {})], FEMALE)
    assert found.uncorrected == sum(int(row.article_id, 16) % 2 for row in draw.rows)


def test_strata_with_one_verdict_are_pooled(space: Workspace) -> None:
    """A stratum in which readers can tell one row only counts together with another one, and both are named."""
    draw = _draw(space, count=40, by="source").draw
    sheet = _read(draw, lambda n: {} if n % 10 or n == 10 * (n // 100) else {"statement": "unclear"})
    found = correct_by_audit(space, draw, [sheet], FEMALE)
    assert found.pooled == ("gazette", "courier")
    assert found.share.size == 800
    with pytest.raises(ConfigError, match="fewer than two drawn rows have a verdict"):
        correct_by_audit(space, draw, [_read(draw, lambda _: {"statement": "unclear"})], FEMALE)


def test_population_that_grew_is_named(space: Workspace, write_rows: WriteRows) -> None:
    """The share is of the rows of today; its size at the draw is reported, too."""
    draw = _draw(space, count=100).draw
    more = [_article(number) for number in range(200, 300, 2)]
    write_rows("articles", date(2026, 3, 4), more)
    write_rows("quotes", date(2026, 3, 4), [row for each in more for row in _quotes(each)])
    found = correct_by_audit(space, draw, [_read(draw, lambda _: {})], FEMALE)
    assert (found.drawn_size, found.share.size) == (800, 1000)


def test_answers_are_about_the_row_that_was_drawn(space: Workspace, write_rows: WriteRows) -> None:
    """If a run drops the first quote of an article, the next one takes its number, not its answers."""
    draw = _draw(space, count=100).draw
    rows = [row for n in range(0, 200, 2) for row in _quotes(_article(n))]
    moved = [row | {"quote_index": row["quote_index"] - 1} for row in rows if row["quote_index"]]
    write_rows("quotes", DAY, moved)
    found = correct_by_audit(
        space, draw, [_read(draw, lambda n: {} if n % 2 else {"statement": "wrong"})], Share("true")
    )
    names = {row.name for row in draw.rows if int(row.article_id, 16) % 2 == 0}
    assert {*found.gone, *found.changed} == names
    assert found.share.n == 100 - len(names)


def test_rows_that_are_gone_or_changed_are_named(space: Workspace, write_rows: WriteRows) -> None:
    """After a new run, rows that the lake has no more, or with other values, are named and do not count."""
    draw = _draw(space, count=100).draw
    rows = [row for n in range(0, 200, 2) for row in _quotes(_article(n))]
    kept = [row | {"speaker_gender": "U"} for row in random.Random(1).sample(rows, 300)]
    write_rows("quotes", DAY, kept)
    found = correct_by_audit(space, draw, [_read(draw, lambda _: {})], FEMALE)
    names = {f"{row['article_id']}:quotes:{row['quote_index']}" for row in kept}
    old = {f"{row['article_id']}:quotes:{row['quote_index']}" for row in rows} - names
    assert set(found.gone) == old & {row.name for row in draw.rows}
    assert set(found.changed) == names & {row.name for row in draw.rows}
    assert found.share.n == 100 - len(found.gone) - len(found.changed)


@pytest.mark.model
def test_article_comes_with_its_archived_page(derived: Workspace) -> None:
    """A drawn article has the page as it was archived; without the archive, only its text."""
    archive(derived, story("deepened"))
    extract(derived, "1")
    articles = Population(table="articles")
    [item] = _draw(derived, articles).items
    assert item.original == story("deepened").decode()
    assert item.context.paragraph == item.article["text"].strip()
    for path in derived.settings.archive_dir.rglob("*.warc.gz"):
        path.write_bytes(b"")
    [item] = _draw(derived, articles).items
    assert item.original is None


@pytest.mark.model
def test_cluster_is_drawn_by_its_first_name(derived: Workspace) -> None:
    """With one row per cluster, each entity of an article is drawn once, by its first mention that is a name."""
    archive(derived, story("deepened"))
    extract(derived, "1")
    rows = derived.lake.read("entities").to_pylist()
    first = {}
    for row in sorted(rows, key=lambda row: row["entity_index"]):
        if row["mention_kind"] == "name":
            first.setdefault(row["cluster_index"], f"{row['article_id']}:entities:{row['entity_index']}")
    draw = _draw(derived, Population(table="entities", is_per_cluster=True), count=999).draw
    assert {row.name for row in draw.rows} == set(first.values())
    assert len(first) < len(rows)
