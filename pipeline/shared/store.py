"""The shared store, opened from the settings: PostgreSQL, object storage and an Iceberg catalog.

It loads no library of tables until they are used: triggers open a store for its state alone.
"""

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, overload, override

from newslake.pipeline.errors import MissingStoreError
from newslake.pipeline.model.source import is_bucket
from newslake.pipeline.settings import Settings
from newslake.pipeline.shared.addresses import check_inbox_place
from newslake.pipeline.shared.blocklist import PostgresBlocklist
from newslake.pipeline.shared.bucket import Bucket, BucketService, open_bucket
from newslake.pipeline.shared.capture_index import PostgresCaptureIndex
from newslake.pipeline.shared.credentials import BucketKey, WatchedFile, read_key_file
from newslake.pipeline.shared.database import BeforeCreation, PostgresDatabase
from newslake.pipeline.shared.inventory import SharedInventory, new_store_error
from newslake.pipeline.shared.leases import PostgresLeases, PostgresRates
from newslake.pipeline.shared.object_archive import ObjectArchive
from newslake.pipeline.shared.page_states import PostgresPageStates
from newslake.pipeline.shared.patience import ProcessLock
from newslake.pipeline.shared.settings import SharedSettings, required
from newslake.pipeline.shared.side_state import PostgresSideState, stored_schemas
from newslake.pipeline.shared.turns import PostgresTurns
from newslake.pipeline.store.store import DATABASE, OBJECTS, TABLES

