"""The data of a language for events, their modality and times: words and patterns, no logic.

A pattern is a lemma and its needs, for example ``"call for"`` or ``"hold @talk/meeting"``:

========== =====================================================================================
``word``   a dependent of the trigger has this lemma (particle, preposition, modifier, compound)
``a/b``    one of several such words
``@a/b``   the object, or the subject of a passive, has one of these lemmas
``^a/b``   the subject has one of these lemmas
``to@a/b`` the object of this preposition has one of these lemmas
``%a/b``   (nouns) the verb or preposition that governs the noun has one of these lemmas
``+to``    an infinitive follows
``+for``   an infinitive with "for" and a subject follows ("call for X to go")
``+harm``  an infinitive follows that names material conflict ("vow to attack")
``+other`` an infinitive with a subject follows ("urge X to go")
``+that``  a clause or an indirect question follows
``+known`` (nouns) the noun names one event: a determiner, a possessor, a name, a number or a participant is with it
``>a/b``   (verbs) the infinitive that follows has one of these lemmas
``-``      no object follows
``-more``  no clause, infinitive or predicate follows ("called the minister", not "called him a liar")
``-state`` the verb is not in the simple present, which states an attitude or a habit; headlines are exempt
``-quote`` no quotation marks belong to the verb: it does not only introduce a quote
========== =====================================================================================

After ``@`` and ``^``, these words are classes of nouns: ``person``; ``group``, a person or an organised group;
``thing``, neither; ``org``, the name of an organisation, a country or a people; ``place``, the name of a place;
``official``, the name of a person, or a role with public power; ``amount``, a number or a sum; ``matter``, what cannot
act: an abstraction, an event, a rule. A word in capitals is a list of ``FrameData.noun_classes``.

``!`` before the words is the opposite: ``!a/b`` no dependent has these lemmas, ``@!a/b`` the object, ``^!a/b`` the
doer, ``to@!a/b`` the object of the preposition, ``%!a/b`` the governing verb, if there is one, is not one of them. The
doer is the subject, or the agent of a passive.

The pattern with the most needs wins, opposites not counted; among equals, one that names the subject, then one that
names the object.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from newslake.pipeline.nlp.languages.logistic_regression import LogisticRegression

_NAMED = 2  # words of a list that a rule_id names


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One use of a trigger, compared by identity.

    ``recipient`` lists, in order, the positions of the recipient: ``object``, ``subject``, ``inner`` (subject of the
    following infinitive), ``poss`` (possessor of the object), or a preposition.
    ``guards`` are needs that the patterns of a group share. ``takes_content``: the following clause or noun is what is
    agreed, requested or refused, not a separate event.
    ``rule_id`` is the pattern without its opposites, with its type; of longer lists, the first words
    ("hold_@talk/meeting/...>consult").
    """

    lemma: str
    needs: tuple[str, ...]
    guards: tuple[str, ...]
    event_type: str
    mode: str | None
    subtype: str | None
    recipient: tuple[str, ...]
    reciprocal: bool
    takes_content: bool
    rule_id: str


@dataclass(frozen=True, slots=True)
class FrameGroup:
    """Patterns, separated by commas, with the same type and arguments.

    ``guards`` are needs of every pattern. Each example matches a pattern, no counter-example does.
    """

    event_type: str
    patterns: str
    guards: str = ""
    mode: str | None = None
    subtype: str | None = None
    recipient: str = "object"
    reciprocal: bool = False
    takes_content: bool = False
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()

    def frames(self) -> Iterable[Frame]:
        """Return one frame per pattern, in the order written."""
        for pattern in (part.strip() for part in self.patterns.split(",")):
            lemma, *needs = pattern.split()
            yield Frame(
                lemma=lemma,
                needs=tuple(needs),
                guards=tuple(self.guards.split()),
                event_type=self.event_type,
                mode=self.mode,
                subtype=self.subtype,
                recipient=tuple(self.recipient.split()),
                reciprocal=self.reciprocal,
                takes_content=self.takes_content,
                rule_id=f"{'_'.join([lemma, *map(_shorten_need, _positive(needs))])}>{self.event_type.lower()}",
            )


