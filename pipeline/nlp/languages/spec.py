"""The data of a language: words and their roles, no logic."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pipeline.model.annotation import CueStance, Gender
from pipeline.nlp.languages.spec_events import FrameData, TimeData


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


CueClass = Literal["speech", "writing", "thought"]
PronounKind = Literal["person", "thing", "group", "speaker", "speakers"]


@dataclass(frozen=True, slots=True)
class Pronoun:
    """``kind``: person (he, she), thing (it), group (they), speaker (I), speakers (we). Gender where it shows one."""

    kind: PronounKind
    gender: Gender | None = None
    is_reflexive: bool = False


@dataclass(frozen=True, slots=True)
class Cue:
    """A reporting word by its lemma. ``weight`` is 0 to 1: our estimate of how often it reports somebody's words."""

    cue_class: CueClass
    weight: float
    stance: CueStance = "neutral"


@dataclass(frozen=True, slots=True, kw_only=True)
class NameData:
    """Words in and around names, lower case without full stops.

    ``honorifics`` make a person of the next word; ``titles`` may stand before a person's name (last words of the
    title); ``roles`` are nouns for what a person is; values are the gender that a word shows, or None.
    ``role_fields`` are the fields of life that a word for a person belongs to.
    ``role_verbs`` say of their subject what it is ("was appointed treasurer").
    ``numbers`` count a group ("the two leaders"), those in ``definite_numbers`` without an article ("both");
    ``group_sizes`` are nouns that say how many they mean ("the pair"), ``country_nouns`` mean states;
    ``joint_verbs`` are what two do with each other ("they married");
    ``company_nouns`` stand for the only organisation before them ("the firm"), unless one of
    ``possessive_prepositions`` follows; ``public_nouns`` are in the names of organisations that they do not stand for.
    ``ambiguous_forenames`` are forenames that show no gender where they are used alone, as they are common surnames.
    ``pronoun_weights`` are the weights of features by kind of pronoun; kinds that are missing stay unresolved.
    """

    evidence: NameEvidence
    articles: frozenset[str]
    definite: frozenset[str]
    honorifics: Mapping[str, Gender | None]
    titles: Mapping[str, Gender | None]
    title_modifiers: frozenset[str]
    roles: Mapping[str, Gender | None]
    role_fields: Mapping[str, frozenset[str]]
    role_verbs: frozenset[str]
    numbers: Mapping[str, int]
    definite_numbers: frozenset[str]
    group_sizes: Mapping[str, int]
    joint_verbs: frozenset[str]
    country_nouns: frozenset[str]
    company_nouns: frozenset[str]
    public_nouns: frozenset[str]
    possessive_prepositions: frozenset[str]
    organisation_nouns: frozenset[str]
    document_nouns: frozenset[str]
    post_nominals: frozenset[str]
    name_particles: frozenset[str]
    company_suffixes: frozenset[str]
    acronym_skips: frozenset[str]
    months_and_days: frozenset[str]
    date_neighbours: frozenset[str]
    never_names: frozenset[str]
    forenames: Mapping[str, Gender]
    ambiguous_forenames: frozenset[str]
    pronouns: Mapping[str, Pronoun]
    empty_it_verbs: frozenset[str]
    empty_it_nouns: frozenset[str]
    pronoun_weights: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CueData:
    """Reporting words by lemma.

    ``phrasal`` verbs report with the word right after them ("shot back"), ``nouns`` with "that" or a colon,
    ``adjectives`` with "that" ("was adamant that"). ``addressed`` have the addressee as object, ``committing``
    report with an infinitive ("vowed to stay", "urged them to stay"), ``asking`` with "if" and "whether".
    ``evidence`` is what ``evidence_verbs`` may have for a speaker ("records show"). ``naming`` verbs give something a
    name ("called it a scandal"), by ``naming_links`` or without a word; ``labels`` are verbs whose participle names
    it ("titled"). ``origin_prepositions`` lead from a statement to its speaker. ``medium_words`` are what a channel
    of speech is called ("in an interview with X"). ``turn_labels`` begin a turn of an interview in print ("Q:").
    ``introducing`` words lead to a speaker not met before ("another neighbour"). ``opening_marks`` and
    ``closing_marks`` are quotation marks; the characters beside a straight one decide.
    """

    verbs: Mapping[str, Cue]
    phrasal: Mapping[tuple[str, str], Cue]
    nouns: Mapping[str, Cue]
    adjectives: Mapping[str, Cue]
    addressed: frozenset[str]
    complementisers: frozenset[str]
    committing: frozenset[str]
    evidence: frozenset[str]
    evidence_verbs: frozenset[str]
    asking: frozenset[str]
    naming: frozenset[str]
    naming_links: frozenset[str]
    labels: frozenset[str]
    source_phrases: frozenset[tuple[str, str]]
    aside_marks: frozenset[str]
    origin_prepositions: frozenset[str]
    medium_prepositions: frozenset[str]
    medium_words: frozenset[str]
    turn_labels: frozenset[str]
    introducing: frozenset[str]
    opening_marks: frozenset[str]
    closing_marks: frozenset[str]
    elisions: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageData:
    """One language. ``code`` is ISO 639-1."""

    code: str
    names: NameData
    cues: CueData
    frames: FrameData
    times: TimeData
