"""Flipped bytes in the files of a data root: verify must report each one that changes what a reader sees."""

import gc
import random
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newslake.pipeline.archive.members import decompress_member
from newslake.pipeline.archive.scan import read_file
from newslake.pipeline.model import Capture
from newslake.pipeline.upkeep.maintenance import read_everything, verify
from tests.faults.resume_worker import open_space
from tests.faults.sample_run import SECOND

_DATABASES = {
    "lake/_state/index.sqlite": "article_index",
    "lake/_state/search.sqlite": "search_index",
    "archive/index.sqlite": "capture_index",
    "archive/state.sqlite": "state",
}
_NAMES_IN_PROBLEMS = {
    "article_index": ("_state/index.sqlite", "article index"),
    "search_index": ("_state/search.sqlite",),
    "capture_index": ("index.sqlite",),
    "state": ("state.sqlite",),
}


@dataclass(frozen=True, slots=True)
class Flip:
    """A byte of a file, and its bits that change."""

    path: Path
    offset: int
    mask: int


def kind_of(path: Path, folder: Path) -> str:
    """Return the kind of a file in a data root: its folder, or the database."""
    name = path.relative_to(folder)
    parts = name.with_suffix("").parts
    return _DATABASES.get(name.as_posix()) or (parts[2] if parts[1] == "_state" else parts[1])


def files_of(folder: Path) -> dict[str, list[Path]]:
    """Return the files of lake and archive that are not empty, by kind."""
    found: defaultdict[str, list[Path]] = defaultdict(list)
    for root in ("lake", "archive"):
        for path in sorted((folder / root).rglob("*")):
            if path.is_file() and path.stat().st_size:
                found[kind_of(path, folder)].append(path)
    return dict(found)


def chosen(folder: Path, *, seed: int, count: int) -> Iterator[Flip]:
    """Yield flips, the same number for each kind of file, regardless of size."""
    chance, files = random.Random(seed), files_of(folder)
    for number in range(count):
        path = chance.choice(files[sorted(files)[number % len(files)]])
        yield Flip(path, chance.randrange(path.stat().st_size), chance.randrange(1, 256))


class Flips:
    """Flips bytes of a data root, one at a time, and restores each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.before = {path: path.read_bytes() for paths in files_of(folder).values() for path in paths}
        self.counts: Counter[tuple[str, str]] = Counter()

    def judge(self, flip: Flip) -> str | None:
        """Flip a byte; return the problem if verify does not report it correctly, None if it does or need not."""
        kind = kind_of(flip.path, self.folder)
        self._write(flip.path, self._flipped(flip))
        try:
            matters = self._matters(flip.path, kind)
            problems = verify(open_space(self.folder, SECOND), reads=read_everything).problems
        finally:
            gc.collect()  # closes the databases
            self._restore(flip.path)
        is_named = any(name in problem for problem in problems for name in self._names(flip.path, kind))
        self.counts[kind, "reported" if is_named else "without effect"] += 1
        if is_named or not (matters or problems):
            return None
        return f"{flip}: reported {problems[:3]}"

    def _flipped(self, flip: Flip) -> bytes:
        data = bytearray(self.before[flip.path])
        data[flip.offset] ^= flip.mask
        return bytes(data)

    def _write(self, path: Path, data: bytes) -> None:
        """Write in place, so that a public file and its object remain one file."""
        with path.open("r+b") as file:
            file.write(data)
            file.truncate()

    def _restore(self, path: Path) -> None:
        if path.suffix == ".sqlite":
            for companion in path.parent.glob(f"{path.name}-*"):
                companion.unlink()
        self._write(path, self.before[path])

    def _names(self, path: Path, kind: str) -> tuple[str, ...]:
        """Return the names of a file in messages; a message needs one of them."""
        if kind in _DATABASES.values():
            return _NAMES_IN_PROBLEMS[kind]
        named = path.parent if kind == "staged" else path
        return (named.relative_to(self.folder / named.relative_to(self.folder).parts[0]).as_posix(),)

    def _matters(self, path: Path, kind: str) -> bool:
        """Return whether a reader of the file now reads something else."""
        if kind in _DATABASES.values():
            return database_says(path.read_bytes(), path) != database_says(self.before[path], path)
        if kind == "warc":
            return warc_says(path) != self._warc_said(path)
        return True

    def _warc_said(self, path: Path) -> Any:
        original = path.with_name("before")
        original.write_bytes(self.before[path])
        try:
            return warc_says(original)
        finally:
            original.unlink()


def database_says(data: bytes, path: Path) -> Any:
    """Return the readable content of a database, tables and rows; the error if it cannot be read."""
    copy = path.with_name("copy.sqlite")
    copy.write_bytes(data)
    try:
        with closing(sqlite3.connect(copy)) as opened:
            tables = opened.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
            version = opened.execute("PRAGMA user_version").fetchall()
            return version, {name: opened.execute(f"SELECT * FROM {name}").fetchall() for (name,) in tables}
    except (sqlite3.Error, ValueError) as error:
        return error
    finally:
        for each in path.parent.glob("copy.sqlite*"):
            each.unlink()


def warc_says(path: Path) -> Any:
    """Return each record of a WARC file that belongs into the index, with its bytes."""
    reading = read_file(path, name="a", is_checked=True)
    assert all(isinstance(each, Capture) or each.reason for each in reading.records)
    data = path.read_bytes()
    return [
        (
            each,
            decompress_member(data[each.offset :][: each.length], place=path, offset=each.offset, length=each.length),
        )
        for each in reading.records
    ]
