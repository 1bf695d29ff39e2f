"""From the archive's captures to rows: which revision wins, and what happens to the others."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from newslake.pipeline.clean import page_identity
from newslake.pipeline.derive import pages as pages_module
from newslake.pipeline.jobs import derive as derive_job
from newslake.pipeline.jobs import pipeline_version, worklist
from newslake.pipeline.jobs.cluster import cluster
from newslake.pipeline.jobs.commit import commit_day
from newslake.pipeline.jobs.derive import derive
from newslake.pipeline.jobs.run import extract_day
from newslake.pipeline.jobs.worklist import day_work, unprocessed_days
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Hints, Page, RightsStatement, article_id_of, canonical_url
from newslake.pipeline.settings import Settings
from newslake.pipeline.upkeep.takedown import TakedownTarget, preview_takedown

pytestmark = [pytest.mark.model]

MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
DAY = MORNING.date()
NO_HINTS = Hints()
URL = "https://post.example.org/harbour-vote"


def story(word: str, *, published: str = "2026-03-02T07:00:00Z", canonical: str = URL) -> bytes:
    """Return a report that differs from others in one word."""
    line = f"Councillor Ada Brandt told reporters that the harbour of Tarnwick would be {word} before the summer. "
    return (
        f"<html lang='en'><head><title>Harbour to be {word}</title><link rel='canonical' href='{canonical}'>"
        f"<meta property='article:published_time' content='{published}'></head>"
        f"<body><article><h1>Harbour to be {word}</h1><p>{line * 3}</p><p>{line * 2}</p></article></body></html>"
    ).encode()


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    """An empty workspace without sources."""
    (tmp_path / "sources.toml").touch()
    sources = tmp_path / "sources.toml"
    return Workspace(Settings.load(data_dir=tmp_path, sources_file=sources, frozen_now=MORNING, durability="process"))


def archive(
    space: Workspace, *bodies: bytes, url: str = URL, day: date = DAY, start: int = 0, hints: Hints = NO_HINTS
) -> None:
    """Archive captures of one page, an hour apart."""
    for hours, body in enumerate(bodies, start):
        at = MORNING + timedelta(hours=hours)
        headers = {"content-type": "text/html; charset=utf-8", "server": "s"}
        page = Page(url=url, final_url=url, status=200, headers=headers, body=body, fetched_at=at, hints=hints)
        with space.archive.writer(source_key="post", run_id=f"run-{hours}-{day}") as writer:
            writer.put(page, news_day=day, article_id=page_identity(page)[1])


def extract(space: Workspace, name: str, *, day: date = DAY) -> list[tuple[str, str]]:
    """Extract a news day; return outcome and reason of each page."""
    extract_day(space, day=day, run_id=name, report_progress=lambda _: None)
    rows = space.lake.log.read("outcomes").to_pylist()
    return sorted((row["outcome"], str(row["reason"])) for row in rows if row["run_id"] == name)


def todo_of(space: Workspace, **chunk: int) -> dict[str, str]:
    """Return the articles to derive of the day, or of a chunk of it, with the reason."""
    return {each: why for piece in day_work(space, day=DAY, **chunk) for each, why in piece.todo.items()}


def row_of(space: Workspace) -> dict:
    (row,) = space.lake.read("articles").to_pylist()
    return row


def test_revision_that_came_back_is_the_row(space: Workspace) -> None:
    """Of the revisions A, B, A, the row is A, with its first fetch; deriving again changes nothing."""
    archive(space, story("deepened"), story("widened"), story("deepened"))
    assert extract(space, "1") == [("kept", "None")]
    row = row_of(space)
    assert (row["title"], row["fetched_at"]) == ("Harbour to be deepened", MORNING)
    assert extract(space, "2") == [("unchanged", "committed")]


def test_later_non_article_leaves_the_row(space: Workspace) -> None:
    """A capture that is not an article does not remove the article."""
    archive(space, story("deepened"), b"<html><body><p>Back soon.</p></body></html>")
    assert extract(space, "1") == [("kept", "None")]
    assert row_of(space)["title"] == "Harbour to be deepened"


def test_update_that_breaks_newslake_is_quarantined(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """If newslake fails on the newest capture, that is its outcome; the older row stays; other code tries again."""
    archive(space, story("deepened"))
    extract(space, "1")
    archive(space, story("widened"), start=1)
    read = pages_module.clean

    def failing(page: Page, **given: object) -> object:
        if b"widened" in page.body:
            raise KeyError("half")
        return read(page, **given)

    with monkeypatch.context() as patch:
        patch.setattr(pages_module, "clean", failing)
        assert extract(space, "2") == [("quarantined", "broken_item")]
        assert row_of(space)["title"] == "Harbour to be deepened"
        assert todo_of(space) == {}
    monkeypatch.setattr(pipeline_version, "code_version", lambda: "other")
    assert extract(space, "3") == [("kept", "None")]
    assert row_of(space)["title"] == "Harbour to be widened"


def test_new_layout_is_not_a_new_revision(space: Workspace) -> None:
    """Other bytes with the same text leave the row unchanged."""
    archive(space, story("deepened"))
    extract(space, "1")
    before = row_of(space)
    archive(space, story("deepened").replace(b"<body>", b"<body class='new'>"), start=1)
    assert extract(space, "2") == [("unchanged", "committed")]
    assert row_of(space) == before


def test_settled_articles_are_not_derived(space: Workspace) -> None:
    """A committed, rejected or unchanged article is derived once per version; another version derives all again."""
    other = "https://post.example.org/vault"
    archive(space, story("deepened"))
    archive(space, b"<html><body><p>Back soon.</p></body></html>", url=other)
    assert todo_of(space) == {id_of(URL): "new", id_of(other): "new"}
    first = derive(space, day=DAY, run_id="1").report
    assert dict(first.work) == {"derived_new": 2, "derived_again": 0}
    assert sorted(extract(space, "2")) == [("kept", "None"), ("rejected", "too_short")]
    assert todo_of(space) == {}
    archive(space, story("deepened").replace(b"<body>", b"<body class='new'>"), start=1)
    assert todo_of(space) == {id_of(URL): "new"}
    outcomes = extract(space, "3")
    assert todo_of(space) == {}
    assert extract(space, "4") == outcomes == [("rejected", "too_short"), ("unchanged", "committed")]
    newer = Workspace(space.settings.model_copy(update={"infer_gender": False}))
    assert todo_of(newer) == {id_of(URL): "again", id_of(other): "new"}


def test_chunks_miss_no_article_that_arrives_meanwhile(space: Workspace) -> None:
    """An article that is archived between two chunks of a day moves no other article between chunks."""
    urls = [f"https://post.example.org/{number}" for number in range(12)]
    for url in urls[:8]:
        archive(space, story("deepened", canonical=url), url=url)
    first = todo_of(space, chunk=0, chunks=2)
    for url in urls[8:]:
        archive(space, story("widened", canonical=url), url=url)
    second = todo_of(space, chunk=1, chunks=2)
    assert {id_of(url) for url in urls[:8]} <= {*first, *second}


def id_of(url: str) -> str:
    return article_id_of(canonical=canonical_url(url), text="")


def test_article_moves_to_another_day(space: Workspace) -> None:
    """A later revision with another date moves its row and its row in copies to that day."""
    archive(space, story("deepened"))
    extract(space, "1")
    archive(space, story("widened", published="2026-03-01T07:00:00Z"), start=1)
    assert extract(space, "2") == [("kept", "None")]
    assert space.lake.days() == (date(2026, 3, 1),)
    assert space.lake.read("near_duplicates").num_rows == 1
    assert space.lake.verify() == ()


def test_each_page_of_one_article_has_an_outcome(space: Workspace) -> None:
    """A page with the canonical link of another page shares its row, and its outcome says so."""
    archive(space, story("deepened"))
    archive(space, story("deepened"), url=f"{URL}/print", start=1)
    assert extract(space, "1") == [("kept", "None"), ("unchanged", "duplicate_url")]
    assert extract(space, "2") == [("unchanged", "committed"), ("unchanged", "duplicate_url")]


def test_run_again_under_its_name_replaces_its_outcomes(space: Workspace) -> None:
    """After the same run again, each page is in the log once."""
    archive(space, story("deepened"))
    assert extract(space, "1") == [("kept", "None")]
    assert len(extract(space, "1")) == 1


def test_retried_commit_logs_its_articles(space: Workspace) -> None:
    """A commit that was killed before it wrote its outcomes logs the same pages and days in its retry."""
    archive(space, story("deepened"))
    staged = derive(space, day=DAY, run_id="1")
    space.lake.commit(staged.batch_ids, is_current=lambda *_: True)
    again = commit_day(space, derived=[staged], day=DAY, run_id="1", kind="manual", started_at=MORNING)
    rows = space.lake.log.read("outcomes").to_pylist()
    assert [(row["url"], row["outcome"]) for row in rows] == [(URL, "unchanged")]
    assert (again.days, again.files_changed) == ((DAY,), 0)


def test_cluster_completes_a_killed_run(space: Workspace) -> None:
    """The next run of a news day writes the copies that a killed run did not write."""
    archive(space, story("deepened"))
    extract(space, "1")
    space.lake.replace("near_duplicates", lambda: {DAY: space.lake.read("near_duplicates").slice(0, 0)})
    assert cluster(space, news_day=DAY, days=()) == 1
    assert space.lake.read("near_duplicates").num_rows == 1


def test_damaged_record_affects_only_its_own_article(space: Workspace, tmp_path: Path) -> None:
    """An article with a damaged record is quarantined, others are kept; after the repair, it is derived."""
    archive(space, story("closed"))
    archive(space, story("sold", canonical=URL + "-2"), url=URL + "-2", start=1)
    [path, *_] = sorted((tmp_path / "archive").rglob("*.warc.gz"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-60] + bytes(60))
    assert extract(space, "1") == [("kept", "None"), ("quarantined", "record_corrupt")]
    path.write_bytes(whole)
    assert extract(space, "2") == [("kept", "None"), ("unchanged", "committed")]


def test_article_of_a_lost_file_is_derived_from_its_new_record(space: Workspace, tmp_path: Path) -> None:
    """If a WARC file is lost and the same page is archived again, its article is kept."""
    archive(space, story("closed"))
    [path] = (tmp_path / "archive").rglob("*.warc.gz")
    path.unlink()
    assert extract(space, "1") == [("quarantined", "record_missing")]
    archive(space, story("closed"), start=1)
    assert extract(space, "2") == [("kept", "None")]


@pytest.mark.parametrize("place", ["load_annotator", "check_balance"])
def test_end_outside_of_all_turns_sets_no_article_aside(
    space: Workspace, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Processes that run out of memory while they load the model, or stage the batch, say nothing about an article."""

    def exhaust(*given: object, **named: object) -> None:
        raise MemoryError

    archive(space, story("closed"))
    with monkeypatch.context() as patch:
        patch.setattr(derive_job, place, exhaust)
        for name in ("1", "2"):
            with pytest.raises(MemoryError):
                derive(space, day=DAY, run_id=name)
    assert extract(space, "3") == [("kept", "None")]


