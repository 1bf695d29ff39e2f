"""The add-on alerts: rules, messages and their delivery."""

from typing import TYPE_CHECKING

from newslake.pipeline.hooks import AddonInfo, Command, implementation

if TYPE_CHECKING:
    from newslake.pipeline.addons.alerts.settings import AlertSettings


@implementation
def addon_info() -> AddonInfo:
    """Return what the add-on is."""
    return AddonInfo("alerts", "Alerts", needs=("operate",), fits=("airflow",))


@implementation
def settings() -> "type[AlertSettings]":
    """Return the settings of the add-on."""
    from newslake.pipeline.addons.alerts.settings import AlertSettings

    return AlertSettings


@implementation
def commands() -> list[Command]:
    """Return the commands of the add-on."""
    return [
        Command(
            "alerts",
            "newslake.pipeline.addons.alerts.commands:alerts_app",
            "List the rules of alerts.toml, try one, check all.",
        ),
    ]
