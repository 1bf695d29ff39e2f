"""Commands that only read: on a shared store that no run has created, they say so, and create nothing."""

import json

import pytest

from newslake.pipeline.agents.server import answer_call
from newslake.pipeline.errors import NewsError, StoreError
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.shared.store import SharedStore
from tests.store.shared_stores import StoreServices
from tests.store.test_shared_health import parts_there
from tests.unit.cli.test_commands import called

PAGE = "https://news.test/a"
# Commands that open database, bucket and tables.
OF_THE_STORE = (
    ("lake", "verify"),
    ("lake", "verify", "--deep"),
    ("lake", "snapshots"),
    ("lake", "snapshot", "march", "--verify"),
    ("archive", "verify"),
    ("why", PAGE),
    ("show", "0" * 32),
    ("history", PAGE),
    ("changes", "--since", "2026-03-01"),
    ("sources",),
    ("search", "ferry"),
    ("plan", "--from", "2026-03-01", "--to", "2026-03-02"),
    ("forget", "--list"),
    ("forget", PAGE, "--dry-run"),
    ("alerts",),
)
# Commands that open the tables for readers only.
OF_TABLES = (("sql", "SELECT count(*) FROM articles"), ("coverage",), ("lake", "sizes"), ("ask", "top-people"))


@pytest.fixture
def services(weed, postgres, schema, tmp_path) -> StoreServices:
    """The services of a new store."""
    return StoreServices(weed=weed, database_url=postgres.url, name=schema, folder=tmp_path)


def parts(services: StoreServices) -> list[str]:
    return parts_there(services, schema=services.name, prefix=services.name, namespace=services.name)


def test_reading_creates_nothing(services, tmp_path):
    """Each command ends with a message that the first run creates the store; no part is there after it."""
    given = {name: value for name, value in services.environment().items() if name.startswith("NEWS_")}
    for command in (*OF_THE_STORE, *OF_TABLES):
        done = called(*command, cwd=tmp_path, **given)
        expected = "there is no store yet: " if command in OF_THE_STORE else "the first run creates the tables of"
        assert (done.returncode, done.stdout) == (1, ""), command
        assert expected in done.stderr, command
        assert parts(services) == [], command


def test_commands_read_a_store_that_is_there(services, tmp_path):
    """After a writer has created the store, empty, the same process reads it."""
    given = {name: value for name, value in services.environment().items() if name.startswith("NEWS_")}
    assert called("lake", "verify", cwd=tmp_path, **given).returncode == 1
    assert called("lake", "repair", cwd=tmp_path, **given).returncode == 0
    done = called("lake", "verify", "--deep", cwd=tmp_path, **given)
    assert (done.returncode, done.stderr) == (0, "")
    assert "lake and archive are intact" in done.stdout
    assert called("lake", "gc", cwd=tmp_path, **given).stdout == "removed: 0\nwaiting: 0\n"
    assert json.loads(called(*OF_TABLES[0], "--json", cwd=tmp_path, **given).stdout) == [{"count_star()": 0}]


def test_newsroom_and_agents_create_nothing(services, monkeypatch: pytest.MonkeyPatch):
    """A page of Newsroom and a tool of an agent that open the store say so, and create nothing."""
    from newslake.pipeline.addons.newsroom.page_request import NewsroomRequest
    from newslake.pipeline.addons.newsroom.responders import routes

    for name, value in services.environment().items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StoreError, match="there is no store yet"):
        routes()["/why"](NewsroomRequest({"url": PAGE}))
    answer = answer_call(services.settings(), "why", {"subject": PAGE})
    assert "there is no store yet" in str(answer.content)
    assert parts(services) == []


def open_database(store: SharedStore) -> None:
    store.database.query("SELECT 1")


def open_bucket(store: SharedStore) -> None:
    store.objects.put("archive/x", b"x")


@pytest.mark.parametrize("create", [open_database, open_bucket])
def test_reading_does_not_finish_a_store_that_is_half_made(services, create):
    """Of a first run that died before it had created all parts, a reader creates no other."""
    create(services.store())
    there = parts(services)
    reader = Workspace(services.settings(), is_reader=True)
    with pytest.raises(StoreError, match="there is no store yet") as caught:
        reader.lake.days()
    assert caught.value.reason == "store_new"
    assert parts(services) == there


def test_lost_database_is_not_a_new_store(services, postgres):
    """A reader of a store whose database was lost gets that message, not that of a new store."""
    assert services.store().lake_places
    with pytest.raises(NewsError, match="restore it from a backup"):
        Workspace(services.settings(database_schema=f"{services.name}_lost"), is_reader=True).lake.days()
