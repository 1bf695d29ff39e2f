"""The alerts as Airflow, `newslake run` and `newslake alerts` call them: check the file, then check and deliver."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from newslake.pipeline.addons.alerts.alert import AlertCheck
from newslake.pipeline.addons.alerts.delivery import deliver, send_once
from newslake.pipeline.addons.alerts.evaluation import evaluate, read_rules
from newslake.pipeline.addons.alerts.message import trial_delivery
from newslake.pipeline.addons.alerts.rules import AlertRules
from newslake.pipeline.addons.alerts.state import feed_name
from newslake.pipeline.addons.alerts.store import DeliveryFailure, open_alert_store, state_of
from newslake.pipeline.errors import ConfigError, NewsError
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import pluralize
from newslake.pipeline.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertReport:
    """The checks of all rules, in the order of alerts.toml, and the senders that do not work."""

    checks: tuple[AlertCheck, ...] = ()
    failures: tuple[DeliveryFailure, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """One sentence per rule that could not be checked, and per sender that does not work."""
        rules = (f"rule {each.rule} could not be checked: {each.error}" for each in self.checks if each.error)
        senders = (
            f"sender {each.sender} does not work since {each.since:%Y-%m-%d %H:%M} UTC: {each.reason}; "
            f"messages that wait: {each.waiting:,}"
            for each in self.failures
        )
        return (*rules, *senders)


def _alerts(count: int) -> str:
    return pluralize(count, "open alert")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleState:
    """A rule and what its last check recorded. ``open_alerts`` is None if it was never checked.

    ``feed`` is the path of its Atom file, or on a shared store its key in the bucket.
    """

    rule: str
    title: str
    on: str
    senders: tuple[str, ...]
    open_alerts: int | None
    feed: str

    @property
    def summary(self) -> str:
        """The state as a few words."""
        if self.open_alerts is None:
            return "not checked yet"
        return _alerts(self.open_alerts) if self.open_alerts else "quiet"


def states_of(workspace: Workspace, rules: AlertRules) -> tuple[RuleState, ...]:
    """Return the state of each rule, in the order of alerts.toml; without a recorded check, no state is created."""
    state = state_of(workspace)
    store = open_alert_store(workspace) if state.has_rows() else None
    checked = store.checked_rules() if store else frozenset[str]()
    counts = store.open_counts() if store else {}
    return tuple(
        RuleState(
            rule=(name := rule.policy.rule),
            title=rule.policy.title,
            on=rule.on,
            senders=rule.policy.senders,
            open_alerts=counts.get(name, 0) if name in checked else None,
            feed=state.file_place(feed_name(name)),
        )
        for rule in rules.rules
    )


def drop_messages(workspace: Workspace, sender: str) -> int:
    """Drop the messages that wait for a sender; return how many. Raises: ConfigError with those that have messages."""
    store = open_alert_store(workspace) if state_of(workspace).has_rows() else None
    if store is None or not (count := store.drop_waiting(sender)):
        waiting = ", ".join(store.waiting() if store else ()) or "none"
        raise ConfigError(f"no message waits for {sender!r}; senders with messages that wait: {waiting}", key=sender)
    return count


def check_and_deliver(workspace: Workspace, rules: AlertRules) -> AlertReport:
    """Check each rule, record its result and send what is due; without alerts.toml, nothing.

    Messages are sent after each rule, so that a slow question delays only the rules after it. What waits is sent, and
    what is open is closed, also for rules that are not in the file any more.
    """
    if not rules.path.exists() or not (rules.rules or state_of(workspace).has_rows()):
        return AlertReport()
    now = workspace.settings.now
    store = open_alert_store(workspace)
    for name, count in store.close_removed({rule.policy.rule for rule in rules.rules}, now=now()).items():
        log.warning("alerts.toml has no rule %s any more; closed without a message: %s", name, _alerts(count))
    store.write_feeds()  # those that are lost, or that a killed check did not write
    checks, failures = [], deliver(store, rules.senders, now=now())
    for rule in rules.rules:
        with store.exclusive():  # no takedown comes between reading and recording
            check = evaluate(workspace, rule, rules)
            store.record(check, rule.policy, now=now())
        failures = deliver(store, rules.senders, now=now())
        checks.append(check)
    return AlertReport(checks=tuple(checks), failures=failures)


def problems_of_check(workspace: Workspace, rules: AlertRules) -> tuple[str, ...]:
    """Check and deliver; return one sentence per problem, also if the state of alerts cannot be used."""
    try:
        return check_and_deliver(workspace, rules).problems
    except (NewsError, OSError) as error:
        return (f"alerts could not be checked: {error}",)


def send_test(workspace: Workspace, rules: AlertRules, check: AlertCheck) -> tuple[DeliveryFailure, ...]:
    """Send the items of a check, else a test item, as one message to the senders of its rule; return those that failed.

    It is sent now, also in quiet hours, and is in no file: the next check reports the same items.
    """
    policy, now = rules.named(check.rule).policy, workspace.settings.now()
    delivery = trial_delivery(check, title=policy.title, now=now)
    return tuple(
        DeliveryFailure(sender=name, reason=reason, since=now, waiting=0)
        for name in policy.senders
        if (reason := send_once(delivery, rules.senders[name])) is not None
    )


def check_rules() -> None:
    """Check alerts.toml completely. Raises: ConfigError naming each wrong key."""
    read_rules(Workspace(Settings.load()))


def check_alerts() -> dict[str, object]:
    """Check and deliver; return the number of items per rule, and the problems. Raises: ConfigError for a wrong rule.

    A rule that cannot be checked, and a sender that does not work, are warnings: they are alerts, too, and
    their messages wait.
    """
    workspace = Workspace(Settings.load())
    report = check_and_deliver(workspace, read_rules(workspace))
    for line in report.problems:
        log.warning("%s", line)
    return {"items": {each.rule: each.total for each in report.checks}, "problems": list(report.problems)}


TASKS: dict[str, Callable[[], Any]] = {"check_rules": check_rules, "check_alerts": check_alerts}
