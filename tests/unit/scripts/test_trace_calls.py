"""The counting of hops, on invented modules."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.trace_calls import table, tracing, with_figures

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


def test_current_figures_are_written_next_to_previous_ones():
    """Writing changes only the last column of the measured rows."""
    before = {"article": {"hops": 30}}
    page = f"# Page\n\n{table({'article': {'hops': 12}}, before)}\n\n| other | row | 1 | 2 |\n"

    assert with_figures(page, {"article": {"hops": 9}}) == page.replace("| 12 |", "| 9 |")
