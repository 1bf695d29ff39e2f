"""Times that events share: an event without a time takes that of the word that governs it, or that of a word in
its clause.

Entry points: ``Attachment``, ``time_of``, ``begins_with_when``, ``is_occasion``.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from newslake.pipeline.model import TimeExpression
from newslake.pipeline.nlp.events.parse import Parse
from newslake.pipeline.nlp.events.triggers import Trigger, denotes
from newslake.pipeline.nlp.languages.plover import DEEDS
from newslake.pipeline.nlp.languages.spec_events import AttachmentData, Frame, FrameData

_NEXT = 3  # tokens from a noun to a time that follows it: a preposition, an article
_LIMIT = 6  # governors from a time to its event
_ARGUMENTS = frozenset({"dobj", "nsubj", "nsubjpass", "attr"})
_CLAUSES = frozenset({"relcl", "acl"})
_FINITE_PAST = frozenset({"VBD", "VBN"})
_CONTESTS = frozenset({"election", "sport"})
_LAWS = frozenset({"restrict", "censor", "curfew"})  # modes of what an authority does by saying so


@dataclass(frozen=True, slots=True)
class Attachment:
    """``time_at`` are the times of an article by the token that each modifies, ``loose`` those that modify nothing."""

    parse: Parse
    at: Mapping[int, Trigger]
    data: FrameData
    words: AttachmentData
    published: date | None
    time_at: dict[int, TimeExpression] = field(default_factory=dict)
    loose: list[tuple[int, TimeExpression]] = field(default_factory=list)

    def frame(self, index: int) -> Frame | None:
        trigger = self.at.get(index)
        return trigger.frame if trigger else None

    def is_typed(self, index: int) -> bool:
        return self.frame(index) is not None


def time_of(context: Attachment, index: int, depth: int) -> TimeExpression | None:
    """Return the time of an event or of a verb; None without one. ``depth`` limits the governors that are followed."""
    time = context.time_at.get(index)
    if (time is not None and time.first_day is not None) or depth == 0:
        return time
    is_verb = index in context.parse.verbs and not (index in context.at and context.at[index].is_noun)
    taken = _time_of_verb(context, index, depth - 1) if is_verb else _time_of_noun(context, index, depth - 1)
    return time if taken is None else taken


def _time_of_verb(context: Attachment, index: int, depth: int) -> TimeExpression | None:
    below = next((context.time_at[word] for word in _dated_below(context, index) if word in context.time_at), None)
    if below is not None:
        return below
    parse, head = context.parse, context.parse.head[index]
    if head == index:
        return None
    if parse.dep[index] in _CLAUSES:
        is_issued = _is_issued(context, head)  # "sent a letter on Monday urging them to resign"
        word = parse.head[head] if is_issued else head
        return context.time_at.get(word) if is_issued or _acts_in_clause(context, index, head) else None
    if parse.dep[index] == "conj":
        time = time_of(context, head, depth)
        return time if time is not None and _shares_time(context, index, head, time) else None
    if parse.dep[index] == "pcomp" and parse.lower[head] in context.words.means:
        return time_of(context, parse.head[head], depth)
    return time_of(context, head, depth) if _is_simultaneous(context, index, head) else None


def _dated_below(context: Attachment, index: int) -> Iterator[int]:
    """Yield the words of a verb's clause whose time is also the time of the verb."""
    parse = context.parse
    yield from _coarse(context, index)
    yield from _statements(context, index)
    for child in parse.children[index]:
        dep = parse.dep[child]
        if dep in ("prep", "advcl") and _is_near(context, child):
            yield from (child, *parse.children[child])
        elif dep == "prep" and parse.lower[child] in context.words.occasions:
            yield from (noun for noun in _occasions(context, child) if _is_occasion_of(context, noun, index))
        elif dep == "nsubj" and parse.lemma[child] in context.words.statements:
            yield from (child, *_issued(parse, child))  # "a report released on Monday accused"
        elif dep in _SHARING and _SHARING[dep](context, index, child):
            yield from (child, *_coarse(context, child))


