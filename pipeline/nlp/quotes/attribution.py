"""Quote attribution: the cue and the speaker of each quoted span.

The words around a span give candidates; the one with the highest score wins. The scores are set by hand and checked on
development articles: they only rank.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from newslake.pipeline.nlp.languages.spec import CueData
from newslake.pipeline.nlp.quotes.cues import CueMention, noun_phrase
from newslake.pipeline.nlp.quotes.nesting import NestedSpeech
from newslake.pipeline.nlp.quotes.quotation_marks import QuotedText
from newslake.pipeline.nlp.quotes.speakers import SpeakerFinder
from newslake.pipeline.nlp.tokens import Tokens

_PASSED = 0.75  # factor on a cue's weight per other cue nearer to the quote
_ANY_VERB = 0.6  # weight of any verb right after a comma within the marks: ", he drawled"
_PHRASE = 12
_CLOSE = 3  # tokens from an unlisted verb to the quotation mark after its colon
_NEAR = 60
_SAID = 0.85  # weight of a verb of saying
_FINAL = 0.75
_NEAR_CUE = 12
_FEW = 6  # tokens from a verb of saying to the end of its sentence
_IN_CLAUSE = 0.7
_GOVERNED = frozenset({"governs", "adjacent"})
_WEAK = frozenset({"sentence", "after_loose"})
_ENDINGS = ".?!…"
_STOPS = frozenset('.?!…”"’')
_SENTENCES = 2
_OVER_QUESTION = 2  # paragraphs from one answer to the next
_SUBJECTS = ("nsubj", "nsubjpass")
_LONG = 6  # tokens of a quoted span that may be reported without a cue
_QUOTE_EDGES = "".join(("\"”“»'’`", " \u00a0\u2009"))
_BREAKS = ",?!—–-"


@dataclass(frozen=True, slots=True)
class Attribution:
    """The cue of a quoted span, if there is one, with a score. ``rule`` names the structure that decided.

    ``speaker`` is the head token of the speaker.
    """

    cue: CueMention | None
    speaker: int | None
    score: float
    rule: str


_NO_ATTRIBUTION = Attribution(None, None, 0.0, "none")


def attribute(quoted: QuotedText, nested: NestedSpeech) -> tuple[Attribution, ...]:
    """Return one attribution per quoted span, in order; ``_NO_ATTRIBUTION`` if none fits.

    A weak rule whose candidate cannot speak gives no speaker.
    """
    tokens, cues, data, finder = nested.tokens, nested.cues, nested.data, nested.finder
    attributions: list[Attribution] = []
    for index in range(len(quoted.marked)):
        options = [
            *_after(tokens, quoted, cues, nested.places, index, data),
            *_governing(quoted, nested, index),
            *_previous_speaker(tokens, quoted, attributions, index, data),
            *_structural(tokens, quoted, cues, nested.places, index, data),
            *_near_subject(tokens, quoted, index, finder),
        ]
        best = max(options, key=lambda option: option.score, default=_NO_ATTRIBUTION)
        if best.rule in _WEAK and best.speaker is not None and not finder.can_speak(best.speaker):
            is_statement = is_sentence(quoted, index)
            best = replace(best, cue=None, speaker=None) if is_statement else _NO_ATTRIBUTION
        attributions.append(best)
    return tuple(attributions)


def _governing(quoted: QuotedText, nested: NestedSpeech, index: int) -> Iterator[Attribution]:
    """Yield the cues before a quoted span, each with the owner of its words, and those whose clause has more words.

    A clause around the verb of saying that owns the span is the reporter's.
    """
    tokens = nested.tokens
    first, last = quoted.edges[index]
    around = nested.clauses_around(first, last)
    in_clause = {clause.cue.token for clause in around}
    owners = []
    for each in _before(tokens, quoted, nested.cues, nested.places, index, nested.data):
        if each.rule not in _GOVERNED or each.cue is None:
            yield each
            continue
        is_clause = each.cue.token in in_clause or is_sentence(quoted, index)
        cue = nested.owner(each.cue, is_clause=is_clause)
        if is_clause and cue is each.cue:
            owners.append(cue)
        yield replace(each, cue=cue, speaker=cue.speaker)
    for clause in around:
        is_wider = last - first < clause.last - clause.first
        if is_wider and not any(nested.is_report(clause.cue, cue) for cue in owners):
            yield Attribution(clause.cue, clause.cue.speaker, _IN_CLAUSE * clause.cue.entry.weight, "clause")


def _content_end(quoted: QuotedText, index: int) -> str:
    """Return the last character inside the marks that is not white space."""
    return quoted.texts[index].rstrip(_QUOTE_EDGES)[-1:]


def is_sentence(quoted: QuotedText, index: int) -> bool:
    """Return whether a quoted span begins like a sentence and ends with punctuation inside the marks."""
    content = quoted.texts[index].lstrip("\"“„«‘'` ")
    return content[:1].isupper() and _content_end(quoted, index) in ",.?!…—"


def _after(
    tokens: Tokens, quoted: QuotedText, cues: Sequence[CueMention], places: list[int], index: int, data: CueData
) -> Iterator[Attribution]:
    """Yield the cues after a quoted span, up to the end of the sentence or the next span."""
    last = quoted.edges[index][1]
    ending = _content_end(quoted, index)
    breaks = _breaks_off(tokens, last, ending, data)
    if not breaks and ending in _ENDINGS:
        return
    for cue in cues[bisect_left(places, last + 1) :]:
        if cue.token > last + 25 or not _is_connected(tokens, quoted, last + 1, cue.token):
            return
        distance = cue.token - last
        if cue.speaker is None or not _may_end(tokens, cue, distance, data):
            continue
        if cue.kind == "source":
            yield Attribution(cue, cue.speaker, 0.93, "source_after")
        elif breaks:
            is_adjacent = distance <= 3 and last < cue.speaker and ending in "," and is_sentence(quoted, index)
            weight = max(cue.entry.weight, _ANY_VERB) if is_adjacent else cue.entry.weight
            yield Attribution(cue, cue.speaker, weight * (0.98 - 0.012 * distance), "after")
        else:
            yield from _after_words(tokens, cue, distance)


def _after_words(tokens: Tokens, cue: CueMention, distance: int) -> Iterator[Attribution]:
    """Yield a cue with other words between it and a quoted span, if it ends the sentence or is near."""
    if _ends_sentence(tokens, cue):
        yield Attribution(cue, cue.speaker, cue.entry.weight * _FINAL, "after")
    elif distance < _NEAR_CUE:
        yield Attribution(cue, cue.speaker, cue.entry.weight * 0.3, "after_loose")


def _ends_sentence(tokens: Tokens, cue: CueMention) -> bool:
    """Return whether a verb of saying with a comma before its subject ends a sentence: ", Ana Brito said Tuesday."."""
    if cue.speaker is None or cue.kind != "verb" or cue.entry.weight < _SAID or cue.speaker > cue.token:
        return False
    first, last = noun_phrase(tokens, cue.speaker)
    after = cue.token + 1
    while after < min(cue.token + _FEW, len(tokens)) and tokens.text[after] not in _ENDINGS:
        after += 1
    is_last = after < len(tokens) and tokens.text[after] in _ENDINGS
    return is_last and first > 0 and tokens.text[first - 1] == "," and last + 1 == cue.token


def _has_complement(tokens: Tokens, verb: int, data: CueData) -> bool:
    """Return whether a naming participle characterises something after it: “...,” calling it unfair."""
    is_naming = tokens.lemma[verb] in data.naming and tokens.tag[verb] == "VBG"
    return is_naming and any(child > verb for child in tokens.dependents(verb, "dobj", "ccomp", "oprd"))


def _may_end(tokens: Tokens, cue: CueMention, distance: int, data: CueData) -> bool:
    """Return whether a cue may follow the words it reports at this distance; "did not say" may not."""
    if tokens.dependents(cue.token, "neg") or _has_complement(tokens, cue.token, data):
        return False
    return cue.kind in ("verb", "source") and (cue.is_listed or distance <= 6)


def _breaks_off(tokens: Tokens, last: int, ending: str, data: CueData) -> bool:
    """Return whether a comma or dash at the closing mark leads to the attribution, not to another clause ("...,
    while").
    """
    after = last + 1
    if after < len(tokens) and tokens.text[after] in (",", "—", "–"):
        after += 1
    elif ending not in _BREAKS:
        return False
    if after >= len(tokens) or tokens.tag[after] == "CC":
        return False
    return tokens.dep[after] != "mark" or tokens.lower[after] in data.aside_marks


def _is_connected(tokens: Tokens, quoted: QuotedText, first: int, last: int) -> bool:
    """Return whether there is no end of a sentence or paragraph and no quoted span between two tokens."""
    return tokens.block[first - 1] == tokens.block[last] and not any(
        quoted.inside[index] or tokens.text[index] in (".", "!", "?") for index in range(first, last)
    )


def _before(
    tokens: Tokens, quoted: QuotedText, cues: Sequence[CueMention], places: list[int], index: int, data: CueData
) -> Iterator[Attribution]:
    """Yield the cues before a quoted span in its sentence, nearest first."""
    first, _ = quoted.edges[index]
    governors = _governors(tokens, first, quoted.owner, index)
    link = tokens.lower[first - 1] if first else ""
    nearer = 0
    for place in range(bisect_left(places, first) - 1, -1, -1):
        cue = cues[place]
        if first - cue.token > 60 or not _same_sentence(tokens, quoted, cue.token, first):
            return
        if cue.speaker is None:
            continue
        distance = first - cue.token
        structure, rule = _structure(distance, link, cue.token in governors, data)
        if not cue.is_listed and rule not in _GOVERNED and not (rule == "colon" and distance <= _CLOSE):
            continue
        weight = cue.entry.weight if cue.kind != "noun" else cue.entry.weight * 0.75
        if cue.kind == "source":
            weight = 0.9 if distance < 25 else 0.4
        weight = max(weight, 0.5) if rule == "colon" else weight
        yield Attribution(cue, cue.speaker, weight * structure * _PASSED**nearer - 0.002 * distance, rule)
        nearer += cue.is_listed and (cue.kind != "noun" or rule != "sentence")


def _structure(distance: int, link: str, governs: bool, data: CueData) -> tuple[float, str]:
    if link == ":":
        return 0.97, "colon"
    if distance == 1 or (distance < 14 and link in data.complementisers):
        return 0.95, "adjacent"
    if link == "," and distance < 20:
        return 0.9, "comma"
    return (0.88, "governs") if governs else (0.6, "sentence")


def _governors(tokens: Tokens, first: int, owner: list[int], index: int) -> set[int]:
    """Return the tokens outside the span that govern one of its first words."""
    governors: set[int] = set()
    for start in range(first, min(first + 4, len(tokens))):
        token = start
        for _ in range(12):
            token = tokens.head[token]
            if owner[token] != index:
                governors.add(token)
            if tokens.head[token] == token:
                break
    return governors


def _same_sentence(tokens: Tokens, quoted: QuotedText, first: int, last: int) -> bool:
    """Return whether two tokens are in one sentence; a stop inside marks ends it only at the end of the marks."""
    if tokens.block[first] != tokens.block[last]:
        return False
    for index in range(first + 1, last):
        if not quoted.inside[index] and tokens.text[index] in (".", "!", "?"):
            return False
        ends_inside = quoted.inside[index] and not quoted.inside[index + 1]
        if ends_inside and tokens.text[index - 1] in (".", "!", "?") and tokens.is_capital[index + 1]:
            return False
    return True


def _previous_speaker(
    tokens: Tokens, quoted: QuotedText, earlier: Sequence[Attribution], index: int, data: CueData
) -> Iterator[Attribution]:
    """Yield the speaker of the previous span, for a span in the same paragraph or one that fills the next paragraph.

    A question of the writer may be between them.
    """
    if not earlier or earlier[-1].speaker is None or not _starts_capital(quoted, index):
        return
    first, last = quoted.edges[index]
    is_phrase = last - first < _PHRASE and _content_end(quoted, index) not in ",.?!…—"
    if is_phrase or tokens.text[max(first - 1, 0)] == ":":
        return
    previous = quoted.edges[index - 1][1]
    gap = tokens.block[first] - tokens.block[previous]
    begins = first == 0 or tokens.block[first - 1] != tokens.block[first]
    if gap == 0:
        yield Attribution(None, earlier[-1].speaker, min(0.62, earlier[-1].score), "carried")
    elif gap == 1 and begins and last - first > 6 and _content_end(quoted, index) in _ENDINGS + ",":
        yield Attribution(None, earlier[-1].speaker, min(0.5, earlier[-1].score), "carried_paragraph")
    elif gap == _OVER_QUESTION and begins and last - first > _LONG and _is_question(tokens, previous + 1, first, data):
        yield Attribution(None, earlier[-1].speaker, min(0.3, earlier[-1].score), "carried_paragraph")


def _is_question(tokens: Tokens, first: int, last: int, data: CueData) -> bool:
    """Return whether the writer asks something here: the words end with a question mark, or "I" is a subject."""
    ending = last - 1
    while ending > first and tokens.text[ending].isspace():
        ending -= 1
    writes = any(tokens.dep[i] in _SUBJECTS and tokens.lower[i] in data.first_person for i in range(first, ending))
    return tokens.text[ending] == "?" or writes


def _starts_capital(quoted: QuotedText, index: int) -> bool:
    return quoted.texts[index].lstrip("\"“„«‘'`. …")[:1].isupper()


def _structural(
    tokens: Tokens, quoted: QuotedText, cues: Sequence[CueMention], places: list[int], index: int, data: CueData
) -> Iterator[Attribution]:
    """Yield a speaker named without a cue: before a colon, or after a dash."""
    first, last = quoted.edges[index]
    if last - first > _CLOSE and (signed := _name_after_dash(tokens, last)) is not None:
        yield Attribution(None, signed, 0.7, "byline")
    anchor = _anchor(tokens, first)
    if anchor is None or tokens.text[anchor] != ":":
        return
    if (name := _name_before_colon(tokens, anchor, data)) is not None:
        yield Attribution(None, name, 0.75, "byline")
    if tokens.block[anchor] != tokens.block[first]:
        yield from _colon_cue(tokens, quoted, cues, places, anchor)


def _anchor(tokens: Tokens, first: int) -> int | None:
    """Return the last token before a span that is not white space, if it is in running text."""
    anchor = first - 1
    while anchor > 0 and tokens.text[anchor].isspace():
        anchor -= 1
    return anchor if anchor >= 1 and tokens.is_body[anchor] else None


def _colon_cue(
    tokens: Tokens, quoted: QuotedText, cues: Sequence[CueMention], places: list[int], colon: int
) -> Iterator[Attribution]:
    """Yield the cue of the sentence that ends the previous paragraph with a colon."""
    place = bisect_left(places, colon) - 1
    if place < 0:
        return
    cue = cues[place]
    if cue.is_listed and cue.speaker is not None and _same_sentence(tokens, quoted, cue.token, colon):
        yield Attribution(cue, cue.speaker, 0.8, "colon_paragraph")


def _near_subject(tokens: Tokens, quoted: QuotedText, index: int, finder: SpeakerFinder) -> Iterator[Attribution]:
    """Yield the nearest subject that can speak; for a statement after a full stop, that of the sentence before.

    Of that sentence it is the subject of the main clause, which the statement continues. A statement that follows a
    full stop or a heading is reported without a speaker if no subject can speak.
    """
    first, last = quoted.edges[index]
    anchor = _anchor(tokens, first)
    if anchor is None and last - first > _LONG and is_sentence(quoted, index):
        yield Attribution(None, None, 0.22, "near_subject")
    if anchor is None or (tokens.text[anchor] != ":" and last - first < _LONG):
        return
    is_colon, is_paragraph = tokens.text[anchor] == ":", tokens.block[anchor] != tokens.block[first]
    is_apart = not is_colon and (is_paragraph or tokens.text[anchor] in _STOPS)
    subjects = list(_subjects_before(tokens, quoted, anchor, 0 if is_colon else _SENTENCES))
    if is_apart:
        subjects = [each for each in subjects if _is_main(tokens, each)]
    elif not is_colon:
        subjects = [each for each in subjects if tokens.tag[each] in ("NNP", "PRP")]
    subject = next((each for each in subjects if finder.can_speak(each)), None)
    is_statement = is_sentence(quoted, index) or last - first > _PHRASE
    if subject is not None or (is_apart and is_statement):
        yield Attribution(None, subject, 0.55 if is_colon else 0.22, "near_subject")


def _subjects_before(tokens: Tokens, quoted: QuotedText, anchor: int, sentences: int) -> Iterator[int]:
    """Yield the subjects before a token, nearest first, in its block; ``sentences`` limits the earlier ones."""
    for token in range(anchor, max(anchor - _NEAR, -1), -1):
        is_far = tokens.sentence[anchor] - tokens.sentence[token] > sentences
        if is_far or tokens.block[token] != tokens.block[anchor]:
            return
        is_subject = tokens.dep[token] in _SUBJECTS or (tokens.dep[token] == "ROOT" and tokens.tag[token] in _PROPER)
        if is_subject and not quoted.inside[token]:
            yield token


def _is_main(tokens: Tokens, subject: int) -> bool:
    """Return whether a subject is that of a main clause."""
    verb = tokens.head[subject]
    while tokens.dep[verb] == "conj":
        verb = tokens.head[verb]
    return tokens.dep[verb] == "ROOT"


# Speakers named without a cue: before a colon or after a dash.

_PROPER = frozenset({"NNP", "NNPS"})
_NAME_WORDS = frozenset({"NNP", "NNPS", "NN", "DT", "JJ", "POS"})
_DASHES = frozenset("-–—―")
_NAME_BREAKS = _DASHES | frozenset(".,;!?")
_FARTHEST_NAME = 30


def _name_before_colon(tokens: Tokens, colon: int, data: CueData) -> int | None:
    """Return the speaker before a colon: "Ana Brito:", "Ana Brito, head of the union:", "Ana Brito's verdict:"."""
    if (described := _name_with_description(tokens, colon)) is not None:
        return described
    name = colon - 1
    if name >= 0 and tokens.tag[name] in _PROPER and _is_free(tokens, name, data):
        return name
    owners = tokens.dependents(name, "poss") if name >= 0 else []
    return owners[0] if owners and tokens.tag[owners[0]] in _PROPER else None


def _name_with_description(tokens: Tokens, colon: int) -> int | None:
    """Return the name that begins a verbless sentence: "Ana Brito, head of the union:"."""
    start = colon
    while start > max(colon - _FARTHEST_NAME, 0) and tokens.block[start - 1] == tokens.block[colon]:
        if tokens.text[start - 1] in (".", "!", "?") or _is_verb(tokens, start - 1):
            break
        start -= 1
    if start and (_is_verb(tokens, start - 1) or colon - start >= _FARTHEST_NAME):
        return None
    start += tokens.tag[start] == "CD"  # the time in a live report: "13:22 Ana Brito, 34:"
    first = _name_end(tokens, start)
    return first if first is not None and first + 1 < colon and tokens.text[first + 1] == "," else None


def _name_after_dash(tokens: Tokens, last: int) -> int | None:
    """Return the last token of the name that signs a quote: "— Ana Brito, head of the union", up to the end of the
    line.
    """
    dash = last + 1
    while dash < len(tokens) and tokens.text[dash].isspace():
        dash += 1
    if dash >= len(tokens) or tokens.text[dash] not in _DASHES or tokens.block[dash] > tokens.block[last] + 1:
        return None
    end = dash + 1
    while end < min(dash + _FARTHEST_NAME, len(tokens)) and tokens.block[end] == tokens.block[dash]:
        if _is_verb(tokens, end):
            return None
        end += 1
    return None if end == dash + _FARTHEST_NAME else _name_end(tokens, dash + 1)


def _is_free(tokens: Tokens, name: int, data: CueData) -> bool:
    """Return whether a name before a colon is neither an addressee ("told X:") nor a medium ("on X:")."""
    if tokens.dep[name] not in ("dobj", "pobj"):
        return True
    before = name
    while before > max(name - _FARTHEST_NAME, 0) and tokens.tag[before] in _NAME_WORDS:
        if tokens.block[before - 1] != tokens.block[name]:
            return True
        before -= 1
    return tokens.text[before] in _NAME_BREAKS or tokens.lower[before] in data.origin_prepositions


def _is_verb(tokens: Tokens, token: int) -> bool:
    return tokens.tag[token] in ("VBD", "VBZ", "VBP", "MD")


def _name_end(tokens: Tokens, first: int) -> int | None:
    """Return the last token of the name that begins here."""
    end = first
    while end < len(tokens) and tokens.tag[end] in _PROPER:
        end += 1
    return end - 1 if end > first else None
