"""Allowed imports: the arrows of docs/architecture.md as one table, and no circular imports."""

import ast
import re
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise

import pytest

from tests.architecture.tree import ROOT, Module, modules, text_of


@dataclass(frozen=True)
class May:
    """What a package may import in addition to the standard library and itself."""

    packages: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()


_STORES = ("archive", "store", "lake", "tables")
_BELOW_JOBS = (*_STORES, "model", "fetch", "sources", "clean", "kb", "nlp", "derive", "clusters")
# All packages of `pipeline` except `model` may also import the modules in `EVERYWHERE`.
PIPELINE = {
    "__init__": May(),
    "__main__": May(("cli",)),
    "errors": May(("model",)),
    "extras": May(("errors",)),
    "unicode": May(),
    "boundary": May(("errors", "unicode")),
    "durability": May(("errors",)),
    "sqlite": May(("durability", "errors")),
    "content_encoding": May(libraries=("brotli", "backports", "compression")),
    "model": May(libraries=("courlan",)),
    "log_lines": May(libraries=("structlog",)),
    "store_settings": May(libraries=("pydantic", "pydantic_settings")),
    "settings": May(
        ("errors", "model", "store_settings"), ("pydantic", "pydantic_settings", "dotenv", "lxml", "cssselect")
    ),
    "archive": May(("model", "store"), ("warcio",)),
    "fetch": May(("model", "store"), ("requests", "urllib3", "protego")),
    "sources": May(("model", "fetch", "archive"), ("feedparser", "lxml", "warcio")),
    "clean": May(("model",), ("bs4", "lxml", "trafilatura", "htmldate", "py3langid", "charset_normalizer")),
    "kb": May(("model",)),
    "nlp": May(("model", "kb"), ("spacy", "thinc", "numpy")),
    "clusters": May(("model", "tables"), ("numpy", "pyarrow", "rensa")),
    "tables": May(("model",), ("pyarrow",)),
    "derive": May(("model", "clean", "kb", "nlp", "tables"), ("pyarrow",)),
    "lake": May(("model", "tables"), ("pyarrow",)),
    "store": May(("model", "archive", "lake"), ("pyarrow",)),
    "shared": May(
        ("model", "archive", "sources", "store", "lake", "tables"),
        ("boto3", "botocore", "obstore", "psycopg", "pyarrow", "pyiceberg", "requests"),
    ),
    "audit": May(("model", "tables"), ("pyarrow",)),
    "query": May(
        ("model", "tables", "lake", "store", "audit"), ("duckdb", "fsspec", "pyarrow", "vl_convert", "sqlglot")
    ),
    "search": May(("model", "tables", "lake", "store"), ("pyarrow",)),
    "exports": May(("model", "tables", "store"), ("pyarrow",)),
    "jobs": May((*_BELOW_JOBS, "audit", "search", "shared"), ("pyarrow",)),
    "reports": May((*_BELOW_JOBS, "jobs", "query", "audit"), ("pyarrow",)),
    "spark": May(("model", "archive", "jobs"), ("py4j", "pyarrow", "pyspark")),
    "web": May(("query", "search", "tables", "model", "audit"), ("jinja2",)),
    "alerts": May(("model", "jobs", "reports", "query", "tables", "lake", "store"), ("apprise", "jinja2", "pydantic")),
    "agents": May(("model", "jobs", "reports", "query", "search", "tables"), ("anyio", "mcp", "mcp_types", "pydantic")),
    "cli": May(
        ("jobs", "reports", "query", "search", "exports", "model", "web", "audit", "alerts", "agents", "spark"),
        ("typer", "rich"),
    ),
}
# The public package, for Python: nothing imports it.
PUBLIC = {
    "newslake": May(
        ("clean", "derive", "jobs", "model", "nlp", "query", "search", "sources", "tables", "web"),
        ("pyarrow", "pandas", "polars", "newslake"),
    )
}
# Parsing a DAG file loads only these; the package is imported inside the tasks.
AIRFLOW_SIDE = {
    "dags": May(libraries=("airflow", "news_airflow")),
    "news_airflow": May(
        ("jobs", "reports", "store", "web", "alerts"),
        ("airflow", "fastapi", "news_airflow", "openlineage", "psutil", "starlette"),
    ),
    "news_plugin": May(("web",), ("airflow", "news_airflow")),
}
EVERYWHERE = (
    "errors",
    "extras",
    "log_lines",
    "boundary",
    "unicode",
    "settings",
    "durability",
    "sqlite",
    "content_encoding",
    "__version__",
)
# Packages that compute: they work on values, from the archive or a file, never from a socket.
NETWORK = ("socket", "ssl", "http", "urllib.request", "ftplib", "smtplib", "asyncio", "socketserver", "xmlrpc")
ONLINE = ("fetch",)
UNSAFE = ("pickle", "shelve", "marshal", "dill", "joblib", "cloudpickle")


