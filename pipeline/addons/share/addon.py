"""The add-on share: exports, tables in other engines, and lists of changes."""

from newslake.pipeline.hooks import AddonInfo, Command, implementation


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
