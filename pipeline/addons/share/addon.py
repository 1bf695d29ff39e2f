"""The add-on share: exports, tables in other engines, and lists of changes."""

from typing import TYPE_CHECKING, Protocol

from newslake.pipeline.hooks import AddonInfo, Command, Upkeep, implementation, specification

if TYPE_CHECKING:
    from collections.abc import Mapping

    from newslake.pipeline.addons.share.engine_ddl import CatalogAddress
    from newslake.pipeline.jobs.workspace import Workspace
    from newslake.pipeline.settings import Settings


class ShareSpecifications(Protocol):
    """The hooks of this add-on."""

    @specification
    def catalog_address(self, settings: "Settings") -> "CatalogAddress | None":
        """Return where other engines find the tables of the store that ``NEWS_STORE`` names; None for another store."""


specifications = ShareSpecifications


@implementation
def addon_info() -> AddonInfo:
    """Return what the add-on is."""
    return AddonInfo("share", "Share")


@implementation
def commands() -> list[Command]:
    """Return the commands of the add-on."""
    return [
        Command(
            "ddl", "newslake.pipeline.addons.share.commands:ddl", "Print the SQL that opens the tables in an engine."
        ),
        Command(
            "changes", "newslake.pipeline.addons.share.commands:changes", "List the articles that changed since a time."
        ),
        Command(
            "lake export",
            "newslake.pipeline.addons.share.commands:export",
            "Export the tables as plain Parquet, CSV or SQLite.",
        ),
    ]


@implementation
def maintenance(workspace: "Workspace") -> Upkeep:
    """Record which pages are gone, for `newslake changes`."""
    from newslake.pipeline.addons.share.changes import record_withdrawn

    record_withdrawn(workspace)
    return Upkeep()


@implementation
def translate_question(sql: str, engine: str, options: "Mapping[str, str]") -> str:
    """Return the SQL of a saved question for another engine. Raises: ConfigError."""
    from newslake.pipeline.addons.share.dialects import transpile

    return transpile(sql, engine, given=options)
