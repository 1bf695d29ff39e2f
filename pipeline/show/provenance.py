"""Provenance for `newslake why`: from a row, article or URL back to the bytes, or why a page has no row."""

import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow.compute as pc

from newslake.pipeline.errors import BrokenRecordError, ConfigError, LakeError, NewsError
from newslake.pipeline.jobs.clean import clean_capture
from newslake.pipeline.jobs.pipeline_version import version_of
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.lake import StoredArticle
from newslake.pipeline.model import Article, Capture, Outcome, article_id_of, canonical_url
from newslake.pipeline.model.provenance import Check, Excerpt, Fact, Provenance, ProvenanceStep, known_facts
from newslake.pipeline.query.connection import check_time
from newslake.pipeline.query.outcomes import outcomes_of
from newslake.pipeline.show.missing_pages import (
    NO_FACT,
    decision_step,
    describe_status,
    format_moment,
    recheck_fact,
    retry_commands,
    taken_down_step,
    unknown_name_step,
    unknown_step,
    waiting_step,
)
from newslake.pipeline.show.page_history import captures_of
from newslake.pipeline.tables.spec import Row

# Tables whose rows have offsets into an article's text: the column of the row number, and of the text there.
INDEX_OF = {"entities": "entity_index", "quotes": "quote_index", "events": "event_index"}
_WORDS_OF = {"entities": "entity_text", "quotes": "quote_text", "events": "trigger_text"}

_ROW = re.compile(r"([0-9a-f]{32}):(\w+):(\d+)")
_ARTICLE = re.compile(r"[0-9a-f]{32}")
_TABLES = ", ".join(INDEX_OF)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRows:
    """The current rows of an article in the lake; each table is read once."""

    workspace: Workspace
    article_id: str
    stored: StoredArticle
    _read: dict[str, list[Row]] = field(default_factory=dict)

    def of(self, table: str) -> list[Row]:
        """Return the rows in one table. Raises: LakeError for a damaged object."""
        if table not in self._read:
            check_time()
            day = self.workspace.lake.read(table, days=[self.stored.published_date])
            self._read[table] = day.filter(pc.equal(day["article_id"], self.article_id)).to_pylist()
        return self._read[table]

    @property
    def article(self) -> Row:
        """The row of the article itself. Raises: LakeError if a commit moved it to another day meanwhile."""
        if rows := self.of("articles"):
            return rows[0]
        message = f"{self.article_id} was moved to another day during the query; try again"
        raise LakeError(message, key=self.article_id, reason="moved")

    def numbered(self, table: str, index: int) -> Row:
        """Return one row by its number. Raises: ConfigError that says how many rows the article has."""
        rows = self.of(table)
        match = next((row for row in rows if row[INDEX_OF[table]] == index), None)
        if match is None:
            count = f"{len(rows)} rows, numbered from 0" if rows else "no rows"
            raise ConfigError(f"{table} has no row {index} of {self.article_id}: {count}", key=self.article_id)
        return match


@dataclass(frozen=True, slots=True)
class _ProvenanceQuery:
    """A parsed query: the possible article_ids and URL spellings, and the row, if it names one."""

    text: str
    article_ids: tuple[str, ...]
    urls: tuple[str, ...]
    table: str | None = None
    index: int | None = None

    @property
    def is_url(self) -> bool:
        return self.text.startswith(("http://", "https://"))


def trace_provenance(workspace: Workspace, query: str, *, rows: StoredRows | None = None) -> Provenance:
    """Return the provenance of a URL, an article_id, or a row such as ``ARTICLE_ID:quotes:3``.

    ``rows`` are those of the article, if they were read already.
    Raises: ConfigError for anything else, LakeError for damaged table files.
    """
    wanted = _parse_query(workspace, query)
    captures = captures_of(workspace, wanted.article_ids)
    outcomes = _outcomes(workspace, wanted, captures, rows)
    logged = [
        each.article_id for each in outcomes if each.article_id
    ]  # for a local file, only these have the article_id
    ids = dict.fromkeys([*wanted.article_ids, *logged])
    captures = captures or captures_of(workspace, ids)
    stored = workspace.lake.index.stored(ids)
    article_id = next((each for each in ids if each in stored), None)
    if article_id is not None:
        rows = rows or StoredRows(workspace=workspace, article_id=article_id, stored=stored[article_id])
        steps = _stored_steps(workspace, wanted, rows, captures, outcomes)
        return Provenance(query=query, answer="kept", steps=steps)
    gone = (taken_down_step(),) if workspace.takedowns.is_blocked(*wanted.article_ids) else ()
    if wanted.table is not None and not gone:
        raise ConfigError(f"the lake has no article {wanted.article_ids[0]}", key=query)
    steps = gone + _missing_steps(workspace, wanted, captures, outcomes)
    if steps:
        return Provenance(query=query, answer="not_kept", steps=steps)
    return Provenance(query=query, answer="unknown", steps=_unknown_steps(workspace, wanted))


