"""Items in flight: what each process works on, so that an item that ends its process is found and set aside.

A segmentation fault or the kernel's out-of-memory killer ends a process without an exception, and a retry meets the
same item again. Message queues count the deliveries of such a "poison message". Here each process has one small locked
file with the items of its current turn. The lock ends with the process, so the next process finds the file of a dead
one and counts one death for each of its items. On a shared store the turns are rows in PostgreSQL: see
``newslake.pipeline.shared.turns``.

Turns have hashes of item keys, never the keys, so that a takedown finds no name here.
"""

import fcntl
import hashlib
import json
import logging
import os
import uuid
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from newslake.pipeline.errors import PoisonItemError
from newslake.pipeline.leases import TurnRecord, TurnRecords

log = logging.getLogger(__name__)

MAX_DEATHS = 2
MAX_SIGTERMS = 3  # of a child: more, as whoever stops processes ends healthy ones, too
MAX_JOINT_DEATHS = 3  # of a child with its parent: more, as a kill of all processes from outside is one, too
_LOCK, _DEATHS, _TURNS = "lock", "deaths.json", "*.turn"


class InFlight:
    """The current turn of this process, and the deaths of earlier ones. Open it with ``open_turns``.

    ``current`` are the items in flight, ``seen`` all items that were; both as hashes; ``dead`` are deaths of
    children to count. A trial is the turn of a suspect that a child works on.
    """

    def __init__(self, turn: TurnRecord, *, version: str) -> None:
        self._turn = turn
        self._deaths = turn.deaths
        self._version = version
        self.current: tuple[str, ...] = ()
        self.seen: set[str] = set()
        self.dead: list[str] = []

    def begin(self, *keys: str) -> None:
        """Begin the turn of some items; the turn before it has ended."""
        before, self.current = self.current, tuple(_hash(key, self._version) for key in keys)
        self.seen.update(self.current)
        if self.current != before:
            self._turn.write(self.current)

    def is_suspect(self, key: str) -> bool:
        """Return whether a process died in a turn of this item; its next turn must be its own."""
        return self._deaths.get(_hash(key, self._version), 0) > 0

    def poison(self, key: str, *, name: str) -> PoisonItemError | None:
        """Return the outcome of an item in whose turns ``MAX_DEATHS`` processes died; None for any other item.

        ``name`` names it in the message.
        """
        deaths = self._deaths.get(_hash(key, self._version), 0)
        return _poison_error(name, deaths) if deaths >= MAX_DEATHS else None

    # Trials of suspects.

    def begin_trial(self, key: str) -> None:
        """Begin the turn of a suspect that a child works on: if this process dies, too, that is a joint death."""
        self.begin(_joint(key))

    def joint_deaths(self, key: str) -> int:
        """Return how many processes died together with the child that worked on this suspect."""
        return self._deaths.get(_hash(_joint(key), self._version), 0)

    def poison_of_joint_deaths(self, key: str, *, name: str) -> PoisonItemError | None:
        """Return the outcome of a suspect that ended ``MAX_JOINT_DEATHS`` processes with its child; else None."""
        if (deaths := self.joint_deaths(key)) < MAX_JOINT_DEATHS:
            return None
        self._end_trials(key)
        return _poison_error(name, deaths)

    def count_death(self, key: str, *, run: str, name: str) -> PoisonItemError | None:
        """Count the death of a child that worked on a suspect; return its outcome after deaths in ``MAX_DEATHS`` runs.

        One run counts once: what takes the memory of the machine now may be gone by the next one.
        """
        return self._count_run(_lone(key), key, run=run, name=name, most=MAX_DEATHS)

    def count_sigterm(self, key: str, *, run: str, name: str) -> PoisonItemError | None:
        """Count the end of such a child by SIGTERM; return the outcome after ends in ``MAX_SIGTERMS`` runs."""
        return self._count_run(_sigterm(key), key, run=run, name=name, most=MAX_SIGTERMS)

    def _count_run(self, what: str, key: str, *, run: str, name: str, most: int) -> PoisonItemError | None:
        self.dead.append(f"{_hash(what, self._version)}.{_hash(run, self._version)}")
        if (runs := len(self._runs_of(what))) < most:
            return None
        self._end_trials(key)
        return _poison_error(name, runs)

    def _runs_of(self, what: str) -> set[str]:
        """Return what is counted once per run."""
        start = f"{_hash(what, self._version)}."
        return {each for each in (*self._deaths, *self.dead) if each.startswith(start)}

    def clear(self, key: str) -> None:
        """Clear a suspect that a child has done: if this process ends well, it is a suspect no longer."""
        self.seen.add(_hash(key, self._version))
        self._end_trials(key)

    def _end_trials(self, key: str) -> None:
        """Forget the trials of an item that has its outcome: after a retry it has as many as before."""
        self.seen |= {_hash(_joint(key), self._version), *self._runs_of(_lone(key)), *self._runs_of(_sigterm(key))}


