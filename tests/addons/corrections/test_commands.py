"""`newslake kb` as a user sees it."""

import json
from pathlib import Path

from tests.unit.cli.test_commands import called

GOOD = {"qid": "Q999999901", "label": "Lena Ostrow", "aliases": ["L. Ostrow"], "types": ["PERSON"], "prior": 3}


def test_import_info_lookup(tmp_path: Path) -> None:
    """A file is imported, counted and searched; a second import of it changes nothing."""
    (tmp_path / "kb.jsonl").write_text(json.dumps(GOOD))
    (tmp_path / "overrides.toml").write_text('[names."Lena Ostrow"]\ngender = "F"\n')
    done = [called("kb", "import", "kb.jsonl", "--json", cwd=tmp_path) for _ in range(2)]
    assert [each.returncode for each in done] == [0, 0], done[0].stderr
    assert done[0].stdout == done[1].stdout
    info = json.loads(called("kb", "info", "--json", cwd=tmp_path).stdout)
    assert (info["entries"], info["names"], info["path"]) == (1, 2, "data/kb.sqlite")
    found = called("kb", "lookup", "l. ostrow", "--json", cwd=tmp_path)
    assert (found.returncode, json.loads(found.stdout)["entries"][0]["qid"]) == (0, "Q999999901")
    assert "overrides.toml: gender = 'F'" in called("kb", "lookup", "Lena Ostrow", cwd=tmp_path).stdout


def test_bad_line_is_named_and_exits_1(tmp_path: Path) -> None:
    """An invalid line is reported with its number and key, the others are imported, and the exit code is 1."""
    (tmp_path / "kb.jsonl").write_text(f"{json.dumps(GOOD)}\n{json.dumps(GOOD | {'qid': 'Q7', 'prior': -1})}\n")
    done = called("kb", "import", "kb.jsonl", cwd=tmp_path)
    assert (done.returncode, "line 2: prior" in done.stderr, "1 entry with" in done.stdout) == (1, True, True)


def test_invalid_calls(tmp_path: Path) -> None:
    """A missing file is an invalid call; an unknown name exits 1; a broken knowledge base is named."""
    assert called("kb", "import", "none.jsonl", cwd=tmp_path).returncode == 2
    assert called("kb", "lookup", "Nobody Known", cwd=tmp_path).returncode == 1
    assert "no knowledge base" in called("kb", "info", cwd=tmp_path).stdout
    (tmp_path / "base").write_text("x" * 200)
    broken = called("kb", "info", cwd=tmp_path, NEWS_KB_FILE=str(tmp_path / "base"))
    assert (broken.returncode, "kb import" in broken.stderr) == (1, True)