def resolve_article_ids(workspace: Workspace, query: str) -> tuple[str, ...]:
    """Return the possible article_ids of a URL, an id or a row, most likely first; empty for a local file.

    Raises: ConfigError as ``trace_provenance`` does.
    """
    return _parse_query(workspace, query).article_ids


def _parse_query(workspace: Workspace, query: str) -> _ProvenanceQuery:
    if match := _ROW.fullmatch(query):
        article_id, table, index = match.groups()
        if table not in INDEX_OF:
            raise ConfigError(f"{query}: table {table!r} has no offsets into a text; use {_TABLES}", key=query)
        return _ProvenanceQuery(query, (article_id,), (), table, int(index))
    if _ARTICLE.fullmatch(query):
        return _ProvenanceQuery(query, (query,), ())
    if re.match(r"[0-9a-f]{32}:", query):
        example = f"{query.partition(':')[0]}:quotes:0"
        raise ConfigError(f"{query} is not a row; add table and number, e.g. {example}; tables: {_TABLES}", key=query)
    if not query.startswith(("http://", "https://")):
        return _ProvenanceQuery(query, (), (query,))  # a local file, as outcomes name it
    try:
        key = canonical_url(query)
    except ValueError as error:
        raise ConfigError(f"{query} is not a valid URL ({error})", key=query) from error
    ids = [each.article_id for each in reversed(workspace.archive.captures(page_key=key))]
    seen = workspace.fetch_state.seen(key)
    urls = (query, key) if seen is None else (query, key, seen.url)  # outcomes have the spelling of its listing
    return _ProvenanceQuery(query, tuple(dict.fromkeys([*ids, article_id_of(canonical=key, text="")])), urls)


def _outcomes(
    workspace: Workspace, wanted: _ProvenanceQuery, captures: Iterable[Capture], rows: StoredRows | None
) -> tuple[Outcome, ...]:
    """Return the outcomes of the pages and articles, latest first."""
    names = {*wanted.urls, *(each.url or each.hints.file for each in captures)}
    urls = {name for name in names if name}
    # Outcomes from before the first capture only say that the page was pending.
    fetched = [each.fetched_at.date() for each in captures]
    if not fetched and rows is not None:  # the archive lost its records
        fetched = [rows.stored.fetched_at.date()]
    since = min(fetched, default=date.min)
    result = outcomes_of(workspace.place, urls=urls, article_ids=wanted.article_ids, since=since)
    return tuple(Outcome(**row) for row in result.records())  # type: ignore[arg-type]


def _stored_steps(
    workspace: Workspace,
    wanted: _ProvenanceQuery,
    rows: StoredRows,
    captures: Sequence[Capture],
    outcomes: Sequence[Outcome],
) -> tuple[ProvenanceStep, ...]:
    article, article_id, payload_digest = rows.article, rows.article_id, rows.stored.payload_digest
    steps = list(_row_steps(wanted, rows))
    steps.append(article_step(rows))
    of_article = [each for each in captures if each.article_id == article_id]
    source = next((each for each in of_article if each.digest == payload_digest), None)
    steps.append(missing_record_step(payload_digest) if source is None else bytes_step(workspace, source, row=article))
    if of_article:
        steps.append(listing_step(workspace, of_article, outcomes))
    url = article["url"] or article_id
    commands: dict[tuple[str, ...], str] = {("history", url): "its captures, and the changes between revisions"}
    if wanted.table is None:
        commands["why", f"{article_id}:quotes:0"] = "its first quote, and how each value is known"
    page_key = of_article[-1].page_key if of_article else None
    commands |= retry_commands(
        workspace, wanted.text if wanted.is_url else article_id, [article_id], page_key, outcomes
    )
    steps.append(_next_step(commands))
    return tuple(steps)


def _row_steps(wanted: _ProvenanceQuery, rows: StoredRows) -> tuple[ProvenanceStep, ...]:
    if wanted.table is None or wanted.index is None:
        return ()
    row = rows.numbered(wanted.table, wanted.index)
    links = rows.of("person_links")
    return row_step(wanted.table, row, links=links), text_step(wanted.table, row, rows.article)


