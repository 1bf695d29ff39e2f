"""Only pipeline/settings.py reads the clock, and only pipeline/environment.py the environment."""

import ast
import re

from tests.architecture.tree import modules

WALL_CLOCK = re.compile(r"(^|\.)(datetime|date)\.(now|utcnow|today)$|^time\.(time|time_ns|localtime|gmtime|ctime)$")
ENVIRONMENT = re.compile(r"^os\.(environ|environb|getenv|getenvb|putenv)$")
READERS = ("pipeline/settings.py", "pipeline/environment.py")


def _uses(pattern: re.Pattern[str], *tops: str) -> set[str]:
    return {
        f"{module.at(node)}: {ast.unparse(node)}"
        for module in modules(*tops)
        if module.path not in READERS
        for node in module.nodes(ast.Attribute)
        if pattern.search(ast.unparse(node))
    }


def test_only_settings_read_the_wall_clock():
    """Days and times are arguments; only Settings.now reads the clock."""
    assert _uses(WALL_CLOCK, "pipeline", "plugins", "dags") == set()


def test_only_settings_read_the_environment():
    """Every NEWS_* name is a field of a model of settings; no other module reads the environment."""
    assert _uses(ENVIRONMENT, "pipeline") == set()


def test_names_of_the_environment_are_not_imported():
    """No package imports environ, getenv or time by its bare name."""
    found = [
        f"{module.at(node)}: from {node.module} import {alias.name}"
        for module in modules("pipeline")
        if module.path not in READERS
        for node in module.nodes(ast.ImportFrom)
        for alias in node.names
        if (node.module, alias.name) in {("os", "environ"), ("os", "getenv"), ("time", "time"), ("time", "time_ns")}
    ]

    assert found == []
