"""`newslake doctor` on a shared store: each wrong part is one failure with one action, and no line has a secret."""

import http.server
import json
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.shared.database import PostgresDatabase
from newslake.pipeline.shared.health import check_clocks, check_database
from newslake.pipeline.shared.settings import SharedSettings
from newslake.pipeline.upkeep.health import Finding, examine
from tests.scale.postgres import PostgresServer, as_user, free_ports
from tests.scale.seaweedfs import BUCKET, SeaweedKey
from tests.store.conftest import ENGLISH, skip_missing
from tests.store.shared_stores import StoreServices
from tests.store.table_stores import catalog_of

SERVICES = ("database", "object_storage", "catalog", "clocks", "hosts")
SECRETS = ("drift-wood", "newslake-secret", "s3cret")
NEED_STORE = ("knowledge_base", "corrections", "archive", "lake", "compaction", "freshness", "alert_state")


@pytest.fixture
def services(weed, postgres, schema, tmp_path) -> StoreServices:
    """The services of a new store."""
    return StoreServices(weed=weed, database_url=postgres.url, name=schema, folder=tmp_path)


def failure(space: Workspace, name: str) -> Finding:
    """Return the only failure of an examination: one line says what is not checked, and no line has a secret."""
    found = examine(space)
    lines = " ".join(f"{each.message} {each.action}" for each in found)
    assert [secret for secret in SECRETS if secret in lines] == []
    failed = [each for each in found if each.status == "fail"]
    assert [each.name for each in failed] == [name], failed
    [rest] = [each.message for each in found if each.name == "not_checked"]
    left = [*SERVICES[SERVICES.index(name) + 1 :], *NEED_STORE]
    assert rest == f"{', '.join(left)}: they need the {name}".replace("_", " ")
    assert {each.name for each in found}.isdisjoint(left)
    assert failed[0].action
    return failed[0]


def test_sound_store_has_no_action(services):
    """All services of a sound store pass, between the checks of this host; only checksums of pages may be a warning."""
    assert services.store().lake_places
    found = {each.name: each for each in examine(services.workspace())}
    own = {name: found[name] for name in SERVICES}

    assert {name: each.status for name, each in own.items() if name != "database"} == dict.fromkeys(SERVICES[1:], "ok")
    assert own["database"].action in (None, "stop the server and run `pg_checksums --enable`")
    assert "PostgreSQL 1" in own["database"].message
    assert list(found).index("model") < list(found).index("database") < list(found).index("archive")
    left = services.store().places.catalog.list_tables(services.name)
    assert [name for *_, name in left if "check" in name] == []


@pytest.fixture
def store_is_there(services) -> StoreServices:
    """The services of a store that a first run has created."""
    assert services.store().lake_places
    return services


def parts_there(services: StoreServices, *, schema: str, prefix: str, namespace: str) -> list[str]:
    """Return what is there of a store: its schema, objects of its prefix, its namespace."""
    with closing(psycopg.connect(services.database_url, autocommit=True)) as session:
        found = session.execute("SELECT nspname FROM pg_namespace WHERE nspname = %s", (schema,)).fetchall()
    there = [f"schema {name}" for (name,) in found]
    there += [each["path"] for page in services.weed.client().list(prefix) for each in page]
    names = [each[-1] for each in catalog_of(services.weed).list_namespaces()]
    return there + [f"namespace {name}" for name in names if name == namespace]


def test_doctor_creates_nothing_of_a_new_store(services):
    """On a new store doctor says that it does not exist yet, what creates it, and checks nothing that would."""
    found = {each.name: each for each in examine(services.workspace())}

    assert parts_there(services, schema=services.name, prefix=services.name, namespace=services.name) == []
    assert [each for each in found.values() if each.status == "fail"] == []
    for name, missing, setting in (
        ("database", f"the schema {services.name} does not exist yet", "NEWS_DATABASE_SCHEMA"),
        ("object_storage", "it has no archive yet", "NEWS_OBJECTS_URL"),
        ("catalog", f"{services.name} has no tables of this store yet", "NEWS_CATALOG_NAMESPACE"),
    ):
        assert found[name].status == "warn"
        assert missing in found[name].message
        assert "the first run creates the store" in str(found[name].action)
        assert setting in str(found[name].action)
    assert found["not_checked"].message.endswith("alert state: they need the database, which has no store yet")


