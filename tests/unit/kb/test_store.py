"""Import of a knowledge base: valid lines, the effect of invalid ones, and the resulting file."""

import json
import os
import re
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newslake.pipeline.errors import KnowledgeError
from newslake.pipeline.kb import BadLine, ImportResult, KbEntry, KbStore, build_store, load_kb, read_records
from tests.long_form import LONG

GOOD = {"qid": "Q999999901", "label": "Lena Ostrow", "types": ["PERSON"], "prior": 3}
OTHER = GOOD | {"qid": "Q999999902", "label": "Piet Márten"}


def lines(*found: Mapping[str, object] | bytes) -> bytes:
    """Return a file of these lines."""
    return b"\n".join(each if isinstance(each, bytes) else json.dumps(each).encode() for each in found)


def import_lines(path: Path, content: bytes) -> ImportResult:
    return build_store(path, read_records(BytesIO(content)))


def bad(content: bytes) -> list[tuple[int, str]]:
    """Return the line number and key of each bad line."""
    return [(each.line, each.key) for _, each in read_records(BytesIO(content)) if isinstance(each, BadLine)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "kb.sqlite"


def test_import_survives_power_loss(path: Path, monkeypatch: pytest.MonkeyPatch):
    """The folder is synced after the new store has its name."""
    import_lines(path, lines(GOOD))
    before, sync, synced = path.stat().st_ino, os.fsync, []

    def watched(descriptor: int) -> None:
        sync(descriptor)
        if path.stat().st_ino != before:
            synced.append(os.fstat(descriptor).st_ino)

    monkeypatch.setattr(os, "fsync", watched)
    import_lines(path, lines(OTHER))
    assert synced == [path.parent.stat().st_ino]


def test_all_fields_of_a_line_are_stored(path: Path):
    """A full line is found by label and alias, folded, with all its fields."""
    full = OTHER | {
        "aliases": ["P. Marten", "Marten"], "types": ["PERSON", "ORG"], "description": "Baker of Tarnwick",
        "country": "IRL", "lat": 52.5, "lon": -9, "context": ["oven bread"],
    }  # fmt: skip
    assert import_lines(path, lines(full)).bad == ()
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
    """An invalid line is skipped and reported with its number and key; the others are imported."""
    done = import_lines(path, lines(GOOD, line, OTHER))
    assert [(each.line, each.key) for each in done.bad] == [(2, key)]
    assert (done.info.entries, len(str(done.bad[0])) < 400) == (2, True)


def test_same_qid_twice(path: Path):
    """The first line of a QID wins; the second is invalid and says where the first is."""
    done = import_lines(path, lines(GOOD, b"", GOOD | {"label": "Other"}))
    assert [str(each) for each in done.bad] == ["line 3: qid: Q999999901 is already on line 1"]


def test_circular_aliases(path: Path):
    """Two entries with each other's name as alias are both found by either name."""
    import_lines(path, lines(GOOD | {"aliases": ["Piet Marten"]}, OTHER | {"aliases": ["Lena Ostrow", "lena ostrow"]}))
    kb = load_kb(store=path)
    both = ["Q999999901", "Q999999902"]
    assert [[e.qid for e in kb.candidates(name)] for name in ("Lena Ostrow", "Piet Marten")] == [both, both]


@pytest.mark.parametrize("content", [b"", b"\n \n", b"nothing\n", b"\xef\xbb\xbf"])
def test_empty_import_changes_nothing(path: Path, content: bytes):
    """A file without a valid line is rejected, and the knowledge base is unchanged, with no other file next to it."""
    before = import_lines(path, lines(GOOD)).info
    with pytest.raises(KnowledgeError, match="is unchanged"):
        import_lines(path, content)
    assert KbStore(path).info() == before
    assert os.listdir(path.parent) == ["kb.sqlite"]


def test_version_depends_on_the_contents(path: Path, tmp_path: Path):
    """The same lines in another order have the same version; another line gives another version."""
    first = import_lines(path, lines(GOOD, OTHER)).info.version
    assert import_lines(path, lines(OTHER, GOOD)).info.version == first
    assert import_lines(tmp_path / "b.sqlite", lines(OTHER, GOOD | {"prior": 4})).info.version != first


def test_open_reader_keeps_the_old_file(path: Path):
    """An import replaces the file: a reader with the old file open keeps reading it."""
    import_lines(path, lines(GOOD))
    store = KbStore(path)
    import_lines(path, lines(OTHER))
    assert [len(store.named("lena ostrow")), len(KbStore(path).named("lena ostrow"))] == [1, 0]


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100, b"SQLite format 3\x00" + b"\x00" * 500])
def test_broken_file_is_named(path: Path, content: bytes):
    """A file that is not a knowledge base stops with its name and the fix."""
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(KnowledgeError, match=re.escape(str(path))) as caught:
        load_kb(store=path)
    assert "kb import" in str(caught.value)


def test_own_entry_replaces_the_built_in_one(path: Path):
    """Your entry replaces the built-in one with the same id or name; other entries with that name stay."""
    mine = {"qid": "Q142", "label": "France", "types": ["GPE"], "prior": 5, "description": "republic"}
    import_lines(path, lines(mine, GOOD | {"label": "France"}))
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
@settings(max_examples=3000 if LONG else 50, deadline=None)
def test_any_line_is_a_record_or_a_bad_line(found: Iterable[bytes]):
    """Every non-blank line of any file is a record or a bad line, and records can be stored."""
    content = b"\n".join(found)
    got = list(read_records(BytesIO(content)))
    assert [number for number, _ in got] == [n for n, line in enumerate(content.split(b"\n"), 1) if line.strip()]
    for _, each in got:
        if not isinstance(each, BadLine):
            assert each.names
            assert "\x00".join(each.names).encode()
