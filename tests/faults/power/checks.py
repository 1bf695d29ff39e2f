"""What must hold after power loss, per job: in the files that are left, and after the next process has worked."""

import gc
import hashlib
import json
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from pathlib import Path

from newslake.pipeline.archive import Archive, FetchState
from newslake.pipeline.lake import Lake
from newslake.pipeline.lake.manifests import generation_of
from newslake.pipeline.lake.storage import is_parquet_sound
from newslake.pipeline.upkeep.takedown import finish_takedowns, forget
from tests.faults.lake.calls import HEAD
from tests.faults.lake.newsdesk import open_lake
from tests.faults.lake.promises import READING, assert_whole, public_files
from tests.faults.power import jobs
from tests.faults.power.disk import File, Naming, Recording, Tree, files_under
from tests.faults.power.states import key_of
from tests.traces import Traces

MANIFESTS, TABLE_FILES, LOG = "months/", "tables/", "log/"


class Checks(ABC):
    """The promises of one job, checked on crashed copies of its folder."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording

    def problems_of_files(self, tree: Tree, end: int) -> Iterator[str]:
        """Yield what is wrong with the files as the power loss has left them."""
        yield from ()

    def key_of(self, tree: Tree) -> bytes:
        """Return a key that two states share if the checks read the same from both."""
        return key_of(tree)

    @abstractmethod
    def assert_kept(self, root: Path, end: int) -> None:
        """What was reported is there, and what is there is whole, also after a repair."""

    @abstractmethod
    def assert_ends_well(self, root: Path) -> None:
        """The same work again ends like the undisturbed work."""

    @cached_property
    def final(self) -> Tree:
        return self.recording.live()

    @cached_property
    def _marks(self) -> list[tuple[int, str, Tree]]:
        """Return position, text and files of each report."""
        places = [
            at for at, step in enumerate(self.recording.steps) if not hasattr(step, "node") and hasattr(step, "text")
        ]
        return [(at, self.recording.steps[at].text, self.recording.live(at)) for at in places]

    def reported(self, end: int) -> dict[str, Tree]:
        """Return the reports before a step, each with the files of its time."""
        return {text: tree for at, text, tree in self._marks if at < end}


@dataclass(frozen=True, slots=True)
class Commit:
    """The content of a head: its manifests, the digest of each file by table and stem, and its closed months."""

    head: bytes
    manifests: Mapping[str, bytes]
    files: Mapping[tuple[str, str], str]
    objects: Mapping[str, str]
    days: frozenset[tuple[str, str]]


def commit_of(head: bytes, manifests: Mapping[str, bytes]) -> Commit:
    """Return the content of a head; ``manifests`` are by their paths below ``_state``."""
    named = {path: manifests[path] for path in json.loads(head)["months"].values()}
    contents = [json.loads(data) for data in named.values()]
    entries = [
        (name, stem, entry)
        for content in contents
        for name, files in content["files"].items()
        for stem, entry in files.items()
    ]
    return Commit(
        head,
        named,
        {(name, stem): entry["sha256"] for name, stem, entry in entries},
        {entry["object"]: entry["sha256"] for _, _, entry in entries},
        frozenset(
            (name, day) for content in contents for day, each in content["days"].items() for name in each["rows"]
        ),
    )


class LakeChecks(Checks):
    """A lake is of one commit, what was reported is there, no public file is newer than the head, none vanishes."""

    def __init__(self, recording: Recording, prefix: str = "") -> None:
        super().__init__(recording)
        self.prefix = prefix
        self._state = f"{prefix}_state/"
        self._head = f"{self._state}{HEAD}"

    @cached_property
    def final_tables(self) -> Mapping[str, bytes]:
        folder = f"{self.prefix}{TABLE_FILES}"
        return {path.removeprefix(folder): data for path, data in files_under(self.final, folder).items()}

    @cached_property
    def _history(self) -> list[Commit]:
        """Return the commits, in order; the first is that before the work, if there is any."""
        steps = enumerate(self.recording.steps)
        places = [at + 1 for at, step in steps if isinstance(step, Naming) and step.about.endswith(f" to {self._head}")]
        found = []
        for at in [0, *places]:
            tree = self.recording.live(at)
            if self._head in tree:
                manifests = files_under(tree, f"{self._state}{MANIFESTS}")
                below = {path.removeprefix(self._state): data for path, data in manifests.items()}
                found.append(commit_of(tree[self._head].data, below))
        return found

    @cached_property
    def _place_of(self) -> Mapping[bytes, int]:
        return {each.head: place for place, each in enumerate(self._history)}

    def problems_of_files(self, tree: Tree, end: int) -> Iterator[str]:
        head = tree.get(self._head)
        if head is not None and head.data not in self._place_of:
            yield f"{self._head} is not as it was committed"
            return
        place = -1 if head is None else self._place_of[head.data]
        if place >= 0:
            yield from self._missing_files(tree, self._history[place])
        for text, then in self.reported(end).items():
            if self._head in then and place < self._place_of[then[self._head].data]:
                yield f"{self._head} is older than what was reported: {text}"
            yield from self._lost(tree, then, end, text)
        yield from self._torn_tables(tree, place)
        yield from self._vanished_days(tree, end)
        for path, data in files_under(tree, f"{self.prefix}{LOG}").items():
            if not is_parquet_sound(data):
                yield f"{path} is torn"

    def _missing_files(self, tree: Tree, commit: Commit) -> Iterator[str]:
        for path, data in commit.manifests.items():
            file = tree.get(f"{self._state}{path}")
            if file is None or file.data != data:
                yield f"{path} is {'missing' if file is None else 'torn'}, the head names it"
        for path, digest in commit.objects.items():
            file = tree.get(f"{self._state}{path}")
            if file is None or file.digest.hex() != digest:
                yield f"{path} is {'missing' if file is None else 'torn'}, a manifest names it"

    def _lost(self, tree: Tree, then: Tree, end: int, text: str) -> Iterator[str]:
        """Yield the files of staged batches and of the log that were there, should still be, and are not."""
        now = self._live_at(end)
        for path, data in files_under(then, f"{self.prefix}_state/staged/", f"{self.prefix}{LOG}").items():
            if path in now and now[path].data == data and (path not in tree or tree[path].data != data):
                yield f"{path} is lost, though reported: {text}"
        before = [each for _, each in takewhile(lambda item: item[0] != text, self.reported(end).items())]
        for path in files_under(tree, f"{self.prefix}{LOG}").keys() - now.keys() - then.keys():
            if any(path in each for each in before):
                yield f"{path} is there again, though removed before: {text}"

    def _live_at(self, end: int) -> Tree:
        if self._cached_live[0] != end:
            self._cached_live = end, self.recording.live(end)
        return self._cached_live[1]

    _cached_live: tuple[int, Tree] = (-1, {})

    def _public(self, tree: Tree) -> Iterator[tuple[str, str, str, File]]:
        """Yield path, table, stem and content of each public file."""
        for path, file in tree.items():
            if path.startswith(f"{self.prefix}{TABLE_FILES}") and not path.endswith("/"):
                _, table, _, name = path.removeprefix(self.prefix).split("/")
                yield path, table, name.removesuffix(".parquet"), file

    def _torn_tables(self, tree: Tree, place: int) -> Iterator[str]:
        """A public file is that of a commit, not of one after the head; a folder has files of days, or of the month."""
        kinds: dict[str, int] = {}
        for path, table, stem, file in self._public(tree):
            versions = [each.files.get((table, stem)) for each in self._history]
            digest = file.digest.hex()
            if digest not in versions:
                yield f"{path} is torn"
            elif digest not in versions[: place + 1]:
                yield f"{path} is not committed yet"
            if kinds.setdefault(path.rpartition("/")[0], len(stem)) != len(stem):
                yield f"{path} is in a folder with files of days and of the month"

    def _vanished_days(self, tree: Tree, end: int) -> Iterator[str]:
        """Rows that were there from the beginning are in some public file: a file is replaced, never missing."""
        begin = self.recording.live(0)
        if self._head not in begin:
            return
        first = self._history[0]
        until = self._place_of[self._live_at(end)[self._head].data]
        stay = first.days.intersection(*(each.days for each in self._history[: until + 1]))
        stems = {(table, stem) for _, table, stem, _ in self._public(tree)}
        for table, day in sorted(stay):
            if not stems & {(table, day), (table, day[: len("YYYY-MM")])}:
                yield f"{table} of {day} is in no public file"


class WorkChecks(LakeChecks):
    """Commits or a compaction; ``work`` does it again."""

    def __init__(self, recording: Recording, work: Callable[[Lake], None]) -> None:
        super().__init__(recording)
        self.work = work

    def assert_kept(self, root: Path, end: int) -> None:
        lake = open_lake(root)
        for name in READING:
            lake.read(name)
        for text in self.reported(end):
            if text.startswith("committed "):
                assert lake.index.is_done(text.removeprefix("committed ")), f"the index has lost: {text}"
        other = root.with_name(f"{root.name}-other")
        shutil.copytree(root, other)
        try:  # the next commit must recover by itself
            open_lake(other).commit([], is_current=lambda article, at: True)
            assert_no_other_manifest(other)
        finally:
            gc.collect()
            shutil.rmtree(other)
        lake.recover()
        assert_whole(lake)
        assert_no_other_manifest(root)

    def assert_ends_well(self, root: Path) -> None:
        lake = open_lake(root, grace_hours=0)
        self.work(lake)
        lake.recover()  # as each night: the links of the last commits may be lost, and work done again changes no file
        lake.gc()
        assert_same_tables(public_files(root), self.final_tables)
        assert_whole(lake)


def assert_no_other_manifest(root: Path) -> None:
    """No manifest is as new as the one that the head names: a later repair must not take that of a dead commit."""
    head = open_lake(root).partitions.head()
    for path in (root / "_state").glob(f"{MANIFESTS}*/*.json"):
        named = head.months.get(path.parent.name)
        is_older = named is not None and generation_of(path) < generation_of(Path(named))
        assert is_older or path == root / "_state" / str(named), f"{path.name} is of a dead commit"


class ArchiveChecks(Checks):
    """A WARC file has its final name with all its bytes; reported pages and states are there."""

    def problems_of_files(self, tree: Tree, end: int) -> Iterator[str]:
        whole = files_under(self.final, "archive/warc/")
        for path, data in files_under(tree, "archive/warc/").items():
            if path.endswith(".warc.gz") and whole.get(path) != data:
                yield f"{path} is torn"

    def assert_kept(self, root: Path, end: int) -> None:
        archive, state = self._open(root)
        state.seen("")  # creates the tables if the process died before it had
        for capture in archive.captures():
            archive.page(capture)
        assert_pages(archive, state, set(self.reported(end)))
        archive.recover()
        assert_none(archive.verify())
        assert_none(state.verify())
        assert_pages(archive, state, set(self.reported(end)))

    def assert_ends_well(self, root: Path) -> None:
        jobs.archive_turns(root, lambda what: None)
        archive, state = self._open(root)
        assert_none(archive.verify())
        assert_pages(archive, state, {f"{what} {turn}" for what in ("archived", "noted") for turn in range(2)})

    def _open(self, root: Path) -> tuple[Archive, FetchState]:
        folder = root / "archive"
        return Archive(folder, durability="process"), FetchState(folder, durability="process")


def assert_none(problems: Iterable[object]) -> None:
    found = list(map(str, problems))
    assert found == [], "; ".join(found)


def assert_same_tables(files: Mapping[str, bytes], final: Mapping[str, bytes]) -> None:
    wrong = sorted(path for path in files.keys() | final.keys() if files.get(path) != final.get(path))
    assert wrong == [], f"these tables differ from the undisturbed ones: {wrong}"


def assert_pages(archive: Archive, state: FetchState, reported: set[str]) -> None:
    """The pages and states of the reported turns are there, byte for byte."""
    for turn in range(2):
        for number in range(5):
            page = jobs.page_of(number, turn)
            if f"archived {turn}" in reported:
                found = [each for each in archive.captures(page_key=page.url) if each.fetched_at == page.fetched_at]
                assert found, f"{page.url} of turn {turn} is lost"
                body = jobs.body_of(number, 0 if number % 2 else turn)
                assert archive.page(found[0]).body == body
            if f"noted {turn}" in reported:
                seen = state.seen(page.url)
                attempts = -1 if seen is None else seen.attempts
                assert attempts >= turn, f"the state of {page.url} is lost"


class TakedownChecks(LakeChecks):
    """Nothing is deleted before the takedown is recorded, and what was reported as forgotten does not come back."""

    def __init__(self, recording: Recording) -> None:
        super().__init__(recording, "lake/")

    def key_of(self, tree: Tree) -> bytes:
        """Forgotten text may also be in temporary files and in the log of SQLite."""

        def is_whole(path: str, file: File) -> bool:
            return not path.endswith("-wal") or self._is_trace(file.data, file.digest)

        return key_of(tree, is_whole=is_whole)

    @cached_property
    def _traces(self) -> Traces:
        return Traces(jobs.MARK_WORDS)

    @cached_property
    def _inventory(self) -> bytes:
        return self.final["inventory.json"].data

    @cached_property
    def _has_trace(self) -> dict[bytes, bool]:
        return {}

    def _is_trace(self, data: bytes, digest: bytes) -> bool:
        """Return whether bytes with this digest have forgotten text; most files are the same in most crashes."""
        if digest not in self._has_trace:
            self._has_trace[digest] = bool(self._traces.in_file(data))
        return self._has_trace[digest]

    def problems_of_files(self, tree: Tree, end: int) -> Iterator[str]:
        yield from super().problems_of_files(tree, end)
        if "forgotten" in self.reported(end):
            for path, file in tree.items():
                if self._is_trace(file.data, file.digest):
                    yield f"{path} has forgotten text"

    def assert_kept(self, root: Path, end: int) -> None:
        is_reported = "forgotten" in self.reported(end)
        space = jobs.open_space(root, durability="process")
        is_recorded = bool(space.takedowns.all())
        assert is_recorded or not is_reported, "the takedown is lost"
        if not is_recorded:
            held = space.archive.find_captures(article_ids=[jobs.DOOMED.article_id])
            assert len(held) == 2, "deleted before it was recorded"
            assert all(space.archive.page(each).body for each in held)
            assert jobs.DOOMED.article_id in space.lake.read("articles")["article_id"].to_pylist()
        else:
            assert space.takedowns.is_blocked(jobs.DOOMED.article_id)
        if is_reported:
            assert_none(space.takedowns.verify())
            assert (root / "inventory.json").read_bytes() == self._inventory, "the inventory is lost"
        space.archive.recover()
        space.lake.recover()
        finish_takedowns(space)
        assert_none(space.archive.verify())
        assert_none(space.fetch_state.verify())
        assert_whole(space.lake)
        if is_recorded:
            self._assert_forgotten(root)

    def assert_ends_well(self, root: Path) -> None:
        space = jobs.open_space(root, durability="process")
        forget(space, jobs.TARGET, reason="asked again", report_progress=lambda what: None)
        self._assert_forgotten(root)

    def _assert_forgotten(self, root: Path) -> None:
        gc.collect()  # closes the databases
        files = {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        left = [path for path, data in files.items() if self._is_trace(data, hashlib.sha256(data).digest())]
        assert left == [], f"forgotten text in {left}"
        assert_same_tables(public_files(root / "lake"), self.final_tables)


class MaintenanceChecks(LakeChecks):
    """A snapshot is whole or not there; indexes are rebuilt; nothing is lost."""

    def __init__(self, recording: Recording) -> None:
        super().__init__(recording, "lake/")

    def assert_ends_well(self, root: Path) -> None:
        """The work is maintenance, which ``assert_kept`` has done again."""

    def assert_kept(self, root: Path, end: int) -> None:
        space = jobs.open_space(root, durability="process")
        names = {each.facts.name for each in space.lake.snapshots.list()}
        reported = self.reported(end)
        assert "after" in names or "snapshot after" not in reported, "the snapshot is lost"
        if "dropped before" in reported:
            assert "before" not in names, "the dropped snapshot is there again"
        elif "snapshot before" in reported and "snapshot after" not in reported:
            assert "before" in names, "the first snapshot is lost with its folder"
        for name in sorted(names):
            assert_none(space.lake.snapshots.verify(name))
        for capture in space.archive.captures():
            space.archive.page(capture)
        space.archive.recover()
        space.lake.recover()
        space.lake.compact(months=[jobs.FEBRUARY])
        assert len(space.archive.captures()) == 2 * len(jobs.STORIES)
        assert_none(space.archive.verify())
        assert_whole(space.lake)
        assert_same_tables(public_files(root / "lake"), self.final_tables)


def checks_of(job: str, recording: Recording) -> Checks:
    """Return the checks of a job."""
    redo: Mapping[str, Callable[[Lake], None]] = {
        "first": lambda lake: jobs.publish(lake, 0, lambda what: None),
        "commit": lambda lake: jobs.publish(lake, 1, lambda what: None),
        "resuming": lambda lake: jobs.commit_next(lake, lambda what: None),
        "closing": lambda lake: jobs.close_month(lake, lambda what: None),
    }
    if job in redo:
        return WorkChecks(recording, redo[job])
    others: Mapping[str, type[Checks]] = {
        "archive": ArchiveChecks,
        "takedown": TakedownChecks,
        "closed-takedown": TakedownChecks,
        "maintenance": MaintenanceChecks,
    }
    return others[job](recording)
