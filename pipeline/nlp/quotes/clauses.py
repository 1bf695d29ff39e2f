"""The reported clause around quoted fragments, and clauses reported without quotation marks."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from pipeline.nlp.languages.spec import CueData
from pipeline.nlp.quotes.cues import CueMention
from pipeline.nlp.tokens import Tokens

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
_QUOTATION_TAGS = frozenset({"``", "''"})
_REMARK_MARKS = frozenset({",", "—", "–", "-"})
_RELATIVES = frozenset({"WP", "WDT", "WP$"})
_BACKSHIFTED = frozenset({"be", "have"})  # "was" and "had" may as well be reported as the writer's own


@dataclass(frozen=True, slots=True)
class Clause:
    """The tokens from ``first`` to ``last``, both included, that a cue governs."""

    first: int
    last: int
    cue: CueMention

    def holds(self, first: int, last: int) -> bool:
        """Return whether the clause contains a quoted span; the parse may attach the closing mark elsewhere."""
        return self.first <= first and last - 1 <= self.last


def clause_around(tokens: Tokens, cue: CueMention, first: int, last: int, cues: Sequence[CueMention]) -> Clause | None:
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
            right = _before_next(tokens, cue, last, _complement_end(tokens, cue.token, right), cues)
            right = _before_narration(tokens, cue, child, (last, right))
        begin = min(left, first) if child > cue.token else left
        begin = max(begin, cue.token + 1) if child > cue.token else begin
        return _trim_clause(tokens, Clause(begin, max(right, last), cue), first, last)
    is_inverted = cue.speaker is not None and cue.token < cue.speaker < first  # "admits Ana Brito, “but"
    if cue.kind != "source" and cue.token < first and first - cue.token < 14 and not is_inverted:
        marks = [index for index in range(cue.token + 1, first) if tokens.lower[index] == "that"]
        return _trim_clause(tokens, Clause(max([cue.token + 1, *marks[:1]]), last, cue), first, last)
    return None


def _complement_end(tokens: Tokens, cue_token: int, right: int) -> int:
    """Return the end of a complement that the parse split in two because its subject is in quotation marks."""
    for child in tokens.dependents(cue_token, "ccomp"):
        if cue_token < child and right < tokens.left_edge(child) <= right + 2:
            right = tokens.right_edge(child)
    return right


def _trim_clause(tokens: Tokens, clause: Clause, first: int, last: int) -> Clause:
    """Return the clause within its block, without "that" and outer punctuation, and never shorter than the fragment."""
    begin, end = clause.first, clause.last
    while end > last and tokens.block[end] != tokens.block[last]:
        end -= 1
    while begin < first and _is_outside(tokens, begin):
        begin += 1
    while end > last and (tokens.text[end] in _TRIMMED or tokens.text[end].isspace()):
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
    found: list[Clause] = []
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
        found.extend(islice((clause for clause in clauses if clause is not None), 1))
    return tuple(found)


def _reports(tokens: Tokens, cue: CueMention, data: CueData, can_claim: Callable[[int], bool]) -> bool:
    verb = tokens.head[cue.token] if cue.kind == "adjective" else cue.token
    if not cue.is_listed or tokens.dependents(verb, "neg") or _is_withheld(tokens, verb, data):
        return False
    lemma, weight = tokens.lemma[cue.token], cue.entry.weight
    if cue.speaker is None:
        is_request = bool(tokens.dependents(verb, "xcomp"))  # "asked to leave"
        is_question = lemma in data.asking and tokens.tag[verb] in ("VBN", "VBD") and not is_request
        return is_question and not any(tokens.tag[aux] == "MD" for aux in tokens.dependents(verb, "aux"))
    if _is_no_speaker(tokens, cue.speaker, data, can_claim):
        return False
    if cue.entry.cue_class == "thought":
        return weight >= _LEAST_THOUGHT and tokens.lower[cue.speaker] != "you"
    is_evidence = lemma in data.evidence_verbs and tokens.lemma[cue.speaker] in data.evidence
    is_figurative = lemma in data.agentive_verbs and not can_claim(cue.speaker)
    return is_evidence or (not is_figurative and (weight >= _LEAST_INDIRECT or lemma in data.committing))


def _is_no_speaker(tokens: Tokens, speaker: int, data: CueData, can_claim: Callable[[int], bool]) -> bool:
    """Return whether a subject is the writer, or "it" in place of a clause: "it is important to note"."""
    is_copula = tokens.tag[speaker] == "PRP" and tokens.lemma[tokens.head[speaker]] == "be"
    is_writer = tokens.lower[speaker] in data.first_person  # cues are outside quotation marks
    return is_writer or (is_copula and not can_claim(speaker))


def _is_withheld(tokens: Tokens, verb: int, data: CueData) -> bool:
    """Return whether a verb says that something is not said: "declined to say when"."""
    return tokens.dep[verb] == "xcomp" and tokens.lemma[tokens.head[verb]] in data.withholding


def _of_verb(tokens: Tokens, cue: CueMention, cues: Sequence[CueMention], data: CueData) -> Iterator[tuple[int, int]]:
    """Yield what a verb reports: the clause after it, or the sentence that it interrupts or ends."""
    verb = cue.token
    for child in _complements(tokens, cue, data):
        left, right = tokens.left_edge(child), tokens.right_edge(child)
        if _is_adverbial(tokens, left, data):
            continue
        if child > verb:
            marks = [mark for mark in tokens.dependents(child, "mark") if tokens.lower[mark] == "that"]
            right = _before_narration(tokens, cue, child, (child, _before_next(tokens, cue, child, right, cues)))
            yield max(left, verb + 1, *marks), _with_joined(tokens, verb, right)
        elif cue.entry.cue_class != "thought" and tokens.text[frame := _frame_start(tokens, cue) - 1] != ":":
            yield left, min(right, frame)
    if tokens.lemma[verb] in data.committing:
        yield from _infinitives(tokens, verb)
    if verb + 2 < len(tokens) and tokens.lower[verb + 1] == "that" and tokens.dep[verb + 1] == "mark":
        yield verb + 2, tokens.right_edge(verb + 1 if tokens.head[verb + 1] == verb else tokens.head[verb + 1])
    if tokens.dep[verb] == "parataxis" or _is_aside(tokens, verb, data):
        yield from _without(tokens, tokens.head[verb], tokens.left_edge(verb), tokens.right_edge(verb))


def _is_adverbial(tokens: Tokens, first: int, data: CueData) -> bool:
    """Return whether a clause is no complement: "after he left"."""
    return tokens.dep[first] == "mark" and tokens.lower[first] not in data.complementisers


def _is_aside(tokens: Tokens, verb: int, data: CueData) -> bool:
    """Return whether a verb reports the sentence around it, as in "as the Courier wrote"."""
    marks = {tokens.lower[mark] for mark in tokens.dependents(verb, "mark")}
    return (
        tokens.dep[verb] == "advcl"
        and bool(marks & data.aside_marks)
        and not tokens.dependents(verb, "ccomp", "xcomp", "dobj")
    )


def _complements(tokens: Tokens, cue: CueMention, data: CueData) -> Iterator[int]:
    """Yield the verbs of a verb's complement clauses that are finite and have a subject."""
    verb = cue.token
    clauses = sorted(tokens.dependents(verb, "ccomp"), key=lambda each: each < verb)
    if cue.kind == "adjective":
        clauses += tokens.dependents(tokens.head[verb], "ccomp")
    if tokens.lemma[verb] in data.asking:
        clauses += [each for each in tokens.dependents(verb, "advcl") if _asks(tokens, each, data)]
    if not any(clause > verb for clause in clauses) and (linked := _that_clause_verb(tokens, verb, data)) is not None:
        clauses.append(linked)
    for clause in clauses:
        if _has_subject(tokens, clause) and (_is_finite(tokens, clause) or _is_before_frame(tokens, clause, verb)):
            yield clause


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

    "Echoed her fear that" reports nothing of its own: the clause belongs to the object.
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
    return tokens.lemma[that - 1] in data.medium_words and not tokens.dep[that].startswith("nsubj")


