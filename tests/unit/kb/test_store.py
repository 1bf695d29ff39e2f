"""Importing a knowledge base: what a line must be, what a bad one costs, and what the file is like after."""

import json
import os
import re
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import KnowledgeError
from pipeline.kb import BadLine, ImportResult, KbEntry, KbStore, build_store, load_kb, read_records

GOOD = {"qid": "Q999999901", "label": "Lena Ostrow", "types": ["PERSON"], "prior": 3}
OTHER = GOOD | {"qid": "Q999999902", "label": "Piet Márten"}


def lines(*found: Mapping[str, object] | bytes) -> bytes:
    """Return a file of these lines."""
    return b"\n".join(each if isinstance(each, bytes) else json.dumps(each).encode() for each in found)


def take_in(path: Path, content: bytes) -> ImportResult:
    return build_store(path, read_records(BytesIO(content)))


def bad(content: bytes) -> list[tuple[int, str]]:
    """Return line and key of each bad line."""
    return [(each.line, each.key) for _, each in read_records(BytesIO(content)) if isinstance(each, BadLine)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "kb.sqlite"


def test_all_of_a_line_comes_back(path: Path):
    """A full line is found by label and alias, folded, with all that it says."""
    full = OTHER | {
        "aliases": ["P. Marten", "Marten"], "types": ["PERSON", "ORG"], "description": "Baker of Tarnwick",
        "country": "IRL", "lat": 52.5, "lon": -9, "context": ["oven bread"],
    }  # fmt: skip
    assert take_in(path, lines(full)).bad == ()
    expected = KbEntry(
        name="Piet Márten", types=("PERSON", "ORG"), qid="Q999999902", country="IRL", prior=3.0,
        description="Baker of Tarnwick", words=frozenset({"baker", "tarnwick", "oven", "bread"}), lat=52.5, lon=-9.0,
    )  # fmt: skip
    kb = load_kb(store=path)
    assert [kb.candidates(name) for name in ("PIET MARTEN", "p marten", "the Marten")] == [(expected,)] * 3
    assert kb.candidates("Lena Ostrow") == ()


@pytest.mark.parametrize(
    ("line", "key"),
    [
        (b"\xff\xfe{}", ""),
        (b'{"qid": "Q1"', ""),
        (b"[1]", ""),
        (b"[" * 100_000, ""),
        (b'"' + b"x" * 1_100_000 + b'"', ""),
        (lines(GOOD | {"prior": float("nan")}), "prior"),
        (lines(GOOD | {"prior": float("inf")}), "prior"),
        (lines(GOOD | {"prior": -1}), "prior"),
        (lines(GOOD | {"prior": True}), "prior"),
        (lines(GOOD | {"prior": 10**400}), "prior"),
        (lines(GOOD | {"label": "x" * 301}), "label"),
        (lines(GOOD | {"label": "…"}), "label"),
        (lines(GOOD | {"label": "\ud800a"}), "label"),
        (lines(GOOD | {"label": None}), "label"),
        (lines(GOOD | {"qid": "999"}), "qid"),
        (lines(GOOD | {"qid": "Q0"}), "qid"),
        (lines(GOOD | {"qid": "Q1\n"}), "qid"),
        (lines(GOOD | {"types": []}), "types"),
        (lines(GOOD | {"types": ["person"]}), "types"),
        (lines(GOOD | {"aliases": "Ostrow"}), "aliases"),
        (lines(GOOD | {"aliases": [1]}), "aliases"),
        (lines(GOOD | {"country": "IE"}), "country"),
        (lines(GOOD | {"lat": 91, "lon": 0}), "lat"),
        (lines(GOOD | {"lat": 1}), "lat"),
        (lines(GOOD | {"born": 1950}), "born"),
        (lines({"qid": "Q1"}), "label"),
    ],
)
def test_bad_line_is_named_and_the_rest_imported(path: Path, line: bytes, key: str):
    """A line that cannot be used is left out with its number and key; those around it are taken."""
    done = take_in(path, lines(GOOD, line, OTHER))
    assert [(each.line, each.key) for each in done.bad] == [(2, key)]
    assert (done.info.entries, len(str(done.bad[0])) < 400) == (2, True)


def test_same_qid_twice(path: Path):
    """The first line of an id stands; the second is bad and says where the first is."""
    done = take_in(path, lines(GOOD, b"", GOOD | {"label": "Other"}))
    assert [str(each) for each in done.bad] == ["line 3: qid: Q999999901 is on line 1 already"]


def test_aliases_in_a_circle(path: Path):
    """Two entries that go by each other's name are both found by either."""
    take_in(path, lines(GOOD | {"aliases": ["Piet Marten"]}, OTHER | {"aliases": ["Lena Ostrow", "lena ostrow"]}))
    kb = load_kb(store=path)
    both = ["Q999999901", "Q999999902"]
    assert [[e.qid for e in kb.candidates(name)] for name in ("Lena Ostrow", "Piet Marten")] == [both, both]


@pytest.mark.parametrize("content", [b"", b"\n \n", b"nothing\n", b"\xef\xbb\xbf"])
def test_nothing_to_import_leaves_what_was(path: Path, content: bytes):
    """A file without a good line is refused, and the knowledge base stays as it was, with nothing beside it."""
    before = take_in(path, lines(GOOD)).info
    with pytest.raises(KnowledgeError, match="stays as it was"):
        take_in(path, content)
    assert KbStore(path).info() == before
    assert os.listdir(path.parent) == ["kb.sqlite"]


def test_version_is_of_the_contents(path: Path, tmp_path: Path):
    """The same lines in another order are the same version; another line is another."""
    first = take_in(path, lines(GOOD, OTHER)).info.version
    assert take_in(path, lines(OTHER, GOOD)).info.version == first
    assert take_in(tmp_path / "b.sqlite", lines(OTHER, GOOD | {"prior": 4})).info.version != first


def test_reader_under_way_keeps_what_it_opened(path: Path):
    """An import replaces the file: who has the old one open goes on with it."""
    take_in(path, lines(GOOD))
    store = KbStore(path)
    take_in(path, lines(OTHER))
    assert [len(store.named("lena ostrow")), len(KbStore(path).named("lena ostrow"))] == [1, 0]


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100, b"SQLite format 3\x00" + b"\x00" * 500])
def test_broken_file_is_named(path: Path, content: bytes):
    """A file that is no knowledge base stops with its name and what to do."""
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(KnowledgeError, match=re.escape(str(path))) as caught:
        load_kb(store=path)
    assert "kb import" in str(caught.value)