def _missing_steps(
    workspace: Workspace, wanted: _ProvenanceQuery, captures: Sequence[Capture], outcomes: Sequence[Outcome]
) -> tuple[ProvenanceStep, ...]:
    # The capture that has the bytes of the latest one.
    source = next((each for each in captures if each.digest == captures[-1].digest), None)
    steps = [decision_step(workspace, outcomes, source)] if outcomes or source is not None else []
    page_key = canonical_url(wanted.text) if wanted.is_url else None
    seen = None if page_key is None else workspace.fetch_state.seen(page_key)
    if seen is not None and not seen.is_on_schedule and (seen.next_try_at is not None or seen.attempts):
        steps.append(waiting_step(seen))
    if source is not None:
        steps.append(bytes_step(workspace, source, row=None))
        steps.append(listing_step(workspace, captures, ()))
    ids = [*wanted.article_ids, *(each.article_id for each in captures)]
    commands = retry_commands(workspace, wanted.text, ids, page_key, outcomes)
    if wanted.is_url and (captures or seen is not None):
        again = "the next run requests the page again"
        commands |= {("try", wanted.text): _TRY, ("push", wanted.text, "--refetch"): again}
    if commands:
        steps.append(_next_step(commands))
    return tuple(steps)


def _unknown_steps(workspace: Workspace, wanted: _ProvenanceQuery) -> tuple[ProvenanceStep, ...]:
    if not wanted.is_url:
        return (unknown_name_step(workspace),)
    site = "/".join(wanted.text.split("/")[:3])
    return (
        unknown_step(workspace, wanted.text),
        _next_step(
            {
                ("try", wanted.text): _TRY,
                ("push", wanted.text): "the next run fetches, archives and processes the page",
                ("sources", "check", site): "finds the feeds and sitemaps of the site",
            }
        ),
    )


_TRY = "fetches and processes the page now, and shows the result; stores nothing"


def _next_step(commands: Mapping[tuple[str, ...], str]) -> ProvenanceStep:
    """Return the commands to run next, each quoted for a shell, with its effect."""
    facts = tuple(Fact("", shlex.join(("newslake", *words)), effect) for words, effect in commands.items())
    return ProvenanceStep(name="next", headline="", facts=facts)


# Steps of a row: its facts, and the text at its offsets.

_HEADLINE = 70  # characters
_CONTEXT = 160  # code points of context on either side


def row_step(table: str, row: Row, *, links: Sequence[Row]) -> ProvenanceStep:
    """Return the facts of a row and how each is known. ``links`` are the person links of its article."""
    words = " ".join(str(row[_WORDS_OF[table]]).split())
    message = f"{table} {row[INDEX_OF[table]]}: {words if len(words) <= _HEADLINE else f'{words[:_HEADLINE]}…'}"
    return ProvenanceStep(name="row", headline=message, facts=(*_FACTS[table](row), *_person_facts(table, row, links)))


def text_step(table: str, row: Row, article: Row) -> ProvenanceStep:
    """Return the text of a row in its paragraph, and whether its offsets match the current text."""
    text, start, end = article["text"], row["start_char"], row["end_char"]
    # As on the page of an article, paragraphs are counted from 1: paragraph_index + 1.
    blocks = [
        each for each in enumerate(article["blocks"], 1) if each[1]["start_char"] < end and start < each[1]["end_char"]
    ]
    kind = blocks[0][1]["kind"] if blocks else "outside of the paragraphs"
    numbers = f"{blocks[0][0]}" if len(blocks) == 1 else f"{blocks[0][0]} to {blocks[-1][0]}" if blocks else "-"
    first = min([start, *(block["start_char"] for _, block in blocks)])
    last = max([end, *(block["end_char"] for _, block in blocks)])
    excerpt = Excerpt(
        before=_clip(text[first:start], from_end=True),
        span=text[start:end],
        after=_clip(text[end:last]),
        start_char=start,
        end_char=end,
    )
    message = f"{kind} {numbers}, code points {start} to {end}"
    return ProvenanceStep(
        name="text", headline=message, checks=tuple(_check_spans(table, row, article)), excerpt=excerpt
    )


def _clip(text: str, *, from_end: bool = False) -> str:
    if len(text) <= _CONTEXT:
        return text
    return f"…{text[-_CONTEXT:]}" if from_end else f"{text[:_CONTEXT]}…"


