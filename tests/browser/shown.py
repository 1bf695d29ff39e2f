"""Whether texts can be read on a page, whatever is done there with white space and with what nobody can see."""

import re

# How pages show a character that is unseen: U+0000 as its picture, others by their number.
_SIGN = re.compile("[\u2400-\u2421]|\\[U\\+[0-9A-F]{4,6}\\]")
_WORD = re.compile(r"hostile\d{3}")


def letters(text: str) -> str:
    """Return what of a text, or of what a page shows, can be seen and is no space."""
    return "".join(letter for letter in _SIGN.sub("", text) if letter.isprintable() and not letter.isspace())


def word_in(text: str) -> str:
    """Return the word by which a hostile string is told from all others."""
    return _WORD.findall(text)[-1]
