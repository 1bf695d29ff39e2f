"""Scheduling of ``pytest -n``: each process runs all tests of a folder, and the slowest folders start first.

Of tests/store, each process runs a file after the other: its tests wait for services most of the time.
"""

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# All scopes that need more than a minute on a slow CPU. A slow one that starts last would delay the end.
LONGEST = (
    "store/test_shared_takedown.py",
    "store/test_lost_writers.py",
    "store/test_shared_tables.py",
    "store/test_alert_faults.py",
    "store/test_two_hosts.py",
    "store/test_database.py",
    "store/test_turns.py",
    "store/test_object_archive.py",
    "store/test_bucket.py",
    "store/test_host_search.py",
    "faults",
    "browser",
    "dags",
    "scheduler",
    "unit/jobs",
    "properties",
    "unit/cli",
    "unit/query",
    "engines",
    "addons/alerts",
    "unit/sources",
    "faults/lake",
    "addons/agents",
    "architecture",
    "unit/samples",
    "addons/audit",
    "unit/lake",
    "faults/power",
    "addons/newsroom",
    "addons/operate",
    "unit/upkeep",
)


def scope_of(nodeid: str) -> str:
    """Return the folder of a test below ``tests``, or its file in ``tests/store``: what one process runs."""
    file = nodeid.partition("::")[0].removeprefix("tests/")
    folder = file.rpartition("/")[0]
    return file if folder == "store" else folder


class FolderScheduling(LoadScopeScheduling):
    """Gives all tests of a scope to one process, so that its session fixtures run once."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)

    def add_node_collection(self, node: Any, collection: Any) -> None:
        """Keep the order of collection, with the slowest first, instead of the number of tests."""
        self.config.option.loadscopereorder = False
        super().add_node_collection(node, collection)


def longest_first(items: list[pytest.Item]) -> None:
    """Put the tests of the slowest folders first; the others keep their order."""
    places = {folder: place for place, folder in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(scope_of(item.nodeid), len(places)))