def _check_spans(table: str, row: Row, article: Row) -> list[Check]:
    words, text = _WORDS_OF[table], article["text"]
    spans = [(words, row["start_char"], row["end_char"], row[words])]
    for name in ("speaker", "reported_by") if table == "quotes" else ():
        if row[f"{name}_start_char"] is not None:
            spans.append((f"{name}_text", *(row[f"{name}_{part}"] for part in ("start_char", "end_char", "text"))))
    checks = [
        Check(True, f"text[{start}:{end}] is {name}")
        if text[start:end] == said
        else Check(False, f"text[{start}:{end}] is {text[start:end]!r}, {name} says {said!r}: `newslake lake verify`")
        for name, start, end, said in spans
    ]
    is_same = row["revision_id"] == article["revision_id"]
    message = "row and article have the same revision" if is_same else "row and article have different revisions"
    return [*checks, Check(is_same, f"{message} ({row['revision_id']})")]


def _quote_facts(row: Row) -> tuple[Fact, ...]:
    speaker = row["speaker_name"] or row["speaker_text"] or "not known"
    return known_facts(
        Fact("speaker", speaker, f"rule {row['rule_id']}, {_confidence(row)}"),
        Fact("speaker candidate", row["speaker_candidate"], "too unsure to be the speaker"),
        Fact("speaker text", row["speaker_text"], _label("kind", row["speaker_kind"])),
        Fact("co-speakers", ", ".join(each["name"] or each["text"] for each in row["co_speakers"] or ())),
        Fact("reported by", row["reported_by_name"] or row["reported_by_text"]),
        Fact("cue", row["cue_text"], _label("stance", row["cue_stance"])),
        Fact("quote type", row["quote_type"], "from the part of the quote that is in quotation marks"),
        Fact("role", row["speaker_role"]),
        Fact("gender", row["speaker_gender"], _by(row["speaker_gender_method"])),
        Fact("entity", row["speaker_entity_id"], _cluster(row["speaker_cluster_index"])),
        Fact("is_closed", None if row["is_closed"] else "false", "the closing quotation mark is missing"),
    )


def _entity_facts(row: Row) -> tuple[Fact, ...]:
    linked = None if row["qid_confidence"] is None else f"qid_confidence {row['qid_confidence']:.2f}"
    return known_facts(
        Fact("name", row["entity_name"] or "not resolved", f"method {row['link_method']}, {_confidence(row)}"),
        Fact("entity type", row["entity_type"], f"mention kind {row['mention_kind']}"),
        Fact("entity", row["entity_id"], _cluster(row["cluster_index"])),
        Fact("honorific", row["honorific_text"]),
        Fact("role", row["role_text"]),
        Fact("gender", row["gender"], _by(row["gender_method"])),
        Fact("country", row["country_code"], _by(row["country_method"])),
        Fact("Wikidata id", row["qid"], linked),
        Fact("kb_version", row["kb_version"], "hash of the entries and corrections for the names of this entity"),
    )


def _person_facts(table: str, row: Row, links: Sequence[Row]) -> tuple[Fact, ...]:
    """Return the person whose surname the entity or the speaker is, if it is linked."""
    cluster = row.get({"entities": "cluster_index", "quotes": "speaker_cluster_index"}.get(table, ""))
    return tuple(
        Fact("person", each["person_name"], f"{each['person_id']}, method {each['method']}, {_confidence(each)}")
        for each in links
        if each["cluster_index"] == cluster
    )


def _event_facts(row: Row) -> tuple[Fact, ...]:
    kind = "/".join(filter(None, [row["event_type"], row["event_mode"] or row["event_subtype"]]))
    return known_facts(
        Fact("event type", kind, f"frame {row['rule_id']}, {_confidence(row)}"),
        Fact("modality", row["modality"]),
        Fact("actor", _participant(row, "actor"), _label("entity", row["actor_entity_id"])),
        Fact("recipient", _participant(row, "recipient"), _label("entity", row["recipient_entity_id"])),
        Fact("date", _event_days(row), _date_basis(row)),
        Fact("place", row["place_text"], _label("country", row["place_country"])),
        Fact(
            "attributed to", _label("entity", row["attributed_to_entity_id"]), "the event is in a quote of this entity"
        ),
        Fact("same event as", _earlier_event(row)),
    )


_FACTS: Mapping[str, Callable[[Row], tuple[Fact, ...]]] = {
    "entities": _entity_facts,
    "quotes": _quote_facts,
    "events": _event_facts,
}


