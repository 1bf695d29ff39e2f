"""Precision and recall of clustering on the syndication set: pairs of quotes and of events, compared with the truth."""

import re
import tempfile
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from difflib import SequenceMatcher
from itertools import combinations
from pathlib import Path
from typing import Any

import pyarrow as pa

from newslake.pipeline.clean.plain_text import article_from_text
from newslake.pipeline.jobs.cluster import near_duplicates_of, relate_rows_of
from newslake.pipeline.kb import load_kb
from newslake.pipeline.lake import KEYS_SCHEMA, Lake
from newslake.pipeline.model import Annotation, Article
from newslake.pipeline.nlp.annotator import Annotator
from newslake.pipeline.tables import ANNOTATION_TABLES, rows_table
from newslake.pipeline.tables.rows import annotation_rows
from tests.quality.corpus import read_corpus
from tests.syndication.variants import Print, elsewhere, original, variants

_OTHERS = ("ORG", "GPE", "LOC", "FAC")
# Pages of the newsroom that report on one story over time, by the end of their URLs. Nobody annotated what two of them
# have in common, so their pairs are not judged.
_THREADS = (
    ("ferry-sulphur-row", "finland-expels-customs-men", "ferry-row-ends", "opinion-small-seas", "lisbon-sardine-talks"),
    ("bus-drivers-walk-out", "bus-strike-called-off", "harbour-bridge-closed"),
    ("council-budget-vote", "library-sit-in"),
    ("ferry-firm-fine", "northbound-fined"),
    ("oakenfell-mayor-vote", "oakenfell-mayor-result"),
    ("bronze-collar-theft", "stolen-collar-found"),
    ("chile-earthquake", "vessmouth-couple-safe-in-chile"),
    ("nurses-strike", "marcus-thole-night-shifts"),
    ("cup-replay", "frost-sinks-old-club"),
)
_LIKE = 0.5  # minimum share of a quote's letters to count as the original's quote


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of rows of different articles: in one cluster, the same in truth, and both."""

    found: int
    true: int
    right: int

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.true if self.true else 1.0


@dataclass(frozen=True, slots=True)
class Read:
    """A variant with its article and annotation."""

    printed: Print
    article: Article
    annotation: Annotation


def syndicated(nlp: object, *, stories: int | None = None) -> list[Read]:
    """Return the variants of the sample newsroom's stories, or of the first few, annotated by the real pipeline."""
    reader = Annotator(nlp, kb=load_kb(None), infer_gender=True)
    cases = [case for case in read_corpus(nlp) if isinstance(case.got, Article) and case.got.published_at]
    bodies: dict[str, Any] = {}
    for case in cases:  # of one wire story at two publishers, keep only one
        bodies.setdefault(case.got.text[:60], case)
    prints = [each for number, case in enumerate(list(bodies.values())[:stories]) for each in _prints(case, number)]
    articles = {id(article): (each, article) for each in prints for article in [_article(each)]}
    docs = reader.docs([article for _, article in articles.values()])
    return [Read(articles[id(a)][0], a, reader.annotate(a, doc)) for a, doc in docs if doc is not None]


def _prints(case: Any, number: int) -> list[Print]:
    """Return a story's variants, and another story in the same words."""
    first, entities = original(case.got, story=case.name), case.annotation.entities
    people = sorted({each.entity_name for each in entities if each.entity_type == "PERSON" and each.entity_name})
    spellings: dict[str, set[str]] = defaultdict(set)
    for each in entities:
        if each.entity_type in _OTHERS and each.entity_name and each.mention_kind == "name":
            spellings[each.entity_name] |= {each.entity_name, each.entity_text}
    others = [sorted(spellings[name]) for name in sorted(spellings)]
    return [*variants(first, people=people), elsewhere(first, number=number, people=people, others=others)]


def _article(printed: Print) -> Article:
    outlet = re.sub(r"\W", "", printed.variant)
    made = article_from_text(
        printed.text,
        title=printed.paragraphs[0][0].text,
        published_at=printed.published_at,
        url=f"https://{outlet}.example/{printed.story}",
        language="en",
    )
    return replace(made, publisher=printed.variant)


def related(read: Sequence[Read], folder: Path) -> Lake:
    """Return a lake with these articles and their clusters."""
    lake = Lake(folder, durability="process", now=lambda: datetime.now(UTC))
    rows = [annotation_rows(each.article, each.annotation, model_name="m", pipeline_version="v") for each in read]
    tables = {
        spec.name: rows_table(spec, [row for each in rows for row in each[spec.name]]) for spec in ANNOTATION_TABLES
    }
    keys = [
        {
            "article_id": each.article.article_id,
            "revision_id": each.article.revision_id,
            "published_date": each.printed.published_at.date(),
            "seen_at": each.printed.published_at,
        }
        for each in read
    ]
    lake.stage("all", tables, pa.Table.from_pylist(keys, schema=KEYS_SCHEMA))
    lake.commit(["all"], is_current=lambda *_: True)
    lake.replace("near_duplicates", lambda: near_duplicates_of(lake, lake.days()))
    lake.replace_all(lambda: relate_rows_of(lake, lake.days()))
    return lake


