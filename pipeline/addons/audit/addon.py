"""The add-on audit: draws, sheets and scores: how often the rows are right."""

from typing import TYPE_CHECKING

from newslake.pipeline.hooks import AddonInfo, Command, StorePart, TakedownPart, TakedownPhase, implementation

if TYPE_CHECKING:
    from newslake.pipeline.archive import TakedownPlan
    from newslake.pipeline.jobs.workspace import Workspace


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


@implementation
def store_parts() -> list[StorePart]:
    """Return the parts of the data root that the add-on writes."""
    return [StorePart("audits", has_articles=True, is_lossy=True)]


@implementation
def preview_takedown(workspace: "Workspace", plan: "TakedownPlan") -> TakedownPart:
    """Return which sheets outside of the data root have rows of the articles."""
    from newslake.pipeline.addons.audit.store import AuditStore

    return TakedownPart(remaining=AuditStore(workspace.settings).remaining(plan.article_ids))


@implementation
def on_takedown(workspace: "Workspace", plan: "TakedownPlan", phase: TakedownPhase) -> TakedownPart | None:
    """Erase the rows of the articles from draws and sheets of the data root."""
    if phase != "state":
        return None
    from newslake.pipeline.addons.audit.store import AuditStore

    return AuditStore(workspace.settings).erase(plan.article_ids)