@pytest.mark.parametrize(
    ("given", "name", "message"),
    [
        ({"database_schema": "{name}_typo"}, "object_storage", "has no store in the schema {name}_typo"),
        ({"objects_url": f"s3://{BUCKET}/{{name}}_typo"}, "object_storage", "name s3://lake/{name}_typo at"),
        ({"catalog_namespace": "{name}_typo"}, "catalog", "{name}_typo in"),
        (
            {"database_schema": "{name}_typo", "objects_url": f"s3://{BUCKET}/{{name}}_typo"},
            "catalog",
            "those of another store",
        ),
    ],
)
def test_doctor_creates_nothing_at_a_wrong_place(store_is_there, given, name, message):
    """A mistyped schema, prefix or namespace is one failure, and nothing is created there."""
    services, typo = store_is_there, f"{store_is_there.name}_typo"
    values = {key: value.format(name=services.name) for key, value in given.items()}
    found = failure(services.workspace(**values), name)

    assert message.format(name=services.name) in found.message
    assert parts_there(services, schema=typo, prefix=typo, namespace=typo) == []


def test_user_who_may_not_create_the_schema_is_one_failure(services, postgres):
    """Before the first run, a user without the right to create the schema is named."""
    with closing(psycopg.connect(postgres.url, autocommit=True)) as session:
        session.execute(f"CREATE ROLE {services.name}_guest LOGIN PASSWORD 's3cret'")
    url = postgres.url_at(postgres.port, user=f"{services.name}_guest", password="s3cret")
    found = failure(services.workspace(database_url=url), "database")

    assert f"may not create tables in the schema {services.name}" in found.message


def test_one_machine_has_no_services(tmp_path):
    """On one machine nothing of a shared store is checked."""
    from tests.unit.upkeep.test_health import space_at

    assert {each.name for each in examine(space_at(tmp_path))}.isdisjoint((*SERVICES, "store"))


@pytest.mark.parametrize(
    ("given", "name", "message", "action"),
    [
        ({"database_url": None}, "database", "NEWS_DATABASE_URL is not set", "docs/operations.md"),
        (
            {"database_url": "postgresql://newslake:s3cret@127.0.0.1:{port}/newslake"},
            "database",
            "cannot be reached",
            "start the server",
        ),
        (
            {"database_url": "postgresql://newslake:s3cret@127.0.0.1:{db}/newslake"},
            "database",
            "refuses",
            "check user and password",
        ),
        ({"database_url": "{url}s"}, "database", "refuses", "create the database"),
        ({"database_url": "s3cret"}, "database", "is not the URL of a database", "docs/operations.md"),
        ({"objects_url": None}, "object_storage", "NEWS_OBJECTS_URL is not set", "docs/operations.md"),
        ({"objects_url": "https://lake/a?key=s3cret"}, "object_storage", "s3://BUCKET/PREFIX", "docs/operations.md"),
        (
            {"objects_url": "s3://nowhere/a"},
            "object_storage",
            "there is no such bucket",
            "create it, or correct its setting",
        ),
        ({"objects_endpoint": "http://127.0.0.1:{port}"}, "object_storage", "no answer for 5 s", "start the store"),
        (
            {"objects_endpoint": "http://store.test:1"},
            "object_storage",
            "is not encrypted; use https, or set NEWS_ALLOW_HTTP=true",
            "docs",
        ),
        ({"catalog_url": "http://127.0.0.1:{port}"}, "catalog", "does not answer", "start it, or correct its URL"),
        (
            {"catalog_url": "http://lake.test:1"},
            "catalog",
            "is not encrypted; use https, or set NEWS_ALLOW_HTTP=true",
            "docs",
        ),
        ({"catalog_url": "http://me:s3cret@127.0.0.1:1"}, "catalog", "without a key", "docs"),
        ({"catalog_warehouse": "s3://nowhere"}, "catalog", "nowhere", "correct"),
        ({"catalog_warehouse": None}, "catalog", "NEWS_CATALOG_WAREHOUSE is not set", "docs"),
        (
            {"catalog_properties_file": "/nowhere/catalog.toml"},
            "catalog",
            "NEWS_CATALOG_PROPERTIES_FILE names /nowhere/catalog.toml, which does not exist",
            "docs",
        ),
        (
            {"objects_key_file": "/nowhere/key"},
            "object_storage",
            "NEWS_OBJECTS_KEY_FILE names /nowhere/key, which does not exist",
            "docs",
        ),
    ],
)
def test_wrong_setting_is_one_failure(services, postgres, given, name, message, action):
    """A wrong URL, password, bucket, endpoint, catalog or warehouse is one failure that says what to do."""
    [port] = free_ports(1)
    values = {
        key: value and value.format(port=port, db=postgres.port, url=postgres.url) for key, value in given.items()
    }
    found = failure(services.workspace(**values), name)

    assert message in found.message
    assert action in str(found.action)


