"""Corrections from the article page to the rows, on an evening of the sample newsroom."""

import json
import os
import shutil
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from newslake.pipeline.addons.corrections.preview import OverrideCheck, check_overrides, stale_corrections
from newslake.pipeline.addons.operate.plan import plan
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.jobs.inventory import LAKE, give_up, knowledge_of
from newslake.pipeline.jobs.pipeline_version import version_of
from newslake.pipeline.jobs.run import extract_day, ingest_sources
from newslake.pipeline.jobs.worklist import unprocessed_days
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model.corrections import (
    folded_words,
    name_lines,
    name_to_correct,
    no_quote_lines,
    place_of_article,
    place_of_quote,
    speaker_lines,
)
from newslake.pipeline.settings import Settings
from newslake.pipeline.tables.spec import Row
from newslake.pipeline.upkeep.health import examine
from tests.unit.cli.test_commands import called
from tests.unit.jobs.test_run import digests, newsroom, open_at  # noqa: F401 - a fixture

pytestmark = [pytest.mark.model]

DAY = date(2026, 3, 2)


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory, newsroom) -> Path:  # noqa: F811
    """The data root after one evening."""
    folder = tmp_path_factory.mktemp("evening")
    (folder / "inbox").mkdir()
    take_in(open_at(folder, newsroom, DAY), "courier")
    return folder


def take_in(space: Workspace, source_key: str) -> None:
    """Ingest a source for the day, and derive all unprocessed days."""
    day = space.settings.now().date()
    ingest_sources(
        space, source_keys=[source_key], day=day, run_id=f"{source_key}-{day}", report_progress=lambda _: None
    )
    for each in unprocessed_days(space):
        extract_day(space, day=each, run_id=f"{source_key}-{day}-{each}", report_progress=lambda _: None)


@pytest.fixture
def space(evening: Path, tmp_path: Path) -> Workspace:
    """A workspace on a copy of that evening, with its own corrections."""
    shutil.copytree(evening, tmp_path, dirs_exist_ok=True)
    sources = tmp_path / "sources.toml"
    sources.write_text(sources.read_text().replace(f"{evening}/inbox", f"{tmp_path}/inbox"))
    return at(tmp_path)


def at(folder: Path) -> Workspace:
    files = {"sources_file": folder / "sources.toml", "overrides_file": folder / "overrides.toml"}
    return Workspace(Settings.load(data_dir=folder, **files, frozen_now=f"{DAY}T21:00:00+00:00", durability="process"))


def rows(space: Workspace, table: str, article_id: str) -> list[Row]:
    return [row for row in space.lake.read(table).to_pylist() if row["article_id"] == article_id]


def article_named(space: Workspace, part: str) -> Row:
    """Return the one article with this part in its URL."""
    (found,) = (row for row in space.lake.read("articles").to_pylist() if part in (row["url"] or ""))
    return found


def derive_all(space: Workspace, name: str, *, backwards: bool = False) -> dict[str, int]:
    """Derive every day of the archive; return the planned numbers."""
    days = sorted(space.archive.days(), reverse=backwards)
    planned = plan(space, first=min(days), last=max(days)).days
    for day in days:
        extract_day(space, day=day, run_id=f"{name}-{day}", report_progress=lambda _: None)
    assert space.lake.verify() == ()
    return {why: sum(getattr(each, f"derive_{why}") for each in planned) for why in ("new", "again")}


def line_for(space: Workspace, article: Row, index: int, speaker: str | None) -> str:
    """Return the lines that the article page suggests for a quote."""
    quotes = sorted(rows(space, "quotes", article["article_id"]), key=lambda row: row["quote_index"])
    parts = quotes[index]["quoted_spans"]
    marked = article["text"][parts[0]["start_char"] : parts[0]["end_char"]] if parts else ""
    place = place_of_quote([quote["quote_text"] for quote in quotes], index, marked=marked)
    where = place_of_article(article["article_id"], article["url"])
    return (
        no_quote_lines(place, article=where)
        if speaker is None
        else speaker_lines(place, article=where, speaker=speaker)
    )


