"""The reported clause around quoted fragments, and clauses reported without quotation marks."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from newslake.pipeline.nlp.languages.spec import CueData
from newslake.pipeline.nlp.quotes.cues import CueMention, dateline_end, interrupted_verb, is_negated
from newslake.pipeline.nlp.quotes.phrases import characterizations, gerunds, infinitives
from newslake.pipeline.nlp.tokens import Tokens

_CLAUSES = ("ccomp", "xcomp", "dobj", "attr", "oprd", "acomp", "prep", "advcl", "acl", "dative")
_TRIMMED = frozenset({".", ",", ";", ":", "—", "–", "-", "!", "?"})
_CLAUSE_SUBJECTS = ("nsubj", "nsubjpass", "expl", "csubj", "csubjpass")
_FINITE = frozenset({"VBD", "VBZ", "VBP", "MD"})
_LOWER = frozenset({"advcl", "acl", "relcl", "pcomp", "xcomp", "ccomp"})
_LEAST_INDIRECT = 0.7
_LEAST_THOUGHT = 0.5
_FARTHEST_THAT = 16
_NEXT_CUES = 8
_LEAST_CLAUSE = 3  # tokens
_LONGEST_REPORTING = 40  # tokens of a clause that interrupts what it reports
_QUOTATION_TAGS = frozenset({"``", "''"})
_REMARK_MARKS = frozenset({",", "—", "–", "-"})
_RELATIVES = frozenset({"WP", "WDT", "WP$"})
_BACKSHIFTED = frozenset({"be", "have"})  # "was" and "had" may as well be reported as the writer's


class Clause(NamedTuple):
    """The tokens from ``first`` to ``last``, both included, that a cue governs."""

    first: int
    last: int
    cue: CueMention

    def holds(self, first: int, last: int) -> bool:
        """Return whether the clause contains a quoted span; the parse may attach the closing mark elsewhere."""
        return self.first <= first and last - 1 <= self.last


def clause_around(
    tokens: Tokens, cue: CueMention, first: int, last: int, cues: Sequence[CueMention], data: CueData
) -> Clause | None:
    """Return the complement of a cue that contains the tokens ``first`` to ``last``; None without one.

    It excludes "that" and ends before whatever is coordinated with the cue itself.
    """
    for child in tokens.children[cue.token] if cue.kind != "source" else ():
        left, right = tokens.left_edge(child), tokens.right_edge(child)
        if tokens.dep[child] not in _CLAUSES or not (left <= last and first <= right):
            continue
        if left <= cue.token <= right:
            return None
        if child > cue.token:
            right = _before_next(tokens, cue, last, _with_rest(tokens, cue.token, right, data), cues)
            right = _before_narration(tokens, cue, child, (last, right))
        begin = min(left, first) if child > cue.token else left
        begin = max(begin, cue.token + 1) if child > cue.token else begin
        if tokens.dep[child] == "prep":  # "says in a statement that"
            begin = max([begin, *(index for index in range(child, first) if _is_conjunction(tokens, index))])
        return _trim_clause(tokens, Clause(begin, max(right, last), cue), first, last)
    is_inverted = cue.speaker is not None and cue.token < cue.speaker < first  # "admits Ana Brito, “but"
    if cue.kind != "source" and cue.token < first and first - cue.token < 14 and not is_inverted:
        marks = [index for index in range(cue.token + 1, first) if tokens.lower[index] == "that"]
        return _trim_clause(tokens, Clause(max([cue.token + 1, *marks[:1]]), last, cue), first, last)
    return None


def _is_conjunction(tokens: Tokens, token: int) -> bool:
    """Return whether "that" begins a clause and is not its subject."""
    return tokens.lower[token] == "that" and not tokens.dep[token].startswith("nsubj")


def _with_rest(tokens: Tokens, cue_token: int, right: int, data: CueData) -> int:
    """Return the end of a clause with the next complements of its cue: ", that it had no tickets"."""
    for child in tokens.dependents(cue_token, "ccomp"):
        is_next = cue_token < child and right < tokens.left_edge(child) <= right + 2
        entry = data.verbs.get(tokens.lemma[child]) if tokens.dependents(child, "ccomp") else None
        is_report = entry is not None and entry.weight >= _LEAST_INDIRECT
        if is_next and not is_report and _is_finite(tokens, child):
            right = tokens.right_edge(child)
    return right


def _trim_clause(tokens: Tokens, clause: Clause, first: int, last: int) -> Clause:
    """Return the clause within its block, without "that" and outer punctuation, and never shorter than the fragment."""
    begin, end = clause.first, clause.last
    while end > last and tokens.block[end] != tokens.block[last]:
        end -= 1
    while begin < first and _is_outside(tokens, begin):
        begin += 1
    while end > last and (tokens.text[end] in _TRIMMED or tokens.text[end].isspace() or tokens.tag[end] == "CC"):
        end -= 1
    return Clause(begin, end, clause.cue)


def _is_outside(tokens: Tokens, token: int) -> bool:
    """Return whether a token before a clause is no part of it: "that", a mark, or "it" of "as she puts it,"."""
    is_particle = tokens.tag[token] in ("PRP", "RP") and tokens.text[token + 1] == ","
    return (
        is_particle or tokens.lower[token] == "that" or tokens.text[token] in _TRIMMED or tokens.text[token].isspace()
    )


def reported_clauses(
    tokens: Tokens, cues: Sequence[CueMention], data: CueData, can_claim: Callable[[int], bool]
) -> tuple[Clause, ...]:
    """Return the reported clauses, at most one per cue, in the order of the cues."""
    reported: list[Clause] = []
    for cue in cues:
        if not _reports(tokens, cue, data, can_claim):
            continue
        stretches = _FINDERS[cue.kind](tokens, cue, cues, data)
        clauses = (
            _within_block(
                tokens, cue, first, last if first <= cue.token <= last else _before_remark(tokens, first, last)
            )
            for first, last in stretches
        )
        reported.extend(islice((clause for clause in clauses if clause is not None), 1))
    return tuple(reported)


def _reports(tokens: Tokens, cue: CueMention, data: CueData, can_claim: Callable[[int], bool]) -> bool:
    verb = tokens.head[cue.token] if cue.kind == "adjective" else cue.token
    if not cue.is_listed or is_negated(tokens, verb, data) or _is_withheld(tokens, verb, data):
        return False
    lemma, weight = tokens.lemma[cue.token], cue.entry.weight
    if cue.speaker is None:
        is_request = bool(tokens.dependents(verb, "xcomp"))  # "asked to leave"
        is_question = lemma in data.asking and tokens.tag[verb] in ("VBN", "VBD") and not is_request
        is_said = is_question or (weight >= _LEAST_INDIRECT and _is_it_said(tokens, verb, data))
        return is_said and not any(tokens.tag[aux] == "MD" for aux in tokens.dependents(verb, "aux"))
    if _is_no_speaker(tokens, cue.speaker, data, can_claim):
        return False
    if _is_no_act(tokens, verb, cue, data):
        return False
    if cue.entry.cue_class == "thought":
        return weight >= _LEAST_THOUGHT and tokens.lower[cue.speaker] != "you"
    is_evidence = lemma in data.evidence_verbs and tokens.lemma[cue.speaker] in data.evidence
    named = (cue.speaker, *tokens.dependents(cue.speaker, "appos"))  # "the Press Officer, Ana Brito, confirmed"
    is_figurative = lemma in data.agentive_verbs and not any(map(can_claim, named))
    return is_evidence or (not is_figurative and (weight >= _LEAST_INDIRECT or lemma in data.committing))


def _is_it_said(tokens: Tokens, verb: int, data: CueData) -> bool:
    """Return whether nobody is named who says something: "it was reported that"."""
    subjects = tokens.dependents(verb, "nsubjpass")
    return bool(subjects) and tokens.lower[subjects[0]] in data.impersonal


def _is_no_speaker(tokens: Tokens, speaker: int, data: CueData, can_claim: Callable[[int], bool]) -> bool:
    """Return whether a subject is the writer, or "it" in place of a clause: "it is important to note"."""
    verb = tokens.head[speaker]
    is_copula = tokens.tag[speaker] == "PRP" and tokens.lemma[verb] == "be"
    is_impersonal = tokens.lower[speaker] in data.impersonal and bool(tokens.dependents(verb, "acomp"))
    is_writer = tokens.lower[speaker] in data.first_person  # cues are outside quotation marks
    return is_writer or ((is_copula or is_impersonal) and not can_claim(speaker))


def _is_no_act(tokens: Tokens, verb: int, cue: CueMention, data: CueData) -> bool:
    """Return whether nobody has said it: "a way to say that", "nobody may tell", "than he says", "some may think"."""
    is_possible = tokens.tag[verb] == "VB" and tokens.dep[verb] in ("acl", "relcl") and tokens.lower[verb - 1] == "to"
    is_supposed = cue.entry.cue_class == "thought" and any(
        tokens.tag[aux] == "MD" for aux in tokens.dependents(verb, "aux")
    )
    is_compared = any(tokens.lower[mark] in data.comparing for mark in tokens.dependents(verb, "mark"))
    speaker = cue.speaker if cue.speaker is not None else verb
    words = {tokens.lower[speaker], *(tokens.lower[each] for each in tokens.dependents(speaker, "det"))}
    return is_possible or is_supposed or is_compared or not words.isdisjoint(data.nobody)


def _is_withheld(tokens: Tokens, verb: int, data: CueData) -> bool:
    """Return whether a verb says that something is not said: "declined to say when"."""
    return tokens.dep[verb] == "xcomp" and tokens.lemma[tokens.head[verb]] in data.withholding


def _of_verb(tokens: Tokens, cue: CueMention, cues: Sequence[CueMention], data: CueData) -> Iterator[tuple[int, int]]:
    """Yield what a verb reports: the clause after it, or the sentence that it interrupts or ends."""
    verb = cue.token
    yield from _of_interrupted(tokens, cue)
    yield from _of_complements(tokens, cue, cues, data)
    yield from infinitives(tokens, verb, data)
    if verb + 2 < len(tokens) and tokens.lower[verb + 1] == "that" and tokens.dep[verb + 1] == "mark":
        yield verb + 2, tokens.right_edge(verb + 1 if tokens.head[verb + 1] == verb else tokens.head[verb + 1])
    if _is_spliced(tokens, cue):
        yield tokens.left_edge(tokens.head[verb]), _frame_start(tokens, cue) - 1
    if tokens.dep[verb] == "parataxis" or _is_aside(tokens, verb, data):
        yield from _without(tokens, _host(tokens, verb), tokens.left_edge(verb), tokens.right_edge(verb))
    yield from characterizations(tokens, verb, data)
    yield from gerunds(tokens, verb, data)


def _of_interrupted(tokens: Tokens, cue: CueMention) -> Iterator[tuple[int, int]]:
    """Yield the sentence that a frame interrupts, if the parse gives its subject to the frame."""
    subjects = tokens.dependents(cue.token, "nsubj", "nsubjpass")
    later = interrupted_verb(tokens, cue.token) if cue.speaker is not None and subjects else None
    if later is None or cue.speaker is None:
        return
    frame = min(cue.token, tokens.left_edge(cue.speaker))
    if subjects[0] < frame and tokens.text[frame - 1] in _REMARK_MARKS:
        yield tokens.left_edge(subjects[0]), tokens.right_edge(later)


def _of_complements(
    tokens: Tokens, cue: CueMention, cues: Sequence[CueMention], data: CueData
) -> Iterator[tuple[int, int]]:
    complements = list(_complements(tokens, cue, data))
    for child in (each for each in complements if not _is_adverbial(tokens, each, data)):
        if child > cue.token:
            if (left := _complement_start(tokens, cue.token, tokens.left_edge(child), data)) is not None:
                marks = [mark for mark in tokens.dependents(child, "mark") if tokens.lower[mark] == "that"]
                yield max(left, cue.token + 1, *marks), _complement_end(tokens, cue, child, cues, data)
        elif _is_frame(tokens, cue, data) and tokens.text[frame := _frame_start(tokens, cue) - 1] != ":":
            yield min(map(tokens.left_edge, complements)), min(tokens.right_edge(child), frame)


def _complement_end(tokens: Tokens, cue: CueMention, child: int, cues: Sequence[CueMention], data: CueData) -> int:
    """Return the end of what a cue reports after it, up to the next report and the writer's words."""
    right = _with_rest(tokens, cue.token, tokens.right_edge(child), data)
    right = _before_next(tokens, cue, child, _before_semicolon(tokens, cue, right, cues), cues)
    right = _before_narration(tokens, cue, child, (child, right))
    return _with_joined(tokens, cue.token, _before_silence(tokens, child, right, data))


