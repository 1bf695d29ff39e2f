"""Features of a pronoun and the entities that it may refer to, and the reading with the highest score.

Features are named ``what:value``, each on or off. `scripts/train_pronouns.py` trains their weights; a missing one is 0.
"""

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from newslake.pipeline.model.annotation import MentionKind
from newslake.pipeline.nlp.languages.spec import Pronoun

GenderEvidence = Literal["shown", "heard", "clash", "surname", "unknown", "none"]


@dataclass(slots=True)
class LastMention:
    """The last mention of an entity: its head token, the head's relation and governor, and the kind of mention."""

    token: int
    sentence: int
    block: int
    place: str
    governor: int
    kind: str
    in_quote: bool


class SpeakingContext(NamedTuple):
    """What precedes a pronoun that speaks. By cluster: who spoke last, before that, and who was the last main subject.

    ``gap`` counts the paragraphs since the last speaker; ``is_unnamed``: it is a person without a name; ``spoken``
    counts the reports of each cluster.
    """

    last: int | None
    before: int | None
    subject: int | None
    gap: int
    is_unnamed: bool
    spoken: Mapping[int, int]


class Anaphor(NamedTuple):
    """A pronoun with the features that candidates are compared with. ``above`` maps its governors to their distance."""

    token: int
    pronoun: Pronoun
    sentence: int
    block: int
    place: str
    governor: int
    above: dict[int, int]
    in_quote: bool
    says_whole_clause: bool
    speaking: SpeakingContext | None


class Candidate(NamedTuple):
    """An entity that a pronoun may refer to. ``rank`` counts the matching entities mentioned later, ``between`` common
    nouns.

    ``mentions`` counts those before the pronoun, ``named`` the names in the whole article; ``is_main``: no matching
    entity has more names. ``prominence`` decays with each sentence; ``leads``: no other entity has a higher one.
    """

    cluster: int
    last: LastMention
    entity_type: str
    gender: GenderEvidence
    mentions: int
    named: int
    prominence: float
    rank: int
    between: int
    subject_before: bool
    leads: bool
    is_main: bool
    is_quoted: bool
    is_reported: bool

    @property
    def is_guess(self) -> bool:
        """Whether the entity is a person only by guess."""
        return self.entity_type in ("guess", "forename")


class Option(NamedTuple):
    """One reading of a pronoun; with ``cluster`` None it refers to nothing that has a name.

    ``prominence`` is the natural logarithm of the candidate's.
    """

    cluster: int | None
    features: tuple[str, ...]
    prominence: float = 0.0


class KnownMention(NamedTuple):
    """A mention resolved before the pronouns: its last token, its cluster and its kind."""

    last: int
    cluster: int | None
    kind: MentionKind


_LEAST_PROMINENCE = 0.02
_EDGES: Mapping[str, tuple[int, ...]] = {
    "distance": (0, 1, 2, 3, 5),
    "rank": (0, 1, 2),
    "mentions": (1, 3, 6),
    "between": (0, 1, 3),
    "block": (0, 1),
    "named": (1, 3),
    "words": (3, 6, 12, 24),
    "spoken": (0, 2),
}
# By name, the features of a value that is above no edge, above the first, above two and so on.
_ABOVE = {
    name: [tuple(f"{name}>{edge}" for edge in edges[:count]) for count in range(len(edges) + 1)]
    for name, edges in _EDGES.items()
}


def readings_of(anaphor: Anaphor, candidates: list[Candidate]) -> list[Option]:
    """Return one reading per candidate."""
    return [Option(each.cluster, _features_of(anaphor, each), _log(each.prominence)) for each in candidates]


