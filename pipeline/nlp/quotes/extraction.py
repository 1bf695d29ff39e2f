"""Quote extraction: the words, the speaker and the cue.

Quotation marks come first, the parse second.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from newslake.pipeline.model import Entity, Quote
from newslake.pipeline.model.annotation import QuoteType
from newslake.pipeline.model.corrections import quote_words
from newslake.pipeline.nlp.languages.spec import CueData, LanguageData
from newslake.pipeline.nlp.quotes.attribution import Attribution, attribute, is_sentence
from newslake.pipeline.nlp.quotes.clauses import Clause, clause_around, reported_clauses, reporting_clause
from newslake.pipeline.nlp.quotes.co_speakers import find_co_speakers
from newslake.pipeline.nlp.quotes.confidence import QuoteCandidate, probabilities
from newslake.pipeline.nlp.quotes.cues import CueMention, find_cues, is_label, noun_phrase
from newslake.pipeline.nlp.quotes.nesting import NestedSpeech
from newslake.pipeline.nlp.quotes.quotation_marks import QuotedText
from newslake.pipeline.nlp.quotes.speakers import Speaker, SpeakerFinder, speaker_finder, speakers
from newslake.pipeline.nlp.quotes.statements import find_block_statements, find_posts
from newslake.pipeline.nlp.tokens import Tokens

_DIRECT_SHARE = 0.9
_FRAGMENT_WORDS = 3
_SMALL = 4  # length of "with" and "from", which titles write in lower case
_NAMED_WITHIN = 14  # tokens from the verb to its fragment
_FARTHEST_FRAGMENT = 8  # characters between two fragments of one clause
_SHORT_END = 2  # characters after an inner clause that say nothing
_ENDS = re.compile(r"[.!?\n]")
_SENTENCES = re.compile(r"[.?!]\s.*[.?!]\W*", re.DOTALL)
_LEAST = 0.2
_SURE = frozenset({"colon", "comma", "after", "byline", "adjacent"})
_WHOLE = _SURE - {"adjacent"}
_LEAST_FRAGMENT = 0.34
_SELDOM = 0.5
_SAID = 0.9
_STRUCTURAL = frozenset({"interview", "statement"})  # rules by which the page itself gives the speaker


@dataclass(frozen=True, slots=True)
class _QuoteDraft:
    """A quote before it becomes a row: its span, its quoted parts and its attribution."""

    start: int
    end: int
    quoted_spans: tuple[tuple[int, int], ...]
    is_closed: bool
    attribution: Attribution
    is_fragment: bool = False


@dataclass(frozen=True, slots=True)
class _QuoteContext:
    """An article's input for quote extraction. ``clauses`` maps the token of a cue to its clause."""

    tokens: Tokens
    quoted: QuotedText
    cues: Sequence[CueMention]
    clauses: Mapping[int, Clause]
    finder: SpeakerFinder
    data: CueData


def extract_quotes(
    tokens: Tokens, quoted: QuotedText, entities: tuple[Entity, ...], language: LanguageData
) -> tuple[Quote, ...]:
    """Return the quotes of the article, in reading order and without overlaps.

    A statement over several paragraphs is one quote. A span of one to three words without a cue, or a capitalised title
    of a work, is not a quote.
    """
    cues = find_cues(tokens, quoted, language.cues)
    finder = speaker_finder(tokens, quoted, entities, language)
    clauses = reported_clauses(tokens, cues, language.cues, finder.can_claim)
    nested = NestedSpeech(tokens, cues, clauses, language.cues, finder)
    attributions = attribute(quoted, nested)
    words = _QuoteContext(tokens, quoted, cues, {clause.cue.token: clause for clause in clauses}, finder, language.cues)
    fragments = [_draft_direct(words, index, attribution) for index, attribution in enumerate(attributions)]
    inside = quoted.counts_without({index for index, each in enumerate(fragments) if each is None})
    drafts = [
        *_draft_turns(tokens, finder, language.cues),
        *_draft_statements(words, finder),
        *(each for each in fragments if each is not None),
        *(
            _draft_indirect(tokens, each)
            for each in (_before_quote(words, clause, attributions) for clause in clauses)
            if _is_indirect(each, inside, finder)
        ),
    ]
    apart = _resolve_overlaps(nested, sorted(drafts, key=lambda each: (each.start, -each.end)))
    who = speakers(finder, quoted, [_speaker_head(finder, each.attribution) for each in apart])
    candidates = [_candidate(tokens, each, speaker) for each, speaker in zip(apart, who, strict=True)]
    model = language.cues.classifier
    return tuple(
        _with_reporting_clause(tokens, draft, _quote(nested, index, draft, candidate, probability, model.least))
        for index, (draft, candidate, probability) in enumerate(
            zip(apart, candidates, probabilities(finder, candidates, model), strict=True)
        )
    )


