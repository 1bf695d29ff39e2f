"""What share of gold is read rightly: one figure a question, and every miss in words.

A quote of gold is found by the row that takes up most of it, if that is half of it or more and holds its first or its
last word. An event of gold is found by a row with its trigger; gold does not say which of several equal words is meant,
so the best fitting row of that trigger counts, each row once.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipeline.model import Article, Event, Quote, Rejected
from tests.quality.corpus import Case


@dataclass(slots=True)
class Figure:
    """``right`` of ``total``; ``misses`` say in words what was not right."""

    right: int = 0
    total: int = 0
    misses: list[str] = field(default_factory=list)

    @property
    def percent(self) -> float:
        return 100 * self.right / self.total if self.total else 100.0

    def count(self, is_right: bool, miss: str) -> None:
        """Count one answer."""
        self.right += is_right
        self.total += 1
        if not is_right:
            self.misses.append(miss)


Figures = dict[str, Figure]


def measure(cases: Sequence[Case]) -> Figures:
    """Return all figures, in the order of the way: page, quotes, events, people."""
    figures: Figures = defaultdict(Figure)
    for judge in (_outcome, _page, _quotes, _events, _people):
        for case in cases:
            judge(case, figures)
    return dict(figures)


def _outcome(case: Case, figures: Figures) -> None:
    """Judge whether a page is kept, and its page type."""
    outcome = "rejected" if isinstance(case.got, Rejected) else "kept"
    wanted = (case.gold["outcome"], case.gold.get("page_type"))
    got = (outcome, case.got.page_type if wanted[1] else None)
    figures["page_outcome_and_type"].count(got == wanted, f"{case.name}: {got}, gold {wanted}")


def _page(case: Case, figures: Figures) -> None:
    """Judge what is read off the page of an article that both sides keep."""
    if not isinstance(case.got, Article) or "title" not in case.gold:
        return
    paragraphs = case.got.texts("paragraph") + case.got.texts("list")
    ends = case.gold["paragraphs"]
    for name, got, wanted in (
        ("title", case.got.title, case.gold["title"]),
        ("standfirst", case.got.standfirst, case.gold["standfirst"]),
        ("authors", sorted(case.got.authors), sorted(case.gold["authors"])),
        ("published", _published(case.got), _published_in_gold(case.gold)),
        ("paragraph_first", paragraphs[:1] and paragraphs[0].startswith(ends["first_words"]), True),
        ("paragraph_last", paragraphs[-1:] and paragraphs[-1].endswith(ends["last_words"]), True),
        ("paragraph_count", len(paragraphs), ends["count"]),
        ("headings", list(case.got.texts("heading")), case.gold["headings"]),
        ("captions", list(case.got.texts("caption")), case.gold["captions"]),
    ):
        figures[name].count(got == wanted, f"{case.name}: {got!r}, gold {wanted!r}")


def _published(article: Article) -> tuple[object, ...]:
    return article.published_at, article.published_at_method, article.published_at_precision


def _published_in_gold(gold: dict[str, Any]) -> tuple[object, ...]:
    when = gold["published_at"]
    return when and datetime.fromisoformat(when), gold["published_at_method"], gold["published_at_precision"]


def _quotes(case: Case, figures: Figures) -> None:
    if case.annotation is None or "quotes" not in case.gold:
        return
    rows = case.annotation.quotes
    spans = list(_gold_spans(case))
    for wanted, span in zip(case.gold["quotes"], spans, strict=True):
        found = _found(span, rows, case.text)
        label = f"{case.name}: {case.text[slice(*span)]!r}"
        figures["quote_found"].count(found is not None, label)
        exact = found is not None and (found.start_char, found.end_char) == span
        figures["quote_exact_span"].count(exact, f"{label}, got {found and found.quote_text!r}")
        if wanted["type"] != "indirect":
            figures["quote_found_in_marks"].count(found is not None, label)
        _speaker(wanted, found, label, figures)
    for row in rows:
        is_right = any(_found(span, [row], case.text) for span in spans)
        figures["quote_precision"].count(is_right, f"{case.name}: {row.quote_type} {row.quote_text!r} ({row.rule_id})")
    for heading in case.gold.get("not_quotes", ()):
        figures["not_quotes_kept_out"].count(
            not any(row.quote_text in heading for row in rows), f"{case.name}: {heading!r}"
        )


def _speaker(wanted: dict[str, Any], found: Quote | None, label: str, figures: Figures) -> None:
    gold = (wanted["speaker_name"], wanted["speaker_kind"])
    got = (found.speaker_name, found.speaker_kind) if found else (None, None)
    miss = f"{label}: {got[0]}|{got[1]} ({found and found.rule_id}), gold {gold[0]}|{gold[1]}"
    figures["speaker_name"].count(found is not None and got[0] == gold[0], miss)
    figures["speaker_kind"].count(got[1] == gold[1], miss)
    figures["speaker_name_and_kind"].count(got == gold, miss)


def _gold_spans(case: Case) -> Iterator[tuple[int, int]]:
    """Yield where each quote of gold stands, an empty span for one that cleaning lost."""
    position = 0
    for quote in case.gold["quotes"]:
        start = case.text.find(quote["text_start"], position)
        end = case.text.find(quote["text_end"], start) + len(quote["text_end"])
        if start < 0 or end < start:
            yield (0, 0)
        else:
            yield (start, end)
            position = end


def _found(span: tuple[int, int], rows: Sequence[Quote], text: str) -> Quote | None:
    start, end = span
    words = text[start:end].split()
    if not words:
        return None

    def shared(row: Quote) -> int:
        return min(row.end_char, end) - max(row.start_char, start)

    best = max(rows, key=shared, default=None)
    if best is None or shared(best) * 2 < end - start:
        return None
    has_first = best.start_char <= start + len(words[0]) // 2 < best.end_char
    has_last = best.start_char < end - len(words[-1]) // 2 <= best.end_char
    return best if has_first or has_last else None


def _events(case: Case, figures: Figures) -> None:
    if case.annotation is None:
        return
    free = list(case.annotation.events)
    for wanted in case.gold.get("events", ()):
        row = max((row for row in free if _same_trigger(row, wanted)), key=lambda row: _fit(row, wanted), default=None)
        if row is not None:
            free.remove(row)
        got = row and f"{row.event_type} {row.modality} {_date(row)} ({row.rule_id})"
        gold = f"{wanted['type']} {wanted['modality']} {wanted.get('date', '-')}"
        miss = f"{case.name}: {wanted['trigger']}: {got}, gold {gold}"
        figures["event_found"].count(row is not None, miss)
        figures["event_type"].count(row is not None and _type_fits(row, wanted), miss)
        figures["event_modality"].count(row is not None and row.modality == wanted["modality"], miss)
        if "date" in wanted:
            figures["event_date"].count(row is not None and _date(row) == wanted["date"], miss)
        if wanted["modality"] in ("hypothetical", "negated"):
            figures["unreal_never_happened"].count(row is None or row.modality != "happened", miss)


def _same_trigger(row: Event, wanted: dict[str, Any]) -> bool:
    """Say whether a row is of this trigger, or of the verb that its rule reads with it ("launch", "inquiry")."""
    got, gold = set(row.trigger_text.casefold().split()), set(wanted["trigger"].casefold().split())
    objects = [part for part in re.split(r"[_/]", row.rule_id.partition("@")[2].partition(">")[0]) if part]
    return got <= gold or gold <= got or any(wanted["trigger"].startswith(each) for each in objects)


def _fit(row: Event, wanted: dict[str, Any]) -> tuple[bool, bool, bool]:
    return _type_fits(row, wanted), row.modality == wanted["modality"], _date(row) == wanted.get("date")


def _type_fits(row: Event, wanted: dict[str, Any]) -> bool:
    types = wanted["type"]
    return row.event_type in (types if isinstance(types, list) else [types])


_WRITTEN: dict[str, Callable[[Any], str]] = {
    "day": lambda day: day.isoformat(),
    "week": lambda day: f"{day:%G-W%V}",
    "month": lambda day: f"{day:%Y-%m}",
    "year": lambda day: f"{day:%Y}",
}


def _date(row: Event) -> str | None:
    """Return the date as gold writes it: a day, month, year or ISO week."""
    if row.event_date is None:
        return None
    write = _WRITTEN.get(row.event_date_precision)
    return write(row.event_date) if write else f"{row.event_date}/{row.event_date_precision}"


def _people(case: Case, figures: Figures) -> None:
    if case.annotation is None:
        return
    names = {e.entity_name for e in case.annotation.entities if e.entity_type == "PERSON"}
    for name in case.gold.get("people", ()):
        figures["people"].count(name in names, f"{case.name}: {name} not in {sorted(filter(None, names))}")