if TYPE_CHECKING:
    from newslake.pipeline.shared.table_files import SharedFiles
    from newslake.pipeline.shared.tables import SharedPlaces, SharedTables
    from newslake.pipeline.store.inbox import Inbox
    from newslake.pipeline.store.side_state import SideSchema
    from newslake.pipeline.store.store import PartCheck, PartHealth, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long the parts of a store wait, in seconds.

    A call of the object storage is repeated for ``deadline_seconds``, and one request takes at most
    ``request_seconds``. A writer notices that it has lost its lease within ``notice_seconds``.
    """

    deadline_seconds: float = 120.0
    request_seconds: float = 60.0
    notice_seconds: float = 30.0


_HASTY = Patience(deadline_seconds=5.0, request_seconds=10.0)  # for somebody who waits for the answer


class OpenedPart[T](cached_property[T]):
    """A part of a store, which the first of several threads opens, while the others wait for it."""

    @overload
    def __get__(self, instance: None, owner: type[Any] | None = None) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type[Any] | None = None) -> T: ...

    @override
    def __get__(self, instance: object | None, owner: type[Any] | None = None) -> Self | T:
        if instance is None:
            return self
        assert isinstance(instance, SharedStore)
        with instance.opening:
            return super().__get__(instance, owner)


class SharedStore:
    """The store of many hosts. Each part opens on first use, after a check that it is the one of before.

    The first use creates a part that was never there, unless ``may_create`` is False; for a ``is_reader`` it raises
    StoreError (store_new). Tests shorten ``patience``: how long a takedown waits follows from it. A data root is moved
    to a ``is_target``; until that has ended, any other process raises StoreError (store_unfinished): when it opens the
    bucket, and at each lease of writers or add-ons.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        patience: Patience | None = None,
        may_create: bool = True,
        is_reader: bool = False,
        is_target: bool = False,
    ) -> None:
        self._settings = settings
        self._services = settings.of(SharedSettings)
        self._may_create = may_create
        self._is_reader = is_reader
        self._is_target = is_target
        self._patience = patience or Patience()
        self._inboxes: dict[str, Inbox] = {}
        self.opening = ProcessLock()

    @OpenedPart
    def database(self) -> PostgresDatabase:
        """The database. Raises: ConfigError without its URL, StoreError."""
        refuse = partial(_refuse_creation, self._services, self.service, is_reader=self._is_reader)
        return self._database(before_creation=refuse)

    def _database(self, *, before_creation: BeforeCreation | None = None) -> PostgresDatabase:
        url = self._services.database_url
        return PostgresDatabase(
            required("database_url", None if url is None else url.get_secret_value()),
            password_file=self._services.database_password_file,
            schema=self._services.database_schema,
            may_create=self._may_create,
            before_creation=before_creation,
        )

    @OpenedPart
    def objects(self) -> Bucket:
        """The objects of archive, add-ons, staged batches and cache. Raises: ConfigError, StoreError."""
        self._check_moved()
        bucket = open_bucket(self._objects_url, service=self.service, key=self.key)
        if self._may_create:
            self.inventory.enter_bucket(bucket, place=self._objects_place, may_create=not self._is_reader)
        elif loss := self.inventory.loss_of_bucket(bucket, place=self._objects_place):
            raise loss.error()
        return bucket

    def _check_moved(self) -> None:
        """Check that no data root is moved here. Raises: StoreError (store_unfinished)."""
        if not self._is_target:
            self.inventory.check_moved()

    @OpenedPart
    def inventory(self) -> SharedInventory:
        """Which parts the store has."""
        return SharedInventory(self.database)

    @property
    def _objects_url(self) -> str:
        return required("objects_url", self._services.objects_url)

    @property
    def _objects_place(self) -> str:
        return _place_of_objects(self._services)

    @OpenedPart
    def key(self) -> WatchedFile[BucketKey] | None:
        """The file with the key of the object storage. Raises: ConfigError."""
        file = self._services.objects_key_file
        return None if file is None else WatchedFile(file, read_key_file)

    @property
    def service(self) -> BucketService:
        """Where the object storage is."""
        services = self._services
        return BucketService(
            endpoint=services.objects_endpoint,
            region=services.objects_region,
            allow_http=services.allow_http,
            deadline_seconds=self._patience.deadline_seconds,
            request_seconds=self._patience.request_seconds,
        )

    @OpenedPart
    def archive(self) -> ObjectArchive:
        return ObjectArchive(self.objects, PostgresCaptureIndex(self.database))

    @OpenedPart
    def page_states(self) -> PostgresPageStates:
        return PostgresPageStates(self.database)

    @OpenedPart
    def blocklist(self) -> PostgresBlocklist:
        return PostgresBlocklist(self.database)

    @OpenedPart
    def leases(self) -> PostgresLeases:
        """The leases. A takedown waits for the longest put too.

        A writer checks its lease before it puts a file. It may lose the lease a moment later, and the put goes on: what
        it puts after the takedown has looked for files would stay.
        """
        return PostgresLeases(
            self.database,
            notice_seconds=max(self._patience.notice_seconds, self.service.put_seconds),
            check=self._check_moved,
        )

    @OpenedPart
    def host_rates(self) -> PostgresRates:
        return PostgresRates(self.database, open_seconds=self._settings.open_seconds)

    @OpenedPart
    def turns(self) -> PostgresTurns:
        return PostgresTurns(self.database, self.leases)

    def inbox(self, location: str) -> "Inbox":
        with self.opening:
            if location not in self._inboxes:
                self._inboxes[location] = self._open_inbox(location)
            return self._inboxes[location]

    def _open_inbox(self, location: str) -> "Inbox":
        from newslake.pipeline.shared.inbox import BucketInbox  # noqa: PLC0415 - not every process reads files
        from newslake.pipeline.sources import FolderInbox  # noqa: PLC0415

        if not is_bucket(location):
            return FolderInbox(Path(location))
        self.check_inbox(location, name="the url of an inbox")
        objects = open_bucket(location, service=self.service, key=self.key)
        copies = self._settings.data_dir / "inbox_copies"
        place = location.rstrip("/")
        return BucketInbox(objects, self.leases, place=place, copies=copies, now=self._settings.now)

    def check_inbox(self, location: str, *, name: str) -> None:
        if is_bucket(location):
            check_inbox_place(location, archive=self._services.objects_url, name=name)

    def side_state(self, schema: "SideSchema") -> PostgresSideState:
        return PostgresSideState(self.database, self.objects, schema, leases=self.leases)

    def side_states(self) -> Mapping[str, PostgresSideState]:
        """Return the states that the store has, by name, also those of add-ons that are not loaded."""
        return {name: self.side_state(schema) for name, schema in stored_schemas(self.database).items()}

    @contextmanager
    def hold_side_states(self) -> Iterator[None]:
        """Hold the locks of all states of add-ons, after those that have them."""
        with ExitStack() as stack:
            for name in stored_schemas(self.database):
                stack.enter_context(self.leases.side_state(name))
            yield

    @OpenedPart
    def tables(self) -> "SharedTables":
        from newslake.pipeline.shared.article_index import PostgresArticleIndex  # noqa: PLC0415 - see above
        from newslake.pipeline.shared.tables import SharedTables  # noqa: PLC0415

        return SharedTables(
            self.lake_places,
            index=PostgresArticleIndex(self.database),
            lease=self.leases.committer,
            now=self._settings.now,
            gc_grace_hours=self._settings.gc_grace_hours,
        )

    @OpenedPart
    def files(self) -> "SharedFiles":
        from newslake.pipeline.shared.table_places import open_files  # noqa: PLC0415 - see above

        return open_files(self._services, service=self.service, key=self.key)

    @OpenedPart
    def places(self) -> "SharedPlaces":
        """Where the tables are. Raises: ConfigError, StoreError."""
        from newslake.pipeline.shared.table_places import open_places  # noqa: PLC0415 - see above

        return open_places(self._services, self.objects, service=self.service, key=self.key)

    @OpenedPart
    def lake_places(self) -> "SharedPlaces":
        """Where the tables are, created if they are new. Raises: MissingStoreError, ConfigError, StoreError."""
        from newslake.pipeline.shared.table_inventory import enter_tables  # noqa: PLC0415 - see above

        hold = None if self._is_reader else self.leases.committer
        enter_tables(self.inventory, self.places, hold, place=self._tables_place)
        return self.places

    @property
    def _tables_place(self) -> str:
        services = self._services
        return f"{services.catalog_warehouse} {services.catalog_namespace} in {services.catalog_url}"

    def missing(self) -> Mapping[str, str]:
        """Return the lost parts: the tables only if bucket and database are not lost."""
        from newslake.pipeline.shared.table_inventory import loss_of_one_table  # noqa: PLC0415 - see above

        bucket = open_bucket(self._objects_url, service=self.service, key=self.key)
        try:
            loss = self.inventory.loss_of_bucket(bucket, place=self._objects_place)
        except MissingStoreError as error:  # of the database, which has no schema
            return {error.key: str(error)}
        loss = loss or loss_of_one_table(self.inventory, self.places, place=self._tables_place)
        return {} if loss is None else {loss.name: loss.sentence}

    def give_up(self, names: Collection[str]) -> None:
        from newslake.pipeline.shared.table_inventory import drop_rest  # noqa: PLC0415 - see above

        if DATABASE in names:
            with closing(self._database()) as database:
                database.query("SELECT 1")  # creates its schema, next to the bucket of another one
        if DATABASE in names or OBJECTS in names:
            bucket = open_bucket(self._objects_url, service=self.service, key=self.key)
            self.inventory.give_up_bucket(bucket, place=self._objects_place)
        if TABLES in names:
            drop_rest(self.inventory, self.places, place=self._tables_place)

    def checks(self) -> Mapping[str, "PartCheck"]:
        """Return the checks of database, object storage, catalog, clocks and hosts. Each waits a short time only.

        They create no part. A frozen clock is not compared.
        """
        from newslake.pipeline.shared.health import (  # noqa: PLC0415 - only `newslake doctor` needs it
            check_bucket,
            check_catalog,
            check_clocks,
            check_database,
            check_hosts,
        )

        hasty = SharedStore(self._settings, patience=_HASTY, may_create=False)

        def bucket() -> "PartHealth":
            return check_bucket(hasty.objects, is_new=hasty.inventory.place_of(OBJECTS) is None)

        def catalog() -> "PartHealth":
            from newslake.pipeline.shared.table_inventory import has_tables  # noqa: PLC0415 - see above

            is_new = not has_tables(hasty.inventory, hasty.places, place=self._tables_place)
            return check_catalog(hasty.places, is_new=is_new)

        def clocks() -> "PartHealth":
            return check_clocks(hasty.database, hasty.objects, now=self._settings.now)

        return {
            "database": lambda: check_database(hasty.database),
            "object_storage": bucket,
            "catalog": catalog,
            **({} if self._settings.frozen_now else {"clocks": clocks}),
            "hosts": lambda: check_hosts(hasty.inventory),
        }


