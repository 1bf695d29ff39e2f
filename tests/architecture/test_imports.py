"""Allowed imports: the arrows of docs/architecture.md as one table, and no circular imports."""

import ast
import re
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise

import pytest

from tests.architecture.tree import ROOT, Module, modules, text_of


@dataclass(frozen=True)
class May:
    """What a room may import in addition to the standard library, itself and floor 0."""

    rooms: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()


# The rooms of the core, floor by floor: a room imports rooms of lower floors only. Within floor 0, the order is that of
# the table.
FLOORS: tuple[dict[str, May], ...] = (
    {
        "__init__": May(),
        "addons": May(),  # its empty __init__
        "stated_urls": May(libraries=("lxml",)),
        "unicode": May(),
        "leases": May(),
        "content_encoding": May(libraries=("brotli", "backports", "compression")),
        "log_lines": May(libraries=("structlog",)),
        "model": May(libraries=("courlan",)),
        "errors": May(("model",)),
        "extras": May(("errors",)),
        "boundary": May(("errors", "unicode")),
        "durability": May(("errors",)),
        "sqlite": May(("durability", "errors")),
        "sqlite_checks": May(("errors", "sqlite")),
        "environment": May(("errors", "log_lines"), ("dotenv",)),
        "hooks": May(libraries=("pluggy",)),
        "addon_registry": May(("boundary", "environment", "errors", "hooks"), ("pluggy",)),
        "settings": May(
            ("addon_registry", "environment", "errors", "log_lines", "model"),
            ("pydantic", "pydantic_settings", "lxml", "cssselect"),
        ),
    },
    {
        "tables": May(libraries=("pyarrow",)),
        "fetch": May(libraries=("requests", "urllib3", "protego")),
        "archive": May(libraries=("warcio",)),
        "clean": May(libraries=("bs4", "lxml", "trafilatura", "htmldate", "py3langid", "charset_normalizer")),
        "kb": May(),
    },
    {
        "sources": May(("fetch", "archive"), ("feedparser", "lxml", "warcio")),
        "nlp": May(("kb",), ("spacy", "thinc", "numpy")),
        "clusters": May(("tables",), ("numpy", "pyarrow", "rensa")),
        "lake": May(("tables",), ("pyarrow",)),
    },
    {
        "store": May(("archive", "lake"), ("pyarrow",)),
        "derive": May(("clean", "kb", "nlp", "tables"), ("pyarrow",)),
    },
    {
        "query": May(("tables", "lake", "store"), ("duckdb", "fsspec", "pyarrow", "vl_convert")),
        "jobs": May(
            ("archive", "store", "lake", "tables", "fetch", "sources", "clean", "kb", "nlp", "derive", "clusters"),
            ("pyarrow",),
        ),
    },
    {
        "upkeep": May(
            ("archive", "store", "lake", "tables", "sources", "clean", "kb", "clusters", "jobs"), ("pyarrow",)
        ),
        "show": May(
            ("archive", "lake", "tables", "fetch", "sources", "clean", "nlp", "clusters", "query", "jobs"),
            ("jinja2", "pyarrow"),
        ),
    },
    {"cli": May(("store", "query", "jobs", "upkeep", "show"), ("typer", "rich"))},
)
CORE = {room: may for floor in FLOORS for room, may in floor.items()}
GROUND = tuple(FLOORS[0])
# Add-ons import all rooms of the core, and these others: for their pages alone, if that one is loaded.
ADDONS = {
    "addons.airflow": May(libraries=("pydantic", "pydantic_settings", "typer")),
    "addons.alerts": May(("addons.operate",), ("apprise", "jinja2", "pydantic", "typer")),
    "addons.audit": May(libraries=("pyarrow", "typer")),
    "addons.corrections": May(libraries=("pyarrow", "typer")),
    "addons.documents": May(libraries=("rich", "typer")),
    "addons.newsroom": May(("addons.airflow",), ("fastapi", "starlette")),
    "addons.operate": May(("addons.newsroom",), ("duckdb", "pyarrow", "rich", "typer")),
    "addons.search": May(("addons.newsroom",), ("pyarrow", "rich", "typer")),
    "addons.setup": May(libraries=("lxml", "typer")),
    "addons.share": May(libraries=("pyarrow", "sqlglot", "typer")),
    "agents": May(("addons.search",), ("anyio", "mcp", "mcp_types", "pydantic", "typer")),
    "shared": May(
        ("addons.share",),
        (
            *("boto3", "botocore", "obstore", "psycopg", "pyarrow", "pydantic", "pydantic_settings", "pyiceberg"),
            *("requests", "typer"),
        ),
    ),
    "spark": May(libraries=("py4j", "pyarrow", "pyspark", "typer")),
}
# The public package, for Python: nothing imports it but through `newslake.pipeline`.
PUBLIC = {
    "newslake": May(
        ("clean", "cli", "derive", "jobs", "nlp", "query", "show", "sources", "store", "tables"),
        ("pyarrow", "pandas", "polars"),
    )
}
# Parsing a DAG file loads only these; the package is imported inside the tasks.
AIRFLOW_SIDE = {
    "dags": May(libraries=("airflow", "news_airflow")),
    "news_airflow": May(
        ("jobs", "upkeep", "archive", "fetch", "sources", "store", "addons.airflow", "addons.alerts", "addons.operate"),
        ("airflow", "fastapi", "news_airflow", "openlineage", "psutil", "requests", "starlette", "urllib3"),
    ),
    "news_plugin": May(("addons.airflow",), ("airflow", "news_airflow")),
}
# What tasks and triggers import when they run; the plugin asks the add-ons for their applications. Telemetry is loaded
# only if lineage or metrics are on.
INSIDE_TASKS = (
    "plugins/news_airflow/polls.py",
    "plugins/news_airflow/tasks.py",
    "plugins/news_airflow/telemetry.py",
    "plugins/news_plugin.py",
)
# Packages that compute: they work on values, from the archive or a file, never from a socket.
NETWORK = ("socket", "ssl", "http", "urllib.request", "ftplib", "smtplib", "asyncio", "socketserver", "xmlrpc")
ONLINE = ("fetch", "addons.newsroom")  # its server of pages waits for requests
UNSAFE = ("pickle", "shelve", "marshal", "dill", "joblib", "cloudpickle")


