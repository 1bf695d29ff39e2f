"""Size and names: short functions, modules of a useful size, unique names, few places that catch errors."""

import ast
from collections.abc import Iterator

from scripts.measure_shape import duplicate_classes, large_modules, line_count, participle_names, small_modules
from tests.architecture.tree import CODE, ROOT, Module, function_length, modules, project_files

OURS = ("newslake", "pipeline", "plugins", "dags", "samples")
LANGUAGE_DATA = "pipeline/nlp/languages/"
FUNCTION_LINES, FUNCTION_LINES_MOST = 25, 45
CATCH_ALL_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}
# Modules with fewer than 60 lines, with the reason.
SMALL_MODULES = {
    "pipeline/addons/airflow/apps.py": "the values that Airflow's plugin and the owner of an application share",
    "pipeline/addons/newsroom/pages/article.py": "one page of Newsroom",
    "pipeline/store/inbox.py": "the interface of an inbox",
    "pipeline/addons/alerts/alert.py": "the values that evaluation and delivery share",
    "pipeline/addons/alerts/machine_condition.py": "the condition of one kind of rule",
    "pipeline/clusters/co_mentions.py": "one cluster table, by a rule that shares nothing with the others",
    "pipeline/jobs/places.py": "a query needs it, and loads no client of a service or of HTTP",
    "pipeline/extras.py": "every command that needs an extra uses it",
    "pipeline/kb/cities.py": "the reader of one data file",
    "pipeline/nlp/coref/gender.py": "evidence for both coreference and entity linking",
    "pipeline/query/palette.py": "colours of charts and pages; charts.py loads vl-convert, which a page does not need",
    "pipeline/store/store.py": "the interface that names all others",
    "pipeline/shared/addresses.py": "the rule of catalog and object storage, which load different libraries",
    "pipeline/spark/job.py": "the file that spark-submit runs",
    "pipeline/shared/patience.py": "the patience of every part that needs the catalog or the object store",
    "plugins/news_airflow/assets.py": "data that DAG files and triggers share",
    "plugins/news_airflow/defaults.py": "data that every DAG file loads when it is parsed",
    "plugins/news_airflow/ingesting.py": "the tasks that two DAG files share",
    "plugins/news_airflow/lineage.py": "the class that Airflow's provider loads, only if lineage is on",
    "plugins/news_airflow/lineage_settings.py": "its settings, without the libraries that lineage.py loads",
    "plugins/news_airflow/log_writer.py": "a process of its own: python -m news_airflow.log_writer",
    "plugins/news_airflow/preloaded.py": "a process of its own: python -m news_airflow.preloaded",
    "pipeline/jobs/push.py": "one job, which shares nothing with another",
    "plugins/news_airflow/task_context.py": "the context of a task, without the operators of a DAG",
    "pipeline/unicode.py": "every door uses it; it shares nothing with another module",
    "plugins/news_plugin.py": "the file that Airflow looks for plugins in",
}
# Files of an add-on by their standard names: each is short, and loaded alone.
ADDON_FILES = ("addon.py", "commands.py", "health.py", "settings.py")
# Past participles that are terms of the field, with the term.
PARTICIPLES = {
    "NotModified": "status 304 of HTTP",
    "Rejected": "the outcome of that name, as a value",
    "preloaded": "how the scheduler is started; supervisor.py starts the module by this name",
}
# Where a NewsError becomes an outcome, the state of a task, or an exit code.
HANDLERS = (
    "pipeline/boundary.py",
    "pipeline/addon_registry.py",  # the error of one add-on leaves the others
    *("pipeline/jobs/", "pipeline/upkeep/", "pipeline/show/", "pipeline/addons/", "plugins/news_airflow/"),
    "pipeline/cli/",
    "pipeline/agents/",
    "pipeline/query/query_process.py",  # an error of a process reaches its parent as a value
    "pipeline/spark/tasks.py",  # an error of an executor reaches the driver as a value
)


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
    """A module has at most 600 lines; word lists of a language may have more."""
    long = {
        module.path: line_count(module)
        for module in large_modules(modules(*OURS))
        if not module.path.startswith(LANGUAGE_DATA)
    }

    assert long == {}


def test_modules_are_not_tiny():
    """A module has at least 60 lines, except package heads, commands, word lists, ADDON_FILES and SMALL_MODULES.

    Fold a smaller module into the one where a reader looks for it, or give the reason why it is separate.
    """
    tiny = {module.path: line_count(module) for module in small_modules(modules("newslake", "pipeline", "plugins"))}

    others = {path: lines for path, lines in tiny.items() if not path.endswith((*ADDON_FILES, "_command.py"))}

    assert {path: lines for path, lines in others.items() if path not in SMALL_MODULES} == {}
    assert [path for path in SMALL_MODULES if not (ROOT / path).is_file()] == []


def test_class_names_are_unique():
    """All class names of the project are unique, private ones included."""
    assert duplicate_classes(modules(*OURS)) == {}


def test_names_are_not_past_participles():
    """Names of modules and classes are nouns; PARTICIPLES has the exceptions, which are terms of the field."""
    found = participle_names(modules(*OURS))

    assert [f"{name} in {path}" for name, path in found if name not in PARTICIPLES] == []
    assert PARTICIPLES.keys() == {name for name, _ in found}


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
    """No file or folder has a meaningless name: utils, helpers, common, misc."""
    found = [
        path
        for path in project_files()
        if path.startswith(CODE) and CATCH_ALL_NAMES & {part.removesuffix(".py") for part in path.split("/")}
    ]

    assert found == []


def test_only_the_command_line_prints():
    """Package, DAGs and plugins write logs; only commands print for a person."""
    found = [
        module.at(node)
        for module in modules("pipeline", "plugins", "dags")
        if module.package != "cli" and not module.path.endswith(("commands.py", "_command.py"))
        for node in module.nodes(ast.Call)
        if isinstance(node.func, ast.Name) and node.func.id == "print"
    ]

    assert found == []


def test_nothing_is_caught_blindly():
    """There is one blind catch, the boundary around an item; every other broad handler raises the error again."""
    found = [
        module.at(handler)
        for module, handler in _catches({"", "Exception", "BaseException"}, "pipeline", "plugins", "dags")
        if not _raises_again(handler)
    ]

    assert [place.partition(":")[0] for place in found] == ["pipeline/boundary.py"]


def test_news_errors_are_caught_in_few_places():
    """Only the boundary, jobs, upkeep, show, add-ons, agents, Spark tasks, news_airflow, command line."""
    found = list(_catches({"NewsError"}, "pipeline", "plugins", "dags"))

    assert [module.at(handler) for module, handler in found if not module.path.startswith(HANDLERS)] == []
    assert len([module for module, _ in found if module.package == "cli"]) <= 1, (
        "the command line handles them in one place"
    )


def test_every_module_has_a_docstring():
    """Each module begins with a docstring."""
    assert [m.path for m in modules(*OURS) if m.source.strip() and not ast.get_docstring(m.tree)] == []


def test_every_test_has_a_docstring():
    """Each test has a docstring that states the behaviour."""
    found = [
        f"{module.at(node)}: {node.name}"
        for module in modules("tests")
        for node in module.nodes(ast.FunctionDef)
        if node.name.startswith("test_") and not ast.get_docstring(node)
    ]

    assert found == []
