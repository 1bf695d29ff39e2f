"""A change of the knowledge derives the articles with a changed name again, and no others."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newslake.pipeline.addons.operate.plan import plan
from newslake.pipeline.clean import page_identity
from newslake.pipeline.jobs.derive import derive
from newslake.pipeline.jobs.inventory import LAKE, give_up
from newslake.pipeline.jobs.knowledge import import_kb, kb_info, look_up
from newslake.pipeline.jobs.run import extract_day
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Capture, Page
from newslake.pipeline.settings import Settings

pytestmark = [pytest.mark.model]

MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
DAY = MORNING.date()
OSTROW, MARTEN = "Lena Ostrow", "Piet Marten"
OSTROW_LINE = {
    "qid": "Q999999901",
    "label": OSTROW,
    "types": ["PERSON"],
    "prior": 3,
    "description": "minister for fisheries",
}


def story(person: str, source: str) -> Page:
    """Return a report about a minister with this name, from a site with this name."""
    url = f"https://{source}.example.org/{person.split()[1].lower()}"
    line = f"The minister {person} told reporters that the harbour of Tarnwick would be closed before the summer. "
    body = (
        f"<html lang='en'><head><title>Harbour to close</title>"
        f"<meta property='article:published_time' content='2026-03-02T07:00:00Z'></head>"
        f"<body><article><h1>Harbour to close</h1><p>{line * 3}</p><p>{line * 2}</p></article></body></html>"
    ).encode()
    headers = {"content-type": "text/html; charset=utf-8"}
    return Page(url=url, final_url=url, status=200, headers=headers, body=body, fetched_at=MORNING)


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    """A workspace with three derived articles: two of one minister in two sources, one of another."""
    space = _space(tmp_path)
    for source, person in (("post", OSTROW), ("courier", OSTROW), ("post", MARTEN)):
        page = story(person, source)
        with space.archive.writer(source_key=source, run_id=f"{source} {person}") as writer:
            writer.put(page, news_day=DAY, article_id=page_identity(page)[1])
    assert run(space, "first") == {"derived_new": 3, "derived_again": 0}
    return space


def _space(root: Path) -> Workspace:
    (root / "sources.toml").touch()
    files = {"sources_file": root / "sources.toml", "overrides_file": root / "overrides.toml"}
    return Workspace(Settings.load(data_dir=root, **files, frozen_now=MORNING, durability="process"))


def run(space: Workspace, name: str) -> dict[str, int]:
    """Derive the day; return how many articles were derived, by reason. They are as many as planned."""
    planned = plan(space, first=DAY, last=DAY).days
    work = dict(derive(space, day=DAY, run_id=f"{name}-derive").report.work)
    assert work == {f"derived_{why}": sum(getattr(day, f"derive_{why}") for day in planned) for why in ("new", "again")}
    extract_day(space, day=DAY, run_id=name, report_progress=lambda _: None)
    assert space.lake.verify() == ()
    return work


def ids(space: Workspace) -> set[tuple[str, str, str]]:
    """Return source, name and id of every person."""
    sources = dict(
        zip(*(space.lake.read("articles")[c].to_pylist() for c in ("article_id", "source_key")), strict=True)
    )
    rows = space.lake.read("entities").to_pylist()
    named = [row for row in rows if row["entity_type"] == "PERSON" and row["mention_kind"] == "name"]
    return {(sources[row["article_id"]], row["entity_name"], row["qid"]) for row in named}


def tables(space: Workspace) -> dict[str, str]:
    """Return the hash of each published reading file."""
    root = space.settings.lake_dir / "tables"
    files = [path for name in ("articles", "entities", "quotes", "events") for path in (root / name).rglob("*.parquet")]
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def correct(space: Workspace, text: str) -> None:
    space.settings.overrides_file.write_text(text)


def test_correction_derives_only_articles_with_the_name(space: Workspace):
    """A line in overrides.toml derives the two articles with the name; the next run derives nothing."""
    correct(space, f'[names."{OSTROW}"]\nqid = "Q999999902"\n')
    assert run(space, "second") == {"derived_new": 0, "derived_again": 2}
    assert ids(space) == {("post", OSTROW, "Q999999902"), ("courier", OSTROW, "Q999999902"), ("post", MARTEN, None)}
    before = tables(space)
    assert run(space, "third") == {"derived_new": 0, "derived_again": 0}
    assert tables(space) == before


def test_correction_of_one_source_and_of_one_article(space: Workspace):
    """Two people with one name: the correction for a source leaves the other source's article unchanged."""
    url = "https://post.example.org/ostrow"
    correct(
        space,
        f'[[names."{OSTROW}"]]\nsource = "courier"\nqid = "Q999999902"\n'
        f'[[names."{OSTROW}"]]\narticle = "{url}"\nname = "Magdalena Ostrow"\n',
    )
    assert run(space, "second") == {"derived_new": 0, "derived_again": 2}
    named = {("courier", OSTROW, "Q999999902"), ("post", "Magdalena Ostrow", None), ("post", MARTEN, None)}
    assert ids(space) == named
    correct(space, f'[[names."{OSTROW}"]]\nsource = "courier"\nqid = "Q999999902"\n')
    assert run(space, "third") == {"derived_new": 0, "derived_again": 1}


