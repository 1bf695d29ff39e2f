"""Quotes compared with gold: found, exact span, right speaker, and no other quotes.

A gold quote is found by the row that covers most of it, if it covers half or more and contains its first or last word.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from newslake.pipeline.model import Quote
from tests.quality.corpus import Case
from tests.quality.figures import Figures


def judge_quotes(case: Case, figures: Figures) -> None:
    """Judge the quotes of an article that has quotes in gold."""
    if case.annotation is None or "quotes" not in case.gold:
        return
    rows = case.annotation.quotes
    spans = list(gold_spans(case))
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


def gold_spans(case: Case) -> Iterator[tuple[int, int]]:
    """Yield the span of each gold quote, an empty one if cleaning lost the quote."""
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
