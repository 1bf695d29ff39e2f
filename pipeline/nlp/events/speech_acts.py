"""Speech acts: what a speaker does by saying something, read from a verb of saying and the clause that it governs.

"said Spain must leave" is a request, "said it would expel two men" a threat, "will not free them" a refusal. An opinion
that names nobody who is to act has no type, nor what blames or praises somebody.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from newslake.pipeline.nlp.events.parse import Parse
from newslake.pipeline.nlp.events.triggers import Trigger, denotes, infinitive_of, is_group
from newslake.pipeline.nlp.languages.plover import MATERIAL_CONFLICT, QUAD_CLASSES
from newslake.pipeline.nlp.languages.spec_events import Frame, FrameData, FrameGroup

_COOPERATION = frozenset({"AGREE", "CONSULT", "SUPPORT", "CONCEDE", "COOPERATE", "AID", "RETREAT"})
_DEEDS = frozenset({"COOPERATE", "AID", "RETREAT", "CONCEDE"})
_EVENTS_AS_WELL = {"AGREE": "CONSULT", "THREATEN": "PROTEST"}  # content that is an event as well
_NAMED_TYPES = frozenset({"PERSON", "ORG", "GPE", "NORP"})
_STATES = frozenset({"GPE", "ORG", "NORP"})
_PREDICATES = ("acomp", "attr", "oprd")
_MODES = {"REQUEST": "change", "ACCUSE": "allege", "REJECT": "yield"}


@dataclass(frozen=True, slots=True)
class SpeechAct:
    """A speech act and the verb of its content, a token index.

    ``content_frame`` is the frame that this verb had. The recipient is the ``doer`` of the content (who is addressed or
    accused) or its ``patient`` (who is threatened); None if the frame of the trigger gives it.
    """

    trigger: Trigger
    content: int
    content_frame: Frame | None
    recipient: str | None


def read_speech_acts(
    parse: Parse, triggers: Sequence[Trigger], data: FrameData
) -> tuple[tuple[Trigger, ...], Mapping[int, SpeechAct]]:
    """Return the triggers, with speech acts instead of verbs of saying, and the speech acts by trigger token.

    What is requested, threatened, promised or refused loses its type, unless it is an event as well.
    """
    frames = {trigger.index: trigger.frame for trigger in triggers if trigger.frame is not None}
    acts = {t.index: act for t in triggers if not t.is_noun and (act := _act_at(parse, t, frames, data)) is not None}
    content = {index for act in acts.values() for index in _content_of(parse, act, frames)}
    changed = acts.keys() | content
    return tuple(_with_act(t, acts, content) if t.index in changed else t for t in triggers), acts


def _with_act(trigger: Trigger, acts: Mapping[int, SpeechAct], content: set[int]) -> Trigger:
    act = acts.get(trigger.index)
    if act is not None:
        return act.trigger
    return replace(trigger, frame=None) if trigger.index in content else trigger


def _content_of(parse: Parse, act: SpeechAct, frames: Mapping[int, Frame]) -> Iterator[int]:
    """Yield the tokens that only tell what is requested, threatened, promised or refused."""
    frame = act.trigger.frame
    if frame is None or frame.event_type == "ACCUSE" or act.content == act.trigger.index:
        return
    for index in _below(parse, parse.conjuncts(act.content)):
        inner = frames.get(index)
        if inner is not None and inner.event_type != _EVENTS_AS_WELL.get(frame.event_type):
            yield index


def _below(parse: Parse, verbs: Sequence[int]) -> Iterator[int]:
    """Yield verbs, their objects and their infinitives: "must agree to end the war"."""
    pending = list(verbs)
    for index in pending:
        yield index
        for child in parse.children[index]:
            infinitive = parse.dep[child] in ("xcomp", "advcl") and any(
                parse.tag[c] == "TO" for c in parse.children[child]
            )
            if infinitive or parse.dep[child] == "dobj":
                pending.extend(parse.conjuncts(child))


def _act_at(parse: Parse, trigger: Trigger, frames: Mapping[int, Frame], data: FrameData) -> SpeechAct | None:
    words, lemma = data.speech, parse.lemma[trigger.index]
    if trigger.frame is None and lemma in words.reporting:
        return _reported(parse, trigger, frames, data)
    if trigger.frame is None and lemma == "be":
        return _offered(parse, trigger, frames, data)
    return _refused(parse, trigger, frames, data)


@cache
def frame_of_act(event_type: str, lemma: str, cue: str, recipient: str = "") -> Frame:
    """Return the frame of a speech act; its rule id names the verb and the word of the clause: "say_must>request"."""
    group = FrameGroup(
        event_type=event_type, patterns=f"{lemma} {cue}", mode=_MODES.get(event_type), recipient=recipient
    )
    return next(iter(group.frames()))


# Reports: a verb of saying and its content clause.

_Reading = Callable[[Parse, int, int, Mapping[int, Frame], FrameData], tuple[str, str, int, str] | None]


def _reported(parse: Parse, trigger: Trigger, frames: Mapping[int, Frame], data: FrameData) -> SpeechAct | None:
    index = trigger.index
    clause = parse.child(index, "ccomp")
    if clause is None or is_negated(parse, index, data):
        return None
    for verb in parse.conjuncts(clause):
        for read in _READINGS:
            reading = read(parse, index, verb, frames, data)
            if reading is not None:
                event_type, cue, content, recipient = reading
                frame = frame_of_act(event_type, parse.lemma[index], cue)
                return SpeechAct(replace(trigger, frame=frame), content, frames.get(content), recipient)
    return None


def is_negated(parse: Parse, index: int, data: FrameData) -> bool:
    """Return whether a word has a negation: "did not say", "no mistake"."""
    return parse.child(index, "neg") is not None or parse.has_word(index, data.modality.negative_words)


def _requested(
    parse: Parse, said: int, verb: int, frames: Mapping[int, Frame], data: FrameData
) -> tuple[str, str, int, str] | None:
    """Read "Y must go", "Y needs to go": a request to Y, unless Y is the speaker or nobody who can act."""
    words = data.speech
    obliged = _obligation(parse, verb, data)
    if obliged is None:
        return _commanded(parse, verb, frames, data)
    cue, content = obliged
    subject = parse.subjects.get(verb)
    if subject is None or content in parse.passives or is_self(parse, said, subject, data):
        return None
    if parse.lemma[content] in words.undemanded and infinitive_of(parse, _predicate(parse, content)) is None:
        return None
    if not _is_addressable(parse, subject, data):
        return None
    missed = any(parse.dep[c] == "aux" and parse.lemma[c] == "have" for c in parse.children[content])
    return ("ACCUSE" if missed and content == verb else "REQUEST"), cue, content, "doer"


def _obligation(parse: Parse, verb: int, data: FrameData) -> tuple[str, int] | None:
    """Return the word that obliges, and the verb of what must be done; None without an obligation."""
    auxiliaries = [parse.lower[c] for c in parse.children[verb] if parse.dep[c] == "aux"]
    cue = next((word for word in auxiliaries if word in data.speech.obliging), None)
    if cue is not None:
        return cue, verb
    if parse.lemma[verb] == "go" and (inner := parse.child(verb, "xcomp")) is not None:
        verb = inner  # "is going to have to"
    if parse.lemma[verb] in data.speech.obliging_verbs and parse.child(verb, "dobj", "neg") is None:
        inner = parse.child(verb, "xcomp")
        if inner is not None and any(parse.tag[c] == "TO" for c in parse.children[inner]):
            return parse.lemma[verb], inner
    return None


def _predicate(parse: Parse, index: int) -> int:
    """Return the complement of "be", else the verb itself."""
    complement = parse.child(index, "acomp", "attr")
    return index if complement is None else complement


def _commanded(
    parse: Parse, verb: int, frames: Mapping[int, Frame], data: FrameData
) -> tuple[str, str, int, str] | None:
    """Read "Stop the war," she said: a bare verb without a subject, whose act is another's to do."""
    helped = [c for c in parse.children[verb] if parse.dep[c] in ("aux", "auxpass", "nsubj", "nsubjpass")]
    if parse.tag[verb] != "VB" or any(parse.lemma[c] != "do" for c in helped):
        return None
    frame = frames.get(verb)
    wanted = frame is not None and frame.event_type in _DEEDS
    if not wanted and not (parse.lemma[verb] in data.speech.ending and parse.child(verb, "dobj", "xcomp") is not None):
        return None
    return "REQUEST", parse.lemma[verb], verb, "doer"


