"""Check that everything a run needs is present; each problem has one action that solves it."""

import importlib.metadata
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from newslake.pipeline.addons.alerts.erasure import problems_of_alerts
from newslake.pipeline.addons.corrections.preview import stale_corrections
from newslake.pipeline.addons.operate.freshness import freshness
from newslake.pipeline.errors import ConfigError, LakeError, NewsError
from newslake.pipeline.jobs.inventory import ALERTS, ARCHIVE, LAKE, STATE, check_stores, knowledge_of
from newslake.pipeline.jobs.knowledge import kb_info
from newslake.pipeline.jobs.pipeline_version import version_of
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.kb import read_overrides
from newslake.pipeline.lake import Depth
from newslake.pipeline.model import pluralize
from newslake.pipeline.model.freshness import FRESHNESS_LABELS, FreshnessStatus
from newslake.pipeline.settings import has_contact
from newslake.pipeline.upkeep.maintenance import damages_of_state, read_nothing

FindingStatus = Literal["ok", "warn", "fail"]

_FREE_BYTES = 2_000_000_000  # one day of a large source: archive, tables and one earlier generation
_FREE_BYTES_AMPLE = 10_000_000_000
_LATE_DAYS = 2  # after a month is due, the nightly maintenance has failed to compact it
_SERVICE_ADVICE = "correct its settings: docs/operations.md, On the shared store"
_WORST_FIRST: tuple[FreshnessStatus, ...] = ("stale", "warn", "no_baseline")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Result of one check. ``message`` says what was found or what is wrong, ``action`` what to do; None if ok.

    With "fail" a run cannot start, or its result is wrong; with "warn" it works, but not for long or not politely.
    """

    name: str
    status: FindingStatus
    message: str
    action: str | None = None


@dataclass(frozen=True, slots=True)
class _HealthCheck:
    """A check by its name. ``advice`` is the action for an error that does not name one.

    ``needs_store``: it reads archive, state or tables, so it fails where their services do.
    """

    name: str
    run: Callable[[Workspace, str], Finding]
    advice: str
    needs_store: bool = False


def examine(workspace: Workspace) -> tuple[Finding, ...]:
    """Return one finding per check, in the order in which a run needs them.

    The stores are checked first: other checks open them, and a lost index is built again when it is opened. If a
    service of a shared store cannot be used, what needs the store is not checked: it would fail for the same reason.
    It is not checked either before the store exists: that would create it, also at a wrong place.
    """
    new: list[str] = []
    services = tuple(_examine_services(workspace, new))
    broken = next((each.name for each in services if each.status == "fail"), None)
    has_store = broken is None and not new
    made = [check for check in _CHECKS if has_store or not check.needs_store]
    order = sorted(made, key=lambda check: check.name not in ("archive", "lake"))
    found = {check.name: _finding(check, workspace) for check in order}
    place = next(number for number, check in enumerate(_CHECKS) if check.needs_store)
    named = [found[check.name] for check in made]
    rest = () if has_store else (_not_checked(workspace, services, needed=broken or new[0], is_new=broken is None),)
    return (*named[:place], *services, *named[place:], *rest)


def _not_checked(workspace: Workspace, services: Sequence[Finding], *, needed: str, is_new: bool) -> Finding:
    """Return the finding that names all checks that were not made, because they need a service."""
    done = {each.name for each in services}
    others = () if "store" in done else (name for name in workspace.store.checks() if name not in done)
    names = [*others, *(check.name for check in _CHECKS if check.needs_store)]
    message = f"{', '.join(names)}: they need the {needed}".replace("_", " ")
    return Finding(
        name="not_checked",
        status="warn",
        message=f"{message}, which has no store yet" if is_new else message,
        action=f"do what the line {needed.replace('_', ' ')} says, then run it again",
    )


def _examine_services(workspace: Workspace, new: list[str]) -> Iterator[Finding]:
    """Yield a finding per service of the store; the first that fails is the last. Add those to ``new`` that are new."""
    store = _HealthCheck("store", _store, "correct the settings of the store")
    found = _finding(store, workspace)
    if found.status == "fail":
        yield found
        return
    checks = workspace.store.checks()

    def run(_: Workspace, name: str) -> Finding:
        health = checks[name]()
        if health.is_new:
            new.append(name)
        status: FindingStatus = "ok" if health.action is None else "warn"
        return Finding(name=name, status=status, message=health.message, action=health.action)

    for name in checks:
        yield (found := _finding(_HealthCheck(name, run, _SERVICE_ADVICE), workspace))
        if found.status == "fail":
            return


def _store(workspace: Workspace, name: str) -> Finding:
    """Find out whether the libraries of the store are installed."""
    return Finding(name=name, status="ok", message=type(workspace.store).__name__)


def _finding(check: _HealthCheck, workspace: Workspace) -> Finding:
    try:
        return check.run(workspace, check.name)
    except (NewsError, OSError, importlib.metadata.PackageNotFoundError) as error:
        return _failure(check, error)


def _failure(check: _HealthCheck, error: Exception) -> Finding:
    """Return the finding of an error. What follows the first semicolon of its message is the action.

    A message about a file of the user may list several keys; there the action is to correct the file.
    """
    message, _, action = str(error).partition("; ")
    if not action or isinstance(error, ConfigError):
        return Finding(name=check.name, status="fail", message=str(error), action=check.advice)
    return Finding(name=check.name, status="fail", message=message, action=action)


def _python(_: Workspace, name: str) -> Finding:
    return Finding(name=name, status="ok", message=".".join(str(part) for part in sys.version_info[:3]))


def _airflow(_: Workspace, name: str) -> Finding:
    return Finding(name=name, status="ok", message=importlib.metadata.version("apache-airflow"))


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
    own = kb_info(settings)
    stale = stale_corrections(workspace.lake, knowledge_of(settings), version=version_of(settings))
    if stale:
        first = f"{stale[0].key} of article {stale[0].article_id}: {stale[0].why}"
        message = f"{settings.overrides_file}: {pluralize(len(stale), 'correction')} without effect, first {first}"
        action = "remove it, or see `newslake overrides preview`"
        return Finding(name=name, status="fail", message=message, action=action)
    lines = len(corrections.lines) + sum(map(len, corrections.quotes.values()))
    entries = pluralize(own.entries if own else 0, "entry", "entries")
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


def _freshness(workspace: Workspace, name: str) -> Finding:
    found = freshness(workspace) if workspace.settings.sources_file.exists() else ()
    if not found:
        return Finding(name=name, status="ok", message="no source to watch")
    worst = next((status for status in _WORST_FIRST if any(each.status == status for each in found)), None)
    if worst is None:
        return Finding(name=name, status="ok", message=f"{pluralize(len(found), 'source')} with news as usual")
    late = [each for each in found if each.status == worst]
    message = f"{len(late)} of {pluralize(len(found), 'source')} {FRESHNESS_LABELS[worst]}, first {late[0].line}"
    if worst == "no_baseline":
        action = "wait until the history is long enough, or give the hours in [freshness] of sources.toml"
        return Finding(name=name, status="warn", message=message, action=action)
    status: FindingStatus = "fail" if worst == "stale" else "warn"
    return Finding(name=name, status=status, message=message, action="run `newslake coverage`, which names each source")


def _alert_state(workspace: Workspace, name: str) -> Finding:
    check_stores(workspace.settings, ALERTS)
    _refuse(tuple(problems_of_alerts(workspace.settings, is_quick=True)))
    return Finding(name=name, status="ok", message="intact")


_CHECKS = (
    _HealthCheck("python", _python, "install the project again, as docs/operations.md says"),
    _HealthCheck("airflow", _airflow, "install the project again, as docs/operations.md says"),
    _HealthCheck("clock", _clock, "set the clock of this machine"),
    _HealthCheck("data_folder", _data, "set NEWS_DATA_DIR to a folder that you may write to"),
    _HealthCheck("sources", _sources, "correct that line of the file, then run `newslake sources check`"),
    _HealthCheck("user_agent", _user_agent, "set NEWS_USER_AGENT with your mail address or web page"),
    _HealthCheck("model", _model, "unset NEWS_SPACY_MODEL, or install the model that it names"),
    _HealthCheck(
        "knowledge_base", _knowledge, "correct overrides.toml, or import your knowledge base again", needs_store=True
    ),
    _HealthCheck("archive", _archive, "run `newslake archive verify`, which names each problem", needs_store=True),
    _HealthCheck("lake", _lake, "run `newslake lake verify`, which names each problem", needs_store=True),
    _HealthCheck("compaction", _compaction, "run `newslake lake verify`, which names each problem", needs_store=True),
    _HealthCheck(
        "freshness",
        _freshness,
        "correct that line of sources.toml, then run `newslake sources check`",
        needs_store=True,
    ),
    _HealthCheck(
        "alert_state", _alert_state, "run `newslake lake verify --deep`, which names each problem", needs_store=True
    ),
)