def _imports(module: Module) -> Iterator[tuple[ast.stmt, str]]:
    for node in module.nodes(ast.Import, ast.ImportFrom):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif node.level == 0 and node.module == "newslake.pipeline":
            yield from ((node, f"pipeline.{alias.name}") for alias in node.names)
        elif node.level == 0 and node.module:
            yield node, node.module


def _breaches(module: Module, may: May, *, also: tuple[str, ...]) -> Iterator[str]:
    for node, name in _imports(module):
        top, *rest = name.split(".")
        if top == "pipeline":
            if rest and rest[0] not in (module.package, *may.packages, *also):
                yield f"{module.at(node)}: {module.package} may not import {name}"
        elif top not in may.libraries and top not in sys.stdlib_module_names:
            yield f"{module.at(node)}: {module.package} may not import {name}"


def test_every_package_is_in_the_table():
    """Every package has its arrows in the table."""
    assert {module.package for module in modules("pipeline")} - PIPELINE.keys() == set()


@pytest.mark.parametrize("package", PIPELINE)
def test_package_imports_only_what_its_arrows_name(package):
    """A package imports only the packages and libraries of its line in the table."""
    also = () if package in ("model", "errors", "__init__", "__main__") else EVERYWHERE
    found = [
        breach
        for module in modules("pipeline")
        if module.package == package
        for breach in _breaches(module, PIPELINE[package], also=also)
    ]

    assert found == []


def test_jobs_do_not_import_reports():
    """Jobs do not depend on reports: reports import jobs, and the table has no arrow back."""
    assert "jobs" in PIPELINE["reports"].packages
    assert [name for name, may in PIPELINE.items() if "reports" in may.packages] == ["alerts", "agents", "cli"]


def test_only_spark_imports_pyspark():
    """Only pipeline/spark imports Spark's library, and only the command line imports pipeline/spark."""
    importers = {
        module.package
        for module in modules("newslake", "pipeline", "plugins", "dags", "samples")
        for _, name in _imports(module)
        if name.partition(".")[0] in ("py4j", "pyspark")
    }

    assert importers == {"spark"}
    assert [name for name, may in PIPELINE.items() if "spark" in may.packages] == ["cli"]
    assert all("spark" not in may.packages for may in (*PUBLIC.values(), *AIRFLOW_SIDE.values()))


def test_diagram_draws_the_arrows_of_the_table():
    """The diagram of docs/architecture.md has all arrows of the table, except those that every package has."""
    diagram = re.search(r"```mermaid\n.*?\n(.*?)```", text_of("docs/architecture.md"), re.DOTALL)
    chains = [line.strip().split(" --> ") for line in diagram[1].splitlines()]
    drawn = {
        (start, end)
        for chain in chains
        for starts, ends in pairwise(chain)
        for start in starts.split(" & ")
        for end in ends.split(" & ")
    }
    everywhere = ("model", *EVERYWHERE)
    table = {(start, end) for start, may in PIPELINE.items() for end in may.packages if end not in everywhere}
    public = {(start, end) for start, may in PUBLIC.items() for end in may.packages if end not in everywhere}
    airflow = {("dags", "news_airflow")} | {("news_airflow", end) for end in AIRFLOW_SIDE["news_airflow"].packages}

    assert drawn == {arrow for arrow in table if arrow[0] != "__main__"} | public | airflow


def test_public_package_imports_only_its_arrows():
    """The package `newslake` imports the packages of its line; no package, DAG or plugin imports it."""
    found = [
        breach for module in modules("newslake") for breach in _breaches(module, PUBLIC["newslake"], also=EVERYWHERE)
    ]
    importers = [
        module.path
        for module in modules("pipeline", "plugins", "dags")
        for _, name in _imports(module)
        if name.partition(".")[0] == "newslake"
    ]

    assert (found, importers) == ([], [])


def test_public_package_loads_nothing_else():
    """`import newslake` loads no library, and of the package only errors, model and their like."""
    code = "import sys, newslake; print('\\n'.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())

    assert "newslake.reader" in loaded
    assert {"spacy", "pyarrow", "duckdb", "pandas", "bs4", "jinja2", "pydantic", "requests", "numpy"} & loaded == set()


def test_airflow_side_imports_only_jobs_reports_web_and_alerts():
    """DAGs know Airflow and news_airflow; news_airflow knows Airflow, jobs and add-ons."""
    found = [
        breach
        for module in modules("dags", "plugins")
        for breach in _breaches(module, AIRFLOW_SIDE[module.package], also=EVERYWHERE)
    ]

    assert found == []


