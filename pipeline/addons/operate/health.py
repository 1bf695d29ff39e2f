"""The check of `newslake doctor` on the freshness of the sources."""

from newslake.pipeline.addons.operate.freshness import freshness
from newslake.pipeline.hooks import Finding, FindingStatus
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import pluralize
from newslake.pipeline.model.freshness import FRESHNESS_LABELS, FreshnessStatus

_WORST_FIRST: tuple[FreshnessStatus, ...] = ("stale", "warn", "no_baseline")


def examine_freshness(workspace: Workspace, name: str) -> Finding:
    """Return the finding about the sources: the worst status, and the first source that has it."""
    sources = freshness(workspace) if workspace.settings.sources_file.exists() else ()
    if not sources:
        return Finding(name=name, status="ok", message="no source to watch")
    worst = next((status for status in _WORST_FIRST if any(each.status == status for each in sources)), None)
    if worst is None:
        return Finding(name=name, status="ok", message=f"{pluralize(len(sources), 'source')} with news as usual")
    late = [each for each in sources if each.status == worst]
    message = f"{len(late)} of {pluralize(len(sources), 'source')} {FRESHNESS_LABELS[worst]}, first {late[0].line}"
    if worst == "no_baseline":
        action = "wait until the history is long enough, or give the hours in [freshness] of sources.toml"
        return Finding(name=name, status="warn", message=message, action=action)
    status: FindingStatus = "fail" if worst == "stale" else "warn"
    return Finding(name=name, status=status, message=message, action="run `newslake coverage`, which names each source")
