"""The confidence of a quote: how likely it is a quote of this speaker.

Logistic regression over features of the rule that decided, the cue, the place of the speaker, and the coreference of
its mention. The weights are part of the language data (`scripts/train_quotes.py`).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from newslake.pipeline.model import Entity
from newslake.pipeline.model.annotation import QuoteType
from newslake.pipeline.nlp.languages.logistic_regression import LogisticRegression
from newslake.pipeline.nlp.quotes.attribution import Attribution
from newslake.pipeline.nlp.quotes.speakers import Speaker, SpeakerFinder

_STEPS = {"distance": (0, 1, 3, 8, 20, 60), "words": (2, 5, 12, 30), "paragraphs": (0, 1, 2, 5), "few": (0, 1, 2, 4)}
_SHARES = (0.3, 0.5, 0.7, 0.9)
_FARTHEST = 600  # tokens that are searched for a name
_OPEN = (None, "U")  # genders that fit any other


@dataclass(frozen=True, slots=True)
class QuoteCandidate:
    """A quote with its most likely speaker, before it is known whether that speaker is believed. ``first`` and ``last``
    are its tokens.
    """

    attribution: Attribution
    speaker: Speaker | None
    quote_type: QuoteType
    first: int
    last: int
    word_count: int
    is_closed: bool


def probabilities(
    finder: SpeakerFinder, candidates: Sequence[QuoteCandidate], model: LogisticRegression
) -> tuple[float, ...]:
    """Return, per quote in reading order, the probability that its speaker is right, 0 to 1."""
    ranks = _ranks(finder)
    return tuple(
        model.probability([*_of_quote(each), *_of_speaker(finder, each, ranks), *_of_order(each, previous)])
        for previous, each in zip((None, *candidates), candidates, strict=False)
    )


def _ranks(finder: SpeakerFinder) -> Mapping[int, int]:
    """Return the rank of each named person's cluster by its tokens in names, 0 for the one named most."""
    entities = (each for token, each in finder.at.items() if finder.is_person(token))
    counts = Counter(each.cluster_index for each in entities if each.cluster_index is not None)
    return {cluster: rank for rank, (cluster, _) in enumerate(counts.most_common())}


def _of_quote(candidate: QuoteCandidate) -> Iterator[str]:
    attribution, kind = candidate.attribution, candidate.quote_type
    rule, cue = attribution.rule, attribution.cue
    yield from ("bias", f"rule:{rule}", f"quote:{kind}", f"quote:{kind}:{rule}", f"closed:{candidate.is_closed}")
    yield f"words:{_step(candidate.word_count, 'words')}:{kind}"
    yield f"score:{_share(attribution.score)}:{rule}"
    if cue is None:
        yield f"cue:none:{rule}"
        return
    yield from (f"cue:{cue.entry.cue_class}", f"cue:{cue.kind}:{kind}", f"listed:{cue.is_listed}")
    yield f"weight:{_share(cue.entry.weight)}:{kind}"


def _of_speaker(finder: SpeakerFinder, candidate: QuoteCandidate, ranks: Mapping[int, int]) -> Iterator[str]:
    speaker, cue = candidate.speaker, candidate.attribution.cue
    if cue is not None:
        yield f"cue_lemma:{finder.tokens.lemma[cue.token]}"
    if speaker is None or candidate.attribution.speaker is None:
        yield from ("speaker:none", f"speaker:none:{candidate.attribution.rule}")
        return
    head = candidate.attribution.speaker
    form = _form(finder, head)
    yield from (f"speaker:{form}", f"kind:{speaker.kind}", f"kind:{speaker.kind}:{form}")
    yield f"rule:{candidate.attribution.rule}:{form}"
    yield from _of_place(finder, candidate, head)
    if (entity := speaker.entity) is not None:
        yield from _of_entity(finder, entity, head, ranks)
    else:
        yield f"entity:none:{form}"


def _form(finder: SpeakerFinder, head: int) -> str:
    """Return how the text says the speaker: the pronoun, "name", or "noun"."""
    if (word := finder.tokens.lower[head]) in finder.data.pronouns:
        return word
    entity = finder.at.get(head)
    return "name" if entity is not None and entity.mention_kind == "name" else "noun"


def _of_place(finder: SpeakerFinder, candidate: QuoteCandidate, head: int) -> Iterator[str]:
    """Yield where the speaker is, and how many people are named between it and the quote."""
    tokens, is_before = finder.tokens, head < candidate.first
    edge = candidate.first if is_before else candidate.last
    gap = range(head + 1, edge) if is_before else range(edge + 1, head)
    side, same = "before" if is_before else "after", tokens.sentence[edge] == tokens.sentence[head]
    between = len({finder.at[each].start_char for each in gap[:_FARTHEST] if finder.is_person(each)})
    yield from (f"side:{side}:{same}", f"distance:{side}:{_step(len(gap), 'distance')}")
    yield from (f"between:{_step(between, 'few')}", f"dep:{tokens.dep[head]}")


def _of_entity(finder: SpeakerFinder, entity: Entity, head: int, ranks: Mapping[int, int]) -> Iterator[str]:
    """Yield how sure the mention belongs to its cluster, and for a pronoun or noun, where its name is."""
    form = _form(finder, head)
    yield from (f"entity:{entity.entity_type}", f"link:{entity.link_method}:{form}")
    if (mention := finder.at.get(head)) is not None:
        yield f"linked:{_share(mention.confidence)}:{form}"
    if entity.gender is not None:
        yield f"gender:{entity.gender}:{form}"
    if form != "name" and entity.cluster_index is not None:
        yield f"rank:{_step(ranks.get(entity.cluster_index, len(ranks)), 'few')}"
        yield from _of_last_name(finder, entity, head)


def _of_last_name(finder: SpeakerFinder, entity: Entity, head: int) -> Iterator[str]:
    """Yield how far the last name of a mention's cluster is, its role, and how many others were named since."""
    tokens = finder.tokens
    others: set[int | None] = set()
    for token in filter(finder.is_person, range(head - 1, max(head - _FARTHEST, -1), -1)):
        named = finder.at[token]
        if named.cluster_index == entity.cluster_index:
            yield f"paragraphs:{_step(tokens.block[head] - tokens.block[token], 'paragraphs')}"
            yield f"role:{tokens.dep[token]}"
            break
        if entity.gender in _OPEN or named.gender in (entity.gender, *_OPEN):
            others.add(named.cluster_index)
    yield f"others:{_step(len(others), 'few')}"


def _of_order(candidate: QuoteCandidate, previous: QuoteCandidate | None) -> Iterator[str]:
    """Yield whether the quote before has the same speaker."""
    if previous is None or previous.speaker is None or candidate.speaker is None:
        yield "previous:none"
        return
    one, other = candidate.speaker.entity, previous.speaker.entity
    is_same = (
        one is not None
        and other is not None
        and one.cluster_index is not None
        and one.cluster_index == other.cluster_index
    )
    yield f"previous:{is_same}:{candidate.attribution.rule}"


def _step(value: int, name: str) -> int:
    """Return the number of the step that a count reaches."""
    return sum(value > each for each in _STEPS[name])


def _share(value: float) -> int:
    return sum(value >= each for each in _SHARES)