def _host(tokens: Tokens, verb: int) -> int:
    """Return the verb of the sentence that a frame interrupts; for the parse, its start may be another sentence."""
    host = tokens.head[verb]
    is_split = tokens.dep[host] == "ccomp" and tokens.head[host] < verb < host
    return tokens.head[host] if is_split else host


def _is_spliced(tokens: Tokens, cue: CueMention) -> bool:
    """Return whether the parse coordinates a frame with the clause before: "The plane was sold, records show, and"."""
    verb, start = cue.token, _frame_start(tokens, cue)
    host = tokens.head[verb]
    is_joined = tokens.dep[verb] == "conj" and host < start < verb and _has_subject(tokens, host)
    is_apart = start > 0 and tokens.text[start - 1] == "," and tokens.text[min(verb + 1, len(tokens) - 1)] in (",", ".")
    return is_joined and is_apart and cue.entry.cue_class != "thought"


def _complement_start(tokens: Tokens, verb: int, left: int, data: CueData) -> int | None:
    """Return the start of a clause after its cue; None if it is no complement.

    Without "that" it follows neither an object ("announced a plan, here it is") nor the noun that it describes
    ("wondered about pain he felt"). An object before "and" is part of the subject: "admits the firm and the city are
    late".
    """
    if tokens.lower[left] in data.complementisers:
        return None if tokens.tag[left - 1] == "CC" else left
    objects = [each for each in tokens.dependents(verb, "dobj") if verb < each < left]
    if objects and tokens.tag[left - 1] == "CC":
        return tokens.left_edge(objects[0])
    before = left - 1
    is_described = tokens.tag[before] in ("NN", "NNS") and tokens.lower[tokens.head[before]] in data.topic_prepositions
    is_object = bool(objects) and tokens.lemma[verb] not in data.addressed
    return None if is_object or is_described else left


