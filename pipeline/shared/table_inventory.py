"""The tables as a part of the inventory of a shared store: they are created once, and known by a property.

A module of its own, because a trigger opens a store without the libraries of tables.
"""

from typing import Final

from pyiceberg.exceptions import NoSuchNamespaceError, NoSuchTableError

from newslake.pipeline.errors import ConfigError
from newslake.pipeline.shared.heads import COMMITS
from newslake.pipeline.shared.iceberg_schema import LAKE_NAMES, LOG_NAMES
from newslake.pipeline.shared.inventory import Loss, SharedInventory, new_store_error
from newslake.pipeline.shared.tables import SharedPlaces, create_tables
from newslake.pipeline.shared.upkeep import HoldLease
from newslake.pipeline.store.store import TABLES, advice_to_give_up

_RESTORE = (
    "let the user in the file of NEWS_CATALOG_PROPERTIES_FILE see them, if it may not, or restore catalog and bucket "
    "from a backup"
)
OWNER: Final = "newslake.store"  # the property of the table ``commits`` with the name of the store


def enter_tables(inventory: SharedInventory, places: SharedPlaces, hold: HoldLease | None, *, place: str) -> None:
    """Check that tables and database belong together; create and record the tables of a new store.

    One request to the catalog, unless the store is new. ``hold`` holds the committer's lease; a reader has None.
    Raises: MissingStoreError for lost tables, ConfigError (store_foreign) for tables of another store, StoreError,
    (store_new) for a reader of a new store.
    """
    if has_tables(inventory, places, place=place):
        return
    if hold is None:
        what = f"{place} has no tables of this store"
        raise new_store_error(what, setting="NEWS_CATALOG_WAREHOUSE or NEWS_CATALOG_NAMESPACE")
    create_tables(places, hold)
    with hold() as lease:
        lease.check()
        _set_owner(places, inventory.store_id)
        inventory.record(TABLES, place)


def has_tables(inventory: SharedInventory, places: SharedPlaces, *, place: str) -> bool:
    """Return whether the tables were created; False if the next use is to create them.

    Raises: MissingStoreError for lost tables, ConfigError (store_foreign) for tables of another store, StoreError.
    """
    if loss := loss_of_tables(inventory, places, place=place):
        raise loss.error()
    if inventory.place_of(TABLES) is not None:
        return True
    if _owner_of(places) not in (None, "", inventory.store_id):
        message = f"the tables at {place} are those of another store; set another NEWS_CATALOG_NAMESPACE"
        raise ConfigError(message, key=place, reason="store_foreign")
    return False


def loss_of_tables(inventory: SharedInventory, places: SharedPlaces, *, place: str) -> Loss | None:
    """Return the loss of the tables if they were created, and are not there or not those of this store."""
    recorded = inventory.place_of(TABLES)
    if recorded is None or (owner := _owner_of(places)) == inventory.store_id:
        return None
    if recorded != place:
        what = f"the tables were created at {recorded}, and the settings name {place}, which has none of this store"
        return _loss(what, "correct NEWS_CATALOG_URL, NEWS_CATALOG_WAREHOUSE and NEWS_CATALOG_NAMESPACE", owner)
    what = f"the tables at {place} {'are missing' if owner is None else 'are not those of this store'}"
    return _loss(what, _RESTORE, owner)


def loss_of_one_table(inventory: SharedInventory, places: SharedPlaces, *, place: str) -> Loss | None:
    """Return the loss of the tables as ``loss_of_tables`` does, also if only some are not there: it lists them."""
    if (loss := loss_of_tables(inventory, places, place=place)) or inventory.place_of(TABLES) is None:
        return loss
    gone = _missing_names(places)
    return _loss(f"{place} has no table {', '.join(gone)}, which was there before", _RESTORE, "") if gone else None


def _loss(what: str, advice: str, owner: str | None) -> Loss:
    accept = f"{advice_to_give_up(TABLES)} goes on without them, and then `newslake run` derives the days again"
    return Loss(TABLES, f"{what}; {advice}; if they are lost, {accept} from the archive", owner in (None, ""))


def drop_rest(inventory: SharedInventory, places: SharedPlaces, *, place: str) -> None:
    """Drop what is left of the lake's tables if one is lost, so that the next use creates them. Log tables stay.

    Raises: ConfigError for tables of another store.
    """
    loss = loss_of_one_table(inventory, places, place=place)
    if loss is not None and not loss.can_give_up:
        raise ConfigError(f"--give-up {TABLES}: {loss.sentence}", key="give_up", reason="store_foreign")
    lake = (*LAKE_NAMES, COMMITS)
    for name in lake if set(_missing_names(places)) & set(lake) else ():
        try:
            places.catalog.drop_table((places.namespace, name))
        except NoSuchTableError:
            continue
    inventory.forget(TABLES)


def _missing_names(places: SharedPlaces) -> list[str]:
    try:
        there = {name for *_, name in places.catalog.list_tables(places.namespace)}
    except NoSuchNamespaceError:
        there = set()
    return [name for name in (*LAKE_NAMES, *LOG_NAMES, COMMITS) if name not in there]


def _owner_of(places: SharedPlaces) -> str | None:
    """Return the name of the store that the tables belong to: "" for tables without it, None without tables."""
    try:
        table = places.catalog.load_table((places.namespace, COMMITS))
    except NoSuchTableError:
        return None
    return str(table.properties.get(OWNER, ""))


def _set_owner(places: SharedPlaces, store_id: str) -> None:
    table = places.catalog.load_table((places.namespace, COMMITS))
    if table.properties.get(OWNER) != store_id:
        with table.transaction() as change:
            change.set_properties({OWNER: store_id})
