"""What a language brings to tell the kinds of names apart: words and what they show, no logic."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NameEvidence:
    """Lower-case words beside or inside a name, with the entity type that they show.

    ``first_words`` and ``last_words`` are parts of the name ("Lake Orrin", "Orrin Bridge"). ``of_heads`` make one name
    with what follows "of" ("University of Orrin"). ``club_words`` end the name of a team. ``joining_words`` stand
    between two people. ``place_nouns`` stand before "of" and a place's name; ``place_prepositions`` before a place,
    unless they belong to ``stake_nouns`` ("shares in"); ``weak_prepositions`` stand before much else as well,
    ``firm_prepositions`` before firms. ``person_verbs`` are lemmas of what only people do or suffer,
    ``person_things`` what only people have, ``person_nouns`` what is called after people ("the Hale era").
    ``ruled_nouns`` stand before "of" and a place as well ("mayor of"); ``civic_nouns`` after the name of a place
    ("Orrin council"), ``place_things`` are what a place has. ``vessel_nouns`` stand before a ship's name,
    ``firm_nouns`` before an organisation's; ``firm_endings`` end
    a name that is used without them ("Acme" of "Acme Holdings"),
    ``thing_relatives`` begin a clause about a thing.
    ``ranks`` are titles that begin no organisation's name. ``party_letters`` stand with a hyphen before a
    politician's state ("D-Ohio"). ``surnames`` are the most frequent
    family names.
    """

    first_words: Mapping[str, str]
    last_words: Mapping[str, str]
    of_heads: Mapping[str, str]
    of_words: frozenset[str]
    joining_words: frozenset[str]
    ranks: frozenset[str]
    club_words: frozenset[str]
    place_nouns: Mapping[str, str]
    ruled_nouns: Mapping[str, str]
    civic_nouns: frozenset[str]
    place_things: frozenset[str]
    vessel_nouns: frozenset[str]
    firm_endings: frozenset[str]
    firm_nouns: frozenset[str]
    thing_relatives: frozenset[str]
    place_prepositions: frozenset[str]
    weak_prepositions: frozenset[str]
    firm_prepositions: frozenset[str]
    stake_nouns: frozenset[str]
    person_verbs: frozenset[str]
    person_things: frozenset[str]
    person_nouns: frozenset[str]
    personal_pronouns: frozenset[str]
    party_letters: frozenset[str]
    surnames: frozenset[str]
