"""From a row back to the bytes, and from a page without a row to the decision; each step is checked now."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from newslake.pipeline.cli import app
from newslake.pipeline.errors import ConfigError, LakeError
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model.provenance import Provenance, ProvenanceStep
from newslake.pipeline.show import provenance
from newslake.pipeline.show.provenance import StoredRows, trace_provenance
from newslake.pipeline.tables import TABLE_SPECS, rows_table
from tests.faults.hostile import Hostile
from tests.unit.jobs.test_derive import DAY, URL, archive, extract, id_of, space, story
from tests.unit.jobs.test_ingest import lists, run, server

__all__ = ["server", "space"]

SAME = "with the same pipeline version"
SHORT = b"<html><head><title>Quay</title></head><body><p>Back soon, says the harbour of Tarnwick.</p></body></html>"


def step(provenance: Provenance, name: str) -> ProvenanceStep:
    (found,) = [each for each in provenance.steps if each.name == name]
    return found


def facts(provenance: Provenance, name: str) -> dict[str, tuple[object, str | None]]:
    return {fact.name: (fact.value, fact.how) for fact in step(provenance, name).facts}


def checks(provenance: Provenance) -> list[tuple[bool | None, str]]:
    return [(check.holds, check.message) for each in provenance.steps for check in each.checks]


@pytest.mark.model
def test_article_that_moved_meanwhile(space: Workspace) -> None:
    """If a commit moves an article to another day during the query, the error says to try again."""
    archive(space, story("deepened"))
    extract(space, "run")
    [(article_id, stored)] = space.lake.index.stored([id_of(URL)]).items()
    elsewhere = replace(stored, published_date=stored.published_date - timedelta(days=400))
    with pytest.raises(LakeError, match="try again"):
        _ = StoredRows(workspace=space, article_id=article_id, stored=elsewhere).article
    assert StoredRows(workspace=space, article_id=article_id, stored=stored).article["article_id"] == article_id


@pytest.mark.model
def test_every_row_has_a_provenance(space: Workspace) -> None:
    """Every entity, quote and event leads to its text, its article and its record, and all checks pass."""
    archive(space, story("deepened. Norway signed an agreement with Chile on Monday. The pier would be shut"))
    extract(space, "1")
    article_id = id_of(URL)
    for table in ("entities", "quotes", "events"):
        count = space.lake.read(table).num_rows
        assert count > 0
        for index in range(count):
            provenance = trace_provenance(space, f"{article_id}:{table}:{index}")
            assert (provenance.answer, provenance.is_whole) == ("kept", True), checks(provenance)
            assert [each.name for each in provenance.steps] == ["row", "text", "article", "bytes", "listing", "next"]


@pytest.mark.model
def test_a_linked_surname_shows_its_evidence(space: Workspace) -> None:
    """The rows of a linked person, and of what the person says, name the person of the other articles."""
    archive(space, story("deepened"))
    extract(space, "1")
    quote = next(row for row in space.lake.read("quotes").to_pylist() if row["speaker_cluster_index"] is not None)
    cluster, article_id = quote["speaker_cluster_index"], quote["article_id"]
    keys = {name: quote[name] for name in ("article_id", "revision_id", "published_at")}
    person = {"person_id": "id", "person_name": "Ada Mara Okoro", "method": "related", "confidence": 0.95}
    links = rows_table(TABLE_SPECS["person_links"], [{**keys, "cluster_index": cluster, **person}])
    [day] = space.lake.days()
    space.lake.replace("person_links", lambda: {day: links})
    for row in space.lake.read("entities").to_pylist():
        found = facts(trace_provenance(space, f"{article_id}:entities:{row['entity_index']}"), "row").get("person")
        assert (found is not None) == (row["cluster_index"] == cluster)
    said = facts(trace_provenance(space, f"{article_id}:quotes:{quote['quote_index']}"), "row")
    assert said["person"] == ("Ada Mara Okoro", "id, method related, confidence 0.95")


@pytest.mark.model
def test_unsure_speaker_is_a_candidate(space: Workspace) -> None:
    """A quote whose speaker is too unsure shows no speaker, and who it may be."""
    words = "The brochure of the museum called the pier “the longest in the whole country”."
    page = story("deepened").replace(b"<p>", f"<p>Otto Brandt walked home.</p><p>{words}</p><p>".encode(), 1)
    archive(space, page)
    extract(space, "1")
    [at] = [at for at, row in enumerate(space.lake.read("quotes").to_pylist()) if row["speaker_candidate"]]
    of_row = facts(trace_provenance(space, f"{id_of(URL)}:quotes:{at}"), "row")
    assert of_row["speaker"][0] == "not known"
    assert of_row["speaker candidate"] == ("The brochure of the museum", "too unsure to be the speaker")


@pytest.mark.model
def test_quote_shows_how_each_value_is_known(space: Workspace) -> None:
    """A quote shows its speaker with rule and confidence, its text in the paragraph, its record and its listing."""
    archive(space, story("deepened"))
    extract(space, "1")
    provenance = trace_provenance(space, f"{id_of(URL)}:quotes:0")
    [row, *_] = space.lake.read("quotes").to_pylist()
    [article] = space.lake.read("articles").to_pylist()
    of_row = facts(provenance, "row")
    assert of_row["speaker"] == ("Ada Brandt", f"rule {row['rule_id']}, confidence {row['confidence']:.2f}")
    words = step(provenance, "text").excerpt
    assert words is not None
    assert article["text"][words.start_char : words.end_char] == words.span == row["quote_text"]
    assert words.before.endswith("told reporters that ")
    assert facts(provenance, "article")["published"] == (
        "2026-03-02 07:00:00 UTC",
        "method opengraph, precision second, zone +00:00",
    )
    (capture,) = space.archive.captures()
    kept = facts(provenance, "bytes")
    assert kept["file"] == (capture.file, f"record at offset {capture.offset}, {capture.length} bytes compressed")
    assert str(kept["record id"][0]).startswith("<urn:uuid:")
    assert (kept["digest"][0], kept["HTTP status"][0]) == (capture.digest, 200)
    assert facts(provenance, "listing")["status"][0] == "kept"
    assert (
        True,
        f"the text was extracted again now {SAME}: the same text, {len(article['text'])} characters",
    ) in checks(provenance)


@pytest.mark.model
def test_changed_code_is_not_a_failed_check(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a change of the code, a different text is no failure; with the same code it is, as are damaged bytes."""
    archive(space, story("deepened"))
    extract(space, "1")
    monkeypatch.setattr(provenance, "version_of", lambda _: "another")
    traced = trace_provenance(space, URL)
    assert traced.is_whole
    assert any("with pipeline version another (the row has" in message for _, message in checks(traced))
    monkeypatch.undo()
    monkeypatch.setattr(provenance, "clean_capture", lambda *_: None)
    assert (False, f"the text was extracted again now {SAME}: not an article: None") in checks(
        trace_provenance(space, URL)
    )
    monkeypatch.undo()
    (capture,) = space.archive.captures()
    path = space.settings.archive_dir / capture.file
    data = bytearray(path.read_bytes())
    data[capture.offset + capture.length // 2] ^= 0xFF
    path.write_bytes(data)
    damaged = trace_provenance(space, URL)
    assert (step(damaged, "bytes").headline, damaged.is_whole) == ("damaged", False)


@pytest.mark.model
def test_rejected_page_shows_the_missed_threshold(space: Workspace) -> None:
    """A rejected page shows the decision and the missed threshold; its text is extracted again."""
    archive(space, SHORT)
    extract(space, "1")
    provenance = trace_provenance(space, URL)
    assert (provenance.answer, provenance.is_whole) == ("not_kept", True)
    assert step(provenance, "decision").headline == "rejected: too_short"
    assert facts(provenance, "decision")["because"][0] == "too little text for an article"
    assert facts(provenance, "decision")["threshold"][0] == "7 words in paragraphs and lists, at least 25 are needed"
    assert (True, "the text was extracted again now: rejected for the same reason") in checks(provenance)


def test_archived_page_without_a_row(space: Workspace) -> None:
    """An unprocessed page shows which run processes it."""
    archive(space, story("deepened"))
    (check,) = step(trace_provenance(space, URL), "decision").checks
    assert check.holds is None
    assert check.message.startswith("the text was extracted again now: an article of ")
    assert check.message.endswith(f" words; a run of {DAY} processes it")


def test_page_that_could_not_be_fetched(server: Hostile, tmp_path: Path) -> None:
    """A refusal quotes its line of robots.txt, a pending page has its next try, an unknown page its host."""
    server.says("/robots.txt", 200, b"User-agent: *\nDisallow: /vault\n")
    lists(server, "/vault/1?utm_source=feed", "/busy")
    server.says("/busy", 503, b"", Retry_After="7200")
    run(tmp_path, server, "1")
    settings = {"data_dir": tmp_path, "sources_file": tmp_path / "sources.toml"}
    from newslake.pipeline.settings import Settings

    space = Workspace(Settings.load(**settings))
    refused = trace_provenance(space, server.url("/vault/1"))
    assert step(refused, "decision").headline == "rejected: robots_refused"
    assert str(facts(refused, "decision")["because"][0]).endswith("(line 2: Disallow: /vault)")
    assert [str(fact.value).split()[1] for fact in step(refused, "next").facts] == ["try", "push"]
    waits = trace_provenance(space, server.url("/busy"))
    assert step(waits, "decision").headline == "pending: http_503"
    assert step(waits, "next_try").headline == "in the first run after 2026-03-02 14:00 UTC"
    assert facts(waits, "next_try")["failed tries"] == ("1 of at most 8", "reason of the latest failure: http_503")
    unknown = trace_provenance(space, server.url("/nowhere"))
    assert (unknown.answer, unknown.is_whole) == ("unknown", False)
    assert facts(unknown, "unknown")["host"] == (server.host, "2 known pages, latest outcome on 2026-03-02")
    assert facts(unknown, "unknown")["source"][0] == "feed"


def test_removed_log_is_a_limit_of_the_answer(server: Hostile, tmp_path: Path) -> None:
    """After old months of the log were removed, an answer that nothing is known says from when on."""
    from newslake.pipeline.settings import Settings

    server.says("/robots.txt", 200, b"User-agent: *\nDisallow: /vault\n")
    lists(server, "/vault/1", "/busy")
    server.says("/busy", 503, b"", Retry_After="7200")
    run(tmp_path, server, "1")
    space = Workspace(Settings.load(data_dir=tmp_path, sources_file=tmp_path / "sources.toml"))
    later = datetime(2026, 8, 1, tzinfo=UTC)
    space.lake.log.compact(now=later)
    space.lake.log.expire(now=later, keep_months=3)
    limit = ", as far as is known: the log before 2026-04-01 was removed (NEWS_LOG_KEEP_MONTHS)"
    unknown = trace_provenance(space, server.url("/nowhere"))
    assert step(unknown, "unknown").headline == f"no source listed this page, and no inbox file named it{limit}"
    local = trace_provenance(space, "page.html")
    assert step(local, "unknown").headline == f"neither the archive nor the tables have it{limit}"
    assert step(trace_provenance(space, server.url("/busy")), "next_try").headline.startswith("in the first run")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("a" * 32 + ":3", "is not a row; add table and number, e.g. " + "a" * 32 + ":quotes:0"),
        ("a" * 32 + ":quotes:x", "is not a row; add table and number, e.g. " + "a" * 32 + ":quotes:0"),
        ("a" * 32 + ":quo-tes:3", "is not a row"),
        ("a" * 32 + ":nosuch:3", "table 'nosuch' has no offsets into a text"),
        ("a" * 32 + ":copies:3", "table 'copies' has no offsets into a text"),
        ("a" * 32 + ":quotes:3", "the lake has no article"),
    ],
)
def test_invalid_row_is_an_invalid_call(space: Workspace, query: str, said: str) -> None:
    """A row is written ARTICLE_ID:TABLE:INDEX; the error for any other form shows this one."""
    with pytest.raises(ConfigError, match=said):
        trace_provenance(space, query)


