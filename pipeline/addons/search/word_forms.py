"""Other forms of an English word: plural, past and -ing form ("ferry": "ferries"; "strike": "strikes", "striking").

The index has the words as they are written, so a search looks for each form. Two words are forms of one if they differ
only in one of a few endings, and SQLite's Porter stemmer gives them the same stem. The stem alone joins too much: to
it, "import" is "important". It also misses regular forms: to it, "bus" is not "buses". So there are families of forms
that need no stem, because what is before the ending decides.
"""

import re
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing

LANGUAGE = "en"  # of the articles in which other forms match
# Endings that alternate on one base: "strike", "striking"; "ferry", "ferries"; "box", "boxes"; "tie", "tying".
_PARADIGMS = (
    ("", "s", "ed", "ing"),
    ("e", "es", "ed", "ing"),
    ("y", "ies", "ied", "ying"),
    ("ie", "ies", "ied", "ying"),
)
_WITH_ES, _BEFORE_ES = ("", "es", "ed", "ing"), ("s", "x", "z", "h", "o")
_AFTER_DOUBLED = ("ed", "ing")  # "stop", "stopped"
_LEAST_LETTERS = 3
_CONSONANT = "[b-df-hj-np-tv-xz]"
# Families of forms that Porter takes for different words: what is before the ending, and the endings.
_FAMILIES = tuple(
    (re.compile(before.replace("C", _CONSONANT)), endings)
    for before, endings in (
        ("[a-z]*C[aiu]s", ("", "es")),  # "bus", "buses"; not "pleas", "pleases", nor "Los", "loses"
        ("[a-z]*[aeiou][a-z]*us|[a-z]*ias", ("", "es", "ed", "ing")),  # "focus", "focused"; not "bas", "based"
        ("[a-z]+C", ("y", "ies", "ied", "ying")),  # "try", "tries"; not "pay", "paies"
        ("[a-z]*C", ("ie", "ies", "ied", "ying")),  # "die", "dying"
        ("Co", ("", "es", "ing")),  # "go", "goes"; not "so", "SOS"
        ("CC+ee", ("", "s", "d", "ing")),  # "free", "freed"; not "see", "seed"
        ("[a-z]*[aeiou][a-z]*eed", ("", "s", "ed", "ing")),  # "succeed", "succeeded"
        ("[a-z]*[aeiou][a-z]*Ced", ("", "s", "ded", "ding")),  # "embed", "embedded"
        # "add", "added"; "staff", "staffed"; "boycott", "boycotted"; not "Penn", "penned"
        (r"[aeiou](C)\1|[a-z]+ff|[a-z]*[aeiou][a-z]*C[aeiou]([bdgmnprt])\2", ("", "s", "ed", "ing")),
    )
)
# Words that only look like a form of another word, or like its base: "toes" is not a form of "to".
_ALONE = frozenset(
    {"bree", "cree", "evening", "herring", "inning", "news", "offing", "outing", "series", "species", "to", "twee"}
    | {"united", "willing"}
)


def word_forms(words: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """Return the forms of each word: the word itself, then others in lower case, in alphabetical order.

    A word with other characters than the letters a to z, most words with fewer than three, and some that only look like
    a form have no other form. Most forms of a word do not exist in any text.
    """
    folded = {word: word.lower() for word in words}
    families = {
        word: {each for each in _family(word) if each not in _ALONE} for word in filter(_has_forms, folded.values())
    }
    tried = {word: set(filter(_has_stem, _candidates(word))) for word in families if _has_stem(word)}
    with closing(sqlite3.connect(":memory:")) as memory:
        memory.execute("CREATE VIRTUAL TABLE tried USING fts5 (word, tokenize='porter ascii')")
        memory.executemany("INSERT INTO tried VALUES (?)", [(each,) for each in set[str]().union(*tried.values())])
        query = "SELECT word FROM tried WHERE tried MATCH ?"
        for word, candidates in tried.items():
            families[word] |= candidates & {form for (form,) in memory.execute(query, (f'"{word}"',))}
    return {word: (word, *sorted(families.get(lower, set()) - {lower})) for word, lower in folded.items()}


def _has_forms(word: str) -> bool:
    return word.isascii() and word.isalpha() and word not in _ALONE


def _has_stem(word: str) -> bool:
    return _has_forms(word) and len(word) >= _LEAST_LETTERS


def _family(word: str) -> Iterator[str]:
    """Yield the forms of a word that need no stem."""
    for before, endings in _FAMILIES:
        for ending in endings:
            if word.endswith(ending) and before.fullmatch(start := word.removesuffix(ending)):
                yield from (start + each for each in endings)


def _candidates(word: str) -> Iterator[str]:
    """Yield what may be a form of a word, and much that is not."""
    for endings in _PARADIGMS:
        yield from (base + ending for base in _bases(word, endings) for ending in endings)
    for base in _bases(word, _WITH_ES):
        yield from (base + ending for ending in _WITH_ES if base.endswith(_BEFORE_ES))
    doubled = [base for base in _bases(word, _AFTER_DOUBLED) if base[-1:] == base[-2:-1]]
    for base in (*_bases(word, ("", "s")), *(base[:-1] for base in doubled)):
        if len(base) >= _LEAST_LETTERS:
            yield from (base, base + "s", *(base + base[-1] + ending for ending in _AFTER_DOUBLED))


def _bases(word: str, endings: Sequence[str]) -> list[str]:
    """Return a word without each of some endings that it has."""
    bases = [word.removesuffix(ending) for ending in endings if word.endswith(ending)]
    return [base for base in bases if len(base) > 1]