def _infinitives(tokens: Tokens, verb: int) -> Iterator[tuple[int, int]]:
    """Yield "to stay" of "vowed to stay", "them to stay" of "urged them to stay"."""
    for child in tokens.dependents(verb, "xcomp", "ccomp"):
        if child > verb and tokens.tag[child] == "VB":
            objects = [tokens.left_edge(each) for each in tokens.dependents(verb, "dobj") if verb < each < child]
            yield max(min([tokens.left_edge(child), *objects]), verb + 1), tokens.right_edge(child)


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
        if is_verb and _is_joined(tokens, cue.token, other.token, joint):
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
    is_aside = tokens.text[cue.token - 1] == ","
    for _step in range(6):
        is_low = is_aside and tokens.dep[host] in _LOWER
        if not is_low and tokens.tag[host][0] == "V" and tokens.dependents(host, *_CLAUSE_SUBJECTS):
            last = tokens.right_edge(host) if host < cue.token else tokens.right_edge(cue.token)
            yield from _without(tokens, host, cue.token, last)
            return
        host = tokens.head[host]
    if cue.token == 0 or tokens.sentence[cue.token - 1] != tokens.sentence[cue.token]:
        phrase = cue.token if cue.speaker is None or tokens.dep[cue.token] != "ROOT" else cue.speaker
        yield tokens.right_edge(phrase) + 1, bisect_right(tokens.sentence, tokens.sentence[cue.token]) - 1


def _of_noun(tokens: Tokens, cue: CueMention, _: Sequence[CueMention], _data: CueData) -> Iterator[tuple[int, int]]:
    """Yield the clause of "his claim that ..."."""
    if not tokens.dependents(cue.token, "poss"):
        return
    for child in tokens.dependents(cue.token, "acl", "ccomp"):
        if tokens.dependents(child, "mark") and tokens.dependents(child, *_CLAUSE_SUBJECTS):
            yield tokens.left_edge(child), tokens.right_edge(child)


def _without(tokens: Tokens, host: int, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield a clause without the parenthesis at its edge; a parenthesis in the middle stays."""
    left, right = tokens.left_edge(host), tokens.right_edge(host)
    subjects = tokens.dependents(host, *_CLAUSE_SUBJECTS)
    following = next((tag for tag in tokens.tag[last + 1 : last + 3] if tag != ","), "")
    if last >= right - 1 or following == "CC":
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


def _within_block(tokens: Tokens, cue: CueMention, first: int, last: int) -> Clause | None:
    """Return a clause of three words or more in the block of its cue, unless it contains the speaker."""
    block = tokens.block[cue.token]
    while first <= last and (tokens.block[first] != block or _leads(tokens, first)):
        first += 1
    while first <= last and (tokens.block[last] != block or _trails(tokens, last) or tokens.tag[last] == "CC"):
        last -= 1
    inserted = first <= cue.token <= last
    if last - first < 2 or (cue.speaker is not None and first <= cue.speaker <= last and not inserted):
        return None
    return Clause(first, last, cue)


def _leads(tokens: Tokens, token: int) -> bool:
    return tokens.lower[token] == "that" or tokens.tag[token] == "CC" or _trails(tokens, token)


def _trails(tokens: Tokens, token: int) -> bool:
    return tokens.text[token] in _TRIMMED or tokens.text[token].isspace()
