"""`make nightly`: every long form is in one part, CI runs one part per commit, and a failed part stops no other."""

import ast
import hashlib
import re
import subprocess
import sys
from collections import Counter

import pytest

from tests.architecture.tree import ROOT, Module, modules, text_of
from tests.nightly import (
    PAGE,
    PARTS,
    SEED,
    Part,
    Result,
    choose_part,
    note_result,
    part_for,
    parts_named,
    parts_within,
    run_parts,
    schedule,
)
from tests.nightly_table import DUE_AFTER, HEADER, Repository, Row, UnknownCommitError, read_rows

CI_MINUTES, ALL_MINUTES = 25, 120
# Modules without tests that read LONG, with the name by which test files use it.
LONG_HELPERS = {"tests/browser/hostile.py": "STRING_COUNT", "tests/properties/fuzzing.py": "examples"}
_NAMES = frozenset({"LONG", *LONG_HELPERS.values()})


def _imports(module: Module) -> set[str]:
    return {alias.name for node in module.nodes(ast.ImportFrom) for alias in node.names}


def _has_long_form(module: Module) -> bool:
    """Return whether NEWSLAKE_LONG or the mark nightly changes what the tests of a file do."""
    is_marked = any(
        node.attr == "nightly" and ast.unparse(node.value) == "pytest.mark" for node in module.nodes(ast.Attribute)
    )
    return is_marked or bool(_imports(module) & _NAMES)


def _is_test_file(module: Module) -> bool:
    return module.path.rpartition("/")[2].startswith("test_")


def test_every_long_form_is_in_one_part():
    """Each test file with a long form is in one part of `make nightly`; files without one are in no part."""
    long = [module.path for module in modules("tests") if _is_test_file(module) and _has_long_form(module)]

    listed = Counter(path for part in PARTS for path in part.files)
    assert listed == Counter(long), "list each file with a long form in one part of tests/nightly.py"


def test_long_is_read_by_test_files():
    """Other modules take what differs as an argument, except those that test files import by a known name."""
    readers = {module.path for module in modules("tests") if not _is_test_file(module) and "LONG" in _imports(module)}

    assert readers == set(LONG_HELPERS)
    variable = re.compile("NEWSLAKE_LONG\\b")
    named = {module.path for module in modules("tests") if variable.search(_code(module))}
    assert named == {"tests/long_form.py", "tests/nightly.py", "tests/architecture/test_nightly.py"}


def _code(module: Module) -> str:
    """Return the constants of a module, without docstrings."""
    docstrings = {id(node.value) for node in module.nodes(ast.Expr)}
    return "\n".join(str(node.value) for node in module.nodes(ast.Constant) if id(node) not in docstrings)


def test_parts_fit_their_limits():
    """CI has time for every part, and all parts together take at most two hours on two cores."""
    together, alone = schedule(PARTS)
    lanes = [0, 0]
    for part in together:
        lanes[lanes.index(min(lanes))] += part.minutes

    assert [part.name for part in PARTS if part.minutes > CI_MINUTES] == []
    assert f"\nminutes={CI_MINUTES}\n" in text_of(".ci/run")
    assert max(lanes) + sum(part.minutes for part in alone) <= ALL_MINUTES


def test_every_part_is_chosen_by_some_commit():
    """The hash of a commit selects one part; over many commits each part has its share."""
    commits = [hashlib.sha1(str(number).encode(), usedforsecurity=False).hexdigest() for number in range(2000)]
    chosen = Counter(part_for(commit).name for commit in commits)

    assert set(chosen) == {part.name for part in PARTS}
    assert min(chosen.values()) > len(commits) / len(PARTS) / 2


def test_a_name_selects_its_parts():
    """A part is named in full or by its first word, no name means all, and an unknown name is an error."""
    assert parts_named([]) == PARTS
    assert [part.name for part in parts_named(["lake-storm", "texts"])] == ["lake-storm", "texts"]
    assert {part.name for part in parts_named(["lake"])} == {
        part.name for part in PARTS if part.name.startswith("lake-")
    }
    with pytest.raises(ValueError, match="named lakes; the names are alerts, "):
        parts_named(["lakes"])


def test_contributing_names_the_parts_of_each_folder():
    """The table in CONTRIBUTING.md has each folder whose changes need parts of `make nightly`, with these parts."""
    folders = sorted({path for part in PARTS for path in part.after})
    groups = {path: dict.fromkeys(f"`{part.group}`" for part in PARTS if path in part.after) for path in folders}
    rows = [f"| `{path}` | {', '.join(names)} |" for path, names in groups.items()]
    names = "|".join(part.group for part in PARTS)

    found = [line for line in text_of("CONTRIBUTING.md").splitlines() if re.match(rf"\| `\S+` \| `(?:{names})`", line)]
    assert found == rows, "the table in CONTRIBUTING.md should be:\n" + "\n".join(rows)
    assert [path for path in folders if not (ROOT / path).exists()] == []


def test_a_failed_part_stops_no_other(tmp_path, capfd):
    """All parts run, with the long form and one seed; each has its own result."""
    given = "os.environ['NEWSLAKE_LONG'], os.environ['NEWSLAKE_SEED']"
    check = f"import os\ndef test_it():\n    assert ({given}) == ('1', '{SEED}')\n"
    (tmp_path / "test_good.py").write_text(check)
    (tmp_path / "test_bad.py").write_text("def test_it():\n    print('seed 5')\n    assert False\n")
    parts = [_part(name, str(tmp_path / f"test_{name}.py"), is_alone=name == "good") for name in ("bad", "good")]

    results = run_parts(parts, seed=SEED)

    assert [(each.part.name, each.code) for each in results] == [("bad", 1), ("good", 0)]
    assert results[1].summary.startswith("1 passed in ")
    shown = capfd.readouterr().out
    assert "bad | seed 5\n" in shown
    assert "bad | FAILED in " in shown
    assert f"good | seed {SEED}, " in shown