def _is_frame(tokens: Tokens, cue: CueMention, data: CueData) -> bool:
    """Return whether a verb may follow what it reports: it may not if it has an object ("found it")."""
    objects = tokens.dependents(cue.token, "dobj") if tokens.lemma[cue.token] not in data.addressed else ()
    return cue.entry.cue_class != "thought" and not any(cue.token < each for each in objects)


def _is_adverbial(tokens: Tokens, clause: int, data: CueData) -> bool:
    """Return whether a clause is no complement: "after he left"."""
    marks = tokens.dependents(clause, "mark")
    return bool(marks) and marks[0] == tokens.left_edge(clause) and tokens.lower[marks[0]] not in data.complementisers


def _is_aside(tokens: Tokens, verb: int, data: CueData) -> bool:
    """Return whether a verb reports the sentence around it, as in "as the Courier wrote"."""
    marks = {tokens.lower[mark] for mark in tokens.dependents(verb, "mark")}
    left = tokens.left_edge(verb)
    is_apart = left == 0 or tokens.sentence[left - 1] != tokens.sentence[left] or tokens.text[left - 1] in _TRIMMED
    return (
        tokens.dep[verb] == "advcl"
        and is_apart
        and tokens.tag[verb] != "VB"
        and bool(marks & data.aside_marks)
        and not tokens.dependents(verb, "ccomp", "xcomp", "dobj")
    )


