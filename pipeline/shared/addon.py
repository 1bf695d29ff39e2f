"""The add-on shared: a store for many hosts."""

from newslake.pipeline.hooks import AddonInfo, Command, implementation


@implementation
def addon_info() -> AddonInfo:
    """Return what the add-on is."""
    return AddonInfo("shared", "Many machines", extra="shared")


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
