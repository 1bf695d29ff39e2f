"""Annotate an invented article: the starting point of the tests of events, modality and times."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from types import MappingProxyType, SimpleNamespace

from spacy.language import Language

from newslake.pipeline.kb import load_kb
from newslake.pipeline.model import Article, Block, Entity, Event, Quote, TimeExpression
from newslake.pipeline.nlp.annotator import join_docs, make_docs, parse_docs
from newslake.pipeline.nlp.events.extraction import extract_events
from newslake.pipeline.nlp.languages.en.frames import FRAMES
from newslake.pipeline.nlp.languages.en.times import TIMES
from newslake.pipeline.nlp.languages.logistic_regression import LogisticRegression
from newslake.pipeline.nlp.times.extraction import find_times
from newslake.pipeline.nlp.tokens import gather_tokens

# The rules alone: what the classifier makes of a single sentence changes with its weights.
ENGLISH = SimpleNamespace(frames=replace(FRAMES, classifier=LogisticRegression()), times=TIMES)
WEDNESDAY = date(2026, 3, 11)


@dataclass(frozen=True)
class Case:
    """The annotation of one text."""

    events: tuple[Event, ...]
    untyped: tuple[Event, ...]
    times: tuple[TimeExpression, ...]

    def event(self, trigger: str) -> Event:
        """Return the first typed event with this trigger."""
        return next(event for event in self.events if event.trigger_text == trigger)

    def predicate(self, trigger: str) -> Event:
        """Return the first event with this trigger, whether it has a type or not."""
        return next(event for event in self.events + self.untyped if event.trigger_text == trigger)


def article_of(text: str, *, title: str | None = None, published: date | None = WEDNESDAY) -> Article:
    """Return an article with a title and one paragraph per line."""
    parts = ([title] if title else []) + text.split("\n")
    blocks, start = [], 0
    for index, part in enumerate(parts):
        blocks.append(Block("title" if title and index == 0 else "paragraph", start, start + len(part)))
        start += len(part) + 2
    return Article(
        article_id="a" * 32,
        revision_id="b" * 16,
        url=None,
        canonical_url=None,
        source_key="invented",
        publisher=None,
        domain=None,
        title=title,
        standfirst=None,
        authors=(),
        section=None,
        tags=(),
        language="en",
        published_at=datetime(published.year, published.month, published.day, 9, tzinfo=UTC) if published else None,
        published_at_method="given" if published else "unknown",
        published_at_precision="second" if published else None,
        modified_at=None,
        fetched_at=datetime(2026, 3, 11, 10, tzinfo=UTC),
        text="\n\n".join(parts),
        blocks=tuple(blocks),
        word_count=0,
        page_type="article",
        is_paywalled=False,
        tdm_reserved=False,
        content_hash="",
        wire_agency=None,
        flags=(),
        payload_digest=None,
        http_status=None,
        extractor="none",
    )


def names_in(text: str, names: Sequence[tuple[str, str, int, str | None]]) -> tuple[Entity, ...]:
    """Return a mention for each occurrence of a (name, type, cluster, country) in a text."""
    full: dict[int, str] = {}
    for name, _, cluster, _ in names:
        full.setdefault(cluster, name)
    found = []
    for name, entity_type, cluster, country in names:
        start = text.find(name)
        while start >= 0:
            if not any(s <= start < e for s, e, *_ in found):
                found.append((start, start + len(name), name, entity_type, cluster, country))
            start = text.find(name, start + 1)
    return tuple(
        Entity(
            entity_index=index,
            entity_text=name,
            start_char=start,
            end_char=end,
            mention_kind="name",
            entity_type=entity_type,
            cluster_index=cluster,
            entity_id=f"id{cluster}",
            entity_name=full[cluster],
            honorific_text=None,
            role_text=None,
            country_code=country,
            gender=None,
            gender_method=None,
            qid=None,
            qid_confidence=None,
            kb_version=None,
            sentence_index=0,
            paragraph_index=0,
            block_kind="paragraph",
            quote_index=None,
            link_method="exact",
            confidence=1.0,
        )
        for index, (start, end, name, entity_type, cluster, country) in enumerate(sorted(found))
    )


def read(
    nlp: Language,
    text: str,
    *names: tuple[str, str, int, str | None],
    title: str | None = None,
    published: date | None = WEDNESDAY,
    quotes: tuple[Quote, ...] = (),
    groups: Mapping[str, tuple[int, ...]] = MappingProxyType({}),
) -> Case:
    """Annotate a text with the given names; ``groups`` maps phrases to the clusters that they refer to."""
    article = article_of(text, title=title, published=published)
    doc = join_docs(list(parse_docs(nlp, make_docs(nlp, article))))
    phrases = [(phrase, "PERSON", -1 - index, None) for index, phrase in enumerate(groups)]
    members = dict(zip((-1 - index for index in range(len(groups))), groups.values(), strict=True))
    entities = tuple(
        replace(e, cluster_index=None, mention_kind="nominal", group_cluster_indexes=members[e.cluster_index])
        if e.cluster_index in members
        else e
        for e in names_in(article.text, [*names, *phrases])
    )
    tokens = gather_tokens(doc, article)
    times = find_times(tokens, article, entities, ENGLISH)
    events, untyped = extract_events(tokens, article, entities, quotes, times, ENGLISH, kb=load_kb(None))
    return Case(events, untyped, times)
