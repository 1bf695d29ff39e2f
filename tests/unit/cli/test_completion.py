"""What the shell completes, and `newslake --version`."""

from importlib.metadata import version
from pathlib import Path

import pytest

import newslake.pipeline
from newslake.pipeline.addons.share.dialects import DIALECTS
from newslake.pipeline.addons.share.export import FORMS
from newslake.pipeline.cli import completion
from newslake.pipeline.query.saved_queries import list_questions, option_flag
from tests.unit.cli.test_commands import called

SOURCES = '[sources.post]\nkind = "inbox"\npath = "inbox"\n[sources.gazette]\nkind = "inbox"\npath = "other"\n'


def _completed(*words: str, cwd: Path) -> list[str]:
    """Return what bash offers for the last of some words."""
    line = " ".join(["newslake", *words])
    env = {"_NEWSLAKE_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words))}
    return called(cwd=cwd, **env).stdout.split()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two sources and one snapshot."""
    (tmp_path / "sources.toml").write_text(SOURCES)
    (tmp_path / "data" / "snapshots" / "spring").mkdir(parents=True)
    return tmp_path


def test_version_is_that_of_the_package(tmp_path: Path) -> None:
    """`--version` prints the name and the version; the installed package has the same one."""
    assert called("--version", cwd=tmp_path).stdout == f"newslake {newslake.pipeline.__version__}\n"
    assert version("newslake") == newslake.pipeline.__version__


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("cov",), ["coverage"]),
        (("ask", "top-s"), ["top-speakers"]),
        (("ask", "--sou"), ["--source"]),
        (("ask", "who-said-what", "--ab"), ["--about"]),
        (("ask", "top-speakers", "--source", "po"), ["post"]),
        (("ask", "top-speakers", "--dialect", "po"), ["polars"]),
        (("ask", "top-speakers", "--snapshot", "s"), ["spring"]),
        (("run", "--source", "g"), ["gazette"]),
        (("sources", "check", "p"), ["post"]),
        (("lake", "export", "out", "--format", "s"), ["sqlite"]),
    ],
)
def test_values_are_completed(folder: Path, words: tuple[str, ...], expected: list[str]) -> None:
    """Commands, questions, their options, sources, engines, snapshots and formats complete from their first letters."""
    assert _completed(*words, cwd=folder) == expected


@pytest.mark.parametrize("text", [None, "[sources.post", "[sources]\npost = 1\n"])
def test_completion_survives_what_it_cannot_read(tmp_path: Path, text: str | None) -> None:
    """A missing or broken sources.toml gives no error in the shell."""
    if text is not None:
        (tmp_path / "sources.toml").write_text(text)

    assert _completed("run", "--source", "g", cwd=tmp_path) == []


def test_completion_knows_what_the_libraries_know() -> None:
    """The names that completion cannot import are the real ones."""
    assert tuple(DIALECTS) == completion.ENGINES
    assert FORMS == completion.EXPORT_FORMATS
    for question in list_questions():
        assert (question.slug, question.title) in completion.questions(question.slug)
        expected = {option_flag(name): text for name, text in question.options.items()}
        assert dict(completion.question_options(question.slug)) == expected
    assert completion.question_options("../who") == []
