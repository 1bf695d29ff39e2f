"""Check that everything a run needs is present; each problem has one action that solves it."""

import importlib.metadata
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from newslake.pipeline.addon_registry import Addons, addons_of
from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.errors import ConfigError, LakeError, NewsError
from newslake.pipeline.extras import is_installed
from newslake.pipeline.hooks import Finding, FindingStatus, HealthCheck
from newslake.pipeline.jobs.inventory import ARCHIVE, LAKE, STATE, check_stores, unreachable_parts
from newslake.pipeline.jobs.knowledge import kb_info
from newslake.pipeline.jobs.pipeline_version import version_of
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.kb import read_overrides
from newslake.pipeline.lake import Depth
from newslake.pipeline.model import pluralize
from newslake.pipeline.settings import has_contact
from newslake.pipeline.upkeep.addon_takedown import out_of_reach
from newslake.pipeline.upkeep.maintenance import damages_of_state, read_nothing

_FREE_BYTES = 2_000_000_000  # one day of a large source: archive, tables and one earlier generation
_FREE_BYTES_AMPLE = 10_000_000_000
_LATE_DAYS = 2  # after a month is due, the nightly maintenance has failed to compact it
_SERVICE_ADVICE = "correct its settings: docs/operations.md, On the shared store"


def examine(workspace: Workspace) -> tuple[Finding, ...]:
    """Return one finding per check, in the order in which a run needs them.

    The stores are checked first: other checks open them, and a lost index is built again when it is opened. If a
    service of a shared store cannot be used, what needs the store is not checked: it would fail for the same reason.
    It is not checked either before the store exists: that would create it, also at a wrong place.
    """
    new: list[str] = []
    addons = addons_of(workspace.settings.addons)
    checks = _checks(addons)
    services = tuple(_examine_services(workspace, new))
    broken = next((each.name for each in services if each.status == "fail"), None)
    has_store = broken is None and not new
    possible = [check for check in checks if has_store or not check.needs_store]
    order = sorted(possible, key=lambda check: check.name not in ("archive", "lake"))
    findings = {check.name: _finding(check, workspace) for check in order}
    place = next(number for number, check in enumerate(checks) if check.needs_store)
    named = [findings[check.name] for check in possible]
    rest = (
        ()
        if has_store
        else (_not_checked(workspace, checks, services, needed=broken or new[0], is_new=broken is None),)
    )
    return (
        *named[:place],
        *services,
        *named[place:],
        *rest,
        *_examine_addons(addons, _out_of_reach(workspace, has_store=has_store)),
    )


def _checks(addons: Addons) -> list[HealthCheck]:
    """Return the checks of the core, with those of add-ons after the checks that they name."""
    checks = list(_CHECKS)
    for info, its_checks in addons.collect("doctor_checks")[0]:
        for each_check in its_checks:
            names = [each.name for each in checks]
            is_new = each_check.name not in names
            check = each_check if is_new else replace(each_check, name=f"{info.name}_{each_check.name}")
            checks.insert(names.index(check.after) + 1 if check.after in names else len(checks), check)
    return checks


def _out_of_reach(workspace: Workspace, *, has_store: bool) -> tuple[str, ...]:
    """Return sentences about data that no takedown reaches; without a store, only about that of the data root."""
    return out_of_reach(workspace) if has_store else unreachable_parts(workspace.settings)


def _examine_addons(addons: Addons, unreachable: Sequence[str]) -> Iterator[Finding]:
    """Yield the finding about all add-ons, then one per problem, and per add-on whose data no takedown reaches."""
    bare = [info for info in addons.infos if info.extra is not None and not is_installed(info.extra)]
    ready = [info.name for info in addons.infos if info not in bare]
    parts = [", ".join(ready) or "none"]
    if bare:
        installs = (f"{info.name} (pip install 'newslake[{info.extra}]')" for info in bare)
        parts.append(f"without their libraries: {', '.join(installs)}")
    if addons.left_out:
        parts.append(f"off: {', '.join(addons.left_out)}")
    yield Finding(name="addons", status="ok", message="; ".join(parts))
    for hook in ("settings", "store_parts", "doctor_checks"):
        for error in addons.collect(hook)[1]:
            yield Finding(name="addon_hook", status="warn", message=str(error), action="correct the add-on")
    for problem in addons.problems:
        yield Finding(name=f"addon_{problem.name}", status="warn", message=problem.message, action=problem.action)
    for sentence in unreachable:
        message, _, action = sentence.partition("; ")
        yield Finding(name="addon_data", status="fail", message=message, action=action)


