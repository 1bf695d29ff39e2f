"""Why a page has no row: why it was rejected, when it is fetched again, or that no source listed it."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from newslake.pipeline.archive import PageState
from newslake.pipeline.errors import NewsError
from newslake.pipeline.jobs.clean import clean_capture
from newslake.pipeline.jobs.failures import MAX_ATTEMPTS
from newslake.pipeline.jobs.rechecks import planned_requests
from newslake.pipeline.jobs.retries import retry_state_of
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Article, Capture, Outcome, Rejected, Source, domain_of, pluralize
from newslake.pipeline.model.provenance import Check, Fact, ProvenanceStep, known_facts
from newslake.pipeline.query.outcomes import pages_of_host
from newslake.pipeline.sources import listable_days

NO_FACT = Fact("", None)


def decision_step(workspace: Workspace, outcomes: Sequence[Outcome], capture: Capture | None) -> ProvenanceStep:
    """Return the latest outcome of a page, and whether cleaning its latest bytes now gives the same.

    ``outcomes`` are latest first, ``capture`` has the bytes. The evidence and the missed thresholds of a rejection
    replace its detail, which repeats them.
    """
    read = None if capture is None else clean_capture(workspace, capture)
    last = outcomes[0] if outcomes else None
    message = (
        f"no outcome in the log{_limit(workspace)}"
        if last is None
        else ": ".join(filter(None, (last.outcome, last.reason)))
    )
    is_same = isinstance(read, Rejected) and (last is None or (last.outcome, last.reason) == ("rejected", read.reason))
    facts = list(_rejection_facts(read)) if isinstance(read, Rejected) and is_same else []
    if last is not None:
        facts += [
            Fact("because", None if facts else last.detail),
            Fact("decided", format_moment(last.decided_at), f"job {last.stage}, run {last.run_id}"),
            Fact("source", last.source_key, f"news day {last.news_day}"),
            Fact("outcomes", len(outcomes), f"the first: {format_moment(min(each.decided_at for each in outcomes))}")
            if len(outcomes) > 1
            else NO_FACT,
        ]
    checks = () if capture is None or read is None else (_recleaning_check(read, capture, last, is_same=is_same),)
    return ProvenanceStep(name="decision", headline=message, facts=known_facts(*facts), checks=checks)


def _rejection_facts(read: Rejected) -> Iterator[Fact]:
    evidence = [each for each in (read.evidence, *map(str, read.thresholds)) if each]
    yield Fact("because", read.detail.removesuffix("; ".join(evidence)).rstrip(" :"))
    yield Fact("page type", read.page_type)
    yield Fact("evidence", read.evidence)
    for each in read.thresholds:
        yield Fact("threshold", str(each))


def _recleaning_check(
    read: Article | Rejected | NewsError, capture: Capture, last: Outcome | None, *, is_same: bool
) -> Check:
    if isinstance(read, Article):
        note = f"an article of {read.word_count} words; a run of {capture.news_day} processes it"
        return Check(None, f"the text was extracted again now: {note}")
    if isinstance(read, NewsError):
        return Check(None, f"the text was extracted again now: {read.reason}: {read}")
    if is_same:
        return Check(True, "the text was extracted again now: rejected for the same reason")
    other = ", not the logged reason" if last is not None and last.outcome == "rejected" else ""
    return Check(
        None, f"the text was extracted again now: a run would reject it as {read.reason}{other}: {read.detail}"
    )


def recheck_fact(workspace: Workspace, seen: PageState | None) -> Fact:
    """Return when an archived page is requested again to look for an edit; no fact if that is not planned."""
    if seen is None or not seen.has_recheck:
        return NO_FACT
    source = next((each for each in workspace.sources.sources if each.key == seen.source_key), None)
    fetched = workspace.archive.fetch_times([seen.page_key]).get(seen.page_key)
    if source is None or fetched is None:
        return NO_FACT
    first, last = fetched
    coming = planned_requests(seen, first=first, last=last, hours=source.recheck_hours)
    if not coming:
        return NO_FACT
    hours = ", ".join(f"{each:g}" for each in source.recheck_hours)
    when = f"in the first run after {coming[0]:%Y-%m-%d %H:%M} UTC"
    return Fact("next recheck", when, f"recheck_hours of {seen.source_key}: {hours or 'none'}")


def taken_down_step() -> ProvenanceStep:
    """Return that a takedown deleted a page and blocks it; the blocklist has no more than hashes of names."""
    return ProvenanceStep(
        name="decision",
        headline="taken down: its data is deleted, and its page is blocked",
        facts=(Fact("", "newslake forget --list", "says when and why"),),
    )


def waiting_step(seen: PageState) -> ProvenanceStep:
    """Return when a page that could not be fetched is fetched again."""
    when = seen.next_try_at
    if when is None:
        return ProvenanceStep(name="next_try", headline="none, unless its listing gives a later modification time")
    message = f"in the first run after {when:%Y-%m-%d %H:%M} UTC"
    tries = f"{seen.attempts} of at most {MAX_ATTEMPTS}"
    reason = None if seen.reason is None else f"reason of the latest failure: {seen.reason}"
    return ProvenanceStep(name="next_try", headline=message, facts=(Fact("failed tries", tries, reason),))


def retry_commands(
    workspace: Workspace, name: str, article_ids: Collection[str], page_key: str | None, outcomes: Sequence[Outcome]
) -> dict[tuple[str, ...], str]:
    """Return the command after which newslake tries a quarantined page again, with its effect; empty for any other.

    ``outcomes`` are latest first.
    """
    state = retry_state_of(
        workspace, article_ids=article_ids, page_key=page_key, last=outcomes[0] if outcomes else None
    )
    if state.is_quarantined:
        return {("retry", name): "the next run tries the quarantined page again"}
    return {("run",): "tries the page again, which waits for that"} if state.is_waiting else {}


def unknown_step(workspace: Workspace, url: str) -> ProvenanceStep:
    """Return what is known about an unlisted page: its host, and the sources that may list it."""
    host = urlsplit(url).netloc
    pages, last = pages_of_host(workspace.place, host)
    sources = [each for each in workspace.sources.sources if _lists(each, url)]
    now = workspace.settings.now()
    facts = [
        Fact(
            "host",
            host,
            f"{pluralize(pages, 'known page')}, latest outcome on {last:%Y-%m-%d}" if pages else "no known pages",
        )
    ]
    facts += [Fact("source", each.key, f"{each.kind}, lists {listable_days(each, now=now).note}") for each in sources]
    if not sources:
        facts.append(Fact("source", f"{workspace.settings.sources_file} has no source for {domain_of(url) or host}"))
    return ProvenanceStep(
        name="unknown",
        headline=f"no source listed this page, and no inbox file named it{_limit(workspace)}",
        facts=tuple(facts),
    )


def unknown_name_step(workspace: Workspace) -> ProvenanceStep:
    """Return that nothing has a name that is not a URL."""
    return ProvenanceStep(name="unknown", headline=f"neither the archive nor the tables have it{_limit(workspace)}")


def _limit(workspace: Workspace) -> str:
    """Return from which day on this is known, if the log before was removed."""
    whole_from = workspace.lake.log.whole_from().get("outcomes")
    if whole_from is None:
        return ""
    return f", as far as is known: the log before {whole_from} was removed (NEWS_LOG_KEEP_MONTHS)"


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
