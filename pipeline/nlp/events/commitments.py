"""Commitments: what speakers promise and deny in their statements.

"“We will rebuild the bridge,” she said" is a promise, "he was not guilty, he said" a denial. Clauses that an event of
the lexicon fills are read by ``events/speech_acts.py``.
"""

from collections.abc import Iterator

from newslake.pipeline.nlp.events.speech_acts import is_negated
from newslake.pipeline.nlp.events.statements import Statement, copula_of, is_of_speaker, is_possible, subject_of
from newslake.pipeline.nlp.events.triggers import is_infinitive

_MAIN = ("ROOT", "ccomp", "conj", "parataxis")

_Commitment = tuple[str, str, int, str | None]  # an event type, the list of its word, its verb, and the recipient


def commitment_in(statement: Statement) -> _Commitment | None:
    """Return the first commitment of a statement; None without one."""
    for index in statement.tokens:
        for read in (_promised, _denied):
            commitment = next(read(statement, index), None)
            if commitment is not None:
                return commitment
    return None


def _promised(statement: Statement, verb: int) -> Iterator[_Commitment]:
    """Read "we will rebuild the bridge"."""
    parse, words, lemma = statement.parse, statement.data.judgement, statement.parse.lemma[verb]
    top = _future_of(statement, verb)
    if top is None or verb in statement.typed or not _is_plan_of_speaker(statement, top):
        return
    things = [c for c in parse.children[verb] if parse.dep[c] == "dobj" and parse.pos[c] != "PRON"]
    is_positive = not any(is_negated(parse, each, statement.data) for each in (top, verb))
    if is_positive and _is_pledge(statement, verb) and (things or lemma not in words.light_pledges):
        yield "AGREE", "pledging", verb, None


def _is_pledge(statement: Statement, verb: int) -> bool:
    words, lemma = statement.data.judgement, statement.parse.lemma[verb]
    return lemma in words.ensuring or (verb in statement.quoted and lemma in words.pledging)


def _future_of(statement: Statement, verb: int) -> int | None:
    """Return the verb with the auxiliary of what somebody will do: "will do", "am going to do"; None without one."""
    parse, modality = statement.parse, statement.data.modality
    head = parse.head[verb]
    if parse.dep[verb] == "xcomp" and parse.lower[head] == "going" and is_infinitive(parse, verb):
        return head if parse.child(head, "aux") is not None else None
    reported = frozenset() if verb in statement.quoted else modality.backshifted
    return verb if parse.has_word(verb, modality.future_auxiliaries | reported, ("aux",)) else None


def _is_plan_of_speaker(statement: Statement, verb: int) -> bool:
    """Return whether a main clause tells what its speaker will do."""
    parse = statement.parse
    subject = parse.subjects.get(verb)
    if subject is None or verb in parse.passives or parse.dep[verb] not in _MAIN:
        return False
    is_first = parse.lower[subject] in statement.data.speech.first_person
    return is_first if verb in statement.quoted else is_of_speaker(statement, subject)


def _denied(statement: Statement, index: int) -> Iterator[_Commitment]:
    """Read "he was not guilty", "I did not lie"."""
    parse, data = statement.parse, statement.data
    if parse.lemma[index] not in data.judgement.denying:
        return
    verb = index if index in parse.verbs else copula_of(statement, index)
    if verb is None or not is_negated(parse, verb, data) or is_possible(statement, verb):
        return
    subject = subject_of(parse, verb)
    is_future = parse.has_word(verb, data.modality.future_auxiliaries, ("aux",))
    if subject is not None and not is_future and is_of_speaker(statement, subject):
        yield "REJECT", "denying", verb, None
