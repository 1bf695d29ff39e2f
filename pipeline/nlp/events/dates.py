"""Attachment of time expressions to events: which time, if any, is the time of each event.

A time first goes to the word that it modifies. An event without a time of its own may then take one: from the word
that governs it, or from a word in its own clause. A time never leaves a relative or a content clause, and the time of a
reporting verb is not the time of what is reported.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from pipeline.model import TimeExpression
from pipeline.nlp.events.modality import modality_of
from pipeline.nlp.events.parse import Parse
from pipeline.nlp.events.triggers import Trigger, denotes
from pipeline.nlp.languages.spec_events import AttachmentData, Frame, FrameData

_NEXT = 3  # tokens from a noun to a time that follows it: a preposition, an article
_RECENT = timedelta(days=31)
_LIMIT = 6  # governors from a time to its event
_SUBJECTS = frozenset({"nsubj", "nsubjpass"})
_MODIFIERS = frozenset({"compound", "nummod", "nmod", "poss", "amod"})
_ARGUMENTS = frozenset({"dobj", "nsubj", "nsubjpass", "attr"})
_CLAUSES = frozenset({"relcl", "acl"})
_FINITE_PAST = frozenset({"VBD", "VBN"})
_VAGUE_PAST = "PAST_REF"  # TIMEX3 value of "recently"
_CONTESTS = frozenset({"election", "sport"})
_BETWEEN = frozenset({"aux", "auxpass", "advmod", "neg", "punct"})  # what may stand between a time and its verb


@dataclass(frozen=True, slots=True)
class _Attachment:
    """The times of an article by the token that each modifies (``own``), and those that modify nothing (``loose``)."""

    parse: Parse
    at: Mapping[int, Trigger]
    data: FrameData
    published: date | None
    own: dict[int, TimeExpression] = field(default_factory=dict)
    loose: list[tuple[int, TimeExpression]] = field(default_factory=list)

    @property
    def words(self) -> AttachmentData:
        return self.data.attachment


def dates_of(
    parse: Parse,
    triggers: Sequence[Trigger],
    times: Sequence[TimeExpression],
    data: FrameData,
    *,
    published: date | None,
    dateline: int = 0,
) -> Mapping[int, TimeExpression]:
    """Return the time expression of each dated event by its trigger token.

    A vague time ("recently") is only that of the verb that it modifies, if no other time is. ``dateline`` is the
    offset where the dateline ends: a day in it is the day of the report, not of an event.
    """
    context = _Attachment(parse, {trigger.index: trigger for trigger in triggers}, data, published)
    for time in times:
        if time.timex_type in ("DATE", "TIME") and not (time.value or "").endswith("_REF") and time.end_char > dateline:
            _attach(context, time)
    dated = {parse.sentence[token] for token in context.own}
    near = [trigger.index for trigger in triggers if parse.sentence[trigger.index] in dated]
    every = ((index, _time_of(context, index, _LIMIT)) for index in near)
    found = {index: time for index, time in every if time is not None and not _is_strange(context, index, time)}
    _assign_loose_times(context, found)
    return _vague_times(context, times) | found


def _vague_times(context: _Attachment, times: Sequence[TimeExpression]) -> dict[int, TimeExpression]:
    """Return the times of the past without days by the event that they modify."""
    parse, found = context.parse, dict[int, TimeExpression]()
    for time in times:
        if time.value == _VAGUE_PAST:
            token = parse.token_at(time.end_char - 1)
            if parse.dep[token] == "advmod" and parse.head[token] in context.at:
                found[parse.head[token]] = time
    return found


def _is_strange(context: _Attachment, index: int, time: TimeExpression) -> bool:
    """Return whether a time taken from another word is in the future, though the event is not: "the strike threatens
    the summit next week" does not plan the strike.
    """
    parse, modality = context.parse, context.data.modality
    if context.own.get(index) is time or context.published is None or time.first_day is None:
        return False
    if time.first_day <= context.published or modality_of(parse, index, modality) != "happened":
        return False
    return modality_of(parse, parse.head[index], modality) != "planned"


# From a time to the word that it modifies.


def _attach(context: _Attachment, time: TimeExpression) -> None:
    parse, own = context.parse, context.own
    first, last = parse.token_at(time.start_char), parse.token_at(time.end_char - 1)
    token = next((i for i in range(last, first - 1, -1) if not first <= parse.head[i] <= last), last)
    word = _relative_clause_event(context, token)
    if word is None:
        if _is_boundary(context, token) or _is_name_of_event(context, time, token):
            return
        word = _modified_word(context, time, token, last)
    if word is None:
        context.loose.append((token, time))
    elif word >= 0:
        word = _outer_verb(context, word, time) or word
        word = _content_of(context, word, time) or word
        if word not in own or _is_better(time, own[word]):
            own[word] = time


def _is_name_of_event(context: _Attachment, time: TimeExpression, token: int) -> bool:
    """Return whether a day without a year names an event of an unknown year: "the January 6 attack", in March."""
    parse, today = context.parse, context.published
    if today is None or time.first_day is None or time.precision != "day" or parse.dep[token] not in _MODIFIERS:
        return False
    is_definite = any(parse.lower[c] in context.data.modality.definite_words for c in parse.children[parse.head[token]])
    is_numbered = any(letter.isdigit() for letter in time.timex_text)
    return is_definite and is_numbered and time.basis == "relative" and abs(today - time.first_day) > _RECENT


def _outer_verb(context: _Attachment, verb: int, time: TimeExpression) -> int | None:
    """Return the verb outside a relative clause in the present tense, to which a past time cannot belong ("met Ann Lee,
    who runs the firm, on Monday").
    """
    parse, today = context.parse, context.published
    if parse.dep[verb] != "relcl" or parse.tag[verb] not in ("VBZ", "VBP") or today is None:
        return None
    if time.last_day is None or time.last_day > today:
        return None
    outer = verb
    for _ in range(_LIMIT):
        outer = parse.head[outer]
        if parse.is_verb(outer):
            return outer if parse.tag[outer] in _FINITE_PAST else None
    return None


def _content_of(context: _Attachment, verb: int, time: TimeExpression) -> int | None:
    """Return the event noun that a time fits better than the verb that governs both.

    A past day is the day of what an infinitive is about ("to avenge the attack last month"), a future day that of what
    is planned ("look forward to the summit in October").
    """
    parse, today = context.parse, context.published
    if today is None or time.first_day is None or time.last_day is None or verb not in context.at:
        return None
    is_past = time.last_day < today and parse.tag[verb] not in _FINITE_PAST and not _is_typed(context, verb)
    is_past = is_past and not any(parse.tag[c] == "VBD" or parse.lemma[c] == "have" for c in parse.children[verb])
    if not is_past and not (time.first_day > today and parse.lemma[verb] in context.words.awaiting):
        return None
    return next(
        (n for n in _governed(parse, verb) if _is_typed(context, n) and context.at[n].start < time.start_char), None
    )


def _governed(parse: Parse, verb: int) -> Iterator[int]:
    for child in parse.children[verb]:
        if parse.dep[child] == "dobj":
            yield child
        elif parse.dep[child] == "prep":
            yield from (c for c in parse.children[child] if parse.dep[c] == "pobj")


def _is_typed(context: _Attachment, index: int) -> bool:
    return _frame(context, index) is not None


def _is_better(time: TimeExpression, other: TimeExpression) -> bool:
    """Return whether a time says more than the one before it: it has a day, or it is a part of the other."""
    if time.first_day is None or time.last_day is None or other.first_day is None or other.last_day is None:
        return other.first_day is None and time.first_day is not None
    inside = other.first_day <= time.first_day and time.last_day <= other.last_day
    return inside and (time.first_day, time.last_day) != (other.first_day, other.last_day)


def _is_boundary(context: _Attachment, token: int) -> bool:
    """Return whether a preposition makes a time the limit of an event, not its day: "since Monday", "after 2020"."""
    parse, head = context.parse, token
    while parse.dep[head] in ("pobj", "prep") and parse.head[head] != head:
        if head != token and parse.dep[head] == "pobj" and parse.lemma[head] not in context.words.edges:
            return False  # "before dawn on Monday", "after the vote on Monday"
        head = parse.head[head]
        if parse.lower[head] in context.words.boundaries:
            return True
    return False


def _relative_clause_event(context: _Attachment, token: int) -> int | None:
    """Return the event in a relative clause about a time ("in 2024, when soldiers attacked")."""
    parse = context.parse
    for verb in parse.children[token]:
        if parse.dep[verb] in ("relcl", "advcl") and verb in context.at and _begins_with_when(context, verb):
            return verb
    return None


def _modified_word(context: _Attachment, time: TimeExpression, token: int, last: int) -> int | None:
    """Return the word that a time modifies: an event, a verb, or a noun that it directly precedes ("a Monday speech").

    None if it modifies nothing, -1 if it only describes a subject ("last year's winner resigned").
    """
    parse, head = context.parse, token
    for _ in range(_LIMIT):
        if parse.head[head] == head:
            return None
        below, head = head, parse.head[head]
        if parse.dep[below] in _SUBJECTS:
            if parse.head[token] == below and parse.entity[below] >= 0 and time.precision == "day":
                return head
            return head if _is_before_verb(parse, last, head) and parse.dep[token] not in _MODIFIERS else -1
        if head in context.at or parse.is_verb(head):
            return parse.head[head] if _is_outside(parse, token, head) else head
        if below == token and _describes(context, time, token, head):
            return head
    return None


def _is_outside(parse: Parse, token: int, verb: int) -> bool:
    """Return whether a time is before the conjunction of its clause: "In 1970, after he lost the vote, he resigned"."""
    return parse.dep[verb] in ("advcl", "ccomp") and any(
        parse.dep[c] in ("mark", "advmod") and parse.tag[c] in ("IN", "WRB") and token < c < verb
        for c in parse.children[verb]
    )


def _describes(context: _Attachment, time: TimeExpression, token: int, noun: int) -> bool:
    """Return whether a time directly modifies a noun that is not itself a time ("a Monday speech").

    A day before a name does not describe it: "On Tuesday Norway agreed".
    """
    parse = context.parse
    if parse.dep[token] not in _MODIFIERS or (parse.entity[noun] >= 0 and time.precision != "year"):
        return False
    return parse.lemma[noun] not in context.words.periods and noun not in parse.in_time


def _is_before_verb(parse: Parse, last: int, verb: int) -> bool:
    """Return whether only auxiliaries and adverbs are between a time and its verb: "The minister on Monday denied"."""
    return last < verb and all(parse.dep[i] in _BETWEEN and parse.head[i] == verb for i in range(last + 1, verb))


def _assign_loose_times(context: _Attachment, found: dict[int, TimeExpression]) -> None:
    """Give a time that modifies nothing to the only typed event of its sentence."""
    parse, typed = context.parse, dict[int, list[int]]()
    for index, trigger in context.at.items():
        if trigger.frame is not None:
            typed.setdefault(parse.sentence[index], []).append(index)
    for token, time in context.loose:
        candidates = typed.get(parse.sentence[token], [])
        if len(candidates) == 1 and candidates[0] not in found:
            found[candidates[0]] = time


# From a dated word to an event without a time of its own.


def _time_of(context: _Attachment, index: int, depth: int) -> TimeExpression | None:
    """Return the time of an event or of a verb; None without one. ``depth`` limits the governors that are followed."""
    own = context.own.get(index)
    if (own is not None and own.first_day is not None) or depth == 0:
        return own
    is_verb = context.parse.is_verb(index) and not (index in context.at and context.at[index].is_noun)
    taken = _time_of_verb(context, index, depth - 1) if is_verb else _time_of_noun(context, index, depth - 1)
    return own if taken is None else taken


def _time_of_verb(context: _Attachment, index: int, depth: int) -> TimeExpression | None:
    below = next((context.own[word] for word in _dated_below(context, index) if word in context.own), None)
    if below is not None:
        return below
    parse, head = context.parse, context.parse.head[index]
    if head == index:
        return None
    if parse.dep[index] in _CLAUSES:
        return context.own.get(head) if _acts_in_clause(context, index, head) else None
    if parse.dep[index] == "conj":
        time = _time_of(context, head, depth)
        return time if time is not None and _shares_time(context, index, head, time) else None
    if parse.dep[index] == "pcomp" and parse.lower[head] in context.words.means:
        return _time_of(context, parse.head[head], depth)
    return _time_of(context, head, depth) if _is_simultaneous(context, index, head) else None


def _dated_below(context: _Attachment, index: int) -> Iterator[int]:
    """Yield the words of a verb's own clause whose time is also the time of the verb."""
    parse = context.parse
    yield from _coarse(context, index)
    yield from _statements(context, index)
    for child in parse.children[index]:
        dep = parse.dep[child]
        if dep in ("prep", "advcl") and _is_near(context, child):
            yield from (child, *parse.children[child])
        elif dep == "prep" and parse.lower[child] in context.words.occasions:
            yield from (noun for noun in _occasions(context, child) if not _is_other_event(context, noun, index))
        elif dep in _SHARING and _SHARING[dep](context, index, child):
            yield from (child, *_coarse(context, child))


def _shares_object_time(context: _Attachment, verb: int, noun: int) -> bool:
    """Return whether a verb's object names the event of the verb ("sign a deal on Monday"), or its occasion ("win the
    1988 cup").
    """
    frame, other = _frame(context, verb), _frame(context, noun)
    if frame is None:
        return False
    named = noun in context.at and (other is None or other.event_type == frame.event_type)
    return named or frame.subtype in _CONTESTS


def _shares_clause_time(context: _Attachment, verb: int, clause: int) -> bool:
    """Return whether an adverbial clause has the time of its verb."""
    if (clause < verb and is_occasion(context.parse, clause, context.words)) or (
        _is_when_clause(context, clause) and _is_past(context.parse, verb)
    ):
        return True
    frame = _frame(context, verb)  # "meet to discuss the plan on Monday": the purpose of a meeting is done in it
    return frame is not None and frame.reciprocal and context.parse.tag[clause] == "VB"


def _shares_conjunct_time(context: _Attachment, verb: int, other: int) -> bool:
    """Return whether the time after a coordinated verb is that of both ("met and signed the agreement on Monday")."""
    parse, time = context.parse, context.own.get(other)
    if time is None or time.start_char < parse.start[other]:
        return False
    return parse.subject(other) is None and _is_alike(parse, other, verb) and not _is_in_sequence(context, other)


def _is_in_sequence(context: _Attachment, verb: int) -> bool:
    """Return whether an adverb moves a coordinated verb to another time: "and later resigned"."""
    parse = context.parse
    return any(parse.lower[c] in context.words.sequence for c in parse.children[verb])


def _frame(context: _Attachment, index: int) -> Frame | None:
    trigger = context.at.get(index)
    return trigger.frame if trigger else None


def _coarse(context: _Attachment, verb: int) -> Iterator[int]:
    """Yield the infinitive of a past verb in a past month or year, which is also that of the verb: "threatened to leave
    last month".
    """
    parse, today = context.parse, context.published
    for child in parse.children[verb]:
        if parse.dep[child] == "xcomp" and child in context.own and _is_past(parse, verb):
            time = context.own[child]
            if time.precision not in ("day", "week") and today and time.last_day and time.last_day < today:
                yield child


def _is_past(parse: Parse, verb: int) -> bool:
    return parse.tag[verb] in _FINITE_PAST


def _occasions(context: _Attachment, preposition: int) -> Iterator[int]:
    """Yield the occasion of an action, and the participle that dates it: "in a statement issued on Monday"."""
    parse = context.parse
    for noun in parse.children[preposition]:
        if parse.dep[noun] == "pobj":
            yield noun
            if noun in context.at or parse.lemma[noun] in context.words.statements:
                yield from (c for c in parse.children[noun] if parse.dep[c] == "acl" and _is_past(parse, c))


def _statements(context: _Attachment, verb: int) -> Iterator[int]:
    """Yield the statement that a verb is said in, where the parser takes it for a part of the object."""
    parse = context.parse
    for thing in parse.children[verb]:
        for preposition in parse.children[thing] if parse.dep[thing] == "dobj" else ():
            if parse.lower[preposition] in context.words.occasions:
                nouns = [n for n in parse.children[preposition] if parse.lemma[n] in context.words.statements]
                yield from (word for word in _occasions(context, preposition) if nouns)


def _is_other_event(context: _Attachment, noun: int, verb: int) -> bool:
    return _is_typed(context, noun) and _is_typed(context, verb) and not _is_same(context, noun, verb)


def _is_near(context: _Attachment, index: int) -> bool:
    """Return whether a clause or a preposition names what happened right before or after: "shortly after they met"."""
    parse, words = context.parse, context.words
    links = [index] if parse.dep[index] == "prep" else [c for c in parse.children[index] if parse.dep[c] == "mark"]
    if not any(parse.lower[link] in words.order for link in links):
        return False
    return any(parse.lemma[c] in words.nearness for link in (index, *links) for c in parse.children[link])


def is_occasion(parse: Parse, index: int, words: AttachmentData) -> bool:
    """Return whether a participle gives the occasion of what follows ("Speaking on Monday, she accused")."""
    return parse.tag[index] == "VBG" and parse.lemma[index] in words.speaking and parse.child(index, "aux") is None


def _is_when_clause(context: _Attachment, index: int) -> bool:
    return _is_past(context.parse, index) and _begins_with_when(context, index)


def _begins_with_when(context: _Attachment, verb: int) -> bool:
    """Return whether a clause begins with "when", which the parser may attach to another of its verbs."""
    lower, first = context.parse.lower, verb
    while (before := min(context.parse.children[first], default=first)) < first:
        first = before
    return any(lower[i] in context.data.time_relatives for i in (first, first - 1) if i >= 0)


def _acts_in_clause(context: _Attachment, verb: int, noun: int) -> bool:
    """Return whether a dated event or thing acts in its relative or participle clause ("the attack on Monday that
    killed five"); a person has done more on other days.
    """
    parse = context.parse
    if _begins_with_when(context, verb):
        return True  # "the riot of 1989, when nine people died"
    if denotes(parse, noun, context.data) or parse.child(verb, "nsubjpass", "agent") is not None:
        return False
    subject = parse.subject(verb)
    if parse.dep[verb] == "acl":
        return parse.tag[verb] == "VBG"
    return subject is not None and parse.lower[subject] in context.data.relative_pronouns


def _shares_time(context: _Attachment, index: int, head: int, time: TimeExpression) -> bool:
    """Return whether a verb shares the time of the verb before it: "On Monday they met and signed"."""
    parse = context.parse
    if not _is_alike(parse, index, head) or _is_in_sequence(context, index):
        return False
    return time.start_char < parse.start[head] or parse.subject(index) is None


def _is_alike(parse: Parse, index: int, head: int) -> bool:
    """Return whether two coordinated words are verbs in one tense."""
    if not (parse.is_verb(index) and parse.is_verb(head)):
        return False
    return parse.tag[index] == parse.tag[head] or {parse.tag[index], parse.tag[head]} <= _FINITE_PAST


def _is_simultaneous(context: _Attachment, index: int, head: int) -> bool:
    """Return whether a verb happens with its governor: "attacked a village, killing ten", "began to march"."""
    parse, dep = context.parse, context.parse.dep[index]
    if dep == "advcl" and (_is_near(context, index) or (_is_when_clause(context, index) and _is_past(parse, head))):
        return True
    if dep == "advcl":
        return parse.tag[index] == "VBG" and parse.child(index, "mark", "prep", "nsubj", "nsubjpass") is None
    return dep == "xcomp" and parse.lemma[head] in context.words.phases


def _time_of_noun(context: _Attachment, index: int, depth: int) -> TimeExpression | None:
    """Return the time of the verb that carries an event noun ("talks will be held on Monday")."""
    parse, noun = context.parse, index
    for _ in range(_LIMIT):
        if parse.dep[noun] not in ("conj", "appos") or parse.head[noun] == noun:
            break
        noun = parse.head[noun]
        if noun in context.own:
            return context.own[noun]
    clause = next((c for c in parse.children[noun] if c in context.own and _reports(context, c)), None)
    if clause is not None:
        return context.own[clause]
    verb = _carrier(context, noun)
    if verb is None:
        return None
    phase = next((c for c in parse.children[verb] if parse.dep[c] == "xcomp" and c in context.own), None)
    if phase is not None and {
        parse.lemma[verb],
        parse.lemma[phase],
    } <= context.data.modality.planning | context.words.carriers - {"be"}:
        return context.own[phase]  # "the trip is scheduled to begin on Monday"
    return _time_of(context, verb, depth)


def _reports(context: _Attachment, verb: int) -> bool:
    """Return whether a clause says when the noun that it modifies happens ("the talks planned for Monday")."""
    parse, words = context.parse, context.words
    if parse.dep[verb] not in _CLAUSES or parse.tag[verb] == "VB":
        return False
    if parse.lemma[verb] not in words.carriers | words.awaiting:
        return False
    subject = parse.subject(verb)
    if subject is None or parse.lower[subject] in context.data.relative_pronouns:
        return True
    return parse.lemma[verb] not in words.phases  # "the talks that they planned", not "that they began"


def _carrier(context: _Attachment, noun: int) -> int | None:
    """Return the verb whose time is the time of an event noun; None if the noun may name an earlier event."""
    parse, verb = context.parse, context.parse.head[noun]
    if parse.dep[noun] == "pobj":
        preposition, verb = parse.lower[verb], parse.head[verb]
        carries = parse.is_verb(verb) and _carries_in_phrase(context, verb, noun, preposition)
    elif parse.dep[noun] in _ARGUMENTS and parse.is_verb(verb):
        same = parse.lemma[verb] in context.words.carriers or _is_same(context, noun, verb)
        carries = same or _is_new(context, noun, verb)
    else:
        carries = False
    return verb if carries else None


def _carries_in_phrase(context: _Attachment, verb: int, noun: int, preposition: str) -> bool:
    """Return whether a verb has the time of an event noun after a preposition: "killed in an attack on Monday"."""
    if _is_same(context, noun, verb):
        return preposition in context.words.occasions | context.words.aims
    return preposition in context.words.occasions and (not _is_typed(context, verb) or _is_next(context, noun, verb))


def _is_same(context: _Attachment, noun: int, verb: int) -> bool:
    one, other = _frame(context, noun), _frame(context, verb)
    return one is not None and other is not None and one.event_type == other.event_type


def _is_next(context: _Attachment, noun: int, verb: int) -> bool:
    """Return whether the time of a verb directly follows a noun: "a role in the attack on Monday"."""
    time = context.own.get(verb)
    return time is not None and 0 < context.parse.token_at(time.start_char) - noun <= _NEXT


def _is_new(context: _Attachment, noun: int, verb: int) -> bool:
    """Return whether an event noun is new at its verb ("a riot spread", "sparked protests"), not a known one."""
    parse = context.parse
    if _is_typed(context, verb):
        return False
    known = any(
        parse.lower[c] in context.data.modality.definite_words or parse.dep[c] == "poss" for c in parse.children[noun]
    )
    return not known and parse.lemma[verb] not in context.data.modality.saying | context.data.modality.governing


_SHARING: Mapping[str, Callable[[_Attachment, int, int], bool]] = {
    "nsubj": _is_same,
    "dobj": _shares_object_time,
    "advcl": _shares_clause_time,
    "conj": _shares_conjunct_time,
}
