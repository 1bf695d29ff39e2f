"""The inventory of a data root: a store that was once there and is missing is an error, never a fresh start.

``inventory.json`` lists the stores of the data root. It is written again if it is lost, from the stores that are there:
one lost file is always noticed, the inventory or a store. The services of a shared store have an inventory of their
own: ``Store.missing``.
"""

import fcntl
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from newslake.pipeline.archive import NEW_STATE, Takedowns
from newslake.pipeline.durability import make_folder, write_whole_file
from newslake.pipeline.errors import ConfigError, MissingStoreError
from newslake.pipeline.kb import KnowledgeBase, load_kb
from newslake.pipeline.settings import Settings

_FILE = "inventory.json"
ARCHIVE, STATE, LAKE, KNOWLEDGE = "archive/warc", "archive/state.sqlite", "lake/_state", "kb.sqlite"
ALERTS = "alerts/alerts.sqlite"


def _has_entry(folder: Path) -> bool:
    """Return whether a folder has an entry: the mount point of a disk that is not mounted is an empty folder."""
    return folder.is_dir() and next(folder.iterdir(), None) is not None


def _is_database(path: Path) -> bool:
    """Return whether a file has a database. SQLite reads an empty file as a new one."""
    return path.is_file() and path.stat().st_size > 0


def _is_lake(state: Path) -> bool:
    """Return whether a lake has its index or its days, or has neither because nothing is committed, only logged."""
    if any((state / name).is_file() for name in ("index.sqlite", "head.json")) or any(state.glob("months/*/*.json")):
        return True
    root = state.parent
    return _has_entry(state) and any(root.glob("log/*/*/*.parquet")) and not any(root.glob("tables/*/*/*.parquet"))


@dataclass(frozen=True, slots=True)
class _StorePart:
    """A file or folder, how to see that it is there, and what to do if it is missing."""

    path: Callable[[Settings], Path]
    is_there: Callable[[Path], bool]
    advice: str


def _accept(name: str) -> str:
    return f"`newslake lake repair --give-up {name}`"


_STORES: Mapping[str, _StorePart] = {
    ARCHIVE: _StorePart(
        lambda settings: settings.archive_dir / "warc",
        _has_entry,
        f"restore it from a backup, or mount its disk: nothing can replace the archived pages; {_accept(ARCHIVE)} goes "
        "on without them",
    ),
    STATE: _StorePart(
        lambda settings: settings.archive_dir / "state.sqlite",
        _is_database,
        f"restore it from a backup: no other file says which pages wait to be fetched; without a backup, "
        f"{_accept(STATE)} starts a new one {NEW_STATE}",
    ),
    LAKE: _StorePart(
        lambda settings: settings.lake_dir / "_state",
        _is_lake,
        f"restore it from a backup, or mount its disk; without a backup, {_accept(LAKE)} goes on without it, and then "
        "`newslake run` derives the days again from the archive; only the log is lost",
    ),
    KNOWLEDGE: _StorePart(
        lambda settings: settings.kb_path,
        _is_database,
        f"restore it, or import it again with `newslake kb import FILE`; {_accept(KNOWLEDGE)} goes on without it, and "
        "names are linked to built-in entries only",
    ),
    ALERTS: _StorePart(
        lambda settings: settings.data_dir / ALERTS,
        _is_database,
        f"restore it from a backup: no other file says which messages wait to be sent; {_accept(ALERTS)} goes on "
        "without it, and reports open alerts, and the rows of each rule's window, once more",
    ),
}
_ON_HOSTS = (KNOWLEDGE, ALERTS)  # with a shared store, whose other parts are services


def _names_of(settings: Settings) -> tuple[str, ...]:
    """Return the stores that are files of this data root."""
    return _ON_HOSTS if settings.store == "shared" else tuple(_STORES)


def note_stores(settings: Settings) -> None:
    """Add the stores that are there now to the inventory."""
    there = {name: _place(settings, name) for name in _names_of(settings) if _is_there(settings, name)}
    if not there.items() <= _read(settings).items():
        with _lock(settings):
            _write(settings, _read(settings) | there)


