"""The entity figures themselves: gold rows score 100, and each kind of mistake lowers its own figure."""

from collections import defaultdict
from dataclasses import replace

import pytest

from newslake.pipeline.model import Annotation, Entity
from tests.quality.corpus import Case, clean_corpus
from tests.quality.figures import Figure, Figures
from tests.quality.gold_entities import mentions_of, one_or_more
from tests.quality.measure_entities import judge_entities

CASES = {case.name: case for case in clean_corpus() if case.text and "entities" in case.gold}
CASE = CASES["day-2/lantern/2026/03/03/bronze-collar-theft.html"]


def rows_of(case: Case) -> list[Entity]:
    """Return rows equal to gold, without groups."""
    entities = case.gold["entities"]
    number = {entity["name"]: index for index, entity in enumerate(entities)}
    singles = [each for each in mentions_of(entities, case.text) if len(each.names) == 1]
    return [
        row_of(case, each.span, each.kind, number[name], entities[number[name]])
        for each in singles
        for name in each.names
    ]


def row_of(case: Case, span: tuple[int, int], kind: str, cluster: int, entity: dict[str, object]) -> Entity:
    """Return one mention as a row."""
    return Entity(
        entity_index=0,
        entity_text=case.text[slice(*span)],
        start_char=span[0],
        end_char=span[1],
        mention_kind=kind,
        entity_type=one_or_more(entity["type"])[0],
        cluster_index=cluster,
        entity_id=str(cluster),
        entity_name=entity["name"],
        honorific_text=None,
        role_text=one_or_more(entity["role"] or [None])[0],
        country_code=entity["country"],
        gender=entity["gender"],
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


def figures_of(case: Case, rows: list[Entity]) -> Figures:
    """Return the figures of one case with these rows."""
    figures: Figures = defaultdict(Figure)
    judge_entities(replace(case, annotation=Annotation(entities=tuple(rows))), figures)
    return figures


def fallen(rows: list[Entity]) -> set[str]:
    """Return the figures of the case that are not perfect."""
    return {name for name, figure in figures_of(CASE, rows).items() if figure.percent < 100}


@pytest.mark.parametrize("name", CASES)
def test_rows_equal_to_gold_are_perfect(name: str) -> None:
    """Gold does not contradict itself: rows made from it are right in every figure except groups."""
    figures = figures_of(CASES[name], rows_of(CASES[name]))
    assert {key: figure.misses for key, figure in figures.items() if figure.misses and key != "groups"} == {}
    assert {"names_precision", "names_recall", "name_clusters_precision"} <= set(figures)


def test_two_people_in_one_cluster_cost_precision_of_clusters() -> None:
    """Two people with one name in one cluster lower B-cubed precision and the canonical names."""
    merged = [replace(row, cluster_index=99) if "Vane" in (row.entity_name or "") else row for row in rows_of(CASE)]
    assert fallen(merged) >= {"name_clusters_precision"}
    assert "name_clusters_recall" not in fallen(merged)


def test_one_person_in_two_clusters_costs_recall_of_clusters() -> None:
    """A short form left alone lowers B-cubed recall, not its precision."""
    apart = [replace(row, cluster_index=99) if row.entity_text == "Vane" else row for row in rows_of(CASE)]
    assert fallen(apart) & {"name_clusters_recall", "name_clusters_precision"} == {"name_clusters_recall"}


def test_a_wrong_gender_is_worse_than_an_unknown_one() -> None:
    """An unknown gender is not right, but not wrong either."""
    unknown = [replace(row, gender="U") if row.gender else row for row in rows_of(CASE)]
    wrong = [replace(row, gender="M") if row.gender == "F" else row for row in rows_of(CASE)]
    assert fallen(unknown) == {"gender"}
    assert fallen(wrong) == {"gender", "gender_not_wrong"}


@pytest.mark.parametrize(
    ("role", "is_right"), [("the museum’s director", True), ("director of much", True), ("directorate", False)]
)
def test_a_role_may_be_longer_but_not_different(role: str, is_right: bool) -> None:
    """The owner before a role and the words after it are free, the role itself is not."""
    read = [replace(row, role_text=role) if row.role_text == "director" else row for row in rows_of(CASE)]
    assert ("role" not in fallen(read)) == is_right


def test_a_pronoun_without_a_named_antecedent_must_stay_unlinked() -> None:
    """A link that gold does not have lowers precision: "He" is the man who was arrested."""
    start = CASE.text.index("He was later released")
    entity = next(entity for entity in CASE.gold["entities"] if entity["name"] == "Leopold Vane")
    assert fallen([*rows_of(CASE), row_of(CASE, (start, start + 2), "pronoun", 0, entity)]) >= {"pronoun_precision"}


def test_a_name_with_its_title_is_not_found() -> None:
    """Spans are exact: one extra word is a miss and a mistake."""
    titled = [
        replace(row, start_char=row.start_char - 3) if row.entity_text == "Vane" else row for row in rows_of(CASE)
    ]
    assert {"names_recall", "names_precision", "names_f1"} <= fallen(titled)
