"""Credentials that are replaced while processes live: keys in files, and those that a catalog vends with a table."""

from collections.abc import Callable
from pathlib import Path

import pytest

from newslake.pipeline.errors import ConfigError, StoreError
from newslake.pipeline.shared import heads, table_places
from newslake.pipeline.shared.credentials import WatchedFile, read_key_file
from newslake.pipeline.shared.tables import SharedTables
from tests.scale.proxy import proxy_to
from tests.scale.seaweedfs import SeaweedKey
from tests.store.lake_copies import files_of_tables
from tests.store.shared_stores import StoreServices
from tests.store.table_stores import new_shared_tables, shared_tables
from tests.unit.lake.rows import Story, batch_keys, batch_tables

WRONG = SeaweedKey("newslake", "expired")


@pytest.fixture
def services(weed, postgres, schema, tmp_path) -> StoreServices:
    """The services of a new store."""
    return StoreServices(weed=weed, database_url=postgres.url, name=schema, folder=tmp_path)


def put(tables: SharedTables) -> SharedTables:
    """Commit an article."""
    tables.stage("b1", batch_tables([Story(1)]), batch_keys([Story(1)]))
    tables.commit(["b1"], is_current=lambda article_id, seen_at: True)
    return tables


@pytest.fixture
def replace_key(services: StoreServices) -> Callable[[SeaweedKey], None]:
    """Replace the key in the files of a host, as a tool that fetches session tokens does: by renames."""
    files, own = services.folder / "files", services.weed.admin

    def replace(key: SeaweedKey) -> None:
        for name in ("key", "catalog.toml"):
            first = files / f"{name}.first"
            if not first.exists():
                first.write_text((files / name).read_text())
            draft = files / f"{name}.part"
            draft.write_text(first.read_text().replace(own.secret_key, key.secret_key))
            draft.replace(files / name)

    return replace


def test_file_is_read_again_when_it_is_another_one(tmp_path: Path):
    """A replaced file gives its new key; one that is half written or gone gives the last one, until it is whole."""
    path = tmp_path / "key"

    def write(secret: str) -> None:
        path.write_text(f"[default]\naws_access_key_id = a\naws_secret_access_key = {secret}\n")

    with pytest.raises(ConfigError, match=r"NEWS_OBJECTS_KEY_FILE names .* does not exist"):
        WatchedFile(path, read_key_file)
    write("one")
    file = WatchedFile(path, read_key_file)
    assert file.content() is file.content()
    write("twice")
    assert file.content().secret_key == "twice"
    path.write_text("[default]\naws_acc")
    assert file.content().secret_key == "twice"
    path.unlink()
    assert file.content().secret_key == "twice"
    write("three")
    assert file.content().secret_key == "three"


def test_open_store_takes_a_replaced_key(services, replace_key):
    """A store that is open uses the key that its files have now: bucket, catalog, and readers of tables."""
    store = services.store()
    put(store.tables)
    store.objects.put("one", b"1")
    assert store.files.last_day("articles") is not None

    replace_key(WRONG)
    with pytest.raises(StoreError, match="the secret key is wrong"):
        store.objects.put("two", b"2")
    with pytest.raises(StoreError, match="refuses"):
        store.tables.heads()
    with pytest.raises(StoreError, match="refuses"):
        store.files.last_day("articles")

    replace_key(services.weed.admin)
    store.objects.put("two", b"2")
    assert store.tables.heads().ids
    assert store.files.last_day("articles") is not None
    store.tables.log.append("deletions", "none", store.tables.log.read("deletions"))


def test_replaced_key_opens_no_second_reader(services, replace_key):
    """A process has one reader of a lake, whatever key it uses, so that a new key every hour takes no more memory."""
    put(services.store().tables)
    first = services.store().files
    count = len(table_places._FILES)
    for key in (WRONG, services.weed.admin):
        replace_key(key)
        assert services.store().files is first
    assert len(table_places._FILES) == count


def test_loaded_tables_are_used_for_some_minutes_only(weed, monkeypatch):
    """Tables that were loaded long ago are loaded again although nobody has committed: their credentials may end."""
    tables = put(new_shared_tables(weed))
    with proxy_to(int(weed.catalog_url.rpartition(":")[2])) as proxy:
        late = shared_tables(weed, tables.places.namespace, url=proxy.endpoint)
        files = files_of_tables(late)

        def loads() -> list[int]:
            """Return how many tables a version, a reader and a committer load."""
            found = []
            for use in (late.present, lambda: files.last_day("articles"), late.recover):
                before = len(proxy.heads)
                use()
                found.append(sum("/tables/" in head and head.startswith("GET") for head in proxy.heads[before:]))
            return found

        first, again = loads(), loads()
        monkeypatch.setattr(heads, "_REUSE_SECONDS", 0.0)
        stale = loads()

    assert again[:2] == [1, 1]
    assert stale[:2] == first[:2]
    assert all(count > 1 for count in stale)