def missing_stores(settings: Settings) -> Mapping[str, str]:
    """Return the missing stores of this data root, each with a sentence that says what to do."""
    return {name: _sentence(settings, name) for name in _missing(settings)}


def has_state(settings: Settings) -> bool:
    """Return whether the fetch state is there; a new data root has none, and a shared store always has one."""
    return STATE not in _names_of(settings) or _is_there(settings, STATE)


def check_stores(settings: Settings, *names: str) -> None:
    """Check that some stores are there, by default all. Raises: MissingStoreError naming the first that is missing."""
    missing = [name for name in _missing(settings) if not names or name in names]
    if missing:
        raise MissingStoreError(_sentence(settings, missing[0]), key=missing[0], reason="store_missing")


def give_up(settings: Settings, names: Collection[str], *, others: Collection[str] = ()) -> tuple[str, ...]:
    """Remove missing stores from the inventory, so that the next use makes new ones; return a sentence per store.

    ``others`` are parts that are missing too. Raises: ConfigError for a name that is not of a missing store.
    """
    with _lock(settings):
        missing, known = _missing(settings), _read(settings)
        for name in names:
            if name not in missing:
                all_missing = ", ".join((*missing, *others))
                which = f"missing stores: {all_missing}" if all_missing else "no store is missing"
                raise ConfigError(f"--give-up {name}: this is not a missing store; {which}", key="give_up")
        if names:
            _write(settings, {name: place for name, place in known.items() if name not in names})
    return tuple(sentence_of_loss(name) for name in missing if name in names)


def sentence_of_loss(name: str) -> str:
    """Return what `newslake lake repair` says of a lost store that was given up."""
    return f"goes on without {name}, which was lost"


def takedowns_of(settings: Settings) -> Takedowns:
    """Return the takedowns of a data root, with their copies."""
    copies = settings.data_dir / "takedowns"
    return Takedowns(settings.archive_dir, copies=copies, durability=settings.durability)


def knowledge_of(settings: Settings) -> KnowledgeBase:
    """Return the knowledge base with the corrections.

    Raises: ConfigError or KnowledgeError for an unreadable file, MissingStoreError for a lost one.
    """
    check_stores(settings, KNOWLEDGE)
    return load_kb(settings.overrides_file, store=settings.kb_path)


def _sentence(settings: Settings, name: str) -> str:
    path = _STORES[name].path(settings)
    what = "is empty" if path.exists() else "is missing"
    return f"{path} {what}, and was there before; {_STORES[name].advice}"


def _missing(settings: Settings) -> list[str]:
    known = _read(settings)
    own = [name for name in _names_of(settings) if known.get(name) == _place(settings, name)]
    return [name for name in own if not _is_there(settings, name)]


def _is_there(settings: Settings, name: str) -> bool:
    store = _STORES[name]
    return store.is_there(store.path(settings))


def _place(settings: Settings, name: str) -> str:
    """Return the path of a store, from the data root if it is there: another NEWS_KB_FILE is another store."""
    path = _STORES[name].path(settings)
    return str(path.relative_to(settings.data_dir) if path.is_relative_to(settings.data_dir) else path.absolute())


@contextmanager
def _lock(settings: Settings) -> Iterator[None]:
    """Hold the lock for a change of the inventory, so that two processes lose none."""
    make_folder(settings.data_dir, durability=settings.durability)
    with (settings.data_dir / "inventory.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _read(settings: Settings) -> dict[str, str]:
    """Return the known stores with their places."""
    try:
        content = json.loads((settings.data_dir / _FILE).read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    stores = content.get("stores") if isinstance(content, dict) else None
    return {name: place for name, place in stores.items() if name in _STORES} if isinstance(stores, dict) else {}


def _write(settings: Settings, stores: Mapping[str, str]) -> None:
    content = {"about": "Stores that this data root has. See docs/operations.md, Recover.", "stores": stores}
    data = json.dumps(content, indent=1, sort_keys=True).encode() + b"\n"
    write_whole_file(settings.data_dir / _FILE, data, durability=settings.durability)
