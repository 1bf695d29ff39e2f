"""Who may import whom: the arrows of docs/architecture.md, as one table."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

import pytest

from tests.architecture.tree import Module, modules


@dataclass(frozen=True)
class May:
    """What a room may import beside the standard library and itself."""

    rooms: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()


_ROOMS_OF_JOBS = ("model", "archive", "fetch", "sources", "clean", "kb", "nlp", "clusters", "tables", "lake")
# Every room of `pipeline` but `model` may also import errors, settings, sqlite, content_encoding and the version.
PIPELINE = {
    "__init__": May(),
    "__main__": May(("cli",)),
    "errors": May(("model",)),
    "sqlite": May(("errors",)),
    "content_encoding": May(libraries=("brotli", "backports", "compression")),
    "model": May(libraries=("courlan",)),
    "settings": May(("errors", "model"), ("pydantic", "pydantic_settings", "lxml", "cssselect")),
    "archive": May(("model",), ("warcio",)),
    "fetch": May(("model",), ("requests", "urllib3", "protego")),
    "sources": May(("model", "fetch", "archive"), ("feedparser", "lxml", "warcio")),
    "clean": May(("model",), ("bs4", "lxml", "trafilatura", "htmldate", "py3langid", "charset_normalizer")),
    "kb": May(("model",)),
    "nlp": May(("model", "kb"), ("spacy", "numpy")),
    "clusters": May(("model", "tables"), ("numpy", "pyarrow", "rensa")),
    "tables": May(("model",), ("pyarrow",)),
    "lake": May(("model", "tables"), ("pyarrow",)),
    "query": May(("model", "tables", "lake"), ("duckdb", "fsspec", "pyarrow", "altair", "vl_convert", "sqlglot")),
    "exports": May(("model", "tables", "lake"), ("pyarrow",)),
    "jobs": May(_ROOMS_OF_JOBS, ("pyarrow",)),
    "reports": May((*_ROOMS_OF_JOBS, "jobs", "query"), ("pyarrow",)),
    "web": May(("query", "tables", "model"), ("jinja2",)),
    "cli": May(("jobs", "reports", "query", "exports", "model", "web"), ("typer", "rich")),
}
# Parsing a DAG file loads only these; the package is imported inside the tasks.
AIRFLOW_SIDE = {
    "dags": May(libraries=("airflow", "news_airflow")),
    "news_airflow": May(("jobs", "reports", "web"), ("airflow", "fastapi", "news_airflow", "psutil", "starlette")),
    "news_plugin": May(("web",), ("airflow", "news_airflow")),
}
EVERYWHERE = ("errors", "settings", "sqlite", "content_encoding", "__version__")
# Rooms that compute: they get values and give values, from the archive or a file, never from a socket.
NETWORK = ("socket", "ssl", "http", "urllib.request", "ftplib", "smtplib", "asyncio", "socketserver", "xmlrpc")
ONLINE_ROOMS = ("fetch",)
UNSAFE = ("pickle", "shelve", "marshal", "dill", "joblib", "cloudpickle")


def _imports(module: Module) -> Iterator[tuple[ast.stmt, str]]:
    for node in module.nodes(ast.Import, ast.ImportFrom):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif node.level == 0 and node.module == "pipeline":
            yield from ((node, f"pipeline.{alias.name}") for alias in node.names)
        elif node.level == 0 and node.module:
            yield node, node.module


def _breaches(module: Module, may: May, *, also: tuple[str, ...]) -> Iterator[str]:
    for node, name in _imports(module):
        top, *rest = name.split(".")
        if top == "pipeline":
            if rest and rest[0] not in (module.room, *may.rooms, *also):
                yield f"{module.at(node)}: {module.room} may not import {name}"
        elif top not in may.libraries and top not in sys.stdlib_module_names:
            yield f"{module.at(node)}: {module.room} may not import {name}"


def test_every_room_is_in_the_table():
    """A new room comes with its arrows."""
    assert {module.room for module in modules("pipeline")} - PIPELINE.keys() == set()


@pytest.mark.parametrize("room", PIPELINE)
def test_room_imports_only_what_its_arrows_name(room):
    """A room of the package imports the rooms and libraries of its line in the table, and nothing else."""
    also = () if room in ("model", "errors", "__init__", "__main__") else EVERYWHERE
    found = [
        breach
        for module in modules("pipeline")
        if module.room == room
        for breach in _breaches(module, PIPELINE[room], also=also)
    ]

    assert found == []


def test_airflow_side_imports_only_jobs_and_pages():
    """DAGs know Airflow and news_airflow; news_airflow knows Airflow and pipeline.jobs."""
    found = [
        breach
        for module in modules("dags", "plugins")
        for breach in _breaches(module, AIRFLOW_SIDE[module.room], also=EVERYWHERE)
    ]

    assert found == []


def test_airflow_side_imports_the_package_inside_tasks():
    """No file that Airflow parses loads the package at its top, so parsing a DAG stays quick."""
    found = [
        f"{module.at(node)}: import {name} inside the function that needs it"
        for module in modules("dags", "plugins")
        for node, name in _imports(module)
        if name.startswith("pipeline.") and node in module.tree.body
    ]

    assert found == []


def test_only_fetch_opens_sockets():
    """No room but fetch imports what opens a connection: cleaning, reading and deriving work offline."""
    found = [
        f"{module.at(node)}: {module.room} may not import {name}"
        for module in modules("pipeline")
        if module.room not in ONLINE_ROOMS
        for node, name in _imports(module)
        if any(name == network or name.startswith(f"{network}.") for network in NETWORK)
    ]

    assert found == []


def test_nothing_is_unpickled():
    """Data folders hold no code: nothing in the package loads a format that can run some."""
    found = [
        f"{module.at(node)}: {name} can run what it loads"
        for module in modules("pipeline", "plugins", "dags")
        for node, name in _imports(module)
        if name.split(".")[0] in UNSAFE
    ]

    assert found == []


@pytest.mark.parametrize("module", modules("scripts", "tests", "samples"), ids=lambda module: module.path)
def test_names_taken_from_the_package_exist(module: Module):
    """What a script, a benchmark or a test imports from the package, at its top or in a function, is there."""
    found = [
        f"{module.at(node)}: {node.module} has no {alias.name}"
        for node in module.nodes(ast.ImportFrom)
        if node.level == 0 and node.module and node.module.split(".")[0] == "pipeline"
        for alias in node.names
        if not _has(node.module, alias.name)
    ]

    assert found == []


def _has(module: str, name: str) -> bool:
    there = import_module(module)
    return hasattr(there, name) or (hasattr(there, "__path__") and find_spec(f"{module}.{name}") is not None)
