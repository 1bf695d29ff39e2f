"""The tables of the contract suite: a lake in a folder, and Iceberg tables in a namespace of their own."""

import fcntl
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.lake import Lake
from pipeline.lake.article_index import ArticleIndex
from pipeline.shared.catalog import TransactionCatalog
from pipeline.shared.tables import SharedPlaces, SharedTables, create_tables
from pipeline.shared.upkeep import HoldLease, Warehouse
from pipeline.store.leases import Lease
from tests.scale.seaweedfs import REGION, WAREHOUSE, SeaweedFS, SeaweedKey
from tests.store.stores import bucket_of
from tests.unit.lake.rows import NOON


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


def shared_tables(
    server: Server,
    path: Path,
    namespace: str,
    *,
    clock: Callable[[], datetime] = now,
    step: Callable[[str], None] = lambda name: None,
    url: str | None = None,
    lease: HoldLease | None = None,
) -> SharedTables:
    """Return the tables of a namespace. Index and lease are files in a folder, for the processes of this machine."""
    path.mkdir(parents=True, exist_ok=True)
    index = ArticleIndex(path / "index.sqlite", durability="process")
    hold = lease or (lambda: locked(path / "lease"))
    return SharedTables(places_of(server, namespace, url=url), index=index, lease=hold, now=clock, step=step)


def new_shared_tables(server: Server, path: Path, **options: Callable[..., datetime]) -> SharedTables:
    """Create tables in a new namespace, and return them."""
    namespace = f"t{uuid.uuid4().hex[:12]}"
    tables = shared_tables(server, path / namespace, namespace, **options)
    create_tables(tables.places, tables.lease)
    return tables


class FileLease:
    """A lease that only the end of its process ends."""

    def is_held(self) -> bool:
        return True

    def check(self) -> None:
        """Return: it is held."""


@contextmanager
def locked(path: Path) -> Iterator[Lease]:
    """Hold a lock of this machine; the kernel ends it with its process."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield FileLease()