def test_yours_stands_for_the_built_in(path: Path):
    """An entry of yours with a built-in id or name takes its place; others of the name stay beside it."""
    mine = {"qid": "Q142", "label": "France", "types": ["GPE"], "prior": 5, "description": "republic"}
    take_in(path, lines(mine, GOOD | {"label": "France"}))
    found = load_kb(store=path).candidates("France")
    assert [(entry.qid, entry.description) for entry in found] == [("Q142", "republic"), ("Q999999901", "")]


JSONS = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
LINES = st.binary(max_size=60) | st.builds(
    lambda base, key, value: json.dumps(base | {key: value}).encode(), st.sampled_from([GOOD, OTHER]),
    st.sampled_from([*GOOD, "aliases", "description", "country", "lat", "lon", "context", "x"]), JSONS,
)  # fmt: skip


@given(st.lists(LINES, max_size=6))
@settings(max_examples=300, deadline=None)
def test_any_line_is_a_record_or_a_bad_line(found: Iterable[bytes]):
    """Whatever a file holds, each line that is not blank is one or the other, and good ones can be stored."""
    content = b"\n".join(found)
    got = list(read_records(BytesIO(content)))
    assert [number for number, _ in got] == [n for n, line in enumerate(content.split(b"\n"), 1) if line.strip()]
    for _, each in got:
        if not isinstance(each, BadLine):
            assert each.names
            assert "\x00".join(each.names).encode()
