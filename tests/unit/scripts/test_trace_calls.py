"""The counting of hops, on invented modules."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.trace_calls import figures_in, table, tracing, with_figures

INN = """
from land import mill

ORDERED = mill.flour()

def breakfast():
    return [bake() for _ in range(3)] + [mill.flour(), mill.flour(), sorted([1], key=mill.weigh)]

def bake():
    return mill.flour()
"""
MILL = """
def flour():
    return weigh(1)

def weigh(corn):
    from land import field
    return field.harvest(corn)
"""
FIELD = "def harvest(corn):\n    return corn\n"


@pytest.fixture
def land(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with three modules that call each other."""
    folder = tmp_path / "land"
    folder.mkdir()
    for name, source in {"inn": INN, "mill": MILL, "field": FIELD, "__init__": ""}.items():
        (folder / f"{name}.py").write_text(source, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.split(".")[0] == "land"]:
        del sys.modules[name]


def test_hop_is_a_call_into_another_module(land: Path):
    """Calls within a module or from its top level are not hops, a call through a library is; repeats count once."""
    with tracing(land, ("land",)) as trace:
        from land import inn

        for _ in range(2):
            inn.bake()
        inn.breakfast()

    there, back = ("land/inn", "land/mill"), ("land/mill", "land/field")
    assert trace.hops == [back] + [there, back] * 8
    assert trace.figures() == {"hops": 17, "distinct hops": 2, "modules entered": 2}
    assert list(trace.chain()) == ["land/mill > land/field", "land/inn > land/mill"]


def test_stay_is_a_part_of_a_walk_that_reads_each_function_once(land: Path):
    """A reader returns to the first caller of each function, and does not read a function again."""
    with tracing(land, ("land",)) as trace:
        from land import inn

        inn.breakfast()
        inn.bake()

    assert trace.stays(inn.breakfast.__code__) == ["land/inn", "land/mill", "land/field", "land/mill", "land/inn"]


def test_figures_replace_those_of_the_page():
    """Writing changes only the rows of measured figures, and reading returns them."""
    page = f"# Page\n\n{table({'article': {'hops': 12}})}\n\n| other | row | 1 | 2 |\n"

    written = with_figures(page, {"article": {"hops": 9}})

    assert written == page.replace("| 12 |", "| 9 |")
    assert figures_in(written) == {"article": {"hops": 9}}
