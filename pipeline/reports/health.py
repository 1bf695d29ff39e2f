"""Check that everything a run needs is present, and say what to do if it is not."""

import importlib.metadata
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import ConfigError, NewsError
from pipeline.jobs.inventory import ARCHIVE, LAKE, STATE, check_stores, knowledge_of
from pipeline.jobs.knowledge import kb_info
from pipeline.jobs.maintenance import damages_of_state, read_nothing
from pipeline.jobs.pipeline_version import version_of
from pipeline.jobs.workspace import Workspace
from pipeline.kb import read_overrides
from pipeline.lake import Depth
from pipeline.model import pluralize
from pipeline.reports.overrides import stale_corrections

_FREE_BYTES = 2_000_000_000  # one day of a large source: archive, tables and one earlier generation


@dataclass(frozen=True, slots=True)
class Finding:
    """Result of one check. ``message`` says what was found, or what is wrong and what to do."""

    name: str
    is_ok: bool
    message: str


def examine(workspace: Workspace) -> tuple[Finding, ...]:
    """Return one finding per check, in the order in which a run needs them.

    The stores are checked first: other checks open them, and a lost index is built again when it is opened.
    """
    order = sorted(_CHECKS, key=lambda name: name not in ("archive", "lake"))
    found = {name: _run_check(name, _CHECKS[name], workspace) for name in order}
    return tuple(found[name] for name in _CHECKS)


def _run_check(name: str, check: Callable[[Workspace], str], workspace: Workspace) -> Finding:
    try:
        return Finding(name, True, check(workspace))
    except (NewsError, OSError, importlib.metadata.PackageNotFoundError) as error:
        return Finding(name, False, str(error))


def _python(_: Workspace) -> str:
    return ".".join(str(part) for part in sys.version_info[:3])


def _airflow(_: Workspace) -> str:
    return importlib.metadata.version("apache-airflow")


def _data(workspace: Workspace) -> str:
    root = workspace.settings.data_dir
    root.mkdir(parents=True, exist_ok=True)
    if not os.access(root, os.W_OK):
        raise OSError(f"{root} is not writable; change its owner or set NEWS_DATA_DIR")
    free = shutil.disk_usage(root).free
    if free < _FREE_BYTES:
        raise OSError(f"{root} has {free / 1e9:.1f} GB free; a run needs {_FREE_BYTES / 1e9:.0f} GB")
    return f"{Path(root).resolve()}, {free / 1e9:.0f} GB free"


def _sources(workspace: Workspace) -> str:
    return f"{len(workspace.sources.sources)} in {workspace.settings.sources_file}"


def _model(workspace: Workspace) -> str:
    return f"{workspace.settings.spacy_model}, pipeline version {version_of(workspace.settings)}"


def _knowledge(workspace: Workspace) -> str:
    settings = workspace.settings
    corrections = read_overrides(settings.overrides_file)
    for place in sorted(line.scope[1] for line in corrections.lines if line.scope[0] == "source"):
        workspace.sources.named(place)  # raises for a source that does not exist
    own = kb_info(settings)
    _refuse_stale(workspace)
    lines = len(corrections.lines) + sum(map(len, corrections.quotes.values()))
    entries = pluralize(own.entries if own else 0, "entry", "entries")
    return f"{entries} of your own, {pluralize(lines, 'correction')} in overrides.toml"


def _refuse_stale(workspace: Workspace) -> None:
    settings = workspace.settings
    stale = stale_corrections(workspace.lake, knowledge_of(settings), version=version_of(settings))
    if stale:
        first = f"{stale[0].key} of article {stale[0].article_id}: {stale[0].why}"
        message = f"{settings.overrides_file}: {pluralize(len(stale), 'correction')} without effect, first {first}"
        raise ConfigError(f"{message}; remove it, or see `newslake overrides preview`", key=stale[0].key)


def _archive(workspace: Workspace) -> str:
    check_stores(workspace.settings, ARCHIVE, STATE)
    damaged = workspace.archive.index_problems(is_quick=True)  # `lake verify --deep` reads all rows
    problems = [f"index.sqlite: {each}; run `newslake archive reindex`" for each in damaged]
    _refuse(problems or [str(each) for each in damages_of_state(workspace, is_quick=True)])
    return pluralize(len(workspace.archive.days()), "news day")


def _refuse(problems: Sequence[str]) -> None:
    if problems:
        raise OSError(f"{pluralize(len(problems), 'problem')}, first: {problems[0]}")


def _lake(workspace: Workspace) -> str:
    check_stores(workspace.settings, LAKE)
    _refuse(tuple(workspace.lake.verify(Depth(reads=read_nothing))))
    return f"intact, {pluralize(len(workspace.lake.days()), 'published day')}"


_CHECKS: dict[str, Callable[[Workspace], str]] = {
    "python": _python,
    "airflow": _airflow,
    "data_folder": _data,
    "sources": _sources,
    "model": _model,
    "knowledge_base": _knowledge,
    "archive": _archive,
    "lake": _lake,
}
