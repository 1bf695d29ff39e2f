"""The add-on documents: documents without a lake."""

from newslake.pipeline.hooks import AddonInfo, Command, implementation


@implementation
def addon_info() -> AddonInfo:
    """Return what the add-on is."""
    return AddonInfo("documents", "Documents")


@implementation
def commands() -> list[Command]:
    """Return the commands of the add-on."""
    return [
        Command(
            "annotate",
            "newslake.pipeline.addons.documents.commands:annotate",
            "Annotate documents: entities, quotes, events and times.",
        ),
        Command("clean", "newslake.pipeline.addons.documents.commands:clean", "Extract articles from HTML pages."),
        Command(
            "events", "newslake.pipeline.addons.documents.commands:events_app", "Explain the events of a sentence."
        ),
    ]
