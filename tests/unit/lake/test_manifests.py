"""Head and manifests survive as bytes, any damage is noticed, and a lost head is restored from the manifests."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newslake.pipeline.errors import LakeError
from newslake.pipeline.lake import Lake
from newslake.pipeline.lake.manifests import (
    DayState,
    Entry,
    Head,
    MonthManifest,
    TableDay,
    head_bytes,
    manifest_bytes,
    manifest_name,
    parse_head,
    parse_manifest,
)
from newslake.pipeline.lake.partitions import Partitions
from newslake.pipeline.lake.storage import Disk, is_named_by_digest, sha256_of
from tests.unit.lake.rows import Story
from tests.unit.lake.test_commit import commit, public_files

NAMES = st.sampled_from(("articles", "entities", "quotes", "events", "near_duplicates"))
MONTHS = st.dates(date(1990, 1, 1), date(2030, 12, 31)).map(lambda day: f"{day:%Y-%m}")
DIGESTS = st.binary(max_size=9).map(sha256_of)
COUNTS = st.integers(0, 10**9)
ENTRIES = st.builds(Entry, object=st.text(max_size=30), rows=COUNTS, size=COUNTS, sha256=DIGESTS, columns=DIGESTS)
TABLES = st.dictionaries(NAMES, st.builds(TableDay, COUNTS, DIGESTS), max_size=5)
STATES = st.builds(DayState, COUNTS, TABLES)
HEADS = st.builds(Head, COUNTS, st.dictionaries(MONTHS, st.text(max_size=30)), st.dictionaries(MONTHS, st.text()))
FEW = settings(max_examples=60, deadline=None)


@st.composite
def manifests(draw: st.DrawFn) -> MonthManifest:
    """Draw a manifest of an open or a closed month."""
    month, is_closed = draw(MONTHS), draw(st.booleans())
    first = date.fromisoformat(f"{month}-01")
    days = sorted(draw(st.sets(st.integers(0, 27).map(lambda number: first + timedelta(days=number)), max_size=5)))
    stems = [month] if is_closed else [day.isoformat() for day in days]
    files = st.fixed_dictionaries(dict.fromkeys(stems, ENTRIES)).map(lambda each: dict(sorted(each.items())))
    return MonthManifest(
        month,
        draw(COUNTS),
        commit=draw(COUNTS),
        together=tuple(draw(st.lists(MONTHS, max_size=3))),
        is_closed=is_closed,
        days={day: draw(STATES) for day in days},
        files=draw(st.dictionaries(NAMES, files, max_size=4)) if stems else {},
    )


@FEW
@given(manifest=manifests())
def test_manifest_survives(manifest: MonthManifest) -> None:
    """The bytes of a manifest give the same manifest and the same bytes, and its name has their digest."""
    data = manifest_bytes(manifest)
    again = parse_manifest(data, key="m.json")
    assert again == manifest
    assert manifest_bytes(again) == data
    assert is_named_by_digest(Path(manifest_name(manifest, data)), sha256_of(data))


@FEW
@given(head=HEADS)
def test_head_survives(head: Head) -> None:
    """The bytes of a head give the same head and the same bytes."""
    data = head_bytes(head)
    assert parse_head(data, key="head.json") == head
    assert head_bytes(parse_head(data, key="head.json")) == data


@FEW
@given(manifest=manifests(), place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255), is_cut=st.booleans())
def test_any_flip_is_noticed(manifest: MonthManifest, place: float, flip: int, is_cut: bool) -> None:
    """A byte of a manifest that changed, and a manifest that was cut off, are an error with its name and the fix."""
    data = bytearray(manifest_bytes(manifest))
    at = int(place * len(data))
    data[at] ^= flip
    with pytest.raises(LakeError, match=r"months/m\.json is not a manifest .*repair --drop-damaged") as caught:
        parse_manifest(bytes(data[:at] if is_cut else data), key="months/m.json")
    assert caught.value.reason == "manifest_broken"


@FEW
@given(head=HEADS, place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255), is_cut=st.booleans())
def test_any_flip_of_the_head_is_noticed(head: Head, place: float, flip: int, is_cut: bool) -> None:
    """The same holds for the head."""
    data = bytearray(head_bytes(head))
    at = int(place * len(data))
    data[at] ^= flip
    with pytest.raises(LakeError, match=r"head\.json is not a head .*repair --drop-damaged") as caught:
        parse_head(bytes(data[:at] if is_cut else data), key="head.json")
    assert caught.value.reason == "head_broken"


# A lost head.

MANY = [Story(1), Story(2), Story(3, day=1), Story(4, day=30), Story(5, day=60)]


def open_lake(root: Path) -> Lake:
    return Lake(root, durability="process", now=lambda: datetime(2026, 7, 1, tzinfo=UTC))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a lake of three months: one closed and changed after that, two open."""
    lake = open_lake(tmp_path / "lake")
    commit(lake, MANY)
    lake.compact(months=["2026-02"])
    commit(lake, [Story(1, "Late words.", seen=1), Story(4, "New words.", day=30, seen=1)], batch_id="b2")
    return tmp_path / "lake"


