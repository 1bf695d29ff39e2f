"""What speaks for and against a candidate as what a pronoun stands for: names of features, all on or off.

`scripts/train_pronouns.py` weighs them. A name is written ``what:value``; a weight that is missing counts as nothing.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from pipeline.nlp.languages.spec import Pronoun

_LEAST = 0.02  # prominence
GenderEvidence = Literal["shown", "heard", "clash", "unknown", "none"]


@dataclass(slots=True)
class LastMention:
    """The last mention of an entity: its head token, that one's relation and governor, and what kind of mention."""

    token: int
    sentence: int
    block: int
    place: str
    governor: int
    kind: str
    in_quote: bool


@dataclass(frozen=True, slots=True)
class Anaphor:
    """A pronoun with all that its candidates are compared with. ``above`` maps what governs it to the distance up."""

    token: int
    pronoun: Pronoun
    sentence: int
    block: int
    place: str
    governor: int
    above: dict[int, int]
    in_quote: bool
    says_whole_clause: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entity that a pronoun may stand for. ``rank`` counts fitting ones mentioned later, ``between`` common nouns.

    ``mentions`` counts those before the pronoun, ``named`` the names in the whole article; ``is_main`` says that no
    fitting one has more. ``prominence`` fades with each sentence; ``leads`` says that no other has more of it.
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

    @property
    def is_guess(self) -> bool:
        """Whether it is a person only by guess."""
        return self.entity_type in ("guess", "forename")


@dataclass(frozen=True, slots=True)
class Option:
    """One reading of a pronoun; ``cluster`` None is that it stands for nothing with a name.

    ``prominence`` is the natural logarithm of the candidate's.
    """

    cluster: int | None
    features: tuple[str, ...]
    prominence: float = 0.0


def features_of(anaphor: Anaphor, candidate: Candidate) -> Iterator[str]:
    """Yield the features of a pronoun and one candidate."""
    last = candidate.last
    distance = anaphor.sentence - last.sentence
    near = "here" if distance == 0 else "before" if distance == 1 else "far"
    yield from _above("distance", distance, (0, 1, 2, 3, 5))
    yield from _above("rank", candidate.rank, (0, 1, 2))
    yield from _above("mentions", candidate.mentions, (1, 3, 6))
    yield from _above("between", candidate.between, (0, 1, 3))
    yield from _above("block", anaphor.block - last.block, (0, 1))
    yield f"place:{last.place}:{near}"
    yield f"kind:{last.kind}:{near}"
    yield f"type:{candidate.entity_type}"
    yield f"gender:{candidate.gender}"
    yield f"quote:{_inside(anaphor.in_quote)}<{_inside(last.in_quote)}"
    if last.place == anaphor.place:
        yield f"parallel:{last.place}:{near}"
    yield from _above("named", candidate.named, (1, 3))
    if candidate.is_main:
        yield "main"
    if candidate.leads:
        yield "leads"
    if candidate.subject_before:
        yield "subject_before"
    if distance == 0:
        yield from _within(anaphor, last)


def _within(anaphor: Anaphor, last: LastMention) -> Iterator[str]:
    """Yield what only one sentence shows."""
    yield from _above("words", abs(anaphor.token - last.token), (3, 6, 12, 24))
    if last.token > anaphor.token:
        yield f"ahead:{anaphor.place}"
    if last.token in anaphor.above:
        yield f"within_its_phrase:{anaphor.place}"
    if last.governor in anaphor.above and last.place == "subject":
        yield f"own_subject:{min(anaphor.above[last.governor], 4)}"
    if last.governor == anaphor.governor:
        yield f"same_governor:{anaphor.place}<{last.place}"
    if anaphor.pronoun.is_reflexive:
        yield f"reflexive<{last.place}"


def _above(name: str, value: int, edges: tuple[int, ...]) -> tuple[str, ...]:
    return _edges_below(name, min(value, edges[-1] + 1), edges)


@lru_cache(maxsize=1024)
def _edges_below(name: str, value: int, edges: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(f"{name}>{edge}" for edge in edges if value > edge)


def features_of_none(anaphor: Anaphor, word: str, fitting: int) -> Iterator[str]:
    """Yield the features of the reading that a pronoun stands for nothing that has a name."""
    yield "none"
    if anaphor.pronoun.gender is None:  # he and she are weighed alike
        yield f"none:word:{word}"
    yield f"none:place:{anaphor.place}"
    yield f"none:quote:{_inside(anaphor.in_quote)}"
    yield f"none:fitting:{min(fitting, 4)}"


def _inside(in_quote: bool) -> str:
    return "in" if in_quote else "out"


def best_of(options: Sequence[Option], weights: Mapping[str, float]) -> tuple[int | None, float]:
    """Return the reading with the highest score, and its share of the probability of all."""
    scores = [_score(option, weights) for option in options]
    highest = max(scores)
    best = options[scores.index(highest)].cluster
    odds = [math.exp(score - highest) for score in scores]
    agreeing = sum(odd for odd, option in zip(odds, options, strict=True) if option.cluster == best)
    return best, round(agreeing / sum(odds), 2)


def _score(option: Option, weights: Mapping[str, float]) -> float:
    return option.prominence * weights.get("prominence", 0.0) + sum(
        [weights[feature] for feature in option.features if feature in weights]
    )


def log_of(prominence: float) -> float:
    return math.log(max(prominence, _LEAST))
