"""The database of the shared store: what it refuses, with which advice, and what it keeps."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from newslake.pipeline.archive import TakedownPlan
from newslake.pipeline.errors import StoreError
from newslake.pipeline.shared.blocklist import PostgresBlocklist
from newslake.pipeline.shared.capture_index import PostgresCaptureIndex
from newslake.pipeline.shared.database import OLDEST, PostgresDatabase, check_version
from newslake.pipeline.shared.leases import PostgresLeases
from newslake.pipeline.shared.page_states import PostgresPageStates
from newslake.pipeline.shared.schema import CLEAR_TEXT, VERSION
from tests.scale.postgres import PostgresServer, free_ports
from tests.store.stores import files_with, is_held
from tests.store.test_capture_index import FERRY, GONE, by_file
from tests.store.test_page_states import FERRY as STATE


def refusal(url: str, **options) -> StoreError:
    """Return the error of the first use of a database; it does not name the password."""
    with pytest.raises(StoreError) as caught:
        PostgresDatabase(url, schema=options.pop("schema", "refusal"), **options).query("SELECT 1")
    shown = "".join(map(str, (caught.value, caught.value.key, caught.value.__cause__)))
    assert "drift-wood" not in shown
    return caught.value


def with_user(postgres: PostgresServer, name: str, options: str = "") -> str:
    """Create a user; return the URL with it."""
    postgres.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'drift-wood' {options}")
    return postgres.url_at(postgres.port, user=name)


def test_many_first_users_create_one_schema(postgres, schema):
    """Eight threads that open a new schema at once find it complete, and of one version."""
    databases = [PostgresDatabase(postgres.url, schema=schema) for _ in range(8)]
    found = []
    threads = [
        threading.Thread(target=lambda each=each: found.extend(each.query("SELECT version FROM schema_version")))
        for each in databases
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert found == [(VERSION,)] * 8


@pytest.mark.parametrize(("version", "words"), [(VERSION - 1, "an earlier version"), (VERSION + 1, "a later version")])
def test_another_version_is_refused(postgres, schema, version, words):
    """A schema of another version of newslake is refused, with what to do; nothing is changed."""
    PostgresDatabase(postgres.url, schema=schema).query("SELECT 1")
    postgres.execute(f"UPDATE {schema}.schema_version SET version = {version}")

    error = refusal(postgres.url, schema=schema)
    assert (error.reason, words in str(error)) == ("store_version", True)
    assert "run the same version of newslake on all hosts" in str(error)


def test_a_killed_creation_leaves_nothing(postgres, schema):
    """A schema without a version, of whoever created it empty, gets its tables."""
    postgres.execute(f"CREATE SCHEMA {schema}")

    assert PostgresDatabase(postgres.url, schema=schema).query("SELECT is_ready FROM index_state") == [(False,)]


def test_old_servers_are_refused():
    """A server before version 14 is refused by its version."""
    check_version(OLDEST, place="db:5432/news")
    with pytest.raises(StoreError, match="db:5432/news is PostgreSQL 13; newslake needs 14 or later"):
        check_version(130_014, place="db:5432/news")


def test_an_unreachable_server_is_named():
    """A port without a server is an error at once, with the server's name."""
    [port] = free_ports(1)
    error = refusal(f"postgresql://newslake:drift-wood@127.0.0.1:{port}/newslake")

    assert error.reason == "store_unreachable"
    assert f"127.0.0.1:{port}/newslake cannot be reached" in str(error)


def test_a_wrong_password_is_refused(postgres):
    """A wrong and a missing password are refused; the message names none."""
    for password in ("drift-woods", "%20"):
        error = refusal(postgres.url_at(postgres.port, password=password))
        assert (error.reason, "check user and password" in str(error)) == ("store_refused", True)
    error = refusal(f"postgresql://newslake@127.0.0.1:{postgres.port}/newslake")
    assert error.reason == "store_refused"


def test_a_missing_database_is_named(postgres):
    """A database that does not exist is refused with its name."""
    error = refusal(postgres.url_at(postgres.port, database="newslakes"))
    assert (error.reason, "newslakes" in str(error)) == ("store_missing", True)


@pytest.mark.parametrize("url", ["", "drift-wood", "postgresql://u:drift-wood@h:port/db", "postgresql://drift-wood@h"])
def test_a_wrong_url_is_refused(url):
    """A URL that is not one of a database is refused; it is not repeated, because it may have a password."""
    with pytest.raises(StoreError) as caught:
        PostgresDatabase(url)
    assert caught.value.reason == "store_url"
    assert "drift-wood" not in str(caught.value)