def another_person(space: Workspace, article: Row, name: str) -> str:
    """Return the name of another person in the article."""
    names = rows(space, "entities", article["article_id"])
    people = [row["entity_name"] for row in names if row["entity_type"] == "PERSON" and row["entity_name"]]
    return next(each for each in people if each != name)


def tried(space: Workspace, line: str | None = None, **given: Any) -> OverrideCheck:
    return check_overrides(space, **{"file": None, "line": line, "articles": (), "limit": 50} | given)


def values(done: OverrideCheck, table: str) -> dict[str | None, tuple[object, object]]:
    return {each.column: (each.before, each.after) for each in done.changes if each.table == table}


def lose_lake(space: Workspace) -> None:
    """Move the lake away, and go on without it."""
    space.settings.lake_dir.rename(space.settings.data_dir / "old")
    give_up(space.settings, [LAKE])


def test_from_the_page_to_the_rows_and_back(space: Workspace, tmp_path: Path):
    """A line from a row: check shows the changes, and the next derive makes them in that article alone.

    The bytes are the same in any order of deriving, and without the line they are the first ones again.
    """
    first = digests(tmp_path)
    article = article_named(space, "harbour-bridge-closed")
    quotes = rows(space, "quotes", article["article_id"])
    wrong = next(row for row in quotes if row["speaker_kind"] == "person")
    other = another_person(space, article, wrong["speaker_name"])
    line = line_for(space, article, wrong["quote_index"], other) + line_for(
        space, article, quotes[-1]["quote_index"], None
    )

    done = tried(space, line)
    assert (done.is_ok, done.to_process, done.read) == (True, 1, (article["article_id"],))
    assert values(done, "quotes")["speaker_name"] == (wrong["speaker_name"], other)
    assert values(done, "quotes")[None] == ("present", "absent")
    assert (digests(tmp_path), space.settings.overrides_file.exists()) == (first, False)

    space.settings.overrides_file.write_text(line)
    assert derive_all(space, "second") == {"new": 0, "again": 1}
    corrected = rows(space, "quotes", article["article_id"])
    assert [row["quote_index"] for row in corrected] == list(range(len(quotes) - 1))
    now = next(row for row in corrected if row["quote_text"] == wrong["quote_text"])
    assert (now["speaker_name"], now["rule_id"], now["confidence"]) == (other, "override", 1.0)
    after = article_named(space, "harbour-bridge-closed")
    assert (after["quote_count"], after["pipeline_version"]) == (len(quotes) - 1, article["pipeline_version"])
    again = digests(tmp_path)
    assert derive_all(space, "third") == {"new": 0, "again": 0}
    assert digests(tmp_path) == again
    assert values(tried(space), "quotes") == values(done, "quotes")

    lose_lake(space)
    derive_all(at(tmp_path), "anew", backwards=True)
    assert digests(tmp_path) == again

    space.settings.overrides_file.unlink()
    assert derive_all(at(tmp_path), "back") == {"new": 0, "again": 1}
    assert digests(tmp_path) == first


def test_name_of_one_article(space: Workspace):
    """A name is another entity in one article: its rows and quotes change, other articles do not."""
    article = article_named(space, "harbour-bridge-closed")
    names = [row for row in rows(space, "entities", article["article_id"]) if row["mention_kind"] == "name"]
    speaker = next(row for row in rows(space, "quotes", article["article_id"]) if row["speaker_kind"] == "person")
    forms = [row["entity_text"] for row in names if row["entity_name"] == speaker["speaker_name"]]
    name = name_to_correct(speaker["speaker_name"], forms)
    done = tried(space, name_lines(name, article=article["article_id"], qid="Q999999901"))
    assert {each.article_id for each in done.changes} == {article["article_id"]}
    assert values(done, "entities")["entity_id"][1] == "Q999999901"
    assert values(done, "quotes")["speaker_entity_id"][1] == "Q999999901"
    assert [line.articles for line in done.lines] == [(article["article_id"],)]


