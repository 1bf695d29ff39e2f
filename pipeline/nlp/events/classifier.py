"""The event classifier: how likely the match of a frame is an event of the frame's type.

Logistic regression over features of the frame, the parse, the participants and the other matches of the article. The
weights are part of the language data (`scripts/train_events.py`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from newslake.pipeline.model.annotation import Modality
from newslake.pipeline.nlp.events.arguments import Roles
from newslake.pipeline.nlp.events.lead import LEAD_RULE
from newslake.pipeline.nlp.events.parse import Parse
from newslake.pipeline.nlp.events.participants import Participant
from newslake.pipeline.nlp.events.register import PERSONS, register_features
from newslake.pipeline.nlp.events.triggers import Trigger
from newslake.pipeline.nlp.languages.spec_events import Frame, FrameData

_LEAD = 3  # sentences
_DETERMINERS = ("det", "poss", "nummod")
_GOVERNORS = ("saying", "refusing", "planning", "wishing", "carriers", "achieving")
_SHOWN = frozenset({"xcomp", "ccomp", "acl", "advcl", "compound", "amod", "prt", "relcl"})
_STEPS = {"types": (2, 3, 5, 8), "lemmas": (2, 3, 5), "near": (2, 3, 5), "prominence": (1, 3, 6, 12)}
_PRONOUNS = {**PERSONS, "it": "it"}


@dataclass(frozen=True, slots=True)
class EventCandidate:
    """A trigger with a frame, before it is known whether it is an event of the frame's type."""

    trigger: Trigger
    frame: Frame
    roles: Roles
    modality: Modality
    is_dated: bool
    is_placed: bool
    is_in_quote: bool


@dataclass(frozen=True, slots=True)
class _CandidateContext:
    """What the candidates of an article share. ``near`` counts them by sentence, ``prominence`` mentions by cluster;
    ``early_types`` and ``early_lemmas`` are of the headline and the first sentences, ``register`` of the whole text.
    """

    parse: Parse
    data: FrameData
    types: Counter[str]
    lemmas: Counter[str]
    near: Counter[int]
    early_types: frozenset[str]
    early_lemmas: frozenset[str]
    prominence: Counter[int]
    register: tuple[str, ...]


def probabilities(parse: Parse, candidates: Sequence[EventCandidate], data: FrameData) -> list[float]:
    """Return, per candidate of an article, the probability that it is an event of its type, 0 to 1."""
    context = _context(parse, candidates, data)
    return [data.classifier.probability(_features(context, candidate)) for candidate in candidates]


def _context(parse: Parse, candidates: Sequence[EventCandidate], data: FrameData) -> _CandidateContext:
    early = [c for c in candidates if parse.sentence[c.trigger.index] < _LEAD or parse.headline[c.trigger.index]]
    return _CandidateContext(
        parse,
        data,
        types=Counter(c.frame.event_type for c in candidates),
        lemmas=Counter(c.frame.lemma for c in candidates),
        near=Counter(parse.sentence[c.trigger.index] for c in candidates),
        early_types=frozenset(c.frame.event_type for c in early),
        early_lemmas=frozenset(c.frame.lemma for c in early),
        prominence=Counter(e.cluster_index for e in parse.entities if e.cluster_index is not None),
        register=register_features(parse, data),
    )


def _features(context: _CandidateContext, candidate: EventCandidate) -> list[str]:
    parse, data, is_noun = context.parse, context.data, candidate.trigger.is_noun
    return [
        *_of_frame(candidate.frame, is_noun=is_noun),
        *_of_word(parse, candidate, data),
        *(_of_noun if is_noun else _of_verb)(parse, candidate, data),
        *_of_roles(parse, candidate, data),
        *_of_dependents(parse, candidate.trigger.index, data),
        *_of_article(context, candidate),
        *context.register,
    ]


@cache
def _of_frame(frame: Frame, *, is_noun: bool) -> tuple[str, ...]:
    kind, lemma, form = frame.event_type, frame.lemma, "noun" if is_noun else "verb"
    is_of_lexicon = not frame.rule_id.endswith(LEAD_RULE)  # else its lemma is a word of the article
    return (
        *("bias", f"type:{kind}", f"form:{form}", f"type:{kind}:{form}", f"mode:{kind}:{frame.mode}"),
        *((f"lemma:{lemma}", f"lemma:{lemma}:{kind}") if is_of_lexicon else ()),
        *(f"rule:{frame.rule_id if is_of_lexicon else LEAD_RULE}", f"needs:{form}:{len(frame.needs)}"),
        *("need:word" if need[0].isalpha() else f"need:{need[0]}" for need in frame.needs),
    )


def _of_word(parse: Parse, candidate: EventCandidate, data: FrameData) -> tuple[str, ...]:
    index, modality = candidate.trigger.index, candidate.modality
    return (
        *_of_form(parse.tag[index], parse.dep[index]),
        f"governor:{_governor(parse, index, data)}",
        *_with_kind("modality", modality, candidate.frame.event_type),
    )


@cache
def _of_form(tag: str, dep: str) -> tuple[str, ...]:
    return f"tag:{tag}", f"dep:{dep}", f"dep:{dep}:{tag}"


@cache
def _with_kind(name: str, value: str, kind: str) -> tuple[str, ...]:
    return f"{name}:{value}", f"{name}:{value}:{kind}"


