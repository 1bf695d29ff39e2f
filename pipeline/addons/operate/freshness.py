"""Freshness of the sources: which are late or stale, since when, and why. The words are those of dbt.

Limits that sources.toml does not have come from the history of the source, the eight weeks before its newest article.
The usual silence is the median of the longest gaps between two articles in each of these weeks, so it has nights and
weekends, and one outage does not change it. The usual gap between two answered polls is a median, too; it is 24
hours if fewer than three weeks have polls, because `news_ingest` runs once a day. A source is late after 1.5 times the
sum of both, and stale after 3 times; late after four weeks and stale after eight at the latest. A source with gaps in
fewer than three weeks has no baseline: before these four weeks, it is not known whether it is fresh.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median

from newslake.pipeline.addons.operate.freshness_facts import WEEKS, FreshnessFacts, freshness_facts, unread_pages
from newslake.pipeline.archive import source_name
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import FreshnessLimits, Source, SourceFreshness, pluralize
from newslake.pipeline.model.freshness import FreshnessBasis, FreshnessCause, FreshnessStatus
from newslake.pipeline.model.source import LOCAL_KINDS, NEWEST_KINDS

_WARN_FACTOR, _ERROR_FACTOR = 1.5, 3.0
_WARN_MAX, _ERROR_MAX = 4 * 168.0, 8 * 168.0  # hours: half of the history, and all of it
_LEAST_WEEKS = 3
_POLL_HOURS = 24.0
_SETTLE = timedelta(hours=6)  # after a day, until its last pages are listed and processed
_DAY = timedelta(days=1)
_COUNTED = timedelta(weeks=WEEKS)
_NO_LIMITS = FreshnessLimits()


def freshness(workspace: Workspace, *, source_keys: Sequence[str] = ()) -> tuple[SourceFreshness, ...]:
    """Return the freshness of some sources, or of all, in the order of sources.toml.

    A feed or news sitemap has limits of sources.toml or of its history. Any other kind has freshness only with limits
    of sources.toml: people fill a folder, and an archive lists the past. A source that a takedown blocks has none.
    Raises: ConfigError for an unknown source.
    """
    wanted = {workspace.sources.named(key).key for key in source_keys}
    sources = [
        source
        for source in workspace.sources.sources
        if (source.key in wanted or not source_keys) and _has_freshness(workspace, source)
    ]
    if not sources:
        return ()
    now = workspace.settings.now()
    facts = freshness_facts(
        workspace.place,
        online=[each.key for each in sources if each.is_online],
        local=[each.key for each in sources if not each.is_online],
        now=now,
    )
    return tuple(_with_cause(workspace, each, facts[each.key], now=now) for each in sources)


def _has_freshness(workspace: Workspace, source: Source) -> bool:
    is_expected = source.kind in NEWEST_KINDS or source.freshness is not None
    return is_expected and not workspace.takedowns.is_blocked(source_name(source.key))


def _with_cause(workspace: Workspace, source: Source, facts: FreshnessFacts, *, now: datetime) -> SourceFreshness:
    """Return the freshness; the pages since the newest article are read only for a late source."""
    fresh = judge(source, facts, now=now)
    if not fresh.is_late or facts.newest_at is None:
        return fresh
    pages, reason = unread_pages(workspace.place, source_key=source.key, since=facts.newest_at)
    return judge(source, facts, now=now, unread=(pages, reason or "pending")) if pages else fresh


@dataclass(frozen=True, slots=True)
class _Hours:
    """The limits of a source, in hours. ``basis`` is None if they are only the longest that any source has."""

    warn: float
    error: float
    basis: FreshnessBasis | None


def judge(
    source: Source, facts: FreshnessFacts, *, now: datetime, unread: tuple[int, str] | None = None
) -> SourceFreshness:
    """Return the freshness of a source from its facts; ``unread`` are its pages that could not be read, and why.

    A source whose polls are answered fails if it has such pages.
    With the same facts, a later ``now`` never gives a better status.
    """
    limits = source.freshness or _NO_LIMITS
    hours = _hours(limits, facts)
    short = _short_days(limits, facts, now=now)
    status, since = _status(facts, hours, short, now=now)
    polls = _cause(source, facts, now=now) if status in ("warn", "stale") else None
    shown = unread if polls == "quiet" else None
    cause: FreshnessCause | None = "failing" if shown else polls
    return SourceFreshness(
        source_key=source.key,
        status=status,
        cause=cause,
        newest_at=facts.newest_at,
        last_polled_at=facts.answered_at,
        since=since,
        warn_after_hours=hours.warn,
        error_after_hours=hours.error,
        basis=hours.basis,
        message=_message(source, facts, short, status=status, cause=cause, unread=shown, now=now),
        unread_pages=unread[0] if unread else 0,
        unread_reason=unread[1] if unread else None,
    )


def _hours(limits: FreshnessLimits, facts: FreshnessFacts) -> _Hours:
    """Return the limits: each configured one, else that of the history; an error never comes before its warning."""
    has_history = len(facts.article_gaps) >= _LEAST_WEEKS
    silence = median(facts.article_gaps) + _poll_gap(facts) if has_history else _ERROR_MAX
    warn = min(_WARN_FACTOR * silence, _WARN_MAX)
    error = min(_ERROR_FACTOR * silence, _ERROR_MAX)
    if limits.error_after_hours is not None:
        error = limits.error_after_hours
        warn = min(warn, error)
    if limits.warn_after_hours is not None:
        warn = limits.warn_after_hours
        error = max(warn, error)
    is_configured = limits != _NO_LIMITS
    return _Hours(warn, error, "configured" if is_configured else "history" if has_history else None)


def _poll_gap(facts: FreshnessFacts) -> float:
    """Return the usual hours between two answered polls."""
    return median(facts.poll_gaps) if len(facts.poll_gaps) >= _LEAST_WEEKS else _POLL_HOURS


def _short_days(limits: FreshnessLimits, facts: FreshnessFacts, *, now: datetime) -> tuple[date, ...]:
    """Return the latest days in a row with fewer articles than their minimum, latest first.

    A weekday without a minimum is passed over. A day counts once it is over for six hours, from the first whole day of
    the source on.
    """
    days: list[date] = []
    if not limits.min_articles or facts.first_day is None:
        return ()
    first = max(facts.first_day + _DAY, max(facts.articles, default=facts.first_day) - _COUNTED)
    day = (now - _SETTLE).date() - _DAY
    while day >= first:
        least = limits.min_articles.get(day.isoweekday())
        if least is not None:
            if facts.articles.get(day, 0) >= least:
                break
            days.append(day)
        day -= _DAY
    return tuple(days)


def _status(
    facts: FreshnessFacts, hours: _Hours, short: Sequence[date], *, now: datetime
) -> tuple[FreshnessStatus, datetime | None]:
    """Return the worse status of the two rules, age of the newest article and minimum of days, and since when it is so.

    A source that was polled and never gave an article is as old as its first day.
    """
    begin = facts.newest_at
    if begin is None and facts.first_day is not None:
        begin = _end_of(facts.first_day)
    warned = [] if begin is None else [begin + timedelta(hours=hours.warn)]
    stale = [] if begin is None else [begin + timedelta(hours=hours.error)]
    if short:  # from the judgement of the first of the days on; a later day with its minimum ends it
        judged_at = _end_of(short[-1]) + _SETTLE
        warned.append(judged_at)
        stale.append(judged_at + timedelta(hours=hours.error))
    if min(stale, default=now) < now:
        return "stale", min(stale)
    if min(warned, default=now) < now:
        return "warn", min(warned)
    is_known = hours.basis is not None and facts.newest_at is not None
    return ("ok" if is_known else "no_baseline"), None


def _end_of(day: date) -> datetime:
    return datetime.combine(day + _DAY, datetime.min.time(), UTC)


def _cause(source: Source, facts: FreshnessFacts, *, now: datetime) -> FreshnessCause:
    """Return why a source is late: what its polls of the last two usual gaps, at least an hour, have shown.

    Every run reads its folders, so a folder counts as polled.
    """
    begin = now - timedelta(hours=max(2 * _poll_gap(facts), 1.0))
    if source.kind in LOCAL_KINDS:
        return "quiet"
    if facts.answered_at is not None and facts.answered_at >= begin:
        return "quiet"
    return "failing" if facts.polled_at is not None and facts.polled_at >= begin else "not_polled"


def _message(  # noqa: PLR0913 - what the sentence says
    source: Source,
    facts: FreshnessFacts,
    short: Sequence[date],
    *,
    status: FreshnessStatus,
    cause: FreshnessCause | None,
    unread: tuple[int, str] | None,
    now: datetime,
) -> str:
    """Return one sentence: the newest article, then the days below their minimum, then the polls or what to do."""
    newest = "no article yet"
    if facts.newest_at is not None:
        newest = f"newest article {describe_hours((now - facts.newest_at).total_seconds() / 3600)} old"
    parts = [newest]
    if short and source.freshness is not None:
        day, least = short[0], source.freshness.min_articles[short[0].isoweekday()]
        articles = pluralize(facts.articles.get(day, 0), "article")
        parts.append(f"{articles} on {day:%A}, {day}, at least {least} expected")
    if cause is not None:
        parts.append(_polls_clause(source, facts, cause, unread=unread))
    elif status == "no_baseline":
        parts.append(
            f"its usual gaps are known after {_LEAST_WEEKS} weeks with articles; until then, set warn_after_hours in "
            f"[sources.{source.key}.freshness]"
        )
    return "; ".join(parts)


def _polls_clause(
    source: Source, facts: FreshnessFacts, cause: FreshnessCause, *, unread: tuple[int, str] | None
) -> str:
    """Return what the polls have shown, and what to do."""
    answered = "never" if facts.answered_at is None else f"{facts.answered_at:%Y-%m-%d %H:%M} UTC"
    if cause == "not_polled":
        return f"not polled by a run (last answer: {answered}): `newslake run --source {source.key}`"
    if unread is not None:
        pages, reason = unread
        return f"{pluralize(pages, 'new page')} not read ({reason}): `newslake coverage --source {source.key}`"
    if cause == "failing":
        return f"polls fail ({facts.poll_error}; last answer: {answered}): `newslake sources check {source.key}`"
    if source.kind in LOCAL_KINDS:
        return "no new file"
    since = ""
    if facts.polled_at is not None and facts.answered_at is not None and facts.polled_at > facts.answered_at:
        since = f"; the poll of {facts.polled_at:%Y-%m-%d %H:%M} UTC failed ({facts.poll_error})"
    return f"polled {answered}, with nothing newer{since}"


def describe_hours(hours: float) -> str:
    """Return a time in hours; from three days on, in days."""
    return f"{hours:.0f} h" if hours < 72 else f"{hours / 24:.0f} days"