def _confidence(row: Row) -> str:
    return f"confidence {row['confidence']:.2f}"


def _label(name: str, value: object) -> str | None:
    """Return a value with its name in front; None for None."""
    return None if value is None else f"{name} {value}"


def _by(method: str | None) -> str | None:
    return _label("method", method)


def _earlier_event(row: Row) -> str:
    first = row["coref_event_index"]
    return "no earlier event of this article" if first == row["event_index"] else f"event {first} of this article"


def _cluster(index: int | None) -> str | None:
    return None if index is None else f"cluster {index} of the article"


def _participant(row: Row, side: str) -> str | None:
    names: Sequence[str] = row[f"{side}s"]
    message = " + ".join(names) if names else row[f"{side}_name"] or row[f"{side}_text"]
    codes = ", ".join(filter(None, [row[f"{side}_country"], row[f"{side}_sector"]]))
    return f"{message} ({codes})" if message and codes else message


def _event_days(row: Row) -> str:
    days = [str(day) for day in dict.fromkeys((row["event_date"], row["event_date_end"])) if day is not None]
    return " to ".join(days) or "not known"


def _date_basis(row: Row) -> str:
    words = f"text {row['event_date_text']!r}" if row["event_date_text"] else None
    basis = _label("basis", row["event_date_basis"])
    precision = _label("precision", row["event_date_precision"])
    return ", ".join(filter(None, [basis, words, precision, _label("note", row["event_date_note"])]))


# Steps of an article: its fields, its bytes, and its listing.

_COUNTS = {"entities": "entity_count", "quotes": "quote_count", "events": "event_count"}
_FIELD_LABELS = {
    "title": "title",
    "authors": "authors",
    "credits": "credits",
    "publisher": "publisher",
    "outlet_key": "outlet",
    "language": "language",
    "page_type": "page type",
}


def article_step(rows: StoredRows) -> ProvenanceStep:
    """Return the fields of the article with their methods, and the model that annotated it."""
    article, stored = rows.article, rows.stored
    methods = {each["field"]: each["method"] for each in article["field_methods"] or ()}
    when = ", ".join(
        f"{name} {value}"
        for name in ("method", "precision", "zone")
        if (value := article[f"published_at_{name}"]) is not None
    )
    values = {name: article[name] for name in _FIELD_LABELS} | {
        "authors": ", ".join(article["authors"]),
        "credits": ", ".join(f"{each['name']} ({each['kind']})" for each in article["credits"] or ()),
    }
    fields = (
        Fact(label, values[name], _by(methods.get(name))) for name, label in _FIELD_LABELS.items() if name != "title"
    )
    facts = known_facts(
        Fact("url", article["url"]),
        Fact("title method", methods.get("title") or ("as given" if article["title"] else None)),
        *fields,
        Fact("published", format_moment(article["published_at"]) or "not known", when),
        Fact("contradicted by", methods.get("published_at_conflict")),
        Fact("words", article["word_count"], _label("text extraction mode", methods.get("body"))),
        Fact("flags", ", ".join(article["flags"])),
        Fact("paywall", "yes" if article["is_paywalled"] else None, _by(methods.get("is_paywalled"))),
        Fact("terms of use", "; ".join(article["license"] or ()), "; ".join(article["license_evidence"] or ())),
        Fact("opinion", "yes" if article["is_opinion"] else None, _by(methods.get("is_opinion"))),
        Fact("article_id", article["article_id"], f"revision_id {article['revision_id']}"),
        Fact("extractor", article["extractor"]),
        Fact("NLP model", article["model_name"] or "none: unsupported language, or too long, as flags say"),
        Fact("pipeline version", article["pipeline_version"], f"kb_version {article['kb_version'] or 'null'}"),
        Fact("published day", str(stored.published_date), "the partition of its rows"),
        *_copy_of(rows),
    )
    checks = tuple(_check_count(rows, table) for table in INDEX_OF)
    return ProvenanceStep(name="article", headline=article["title"] or "without a title", facts=facts, checks=checks)


def _check_count(rows: StoredRows, table: str) -> Check:
    number, said = len(rows.of(table)), rows.article[_COUNTS[table]]
    if said is None:
        return Check(None if not number else False, f"{number} {table}: not annotated")
    message = (
        f"{number} {table}"
        if number == said
        else f"{number} {table}, but the article has the count {said}: `newslake lake verify`"
    )
    return Check(number == said, message)


