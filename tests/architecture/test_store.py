"""The tables have a small interface: a store needs only the methods and parts of the Protocol `Tables`."""

import ast
from collections.abc import Iterator
from datetime import UTC, datetime

import newslake.pipeline.lake
from newslake.pipeline.lake import Lake
from newslake.pipeline.lake.article_index import ArticleIndex
from newslake.pipeline.lake.erase import Erasure
from newslake.pipeline.lake.log_tables import LogTables
from newslake.pipeline.lake.reader import LakeVersion, LakeVersions
from newslake.pipeline.lake.snapshots import Snapshots
from newslake.pipeline.shared.article_index import CommitIndex
from newslake.pipeline.store.tables import (
    Erasing,
    LogRecords,
    NamedVersions,
    TableReader,
    Tables,
    TablesVersion,
)
from tests.architecture.tree import Module, modules

# The parts of the tables, by their attributes, with the Protocol and the class of one machine.
PARTS: dict[str, tuple[type, type]] = {
    "index": (CommitIndex, ArticleIndex),
    "log": (LogRecords, LogTables),
    "snapshots": (NamedVersions, Snapshots),
    "erasure": (Erasing, Erasure),
}
# What one machine has besides: a move looks for staged batches and reads the log by batch; plain readers open the
# folder of a snapshot.
OWN = {"lake": {"staged"}, "log": {"by_batch", "month_names"}, "snapshots": {"folder"}}
# Functions and values that the other store shares with the lake: no file of a lake is read or written by them.
SHARED = (
    "article_changes",
    "article_index",
    "erase",
    "log_compaction",
    "log_files",
    "log_tables",
    "merge",
    "packing",
    "snapshots",
    "staging",
    "storage",
    "verify",
)
PACKAGES = ("pipeline/jobs", "pipeline/upkeep", "pipeline/show", "pipeline/addons", "pipeline/agents", "plugins")
# What is of one machine's files, and who may import it: who opens a store, and readers of a folder.
OF_FILES = {"Lake", "LakeVersions", "versions_of"}
OPENING = {"pipeline/jobs/stores.py": {"Lake"}, "pipeline/addons/search/index.py": {"versions_of"}}


def _is_tables(value: ast.expr) -> bool:
    """Return whether an expression is the tables by its name: `lake`, `self.lake`, `workspace.lake`."""
    name = value.id if isinstance(value, ast.Name) else value.attr if isinstance(value, ast.Attribute) else ""
    return name in ("lake", "_lake")


def _imported_from_lake() -> Iterator[tuple[Module, ast.ImportFrom, str]]:
    for module in modules("pipeline", "plugins", "dags"):
        if module.package != "lake":
            for node in module.nodes(ast.ImportFrom):
                if (node.module or "").startswith("newslake.pipeline.lake"):
                    yield from ((module, node, alias.name) for alias in node.names)


def test_packages_know_the_lake_by_its_package():
    """Other packages import only what `pipeline/lake` exports; those of the other store also what both share."""
    given = set(newslake.pipeline.lake.__all__)
    found = [
        f"{module.at(node)}: {node.module}.{name}"
        for module, node, name in _imported_from_lake()
        if not (node.module == "newslake.pipeline.lake" and name in given)
        and not (module.package in ("store", "shared") and (node.module or "").rpartition(".")[2] in SHARED)
    ]

    assert found == []


def test_only_the_opening_of_a_store_knows_its_files():
    """No job, report, search or export imports the lake of one machine: they take `Tables`, of any store."""
    found = [
        f"{module.at(node)}: {name}"
        for module, node, name in _imported_from_lake()
        if module.package != "store" and name in OF_FILES and name not in OPENING.get(module.path, ())
    ]

    assert found == []


def _public(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_") and callable(getattr(kind, name))}


def test_packages_use_only_the_interface():
    """Packages use only the methods of the Protocol and of its parts."""
    methods = _public(Tables) | PARTS.keys()
    found = {
        module.at(node): node.attr
        for module in modules(*PACKAGES)
        for node in module.nodes(ast.Attribute)
        if (_is_tables(node.value) and node.attr not in methods)
        or (
            isinstance(part := node.value, ast.Attribute)
            and _is_tables(part.value)
            and part.attr in PARTS
            and node.attr not in _public(PARTS[part.attr][0]) | OWN.get(part.attr, set())
        )
    }

    assert found == {}


def test_interface_is_the_class():
    """The lake and its parts offer the methods of the Protocols, and no other; commits use more of the index."""
    assert _public(Lake) == _public(Tables) | OWN["lake"]
    assert _public(LakeVersion) == _public(TablesVersion)
    assert _public(LakeVersions) == _public(TableReader) | {"closed_months"}
    for name, (protocol, kind) in PARTS.items():
        if name != "index":
            assert _public(kind) == _public(protocol) | OWN.get(name, set())
    assert _public(ArticleIndex) > _public(CommitIndex)


def test_parts_are_attributes(tmp_path):
    """A lake has each part as an attribute."""
    lake = Lake(tmp_path, durability="process", now=lambda: datetime.now(UTC))

    assert {name: type(getattr(lake, name)) for name in PARTS} == {name: kind for name, (_, kind) in PARTS.items()}