def _is_issued(context: Attachment, noun: int) -> bool:
    """Return whether a noun without a time is a statement that a verb in the past tense issues."""
    parse = context.parse
    is_statement = parse.lemma[noun] in context.words.statements and noun not in context.time_at
    return is_statement and parse.dep[noun] == "dobj" and _is_past(parse, parse.head[noun])


def _shares_object_time(context: Attachment, verb: int, noun: int) -> bool:
    """Return whether a verb's object names the event of the verb ("sign a deal on Monday"), or its occasion ("win the
    1988 cup").
    """
    frame, other = context.frame(verb), context.frame(noun)
    if frame is None:
        return False
    named = noun in context.at and (other is None or other.event_type == frame.event_type)
    time = context.time_at.get(noun)
    is_label = time is not None and time.precision == "year" and time.end_char <= context.parse.start[noun]
    return (named and not is_label) or frame.subtype in _CONTESTS  # "suspended her 2024 bid"


def _shares_clause_time(context: Attachment, verb: int, clause: int) -> bool:
    """Return whether an adverbial clause has the time of its verb."""
    if (clause < verb and is_occasion(context.parse, clause, context.words)) or (
        _is_when_clause(context, clause) and _is_past(context.parse, verb)
    ):
        return True
    frame = context.frame(verb)  # "meet to discuss the plan on Monday": the purpose of a meeting is done in it
    return frame is not None and frame.reciprocal and context.parse.tag[clause] == "VB"


def _shares_conjunct_time(context: Attachment, verb: int, other: int) -> bool:
    """Return whether the time after a coordinated verb is that of both ("met and signed the agreement on Monday")."""
    parse, time = context.parse, context.time_at.get(other)
    if time is None or time.start_char < parse.start[other]:
        return False
    return parse.subjects.get(other) is None and _is_alike(parse, other, verb) and not _is_in_sequence(context, other)


def _is_in_sequence(context: Attachment, verb: int) -> bool:
    """Return whether an adverb moves a coordinated verb to another time: "and later resigned"."""
    parse = context.parse
    return any(parse.lower[c] in context.words.sequence for c in parse.children[verb])


def _coarse(context: Attachment, verb: int) -> Iterator[int]:
    """Yield the infinitive of a past verb in a past month or year, which is also that of the verb: "threatened to leave
    last month".
    """
    parse, today = context.parse, context.published
    for child in parse.children[verb]:
        if parse.dep[child] == "xcomp" and child in context.time_at and _is_past(parse, verb):
            time = context.time_at[child]
            if time.precision not in ("day", "week") and today and time.last_day and time.last_day < today:
                yield child


def _is_past(parse: Parse, verb: int) -> bool:
    return parse.tag[verb] in _FINITE_PAST


def _occasions(context: Attachment, preposition: int) -> Iterator[int]:
    """Yield the occasion of an action, and the participle that dates it: "in a statement issued on Monday"."""
    parse = context.parse
    for noun in parse.children[preposition]:
        if parse.dep[noun] == "pobj":
            yield noun
            if noun in context.at or parse.lemma[noun] in context.words.statements:
                yield from _issued(parse, noun)


def _issued(parse: Parse, noun: int) -> Iterator[int]:
    return (c for c in parse.children[noun] if parse.dep[c] == "acl" and _is_past(parse, c))


def _statements(context: Attachment, verb: int) -> Iterator[int]:
    """Yield the statement that a verb is said in, where the parser takes it for a part of the object."""
    parse = context.parse
    for thing in parse.children[verb]:
        for preposition in parse.children[thing] if parse.dep[thing] == "dobj" else ():
            if parse.lower[preposition] in context.words.occasions:
                nouns = [n for n in parse.children[preposition] if parse.lemma[n] in context.words.statements]
                yield from (word for word in _occasions(context, preposition) if nouns)


