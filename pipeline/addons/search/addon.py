"""The add-on search: full-text search."""

from newslake.pipeline.hooks import AddonInfo, Command, implementation


@implementation
def addon_info() -> AddonInfo:
    """Return what the add-on is."""
    return AddonInfo("search", "Search", fits=("newsroom",))


@implementation
def commands() -> list[Command]:
    """Return the commands of the add-on."""
    return [
        Command(
            "search",
            "newslake.pipeline.addons.search.commands:search",
            "Search the articles by their words, best first.",
            context={"ignore_unknown_options": True},
        ),
    ]
