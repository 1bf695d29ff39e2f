"""The shared store uses its drivers by their public names only: what has an underscore may change in any release."""

import ast
from collections.abc import Iterator
from functools import cache

from tests.architecture.tree import Module, modules


def private_names(module: Module) -> Iterator[str]:
    """Yield where a module uses a name with an underscore that no class of ours defines."""
    for node in module.nodes(ast.ImportFrom):
        yield from (f"{module.at(node)}: {each.name}" for each in node.names if _is_private(each.name))
    for node in module.nodes(ast.ClassDef):
        own = _own_names(node)
        for each in (found for found in ast.walk(node) if isinstance(found, ast.Attribute) and _is_private(found.attr)):
            if not (isinstance(each.value, ast.Name) and each.value.id == "self" and each.attr in own):
                yield f"{module.at(each)}: {each.attr}"
    inside = {id(each) for node in module.nodes(ast.ClassDef) for each in ast.walk(node)}
    for each in module.nodes(ast.Attribute):
        if _is_private(each.attr) and id(each) not in inside:
            yield f"{module.at(each)}: {each.attr}"


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


@cache
def _our_classes() -> dict[str, ast.ClassDef]:
    return {node.name: node for module in modules("pipeline") for node in module.nodes(ast.ClassDef)}


def _own_names(node: ast.ClassDef) -> set[str]:
    """Return the methods of a class, and the attributes that it assigns; also those of its bases that are ours."""
    bases = [_our_classes().get(ast.unparse(base)) for base in node.bases]
    return _defined_names(node).union(*(_own_names(base) for base in bases if base is not None))


def _defined_names(node: ast.ClassDef) -> set[str]:
    found = {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
    found |= {
        each.target.id for each in node.body if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
    }
    return found | {
        each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Store)
    }


def test_drivers_are_used_by_public_names():
    """No module of `pipeline/shared` uses a name with an underscore of another library, also not through `self`."""
    found = [place for module in modules("pipeline") if module.package == "shared" for place in private_names(module)]

    assert found == []


def test_private_names_are_found():
    """Imports, attributes of other objects, and inherited attributes of `self` are found; own names are not."""
    source = """
from pyiceberg.io.pyarrow import _dataframe_to_data_files
class Catalog(RestCatalog):
    def __init__(self):
        self._own = 1
    def send(self, tx):
        self._own, self._session, tx._updates
print(table._do_commit)
"""
    module = Module("pipeline/shared/x.py", source, ast.parse(source))

    assert [each.rpartition(" ")[2] for each in private_names(module)] == [
        "_dataframe_to_data_files",
        "_session",
        "_updates",
        "_do_commit",
    ]
