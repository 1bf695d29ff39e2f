"""The inventory of a data root: a store that was once there and is missing is an error, never a fresh start.

``inventory.json`` lists the stores of the data root. It is written again if it is lost, from the stores that are there:
one lost file is always noticed, the inventory or a store.
"""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.archive import NEW_STATE, Takedowns
from pipeline.durability import write_whole_file
from pipeline.errors import MissingStoreError
from pipeline.settings import Settings

_FILE = "inventory.json"
_ACCEPT = "`newslake lake repair --drop-damaged`"
ARCHIVE, STATE, LAKE, KNOWLEDGE = "archive/warc", "archive/state.sqlite", "lake/_state", "kb.sqlite"


@dataclass(frozen=True, slots=True)
class _Store:
    """A file or folder, and what to do if it is missing."""

    path: Callable[[Settings], Path]
    advice: str


_STORES: Mapping[str, _Store] = {
    ARCHIVE: _Store(
        lambda settings: settings.archive_dir / "warc",
        f"restore it from a backup, or mount its disk: nothing can replace the archived pages; {_ACCEPT} goes on "
        "without them",
    ),
    STATE: _Store(
        lambda settings: settings.archive_dir / "state.sqlite",
        f"restore it from a backup: no other file says which pages wait to be fetched; without a backup, {_ACCEPT} "
        f"starts a new one {NEW_STATE}",
    ),
    LAKE: _Store(
        lambda settings: settings.lake_dir / "_state",
        f"restore it from a backup, or mount its disk; without a backup, {_ACCEPT} goes on without it, and then "
        "`newslake run` derives the days again from the archive; only the log is lost",
    ),
    KNOWLEDGE: _Store(
        lambda settings: settings.kb_path,
        f"restore it, or import it again with `newslake kb import FILE`; {_ACCEPT} goes on without it, and names are "
        "linked to built-in entries only",
    ),
}


def note_stores(settings: Settings) -> None:
    """Add the stores that are there now to the inventory."""
    known = _read(settings)
    there = {name for name, store in _STORES.items() if _is_there(store.path(settings))}
    if not there <= known:
        _write(settings, known | there)


def missing_stores(settings: Settings) -> Mapping[str, str]:
    """Return the missing stores, each with a sentence that says what to do."""
    return {name: _sentence(settings, name) for name in _missing(settings)}


def has_state(settings: Settings) -> bool:
    """Return whether the fetch state is there; a new data root has none."""
    return _is_there(_STORES[STATE].path(settings))


def check_stores(settings: Settings, *names: str) -> None:
    """Check that some stores are there, by default all. Raises: MissingStoreError naming the first that is missing."""
    missing = [name for name in _missing(settings) if not names or name in names]
    if missing:
        raise MissingStoreError(_sentence(settings, missing[0]), key=missing[0], reason="store_missing")


def drop_missing(settings: Settings) -> tuple[str, ...]:
    """Remove missing stores from the inventory, so that the next use makes new ones; return a sentence per store."""
    missing = _missing(settings)
    if missing:
        _write(settings, _read(settings).difference(missing))
    return tuple(f"goes on without {name}, which was lost" for name in missing)


def takedowns_of(settings: Settings) -> Takedowns:
    """Return the takedowns of a data root, with their copies."""
    copies = settings.data_dir / "takedowns"
    return Takedowns(settings.archive_dir, copies=copies, durability=settings.durability)


def _sentence(settings: Settings, name: str) -> str:
    return f"{_STORES[name].path(settings)} is missing, and was there before; {_STORES[name].advice}"


def _missing(settings: Settings) -> list[str]:
    known = _read(settings)
    return [name for name, store in _STORES.items() if name in known and not _is_there(store.path(settings))]


def _is_there(path: Path) -> bool:
    """Return whether a store is there. SQLite reads an empty file as a new database."""
    return path.is_dir() or (path.is_file() and path.stat().st_size > 0)


def _read(settings: Settings) -> set[str]:
    try:
        content = json.loads((settings.data_dir / _FILE).read_bytes())
    except (FileNotFoundError, ValueError):
        return set()
    stores = content.get("stores") if isinstance(content, dict) else None
    return {name for name in stores if name in _STORES} if isinstance(stores, list) else set()


def _write(settings: Settings, names: Collection[str]) -> None:
    content = {"about": "Stores that this data root has. See docs/operations.md, Recover.", "stores": sorted(names)}
    data = json.dumps(content, indent=1).encode() + b"\n"
    write_whole_file(settings.data_dir / _FILE, data, durability=settings.durability)