def _imports(module: Module) -> Iterator[tuple[ast.stmt, str]]:
    """Yield each import as a name: ``pipeline.ROOM...`` for the package, else as it is written."""
    for node in module.nodes(ast.Import, ast.ImportFrom):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name.removeprefix("newslake.")) for alias in node.names)
        elif node.level == 0 and node.module == "newslake.pipeline":
            yield from ((node, f"pipeline.{alias.name}") for alias in node.names)
        elif node.level == 0 and node.module:
            is_package = node.module.startswith("newslake.pipeline.")
            yield node, node.module.removeprefix("newslake.") if is_package else node.module


def _room(name: str) -> str:
    """Return the room of a name below ``pipeline``."""
    _, first, *rest = name.split(".")
    return f"addons.{rest[0]}" if first == "addons" and rest else first


def _breaches(module: Module, may: May) -> Iterator[str]:
    for node, name in _imports(module):
        top, *rest = name.split(".")
        if top == "pipeline":
            if rest and _room(name) not in (module.package, *may.rooms, "__version__"):
                yield f"{module.at(node)}: {module.package} may not import {name}"
        elif top not in (*may.libraries, module.package) and top not in sys.stdlib_module_names:
            yield f"{module.at(node)}: {module.package} may not import {name}"


def _found(may: Mapping[str, May], *tops: str, also: Collection[str]) -> list[str]:
    return [
        breach
        for module in modules(*tops)
        if module.package in may
        for breach in _breaches(module, replace(may[module.package], rooms=(*may[module.package].rooms, *also)))
    ]


def test_every_room_is_in_the_table():
    """Every room has its arrows in the table."""
    assert {module.package for module in modules("pipeline")} - CORE.keys() - ADDONS.keys() == set()


@pytest.mark.parametrize("number", range(len(FLOORS)))
def test_a_room_imports_lower_floors_only(number):
    """A room of the core imports the rooms and libraries of its line; these rooms are on lower floors."""
    floor = FLOORS[number]
    lower = {room for each in FLOORS[:number] for room in each}
    order = list(floor)
    climbing = [
        f"{room} > {other}"
        for room, may in floor.items()
        for other in may.rooms
        if other not in lower and not (number == 0 and order.index(other) < order.index(room))
    ]

    assert climbing == []
    assert _found(floor, "pipeline", also=() if number == 0 else GROUND) == []


def test_the_core_imports_no_addon():
    """No room of the core imports an add-on, the shared store, Spark, agents, or what knows Airflow."""
    others = {*ADDONS, *AIRFLOW_SIDE}
    imports = {
        f"{module.at(node)}: {name}"
        for module in modules("pipeline", "newslake")
        if module.package in {*CORE, *PUBLIC}
        for node, name in _imports(module)
        if name.split(".")[0] in others or (name.startswith("pipeline.") and _room(name) in others)
    }

    assert imports == set()


