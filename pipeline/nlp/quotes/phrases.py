"""What is reported without a clause: "called it a trap", "described the deal as a trap", "vowed to stay"."""

from collections.abc import Iterator, Set

from newslake.pipeline.nlp.languages.spec import CueData
from newslake.pipeline.nlp.tokens import Tokens

_QUOTATION_TAGS = frozenset({"``", "''"})


def characterizations(tokens: Tokens, verb: int, data: CueData) -> Iterator[tuple[int, int]]:
    """Yield the first and last token of what a verb calls a thing, with the thing; without it, if it is before the
    verb ("whom they described as a nurse").

    Words with quotation marks are not among them: a quote in marks has its own rules.
    """
    links = data.characterizing.get(tokens.lemma[verb])
    if links is None or _is_bare_participle(tokens, verb):
        return
    for first, last in (*_with_link(tokens, verb, links), *_with_complement(tokens, verb)):
        is_marked = not _QUOTATION_TAGS.isdisjoint(tokens.tag[first : last + 1])
        if not is_marked and tokens.lower[first] not in data.reflexives:  # "calls herself a baker"
            yield first, last


def _with_link(tokens: Tokens, verb: int, links: Set[str]) -> Iterator[tuple[int, int]]:
    objects = [each for each in tokens.dependents(verb, "dobj") if each > verb]
    for link in tokens.dependents(verb, "prep"):
        if link < verb or tokens.lower[link] not in links or not tokens.children[link]:
            continue
        if objects and objects[0] < link:
            yield tokens.left_edge(objects[0]), tokens.right_edge(link)
        elif link == verb + 1:
            yield link + 1, tokens.right_edge(link)


def _with_complement(tokens: Tokens, verb: int) -> Iterator[tuple[int, int]]:
    for complement in tokens.dependents(verb, "oprd", "ccomp"):
        things = [*tokens.dependents(verb, "dobj"), *tokens.dependents(complement, "nsubj")]
        if things and verb < things[0] < complement and tokens.tag[complement][0] in "NJ":
            yield tokens.left_edge(things[0]), tokens.right_edge(complement)


def _is_bare_participle(tokens: Tokens, verb: int) -> bool:
    """Return whether a participle has no auxiliary: "compared to last year"."""
    return tokens.tag[verb] == "VBN" and not tokens.dependents(verb, "aux")


def gerunds(tokens: Tokens, verb: int, data: CueData) -> Iterator[tuple[int, int]]:
    """Yield what somebody has done, by what they say: "denied taking the money"."""
    if tokens.lemma[verb] in data.admitting:
        for child in tokens.dependents(verb, "xcomp"):
            if child > verb and tokens.tag[child] == "VBG":
                yield max(tokens.left_edge(child), verb + 1), tokens.right_edge(child)


def infinitives(tokens: Tokens, verb: int, data: CueData) -> Iterator[tuple[int, int]]:
    """Yield "to stay" of "vowed to stay", "them to stay" of "urged them to stay"."""
    if tokens.lemma[verb] not in data.committing:
        return
    for child in tokens.dependents(verb, "xcomp", "ccomp"):
        if child > verb and tokens.tag[child] == "VB":
            objects = [tokens.left_edge(each) for each in tokens.dependents(verb, "dobj") if verb < each < child]
            yield max(min([tokens.left_edge(child), *objects]), verb + 1), tokens.right_edge(child)
