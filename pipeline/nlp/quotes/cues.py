"""Cues (reporting words) outside quotation marks, and their speakers."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import NamedTuple

from newslake.pipeline.nlp.languages.spec import Cue, CueData
from newslake.pipeline.nlp.quotes.quotation_marks import QuotedText
from newslake.pipeline.nlp.tokens import Tokens

_NOMINAL = frozenset({"NNP", "NNPS", "PRP", "NN", "NNS"})
_INNER = frozenset({"compound", "det", "amod", "nmod", "poss", "case", "nummod"})
_SELDOM = 0.5  # weight of a verb that seldom reports
_UNLISTED_CUE = Cue("speech", 0.15)


class CueMention(NamedTuple):
    """A cue at a token. ``speaker`` is the head token of its speaker, None without a speaker.

    ``is_listed`` is False for a verb outside the word list: it counts only if it governs a quote.
    """

    token: int
    entry: Cue
    speaker: int | None
    kind: str
    is_listed: bool = True


def find_cues(tokens: Tokens, quoted: QuotedText, data: CueData) -> tuple[CueMention, ...]:
    """Return the cues in running text outside quotation marks, in reading order."""
    cues = []
    pairs = zip_longest(tokens.lower, tokens.lower[1:], fillvalue="")
    for index, (tag, pair, owner) in enumerate(zip(tokens.tag, pairs, quoted.owner, strict=True)):
        if owner >= 0:
            continue
        cue = None
        if tag[0] == "V":
            cue = _verb(tokens, quoted, data, index)
        elif tag[0] == "N":
            cue = _noun_for_verb(tokens, quoted, data, index) or _noun(tokens, quoted, data, index)
        elif tag == "JJ":
            cue = _adjective(tokens, quoted, data, index)
        if cue is None and pair in data.source_phrases:
            cue = _source(tokens, index)
        if cue is not None and tokens.is_body[index]:
            cues.append(cue)
    return tuple(cues)


def _verb(tokens: Tokens, quoted: QuotedText, data: CueData, index: int) -> CueMention | None:
    particle, following = (*tokens.lower[index + 1 : index + 3], "", "")[:2]
    phrasal = data.phrasal.get((tokens.lemma[index], particle))
    entry = phrasal or data.verbs.get(tokens.lemma[index])
    if tokens.lower[index] == "according" or tokens.dep[index] in ("aux", "auxpass", "amod"):
        return None
    is_seldom = entry is not None and entry.weight < _SELDOM and tokens.dep[index] == "pcomp"  # "hurt by going “low”"
    if is_seldom or _is_unsaid(tokens, index, data):
        return None
    if phrasal is not None and following == "to":  # "went on to promote": the next verb may report, this one does not
        return None
    speaker = _speaker_of_verb(tokens, quoted, index, data)
    if speaker is not None and tokens.tag[speaker] == "DT" and tokens.lower[speaker] in data.demonstratives:
        return None
    if entry is None:
        return CueMention(index, _UNLISTED_CUE, speaker, "verb", is_listed=False) if speaker is not None else None
    return CueMention(index, entry, speaker, "verb")


def _is_unsaid(tokens: Tokens, verb: int, data: CueData) -> bool:
    """Return whether a preposition says that nothing is said: "without saying", "stopped her from telling"."""
    preposition = tokens.head[verb]
    if tokens.dep[verb] != "pcomp":
        return False
    is_barred = bool(_objects_before(tokens, preposition)) or tokens.lemma[tokens.head[preposition]] in data.withholding
    return (is_barred and tokens.lower[preposition] in data.barring) or tokens.lower[preposition] in data.lacking


def _objects_before(tokens: Tokens, preposition: int) -> list[int]:
    """Return the objects between a verb and a preposition: "her" of "quoted her as"."""
    return [each for each in tokens.dependents(tokens.head[preposition], "dobj") if each < preposition]


def is_negated(tokens: Tokens, verb: int, data: CueData) -> bool:
    """Return whether a verb is negated; the parse may attach the "n’t" of an auxiliary elsewhere, as an adverb."""
    after = (aux + 1 for aux in tokens.dependents(verb, "aux"))
    return bool(tokens.dependents(verb, "neg")) or any(tokens.lower[each] in data.negations for each in after)


def is_label(tokens: Tokens, first: int, data: CueData) -> bool:
    """Return whether a span is a name that no particular speaker gives: "titled X", "known as X"."""
    before = first - 1
    while before > 0 and tokens.tag[before] == "DT":
        before -= 1
    verb = tokens.head[before] if before >= 0 and tokens.lower[before] in data.naming_links else before
    if verb < 0 or tokens.lemma[verb] not in data.labels or tokens.tag[verb] != "VBN":
        return False
    return not tokens.dependents(verb, "agent", "nsubj") and "have" not in {
        tokens.lemma[aux] for aux in tokens.dependents(verb, "aux")
    }


def _noun(tokens: Tokens, quoted: QuotedText, data: CueData, index: int) -> CueMention | None:
    entry = data.nouns.get(tokens.lemma[index])
    if entry is None:
        return None
    return CueMention(index, entry, next(_noun_speakers(tokens, quoted, index), None), "noun")


def _noun_for_verb(tokens: Tokens, quoted: QuotedText, data: CueData, index: int) -> CueMention | None:
    """Return the cue that the tagger takes for a plural noun: “...,” the memo states. / “...,” comments Ana Brito."""
    entry, speaker = data.verbs.get(tokens.lemma[index]), index - 1
    if entry is None or tokens.tag[index] != "NNS" or speaker < 1:
        return None
    if quoted.inside[speaker]:
        is_inverted = tokens.text[speaker - 1] == "," and tokens.tag[index + 1 : index + 2] == ["NNP"]
        return CueMention(index, entry, _nominal_after(tokens, quoted, index), "verb") if is_inverted else None
    if tokens.head[speaker] != index:
        return None
    first = speaker
    while first > 0 and tokens.tag[first - 1] in _IN_PHRASE and not quoted.inside[first - 1]:
        first -= 1
    is_last = index + 1 < len(tokens) and tokens.text[index + 1] in (".", ",")
    return CueMention(index, entry, speaker, "verb") if is_last and first and quoted.inside[first - 1] else None


def _adjective(tokens: Tokens, quoted: QuotedText, data: CueData, index: int) -> CueMention | None:
    """Return "adamant" of "she was adamant that"."""
    entry, verb = data.adjectives.get(tokens.lower[index]), tokens.head[index]
    if entry is None or tokens.dep[index] != "acomp" or tokens.tag[verb][0] != "V":
        return None
    return CueMention(index, entry, _subject_of(tokens, quoted, verb, 3), "adjective")


def _noun_speakers(tokens: Tokens, quoted: QuotedText, noun: int) -> Iterator[int]:
    """Yield the owners of a statement: its possessor, "of/by/from X", or the subject of the verb that it is the object
    of.
    """
    yield from (p for p in tokens.dependents(noun, "poss") if not quoted.inside[p])
    for preposition in tokens.dependents(noun, "prep"):
        if tokens.lower[preposition] in ("of", "by", "from"):
            yield from tokens.dependents(preposition, "pobj")
    governor = tokens.head[noun]
    if tokens.dep[noun] == "pobj":
        governor = tokens.head[governor]
    if tokens.tag[governor][0] == "V" and not quoted.inside[governor]:
        subject = _subject_of(tokens, quoted, governor, 3)
        if subject is not None and subject != noun:
            yield subject


def _source(tokens: Tokens, index: int) -> CueMention | None:
    """Return "according to X"."""
    objects = tokens.dependents(index + 1, "pobj")
    speaker = objects[0] if objects else None
    if speaker is None:
        for place in range(index + 2, min(index + 8, len(tokens))):
            if tokens.tag[place] in _NOMINAL:
                speaker = place
            elif speaker is not None:
                break
    return CueMention(index, Cue("speech", 0.9), speaker, "source")


def _belongs(tokens: Tokens, child: int) -> bool:
    return tokens.dep[child] == "prep" and tokens.lower[child] in ("of", "for", "at", "from", "with")


def noun_phrase(tokens: Tokens, head: int) -> tuple[int, int]:
    """Return the first and last token of a head's noun phrase, with modifiers on both sides, up to a comma."""
    first = last = head
    for child in tokens.children[head]:
        if child < head and tokens.dep[child] in _INNER:
            first = min(first, tokens.left_edge(child))
        elif child > head and (tokens.dep[child] in ("amod", "acl") or _belongs(tokens, child)):
            last = max(last, tokens.right_edge(child))
    for index in range(head + 1, last + 1):
        if tokens.text[index] in ',;:—–"“”' or tokens.text[index].isspace() or tokens.tag[index] in ("WP", "WDT"):
            return first, index - 1
    return first, last


