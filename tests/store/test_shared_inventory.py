"""The parts of a shared store: created once; a lost, older or other part is an error that names it."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import psycopg
import pytest

from newslake.pipeline.errors import ConfigError, MissingStoreError, NewsError
from newslake.pipeline.jobs.stores import open_store
from newslake.pipeline.shared.inventory import MARKER
from newslake.pipeline.shared.store import SharedStore
from tests.scale.postgres import PostgresServer
from tests.scale.proxy import proxy_to
from tests.scale.seaweedfs import BUCKET, WAREHOUSE
from tests.store.shared_stores import StoreServices


@pytest.fixture
def services(weed, postgres, schema, tmp_path) -> StoreServices:
    """The services of a new store."""
    return StoreServices(weed=weed, database_url=postgres.url, name=schema, folder=tmp_path)


def open_all(store: SharedStore) -> None:
    """Open all parts of a store."""
    assert store.objects
    assert store.lake_places
    assert store.blocklist.all() == ()


def refusal(store: SharedStore, kind: type[NewsError] = MissingStoreError) -> NewsError:
    """Return the error of opening a store."""
    with pytest.raises(kind) as caught:
        open_all(store)
    return caught.value


def tables_of(store: SharedStore) -> set[str]:
    return {name for *_, name in store.places.catalog.list_tables(store.places.namespace)}


def test_first_use_creates_the_parts_and_records_their_places(services):
    """The first use creates schema, marker, namespace and tables; the database says where they are, without a key."""
    store = services.store()
    open_all(store)
    recorded = dict(store.database.query("SELECT name, place FROM store_parts"))

    assert {"articles", "outcomes", "commits"} <= tables_of(store)
    assert recorded == {
        "objects": f"s3://{BUCKET}/{services.name} at {services.weed.endpoint}",
        "tables": f"s3://{WAREHOUSE} {services.name} in {services.weed.catalog_url}",
    }
    assert store.missing() == {}


def test_threads_open_a_store_once(services):
    """Eight threads of a process that open a store at the same time open one, and its bucket once."""
    settings, barrier = services.settings(), Barrier(8)
    places = ("database", "objects", "tables", "archive", "files", "leases")

    def parts(_: int) -> list[object]:
        barrier.wait(20)
        store = open_store(settings)
        return [getattr(store, name) for name in places]

    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(parts, range(8)))

    assert [len({id(found) for found in each}) for each in zip(*opened, strict=True)] == [1] * len(places)
    assert services.store().database.query("SELECT openings FROM store") == [(1,)]


def test_many_first_users_create_one_store(services):
    """Eight processes that open a new store at the same time end with one."""
    stores = [services.store() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(open_all, stores))
    [(openings,)] = services.store().database.query("SELECT openings FROM store")

    assert openings == 8
    open_all(services.store())


def test_later_use_lists_nothing(services):
    """A later start requests the catalog's configuration, an empty transaction, and one table."""
    open_all(services.store())
    with proxy_to(int(services.weed.catalog_url.rpartition(":")[2])) as proxy:
        open_all(services.store(catalog_url=proxy.endpoint))
        paths = [head.split()[1].partition("?")[0] for head in proxy.heads]

    assert [path.rpartition("/")[2] for path in paths] == ["config", "config", "commit", "commits"]


@pytest.mark.parametrize(
    ("given", "part", "named"),
    [
        ({"objects_url": f"s3://{BUCKET}/elsewhere"}, "objects", "NEWS_OBJECTS_URL"),
        ({"catalog_namespace": "elsewhere"}, "tables", "NEWS_CATALOG_NAMESPACE"),
    ],
)
def test_other_place_is_refused(services, given, part, named):
    """Another prefix or namespace than the recorded one is an error that names the setting, and creates nothing."""
    open_all(services.store())
    error = refusal(services.store(**given))

    assert (error.key, error.reason) == (part, "store_missing")
    assert named in str(error)
    assert "elsewhere" in str(error)
    assert f"`newslake lake repair --give-up {part}`" in str(error)
    assert [each.key for each in services.store().objects.list("elsewhere")] == []
    assert services.store(**given).missing() == {part: str(error)}


