"""Attachment of time expressions to events: which time, if any, is the time of each event.

A time first goes to the word that it modifies. An event without a time may then take one: from the word that
governs it, or from a word in its clause. A time never leaves a relative or a content clause, and the time of a
reporting verb is not the time of what is reported.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from newslake.pipeline.model import TimeExpression
from newslake.pipeline.nlp.events.date_sharing import Attachment, begins_with_when, time_of
from newslake.pipeline.nlp.events.modality import modality_of
from newslake.pipeline.nlp.events.parse import Parse
from newslake.pipeline.nlp.events.triggers import Trigger
from newslake.pipeline.nlp.languages.spec_events import FrameData

_RECENT = timedelta(days=31)
_REACH = 8  # tokens from an event to a time that its verb cannot have
_LIMIT = 6  # governors from a time to its event
_SUBJECTS = frozenset({"nsubj", "nsubjpass"})
_MODIFIERS = frozenset({"compound", "nummod", "nmod", "poss", "amod"})
_FINITE_PAST = frozenset({"VBD", "VBN"})
_VAGUE_PAST = "PAST_REF"  # TIMEX3 value of "recently"
_BETWEEN = frozenset({"aux", "auxpass", "advmod", "neg", "punct"})  # what may stand between a time and its verb


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
    context = Attachment(parse, {trigger.index: trigger for trigger in triggers}, data, data.attachment, published)
    for time in times:
        if time.timex_type in ("DATE", "TIME") and not (time.value or "").endswith("_REF") and time.end_char > dateline:
            _attach(context, time)
    dated = {parse.sentence[token] for token in context.time_at}
    near = [trigger.index for trigger in triggers if parse.sentence[trigger.index] in dated]
    every = ((index, time_of(context, index, _LIMIT)) for index in near)
    dates = {index: time for index, time in every if time is not None and not _is_strange(context, index, time)}
    _assign_loose_times(context, dates)
    return _vague_times(context, times) | _times_of_statements(context, dates) | dates


def _times_of_statements(context: Attachment, dates: Mapping[int, TimeExpression]) -> dict[int, TimeExpression]:
    """Return the time of each statement for what it says later on: "a letter on Monday", then "the letter accused"."""
    parse, issued, dated = context.parse, _statements(context), dict[int, TimeExpression]()
    for index, trigger in context.at.items():
        noun = None if trigger.is_noun or index in dates else parse.subjects.get(index)
        if noun is None or parse.lemma[noun] not in issued:
            continue
        is_known = any(parse.lower[c] in context.data.modality.definite_words for c in parse.children[noun])
        times = issued[parse.lemma[noun]]
        if is_known and len(times) == 1 and min(times.values()) < noun:
            dated[index] = next(iter(times))
    return dated


def _statements(context: Attachment) -> dict[str, dict[TimeExpression, int]]:
    """Return the times of statements by their noun, each with the first token that has it."""
    parse, issued = context.parse, dict[str, dict[TimeExpression, int]]()
    for token, time in context.time_at.items():
        noun = parse.head[token] if parse.dep[token] == "acl" else parse.child(token, "dobj") or token
        if parse.lemma[noun] in context.words.statements and noun not in parse.verbs:
            issued.setdefault(parse.lemma[noun], {}).setdefault(time, noun)
    return issued


def _vague_times(context: Attachment, times: Sequence[TimeExpression]) -> dict[int, TimeExpression]:
    """Return the times of the past without days by the event that they modify."""
    parse, vague = context.parse, dict[int, TimeExpression]()
    for time in times:
        if time.value == _VAGUE_PAST:
            token = parse.token_at(time.end_char - 1)
            if parse.dep[token] == "advmod" and parse.head[token] in context.at:
                vague[parse.head[token]] = time
    return vague


def _is_strange(context: Attachment, index: int, time: TimeExpression) -> bool:
    """Return whether a time taken from another word is in the future, though the event is not: "the strike threatens
    the summit next week" does not plan the strike.
    """
    parse, modality = context.parse, context.data.modality
    if context.time_at.get(index) is time or context.published is None or time.first_day is None:
        return False
    if time.first_day <= context.published or modality_of(parse, index, modality) != "happened":
        return False
    return modality_of(parse, parse.head[index], modality) != "planned"


# From a time to the word that it modifies.


def _attach(context: Attachment, time: TimeExpression) -> None:
    parse, time_at = context.parse, context.time_at
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
        word = _event_before(context, word, time) or _content_of(context, word, time) or word
        if word not in time_at or _is_better(time, time_at[word]):
            time_at[word] = time


def _is_name_of_event(context: Attachment, time: TimeExpression, token: int) -> bool:
    """Return whether a day without a year names an event of an unknown year: "the January 6 attack", in March."""
    parse, today = context.parse, context.published
    if today is None or time.first_day is None or time.precision != "day" or parse.dep[token] not in _MODIFIERS:
        return False
    is_definite = any(parse.lower[c] in context.data.modality.definite_words for c in parse.children[parse.head[token]])
    is_numbered = any(letter.isdigit() for letter in time.timex_text)
    return is_definite and is_numbered and time.basis == "relative" and abs(today - time.first_day) > _RECENT


def _outer_verb(context: Attachment, verb: int, time: TimeExpression) -> int | None:
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
        if outer in parse.verbs:
            return outer if parse.tag[outer] in _FINITE_PAST else None
    return None


def _content_of(context: Attachment, verb: int, time: TimeExpression) -> int | None:
    """Return the event noun that a time fits better than the verb that governs both.

    A past day is the day of what an infinitive is about ("to avenge the attack last month"), a future day that of what
    is planned ("look forward to the summit in October").
    """
    parse, today = context.parse, context.published
    if today is None or time.first_day is None or time.last_day is None or verb not in context.at:
        return None
    is_past = time.last_day < today and parse.tag[verb] not in _FINITE_PAST and not context.is_typed(verb)
    is_past = is_past and not any(parse.tag[c] == "VBD" or parse.lemma[c] == "have" for c in parse.children[verb])
    if not is_past and not (time.first_day > today and parse.lemma[verb] in context.words.awaiting):
        return None
    return next(
        (n for n in _governed(parse, verb) if context.is_typed(n) and context.at[n].start < time.start_char), None
    )


def _event_before(context: Attachment, verb: int, time: TimeExpression) -> int | None:
    """Return the event right before a past month or year that a verb in the present perfect cannot have ("has accused
    Tessen of an attack in 2023").
    """
    parse, today = context.parse, context.published
    is_perfect = any(parse.lemma[c] == "have" and parse.tag[c] in ("VBZ", "VBP") for c in parse.children[verb])
    if not is_perfect or time.precision == "day" or today is None or time.last_day is None or time.last_day >= today:
        return None
    first = parse.token_at(time.start_char)
    near = (i for i in range(first - 1, max(first - _REACH, -1), -1) if parse.sentence[i] == parse.sentence[first])
    return next((i for i in near if i != verb and (context.is_typed(i) or _is_thing(context, i))), None)


def _is_thing(context: Attachment, index: int) -> bool:
    """Return whether a word is a noun without a type that may be an event, after a preposition: "a shooting"."""
    return index in context.at and context.at[index].is_noun and context.parse.dep[index] == "pobj"


def _governed(parse: Parse, verb: int) -> Iterator[int]:
    for child in parse.children[verb]:
        if parse.dep[child] == "dobj":
            yield child
        elif parse.dep[child] == "prep":
            yield from (c for c in parse.children[child] if parse.dep[c] == "pobj")


def _is_better(time: TimeExpression, other: TimeExpression) -> bool:
    """Return whether a time says more than the one before it: it has a day, or it is a part of the other."""
    if time.first_day is None or time.last_day is None or other.first_day is None or other.last_day is None:
        return other.first_day is None and time.first_day is not None
    inside = other.first_day <= time.first_day and time.last_day <= other.last_day
    return inside and (time.first_day, time.last_day) != (other.first_day, other.last_day)


def _is_boundary(context: Attachment, token: int) -> bool:
    """Return whether a preposition makes a time the limit of an event, not its day: "since Monday", "after 2020"."""
    parse, head = context.parse, token
    while parse.dep[head] in ("pobj", "prep") and parse.head[head] != head:
        if head != token and parse.dep[head] == "pobj" and parse.lemma[head] not in context.words.edges:
            return False  # "before dawn on Monday", "after the vote on Monday"
        head = parse.head[head]
        if parse.lower[head] in context.words.boundaries:
            return True
    return False


def _relative_clause_event(context: Attachment, token: int) -> int | None:
    """Return the event in a relative clause about a time ("in 2024, when soldiers attacked")."""
    parse = context.parse
    for verb in parse.children[token]:
        is_event = parse.dep[verb] in ("relcl", "advcl") and verb in context.at
        if is_event and (begins_with_when(context, verb) or _is_day_of(context, token, verb)):
            return verb
    return None


def _is_day_of(context: Attachment, token: int, verb: int) -> bool:
    """Return whether a relative clause without a pronoun tells what happened on a day: "the same day she left"."""
    parse, subject = context.parse, context.parse.subjects.get(verb)
    if subject is None or parse.dep[verb] != "relcl" or parse.lower[subject] in context.data.relative_pronouns:
        return False
    return parse.lemma[token] in context.words.periods


def _modified_word(context: Attachment, time: TimeExpression, token: int, last: int) -> int | None:
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
        if head in context.at or head in parse.verbs:
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


def _describes(context: Attachment, time: TimeExpression, token: int, noun: int) -> bool:
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


def _assign_loose_times(context: Attachment, dates: dict[int, TimeExpression]) -> None:
    """Give a time that modifies nothing to the only typed event of its sentence."""
    parse, typed = context.parse, dict[int, list[int]]()
    for index, trigger in context.at.items():
        if trigger.frame is not None:
            typed.setdefault(parse.sentence[index], []).append(index)
    for token, time in context.loose:
        candidates = typed.get(parse.sentence[token], [])
        if len(candidates) == 1 and candidates[0] not in dates:
            dates[candidates[0]] = time