# The speaker of a reporting verb: its subject, or the adjacent nominal if the parse has no subject.

_SUBJECT_DEPS = ("nsubj", "nsubjpass")
_ANY_SUBJECT = (*_SUBJECT_DEPS, "expl", "csubj", "csubjpass")
_FINITE = frozenset({"VBD", "VBZ", "VBP", "MD"})
_RELATIVES = frozenset({"WP", "WDT"})
_PROPER = frozenset({"NNP", "NNPS"})
_NAMES_AND_PRONOUNS = _PROPER | {"PRP"}
_IN_PHRASE = _NOMINAL | {"DT", "JJ", "POS", "PRP$"}
_IN_DATELINE = _PROPER | {",", "-LRB-", "-RRB-", "CD", "HYPH", "NFP"}
_DASHES = frozenset({"-", "–", "—", "--"})
_ASIDES = _DASHES | {",", "(", ")"}
_FARTHEST_SUBJECT = 6
_FARTHEST_ASIDE = 30
_LONGEST_DATELINE = 16
_DEEPEST = 6  # governors


def _speaker_of_verb(tokens: Tokens, quoted: QuotedText, verb: int, data: CueData) -> int | None:
    """Return the head token of a verb's direct or inherited subject; otherwise the adjacent nominal."""
    if _is_passive(tokens, verb, data):
        return next((p for by in tokens.dependents(verb, "agent") for p in tokens.dependents(by, "pobj")), None)
    if any(tokens.tag[aux] == "MD" for aux in tokens.dependents(verb, "aux")):
        verb = reporting_verb(tokens, verb)  # "he said people will say": the words are his
    if (controller := _controller(tokens, quoted, verb, data)) is not None:
        return controller
    subject = _subject_of(tokens, quoted, verb, 4)
    if subject is None:
        if _is_infinitive(tokens, verb):
            return None
        is_addressed = tokens.lemma[verb] in data.addressed and tokens.tag[verb] == "VBG"  # "telling the class"
        return _adjacent_nominal(tokens, quoted, verb, looks_after=not is_addressed)
    if (name := _open_apposition(tokens, subject, verb)) is not None:
        return name
    dash = dateline_end(tokens, subject)
    return subject if dash is None else _nominal_after_dateline(tokens, subject, dash)