def _features_of(anaphor: Anaphor, candidate: Candidate) -> tuple[str, ...]:
    """Return the features of a pronoun and one candidate."""
    last = candidate.last
    distance = anaphor.sentence - last.sentence
    near = "here" if distance == 0 else "before" if distance == 1 else "far"
    is_parallel = last.place == anaphor.place
    is_new_topic = near == "before" and last.kind == "name" and candidate.rank == 0 and is_parallel
    return (
        *_above("distance", distance),
        *_above("rank", candidate.rank),
        *_above("mentions", candidate.mentions),
        *_above("between", candidate.between),
        *_above("block", anaphor.block - last.block),
        f"place:{last.place}:{near}",
        f"kind:{last.kind}:{near}",
        f"type:{candidate.entity_type}",
        f"gender:{candidate.gender}",
        f"quote:{_inside(anaphor.in_quote)}<{_inside(last.in_quote)}",
        *((f"parallel:{last.place}:{near}",) if is_parallel else ()),
        *_above("named", candidate.named),
        *(("main",) if candidate.is_main else ()),
        *(("leads",) if candidate.leads else ()),
        *(("subject_before",) if candidate.subject_before else ()),
        *(("named_subject_before",) if is_new_topic and last.place == "subject" else ()),
        *(_within(anaphor, last) if distance == 0 else ()),
        *(_as_speaker(anaphor.speaking, candidate) if anaphor.speaking is not None else ()),
    )


def _as_speaker(context: SpeakingContext, candidate: Candidate) -> Iterator[str]:
    """Yield the features that apply only to a pronoun that speaks."""
    cluster = candidate.cluster
    if cluster == context.last:
        yield f"spoke_last:{min(context.gap, 2)}"
    elif cluster == context.before:
        yield "spoke_before"
    yield from _above("spoken", context.spoken.get(cluster, 0))
    if cluster == context.subject:
        yield "main_subject" if cluster == context.last else "new_subject"
    if candidate.is_quoted:
        yield "quoted"
    if candidate.is_reported:
        yield "reported"
    if context.is_unnamed:
        yield "after_unnamed"


def _within(anaphor: Anaphor, last: LastMention) -> Iterator[str]:
    """Yield the features that apply only within one sentence."""
    yield from _above("words", abs(anaphor.token - last.token))
    if last.token > anaphor.token:
        yield f"ahead:{anaphor.place}"
    if last.token in anaphor.above:
        yield f"within_its_phrase:{anaphor.place}"
    if last.governor in anaphor.above and last.place == "subject":
        yield f"with_subject:{min(anaphor.above[last.governor], 4)}"
    if last.governor == anaphor.governor:
        yield f"same_governor:{anaphor.place}<{last.place}"
    if anaphor.pronoun.is_reflexive:
        yield f"reflexive<{last.place}"


def _above(name: str, value: int) -> tuple[str, ...]:
    """Return the features ``name>edge`` of all edges below a value."""
    return _ABOVE[name][bisect_left(_EDGES[name], value)]


def features_of_none(anaphor: Anaphor, word: str, fitting: int) -> Iterator[str]:
    """Yield the features of the reading without a named referent."""
    yield "none"
    if anaphor.pronoun.gender is None:  # he and she have the same weights
        yield f"none:word:{word}"
    yield f"none:place:{anaphor.place}"
    yield f"none:quote:{_inside(anaphor.in_quote)}"
    yield f"none:fitting:{min(fitting, 4)}"
    if anaphor.speaking is not None:
        yield "none:speaking"
        if anaphor.speaking.is_unnamed:
            yield f"none:after_unnamed:{min(anaphor.speaking.gap, 2)}"


def _inside(in_quote: bool) -> str:
    return "in" if in_quote else "out"


def best_of(options: Sequence[Option], weights: Mapping[str, float]) -> tuple[int | None, float]:
    """Return the reading with the highest score, and its share of the total probability."""
    scores = [score_of(option, weights) for option in options]
    highest = max(scores)
    best = options[scores.index(highest)].cluster
    odds = [math.exp(score - highest) for score in scores]
    agreeing = sum(odd for odd, option in zip(odds, options, strict=True) if option.cluster == best)
    return best, round(agreeing / sum(odds), 2)


def score_of(option: Option, weights: Mapping[str, float]) -> float:
    return option.prominence * weights.get("prominence", 0.0) + sum(
        [weights[feature] for feature in option.features if feature in weights]
    )


def _log(prominence: float) -> float:
    return math.log(max(prominence, _LEAST_PROMINENCE))
