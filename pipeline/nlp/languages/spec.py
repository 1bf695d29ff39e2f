"""The data of a language: words and their functions, no logic."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from newslake.pipeline.model.annotation import CueStance, Gender
from newslake.pipeline.nlp.languages.logistic_regression import LogisticRegression
from newslake.pipeline.nlp.languages.spec_events import FrameData, TimeData


@dataclass(frozen=True, slots=True, kw_only=True)
class NameEvidence:
    """Lower-case words in or next to a name, with the entity type that they indicate.

    - ``first_words`` and ``last_words``: parts of the name ("Lake Orrin", "Orrin Bridge").
    - ``of_heads``: form one name with the words after "of" ("University of Orrin").
    - ``club_words``: end the name of a team. ``joining_words``: between two people.
    - ``place_nouns``: before "of" and the name of a place. ``ruled_nouns``: also before "of" and a place ("mayor of").
    - ``place_prepositions``: before a place, unless they belong to ``stake_nouns`` ("shares in").
      ``weak_prepositions``: before many other things too. ``firm_prepositions``: before firms.
    - ``person_verbs``: lemmas of verbs that only people do or suffer; of ``work_verbs``, only the subject is a person.
      ``speech_verbs``: lemmas of the verbs of saying; ``reporting_verbs``: of those, and of writing, that report often.
      ``kin_nouns``: relatives. ``person_things``: relatives and things that only people have.
      ``person_nouns``: things named after people ("the Hale era").
    - ``civic_nouns``: after the name of a place ("Orrin council"). ``place_things``: things that a place has.
    - ``vessel_nouns``: before the name of a ship. ``firm_nouns``: before the name of an organisation.
    - ``firm_roles``: after the name of a firm ("Orrin CEO"). ``work_kinds``: before the title of a work.
      ``award_participles``: with a hyphen after the name of an award.
      ``telling_verbs``: have a newspaper as object; ``viewing_verbs``: with documents, as agent
      ("a letter seen by Lantern").
    - ``firm_endings``: end a name that is also used without them ("Acme" for "Acme Holdings").
    - ``thing_relatives``: begin a relative clause about a thing. ``ranks``: titles that begin no organisation's name.
    - ``party_letters``: with a hyphen before a politician's state ("D-Ohio"). ``surnames``: the most frequent ones.
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
    firm_roles: frozenset[str]
    work_kinds: frozenset[str]
    award_participles: frozenset[str]
    telling_verbs: frozenset[str]
    viewing_verbs: frozenset[str]
    thing_relatives: frozenset[str]
    place_prepositions: frozenset[str]
    weak_prepositions: frozenset[str]
    firm_prepositions: frozenset[str]
    stake_nouns: frozenset[str]
    person_verbs: frozenset[str]
    work_verbs: frozenset[str]
    speech_verbs: frozenset[str]
    reporting_verbs: frozenset[str]
    kin_nouns: frozenset[str]
    person_things: frozenset[str]
    person_nouns: frozenset[str]
    personal_pronouns: frozenset[str]
    party_letters: frozenset[str]
    surnames: frozenset[str]


CueClass = Literal["speech", "writing", "thought"]
PronounKind = Literal["person", "thing", "group", "speaker", "speakers"]


@dataclass(frozen=True, slots=True)
class Pronoun:
    """``kind``: person (he, she), thing (it), group (they), speaker (I), speakers (we). ``gender`` if the form shows
    one.
    """

    kind: PronounKind
    gender: Gender | None = None
    is_reflexive: bool = False


