"""Evaluate rules: read ``alerts.toml``, check every rule before anything runs, and check what each rule finds.

A rule that cannot be checked never stops the other rules: its ``AlertCheck`` has the error.
"""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

from newslake.pipeline.addon_registry import addons_of
from newslake.pipeline.addons.alerts.alert import AlertCheck
from newslake.pipeline.addons.alerts.machine_condition import check_machine
from newslake.pipeline.addons.alerts.question_condition import check_question, check_question_rule
from newslake.pipeline.addons.alerts.rules import (
    AddonRule,
    AlertCondition,
    AlertRule,
    AlertRules,
    MachineRule,
    QuestionRule,
    RunRule,
    SourceRule,
    load_rules,
)
from newslake.pipeline.addons.alerts.run_condition import check_runs
from newslake.pipeline.addons.alerts.settings import AlertSettings
from newslake.pipeline.addons.alerts.source_condition import check_sources
from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.errors import ConfigError, NewsError
from newslake.pipeline.extras import require_extra
from newslake.pipeline.jobs.workspace import Workspace

log = logging.getLogger(__name__)


def read_rules(workspace: Workspace) -> AlertRules:
    """Return the rules of ``NEWS_ALERTS_FILE``, checked completely; no rules if the file is missing.

    Raises: ConfigError naming the file, the rule, the key, and what to do.
    """
    path = workspace.settings.of(AlertSettings).alerts_file
    if not path.exists():
        return AlertRules(path=path, senders={})
    rules = load_rules(path, sources=workspace.sources, conditions=_conditions(workspace))
    for name, url in rules.senders.items():
        _check_sender(path, name, url)
    nowhere = workspace.settings.data_dir / "alerts" / "no_lake"  # never created: views without tables
    for rule in rules.rules:
        if isinstance(rule, QuestionRule):
            check_question_rule(rule, path=path, nowhere=nowhere)
    return rules


def _conditions(workspace: Workspace) -> dict[str, AlertCondition]:
    """Return the kinds of rules of other add-ons, by name."""
    results, errors = addons_of(workspace.settings.addons).collect("alert_conditions")
    for error in errors:
        log.error("%s", error)
    return {name: condition for _, conditions in results for name, condition in conditions.items()}


def _check_sender(path: Path, name: str, url: str) -> None:
    """Raises: ConfigError for a URL that Apprise does not know. The message never has the URL: it holds passwords."""
    require_extra("alerts")
    from apprise import Apprise

    logging.getLogger("apprise").propagate = False  # its texts have addresses
    if Apprise.instantiate(url) is None:
        scheme, mark, _ = url.partition("://")
        reason = f"its scheme is {scheme!r}" if mark else "it has no scheme such as json://"
        message = f"Apprise does not know this URL ({reason}); write one as its manual shows"
        if scheme in ("http", "https"):
            message = f"for a webhook, write {'json' if scheme == 'http' else 'jsons'}:// in place of {scheme}://"
        raise ConfigError(f"{path}: senders.{name}: {message}, e.g. json://127.0.0.1:9000/alerts", key=name)


def evaluate(workspace: Workspace, rule: AlertRule, rules: AlertRules) -> AlertCheck:
    """Return what a rule finds now; a check with ``error`` if it cannot be checked."""
    name = rule.policy.rule
    outcome: AlertCheck | NewsError | OSError
    try:
        outcome = run_isolated(partial(_condition(rule), workspace, rule, rules), key=f"rule {name}")
    except (NewsError, OSError) as error:
        outcome = error
    if isinstance(outcome, AlertCheck):
        return outcome
    return AlertCheck(rule=name, kind=_kind_of(rule), items=(), error=_error_text(outcome))


def _kind_of(rule: AlertRule) -> Literal["state", "rows"]:
    match rule:
        case AddonRule():
            is_state = rule.condition.is_state
        case QuestionRule():
            is_state = rule.threshold is not None
        case _:
            is_state = isinstance(rule, SourceRule | MachineRule)
    return "state" if is_state else "rows"


def _error_text(error: Exception) -> str:
    """Return the message of an error without words of articles: DuckDB quotes the value on which an SQL fails.

    It is stored, logged and sent, and no takedown could find the words.
    """
    if isinstance(error, NewsError) and error.reason == "bad_value":
        return "its SQL fails on a value; `newslake ask` or `newslake sql` shows the value"
    return str(error)


def _condition(rule: AlertRule) -> Callable[..., AlertCheck]:
    return {
        SourceRule: lambda workspace, rule, rules: check_sources(workspace, rule),
        RunRule: lambda workspace, rule, rules: check_runs(workspace, rule, public_url=rules.public_url),
        MachineRule: lambda workspace, rule, rules: check_machine(workspace, rule),
        QuestionRule: check_question,
        AddonRule: lambda workspace, rule, rules: _check_addon_rule(workspace, rule),
    }[type(rule)]


def _check_addon_rule(workspace: Workspace, rule: AddonRule) -> AlertCheck:
    items = tuple(rule.condition.find(workspace, rule.table))
    return AlertCheck(rule=rule.policy.rule, kind=_kind_of(rule), items=items)