def _announced(
    parse: Parse, said: int, verb: int, frames: Mapping[int, Frame], data: FrameData
) -> tuple[str, str, int, str] | None:
    """Read "it will ...": future conflict by the speaker is a threat, cooperation a promise, if negated a refusal."""
    subject = parse.subjects.get(verb)
    if subject is None or verb in parse.passives or not _is_future(parse, verb, data):
        return None
    if not is_self(parse, said, subject, data):
        return None
    frame = frames.get(verb)
    if parse.child(verb, "neg") is not None:
        return ("REJECT", "not", verb, "patient") if _is_refusable(parse, verb, frame, data) else None
    if frame is None or frame.mode == "resign":
        return None
    if QUAD_CLASSES.get(frame.event_type) == MATERIAL_CONFLICT:
        return "THREATEN", "will", verb, "patient"
    promised = frame.event_type in _DEEDS and not _has_condition(parse, verb)
    return ("AGREE", "will", verb, "patient") if promised else None


def _is_future(parse: Parse, verb: int, data: FrameData) -> bool:
    future = data.modality.future_auxiliaries | data.modality.backshifted
    return parse.has_word(verb, future, ("aux",))


def _is_refusable(parse: Parse, verb: int, frame: Frame | None, data: FrameData) -> bool:
    """Return whether not to do it is a refusal: to cooperate, to accept, to stop."""
    return parse.lemma[verb] in data.speech.complying or (frame is not None and frame.event_type in _COOPERATION)