def revisions(space: Workspace) -> list[tuple]:
    rows = sorted(space.lake.read("revisions").to_pylist(), key=lambda row: row["fetched_at"])
    names = ("fetched_at", "word_count", "sentences_added", "sentences_removed", "quotes_removed")
    return [tuple(row[name] for name in names) for row in rows]


def test_revisions_are_distinct(space: Workspace) -> None:
    """Every revision has one row with its changes, also if several payloads have it; again, nothing changes."""
    archive(space, story("closed"), story("closed") + b"<!-- advert -->", story("sold"), story("closed"))
    extract(space, "1")
    assert [(row[0].hour, row[2:]) for row in revisions(space)] == [(8, (None, None, None)), (10, (6, 6, 0))]
    assert cluster(space, news_day=DAY, days=[DAY]) == 0
    archive(space, b"<html><body><p>Please log in.</p></body></html>", start=9)
    assert cluster(space, news_day=DAY, days=[DAY]) == 1  # input_hash
    assert [row[0].hour for row in revisions(space)] == [8, 10]


def test_revisions_do_not_depend_on_the_order_of_arrival(tmp_path: Path) -> None:
    """The file of revisions has the same bytes in any order of archiving and deriving."""
    files = []
    for number, order in enumerate([(0, 1, 2), (2, 0, 1), (1, 2, 0)]):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "sources.toml").touch()
        settings = Settings.load(data_dir=folder, sources_file=folder / "sources.toml", frozen_now=MORNING)
        space = Workspace(settings)
        for step in order:
            archive(space, story(("closed", "sold", "painted")[step]), start=step)
            extract(space, f"r{step}")
        [path] = folder.glob("lake/tables/revisions/*/*.parquet")
        files.append(path.read_bytes())
    assert files[0] == files[1] == files[2]


