"""The search index of a data root: updated after each commit, mended by a repair, cleared by a takedown.

It is made from the tables, and may be lost at any time. So no failure of the index is a failure of a commit.
"""

import logging

from pipeline.errors import BusyDatabaseError, LakeError, StoreError
from pipeline.jobs.workspace import Workspace
from pipeline.model import pluralize
from pipeline.search import (
    IndexReport,
    erase_removed,
    problems_of_index,
    rebuild_index,
    update_index,
)

log = logging.getLogger(__name__)

_NEXT_TIME = "the next commit, the next night or `newslake search` updates it"


def update_search(workspace: Workspace) -> IndexReport | None:
    """Bring the search index to the head of the lake, a damaged one from the beginning; return what was done.

    If it cannot be updated now, a warning says why: the tables are committed already.
    """
    try:
        try:
            done = update_index(workspace.search_place, durability=workspace.settings.durability)
        except LakeError as error:
            if error.reason != "search_broken":
                raise
            log.warning("%s; it is built again now", error)
            done = rebuild_index(workspace.search_place, durability=workspace.settings.durability)
    except (LakeError, StoreError, BusyDatabaseError, OSError) as error:
        log.warning("the search index was not updated: %s; %s", error, _NEXT_TIME)
        return None
    if done.added or done.removed:
        log.info("search index: %s added, %s removed", pluralize(done.added, "article"), done.removed)
    return done


def erase_from_search(workspace: Workspace) -> None:
    """Erase the words of all articles that the tables no longer have, from every byte of the search index.

    Call it after the rows are erased. After a crash, call it again.
    Raises: BusyDatabaseError while another process reads deleted data; OSError.
    """
    erase_removed(workspace.search_place, durability=workspace.settings.durability)


def problems_of_search(workspace: Workspace) -> tuple[str, ...]:
    """Return the damage of the search index, as sentences with advice; nothing if there is no index."""
    return problems_of_index(workspace.search_place)


def mend_search(workspace: Workspace) -> tuple[str, ...]:
    """Build a damaged search index again, and bring an older one to the head; return what was done.

    A missing index stays missing until the next commit, or the next night.
    """
    if not workspace.search_place.path.exists():
        return ()
    if problems_of_index(workspace.search_place):
        done = rebuild_index(workspace.search_place, durability=workspace.settings.durability)
        return (f"built the search index again, because it was damaged: {pluralize(done.added, 'article')}",)
    done = update_index(workspace.search_place, durability=workspace.settings.durability)
    return (f"updated the search index: {pluralize(done.added, 'article')} added",) if done != IndexReport() else ()
