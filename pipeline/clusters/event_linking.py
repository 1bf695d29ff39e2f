"""Event linking across articles: by type, time, place, participants, and the words around an event.

Entry points: ``relate_events``, ``event_cluster_member_rows``.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

import numpy as np
import pyarrow as pa

from newslake.pipeline.clusters.blocking import earlier_sharing
from newslake.pipeline.clusters.event_mentions import EventDay, EventUnit, Name
from newslake.pipeline.clusters.name_matching import may_be_one, shared_count
from newslake.pipeline.tables import TABLE_SPECS

_DAY = timedelta(days=1)
_ENOUGH = 2.5
# Weights. Two shared names are nearly enough; one name needs the word and a part of the sentence, too.
_NAME, _MOST_NAMES = 1.0, 2
_COUNTRY = 0.5
_WORD = 1.0
_CONTEXT, _LEAST_CONTEXT = 2.5, 0.2
_SAME_DAY, _NEXT_DAY = 0.75, 0.25
_PLACE, _OTHER_PLACE = 0.5, -1.0
_OTHER_MODALITY = -0.5
_UNDATED_APART = -0.5  # for two undated events, published more than two days apart
_NAMELESS_CONTEXT = 0.6  # share of the words, for units without a shared name
_FEWEST_OF_STORY, _OF_STORY = 2, 0.5  # of the names in the article with fewer names


def agreement(one: EventUnit, other: EventUnit) -> float | None:
    """Return the score of two units as one event; None if it is too low, or if something excludes the match.

    The order of the two does not matter.
    """
    if one.kind != other.kind or (one.modality == "happened") != (other.modality == "happened"):
        return None
    is_said_alike = any(word in other.words for word in one.words)
    if (
        _are_apart(one, other)
        or _is_another_mode(one, other, is_said_alike=is_said_alike)
        or _have_other_participants(one, other)
    ):
        return None
    shared, context = _count_shared_names(one, other), _context(one, other)
    if not shared and not (is_said_alike and context >= _NAMELESS_CONTEXT and _are_of_one_story(one, other)):
        return None
    score = _NAME * min(shared, _MOST_NAMES) + _WORD * is_said_alike + _time(one, other) + _place(one, other)
    score += _CONTEXT * context if context >= _LEAST_CONTEXT else 0.0
    score += _COUNTRY if not shared and one.countries & other.countries else 0.0
    score += _OTHER_MODALITY if one.modality != other.modality else 0.0
    return score if score >= _ENOUGH else None


def _are_apart(one: EventUnit, other: EventUnit) -> bool:
    if one.days is None or other.days is None:
        return False
    return one.days[0] > other.days[1] + _DAY or other.days[0] > one.days[1] + _DAY


def _is_another_mode(one: EventUnit, other: EventUnit, *, is_said_alike: bool) -> bool:
    return bool(one.modes and other.modes) and not {*one.modes}.intersection(other.modes) and not is_said_alike


def _have_other_participants(one: EventUnit, other: EventUnit) -> bool:
    """Return whether both have actors, or recipients, but different ones. Roles may be swapped, as in a meeting."""
    everybody, all_others = (*one.actors, *one.recipients), (*other.actors, *other.recipients)
    if one.actors and other.actors and not _share_a_name(one.actors, all_others):
        return not _share_a_name(other.actors, everybody)
    return bool(one.recipients and other.recipients) and not (
        _share_a_name(one.recipients, all_others) or _share_a_name(other.recipients, everybody)
    )


def _share_a_name(names: Iterable[Name], others: Iterable[Name]) -> bool:
    return any(_is_same_name(name, other) for name in names for other in others)


def _is_same_name(one: Name, other: Name) -> bool:
    return (one[0] is not None and one[0] == other[0]) or may_be_one(one[1], other[1])


def _count_shared_names(one: EventUnit, other: EventUnit) -> int:
    """Return how many participants both have. A shared pair of countries counts as two."""
    mine, theirs = (*one.actors, *one.recipients), (*other.actors, *other.recipients)
    named = shared_count(mine, theirs, _is_same_name)
    pair = len(one.countries & other.countries)
    return max(named, pair if pair > 1 else 0)


def _context(one: EventUnit, other: EventUnit) -> float:
    """Return the highest share of common context words of two mentions, relative to the one with fewer."""
    return max(
        (len({*a}.intersection(b)) / max(min(len(a), len(b)), 4) for a in one.contexts for b in other.contexts),
        default=0.0,
    )


def _are_of_one_story(one: EventUnit, other: EventUnit) -> bool:
    """Return whether two articles share enough names. The same words in another story are another event."""
    shared = len(one.story & other.story)
    return shared >= max(_FEWEST_OF_STORY, _OF_STORY * min(len(one.story), len(other.story)))


def _time(one: EventUnit, other: EventUnit) -> float:
    if one.days is not None and other.days is not None:
        if not (one.is_exact and other.is_exact):
            return 0.0
        return _SAME_DAY if one.days[0] == other.days[0] else _NEXT_DAY
    is_near = abs(one.published - other.published) <= 2 * _DAY
    return 0.0 if is_near or one.days is not None or other.days is not None else _UNDATED_APART


def _place(one: EventUnit, other: EventUnit) -> float:
    if one.place is None or other.place is None:
        return 0.0
    return _PLACE if may_be_one(one.place, other.place) else _OTHER_PLACE


# The events of a day, linked to those of the seven days before.


def relate_events(day: EventDay, before: Sequence[tuple[EventDay, Sequence[str]]]) -> list[str]:
    """Return the cluster of each row of a day: that of the event of another article with the highest score.

    ``before`` are the earlier days of the window, in order, each with the clusters of its rows. A unit is compared only
    with earlier units; of equal scores, the earliest wins. Without a match, the cluster is the id of the unit.
    """
    known = [*before, (day, day.ids)]
    units = [unit for each, _ in known for unit in each.units]
    clusters = [ids[unit.row] for each, ids in known for unit in each.units]
    clues = np.concatenate([each.clues for each, _ in known])
    owners = np.repeat(np.arange(len(units), dtype=np.uint32), np.concatenate([each.counts for each, _ in known]))
    first = len(units) - len(day.units)
    number_of: dict[str, int] = {}
    articles = np.array([number_of.setdefault(unit.article_id, len(number_of)) for unit in units], np.uint32)
    for number, others in earlier_sharing(clues, owners, articles, first=first):
        best = _best(units[number], [(other, units[other]) for other in others])
        if best is not None:
            clusters[number] = clusters[best]
    return [clusters[first + number] for number in day.unit_of]


def _best(unit: EventUnit, others: Sequence[tuple[int, EventUnit]]) -> int | None:
    ranks = [(-value, number) for number, other in others if (value := agreement(unit, other)) is not None]
    return min(ranks)[1] if ranks else None


def event_cluster_member_rows(day: EventDay, clusters: Sequence[str]) -> pa.Table:
    """Return the ``event_cluster_members`` rows of a day."""
    schema = TABLE_SPECS["event_cluster_members"].schema
    return day.keys.append_column("event_cluster_id", pa.array(clusters, pa.string())).select(schema.names).cast(schema)
