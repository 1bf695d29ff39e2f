"""Event coreference, and the salience of each event in its article."""

from collections import Counter
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, fields
from datetime import date
from operator import attrgetter

from newslake.pipeline.model import Entity
from newslake.pipeline.model.annotation import Modality
from newslake.pipeline.nlp.languages.plover import DEEDS, OTHER

_MOST = 60  # a mention is compared with the latest events of its type, and with the latest mentions of each event
_STEM = 4  # fewest letters of a word that another is derived from
_MUTUAL = ("AGREE", "CONSULT", "COOPERATE")  # either side may be the actor
_UNREAL = ("hypothetical", "negated")


@dataclass(frozen=True, slots=True)
class Mention:
    """The features that event coreference compares. ``clusters`` are the participants' clusters; ``is_generic`` marks a
    bare plural ("attacks"), ``is_new`` a mention that is none of the events before ("another attack"), ``is_known`` a
    word for an event named before ("the attack", "wounded in the attack").
    """

    event_type: str | None
    event_mode: str | None
    modality: Modality
    lemma: str
    start: int
    sentence: int
    first_day: date | None
    last_day: date | None
    place: Entity | None
    clusters: frozenset[int]
    actor_cluster: int | None
    recipient_cluster: int | None
    in_headline: bool
    in_lead: bool
    is_generic: bool
    is_new: bool
    is_known: bool
    is_noun: bool


_FEATURES = attrgetter(*(each.name for each in fields(Mention) if each.name not in ("start", "sentence")))


def first_mentions(mentions: Sequence[Mention]) -> list[int]:
    """Return, per mention, the position of the first mention of the same event."""
    groups: dict[str, list[tuple[int, dict[Hashable, Mention]]]] = {}
    firsts: list[int] = []
    for position, mention in enumerate(mentions):
        alike = groups.setdefault(_kind(mention), [])
        group = None if mention.is_new else next((g for g in alike[-_MOST:] if _joins(mention, g[1].values())), None)
        if group is None and _refers(mention):
            group = next((g for g in reversed(alike[-_MOST:]) if _is_meant(mention, g[1].values())), None)
        if group is None:
            group = (position, {})
            alike.append(group)
        group[1][_comparison_key(mention)] = mention
        if len(group[1]) > _MOST:
            del group[1][next(iter(group[1]))]
        firsts.append(group[0])
    return firsts


def _comparison_key(mention: Mention) -> Hashable:
    """Return the compared features of a mention, so that a word repeated 1,000 times is compared once."""
    return _FEATURES(mention), None if mention.event_type is None else mention.sentence


def _kind(mention: Mention) -> str:
    """Return what coreferent mentions must share: the type, or the lemma if there is no type or it is OTHER."""
    kind = mention.event_type
    return mention.lemma if kind is None or kind == "OTHER" else kind


def _joins(mention: Mention, group: Collection[Mention]) -> bool:
    return any(_same(mention, other) for other in group) and not any(_contradict(mention, other) for other in group)


def _refers(mention: Mention) -> bool:
    """Return whether a word refers to an event named before, whatever its word was: "the attack" after "was stabbed",
    "the agreement" after "signed a deal".
    """
    if not mention.is_known or mention.is_new or mention.event_type in (None, OTHER):
        return False
    return mention.event_type in DEEDS or mention.is_noun


def _is_meant(mention: Mention, group: Collection[Mention]) -> bool:
    """Return whether a word may refer to an event: no other day, place or participants. An attack has many victims."""
    clusters = frozenset[int]().union(*(other.clusters for other in group))
    if mention.is_noun and mention.clusters and clusters and not mention.clusters & clusters:
        return False
    return not all(other.is_generic for other in group) and not any(_contradict(mention, other) for other in group)


def _same(one: Mention, other: Mention) -> bool:
    if one.is_generic or other.is_generic or not _same_mode(one, other):
        return False
    shared = len(one.clusters & other.clusters)
    alike = one.lemma == other.lemma or (one.event_type is not None and one.sentence == other.sentence)
    if one.in_lead and other.in_headline and one.event_type != "OTHER" and (shared or not other.clusters):
        return True
    if one.clusters and other.clusters:
        return shared > 1 or (shared == 1 and (alike or _is_derived(one, other)))
    return alike


