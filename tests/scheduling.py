"""Which tests a process of ``pytest -n`` takes at a time: all of a folder, the folders that take longest first."""

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# All that take more than a minute of a slow processor. A heavy folder that starts last keeps one process waiting.
LONGEST = (
    "faults",
    "scheduler",
    "faults/lake",
    "browser",
    "unit/jobs",
    "unit/reports",
    "properties",
    "dags",
    "unit/query",
    "syndication",
)


def folder_of(nodeid: str) -> str:
    """Return the folder of a test, below ``tests``."""
    return nodeid.partition("::")[0].rpartition("/")[0].removeprefix("tests/")


class FolderScheduling(LoadScopeScheduling):
    """Gives a process all tests of a folder: what its fixtures prepare for the session is prepared once."""

    def _split_scope(self, nodeid: str) -> str:
        return folder_of(nodeid)

    def add_node_collection(self, node: Any, collection: Any) -> None:
        """Keep the order of collection, in which the longest come first, and not the number of tests."""
        self.config.option.loadscopereorder = False
        super().add_node_collection(node, collection)


def longest_first(items: list[pytest.Item]) -> None:
    """Put the tests of the folders that take longest first; the others keep their order."""
    places = {folder: place for place, folder in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(folder_of(item.nodeid), len(places)))
