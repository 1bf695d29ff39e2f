"""The add-on setup: new projects, sources found and checked."""

from newslake.pipeline.hooks import AddonInfo, Command, implementation


@implementation
def addon_info() -> AddonInfo:
    """Return what the add-on is."""
    return AddonInfo("setup", "Set up")


@implementation
def commands() -> list[Command]:
    """Return the commands of the add-on."""
    return [
        Command(
            "init",
            "newslake.pipeline.addons.setup.init_command:init",
            "Create a folder with your sources and settings, and try them.",
        ),
        Command(
            "sources",
            "newslake.pipeline.addons.setup.commands:sources_app",
            "List the sources of sources.toml, check them, or add one.",
        ),
    ]