def _has_condition(parse: Parse, verb: int) -> bool:
    return any(parse.dep[c] == "advcl" and parse.child(c, "mark") is not None for c in parse.children[verb])


def _suggested(
    parse: Parse, said: int, verb: int, frames: Mapping[int, Frame], data: FrameData
) -> tuple[str, str, int, str] | None:
    """Read "suggested he leave": a bare verb that agrees with neither its subject nor a past report is a proposal."""
    subject, proposes = parse.subjects.get(verb), parse.lemma[said] in data.speech.proposing
    if subject is None or not proposes or parse.tag[said] not in ("VBD", "VBN") or parse.tag[verb] not in ("VB", "VBP"):
        return None
    is_singular = parse.tag[subject] in ("NN", "NNP") or parse.lower[subject] in data.person_pronouns
    is_bare = not any(parse.dep[c] in ("aux", "auxpass") for c in parse.children[verb])
    return ("REQUEST", "that", verb, "doer") if is_singular and is_bare else None


_READINGS: tuple[_Reading, ...] = (_requested, _announced, _suggested)


# Other ways to commit oneself.


def _offered(parse: Parse, trigger: Trigger, frames: Mapping[int, Frame], data: FrameData) -> SpeechAct | None:
    """Read "is willing to ...": an offer to cooperate. The trigger is the adjective."""
    index = trigger.index
    ready = parse.child(index, "acomp")
    if ready is None or parse.lemma[ready] not in data.speech.willing or parse.child(index, "neg") is not None:
        return None
    inner, subject = infinitive_of(parse, ready), parse.subjects.get(index)
    if inner is None or subject is None or not denotes(parse, subject, data):
        return None
    frame = frames.get(inner)
    if frame is None or frame.event_type not in _COOPERATION:
        return None
    offered = replace(
        trigger, start=parse.start[ready], end=parse.end[ready], frame=frame_of_act("AGREE", "be", parse.lemma[ready])
    )
    return SpeechAct(offered, inner, frame, "patient")


def _refused(parse: Parse, trigger: Trigger, frames: Mapping[int, Frame], data: FrameData) -> SpeechAct | None:
    """Read "Spain will not free the men", "the judge did not agree": a refusal."""
    index, frame = trigger.index, trigger.frame
    if frame is None or frame.event_type not in _COOPERATION or parse.child(index, "neg") is None:
        return None
    subject = parse.subjects.get(index)
    if subject is None or index in parse.passives or not _is_denied(parse, index, subject, frame, data):
        return None
    refusal = replace(trigger, frame=frame_of_act("REJECT", parse.lemma[index], "not", "object to with for from"))
    return SpeechAct(replace(refusal, modality="happened"), index, None, None)