def _part(name: str, file: str, *, is_alone: bool) -> Part:
    return Part(name, "a test", 1, (), (file,), is_alone)


COMMIT = "5fae7c8b0d1c2e3f405162738495a6b7c8d9eaf0"
LIMIT = float(CI_MINUTES)


def test_ci_runs_the_part_of_a_commit():
    """The command line prints the name of one part that ends in time, as .ci/run needs it, whatever the clone has."""
    command = [sys.executable, "-m", "tests.nightly", "--for-commit", COMMIT, "--within", str(CI_MINUTES)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    rows = read_rows(text_of(PAGE))
    assert done.stdout in {f"{part.name}\n" for part in parts_within(LIMIT, rows)}
    assert '--within "$minutes"' in text_of(".ci/run")


def test_part_that_took_too_long_is_not_for_ci():
    """A part whose last run took longer than CI waits is left out, whatever the part says."""
    rows = {"texts": Row("texts", "0123456", "2026-12-02", "7", "25.1", "1 passed")}

    assert [part.name for part in PARTS if part not in parts_within(LIMIT, rows)] == ["texts"]


@pytest.fixture
def repository(tmp_path):
    """A repository with one commit."""
    root = tmp_path / "repository"
    root.mkdir()
    _git(root, "init", "--quiet")
    _commit(root)
    return Repository(root)


def _git(root, *arguments):
    name = ["-c", "user.name=A", "-c", "user.email=a@harbour.example", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *name, *arguments], cwd=root, check=True, capture_output=True)


def _commit(root, path="README.md"):
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{file.read_text() if file.exists() else ''}line\n")
    _git(root, "add", "--all")
    _git(root, "commit", "--quiet", "--message", "change")


def _rows(commit):
    return {part.name: Row(part.name, commit, "2026-12-02", "7", "1.0", "1 passed") for part in PARTS}


def test_the_part_that_changed_most_is_chosen_first(repository, monkeypatch):
    """CI takes the part whose files changed in the most commits since its row, if they are too many."""
    monkeypatch.setattr("tests.nightly.DUE_AFTER", 2)
    rows = _rows(repository.commit_now(ignored=PAGE))
    for _ in range(3):
        _commit(repository.root, "pipeline/clusters/one.py")

    assert repository.changes_since(rows["texts"], ["pipeline/nlp"]) == 0
    assert repository.changes_since(rows["clusters"], ["pipeline/clusters"]) == 3
    assert choose_part(COMMIT, rows, repository, within=LIMIT)[0].name == "clusters"
    del rows["search"]
    assert choose_part(COMMIT, rows, repository, within=LIMIT)[0].name == "search"
    assert DUE_AFTER == 200


def test_shallow_clone_chooses_by_the_commit(repository, tmp_path):
    """Without the commits of the last runs the part is chosen by the commit, and the reason says so."""
    rows = _rows(repository.commit_now(ignored=PAGE))
    _commit(repository.root)
    _git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{repository.root}", "shallow")
    shallow = Repository(tmp_path / "shallow")

    part, reason = choose_part(COMMIT, rows, shallow, within=LIMIT)

    assert part == part_for(COMMIT, parts_within(LIMIT, rows))
    assert reason.startswith("chosen by the commit: commit ")
    with pytest.raises(UnknownCommitError, match="of part texts is not in this clone"):
        shallow.changes_since(rows["texts"], ["README.md"])


def test_row_of_a_part_names_commit_and_failure(repository):
    """A part that ends replaces its row, a failed one says so, and a changed tree is marked; other lines stay."""
    page = repository.root / "page.md"
    page.write_text(f"Before.\n\n{HEADER}\n|---|---|---|---|---|---|\n{_rows('0123456')['power'].line}\n\nAfter.\n")
    _git(repository.root, "add", "--all")
    _git(repository.root, "commit", "--quiet", "--message", "page")
    commit = repository.commit_now(ignored="page.md")
    for name, code in (("power", 1), ("lake-calls", 0)):
        [part] = parts_named([name])
        result = Result(part, code, 90.0, "2 passed in 3.21s (0:00:03)", ("| power loss | 7 | 12 crashes |",))
        note_result(page, result, commit=repository.commit_now(ignored="page.md"), seed=7)
    (repository.root / "README.md").write_text("changed")

    assert re.fullmatch("[0-9a-f]{8}", commit)
    assert repository.commit_now(ignored="page.md") == f"{commit} and changes"
    rows = read_rows(page.read_text())
    assert list(rows) == ["lake-calls", "power"]
    assert (rows["power"].commit, rows["power"].minutes) == (commit, "1.5")
    assert rows["power"].counted == "**failed**: 2 passed; power loss: 12 crashes"
    assert rows["lake-calls"].counted == "2 passed; power loss: 12 crashes"
    assert page.read_text().startswith("Before.\n\n")
    assert page.read_text().endswith("\n\nAfter.\n")


def test_table_names_parts_alone():
    """Each row of the table in docs/reliability.md is of a part that there is."""
    assert set(read_rows(text_of(PAGE))) <= {part.name for part in PARTS}
