"""A store: all parts that jobs, pages and questions need, in the files of one machine or on services of many."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from newslake.pipeline.archive import RecordArchive
from newslake.pipeline.archive.interfaces import Blocklist, PageStates
from newslake.pipeline.leases import HostRates, Leases, TurnRecords
from newslake.pipeline.store.inbox import Inbox
from newslake.pipeline.store.side_state import SideSchema, SideState
from newslake.pipeline.store.table_files import LakePlace

if TYPE_CHECKING:
    from newslake.pipeline.store.tables import Tables  # it loads pyarrow, which triggers do not need

# The parts of a shared store that can be lost, by the names that `newslake lake repair --give-up` takes.
DATABASE, OBJECTS, TABLES = "database", "objects", "tables"


def advice_to_give_up(name: str) -> str:
    """Return the command that goes on without a lost part."""
    return f"`newslake lake repair --give-up {name}`"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartHealth:
    """The health of a part of a store. ``action`` is what to do about a warning; None if all is well.

    ``is_new``: the part does not exist yet, and its first use creates it.
    """

    message: str
    action: str | None = None
    is_new: bool = False


type PartCheck = Callable[[], PartHealth]
"""Checks one part. Raises: NewsError, with what to do, for a part that cannot be used."""


class Store(Protocol):
    """The parts of one store. Each opens on first use, so that a job needs only the services that it uses.

    Raises, on first use of a part: MissingStoreError for a part that was there and is missing; StoreError for a service
    that cannot be used, ConfigError for a setting of it that is wrong or missing.
    """

    @property
    def archive(self) -> RecordArchive:
        """The archived pages."""
        ...

    @property
    def page_states(self) -> PageStates:
        """The state of pages and listings."""
        ...

    @property
    def blocklist(self) -> Blocklist:
        """The takedowns, and the names that they block."""
        ...

    @property
    def leases(self) -> Leases:
        """The leases of writers, takedowns and sources."""
        ...

    @property
    def host_rates(self) -> HostRates:
        """The times of the next requests to hosts."""
        ...

    @property
    def turns(self) -> TurnRecords:
        """What the processes work on, and which items ended processes."""
        ...

    def inbox(self, location: str) -> Inbox:
        """Return the inbox at the location of a source: the path of a folder, or ``s3://BUCKET/PREFIX``.

        Raises: ConfigError (inbox_place) for a place that this store cannot use.
        """
        ...

    def check_inbox(self, location: str, *, name: str) -> None:
        """Check that an inbox may be at a location, without a service. ``name`` says what has the location.

        Raises: ConfigError (inbox_place).
        """
        ...

    def side_state(self, schema: SideSchema) -> SideState:
        """Return the state of an add-on."""
        ...

    def side_states(self) -> Mapping[str, SideState]:
        """Return the states that the store has, by name of the add-on, also of those that are not loaded."""
        ...

    @property
    def tables(self) -> "Tables":
        """The tables of the lake."""
        ...

    @property
    def files(self) -> LakePlace:
        """Where readers of SQL find the tables. Nothing but the tables is opened for them."""
        ...

    def missing(self) -> Mapping[str, str]:
        """Return the lost parts that are services, each with a sentence that says what to do. Raises: StoreError."""
        ...

    def give_up(self, names: Collection[str]) -> None:
        """Go on without some parts of ``missing``. Raises: ConfigError for a part of another store."""
        ...

    def checks(self) -> Mapping[str, PartCheck]:
        """Return the checks of the parts that are services, by name, in the order in which they need each other.

        They create no part.
        """
        ...
