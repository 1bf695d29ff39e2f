"""Add-ons: which are loaded, in which order, and what becomes of one that cannot be."""

import importlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from newslake.pipeline.addon_registry import BUILT_IN, addons_of, load_addons
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.settings import Settings
from tests.architecture.test_imports import ADDONS
from tests.architecture.tree import ROOT

_HEAD = "from newslake.pipeline.hooks import AddonInfo, Command, StorePart, implementation\n"
_INFO = _HEAD + "@implementation\ndef addon_info():\n    return AddonInfo({info})\n"
Install = Callable[[str, str], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install a distribution with one add-on: a module, and the metadata that names it as an entry point."""

    def add(name: str, source: str) -> None:
        folder = tmp_path / f"{name}-1.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        (folder / "entry_points.txt").write_text(f"[newslake.addons]\n{name} = addon_of_{name}\n")
        (tmp_path / f"addon_of_{name}.py").write_text(source)
        importlib.invalidate_caches()
        sys.modules.pop(f"addon_of_{name}", None)
        addons_of.cache_clear()

    monkeypatch.syspath_prepend(tmp_path)
    yield add
    addons_of.cache_clear()


def test_add_ons_of_the_wheel_are_loaded_after_those_they_need() -> None:
    """By default all are loaded, without a problem; one follows those that it needs."""
    addons = addons_of("all")

    assert (set(addons.names), addons.problems, addons.left_out) == (set(BUILT_IN), (), ())
    for info in addons.infos:
        assert all(addons.names.index(need) < addons.names.index(info.name) for need in info.needs)


def test_none_is_loaded_if_none_is_selected(monkeypatch: pytest.MonkeyPatch) -> None:
    """NEWS_ADDONS=none leaves all out; a list loads those that it names."""
    monkeypatch.setenv("NEWS_ADDONS", "none")
    assert (load_addons().names, set(load_addons().left_out)) == ((), set(BUILT_IN))
    monkeypatch.setenv("NEWS_ADDONS", " share, audit,")
    assert load_addons().names == ("audit", "share")


def test_settings_file_selects_add_ons(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The list of add-ons may be in newslake.env, as every setting."""
    monkeypatch.delenv("NEWS_ADDONS", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "newslake.env").write_text("NEWS_ADDONS='audit'\n")

    assert (load_addons().names, Settings.load().addons) == (("audit",), "audit")


def test_unknown_add_on_is_named_with_a_similar_one() -> None:
    """A wrong name is a wrong setting, with the name that was meant."""
    with pytest.raises(ConfigError, match=r"NEWS_ADDONS: 'aduit' is not an add-on; did you mean audit\?"):
        addons_of("aduit")


def test_need_that_is_left_out_is_a_problem() -> None:
    """An add-on without what it needs is not loaded; the problem names both."""
    addons = addons_of("alerts,audit")

    assert addons.names == ("audit",)
    assert [each.message for each in addons.problems] == ["add-on alerts needs operate"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("import no_such_module_of_anyone", "ModuleNotFoundError"),
        (_INFO.format(info="'other', 'Other'"), "its addon_info() is not that of ours"),
        (
            _INFO.format(info="'ours', 'Ours'") + "@implementation\ndef no_such_hook():\n    return 1\n",
            "there is no hook no_such_hook",
        ),
        (_INFO.format(info="'ours', 'Ours', needs=('ours',)"), "add-on ours needs ours"),
    ],
)
def test_broken_add_on_costs_only_itself(install: Install, source: str, message: str) -> None:
    """An add-on that cannot be loaded is a problem with its reason; all others are loaded."""
    install("ours", source)
    addons = addons_of("all")

    assert set(addons.names) == set(BUILT_IN)
    assert [(each.name, message in each.message) for each in addons.problems] == [("ours", True)]