@pytest.mark.parametrize(
    ("key", "message", "action"),
    [
        (SeaweedKey("newslake", "s3cret"), "the secret key is wrong", "correct the file"),
        (SeaweedKey("nobody", "s3cret"), "the access key is unknown", "correct the file"),
        (SeaweedKey("reader", "reader-secret"), "the key has no right to do this", "grant it"),
    ],
)
def test_wrong_key_is_one_failure(services, key, message, action, tmp_path):
    """A wrong secret, an unknown key, and a key that may only read are named, without the secret."""
    file = tmp_path / "other-key"
    file.write_text(f"[a]\naws_access_key_id = {key.access_key}\naws_secret_access_key = {key.secret_key}\n")
    found = failure(services.workspace(objects_key_file=file), "object_storage")

    assert message in found.message
    assert action in str(found.action)


@pytest.mark.parametrize(
    ("access_key", "secret", "message"),
    [
        ("newslake", "wr0ng", "refuses"),
        ("nobody", "wr0ng", "refuses"),
        ("reader", "reader-secret", "are missing"),  # SeaweedFS shows no tables to a user without rights
    ],
)
def test_refusal_of_the_catalog_names_the_file_of_its_credential(services, access_key, secret, message, tmp_path):
    """A catalog that refuses the key of its requests is one failure that says where its credential is."""
    right = services.settings().of(SharedSettings).catalog_properties_file.read_text()
    file = tmp_path / "other.toml"
    file.write_text(right.replace('"newslake"', f'"{access_key}"').replace('"newslake-secret"', f'"{secret}"'))
    assert services.store().lake_places
    found = failure(services.workspace(catalog_properties_file=file), "catalog")

    assert message in found.message
    assert "file of NEWS_CATALOG_PROPERTIES_FILE" in str(found.action)
    assert secret not in f"{found.message} {found.action}"


def test_lost_part_is_one_failure(services):
    """A lost part is named by doctor, by verify and by repair, with the same words."""
    from newslake.pipeline.errors import MissingStoreError
    from newslake.pipeline.upkeep.maintenance import repair, verify

    assert services.store().lake_places
    services.store().objects.delete("store.json")
    found = failure(services.workspace(), "object_storage")
    assert "has lost store.json" in found.message
    [problem] = verify(services.workspace()).problems
    assert problem == f"{found.message}; {found.action}"
    with pytest.raises(MissingStoreError, match=r"has lost store\.json"):
        repair(services.workspace())