def _candidate(tokens: Tokens, draft: _QuoteDraft, speaker: Speaker | None) -> QuoteCandidate:
    said = quote_words(tokens.content[draft.start : draft.end])
    return QuoteCandidate(
        attribution=draft.attribution,
        speaker=speaker,
        quote_type=_type(tokens.content, draft),
        first=max(tokens.at(draft.start), 0),
        last=tokens.at(draft.end - 1),
        word_count=len(said),
        is_closed=draft.is_closed,
    )


def _speaker_head(finder: SpeakerFinder, attribution: Attribution) -> int | None:
    """Return the head token of the speaker; None if it is a word for nobody in particular."""
    head = attribution.speaker
    return None if head is None or finder.is_nobody(head, attribution.cue) else head


def _draft_direct(words: _QuoteContext, index: int, attribution: Attribution) -> _QuoteDraft | None:
    """Return the quote of a quoted span, with the clause that it is a fragment of; None if it is not a quote."""
    tokens, marked = words.tokens, words.quoted.marked[index]
    inside = quote_words(words.quoted.texts[index])
    sentence = is_sentence(words.quoted, index)
    is_brief = len(inside) <= _FRAGMENT_WORDS
    short = is_brief and not sentence
    first, last = words.quoted.edges[index]
    if attribution.score < (_LEAST_FRAGMENT if short else _LEAST) or not _is_statement(
        words, index, attribution, inside
    ):
        return None
    if is_brief and is_label(tokens, first, words.data):
        return None
    if short and len(inside) == 1 and _is_name(tokens, first, last):
        return None
    fragment = short and attribution.rule not in _WHOLE
    whole = _QuoteDraft(marked.start, marked.end, marked.parts, marked.is_closed, attribution, fragment)
    if attribution.cue is None or _is_complete(attribution, sentence):
        return whole
    clause = words.clauses.get(attribution.cue.token)
    if clause is None or not clause.holds(first, last):
        is_loose = attribution.rule == "sentence" and attribution.cue.kind == "noun"
        clause = None if is_loose else clause_around(tokens, attribution.cue, first, last, words.cues, words.data)
    if clause is None:
        return whole
    wide = replace(
        whole,
        start=min(tokens.start[clause.first], marked.start),
        end=max(tokens.end[clause.last], marked.end),
    )
    named = not sentence and _is_naming(tokens, attribution.cue, first, words.data)
    return replace(whole, is_fragment=_type(tokens.content, wide) == "mixed") if named else wide


def _is_statement(words: _QuoteContext, index: int, attribution: Attribution, inside: Sequence[str]) -> bool:
    """Return whether a quoted span is neither empty nor a title, and neither a thing nor the writer says it."""
    tokens = words.tokens
    if not inside or _is_figurative(words, attribution):
        return False
    first, _ = words.quoted.edges[index]
    is_named = attribution.rule not in _SURE or _is_named(tokens, first, attribution.cue, words.data)
    if is_named and _is_title(inside) and not _SENTENCES.search(words.quoted.texts[index]):
        return False
    if attribution.speaker is None or tokens.lower[attribution.speaker] not in words.data.first_person:
        return True
    is_cue = attribution.cue is not None and attribution.cue.entry.weight >= _SAID
    return is_sentence(words.quoted, index) and (is_cue or len(inside) > 2)


def _is_figurative(words: _QuoteContext, attribution: Attribution) -> bool:
    """Return whether a thing does something that is seldom speech: "the storm led to “chaos”"."""
    cue, speaker = attribution.cue, attribution.speaker
    is_weak = cue is not None and cue.kind == "verb" and cue.entry.weight < _SELDOM
    return is_weak and speaker is not None and words.finder.is_thing(speaker)


def _is_complete(attribution: Attribution, sentence: bool) -> bool:
    return (
        attribution.cue is None
        or attribution.rule in ("colon", "colon_paragraph", "carried")
        or (sentence and attribution.rule in ("after", "comma"))
    )


def _is_title(words: Sequence[str]) -> bool:
    """Return whether the words look like the title of a work: few, and capitalised except for the short ones."""
    capital = sum(word[0].isupper() for word in words)
    return 2 <= len(words) <= 8 and capital >= 2 and all(word[0].isupper() or len(word) <= _SMALL for word in words)