def _copy_of(rows: StoredRows) -> tuple[Fact, ...]:
    return tuple(
        Fact("duplicate of", row["dup_group_id"], f"method {row['method']}, similarity {row['similarity']:.2f}")
        for row in rows.of("near_duplicates")
        if row["is_duplicate"]
    )


def bytes_step(workspace: Workspace, capture: Capture, *, row: Mapping[str, Any] | None) -> ProvenanceStep:
    """Return where the bytes of a capture are stored. Read them, compare them with their digest, and clean them again.

    ``row`` is the article derived from them, if any.
    """
    facts = [
        Fact("file", capture.file, f"record at offset {capture.offset}, {capture.length} bytes compressed"),
        Fact(
            "digest",
            capture.digest,
            "a revisit record: an earlier record has the bytes" if capture.is_revisit else None,
        ),
        Fact("requested", capture.url or capture.hints.file or "no URL, a local text"),
        Fact("HTTP status", capture.status, None if capture.url else "a local file"),
        Fact("fetched", format_moment(capture.fetched_at), f"run {capture.run_id}"),
    ]
    try:
        page = workspace.archive.page(capture)
        facts.insert(1, Fact("record id", workspace.archive.record_id(capture)))
    except BrokenRecordError as error:
        return ProvenanceStep(
            name="bytes", headline="damaged", facts=known_facts(*facts), checks=(Check(False, str(error)),)
        )
    if page.final_url != page.url:
        facts.append(Fact("final URL", page.final_url, "after redirects"))
    checks = [Check(True, f"the {len(page.body)} bytes were read again now; the digest matches")]
    if row is not None:
        checks.append(_check_recleaning(workspace, capture, row))
    message = f"{page.content_type or 'no media type'}, {len(page.body)} bytes after decoding"
    return ProvenanceStep(name="bytes", headline=message, facts=known_facts(*facts), checks=tuple(checks))


def missing_record_step(payload_digest: str | None) -> ProvenanceStep:
    """Return the step for a row whose payload the archive has lost."""
    message = f"the archive has no record of {payload_digest}: `newslake archive verify` lists what is lost"
    return ProvenanceStep(name="bytes", headline="missing", checks=(Check(False, message),))


def _check_recleaning(workspace: Workspace, capture: Capture, row: Mapping[str, Any]) -> Check:
    """Return whether the bytes still give the text of the row; another pipeline version may give a different text."""
    read, now, before = clean_capture(workspace, capture), version_of(workspace.settings), row["pipeline_version"]
    code = "with the same pipeline version" if now == before else f"with pipeline version {now} (the row has {before})"
    if isinstance(read, Article) and (read.text, read.revision_id) == (row["text"], row["revision_id"]):
        return Check(True, f"the text was extracted again now {code}: the same text, {len(read.text)} characters")
    other = "a different text" if isinstance(read, Article) else f"not an article: {_failure_text(read)}"
    if now == before:
        return Check(False, f"the text was extracted again now {code}: {other}")
    return Check(
        None, f"the text was extracted again now {code}: {other}; a run of {capture.news_day} processes it again"
    )


def _failure_text(read: object) -> str:
    return f"{read.reason}: {read}" if isinstance(read, NewsError) else str(getattr(read, "detail", read))


def listing_step(workspace: Workspace, captures: Sequence[Capture], outcomes: Sequence[Outcome]) -> ProvenanceStep:
    """Return which source listed a page first, its news day, captures and status. ``captures`` are oldest first."""
    first, last = captures[0], captures[-1]
    source = next((each for each in workspace.sources.sources if each.key == first.source_key), None)
    place = f"{source.kind} {source.location}" if source is not None else "no longer in sources.toml"
    said = first.hints
    facts = known_facts(
        Fact("source", first.source_key, place),
        Fact(
            "news day",
            str(first.news_day),
            "the date in the listing" if said.published_at else "the day of the first fetch",
        ),
        Fact("listed as", said.title, format_moment(said.published_at)),
        Fact("file", said.file),
        Fact("first fetched", format_moment(first.fetched_at), f"run {first.run_id}"),
        Fact("captures", len(captures), f"the latest: {format_moment(last.fetched_at)}")
        if len(captures) > 1
        else NO_FACT,
        recheck_fact(workspace, workspace.fetch_state.seen(last.page_key)),
        Fact("status", outcomes[0].outcome, describe_status(outcomes[0])) if outcomes else NO_FACT,
    )
    return ProvenanceStep(name="listing", headline=f"from source {first.source_key}", facts=facts)