def _governor(parse: Parse, index: int, data: FrameData) -> str:
    """Return the class of a word's governor, or the preposition that it depends on."""
    head, words = parse.head[index], data.modality
    if head == index:
        return "root"
    if parse.dep[index] == "pobj":
        return f"prep:{parse.lower[head]}:{_has_frame(parse.lemma[parse.head[head]], data)}"
    lemma = parse.lemma[head]
    for name in _GOVERNORS:
        if lemma in getattr(words, name):
            return name
    return "frame" if _has_frame(lemma, data) else "verb" if head in parse.verbs else "other"


def _has_frame(lemma: str, data: FrameData) -> bool:
    return lemma in data.verb_index or lemma in data.noun_index


def _of_noun(parse: Parse, candidate: EventCandidate, data: FrameData) -> Iterable[str]:
    index = candidate.trigger.index
    first = parse.child(index, *_DETERMINERS)
    shown = "none" if first is None else parse.dep[first]
    if first is not None and shown == "det":
        shown = "definite" if parse.lower[first] in data.modality.definite_words else "indefinite"
    return _with_kind("determiner", shown, parse.tag[index])


def _of_verb(parse: Parse, candidate: EventCandidate, data: FrameData) -> Iterable[str]:
    index = candidate.trigger.index
    features = ["passive"] if index in parse.passives else []
    for child in parse.children[index]:
        dep = parse.dep[child]
        if dep in ("aux", "auxpass"):
            features.append(f"aux:{parse.lower[child]}")
        elif dep in ("mark", "advmod", "neg"):
            features.append(f"has:{dep}")
    thing = _word_class(parse, parse.patients.get(index), data)
    subject = _word_class(parse, parse.subjects.get(index), data)
    return *features, f"subject:{subject}", *_with_kind("object", thing, candidate.frame.event_type)


def _of_roles(parse: Parse, candidate: EventCandidate, data: FrameData) -> tuple[str, ...]:
    roles, kind = candidate.roles, candidate.frame.event_type
    actor, recipient = (_participant_class(parse, who, data) for who in (roles.actors, roles.recipients))
    return (
        *_with_kind("actor", actor, kind),
        *_with_kind("recipient", recipient, kind),
        f"roles:{bool(roles.actors)}:{bool(roles.recipients)}",
        *(("actors>1",) if len(roles.actors) > 1 else ()),
    )


def _participant_class(parse: Parse, who: tuple[Participant, ...], data: FrameData) -> str:
    if not who:
        return "none"
    first = who[0]
    if first.entity is None or parse.lower[first.index] in _PRONOUNS:
        return _word_class(parse, first.index, data)
    return f"{first.entity.entity_type}:{first.entity.mention_kind}"


def _word_class(parse: Parse, index: int | None, data: FrameData) -> str:
    """Return the entity type of a name; else the class of a pronoun or noun."""
    if index is None:
        return "none"
    mention = parse.mentions[index]
    if mention is not None and mention.mention_kind == "name":
        return mention.entity_type
    if parse.pos[index] == "PRON" or parse.lower[index] in _PRONOUNS:
        return _PRONOUNS.get(parse.lower[index], "pronoun")
    lemma = parse.lemma[index]
    for name, group in (("people", data.people), ("abstract", data.abstractions), ("event", data.noun_index)):
        if lemma in group:
            return name
    return "time" if index in parse.in_time else parse.pos[index].lower()


def _of_dependents(parse: Parse, index: int, data: FrameData) -> Iterator[str]:
    for child in parse.children[index]:
        dep = parse.dep[child]
        if dep in ("prep", "agent", "dative"):
            yield f"prep:{parse.lower[child]}:{_word_class(parse, parse.child(child, 'pobj'), data)}"
        elif dep in _SHOWN:
            yield f"child:{dep}"


def _of_article(context: _CandidateContext, candidate: EventCandidate) -> tuple[str, ...]:
    """Return features of the kind of text around the candidate, and of the other candidates."""
    parse, index, frame = context.parse, candidate.trigger.index, candidate.frame
    marks = (
        ("headline", parse.headline[index]),
        ("quote", candidate.is_in_quote),
        (f"quote:{frame.event_type}", candidate.is_in_quote),
        ("dated", candidate.is_dated),
        ("placed", candidate.is_placed),
        ("early:type", frame.event_type in context.early_types),
        ("early:lemma", frame.lemma in context.early_lemmas),
    )
    return (
        *[name for name, holds in marks if holds],
        *_steps("types", context.types[frame.event_type]),
        *_steps("lemmas", context.lemmas[frame.lemma]),
        *_steps("near", context.near[parse.sentence[index]]),
        *_steps("prominence", _prominence(context, candidate.roles)),
    )


@cache
def _steps(name: str, value: int) -> tuple[str, ...]:
    return tuple(f"{name}>={step}" for step in _STEPS[name] if value >= step)


def _prominence(context: _CandidateContext, roles: Roles) -> int:
    """Return how often the article mentions the participant that it mentions most."""
    clusters = (p.entity.cluster_index for p in roles.actors + roles.recipients if p.entity)
    return max((context.prominence[cluster] for cluster in clusters if cluster is not None), default=0)
