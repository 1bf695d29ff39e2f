"""The search index of a data root: updated after each commit, mended by a repair, cleared by a takedown.

It follows from the tables, and may be lost at any time. So no failure of the index is a failure of a commit.

On the shared store the index is a file of each host. Commits do not update it: they are on any host, and most hosts
never search. A host that searches updates its index first (``await_update``).
"""

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Lock, Thread

from newslake.pipeline.addons.search.index import (
    IndexReport,
    MemoryIndex,
    SearchPlace,
    erase_removed,
    index_path,
    is_index_current,
    open_in_memory,
    problems_of_index,
    rebuild_index,
    update_index,
)
from newslake.pipeline.durability import Durability
from newslake.pipeline.errors import BusyDatabaseError, LakeError, LimitError, StoreError
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import pluralize
from newslake.pipeline.sqlite import can_write

log = logging.getLogger(__name__)

UPDATE_SECONDS = 3.0  # that a search waits for the update of its host
_NEXT_TIME = "the next commit, the next night or `newslake search` updates it"
_NEXT_SEARCH = "the next search updates it"
_UPDATES: dict[Path, Thread] = {}  # the last update of this process, by the path of the index
_STARTING = Lock()
_IN_MEMORY: dict[Path, MemoryIndex] = {}  # by the path of the index that may not be written


def search_place_of(workspace: Workspace) -> SearchPlace:
    """Return the tables that are searched, and their index: the file of ``lasting_place_of``.

    If that is missing, old or damaged and this process may not write it, the index is in the memory of the process. It
    stays there until the file can be searched, so that the next search reads only what changed. It is in no file, where
    no takedown would find it; nor is it left when no search updates it.
    """
    place = lasting_place_of(workspace)
    is_usable = can_write(place.path) or is_index_current(place)
    with _STARTING:
        if is_usable:
            _IN_MEMORY.pop(place.path, None)
            return place
        memory = _IN_MEMORY[place.path] = _IN_MEMORY.get(place.path) or open_in_memory()
    return replace(place, is_of_host=True, memory=memory)


def lasting_place_of(workspace: Workspace) -> SearchPlace:
    """Return the tables that are searched, and the file of their index: in the lake, or of this host alone."""
    settings = workspace.settings
    if settings.store == "local":
        return SearchPlace(tables=workspace.lake, path=index_path(settings.lake_dir))
    return SearchPlace(tables=workspace.lake, path=settings.data_dir / "search.sqlite", is_of_host=True)


def update_after_commit(workspace: Workspace) -> IndexReport | None:
    """Do ``update_search`` for the index of a lake of one machine; that of a host waits for a search of the host."""
    place = lasting_place_of(workspace)
    return None if place.is_of_host else update_search(place, durability=workspace.settings.durability)


def await_update(place: SearchPlace, *, durability: Durability) -> bool:
    """Update the index of this host before a search; return whether the update takes longer than a search waits.

    Then it goes on in a thread of this process. The index of a lake of one machine is left as it is.
    Raises: LimitError (search_building) if the index is not there yet, or cannot be read during the update because it
    is in memory.
    """
    if not place.is_of_host:
        return False
    with _STARTING:
        update = _UPDATES.get(place.path)
        if update is None or not update.is_alive():
            options = {"durability": durability}
            update = Thread(target=update_search, args=(place,), kwargs=options, name="search-index", daemon=True)
            update.start()
            _UPDATES[place.path] = update
    update.join(UPDATE_SECONDS)
    is_updating = update.is_alive()
    if is_updating and (place.memory is not None or place.is_missing()):
        message = "the search index of this host is being built from all articles: search again in a minute"
        raise LimitError(message, key=str(place.path), reason="search_building")
    return is_updating


def update_search(place: SearchPlace, *, durability: Durability) -> IndexReport | None:
    """Bring the search index to the head of the lake, a damaged one from the beginning; return what was done.

    If it cannot be updated now, a warning says why: the tables are committed already.
    """
    try:
        if place.memory is None and not can_write(place.path) and is_index_current(place):
            return None
        with _turn_of(place):
            try:
                done = update_index(place, durability=durability)
            except LakeError as error:
                if error.reason != "search_broken":
                    raise
                log.warning("%s; it is built again now", error)
                done = rebuild_index(place, durability=durability)
    except (LakeError, StoreError, BusyDatabaseError, OSError) as error:
        next_time = _NEXT_SEARCH if place.is_of_host else _NEXT_TIME
        log.warning("the search index was not updated: %s; %s", error, next_time)
        return None
    if done.added or done.removed:
        log.info("search index: %s added, %s removed", pluralize(done.added, "article"), done.removed)
    return done


@contextmanager
def _turn_of(place: SearchPlace) -> Iterator[None]:
    """Wait until no other process of the host updates its index: SQLite would wait a minute, then fail."""
    if not place.is_of_host or place.memory is not None:
        yield
        return
    place.path.parent.mkdir(parents=True, exist_ok=True)
    with place.path.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def erase_from_search(workspace: Workspace) -> None:
    """Erase the words of all articles that the tables no longer have, from every byte of the search index.

    Call it after the rows are erased. After a crash, call it again.
    Raises: BusyDatabaseError while another process reads deleted data; OSError.
    """
    erase_removed(lasting_place_of(workspace), durability=workspace.settings.durability)


def problems_of_search(workspace: Workspace) -> tuple[str, ...]:
    """Return the damage of the search index, as sentences with advice; nothing if there is no index."""
    return problems_of_index(lasting_place_of(workspace))


def mend_search(workspace: Workspace) -> tuple[str, ...]:
    """Build a damaged search index again, and bring an older one to the head; return what was done.

    A missing index stays missing until the next commit, or the next night. An older one of a host is left to the next
    search of the host.
    """
    place, durability = lasting_place_of(workspace), workspace.settings.durability
    if place.is_missing():
        return ()
    if problems_of_index(place):
        done = rebuild_index(place, durability=durability)
        return (f"built the search index again, because it was damaged: {pluralize(done.added, 'article')}",)
    if place.is_of_host:
        return ()
    done = update_index(place, durability=durability)
    return (f"updated the search index: {pluralize(done.added, 'article')} added",) if done != IndexReport() else ()