def content_of(root: Path) -> list[tuple[object, ...]]:
    names = ["article_id", "published_date", "revision_id"]
    return sorted(tuple(row.values()) for row in open_lake(root).read("articles", columns=names).to_pylist())


def lose(head: Path) -> None:
    head.unlink()


def flip(head: Path) -> None:
    data = bytearray(head.read_bytes())
    data[90] ^= 4
    head.write_bytes(data)


def empty(head: Path) -> None:
    head.write_bytes(b"")


@pytest.mark.parametrize("harm", [lose, flip, empty])
@pytest.mark.parametrize("has_index", [True, False])
def test_lost_head_is_restored(root: Path, harm: Callable[[Path], None], has_index: bool) -> None:
    """Every reader refuses a lake without a sound head; the advice gives all rows, files and states back."""
    before, stored = (content_of(root), public_files(root)), open_lake(root).index.stored([MANY[0].article_id])
    harm(root / "_state/head.json")
    with pytest.raises(LakeError, match=r"head\.json .*run `newslake lake repair --drop-damaged`"):
        open_lake(root).read("articles")
    assert any("head.json" in each and "repair --drop-damaged" in each for each in open_lake(root).verify())
    if not has_index:
        for path in (root / "_state").glob("index.sqlite*"):
            path.unlink()
    done = open_lake(root).recover(drops_damaged=True)
    assert "named the newest manifest of each month again, because _state/head.json was lost" in done
    assert (content_of(root), public_files(root)) == before
    assert open_lake(root).verify() == ()
    assert open_lake(root).index.stored(stored) == stored
    assert set(commit(open_lake(root), MANY[1:3], batch_id="b3").articles.values()) == {"unchanged"}


def unfinished_commit(root: Path, monkeypatch: pytest.MonkeyPatch, *, manifests: int) -> None:
    """Die in a commit of two months after some of its manifests were written, before the head."""
    put, written = Disk.replace, []

    def replace(self: Disk, path: Path, data: bytes) -> None:
        if path.suffix == ".json" and len(written) == manifests:
            raise KeyboardInterrupt
        written.extend([path] if path.suffix == ".json" else [])
        put(self, path, data)

    with monkeypatch.context() as broken:
        broken.setattr(Disk, "replace", replace)
        with pytest.raises(KeyboardInterrupt):
            commit(open_lake(root), [Story(5, "Moved.", day=0, seen=2)], batch_id="b3")


@pytest.mark.parametrize("has_index", [True, False])
def test_unfinished_commit_is_not_restored(root: Path, monkeypatch: pytest.MonkeyPatch, has_index: bool) -> None:
    """If a commit died before all its manifests were written, and the head is lost too, none of them is named."""
    before = content_of(root), public_files(root)
    unfinished_commit(root, monkeypatch, manifests=1)
    (root / "_state/head.json").unlink()
    if not has_index:
        for path in (root / "_state").glob("index.sqlite*"):
            path.unlink()
    open_lake(root).recover(drops_damaged=True)
    assert (content_of(root), public_files(root)) == before
    assert open_lake(root).verify() == ()
    # Its manifest is gone: after other commits, it would be taken for a finished one.
    commit(open_lake(root), [Story(9, day=90)], batch_id="b4")
    (root / "_state/head.json").unlink()
    open_lake(root).recover(drops_damaged=True)
    assert content_of(root) == sorted([*before[0], *content_of_story(Story(9, day=90))])


