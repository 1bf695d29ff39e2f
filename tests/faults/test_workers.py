"""Processes of the other tests here do not outlive them."""

import subprocess
import sys
from pathlib import Path

_LEFT = """
import multiprocessing, time
from tests.faults.sample_run import Worker

if __name__ == "__main__":
    Worker(multiprocessing.get_context("fork"), time.sleep, 600)
    raise AssertionError("the test failed")
"""


def test_worker_of_a_failed_test_is_killed(tmp_path: Path) -> None:
    """A test that fails while its worker is stopped ends immediately, with its reason."""
    script = tmp_path / "left.py"
    script.write_text(_LEFT)
    here = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=here,
        env={"PYTHONPATH": f"{here}:{here / 'plugins'}"},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, b"the test failed" in done.stderr) == (1, True)