def staged(space: Workspace) -> dict[str, bytes]:
    """Return the staged files by name."""
    root = space.settings.lake_dir / "_state" / "staged"
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_correction_while_a_chunk_is_derived(space: Workspace, monkeypatch: pytest.MonkeyPatch):
    """An edit between planning and reading counts for the next run: a batch uses the knowledge in its name."""
    correct(space, f'[names."{OSTROW}"]\nqid = "Q999999902"\n')
    undisturbed = derive(space, day=DAY, run_id="undisturbed").batch_ids
    before = staged(space)
    page = space.archive.page

    def edit_and_read(capture: Capture) -> Page:
        correct(space, f'[names."{OSTROW}"]\nqid = "Q999999903"\n')
        return page(capture)

    monkeypatch.setattr(space.archive, "page", edit_and_read)
    assert derive(space, day=DAY, run_id="disturbed").batch_ids == undisturbed
    assert staged(space) == before
    assert run(space, "next") == {"derived_new": 0, "derived_again": 2}
    assert ("post", OSTROW, "Q999999903") in ids(space)


def test_removed_correction_gives_the_first_bytes(space: Workspace):
    """Without the correction, the tables are byte for byte those from before it."""
    before = tables(space)
    correct(space, f'[names."{OSTROW}"]\ngender = "F"\n')
    run(space, "second")
    assert tables(space) != before
    correct(space, "")
    assert run(space, "third") == {"derived_new": 0, "derived_again": 2}
    assert tables(space) == before


def test_one_derive_and_many_give_the_same_bytes(space: Workspace, tmp_path: Path):
    """A lake that saw every edit has the same files as one that is rebuilt with the last edit."""
    (tmp_path / "kb.jsonl").write_text(json.dumps(OSTROW_LINE))
    correct(space, f'[names."{MARTEN}"]\nqid = "Q999999903"\n')
    run(space, "second")
    import_kb(space.settings, tmp_path / "kb.jsonl")
    run(space, "third")
    grown = tables(space)
    (tmp_path / "lake").rename(tmp_path / "old")
    rebuilt = _space(tmp_path)
    give_up(rebuilt.settings, [LAKE])
    assert run(rebuilt, "rebuilt") == {"derived_new": 3, "derived_again": 0}
    assert tables(rebuilt) == grown


def test_import_derives_only_articles_with_a_new_name(space: Workspace, tmp_path: Path):
    """An imported person is linked if the text supports it; a name without articles derives nothing."""
    other = OSTROW_LINE | {"qid": "Q999999904", "label": "Someone Else"}
    (tmp_path / "kb.jsonl").write_text(f"{json.dumps(OSTROW_LINE)}\n{json.dumps(other)}\n")
    assert import_kb(space.settings, tmp_path / "kb.jsonl").bad == ()
    assert run(space, "second") == {"derived_new": 0, "derived_again": 2}
    assert ids(space) == {("post", OSTROW, "Q999999901"), ("courier", OSTROW, "Q999999901"), ("post", MARTEN, None)}
    (tmp_path / "kb.jsonl").write_text(json.dumps(OSTROW_LINE))
    import_kb(space.settings, tmp_path / "kb.jsonl")
    assert run(space, "third") == {"derived_new": 0, "derived_again": 0}
    assert (kb_info(space.settings).entries, look_up(space.settings, "LENA OSTROW").entries[0].qid) == (1, "Q999999901")


def test_lost_index_does_not_lose_the_names(space: Workspace):
    """The articles of an edit are found from the rows, so a deleted article index loses nothing."""
    correct(space, f'[names."{OSTROW}"]\nqid = "Q999999902"\n')
    (space.settings.lake_dir / "_state" / "index.sqlite").unlink()
    assert run(Workspace(space.settings), "second") == {"derived_new": 0, "derived_again": 2}
