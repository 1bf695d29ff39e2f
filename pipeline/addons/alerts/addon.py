"""The add-on alerts: rules, messages and their delivery."""

from typing import TYPE_CHECKING, Protocol

from newslake.pipeline.hooks import (
    AddonInfo,
    Command,
    HealthCheck,
    StorePart,
    TakedownPart,
    TakedownPhase,
    implementation,
    specification,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from newslake.pipeline.addons.alerts.rules import AlertCondition
    from newslake.pipeline.addons.alerts.settings import AlertSettings
    from newslake.pipeline.archive import TakedownPlan
    from newslake.pipeline.jobs.workspace import Workspace

_ADVICE = (
    "restore it from a backup: no other file says which messages wait to be sent; `newslake lake repair --give-up "
    "alerts/alerts.sqlite` goes on without it, and reports open alerts, and the rows of each rule's window, once more"
)


class AlertSpecifications(Protocol):
    """The hook of alerts."""

    @specification
    def alert_conditions(self) -> "Mapping[str, AlertCondition]":
        """Return the kinds of rules of the add-on, by the name that a rule has as ``on``."""


specifications = AlertSpecifications


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


@implementation
def run_starting(workspace: "Workspace") -> None:
    """Check the rules of alerts.toml. Raises: ConfigError."""
    from newslake.pipeline.addons.alerts.evaluation import read_rules

    if _has_rules(workspace):
        read_rules(workspace)


@implementation
def after_run(workspace: "Workspace") -> "Sequence[str]":
    """Check the rules after a run, and deliver; return the problems."""
    from newslake.pipeline.addons.alerts.evaluation import read_rules
    from newslake.pipeline.addons.alerts.tasks import problems_of_check

    return tuple(problems_of_check(workspace, read_rules(workspace))) if _has_rules(workspace) else ()


def _has_rules(workspace: "Workspace") -> bool:
    from newslake.pipeline.addons.alerts.settings import AlertSettings

    return workspace.settings.of(AlertSettings).alerts_file.exists()


@implementation
def doctor_checks() -> list[HealthCheck]:
    """Return the checks of the state of alerts, and of the rules."""
    from newslake.pipeline.addons.alerts.health import examine_alert_rules, examine_alert_state

    verify = "run `newslake lake verify --deep`, which names each problem"
    correct = "correct that key of the file, then run `newslake alerts`"
    return [
        HealthCheck("alert_state", examine_alert_state, verify, needs_store=True),
        HealthCheck("alert_rules", examine_alert_rules, correct),
    ]


@implementation
def verify_part(workspace: "Workspace", is_deep: bool) -> "Sequence[str]":
    """Return the damage of the state of alerts."""
    from newslake.pipeline.addons.alerts.erasure import problems_of_alerts

    return tuple(problems_of_alerts(workspace.settings)) if is_deep else ()


@implementation
def store_parts() -> list[StorePart]:
    """Return the parts of the data root that the add-on writes."""
    return [
        StorePart("alerts/alerts.sqlite", has_articles=True, is_lossy=False, advice=_ADVICE),
        StorePart("alerts/feeds", has_articles=True, is_lossy=True),
    ]


@implementation
def on_takedown(workspace: "Workspace", plan: "TakedownPlan", phase: TakedownPhase) -> TakedownPart | None:
    """Erase the articles of a plan from open alerts, messages and Atom files."""
    if phase != "state":
        return None
    from newslake.pipeline.addons.alerts.erasure import erase_from_alerts
    from newslake.pipeline.addons.alerts.state import ALERT_STATE

    return TakedownPart(changed=erase_from_alerts(workspace.store.side_state(ALERT_STATE), plan))


@implementation
def after_takedown(workspace: "Workspace") -> None:
    """Write the Atom files again, without the articles."""
    from newslake.pipeline.addons.alerts.store import write_feeds_again

    write_feeds_again(workspace)