def test_missing_libraries_are_one_failure(services, tmp_path):
    """Without the extra, doctor says what to install."""
    code = (
        "import sys; sys.modules['psycopg'] = sys.modules['obstore'] = sys.modules['pyiceberg'] = None\n"
        "from newslake.pipeline.jobs.workspace import Workspace; from newslake.pipeline.settings import Settings\n"
        "from newslake.pipeline.upkeep.health import examine\n"
        "for each in examine(Workspace(Settings.load())):\n"
        "    print(each.name, each.status, each.message, each.action)\n"
    )
    settings = services.settings()
    environment = {
        **os.environ,
        "NEWS_STORE": "shared",
        "NEWS_DATA_DIR": str(tmp_path / "data"),
        "NEWS_SOURCES_FILE": str(settings.sources_file),
        "NEWS_OVERRIDES_FILE": str(settings.overrides_file),
    }
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    failed = [line for line in done.stdout.splitlines() if " fail " in line]

    assert len(failed) == 1, done.stderr
    assert "[shared]" in failed[0]


class _ConfigHandler(http.server.BaseHTTPRequestHandler):
    """A catalog without transactions: its configuration lists the endpoints that it has, or none."""

    endpoints: tuple[str, ...] = ()

    def do_GET(self) -> None:
        self._answer(
            200, {"defaults": {}, "overrides": {}, **({"endpoints": self.endpoints} if self.endpoints else {})}
        )

    def do_POST(self) -> None:
        self._answer(404, {"error": {"message": "no such path", "type": "NotFound", "code": 404}})

    def _answer(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@contextmanager
def catalog_with(*endpoints: str) -> Iterator[str]:
    """Run a catalog with some endpoints in the block; yield its address."""
    handler = type("Handler", (_ConfigHandler,), {"endpoints": endpoints})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("endpoints", [(), ("GET /v1/config", "POST /v1/{prefix}/namespaces/{namespace}/tables")])
def test_catalog_without_transactions_is_refused_by_name(services, endpoints):
    """A catalog that lists no endpoint of transactions, or does not know its path, is refused with its address."""
    with catalog_with(*endpoints) as address:
        found = failure(services.workspace(catalog_url=address), "catalog")

    assert f"the catalog at {address} has no endpoint POST /v1/{{prefix}}/transactions/commit" in found.message
    assert "Lakekeeper, Polaris, Nessie or SeaweedFS" in str(found.action)


def test_run_says_what_it_waits_for(services):
    """`newslake run` without its object storage says so after some seconds, waits once, and ends with one message."""
    [port] = free_ports(1)
    code = (
        "import sys; from newslake.pipeline.cli import main; from newslake.pipeline.shared.store import Patience\n"
        "Patience.__init__.__kwdefaults__['deadline_seconds'] = 8.0\n"
        "sys.argv = ['newslake', 'run', '--quiet']; main()"
    )
    environment = services.environment(objects_endpoint=f"http://127.0.0.1:{port}")
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    waiting, ending = done.stderr.splitlines()

    place = re.escape(f"s3://lake/{services.name}")
    assert re.fullmatch(
        rf"the object storage at {place} does not answer; trying again until \d\d:\d\d:\d\d UTC", waiting
    )
    assert re.fullmatch(rf"newslake: {place}: no answer for 8 s; start the store, or correct [A-Z_]+", ending)
    assert (done.returncode, done.stdout) == (1, "")


def test_full_store_is_one_failure(mortal_weed, postgres, schema, tmp_path):
    """A store whose disk is full is named."""
    services = StoreServices(weed=mortal_weed, database_url=postgres.url, name=schema, folder=tmp_path)
    assert services.store().lake_places
    mortal_weed.restart(is_full=True)
    found = failure(services.workspace(), "object_storage")
    mortal_weed.restart()

    assert "its disk is full" in found.message
    assert "add space" in str(found.action)


def test_user_must_own_the_tables(services, postgres):
    """A user that may write, but does not own the tables, could not rewrite them in a takedown."""
    store = services.store()
    assert store.lake_places
    name = services.name
    with closing(psycopg.connect(postgres.url, autocommit=True)) as session:
        session.execute(f"CREATE ROLE {name}_guest LOGIN PASSWORD 's3cret'")
        session.execute(f"GRANT CREATE, USAGE ON SCHEMA {name} TO {name}_guest")
        session.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA {name} TO {name}_guest")
    url = postgres.url_at(postgres.port, user=f"{name}_guest", password="s3cret")
    found = failure(services.workspace(database_url=url), "database")

    assert "does not own the table" in found.message
    assert f"let {name}_guest own the schema" in found.message + str(found.action)


def test_clocks_apart_are_a_warning(services):
    """A service whose clock is more than 30 s from this machine's is named, with the seconds and the direction."""
    store = services.store()

    def at(seconds: float) -> str:
        found = check_clocks(store.database, store.objects, now=lambda: datetime.now(UTC) + timedelta(seconds=seconds))
        return f"{found.message} {found.action or 'well'}"

    assert at(0).endswith("well")
    assert at(20).endswith("well")
    assert "s slow, compared with this machine's" in at(90)
    assert "s fast, compared with this machine's" in at(-90)
    assert "NTP" in at(90)


def test_versions_of_hosts_are_compared(services):
    """Hosts with another version of newslake within a week are a warning that names both."""
    store = services.store()
    assert store.objects
    store.database.write(
        lambda cursor: cursor.execute(
            "INSERT INTO hosts VALUES ('old-host', '0.0.1', now()), ('gone', '0.0.0', now() - interval '8 days')"
        )
    )
    [found] = [each for each in examine(services.workspace()) if each.name == "hosts"]

    assert found.status == "warn"
    assert "0.0.1 on old-host" in found.message
    assert platform.node() in found.message
    assert "gone" not in found.message


def test_few_connections_are_a_warning():
    """A server with hardly any connections left is a warning."""
    with PostgresServer.running(locale=ENGLISH, max_connections="15") as server:
        with closing(PostgresDatabase(server.url)) as database:
            found = check_database(database)

    assert "of 12 connections" in found.message
    assert found.action == "raise max_connections: each worker needs up to 6 connections"


@contextmanager
def pooler(postgres: PostgresServer, mode: str) -> Iterator[str]:
    """Run PgBouncer before a server in the block; yield the URL of the database through it."""
    program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
    if not Path(program).exists():
        skip_missing("PgBouncer is not installed: apt-get install pgbouncer")
    [port] = free_ports(1)
    with tempfile.TemporaryDirectory(prefix="newslake-pooler-") as folder, (Path(folder) / "log").open("wb") as log:
        users, settings = Path(folder, "users.txt"), Path(folder, "pgbouncer.ini")
        users.write_text(f'"newslake" "{postgres.password}"\n')
        settings.write_text(
            f"[databases]\nnewslake = host=127.0.0.1 port={postgres.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
            f"listen_port = {port}\nunix_socket_dir =\nauth_type = plain\nauth_file = {users}\npool_mode = {mode}\n"
        )
        os.chmod(folder, 0o755)
        process = subprocess.Popen([*as_user(), program, str(settings)], stdout=log, stderr=log, cwd="/")
        try:
            end = time.monotonic() + 20
            while time.monotonic() < end and not _is_open(port):
                time.sleep(0.05)
            yield postgres.url_at(port)
        finally:
            process.terminate()
            process.wait()


def _is_open(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_pooler_of_transactions_is_refused(services, postgres):
    """A pooler that shares sessions between transactions is refused when it is used; one of sessions is not."""
    assert services.store().lake_places
    with pooler(postgres, "transaction") as url:
        found = failure(services.workspace(database_url=url), "database")
    assert "shares sessions between transactions" in found.message
    assert "pool_mode = session" in str(found.action)
    with pooler(postgres, "session") as url:
        assert services.store(database_url=url).blocklist.all() == ()