@pytest.mark.model
def test_why_on_the_command_line(space: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text and JSON agree; exit 0 for an answer, 1 if nothing is known; an invalid call is an error."""
    archive(space, story("deepened"))
    extract(space, "1")
    monkeypatch.setenv("NEWS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("NEWS_SOURCES_FILE", str(tmp_path / "sources.toml"))
    row = f"{id_of(URL)}:quotes:0"
    shown = CliRunner().invoke(app, ["why", row])
    as_json = CliRunner().invoke(app, ["why", row, "--json"])
    assert (shown.exit_code, as_json.exit_code) == (0, 0)
    provenance = json.loads(as_json.output)
    assert (provenance["answer"], provenance["is_whole"]) == ("kept", True)
    for each in provenance["steps"]:
        assert all(str(fact["value"]) in shown.output for fact in each["facts"])
        assert all(f"✓ {check['message']}" in shown.output for check in each["checks"])
    assert "»the harbour of Tarnwick would be deepened before the summer" in shown.output
    assert CliRunner().invoke(app, ["why", "https://post.example.org/nowhere"]).exit_code == 1
    assert isinstance(CliRunner().invoke(app, ["why", "a" * 32 + ":3"]).exception, ConfigError)


@pytest.mark.model
def test_file_without_a_url_is_found_by_its_name(space: Workspace) -> None:
    """A local text has no URL: its name in the outcomes leads to its article."""
    from newslake.pipeline.model import Hints, Page

    at = space.settings.now() - timedelta(hours=1)
    text = b"Pier to be widened\n\n" + b"Councillor Ada Brandt said that the pier would be widened. " * 8
    page = Page(
        url=None, final_url=None, status=200, headers={"content-type": "text/plain"}, body=text, fetched_at=at,
        hints=Hints(file="pier.txt"),
    )  # fmt: skip
    from newslake.pipeline.clean import page_identity

    with space.archive.writer(source_key="drop", run_id="r") as writer:
        writer.put(page, news_day=DAY, article_id=page_identity(page)[1])
    extract(space, "1")
    assert (trace_provenance(space, "pier.txt").answer, trace_provenance(space, "pier.txt").is_whole) == ("kept", True)