def _complements(tokens: Tokens, cue: CueMention, data: CueData) -> Iterator[int]:
    """Yield the verbs of a verb's complement clauses that are finite and have a subject."""
    verb = cue.token
    clauses = sorted(tokens.dependents(verb, "ccomp"), key=lambda each: (each < verb, abs(each - verb)))
    if cue.kind == "adjective":
        clauses += tokens.dependents(tokens.head[verb], "ccomp")
    if tokens.lemma[verb] in data.asking:
        clauses += [each for each in tokens.dependents(verb, "advcl") if _asks(tokens, each, data)]
    if tokens.lemma[verb] in data.addressed:  # "asked him how high the wall would be"
        clauses += [
            each
            for addressee in tokens.dependents(verb, "dobj")
            for each in tokens.dependents(addressee, "ccomp", "relcl")
            if tokens.dep[each] == "ccomp" or _follows_addressee(tokens, addressee, each)
        ]
    if not any(clause > verb for clause in clauses) and (linked := _that_clause_verb(tokens, verb, data)) is not None:
        clauses.append(linked)
    for clause in clauses:
        if _has_subject(tokens, clause) and (_is_finite(tokens, clause) or _is_before_frame(tokens, clause, verb)):
            yield clause


def _follows_addressee(tokens: Tokens, addressee: int, clause: int) -> bool:
    """Return whether what somebody hears is parsed as a relative clause: "told the paper he was late"."""
    left = tokens.left_edge(clause)
    return left == addressee + 1 and tokens.tag[left] not in _RELATIVES and tokens.lower[left] != "that"


