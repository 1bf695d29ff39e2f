"""What the words beside a name say that it is: "the ferry X", "mayor of X", "X, a charity", "X, who sings"."""

from collections.abc import Iterator

from pipeline.nlp.languages.spec import NameData
from pipeline.nlp.ner.spans import Name
from pipeline.nlp.tokens import Tokens


def nouns_beside(tokens: Tokens, name: Name, data: NameData) -> Iterator[str]:
    """Yield the types that a noun before a name ("the ferry X", "mayor of X") or in apposition after it shows."""
    before = name.first - 1
    if before > 0 and tokens.lower[before] in data.evidence.of_words:
        place = data.evidence.place_nouns.get(tokens.lower[before - 1])
        place = place or data.evidence.ruled_nouns.get(tokens.lower[before - 1])
        if place:
            yield place
    elif before >= 0 and tokens.tag[before] == "NN" and tokens.text[before].islower():
        yield from _kind(tokens.lower[before], data)
    for noun in tokens.dependents(name.last, "appos"):
        if tokens.tag[noun] == "NN":
            yield from ("PERSON",) if tokens.lower[noun] in data.roles else _kind(tokens.lower[noun], data)


def _kind(noun: str, data: NameData) -> tuple[str, ...]:
    evidence = data.evidence
    if noun in evidence.place_nouns:
        return (evidence.place_nouns[noun],)
    if noun in evidence.vessel_nouns:
        return ("PRODUCT",)
    return ("ORG",) if noun in evidence.firm_nouns else ()


def has_civic_noun(tokens: Tokens, name: Name, data: NameData) -> bool:
    """Return whether a name stands before what a place has ("Orrin council", "Orrin's streets")."""
    head = tokens.head[name.last]
    if head <= name.last:
        return False
    if tokens.dep[name.last] == "poss":
        return tokens.lower[head] in data.evidence.place_things
    return tokens.dep[name.last] in ("compound", "nmod") and tokens.lower[name.last + 1] in data.evidence.civic_nouns


def is_dateline(tokens: Tokens, name: Name) -> bool:
    """Return whether a name in capitals begins its block, as the place of a report does: "TOLMERE (AP) -"."""
    is_first = name.first == 0 or tokens.block[name.first - 1] != tokens.block[name.first]
    after = tokens.text[name.last + 1] if name.last + 1 < len(tokens) else ""
    is_loud = all(tokens.text[index].isupper() for index in range(name.first, name.last + 1))
    return is_first and is_loud and len(tokens.text[name.last]) > 2 and after in (",", "(", "-", "–", "—", "--")


def is_place_of_residence(tokens: Tokens, name: Name, data: NameData) -> bool:
    """Return whether a name stands after somebody's age and "of": "Mr Finch, 34, of Orrin"."""
    first = name.first
    if first < 4 or tokens.lower[first - 1] not in data.evidence.of_words:
        return False
    return tokens.text[first - 2] == "," and tokens.text[first - 3].isdigit() and tokens.text[first - 4] == ","


def has_age(tokens: Tokens, name: Name) -> bool:
    """Return whether an age between commas follows."""
    comma, age, end = _after(tokens, name)
    return comma == "," and age.isdigit() and len(age) <= 2 and end in (",", ".")


def has_who_clause(tokens: Tokens, name: Name) -> bool:
    """Return whether "who" with a verb in the singular follows; a team "who play" is many."""
    after = name.last + 1
    return _after(tokens, name)[0] == "," and tokens.tag[after + 1 : after + 3] == ["WP", "VBZ"]


def has_which_clause(tokens: Tokens, name: Name, data: NameData) -> bool:
    """Return whether ", which" follows."""
    comma, word, _ = _after(tokens, name)
    return comma == "," and word in data.evidence.thing_relatives


def _after(tokens: Tokens, name: Name) -> tuple[str, str, str]:
    first, second, third = (*tokens.text[name.last + 1 : name.last + 4], "", "", "")[:3]
    return first, second, third
