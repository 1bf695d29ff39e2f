"""Judgements: statements that blame or praise somebody else, or refuse support, by the words of a quote or clause.

"Judgement" is the part of evaluation that concerns what others are and do (Martin and White, "The Language of
Evaluation", 2005). "“This is a betrayal,” she said of Spain" is an accusation, "said he was proud of the team" is
support, "said he did not back the plan" a rejection. Feelings, taste, and the speaker's acts have no type.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from newslake.pipeline.model import Quote
from newslake.pipeline.nlp.events.arguments import roles_of
from newslake.pipeline.nlp.events.commitments import commitment_in
from newslake.pipeline.nlp.events.parse import Parse
from newslake.pipeline.nlp.events.participants import Participant, participants_of
from newslake.pipeline.nlp.events.speech_acts import SpeechAct, frame_of_act, is_negated
from newslake.pipeline.nlp.events.statements import (
    PREDICATES,
    Statement,
    copula_of,
    is_denied,
    is_of_speaker,
    is_possible,
    is_somebody,
    is_unreal,
    kind_of,
    statement_of,
    subject_of,
)
from newslake.pipeline.nlp.events.subjects import doers_of
from newslake.pipeline.nlp.events.triggers import Trigger, denotes
from newslake.pipeline.nlp.languages.spec_events import FrameData

_PLACES = "of about"  # "said of Y"

_Reading = tuple[str, int | None]  # an event type and what is judged


@dataclass(frozen=True, slots=True)
class _Judgement:
    """A judgement of others. ``cue`` is the list of its word, ``target`` the token of what is judged."""

    event_type: str
    cue: str
    target: int


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
    readings: dict[int, SpeechAct] = {}
    for trigger in verbs:
        lemma, act = parse.lemma[trigger.index], None
        if lemma in words.naming:
            act = _named(parse, trigger, data)
        elif lemma in words.saying and trigger.frame is None and _is_said(parse, trigger.index, data):
            act = _said(statement_of(parse, trigger.index, quotes, typed, data), trigger)
        if act is not None:
            readings[trigger.index] = act
    return tuple(readings[t.index].trigger if t.index in readings else t for t in triggers), {**acts, **readings}


def participants_judged(parse: Parse, index: int, data: FrameData) -> tuple[Participant, ...]:
    """Return who is judged, or whose act: its owner, its author, or who does it. No pronoun without a name."""
    if denotes(parse, index, data):
        return tuple(participants_of(parse, [index], data))
    noun = Trigger(index, parse.start[index], parse.end[index], True, None)
    participants = roles_of(parse, noun, data).actors
    if not participants and parse.dep[index] == "dobj":
        participants = tuple(participants_of(parse, doers_of(parse, parse.head[index], data), data))
    return tuple(who for who in participants if who.name is not None or parse.pos[who.index] != "PRON")


def _is_said(parse: Parse, index: int, data: FrameData) -> bool:
    """Return whether a verb tells what is said: not negated, and not "continue to warn"."""
    return parse.child(index, "xcomp") is None and not is_negated(parse, index, data)


def _said(statement: Statement, trigger: Trigger) -> SpeechAct | None:
    """Return the speech act of a statement by its first judgement of others."""
    judgement = _judgement_in(statement)
    if judgement is None:
        return _committed(statement, trigger)
    parse = statement.parse
    frame = frame_of_act(judgement.event_type, parse.lemma[statement.said], judgement.cue, _PLACES)
    is_known = parse.lower[judgement.target] not in statement.data.judgement.pointing
    return SpeechAct(replace(trigger, frame=frame), judgement.target, None, "target" if is_known else None)


def _committed(statement: Statement, trigger: Trigger) -> SpeechAct | None:
    """Return the speech act of a statement by its first commitment."""
    commitment = commitment_in(statement)
    if commitment is None:
        return None
    event_type, cue, content, recipient = commitment
    frame = frame_of_act(event_type, statement.parse.lemma[statement.said], cue)
    return SpeechAct(replace(trigger, frame=frame), content, None, recipient)


def _named(parse: Parse, trigger: Trigger, data: FrameData) -> SpeechAct | None:
    """Read "called Y a liar", "described Y as weak"."""
    index = trigger.index
    complements = [c for c in parse.children[index] if parse.dep[c] in PREDICATES]
    thing = parse.patients.get(index)
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
    return blames and not is_negated(parse, index, data)


# The judgement: a word of the lists, and whom or what it is said of.


def _judgement_in(statement: Statement) -> _Judgement | None:
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
                    if meant is not None and kind_of(statement, meant) in kinds:
                        return _Judgement(event_type, name, meant)
    return None


def _meant(statement: Statement, target: int) -> int:
    """Return Y in "“This is a betrayal,” she said of Y", for a pronoun; else the target itself."""
    parse, words = statement.parse, statement.data.judgement
    if parse.lower[target] not in words.pointing | words.others:
        return target
    nouns = (i for place in _PLACES.split() for i in parse.prep_objects(statement.said, place))
    return next((i for i in nouns if is_somebody(statement, i)), target)


def _fault(statement: Statement, index: int) -> Iterator[_Reading]:
    """Read "Y betrayed them", "the plan would destroy jobs". A verb with a type is a separate event."""
    if index not in statement.typed:
        yield from _deed(statement, index)


def _harm(statement: Statement, index: int) -> Iterator[_Reading]:
    """Read "Y is destroying jobs", "Y would destroy jobs"; what Y destroyed is a fact."""
    parse, modality = statement.parse, statement.data.modality
    future = modality.future_auxiliaries | modality.backshifted
    if parse.tag[index] == "VBG" or parse.has_word(index, future, ("aux",)):
        yield from _fault(statement, index)


def _manner(statement: Statement, index: int) -> Iterator[_Reading]:
    """Read "Y wrongly closed the bridge"."""
    yield from _deed(statement, statement.parse.head[index])


def _deed(statement: Statement, verb: int) -> Iterator[_Reading]:
    parse = statement.parse
    if verb in parse.verbs and verb not in parse.passives and not is_unreal(statement, _attempt_of(statement, verb)):
        yield "ACCUSE", subject_of(parse, verb)


def _attempt_of(statement: Statement, verb: int) -> int:
    """Return the verb of trying in "is trying to mislead"; else the verb itself."""
    parse, head = statement.parse, statement.parse.head[verb]
    tries = parse.dep[verb] == "xcomp" and parse.lemma[head] in statement.data.judgement.attempts
    return head if tries and not is_negated(parse, verb, statement.data) else verb


def _effect(statement: Statement, index: int) -> Iterator[_Reading]:
    """Read "the plan would bring hardship", "the accord will create jobs"; what it brought is a fact."""
    parse, words = statement.parse, statement.data.judgement
    is_past = parse.tag[index] in ("VBD", "VBN")
    if index not in parse.verbs or is_past or index in statement.typed or is_unreal(statement, index):
        return
    near = [c for c in parse.children[index] if parse.dep[c] == "dobj"]
    near += [i for place in ("to", "in") for i in parse.prep_objects(index, place)]
    effects = {parse.lemma[i] for each in near for i in parse.conjuncts(each)}
    if effects & words.damage:
        yield "ACCUSE", subject_of(parse, index)
    elif effects & words.benefit:
        yield "SUPPORT", subject_of(parse, index)


def _vice(statement: Statement, index: int) -> Iterator[_Reading]:
    """Read "Y has no shame"."""
    parse, data, verb = statement.parse, statement.data, statement.parse.head[index]
    has = parse.dep[index] == "dobj" and parse.lemma[verb] in data.judgement.having
    if parse.lemma[index] in data.judgement.claims:
        has = has and (parse.child(index, "acl") is not None or bool(parse.prep_objects(index, "in")))
    if has and (is_negated(parse, index, data) or is_negated(parse, verb, data)):
        yield "ACCUSE", subject_of(parse, verb)


def _idleness(statement: Statement, index: int) -> Iterator[_Reading]:
    """Read "Y has done nothing", "Y is not doing enough"."""
    parse, data, verb = statement.parse, statement.data, statement.parse.head[index]
    does = parse.lemma[verb] in data.judgement.doing and parse.dep[index] in ("dobj", "advmod")
    is_limited = any(parse.pos[c] == "ADJ" for c in parse.children[index])  # "nothing illegal"
    if does and not is_limited and not is_possible(statement, verb):
        is_nothing = parse.lemma[index] in data.judgement.nothing
        if is_nothing or is_negated(parse, verb, data):
            yield "ACCUSE", subject_of(parse, verb)


def _merit(statement: Statement, index: int) -> Iterator[_Reading]:
    """Read "Y has fought for our rights", "Y delivered for us"."""
    parse, ours = statement.parse, statement.data.speaker_pronouns
    if index not in parse.verbs or index in parse.passives or is_unreal(statement, index):
        return
    gains = parse.prep_objects(index, "for")
    if any(parse.lower[i] in ours or parse.has_word(i, ours, ("poss",)) for i in gains):
        yield "SUPPORT", subject_of(parse, index)


def _blame(statement: Statement, index: int) -> Iterator[_Reading]:
    """Read "Y is a liar", "a betrayal by Y", "your shameful decision" between marks."""
    parse, data = statement.parse, statement.data
    noun = parse.head[index] if parse.dep[index] == "amod" else index
    verb = copula_of(statement, noun)
    if index in parse.verbs or is_denied(statement, noun, verb):
        return
    by = [i for i in parse.prep_objects(noun, "by") if is_somebody(statement, i)]
    if by:
        yield "ACCUSE", by[0]
    elif verb is not None:
        yield "ACCUSE", subject_of(parse, verb)
    elif noun != index and index in statement.quoted and parse.lemma[index] in data.judgement.strong:
        yield "ACCUSE", None if parse.lemma[noun] in data.people else noun


def _wrong(statement: Statement, index: int) -> Iterator[_Reading]:
    """Read "the decision is not justified"."""
    parse, data = statement.parse, statement.data
    verb = copula_of(statement, index)
    if verb is not None and (is_negated(parse, verb, data) or is_negated(parse, index, data)):
        yield "ACCUSE", subject_of(parse, verb)


def _attitude(statement: Statement, index: int) -> Iterator[_Reading]:
    """Read "proud of Y", "respect for Y", "disappointed by Y"."""
    parse, words = statement.parse, statement.data.judgement
    approves = parse.lemma[index] in words.approval
    if is_denied(statement, index, copula_of(statement, index)):
        return
    for child in parse.children[index]:
        places = words.approving if approves else words.disapproving
        if parse.dep[child] in ("prep", "agent") and parse.lower[child] in places:
            yield "SUPPORT" if approves else "ACCUSE", parse.child(child, "pobj")


def _praise(statement: Statement, index: int) -> Iterator[_Reading]:
    """Read "Y is a great leader", "the deal is a historic step"."""
    parse, data, noun = statement.parse, statement.data, statement.parse.head[index]
    verb = copula_of(statement, noun) if parse.dep[index] == "amod" else None
    if verb is None or is_denied(statement, noun, verb):
        return
    target = subject_of(parse, verb)
    is_role = data.people.get(parse.lemma[noun]) is not None or parse.lemma[noun] in data.judgement.roles
    if target is not None and (is_role or parse.lemma[target] in data.judgement.acts):
        yield "SUPPORT", target


def _refusal(statement: Statement, index: int) -> Iterator[_Reading]:
    """Read "he did not support the plan", "I oppose it": a refusal by the speaker."""
    parse, data = statement.parse, statement.data
    is_verb = index in parse.verbs
    verb = index if is_verb else parse.head[parse.head[index]]  # "was not in favour of it"
    subject = subject_of(parse, verb)
    if subject is None or not is_of_speaker(statement, subject):
        return
    opposes = parse.lemma[index] in data.judgement.opposing
    is_typed = opposes and index in statement.typed
    can = any(parse.lower[c] in data.modality.unreal_auxiliaries for c in parse.children[verb])
    if not can and not is_typed and is_negated(parse, verb, data) is not opposes:
        things = parse.prep_objects(index, "of")
        yield "REJECT", parse.child(index, "dobj") if is_verb else next(iter(things), None)


_BODIES = frozenset({"name", "body"})
_OTHERS = _BODIES | {"role", "act", "pronoun"}
_READINGS: tuple[tuple[str, Callable[[Statement, int], Iterator[_Reading]], frozenset[str]], ...] = (
    ("faults", _fault, _BODIES | {"pronoun"}),
    ("wrongly", _manner, _BODIES | {"act"}),
    ("harm", _fault, frozenset({"act"})),
    ("harm", _harm, _BODIES | {"role"}),
    ("causing", _effect, _BODIES | {"act", "role", "group"}),
    ("virtues", _vice, _BODIES | {"pronoun", "act"}),
    ("nothing", _idleness, _BODIES | {"pronoun", "act", "role", "group"}),
    ("enough", _idleness, _BODIES | {"pronoun", "act", "role", "group"}),
    ("championing", _merit, _BODIES),
    ("blame", _blame, _OTHERS),
    ("strong", _blame, _OTHERS | {"pointing"}),
    ("flaws", _blame, frozenset({"act"})),
    ("right", _wrong, _OTHERS),
    ("approval", _attitude, _BODIES | {"role", "group", "act"}),
    ("disapproval", _attitude, _BODIES | {"role", "group", "act"}),
    ("praise", _praise, frozenset({"name", "act"})),
    ("backing", _refusal, _OTHERS | {"group", "thing", "pointing"}),
    ("opposing", _refusal, _OTHERS | {"group", "thing", "pointing"}),
)
