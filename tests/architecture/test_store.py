"""The lake has a small interface: another store needs only the methods, parts and values of `Lake`."""

import ast
from datetime import UTC, datetime

import pipeline.lake
from pipeline.lake import Lake
from pipeline.lake.article_index import ArticleIndex
from pipeline.lake.erase import Erasure
from pipeline.lake.log_tables import LogTables
from pipeline.lake.partitions import Partitions
from pipeline.lake.snapshots import Snapshots
from tests.architecture.tree import modules

# Methods of a lake that other packages call. Another store must have each of them.
INTERFACE = {
    "write a batch": {"stage", "commit"},
    "write what relates": {"replace", "replace_all", "put_cached"},
    "read": {"read", "days", "day_versions", "get_cached"},
    "look after": {"verify", "recover", "compact", "due_months", "gc"},
}
# Methods of its parts that they call, by the attribute of the part.
PARTS = {
    "index": {"stored", "cached_outcomes", "put_outcomes", "days_current_with", "mark_current", "changes", "note_gone"},
    "partitions": {"state", "table", "head", "read"},
    "log": {"append", "read", "read_batches", "months", "batches", "compact", "expire"},
    "snapshots": {"take", "list", "folder", "verify", "verify_all", "drop"},
    "erasure": {"rows", "traces", "snapshots", "names"},
}
# Functions and values that the other store shares with the lake: no file of a lake is read or written by them.
SHARED = (
    *("article_changes", "article_index", "erase", "log_compaction", "log_files", "merge", "packing", "staging"),
    "storage",
)
PACKAGES = ("pipeline/jobs", "pipeline/reports", "pipeline/exports", "pipeline/search", "plugins")


def _is_lake(value: ast.expr) -> bool:
    """Return whether an expression is a lake by its name: `lake`, `self.lake`, `workspace.lake`."""
    name = value.id if isinstance(value, ast.Name) else value.attr if isinstance(value, ast.Attribute) else ""
    return name in ("lake", "_lake")


def test_packages_know_the_lake_by_its_package():
    """Other packages import only what `pipeline.lake` exports; those of the other store also what both share."""
    given = set(pipeline.lake.__all__)
    found = [
        f"{module.at(node)}: {node.module}.{alias.name}"
        for module in modules("pipeline", "plugins", "dags")
        if module.package != "lake"
        for node in module.nodes(ast.ImportFrom)
        for alias in node.names
        if (node.module or "").startswith("pipeline.lake")
        and not (node.module == "pipeline.lake" and alias.name in given)
        and not (module.package in ("store", "shared") and (node.module or "").rpartition(".")[2] in SHARED)
    ]

    assert found == []


def _public(kind: type) -> set[str]:
    return {name for name, value in vars(kind).items() if callable(value) and not name.startswith("_")}


def test_packages_use_only_the_interface():
    """Packages use only the interface of a lake and its parts, not their internals."""
    of_lake = set().union(*INTERFACE.values(), PARTS)
    found = {
        module.at(node): node.attr
        for module in modules(*PACKAGES)
        for node in module.nodes(ast.Attribute)
        if (_is_lake(node.value) and node.attr not in of_lake)
        or (
            isinstance(part := node.value, ast.Attribute)
            and _is_lake(part.value)
            and part.attr in PARTS
            and node.attr not in PARTS[part.attr]
        )
    }

    assert found == {}


def test_interface_is_the_class():
    """The interface is everything that `Lake` and its parts offer; commits also use the index and the partitions."""
    assert _public(Lake) == set().union(*INTERFACE.values())
    assert _public(LogTables) == PARTS["log"]
    assert _public(Snapshots) == PARTS["snapshots"]
    assert _public(Erasure) == PARTS["erasure"]
    assert _public(ArticleIndex) > PARTS["index"]
    assert _public(Partitions) > PARTS["partitions"]


def test_parts_are_attributes(tmp_path):
    """A lake has each part as an attribute."""
    lake = Lake(tmp_path, durability="process", now=lambda: datetime.now(UTC))

    kinds = {
        "index": ArticleIndex,
        "partitions": Partitions,
        "log": LogTables,
        "snapshots": Snapshots,
        "erasure": Erasure,
    }

    assert {name: type(getattr(lake, name)) for name in PARTS} == kinds