def test_line_without_a_place_touches_each_article_with_the_name(space: Workspace):
    """A line without a place is tried on every article with the name, up to the limit."""
    found = {
        row["article_id"]
        for row in space.lake.read("entities").to_pylist()
        if (row["mention_kind"], row["entity_text"]) == ("name", "Merrowby")
    }
    line = name_lines("Merrowby", qid="")
    done = tried(space, line)
    assert (set(done.lines[0].articles), set(done.read)) == (found, found)
    one = tried(space, line, articles=[min(found)])
    assert one.read == (min(found),)
    assert len(found) > 1
    less = tried(space, line, limit=1)
    assert (less.read, less.skipped) == ((min(found),), len(found) - 1)


def test_lines_without_effect_are_named(space: Workspace):
    """A name without an article, an unknown article, words without a quote: each problem has its key."""
    article = article_named(space, "harbour-bridge-closed")["article_id"]
    line = (
        name_lines("Nobody Atall", qid="")
        + f'[[quotes]]\narticle = "{"0" * 32}"\nquote = "x"\nis_quote = false\n'
        + f'[[quotes]]\narticle = "{article}"\nquote = "words of nobody"\nis_quote = false\n'
    )
    done = tried(space, line)
    assert not done.is_ok
    assert {each.key: each.problem is not None for each in done.lines} == {
        'names."Nobody Atall"[0]': True,
        "quotes[0]": True,
        "quotes[1]": True,
    }
    lost = tried(space, name_lines("Merrowby", qid=""), articles=["f" * 32])
    assert (lost.lines, dict(lost.unread), lost.is_ok) == ((), {"f" * 32: "no correction affects it"}, False)


def stale(space: Workspace) -> list[tuple[str, str]]:
    found = stale_corrections(space.lake, knowledge_of(space.settings), version=version_of(space.settings))
    return [(each.key, each.why) for each in found]


def corrections_finding(space: Workspace) -> tuple[str, str]:
    (found,) = (each for each in examine(space) if each.name == "corrections")
    return found.status, found.message


def test_doctor_names_stale_corrections(space: Workspace):
    """A correction is ok before and after the next derive; one without its words, or with two matches, is named."""
    article = article_named(space, "harbour-bridge-closed")
    quotes = rows(space, "quotes", article["article_id"])
    good = line_for(space, article, 0, "Ada Quill") + line_for(space, article, 1, None)
    space.settings.overrides_file.write_text(good)
    assert (stale(space), corrections_finding(space)[0]) == ([], "ok")
    derive_all(space, "second")
    assert (stale(space), corrections_finding(space)) == (
        [],
        ("ok", "each has an effect"),
    )
    where = f'[[quotes]]\narticle = "{article["article_id"]}"\nquote = '
    counted = Counter(word for row in quotes[2:] for word in set(folded_words(row["quote_text"])))
    twice = next(word for word, count in counted.items() if count > 1)
    space.settings.overrides_file.write_text(
        f'{good}{where}"gone since"\nspeaker = "X"\n{where}"{twice}"\nis_quote = false\n'
        f'[[quotes]]\narticle = "{"0" * 32}"\nquote = "x"\nspeaker = "X"\n'
    )
    derive_all(space, "third")
    assert [key for key, _ in stale(space)] == ["quotes[2]", "quotes[3]", "quotes[4]"]
    status, message = corrections_finding(space)
    assert (status, "3 corrections without effect" in message, "quotes[2]" in message) == ("fail", True, True)


def test_article_without_annotation_is_not_derived_again(space: Workspace, tmp_path: Path):
    """A correction of an article in an unsupported language never derives it again, and is named."""
    page = {"url": "https://post.example.org/quai", "title": "Le quai", "published_at": f"{DAY}T08:00:00Z"}
    text = "Le quai du port de Tarnwick sera fermé pendant tout l'été, a annoncé la mairie mardi soir. " * 8
    (tmp_path / "inbox" / "quai.jsonl").write_text(json.dumps({**page, "text": text, "language": "fr"}) + "\n")
    os.utime(tmp_path / "inbox" / "quai.jsonl", (0, 0))  # written completely long ago
    take_in(space, next(source.key for source in space.sources.sources if source.kind == "inbox"))
    article = article_named(space, "post.example.org/quai")
    assert (article["language"], article["quote_count"]) == ("fr", None)
    line = f'[[quotes]]\narticle = "{page["url"]}"\nquote = "Le quai du port"\nis_quote = false\n'
    space.settings.overrides_file.write_text(
        line + line_for(space, article_named(space, "council-budget-vote"), 0, None)
    )
    assert derive_all(space, "second") == {"new": 0, "again": 1}
    assert "language is not supported (fr)" in dict(tried(space).unread)[article["article_id"]]


