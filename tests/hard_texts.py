"""Invented texts that no editor would publish, for the cost of annotating: full of marks, names, dates, in one case."""

import random
from collections.abc import Callable, Mapping, Sized

from newslake.pipeline.nlp.annotator import MAX_CHARS

_PIECE = 20  # sentences that are tokenized at a time

_FORENAMES = ["Ana", "Tom", "Maria", "Peter", "Lena", "Omar", "Ines", "Noor"]
_WORDS = [
    *("the", "council", "voted", "on", "a", "plan", "for", "harbour", "and", "its", "old", "mill", "while", "rain"),
    *("fell", "over", "town", "people", "waited", "news", "of", "ferry", "which", "had", "left", "early", "in", "may"),
]


def _surname(rng: random.Random) -> str:
    return "".join(rng.choice("bdfgklmnprst") + rng.choice("aeiou") for _ in range(3)).title()


def _person(rng: random.Random) -> str:
    return f"{rng.choice(_FORENAMES)} {_surname(rng)}"


def _statement(rng: random.Random) -> str:
    return f"{_person(rng)} said on Monday she would meet Mr {_surname(rng)}, and that he “could be fined”. "


def prose(rng: random.Random) -> str:
    """Return a sentence of ordinary news; one of twenty ends a paragraph."""
    if rng.random() < 0.15:
        return _statement(rng)
    words = " ".join(rng.choice(_WORDS) for _ in range(rng.randint(8, 25)))
    return f"{words.capitalize()}.{rng.choice(['\n\n', *[' '] * 19])}"


KINDS: Mapping[str, Callable[[random.Random], str]] = {
    "one line": _statement,
    "names alone": lambda rng: f"{_person(rng)}, ",
    "no sentence end": lambda rng: f"the mayor of {_surname(rng)} said that she met him and ",
    "all capitals": lambda rng: _statement(rng).upper(),
    "lower case": lambda rng: _statement(rng).lower(),
    "pictures": lambda rng: f"\U0001f600\U0001f469\u200d\U0001f467 {_surname(rng)} said \U0001f1ec\U0001f1e7. ",
    "two directions": lambda rng: f"\u202e{_person(rng)}\u202c שלום \u200b{_surname(rng)}\u2066 قال\u2069. ",
    "brackets that do not match": lambda rng: rng.choice(["(", "[", "{", ")", "]", "}", "(((", "Ana Brito "]),
    "dates alone": lambda rng: f"on {rng.randint(1, 31)} June {rng.randint(1, 9999):04}, ",
    "marks alone": lambda rng: rng.choice("“”\"‘’'«»„‚「」"),
    "pronouns": lambda rng: rng.choice(["he told her ", "they said it was his. ", "we saw them and their "]),
    "quotes of one letter": lambda _: "“a” said. ",
    "nested quotes": lambda _: "“a ‘b “c” d’ e” he said. ",
    "quotes that stay open": lambda _: "“No he said\n\n",
    "coordinated names": lambda rng: f"{_person(rng)}, {_person(rng)} and {_person(rng)} met. They said they left. ",
    "one weekday": lambda _: "on Monday ",
    "headings with dates": lambda rng: f"Monday in {_surname(rng)}\n",
    "numbers": lambda rng: f"{rng.randrange(10**6)} ",
    "a list": lambda rng: f"- {_surname(rng)}\n",
    "words of one letter": lambda rng: f"{rng.choice('abcdefghijklmnopqrstuvwxyzI')} ",
    "initials": lambda rng: f"{rng.choice('ABCDEFGHIJ')}. ",
    "full stops": lambda _: ". ",
    "attacks": lambda rng: f"{_person(rng)} attacked {_person(rng)} on Monday in Paris. ",
    "roles": lambda rng: f"the mayor of {_surname(rng)}, the minister, the spokesman said. ",
    "new words": lambda rng: "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(2, 9))) + " ",
}  # fmt: skip


def hard_text(make: Callable[[random.Random], str], *, tokens: int, tokenize: Callable[[str], Sized], seed: int) -> str:
    """Return a text with about this number of tokens, at most ``MAX_CHARS`` long.

    The count is not exact: it is the sum over pieces, and tokens may join at the ends of two pieces.
    """
    rng, count, length = random.Random(seed), 0, 0
    pieces: list[str] = []
    while True:
        piece = "".join(make(rng) for _ in range(_PIECE))
        count, length = count + len(tokenize(piece)), length + len(piece)
        if count > tokens or length > MAX_CHARS:
            return "".join(pieces)
        pieces.append(piece)