def _positive(needs: Iterable[str]) -> list[str]:
    """Return the needs that ask for something, without those that only exclude."""
    return [need for need in needs if "!" not in need]


def _shorten_need(need: str) -> str:
    """Return a need as in a rule id: with its first two words."""
    listed = need.split("/")
    return need if len(listed) <= _NAMED else "/".join([*listed[:_NAMED], "..."])


def words(text: str) -> frozenset[str]:
    """Return the words of a text, for word lists written as prose."""
    return frozenset(text.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class ModalityData:
    """Words that decide the modality of an event, each list one class of the grammar.

    Auxiliaries, conjunctions and prepositions are written as in the text, in lower case. Governors (the verbs, nouns
    and adjectives on which an event depends) are lemmas: with a particle as in ``call_off``, with a preposition if they
    take their content only after it (``call_for``), or a form that means more than its lemma (``going``).
    """

    # Words of the clause.
    future_auxiliaries: frozenset[str]
    unreal_auxiliaries: frozenset[str]  # modal verbs of possibility and obligation
    backshifted: frozenset[str]  # unreal alone, future inside a past report
    unreal_markers: frozenset[str]  # conjunctions of a condition or an indirect question
    inverted: frozenset[str]  # auxiliaries that form a condition before the subject: "had he come"
    infinitive_marker: str
    aspect_auxiliaries: frozenset[str]  # an infinitive with one tells what is or was: "is said to have left"
    delaying: frozenset[str]  # before an infinitive: "has yet to come"
    negative_words: frozenset[str]
    ending_words: frozenset[str]  # negated, they negate the verb: "no longer"
    contrast_words: frozenset[str]  # end a negation: "not arrested but charged"
    excluding_words: frozenset[str]  # "rather than Y", after a preferring word
    preferring_words: frozenset[str]
    limiting_words: frozenset[str]  # "not only" is not a negation
    approximating_words: frozenset[str]  # what "nearly" happened did not happen
    # Words of the noun phrase.
    planned_adjectives: frozenset[str]
    unreal_adjectives: frozenset[str]
    denying_adjectives: frozenset[str]  # predicates of an event that did not happen: "peace proved elusive"
    definite_words: frozenset[str]
    pointing_words: frozenset[str]  # demonstratives, of the definite words
    genitive: str  # the preposition of a whole or of an object: "of"
    ranking: frozenset[str]  # "the first to do it" has done it
    standing: frozenset[str]  # nouns for a state or a speech act that is there before anything is done about it
    # Prepositions.
    negative_prepositions: frozenset[str]
    past_prepositions: frozenset[str]  # their complement has happened, whatever the clause says
    content_prepositions: frozenset[str]  # between a governor and its content, if that is a noun
    topic_prepositions: frozenset[str]  # a known thing after them is only the topic
    # Governors.
    planning: frozenset[str]  # what depends on them lies ahead
    deciding: frozenset[str]  # their infinitive is done if they are in the simple past, else planned
    wishing: frozenset[str]  # what depends on them may or may not be
    refusing: frozenset[str]  # what depends on them is not
    achieving: frozenset[str]  # what depends on them is, if they are
    resulting: frozenset[str]  # their infinitive is their result: "fell to close at 90"
    illocutions: frozenset[str]  # what is done by saying so: as the purpose of an act, it is done with the act
    first_person: frozenset[str]  # "I want to thank you" thanks
    saying: frozenset[str]  # what depends on them is reported, which changes nothing
    opining: frozenset[str]  # "would" under these is a forecast and no plan
    carriers: frozenset[str]  # light verbs: their object has their modality
    terminating: frozenset[str]  # carriers whose object is there before: "will end the siege"
    negating: frozenset[str] = field(init=False, compare=False, repr=False)  # words that may negate a verb
    governing: frozenset[str] = field(init=False, compare=False, repr=False)
    realising: frozenset[str] = field(init=False, compare=False, repr=False)  # carriers that are not terminating

    def __post_init__(self) -> None:
        negating = self.negative_words | self.ending_words | self.excluding_words
        negating |= self.delaying | self.approximating_words
        object.__setattr__(self, "negating", negating)
        object.__setattr__(self, "governing", self.planning | self.wishing | self.refusing)
        object.__setattr__(self, "realising", self.carriers - self.terminating)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentData:
    """Words that connect a time or a place to an event: lemmas; prepositions as written."""

    boundaries: frozenset[str]  # the time after them limits an event: "since Monday"
    statements: frozenset[str]  # what one speaks in: "in a letter sent on Monday"
    edges: frozenset[str]  # nouns for the edge of a period, which is limited too: "until the end of May"
    occasions: frozenset[str]  # before the occasion of an action: "in a statement on Monday"
    during: frozenset[str]  # of these, the ones that are never before a case: not "convicted in the attack"
    aims: frozenset[str]  # before an event noun that repeats its verb: "meet for talks"
    means: frozenset[str]  # before a gerund that happens with its verb: "responded by closing"
    periods: frozenset[str]  # nouns between a time and its verb: "on the night of 3 May"
    speaking: frozenset[str]  # verbs whose participle gives the occasion: "Speaking on Monday, she denied"
    phases: frozenset[str]  # verbs whose infinitive happens at their time: "began to march"
    carriers: frozenset[str]  # verbs whose time is the time of the event noun that they govern: "hold talks"
    proclaiming: frozenset[str]  # verbs that make an act of words: "announced an agreement on Monday"
    awaiting: frozenset[str]  # verbs whose future time is that of their content: "expect talks on Monday"
    order: frozenset[str]  # before a neighbouring event: "shortly after"
    nearness: frozenset[str]  # the distance to it, less than a day
    goals: frozenset[str]  # before the place that something is done to: "march on the capital"
    parts: frozenset[str]  # between a region and its place: "a suburb of Lyon"
    regions: frozenset[str]  # nouns for a part of a place, or for a kind of place
    venues: frozenset[str]  # last words of organisations that are buildings too: "at Northby Crown Court"
    place_relatives: frozenset[str]  # "Oslo, where"
    simultaneous: frozenset[str]  # conjunctions of what happens at the same time: "as they met"
    earlier: frozenset[str]  # adjectives of an event before that of the verb: "overturned the previous ruling"
    sequence: frozenset[str]  # adverbs that move a coordinated verb to another time: "and later resigned"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechActData:
    """Words of speech acts: lemmas, but auxiliaries and pronouns as written. See ``events/speech_acts.py``."""

    reporting: frozenset[str]  # verbs whose clause tells what the speaker does: say, warn
    proposing: frozenset[str]  # reporting verbs whose subjunctive is a request: "suggested he leave"
    obliging: frozenset[str]  # auxiliaries: must
    obliging_verbs: frozenset[str]  # with an infinitive: "needs to go"
    undemanded: frozenset[str]  # verbs for what nobody does on request: "should benefit"
    willing: frozenset[str]  # adjectives of an offer
    complying: frozenset[str]  # verbs that refuse if negated: "will not accept them"
    ending: frozenset[str]  # verbs of commands: "Stop the war"
    first_person: frozenset[str]
    third_person: frozenset[str]  # without a name in the article they are the speaker
    possessives: frozenset[str]  # possessives: "its government"
    unaddressed: frozenset[str]  # pronouns that address nobody: "it must be said"
    institutions: frozenset[str]  # sectors whose role nouns can be addressed without a name


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgementData:
    """Lemmas of judgement. See ``events/speech_acts.py``."""

    naming: frozenset[str]  # verbs that judge their object: "called him a liar"
    blame: frozenset[str]  # adjectives and nouns that blame


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FrameData:
    """The event lexicon of one language, compared by identity.

    ``verb_index`` and ``noun_index`` are built from it, most needs first.
    """

    verbs: tuple[FrameGroup, ...]
    nouns: tuple[FrameGroup, ...]
    occurrences: frozenset[str]  # nouns for untyped events
    abstractions: frozenset[str]  # abstract nouns, which are never participants
    no_occurrences: frozenset[str]  # verbs that name no event (auxiliary-like)
    conducting: frozenset[str]  # verbs whose subject does, orders or announces the event that their object names
    attending: frozenset[str]  # before an event that the subject takes part in: "for", or with its noun: "on_strike"
    exposing: frozenset[str]  # before an event that the subject suffers: "under", or with its noun: "on_trial"
    joining: frozenset[str]  # verbs with their object and preposition, before an event that the subject is part of
    subjective: frozenset[str]  # event nouns whose doer "of" marks: "the refusal of the bank"
    hosting: frozenset[str]  # prepositions before a meeting that the subject of the clause takes part in: "during"
    suspecting: frozenset[str]  # verbs whose object did the event of their preposition: "charged with murder"
    suspicions: frozenset[str]  # prepositions before that event
    attributing: frozenset[str]  # verbs that name the doer of their object: "blamed the attack on rebels"
    attributions: tuple[str, ...]  # prepositions before that doer
    guilt: frozenset[str]  # nouns and adjectives whose owner has done what follows: "responsibility for the attack"
    amounts: frozenset[str]  # nouns that only count an event: "a wave of protests"
    thing_pronouns: frozenset[str]  # pronouns for an organised group
    person_pronouns: frozenset[str]
    group_pronouns: frozenset[str]
    speaker_pronouns: frozenset[str]  # pronouns that are the speaker of a quote, alone or with others
    country_adjectives: frozenset[str]  # names of countries that are used like "Spanish": "US strikes"
    role_prepositions: frozenset[str]  # they end the title in a role: "minister of", "chief executive at"
    naming: frozenset[str]  # verbs between a noun and a name: "a rebel known as Holm"
    copulas: frozenset[str]  # verbs that say what somebody is: "Holm became a senator"
    resulting: frozenset[str]  # verbs for the result of an attack: "left two dead"
    harmed: frozenset[str]  # what somebody is after an attack
    epithets: frozenset[str]  # nouns for a person who was named before: "the billionaire"
    titles: Mapping[str, str]  # abbreviations before a name, with the noun that they stand for
    past_roles: frozenset[str]  # words in the role of somebody who no longer has it
    documents: frozenset[str]  # nouns for what somebody writes or says: their author does what they do
    publishing: frozenset[str]  # verbs whose subject is the author of the document that their object names
    bodies: frozenset[str]  # nouns for organised groups, which "it" refers to
    countries: frozenset[str]  # nouns that mean a country: "the country"
    telling: frozenset[str]  # verbs by which a complaint or inquiry says who did what: "the inquiry found that he lied"
    general_bodies: frozenset[str]  # nouns that fit most organisations: "the company"
    suffered: frozenset[str]  # event nouns whose possessor is the patient: "his arrest"
    crimes: frozenset[
        str
    ]  # event nouns before which an organisation is the scene, not the doer: "the Holm Club shooting"
    bearers: frozenset[str]  # their subject is the patient of the event that their object names
    enduring: frozenset[str]  # of these, the ones whose object is an event whatever its noun: "underwent a scan"
    eliciting: frozenset[str]  # after their object, "from" names who does it: "sparked protests from farmers"
    undergoing: frozenset[str]  # verbs whose subject does not act: it is, comes, seems
    undergoing_alone: frozenset[str]  # the same without an object: it ends, but they end it
    lemmas: Mapping[str, str]  # forms that the model lemmatizes wrongly
    people: Mapping[str, str | None]  # role nouns and their PLOVER sector
    agents: frozenset[str]  # more nouns for persons and bodies that act
    pointers: frozenset[str]  # pronouns that are participants only if they refer to an entity
    verb_places: tuple[str, ...]  # positions of the recipient of a verb without a frame, see Frame
    noun_places: tuple[str, ...]
    clipped_passives: frozenset[str]  # verbs in headline passives without an auxiliary: "Minister sacked"
    place_prepositions: frozenset[str]
    agent_prepositions: tuple[str, ...]
    agent_phrases: tuple[tuple[str, str, str], ...]  # preposition, noun, preposition: "at the hands of"
    pair_prepositions: tuple[str, ...]  # "between A and B"
    origin_prepositions: tuple[str, ...]  # before the doer of an event noun: "a request from Y"
    target_prepositions: tuple[str, ...]  # before whom an act is directed at: "lashed out at Y"
    addressing: tuple[str, ...]  # prepositions before whom an act is addressed to: "send aid to Y"
    content_places: tuple[str, ...]  # prepositions before the recipient in the content of an event, the best first
    subject_control: frozenset[str]  # adjectives whose subject is that of their infinitive: "is willing to go"
    gerund_prepositions: frozenset[str]  # their gerund has the object as its subject: "accused X of lying"
    object_control: frozenset[str]  # verbs whose object is the subject of the following infinitive
    acting_members: frozenset[str]  # nouns for those who act for the organisation before them: "Holm Trust officials"
    grouping: frozenset[str]  # prepositions before a group that the subject belongs to: "is among those"
    relative_pronouns: frozenset[str]
    time_relatives: frozenset[str]  # "in 2024, when"
    quotation_marks: frozenset[str]
    partitives: frozenset[str]  # "any of the ports" is ports
    names_no_event: frozenset[str]  # compound modifiers after which a noun names no event
    noun_classes: Mapping[str, frozenset[str]]  # the lists that patterns name in capitals
    rules: frozenset[str]  # nouns for what is written or in force: they demand nothing by themselves
    general_subjects: frozenset[str]  # pronouns for anybody: "you can ask"
    habit_words: frozenset[str]  # adverbs of habits
    content_markers: frozenset[str]  # prepositions whose gerund is the content of a charge or a plan
    absolute_markers: frozenset[str]  # prepositions of a subject and its participle: "with its leader jailed"
    thresholds: frozenset[str]  # nouns whose gerund is about to happen: "on the brink of winning"
    no_news: frozenset[str]  # verbs for what lasts or what somebody thinks, and verbs with little meaning
    question_words: frozenset[str]  # a title that begins with one explains and reports no event
    indefinite_words: frozenset[str]  # articles of what is new to the reader
    distinguishing: frozenset[str]  # "another attack", "also attacked": not the attack named before
    speech: SpeechActData
    judgement: JudgementData
    modality: ModalityData
    attachment: AttachmentData
    classifier: LogisticRegression
    verb_index: Mapping[str, tuple[Frame, ...]] = field(init=False, compare=False, repr=False)
    noun_index: Mapping[str, tuple[Frame, ...]] = field(init=False, compare=False, repr=False)
    event_nouns: frozenset[str] = field(init=False, compare=False, repr=False)  # with a frame or without
    matters: frozenset[str] = field(init=False, compare=False, repr=False)  # nouns for what cannot act

    def __post_init__(self) -> None:
        object.__setattr__(self, "verb_index", _index(self.verbs))
        object.__setattr__(self, "noun_index", _index(self.nouns))
        object.__setattr__(self, "event_nouns", self.occurrences | self.noun_index.keys())
        matters = self.abstractions | self.event_nouns | self.rules
        object.__setattr__(self, "matters", matters - self.people.keys() - self.agents - self.documents)


def _index(groups: Iterable[FrameGroup]) -> Mapping[str, tuple[Frame, ...]]:
    frames_of: dict[str, list[Frame]] = {}
    for group in groups:
        for frame in group.frames():
            frames_of.setdefault(frame.lemma, []).append(frame)
    return {lemma: tuple(sorted(frames, key=_demands, reverse=True)) for lemma, frames in frames_of.items()}


def _demands(frame: Frame) -> tuple[int, int]:
    """Return how specific a frame is: a subject counts more than an object, an object more than a preposition."""
    positive = _positive(frame.needs)
    return len(positive), sum(_weight(need) for need in positive)


def _weight(need: str) -> int:
    if need[0] == "^":
        return 2
    return 3 if need == "+harm" else int(need[0] == "@")


@dataclass(frozen=True, slots=True, kw_only=True)
class HolidayRule:
    """A named day of a year, ``shift`` days after its base.

    The base is a day of a month, the ``nth`` weekday of a month (-1: the last), or Easter Sunday (no month).
    """

    month: int | None = None
    day: int = 1
    weekday: int = 0  # Monday is 0
    nth: int = 0  # 0: the base is a day of a month
    shift: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TimeData:
    """Words and patterns of time expressions.

    ``patterns`` are the name of a reading (a key of ``READINGS`` in ``times/normalization.py``), a kind of anchor, and
    a regular expression over lower-case text. ``{month}``, ``{weekday}``, ``{unit}``, ``{number}``, ``{daypart}``,
    ``{season}``, ``{deictic}``, ``{reference}``, ``{repetition}``, ``{holiday}``, ``{ordinal}``, ``{day_word}``,
    ``{day}`` and ``{year}`` are replaced by alternations; a space matches any white space, an apostrophe also a
    typographic one. The longest match wins, the first among equals. A pattern names the kind of its
    ``anchors``: it is searched only next to a word of that kind, so that most text is never searched. After the kind it
    may list letters of which one is in every match: other text is not searched either. A number of four digits has the
    kind "number", one with a colon "clock".
    """

    months: Mapping[str, int]
    weekdays: Mapping[str, int]  # Monday is 0
    units: Mapping[str, str]  # TIMEX3 letters: D, W, M, Y, TH, TM, TS, Q, DE, CE, WE
    numbers: Mapping[str, int | None]  # None: an unknown number
    ordinals: Mapping[str, int]  # of quarters and halves
    day_words: Mapping[str, int]  # "third": a day of a month, 1 to 31
    dayparts: Mapping[str, str]
    seasons: Mapping[str, str]
    deictics: Mapping[str, int]  # days from the anchor
    holidays: Mapping[str, HolidayRule | None]  # None: a named day that no rule gives
    references: Mapping[str, str]
    repetitions: Mapping[str, str]
    directions: Mapping[str, int]  # "last" -1, "this" 0, "next" 1, "ago" -1
    parts: Mapping[str, str]  # part of a period: start, mid, end
    patterns: tuple[tuple[str, str, str], ...]
    ambiguous: frozenset[str]  # months and seasons that are also other words
    before_year: frozenset[str]  # words after which four digits are a year
    before_name: frozenset[str]  # words after which a month's name is not a person's
    later: frozenset[str]  # "later": on the day of the report, with a future verb
    future_words: frozenset[str]  # auxiliaries of a future clause
    future_heads: frozenset[str]  # verbs about the future
    commissives: frozenset[str]  # verbs whose infinitive has the times after it: "agreed to meet on Monday"
    implicatives: frozenset[str]  # past forms whose infinitive is past too: "managed to escape"
    past_limits: frozenset[str]  # words before the beginning of what still is: a time before the report
    ends: frozenset[str]  # words before the end of something
    range_links: Mapping[str, frozenset[str]]  # word before a range ("": none): words between its ends
    clock_links: frozenset[str]  # words between a clock time and its day
    daypart_link: str  # between a part of a day and the day
    named_days: frozenset[str]  # words that make the name of an event of a weekday
    fiscal_words: frozenset[str]  # words around a quarter of a business year
    anchors: Mapping[str, frozenset[str]]  # by kind


class HasFrames(Protocol):
    """A language with an event lexicon."""

    @property
    def frames(self) -> FrameData: ...


class HasTimes(Protocol):
    """A language with time words."""

    @property
    def times(self) -> TimeData: ...