def _place_of_objects(services: SharedSettings) -> str:
    url, at = required("objects_url", services.objects_url), services.objects_endpoint
    return url if at is None else f"{url} at {at}"


def _refuse_creation(
    services: SharedSettings, service: BucketService, database: PostgresDatabase, *, is_reader: bool
) -> None:
    """Check, before the schema of a database is created, that the bucket is not that of another one; refuse a reader.

    It opens the bucket itself: the store's lock may be held by a thread that waits for the database.
    Raises: MissingStoreError if it is; StoreError (store_new) for a reader; ConfigError, StoreError for a bucket that
    cannot be used.
    """
    file = services.objects_key_file
    key = None if file is None else read_key_file(file)
    bucket = open_bucket(required("objects_url", services.objects_url), service=service, key=key)
    loss = SharedInventory(database).loss_of_new_database(bucket, place=_place_of_objects(services))
    if loss is not None:
        raise loss.error()
    if is_reader:
        what = f"{database.place} has no schema {database.schema}"
        raise new_store_error(what, setting="NEWS_DATABASE_URL or NEWS_DATABASE_SCHEMA")


def store_of_process(settings: Settings, *, is_reader: bool) -> SharedStore:
    """Return the shared store of this process, whose threads share it: to open it takes a check of each service."""
    return _store_of_process(settings, os.getpid(), is_reader=is_reader)


@lru_cache(maxsize=2)  # for readers, and for others
def _store_of_process(settings: Settings, _process: int, *, is_reader: bool) -> SharedStore:
    return SharedStore(settings, is_reader=is_reader)


if TYPE_CHECKING:
    _CONFORMS: type[Store] = SharedStore
