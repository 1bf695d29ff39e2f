"""Checks of the services of a shared store for `newslake doctor`: versions, rights, limits, clocks.

Each check uses its service as newslake does. No message has a password, a key or a token.
"""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from newslake.pipeline.errors import StoreError
from newslake.pipeline.shared.bucket import Bucket
from newslake.pipeline.shared.database import MORE_CONNECTIONS, WORKER_CONNECTIONS, PostgresDatabase
from newslake.pipeline.shared.inventory import SharedInventory
from newslake.pipeline.store.store import PartHealth

if TYPE_CHECKING:
    from newslake.pipeline.shared.tables import SharedPlaces

CLOCKS_SECONDS = 30.0
_FREE_CONNECTIONS = 4 * WORKER_CONNECTIONS  # of four workers
_CREATES = "the first run creates the store; if it should be there, correct"
_RIGHTS = """SELECT current_user, coalesce(
        (SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = %(schema)s),
        has_database_privilege(current_database(), 'CREATE')),
    (SELECT min(relname) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE nspname = %(schema)s AND relkind = 'r' AND NOT pg_has_role(relowner, 'USAGE'))"""
_LIMITS = """SELECT current_setting('server_version'), current_setting('data_checksums'),
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')"""


def check_database(database: PostgresDatabase) -> PartHealth:
    """Check version, rights, connections and checksums. Sessions check encoding, primary and pooler themselves.

    Raises: StoreError.
    """
    [(user, may_create, others_table)] = database.query(_RIGHTS, {"schema": database.schema})
    if others_table is not None or not may_create:
        what = "may not create tables in" if others_table is None else f"does not own the table {others_table} of"
        raise StoreError(
            f"{database.place}: the user {user} {what} the schema {database.schema}, so that no takedown can rewrite "
            f"tables; let {user} own the schema and all its tables",
            key=database.place,
            reason="store_rights",
        )
    [(version, checksums, limit, used)] = database.query(_LIMITS)
    facts = f"PostgreSQL {version.split()[0]} at {database.place}, {used} of {limit} connections in use"
    if database.is_new():
        message = f"{facts}; the schema {database.schema} does not exist yet"
        return PartHealth(message=message, action=f"{_CREATES} NEWS_DATABASE_URL or NEWS_DATABASE_SCHEMA", is_new=True)
    if limit - used < _FREE_CONNECTIONS:
        return PartHealth(message=facts, action=MORE_CONNECTIONS)
    if checksums != "on":
        message = f"{facts}; its pages have no checksums, so that a damaged disk is not noticed"
        return PartHealth(message=message, action="stop the server and run `pg_checksums --enable`")
    return PartHealth(message=facts)


def check_bucket(bucket: Bucket, *, is_new: bool) -> PartHealth:
    """Check that objects can be put once, read by range, listed and deleted, and that deleted ones are gone.

    ``is_new``: no store was created in the bucket. Raises: StoreError.
    """
    bucket.check(is_writer=True)
    bucket.check_reading()
    facts = f"{bucket.url}: puts once, reads ranges, lists, deletes"
    if is_new:
        message = f"{facts}; it has no archive yet"
        return PartHealth(message=message, action=f"{_CREATES} NEWS_OBJECTS_URL", is_new=True)
    return PartHealth(message=facts)


def check_catalog(places: "SharedPlaces", *, is_new: bool) -> PartHealth:
    """Check that tables can be created, loaded and dropped. The catalog has checked its endpoints when it was opened.

    ``is_new``: the store has no tables. Then these rights are not checked: the namespace may be missing, too.
    Raises: StoreError.
    """
    if is_new:
        message = f"{places.catalog.uri}: commits several tables; {places.namespace} has no tables of this store yet"
        action = f"{_CREATES} NEWS_CATALOG_WAREHOUSE or NEWS_CATALOG_NAMESPACE"
        return PartHealth(message=message, action=action, is_new=True)
    from pyiceberg.schema import Schema  # noqa: PLC0415 - only if tables are used
    from pyiceberg.types import LongType, NestedField  # noqa: PLC0415

    from newslake.pipeline.shared.catalog import named_errors  # noqa: PLC0415

    catalog, name = places.catalog, (places.namespace, f"check_{uuid.uuid4().hex}")
    with named_errors(catalog.uri):
        catalog.create_table(name, Schema(NestedField(1, "number", LongType(), required=False)))
        try:
            catalog.load_table(name)
        finally:
            catalog.drop_table(name, purge_requested=True)
    message = f"{catalog.uri}, namespace {places.namespace}: commits several tables, creates, loads and drops tables"
    return PartHealth(message=message)


def check_clocks(database: PostgresDatabase, bucket: Bucket, *, now: Callable[[], datetime]) -> PartHealth:
    """Compare the clocks of the services with this machine's. Raises: StoreError.

    Files are deleted by their age, and leases and rates follow the clock of the database.
    """
    services = {
        "the database": database.now,
        "the object storage": bucket.now,
    }
    apart = {name: _seconds_apart(read, now) for name, read in services.items()}
    worst = max(apart, key=lambda name: abs(apart[name]))
    if abs(apart[worst]) <= CLOCKS_SECONDS:
        return PartHealth(message=f"within {CLOCKS_SECONDS:.0f} s of this machine's")
    how = "fast" if apart[worst] > 0 else "slow"
    message = f"the clock of {worst} is {abs(apart[worst]):.0f} s {how}, compared with this machine's"
    return PartHealth(message=message, action="synchronise the clocks of all hosts and services, as by NTP")


def _seconds_apart(read: Callable[[], datetime], now: Callable[[], datetime]) -> float:
    """Return how far a clock is ahead of this machine's; 0 if it may be equal, as the answer takes time."""
    before = now()
    there = read()
    after = now()
    if before <= there <= after:
        return 0.0
    return (there - (after if there > after else before)).total_seconds()


def check_hosts(inventory: SharedInventory) -> PartHealth:
    """Find out whether all hosts of the last week have one version of newslake. Raises: StoreError."""
    versions = inventory.versions()
    count = sum(map(len, versions.values()))
    if not count:
        return PartHealth(message="none has used the store within seven days")
    if len(versions) < 2:
        return PartHealth(message=f"{count} within seven days, of version {', '.join(versions)}")
    named = "; ".join(f"{version} on {', '.join(hosts[:3])}" for version, hosts in versions.items())
    return PartHealth(
        message=f"different versions: {named}", action="install the same version of newslake on all hosts"
    )