def _is_occasion_of(context: Attachment, noun: int, verb: int) -> bool:
    """Return whether a noun after "at", "during" or "in" is the occasion of a verb. What is done "in" an event of
    another type may be done later ("convicted in the attack"), unless it is a meeting or a contest.
    """
    parse, frame = context.parse, context.frame(noun)
    if frame is None or not context.is_typed(verb) or _is_same(context, noun, verb):
        return True
    during = parse.dep[noun] == "pobj" and parse.lower[parse.head[noun]] in context.words.during
    return during or frame.reciprocal or frame.subtype in _CONTESTS


def _is_near(context: Attachment, index: int) -> bool:
    """Return whether a clause or a preposition names what happened right before or after: "shortly after they met"."""
    parse, words = context.parse, context.words
    links = [index] if parse.dep[index] == "prep" else [c for c in parse.children[index] if parse.dep[c] == "mark"]
    if not any(parse.lower[link] in words.order for link in links):
        return False
    return any(parse.lemma[c] in words.nearness for link in (index, *links) for c in parse.children[link])


def is_occasion(parse: Parse, index: int, words: AttachmentData) -> bool:
    """Return whether a participle gives the occasion of what follows ("Speaking on Monday, she accused")."""
    return parse.tag[index] == "VBG" and parse.lemma[index] in words.speaking and parse.child(index, "aux") is None


def _is_when_clause(context: Attachment, index: int) -> bool:
    """Return whether a clause in the past tense begins with "when", "as" or "while"."""
    parse = context.parse
    marks = (parse.lower[c] for c in parse.children[index] if parse.dep[c] in ("mark", "advmod"))
    is_marked = any(mark in context.words.simultaneous for mark in marks)
    return _is_past(parse, index) and (is_marked or begins_with_when(context, index))


def begins_with_when(context: Attachment, verb: int) -> bool:
    """Return whether a clause begins with "when", which the parser may attach to another of its verbs."""
    lower, first = context.parse.lower, verb
    while (before := min(context.parse.children[first], default=first)) < first:
        first = before
    return any(lower[i] in context.data.time_relatives for i in (first, first - 1) if i >= 0)


def _acts_in_clause(context: Attachment, verb: int, noun: int) -> bool:
    """Return whether a dated event or thing acts in its relative or participle clause ("the attack on Monday that
    killed five"); a person has done more on other days.
    """
    parse = context.parse
    if begins_with_when(context, verb):
        return True  # "the riot of 1989, when nine people died"
    if denotes(parse, noun, context.data) or parse.child(verb, "nsubjpass", "agent") is not None:
        return False
    subject = parse.subjects.get(verb)
    if parse.dep[verb] == "acl":
        return parse.tag[verb] == "VBG"
    return subject is not None and parse.lower[subject] in context.data.relative_pronouns


def _shares_time(context: Attachment, index: int, head: int, time: TimeExpression) -> bool:
    """Return whether a verb shares the time of the verb before it: "On Monday they met and signed"."""
    parse = context.parse
    if not _is_alike(parse, index, head) or _is_in_sequence(context, index):
        return False
    return time.start_char < parse.start[head] or parse.subjects.get(index) is None


def _is_alike(parse: Parse, index: int, head: int) -> bool:
    """Return whether two coordinated words are verbs in one tense."""
    if not (index in parse.verbs and head in parse.verbs):
        return False
    return parse.tag[index] == parse.tag[head] or {parse.tag[index], parse.tag[head]} <= _FINITE_PAST


