"""The log of a command as JSON objects, of real processes on the sample newsroom."""

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from samples.server import DAYS, ROOT, Newsroom

PROJECT = ROOT.parents[1]


def newslake(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the command line with settings."""
    given = {name: value for name, value in os.environ.items() if not name.startswith("NEWS_")}
    command = [sys.executable, "-m", "newslake", *words]
    return subprocess.run(command, env=given | settings, cwd=PROJECT, capture_output=True, text=True, check=False)


@pytest.mark.model
def test_every_line_of_a_run_is_a_json_object(tmp_path: Path) -> None:
    """Each line on standard error is one JSON object in UTC; lines about a page have its run, source and outcome; the
    result on standard output is the same as with text."""
    with Newsroom(day=DAYS[0]) as newsroom:
        (tmp_path / "sources.toml").write_text(
            f'private_hosts = ["127.0.0.1:{newsroom.port}"]\n'
            f'[sources.courier]\nkind = "feed"\nurl = "{newsroom.base_url}/courier/rss.xml"\ninterval_seconds = 0\n'
            f'[sources.gone]\nkind = "feed"\nurl = "{newsroom.base_url}/gone.xml"\ninterval_seconds = 0\n'
        )
        done = newslake(
            "run",
            "--json",
            NEWS_LOG_FORMAT="json",
            NEWS_DATA_DIR=str(tmp_path),
            NEWS_SOURCES_FILE=str(tmp_path / "sources.toml"),
            NEWS_FROZEN_NOW=f"{DAYS[0]}T20:00:00+00:00",
        )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    pages = [
        line for line in lines if line["logger"] == "newslake.pipeline.jobs.outcomes" and line["outcome"] == "kept"
    ]
    errors = [line for line in lines if line["level"] == "error"]

    assert {list(line)[:4] == ["timestamp", "level", "logger", "event"] for line in lines} == {True}
    assert {datetime.fromisoformat(line["timestamp"]).tzname() for line in lines} == {"UTC"}
    assert pages
    assert {(line["source_key"], line["news_day"]) for line in pages} >= {("courier", DAYS[0].isoformat())}
    assert {line["run_id"] for line in pages} <= {each["run_id"] for each in json.loads(done.stdout)["extract"]}
    assert (done.returncode, [line["logger"] for line in errors]) == (1, ["newslake"])
    assert "gone.xml" in errors[0]["event"]


def test_a_wrong_setting_is_a_json_object_too(tmp_path: Path) -> None:
    """The message of a wrong setting is a JSON object; a wrong format is named."""
    wrong = newslake("sources", NEWS_LOG_FORMAT="json", NEWS_RUN_WORKERS="many")
    assert (wrong.returncode, "NEWS_RUN_WORKERS" in json.loads(wrong.stderr)["event"]) == (2, True)
    unknown = newslake("sources", NEWS_LOG_FORMAT="xml")
    assert (unknown.returncode, unknown.stderr) == (2, "newslake: NEWS_LOG_FORMAT: 'xml' is not 'text' or 'json'\n")


def test_a_traceback_is_part_of_its_object() -> None:
    """A traceback, line ends and text that is not valid Unicode stay inside one line."""
    code = (
        "import logging; from newslake.pipeline.log_lines import configure_logging; configure_logging('json')\n"
        "try: 1 / 0\n"
        "except ZeroDivisionError: logging.getLogger('newslake.pipeline.x').exception('two\\nlines \\udc80')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    (line,) = done.stderr.splitlines()
    found = json.loads(line)
    assert (found["level"], found["event"], "ZeroDivisionError" in found["exception"]) == (
        "error",
        "two\nlines \udc80",
        True,
    )


def test_text_stays_as_it_is(tmp_path: Path) -> None:
    """Without the setting, a command writes no line of the log that is not a warning."""
    (tmp_path / "sources.toml").touch()
    settings = {"NEWS_DATA_DIR": str(tmp_path), "NEWS_SOURCES_FILE": str(tmp_path / "sources.toml")}
    assert newslake("sources", **settings).stderr == newslake("sources", NEWS_LOG_FORMAT="text", **settings).stderr
