"""The add-on operate: coverage, freshness, plans and sizes."""

from newslake.pipeline.hooks import AddonInfo, Command, implementation


@implementation
def addon_info() -> AddonInfo:
    """Return what the add-on is."""
    return AddonInfo("operate", "Operate", fits=("newsroom",))


@implementation
def commands() -> list[Command]:
    """Return the commands of the add-on."""
    return [
        Command(
            "coverage",
            "newslake.pipeline.addons.operate.coverage_command:coverage",
            "Show the pages per source and day, and the anomalies.",
        ),
        Command(
            "plan",
            "newslake.pipeline.addons.operate.plan_command:plan",
            "Count pages still to fetch or to process; estimate the time.",
        ),
        Command(
            "lake sizes",
            "newslake.pipeline.addons.operate.sizes_command:sizes",
            "Show where the bytes of the tables go.",
        ),
    ]
