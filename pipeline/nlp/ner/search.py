"""Every name that is known in the article, searched everywhere in it."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from pipeline.nlp.languages.spec import NameData
from pipeline.nlp.ner.boundaries import NUMERALS
from pipeline.nlp.ner.casing import Casing
from pipeline.nlp.ner.spans import Name, strip_full_stops
from pipeline.nlp.tokens import Tokens

_WordTuple = tuple[str, ...]


class _SearchForms:
    """The forms to look for with their types, and the lengths of those that begin with a word, longest first."""

    def __init__(self, labels: dict[_WordTuple, str]) -> None:
        self.labels = labels
        lengths: defaultdict[str, set[int]] = defaultdict(set)
        for words in labels:
            lengths[words[0]].add(len(words))
        self.lengths = {word: sorted(found, reverse=True) for word, found in lengths.items()}


def find_known_names(tokens: Tokens, data: NameData, known: list[Name], casing: list[Casing]) -> Iterator[Name]:
    """Yield every other place where a known name, or the surname or forename of a known person, stands."""
    labels = _known_forms(tokens, data, known)
    forms = _SearchForms(labels)
    if "capitals" in casing:
        raised = {tuple(word.upper() for word in words): label for words, label in labels.items()}
        forms = _SearchForms(raised | labels)
    last = -1
    for index, text in enumerate(tokens.text):
        if text in forms.lengths and index > last:
            match = _longest_match(tokens, data, index, forms)
            if match is not None:
                yield match
                last = match.last


def _known_forms(tokens: Tokens, data: NameData, known: list[Name]) -> dict[_WordTuple, str]:
    votes: defaultdict[_WordTuple, Counter[str]] = defaultdict(Counter)
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
    return {words: labels.most_common(1)[0][0] for words, labels in votes.items() if _may_be_sought(words, data)}


def _may_be_sought(words: _WordTuple, data: NameData) -> bool:
    word = words[0]
    return len(words) > 1 or (len(word) > 1 and word[0].isupper() and word.lower() not in data.never_names)


def _family_form(words: _WordTuple, data: NameData) -> _WordTuple:
    """Return the family name in a full name: its last word, with the first half of a double name."""
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
    """Return whether a single word that is a known name is one here: a month beside a day or year is not."""
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