def measure(read: Sequence[Read]) -> dict[str, Pairs]:
    """Return the pairs of quotes and of events.

    Only the variants of one story count for quotes: the same words in another story are one quote cluster too.
    """
    with tempfile.TemporaryDirectory() as folder:
        lake = related(read, Path(folder))
        quotes = _clusters(lake.read("quote_clusters"), "quote_index", "quote_cluster_id")
        events = _clusters(lake.read("event_cluster_members"), "event_index", "event_cluster_id")
    originals = {each.printed.story: each for each in read if each.printed.variant in ("original", "elsewhere")}
    same_words = [each for each in read if each.printed.variant != "elsewhere"]
    return {
        "quotes": _pairs(same_words, quotes, lambda each: _quote_labels(each, originals[each.printed.story])),
        "events": _pairs(read, events, lambda each: _event_labels(each, originals[each.printed.story])),
    }


def _clusters(table: pa.Table, index: str, group: str) -> dict[tuple[str, int], str]:
    return {(row["article_id"], row[index]): row[group] for row in table.to_pylist()}


def _pairs(read: Sequence[Read], clusters: dict[tuple[str, int], str], labels: Any) -> Pairs:
    rows = [
        (each.printed, clusters[each.article.article_id, index], label)
        for each in read
        for index, label in labels(each).items()
    ]
    found, true = _together(rows, by=1), _together(rows, by=2)
    return Pairs(len(found), len(true), len(found & true))


def _together(rows: Sequence[tuple[Print, str, object]], *, by: int) -> set[tuple[int, int]]:
    """Return the pairs of rows of different articles with the same cluster (by 1) or the same truth (by 2)."""
    alike: dict[object, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        alike[row[by]].append(number)
    pairs = (pair for numbers in alike.values() for pair in combinations(numbers, 2))
    return {(one, other) for one, other in pairs if _is_judged(rows[one][0], rows[other][0])}


def _is_judged(one: Print, other: Print) -> bool:
    if one.story == other.story:
        return one.variant != other.variant
    return _thread(one.story) != _thread(other.story)


def _thread(story: str) -> object:
    """Return the thread of a story, the same for all pages that report on it over time."""
    name, _, is_elsewhere = story.partition(" ")
    slug = Path(name).stem
    return next((number for number, slugs in enumerate(_THREADS) if slug in slugs), slug), is_elsewhere


def _origin(starts: Sequence[tuple[int, int]], at: int) -> int:
    """Return the index of the original sentence that the sentence at an offset comes from; -1 for a new sentence."""
    return starts[max(bisect_right(starts, at, key=lambda each: each[0]) - 1, 0)][1]


def _quote_labels(read: Read, first: Read) -> dict[int, object]:
    """Return, per quote, the matching quote of the original: of those that begin near it, the most similar."""
    mine, theirs = read.printed.origins(), first.printed.origins()
    known = [(_origin(theirs, quote.start_char), quote) for quote in first.annotation.quotes]
    found: dict[int, object] = {}
    for quote in read.annotation.quotes:
        origin = _origin(mine, quote.start_char)
        near = [
            (_likeness(quote.quote_text, each.quote_text), -at)
            for at, (o, each) in enumerate(known)
            if abs(o - origin) <= 1
        ]
        best = max(near, default=(0.0, 0))
        name: object = -best[1] if best[0] >= _LIKE else (read.printed.variant, quote.quote_index)
        found[quote.quote_index] = (read.printed.story, name)
    return found


def _likeness(one: str, other: str) -> float:
    """Return the share of the shorter text that is in the longer one."""
    shorter, longer = sorted((one.casefold(), other.casefold()), key=len)
    blocks = SequenceMatcher(None, longer, shorter, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks if block.size > 3) / max(len(shorter), 1)


def _event_labels(read: Read, first: Read) -> dict[int, object]:
    """Return, per event, the matching event of the original: same sentence and type, and the same word if there is one.

    Events that are coreferent in the original are one. An event that was not found there is identified by its sentence,
    type and word.
    """
    mine, theirs = read.printed.origins(), first.printed.origins()
    known: dict[tuple[int, str | None], list[Any]] = defaultdict(list)
    for event in first.annotation.events:
        known[_origin(theirs, event.start_char), event.event_type].append(event)
    found: dict[int, object] = {}
    for event in read.annotation.events:
        origin = _origin(mine, event.start_char)
        alike = known[origin, event.event_type]
        same = [each for each in alike if each.trigger_text[:3].lower() == event.trigger_text[:3].lower()] or alike[:1]
        name = same[0].coref_event_index if same else (origin, event.event_type, event.trigger_text[:3].lower())
        found[event.event_index] = (read.printed.story, name)
    return found
