"""`make up` and `make down` if there is no Airflow to start or to stop."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from news_airflow.local_airflow import _reserved_port
from news_airflow.supervisor import mark_environment, processes, start

ROOT = Path(__file__).parents[2]


def command(word: str, home: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command of news_airflow.local_airflow for a home."""
    given = {name: value for name, value in os.environ.items() if not name.startswith(("NEWS_", "AIRFLOW"))}
    ours = {"PYTHONPATH": str(ROOT / "plugins"), "AIRFLOW_HOME": str(home), **settings}
    words = [sys.executable, "-m", "news_airflow.local_airflow", word]
    return subprocess.run(words, env=given | ours, capture_output=True, text=True, timeout=300, check=False)


def test_up_names_a_wrong_setting(tmp_path: Path) -> None:
    """With a wrong setting, nothing is started, and the message names the setting."""
    done = command("up", tmp_path, NEWS_AIRFLOW_PORT="eighty")
    assert done.returncode == 1
    assert "NEWS_AIRFLOW_PORT" in done.stderr
    assert "Traceback" not in done.stderr
    assert processes(tmp_path) == []


def test_starts_at_the_same_time_get_different_ports() -> None:
    """A port that another start has reserved is replaced, although nothing listens on it yet."""
    with _reserved_port(0) as first, _reserved_port(first) as second, _reserved_port(first) as third:
        assert len({first, second, third}) == 3
    with _reserved_port(first) as again:
        assert again == first


def test_down_says_that_nothing_is_up(tmp_path: Path) -> None:
    """Stopping an Airflow that does not run is not an error."""
    done = command("down", tmp_path)
    assert (done.returncode, done.stdout) == (0, "Airflow is not up\n")


def test_process_is_found_while_it_loads_its_program(tmp_path: Path) -> None:
    """A process is found while it loads a program, when Linux shows no environment: `up` would give it up as dead."""
    (tmp_path / "logs").mkdir()
    script = tmp_path / "again.sh"
    script.write_text('exec /bin/sh "$0"\n')
    loading = start(tmp_path, "scheduler", ["/bin/sh", str(script)], environment=dict(os.environ))
    found = [[process.pid for process in processes(tmp_path, "scheduler")] for _ in range(100)]
    loading.kill()
    loading.wait()
    assert found == [[loading.pid]] * 100


@pytest.mark.parametrize("is_deaf", [False, True])
def test_down_stops_orphans(tmp_path: Path, is_deaf: bool) -> None:
    """Orphaned processes are found and stopped, even if they ignore SIGTERM; those of another home are not."""
    heard = "SIG_IGN" if is_deaf else "SIG_DFL"
    nap = f"import signal, time; signal.signal(signal.SIGTERM, signal.{heard}); time.sleep(90)"
    parent = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {nap!r}])"
    for home in ("ours", "theirs"):
        environment = mark_environment(dict(os.environ), home=tmp_path / home, part="scheduler")
        subprocess.run([sys.executable, "-c", parent], env=environment, check=True)
    done = command("down", tmp_path / "ours")
    assert done.stdout == "Airflow is down: 1 processes stopped\n"
    assert processes(tmp_path / "ours") == []
    (other,) = processes(tmp_path / "theirs")
    other.kill()
