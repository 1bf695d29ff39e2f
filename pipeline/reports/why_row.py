"""A row of the lake and the words that it stands on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow.compute as pc

from pipeline.errors import ConfigError, LakeError
from pipeline.jobs.workspace import Workspace
from pipeline.lake import StoredArticle
from pipeline.model.provenance import Check, Excerpt, Fact, ProvenanceStep, known_facts
from pipeline.query import check_time
from pipeline.tables.spec import Row

# The tables whose rows point into an article's text: the column of the row's number, and of the words at its offsets.
INDEX_OF = {"entities": "entity_index", "quotes": "quote_index", "events": "event_index"}
_WORDS_OF = {"entities": "entity_text", "quotes": "quote_text", "events": "trigger_text"}
_HEADLINE = 70
_CONTEXT = 160  # code points of context on either side


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRows:
    """The rows of an article as it stands in the lake; each table is read once."""

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
        """The row of the article itself. Raises: LakeError where a commit took it to another day meanwhile."""
        if rows := self.of("articles"):
            return rows[0]
        told = f"{self.article_id} was moved to another day while it was read: ask again"
        raise LakeError(told, key=self.article_id, reason="moved")

    def numbered(self, table: str, index: int) -> Row:
        """Return one row. Raises: ConfigError, saying how many rows the article has."""
        rows = self.of(table)
        found = next((row for row in rows if row[INDEX_OF[table]] == index), None)
        if found is None:
            count = f"{len(rows)} rows, numbered from 0" if rows else "no rows"
            raise ConfigError(f"{table} has no row {index} of {self.article_id}: {count}", key=self.article_id)
        return found


def row_step(table: str, row: Row) -> ProvenanceStep:
    """Return what a row says and how each of it is known."""
    words = " ".join(str(row[_WORDS_OF[table]]).split())
    told = f"{table} {row[INDEX_OF[table]]}: {words if len(words) <= _HEADLINE else f'{words[:_HEADLINE]}…'}"
    return ProvenanceStep(name="row", told=told, facts=_FACTS[table](row))


def text_step(table: str, row: Row, article: Row) -> ProvenanceStep:
    """Return the words in their paragraph, and whether the row's offsets hold in the text as it stands."""
    text, start, end = article["text"], row["start_char"], row["end_char"]
    blocks = [
        each for each in enumerate(article["blocks"]) if each[1]["start_char"] < end and start < each[1]["end_char"]
    ]
    kind = blocks[0][1]["kind"] if blocks else "no block"
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
    told = f"{kind} {numbers}, code points {start} to {end}"
    return ProvenanceStep(name="text", told=told, checks=tuple(_check_spans(table, row, article)), excerpt=excerpt)


def _clip(text: str, *, from_end: bool = False) -> str:
    if len(text) <= _CONTEXT:
        return text
    return f"…{text[-_CONTEXT:]}" if from_end else f"{text[:_CONTEXT]}…"


def _check_spans(table: str, row: Row, article: Row) -> list[Check]:
    words, text = _WORDS_OF[table], article["text"]
    spans = [(words, row["start_char"], row["end_char"], row[words])]
    if table == "quotes" and row["speaker_start_char"] is not None:
        spans.append(("speaker_text", row["speaker_start_char"], row["speaker_end_char"], row["speaker_text"]))
    checks = [
        Check(True, f"text[{start}:{end}] is {name}")
        if text[start:end] == said
        else Check(False, f"text[{start}:{end}] is {text[start:end]!r}, {name} says {said!r}: `newslake lake verify`")
        for name, start, end, said in spans
    ]
    is_same = row["revision_id"] == article["revision_id"]
    told = "row and article are of one content" if is_same else "row and article are of two contents"
    return [*checks, Check(is_same, f"{told} ({row['revision_id']})")]


def _rule(row: Row) -> str:
    return f"rule {row['rule_id']}, confidence {row['confidence']:.2f}"


def _quote_facts(row: Row) -> tuple[Fact, ...]:
    speaker = row["speaker_name"] or row["speaker_text"] or "not known"
    return known_facts(
        Fact("speaker", speaker, _rule(row)),
        Fact("in the text", row["speaker_text"], row["speaker_kind"]),
        Fact("cue", row["cue_text"], row["cue_stance"]),
        Fact("type", row["quote_type"], "by the share of it inside marks"),
        Fact("role", row["speaker_role"]),
        Fact("gender", row["speaker_gender"], _by(row["speaker_gender_method"])),
        Fact("entity", row["speaker_entity_id"], _cluster(row["speaker_cluster_index"])),
        Fact("closed", None if row["is_closed"] else "no", "the closing mark is missing"),
    )


def _entity_facts(row: Row) -> tuple[Fact, ...]:
    linked = None if row["qid_confidence"] is None else f"confidence {row['qid_confidence']:.2f}"
    return known_facts(
        Fact("name", row["entity_name"] or "not resolved", f"{row['link_method']}, confidence {row['confidence']:.2f}"),
        Fact("type", row["entity_type"], f"a {row['mention_kind']}"),
        Fact("entity", row["entity_id"], _cluster(row["cluster_index"])),
        Fact("title", row["title_text"]),
        Fact("role", row["role_text"]),
        Fact("gender", row["gender"], _by(row["gender_method"])),
        Fact("country", row["country_code"], _by(row["country_method"])),
        Fact("wikidata", row["qid"], linked),
        Fact("knowledge", row["kb_version"], "the version of what is known of its names"),
    )


def _event_facts(row: Row) -> tuple[Fact, ...]:
    kind = "/".join(filter(None, [row["event_type"], row["event_mode"] or row["event_subtype"]]))
    return known_facts(
        Fact("type", kind, _rule(row)),
        Fact("modality", row["modality"]),
        Fact("actor", _participant(row, "actor"), row["actor_entity_id"]),
        Fact("recipient", _participant(row, "recipient"), row["recipient_entity_id"]),
        Fact("date", _event_days(row), _date_basis(row)),
        Fact("place", row["place_text"], row["place_country"]),
        Fact("reported by", row["attributed_to_entity_id"], "it stands in somebody's words"),
        Fact("first told", f"event {row['same_event_index']} of this article"),
    )


def _by(method: str | None) -> str | None:
    return None if method is None else f"by {method}"


def _cluster(index: int | None) -> str | None:
    return None if index is None else f"cluster {index} of the article"


def _participant(row: Row, side: str) -> str | None:
    names: Sequence[str] = row[f"{side}s"]
    told = " + ".join(names) if names else row[f"{side}_name"] or row[f"{side}_text"]
    codes = ", ".join(filter(None, [row[f"{side}_country"], row[f"{side}_sector"]]))
    return f"{told} ({codes})" if told and codes else told


def _event_days(row: Row) -> str:
    days = [str(day) for day in dict.fromkeys((row["event_date"], row["event_date_end"])) if day is not None]
    return " to ".join(days) or "not known"


def _date_basis(row: Row) -> str:
    words = f"{row['event_date_text']!r}" if row["event_date_text"] else None
    basis = f"by {row['event_date_basis']}" if row["event_date_basis"] != "none" else "nothing dates it"
    return ", ".join(filter(None, [basis, words, row["event_date_precision"], row["event_date_note"]]))


_FACTS: Mapping[str, Callable[[Row], tuple[Fact, ...]]] = {
    "entities": _entity_facts,
    "quotes": _quote_facts,
    "events": _event_facts,
}
