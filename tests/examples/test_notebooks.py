"""The notebooks of examples/ run on the sample newsroom, and use only what a user has: newslake and the library."""

import ast
import json
import os
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from samples.answers import replay_newsroom
from tests.architecture.tree import ROOT
from tests.unit.samples.printed_commands import wrong_option

NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
_TIMEOUT_SECONDS = 600  # of a cell, on a busy machine
# What each notebook must print or show on the sample newsroom.
SHOWN = {
    "gender": ("Which genders are quoted", "200 rows of ", "corrected", "200 audited rows of "),
    "quotation": ("Which quotes spread", "hours later", "<iframe sandbox"),
}


def test_every_notebook_is_checked() -> None:
    """Each notebook of examples/ has an entry in SHOWN."""
    assert {path.stem for path in NOTEBOOKS} == SHOWN.keys()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_clean_and_public(path: Path) -> None:
    """A notebook has no outputs, imports only newslake and the library, and its commands exist."""
    cells = [cell for cell in json.loads(path.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
    lines = [line for cell in cells for line in "".join(cell["source"]).splitlines()]
    commands = [shlex.split(line[1:]) for line in lines if line.startswith("!")]
    code = "\n".join(line for line in lines if not line.startswith("!"))
    nodes = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}

    assert [cell for cell in cells if cell["outputs"] or cell["execution_count"]] == []
    assert "newslake" in names
    assert {name.partition(".")[0] for name in names} <= {"newslake", *sys.stdlib_module_names}
    assert [(words, wrong) for words in commands if (wrong := wrong_option(tuple(words)))] == []
    assert [words for words in commands if words[0] != "newslake"] == []


@pytest.mark.nightly
@pytest.mark.model
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A notebook runs from its first to its last cell after the main job, and shows what it promises."""
    import nbformat  # both only in the environment of `make nightly`
    from nbclient import NotebookClient

    (tmp_path / "data").mkdir()
    replay_newsroom(tmp_path / "data", port=0)
    folder = shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    notebook = nbformat.read(folder / path.name, as_version=4)

    nbformat.validate(notebook)
    NotebookClient(notebook, timeout=_TIMEOUT_SECONDS, resources={"metadata": {"path": str(folder)}}).execute()

    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    shown = "".join(
        str(output.get("text", "")) + "".join(map(str, output.get("data", {}).values())) for output in outputs
    )
    assert [each for each in SHOWN[path.stem] if each not in re.sub(r"\x1b\[[\d;]*m", "", shown)] == []
