"""The store that the settings select. Only this module names the classes of both stores.

It loads no library of tables: triggers open a store for its state alone.
"""

import os
from collections.abc import Collection, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from newslake.pipeline.archive import Archive, FetchState, FileLeases, Takedowns
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.extras import require_extra
from newslake.pipeline.fetch import FileRates
from newslake.pipeline.jobs.in_flight import FileTurns
from newslake.pipeline.jobs.inventory import ARCHIVE, LAKE, STATE, check_stores, takedowns_of
from newslake.pipeline.model.source import is_bucket
from newslake.pipeline.settings import Settings
from newslake.pipeline.sources import FolderInbox
from newslake.pipeline.store.side_state import SideSchema
from newslake.pipeline.store.sqlite_side_state import SqliteSideState, database_of, stored_states

if TYPE_CHECKING:
    from newslake.pipeline.lake import Lake
    from newslake.pipeline.shared.store import SharedStore
    from newslake.pipeline.store.store import PartCheck, Store


class LocalStore:
    """The store of one machine: files, SQLite and locked files below ``NEWS_DATA_DIR``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def archive(self) -> Archive:
        check_stores(self._settings, ARCHIVE)
        return Archive(self._settings.archive_dir, durability=self._settings.durability)

    @cached_property
    def page_states(self) -> FetchState:
        check_stores(self._settings, STATE)
        return FetchState(self._settings.archive_dir, durability=self._settings.durability)

    @cached_property
    def blocklist(self) -> Takedowns:
        check_stores(self._settings, STATE)
        return takedowns_of(self._settings)

    @cached_property
    def leases(self) -> FileLeases:
        return FileLeases(self._settings.archive_dir, lake=self._settings.lake_dir)

    @cached_property
    def host_rates(self) -> FileRates:
        return FileRates(self._settings.archive_dir / "rate_limits")

    @cached_property
    def turns(self) -> FileTurns:
        return FileTurns(self._settings.archive_dir / "in_flight")

    def inbox(self, location: str) -> FolderInbox:
        if is_bucket(location):
            message = f"{location}: an inbox in a bucket needs NEWS_STORE=shared; name a folder by `path`"
            raise ConfigError(message, key=location, reason="inbox_place")
        return FolderInbox(Path(location))

    def side_state(self, schema: SideSchema) -> SqliteSideState:
        check_stores(self._settings, database_of(schema.name))
        return SqliteSideState(self._settings.data_dir, schema, durability=self._settings.durability)

    def side_states(self) -> Mapping[str, SqliteSideState]:
        """Return the states that the data root has, by name, also those of add-ons that are not loaded."""
        return stored_states(self._settings.data_dir, durability=self._settings.durability)

    @cached_property
    def tables(self) -> "Lake":
        from newslake.pipeline.lake import Lake  # noqa: PLC0415 - see above

        check_stores(self._settings, LAKE)
        return Lake(
            self._settings.lake_dir,
            durability=self._settings.durability,
            gc_grace_hours=self._settings.gc_grace_hours,
            now=self._settings.now,
        )

    @property
    def files(self) -> Path:
        return self._settings.lake_dir

    def missing(self) -> Mapping[str, str]:
        """Return nothing: the parts are files, which ``missing_stores`` knows."""
        return {}

    def give_up(self, names: Collection[str]) -> None:
        """Do nothing: see ``missing``."""

    def checks(self) -> Mapping[str, "PartCheck"]:
        """Return nothing: there is no service."""
        return {}


# A fork waits until no thread loads the classes of the shared store: a child could never load what is half loaded.
_OPENING = RLock()
os.register_at_fork(before=_OPENING.acquire, after_in_parent=_OPENING.release, after_in_child=_OPENING.release)


def _open_shared(settings: Settings, *, is_reader: bool) -> "Store":
    require_extra("shared")
    with _OPENING:
        return _shared_store(settings, os.getpid(), is_reader=is_reader)


@lru_cache(maxsize=2)  # for readers, and for others
def _shared_store(settings: Settings, _process: int, *, is_reader: bool) -> "Store":
    """Return the shared store of a process, whose threads share it: to open it takes a check of each service."""
    from newslake.pipeline.shared.store import SharedStore  # noqa: PLC0415 - its libraries are an extra

    return SharedStore(settings, is_reader=is_reader)


def open_target(settings: Settings) -> "SharedStore":
    """Return the shared store of the settings as the target of a move. Raises: ConfigError (extra_missing)."""
    require_extra("shared")
    from newslake.pipeline.shared.store import SharedStore  # noqa: PLC0415 - see above

    return SharedStore(settings, is_target=True)


def open_store(settings: Settings, *, is_reader: bool = False) -> "Store":
    """Return the store that ``NEWS_STORE`` selects; a reader creates no shared store. Raises: ConfigError."""
    if settings.store == "local":
        return LocalStore(settings)
    return _open_shared(settings, is_reader=is_reader)