@dataclass(frozen=True, slots=True)
class Cue:
    """A cue by its lemma. ``weight`` (0 to 1) is our estimate of how often it reports somebody's words."""

    cue_class: CueClass
    weight: float
    stance: CueStance = "neutral"


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryData:
    """Words in and after the roles of persons that show a country or a trap, in lower case and without full stops.

    - ``ambiguous``: names of countries that are as often something else. ``nations``: parts of states that are called
      countries; ``demonyms``: their people, and of regions. ``states``: of the ``federation``, whose politicians have
      party and state after the name: ``party_pattern`` matches it there ("(D-Ohio)").
    - ``topic_roles``: a country before them is what they are about ("China correspondent"); ``language_roles``: a
      demonym too ("French teacher"), unless a topic follows with one of ``topic_prepositions``; ``topic_nouns``: after
      a country, a topic ("Russian history"). ``adjective_names``: names of countries before which this holds for
      ``desk_roles`` only ("US editor"; not "US historian").
    - ``role_prepositions``: the country after them is the person's ("president of Peru"; not "ambassador to Peru");
      ``home_prepositions``: after a name ("Brito of Porto").
    - ``civic_roles``: the place of the role is the person's ("mayor of Leeds"; not "Leeds striker"); ``civic_nouns``:
      in names of organisations that belong to the place ("University of Leeds").
    - ``offices``: last words of offices of state; ``office_words``: all words of such offices. Those in
      ``titles_of_state`` need nothing else before a name; the others need one of ``bodies`` ("Senate leader").
      ``offices_without``: the offices that a country does not have.
      ``office_countries``: offices that one country has. ``ambiguous_states``: states of the federation with the name
      of a country, which have ``state_offices``.
    - ``birth_words``: "was born in", "Kenyan-born"; ``base_words``: "is based in", "Lima-based".
      ``immigrant_demonyms``: decide after another one ("Mexican-American") that is none of ``continent_words``.
    - ``seat_nouns``: the city after an organisation with one of them is its seat ("nurse at Marsh Hospital in Lima").
    - ``foreign_words``: the city of a role with one of them is not the bearer's ("attaché at the embassy in Lima",
      "Lima-based correspondent").
    """

    ambiguous: frozenset[str]
    nations: Mapping[str, str]
    demonyms: Mapping[str, str]
    states: frozenset[str]
    federation: str
    party_pattern: str
    topic_roles: frozenset[str]
    language_roles: frozenset[str]
    topic_prepositions: frozenset[str]
    topic_nouns: frozenset[str]
    adjective_names: frozenset[str]
    desk_roles: frozenset[str]
    role_prepositions: frozenset[str]
    home_prepositions: frozenset[str]
    civic_roles: frozenset[str]
    civic_nouns: frozenset[str]
    offices: frozenset[str]
    office_words: frozenset[str]
    titles_of_state: frozenset[str]
    bodies: frozenset[str]
    offices_without: Mapping[str, frozenset[str]]
    office_countries: Mapping[str, str]
    ambiguous_states: frozenset[str]
    state_offices: frozenset[str]
    birth_words: frozenset[str]
    base_words: frozenset[str]
    immigrant_demonyms: frozenset[str]
    continent_words: frozenset[str]
    seat_nouns: frozenset[str]
    foreign_words: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)  # hashed by identity: functions cache what they derive