def content_of_story(story: Story) -> list[tuple[object, ...]]:
    return [(story.article_id, story.published_date, story.revision_id)]


def test_commit_with_all_manifests_is_restored(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit that died between its manifests and the head may be restored: as a whole, so every article is once."""
    unfinished_commit(root, monkeypatch, manifests=2)
    (root / "_state/head.json").unlink()
    open_lake(root).recover(drops_damaged=True)
    assert len(content_of(root)) == len(MANY)
    assert open_lake(root).verify() == ()


def test_manifest_of_a_dead_commit_without_its_intent_goes(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A manifest newer than the head, of a commit whose intent was lost with the index, is removed by repair."""
    before = {path.name for path in root.glob("_state/months/*/*")}
    unfinished_commit(root, monkeypatch, manifests=2)
    for path in (root / "_state").glob("index.sqlite*"):
        path.unlink()
    assert {path.name for path in root.glob("_state/months/*/*")} > before
    open_lake(root).recover()
    assert {path.name for path in root.glob("_state/months/*/*")} == before
    assert open_lake(root).verify() == ()


def test_damaged_manifest_and_lost_head(root: Path) -> None:
    """If the newest manifest of a month is damaged too, the lake is sound again, and its rows can be derived again."""
    max((root / "_state/months/2026-03").iterdir()).write_bytes(b"{")
    (root / "_state/head.json").unlink()
    open_lake(root).recover(drops_damaged=True)
    assert open_lake(root).verify() == ()
    commit(open_lake(root), [*MANY[1:3], MANY[4]], batch_id="b3")
    commit(open_lake(root), [Story(1, "Late words.", seen=1), Story(4, "New words.", day=30, seen=1)], batch_id="b2")
    assert len(content_of(root)) == len(MANY)
    assert open_lake(root).verify() == ()


def test_lost_head_after_a_dropped_month(root: Path) -> None:
    """A month that a repair dropped is no sign of an unfinished commit: the other months of that commit stay."""
    commit(open_lake(root), [Story(5, "Moved.", day=0, seen=2)], batch_id="b3")
    head = open_lake(root).partitions.head()
    before = {month: open_lake(root).partitions.state().month(month).days for month in head.months}
    (root / "_state" / head.months["2026-02"]).write_bytes(b"{")
    open_lake(root).recover(drops_damaged=True)
    (root / "_state/head.json").unlink()
    open_lake(root).recover(drops_damaged=True)
    found = open_lake(root).partitions.state()
    assert {month: manifest.days for month, manifest in found.months.items()} == {
        month: days for month, days in before.items() if month != "2026-02"
    }
    assert open_lake(root).verify() == ()


def test_first_commit_that_dies_leaves_an_empty_lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new lake whose first commit dies before the head is an empty lake, not one that lost its head."""
    lake = open_lake(tmp_path / "lake")
    with monkeypatch.context() as broken:
        broken.setattr(Partitions, "publish", lambda *_: pytest.fail("not reached"))
        put = Disk.replace

        def replace(self: Disk, path: Path, data: bytes) -> None:
            if path.name == "head.json" and path.exists():
                raise KeyboardInterrupt
            put(self, path, data)

        broken.setattr(Disk, "replace", replace)
        with pytest.raises(KeyboardInterrupt):
            commit(lake, MANY)
    assert list((tmp_path / "lake/_state/months").glob("*/*.json")) != []
    assert open_lake(tmp_path / "lake").days() == ()
    assert commit(open_lake(tmp_path / "lake"), MANY).rows["articles"] == len(MANY)
    assert open_lake(tmp_path / "lake").verify() == ()
