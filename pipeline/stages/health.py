"""Is everything there that a run needs, and what to do where it is not."""

import importlib.metadata
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import NewsError
from pipeline.kb import read_overrides
from pipeline.model import counted
from pipeline.stages.knowledge import kb_info
from pipeline.stages.reading import version_of
from pipeline.stages.verify import verify
from pipeline.stages.workspace import Workspace

_FREE_BYTES = 2_000_000_000  # a day of a large source with its archive, tables and one generation to fall back to


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``told`` says what is there, or what is wrong and what to do."""

    name: str
    is_well: bool
    told: str


def examine(workspace: Workspace) -> tuple[Finding, ...]:
    """Return what was found for each part, the well ones included, in the order in which a run needs them."""
    return tuple(_examined(name, look, workspace) for name, look in _LOOKS.items())


def _examined(name: str, look: Callable[[Workspace], str], workspace: Workspace) -> Finding:
    try:
        return Finding(name, True, look(workspace))
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
        raise OSError(f"{root} cannot be written; change its owner or set NEWS_DATA_DIR")
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
    scopes = [scope for each in corrections.by_name.values() for scope, _ in each]
    for place in sorted(place for kind, place in scopes if kind == "source"):
        workspace.sources.named(place)  # raises for a source that does not exist
    own = kb_info(settings)
    return f"{own.entries if own else 0} entries of your own, {len(scopes)} corrections"


def _archive(workspace: Workspace) -> str:
    return counted(len(workspace.archive.days()), "news day")


def _lake(workspace: Workspace) -> str:
    problems = verify(workspace).problems
    if problems:
        raise OSError(f"{counted(len(problems), 'problem')}, first: {problems[0]}")
    return f"{counted(len(workspace.lake.days()), 'day')}, whole"


_LOOKS: dict[str, Callable[[Workspace], str]] = {
    "python": _python,
    "airflow": _airflow,
    "data": _data,
    "sources": _sources,
    "model": _model,
    "knowledge": _knowledge,
    "archive": _archive,
    "lake": _lake,
}
