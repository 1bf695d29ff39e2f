"""Comparison of texts with what a page shows, without white space and invisible characters."""

import re

# How pages show an invisible character: controls as their picture, others as a code point.
_SIGN = re.compile("[\u2400-\u2421]|\\[U\\+[0-9A-F]{4,6}\\]")
_WORD = re.compile(r"hostile\d{3}")


def letters(text: str) -> str:
    """Return the visible characters of a text, without white space."""
    return "".join(letter for letter in _SIGN.sub("", text) if letter.isprintable() and not letter.isspace())


def word_in(text: str) -> str:
    """Return the word that identifies a hostile string."""
    return _WORD.findall(text)[-1]
