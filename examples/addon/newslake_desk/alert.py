"""A kind of alert: a source has fewer articles today than a number.

[rules.few]
on = "desk"
at_least = 5
"""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from newslake.pipeline.addons.alerts.alert import AlertItem
from newslake.pipeline.addons.alerts.rules import AlertCondition, RuleTable
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import pluralize
from newslake_desk.counts import count_articles


class DeskTable(RuleTable):
    """The keys of a rule of this kind."""

    on: Literal["desk"]
    at_least: int = Field(ge=1)


def find_few(workspace: Workspace, rule: DeskTable) -> Iterator[AlertItem]:
    """Yield a state per source with fewer articles today than the rule says."""
    counts = count_articles(workspace.place, workspace.settings.now().date())
    for source in workspace.sources.sources:
        articles = counts.get(source.key, 0)
        if articles < rule.at_least:
            title = f"{source.key}: {pluralize(articles, 'article')} today, fewer than {rule.at_least}"
            yield AlertItem(key=source.key, title=title, command="newslake desk")


CONDITION = AlertCondition(table=DeskTable, find=find_few, is_state=True)