def test_second_add_on_of_a_name_is_not_loaded(install: Install) -> None:
    """The name of an add-on of the wheel cannot be taken."""
    install("audit", _INFO.format(info="'audit', 'Other'"))
    addons = addons_of("all")

    assert next(each.title for each in addons.infos if each.name == "audit") == "Audit"
    assert "two add-ons have the name audit" in addons.problems[0].message


def test_exception_of_one_add_on_leaves_the_others(install: Install) -> None:
    """A hook of one add-on that fails is an error by name; the others are called."""
    source = _INFO.format(info="'ours', 'Ours'") + "@implementation\ndef after_run(workspace):\n    raise KeyError(1)\n"
    install("ours", source)
    install("yours", source.replace("'ours'", "'yours'").replace("raise KeyError(1)", "return ('late',)"))
    results, errors = addons_of("ours,yours").collect("after_run", workspace=None)

    assert [(info.name, lines) for info, lines in results] == [("yours", ("late",))]
    assert ["add-on ours, after_run" in str(error) for error in errors] == [True]


def test_error_of_an_add_on_is_at_its_own_place(install: Install) -> None:
    """The message names the add-on and its file, not the line of newslake that called it."""
    install("ours", _INFO.format(info="'ours', 'Ours'") + "@implementation\ndef after_run(workspace):\n    1 / 0\n")
    _, [error] = addons_of("ours").collect("after_run", workspace=None)

    assert "add-on ours" in str(error)
    assert "addon_of_ours.py:" in str(error)


def test_add_ons_declare_whom_they_import() -> None:
    """What an add-on imports of others, by the table of imports, are its needs and the add-ons that it fits."""
    for info in addons_of("all").infos:
        room = info.name if info.name in ADDONS else f"addons.{info.name}"
        others = {name.rpartition(".")[2] for name in ADDONS[room].rooms}
        assert others <= {*info.needs, *info.fits}, info.name


def test_setting_of_two_add_ons_is_refused(install: Install) -> None:
    """Two models with one field are an error that names both owners."""
    install(
        "ours",
        _INFO.format(info="'ours', 'Ours'")
        + "@implementation\ndef settings():\n    from newslake.pipeline.settings import AddonSettings\n"
        "    class Model(AddonSettings):\n        data_dir: str = ''\n    return Model\n",
    )
    with pytest.raises(ConfigError, match="add-on ours: the core has a setting data_dir, too"):
        Settings.load()


def test_command_of_an_add_on_is_in_the_help(install: Install, tmp_path: Path) -> None:
    """A command of another distribution is listed under its title, and runs; it cannot replace one of the core."""
    install(
        "ours",
        _INFO.format(info="'ours', 'Our title'")
        + "@implementation\ndef commands():\n    return [Command('hello', 'addon_of_ours:hello', 'Say hello.'),\n"
        "        Command('run', 'addon_of_ours:hello', 'Do not run.')]\n\ndef hello() -> None:\n    print('hello')\n",
    )

    def call(word: str) -> str:
        code = "from newslake.pipeline.cli import main; main()"
        command = [sys.executable, "-c", code, word]
        env = {"PYTHONPATH": f"{ROOT}:{tmp_path}", "NEWS_ADDONS": "all"}
        return subprocess.run(command, env=env, capture_output=True, text=True, check=True, cwd=tmp_path).stdout

    assert "Our title:\n  hello  Say hello." in call("--help")
    assert "Do not run." not in call("--help")
    assert call("hello") == "hello\n"


def test_package_of_a_team_is_not_imported(tmp_path: Path) -> None:
    """A folder with a package `pipeline` of its own, first on the path as Airflow's DAG folder is, changes nothing."""
    (tmp_path / "pipeline").mkdir()
    (tmp_path / "pipeline" / "__init__.py").write_text("raise RuntimeError('the pipeline of a team')\n")
    code = "import sys; from newslake.pipeline.jobs import run; print('pipeline' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": f"{tmp_path}:{ROOT}"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "False\n"