def test_airflow_side_imports_the_package_inside_tasks():
    """No file that Airflow parses imports the package at its top, so that DAG parsing stays fast."""
    found = [
        f"{module.at(node)}: import {name} inside the function that needs it"
        for module in modules("dags", "plugins")
        for node, name in _imports(module)
        if name.startswith("pipeline.") and node in module.tree.body
    ]

    assert found == []


def test_only_fetch_opens_sockets():
    """Only fetch imports libraries that open connections: cleaning, annotating and deriving work offline."""
    found = [
        f"{module.at(node)}: {module.package} may not import {name}"
        for module in modules("pipeline")
        if module.package not in ONLINE
        for node, name in _imports(module)
        if any(name == network or name.startswith(f"{network}.") for network in NETWORK)
    ]

    assert found == []


def _module_name(module: Module) -> str:
    return module.path.removesuffix(".py").removesuffix("/__init__").removeprefix("plugins/").replace("/", ".")


def _loaded_first(module: Module) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield the imports that run when a module is loaded: not those in functions or under TYPE_CHECKING."""
    waiting: list[ast.AST] = list(module.tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting += ast.iter_child_nodes(node)


def _import_graph(sources: Iterable[Module]) -> dict[str, set[str]]:
    """Return the modules that Python loads for each module: its imports, and their packages."""
    by_name = {_module_name(source): source for source in sources}
    graph = {}
    for name, source in by_name.items():
        loaded = {each for node in _loaded_first(source) for each in _targets(node, by_name)}
        heads = {each[: dot.start()] for each in loaded for dot in re.finditer(r"\.", each)}
        graph[name] = loaded | {head for head in heads if head in by_name and not name.startswith(f"{head}.")} - {name}
    return graph


def _targets(node: ast.Import | ast.ImportFrom, known: Collection[str]) -> Iterator[str]:
    """Yield the known modules of an import. `from a import b` loads a.b if that is a module, else only a."""
    for alias in node.names:
        full = alias.name if isinstance(node, ast.Import) else f"{node.module}.{alias.name}"
        yield from [each for each in (full, full.rpartition(".")[0]) if each in known][:1]


def _cycle(sources: Iterable[Module]) -> list[str]:
    """Return an import cycle, with the first module again at the end; empty if there is no cycle."""
    try:
        TopologicalSorter(_import_graph(sources)).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def test_imports_have_no_cycle():
    """No module imports itself through others, so that any of them may be loaded first."""
    assert _cycle(modules("pipeline", "plugins", "samples", "scripts")) == []


def _invented(path: str, source: str) -> Module:
    return Module(path, source, ast.parse(source))


@pytest.mark.parametrize(
    ("source", "cycle"),
    [
        (
            "from newslake.pipeline.mill import road",
            ["newslake.pipeline.mill.road", "newslake.pipeline.mill.wheel", "newslake.pipeline.mill.road"],
        ),
        (
            "if True:\n    import newslake.pipeline.mill.road",
            ["newslake.pipeline.mill.road", "newslake.pipeline.mill.wheel", "newslake.pipeline.mill.road"],
        ),
        (
            "from newslake.pipeline.mill import grind",
            ["newslake.pipeline.mill", "newslake.pipeline.mill.wheel", "newslake.pipeline.mill"],
        ),
        ("def turn():\n    from newslake.pipeline.mill import road", []),
        ("if TYPE_CHECKING:\n    from newslake.pipeline.mill import road", []),
        (
            "from pipeline import mill",
            ["newslake.pipeline.mill", "newslake.pipeline.mill.wheel", "newslake.pipeline.mill"],
        ),
        ("from newslake.pipeline.corn import sack", []),
    ],
)
def test_cycle_is_found(source, cycle):
    """A cycle is reported with its modules, also through a package; an import that runs later is not a cycle."""
    found = _cycle(
        [
            _invented("pipeline/__init__.py", ""),
            _invented("pipeline/corn.py", "sack = 1"),
            _invented("pipeline/mill/__init__.py", "from newslake.pipeline.mill.wheel import grind"),
            _invented("pipeline/mill/road.py", "from newslake.pipeline.mill.wheel import grind"),
            _invented("pipeline/mill/wheel.py", source),
        ]
    )

    assert set(found) == set(cycle)
    assert found[:1] == found[-1:]


def test_nothing_is_unpickled():
    """The package loads no format that can execute code."""
    found = [
        f"{module.at(node)}: {name} can execute what it loads"
        for module in modules("pipeline", "plugins", "dags")
        for node, name in _imports(module)
        if name.split(".")[0] in UNSAFE
    ]

    assert found == []


@pytest.mark.parametrize("module", modules("scripts", "tests", "samples"), ids=lambda module: module.path)
def test_names_taken_from_the_package_exist(module: Module):
    """Everything that scripts, benchmarks and tests import from the package exists."""
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