def _has_subject(tokens: Tokens, clause: int) -> bool:
    """Return whether a verb has a subject; the parse may attach it to the auxiliary ("had for years been shut")."""
    verbs = (clause, *tokens.dependents(clause, "aux", "auxpass"))
    return any(tokens.dependents(each, *_CLAUSE_SUBJECTS) for each in verbs)


def _is_before_frame(tokens: Tokens, clause: int, verb: int) -> bool:
    """Return whether a participle is a clause before ", she said": "Stores set to close lost money, she said"."""
    is_participle = clause < verb and tokens.tag[clause] == "VBN" and tokens.dep[clause] == "ccomp"
    return is_participle and tokens.text[min(tokens.right_edge(clause) + 1, verb)] == ","


def _asks(tokens: Tokens, clause: int, data: CueData) -> bool:
    return any(tokens.lower[mark] in data.complementisers for mark in tokens.dependents(clause, "mark"))


def _that_clause_verb(tokens: Tokens, verb: int, data: CueData) -> int | None:
    """Return the verb of a "that" clause after a phrase to which the parse attaches it: "said on the ferry that she
    will".

    "Echoed her fear that" reports nothing: the clause belongs to the object.
    """
    for token in range(verb + 1, min(verb + _FARTHEST_THAT, len(tokens))):
        is_object = (
            tokens.dep[token] == "dobj" and tokens.lower[token] != "that" and tokens.lemma[verb] not in data.addressed
        )
        if is_object or tokens.sentence[token] != tokens.sentence[verb] or tokens.tag[token] in _FINITE:
            return None
        if tokens.lower[token] == "that" and (tokens.dep[token] == "mark" or _follows_medium(tokens, token, data)):
            return tokens.head[token]
    return None


def _follows_medium(tokens: Tokens, that: int, data: CueData) -> bool:
    """Return whether a "that" parsed as a relative pronoun introduces reported words: "said in a letter that he"."""
    return tokens.lemma[that - 1] in data.medium_words and _is_conjunction(tokens, that)