def test_missing_rights_are_named(postgres, schema):
    """A user that may not create the schema is refused with the GRANT; one that owns a schema needs no other right."""
    url = with_user(postgres, f"guest_{schema}")
    error = refusal(url, schema=schema)
    assert (error.reason, "GRANT CREATE ON DATABASE" in str(error)) == ("store_rights", True)
    postgres.execute(f"CREATE SCHEMA {schema} AUTHORIZATION guest_{schema}")

    states = PostgresPageStates(PostgresDatabase(url, schema=schema))
    states.record_many([STATE])
    assert states.seen(STATE.page_key) == STATE


def test_a_read_only_server_is_refused(postgres, schema):
    """A server that accepts no writes is refused before the first one."""
    url = with_user(postgres, f"reader_{schema}")
    postgres.execute(f"ALTER ROLE reader_{schema} SET default_transaction_read_only = on")
    error = refusal(url, schema=schema)
    assert (error.reason, "name the primary server" in str(error)) == ("store_read_only", True)


def test_another_encoding_is_refused(postgres, schema):
    """A database that is not in UTF-8 is refused."""
    database = f"latin_{schema}"
    postgres.execute(f"CREATE DATABASE {database} ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER libc TEMPLATE template0")
    error = refusal(postgres.url_at(postgres.port, database=database))
    assert (error.reason, "ENCODING 'UTF8'" in str(error)) == ("store_version", True)


def test_too_many_connections_are_named(postgres, schema):
    """If the server accepts no more connections, the message names the setting; a later one waits for its turn."""
    url = with_user(postgres, f"lonely_{schema}", "SUPERUSER")
    postgres.execute(f"ALTER ROLE lonely_{schema} NOSUPERUSER CONNECTION LIMIT 1")
    postgres.execute(f"CREATE SCHEMA {schema} AUTHORIZATION lonely_{schema}")
    first = PostgresDatabase(url, schema=schema)
    first.query("SELECT 1")

    error = refusal(url, schema=schema, patience_seconds=0.2)
    assert (error.reason, "raise max_connections" in str(error)) == ("store_busy", True)
    threading.Timer(0.5, first.close).start()
    assert PostgresDatabase(url, schema=schema).query("SELECT 1") == [(1,)]


def test_the_password_may_be_in_a_file(postgres, schema, tmp_path: Path):
    """A password in a file is read for each session; a missing file is named."""
    secret = tmp_path / "password"
    url = f"postgresql://newslake@127.0.0.1:{postgres.port}/newslake"
    assert str(secret) in str(refusal(url, password_file=secret))
    secret.write_text("drift-wood\n")

    assert PostgresDatabase(url, password_file=secret, schema=schema).query("SELECT 1") == [(1,)]


def test_the_password_may_be_in_the_environment(postgres, schema, monkeypatch):
    """A password that the URL does not have is that of the environment."""
    monkeypatch.setenv("PGPASSWORD", "drift-wood")
    url = f"postgresql://newslake@127.0.0.1:{postgres.port}/newslake"
    assert PostgresDatabase(url, schema=schema).query("SELECT 1") == [(1,)]


def test_several_servers_may_be_named(postgres, schema):
    """Of several servers, one that is there and accepts writes is used."""
    [port] = free_ports(1)
    servers = f"127.0.0.1:{port},127.0.0.1:{postgres.port}"
    url = f"postgresql://newslake:drift-wood@{servers}/newslake?target_session_attrs=read-write"
    assert PostgresDatabase(url, schema=schema).query("SELECT 1") == [(1,)]


def test_limits_of_the_server_end_no_lease(postgres, schema):
    """Time limits that the server has for statements, locks and idle sessions end neither a lease nor a wait for it."""
    url = with_user(postgres, f"hasty_{schema}")
    for name in ("statement_timeout", "lock_timeout", "idle_session_timeout", "idle_in_transaction_session_timeout"):
        postgres.execute(f"ALTER ROLE hasty_{schema} SET {name} = 300")
    postgres.execute(f"CREATE SCHEMA {schema} AUTHORIZATION hasty_{schema}")
    leases = PostgresLeases(PostgresDatabase(url, schema=schema))
    got = []

    def wait() -> None:
        with leases.committer() as lease:
            got.append(is_held(lease))

    with leases.committer() as lease:
        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        thread.join(1.5)
        assert (got, is_held(lease)) == ([], True)
    thread.join(30)
    assert got == [True]