def _controller(tokens: Tokens, quoted: QuotedText, verb: int, data: CueData) -> int | None:
    """Return the object that a participle's words belong to: "quoted her as saying", "accused Ana Brito of calling"."""
    preposition = tokens.head[verb]
    is_any = tokens.lower[preposition] in data.blaming
    if tokens.dep[verb] != "pcomp" or not (is_any or tokens.lower[preposition] in data.crediting):
        return None
    if tokens.lemma[verb] not in data.blamed:
        return None
    for each in _objects_before(tokens, preposition):
        is_name = tokens.tag[each] in _NAMES_AND_PRONOUNS and not tokens.dependents(each, "det")
        if (is_any or is_name) and not quoted.inside[each]:
            return each
    return None


def _open_apposition(tokens: Tokens, subject: int, verb: int) -> int | None:
    """Return the name that the parse takes for an apposition of a subject that belongs to the next verb."""
    names = [each for each in tokens.dependents(subject, "appos") if tokens.tag[each] in _PROPER]
    is_last = names == [verb - 1] and tokens.text[tokens.left_edge(names[0]) - 1] == ","
    return names[0] if is_last and interrupted_verb(tokens, verb) is not None else None


def interrupted_verb(tokens: Tokens, verb: int) -> int | None:
    """Return the verb after a frame to which the parse gives its subject: "is" of "The bridge, Ana Brito said, is"."""
    later = [tokens.head[verb]] if tokens.dep[verb] == "parataxis" else tokens.dependents(verb, "ccomp")
    for each in later:
        verbs = (each, *tokens.dependents(each, "aux", "auxpass"))
        is_apart = any(tokens.text[token] == "," for token in range(verb + 1, min(verbs)))
        is_finite = any(tokens.tag[token] in _FINITE for token in verbs)
        if is_apart and is_finite and not any(tokens.dependents(token, *_ANY_SUBJECT) for token in verbs):
            return each
    return None


