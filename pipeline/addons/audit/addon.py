"""The add-on audit: draws, sheets and scores: how often the rows are right."""

from newslake.pipeline.hooks import AddonInfo, Command, implementation


@implementation
def addon_info() -> AddonInfo:
    """Return what the add-on is."""
    return AddonInfo("audit", "Audit")


@implementation
def commands() -> list[Command]:
    """Return the commands of the add-on."""
    return [
        Command(
            "audit",
            "newslake.pipeline.addons.audit.commands:audit_app",
            "Measure how often the rows are right, on a random sample.",
        ),
    ]