def _is_finite(tokens: Tokens, verb: int) -> bool:
    """Return whether a verb is finite. A clitic ("he’d") makes it finite, whatever its tag."""
    children = tokens.children[verb]
    if any(tokens.text[child][0] in "'’" for child in children if child < verb):
        return True
    auxiliaries = (child for child in children if tokens.dep[child] in ("aux", "auxpass"))
    return any(tokens.tag[each] in _FINITE for each in (verb, *auxiliaries))


def _before_next(tokens: Tokens, cue: CueMention, after: int, right: int, cues: Sequence[CueMention]) -> int:
    """Return the end of a clause, cut before the next cue of the same speaker: "and warned", ", adding"."""
    place = bisect_right(cues, after, key=_token)
    for other in cues[place : place + _NEXT_CUES]:
        joint = other.token - 1
        while joint > after and tokens.tag[joint] == "RB":
            joint -= 1
        if joint > right or joint <= after:
            continue
        is_verb = other.kind == "verb" and other.is_listed and other.entry.weight >= _LEAST_INDIRECT
        is_next = is_verb and _is_joined(tokens, cue.token, other.token, joint)
        is_apart = tokens.text[joint - 1] == ","  # ", and demanded an inquiry"
        if is_next and (is_apart or not _is_within(tokens, cue.token, other.token, right)):
            return joint - 1 if tokens.tag[joint] == "CC" else joint
    return right


def _before_narration(tokens: Tokens, cue: CueMention, complement: int, bounds: tuple[int, int]) -> int:
    """Return the end of a clause, cut before the writer's next main clause: ", and the mayor left".

    A coordinated clause stays if it has no comma, a pronoun as subject, or the tense of reported speech (", and trains
    would be late").
    ``bounds`` are the first possible end and the end before.
    """
    after, right = bounds
    verb = complement
    while tokens.tag[cue.token] == "VBD" and (joined := tokens.dependents(verb, "conj")):
        verb = joined[-1]
        joint = tokens.left_edge(verb) - 1
        is_narrative = tokens.tag[verb] == "VBD" and tokens.lemma[verb] not in _BACKSHIFTED
        is_apart = after + 1 < joint <= right and tokens.tag[joint] == "CC" and tokens.text[joint - 1] == ","
        subjects = [each for each in tokens.dependents(verb, "nsubj") if tokens.tag[each] != "PRP"]
        if is_narrative and is_apart and subjects and not tokens.dependents(verb, "mark"):
            return joint - 2
    return right


def _before_semicolon(tokens: Tokens, cue: CueMention, right: int, cues: Sequence[CueMention]) -> int:
    """Return the end of a clause, cut before a report after a semicolon: "some say it is old; others say it is not"."""
    for mark in range(cue.token + 1, right):
        if tokens.text[mark] != ";":
            continue
        place = bisect_right(cues, mark, key=_token)
        others = (other for other in cues[place : place + _NEXT_CUES] if other.token < right)
        if any(each.kind == "verb" and each.is_listed and each.entry.weight >= _LEAST_INDIRECT for each in others):
            return mark - 1
    return right


def _before_silence(tokens: Tokens, complement: int, right: int, data: CueData) -> int:
    """Return the end of a clause, cut before what its speaker does not say: "but would not give details"."""
    for verb in tokens.dependents(complement, "conj"):
        joint = tokens.left_edge(verb) - 1
        is_silent = tokens.lemma[verb] in data.elaborating and is_negated(tokens, verb, data)
        is_apart = complement < joint <= right and tokens.lower[joint] in data.contrasts
        if is_apart and is_silent and not tokens.dependents(verb, *_CLAUSE_SUBJECTS):
            return joint - 1
    return right


