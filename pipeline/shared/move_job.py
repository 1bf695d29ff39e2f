"""The move of a data root to the shared store that the settings name: `newslake store migrate`.

No other process writes to the data root meanwhile, and none of its bytes is changed.
"""

import platform
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from newslake.pipeline.errors import ConfigError, LakeError, MissingStoreError, StoreError
from newslake.pipeline.extras import require_extra
from newslake.pipeline.jobs.inventory import check_stores
from newslake.pipeline.jobs.stores import LocalStore
from newslake.pipeline.model import pluralize
from newslake.pipeline.model.source import is_bucket
from newslake.pipeline.settings import Settings
from newslake.pipeline.shared.settings import SharedSettings, required
from newslake.pipeline.store.store import DATABASE, OBJECTS, TABLES

if TYPE_CHECKING:
    from newslake.pipeline.shared.migration import MigrationReport, MovePart, ReportProgress
    from newslake.pipeline.shared.store import SharedStore

_PLACES = "NEWS_OBJECTS_URL, NEWS_DATABASE_SCHEMA and NEWS_CATALOG_NAMESPACE"
_REPAIR = "run `newslake lake repair`, then move again"


def migrate(settings: Settings, *, to: str, registers: bool, report: "ReportProgress") -> "MigrationReport":
    """Move archive, tables and state of the data root to the shared store; return what both sides have afterwards.

    ``to`` is the ``NEWS_OBJECTS_URL`` of the settings once more. The files of the tables are registered as they are if
    ``registers``, else their rows are written again. A call after a kill goes on.
    Raises: ConfigError for a wrong ``to`` or an empty data root, before anything is opened; LakeError (unfinished_work)
    for a data root with work that a dead process left; StoreError (store_in_use) for a store with other pages, or
    settings that name parts of two stores.
    """
    check_target(settings, to)
    local = settings.replace(store="local")
    check_stores(local)
    if not (local.archive_dir / "warc").is_dir() or not (local.lake_dir / "_state").is_dir():
        message = f"{local.data_dir.absolute()} has no archive and no tables to move; set NEWS_DATA_DIR"
        raise ConfigError(message, key="NEWS_DATA_DIR", reason="nothing_to_move")
    source, target = LocalStore(local), _open_target(settings.replace(store="shared"))
    report("waiting for the end of current runs", "runs", 0, 0)
    with _alone(source), _advice_on_places():
        return _move(source, target, settings=local, registers=registers, report=report)


def check_target(settings: Settings, to: str) -> None:
    """Check that ``to`` names the bucket of the settings, in which workers will look. Raises: ConfigError."""
    if not is_bucket(to):
        raise ConfigError(f"--to {to!r} is not a bucket; write s3://BUCKET/PREFIX", key="to", reason="move_target")
    named = required("objects_url", settings.of(SharedSettings).objects_url or None)
    if named.rstrip("/") != to.rstrip("/"):
        message = f"--to {to} is not {named}, which NEWS_OBJECTS_URL names and workers will use; correct one of both"
        raise ConfigError(message, key="to", reason="move_target")


def _open_target(settings: Settings) -> "SharedStore":
    """Return the shared store of the settings as the target of a move. Raises: ConfigError (extra_missing)."""
    require_extra("shared")
    from newslake.pipeline.shared.store import SharedStore  # noqa: PLC0415 - its libraries are an extra

    return SharedStore(settings, is_target=True)


@contextmanager
def _advice_on_places() -> Iterator[None]:
    """Say of a part of the target that is missing that its settings belong together; nobody gives up a part of a move.

    Raises: StoreError (store_in_use).
    """
    try:
        yield
    except MissingStoreError as error:
        if error.key not in (DATABASE, OBJECTS, TABLES) or error.reason == "store_older":
            raise
        what = str(error).partition("; ")[0]
        message = f"{what}; in {_PLACES}, name those with which the move began, or three new ones"
        raise StoreError(message, key="to", reason="store_in_use") from error


@contextmanager
def _alone(source: LocalStore) -> Iterator[None]:
    """Keep all other processes from writing to a data root, after those that do have ended.

    A first use of a state of an add-on meanwhile goes on: its lock is a file that does not exist yet.
    Raises: LakeError (unfinished_work) for work of dead processes, which a move would lose.
    """
    leases = source.leases
    with leases.takedown(), leases.sole_writer():
        for problem in _unfinished(source):
            raise LakeError(problem, key="migrate", reason="unfinished_work")
        with leases.committer(), ExitStack() as stack:
            for state in source.side_states().values():
                stack.enter_context(state.exclusive())
            yield


def _unfinished(source: LocalStore) -> Iterator[str]:
    """Yield a sentence for each kind of unfinished work, with what to do."""
    index = source.tables.index  # opened before the committer's lock: a lost one is built again under it
    if files := source.archive.leftovers():
        yield f"{files[0]} was left by a process that died; {_REPAIR}"
    if months := index.intent():
        yield f"a commit of {', '.join(months)} was interrupted; {_REPAIR}"
    if any(not each.is_done for each in source.blocklist.all()):
        yield f"a takedown was interrupted; {_REPAIR}"
    if source.tables.log.batches("deletions") - source.blocklist.known():
        yield f"the blocklist has lost a takedown that the log table deletions has; {_REPAIR}"
    if staged := source.tables.staged():
        yield (
            f"{pluralize(len(staged), 'batch', 'batches')} of articles were processed and not committed; "
            "`newslake run` processes and commits their days again; then `NEWS_GC_GRACE_HOURS=0 newslake lake gc` "
            "removes what is left of them"
        )


def _move(
    source: LocalStore, target: "SharedStore", *, settings: Settings, registers: bool, report: "ReportProgress"
) -> "MigrationReport":
    from newslake.pipeline.shared.migration import Migration  # noqa: PLC0415 - its libraries are an extra

    place = f"{platform.node()}:{settings.data_dir.absolute()}"
    parts = _parts(source, target, settings=settings, registers=registers)
    done = Migration(target, parts, source=place, now=settings.now, report=report).run()
    return replace(done, snapshots=tuple(each.facts.name for each in source.tables.snapshots.list()))


def _parts(source: LocalStore, target: "SharedStore", *, settings: Settings, registers: bool) -> "list[MovePart]":
    """Return the parts in the order of their move: takedowns first, changes of articles after the tables."""
    from newslake.pipeline.shared.moves import ArchiveMove, HistoryMove, OutcomeMove, PageMove, SideMove, TakedownMove  # noqa: PLC0415 - see above
    from newslake.pipeline.shared.table_moves import LogMove, TableMove  # noqa: PLC0415

    tables = target.tables
    return [
        TakedownMove(source.blocklist, target.blocklist),
        ArchiveMove(source.archive, target.archive, target.objects),
        PageMove(source.page_states, target.page_states),
        TableMove(source.tables, tables, settings.lake_dir if registers else None),
        LogMove(source.tables.log, tables),
        OutcomeMove(source.archive, source.tables.index, tables),
        HistoryMove(source.tables.index, tables),
        SideMove(source.side_states, target.side_states, target.side_state),
    ]
