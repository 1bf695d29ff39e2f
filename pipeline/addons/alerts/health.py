"""The checks of `newslake doctor` on the state of alerts and on alerts.toml."""

from newslake.pipeline.addons.alerts.erasure import problems_of_alerts
from newslake.pipeline.addons.alerts.evaluation import read_rules
from newslake.pipeline.addons.alerts.settings import AlertSettings
from newslake.pipeline.addons.alerts.state import ALERTS
from newslake.pipeline.hooks import Finding
from newslake.pipeline.jobs.inventory import check_stores
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import pluralize


def examine_alert_state(workspace: Workspace, name: str) -> Finding:
    """Return the finding about the database of alerts. Raises: MissingStoreError, OSError for damage."""
    check_stores(workspace.settings, ALERTS)
    problems = tuple(problems_of_alerts(workspace.settings, is_quick=True))
    if problems:
        raise OSError(f"{pluralize(len(problems), 'problem')}, first: {problems[0]}")
    return Finding(name=name, status="ok", message="intact")


def examine_alert_rules(workspace: Workspace, name: str) -> Finding:
    """Return the finding about alerts.toml; a missing file is ok. Raises: ConfigError for a wrong rule."""
    path = workspace.settings.of(AlertSettings).alerts_file
    if not path.exists():
        return Finding(name=name, status="ok", message=f"no {path}: nothing is reported")
    rules = read_rules(workspace).rules
    return Finding(name=name, status="ok", message=f"{pluralize(len(rules), 'rule')} in {path}")