def test_reservation_is_recorded_or_obeyed(space: Workspace) -> None:
    """A reservation in the host's tdmrep.json is in the column; if obeyed, it and a meta element reject."""
    archive(space, story("deepened"), hints=Hints(tdm_reserved=True))
    meta = story("widened", canonical=f"{URL}-2").replace(b"<head>", b"<head><meta name='tdm-reservation' content='1'>")
    archive(space, meta, url=f"{URL}-2")
    assert extract(space, "1") == [("kept", "None"), ("kept", "None")]
    assert [row["tdm_reserved"] for row in space.lake.read("articles").to_pylist()] == [True, True]

    obeying = Workspace(space.settings.model_copy(update={"tdm_policy": "obey"}))

    assert extract(obeying, "2") == [("rejected", "tdm_reserved")] * 2
    details = {row["detail"] for row in space.lake.log.read("outcomes").to_pylist() if row["run_id"] == "2"}
    reserved = "its publisher reserves text and data mining: {}; NEWS_TDM_POLICY=record keeps such pages"
    meta_element = "'tdm-reservation: 1' (meta element tdm-reservation, 2026-03-02T08:00:00Z)"
    assert details == {reserved.format("tdmrep.json of its host"), reserved.format(meta_element)}


def test_statements_of_the_archive_are_recorded_or_obeyed(space: Workspace) -> None:
    """Rows have the statements of robots.txt that the archive keeps, without the network; if obeyed, they reject."""
    rights = (RightsStatement("rsl: https://post.example/license.xml", "line 1 of https://post.example/robots.txt"),)
    archive(space, story("deepened"), hints=Hints(rights=rights))
    assert extract(space, "1") == [("kept", "None")]
    [row] = space.lake.read("articles").to_pylist()
    assert (row["license"], row["license_evidence"]) == ([rights[0].statement], [rights[0].evidence])
    assert row["tdm_reserved"] is False

    obeying = Workspace(space.settings.model_copy(update={"tdm_policy": "obey"}))

    assert preview_takedown(obeying, TakedownTarget(kind="reserved", value="")).articles == (row["article_id"],)
    assert extract(obeying, "2") == [("rejected", "rsl_license")]
    [detail] = [row["detail"] for row in space.lake.log.read("outcomes").to_pylist() if row["run_id"] == "2"]
    assert detail.startswith("its publisher names a license, whose terms newslake does not read: 'rsl: https://post.")