def _is_derived(one: Mention, other: Mention) -> bool:
    """Return whether one lemma is derived from the other: meet and meeting."""
    short, long = sorted((one.lemma, other.lemma), key=len)
    return len(short) >= _STEM and long.startswith(short)


def _same_mode(one: Mention, other: Mention) -> bool:
    modes = (one.event_mode, other.event_mode)
    return modes[0] == modes[1] or None in modes or one.lemma == other.lemma


def _contradict(one: Mention, other: Mention) -> bool:
    if one.modality != other.modality and not (one.modality in _UNREAL and other.modality in _UNREAL):
        return True
    if _differ_in_time(one, other) or _differ_in_place(one, other) or _differ_in_both_roles(one, other):
        return True
    return _differ_in_speaker(one, other) or _act_on_each_other(one, other) or _act_on_each_other(other, one)


def _differ_in_time(one: Mention, other: Mention) -> bool:
    if one.first_day is None or other.first_day is None:
        return False
    return one.first_day > (other.last_day or other.first_day) or other.first_day > (one.last_day or one.first_day)


def _differ_in_place(one: Mention, other: Mention) -> bool:
    """Return whether the two events have different places in the same country."""
    if one.place is None or other.place is None or one.place.entity_name == other.place.entity_name:
        return False
    return one.place.country_code == other.place.country_code


def _differ_in_both_roles(one: Mention, other: Mention) -> bool:
    """Return whether both the actors and the recipients differ."""
    both = (one.recipient_cluster, other.recipient_cluster)
    return None not in both and both[0] != both[1] and one.actor_cluster not in (other.actor_cluster, *both)


def _differ_in_speaker(one: Mention, other: Mention) -> bool:
    """Return whether two statements have different speakers: each "called for calm"."""
    actors = (one.actor_cluster, other.actor_cluster)
    is_said = one.event_type not in DEEDS and one.event_type not in _MUTUAL
    return is_said and None not in actors and actors[0] != actors[1]


def _act_on_each_other(one: Mention, other: Mention) -> bool:
    """Return whether the recipient of an act is the actor of the other: "A attacked B", then B attacked others."""
    actors = (one.actor_cluster, other.actor_cluster)
    if one.event_type in _MUTUAL or None in actors or actors[0] == actors[1]:
        return False
    return one.recipient_cluster == other.actor_cluster


def repeated_in_lead(mentions: Sequence[Mention], firsts: Sequence[int]) -> int | None:
    """Return the first mention of the event that the lead and another mention name; of several, the one with
    most mentions, then the earliest. None without one.
    """
    count = Counter(firsts)
    real = ((first, each) for first, each in zip(firsts, mentions, strict=True) if each.modality != "hypothetical")
    named = {first for first, each in real if each.in_lead}
    return min((first for first in named if count[first] > 1), key=lambda first: (-count[first], first), default=None)


def saliences(
    mentions: Sequence[Mention], firsts: Sequence[int], prominence: Counter[int], main: int | None
) -> list[float]:
    """Return the salience of each mention in its article, 0 to 1.

    The weights are 0.4 for the main event, 0.2 headline, 0.15 position in the text, 0.15 repetition and 0.1 prominence
    of the participants. ``main`` is the first mention of the main event; ``prominence`` counts mentions per cluster.
    Unreal events have a lower salience.
    """
    repeated = Counter(firsts)
    headlined = {first for first, mention in zip(firsts, mentions, strict=True) if mention.in_headline}
    most = max(prominence.values(), default=1)
    length = max((mention.start for mention in mentions), default=0) + 1
    scores: list[float] = []
    for first, mention in zip(firsts, mentions, strict=True):
        headline = 0.2 if mention.in_headline else 0.15 if first in headlined else 0.0
        place = 0.15 * (1 - mention.start / length)
        repetition = 0.15 * min(1.0, (repeated[first] - 1) / 3)
        prominent = 0.1 * max((prominence[c] for c in mention.clusters), default=0) / most
        worth = 0.85 if mention.modality in _UNREAL else 1.0
        scores.append(round(0.4 * (first == main) + worth * (headline + place + repetition + prominent), 4))
    return scores
