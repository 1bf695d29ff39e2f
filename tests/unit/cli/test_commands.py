"""The command line as a user sees it: its output, its messages on stderr, its exit codes."""

import io
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newslake.pipeline.cli import main
from newslake.pipeline.lake import Lake
from tests.unit.lake.rows import Story, batch_keys, batch_tables

ROOT = Path(__file__).parents[3]
TEXT = "The mayor of Oakenfell, Ruth Amberley, met nurses on Tuesday. “We will build the ward,” she said."


def newslake(*args: str, cwd: Path, given: str | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, in a folder, with these NEWS_ settings.

    It takes 1 s, with the model 4 s: use it for what only a process shows, and ``called`` for the rest.
    """
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NEWS_")}
    return subprocess.run(
        [sys.executable, "-m", "newslake", *args],
        cwd=cwd,
        input=given,
        env={**clean, "PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        check=False,
    )


def called(*args: str, cwd: Path, given: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as ``newslake`` does, in this process, which loads the model once for all calls."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="", write_through=True) for _ in range(2)]
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("NEWS_")]:
            patch.delenv(name)
        for name, value in env.items():
            patch.setenv(name, value)
        patch.chdir(cwd)
        patch.setattr(sys, "argv", ["newslake", *args])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode()), encoding="utf-8"))
        for name, stream in zip(("stdout", "stderr"), streams, strict=True):
            patch.setattr(sys, name, stream)
        with pytest.raises(SystemExit) as ended:
            main()
    written = [stream.buffer.getvalue().decode() for stream in streams]  # type: ignore[attr-defined]
    return subprocess.CompletedProcess(args, ended.value.code or 0, *written)  # type: ignore[arg-type]


def test_unknown_setting_is_an_invalid_call(tmp_path: Path) -> None:
    """An unknown NEWS_ name stops the command, with the similar one."""
    done = newslake("sql", "SELECT 1", cwd=tmp_path, NEWS_DATA_DRI="x")
    assert (done.returncode, "NEWS_DATA_DRI" in done.stderr, "NEWS_DATA_DIR" in done.stderr) == (2, True, True)


def test_unknown_source_is_an_invalid_call(tmp_path: Path) -> None:
    """An unknown source stops the run before it starts, with the similar one."""
    (tmp_path / "sources.toml").write_text('[sources.door]\nkind = "inbox"\npath = "inbox"\n')
    done = called("run", "--source", "dor", cwd=tmp_path)
    assert (done.returncode, "'dor'" in done.stderr, "door" in done.stderr) == (2, True, True)
    assert not (tmp_path / "data").exists()


def test_wrong_key_in_sources_is_named(tmp_path: Path) -> None:
    """An unknown key of sources.toml is named with its place."""
    (tmp_path / "sources.toml").write_text('[sources.door]\nkind = "inbox"\npaht = "inbox"\n')
    done = called("run", cwd=tmp_path)
    assert (done.returncode, "sources.door.paht" in done.stderr) == (2, True)


def test_sql_answers_on_an_empty_lake(tmp_path: Path) -> None:
    """All four tables can be queried before the first commit, and no file appears."""
    for table in ("articles", "entities", "quotes", "events"):
        done = called("sql", f"SELECT count(*) AS n FROM {table}", "--json", cwd=tmp_path)
        assert (done.returncode, json.loads(done.stdout)) == (0, [{"n": 0}]), done.stderr


@pytest.mark.parametrize("statement", ["CREATE TABLE t (a INT)", "COPY (SELECT 1) TO 'x.csv'", "SELECT 1; SELECT 2"])
def test_sql_only_reads(tmp_path: Path, statement: str) -> None:
    """Anything but one statement that reads is an invalid call, and writes nothing."""
    done = called("sql", statement, cwd=tmp_path)
    assert (done.returncode, list(tmp_path.iterdir())) == (2, [])


def test_ask_lists_questions_as_json(tmp_path: Path) -> None:
    """`ask --json` lists the slug and title of each question."""
    listed = json.loads(called("ask", "--json", cwd=tmp_path).stdout)
    assert {"slug": "top-speakers"}.items() <= next(q for q in listed if q["slug"] == "top-speakers").items()
    assert all(sorted(question) == ["slug", "title"] for question in listed)


@pytest.mark.model
def test_annotate_keeps_order_and_reports_invalid_lines(tmp_path: Path) -> None:
    """Each valid line gives one line, in order; invalid ones are reported by number, and the exit code is 1."""
    lines = [
        json.dumps({"doc_id": "a", "text": TEXT, "title": None, "published_at": "2026-03-04"}),
        "{broken",
        json.dumps({"doc_id": "c", "text": 5}),
        json.dumps({"doc_id": "d", "text": TEXT, "published_at": "someday"}),
        json.dumps({"doc_id": "e", "text": "", "title": None, "published_at": None}),
        json.dumps({"doc_id": "f", "text": TEXT, "title": None, "published_at": None}),
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(lines) + "\n")
    done = newslake("annotate", "in.jsonl", "out.jsonl", cwd=tmp_path)
    written = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [doc["doc_id"] for doc in written] == ["a", "e", "f"]
    assert [f"line {n}:" in done.stderr for n in (1, 2, 3, 4, 5)] == [False, True, True, True, False]
    assert done.returncode == 1
    quote = written[0]["quotes"][0]
    speaker = (quote["speaker_name"], quote["speaker_kind"])
    assert (quote["text"], *speaker) == ("“We will build the ward,”", "Ruth Amberley", "person")
    assert all(TEXT[m["start"] : m["end"]] == m["text"] for m in written[0]["mentions"])


# Lines that no command can use, and a word of the message; each once ended the command with a traceback.
BAD_DOCUMENTS = {
    "a time before year 1": (
        '{"doc_id": "a", "text": "x", "published_at": "0001-01-01T00:00:00+23:59"}',
        "published_at",
    ),
    "deep nesting": ("[" * 200_000, "nested too deeply"),
    "a title that is not a string": ('{"doc_id": "a", "text": "x", "title": 5}', "title: must be a string"),
    "a language that is not a string": (
        '{"doc_id": "a", "text": "x", "language": ["en"]}',
        "language: must be a string",
    ),
    "a long number": (f'{{"doc_id": "a", "text": "x", "n": {"9" * 5000}}}', "not a JSON object"),
    "bytes that are not UTF-8": ('{"doc_id": "caf\udce9", "text": "x"}', "not UTF-8"),
    "a text of too many words": (json.dumps({"doc_id": "a", "text": "to be " * 75_001}), "150,000 words and marks"),
}
BAD_PAGES = {
    "a url that is a number": ('{"doc_id": "a", "url": 5, "html": "p.html"}', "url: must be a string"),
    "a broken host": ('{"doc_id": "a", "url": "http://[::1", "html": "p.html"}', "is not a URL"),
    "a time after year 9999": (
        '{"doc_id": "a", "html": "p.html", "fetched_at": "9999-12-31T23:59-23:59"}',
        "fetched_at",
    ),
    "a file name with a null": ('{"doc_id": "a", "html": "p\\u0000.html"}', "no file"),
    "a file name that is too long": (json.dumps({"doc_id": "a", "html": "p" * 5000}), "html"),
    "a file of 3 GB": ('{"doc_id": "a", "html": "large.html"}', "more than 10000000 bytes"),
}


@pytest.mark.model
@pytest.mark.parametrize("name", BAD_DOCUMENTS)
def test_annotate_reports_a_bad_line_and_goes_on(tmp_path: Path, name: str) -> None:
    """A bad line is reported with its number and the reason; the lines around it are annotated; exit 1."""
    line, word = BAD_DOCUMENTS[name]
    good = [json.dumps({"doc_id": each, "text": TEXT}) for each in "bc"]
    (tmp_path / "in.jsonl").write_bytes("\n".join((good[0], line, good[1])).encode("utf-8", "surrogateescape"))
    done = called("annotate", "in.jsonl", "out.jsonl", cwd=tmp_path)
    written = [json.loads(each)["doc_id"] for each in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert (done.returncode, written, "1 of 3 lines skipped" in done.stderr) == (1, ["b", "c"], True)
    assert word in next(each for each in done.stderr.splitlines() if "line 2:" in each)


@pytest.mark.parametrize("name", BAD_PAGES)
def test_clean_reports_a_bad_line_and_goes_on(tmp_path: Path, name: str) -> None:
    """A bad line is reported with its number and the reason; the pages around it are cleaned; exit 1."""
    line, word = BAD_PAGES[name]
    good = [json.dumps({"doc_id": each, "html": "p.html"}) for each in "bc"]
    (tmp_path / "p.html").write_text("<title>Ward opens</title><p>The ward opened on Monday.</p>")
    with (tmp_path / "large.html").open("wb") as large:
        large.truncate(3_000_000_000)  # sparse
    (tmp_path / "in.jsonl").write_text("\n".join((good[0], line, good[1])))
    done = called("clean", "in.jsonl", "out.jsonl", cwd=tmp_path)
    written = [json.loads(each)["doc_id"] for each in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert (done.returncode, written) == (1, ["b", "c"])
    assert word in next(each for each in done.stderr.splitlines() if "line 2:" in each)


@pytest.mark.model
def test_annotate_repairs_lone_surrogates(tmp_path: Path) -> None:
    """Half an emoji and a null in doc_id, title and text become U+FFFD; offsets are those of the text as given."""
    line = r'{"doc_id": "\ud83d", "title": "\udc00", "text": "Ana Brito \ud83d left \u0000. He said so."}'
    done = called("annotate", "-", "-", cwd=tmp_path, given=line)
    written = json.loads(done.stdout)
    assert (done.returncode, written["doc_id"], written["mentions"][0]["start"]) == (0, "\ufffd", 0)


@pytest.mark.model
def test_annotate_with_workers_writes_the_same(tmp_path: Path) -> None:
    """Two workers write the same bytes as one."""
    lines = [json.dumps({"doc_id": str(n), "text": TEXT.replace("Tuesday", f"{n} May")}) for n in range(1, 150)]
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    one = called("annotate", "in.jsonl", "one.jsonl", cwd=tmp_path)
    two = called("annotate", "in.jsonl", "two.jsonl", "--workers", "2", cwd=tmp_path)
    assert (one.returncode, two.returncode) == (0, 0), two.stderr
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()


def test_clean_reads_files_in_the_folder_of_the_input(tmp_path: Path) -> None:
    """`clean` reads HTML files in the folder of its input, none outside of it, and reports missing ones."""
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "p.html").write_text(
        "<html><head><title>Ward opens</title></head><body><h1>Ward opens</h1>"
        + "".join(
            f"<p>Paragraph {n} says that the new ward opened with many beds and a small garden.</p>" for n in range(9)
        )
    )
    lines = [
        {"doc_id": "a", "url": "https://news.example/a", "html": "p.html", "fetched_at": "2026-03-04T10:00:00Z"},
        {"doc_id": "b", "url": "https://news.example/b", "html": "../secret.html", "fetched_at": None},
        {"doc_id": "c", "url": "https://news.example/c", "html": "none.html", "fetched_at": None},
    ]
    (folder / "docs.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    (tmp_path / "secret.html").write_text("<p>secret</p>")
    done = called("clean", "pages/docs.jsonl", "out.jsonl", cwd=tmp_path)
    (written,) = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert (written["doc_id"], written["title"], len(written["paragraphs"])) == ("a", "Ward opens", 9)
    assert (done.returncode, "line 2:" in done.stderr, "line 3:" in done.stderr) == (1, True, True)


@pytest.mark.model
def test_try_prints_one_line_per_entity_and_the_speaker_in_the_text(tmp_path: Path) -> None:
    """`try` shows each entity once with mentions, title and link, and below each block the speakers of its quotes."""
    text = (
        "Mrs Ines Calloway flew to Paris on Friday to see the vault.\n\nShe said: “The vault is dry and will stay dry.”"
    )
    (tmp_path / "page.txt").write_text(text)
    done = called("try", "page.txt", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    person = (
        "PERSON, female (by honorific); mentions: Ines Calloway ×1, She ×1; honorific Mrs; no Wikidata id; quotes 1"
    )
    assert f"  Ines Calloway: {person}\n" in done.stdout
    assert "  Paris: GPE, country FRA (by kb); mentions: Paris ×1; Wikidata Q90 (confidence " in done.stdout
    note = "            1 Ines Calloway (direct quote, cue “said”)\n"
    assert f"She⟨1⟩ said⟨1⟩: ⟨1⟩“The vault is dry and will stay dry.”\n{note}" in done.stdout


@pytest.mark.model
def test_show_writes_a_page_of_a_file(tmp_path: Path) -> None:
    """`show FILE --html OUT` writes one whole page and no other file; without --html the page is printed."""
    (tmp_path / "page.txt").write_text(f"{TEXT}\n\nPolice could arrest the mayor on Friday.")
    done = called("show", "page.txt", "--published-at", "2026-03-04", "--html", "page.html", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "page written to page.html\n")
    html = (tmp_path / "page.html").read_text("utf-8")
    assert html.startswith("<!doctype html>")
    assert html.endswith("</html>\n")
    assert "<bdi>arrest</bdi>: hypothetical</span></p>" in html
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page.html", "page.txt"]
    printed = called("show", "page.txt", cwd=tmp_path)
    assert ": hypothetical" in printed.stdout
    assert "            1 Ruth Amberley, mayor of Oakenfell (direct quote, cue “said”)\n" in printed.stdout


def test_show_names_a_missing_article(tmp_path: Path) -> None:
    """A missing article exits 1 and names the next command; options for a file without a file exit 2."""
    for what in ("0" * 32, "https://post.example/a", "nowhere.txt"):
        done = called("show", what, cwd=tmp_path)
        assert (done.returncode, f"`newslake why {what}`" in done.stderr) == (1, True), done.stderr
    done = called("show", "0" * 32, "--published-at", "2026-03-04", cwd=tmp_path)
    assert (done.returncode, "for a file" in done.stderr) == (2, True)


def test_show_without_an_article_needs_a_run(tmp_path: Path) -> None:
    """On a lake without articles, `show` without an argument names the command that comes first."""
    done = called("show", cwd=tmp_path)
    assert (done.returncode, "no article yet; start with `newslake run`" in done.stderr) == (1, True)


def test_try_says_when_a_page_is_not_annotated(tmp_path: Path) -> None:
    """A text in an unknown language is printed, with the reason why it is not annotated."""
    (tmp_path / "page.txt").write_text("Ja, ja.")
    done = called("try", "page.txt", cwd=tmp_path)
    assert (done.returncode, "not annotated: its language is not supported" in done.stdout) == (0, True), done.stderr


def test_doctor_names_a_correction_for_an_unknown_source(tmp_path: Path) -> None:
    """A correction that can never apply is reported, with the source that it names."""
    (tmp_path / "sources.toml").write_text('[sources.post]\nkind = "feed"\nurl = "https://post.example/feed"\n')
    (tmp_path / "overrides.toml").write_text('[names."Ines Calloway"]\nsource = "pots"\nqid = ""\n')
    done = called("doctor", "--json", cwd=tmp_path)
    findings = {each["name"]: each for each in json.loads(done.stdout)}
    assert (done.returncode, findings["knowledge_base"]["status"]) == (1, "fail")
    assert "pots" in findings["knowledge_base"]["message"]


def test_doctor_names_what_is_wrong(tmp_path: Path) -> None:
    """Without sources.toml the doctor says so and exits 1; it checks everything else too."""
    done = called("doctor", "--json", cwd=tmp_path)
    findings = {each["name"]: each for each in json.loads(done.stdout)}
    assert done.returncode == 1
    assert [name for name, each in findings.items() if each["status"] == "fail"] == ["sources"]
    assert findings["sources"]["action"] == "run `newslake init`, or set NEWS_SOURCES_FILE"


def test_gc_says_what_it_removed_and_what_waits(tmp_path: Path) -> None:
    """Files that nothing needs wait for the end of their retention time; both numbers are printed."""
    lake = Lake(tmp_path / "data" / "lake", durability="process", now=lambda: datetime.now(UTC))
    lake.stage("left", batch_tables([Story(1)]), batch_keys([Story(1)]))
    assert called("lake", "gc", cwd=tmp_path).stdout == "removed: 0\nwaiting: 6\n"
    assert json.loads(called("lake", "gc", "--json", cwd=tmp_path).stdout) == {"removed": 0, "waiting": 6}
    done = called("lake", "gc", cwd=tmp_path, NEWS_GC_GRACE_HOURS="0")
    assert done.stdout == "removed: 6\nwaiting: 0\n"


def test_lake_commands_on_an_empty_lake(tmp_path: Path) -> None:
    """verify, repair, compact and gc succeed on an empty lake."""
    for command in ("verify", "repair", "compact", "gc"):
        done = called("lake", command, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