def _is_named(tokens: Tokens, first: int, cue: CueMention | None, data: CueData) -> bool:
    """Return whether a title is used as a name: "the channel's “News at Noon”", "casting “The Long Road”"."""
    before = first - 1
    if first == 0 or tokens.tag[before] in ("POS", "IN", "PRP$", "NN", "NNP", "CC"):
        return first > 0
    is_cue = cue is not None and cue.token == before and tokens.lemma[before] not in data.addressed
    return tokens.tag[before][0] == "V" and not is_cue


def _is_name(tokens: Tokens, first: int, last: int) -> bool:
    """Return whether a capitalised word in marks is a name: "the channel's “Hardline”", "its “Steadyhand” oven"."""
    before, after = tokens.tag[first - 1], tokens.tag[min(last + 1, len(tokens) - 1)]
    is_owned = before == "POS" or (before in ("PRP$", "DT") and after in ("NN", "NNS"))
    return first > 0 and is_owned and tokens.is_capital[min(first + 1, last)]


def _is_naming(tokens: Tokens, cue: CueMention | None, first: int, data: CueData) -> bool:
    """Return whether a fragment is a name that somebody gives something: only its words are reported."""
    if cue is None or not 0 < first - cue.token < _NAMED_WITHIN:
        return False
    link = tokens.lower[first - 1] in data.naming_links and tokens.head[first - 1] == cue.token
    joined = any(cue.token < child < first for child in tokens.dependents(cue.token, "prep", "agent"))
    return link or (tokens.lemma[cue.token] in data.naming and not joined)


def _draft_turns(tokens: Tokens, finder: SpeakerFinder, data: CueData) -> Iterator[_QuoteDraft]:
    for turn in _interview_turns(tokens, finder.is_person, data):
        attribution = Attribution(None, turn.speaker, 1.0, "interview")  # whatever it quotes within
        yield _QuoteDraft(turn.start, turn.end, ((turn.start, turn.end),), True, attribution)


def _draft_statements(words: _QuoteContext, finder: SpeakerFinder) -> Iterator[_QuoteDraft]:
    for each in find_block_statements(words.tokens, words.quoted, words.cues, words.data, finder.can_speak):
        attribution = Attribution(each.cue, each.speaker, 1.0, "statement")
        yield _QuoteDraft(each.paragraphs[0][0], each.paragraphs[-1][1], each.paragraphs, True, attribution)
    for post in find_posts(words.tokens, words.quoted):
        [(start, end)] = post.paragraphs
        yield _QuoteDraft(start, end, post.paragraphs, True, Attribution(None, post.speaker, 1.0, "byline"))


def _before_quote(words: _QuoteContext, clause: Clause, attributions: Sequence[Attribution]) -> Clause:
    """Return a clause, cut before the next report with a quote in it: "it was old, which Ana Brito called “sad”"."""
    tokens, owner = words.tokens, words.quoted.owner
    first = next((token for token in range(clause.first, clause.last + 1) if owner[token] >= 0), None)
    cue = attributions[owner[first]].cue if first is not None else None
    if first is None or cue is None or not clause.first < cue.token < first or clause.first < clause.cue.token:
        return clause
    end = tokens.left_edge(cue.token) - 1
    while end > clause.first and (tokens.tag[end] == "CC" or not tokens.text[end][-1].isalnum()):
        end -= 1
    return clause._replace(last=end) if end - clause.first >= _FRAGMENT_WORDS else clause


def _is_indirect(clause: Clause, inside: Sequence[int], finder: SpeakerFinder) -> bool:
    """Return whether a reported clause holds no quote in marks and has a speaker that can say it."""
    speaker = clause.cue.speaker
    is_plain = inside[clause.last + 1] == inside[clause.first]
    return is_plain and (speaker is None or not finder.is_nobody(speaker, clause.cue))


def _draft_indirect(tokens: Tokens, clause: Clause) -> _QuoteDraft:
    attribution = Attribution(clause.cue, clause.cue.speaker, round(0.7 * clause.cue.entry.weight, 2), "clause")
    return _QuoteDraft(tokens.start[clause.first], tokens.end[clause.last], (), True, attribution)


def _resolve_overlaps(nested: NestedSpeech, drafts: Sequence[_QuoteDraft]) -> list[_QuoteDraft]:
    """Return quotes that do not overlap: fragments of one clause become its parts, an inner clause is dropped.

    A clause that is nothing but another report is dropped instead: the inner verb of saying owns the words.
    """
    apart: list[_QuoteDraft] = []
    for each in drafts:
        before = apart[-1] if apart else None
        if before is not None and _continues(nested.tokens.content, before, each):
            apart[-1] = _merge_fragments(before, each)
        elif before is None or each.start >= before.end:
            apart.append(each)
        elif each.quoted_spans and before.quoted_spans:
            apart[-1] = _merge_fragments(before, each)
        elif each.quoted_spans or (not before.quoted_spans and _is_report(nested, before, each)):
            apart[-1] = each
    return apart


