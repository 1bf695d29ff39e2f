"""The inventory of a data root: a store that was once there and is missing is an error, never a fresh start.

``inventory.json`` lists the stores of the data root, and the parts that add-ons write, each with its add-on. It is
written again if it is lost, from what is there: one lost file is always noticed, the inventory or a store. The services
of a shared store have another inventory: ``Store.missing``.
"""

import fcntl
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from newslake.pipeline.addon_registry import Addons, addons_of
from newslake.pipeline.archive import NEW_STATE, Takedowns
from newslake.pipeline.durability import make_folder, write_whole_file
from newslake.pipeline.errors import ConfigError, MissingStoreError
from newslake.pipeline.kb import KnowledgeBase, load_kb
from newslake.pipeline.settings import Settings
from newslake.pipeline.store.store import advice_to_give_up

_FILE = "inventory.json"
ARCHIVE, STATE, LAKE, KNOWLEDGE = "archive/warc", "archive/state.sqlite", "lake/_state", "kb.sqlite"


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
class _CoreStore:
    """A file or folder, how to see that it is there, and what to do if it is missing."""

    path: Callable[[Settings], Path]
    is_there: Callable[[Path], bool]
    advice: str


_STORES: Mapping[str, _CoreStore] = {
    ARCHIVE: _CoreStore(
        lambda settings: settings.archive_dir / "warc",
        _has_entry,
        f"restore it from a backup, or mount its disk: nothing can replace the archived pages; "
        f"{advice_to_give_up(ARCHIVE)} goes on without them",
    ),
    STATE: _CoreStore(
        lambda settings: settings.archive_dir / "state.sqlite",
        _is_database,
        f"restore it from a backup: no other file says which pages wait to be fetched; without a backup, "
        f"{advice_to_give_up(STATE)} starts a new one {NEW_STATE}",
    ),
    LAKE: _CoreStore(
        lambda settings: settings.lake_dir / "_state",
        _is_lake,
        f"restore it from a backup, or mount its disk; without a backup, {advice_to_give_up(LAKE)} goes on without it, "
        "and then `newslake run` derives the days again from the archive; only the log is lost",
    ),
    KNOWLEDGE: _CoreStore(
        lambda settings: settings.kb_path,
        _is_database,
        f"restore it, or import it again with `newslake kb import FILE`; {advice_to_give_up(KNOWLEDGE)} goes on "
        "without it, and names are linked to built-in entries only",
    ),
}
_RESTORE = "restore it from a backup, or mount its disk; to go on without it, run "
_ON_HOSTS = (KNOWLEDGE,)  # with the store of an add-on, which has the other parts


def _names_of(settings: Settings) -> tuple[str, ...]:
    """Return the stores of the core that are files of this data root."""
    return tuple(_STORES) if settings.store == "local" else _ON_HOSTS


# Parts that add-ons write.


@dataclass(frozen=True, slots=True)
class _AddonPart:
    """A part of the data root with the name of the add-on that writes it; see ``StorePart``."""

    path: str
    addon: str
    has_articles: bool
    is_lossy: bool
    advice: str = field(default="", compare=False)  # not recorded

    def is_there(self, settings: Settings) -> bool:
        path = settings.data_dir / self.path
        return _has_entry(path) if path.is_dir() else _is_database(path)


@dataclass(frozen=True, slots=True)
class _Inventory:
    """What a data root has, or had: the places of the stores by name, and the parts of add-ons by path."""

    stores: Mapping[str, str]
    parts: Mapping[str, _AddonPart]

    def without(self, names: Collection[str]) -> "_Inventory":
        """Return the inventory without some stores or parts."""
        return _Inventory(
            {name: place for name, place in self.stores.items() if name not in names},
            {path: each for path, each in self.parts.items() if path not in names},
        )


def _all_parts(recorded: Mapping[str, _AddonPart]) -> dict[str, _AddonPart]:
    """Return the parts of add-ons by path: as an add-on declares them, loaded or not, else as they are recorded."""
    declarations, _ = addons_of("all").collect("store_parts")
    declared = (
        _AddonPart(part.path, info.name, part.has_articles, part.is_lossy, part.advice)
        for info, parts in declarations
        for part in parts
    )
    return {**recorded, **{each.path: each for each in declared}}


