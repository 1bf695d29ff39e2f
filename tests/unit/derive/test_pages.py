"""From pages to tables: one pure function, whose texts are parsed once each, and only if they can be annotated."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from newslake.pipeline.archive import digest_of
from newslake.pipeline.clean import Origin, page_identity
from newslake.pipeline.derive import LoadedAnnotator, SourcePage, derive_pages, load_annotator, pages
from newslake.pipeline.errors import UndecodablePageError
from newslake.pipeline.jobs.commit import commit_day
from newslake.pipeline.jobs.derive import derive
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.kb import load_kb
from newslake.pipeline.model import Hints, Page, Rejected, article_id_of
from newslake.pipeline.nlp import annotator as nlp_annotator
from newslake.pipeline.query.connection import connect
from newslake.pipeline.settings import Settings
from newslake.pipeline.tables import ANNOTATION_TABLES
from samples.server import FOLDERS, ROOT, resource_at

pytestmark = [pytest.mark.model]

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = NOON.date()
STORY = "President Ada Brandt met Prime Minister Jo Marrick last Friday. “The harbour of {} will open,” she said. "
DATED = b"<meta property='article:published_time' content='2026-03-01T07:00:00Z'>"
FRENCH = (
    "Le maire a dit lundi que le port de {} sera ouvert avant l'été, et que les pêcheurs le savent depuis des mois. "
)


@pytest.fixture(scope="module")
def loaded() -> LoadedAnnotator:
    return load_annotator(Settings(), load_kb(None))


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that the model parses."""
    texts: list[str] = []
    parse = nlp_annotator.parse_docs

    def counted(nlp: object, pieces: Sequence[object]) -> Iterator[object]:
        texts.extend(str(each) for each in pieces)
        return parse(nlp, pieces)

    monkeypatch.setattr(nlp_annotator, "parse_docs", counted)
    return texts


def story(
    url: str, place: str = "Tarnwick", *, text: str = STORY, language: str = "en", at: datetime = NOON
) -> SourcePage:
    """Return a page with a story of five paragraphs about a place."""
    line = text.format(place)
    body = (
        f"<html lang='{language}'><head><title>Harbour of {place}</title>"
        f"{DATED.decode()}</head>"
        f"<body><article><h1>Harbour of {place}</h1>{f'<p>{line * 2}</p>' * 5}</article></body></html>"
    )
    return given(url, body.encode(), at=at)


def given(url: str, body: bytes, *, at: datetime = NOON, source_key: str = "post") -> SourcePage:
    address = f"https://post.example.org/{url}"
    headers = {"content-type": "text/html; charset=utf-8"}
    page = Page(url=address, final_url=address, status=200, headers=headers, body=body, fetched_at=at)
    return SourcePage(page=page, origin=Origin(source_key), day=at.date())


def newsroom() -> list[SourcePage]:
    """Return every page of the sample newsroom."""
    found = []
    for day, folder in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*.html")):
            url = f"{path.relative_to(ROOT / folder)}"
            served = resource_at(f"/{url}", day=day, base="https://post.example.org")
            assert served is not None
            found.append(given(url, served.body, at=datetime(day.year, day.month, day.day, 20, tzinfo=UTC)))
    return found


def test_tables_are_those_of_the_files(loaded: LoadedAnnotator) -> None:
    """Every table has the columns of its files, in order, with the published day, and is sorted as they are."""
    dated = story("a")
    undated = replace(given("b", dated.page.body.replace(DATED, b"")), day=date(2026, 2, 3))
    done = derive_pages([dated, undated], annotator=loaded, version="v1")

    assert [*done.tables] == [spec.name for spec in ANNOTATION_TABLES]
    for spec in ANNOTATION_TABLES:
        table = done.tables[spec.name]
        assert table.schema.equals(spec.file_schema)
        assert table.sort_by([(name, "ascending") for name in (spec.day_column, *spec.sort_by)]) == table
        assert table.num_rows >= 2
    articles = done.tables["articles"]
    assert articles["published_date"].to_pylist() == [date(2026, 2, 3), date(2026, 3, 1)]
    assert articles["pipeline_version"].to_pylist() == ["v1", "v1"]


def test_page_without_an_article_has_its_reason(loaded: LoadedAnnotator) -> None:
    """A rejected page and one that cannot be decoded have a reason each, and the others have their rows."""
    short = given("short", b"<html><body><p>Back soon.</p></body></html>")
    broken = given("broken", b"%PDF-1.7\n" + bytes(range(256)) * 9)
    done = derive_pages([short, story("a"), broken], annotator=loaded, version="v1")

    assert sorted(each.reason for each in done.failed.values()) == ["too_short", "undecodable"]
    assert {type(each) for each in done.failed.values()} == {Rejected, UndecodablePageError}
    assert done.tables["articles"]["url"].to_pylist() == ["https://post.example.org/a"]