def _is_denied(parse: Parse, index: int, subject: int, frame: Frame, data: FrameData) -> bool:
    """Return whether a negated verb refuses: a state or an organisation will not do it, or somebody does not agree."""
    auxiliaries = [c for c in parse.children[index] if parse.dep[c] == "aux"]
    if any(parse.lower[c] in data.modality.future_auxiliaries for c in auxiliaries):
        return _is_institution(parse, subject, data)
    failed = [parse.tag[c] for c in auxiliaries] == ["VBD"]  # "did not", no attitude
    complies = frame.event_type == "AGREE" and parse.lemma[index] in data.speech.complying
    return failed and complies and is_group(parse, subject, data)


# Who is spoken of.


def is_self(parse: Parse, said: int, subject: int, data: FrameData) -> bool:
    """Return whether the subject of a clause is who says it, or what he speaks for ("his government")."""
    words, lower = data.speech, parse.lower[subject]
    if lower in words.first_person:
        return True
    speaker = parse.subjects.get(said)
    mention = parse.mentions[subject]
    teller = parse.mentions[speaker] if speaker is not None else None
    if mention is not None and teller is not None and mention.cluster_index is not None:
        if mention.cluster_index == teller.cluster_index:
            return True
        if mention.entity_type == "GPE" and mention.country_code is not None:
            return mention.country_code == teller.country_code
    if lower in words.third_person:
        return mention is None or mention.cluster_index is None
    owner = parse.child(subject, "poss")
    return owner is not None and parse.lower[owner] in words.possessives and denotes(parse, subject, data)


def _is_addressable(parse: Parse, index: int, data: FrameData) -> bool:
    """Return whether requests and accusations can concern somebody: a name, a pronoun for one, or an institution."""
    mention = parse.mentions[index]
    if mention is not None:
        return mention.entity_type in _NAMED_TYPES and parse.lower[index] not in data.speech.unaddressed
    return data.people.get(parse.lemma[index]) in data.speech.institutions


def _is_institution(parse: Parse, index: int, data: FrameData) -> bool:
    mention = parse.mentions[index]
    if mention is not None and mention.entity_type in _STATES:
        return True
    return data.people.get(parse.lemma[index]) in data.speech.institutions


# Judgements: who calls somebody something bad accuses him: "called him a liar", "described it as a sham".


def read_judgements(parse: Parse, triggers: Sequence[Trigger], data: FrameData) -> tuple[Trigger, ...]:
    """Return the triggers; a verb of naming that blames is an accusation."""
    return tuple(
        replace(trigger, frame=frame_of_act("ACCUSE", parse.lemma[trigger.index], "as", "object poss"))
        if not trigger.is_noun and parse.lemma[trigger.index] in data.judgement.naming and _blames(parse, trigger, data)
        else trigger
        for trigger in triggers
    )


def _blames(parse: Parse, trigger: Trigger, data: FrameData) -> bool:
    """Return whether a verb of naming has a predicate that blames."""
    index = trigger.index
    complements = [c for c in parse.children[index] if parse.dep[c] in _PREDICATES]
    thing = parse.patients.get(index)
    if thing is not None:
        complements += [c for c in parse.children[thing] if parse.dep[c] == "appos"]
    elif len(complements) < 2:  # the parser may take the object for a second complement
        return False
    complements += [c for p in parse.children[index] if parse.lower[p] == "as" for c in parse.children[p]]
    return any(_is_blame(parse, complement, data) for complement in complements)


def _is_blame(parse: Parse, index: int, data: FrameData) -> bool:
    """Return whether a predicate blames: "a liar", "very weak", "no mistake" does not."""
    modifiers = (c for c in parse.children[index] if parse.dep[c] in ("amod", "compound"))
    blames = any(parse.lemma[word] in data.judgement.blame for word in (index, *modifiers))
    return blames and not is_negated(parse, index, data)
