"""The schema of the shared store's database: its tables, its version, and who creates it.

A page is looked up by the hash of its key: an entry of a B-tree has at most 2,700 bytes, and a URL may be longer. All
text is compared by its bytes, as in SQLite. Columns that name pages have no statistics: a takedown could not delete
these copies of their values.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from typing import Final

import psycopg
from psycopg import sql

from newslake.pipeline.errors import StoreError

VERSION: Final = 3
_VERSION_TABLE = "schema_version"
HAS_TABLES: Final = f"""SELECT 1 FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = %s AND relname = '{_VERSION_TABLE}'"""  # noqa: S608 - constants
# Columns that name a page, or are derived from its text, per table.
CLEAR_TEXT: Final = {
    "captures": ("page_key", "url", "etag", "last_modified", "hints"),
    "attempts": ("page_key", "url"),
    "pages": ("page_key", "url", "hints"),
    "listing_validators": ("url", "etag", "last_modified"),
    "takedowns": ("work",),
    "inbox_claims": ("name",),
    "articles": ("revision_id", "payload_digest"),
    "cached_outcomes": ("seen", "detail", "row_key"),
}


_TABLES = (
    """CREATE TABLE captures (
        page_hash bytea NOT NULL, page_key text NOT NULL, url text, article_id text NOT NULL, source_key text NOT NULL,
        news_day date NOT NULL, run_id text NOT NULL, fetched_at bigint NOT NULL, status integer NOT NULL,
        digest text NOT NULL, is_revisit boolean NOT NULL, file text NOT NULL, "offset" bigint NOT NULL,
        length bigint NOT NULL, etag text, last_modified text, hints text NOT NULL, sent_digest text,
        PRIMARY KEY (file, "offset"))""",
    "CREATE INDEX captures_page ON captures (page_hash, fetched_at)",
    "CREATE INDEX captures_article ON captures (article_id, fetched_at)",
    "CREATE INDEX captures_digest ON captures (digest, is_revisit)",
    "CREATE INDEX captures_day ON captures (news_day, fetched_at)",
    "CREATE INDEX captures_run ON captures (run_id, source_key)",
    "CREATE INDEX captures_source ON captures (source_key, news_day)",
    """CREATE TABLE attempts (
        page_hash bytea NOT NULL, page_key text NOT NULL, url text NOT NULL, article_id text, source_key text NOT NULL,
        news_day date NOT NULL, run_id text NOT NULL, fetched_at bigint NOT NULL, status integer NOT NULL,
        reason text NOT NULL, file text NOT NULL, "offset" bigint NOT NULL, length bigint NOT NULL,
        PRIMARY KEY (file, "offset"))""",
    "CREATE INDEX attempts_page ON attempts (page_hash, fetched_at)",
    "CREATE TABLE files (file text PRIMARY KEY)",
    # Whether the index was built from the files of the archive; one row.
    "CREATE TABLE index_state (is_ready boolean NOT NULL)",
    "INSERT INTO index_state VALUES (false)",
    """CREATE TABLE pages (
        state_hash bytea PRIMARY KEY, page_hash bytea NOT NULL, page_key text NOT NULL, url text NOT NULL,
        source_key text NOT NULL, news_day date NOT NULL, listed_modified_at bigint, last_outcome text NOT NULL,
        reason text, attempts integer NOT NULL, next_try_at bigint, hints text NOT NULL)""",
    "CREATE INDEX pages_page ON pages (page_hash)",
    "CREATE INDEX pages_day ON pages (news_day)",
    "CREATE INDEX pages_source ON pages (source_key)",
    "CREATE INDEX pages_due ON pages (source_key, next_try_at) WHERE next_try_at IS NOT NULL",
    """CREATE TABLE listing_validators (
        source_key text NOT NULL, url_hash bytea NOT NULL, url text NOT NULL, etag text, last_modified text,
        PRIMARY KEY (source_key, url_hash))""",
    """CREATE TABLE takedowns (
        takedown_id text PRIMARY KEY, kind text NOT NULL, at bigint NOT NULL, reason text, articles integer NOT NULL,
        work text)""",
    """CREATE TABLE blocklist (
        name text NOT NULL, takedown_id text NOT NULL, PRIMARY KEY (name, takedown_id))""",
    "CREATE INDEX blocklist_by_takedown ON blocklist (takedown_id)",
    "CREATE TABLE revocations (takedown_id text PRIMARY KEY)",
    # The time of the next request to a host, and until when the current one counts as open, by the clock of the server.
    """CREATE TABLE host_rates (
        host text PRIMARY KEY, next_at timestamptz NOT NULL, open_until timestamptz NOT NULL)""",
    # Each takedown starts a generation of writers, and waits for those of earlier ones; one row.
    "CREATE TABLE writer_generations (newest bigint NOT NULL, ended bigint NOT NULL)",
    "INSERT INTO writer_generations VALUES (1, 0)",
    # Names of the inbox that a run has, for as long as the lease with this key is held.
    """CREATE TABLE inbox_claims (
        inbox text NOT NULL, name text NOT NULL, lease bigint NOT NULL, PRIMARY KEY (inbox, name))""",
    # The article index. The holder of the committer's lease writes articles, days, pending, touched and batches.
    """CREATE TABLE articles (
        article_id text PRIMARY KEY, published_date date NOT NULL, revision_id text NOT NULL,
        pipeline_version text NOT NULL, kb_version text, payload_digest text, fetched_at bigint NOT NULL)""",
    "CREATE INDEX articles_day ON articles (published_date)",
    "CREATE TABLE days (published_date date PRIMARY KEY, generation bigint NOT NULL, changed_at bigint NOT NULL)",
    "CREATE TABLE pending (month text PRIMARY KEY)",
    """CREATE TABLE touched (
        batch_id text NOT NULL, published_date date NOT NULL, PRIMARY KEY (batch_id, published_date))""",
    "CREATE TABLE batches (batch_id text PRIMARY KEY)",
    """CREATE TABLE cached_outcomes (
        article_id text PRIMARY KEY, seen text NOT NULL, pipeline_version text NOT NULL, outcome text NOT NULL,
        reason text, detail text, row_key text)""",
    """CREATE TABLE kb_current_days (
        published_date date PRIMARY KEY, generation bigint NOT NULL, knowledge text NOT NULL)""",
    # One row per article that the tables have or had, with its current or last day.
    """CREATE TABLE changes (
        article_id text PRIMARY KEY, published_date date NOT NULL, is_removed boolean NOT NULL,
        first_at bigint NOT NULL, changed_at bigint NOT NULL, moved_from date, moved_at bigint,
        is_gone boolean NOT NULL DEFAULT false, gone_at bigint)""",
    "CREATE INDEX changes_day ON changes (published_date)",
    "CREATE INDEX changes_at ON changes (changed_at)",
    "CREATE INDEX changes_gone_at ON changes (gone_at) WHERE gone_at IS NOT NULL",
    # The stamp of the last change; its lock lets stamps be committed in their order. At most one row.
    "CREATE TABLE stamps (one boolean PRIMARY KEY CHECK (one), last bigint NOT NULL)",
    # The states of add-ons, each with its tables. Who took the lock of a state last; NULL after a block that
    # ended well. Else a put of that holder may still come, until settled_at. Every change of the state by a holder has
    # a lock of the row.
    """CREATE TABLE side_states (
        state text PRIMARY KEY, definition text NOT NULL, holder text, taken_at timestamptz NOT NULL,
        settled_at timestamptz NOT NULL)""",
    # The newest effect of each key, by which holder of the lock; it is recorded before ends_at, or never.
    """CREATE TABLE side_effects (
        state text NOT NULL, key text NOT NULL, effect_id text NOT NULL, holder text NOT NULL,
        ends_at timestamptz NOT NULL, PRIMARY KEY (state, key))""",
    # The names of the files that may be in the bucket.
    "CREATE TABLE side_files (state text NOT NULL, name text NOT NULL, PRIMARY KEY (state, name))",
    # What processes work on, for as long as the lease with this key is held; and in whose turns processes died. Hashes.
    """CREATE UNLOGGED TABLE turns (
        lease bigint PRIMARY KEY, items text[] NOT NULL, server_started_at timestamptz NOT NULL)""",
    "CREATE TABLE deaths (item text PRIMARY KEY, times bigint NOT NULL)",
    # The inventory: the name of the store, how many times its bucket was opened, and the parts that were created.
    "CREATE TABLE store (store_id text NOT NULL, openings bigint NOT NULL)",
    "INSERT INTO store VALUES (gen_random_uuid()::text, 0)",
    "CREATE TABLE store_parts (name text PRIMARY KEY, place text NOT NULL)",
    # The hosts that opened the bucket, with their versions of newslake, for `newslake doctor`.
    "CREATE TABLE hosts (host text PRIMARY KEY, version text NOT NULL, seen_at timestamptz NOT NULL)",
)


def hash_of(text: str) -> bytes:
    """Return the hash by which a page or a listing is looked up."""
    return hashlib.sha256(text.encode()).digest()[:16]


def lock_key(*names: str) -> int:
    """Return the key of an advisory lock: 64 bits of the hash of its names."""
    return int.from_bytes(hashlib.sha256("\0".join(names).encode()).digest()[:8], signed=True)


def ensure_schema(
    connection: psycopg.Connection,
    schema: str,
    *,
    place: str,
    may_create: bool,
    before_creation: Callable[[], None],
) -> None:
    """Create the schema if it is missing and ``may_create``; of several processes one creates it, and the others wait.

    Raises: StoreError (store_version) if it has another version; what ``before_creation`` raises, and creates nothing.
    """
    version = _version_of(connection, schema)
    if version is None and not may_create:
        return
    if version is None:
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (lock_key("schema", schema),))
            version = _version_of(connection, schema)
            if version is None:
                before_creation()
                _create(connection, schema)
                version = VERSION
    if version != VERSION:
        older, newer = "an earlier", "a later"
        raise StoreError(
            f"the schema {schema} of {place} is of {older if version < VERSION else newer} version of newslake "
            f"({version}, not {VERSION}); run the same version of newslake on all hosts, or name another database",
            key=place,
            reason="store_version",
        )


def _version_of(connection: psycopg.Connection, schema: str) -> int | None:
    """Return the version of a schema; None if it has no tables of ours."""
    # Not to_regclass: while it waits for the lock, a session may remember that there was no table.
    if connection.execute(HAS_TABLES, (schema,)).fetchone() is None:
        return None
    table = sql.Identifier(schema, _VERSION_TABLE)
    row = connection.execute(sql.SQL("SELECT max(version) FROM {}").format(table)).fetchone()
    return None if row is None else row[0]


def _create(connection: psycopg.Connection, schema: str) -> None:
    known = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,)).fetchone()
    if known is None:  # IF NOT EXISTS would need the right to create one, also if it exists
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    for statement in _TABLES:
        connection.execute(sql.SQL(_with_collation(statement)))
    for table, columns in CLEAR_TEXT.items():
        connection.execute(sql.SQL(without_statistics(table, columns)))
    connection.execute(sql.SQL(f"CREATE TABLE {_VERSION_TABLE} (version integer NOT NULL)"))
    connection.execute(f"INSERT INTO {_VERSION_TABLE} VALUES (%s)", (VERSION,))  # noqa: S608 - constants


def without_statistics(table: str, columns: Iterable[str]) -> str:
    """Return the statement after which some columns have no statistics."""
    changes = ", ".join(f"ALTER COLUMN {column} SET STATISTICS 0" for column in columns)
    return f"ALTER TABLE {table} {changes}"


def _with_collation(statement: str) -> str:
    """Return a statement whose columns of text are compared by their bytes."""
    return re.sub(r" text(\[\])?", r' text\1 COLLATE "C"', statement)