def unreachable_parts(settings: Settings) -> tuple[str, ...]:
    """Return sentences about parts that may have data of articles, and whose add-on is not loaded to erase it.

    A recorded part that is missing is among them, if its loss is an error: its disk may not be mounted.
    """
    addons, recorded = addons_of(settings.addons), _read(settings).parts
    erasers = {info.name for info, _ in addons.implementations("on_takedown")}
    parts = [each for each in _all_parts(recorded).values() if each.has_articles and each.addon not in erasers]
    groups = defaultdict[str, list[_AddonPart]](list)
    for each in parts:
        if each.is_there(settings):
            groups[each.addon].append(each)
    lost = set(_missing(settings)).intersection(each.path for each in parts)
    silent = (f"{error}; correct the add-on: no takedown knows its data" for error in addons.collect("store_parts")[1])
    return (
        *silent,
        *(_out_of_reach(settings, addons, addon, groups[addon]) for addon in sorted(groups)),
        *(_sentence(settings, path) for path in sorted(lost)),
    )


def _out_of_reach(settings: Settings, addons: Addons, addon: str, parts: Sequence[_AddonPart]) -> str:
    """Return the sentence about the parts of an add-on that is not loaded."""
    paths = [settings.data_dir / part.path for part in parts]
    problems = {each.name: each.message for each in addons.problems}
    reason, action = f"while add-on {addon} is not loaded", f"install add-on {addon}"
    if addon in addons.names:
        reason, action = f"because add-on {addon} does not do it", "install a version that does"
    elif addon in problems:
        reason, action = f"{reason} ({problems[addon]})", "correct that"
    elif addon in addons.left_out:
        action = f"add {addon} to NEWS_ADDONS"
    files = " and ".join(f"{path}" if path.is_dir() else f"{path}*" for path in paths)  # with the log of a database
    losses = "".join(f", then run {advice_to_give_up(part.path)}" for part in parts if not part.is_lossy)
    return (
        f"{', '.join(map(str, paths))} may have data of articles, which no takedown erases {reason}; {action}, or "
        f"delete {files}{losses}"
    )


def note_stores(settings: Settings) -> None:
    """Add the stores and parts that are there now to the inventory."""
    stores = {name: _place(settings, name) for name in _names_of(settings) if _is_there(settings, name)}
    known = _read(settings)
    parts = {path: each for path, each in _all_parts(known.parts).items() if each.is_there(settings)}
    if not (stores.items() <= known.stores.items() and all(known.parts.get(path) == parts[path] for path in parts)):
        with _lock(settings):
            known = _read(settings)
            _write(settings, _Inventory({**known.stores, **stores}, {**known.parts, **parts}))


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
            _write(settings, known.without(names))
    return tuple(sentence_of_loss(name) for name in missing if name in names)


def sentence_of_loss(name: str) -> str:
    """Return what `newslake lake repair` says of a lost store without which it goes on."""
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
    if name in _STORES:
        path, advice = _STORES[name].path(settings), _STORES[name].advice
    else:
        path, advice = settings.data_dir / name, _all_parts(_read(settings).parts)[name].advice
    what = "is empty" if path.exists() else "is missing"
    return f"{path} {what}, and was there before; {advice or _RESTORE + advice_to_give_up(name)}"


def _missing(settings: Settings) -> list[str]:
    known = _read(settings)
    stores = [name for name in _names_of(settings) if known.stores.get(name) == _place(settings, name)]
    parts = [path for path, each in known.parts.items() if not each.is_lossy and not each.is_there(settings)]
    return [*(name for name in stores if not _is_there(settings, name)), *parts]


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


def _read(settings: Settings) -> _Inventory:
    """Return the known stores with their places, and the known parts of add-ons."""
    try:
        content = json.loads((settings.data_dir / _FILE).read_bytes())
    except (FileNotFoundError, ValueError):
        return _Inventory({}, {})
    stores, parts = _mapping(content, "stores"), _mapping(content, "parts")
    return _Inventory(
        {name: place for name, place in stores.items() if name in _STORES},
        {path: _part_of(path, each) for path, each in parts.items() if isinstance(each, dict)},
    )


def _mapping(content: Any, name: str) -> Mapping[str, Any]:
    value = content.get(name) if isinstance(content, dict) else None
    return value if isinstance(value, dict) else {}


def _part_of(path: str, record: Mapping[str, Any]) -> _AddonPart:
    """Return a recorded part. What a damaged record does not say is the worst."""
    return _AddonPart(
        path,
        addon=str(record.get("addon")),
        has_articles=record.get("has_articles") is not False,
        is_lossy=record.get("is_lossy") is True,
    )


def _write(settings: Settings, inventory: _Inventory) -> None:
    parts = {
        path: {"addon": each.addon, "has_articles": each.has_articles, "is_lossy": each.is_lossy}
        for path, each in inventory.parts.items()
    }
    content = {
        "about": "Stores that this data root has, and parts that add-ons write. See docs/operations.md, Recover.",
        "stores": inventory.stores,
        "parts": parts,
    }
    data = json.dumps(content, indent=1, sort_keys=True).encode() + b"\n"
    write_whole_file(settings.data_dir / _FILE, data, durability=settings.durability)