def _joint(key: str) -> str:
    return f"joint {key}"


def _lone(key: str) -> str:
    return f"lone {key}"


def _sigterm(key: str) -> str:
    return f"sigterm {key}"


def _poison_error(name: str, deaths: int) -> PoisonItemError:
    return PoisonItemError(
        f"{name}: {deaths} processes ended while they worked on it alone (out of memory, a crash or a kill); the "
        "others continue; a URL is tried again each day, eight times; an article, by the next version of newslake, or "
        "after `newslake retry`",
        key=name,
        reason="killed_worker",
    )


def forget_deaths(turns: TurnRecords, keys: Collection[str], *, version: str) -> None:
    """Forget the deaths in the turns of some items."""
    turns.forget([_hash(key, version) for key in keys])


@contextmanager
def open_turns(turns: TurnRecords, *, version: str) -> Iterator[InFlight]:
    """Count the deaths of ended processes, then yield the turns of this one.

    A death counts for one pipeline ``version``. A MemoryError counts as a death. Any other exception is an ordinary
    end.
    """
    with turns.open() as turn:
        in_flight = InFlight(turn, version=version)
        dead: tuple[str, ...] = ()
        survivors: set[str] = set()
        try:
            yield in_flight
            survivors = in_flight.seen
        except MemoryError:
            dead = in_flight.current
            raise
        finally:
            turn.end(dead=(*in_flight.dead, *dead), survivors=survivors)


class FileTurn:
    """The turn of this process, in a locked file of a folder."""

    def __init__(self, path: Path, descriptor: int, deaths: Counter[str]) -> None:
        self.deaths: Mapping[str, int] = deaths
        self._path = path
        self._descriptor = descriptor

    def write(self, items: Collection[str]) -> None:
        line = " ".join(items).encode() + b"\n"
        os.pwrite(self._descriptor, line, 0)  # a reader stops at the line end: the rest of a longer turn does no harm

    def end(self, *, dead: Collection[str], survivors: Collection[str]) -> None:
        folder = self._path.parent
        with _folder_lock(folder):
            self._path.unlink(missing_ok=True)  # while it is locked: else another process counts this end as a death
            if dead or survivors:
                _store(folder, _read_deaths(folder) + Counter(dead), without=survivors)


class FileTurns:
    """Implements ``TurnRecords`` for the processes of one host."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def open(self) -> Iterator[FileTurn]:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{uuid.uuid4().hex}.turn"
        with _folder_lock(self._folder):
            deaths = _count_dead(self._folder)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            yield FileTurn(path, descriptor, deaths)
        finally:
            os.close(descriptor)

    def forget(self, items: Collection[str]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with _folder_lock(self._folder):
            _store(self._folder, _count_dead(self._folder), without=items)

    def forget_ended(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with _folder_lock(self._folder):
            for _ in _take_ended(self._folder):
                continue


def _hash(key: str, version: str) -> str:
    return hashlib.sha256(f"{version} {key}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


@contextmanager
def _folder_lock(folder: Path) -> Iterator[None]:
    with (folder / _LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _count_dead(folder: Path) -> Counter[str]:
    """Add the turns of dead processes to the deaths, and return all of them."""
    deaths = _read_deaths(folder)
    for items in filter(None, _take_ended(folder)):
        log.warning("a process ended while it worked on one of %d items", len(items))
        deaths.update(items)
        _store(folder, deaths)
    return deaths


def _take_ended(folder: Path) -> Iterator[list[str]]:
    """Remove the turns of dead processes; yield the items of each."""
    for path in sorted(folder.glob(_TURNS)):
        with path.open("rb") as turn:
            try:
                fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            items = turn.readline().decode("ascii", "replace").split()
        path.unlink()  # first: a kill before they are counted loses a count, and counts none twice
        yield items


def _read_deaths(folder: Path) -> Counter[str]:
    try:
        counts = json.loads((folder / _DEATHS).read_bytes())
    except (FileNotFoundError, ValueError):  # lost or damaged: an item must end two more processes
        return Counter()
    is_valid = isinstance(counts, dict) and all(type(each) is int for each in counts.values())
    return Counter(counts) if is_valid else Counter()


def _store(folder: Path, deaths: Counter[str], *, without: Collection[str] = ()) -> None:
    kept = {key: count for key, count in deaths.items() if key not in without}
    if not kept:
        (folder / _DEATHS).unlink(missing_ok=True)
        return
    draft = folder / f"{_DEATHS}.draft"
    draft.write_text(json.dumps(kept))
    draft.replace(folder / _DEATHS)
