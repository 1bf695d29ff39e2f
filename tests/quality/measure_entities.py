"""Entities compared with gold: names, coreference, pronouns and role nouns. Pages without them in gold do not count.

A name is found by a row with the same span. Optional words in gold are never missed, and no row over them is wrong.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from newslake.pipeline.model import Entity
from tests.quality.corpus import Case
from tests.quality.figures import Figure, Figures
from tests.quality.gold_entities import GoldMention, Span, mentions_of
from tests.quality.measure_people import judge_people

Names = frozenset[str]
_APPOSITION_GAP = re.compile(r",? ?((the|an?) )?")  # "Ann Lee, the chair" and "the chair, Ann Lee"


def judge_entities(case: Case, figures: Figures) -> None:
    """Judge the mentions of an article, then its people and countries."""
    if case.annotation is None:
        return
    rows = case.annotation.entities
    judge_people(case, rows, figures)
    if "entities" not in case.gold:
        return
    gold = mentions_of(case.gold["entities"], case.text)
    _judge_names(case, gold, [row for row in rows if row.mention_kind == "name"], figures)
    _judge_clusters(case, gold, [row for row in rows if row.mention_kind == "name"], figures)
    for kind in ("pronoun", "nominal"):
        _judge_links(case, gold, [row for row in rows if row.mention_kind == kind], kind, figures)
    _judge_groups(case, gold, rows, figures)


def _judge_names(case: Case, gold: Sequence[GoldMention], rows: Sequence[Entity], figures: Figures) -> None:
    """Judge span and type together, and the canonical name if the span is right."""
    by_span = {_span(row): row for row in rows}
    wanted = {each.span: each for each in gold if each.kind == "name" and not each.is_optional}
    optional = [each.span for each in gold if each.is_optional]
    for each in wanted.values():
        row = by_span.get(each.span)
        is_right = row is not None and row.entity_type in each.types
        label = f"{_quoted(case, each.span)}: {row and row.entity_type}, gold {sorted(each.types)}"
        figures["names_recall"].count(is_right, label)
        figures["names_f1"].count(is_right, label)
        if row is not None:
            (name,) = each.names
            figures["name_canonical"].count(row.entity_name == name, f"{label} {name}, got {row.entity_name}")
    for row in rows:
        if not _is_over(_span(row), optional):
            found = wanted.get(_span(row))
            is_right = found is not None and row.entity_type in found.types
            label = f"{_quoted(case, _span(row))}: {row.entity_type}, gold {found and sorted(found.types)}"
            figures["names_precision"].count(is_right, label)
            figures["names_f1"].count(is_right, label)


def _judge_clusters(case: Case, gold: Sequence[GoldMention], rows: Sequence[Entity], figures: Figures) -> None:
    """Judge coreference by B-cubed: the share of a name's cluster that is its entity, and of its entity in the cluster.

    Only names with the right span count; a name without a cluster is alone.
    """
    by_span = {_span(row): row for row in rows}
    read: dict[Span, object] = {}
    true: dict[Span, object] = {}
    for each in gold:
        row = by_span.get(each.span)
        if each.kind == "name" and row is not None:
            read[each.span] = each.span if row.cluster_index is None else row.cluster_index
            true[each.span] = each.names
    read_together, true_together = _together(read), _together(true)
    for span in read:
        both = read_together[span] & true_together[span]
        for figure, whole in (("precision", read_together[span]), ("recall", true_together[span])):
            apart = sorted(case.text[slice(*other)] for other in whole - both)
            miss = f"{_quoted(case, span)}: {'wrongly with' if figure == 'precision' else 'apart from'} {apart}"
            figures[f"name_clusters_{figure}"].count(len(both) / len(whole), miss)


def _together(cluster_of: Mapping[Span, object]) -> Mapping[Span, frozenset[Span]]:
    members: defaultdict[object, set[Span]] = defaultdict(set)
    for span, cluster in cluster_of.items():
        members[cluster].add(span)
    return {span: frozenset(members[cluster]) for span, cluster in cluster_of.items()}


def _judge_links(case: Case, gold: Sequence[GoldMention], rows: Sequence[Entity], kind: str, figures: Figures) -> None:
    """Judge the referents of pronouns or role nouns: exactly the names of gold.

    Two mentions are the same if they end at the same place; the words before the noun do not count.
    """
    read = _names_by_end(rows, case)
    at = {each.span[1]: each for each in gold if each.kind == kind}
    for end, each in at.items():
        if not each.is_optional and len(each.names) == 1:
            _count_link(figures[f"{kind}_recall"], case, each.span, read.get(end, frozenset()), each.names)
    for row in rows:
        got, found = read.get(row.end_char), at.get(row.end_char)
        if got and not _is_free(_span(row), got, found, gold, case):
            _count_link(figures[f"{kind}_precision"], case, _span(row), got, found.names if found else frozenset())


def _is_free(span: Span, got: Names, found: GoldMention | None, gold: Sequence[GoldMention], case: Case) -> bool:
    """Return whether a link is neither right nor wrong: optional words, or an apposition to the name itself."""
    if found is not None:
        return found.is_optional and got <= found.names
    names = (each.span for each in gold if each.kind == "name" and each.names == got)
    between = (case.text[min(span[1], end) : max(start, span[0])] for start, end in names)
    return any(_APPOSITION_GAP.fullmatch(each) for each in between)


def _judge_groups(case: Case, gold: Sequence[GoldMention], rows: Sequence[Entity], figures: Figures) -> None:
    """Judge words that refer to several entities ("they", "the two ministers")."""
    read = _names_by_end(rows, case)
    for each in gold:
        if len(each.names) > 1 and not each.is_optional:
            _count_link(figures["groups"], case, each.span, read.get(each.span[1], frozenset()), each.names)


def _count_link(figure: Figure, case: Case, span: Span, got: Names, wanted: Names) -> None:
    figure.count(got == wanted, f"{_quoted(case, span)}: {sorted(got)}, gold {sorted(wanted)}")


def _names_by_end(rows: Sequence[Entity], case: Case) -> Mapping[int, Names]:
    """Return the canonical names that mentions are linked to, by the end of the mention; none if unresolved."""
    assert case.annotation is not None
    name_of = {row.cluster_index: row.entity_name for row in case.annotation.entities if row.entity_name}
    names: defaultdict[int, set[str]] = defaultdict(set)
    for row in rows:
        for cluster in (row.cluster_index, *(row.group_cluster_indexes or ())):
            if cluster is not None and cluster in name_of:
                names[row.end_char].add(name_of[cluster])
    return {end: frozenset(found) for end, found in names.items()}


def _span(row: Entity) -> Span:
    return row.start_char, row.end_char


def _is_over(span: Span, others: Sequence[Span]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in others)


def _quoted(case: Case, span: Span) -> str:
    """Return a span in square brackets with some of the text around it."""
    start, end = span
    before, after = case.text[max(0, start - 30) : start], case.text[end : end + 20]
    return f"{case.name}: {before}[{case.text[start:end]}]{after}".replace("\n", " ")