def test_parts_of_another_store_are_refused(services, tmp_path):
    """The bucket or the tables of another store are refused, and cannot be given up into this one."""
    other = StoreServices(
        weed=services.weed, database_url=services.database_url, name=f"{services.name}_b", folder=tmp_path / "b"
    )
    for each in (services, other):
        open_all(each.store())
    store = services.store(objects_url=f"s3://{BUCKET}/{other.name}")
    assert "belongs to another store" in str(refusal(store))
    with pytest.raises(ConfigError, match="another store"):
        store.give_up(["objects"])
    new = StoreServices(
        weed=services.weed, database_url=services.database_url, name=f"{services.name}_c", folder=tmp_path / "c"
    )
    error = refusal(new.store(catalog_namespace=other.name), ConfigError)
    assert "those of another store; set another NEWS_CATALOG_NAMESPACE" in str(error)
    open_all(other.store())


def test_emptied_bucket_is_lost_until_it_is_given_up(services):
    """A bucket without its marker is lost, until it is given up; then the store goes on."""
    open_all(services.store())
    services.store().objects.delete(MARKER)
    error = refusal(services.store())
    assert (error.key, "nothing can replace the archived pages" in str(error)) == ("objects", True)
    services.store().give_up(["objects"])
    open_all(services.store())


def test_dropped_tables_are_lost_until_they_are_given_up(services):
    """Dropped tables are not created again by themselves; once they are given up, the next start creates them."""
    store = services.store()
    open_all(store)
    store.places.catalog.drop_table((services.name, "commits"))
    error = refusal(services.store())
    assert (error.key, "`newslake run` derives the days again" in str(error)) == ("tables", True)
    assert "commits" not in tables_of(store)
    services.store().give_up(["tables"])
    open_all(services.store())
    assert {"articles", "commits"} <= tables_of(store)


def test_one_dropped_table_is_named(services):
    """If only one table is dropped, its first use names it, and what to do."""
    from newslake.pipeline.shared.heads import HeadReader

    store = services.store()
    open_all(store)
    store.places.catalog.drop_table((services.name, "quotes"))
    with pytest.raises(MissingStoreError, match=r"has no table .*quotes") as caught:
        HeadReader(store.places.catalog, services.name).read(["articles", "quotes"])
    assert "--give-up tables" in str(caught.value)
    assert "has no table quotes" in services.store().missing()["tables"]
    services.store().give_up(["tables"])
    open_all(services.store())
    assert "quotes" in tables_of(store)


def test_empty_database_is_lost_until_it_is_given_up(services):
    """An empty database next to a bucket with a store is lost; given up, it takes the name of the store over."""
    open_all(services.store())
    new = {"database_schema": f"{services.name}_new"}
    error = refusal(services.store(**new))
    assert (error.key, "restore it from a backup" in str(error)) == ("database", True)
    assert services.store(**new).missing() == {"database": str(error)}
    services.store(**new).give_up(["database"])
    open_all(services.store(**new))


@pytest.mark.parametrize("part", ["objects", "blocklist", "tables"])
def test_second_database_is_refused_before_it_is_created(services, postgres, part):
    """A database without a schema next to the bucket of a store stays without one, whatever part is used first."""
    open_all(services.store())
    new = f"{services.name}_new"
    store = services.store(database_schema=new)
    with pytest.raises(MissingStoreError, match="has no store in the schema"):
        getattr(store, part).all()
    with closing(psycopg.connect(postgres.url)) as session:
        assert session.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (new,)).fetchall() == []


def test_restored_older_database_is_noticed(services, postgres):
    """A database that was restored from an older dump is refused each time, until it is given up."""
    open_all(services.store())
    before = dump(postgres, services.name)
    open_all(services.store())
    restore(postgres, services.name, before)
    for _ in range(3):
        error = refusal(services.store())
        assert (error.key, "is an older copy" in str(error)) == ("database", True)
    services.store().give_up(["database"])
    open_all(services.store())


def test_restored_database_of_now_is_accepted(services, postgres):
    """A dump that was made after the last opening is as good as the database."""
    open_all(services.store())
    restore(postgres, services.name, dump(postgres, services.name))
    open_all(services.store())


def dump(postgres: PostgresServer, schema: str) -> str:
    return postgres.run("pg_dump", f"--schema={schema}", "newslake")


def restore(postgres: PostgresServer, schema: str, dumped: str) -> None:
    with closing(psycopg.connect(postgres.url, autocommit=True)) as session:
        session.execute(f"DROP SCHEMA {schema} CASCADE")
    file = postgres.folder.parent / f"{schema}.sql"
    file.write_text(dumped)
    postgres.run("psql", "-q", "-d", "newslake", "-f", str(file))