@pytest.mark.parametrize("comment", [b"", b"<!-- other bytes -->"])
def test_earlier_capture_that_arrives_later_moves_the_first_fetch(tmp_path: Path, comment: bytes) -> None:
    """An earlier capture that is archived after the row was made gives the same row as deriving both at once."""
    files = []
    for name, order in (("at once", [[0, 1]]), ("one by one", [[1], [0]])):
        (tmp_path / name).mkdir()
        sources = tmp_path / name / "sources.toml"
        sources.touch()
        space = Workspace(Settings.load(data_dir=tmp_path / name, sources_file=sources, frozen_now=MORNING))
        for number, steps in enumerate(order):
            for step in steps:
                archive(space, story("deepened") + (comment if step == 0 else b""), start=step)
            extract(space, str(number))
        assert not unprocessed_days(space)
        assert todo_of(space) == {}
        tables = tmp_path / name / "lake" / "tables"
        files.append({p.relative_to(tables): p.read_bytes() for p in tables.rglob("*.parquet")})
        [row] = space.lake.read("articles").to_pylist()
        assert row["fetched_at"] == MORNING
    assert files[0] == files[1]


def test_revisions_are_complete_after_a_repair(space: Workspace, tmp_path: Path) -> None:
    """A capture that could not be read is in the revisions after its file is restored."""
    archive(space, story("widened"), story("deepened"))
    path = tmp_path / "archive" / space.archive.captures()[0].file
    whole = path.read_bytes()
    path.write_bytes(whole[:-60] + bytes(60))
    extract(space, "1")
    assert len(revisions(space)) == 1
    path.write_bytes(whole)
    cluster(space, news_day=DAY, days=[DAY])
    assert len(revisions(space)) == 2


def test_day_in_small_pieces_and_batches_has_the_same_rows(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day that is read in pieces and staged in several batches has one outcome per page, and commits all of them."""
    for number in range(7):
        url = f"{URL}-{number}"
        archive(space, story(f"rebuilt {number} times", canonical=url), url=url)
    archive(space, b"<html><body><p>Back soon.</p></body></html>", url=f"{URL}-short")
    monkeypatch.setattr(worklist, "_PIECE_ARTICLES", 3)
    monkeypatch.setattr(derive_job, "_BATCH_ARTICLES", 2)
    counts: list[int] = []
    staged = derive(space, day=DAY, run_id="1", count_pages=lambda done, _: counts.append(done))
    again = derive(space, day=DAY, run_id="1")
    assert len(staged.batch_ids) >= 3
    assert staged.batch_ids == again.batch_ids
    assert counts == sorted(counts)
    assert counts[-1] == 8
    done = commit_day(space, derived=[again], day=DAY, run_id="1", kind="manual", started_at=MORNING)
    assert dict(done.report.outcomes)["kept"] == done.rows["articles"] == 7
    rows = space.lake.log.read("outcomes").to_pylist()
    assert sorted(row["outcome"] for row in rows) == ["kept"] * 7 + ["rejected"]
    assert {each.article_id for each in space.archive.captures()} == set(space.archive.articles_of_day(DAY))
