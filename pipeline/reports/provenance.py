"""`newslake why`: from a row, an article or a URL back to the bytes, or to the decision that left it out."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from pipeline.errors import ConfigError
from pipeline.jobs.workspace import Workspace
from pipeline.model import Capture, Outcome, article_id_of, canonical_url
from pipeline.model.provenance import Fact, Provenance, ProvenanceStep
from pipeline.query import outcomes_of
from pipeline.reports.why_kept import article_step, bytes_step, discovery_step, missing_record_step
from pipeline.reports.why_not import evidence_step, unknown_step, verdict_step, waiting_step
from pipeline.reports.why_row import INDEX_OF, StoredRows, row_step, text_step

_ROW = re.compile(r"([0-9a-f]{32}):(\w+):(\d+)")
_ARTICLE = re.compile(r"[0-9a-f]{32}")
_TABLES = ", ".join(INDEX_OF)


@dataclass(frozen=True, slots=True)
class _ProvenanceQuery:
    """What was asked for: the articles and spellings of URLs that it may stand for, and the row, if one."""

    text: str
    article_ids: tuple[str, ...]
    urls: tuple[str, ...]
    table: str | None = None
    index: int | None = None

    @property
    def is_url(self) -> bool:
        return self.text.startswith(("http://", "https://"))


def trace_provenance(workspace: Workspace, asked: str, *, rows: StoredRows | None = None) -> Provenance:
    """Return the receipt of a URL, an article_id, or a row as ``ARTICLE_ID:quotes:3``.

    ``rows`` are those of the article asked for, where somebody read them already.
    Raises: ConfigError for what is none of these, LakeError for damaged table files.
    """
    wanted = _parse_query(workspace, asked)
    captures = _captures(workspace, wanted.article_ids)
    outcomes = _outcomes(workspace, wanted, captures, rows)
    told = [each.article_id for each in outcomes if each.article_id]  # of a local file nothing else names the article
    ids = dict.fromkeys([*wanted.article_ids, *told])
    captures = captures or _captures(workspace, ids)
    stored = workspace.lake.index.stored(ids)
    kept = next((each for each in ids if each in stored), None)
    if kept is not None:
        rows = rows or StoredRows(workspace=workspace, article_id=kept, stored=stored[kept])
        steps = _stored_steps(workspace, wanted, rows, captures, outcomes)
        return Provenance(asked=asked, answer="kept", steps=steps)
    if wanted.table is not None:
        raise ConfigError(f"{wanted.text}: the lake has no article {wanted.article_ids[0]}", key=asked)
    steps = _missing_steps(workspace, wanted, captures, outcomes)
    if steps:
        return Provenance(asked=asked, answer="not_kept", steps=steps)
    return Provenance(asked=asked, answer="unknown", steps=_unknown_steps(workspace, wanted))


def resolve_article_ids(workspace: Workspace, asked: str) -> tuple[str, ...]:
    """Return the article_ids that a URL, an id or a row may stand for, likeliest first; none for anything else.

    Raises: ConfigError as ``trace_provenance`` does.
    """
    return _parse_query(workspace, asked).article_ids


def _parse_query(workspace: Workspace, asked: str) -> _ProvenanceQuery:
    if found := _ROW.fullmatch(asked):
        article_id, table, index = found.groups()
        if table not in INDEX_OF:
            raise ConfigError(f"{asked}: no rows of {table!r} stand in a text; these do: {_TABLES}", key=asked)
        return _ProvenanceQuery(asked, (article_id,), (), table, int(index))
    if _ARTICLE.fullmatch(asked):
        return _ProvenanceQuery(asked, (asked,), ())
    if re.match(r"[0-9a-f]{32}:", asked):
        example = f"{asked.partition(':')[0]}:quotes:0"
        raise ConfigError(
            f"{asked} names no row: write table and number, e.g. {example}; there are {_TABLES}", key=asked
        )
    if not asked.startswith(("http://", "https://")):
        return _ProvenanceQuery(asked, (), (asked,))  # a local file, as outcomes name it
    try:
        key = canonical_url(asked)
    except ValueError as error:
        raise ConfigError(f"{asked} is no URL ({error})", key=asked) from error
    ids = [each.article_id for each in reversed(workspace.archive.captures(page_key=key))]
    seen = workspace.fetch_state.seen(key)
    urls = (asked, key) if seen is None else (asked, key, seen.url)  # outcomes have it as its listing spelled it
    return _ProvenanceQuery(asked, tuple(dict.fromkeys([*ids, article_id_of(canonical=key, text="")])), urls)


def _captures(workspace: Workspace, article_ids: Iterable[str]) -> tuple[Capture, ...]:
    """Return the captures of some articles, oldest first."""
    found = [each for article_id in article_ids for each in workspace.archive.captures(article_id=article_id)]
    return tuple(sorted(found, key=lambda each: (each.fetched_at, each.file, each.offset)))


def _outcomes(
    workspace: Workspace, wanted: _ProvenanceQuery, captures: Iterable[Capture], rows: StoredRows | None
) -> tuple[Outcome, ...]:
    """Return what was said of pages and articles, the last word first."""
    names = {*wanted.urls, *(each.url or each.hints.file for each in captures)}
    urls = {name for name in names if name}
    # What was said before a page was first had, that it waited, is of no interest any more.
    fetched = [each.fetched_at.date() for each in captures]
    if not fetched and rows is not None:  # it has lost its records
        fetched = [rows.stored.fetched_at.date()]
    since = min(fetched, default=date.min)
    found = outcomes_of(workspace.settings.lake_dir, urls=urls, article_ids=wanted.article_ids, since=since)
    return tuple(Outcome(**row) for row in found.records())  # type: ignore[arg-type]


def _stored_steps(
    workspace: Workspace,
    wanted: _ProvenanceQuery,
    rows: StoredRows,
    captures: Sequence[Capture],
    outcomes: Sequence[Outcome],
) -> tuple[ProvenanceStep, ...]:
    article, article_id, raw_ref = rows.article, rows.article_id, rows.stored.raw_ref
    steps = list(_row_steps(wanted, rows))
    steps.append(article_step(rows))
    own = [each for each in captures if each.article_id == article_id]
    source = next((each for each in own if each.digest == raw_ref), None)
    steps.append(missing_record_step(raw_ref) if source is None else bytes_step(workspace, source, row=article))
    if own:
        steps.append(discovery_step(workspace, own, outcomes))
    url = article["url"] or article_id
    steps.append(_next_step(f"newslake history {url}", None if wanted.table else f"newslake why {article_id}:quotes:0"))
    return tuple(steps)


def _row_steps(wanted: _ProvenanceQuery, rows: StoredRows) -> tuple[ProvenanceStep, ...]:
    if wanted.table is None or wanted.index is None:
        return ()
    row = rows.numbered(wanted.table, wanted.index)
    return row_step(wanted.table, row), text_step(wanted.table, row, rows.article)


def _missing_steps(
    workspace: Workspace, wanted: _ProvenanceQuery, captures: Sequence[Capture], outcomes: Sequence[Outcome]
) -> tuple[ProvenanceStep, ...]:
    steps = [verdict_step(outcomes)] if outcomes else []
    seen = workspace.fetch_state.seen(canonical_url(wanted.text)) if wanted.is_url else None
    if seen is not None and (seen.next_try_at is not None or seen.attempts):
        steps.append(waiting_step(seen))
    if captures:
        source = next(each for each in captures if each.digest == captures[-1].digest)  # the one that has the bytes
        steps.append(evidence_step(workspace, source, outcomes[0] if outcomes else None))
        steps.append(bytes_step(workspace, source, row=None))
        steps.append(discovery_step(workspace, captures, ()))
    if wanted.is_url and (captures or seen is not None):
        steps.append(_next_step(f"newslake try {wanted.text}", f"newslake push {wanted.text}"))
    return tuple(steps)


def _unknown_steps(workspace: Workspace, wanted: _ProvenanceQuery) -> tuple[ProvenanceStep, ...]:
    if not wanted.is_url:
        return (ProvenanceStep(name="unknown", told="neither archive, lake nor log has it"),)
    site = "/".join(wanted.text.split("/")[:3])
    return (
        unknown_step(workspace, wanted.text),
        _next_step(f"newslake try {wanted.text}", f"newslake push {wanted.text}", f"newslake sources check {site}"),
    )


def _next_step(*commands: str | None) -> ProvenanceStep:
    return ProvenanceStep(name="next", told="", facts=tuple(Fact("", command) for command in commands if command))