def _before_remark(tokens: Tokens, after: int, right: int) -> int:
    """Return the end of a clause without the remark after its last noun: ", who worked for him", " – a town of 80"."""
    end = right
    while end > after and _trails(tokens, end):
        end -= 1
    if not _QUOTATION_TAGS.isdisjoint(tokens.tag[after : end + 1]):
        return right  # a quoted remark is part of what is reported
    for verb in range(after + _LEAST_CLAUSE, end + 1):
        left = tokens.left_edge(verb) if tokens.dep[verb] in ("relcl", "appos") else after
        if left <= after + _LEAST_CLAUSE or tokens.text[left - 1] not in _REMARK_MARKS or tokens.right_edge(verb) < end:
            continue
        is_relative = tokens.dep[verb] == "relcl" and any(
            tokens.tag[index] in _RELATIVES and tokens.lower[index] != "that" for index in (left, left + 1)
        )
        if is_relative or (tokens.dep[verb] == "appos" and tokens.tag[left] == "DT"):
            return left - 2
    return right


def _is_joined(tokens: Tokens, cue_token: int, verb: int, joint: int) -> bool:
    if tokens.tag[verb] == "VBG" and tokens.dep[verb] == "advcl":
        return tokens.text[joint] == "," or tokens.text[joint - 1] == ","
    same = tokens.tag[verb] == tokens.tag[cue_token] and tokens.tag[joint] == "CC"
    return same and not tokens.dependents(verb, *_CLAUSE_SUBJECTS)


def _is_within(tokens: Tokens, cue_token: int, verb: int, right: int) -> bool:
    """Return whether a verb that reports nothing is part of a clause: "he had paid and never called them"."""
    is_in_clause = tokens.dep[verb] == "conj" and tokens.head[verb] != cue_token
    is_report = tokens.dependents(verb, "ccomp") or "that" in tokens.lower[verb : right + 1]
    return is_in_clause and not is_report and _QUOTATION_TAGS.isdisjoint(tokens.tag[cue_token : right + 1])


def _token(cue: CueMention) -> int:
    return cue.token


def _with_joined(tokens: Tokens, cue_token: int, right: int) -> int:
    """Return the end of a clause with what the parse coordinates with "said": "and had sold it", "and he would go"."""
    for verb in tokens.dependents(cue_token, "conj") if tokens.tag[cue_token] == "VBD" else ():
        auxiliaries = [tokens.tag[aux] for aux in tokens.dependents(verb, "aux", "auxpass")]
        is_backshifted = "MD" in auxiliaries or ("VBD" in auxiliaries and tokens.tag[verb] == "VBN")
        if right < verb and is_backshifted and ("MD" in auxiliaries or not tokens.dependents(verb, *_CLAUSE_SUBJECTS)):
            right = tokens.right_edge(verb)
    return right


def _frame_start(tokens: Tokens, cue: CueMention) -> int:
    """Return the first token of "she said" or "said the mayor"."""
    subjects = [tokens.left_edge(s) for s in tokens.dependents(cue.token, "nsubj") if s < cue.token]
    return min([cue.token, *subjects])


def _of_source(tokens: Tokens, cue: CueMention, _: Sequence[CueMention], _data: CueData) -> Iterator[tuple[int, int]]:
    """Yield the clause that "according to X" modifies."""
    host = tokens.head[cue.token]
    last = tokens.right_edge(cue.token)
    if (
        tokens.tag[cue.token - 1 - (tokens.text[cue.token - 1] == ",")] in _RELATIVES
    ):  # "which, according to X, is late"
        yield last + 1, tokens.right_edge(host)
    is_first = cue.token == 0 or tokens.sentence[cue.token - 1] != tokens.sentence[cue.token]
    is_aside = tokens.text[cue.token - 1] == ","
    for _step in range(6):
        is_low = is_aside and tokens.dep[host] in _LOWER
        if not is_low and tokens.tag[host][0] == "V" and tokens.dependents(host, *_CLAUSE_SUBJECTS):
            last = tokens.right_edge(host) if host < cue.token else last
            yield from _without(tokens, host, cue.token, last)
            return
        host = tokens.head[host]
    if is_first:
        phrase = cue.token if cue.speaker is None or tokens.dep[cue.token] != "ROOT" else cue.speaker
        yield tokens.right_edge(phrase) + 1, bisect_right(tokens.sentence, tokens.sentence[cue.token]) - 1


