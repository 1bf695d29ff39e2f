"""Statements: what somebody says, as the tokens of a clause or of quotes, and what its clauses assert, of whom."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from newslake.pipeline.model import Quote
from newslake.pipeline.nlp.events.parse import Parse
from newslake.pipeline.nlp.events.speech_acts import is_negated, is_self
from newslake.pipeline.nlp.events.triggers import denotes, is_infinitive
from newslake.pipeline.nlp.languages.spec_events import FrameData

PREDICATES = ("acomp", "attr", "oprd")
_NAMED_TYPES = frozenset({"PERSON", "ORG", "GPE", "NORP"})
_STEPS = 5  # from a verb to the verb whose subject it has
_PAUSE = 80  # characters between two quotes of one statement


@dataclass(frozen=True, slots=True)
class Statement:
    """The tokens that somebody says, without the verb of saying ``said``; ``quoted`` are those between marks."""

    parse: Parse
    data: FrameData
    said: int
    tokens: tuple[int, ...]
    quoted: frozenset[int]
    typed: frozenset[int]


def statement_of(parse: Parse, said: int, quotes: Sequence[Quote], typed: frozenset[int], data: FrameData) -> Statement:
    """Return the content clause of a verb of saying, and the quotes that it introduces, with those that continue them.

    ``typed`` are the verbs that have an event type.
    """
    clause = parse.child(said, "ccomp")
    words = set() if clause is None else set(_below(parse, clause))
    quoted: set[int] = set()
    for quote in _quotes_of(parse, said, quotes):
        words.update(_range_of(parse, quote.start_char, quote.end_char))
        for start, end in quote.quoted_spans:
            quoted.update(_range_of(parse, start, end))
    return Statement(parse, data, said, tuple(sorted(words - {said})), frozenset(quoted), typed)


def _range_of(parse: Parse, start: int, end: int) -> range:
    return range(bisect_left(parse.start, start), bisect_left(parse.start, end))


def _below(parse: Parse, index: int) -> list[int]:
    words = [index]
    for each in words:
        words.extend(parse.children[each])
    return words


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
    if is_inside or parse.lower[said] not in (quote.cue_text or "").lower().split():
        return False
    subject = parse.subjects.get(said)  # of two verbs "said", the quote belongs to that of its speaker
    if subject is None or quote.speaker_start_char is None or quote.speaker_end_char is None:
        return True
    return quote.speaker_start_char < parse.end[subject] and parse.start[subject] < quote.speaker_end_char


def kind_of(statement: Statement, target: int) -> str | None:
    """Return the class of what is judged; None for the speaker."""
    parse, words = statement.parse, statement.data.judgement
    if is_of_speaker(statement, target):
        return None
    if parse.lower[target] in words.pointing | words.others:
        return "pointing" if parse.lower[target] in words.pointing else "pronoun"
    mention = parse.mentions[target]
    if mention is not None and mention.entity_type in _NAMED_TYPES:
        return "name"
    return "act" if parse.lemma[target] in words.acts else _kind_of_role(statement, target)


def _kind_of_role(statement: Statement, target: int) -> str:
    data, lemma = statement.data, statement.parse.lemma[target]
    sector = data.people.get(lemma)
    if lemma in data.bodies or sector in data.speech.institutions:
        return "body"
    if sector is not None:
        return "role"
    return "group" if is_somebody(statement, target) else "thing"


def is_somebody(statement: Statement, index: int) -> bool:
    parse, data = statement.parse, statement.data
    return denotes(parse, index, data) or parse.lemma[index] in data.bodies


def is_of_speaker(statement: Statement, index: int) -> bool:
    """Return whether a phrase is the speaker, or what is his. Between marks, the third person is somebody else."""
    parse, data = statement.parse, statement.data
    owner = parse.child(index, "poss")
    if owner is not None and _is_apart(statement, index, owner):
        return False
    if any(parse.lower[i] in data.speaker_pronouns for i in (index, owner) if i is not None):
        return True
    if parse.lower[index] in data.speech.third_person:
        if index in statement.quoted:
            return False
        speaker = subject_of(parse, statement.said)
        if speaker is not None and (parse.lower[speaker] == parse.lower[index] or _are_same(parse, speaker, index)):
            return True
    return is_self(parse, statement.said, index, data)


def _is_apart(statement: Statement, index: int, owner: int) -> bool:
    """Return whether somebody with an owner is another than he: "her rival", "our government" between marks."""
    parse, words = statement.parse, statement.data.judgement
    is_ruler = index in statement.quoted and parse.lower[owner] == "our" and parse.lemma[index] in words.rulers
    return is_ruler or parse.lemma[index] in words.rivals


def _are_same(parse: Parse, one: int, other: int) -> bool:
    first, second = parse.mentions[one], parse.mentions[other]
    if first is None or second is None or first.cluster_index is None:
        return False
    return first.cluster_index == second.cluster_index


# The clauses of a statement.


def copula_of(statement: Statement, index: int) -> int | None:
    """Return the verb whose predicate a word is; None without one."""
    parse = statement.parse
    while parse.dep[index] == "conj":
        index = parse.head[index]
    verb = parse.head[index]
    is_predicate = parse.dep[index] in PREDICATES or parse.dep[index] == "dobj"
    return verb if is_predicate and parse.lemma[verb] in statement.data.judgement.copulas else None


def subject_of(parse: Parse, verb: int) -> int | None:
    """Return the subject of a verb, also through coordination, infinitives, relative clauses and "by saying"."""
    for _ in range(_STEPS):
        subject = parse.subjects.get(verb)
        if subject is not None:
            is_relative = parse.dep[verb] == "relcl" and parse.tag[subject] in ("WP", "WDT")
            return parse.head[verb] if is_relative else subject
        if parse.dep[verb] == "acl":
            return parse.head[verb]
        if parse.dep[verb] not in ("conj", "xcomp", "advcl", "pcomp"):
            return None
        verb = parse.head[verb]
        if verb not in parse.verbs and parse.dep[verb] == "prep":
            verb = parse.head[verb]
    return None


def is_denied(statement: Statement, index: int, verb: int | None) -> bool:
    """Return whether a word is negated, or the clause of which it is the predicate is not stated as true."""
    return is_negated(statement.parse, index, statement.data) or (verb is not None and is_unreal(statement, verb))


def is_unreal(statement: Statement, verb: int) -> bool:
    """Return whether a clause is negated, a condition, a possibility, or an infinitive."""
    parse, words = statement.parse, statement.data.modality
    possible = words.unreal_auxiliaries - words.backshifted
    marks = ((parse.dep[c], parse.lower[c]) for c in parse.children[verb])
    marked = any(
        word in words.unreal_markers if dep == "mark" else dep == "aux" and word in possible for dep, word in marks
    )
    return marked or is_infinitive(parse, verb) or is_negated(statement.parse, verb, statement.data)


def is_possible(statement: Statement, verb: int) -> bool:
    """Return whether a clause is a condition or a possibility."""
    parse, words = statement.parse, statement.data.modality
    return parse.has_word(verb, words.unreal_markers, ("mark",)) or parse.has_word(
        verb, words.unreal_auxiliaries, ("aux",)
    )
