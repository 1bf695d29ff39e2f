"""The add-on operate: coverage, freshness, plans and sizes."""

from typing import TYPE_CHECKING

from newslake.pipeline.hooks import AddonInfo, Command, HealthCheck, RunNote, Upkeep, implementation

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from newslake.pipeline.addons.newsroom.page_list import NewsroomPage
    from newslake.pipeline.jobs.workspace import Workspace


@implementation
def addon_info() -> AddonInfo:
    """Return what the add-on is."""
    return AddonInfo("operate", "Operate", fits=("newsroom",))


@implementation
def commands() -> list[Command]:
    """Return the commands of the add-on."""
    return [
        Command(
            "coverage",
            "newslake.pipeline.addons.operate.coverage_command:coverage",
            "Show the pages per source and day, and the anomalies.",
        ),
        Command(
            "plan",
            "newslake.pipeline.addons.operate.plan_command:plan",
            "Count pages still to fetch or to process; estimate the time.",
        ),
        Command(
            "lake sizes",
            "newslake.pipeline.addons.operate.sizes_command:sizes",
            "Show where the bytes of the tables go.",
        ),
    ]


@implementation
def run_ended(workspace: "Workspace", source_keys: "Sequence[str]") -> RunNote:
    """Return the freshness of the sources of a run, with a line per source that is late or stale."""
    from dataclasses import asdict

    from newslake.pipeline.addons.operate.freshness import freshness

    sources = freshness(workspace, source_keys=source_keys)
    late = tuple(each.line for each in sources if each.is_late)
    return RunNote(lines=late, json={"freshness": [asdict(each) for each in sources]})


@implementation
def doctor_checks() -> list[HealthCheck]:
    """Return the check of the freshness of sources."""
    from newslake.pipeline.addons.operate.health import examine_freshness

    advice = "correct that line of sources.toml, then run `newslake sources check`"
    return [HealthCheck("freshness", examine_freshness, advice, needs_store=True, after="compaction")]


@implementation
def maintenance(workspace: "Workspace", day: "date") -> Upkeep:
    """Warn of every source with few pages for a day."""
    from newslake.pipeline.addons.operate.anomalies import day_volumes

    volumes = day_volumes(workspace, day=day)
    warnings = tuple(each.warning for each in volumes if each.warning is not None)
    return Upkeep(warnings=warnings, counts={"pages": {each.source_key: each.pages for each in volumes}})


@implementation(optionalhook=True)
def newsroom_pages() -> "list[NewsroomPage]":
    """Return the page of coverage."""
    from newslake.pipeline.addons.newsroom.page_list import NewsroomPage

    place = "newslake.pipeline.addons.operate.coverage_page:answer_coverage"
    return [NewsroomPage("/coverage", place, label="Coverage", rank=10)]
