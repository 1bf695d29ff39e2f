"""The example of an add-on, built and installed as users do: its command, its page and its kind of alert."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT
from tests.unit.jobs.test_derive import MORNING, archive, extract, space, story

__all__ = ["space"]
EXAMPLE = ROOT / "examples" / "addon"
_PAGE = """\
from fastapi.testclient import TestClient
from newslake.pipeline.addons.newsroom.web_app import newsroom_app
client = TestClient(newsroom_app(lambda: None))
print(client.get("/desk?day={day}").text, client.get("/desk.json?day={day}").text)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the example's wheel from a copy, and install it into a folder of its own."""
    folder = tmp_path_factory.mktemp("addon")
    shutil.copytree(EXAMPLE, folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=folder / "source", check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    shutil.unpack_archive(wheel, folder / "site", "zip")
    return folder / "site"


def _call(installed: Path, folder: Path, *words: str) -> str:
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("NEWS_")},
        "PYTHONPATH": f"{ROOT}{os.pathsep}{installed}",
        "NEWS_DATA_DIR": str(folder),
        "NEWS_SOURCES_FILE": str(folder / "sources.toml"),
        "NEWS_FROZEN_NOW": MORNING.isoformat(),
    }
    done = subprocess.run([sys.executable, *words], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_example_has_a_command_a_page_and_a_kind_of_alert(installed: Path, tmp_path: Path, space) -> None:
    """After its installation alone, newslake lists the add-on, counts, shows the page and checks a rule of its kind."""
    archive(space, story("deepened"))
    extract(space, "1")
    day = space.lake.days()[0]
    (tmp_path / "alerts.toml").write_text('[rules.few]\non = "desk"\nat_least = 5\n')
    (tmp_path / "sources.toml").write_text("[sources.post]\nkind = 'feed'\nurl = 'https://post.example/feed'\n")

    assert "Desk:\n  desk  Count the articles of a day by source." in _call(
        installed, tmp_path, "-m", "newslake", "--help"
    )
    counts = json.loads(_call(installed, tmp_path, "-m", "newslake", "desk", "--day", f"{day}", "--json"))
    assert [row["articles"] for row in counts] == [1]
    page = _call(installed, tmp_path, "-c", _PAGE.format(day=day))
    assert f'<th scope="row">{counts[0]["source"]}</th><td>1</td>' in page
    assert f'"day":"{day}"' in page.replace(" ", "")
    few = _call(installed, tmp_path, "-m", "newslake", "alerts", "test", "few")
    assert "post: 1 article today, fewer than 5" in few


def test_wrong_key_of_a_rule_is_named(installed: Path, tmp_path: Path) -> None:
    """A rule of the kind is checked as those of newslake are, before anything runs."""
    (tmp_path / "sources.toml").touch()
    (tmp_path / "alerts.toml").write_text('[rules.few]\non = "desk"\nat_leest = 5\n')
    with pytest.raises(AssertionError, match=r"rules\.few\.at_leest: unknown key; did you mean at_least"):
        _call(installed, tmp_path, "-m", "newslake", "alerts")