def test_pages_of_one_article_are_its_revisions(loaded: LoadedAnnotator) -> None:
    """Of the pages of one article, the latest revision has the rows, as it was first fetched."""
    first, second = story("a", "Tarnwick"), story("a", "Orrin", at=NOON + timedelta(hours=1))
    again = story("a", "Tarnwick", at=NOON + timedelta(hours=2))
    done = derive_pages([again, second, first], annotator=loaded, version="v1")

    [row] = done.tables["articles"].to_pylist()
    assert (row["title"], row["fetched_at"]) == ("Harbour of Tarnwick", NOON)


def test_archive_decides_whether_the_stated_url_is_believed(loaded: LoadedAnnotator) -> None:
    """A page archived as the article of its URL has that URL as canonical, and a flag, whatever it states."""
    link = b"<link rel='canonical' href='https://post.example.org/b'></head>"
    page = story("a")
    page = replace(page, page=replace(page.page, body=page.page.body.replace(b"</head>", link)))
    rows = {}
    for url in ("https://post.example.org/a", "https://post.example.org/b"):
        each = replace(page, article_id=article_id_of(canonical=url, text=""))
        [rows[url]] = derive_pages([each], annotator=loaded, version="v1").tables["articles"].to_pylist()
    assert [row["canonical_url"] for row in rows.values()] == list(rows)
    assert ["foreign_canonical" in row["flags"] for row in rows.values()] == [True, False]


def test_statements_are_obeyed_if_so_wanted(loaded: LoadedAnnotator) -> None:
    """A page that reserves text and data mining is rejected only if its statements are obeyed."""
    page = story("a")
    reserved = replace(page, page=replace(page.page, hints=Hints(tdm_reserved=True)))
    kept = derive_pages([reserved], annotator=loaded, version="v1")
    refused = derive_pages([reserved], annotator=loaded, version="v1", obeys_rights=True)

    assert (kept.tables["articles"].num_rows, refused.tables["articles"].num_rows) == (1, 0)
    assert [each.reason for each in refused.failed.values()] == ["tdm_reserved"]


def test_rows_do_not_depend_on_the_other_pages(loaded: LoadedAnnotator) -> None:
    """The pages of the newsroom have the same rows together, in reverse and one by one."""
    given_pages = newsroom()
    together = derive_pages(given_pages, annotator=loaded, version="v1")
    reverse = derive_pages(given_pages[::-1], annotator=loaded, version="v1")
    alone = [derive_pages([each], annotator=loaded, version="v1") for each in given_pages[::5]]

    assert together.tables == reverse.tables
    assert together.failed.keys() == reverse.failed.keys()
    for each in alone:
        for name, table in each.tables.items():
            rows = [row for row in together.tables[name].to_pylist() if row["article_id"] in _ids(table)]
            assert table.to_pylist() == rows


def _ids(table) -> set[str]:
    return set(table["article_id"].to_pylist())


def test_only_texts_that_can_be_annotated_are_parsed(loaded: LoadedAnnotator, parsed: list[str]) -> None:
    """A text in a language without data, a rejected page and a list of links cost no parse; the rows say so."""
    links = "<article><a href='/a'>Harbour plan goes to a vote</a></article>" * 12
    pages_ = [
        story("fr", text=FRENCH, language="fr"),
        given("tag/harbour", f"<html><body><h1>Harbour</h1>{links}</body></html>".encode()),
        given("short", b"<html><body><p>Back soon.</p></body></html>"),
    ]
    done = derive_pages(pages_, annotator=loaded, version="v1")

    assert parsed == []
    [row] = done.tables["articles"].to_pylist()
    assert (row["language"], row["entity_count"], row["model_name"]) == ("fr", None, None)


def test_equal_texts_are_parsed_once(loaded: LoadedAnnotator, parsed: list[str]) -> None:
    """Copies of a text at other addresses, with other dates, cost one parse, and have the rows of a parse each."""
    copies = [story(f"copy-{number}") for number in range(3)]
    later = given("late", copies[0].page.body.replace(b"2026-03-01", b"2026-02-11"))
    pages_ = [copies[0], story("other", "Orrin"), *copies[1:], later]
    done = derive_pages(pages_, annotator=loaded, version="v1")
    assert len(parsed) == len(set(parsed)) == 2

    alone = [derive_pages([each], annotator=loaded, version="v1").tables for each in pages_]
    for name, table in done.tables.items():
        expected = sorted((row for tables in alone for row in tables[name].to_pylist()), key=str)
        assert sorted(table.to_pylist(), key=str) == expected
    events = {(row["published_date"], row["event_date"]) for row in done.tables["events"].to_pylist()}
    assert len({day for day, _ in events}) == 2