def _is_simultaneous(context: Attachment, index: int, head: int) -> bool:
    """Return whether a verb happens with its governor: "attacked a village, killing ten", "began to march"."""
    parse, dep = context.parse, context.parse.dep[index]
    if dep == "advcl":
        return _is_circumstance(context, index, head)
    if dep == "xcomp" and parse.lemma[head] in context.data.modality.deciding:
        return parse.tag[head] == "VBD"  # "decided to expel"
    if dep == "xcomp" and parse.tag[index] == "VB" and parse.lemma[index] in context.data.modality.illocutions:
        is_means = parse.lemma[head] in context.words.carriers | context.words.speaking
        return is_means and _is_past(parse, head)  # "took to the stage to thank them"
    return (dep == "xcomp" and parse.lemma[head] in context.words.phases) or _is_said_now(context, index, head)


def _is_circumstance(context: Attachment, clause: int, verb: int) -> bool:
    """Return whether an adverbial clause tells what happened with its verb: "as they met", "killing ten", or what was
    said by doing it: "marched to demand".
    """
    parse = context.parse
    if _is_near(context, clause) or (_is_when_clause(context, clause) and _is_past(parse, verb)):
        return True
    if parse.tag[clause] == "VB":
        is_said = parse.lemma[clause] in context.data.modality.illocutions
        frame = context.frame(clause)
        is_act = context.is_typed(verb) or (frame is not None and frame.event_type in DEEDS)
        is_act = is_act or parse.lemma[verb] in context.words.carriers | context.words.speaking
        return is_said and is_act and _is_past(parse, verb)
    return parse.tag[clause] == "VBG" and parse.child(clause, "mark", "prep", "nsubj", "nsubjpass") is None


def _is_said_now(context: Attachment, verb: int, saying: int) -> bool:
    """Return whether a speech act is done by the words that are quoted: '"We reject it," she said on Monday'."""
    parse, frame = context.parse, context.frame(verb)
    if frame is None or frame.event_type in DEEDS or parse.dep[verb] != "ccomp":
        return False
    if parse.lemma[saying] not in context.data.modality.saying or not _is_present(parse, verb):
        return False
    subject, speaker = parse.subjects.get(verb), parse.subjects.get(saying)
    if subject is None or parse.lower[subject] in context.data.speaker_pronouns:
        return subject is not None
    one, other = parse.mentions[subject], parse.mentions[speaker] if speaker is not None else None
    is_same = one is not None and other is not None and one.cluster_index == other.cluster_index is not None
    return is_same and parse.pos[subject] == "PRON"  # "she said on Monday that she rejects it"


def _is_present(parse: Parse, verb: int) -> bool:
    auxiliaries = [c for c in parse.children[verb] if parse.dep[c] == "aux"]
    if not auxiliaries:
        return parse.tag[verb] in ("VBP", "VBZ")
    return parse.tag[verb] == "VBG" and all(parse.tag[c] in ("VBP", "VBZ") for c in auxiliaries)


def _time_of_noun(context: Attachment, index: int, depth: int) -> TimeExpression | None:
    """Return the time of the verb that carries an event noun ("talks will be held on Monday")."""
    parse, noun = context.parse, index
    for _ in range(_LIMIT):
        if parse.dep[noun] not in ("conj", "appos") or parse.head[noun] == noun:
            break
        noun = parse.head[noun]
        if noun in context.time_at:
            return context.time_at[noun]
    clause = next((c for c in parse.children[noun] if c in context.time_at and _reports(context, c)), None)
    if clause is not None:
        return context.time_at[clause]
    verb = _carrier(context, noun)
    if verb is None:
        return None
    phase = next((c for c in parse.children[verb] if parse.dep[c] == "xcomp" and c in context.time_at), None)
    if phase is not None and {
        parse.lemma[verb],
        parse.lemma[phase],
    } <= context.data.modality.planning | context.words.carriers - {"be"}:
        return context.time_at[phase]  # "the trip is scheduled to begin on Monday"
    return time_of(context, verb, depth)