def _not_checked(
    workspace: Workspace,
    checks: Sequence[HealthCheck],
    services: Sequence[Finding],
    *,
    needed: str,
    is_new: bool,
) -> Finding:
    """Return the finding that names all checks that are left out, because they need a service."""
    done = {each.name for each in services}
    others = () if "store" in done else (name for name in workspace.store.checks() if name not in done)
    names = [*others, *(check.name for check in checks if check.needs_store)]
    message = f"{', '.join(names)}: they need the {needed}".replace("_", " ")
    return Finding(
        name="not_checked",
        status="warn",
        message=f"{message}, which has no store yet" if is_new else message,
        action=f"do what the line {needed.replace('_', ' ')} says, then run it again",
    )


def _examine_services(workspace: Workspace, new: list[str]) -> Iterator[Finding]:
    """Yield a finding per service of the store; the first that fails is the last. Add those to ``new`` that are new."""
    store = HealthCheck("store", _store, "correct the settings of the store")
    finding = _finding(store, workspace)
    if finding.status == "fail":
        yield finding
        return
    checks = workspace.store.checks()

    def run(_: Workspace, name: str) -> Finding:
        health = checks[name]()
        if health.is_new:
            new.append(name)
        status: FindingStatus = "ok" if health.action is None else "warn"
        return Finding(name=name, status=status, message=health.message, action=health.action)

    for name in checks:
        yield (finding := _finding(HealthCheck(name, run, _SERVICE_ADVICE), workspace))
        if finding.status == "fail":
            return


def _store(workspace: Workspace, name: str) -> Finding:
    """Find out whether the libraries of the store are installed."""
    return Finding(name=name, status="ok", message=type(workspace.store).__name__)


def _finding(check: HealthCheck, workspace: Workspace) -> Finding:
    try:
        finding = run_isolated(partial(check.run, workspace, check.name), key=f"check {check.name}")
        return _failure(check, finding) if isinstance(finding, Exception) else finding
    except (NewsError, OSError, importlib.metadata.PackageNotFoundError) as error:
        return _failure(check, error)


def _failure(check: HealthCheck, error: Exception) -> Finding:
    """Return the finding of an error. What follows the first semicolon of its message is the action.

    A message about a file of the user may list several keys; there the action is to correct the file.
    """
    message, _, action = str(error).partition("; ")
    if not action or isinstance(error, ConfigError):
        return Finding(name=check.name, status="fail", message=str(error), action=check.advice)
    return Finding(name=check.name, status="fail", message=message, action=action)


def _python(_: Workspace, name: str) -> Finding:
    return Finding(name=name, status="ok", message=".".join(str(part) for part in sys.version_info[:3]))


def _clock(workspace: Workspace, name: str) -> Finding:
    now = f"{workspace.settings.now():%Y-%m-%d %H:%M} UTC"
    if workspace.settings.frozen_now is None:
        return Finding(name=name, status="ok", message=now)
    message = f"NEWS_FROZEN_NOW stops the clock at {now}: every run takes this day for today"
    return Finding(name=name, status="warn", message=message, action="unset NEWS_FROZEN_NOW")


def _data(workspace: Workspace, name: str) -> Finding:
    root = workspace.settings.data_dir
    root.mkdir(parents=True, exist_ok=True)
    if not os.access(root, os.W_OK):
        raise OSError(f"{root} is not writable; change its owner, or set NEWS_DATA_DIR")
    free = shutil.disk_usage(root).free
    space = f"{root.resolve()}, {free / 1e9:.1f} GB free"
    if free < _FREE_BYTES:
        raise OSError(f"{space}, and a run needs {_FREE_BYTES / 1e9:.0f} GB; free some space, or set NEWS_DATA_DIR")
    if free < _FREE_BYTES_AMPLE:
        message = f"{space}, less than {_FREE_BYTES_AMPLE / 1e9:.0f} GB; below {_FREE_BYTES / 1e9:.0f} GB no run starts"
        return Finding(name=name, status="warn", message=message, action="free some space, or set NEWS_DATA_DIR")
    return Finding(name=name, status="ok", message=space)


def _sources(workspace: Workspace, name: str) -> Finding:
    file = workspace.settings.sources_file
    if not file.exists():
        raise OSError(f"{file}: no such file; run `newslake init`, or set NEWS_SOURCES_FILE")
    workspace.check_inboxes()
    count = len(workspace.sources.sources)
    if not count:
        action = "run `newslake sources add`, with the URL of a site or a folder of pages"
        return Finding(name=name, status="warn", message=f"{file} has no source", action=action)
    return Finding(name=name, status="ok", message=f"{count} in {file}")


