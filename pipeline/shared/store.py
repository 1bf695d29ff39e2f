"""The shared store, opened from the settings: PostgreSQL, object storage and an Iceberg catalog.

It loads no library of tables until they are used: triggers open a store for its state alone.
"""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.model.source import is_bucket
from pipeline.settings import Settings, required
from pipeline.shared.alerts import PostgresAlerts
from pipeline.shared.blocklist import PostgresBlocklist
from pipeline.shared.bucket import Bucket, BucketKey, BucketService, open_bucket, read_key_file
from pipeline.shared.capture_index import PostgresCaptureIndex
from pipeline.shared.database import PostgresDatabase
from pipeline.shared.leases import PostgresLeases, PostgresRates
from pipeline.shared.object_archive import ObjectArchive
from pipeline.shared.page_states import PostgresPageStates
from pipeline.shared.turns import PostgresTurns

if TYPE_CHECKING:
    from pipeline.shared.table_files import SharedFiles
    from pipeline.shared.tables import SharedTables
    from pipeline.store.inbox import Inbox
    from pipeline.store.store import Store


class SharedStore:
    """The store of many hosts. Each part opens on first use."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._inboxes: dict[str, Inbox] = {}

    @cached_property
    def database(self) -> PostgresDatabase:
        """The database. Raises: ConfigError without its URL, StoreError."""
        url = self._settings.database_url
        return PostgresDatabase(
            required("database_url", None if url is None else url.get_secret_value()),
            password_file=self._settings.database_password_file,
            schema=self._settings.database_schema,
        )

    @cached_property
    def objects(self) -> Bucket:
        """The objects of archive, alerts, staged batches and cache. Raises: ConfigError, StoreError."""
        url = required("objects_url", self._settings.objects_url)
        return open_bucket(url, service=self.service, key=self.key)

    @cached_property
    def key(self) -> BucketKey | None:
        file = self._settings.objects_key_file
        return None if file is None else read_key_file(file)

    @property
    def service(self) -> BucketService:
        settings = self._settings
        return BucketService(
            endpoint=settings.objects_endpoint, region=settings.objects_region, allow_http=settings.allow_http
        )

    @cached_property
    def archive(self) -> ObjectArchive:
        return ObjectArchive(self.objects, PostgresCaptureIndex(self.database))

    @cached_property
    def page_states(self) -> PostgresPageStates:
        return PostgresPageStates(self.database)

    @cached_property
    def blocklist(self) -> PostgresBlocklist:
        return PostgresBlocklist(self.database)

    @cached_property
    def leases(self) -> PostgresLeases:
        return PostgresLeases(self.database)

    @cached_property
    def host_rates(self) -> PostgresRates:
        return PostgresRates(self.database)

    @cached_property
    def turns(self) -> PostgresTurns:
        return PostgresTurns(self.database, self.leases)

    def inbox(self, location: str) -> "Inbox":
        if location not in self._inboxes:
            self._inboxes[location] = self._open_inbox(location)
        return self._inboxes[location]

    def _open_inbox(self, location: str) -> "Inbox":
        from pipeline.shared.inbox import BucketInbox  # noqa: PLC0415 - not every process reads files
        from pipeline.sources import FolderInbox  # noqa: PLC0415

        if not is_bucket(location):
            return FolderInbox(Path(location))
        objects = open_bucket(location, service=self.service, key=self.key)
        copies = self._settings.data_dir / "inbox_copies"
        place = location.rstrip("/")
        return BucketInbox(objects, self.leases, place=place, copies=copies, now=self._settings.now)

    @cached_property
    def alerts(self) -> PostgresAlerts:
        return PostgresAlerts(self.database, self.objects)

    @cached_property
    def tables(self) -> "SharedTables":
        from pipeline.shared.article_index import PostgresArticleIndex  # noqa: PLC0415 - see above
        from pipeline.shared.table_places import open_places  # noqa: PLC0415
        from pipeline.shared.tables import SharedTables  # noqa: PLC0415

        return SharedTables(
            open_places(self._settings, self.objects, service=self.service, key=self.key),
            index=PostgresArticleIndex(self.database),
            lease=self.leases.committer,
            now=self._settings.now,
            gc_grace_hours=self._settings.gc_grace_hours,
        )

    @cached_property
    def files(self) -> "SharedFiles":
        from pipeline.shared.table_places import open_files  # noqa: PLC0415 - see above

        return open_files(self._settings, service=self.service, key=self.key)


if TYPE_CHECKING:
    _CONFORMS: type[Store] = SharedStore
