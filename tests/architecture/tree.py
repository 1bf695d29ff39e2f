"""The files of the project, parsed once, for the tests and `make shape`."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
Function = ast.FunctionDef | ast.AsyncFunctionDef
CODE = ("newslake", "pipeline", "plugins", "dags", "samples", "tests")


@dataclass(frozen=True)
class Module:
    """One Python file. ``path`` is relative to the project, with slashes."""

    path: str
    source: str
    tree: ast.Module

    @property
    def package(self) -> str:
        """The room of the module: its folder or file of ``pipeline`` or ``plugins``; elsewhere the top folder.

        That of an add-on is ``addons.NAME``.
        """
        first, *rest = self.path.removesuffix(".py").split("/")
        if rest[:1] == ["addons"] and len(rest) > 2:
            return f"addons.{rest[1]}"
        return rest[0] if first in ("pipeline", "plugins") and rest else first

    def nodes[Node: ast.AST](self, *kinds: type[Node]) -> Iterator[Node]:
        """Yield the nodes of some kinds, anywhere in the file."""
        return (node for node in ast.walk(self.tree) if isinstance(node, kinds))

    def at(self, node: ast.stmt | ast.expr | ast.excepthandler) -> str:
        """Return the place of a node, as editors link it."""
        return f"{self.path}:{node.lineno}"


def function_length(function: Function) -> int:
    """Return the number of lines of a function, without docstring and decorators."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is not None:
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


@cache
def modules(*tops: str) -> tuple[Module, ...]:
    """Return all Python files in some top folders, sorted by path."""
    paths = sorted(path for top in tops for path in (ROOT / top).rglob("*.py"))
    return tuple(_module(path) for path in paths)


@cache
def _module(path: Path) -> Module:
    source = path.read_text("utf-8")
    return Module(path.relative_to(ROOT).as_posix(), source, ast.parse(source))


@cache
def project_files() -> tuple[str, ...]:
    """Return every file that git tracks or would add, relative to the project."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode("utf-8")
    return tuple(sorted(name for name in set(listed.split("\0")) if name and (ROOT / name).is_file()))


def text_of(path: str) -> str:
    """Return the text of a file; ``path`` is relative to the project."""
    return (ROOT / path).read_text("utf-8")


PAPERS = tuple(path for path in project_files() if path.endswith(".md") and not path.startswith("samples/"))
