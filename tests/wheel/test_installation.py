"""The wheel in fresh environments, from the package index: its size, its time, and what works there."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT
from tests.faults.sample_run import say
from tests.unit.test_wheel import build_wheel

pytestmark = [pytest.mark.nightly]
_USE = """\
import json, sys, newslake
loaded = len([name for name in sys.modules if name.partition(".")[0] in ("spacy", "pyarrow", "duckdb")])
document = newslake.annotate("The mayor, Ruth Amberley, met nurses. “We will build the ward,” she said.")
print(json.dumps([loaded, [row["speaker_name"] for row in document.quotes], len(newslake.show(document).html) > 1000]))
"""
_MOST_MB = {"": 900, "[all]": 1400}


def uv_program() -> str:
    """Return the path of uv: the project's own, or another on the path."""
    own = ROOT / ".tools" / "bin" / "uv"
    found = str(own) if own.exists() else shutil.which("uv")
    assert found, "uv is missing; `make .tools/bin/uv` installs it"
    return found


def _run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("NEWS_", "PYTHONPATH"))}
    return subprocess.run(command, cwd=cwd, env=clean, capture_output=True, text=True, check=False)


def _install(wheel: Path, extra: str, folder: Path) -> Path:
    """Install a wheel without caches into a new environment; print time and size; return its folder of programs."""
    environment = folder / "environment"
    create = ("venv", "--quiet", "--python", sys.executable, str(environment))
    install = ("pip", "install", "--quiet", "--no-cache", "--python", str(environment))
    started = time.monotonic()
    for command in (create, (*install, f"newslake{extra} @ {wheel.as_uri()}")):
        done = _run(uv_program(), *command, cwd=folder)
        assert done.returncode == 0, done.stderr
    seconds = time.monotonic() - started
    files = (path for path in environment.rglob("*") if path.is_file() and not path.is_symlink())
    size = sum(path.stat().st_size for path in files) / 1e6
    say(f"newslake{extra}: installed in {seconds:.0f} s, {size:.0f} MB on disk")
    assert size < _MOST_MB[extra]
    return environment / "bin"


def test_wheel_installs_and_works(tmp_path: Path) -> None:
    """Without extras, the command and the package work; Airflow is not there, and charts and Airflow say what to do."""
    programs = _install(build_wheel(tmp_path), "", tmp_path)
    version = _run(str(programs / "newslake"), "--version", cwd=tmp_path)
    used = _run(str(programs / "python"), "-c", _USE, cwd=tmp_path)
    refused = [
        _run(str(programs / "newslake"), *words, cwd=tmp_path)
        for words in (("ask", "top-speakers", "--chart", "x.svg"), ("airflow", "version"))
    ]

    assert (version.returncode, version.stdout.startswith("newslake ")) == (0, True), version.stderr
    assert used.returncode == 0, used.stderr
    assert json.loads(used.stdout) == [0, ["Ruth Amberley"], True]
    assert [done.returncode for done in refused] == [2, 2]
    assert ["'newslake[charts]'" in refused[0].stderr, "'newslake[airflow]'" in refused[1].stderr] == [True, True]
    assert not list((programs.parent / "lib").glob("*/site-packages/airflow"))


def test_wheel_installs_with_airflow(tmp_path: Path) -> None:
    """With all extras, Airflow and the libraries of charts are there, and the command works."""
    programs = _install(build_wheel(tmp_path), "[all]", tmp_path)
    chart = _run(str(programs / "newslake"), "ask", "top-speakers", "--chart", "x.svg", cwd=tmp_path)

    assert list((programs.parent / "lib").glob("*/site-packages/airflow"))
    assert chart.returncode == 0, chart.stderr
    assert (tmp_path / "x.svg").read_text("utf-8").startswith("<svg")
