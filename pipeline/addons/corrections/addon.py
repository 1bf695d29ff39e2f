"""The add-on corrections: your knowledge base, and the preview of your corrections."""

from newslake.pipeline.hooks import AddonInfo, Command, HealthCheck, implementation


@implementation
def addon_info() -> AddonInfo:
    """Return what the add-on is."""
    return AddonInfo("corrections", "Corrections")


@implementation
def commands() -> list[Command]:
    """Return the commands of the add-on."""
    return [
        Command(
            "kb",
            "newslake.pipeline.addons.corrections.commands:kb_app",
            "Import your knowledge base, show its size, and search it.",
        ),
        Command(
            "overrides",
            "newslake.pipeline.addons.corrections.commands:overrides_app",
            "Preview the corrections of overrides.toml.",
        ),
    ]


@implementation
def doctor_checks() -> list[HealthCheck]:
    """Return the check of corrections without effect."""
    from newslake.pipeline.addons.corrections.health import examine_corrections

    advice = "correct overrides.toml"
    return [HealthCheck("corrections", examine_corrections, advice, needs_store=True, after="knowledge_base")]
