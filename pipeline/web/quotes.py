"""An article's quotations as a page shows them: what was said, by whom, and where the words that say so stand."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.tables.spec import Row
from pipeline.web.corrections import Correction, quote_corrections

Span = tuple[int, int]
_CUE_REACH = 200  # code points on either side of a quotation in which its cue is looked for
UNNAMED_SPEAKER = "nobody named"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteView:
    """One quotation. ``number`` counts from 1; spans are code points of the text, half-open.

    ``row`` names its row as `newslake why` takes it. ``speaker`` is a name, else words, else ``UNNAMED_SPEAKER``;
    ``speaker_cluster`` is the speaker's ``cluster_index``. ``parts`` are inside marks. ``cue_span`` is the place of
    the cue nearest to the quotation: the tables have its words, not its place.
    """

    number: int
    row: str
    kind: str
    text: str
    span: Span
    parts: tuple[Span, ...]
    is_closed: bool
    speaker: str
    speaker_span: Span | None
    speaker_cluster: int | None
    role: str
    gender: str
    cue: str
    cue_span: Span | None
    stance: str
    addressee: str
    medium: str
    how: str
    corrections: tuple[Correction, ...]


def build_quotes(article: Row, quotes: Sequence[Row]) -> tuple[QuoteView, ...]:
    """Return the quotations of an article, in reading order."""
    rows = sorted(quotes, key=lambda row: int(row["quote_index"]))
    corrections = quote_corrections(article, rows)
    return tuple(_quote_view(article, row, corrections[at]) for at, row in enumerate(rows))


def _quote_view(article: Row, row: Row, corrections: tuple[Correction, ...]) -> QuoteView:
    span = (row["start_char"], row["end_char"])
    has_mention = row["speaker_start_char"] is not None
    return QuoteView(
        number=row["quote_index"] + 1,
        row=f"{row['article_id']}:quotes:{row['quote_index']}",
        kind=row["quote_type"],
        text=" ".join(row["quote_text"].split()),
        span=span,
        parts=tuple((part["start_char"], part["end_char"]) for part in row["parts"]),
        is_closed=row["is_closed"],
        speaker=row["speaker_name"] or row["speaker_text"] or UNNAMED_SPEAKER,
        speaker_span=(row["speaker_start_char"], row["speaker_end_char"]) if has_mention else None,
        speaker_cluster=row["speaker_cluster_index"],
        role=row["speaker_role"] or "",
        gender=describe_gender(row["speaker_gender"], row["speaker_gender_method"]),
        cue=row["cue_text"] or "",
        cue_span=_cue_span(article["text"], row),
        stance=row["cue_stance"] or "",
        addressee=row["addressee_text"] or "",
        medium=row["medium_text"] or "",
        how=f"rule {row['rule_id']}, confidence {row['confidence']:.2f}",
        corrections=corrections,
    )


_GENDERS = {"F": "woman", "M": "man", "U": "gender not known"}


def describe_gender(gender: str | None, method: str | None) -> str:
    """Return a gender in words with what it rests on; "" for what is no person."""
    if gender is None:
        return ""
    return f"{_GENDERS[gender]} by {method}" if method and method != "none" else _GENDERS[gender]


def _cue_span(text: str, row: Row) -> Span | None:
    """Return where the cue stands: its words nearest to the quotation, outside of its marks; None where they do not."""
    if not row["cue_text"]:
        return None
    start, end = row["start_char"], row["end_char"]
    words = re.compile(rf"\b{re.escape(row['cue_text'])}\b")
    found = [match.span() for match in words.finditer(text, max(start - _CUE_REACH, 0), end + _CUE_REACH)]
    parts = [(part["start_char"], part["end_char"]) for part in row["parts"]] or [(start, end)]
    outside = [span for span in found if not any(span[0] < last and first < span[1] for first, last in parts)]
    return min(outside, key=lambda span: max(start - span[1], span[0] - end, 0), default=None)
