"""Attributes of an entity: its name among the people, gender, role and country."""

import re
from collections.abc import Sequence
from typing import Any

from newslake.pipeline.model import Entity
from tests.quality.corpus import Case
from tests.quality.figures import Figures
from tests.quality.gold_entities import one_or_more

_BEFORE_ROLE = re.compile(r"^(.*’s|.*'s|.*s’|.*s'|the|an?|its|his|her|their) ", re.IGNORECASE)


def judge_people(case: Case, rows: Sequence[Entity], figures: Figures) -> None:
    """Judge the people of an article by their names, then the attributes in the rows of each entity."""
    names = {row.entity_name for row in rows if row.entity_type == "PERSON"}
    for name in case.gold.get("people", ()):
        figures["people"].count(name in names, f"{case.name}: {name} not in {sorted(filter(None, names))}")
    for entity in case.gold.get("entities", ()):
        own = [row for row in rows if row.entity_name == entity["name"]]
        label = f"{case.name}: {entity['name']}"
        if entity["type"] == "PERSON":
            _judge_gender(entity["gender"], own, label, figures)
            _judge_role(entity["role"], own, label, figures)
        _judge_country(entity, own, label, figures)


def _judge_gender(wanted: str, own: Sequence[Entity], label: str, figures: Figures) -> None:
    """Judge a gender that gold knows: U is not right, but not wrong either."""
    if wanted == "U":
        return
    got = {row.gender for row in own if row.gender in ("F", "M")}
    methods = {row.gender_method for row in own if row.gender is not None}
    miss = f"{label}: {sorted(filter(None, got))} by {sorted(filter(None, methods))}, gold {wanted}"
    figures["gender"].count(got == {wanted}, miss)
    figures["gender_not_wrong"].count(got <= {wanted}, miss)


def _judge_role(wanted: str | list[str] | None, own: Sequence[Entity], label: str, figures: Figures) -> None:
    """Judge whether a gold role is among the extracted ones, with or without "of ..." or "at ..." after it.

    If gold has no role, only a title may be given as one.
    """
    got = {_bare(row.role_text) for row in own if row.role_text}
    miss = f"{label}: {sorted(got)}, gold {wanted}"
    if wanted is not None:
        roles = [_bare(each) for each in one_or_more(wanted)]
        figures["role"].count(any(f"{each} ".startswith(f"{role} ") for each in got for role in roles), miss)
    elif got:
        figures["role"].count(got <= {_bare(row.honorific_text or "") for row in own}, miss)


def _bare(role: str) -> str:
    """Return a role without the article or owner before it, case-folded."""
    return _BEFORE_ROLE.sub("", role).casefold()


def _judge_country(entity: dict[str, Any], own: Sequence[Entity], label: str, figures: Figures) -> None:
    """Judge the country if gold or a row has one."""
    got = {row.country_code for row in own if row.country_code}
    if entity["country"] or got:
        wanted = {entity["country"]} if entity["country"] else set()
        figures["country"].count(got == wanted, f"{label}: {sorted(got)}, gold {entity['country']}")
