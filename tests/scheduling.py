"""Scheduling of ``pytest -n``: each process runs all tests of a folder, and the slowest folders start first."""

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# All folders that need more than a minute on a slow CPU. A slow folder that starts last would delay the end.
LONGEST = (
    "faults",
    "scheduler",
    "faults/lake",
    "faults/power",
    "browser",
    "unit/jobs",
    "unit/reports",
    "properties",
    "dags",
    "unit/query",
    "syndication",
    "unit/samples",
)


def folder_of(nodeid: str) -> str:
    """Return the folder of a test, below ``tests``."""
    return nodeid.partition("::")[0].rpartition("/")[0].removeprefix("tests/")


class FolderScheduling(LoadScopeScheduling):
    """Gives all tests of a folder to one process, so that its session fixtures run once."""

    def _split_scope(self, nodeid: str) -> str:
        return folder_of(nodeid)

    def add_node_collection(self, node: Any, collection: Any) -> None:
        """Keep the order of collection, with the slowest first, instead of the number of tests."""
        self.config.option.loadscopereorder = False
        super().add_node_collection(node, collection)


def longest_first(items: list[pytest.Item]) -> None:
    """Put the tests of the slowest folders first; the others keep their order."""
    places = {folder: place for place, folder in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(folder_of(item.nodeid), len(places)))
