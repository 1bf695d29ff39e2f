"""Named-entity recognition: repair the model's spans, then propagate recognized names to all other occurrences."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from newslake.pipeline.kb import KnowledgeBase
from newslake.pipeline.nlp.languages.spec import NameData
from newslake.pipeline.nlp.ner.boundaries import NUMERALS, extend_spans, is_non_name, repair_spans, with_titles
from newslake.pipeline.nlp.ner.patterns import (
    PatternContext,
    add_family_names,
    find_after_honorific,
    find_bracketed_acronyms,
    find_by_first_word,
    find_by_forename,
    find_by_last_word,
    find_with_nickname,
    join_forenames,
    pattern_context,
)
from newslake.pipeline.nlp.ner.persons import drop_false_persons
from newslake.pipeline.nlp.ner.spans import Casing, Name, Spans, casing_of, folded_forms, small_words, strip_full_stops
from newslake.pipeline.nlp.ner.types import assign_types
from newslake.pipeline.nlp.tokens import Tokens

_NAME_TYPES = frozenset(
    {"PERSON", "NORP", "FAC", "ORG", "GPE", "LOC", "PRODUCT", "EVENT", "WORK_OF_ART", "LAW", "LANGUAGE"}
)


def find_names(tokens: Tokens, data: NameData, kb: KnowledgeBase) -> tuple[Name, ...]:
    """Return the names of the article, in reading order and without overlaps, with one type per spelling."""
    casing = casing_of(tokens)
    all_caps = frozenset(sentence for sentence, kind in enumerate(casing) if kind != "plain")
    spans = [Name(ent.start, ent.end - 1, ent.label_) for ent in tokens.doc.ents]
    taken = _tokens_of(spans)
    spans = [span for span in spans if span.label in _NAME_TYPES]
    model = list(repair_spans(tokens, data, spans, taken))
    context = pattern_context(tokens, data, all_caps)
    others = _tokens_of(span for span in spans if span.label != "PERSON")
    name_map = _collect_spans(
        context,
        find_after_honorific(context, others),
        [name for name in model if tokens.sentence[name.first] not in all_caps],
    )
    known = _find_known_names(tokens, data, name_map.names(), casing)
    for name in extend_spans(tokens, data, known, taken, all_caps):
        name_map.put(name)
    for name in _from_headlines(tokens, data, model, casing):
        name_map.add_free(name)
    names = _complete_names(tokens, data, kb, name_map)
    late = list(_late_people(tokens, names, name_map))
    for name in _find_known_names(tokens, data, late, casing) if late else ():
        name_map.add_free(name)
    return _complete_names(tokens, data, kb, name_map) if late else names


def _complete_names(tokens: Tokens, data: NameData, kb: KnowledgeBase, name_map: Spans) -> tuple[Name, ...]:
    whole = add_family_names(tokens, data, list(join_forenames(tokens, data, name_map.names())))
    names = with_titles(tokens, data, whole)
    forms = folded_forms(tokens, names)
    typed = assign_types(tokens, names, forms, data, kb)
    return drop_false_persons(tokens, typed, forms, data, kb)


def _late_people(tokens: Tokens, names: tuple[Name, ...], name_map: Spans) -> Iterator[Name]:
    """Yield people whose type PERSON comes only from evidence, if their surname has unrecognized occurrences."""
    late = [name for name in names if name.label == "PERSON" and name.length > 1 and _was_other(name_map, name)]
    surnames = {tokens.text[name.last] for name in late}
    if late and any(text in surnames and name_map.at(index) is None for index, text in enumerate(tokens.text)):
        yield from late


def _was_other(name_map: Spans, name: Name) -> bool:
    before = name_map.at(name.first)
    return before is not None and before.label != "PERSON"


def _collect_spans(context: PatternContext, honorific_names: Iterable[Name], model: Iterable[Name]) -> Spans:
    """Return the names after honorifics, the model's names, and the names that patterns find."""
    name_map = Spans()
    for name in (*honorific_names, *model):
        name_map.add(name)
    for name in (
        *find_by_first_word(context, name_map),
        *find_by_last_word(context),
        *find_with_nickname(context.tokens, context.data),
    ):
        name_map.put(name)
    for name in find_by_forename(context):
        name_map.add_free(name)
    for name in find_bracketed_acronyms(context.tokens, name_map.names()):
        name_map.put(name)
    return name_map


def _tokens_of(spans: Iterable[Name]) -> frozenset[int]:
    return frozenset(index for span in spans for index in range(span.first, span.last + 1))


