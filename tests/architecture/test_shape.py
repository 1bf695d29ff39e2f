"""How the code is cut: short functions, small modules, errors caught at their one door."""

import ast
from collections.abc import Iterator

from tests.architecture.tree import CODE, Module, function_length, modules, project_files

OURS = ("pipeline", "plugins", "dags", "samples")
MODULE_LINES = 600
LANGUAGE_DATA = "pipeline/nlp/languages/"
FUNCTION_LINES, FUNCTION_LINES_MOST = 25, 45
CATCH_ALL_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}
# Where a NewsError becomes an outcome, a task's state, an exit code.
DOORS = ("pipeline/jobs/", "pipeline/reports/", "plugins/news_airflow/", "pipeline/cli/")


def _handled(handler: ast.ExceptHandler) -> set[str]:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return {ast.unparse(each).rsplit(".", 1)[-1] if each else "" for each in caught}


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def _catches(names: set[str], *tops: str) -> Iterator[tuple[Module, ast.ExceptHandler]]:
    for module in modules(*tops):
        for handler in module.nodes(ast.ExceptHandler):
            if _handled(handler) & names:
                yield module, handler


def test_modules_are_small():
    """A module has at most 600 lines; a list of words of a language may have more."""
    long = {
        module.path: lines
        for module in modules(*OURS)
        if (lines := len(module.source.splitlines())) > MODULE_LINES and not module.path.startswith(LANGUAGE_DATA)
    }

    assert long == {}


def test_functions_are_short():
    """Nine of ten functions have fewer than 25 lines, and none has more than 45."""
    lengths = {
        module.at(node): function_length(node)
        for module in modules(*OURS)
        for node in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef)
    }
    long = {place: lines for place, lines in lengths.items() if lines >= FUNCTION_LINES}

    assert {place: lines for place, lines in long.items() if lines > FUNCTION_LINES_MOST} == {}
    assert len(long) <= len(lengths) / 10, long


def test_no_module_is_a_catch_all():
    """No file and no folder is named after nothing: utils, helpers, common, misc."""
    found = [
        path
        for path in project_files()
        if path.startswith(CODE) and CATCH_ALL_NAMES & {part.removesuffix(".py") for part in path.split("/")}
    ]

    assert found == []


def test_only_the_command_line_prints():
    """The package, the DAGs and the plugins log; only pipeline/cli writes for a person."""
    found = [
        module.at(node)
        for module in modules("pipeline", "plugins", "dags")
        if module.room != "cli"
        for node in module.nodes(ast.Call)
        if isinstance(node.func, ast.Name) and node.func.id == "print"
    ]

    assert found == []


def test_nothing_is_caught_blindly():
    """No bare except, no except Exception that does not raise it again: an error that nobody named must be seen."""
    found = [
        module.at(handler)
        for module, handler in _catches({"", "Exception", "BaseException"}, "pipeline", "plugins", "dags")
        if module.room not in ("jobs", "reports") and not _raises_again(handler)
    ]

    assert found == []


def test_news_errors_are_caught_at_their_doors():
    """Only jobs, reports (an outcome), news_airflow (a task's state) and the command line (an exit code) do."""
    found = list(_catches({"NewsError"}, "pipeline", "plugins", "dags"))

    assert [module.at(handler) for module, handler in found if not module.path.startswith(DOORS)] == []
    assert len([module for module, _ in found if module.room == "cli"]) <= 1, "the command line has one door"


def test_every_module_says_what_it_is_for():
    """Each module opens with a docstring."""
    assert [m.path for m in modules(*OURS) if m.source.strip() and not ast.get_docstring(m.tree)] == []


def test_every_test_says_what_holds():
    """Each test has a docstring that states the behaviour."""
    found = [
        f"{module.at(node)}: {node.name}"
        for module in modules("tests")
        for node in module.nodes(ast.FunctionDef)
        if node.name.startswith("test_") and not ast.get_docstring(node)
    ]

    assert found == []