def _is_report(nested: NestedSpeech, outer: _QuoteDraft, inner: _QuoteDraft) -> bool:
    """Return whether a clause ends with the words of another report, and says no more than that."""
    is_whole = outer.end - inner.end <= _SHORT_END
    return is_whole and nested.is_report(outer.attribution.cue, inner.attribution.cue)


def _continues(text: str, before: _QuoteDraft, after: _QuoteDraft) -> bool:
    """Return whether two fragments of one cue are adjacent: "calling it “dear” and “late”"."""
    cue = before.attribution.cue
    gap = after.start - before.end
    is_near = cue is not None and after.attribution.cue is cue and 0 <= gap <= _FARTHEST_FRAGMENT
    return (
        is_near and bool(before.quoted_spans and after.quoted_spans) and not _ENDS.search(text, before.end, after.start)
    )


def _merge_fragments(before: _QuoteDraft, after: _QuoteDraft) -> _QuoteDraft:
    best = max(before.attribution, after.attribution, key=lambda attribution: attribution.score)
    return _QuoteDraft(
        min(before.start, after.start),
        max(before.end, after.end),
        tuple(sorted({*before.quoted_spans, *after.quoted_spans})),
        before.is_closed and after.is_closed,
        best,
        is_fragment=before.is_fragment and after.is_fragment,
    )


def _type(text: str, draft: _QuoteDraft) -> QuoteType:
    if not draft.quoted_spans:
        return "indirect"
    inside = sum(sum(map(str.isalnum, text[start:end])) for start, end in draft.quoted_spans)
    whole = sum(map(str.isalnum, text[draft.start : draft.end]))
    return "direct" if inside >= _DIRECT_SHARE * whole and not draft.is_fragment else "mixed"


def _quote(
    nested: NestedSpeech, index: int, draft: _QuoteDraft, candidate: QuoteCandidate, probability: float, least: float
) -> Quote:
    """Return the row of a quote. A speaker whose probability is below ``least`` is only its candidate, unless the page
    itself gives who speaks.
    """
    tokens, data, finder = nested.tokens, nested.data, nested.finder
    cue, head, likely = draft.attribution.cue, draft.attribution.speaker, candidate.speaker
    is_sure = probability >= least or draft.attribution.rule in _STRUCTURAL
    speaker = likely if is_sure else None
    entity = speaker.entity if speaker else None
    others = find_co_speakers(tokens, cue, head, speaker, finder) if speaker and head is not None else ()
    by = _reporter(nested, cue) if speaker else None
    return Quote(
        quote_index=index,
        quote_type=candidate.quote_type,
        quote_text=tokens.content[draft.start : draft.end],
        start_char=draft.start,
        end_char=draft.end,
        quoted_spans=draft.quoted_spans,
        is_closed=draft.is_closed,
        cue_text=tokens.text[cue.token] if cue else None,
        cue_lemma=tokens.lemma[cue.token] if cue else None,
        cue_stance=cue.entry.stance if cue else None,
        speaker_text=speaker.text if speaker else None,
        speaker_start_char=speaker.start if speaker else None,
        speaker_end_char=speaker.end if speaker else None,
        speaker_cluster_index=entity.cluster_index if entity else None,
        speaker_entity_id=entity.entity_id if entity else None,
        speaker_name=entity.entity_name if entity else None,
        speaker_kind=speaker.kind if speaker else None,
        speaker_gender=entity.gender if entity else None,
        speaker_gender_method=entity.gender_method if entity else None,
        speaker_role=speaker.role if speaker else None,
        speaker_candidate=_name_of(likely) if likely and not speaker else None,
        addressee_text=_addressee(tokens, cue, likely, data),
        medium_text=_medium(tokens, cue, data),
        paragraph_index=tokens.block[candidate.first],
        word_count=candidate.word_count,
        confidence=round(probability, 3),
        rule_id=draft.attribution.rule,
        co_speakers=others or None,
        reported_by_text=by.text if by else None,
        reported_by_start_char=by.start if by else None,
        reported_by_end_char=by.end if by else None,
        reported_by_entity_id=by.entity.entity_id if by and by.entity else None,
        reported_by_name=by.entity.entity_name if by and by.entity else None,
    )


def _name_of(speaker: Speaker) -> str:
    return (speaker.entity.entity_name if speaker.entity else None) or speaker.text


