"""Co-speakers: the conjuncts of a speaker, who say the same words ("Ana Brito and Lin Okafor said")."""

from collections.abc import Iterator, Set

from newslake.pipeline.model import Entity
from newslake.pipeline.model.annotation import CoSpeaker
from newslake.pipeline.nlp.quotes.cues import CueMention
from newslake.pipeline.nlp.quotes.speakers import Speaker, SpeakerFinder
from newslake.pipeline.nlp.tokens import Tokens

_MOST = 6  # conjuncts
_NOMINAL = frozenset({"NNP", "NNPS", "NN", "NNS", "PRP"})


def find_co_speakers(
    tokens: Tokens, cue: CueMention | None, head: int, speaker: Speaker, finder: SpeakerFinder
) -> tuple[CoSpeaker, ...]:
    """Return who says the same words as the speaker with this head token, in reading order.

    A cue in the singular ("says") has one speaker, and so have two roles before one name ("the author and broadcaster
    Ana Brito"). The first member of a group ("the couple") is its speaker, the others are co-speakers.
    """
    if speaker.others:
        return tuple(_co_speaker(each.entity_text, each) for each in speaker.others)
    is_one = cue is not None and tokens.tag[cue.token] == "VBZ"
    if is_one or finder.joined_name(head) is not None:
        return ()
    conjuncts = [
        each
        for each in _conjuncts(tokens, head, finder.data.evidence.joining_words)
        if not (finder.is_person(head) and _is_apposition(tokens, head, each, finder.data.indefinite))
    ]
    if not all(_may_speak(tokens, each, finder) for each in conjuncts):
        return ()
    others = (finder.speaker(each) for each in conjuncts if not finder.is_same(head, each))
    return tuple(_co_speaker(each.text, each.entity) for each in others)


def _co_speaker(text: str, entity: Entity | None) -> CoSpeaker:
    is_known = entity is not None and entity.cluster_index is not None
    return CoSpeaker(
        text=text,
        name=entity.entity_name if entity and is_known else None,
        entity_id=entity.entity_id if entity and is_known else None,
    )


def _conjuncts(tokens: Tokens, head: int, joining: Set[str]) -> Iterator[int]:
    """Yield the conjuncts of a noun, joined by commas and "and"; nothing if "or" or "but" joins them."""
    conjuncts: list[int] = []
    words: list[str] = []
    token = head
    for _ in range(_MOST):
        words.extend(tokens.lower[each] for each in tokens.dependents(token, "cc"))
        following = [each for each in tokens.dependents(token, "conj") if each > token]
        if not following:
            break
        conjuncts.extend(following)
        token = following[-1]
    if words and all(word in joining for word in words):
        yield from conjuncts


def _is_apposition(tokens: Tokens, head: int, conjunct: int, indefinite: Set[str]) -> bool:
    """Return whether a conjunct between commas describes a name: "Ana Brito, the mayor, and a member of the board,"."""
    first = tokens.left_edge(conjunct)
    after = tokens.right_edge(conjunct) + 1
    is_noun = tokens.tag[conjunct] == "NN" and tokens.lower[first] in indefinite
    if not is_noun or tokens.dependents(conjunct, "appos"):  # "and a friend, Lin Okafor,"
        return False
    is_closed = after < len(tokens) and tokens.text[after] == ","
    return is_closed and any(each < conjunct for each in tokens.dependents(head, "appos"))


def _may_speak(tokens: Tokens, token: int, finder: SpeakerFinder) -> bool:
    return tokens.tag[token] in _NOMINAL and finder.can_claim(token)