def test_sessions_are_set_up(database):
    """A session waits for its commits, ends if the other side is silent, and knows only its schema."""
    names = ["synchronous_commit", "tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_user_timeout", "TimeZone"]
    shown = [database.query("SELECT current_setting(%s)", (name,))[0][0] for name in names]

    assert shown == ["on", "8", "4", "25000", "UTC"]
    assert database.query("SHOW search_path") == [(f'"{database.schema}"',)]


def test_time_is_that_of_the_server(database, postgres):
    """The clock is that of the server, in UTC."""
    before = float(postgres.execute("SELECT extract(epoch FROM clock_timestamp())"))
    now = database.now()
    assert before <= now.timestamp() <= before + 60
    assert now.utcoffset().total_seconds() == 0


def test_a_wrong_statement_is_a_defect(database):
    """An error of a statement of ours is not taken for one of the server."""
    with pytest.raises(Exception, match="syntax error") as caught:
        database.query("SELEKT 1")
    assert not isinstance(caught.value, StoreError)


def test_threads_take_turns(database):
    """Threads that share a database do not see each other's open transactions."""
    states = PostgresPageStates(database)
    threads = [
        threading.Thread(
            target=lambda number=number: [
                states.record_many([replace(STATE, page_key=f"p{number}-{each}")]) for each in range(50)
            ]
        )
        for number in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(list(states.known(STATE.news_day, STATE.news_day))) == 200


def test_deleted_rows_leave_no_bytes(mortal_postgres, schema):
    """After an erasure no file of the server's tables has the URLs, nor have its statistics."""
    database = PostgresDatabase(mortal_postgres.url, schema=schema)
    index, states = PostgresCaptureIndex(database), PostgresPageStates(database)
    mark = "https://harbour-post.example/doomed-"
    index.add(by_file(*(replace(FERRY, page_key=f"{mark}{n}", url=f"{mark}{n}", offset=n) for n in range(500))))
    index.add(by_file(replace(FERRY, offset=9_000), *(replace(GONE, url=f"{mark}{n}", offset=n) for n in range(50))))
    states.record_many(replace(STATE, page_key=f"{mark}{n}", url=f"{mark}{n}") for n in range(500))
    with PostgresLeases(database).claim("inbox", [f"{mark}{n}.html" for n in range(50)]):
        pass
    blocklist = PostgresBlocklist(database)
    plan = TakedownPlan(page_keys=frozenset(f"{mark}{n}" for n in range(500)))
    takedown = blocklist.begin("article", names=["a"], work=plan, at=GONE.fetched_at, reason=None)
    mortal_postgres.execute("ANALYZE; CHECKPOINT")
    assert files_with(mortal_postgres.data / "base", mark) != []
    watcher = PostgresDatabase(mortal_postgres.url, schema=schema).connect()
    watcher.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    watcher.execute("SELECT 1")  # a reader elsewhere, to whom deleted rows are still visible

    index.erase((FERRY.file, n) for n in range(500))
    index.forget(GONE.file)
    states.erase([f"{mark}{n}" for n in range(500)])
    index.vacuum_and_truncate()
    blocklist.finish(takedown.takedown_id)
    mortal_postgres.execute("CHECKPOINT")

    assert files_with(mortal_postgres.data / "base", mark) == []
    assert index.captures() == (replace(FERRY, offset=9_000),)
    watcher.close()


def test_columns_that_name_pages_are_known(database):
    """Every column of text that may name a page, or is made of its text, is without statistics."""
    query = """SELECT relname, attname FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid
        WHERE relnamespace = %s::regnamespace AND relkind = 'r' AND attnum > 0"""
    found = set(database.query(f"{query} AND attstattarget = 0", (database.schema,)))
    named = """ AND (attname IN ('page_key', 'url', 'etag', 'last_modified', 'hints', 'work', 'revision_id',
        'payload_digest', 'detail', 'row_key', 'seen') OR (attname = 'name' AND relname = 'inbox_claims'))"""

    assert found == {(table, column) for table, columns in CLEAR_TEXT.items() for column in columns}
    assert found == set(database.query(query + named, (database.schema,)))
