"""The add-on shared: a store for many hosts."""

from typing import TYPE_CHECKING

from newslake.pipeline.hooks import AddonInfo, Command, implementation
from newslake.pipeline.shared import LOADING

if TYPE_CHECKING:
    from newslake.pipeline.addons.share.engine_ddl import CatalogAddress
    from newslake.pipeline.settings import Settings
    from newslake.pipeline.shared.settings import SharedSettings
    from newslake.pipeline.store.store import Store


@implementation
def addon_info() -> AddonInfo:
    """Return what the add-on is."""
    return AddonInfo("shared", "Many machines", fits=("share",), extra="shared")


@implementation
def settings() -> "type[SharedSettings]":
    """Return the settings of the add-on."""
    from newslake.pipeline.shared.settings import SharedSettings

    return SharedSettings


@implementation
def commands() -> list[Command]:
    """Return the commands of the add-on."""
    return [
        Command(
            "store",
            "newslake.pipeline.shared.commands:store_app",
            "Move the data root of one machine to a shared store.",
        ),
    ]


@implementation
def open_store(settings: "Settings", is_reader: bool) -> "Store | None":
    """Return the shared store of this process; None if ``NEWS_STORE`` names another one. Raises: ConfigError."""
    from newslake.pipeline.extras import require_extra

    if settings.store != "shared":
        return None
    require_extra("shared")
    with LOADING:
        from newslake.pipeline.shared.store import store_of_process

        return store_of_process(settings, is_reader=is_reader)


@implementation(optionalhook=True)
def catalog_address(settings: "Settings") -> "CatalogAddress | None":
    """Return where other engines find the tables; None if ``NEWS_STORE`` names another store. Raises: ConfigError."""
    from newslake.pipeline.extras import require_extra

    if settings.store != "shared":
        return None
    require_extra("shared")
    with LOADING:
        from newslake.pipeline.shared.table_places import catalog_address_of

        return catalog_address_of(settings)
