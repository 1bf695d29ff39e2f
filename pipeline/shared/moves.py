"""The parts of a data root that are moved, except its tables: archive, page states, takedowns, index, add-ons."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial
from itertools import batched

from newslake.pipeline.archive import Archive, PageState, RecordArchive, Takedown
from newslake.pipeline.archive.interfaces import Blocklist, PageStates
from newslake.pipeline.archive.writer import SUFFIX
from newslake.pipeline.errors import ArchiveError, StoreError
from newslake.pipeline.lake.article_changes import ChangeHistory
from newslake.pipeline.model import Attempt, Capture
from newslake.pipeline.shared.bucket import Bucket
from newslake.pipeline.shared.migration import MovePiece
from newslake.pipeline.shared.object_archive import ObjectArchive
from newslake.pipeline.shared.tables import SharedTables
from newslake.pipeline.shared.warc_objects import FOLDER, sealed_name
from newslake.pipeline.store.side_state import SideRow, SideRows, SideSchema, SideState, fetch_tables
from newslake.pipeline.store.tables import ArticleStates

_FILES, _BYTES = 256, 32_000_000  # of a piece of the archive; a longer file is one alone
_THREADS = 8
_PAGES = 1_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # of a takedown that is revoked at once: only its id is known


@dataclass
class ArchiveMove:
    """The WARC files, as they are: under the names of sealed files, with their records at the same places."""

    source: Archive
    target: ObjectArchive
    objects: Bucket
    name: str = "the archive"
    unit: str = "bytes"
    _counts: Counter[str] = field(default_factory=Counter)

    def pieces(self) -> list[MovePiece]:
        files, self._counts = self.source.file_names(), Counter()
        sizes = {file: self.source.file_size(file) for file in files}
        self._counts.update({"WARC files": len(files), "bytes": sum(sizes.values())})
        return [
            MovePiece(
                name=group[0],
                size=sum(sizes[file] for file in group),
                is_equal=partial(self._is_equal, group),
                copy=partial(self._copy, group),
            )
            for group in _groups_of(sizes)
        ]

    def is_begun(self) -> bool:
        return bool(self._names())

    def extras(self) -> Iterator[str]:
        known = {sealed_name(file) for file in self.source.file_names()}
        yield from sorted(self._names() - known)

    def drop_extras(self) -> None:
        """Delete nothing: a file that is there alone may be the last copy of its pages, so it stops the move."""

    def _names(self) -> set[str]:
        listed = (each.key for each in self.objects.list(FOLDER) if each.key.endswith(SUFFIX))
        return {*self.target.file_names(), *listed}

    def counts(self) -> Mapping[str, int]:
        return self._counts

    def _records(self, file: str) -> tuple[Capture | Attempt, ...]:
        """Return the records of a file of the source as they are in the sealed file."""
        return tuple(replace(each, file=sealed_name(file)) for each in self.source.records_of(file))

    def _is_equal(self, files: Sequence[str]) -> bool:
        if any(self.target.records_of(sealed_name(file)) != self._records(file) for file in files):
            return False
        with ThreadPoolExecutor(_THREADS) as pool:
            return all(pool.map(self._has_bytes, files))

    def _has_bytes(self, file: str) -> bool:
        chunks = self.objects.read_chunks(sealed_name(file))
        return chunks is not None and _digest_of(chunks) == _digest_of([self._bytes_of(file)])

    def _copy(self, files: Sequence[str]) -> None:
        with ThreadPoolExecutor(_THREADS) as pool:
            for _ in pool.map(self._put, files):
                continue
        self.target.add_files({sealed_name(file): self._records(file) for file in files})

    def _put(self, file: str) -> None:
        if not self.objects.put_new(sealed_name(file), self._bytes_of(file)):
            raise StoreError(
                f"{sealed_name(file)} has other bytes than {file}, which was changed since, as by a takedown; empty "
                "the shared store, or name a new one, then move again",
                key=file,
                reason="store_conflict",
            )

    def _bytes_of(self, file: str) -> bytes:
        data = self.source.file_bytes(file)
        if data is None:
            message = f"{file} is in the index, but missing; see `newslake archive verify`, then move again"
            raise ArchiveError(message, key=file, reason="record_missing")
        return data


def _groups_of(sizes: Mapping[str, int]) -> Iterator[list[str]]:
    """Yield files in order, in groups that are copied at once."""
    group, held = list[str](), 0
    for file, size in sizes.items():
        if group and (len(group) == _FILES or held + size > _BYTES):
            yield group
            group, held = [], 0
        group.append(file)
        held += size
    if group:
        yield group


def _digest_of(chunks: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for each in chunks:
        digest.update(each)
    return digest.hexdigest()


@dataclass
class PageMove:
    """The states of the pages that were listed, by news day, and the validators of the listings."""

    source: PageStates
    target: PageStates
    name: str = "the states of pages"
    unit: str = "pages"
    _counts: Counter[str] = field(default_factory=Counter)

    def pieces(self) -> list[MovePiece]:
        days, listings = _days_of(self.source), tuple(self.source.listings())
        self._counts = Counter({"states of pages": sum(days.values()), "listings": len(listings)})
        pages = [
            MovePiece(
                name=day.isoformat(),
                size=count,
                is_equal=partial(self._is_equal, day),
                copy=partial(self._copy, day),
            )
            for day, count in sorted(days.items())
        ]
        return [self._listings(), *pages]  # its copy may delete pages, which are copied then

    def _listings(self) -> MovePiece:
        def copy() -> None:
            here, there = ({each[:2] for each in states.listings()} for states in (self.source, self.target))
            for source_key in sorted({source_key for source_key, _ in there - here}):
                self.target.erase((), source_key=source_key)
            for source_key, url, validators in self.source.listings():
                self.target.store_validators(source_key, validators, url=url)

        def is_equal() -> bool:
            return tuple(self.target.listings()) == tuple(self.source.listings())

        return MovePiece(name="the validators of listings", size=0, is_equal=is_equal, copy=copy)

    def is_begun(self) -> bool:
        return bool(_days_of(self.target))

    def extras(self) -> Iterator[str]:
        days = _days_of(self.source)
        yield from (f"states of pages of {day}" for day, n in sorted(_days_of(self.target).items()) if n > days[day])

    def drop_extras(self) -> None:
        for day in _days_of(self.target) - _days_of(self.source):
            self._copy(day)

    def counts(self) -> Mapping[str, int]:
        return self._counts

    def _is_equal(self, day: date) -> bool:
        return all(_by_key(self.source, keys) == _by_key(self.target, keys) for keys in self._keys(day))

    def _copy(self, day: date) -> None:
        for keys in self._keys(day):
            here = _by_key(self.source, keys)
            self.target.record_many(here.values())
            self.target.drop(_by_key(self.target, keys).keys() - here.keys())

    def _keys(self, day: date) -> Iterator[tuple[str, ...]]:
        """Yield the pages that a side has for a day, some at a time; with each come its web archive snapshots."""
        known = (each for states in (self.source, self.target) for each in states.known(day, day))
        return batched(dict.fromkeys(each.page_key for each in known), _PAGES)


def _days_of(states: PageStates) -> Counter[date]:
    """Return how many states there are of each news day."""
    return Counter(each.news_day for each in states.known(date.min, date.max))


def _by_key(states: PageStates, keys: Iterable[str]) -> dict[str, PageState]:
    return {each.page_key: each for each in states.of_pages(keys)}


@dataclass
class TakedownMove:
    """The takedowns, revoked ones included, with the names that each blocks. All are done."""

    source: Blocklist
    target: Blocklist
    name: str = "the takedowns"
    unit: str = "takedowns"

    def pieces(self) -> list[MovePiece]:
        return [
            MovePiece(name="the blocklist", size=len(self.source.known()), is_equal=self._is_equal, copy=self._copy)
        ]

    def is_begun(self) -> bool:
        return bool(self.target.known())

    def extras(self) -> Iterator[str]:
        yield from (f"takedown {each}" for each in sorted(self.target.known() - self.source.known()))

    def drop_extras(self) -> None:
        """Delete nothing: a takedown is never dropped, and one that is there alone stops the move."""

    def counts(self) -> Mapping[str, int]:
        return {"takedowns": len(self.source.known())}

    def _is_equal(self) -> bool:
        ours, theirs = self.source.all(), self.target.all()
        return (
            ours == theirs
            and self.source.known() == self.target.known()
            and all({*self.source.names(each.takedown_id)} == {*self.target.names(each.takedown_id)} for each in ours)
        )

    def _copy(self) -> None:
        there = self.source.all()
        for each in there:
            self.target.block_again(each, names=self.source.names(each.takedown_id), work=None)
        stays = {each.takedown_id for each in there}
        done = self.target.known() - {each.takedown_id for each in self.target.all()}
        for revoked in self.source.known() - stays - done:  # also one that a killed move has blocked, but not revoked
            blank = Takedown(takedown_id=revoked, kind="article", at=_EPOCH, reason=None, articles=0, is_done=True)
            self.target.block_again(blank, names=(), work=None)
            self.target.revoke(revoked)


class IndexMove:
    """A part of the article index: it follows archive and tables, which say what there is of it, and how much."""

    def is_begun(self) -> bool:
        return False

    def extras(self) -> Iterator[str]:
        return iter(())

    def drop_extras(self) -> None:
        """Delete nothing: an index has no extras."""

    def counts(self) -> Mapping[str, int]:
        return {}


@dataclass
class OutcomeMove(IndexMove):
    """The cached outcomes, by news day: articles that were processed without a row are not processed again."""

    archive: RecordArchive
    source: ArticleStates
    target: SharedTables
    name: str = "the cached outcomes"
    unit: str = "news days"

    def pieces(self) -> list[MovePiece]:
        return [
            MovePiece(
                name=day.isoformat(), size=1, is_equal=partial(self._is_equal, day), copy=partial(self._copy, day)
            )
            for day in self.archive.days()
        ]

    def _is_equal(self, day: date) -> bool:
        ids = self.archive.articles_of_day(day)
        return self.source.cached_outcomes(ids) == self.target.index.cached_outcomes(ids)

    def _copy(self, day: date) -> None:
        ids = self.archive.articles_of_day(day)
        here = self.source.cached_outcomes(ids)
        with self.target.hold():
            self.target.index.put_outcomes(here)
            self.target.index.forget_outcomes({*ids} - here.keys())


@dataclass
class HistoryMove(IndexMove):
    """The changes of articles, which `newslake changes` lists, and what the rows of days are derived with."""

    source: ArticleStates
    target: SharedTables
    name: str = "the changes of articles"
    unit: str = "articles"

    def pieces(self) -> list[MovePiece]:
        size = len(self.source.history().articles)
        return [MovePiece(name="the article index", size=size, is_equal=self._is_equal, copy=self._copy)]

    def _is_equal(self) -> bool:
        return _without_last(self.source.history()) == _without_last(self.target.index.history())

    def _copy(self) -> None:
        with self.target.hold():
            self.target.index.put_history(self.source.history())


def _without_last(history: ChangeHistory) -> ChangeHistory:
    """Return a history without its last stamp: the copy of the tables has other stamps, which may be later."""
    return replace(history, last=None)


@dataclass
class SideMove:
    """The states of add-ons: their rows and named files. The caller holds the locks of the source.

    ``sources`` and ``targets`` return the states of both sides that exist now, by name.
    """

    sources: Callable[[], Mapping[str, SideState]]
    targets: Callable[[], Mapping[str, SideState]]
    create: Callable[[SideSchema], SideState]
    name: str = "the state of add-ons"
    unit: str = "rows"

    def pieces(self) -> list[MovePiece]:
        size = sum(self.counts().values())
        name = "its rows and files"
        return [MovePiece(name=name, size=size, is_equal=self._is_equal, copy=self._copy, is_open=True)]

    def is_begun(self) -> bool:
        return any(_row_count(state) for state in self.targets().values())

    def extras(self) -> Iterator[str]:
        return iter(())

    def drop_extras(self) -> None:
        """Delete nothing: a copy replaces all rows."""

    def counts(self) -> Mapping[str, int]:
        return {f"rows of {name}": _row_count(state) for name, state in self.sources().items()}

    def _is_equal(self) -> bool:
        here, there = self.sources(), self.targets()
        return here.keys() >= {name for name, state in there.items() if _row_count(state)} and all(
            name in there and _content(state) == _content(there[name]) for name, state in here.items()
        )

    def _copy(self) -> None:
        here = self.sources()
        for name, state in self.targets().items():
            if name not in here:
                _replace(state, {}, {})
        for state in here.values():
            _replace(self.create(state.schema), *_content(state))


type _Rows = Mapping[str, Sequence[SideRow]]


def _row_count(state: SideState) -> int:
    rows = _rows(state)
    return sum(len(rows[table.name]) for table in state.schema.tables)


def _rows(state: SideState) -> _Rows:
    return state.read(lambda rows: fetch_tables(rows, state.schema))


def _content(state: SideState) -> tuple[_Rows, Mapping[str, bytes]]:
    """Return the rows of a state per table, and its files."""
    files = ((name, state.file(name)) for name in state.file_names())
    return _rows(state), {name: data for name, data in files if data is not None}


def _replace(state: SideState, tables: _Rows, files: Mapping[str, bytes]) -> None:
    """Replace all rows and files of a state."""

    def put(rows: SideRows) -> None:
        for table in state.schema.all_tables():
            rows.execute(f"DELETE FROM {table.name}")  # noqa: S608 - a constant of the schema
            rows.add(table.name, [tuple(row.values())[:-1] for row in tables.get(table.name, ())])  # without checksums

    with state.exclusive() as lock:
        state.change(put, lock=lock)
        if state.file_names() - files.keys():
            state.delete_files()
        for name, data in files.items():
            if (error := state.write_file(name, partial(_constant, data), lock=lock)) is not None:
                raise error


def _constant(data: bytes, rows: SideRows) -> bytes:
    return data
