"""Entities against gold: names, who is who, pronouns and the words for a role. Pages without them in gold do not count.

A name is found by a row of the same span. Words in gold as optional are never missed, and no row over them is wrong.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from pipeline.model import Entity
from tests.quality.corpus import Case
from tests.quality.figures import Figures
from tests.quality.gold_entities import GoldMention, Span, mentions_of
from tests.quality.measure_people import judge_people


def judge_entities(case: Case, figures: Figures) -> None:
    """Judge the mentions of an article, then the people and countries behind them."""
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
    """Judge span and type together, and the canonical name where the span is right."""
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
    """Judge who is who by B-cubed: which share of a name's cluster is its entity, and which of its entity is there.

    Counted over the names whose span is right; a name in no cluster is alone.
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
    """Judge what pronouns, or words for a role, stand for: the names of gold, no more and no fewer."""
    read = _names_by_span(rows)
    at = {each.span: each for each in gold}
    for each in gold:
        if each.kind == kind and not each.is_optional and len(each.names) == 1:
            got = read.get(each.span, frozenset())
            miss = f"{_quoted(case, each.span)}: {sorted(got)}, gold {sorted(each.names)}"
            figures[f"{kind}_recall"].count(got == each.names, miss)
    for span, got in read.items():
        found = at.get(span)
        if found is None or not (found.is_optional and got <= found.names):
            wanted = found.names if found else frozenset()
            miss = f"{_quoted(case, span)}: {sorted(got)}, gold {sorted(wanted)}"
            figures[f"{kind}_precision"].count(got == wanted, miss)


def _judge_groups(case: Case, gold: Sequence[GoldMention], rows: Sequence[Entity], figures: Figures) -> None:
    """Judge words that stand for several named together ("they", "the two ministers")."""
    read = _names_by_span(rows)
    for each in gold:
        if len(each.names) > 1 and not each.is_optional:
            got = read.get(each.span, frozenset())
            miss = f"{_quoted(case, each.span)}: {sorted(got)}, gold {sorted(each.names)}"
            figures["groups"].count(got == each.names, miss)


def _names_by_span(rows: Sequence[Entity]) -> Mapping[Span, frozenset[str]]:
    """Return the entities that a span is linked to, by canonical name; none for what is unresolved."""
    names: defaultdict[Span, set[str]] = defaultdict(set)
    for row in rows:
        if row.cluster_index is not None and row.entity_name is not None:
            names[_span(row)].add(row.entity_name)
    return {span: frozenset(found) for span, found in names.items()}


def _span(row: Entity) -> Span:
    return row.start_char, row.end_char


def _is_over(span: Span, others: Sequence[Span]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in others)


def _quoted(case: Case, span: Span) -> str:
    """Return a span between marks in some of the text around it."""
    start, end = span
    before, after = case.text[max(0, start - 30) : start], case.text[end : end + 20]
    return f"{case.name}: {before}[{case.text[start:end]}]{after}".replace("\n", " ")