class NameData:
    """Words in and around names, in lower case and without full stops. Where values are genders, None means not shown.

    - ``honorifics``: the next word is a person. ``titles``: last words of titles before a person's name.
    - ``roles``: nouns for what a person is. ``role_fields``: the fields of life that such a noun belongs to.
      ``occupations``: roles with which no later "the ..." refers to the bearer.
      ``role_verbs``: state what their subject is ("was appointed treasurer").
      ``title_nouns``: nouns for the bearer of a title or honorific ("the doctor" after "Dr Brito").
      ``role_titles``: honorifics that are roles ("Sen.", not "Mr" or "Prof"). ``naming_words``: between a role and a
      name ("a baker named Brito"). ``condition_words``: begin clauses that state nothing ("if she becomes mayor").
    - ``person_suffixes``: of nouns for persons. ``work_nouns``: no roles ("the hit series Tom Hale").
    - ``adjunct_prepositions``: end a role ("chair since 2009"), as do ``time_nouns`` ("boss at the time") and
      ``manner_prepositions`` before a/an ("poet with a knack").
    - ``numbers``: count a group ("the two leaders"); those in ``definite_numbers`` need no article ("both").
    - ``group_sizes``: nouns that state a number ("the pair"). ``country_nouns``: mean states.
    - ``indefinite``: before a person without a name. After ``enclosing_prepositions`` "his" is that person's ("a baker
      on his way"); ``decades`` are ages ("in her forties"). ``place_prepositions`` show a place.
    - ``joint_verbs``: what two people do with each other ("they married"); ``joint_states``: what they are ("they are
      related"). ``distributives``: subjects that mean each of a group ("neither").
    - ``interview_words``: nouns and verbs for an interview; the person interviewed is their object or follows one of
      ``interview_prepositions``. ``talk_verbs``: have this person as subject, too ("he spoke to"). Questions have a
      word of the ``second_person``, answers one of the ``first_person``.
    - ``counterpart_nouns``: a person with the role of the other person in the sentence ("his Danish counterpart").
    - ``company_nouns``: refer to the only organisation before them ("the firm"), unless one of
      ``possessive_prepositions`` follows. ``public_nouns``: in names of organisations that they do not refer to.
    - ``organisation_kinds``: words in the names of the organisations that a noun may refer to, next to the noun itself;
      ``any_organisation``: nouns that may refer to all ("the group"); ``acronym_nouns``: to all acronyms.
      ``trade_nouns``: also with a noun before them ("the store operator"; "the record company" is another one).
    - ``document_nouns``: for what is written or shown, and speaks; ``figure_nouns`` speak as the organisation before
      them ("Census Bureau data").
    - ``generations``: after the name of a father or son who share it ("Tom Brito Jr").
    - ``ambiguous_forenames``: show no gender when used alone, because they are common surnames.
    - ``pronoun_weights``: feature weights by kind of pronoun; a kind that is missing stays unresolved.
    """

    evidence: NameEvidence
    countries: CountryData
    articles: frozenset[str]
    definite: frozenset[str]
    indefinite: frozenset[str]
    enclosing_prepositions: frozenset[str]
    place_prepositions: frozenset[str]
    decades: frozenset[str]
    honorifics: Mapping[str, Gender | None]
    titles: Mapping[str, Gender | None]
    title_modifiers: frozenset[str]
    roles: Mapping[str, Gender | None]
    occupations: frozenset[str]
    role_fields: Mapping[str, frozenset[str]]
    role_verbs: frozenset[str]
    title_nouns: Mapping[str, tuple[str, ...]]
    role_titles: frozenset[str]
    naming_words: frozenset[str]
    condition_words: frozenset[str]
    person_suffixes: tuple[str, ...]
    work_nouns: frozenset[str]
    adjunct_prepositions: frozenset[str]
    manner_prepositions: frozenset[str]
    time_nouns: frozenset[str]
    numbers: Mapping[str, int]
    definite_numbers: frozenset[str]
    group_sizes: Mapping[str, int]
    joint_verbs: frozenset[str]
    joint_states: frozenset[str]
    distributives: frozenset[str]
    interview_words: frozenset[str]
    interview_prepositions: frozenset[str]
    talk_verbs: frozenset[str]
    second_person: frozenset[str]
    first_person: frozenset[str]
    counterpart_nouns: frozenset[str]
    country_nouns: frozenset[str]
    company_nouns: frozenset[str]
    public_nouns: frozenset[str]
    possessive_prepositions: frozenset[str]
    organisation_nouns: frozenset[str]
    organisation_kinds: Mapping[str, frozenset[str]]
    any_organisation: frozenset[str]
    acronym_nouns: frozenset[str]
    trade_nouns: frozenset[str]
    document_nouns: frozenset[str]
    figure_nouns: frozenset[str]
    post_nominals: frozenset[str]
    generations: frozenset[str]
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
    """Cues (reporting words) by lemma.

    - ``phrasal``: verbs that report with the next word ("shot back"). ``nouns``: report with "that" or a colon.
      ``adjectives``: report with "that" ("was adamant that").
    - ``characterizing``: say what a thing is ("called it a trap"), with the prepositions before it ("described it as a
      trap"), and not of one of ``reflexives``; ``admitting``: with a gerund, say what their subject has done ("denied
      taking it").
    - ``addressed``: have the addressee as object; ``addressing``: precede the addressee ("in a letter to X").
      ``blaming``: prepositions before what an object said ("quoted the firm as saying"); after ``crediting``, it is a
      name's ("thanked her for saying"; not "won a prize for"). ``blamed``: the verbs after them, since "accused the
      firm of signing “a blank cheque”" has the accuser's words. Nobody said what follows ``lacking`` ("without
      saying"), or ``barring`` after an object or ``withholding`` ("kept her from saying").
      ``committing``: report with an infinitive ("vowed to stay"). ``asking``: report with "if" and "whether".
      ``withholding``: with them nothing is said ("declined to say when"). ``elaborating``: negated and after one of
      ``contrasts``, the writer's ("but would not give details"). ``negations``: adverbs; ``nobody``: subjects that say
      nothing; ``impersonal``: subjects in place of a clause ("it is safe to say"). ``comparing``: before what is only
      compared ("than he says").
    - ``agentive_verbs``: report only if their subject can speak ("the way it is written suggests").
      ``demonstratives``: refer to what was said, never to a speaker ("that said").
      ``speaking_nouns``: nouns for people that are no roles.
    - ``evidence``: possible subjects of ``evidence_verbs`` ("records show").
    - ``naming``: verbs that give something a name ("called it a scandal"), with or without one of ``naming_links``.
      ``labels``: verbs whose participle gives a name ("titled").
    - ``origin_prepositions``: between a statement and its speaker. ``topic_prepositions``: before a noun that has its
      clause ("wondered about pain he felt"). ``medium_words``: channels of speech ("in an interview with X").
      ``turn_labels``: begin a turn of a printed interview ("Q:").
    - ``statement_nouns``, ``reading_verbs`` and ``full_phrases``: in the line before a statement without quotation
      marks ("The statement reads in full:"), whose paragraphs have pronouns of the ``first_person``.
    - ``introducing``: mark a speaker as new ("another neighbour"). ``anybody``: mean no speaker ("anyone may say").
    - ``bystanders``: nouns for people who are seldom what the sentence before is about ("the judge").
      ``past_roles``: words for roles that ended ("former").
    - ``opening_marks`` and ``closing_marks``: quotation marks; for a straight one the adjacent characters decide.
    - ``classifier``: the confidence of a quote's speaker; one below its ``least`` is only a candidate.
    """

    verbs: Mapping[str, Cue]
    phrasal: Mapping[tuple[str, str], Cue]
    nouns: Mapping[str, Cue]
    adjectives: Mapping[str, Cue]
    characterizing: Mapping[str, frozenset[str]]
    reflexives: frozenset[str]
    admitting: frozenset[str]
    addressed: frozenset[str]
    addressing: frozenset[str]
    blaming: frozenset[str]
    crediting: frozenset[str]
    blamed: frozenset[str]
    barring: frozenset[str]
    lacking: frozenset[str]
    complementisers: frozenset[str]
    committing: frozenset[str]
    withholding: frozenset[str]
    negations: frozenset[str]
    elaborating: frozenset[str]
    contrasts: frozenset[str]
    nobody: frozenset[str]
    impersonal: frozenset[str]
    comparing: frozenset[str]
    agentive_verbs: frozenset[str]
    demonstratives: frozenset[str]
    speaking_nouns: frozenset[str]
    evidence: frozenset[str]
    evidence_verbs: frozenset[str]
    asking: frozenset[str]
    naming: frozenset[str]
    naming_links: frozenset[str]
    labels: frozenset[str]
    source_phrases: frozenset[tuple[str, str]]
    aside_marks: frozenset[str]
    origin_prepositions: frozenset[str]
    topic_prepositions: frozenset[str]
    medium_prepositions: frozenset[str]
    medium_words: frozenset[str]
    statement_nouns: frozenset[str]
    reading_verbs: frozenset[str]
    full_phrases: frozenset[tuple[str, ...]]
    first_person: frozenset[str]
    turn_labels: frozenset[str]
    anybody: frozenset[str]
    bystanders: frozenset[str]
    past_roles: frozenset[str]
    introducing: frozenset[str]
    opening_marks: frozenset[str]
    closing_marks: frozenset[str]
    elisions: frozenset[str]
    classifier: LogisticRegression


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LanguageData:
    """One language. ``code`` is ISO 639-1."""

    code: str
    names: NameData
    cues: CueData
    frames: FrameData
    times: TimeData
