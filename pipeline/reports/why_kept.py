"""An article of the lake and the bytes that it was read from, looked at now."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.errors import BrokenRecordError, NewsError
from pipeline.jobs.annotator import version_of
from pipeline.jobs.clean import clean_capture
from pipeline.jobs.workspace import Workspace
from pipeline.model import Article, Capture, Outcome
from pipeline.model.provenance import Check, Fact, ProvenanceStep, known_facts
from pipeline.reports.why_row import INDEX_OF, StoredRows

_COUNTS = {"entities": "entity_count", "quotes": "quote_count", "events": "event_count"}
_FIELD_LABELS = {
    "title": "title",
    "authors": "authors",
    "publisher": "publisher",
    "language": "language",
    "page_type": "page type",
}


def article_step(rows: StoredRows) -> ProvenanceStep:
    """Return what is said of the article, by which method, and what read it."""
    article, stored = rows.article, rows.stored
    methods = {each["field"]: each["method"] for each in article["field_methods"] or ()}
    zone = f", written {article['published_at_zone']}" if article["published_at_zone"] else ""
    when = f"by {article['published_at_method']}, to the {article['published_at_precision'] or '?'}{zone}"
    values = {name: article[name] for name in _FIELD_LABELS} | {"authors": ", ".join(article["authors"])}
    fields = (
        Fact(label, values[name], _by(methods.get(name))) for name, label in _FIELD_LABELS.items() if name != "title"
    )
    facts = known_facts(
        Fact("url", article["url"]),
        *fields,
        Fact("published", _moment(article["published_at"]) or "not known", when),
        Fact("words", article["word_count"], _by(methods.get("body"))),
        Fact("flags", ", ".join(article["flags"])),
        Fact("paywall", "yes" if article["is_paywalled"] else None, methods.get("is_paywalled")),
        Fact("article", article["article_id"], f"revision {article['revision_id']}"),
        Fact("read by", article["model_name"] or "nothing: no words for its language", article["extractor"]),
        Fact(
            "version", article["pipeline_version"], f"names as known in {article['kb_version'] or 'no knowledge base'}"
        ),
        Fact("committed", str(stored.published_date), "its day in the tables"),
        *_copy_of(rows),
    )
    checks = tuple(_check_count(rows, table) for table in INDEX_OF)
    told = f"{article['title'] or 'without a title'} ({_by(methods.get('title')) or 'title as given'})"
    return ProvenanceStep(name="article", told=told, facts=facts, checks=checks)


def _check_count(rows: StoredRows, table: str) -> Check:
    found, said = len(rows.of(table)), rows.article[_COUNTS[table]]
    if said is None:
        return Check(None if not found else False, f"{found} {table}: it was not read")
    told = f"{found} {table}" if found == said else f"{found} {table}, the article says {said}: `newslake lake verify`"
    return Check(found == said, told)


def _copy_of(rows: StoredRows) -> tuple[Fact, ...]:
    return tuple(
        Fact("copy of", row["dup_group_id"], f"{row['method']}, similarity {row['similarity']:.2f}")
        for row in rows.of("copies")
        if row["is_copy"]
    )


def _by(method: str | None) -> str | None:
    return None if method is None else f"by {method}"


def _moment(at: Any) -> str | None:
    return None if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"


def bytes_step(workspace: Workspace, capture: Capture, *, row: Mapping[str, Any] | None) -> ProvenanceStep:
    """Return where the bytes of a capture lie; they are read, compared with their digest and cleaned again.

    ``row`` is the article that was read from them, None where none was.
    """
    facts = [
        Fact("file", capture.file, f"bytes {capture.offset} to {capture.offset + capture.length}"),
        Fact("digest", capture.digest, "a revisit: the bytes are an earlier record's" if capture.is_revisit else None),
        Fact("asked for", capture.url or capture.hints.file or "no URL, a local text"),
        Fact("status", capture.status, None if capture.url else "a local file"),
        Fact("fetched", _moment(capture.fetched_at), f"run {capture.run_id}"),
    ]
    try:
        page = workspace.archive.page(capture)
        facts.insert(1, Fact("record", workspace.archive.record_id(capture)))
    except BrokenRecordError as error:
        return ProvenanceStep(
            name="bytes", told="damaged", facts=known_facts(*facts), checks=(Check(False, str(error)),)
        )
    if page.final_url != page.url:
        facts.append(Fact("ended at", page.final_url, "after redirects"))
    checks = [Check(True, f"{len(page.body)} bytes read now; they have this digest")]
    if row is not None:
        checks.append(_check_recleaning(workspace, capture, row))
    told = f"{page.content_type or 'no media type'}, {len(page.body)} bytes"
    return ProvenanceStep(name="bytes", told=told, facts=known_facts(*facts), checks=tuple(checks))


def missing_record_step(raw_ref: str | None) -> ProvenanceStep:
    """Return that the archive has no record with the payload of a row."""
    told = f"the archive has no record of {raw_ref}: `newslake raw verify` says what is lost"
    return ProvenanceStep(name="bytes", told="not there", checks=(Check(False, told),))


def _check_recleaning(workspace: Workspace, capture: Capture, row: Mapping[str, Any]) -> Check:
    """Return whether the bytes still give the row's text; other code may read another."""
    read, now, before = clean_capture(workspace, capture), version_of(workspace.settings), row["pipeline_version"]
    code = "by the same code" if now == before else f"by the code of now ({now}, the row is of {before})"
    if isinstance(read, Article) and (read.text, read.revision_id) == (row["text"], row["revision_id"]):
        return Check(True, f"cleaned again {code}: the same {len(read.text)} characters")
    other = "another text" if isinstance(read, Article) else f"no article: {_failure_text(read)}"
    if now == before:
        return Check(False, f"cleaned again {code}: {other}")
    return Check(None, f"cleaned again {code}: {other}; a run of {capture.news_day} derives it again")


def _failure_text(read: object) -> str:
    return f"{read.reason}: {read}" if isinstance(read, NewsError) else str(getattr(read, "detail", read))


def discovery_step(workspace: Workspace, captures: Sequence[Capture], outcomes: Sequence[Outcome]) -> ProvenanceStep:
    """Return who listed a page first, for which day, and what was seen of it since. ``captures`` are oldest first."""
    first, last = captures[0], captures[-1]
    source = next((each for each in workspace.sources.sources if each.key == first.source_key), None)
    place = f"{source.kind} {source.location}" if source is not None else "sources.toml has it no more"
    said = first.hints
    facts = known_facts(
        Fact("source", first.source_key, place),
        Fact(
            "news day", str(first.news_day), "the listing's date" if said.published_at else "the day of its first fetch"
        ),
        Fact("listed as", said.title, _moment(said.published_at)),
        Fact("file", said.file),
        Fact("run", first.run_id, _moment(first.fetched_at)),
        Fact("fetched", f"{len(captures)} times", f"last {_moment(last.fetched_at)}")
        if len(captures) > 1
        else _NO_FACT,
        Fact("last word", outcomes[0].outcome, _last_word(outcomes[0])) if outcomes else _NO_FACT,
    )
    return ProvenanceStep(name="found", told=f"by {first.source_key}, {_moment(first.fetched_at)}", facts=facts)


_NO_FACT = Fact("", None)


def _last_word(outcome: Outcome) -> str:
    why = f"{outcome.reason}: {outcome.detail}, " if outcome.reason else ""
    return f"{why}{_moment(outcome.seen_at)}, run {outcome.run_id}"
