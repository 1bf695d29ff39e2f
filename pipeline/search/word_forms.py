"""Other forms of an English word: plural, past and -ing form ("ferry": "ferries"; "strike": "strikes", "striking").

The index has the words as they are written, so a search looks for each form. Two words are forms of one if SQLite's
Porter stemmer gives them the same stem, and they differ only in one of a few endings. The stem alone joins too much: to
it, "import" is "important", and "general" is "generous".
"""

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing

LANGUAGE = "en"  # of the articles in which other forms are found
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
# Words that only look like a form of another word.
_ALONE = frozenset({"evening", "herring", "inning", "news", "outing", "united", "willing"})


def word_forms(words: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """Return the forms of each word: the word itself, then others in lower case, in alphabetical order.

    A word with other characters than the letters a to z, or fewer than three, has no other form. Most forms of a word
    do not exist in any text.
    """
    folded = {word: word.lower() for word in words}
    tried = {word: set(filter(_has_forms, _candidates(word))) for word in folded.values() if _has_forms(word)}
    with closing(sqlite3.connect(":memory:")) as memory:
        memory.execute("CREATE VIRTUAL TABLE found USING fts5 (word, tokenize='porter ascii')")
        memory.executemany("INSERT INTO found VALUES (?)", [(each,) for each in set[str]().union(*tried.values())])
        query = "SELECT word FROM found WHERE found MATCH ? ORDER BY word"
        same = {word: [found for (found,) in memory.execute(query, (f'"{word}"',))] for word in tried}
    forms = {word: [each for each in found if each in tried[word] - {word}] for word, found in same.items()}
    return {word: (word, *forms.get(lower, ())) for word, lower in folded.items()}


def _has_forms(word: str) -> bool:
    return word.isascii() and word.isalpha() and len(word) >= _LEAST_LETTERS and word not in _ALONE


def _candidates(word: str) -> Iterator[str]:
    """Yield what may be a form of a word, and much that is not."""
    for endings in _PARADIGMS:
        yield from (base + ending for base in _bases(word, endings) for ending in endings)
    for base in _bases(word, _WITH_ES):
        yield from (base + ending for ending in _WITH_ES if base.endswith(_BEFORE_ES))
    doubled = [base for base in _bases(word, _AFTER_DOUBLED) if base[-1:] == base[-2:-1]]
    for base in (*_bases(word, ("", "s")), *(base[:-1] for base in doubled)):
        yield from (base, base + "s", *(base + base[-1] + ending for ending in _AFTER_DOUBLED))


def _bases(word: str, endings: Sequence[str]) -> list[str]:
    """Return a word without each of some endings that it has."""
    found = [word.removesuffix(ending) for ending in endings if word.endswith(ending)]
    return [base for base in found if len(base) > 1]