def test_new_revision_keeps_or_loses_its_correction(space: Workspace, tmp_path: Path, newsroom):  # noqa: F811
    """When an article changes, the corrections of its remaining quotes apply; those of removed quotes are stale."""
    article = article_named(space, "harbour-bridge-closed")
    quotes = rows(space, "quotes", article["article_id"])
    lines = [line_for(space, article, row["quote_index"], "Ada Quill") for row in quotes]
    space.settings.overrides_file.write_text("".join(lines))
    derive_all(space, "second")
    assert {row["speaker_name"] for row in rows(space, "quotes", article["article_id"])} == {"Ada Quill"}
    take_in(open_at(tmp_path, newsroom, date(2026, 3, 3)), "courier")
    derive_all(space, "third")
    changed = article_named(space, "harbour-bridge-closed")
    assert changed["revision_id"] != article["revision_id"]
    texts = {row["quote_text"] for row in rows(space, "quotes", article["article_id"])}
    kept = [row for row in rows(space, "quotes", article["article_id"]) if row["rule_id"] == "override"]
    gone = [f"quotes[{index}]" for index, row in enumerate(quotes) if row["quote_text"] not in texts]
    assert (len(kept), len(gone)) == (len(quotes) - len(gone), 1)
    assert [key for key, _ in stale(space)] == gone
    assert [each.key for each in tried(space).lines if each.problem] == gone


def test_command(space: Workspace, tmp_path: Path):
    """The command shows the changes of a pasted line and exits 0; 1 for a line without effect."""
    article = article_named(space, "harbour-bridge-closed")
    line = line_for(space, article, 0, "Ada Quill")
    before = digests(tmp_path)

    def check(*args: str, given: str = ""):
        return called("overrides", "preview", *args, cwd=tmp_path, given=given, NEWS_DATA_DIR=str(tmp_path))

    output = check("--line", "-", given=line)
    assert (output.returncode, "-> Ada Quill" in output.stdout, "nothing was written" in output.stderr) == (
        0,
        True,
        True,
    )
    assert ": affects 1 article\n" in output.stdout
    assert "in 1 article; nothing" in output.stderr
    (tmp_path / "mine.toml").write_text(line)
    shown = json.loads(check("--file", "mine.toml", "--json", article["url"]).stdout)
    assert (shown["is_ok"], shown["lines"][0]["articles"]) == (True, [article["article_id"]])
    assert {"article_id", "table", "text", "column", "before", "after"} == shown["changes"][0].keys()
    lost = check("--line", name_lines("Nobody Atall", qid=""))
    assert (lost.returncode, 'names."Nobody Atall"[0]' in lost.stderr) == (1, True)
    assert digests(tmp_path) == before


@pytest.mark.parametrize(
    ("line", "message"), [(None, "no such file"), ("x =", "--line: Invalid"), ("# none", "corrects nothing")]
)
def test_wrong_calls(space: Workspace, line: str | None, message: str):
    """A call without a file or line, or with an invalid line, is invalid and says what to give."""
    with pytest.raises(ConfigError, match=message):
        tried(space, line)


def test_line_for_a_name_in_single_brackets(space: Workspace):
    """A line that cannot be appended to the file is refused, with advice."""
    space.settings.overrides_file.write_text('[names."Merrowby"]\nqid = ""\n')
    with pytest.raises(ConfigError, match="in both places"):
        tried(space, name_lines("Merrowby", qid="Q1"))
