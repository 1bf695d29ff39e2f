"""The check of `newslake doctor` on corrections without effect."""

from newslake.pipeline.addons.corrections.preview import stale_corrections
from newslake.pipeline.hooks import Finding
from newslake.pipeline.jobs.inventory import knowledge_of
from newslake.pipeline.jobs.pipeline_version import version_of
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import pluralize


def examine_corrections(workspace: Workspace, name: str) -> Finding:
    """Return the finding about corrections that change no row of today's tables."""
    settings = workspace.settings
    stale = stale_corrections(workspace.lake, knowledge_of(settings), version=version_of(settings))
    if not stale:
        return Finding(name=name, status="ok", message="each has an effect")
    first = f"{stale[0].key} of article {stale[0].article_id}: {stale[0].why}"
    message = f"{settings.overrides_file}: {pluralize(len(stale), 'correction')} without effect, first {first}"
    return Finding(name=name, status="fail", message=message, action="remove it, or see `newslake overrides preview`")