def test_broken_copy_does_not_break_the_others(loaded: LoadedAnnotator, monkeypatch: pytest.MonkeyPatch) -> None:
    """An article that breaks the rules or its rows affects only itself, also among copies of its text."""
    rows = pages.annotation_rows

    def failing(article, annotation, **given):
        if article.url.endswith("copy-1"):
            raise KeyError("half")
        return rows(article, annotation, **given)

    monkeypatch.setattr(pages, "annotation_rows", failing)
    done = derive_pages([story(f"copy-{number}") for number in range(3)], annotator=loaded, version="v1")

    assert [each.reason for each in done.failed.values()] == ["broken_item"]
    assert len(done.tables["articles"]) == 2


def test_value_that_does_not_fit_affects_its_own_article(
    loaded: LoadedAnnotator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a value of one article does not fit its column, the other articles of its group have their rows."""
    rows = pages.annotation_rows

    def misfit(article, annotation, **given):
        made = rows(article, annotation, **given)
        if article.url.endswith("/b"):
            made["articles"][0]["word_count"] = "many"
        return made

    monkeypatch.setattr(pages, "annotation_rows", misfit)
    done = derive_pages([story("a"), story("b", "Orrin"), story("c", "Vess")], annotator=loaded, version="v1")

    assert [each.reason for each in done.failed.values()] == ["contract_type"]
    assert [url[-1] for url in done.tables["articles"]["url"].to_pylist()] == ["a", "c"]


def test_groups_end_at_the_batch_size_and_keep_copies_together(loaded: LoadedAnnotator) -> None:
    """A group has at most as many texts as a batch; copies of its last text are in it."""
    read = [
        pages.read_page(lambda each=each: each.page, each.origin, obeys_rights=False, key="") for each in newsroom()
    ]
    articles = [each for each in read if not isinstance(each, Rejected)][:6]
    given_articles = [each for each in articles for _ in range(2)]
    few = replace(loaded, batch_size=2)
    sizes = [len(group) for group in few.read_groups(given_articles)]
    assert sizes == [4, 4, 4]


def test_rare_words_are_forgotten(loaded: LoadedAnnotator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model does not remember the words of all articles, and the rows are those of a model that does."""
    kept = derive_pages(newsroom(), annotator=loaded, version="v1")
    monkeypatch.setattr(nlp_annotator, "_WORDS_MOST", 0)
    assert derive_pages(newsroom(), annotator=loaded, version="v1").tables == kept.tables

    strings = loaded.reader._nlp.vocab.strings
    before = len(strings)
    rare = [story(f"{number}", f"Vr{number}ngsholm Qu{number}xx") for number in range(40)]
    assert len(derive_pages(rare, annotator=loaded, version="v1").tables["articles"]) == 40
    assert len(strings) == before
    assert len(loaded.reader._nlp.get_pipe("lemmatizer").cache) == 0


def test_a_run_has_the_same_rows(loaded: LoadedAnnotator, tmp_path: Path) -> None:
    """The rows that runs of two days commit from an archive are those of one call with all pages."""
    (tmp_path / "sources.toml").touch()
    space = Workspace(
        Settings(data_dir=tmp_path, sources_file=tmp_path / "sources.toml", frozen_now=NOON, durability="process")
    )
    sources = newsroom()
    days = sorted({each.day for each in sources})
    for day in days:
        with space.archive.writer(source_key="post", run_id=f"in-{day}") as writer:
            for each in sources:
                if each.day == day:
                    writer.put(each.page, news_day=day, article_id=page_identity(each.page).article_id)
    for day in days:
        derived = [derive(space, day=day, run_id=f"out-{day}")]
        commit_day(space, derived=derived, day=day, run_id=f"out-{day}", kind="manual", started_at=NOON)

    read = connect(space.settings.lake_dir)
    [(version,)] = read.execute("SELECT DISTINCT pipeline_version FROM articles_stored").fetchall()
    digested = [
        replace(each, origin=replace(each.origin, payload_digest=digest_of(each.page.body))) for each in sources
    ]
    done = derive_pages(digested, annotator=loaded, version=version)
    for spec in ANNOTATION_TABLES:
        names = ", ".join(spec.file_schema.names)
        order = ", ".join((spec.day_column, *spec.sort_by))
        stored = read.sql(f"SELECT {names} FROM {spec.name}_stored ORDER BY {order}").to_arrow_table()
        assert stored.num_rows > 10
        assert stored.to_pylist() == done.tables[spec.name].to_pylist()
