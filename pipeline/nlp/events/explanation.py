"""Explanation of the words that name no typed event, for `newslake events explain`."""

from collections.abc import Callable, Collection, Iterator

from spacy.tokens import Doc

from newslake.pipeline.model import Annotation, Article
from newslake.pipeline.model.annotation import UnmetFrame, WordExplanation
from newslake.pipeline.nlp.events.arguments import roles_of
from newslake.pipeline.nlp.events.genericity import is_generic
from newslake.pipeline.nlp.events.parse import Parse, parse_of
from newslake.pipeline.nlp.events.speech_acts import read_speech_acts
from newslake.pipeline.nlp.events.trigger_filters import drop_content, is_passing
from newslake.pipeline.nlp.events.triggers import Trigger, find_triggers, is_other_thing, unmet_need
from newslake.pipeline.nlp.languages import LANGUAGES
from newslake.pipeline.nlp.languages.spec_events import Frame, FrameData
from newslake.pipeline.nlp.tokens import gather_tokens


def explain_article(article: Article, doc: Doc, annotation: Annotation) -> tuple[WordExplanation, ...]:
    """Return why the words of an article that name no typed event do not, with its ``annotation`` from ``doc``."""
    frames = LANGUAGES[article.language or ""].frames
    parse = parse_of(gather_tokens(doc, article), article, annotation.entities, annotation.times, frames)
    spans = ((parse.token_at(each.start_char), parse.token_at(each.end_char - 1)) for each in annotation.events)
    typed = {index for first, last in spans for index in range(first, last + 1)}
    return tuple(_explain_words(parse, typed, frames))


def _explain_words(parse: Parse, typed: Collection[int], data: FrameData) -> Iterator[WordExplanation]:
    """Yield, in order, the verbs and the nouns of the lexicon that are not among the ``typed`` trigger tokens."""
    triggers = {trigger.index: trigger for trigger in find_triggers(parse, data)}
    spoken, _ = read_speech_acts(parse, tuple(triggers.values()), data)
    events = {trigger.index for trigger in drop_content(parse, spoken, data) if trigger.frame is not None}
    for index, lemma in enumerate(parse.lemma):
        is_noun = index in parse.things or parse.pos[index] not in ("VERB", "AUX")
        frames = (data.noun_index if is_noun else data.verb_index).get(lemma, ())
        if index in typed or not (frames or (parse.pos[index] == "VERB" and not is_noun)):
            continue
        trigger = triggers.get(index)
        has_match = trigger is not None and trigger.frame is not None
        unmet = () if has_match else tuple(_unmet(parse, index, frames, data))
        reason = _form(parse, index, data, is_noun=is_noun)
        if reason is None and trigger is not None and has_match:
            reason = _loss(parse, trigger, data, is_event=index in events)
        elif reason is None and not frames:
            reason = "the lexicon has no frame of this word"
        yield WordExplanation(
            text=parse.text[parse.start[index] : parse.end[index]],
            start_char=parse.start[index],
            end_char=parse.end[index],
            reason=reason,
            frames=unmet if reason is None else (),
        )


def _unmet(parse: Parse, index: int, frames: Collection[Frame], data: FrameData) -> Iterator[UnmetFrame]:
    for frame in frames:
        need = unmet_need(parse, index, frame, data)
        if need is not None:
            yield UnmetFrame(rule_id=frame.rule_id, need=need)


def _loss(parse: Parse, trigger: Trigger, data: FrameData, *, is_event: bool) -> str:
    """Return why a trigger whose frame is met has no type in the end."""
    if not is_event:
        return "it belongs to another event: its content, purpose, result or verb"
    roles = roles_of(parse, trigger, data)
    if trigger.is_noun and is_passing(parse, trigger) and "clause" not in (roles.actor_basis, roles.recipient_basis):
        return "named in passing: after a preposition, without participants"
    return "the classifier finds it unlikely"


# The forms in which a word names no event, each with its reason; the first that holds counts.


def _form(parse: Parse, index: int, data: FrameData, *, is_noun: bool) -> str | None:
    for holds, reason in _FORMS:
        if holds(parse, index, data, is_noun):
            return reason
    return None


def _is_in_name(parse: Parse, index: int, data: FrameData, is_noun: bool) -> bool:
    mention = parse.mentions[index]
    return mention is not None and (mention.mention_kind == "name" or not is_noun)


def _is_auxiliary(parse: Parse, index: int, data: FrameData, is_noun: bool) -> bool:
    return not is_noun and parse.dep[index] in ("aux", "auxpass", "prep")


def _is_modifier(parse: Parse, index: int, data: FrameData, is_noun: bool) -> bool:
    return parse.dep[index] in ("compound", "nmod", "amod")


def _is_generic(parse: Parse, index: int, data: FrameData, is_noun: bool) -> bool:
    return not is_noun and is_generic(parse, index, data)


def _has_other_meaning(parse: Parse, index: int, data: FrameData, is_noun: bool) -> bool:
    return is_noun and is_other_thing(parse, index, data)


_FORMS: tuple[tuple[Callable[[Parse, int, FrameData, bool], bool], str], ...] = (
    (lambda parse, index, data, is_noun: index in parse.in_time, "part of a time expression"),
    (_is_in_name, "part of a name"),
    (_is_auxiliary, "an auxiliary, or used as a preposition"),
    (_is_modifier, "it describes another word"),
    (_has_other_meaning, "its modifier gives it another meaning"),
    (_is_generic, "a habit, a property, an order or an idea, not an event"),
)
