"""`make demo` twice at the same time, and again, also while its port is in use."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from samples.server import ROOT, Newsroom

pytestmark = [pytest.mark.airflow, pytest.mark.model, pytest.mark.nightly, pytest.mark.timeout(1200)]


def demo(root: Path, **settings: str) -> subprocess.Popen[str]:
    """Start a demo with all its files in a folder."""
    given = {name: value for name, value in os.environ.items() if not name.startswith(("NEWS_", "AIRFLOW"))}
    ours = {"AIRFLOW_HOME": str(root / "airflow"), "NEWS_DATA_DIR": str(root / "data"), **settings}
    command = [sys.executable, "-m", "samples.demo"]
    return subprocess.Popen(
        command, env=given | ours, cwd=ROOT.parents[1], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def output_of(started: subprocess.Popen[str]) -> str:
    """Return the output of a demo at its end; fail if it failed."""
    said, _ = started.communicate(timeout=900)
    assert started.returncode == 0, said
    return said


def port_in(said: str) -> int:
    """Return the port of the newsroom."""
    return int(re.findall(r"online at http://127\.0\.0\.1:(\d+)", said)[0])


def test_demos_side_by_side(tmp_path: Path) -> None:
    """Two demos with the same port, which a third program uses, both succeed; a repeated one changes no file."""
    with Newsroom() as other:
        started = [demo(tmp_path / name, NEWS_DEMO_PORT=str(other.port)) for name in ("one", "two")]
        one, two = map(output_of, started)

    assert len({port_in(one), port_in(two), other.port}) == 3
    for said in (one, two):
        assert f"port {other.port} of 127.0.0.1 cannot be used" in said
        assert "37 articles committed" in said
        assert f"newslake why http://127.0.0.1:{port_in(said)}/courier/" in said

    again = [demo(tmp_path / "one") for _ in range(2)]
    repeated = [output_of(each) for each in again]
    assert [port_in(said) for said in repeated] == [port_in(one)] * 2
    assert sum("another demo is running in this folder" in said for said in repeated) == 1
    assert all("0 files changed" in said for said in repeated)
