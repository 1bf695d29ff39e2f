"""Event types: PLOVER's types, their quad classes and modes, and the subtypes of everyday events.

The names are those of PLOVER 0.8 (Open Event Data Alliance, CC BY-SA 4.0); the subtypes are ours.
"""

from collections.abc import Mapping

from newslake.pipeline.model.annotation import Modality

OTHER = "OTHER"
MATERIAL_CONFLICT = 4
QUAD_CLASSES: Mapping[str, int] = {
    **dict.fromkeys(("AGREE", "CONSULT", "SUPPORT", "CONCEDE"), 1),
    **dict.fromkeys(("COOPERATE", "AID", "RETREAT"), 2),
    **dict.fromkeys(("REQUEST", "ACCUSE", "REJECT", "THREATEN"), 3),
    **dict.fromkeys(("PROTEST", "SANCTION", "MOBILIZE", "COERCE", "ASSAULT"), MATERIAL_CONFLICT),
}
MODES: Mapping[str, frozenset[str]] = {
    kind: frozenset(modes.split())
    for kind, modes in {
        "CONSULT": "visit third-party multilateral phone",
        "RETREAT": "withdraw release disarm ceasefire access resign",
        "REQUEST": "assist change yield meet",
        "ACCUSE": "disapprove investigate allege",
        "REJECT": "assist change yield meet",
        "THREATEN": "restrict arrest relations expel territory violence",
        "PROTEST": "demo riot strike hunger boycott obstruct vandalize",
        "SANCTION": "convict expel withdraw discontinue",
        "MOBILIZE": "troops weapons police militia",
        "COERCE": "seize restrict censor curfew martial-law arrest deport withhold misinformation cyber",
        "ASSAULT": "abduct beat torture sexual targeted destroy primitive firearms explosives suicide-attack aerial "
        "drone heavy-weapons crowd-control unconventional",
    }.items()
}
SUBTYPES: Mapping[str, str] = {
    "accident": "transport and workplace accidents, fires, collapses",
    "appointment": "somebody takes or leaves an office without conflict",
    "business": "products, deals, jobs, plants, results of companies",
    "crime": "theft, fraud, smuggling: crimes without violence",
    "culture": "performances, exhibitions, festivals, publications, awards",
    "death": "deaths of any cause, funerals, burials",
    "disaster": "natural disasters: floods, storms, earthquakes, fires",
    "election": "elections, votes, nominations, new governments",
    "family": "weddings, births, divorces",
    "health": "outbreaks, treatments, vaccinations",
    "legal": "rulings, hearings, testimony, laws passed",
    "market": "prices, rates and shares rise or fall",
    "science": "discoveries, experiments, missions",
    "sport": "matches, results, transfers",
}
_VERBAL = frozenset({1, 3})  # quad classes
# Types of events that are done, not only said; a meeting is done.
DEEDS = frozenset({OTHER, "CONSULT"}) | {kind for kind, quad in QUAD_CLASSES.items() if quad not in _VERBAL}
_PLANNED_TYPES: Mapping[str, str] = {
    **dict.fromkeys(("CONSULT", "SUPPORT", "COOPERATE", "AID"), "AGREE"),
    "RETREAT": "CONCEDE",
}


def plover_type_of(event_type: str | None, modality: Modality) -> str | None:
    """Return the type that PLOVER derives: planned cooperation is an agreement. None for OTHER and untyped events."""
    if event_type is None or event_type not in QUAD_CLASSES:
        return None
    return _PLANNED_TYPES.get(event_type, event_type) if modality == "planned" else event_type