def _user_agent(workspace: Workspace, name: str) -> Finding:
    """Find out whether a host can reach the person who runs newslake, before it blocks the requests."""
    agent = workspace.settings.user_agent
    if has_contact(agent):
        return Finding(name=name, status="ok", message=agent)
    action = "set NEWS_USER_AGENT with your mail address or web page, such as 'newslake/0.1 (desk@post.example)'"
    return Finding(name=name, status="warn", message=f"no contact in {agent!r}", action=action)


def _model(workspace: Workspace, name: str) -> Finding:
    settings = workspace.settings
    message = f"{settings.spacy_model}, pipeline version {version_of(settings)}"
    return Finding(name=name, status="ok", message=message)


def _knowledge(workspace: Workspace, name: str) -> Finding:
    settings = workspace.settings
    corrections = read_overrides(settings.overrides_file)
    for place in sorted(line.scope[1] for line in corrections.lines if line.scope[0] == "source"):
        workspace.sources.named(place)  # raises for a source that does not exist
    knowledge = kb_info(settings)
    lines = len(corrections.lines) + sum(map(len, corrections.quotes.values()))
    entries = pluralize(knowledge.entries if knowledge else 0, "entry", "entries")
    message = f"{entries} of your own, {pluralize(lines, 'correction')} in {settings.overrides_file.name}"
    return Finding(name=name, status="ok", message=message)


def _archive(workspace: Workspace, name: str) -> Finding:
    check_stores(workspace.settings, ARCHIVE, STATE)
    damaged = workspace.archive.index_problems(is_quick=True)  # `lake verify --deep` reads all rows
    problems = [f"its index {each}; run `newslake archive reindex`" for each in damaged]
    _refuse(problems or [str(each) for each in damages_of_state(workspace, is_quick=True)])
    return Finding(name=name, status="ok", message=pluralize(len(workspace.archive.days()), "news day"))


def _refuse(problems: Sequence[str]) -> None:
    if problems:
        raise OSError(f"{pluralize(len(problems), 'problem')}, first: {problems[0]}")


def _lake(workspace: Workspace, name: str) -> Finding:
    check_stores(workspace.settings, LAKE)
    _refuse(tuple(workspace.lake.verify(Depth(reads=read_nothing))))
    days = pluralize(len(workspace.lake.days()), "published day")
    return Finding(name=name, status="ok", message=f"intact, {days}")


def _compaction(workspace: Workspace, name: str) -> Finding:
    """Find months that nothing compacts: there is no nightly maintenance, or the file system cannot do it."""
    check_stores(workspace.settings, LAKE)
    days = workspace.settings.compact_after_days + _LATE_DAYS
    try:
        months = workspace.lake.due_months(quiet_days=days)
    except LakeError as error:
        if error.reason != "no_exchange":
            raise
        message, _, action = str(error).partition("; ")
        return Finding(name=name, status="warn", message=message, action=action)
    if not months:
        return Finding(name=name, status="ok", message="no month is due")
    message = f"{pluralize(len(months), 'month')} due, first {months[0]}: questions read a file per day"
    return Finding(name=name, status="warn", message=message, action="run `newslake lake compact`, best every night")


_CHECKS = (
    HealthCheck("python", _python, "install the project again, as docs/operations.md says"),
    HealthCheck("clock", _clock, "set the clock of this machine"),
    HealthCheck("data_folder", _data, "set NEWS_DATA_DIR to a folder that you may write to"),
    HealthCheck("sources", _sources, "correct that line of the file, then run `newslake sources check`"),
    HealthCheck("user_agent", _user_agent, "set NEWS_USER_AGENT with your mail address or web page"),
    HealthCheck("model", _model, "unset NEWS_SPACY_MODEL, or install the model that it names"),
    HealthCheck(
        "knowledge_base", _knowledge, "correct overrides.toml, or import your knowledge base again", needs_store=True
    ),
    HealthCheck("archive", _archive, "run `newslake archive verify`, which names each problem", needs_store=True),
    HealthCheck("lake", _lake, "run `newslake lake verify`, which names each problem", needs_store=True),
    HealthCheck("compaction", _compaction, "run `newslake lake verify`, which names each problem", needs_store=True),
)