def test_addons_import_the_core_and_what_they_declare():
    """An add-on imports rooms of the core, its libraries, and those add-ons alone that its line names."""
    assert _found(ADDONS, "pipeline", also=CORE) == []


def test_addon_modules_import_hooks_alone():
    """`addon.py` loads nothing but the hooks: `newslake --help` asks every add-on for its commands."""
    found = [
        f"{module.at(node)}: import it inside the function that needs it"
        for module in modules("pipeline")
        if module.path.endswith("/addon.py")
        for node in _loaded_first(module)
        for name in _names_of(node)
        if name.split(".")[0] not in sys.stdlib_module_names
        and name not in ("newslake.pipeline.hooks", _package_of(module))
    ]

    assert found == []


def _package_of(module: Module) -> str:
    return f"newslake.{module.path.rpartition('/')[0].replace('/', '.')}"


def _names_of(node: ast.Import | ast.ImportFrom) -> list[str]:
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]


def test_only_spark_imports_pyspark():
    """Only pipeline/spark imports Spark's library, and nothing imports pipeline/spark."""
    importers = {
        module.package
        for module in modules("newslake", "pipeline", "plugins", "dags", "samples")
        for _, name in _imports(module)
        if name.partition(".")[0] in ("py4j", "pyspark")
    }

    assert importers == {"spark"}
    assert all("spark" not in may.rooms for may in (*ADDONS.values(), *PUBLIC.values(), *AIRFLOW_SIDE.values()))


def test_diagram_draws_the_arrows_of_the_table():
    """The diagram of docs/architecture.md has all arrows between rooms of the core above floor 0."""
    diagram = re.search(r"```mermaid\n.*?\n(.*?)```", text_of("docs/architecture.md"), re.DOTALL)
    chains = [line.strip().split(" --> ") for line in diagram[1].splitlines() if " --> " in line]
    drawn = {
        (start, end)
        for chain in chains
        for starts, ends in pairwise(chain)
        for start in starts.split(" & ")
        for end in ends.split(" & ")
    }
    table = {(room, end) for floor in FLOORS[1:] for room, may in floor.items() for end in may.rooms}

    assert drawn == table


def test_public_package_imports_only_its_arrows():
    """The package `newslake` imports the rooms of its line; no room, DAG or plugin imports it."""
    importers = [
        module.path
        for module in modules("pipeline", "plugins", "dags")
        for _, name in _imports(module)
        if name.partition(".")[0] == "newslake"
    ]

    assert (_found(PUBLIC, "newslake", also=GROUND), importers) == ([], [])


def test_public_package_loads_nothing_else():
    """`import newslake` loads no library, and nothing else of the package."""
    code = "import sys, newslake; print('\\n'.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())

    assert {name for name in loaded if name.startswith("newslake")} == {"newslake"}
    assert {"spacy", "pyarrow", "duckdb", "pandas", "bs4", "jinja2", "pydantic", "requests", "numpy"} & loaded == set()


def test_airflow_side_imports_only_its_arrows():
    """DAGs know Airflow and news_airflow; news_airflow knows Airflow, jobs and add-ons."""
    assert _found(AIRFLOW_SIDE, "dags", "plugins", also=GROUND) == []


def test_airflow_side_imports_the_package_inside_tasks():
    """No file that Airflow parses imports the package at its top, so that DAG parsing stays fast."""
    found = [
        f"{module.at(node)}: import {name} inside the function that needs it"
        for module in modules("dags", "plugins")
        if module.path not in INSIDE_TASKS
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
    name = module.path.removesuffix(".py").removesuffix("/__init__").removeprefix("plugins/").replace("/", ".")
    return f"newslake.{name}" if name.partition(".")[0] == "pipeline" else name


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
    assert _cycle(modules("newslake", "pipeline", "plugins", "samples", "scripts")) == []


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
            "from newslake.pipeline import mill",
            ["newslake.pipeline.mill", "newslake.pipeline.mill.wheel", "newslake.pipeline.mill"],
        ),
        ("from newslake.pipeline.corn import sack", []),
    ],
)
def test_cycle_is_found(source, cycle):
    """A cycle is reported with its modules, also through a package; an import that runs later is not a cycle."""
    found = _cycle(
        [
            _invented("newslake/__init__.py", ""),
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
        if node.level == 0 and node.module and node.module.split(".")[0] == "newslake"
        for alias in node.names
        if not _has(node.module, alias.name)
    ]

    assert found == []


def _has(module: str, name: str) -> bool:
    there = import_module(module)
    return hasattr(there, name) or (hasattr(there, "__path__") and find_spec(f"{module}.{name}") is not None)
