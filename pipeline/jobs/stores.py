"""The store that the settings select: that of one machine, or that of an add-on.

It loads no library of tables: triggers open a store for its state alone.
"""

from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from newslake.pipeline.addon_registry import addons_of
from newslake.pipeline.archive import Archive, FetchState, FileLeases, Takedowns
from newslake.pipeline.errors import ConfigError
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
        return FileRates(self._settings.archive_dir / "rate_limits", open_seconds=self._settings.open_seconds)

    @cached_property
    def turns(self) -> FileTurns:
        return FileTurns(self._settings.archive_dir / "in_flight")

    def inbox(self, location: str) -> FolderInbox:
        self.check_inbox(location, name="the url of an inbox")
        return FolderInbox(Path(location))

    def check_inbox(self, location: str, *, name: str) -> None:
        if is_bucket(location):
            message = f"{name} is {location}: an inbox in a bucket needs NEWS_STORE=shared; else name a folder"
            raise ConfigError(message, key=location, reason="inbox_place")

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


def open_store(settings: Settings, *, is_reader: bool = False) -> "Store":
    """Return the store that ``NEWS_STORE`` selects; a reader creates none that is not there. Raises: ConfigError."""
    if settings.store == "local":
        return LocalStore(settings)
    addons = addons_of(settings.addons)
    store: Store | None = addons.first("open_store", settings=settings, is_reader=is_reader)
    if store is None:
        message = (
            f"NEWS_STORE={settings.store}: no add-on that is loaded has this store; set NEWS_STORE to `local`, or to "
            "`shared` with the add-on of that name in NEWS_ADDONS"
        )
        raise ConfigError(message, key="NEWS_STORE", reason="store_unknown")
    return store