def _of_noun(tokens: Tokens, cue: CueMention, _: Sequence[CueMention], data: CueData) -> Iterator[tuple[int, int]]:
    """Yield the clause of "his claim that ...", "a claim by the mayor that ..."."""
    links = {tokens.lower[each] for each in tokens.dependents(cue.token, "prep")}
    if not tokens.dependents(cue.token, "poss") and links.isdisjoint(data.origin_prepositions):
        return
    for child in tokens.dependents(cue.token, "acl", "ccomp"):
        if tokens.dependents(child, "mark") and tokens.dependents(child, *_CLAUSE_SUBJECTS):
            yield tokens.left_edge(child), tokens.right_edge(child)


def _without(tokens: Tokens, host: int, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield a clause without the parenthesis at its edge; a parenthesis in the middle stays."""
    left, right = tokens.left_edge(host), tokens.right_edge(host)
    subjects = tokens.dependents(host, *_CLAUSE_SUBJECTS)
    following = next((tag for tag in tokens.tag[last + 1 : last + 3] if tag != ","), "")
    if last >= right - 1 or following in ("CC", "VBG"):
        yield left, first - 1
    elif first <= left + 1 or (subjects and subjects[0] > last):
        yield last + 1, right
    else:
        yield left, right


_FINDERS: Mapping[str, Callable[[Tokens, CueMention, Sequence[CueMention], CueData], Iterator[tuple[int, int]]]] = {
    "verb": _of_verb,
    "adjective": _of_verb,
    "source": _of_source,
    "noun": _of_noun,
}


def reporting_clause(tokens: Tokens, cue: CueMention, first: int, last: int) -> tuple[int, int] | None:
    """Return the first and last token of the clause that interrupts what it reports, with the commas around it.

    None unless cue and speaker are between two commas or dashes in the tokens ``first`` to ``last``.
    """
    if cue.speaker is None or not (first < cue.token < last and first < cue.speaker < last):
        return None
    start = min(cue.token, tokens.left_edge(cue.speaker)) - 1
    end = max(cue.token, min(tokens.right_edge(cue.speaker), last))
    while end < last and tokens.text[end] not in _REMARK_MARKS:
        end += 1
    is_apart = first < start and tokens.text[start] in _REMARK_MARKS and end < last
    return (start, end) if is_apart and end - start <= _LONGEST_REPORTING else None


def _within_block(tokens: Tokens, cue: CueMention, first: int, last: int) -> Clause | None:
    """Return a clause of three words or more in the block of its cue, unless it contains the speaker."""
    block = tokens.block[cue.token]
    while first <= last and (tokens.block[first] != block or _leads(tokens, first)):
        first += 1
    while first <= last and (tokens.block[last] != block or _trails(tokens, last) or tokens.tag[last] == "CC"):
        last -= 1
    dash = dateline_end(tokens, first) if first < last else None
    first = first if dash is None or dash >= last else dash + 1
    last = _with_bracket(tokens, first, last)
    inserted = first <= cue.token <= last
    if last - first < 2 or (cue.speaker is not None and first <= cue.speaker <= last and not inserted):
        return None
    return Clause(first, last, cue)


def _with_bracket(tokens: Tokens, first: int, last: int) -> int:
    """Return the end of a clause with the bracket that closes in it, and without one that it does not open."""
    depth = 0
    for token in range(first, last + 1):
        depth += tokens.text[token].count("(") - tokens.text[token].count(")")
        if depth < 0:
            return token - 1
    is_open = depth > 0 and last + 1 < len(tokens) and tokens.text[last + 1] == ")"
    return last + 1 if is_open else last


def _leads(tokens: Tokens, token: int) -> bool:
    following = min(token + 1, len(tokens) - 1)
    is_subject = tokens.tag[following] in _FINITE  # "that was the case"
    return (tokens.lower[token] == "that" and not is_subject) or tokens.tag[token] == "CC" or _trails(tokens, token)


def _trails(tokens: Tokens, token: int) -> bool:
    return tokens.text[token] in _TRIMMED or tokens.text[token].isspace()
