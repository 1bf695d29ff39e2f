"""Why a page has no row: why it was rejected, when it is fetched again, or that no source listed it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from pipeline.archive import PageState
from pipeline.errors import NewsError
from pipeline.jobs.clean import clean_capture
from pipeline.jobs.ingest import MAX_ATTEMPTS
from pipeline.jobs.workspace import Workspace
from pipeline.model import Article, Capture, Outcome, Rejected, Source, domain_of, pluralize
from pipeline.model.provenance import Check, Fact, ProvenanceStep, known_facts
from pipeline.query import pages_of_host
from pipeline.sources import listable_days

NO_FACT = Fact("", None)


def verdict_step(outcomes: Sequence[Outcome]) -> ProvenanceStep:
    """Return the latest status of a page. ``outcomes`` are latest first."""
    last = outcomes[0]
    message = f"{last.outcome}: {last.reason}" if last.reason else last.outcome
    facts = known_facts(
        Fact("because", last.detail),
        Fact("decided", format_moment(last.decided_at), f"stage {last.stage}, run {last.run_id}"),
        Fact("source", last.source_key, f"news day {last.news_day}"),
        Fact("checked", f"{len(outcomes)} times", f"first {min(each.decided_at for each in outcomes):%Y-%m-%d %H:%M}")
        if len(outcomes) > 1
        else NO_FACT,
    )
    return ProvenanceStep(name="decision", headline=message, facts=facts)


def evidence_step(workspace: Workspace, capture: Capture, last: Outcome | None) -> ProvenanceStep:
    """Return the result of cleaning the page's latest bytes now: the evidence against it, and the missed thresholds."""
    read = clean_capture(workspace, capture)
    if isinstance(read, Article):
        message = f"an article of {read.word_count} words, cleaned now"
        note = f"not committed yet; a run of {capture.news_day} processes it"
        return ProvenanceStep(name="state", headline=message, checks=(Check(None, note),))
    if isinstance(read, NewsError):
        return ProvenanceStep(
            name="state", headline=f"{read.reason}, cleaned now", facts=(Fact("error", str(read), read.key),)
        )
    facts = known_facts(Fact("evidence", read.evidence), *_missed_bounds(read))
    is_same = last is None or last.outcome != "rejected" or last.reason == read.reason
    message = "cleaned again now: the same" if is_same else f"cleaned again now: {read.reason}, not the recorded reason"
    check = Check(True if is_same else None, message)
    return ProvenanceStep(
        name="state", headline=f"{read.reason}, a page of type {read.page_type}", facts=facts, checks=(check,)
    )


def _missed_bounds(read: Rejected) -> Iterator[Fact]:
    for each in read.thresholds:
        yield Fact("threshold", str(each))


def waiting_step(seen: PageState) -> ProvenanceStep:
    """Return when a page that could not be fetched is fetched again."""
    when = seen.next_try_at
    if when is None:
        return ProvenanceStep(
            name="state", headline="it is fetched again only if its listing gives a later change date"
        )
    message = f"next attempt: the first run after {when:%Y-%m-%d %H:%M} UTC"
    return ProvenanceStep(
        name="state", headline=message, facts=(Fact("attempts", f"{seen.attempts} of {MAX_ATTEMPTS}", seen.reason),)
    )


def unknown_step(workspace: Workspace, url: str) -> ProvenanceStep:
    """Return what is known about an unlisted page: its host, and the sources that may list it."""
    host = urlsplit(url).netloc
    pages, last = pages_of_host(workspace.settings.lake_dir, host)
    sources = [each for each in workspace.sources.sources if _lists(each, url)]
    now = workspace.settings.now()
    facts = [
        Fact(
            "host",
            host,
            f"{pluralize(pages, 'known page')}, the last of {last:%Y-%m-%d}" if pages else "no known pages",
        )
    ]
    facts += [Fact("source", each.key, f"{each.kind}: {listable_days(each, now=now).note}") for each in sources]
    if not sources:
        facts.append(Fact("source", "none", f"{workspace.settings.sources_file} has none for {domain_of(url) or host}"))
    return ProvenanceStep(
        name="unknown", headline="no source listed this page, and nobody pushed it", facts=tuple(facts)
    )


def _lists(source: Source, url: str) -> bool:
    """Return whether a source may list pages of a URL's site."""
    site = domain_of(url) or urlsplit(url).netloc
    if source.hosts:
        return any(urlsplit(url).netloc == host or urlsplit(url).netloc.endswith(f".{host}") for host in source.hosts)
    return source.is_online and site == (domain_of(source.location) or urlsplit(source.location).netloc)


def describe_status(outcome: Outcome) -> str:
    """Return the reason of a page's status, its time and its run, as text."""
    why = f"{outcome.reason}: {outcome.detail}, " if outcome.reason else ""
    return f"{why}{format_moment(outcome.decided_at)}, run {outcome.run_id}"


def format_moment(at: datetime | None) -> str | None:
    """Return a UTC time as text, None for None."""
    return None if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"