def _from_headlines(tokens: Tokens, data: NameData, model: list[Name], casing: list[Casing]) -> Iterator[Name]:
    """Yield the model's spans where every word is capitalised, without words that are in lower case elsewhere."""
    if all(kind == "plain" for kind in casing):
        return
    small = small_words(tokens)
    for name in model:
        if casing[tokens.sentence[name.first]] == "plain":
            continue
        first, last = name.first, name.last
        while first <= last and tokens.lower[first] in small:
            first += 1
        while last >= first and tokens.lower[last] in small:
            last -= 1
        if first <= last and not (first == last and is_non_name(tokens, data, first)):
            yield Name(first, last, name.label, after_honorific=name.after_honorific)


# Propagation of recognized names to all their other occurrences.

_WordTuple = tuple[str, ...]


class _SearchForms:
    """The forms to search for, with their types; ``lengths`` has the lengths per first word, longest first."""

    def __init__(self, labels: dict[_WordTuple, str]) -> None:
        self.labels = labels
        lengths: defaultdict[str, set[int]] = defaultdict(set)
        for words in labels:
            lengths[words[0]].add(len(words))
        self.lengths = {word: sorted(counts, reverse=True) for word, counts in lengths.items()}


def _find_known_names(tokens: Tokens, data: NameData, known: list[Name], casing: list[Casing]) -> Iterator[Name]:
    """Yield every other occurrence of a recognized name, and of the surname or forename of a recognized person."""
    labels = _known_forms(tokens, data, known)
    forms = _SearchForms(labels)
    if "capitals" in casing:
        raised = {tuple(word.upper() for word in words): label for words, label in labels.items()}
        forms = _SearchForms(raised | labels)
    last = -1
    for index in [index for index, text in enumerate(tokens.text) if text in forms.lengths]:
        if index > last:
            match = _longest_match(tokens, data, index, forms)
            if match is not None:
                yield match
                last = match.last


def _known_forms(tokens: Tokens, data: NameData, known: list[Name]) -> dict[_WordTuple, str]:
    votes: defaultdict[_WordTuple, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for name in known:
        words = tuple(tokens.text[name.first : name.last + 1])
        votes[words][name.label] += 5 if name.after_honorific else 1
        if name.label != "PERSON" and len(words) == 2 and words[1].lower() in data.evidence.firm_endings:
            votes[words[:1]]["ORG"] += 1
        if name.label == "ORG" and len(words) > 1 and words[-1].lower() in data.evidence.club_words:
            votes[words[-1:]]["ORG"] += 1
        if name.label == "PERSON" and len(words) > 1:
            votes[_family_form(words, data)]["PERSON"] += 2
            if strip_full_stops(words[0].lower()) in data.forenames:
                votes[words[:1]]["PERSON"] += 1
    return {words: max(label, key=label.__getitem__) for words, label in votes.items() if _may_be_sought(words, data)}


def _may_be_sought(words: _WordTuple, data: NameData) -> bool:
    word = words[0]
    return len(words) > 1 or (len(word) > 1 and word[0].isupper() and word.lower() not in data.never_names)


def _family_form(words: _WordTuple, data: NameData) -> _WordTuple:
    """Return the family name of a full name: its last word, with the first half of a double name."""
    first = len(words) - 1
    if words[first] in NUMERALS:
        return words[:1]
    while first > 2 and words[first - 1] == "-" and words[first - 2].lower() not in data.name_particles:
        first -= 2
    return words[first:]


def _longest_match(tokens: Tokens, data: NameData, index: int, forms: _SearchForms) -> Name | None:
    for length in forms.lengths[tokens.text[index]]:
        words = tuple(tokens.text[index : index + length])  # fewer at the end of the text
        label = forms.labels.get(words) if len(words) == length else None
        if label is not None and (length > 1 or _may_be_name(tokens, data, index)):
            return Name(index, index + length - 1, label)
    return None


def _may_be_name(tokens: Tokens, data: NameData, index: int) -> bool:
    """Return whether a single word that matches a name is a name here; a month next to a day or year is not."""
    is_first = index == 0 or tokens.sentence[index - 1] != tokens.sentence[index]
    may_begin = not is_first or tokens.dep[index] in ("nsubj", "nsubjpass")
    is_unusual = tokens.tag[index] == "NN" and may_begin and tokens.lower[index] not in tokens.common_nouns
    if tokens.tag[index] not in ("NNP", "NNPS") and not is_unusual:
        return False
    if tokens.lower[index] not in data.months_and_days:
        return True
    before = tokens.lower[index - 1] if index else ""
    after = tokens.lower[index + 1] if index + 1 < len(tokens) else ""
    return not (before in data.date_neighbours or before[:1].isdigit() or after[:1].isdigit())
