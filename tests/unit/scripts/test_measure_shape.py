"""The report of the code's shape, on invented modules."""

import ast

from scripts.measure_shape import is_participle, report
from tests.architecture.tree import Module

ROAD = '''"""Roads."""


class Place:
    """A place."""

    @property
    def width(self):
        """Return
        the width."""
        return 1


class _Mended:
    pass
'''
MILL = "class Place:\n    pass\n\n\nasync def grind(corn):\n    await corn\n    return corn\n"


def _module(path: str, source: str) -> Module:
    return Module(path, source, ast.parse(source))


def test_report_counts_lines_and_names():
    """The report has the sizes of modules and functions, small and large modules, duplicate and participle names."""
    modules = [
        _module("pipeline/land/__init__.py", ""),
        _module("pipeline/land/road.py", ROAD),
        _module("pipeline/land/seen.py", MILL + "\n" * 53),
        _module("pipeline/land/mill.py", MILL + "\n" * 600),
    ]

    assert "\n".join(report(modules)) == "\n".join(
        [
            "modules         4, lines 682, median 37.5",
            "largest module  pipeline/land/mill.py, 607 lines",
            "functions       3, lines median 3, p90 3",
            "modules under 60 lines: 1",
            "    15 pipeline/land/road.py",
            "modules over 600 lines: 1",
            "   607 pipeline/land/mill.py",
            "class names in several places: 1",
            "  Place (3): pipeline/land/road.py, pipeline/land/seen.py, pipeline/land/mill.py",
            "names that are participles: 2",
            "  _Mended in pipeline/land/road.py",
            "  seen in pipeline/land/seen.py",
        ]
    )


def test_last_word_of_a_name_makes_a_participle():
    """The end of a name decides; a noun with the same ending is not a participle."""
    names = ("asked", "PageKept", "shown_date", "Feed", "SeenPage", "_Drawn", "RSSRead")

    assert [name for name in names if is_participle(name)] == ["asked", "PageKept", "_Drawn", "RSSRead"]
