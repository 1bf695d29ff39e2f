"""Properties of any batches in any order, and of any page in the archive."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newslake.pipeline.archive import Archive
from newslake.pipeline.lake import Lake
from newslake.pipeline.lake.storage import decode, encode, sort_rows, with_day
from newslake.pipeline.model import Hints, Page, file_name_of
from newslake.pipeline.tables import ANNOTATION_TABLES
from tests.unit.lake.rows import NOON, Story, batch_keys, batch_tables

ROWS = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
WORDS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="“”"), max_size=30)
DAYS = st.sampled_from((0, 1, 2, 26, 27))  # of two months
STORIES = st.lists(
    st.builds(
        Story,
        number=st.integers(0, 4),
        words=WORDS,
        day=st.one_of(st.none(), DAYS),
        news_day=DAYS,
        version=st.sampled_from(("v1", "v2")),
    ),
    min_size=1,
    max_size=8,
)
# Header values that http.client accepts: no line ends, no control characters, no space around the value.
HEADER_VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_categories=("Cc",))).map(str.strip)


@contextmanager
def new_lake() -> Iterator[tuple[Lake, Path]]:
    with tempfile.TemporaryDirectory() as folder:
        yield Lake(Path(folder), durability="process", now=lambda: datetime.now(UTC)), Path(folder)


def public_files(root: Path) -> dict[str, bytes]:
    tables = root / "tables"
    return {path.relative_to(tables).as_posix(): path.read_bytes() for path in tables.rglob("*") if path.is_file()}


@ROWS
@given(drawn=STORIES, order=st.randoms(use_true_random=False), together=st.booleans())
def test_order_and_grouping_of_batches_do_not_matter(drawn: list[Story], order, together: bool) -> None:  # type: ignore[no-untyped-def]
    """Committing the archive's articles in order, or shuffled and grouped, gives the same bytes."""
    seen = [Story(s.number, s.words, s.day, s.news_day, seen=n, version=s.version) for n, s in enumerate(drawn)]
    latest = {story.article_id: story.seen_at for story in seen}
    shuffled = order.sample(seen, len(seen))
    trees = []
    for stories, size in ((seen, 1), (shuffled, len(seen) if together else 1)):
        with new_lake() as (lake, root):
            names = [str(number) for number in range(len(stories))]
            for name, story in zip(names, stories, strict=True):
                lake.stage(name, batch_tables([story]), batch_keys([story]))
            for start in range(0, len(names), size):
                lake.commit(names[start : start + size], is_current=lambda i, at: at == latest[i])
            assert lake.verify() == ()
            assert lake.read("articles").num_rows == len(latest)
            trees.append(public_files(root))
    assert trees[0] == trees[1]


def rows_of(lake: Lake) -> dict[str, list[dict[str, Any]]]:
    return {
        spec.name: lake.read(spec.name, columns=[*spec.schema.names, spec.day_column]).to_pylist()
        for spec in ANNOTATION_TABLES
    }


@settings(ROWS, max_examples=8)
@given(drawn=STORIES, order=st.randoms(use_true_random=False), data=st.data())
def test_compactions_in_between_do_not_matter(drawn: list[Story], order, data: st.DataObject) -> None:  # type: ignore[no-untyped-def]
    """Any order and grouping of batches, with compactions in between, gives the same rows; compacted, the same bytes.

    The batches again change nothing, in open and in closed months.
    """
    seen = [Story(s.number, s.words, s.day, s.news_day, seen=n, version=s.version) for n, s in enumerate(drawn)]
    latest = {story.article_id: story.seen_at for story in seen}
    rows, trees = [], []
    for stories in (seen, order.sample(seen, len(seen))):
        with new_lake() as (lake, root):
            names = [str(number) for number in range(len(stories))]
            for name, story in zip(names, stories, strict=True):
                lake.stage(name, batch_tables([story]), batch_keys([story]))
            rest = names
            while rest:
                size = data.draw(st.integers(1, len(rest)))
                lake.commit(rest[:size], is_current=lambda i, at: at == latest[i])
                rest = rest[size:]
                if stories is not seen and lake.days():
                    months = sorted({f"{day:%Y-%m}" for day in lake.days()})
                    lake.compact(months=data.draw(st.lists(st.sampled_from(months), unique=True)))
            rows.append(rows_of(lake))
            before = public_files(root)
            assert lake.commit(names, is_current=lambda i, at: at == latest[i]).files_changed == 0
            assert public_files(root) == before
            lake.compact(months={f"{day:%Y-%m}" for day in lake.days()})
            assert lake.verify() == ()
            trees.append(public_files(root))
    assert rows[0] == rows[1]
    assert trees[0] == trees[1]


@ROWS
@given(drawn=STORIES)
def test_rows_survive_parquet(drawn: list[Story]) -> None:
    """Rows stay equal after encoding and decoding; encoding again, from other chunks, gives the same bytes."""
    stories = list({story.article_id: story for story in drawn}.values())
    tables = batch_tables(stories)
    for spec in ANNOTATION_TABLES:
        table = with_day(sort_rows(tables[spec.name], spec), spec, NOON.date())
        data = bytes(encode(table, spec))
        again = decode(data, spec, key="test", columns=spec.file_schema.names)
        assert again.to_pylist() == table.to_pylist()
        assert decode(data, spec, key="test").to_pylist() == table.drop_columns(spec.day_column).to_pylist()
        pieces = [again.slice(row, 1) for row in reversed(range(again.num_rows))]
        assert bytes(encode(sort_rows(pa.concat_tables([again.slice(0, 0), *pieces]), spec), spec)) == data


@ROWS
@given(
    body=st.binary(max_size=2000),
    headers=st.dictionaries(st.from_regex(r"\Ax-[a-z0-9-]{1,12}\Z"), HEADER_VALUES, max_size=4),
    status=st.sampled_from((200, 203, 410)),
    title=st.one_of(st.none(), WORDS),
)
def test_any_page_survives_the_archive(body: bytes, headers: dict[str, str], status: int, title: str | None) -> None:
    """Any bytes, headers and hints are returned unchanged, and the index can be rebuilt from them."""
    url = "https://harbour-post.example/ferry"
    page = Page(
        url=url,
        final_url=url,
        status=status,
        headers={"date": "now", **headers},
        body=body,
        fetched_at=NOON,
        hints=Hints(title=title, modified_at=NOON),
    )
    with tempfile.TemporaryDirectory() as folder:
        archive = Archive(Path(folder), durability="process")
        with archive.writer(source_key="harbour", run_id="r") as writer:
            capture = writer.put(page, news_day=NOON.date(), article_id="a")
        assert archive.get(capture.digest) == page
        archive.rebuild_index()
        assert archive.captures() == (capture,)


@given(keys=st.lists(st.text(max_size=80), min_size=2, max_size=5, unique=True))
def test_different_keys_have_different_file_names(keys: list[str]) -> None:
    """Different keys have different file names, none of which leaves its folder or is hidden."""
    names = [file_name_of(key) for key in keys]
    assert len(set(names)) == len(keys)
    assert all(name and len(name) <= 150 and not set(name) & set("/\\\0.") for name in names)
