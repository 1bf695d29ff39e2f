"""The tables of the contract suite: a lake in a folder, and Iceberg tables in a namespace of their own."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from newslake.pipeline.lake import Lake
from newslake.pipeline.shared.article_index import PostgresArticleIndex
from newslake.pipeline.shared.catalog import TransactionCatalog
from newslake.pipeline.shared.database import PostgresDatabase
from newslake.pipeline.shared.leases import PostgresLease, PostgresLeases
from newslake.pipeline.shared.tables import SharedPlaces, SharedTables, create_tables
from newslake.pipeline.shared.upkeep import Warehouse
from tests.scale.seaweedfs import REGION, WAREHOUSE, SeaweedFS, SeaweedKey
from tests.store.stores import bucket_of
from tests.unit.lake.rows import NOON

INDEX_TABLES = (
    *("articles", "days", "pending", "touched", "batches", "cached_outcomes", "kb_current_days", "changes"),
    "stamps",
)


def now() -> datetime:
    return NOON


def new_lake(path: Path, *, clock: Callable[[], datetime] = now) -> Lake:
    """Return a lake in a folder."""
    return Lake(path / "lake", durability="process", now=clock)


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where a server is, for other processes."""

    endpoint: str
    catalog_url: str
    database_url: str | None

    @property
    def admin(self) -> SeaweedKey:
        return SeaweedFS.admin


type Server = SeaweedFS | ServerAddress


def catalog_of(server: Server, *, url: str | None = None, timeout_seconds: float = 20.0) -> TransactionCatalog:
    """Return the catalog of a server, or the same at another URL."""
    properties = {
        "uri": url or server.catalog_url,
        "warehouse": f"s3://{WAREHOUSE}",
        "s3.endpoint": server.endpoint,
        "rest.sigv4-enabled": "true",
        "rest.signing-name": "s3tables",
        "rest.signing-region": REGION,
    }
    for part in ("s3", "client"):
        properties[f"{part}.access-key-id"] = server.admin.access_key
        properties[f"{part}.secret-access-key"] = server.admin.secret_key
        properties[f"{part}.region"] = REGION
    return TransactionCatalog("lake", timeout_seconds=timeout_seconds, **properties)


def places_of(server: Server, namespace: str, *, url: str | None = None) -> SharedPlaces:
    """Return the places of a namespace of a server."""
    return SharedPlaces(
        catalog=catalog_of(server, url=url),
        namespace=namespace,
        objects=bucket_of(server, prefix="shared"),
        warehouse=Warehouse(
            bucket_of(server, name=WAREHOUSE, prefix=namespace, is_writer=False), f"s3://{WAREHOUSE}/{namespace}"
        ),
    )


def database_of(server: Server, schema: str) -> PostgresDatabase:
    """Return the database of a schema, for the article index and the leases of tables."""
    if server.database_url is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    return PostgresDatabase(server.database_url, schema=schema)


def shared_tables(
    server: Server,
    namespace: str,
    *,
    clock: Callable[[], datetime] = now,
    step: Callable[[str], None] = lambda name: None,
    url: str | None = None,
    schema: str | None = None,
) -> SharedTables:
    """Return the tables of a namespace. Index and leases are in the schema of its name, or in another one."""
    database = database_of(server, schema or namespace)
    return SharedTables(
        places_of(server, namespace, url=url),
        index=PostgresArticleIndex(database),
        lease=PostgresLeases(database).committer,
        now=clock,
        step=step,
    )


def new_shared_tables(server: Server, *, clock: Callable[[], datetime] = now) -> SharedTables:
    """Create tables in a new namespace, and return them."""
    tables = shared_tables(server, f"t{uuid.uuid4().hex[:12]}", clock=clock)
    create_tables(tables.places, tables.lease)
    return tables


def copy_index(server: Server, schema: str, to: str) -> None:
    """Copy the article index of a schema to a new one, as from a copy of the database."""
    database = database_of(server, to)
    for table in INDEX_TABLES:
        database.query(f"INSERT INTO {table} SELECT * FROM {schema}.{table} RETURNING 1")


class FileLease:
    """A lease that only the end of its process ends."""

    def check(self) -> None:
        """Return: it is held."""


class UnnoticedLease(PostgresLease):
    """A lease of a holder that does not notice that it is lost: its session lives, without the lock."""

    def check(self) -> None:
        """Return, as a check does that came just too early."""


@contextmanager
def unnoticed_lease(server: Server, schema: str) -> Iterator[PostgresLease]:
    """Yield a lease that another process may hold, too."""
    database = database_of(server, schema)
    with closing(database.connect()) as session:
        yield UnnoticedLease(database, session, 0, "committer")