def _reporter(nested: NestedSpeech, cue: CueMention | None) -> Speaker | None:
    """Return who reports what the speaker of a cue says; None for "anyone" and for an "it" without a referent."""
    head, finder = nested.reporter(cue), nested.finder
    if head is None or finder.is_nobody(head, None):
        return None
    pronoun = finder.data.pronouns.get(nested.tokens.lower[head])
    reporter = finder.speaker(head)
    is_known = reporter.entity is not None and reporter.entity.cluster_index is not None
    return None if pronoun is not None and pronoun.kind == "thing" and not is_known else reporter


def _with_reporting_clause(tokens: Tokens, draft: _QuoteDraft, quote: Quote) -> Quote:
    """Return a quote with the clause that interrupts it outside its marks: ", she said,"."""
    cue = draft.attribution.cue
    if cue is None or not draft.start < tokens.start[cue.token] < draft.end:
        return quote
    between = reporting_clause(tokens, cue, tokens.at(draft.start), tokens.at(draft.end - 1))
    if between is None:
        return quote
    start, end = tokens.start[between[0]], tokens.end[between[1]]
    if any(first < end and start < last for first, last in draft.quoted_spans):
        return quote
    return replace(
        quote,
        reporting_clause_text=tokens.content[start:end],
        reporting_clause_start_char=start,
        reporting_clause_end_char=end,
    )


def _addressee(tokens: Tokens, cue: CueMention | None, speaker: Speaker | None, data: CueData) -> str | None:
    """Return the addressee: the object of a verb that takes one."""
    if cue is None or tokens.lemma[cue.token] not in data.addressed:
        return None
    for child in tokens.dependents(cue.token, "dobj", "dative"):
        first, last = noun_phrase(tokens, child)
        if child > cue.token and (
            speaker is None or tokens.start[first] >= speaker.end or tokens.end[last] <= speaker.start
        ):
            return tokens.span(first, last)
    return None


def _medium(tokens: Tokens, cue: CueMention | None, data: CueData) -> str | None:
    """Return the medium: "writing in X", "said in an interview with X", "posted on X"."""
    if cue is None:
        return None
    said = (*tokens.dependents(cue.token, "advcl", "acl"), *tokens.dependents(cue.speaker or 0, "acl"))
    verbs = [verb for verb in said if tokens.lemma[verb] in data.verbs]
    for verb in (*verbs, cue.token):
        is_writing = verb != cue.token or cue.entry.cue_class == "writing"
        for preposition in tokens.dependents(verb, "prep"):
            if tokens.lower[preposition] not in data.medium_prepositions:
                continue
            for noun in tokens.dependents(preposition, "pobj"):
                if tokens.lemma[noun] in data.medium_words or (is_writing and tokens.is_capital[noun]):
                    first, last = noun_phrase(tokens, noun)
                    return tokens.span(first, last)
    return None


# Printed interviews: paragraphs that begin with a speaker and a colon, without quotation marks.

_TURN = re.compile(r"\s*(?P<label>\w[\w.'’-]*(?: \w[\w.'’-]*){0,4})\s?:\s+(?P<words>\S.*\S)\s*", re.DOTALL)
_LEAST_TURNS = 3


@dataclass(frozen=True, slots=True)
class Turn:
    """One speaker's words, in code points; ``speaker`` is the last token of the name, None for "Q:" and "A:"."""

    start: int
    end: int
    speaker: int | None


def _interview_turns(tokens: Tokens, is_person: Callable[[int], bool], data: CueData) -> tuple[Turn, ...]:
    """Return the turns of a printed interview, in order; empty if fewer than three paragraphs begin with a label.

    A label is the name of a person, a name in capitals with several turns, or a word such as "Q".
    """
    turns = tuple(_labelled_paragraphs(tokens, is_person, data))
    return turns if len(turns) >= _LEAST_TURNS else ()


def _labelled_paragraphs(tokens: Tokens, is_person: Callable[[int], bool], data: CueData) -> Iterator[Turn]:
    paragraphs = [block for block in tokens.blocks if block.kind == "paragraph"]
    with_colon = [block for block in paragraphs if tokens.content.find(":", block.start, block.end) >= 0]
    matches = [_TURN.fullmatch(tokens.content, block.start, block.end) for block in with_colon]
    turns = [match for match in matches if match is not None]
    in_capitals = Counter(match["label"].split()[-1] for match in turns if match["label"].isupper())
    for match in turns:
        last = tokens.at(match.end("label") - 1)
        if match["label"].casefold() in data.turn_labels:
            yield Turn(match.start("words"), match.end("words"), None)
        elif is_person(last) or in_capitals[match["label"].split()[-1]] > 1:
            yield Turn(match.start("words"), match.end("words"), last)
