"""The state of any add-on on both stores: its tables, numbers and files; also of add-ons that are not loaded."""

from collections.abc import Callable
from pathlib import Path

import pytest

from newslake.pipeline.errors import ConfigError, StoreError
from newslake.pipeline.jobs.stores import LocalStore
from newslake.pipeline.settings import Settings
from newslake.pipeline.shared.database import PostgresDatabase
from newslake.pipeline.shared.leases import PostgresLeases
from newslake.pipeline.shared.side_state import PostgresSideState, stored_schemas
from newslake.pipeline.store.side_state import (
    INTEGER,
    OPTIONAL_TEXT,
    TEXT,
    SideSchema,
    SideState,
    SideTable,
    fetch_tables,
)
from newslake.pipeline.store.sqlite_side_state import SqliteSideState, stored_states
from newslake.pipeline.upkeep.addon_takedown import check_reach
from newslake.pipeline.upkeep.maintenance import repair
from tests.store.folder import FolderObjects
from tests.store.shared_stores import StoreServices

NOTES = SideTable(
    name="desk_notes",
    key=("place", "author"),
    columns={"place": TEXT, "author": TEXT, "stars": INTEGER, "text": OPTIONAL_TEXT},
    indexes=(("author", "stars"),),
)
DESK = SideSchema(name="desk", tables=(NOTES,))
LATER = SideSchema(name="desk", tables=(NOTES, SideTable(name="desk_tags", key=("tag",), columns={"tag": TEXT})))
OpenState = Callable[[SideSchema], SideState]


@pytest.fixture(params=["local", "shared"])
def open_state(request: pytest.FixtureRequest, tmp_path: Path) -> OpenState:
    """Return a function that opens a state as another process would."""
    if request.param == "local":
        return lambda schema: SqliteSideState(tmp_path, schema, durability="process")
    server, name = request.getfixturevalue("postgres"), request.getfixturevalue("schema")

    def open_shared(schema: SideSchema) -> SideState:
        database = PostgresDatabase(server.url, schema=name)
        objects = FolderObjects(tmp_path / "objects", durability="process")
        return PostgresSideState(database, objects, schema, leases=PostgresLeases(database), put_seconds=0.5)

    return open_shared


def test_rows_and_files_of_any_addon_stay(open_state):
    """Rows are replaced by their keys, are in the order of the keys, and another process reads them and the files."""
    state = open_state(DESK)
    assert not state.has_rows()
    rows = [("Z", "ann", 3, "a\0b"), ("a", "bob", 1, None), ("\u00e4", "cy", 2, "?")]
    with state.exclusive() as lock:
        state.change(lambda there: there.add("desk_notes", rows), lock=lock)
        state.change(lambda there: there.put("desk_notes", "a", "bob", 5, "late"), lock=lock)
        assert state.write_file("all.txt", lambda there: b"%d" % len(there.fetch_table(NOTES)), lock=lock) is None
    other = open_state(DESK)
    assert other.has_rows()
    stored = other.read(lambda there: fetch_tables(there, DESK))
    assert [tuple(row.values())[:-1] for row in stored["desk_notes"]] == [rows[0], ("a", "bob", 5, "late"), rows[2]]
    assert (other.file_names(), other.file("all.txt")) == ({"all.txt"}, b"3")


def test_numbers_rise_also_after_a_deletion(open_state):
    """No number comes twice, also from another process and after all rows are deleted and vacuumed."""
    numbers = []
    for _ in range(3):
        state = open_state(DESK)
        with state.exclusive() as lock:
            numbers.append(state.change(lambda there: there.next_seq(), lock=lock))
            state.change(lambda there: there.execute("DELETE FROM desk_notes"), lock=lock)
            state.vacuum()
    assert numbers == [1, 2, 3]


def test_tables_of_another_version_are_refused(open_state):
    """A state whose add-on declares other tables than it has is an error, which changes nothing."""
    open_state(DESK).open()
    with pytest.raises(StoreError, match="tables of desk of another version") as caught:
        open_state(LATER).open()
    assert caught.value.reason == "store_version"
    assert open_state(DESK).read(lambda there: there.fetch_table(NOTES)) == []


@pytest.mark.parametrize(("name", "key"), [("notes", ("place",)), ("desk_numbers", ("place",)), ("desk_notes", ("x",))])
def test_wrong_tables_are_refused(name, key):
    """The name of a table begins with that of its add-on, and its columns with its key."""
    with pytest.raises(ValueError, match="begin its name with desk_"):
        SideSchema(name="desk", tables=(SideTable(name=name, key=key, columns={"place": TEXT}),))


def test_stores_know_states_of_addons_that_are_not_loaded(postgres, schema, tmp_path):
    """Both stores list their states with their tables, whoever wrote them."""
    settings = Settings.load(data_dir=tmp_path, addons="none", durability="process")
    assert LocalStore(settings).side_states() == {}
    LocalStore(settings).side_state(DESK).open()
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake" / "lake.sqlite").touch()  # no state
    assert [state.schema for state in stored_states(tmp_path, durability="process").values()] == [DESK]
    database = PostgresDatabase(postgres.url, schema=schema)
    assert stored_schemas(database) == {}
    objects = FolderObjects(tmp_path / "objects", durability="process")
    PostgresSideState(database, objects, DESK, leases=PostgresLeases(database)).open()
    assert stored_schemas(database) == {"desk": DESK}
    columns = database.query(
        """SELECT attname FROM pg_attribute WHERE attrelid = 'desk_notes'::regclass AND attnum > 0
            AND attstattarget = 0 ORDER BY attnum"""
    )
    assert columns == [("place",), ("author",), ("text",)]


def test_takedown_does_not_start_with_a_state_that_it_cannot_reach(weed, postgres, schema, tmp_path):
    """On a shared store, the state of an add-on that is not loaded stops a takedown by a sentence that names it."""
    services = StoreServices(weed=weed, database_url=postgres.url, name=schema, folder=tmp_path)
    space = services.workspace()
    check_reach(space)
    space.store.side_state(DESK).open()
    with pytest.raises(ConfigError, match=r"state of add-on desk.*add desk to NEWS_ADDONS") as caught:
        check_reach(space)
    assert caught.value.reason == "addon_missing"
    assert [sentence for sentence in repair(space)["add-ons"] if "add-on desk" in sentence] != []
