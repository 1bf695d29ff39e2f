"""The lake is one small interface: a second store would have to offer `Lake`'s methods and the values they take."""

import ast

import pipeline.lake
from pipeline.lake import Lake
from tests.architecture.tree import modules

# What the other rooms ask of a lake. A method that is not here is one more that a second store must have.
INTERFACE = {
    "write a batch": {"stage", "commit"},
    "write what relates": {"replace", "replace_all", "keep"},
    "write the log": {"append_log"},
    "read": {"read", "standing", "read_standing", "days", "manifest", "manifests", "kept", "read_log", "logged"},
    "tell what changed": {"changes", "note_gone"},
    "keep a version": {"snapshot", "snapshots", "snapshot_folder", "verify_snapshot", "drop_snapshot"},
    "know what was decided": {"stored", "verdicts", "remember", "agreeing", "set_agreeing"},
    "forget": {"erasure"},
    "look after": {"verify", "recover", "gc"},
}


def _is_lake(value: ast.expr) -> bool:
    """Return whether an expression is a lake by its name: `lake`, `self.lake`, `workspace.lake`."""
    name = value.id if isinstance(value, ast.Name) else value.attr if isinstance(value, ast.Attribute) else ""
    return name in ("lake", "_lake")


def test_rooms_know_the_lake_by_its_package():
    """No room imports a module of the lake: only what `pipeline.lake` gives away."""
    given = set(pipeline.lake.__all__)
    found = [
        f"{module.at(node)}: {node.module}.{alias.name}"
        for module in modules("pipeline", "plugins", "dags")
        if module.room != "lake"
        for node in module.nodes(ast.ImportFrom)
        for alias in node.names
        if (node.module or "").startswith("pipeline.lake")
        and not (node.module == "pipeline.lake" and alias.name in given)
    ]

    assert found == []


def test_rooms_use_only_the_interface():
    """Whatever a room does with a lake is a method of the interface, never something inside it."""
    allowed = set().union(*INTERFACE.values())
    found = {
        module.at(node): node.attr
        for module in modules("pipeline/stages", "plugins")
        for node in module.nodes(ast.Attribute)
        if _is_lake(node.value) and node.attr not in allowed
    }

    assert found == {}


def test_interface_is_the_class():
    """The interface is all that `Lake` offers, and nothing else."""
    public = {name for name, value in vars(Lake).items() if callable(value) and not name.startswith("_")}

    assert public == set().union(*INTERFACE.values())
