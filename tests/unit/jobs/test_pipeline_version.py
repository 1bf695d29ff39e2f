"""The pipeline version changes with code and data, and with nothing else."""

from pathlib import Path

import pytest

from newslake.pipeline.jobs import pipeline_version
from newslake.pipeline.jobs.pipeline_version import code_version, rules_digest


def test_bytecode_is_not_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's cached bytecode, also half-written under its temporary name, changes no version; a file of data does."""
    monkeypatch.setattr(pipeline_version, "_ROOT", tmp_path)
    (tmp_path / "nlp" / "__pycache__").mkdir(parents=True)
    (tmp_path / "nlp" / "rules.py").write_text("A = 1")
    versions = (code_version.__wrapped__, rules_digest.__wrapped__)
    before = [version() for version in versions]
    for name in ("rules.cpython-313.pyc", "rules.cpython-313.pyc.140"):
        (tmp_path / "nlp" / "__pycache__" / name).write_bytes(b"bytecode")
    assert [version() for version in versions] == before
    (tmp_path / "nlp" / "words.toml").write_text("")
    assert all(version() != old for version, old in zip(versions, before, strict=True))