def _is_infinitive(tokens: Tokens, verb: int) -> bool:
    """Return whether a verb says what a noun is for: "a chance to tell him"."""
    return tokens.dep[verb] == "acl" and tokens.tag[verb] == "VB"


def _is_passive(tokens: Tokens, verb: int, data: CueData) -> bool:
    """Return whether the verb's subject is spoken to or about ("asked by reporters", "was told", "when asked if")."""
    deps = {tokens.dep[child] for child in tokens.children[verb]}
    if "nsubjpass" in deps or "auxpass" in deps:
        return True
    if tokens.lemma[verb] in data.asking and tokens.dep[verb] == "advcl" and tokens.tag[verb] in ("VBN", "VBD"):
        return not any(subject < verb for subject in tokens.dependents(verb, "nsubj"))
    is_bare = "nsubj" not in deps and "aux" not in deps
    return tokens.tag[verb] == "VBN" and is_bare and tokens.dep[verb] in ("advcl", "acl")


def _subject_of(tokens: Tokens, quoted: QuotedText, verb: int, depth: int) -> int | None:
    """Return a verb's subject or that of a governor at most ``depth`` steps up."""
    subjects = [s for s in tokens.dependents(verb, *_SUBJECT_DEPS) if not quoted.inside[s] and tokens.tag[s] != "VBG"]
    if subjects:
        nearest = min(subjects, key=lambda s: abs(s - verb))
        if tokens.tag[nearest] not in _RELATIVES:
            return nearest
        return tokens.head[verb] if tokens.dep[verb] == "relcl" else _nominal_before(tokens, quoted, nearest)
    governor, dep = tokens.head[verb], tokens.dep[verb]
    if depth == 0 or governor == verb or quoted.inside[governor]:
        return None
    if dep == "advcl" and tokens.tag[verb] == "VBG" and tokens.text[tokens.left_edge(verb) - 1] == ",":
        governor = reporting_verb(tokens, governor)
    if dep == "acl":
        return _of_participle(tokens, quoted, verb, depth)
    if dep == "conj" and _is_next_report(tokens, verb, governor):
        governor = tokens.head[governor]
    if dep in ("conj", "xcomp", "advcl", "pcomp", "prep") and (dep != "conj" or tokens.tag[governor][0] == "V"):
        return _subject_of(tokens, quoted, governor, depth - 1)
    return None


def _is_next_report(tokens: Tokens, verb: int, governor: int) -> bool:
    """Return whether a verb is coordinated with its governor's cue: "says it was late and says it failed"."""
    outer = tokens.head[governor]
    same = tokens.tag[verb] == tokens.tag[outer] and tokens.dep[governor] == "ccomp" and outer < governor
    return same and (tokens.lemma[verb] == tokens.lemma[outer] or tokens.tag[governor] != tokens.tag[verb])


def reporting_verb(tokens: Tokens, verb: int) -> int:
    """Return the verb that reports a clause: "..., calling it unfair" belongs to "he said", not to his words."""
    for _ in range(_DEEPEST):
        governor = tokens.head[verb]
        if tokens.dep[verb] == "acl" and tokens.dep[governor] == "dobj" and tokens.dependents(verb, "mark"):
            governor = tokens.head[governor]  # "rejected the idea that it failed, calling it unfair"
        elif tokens.dep[verb] != "ccomp":
            break
        if governor > verb or tokens.tag[governor][0] != "V":
            break
        verb = governor
    return verb


def _of_participle(tokens: Tokens, quoted: QuotedText, verb: int, depth: int) -> int | None:
    """Return the speaker of "saying ...": the modified noun, or the subject of its verb ("he sent a note saying")."""
    noun = tokens.head[verb]
    if tokens.tag[verb] != "VBG":
        return None
    if tokens.dep[noun] == "dobj" and (maker := _subject_of(tokens, quoted, tokens.head[noun], depth - 1)) is not None:
        return maker
    return noun