def _reports(context: Attachment, verb: int) -> bool:
    """Return whether a clause says when the noun that it modifies happens ("the talks planned for Monday")."""
    parse, words = context.parse, context.words
    if parse.dep[verb] not in _CLAUSES or parse.tag[verb] == "VB":
        return False
    if parse.lemma[verb] not in words.carriers and parse.lemma[verb] not in words.awaiting:
        return False
    subject = parse.subjects.get(verb)
    if subject is None or parse.lower[subject] in context.data.relative_pronouns:
        return True
    return parse.lemma[verb] not in words.phases  # "the talks that they planned", not "that they began"


def _carrier(context: Attachment, noun: int) -> int | None:
    """Return the verb whose time is the time of an event noun; None if the noun may name an earlier event."""
    parse = context.parse
    if any(parse.lower[c] in context.words.earlier for c in parse.children[noun]):
        return None
    event, noun = noun, _whole_of(context, noun)
    verb = parse.head[noun]
    if _is_proclaimed(context, event, noun, verb):
        return verb
    if parse.dep[noun] == "pobj":
        preposition, verb = parse.lower[verb], parse.head[verb]
        carries = verb in parse.verbs and _carries_in_phrase(context, verb, noun, preposition)
    elif parse.dep[noun] in _ARGUMENTS and verb in parse.verbs:
        same = parse.lemma[verb] in context.words.carriers or _is_same(context, noun, verb)
        carries = same or _is_new(context, noun, verb) or (noun < verb and _is_next(context, noun, verb))
    else:
        carries = False
    return verb if carries else None


def _whole_of(context: Attachment, noun: int) -> int:
    """Return the noun that a verb has for an event noun: "a round" of talks."""
    parse = context.parse
    if parse.dep[noun] != "pobj":
        return noun
    preposition = parse.head[noun]
    whole = parse.head[preposition]
    is_round = parse.lower[preposition] in context.words.parts and parse.lemma[whole] in context.data.amounts
    return whole if is_round else noun


def _is_proclaimed(context: Attachment, event: int, noun: int, verb: int) -> bool:
    """Return whether a verb makes an act of words or law by telling it: "announced their agreement on Thursday"."""
    parse, frame = context.parse, context.frame(event)
    if frame is None or parse.dep[noun] != "dobj" or parse.lemma[verb] not in context.words.proclaiming:
        return False
    if parse.has_word(event, context.data.modality.definite_words):
        return False
    is_law = frame.event_type == "SANCTION" or frame.mode in _LAWS
    return _is_past(parse, verb) and (is_law or frame.event_type not in DEEDS)


def _carries_in_phrase(context: Attachment, verb: int, noun: int, preposition: str) -> bool:
    """Return whether a verb has the time of an event noun after a preposition: "killed in an attack on Monday"."""
    if _is_same(context, noun, verb):
        return preposition in context.words.occasions | context.words.aims
    return preposition in context.words.occasions and (not context.is_typed(verb) or _is_next(context, noun, verb))


def _is_same(context: Attachment, noun: int, verb: int) -> bool:
    one, other = context.frame(noun), context.frame(verb)
    return one is not None and other is not None and one.event_type == other.event_type


def _is_next(context: Attachment, noun: int, verb: int) -> bool:
    """Return whether the time of a verb directly follows a noun: "a role in the attack on Monday"."""
    time = context.time_at.get(verb)
    return time is not None and 0 < context.parse.token_at(time.start_char) - noun <= _NEXT


def _is_new(context: Attachment, noun: int, verb: int) -> bool:
    """Return whether an event noun is new at its verb ("a riot spread", "sparked protests"), not a known one."""
    parse = context.parse
    if context.is_typed(verb):
        return False
    known = any(
        parse.lower[c] in context.data.modality.definite_words or parse.dep[c] == "poss" for c in parse.children[noun]
    )
    lemma, words = parse.lemma[verb], context.data.modality
    return not known and lemma not in words.saying and lemma not in words.governing


_SHARING: Mapping[str, Callable[[Attachment, int, int], bool]] = {
    "nsubj": _is_same,
    "dobj": _shares_object_time,
    "advcl": _shares_clause_time,
    "conj": _shares_conjunct_time,
}
