"""Printed interviews without quotation marks and labels: who says "I" in the answers."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

from newslake.pipeline.nlp.languages.spec import NameData
from newslake.pipeline.nlp.tokens import BODY_KINDS, SUBJECTS, Tokens, coordination_head

_FEWEST = 3  # questions
_FEWEST_ADDRESSED = 2  # of them with "you"
_FEWEST_UNSAID = 4  # of those if the introduction does not say who is interviewed
_MARKS = "\"'“”‘’„«»"
_TAIL = " \t\r\n)]"
_QUESTION_KINDS = BODY_KINDS | {"heading"}


@dataclass(frozen=True, slots=True)
class PersonMention:
    """A mention of a person: its head token, its cluster, and whether it is a name."""

    token: int
    cluster: int
    is_name: bool


@dataclass(frozen=True, slots=True)
class Interview:
    """A printed interview: the blocks of its answers, and the cluster of the person interviewed, None if unclear."""

    answers: frozenset[int]
    interviewee: int | None


def find_interview(
    tokens: Tokens, list_persons: Callable[[], Sequence[PersonMention]], data: NameData, in_quote: Sequence[bool]
) -> Interview | None:
    """Return the interview that an article is, or None.

    ``list_persons`` returns the mentions of persons in reading order; few articles have enough questions to need them.
    Several paragraphs are questions that say "you" and not "I", most with an answer that says "I" or "we". The
    introduction says who is interviewed, or there are more questions.
    """
    asking = [i for i, block in enumerate(tokens.blocks) if block.kind in _QUESTION_KINDS and _is_asking(tokens, i)]
    if len(asking) < _FEWEST:
        return None
    words = _WordsOfBlocks(tokens, in_quote)
    singular = frozenset(word for word, pronoun in data.pronouns.items() if pronoun.kind == "speaker")
    questions = [i for i in asking if words.has(i, data.second_person) and not words.has(i, singular)]
    if len(questions) < _FEWEST_ADDRESSED:
        return None
    begin = next(
        i
        for i in range(questions[0] + 1)
        if tokens.blocks[i].kind in _QUESTION_KINDS and words.has(i, data.second_person)
    )
    answers = _answers(tokens, questions[0], asking)
    speaking = [i for i in answers if words.has(i, data.first_person)]
    spans = zip(questions, [*questions[1:], len(tokens.blocks)], strict=True)
    answered = sum(any(first < i < ending for i in speaking) for first, ending in spans)
    if 2 * answered < len(questions):
        return None
    persons = list_persons()
    others = _persons_named(tokens, persons, set(speaking), in_quote)
    introduction = [each for each in persons if tokens.block[each.token] < begin and each.cluster not in others]
    stated = _interviewees(tokens, introduction, data)
    if not stated and len(questions) < _FEWEST_UNSAID:
        return None
    known = stated or {each.cluster for each in introduction}
    return Interview(answers, next(iter(known)) if len(known) == 1 else None)


def _is_asking(tokens: Tokens, place: int) -> bool:
    """Return whether a block is a question without quotation marks around it."""
    block = tokens.blocks[place]
    text = tokens.content[block.start : block.end].strip(_TAIL)
    return text.endswith("?") and text[0] not in _MARKS


def _answers(tokens: Tokens, begin: int, asking: Sequence[int]) -> frozenset[int]:
    """Return the paragraphs after the first question without the questions, up to a heading after the last question."""
    answers: list[int] = []
    for place in range(begin, len(tokens.blocks)):
        if place > asking[-1] and tokens.blocks[place].kind == "heading":
            break
        if place not in asking and tokens.blocks[place].kind in BODY_KINDS:
            answers.append(place)
    return frozenset(answers)


def _persons_named(
    tokens: Tokens, persons: Sequence[PersonMention], blocks: Set[int], in_quote: Sequence[bool]
) -> frozenset[int]:
    """Return the persons whom the answers name, other than once: these are not the person who answers."""
    places: defaultdict[int, set[int]] = defaultdict(set)
    for each in persons:
        if each.is_name and tokens.block[each.token] in blocks and not in_quote[each.token]:
            places[each.cluster].add(tokens.block[each.token])
    return frozenset(cluster for cluster, blocks in places.items() if len(blocks) > 1)


@dataclass(frozen=True, slots=True)
class _WordsOfBlocks:
    """The words of each block outside quotation marks."""

    tokens: Tokens
    in_quote: Sequence[bool]

    def has(self, place: int, words: frozenset[str]) -> bool:
        """Return whether a block has one of these words."""
        block = self.tokens.blocks[place]
        ending = bisect_left(self.tokens.start, block.end)
        inside = range(bisect_left(self.tokens.start, block.start), ending)
        return any(self.tokens.lower[i] in words and not self.in_quote[i] for i in inside)


def _interviewees(tokens: Tokens, persons: Sequence[PersonMention], data: NameData) -> frozenset[int]:
    """Return the persons that the introduction calls interviewed, else those that it says talked or answered."""
    clusters: dict[bool, set[int]] = {True: set(), False: set()}
    for each in persons:
        is_object = _is_interviewed(tokens, each.token, data)
        if is_object is not None:
            clusters[is_object].add(each.cluster)
    return frozenset(clusters[True] or clusters[False])


def _is_interviewed(tokens: Tokens, token: int, data: NameData) -> bool | None:
    """Return True for the object of an interview, False for a party of a talk, None for anybody else."""
    head = coordination_head(tokens, token)
    dep, above = tokens.dep[head], tokens.head[head]
    if dep == "pobj" and tokens.lower[above] in data.interview_prepositions:
        above = tokens.head[above]
        if tokens.lemma[above] in data.interview_words:
            return True
        return False if tokens.lemma[above] in data.talk_verbs else None
    if dep in ("dobj", "nsubjpass") and tokens.lemma[above] in data.interview_words:
        return True
    return False if dep in SUBJECTS and tokens.lemma[above] in data.talk_verbs else None