def _adjacent_nominal(tokens: Tokens, quoted: QuotedText, verb: int, *, looks_after: bool) -> int | None:
    """Return the nominal right after a verb that follows a quote ("said Mr Lee"), or right before the verb."""
    is_joined = verb > 0 and tokens.tag[verb - 1] == "CC"  # "“...” and called it"
    follows_quote = looks_after and not is_joined and any(quoted.inside[i] for i in range(max(verb - 3, 0), verb))
    order = (
        (_nominal_after, _nominal_before_aside, _nominal_before)
        if follows_quote
        else (_nominal_before_aside, _nominal_before)
    )
    for look in order:
        nominal = look(tokens, quoted, verb)
        if nominal is not None:
            return nominal
    return None


def _nominal_after(tokens: Tokens, quoted: QuotedText, verb: int) -> int | None:
    best = None
    for index in range(verb + 1, min(verb + 1 + _FARTHEST_SUBJECT, len(tokens))):
        if quoted.inside[index] or tokens.text[index] in ".,;:" or tokens.sentence[index] != tokens.sentence[verb]:
            break
        if tokens.tag[index] in _NOMINAL:
            best = index
        elif tokens.tag[index] == "POS":  # "said the firm's owner"
            best = None
        elif best is not None or tokens.tag[index] not in ("DT", "JJ", "PRP$", "CD"):
            break
    return best


def _nominal_before(tokens: Tokens, quoted: QuotedText, verb: int) -> int | None:
    for index in range(verb - 1, max(verb - 1 - _FARTHEST_SUBJECT, -1), -1):
        if quoted.inside[index] or tokens.text[index] in ".;:" or tokens.block[index] != tokens.block[verb]:
            return None
        if tokens.tag[index] in _NOMINAL:
            return index
        if tokens.tag[index] not in ("RB", "MD", "VBZ", "VBD", "VBP", "VB", ",", "TO", "VBN", "VBG"):
            return None
    return None


def _nominal_before_aside(tokens: Tokens, quoted: QuotedText, verb: int) -> int | None:
    """Return the name between a quote and the apposition before a verb: "“...,” Ana Brito, union leader, said"."""
    if tokens.text[verb - 1] not in _ASIDES:
        return None
    for index in range(verb - 1, max(verb - 1 - _FARTHEST_ASIDE, -1), -1):
        if quoted.inside[index]:
            end = _phrase_end(tokens, index + 1, verb)
            return end - 1 if end > index + 1 and tokens.text[end] in _ASIDES else None
        if tokens.block[index] != tokens.block[verb]:
            break
    return None


def _phrase_end(tokens: Tokens, first: int, last: int) -> int:
    """Return the token after the simple noun phrase that begins at ``first``; ``first`` itself without a phrase."""
    end = first
    while end < last and tokens.tag[end] in _IN_PHRASE:
        end += 1
    return end if end > first and tokens.tag[end - 1] in _NOMINAL else first


def dateline_end(tokens: Tokens, subject: int) -> int | None:
    """Return the dash at the end of the dateline ("PARIS (AP) - The firm said") with this subject, or None."""
    if tokens.tag[subject] not in _IN_DATELINE:
        return None
    first = subject
    while first > max(subject - _LONGEST_DATELINE, 0) and tokens.block[first - 1] == tokens.block[subject]:
        first -= 1
    if not tokens.text[first].isupper() or tokens.tag[first] not in _PROPER:
        return None
    for dash in range(first + 1, min(first + _LONGEST_DATELINE, len(tokens))):
        if tokens.text[dash] in _DASHES:
            return dash if dash > subject and tokens.block[dash] == tokens.block[first] else None
        if tokens.tag[dash] not in _IN_DATELINE:
            return None
    return None


def _nominal_after_dateline(tokens: Tokens, subject: int, dash: int) -> int | None:
    """Return the nominal after a dateline that the parse attaches to the place name."""
    return next((child for child in tokens.dependents(subject, "appos") if child > dash), None)
