"""The log files of `make up`: of real processes that write much."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

from news_airflow.log_writer import start_log_writer
from news_airflow.supervisor import SUPERVISOR, log_file, mark_environment, processes

from tests.architecture.tree import ROOT

# Of the processes that a test starts: they import the plugins, as the parts of `make up` do.
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "plugins")}
LINES, PROCESSES = 20_000, 3
# As a part of Airflow: a process whose children have its output, and write whole lines.
TALKATIVE = f"""
import os, sys
for number in range({PROCESSES}):
    if os.fork() == 0:
        break
else:
    number = {PROCESSES}
for line in range({LINES}):
    sys.stdout.write(f"process {{number}} line {{line}} {{'x' * 40}}\\n")
    sys.stdout.flush()
"""


def lines_of(path: Path) -> list[str]:
    """Return the lines of a log and its old files, the oldest first."""
    files = sorted(path.parent.glob(f"{path.name}*"), key=lambda file: -int(file.suffix[1:] if file != path else 0))
    return [line for file in files for line in file.read_text("utf-8").splitlines()]


def write(path: Path, code: str, *words: str) -> None:
    """Run a process with a writer of its output, until both have ended."""
    writer = start_log_writer(path, ENVIRONMENT, *words)
    assert writer.stdin is not None
    with writer.stdin as stream:
        done = subprocess.Popen([sys.executable, "-c", code], stdout=stream, stderr=stream)
    assert (done.wait(timeout=300), writer.wait(timeout=300)) == (0, 0)


def test_log_rotates_while_processes_write_and_loses_no_line(tmp_path: Path) -> None:
    """Four processes write 80,000 lines: no file is larger than the limit, and every line is there, in order."""
    log = tmp_path / "part.log"
    write(log, TALKATIVE, "1000000", "9")
    sizes = [file.stat().st_size for file in tmp_path.iterdir()]
    found: dict[str, list[int]] = {}
    for line in lines_of(log):
        process, number = re.fullmatch(r"process (\d) line (\d+) x{40}", line).groups()
        found.setdefault(process, []).append(int(number))

    assert (len(sizes) > 4, max(sizes) <= 1_000_000) == (True, True)
    assert found == {str(number): list(range(LINES)) for number in range(PROCESSES + 1)}


def test_only_some_old_files_are_kept(tmp_path: Path) -> None:
    """The oldest lines are deleted, the newest are kept; a restart appends to the file."""
    log = tmp_path / "part.log"
    for start in (0, 1000):
        write(log, f"for n in range({start}, {start} + 1000): print(n, 'x' * 90)", "10000", "2")
    names = sorted(file.name for file in tmp_path.iterdir())
    numbers = [int(line.split()[0]) for line in lines_of(log)]

    assert names == ["part.log", "part.log.1", "part.log.2"]
    assert numbers == list(range(numbers[0], 2000))
    assert 200 < len(numbers) <= 300


def test_any_bytes_and_a_last_line_without_its_end_are_kept(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 stay as they are, and the end of a process that dies in a line is kept."""
    log = tmp_path / "part.log"
    write(log, r"import os; os.write(1, b'caf\xe9\nunfinished')")
    assert log.read_bytes() == b"caf\xe9\nunfinished\n"


def test_airflow_writes_json_lines(tmp_path: Path) -> None:
    """With NEWS_LOG_FORMAT=json, each line of a part of Airflow is a JSON object."""
    from news_airflow.local_airflow import _whole_environment

    given = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "NEWS_"))}
    code = "from news_airflow.local_airflow import _whole_environment as e; import json, pathlib, sys\n"
    code += "print(json.dumps(e(pathlib.Path(sys.argv[1]), port=1)))"
    ours = {**given, "NEWS_LOG_FORMAT": "json", "PYTHONPATH": _whole_environment(tmp_path, port=1)["PYTHONPATH"]}
    whole = subprocess.run([sys.executable, "-c", code, str(tmp_path)], env=ours, capture_output=True, check=True)
    speak = (
        "import airflow.settings, logging; airflow.settings.initialize(); logging.getLogger('part').warning('hello')"
    )
    done = subprocess.run(
        [sys.executable, "-c", speak], env=json.loads(whole.stdout), capture_output=True, text=True, check=True
    )
    lines = [json.loads(line) for line in (done.stdout + done.stderr).splitlines()]
    assert [(line["level"], line["logger"]) for line in lines if line["event"] == "hello"] == [("warning", "part")]
    assert all(line["timestamp"] for line in lines)


def test_part_whose_log_writer_dies_is_restarted(tmp_path: Path) -> None:
    """A part without the writer of its log is restarted with a new one, because its next line would fail; the end of
    the supervisor ends both."""
    (tmp_path / "logs").mkdir()
    code = (
        "from news_airflow import supervisor; supervisor._PAUSE_SECONDS = 0.1\n"
        "supervisor.PARTS = {'triggerer': ('timeit', '-n1', '-r1', 'print(1); import time; time.sleep(600)')}\n"
        "supervisor.main()"
    )
    marked = mark_environment(ENVIRONMENT, home=tmp_path, part=SUPERVISOR)
    supervisor = subprocess.Popen([sys.executable, "-c", code], env=marked)
    try:
        (first,) = wait_for(lambda: processes(tmp_path, "triggerer"))
        (writer,) = wait_for(lambda: processes(tmp_path, "log of triggerer"))
        writer.kill()
        (second,) = wait_for(lambda: [each for each in processes(tmp_path, "triggerer") if each != first])
        first.wait(timeout=300)  # the supervisor takes its exit status after the start of the second
        assert second.is_running()
    finally:
        supervisor.terminate()
        supervisor.wait(timeout=300)
    assert processes(tmp_path) == []
    assert "restarting it" in log_file(tmp_path, SUPERVISOR).read_text("utf-8")


def wait_for[Found](find: Callable[[], list[Found]]) -> list[Found]:
    """Wait until something is found."""
    deadline = monotonic() + 300
    while not (found := find()):
        assert monotonic() < deadline
        sleep(0.05)
    return found
