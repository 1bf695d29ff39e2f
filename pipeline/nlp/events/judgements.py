"""Judgements: statements that blame or praise somebody else, or refuse support, by the words of a quote or clause.

"Judgement" is the part of evaluation that concerns what others are and do (Martin and White, "The Language of
Evaluation", 2005). "“This is a betrayal,” she said of Spain" is an accusation, "said he was proud of the team" is
support, "said he did not back the plan" a rejection. Feelings, taste, and the speaker's own acts have no type.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.model import Quote
from pipeline.nlp.events.arguments import roles_of
from pipeline.nlp.events.parse import Parse
from pipeline.nlp.events.participants import Participant, participants_of
from pipeline.nlp.events.speech_acts import SpeechAct, frame_of_act, is_own, is_unsaid
from pipeline.nlp.events.subjects import doers_of
from pipeline.nlp.events.triggers import Trigger, denotes, is_infinitive, object_of
from pipeline.nlp.languages.spec_events import FrameData

_NAMED_TYPES = frozenset({"PERSON", "ORG", "GPE", "NORP"})
_PREDICATES = ("acomp", "attr", "oprd")
_STEPS = 5  # from a verb to the verb whose subject it has
_PAUSE = 80  # characters between two quotes of one statement
_PLACES = "of about"  # "said of Y"

_Reading = tuple[str, int | None]  # an event type and what is judged


@dataclass(frozen=True, slots=True)
class _Judgement:
    """A judgement of others. ``cue`` is the list of its word, ``target`` the token of what is judged."""

    event_type: str
    cue: str
    target: int


@dataclass(frozen=True, slots=True)
class _Statement:
    """The tokens that somebody says, without the verb of saying ``said``; ``quoted`` are those between marks."""

    parse: Parse
    data: FrameData
    said: int
    tokens: tuple[int, ...]
    quoted: frozenset[int]
    typed: frozenset[int]


def read_judgements(
    parse: Parse,
    triggers: Sequence[Trigger],
    acts: Mapping[int, SpeechAct],
    quotes: Sequence[Quote],
    data: FrameData,
) -> tuple[tuple[Trigger, ...], Mapping[int, SpeechAct]]:
    """Return the triggers and the speech acts; a verb of saying or naming gets the type of the judgement."""
    words, verbs = data.judgement, [t for t in triggers if not t.is_noun]
    typed = frozenset(t.index for t in verbs if t.frame is not None)
    found: dict[int, SpeechAct] = {}
    for trigger in verbs:
        lemma, act = parse.lemma[trigger.index], None
        if lemma in words.naming:
            act = _named(parse, trigger, data)
        elif lemma in words.saying and trigger.frame is None and _is_said(parse, trigger.index, data):
            act = _said(_statement_of(parse, trigger.index, quotes, typed, data), trigger)
        if act is not None:
            found[trigger.index] = act
    return tuple(found[t.index].trigger if t.index in found else t for t in triggers), {**acts, **found}


def participants_judged(parse: Parse, index: int, data: FrameData) -> tuple[Participant, ...]:
    """Return who is judged, or whose act: its owner, its author, or who does it. No pronoun without a name."""
    if denotes(parse, index, data):
        return tuple(participants_of(parse, [index], data))
    noun = Trigger(index, parse.start[index], parse.end[index], True, None)
    found = roles_of(parse, noun, data).actors
    if not found and parse.dep[index] == "dobj":
        found = tuple(participants_of(parse, doers_of(parse, parse.head[index], data), data))
    return tuple(who for who in found if who.name is not None or parse.pos[who.index] != "PRON")


def _is_said(parse: Parse, index: int, data: FrameData) -> bool:
    """Return whether a verb tells what is said: not negated, and not "continue to warn"."""
    return parse.child(index, "xcomp") is None and not is_unsaid(parse, index, data)


def _said(statement: _Statement, trigger: Trigger) -> SpeechAct | None:
    """Return the speech act of a statement by its first judgement of others."""
    judgement = _judgement_in(statement)
    if judgement is None:
        return None
    parse = statement.parse
    frame = frame_of_act(judgement.event_type, parse.lemma[statement.said], judgement.cue, _PLACES)
    is_known = parse.lower[judgement.target] not in statement.data.judgement.pointing
    return SpeechAct(replace(trigger, frame=frame), judgement.target, None, "target" if is_known else None)


def _named(parse: Parse, trigger: Trigger, data: FrameData) -> SpeechAct | None:
    """Read "called Y a liar", "described Y as weak"."""
    index = trigger.index
    complements = [c for c in parse.children[index] if parse.dep[c] in _PREDICATES]
    thing = object_of(parse, index)
    if thing is not None:
        complements += [c for c in parse.children[thing] if parse.dep[c] == "appos"]
    elif len(complements) < 2:  # the parser may take the object for a second complement
        return None
    complements += [c for p in parse.children[index] if parse.lower[p] == "as" for c in parse.children[p]]
    if not any(_is_blame(parse, complement, data) for complement in complements):
        return None
    frame = frame_of_act("ACCUSE", parse.lemma[index], "as", "object poss")
    return SpeechAct(replace(trigger, frame=frame), index, None, None)


def _is_blame(parse: Parse, index: int, data: FrameData) -> bool:
    """Return whether a predicate blames: "a liar", "very weak", "no mistake" does not."""
    modifiers = (c for c in parse.children[index] if parse.dep[c] in ("amod", "compound"))
    words = data.judgement
    blames = any(parse.lemma[word] in words.blame or parse.lemma[word] in words.strong for word in (index, *modifiers))
    return blames and not _is_negated(parse, index, data)


# The statement: the content clause, and the quotes that the verb introduces, with those that continue them.


def _statement_of(
    parse: Parse, said: int, quotes: Sequence[Quote], typed: frozenset[int], data: FrameData
) -> _Statement:
    clause = parse.child(said, "ccomp")
    found = set() if clause is None else set(_below(parse, clause))
    quoted: set[int] = set()
    for quote in _quotes_of(parse, said, quotes):
        found.update(_range_of(parse, quote.start_char, quote.end_char))
        for start, end in quote.quoted_spans:
            quoted.update(_range_of(parse, start, end))
    return _Statement(parse, data, said, tuple(sorted(found - {said})), frozenset(quoted), typed)


def _range_of(parse: Parse, start: int, end: int) -> range:
    return range(bisect_left(parse.start, start), bisect_left(parse.start, end))


def _below(parse: Parse, index: int) -> list[int]:
    found = [index]
    for each in found:
        found.extend(parse.children[each])
    return found


def _quotes_of(parse: Parse, said: int, quotes: Sequence[Quote]) -> Iterator[Quote]:
    """Yield the quotes of the sentence of a verb that have it as their cue, and those that continue one of them."""
    number = parse.sentence[said]
    first = parse.start[bisect_left(parse.sentence, number)]
    last = parse.end[bisect_right(parse.sentence, number) - 1]
    continues, before = False, 0
    for quote in quotes[bisect_right(quotes, first, key=lambda each: each.end_char) :]:
        if quote.start_char >= last and not continues:
            return
        if quote.cue_text is not None:
            continues = quote.start_char < last and _introduces(parse, said, quote)
        elif quote.start_char - before > _PAUSE:
            continues = False
        if continues:
            yield quote
            before = quote.end_char


def _introduces(parse: Parse, said: int, quote: Quote) -> bool:
    """Return whether a verb outside the marks of a quote is its cue."""
    at = parse.start[said]
    is_inside = any(start <= at < end for start, end in quote.quoted_spans)
    return not is_inside and parse.lower[said] in (quote.cue_text or "").lower().split()


# The judgement: a word of the lists, and whom or what it is said of.


def _judgement_in(statement: _Statement) -> _Judgement | None:
    """Return the first judgement of others in a statement; None without one."""
    parse, words = statement.parse, statement.data.judgement
    for index in statement.tokens:
        forms = parse.lemma[index], parse.lower[index]
        if words.listed.isdisjoint(forms) or parse.entity[index] >= 0:
            continue
        for name, read, kinds in _READINGS:
            if not getattr(words, name).isdisjoint(forms):
                for event_type, target in read(statement, index):
                    meant = None if target is None else _meant(statement, target)
                    if meant is not None and _kind_of(statement, meant) in kinds:
                        return _Judgement(event_type, name, meant)
    return None


def _meant(statement: _Statement, target: int) -> int:
    """Return Y in "“This is a betrayal,” she said of Y", for a pronoun; else the target itself."""
    parse, words = statement.parse, statement.data.judgement
    if parse.lower[target] not in words.pointing | words.others:
        return target
    found = (i for place in _PLACES.split() for i in parse.prep_objects(statement.said, place))
    return next((i for i in found if _is_somebody(statement, i)), target)


def _fault(statement: _Statement, index: int) -> Iterator[_Reading]:
    """Read "Y betrayed them", "the plan would destroy jobs". A verb with a type is an event of its own."""
    if index not in statement.typed:
        yield from _deed(statement, index)


def _manner(statement: _Statement, index: int) -> Iterator[_Reading]:
    """Read "Y wrongly closed the bridge"."""
    yield from _deed(statement, statement.parse.head[index])


def _deed(statement: _Statement, verb: int) -> Iterator[_Reading]:
    parse = statement.parse
    if parse.is_verb(verb) and not parse.is_passive(verb) and not _is_unreal(statement, verb):
        yield "ACCUSE", _subject(parse, verb)


def _blame(statement: _Statement, index: int) -> Iterator[_Reading]:
    """Read "Y is a liar", "a betrayal by Y", "your shameful decision" between marks."""
    parse, data = statement.parse, statement.data
    noun = parse.head[index] if parse.dep[index] == "amod" else index
    verb = _copula(statement, noun)
    if parse.is_verb(index) or _is_denied(statement, noun, verb):
        return
    by = [i for i in parse.prep_objects(noun, "by") if _is_somebody(statement, i)]
    if by:
        yield "ACCUSE", by[0]
    elif verb is not None:
        yield "ACCUSE", _subject(parse, verb)
    elif noun != index and index in statement.quoted and parse.lemma[index] in data.judgement.strong:
        yield "ACCUSE", None if parse.lemma[noun] in data.people else noun


def _wrong(statement: _Statement, index: int) -> Iterator[_Reading]:
    """Read "the decision is not justified"."""
    parse, data = statement.parse, statement.data
    verb = _copula(statement, index)
    if verb is not None and (_is_negated(parse, verb, data) or _is_negated(parse, index, data)):
        yield "ACCUSE", _subject(parse, verb)


def _attitude(statement: _Statement, index: int) -> Iterator[_Reading]:
    """Read "proud of Y", "respect for Y", "disappointed by Y"."""
    parse, words = statement.parse, statement.data.judgement
    approves = parse.lemma[index] in words.approval
    if _is_denied(statement, index, _copula(statement, index)):
        return
    for child in parse.children[index]:
        places = words.approving if approves else words.disapproving
        if parse.dep[child] in ("prep", "agent") and parse.lower[child] in places:
            yield "SUPPORT" if approves else "ACCUSE", parse.child(child, "pobj")


def _praise(statement: _Statement, index: int) -> Iterator[_Reading]:
    """Read "Y is a great leader", "the deal is a historic step"."""
    parse, data, noun = statement.parse, statement.data, statement.parse.head[index]
    verb = _copula(statement, noun) if parse.dep[index] == "amod" else None
    if verb is None or _is_denied(statement, noun, verb):
        return
    target = _subject(parse, verb)
    is_role = data.people.get(parse.lemma[noun]) is not None
    if target is not None and (is_role or parse.lemma[target] in data.judgement.acts):
        yield "SUPPORT", target


def _refusal(statement: _Statement, index: int) -> Iterator[_Reading]:
    """Read "he did not support the plan", "I oppose it": a refusal by the speaker."""
    parse, data = statement.parse, statement.data
    subject = _subject(parse, index)
    if subject is None or not _is_of_speaker(statement, subject):
        return
    opposes = parse.lemma[index] in data.judgement.opposing
    is_possible = any(parse.lower[c] in data.modality.unreal_auxiliaries for c in parse.children[index])
    is_own_event = opposes and index in statement.typed
    if not is_possible and not is_own_event and _is_negated(parse, index, data) is not opposes:
        yield "REJECT", parse.child(index, "dobj")


_BODIES = frozenset({"name", "body"})
_OTHERS = _BODIES | {"role", "act", "pronoun"}
_READINGS: tuple[tuple[str, Callable[[_Statement, int], Iterator[_Reading]], frozenset[str]], ...] = (
    ("faults", _fault, _BODIES | {"pronoun"}),
    ("wrongly", _manner, _BODIES | {"act"}),
    ("harm", _fault, frozenset({"act"})),
    ("blame", _blame, _OTHERS),
    ("strong", _blame, _OTHERS | {"pointing"}),
    ("flaws", _blame, frozenset({"act"})),
    ("right", _wrong, _OTHERS | {"group", "thing"}),
    ("approval", _attitude, _BODIES | {"role", "group", "act"}),
    ("disapproval", _attitude, _BODIES | {"role", "group", "act"}),
    ("praise", _praise, frozenset({"name", "act"})),
    ("backing", _refusal, _OTHERS | {"group", "thing", "pointing"}),
    ("opposing", _refusal, _OTHERS | {"group", "thing", "pointing"}),
)


def _kind_of(statement: _Statement, target: int) -> str | None:
    """Return the class of what is judged; None for the speaker."""
    parse, words = statement.parse, statement.data.judgement
    if _is_of_speaker(statement, target):
        return None
    if parse.lower[target] in words.pointing | words.others:
        return "pointing" if parse.lower[target] in words.pointing else "pronoun"
    mention = parse.mention(target)
    if mention is not None and mention.entity_type in _NAMED_TYPES:
        return "name"
    return "act" if parse.lemma[target] in words.acts else _kind_of_role(statement, target)


def _kind_of_role(statement: _Statement, target: int) -> str:
    data, lemma = statement.data, statement.parse.lemma[target]
    sector = data.people.get(lemma)
    if lemma in data.bodies or sector in data.speech.institutions:
        return "body"
    if sector is not None:
        return "role"
    return "group" if _is_somebody(statement, target) else "thing"


def _is_somebody(statement: _Statement, index: int) -> bool:
    parse, data = statement.parse, statement.data
    return denotes(parse, index, data) or parse.lemma[index] in data.bodies


def _is_of_speaker(statement: _Statement, index: int) -> bool:
    """Return whether a phrase is the speaker, or what is his. Between marks, the third person is somebody else."""
    parse, data = statement.parse, statement.data
    owner, speaker = parse.child(index, "poss"), parse.subject(statement.said)
    if any(parse.lower[i] in data.speaker_pronouns for i in (index, owner) if i is not None):
        return True
    if parse.lower[index] in data.speech.third_person:
        if index in statement.quoted:
            return False
        if speaker is not None and parse.lower[speaker] == parse.lower[index]:
            return True
    return is_own(parse, statement.said, index, data)


# The clause of a judgement.


def _copula(statement: _Statement, index: int) -> int | None:
    """Return the verb whose predicate a word is; None without one."""
    parse = statement.parse
    while parse.dep[index] == "conj":
        index = parse.head[index]
    verb = parse.head[index]
    is_predicate = parse.dep[index] in _PREDICATES or parse.dep[index] == "dobj"
    return verb if is_predicate and parse.lemma[verb] in statement.data.judgement.copulas else None


def _subject(parse: Parse, verb: int) -> int | None:
    """Return the subject of a verb, also through coordination, infinitives and relative clauses."""
    for _ in range(_STEPS):
        subject = parse.subject(verb)
        if subject is not None:
            is_relative = parse.dep[verb] == "relcl" and parse.tag[subject] in ("WP", "WDT")
            return parse.head[verb] if is_relative else subject
        if parse.dep[verb] == "acl":
            return parse.head[verb]
        if parse.dep[verb] not in ("conj", "xcomp", "advcl"):
            return None
        verb = parse.head[verb]
    return None


def _is_negated(parse: Parse, index: int, data: FrameData) -> bool:
    negative = data.modality.negative_words
    return any(parse.dep[c] == "neg" or parse.lower[c] in negative for c in parse.children[index])


def _is_denied(statement: _Statement, index: int, verb: int | None) -> bool:
    """Return whether a word is negated, or the clause of which it is the predicate is not stated as true."""
    return _is_negated(statement.parse, index, statement.data) or (verb is not None and _is_unreal(statement, verb))


def _is_unreal(statement: _Statement, verb: int) -> bool:
    """Return whether a clause is negated, a condition, a possibility, or an infinitive."""
    parse, words = statement.parse, statement.data.modality
    possible = words.unreal_auxiliaries - words.backshifted
    marks = ((parse.dep[c], parse.lower[c]) for c in parse.children[verb])
    marked = any(
        word in words.unreal_markers if dep == "mark" else dep == "aux" and word in possible for dep, word in marks
    )
    return marked or is_infinitive(parse, verb) or _is_negated(statement.parse, verb, statement.data)
