"""Text that cannot write outside its own place: what nobody can see is shown."""

import re

# Controls, overrides of the direction of writing, half characters and what HTML forbids. New lines and tabs may stay.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_PICTURES_OF_CONTROLS = 0x2400  # U+2400 is the picture of U+0000, and so on to U+001F
_DELETE, _PICTURE_OF_DELETE = 0x7F, "\u2421"


def make_visible(text: str) -> str:
    """Return a text with each character that is unseen, or that turns the writing of others, as a visible sign."""
    return text if text.isprintable() else _INVISIBLE.sub(_sign, text)  # most are short, and all letters


def make_json_visible(text: str) -> str:
    """Return JSON of the same meaning in which nothing is unseen."""
    return _INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _sign(found: re.Match[str]) -> str:
    point = ord(found[0])
    if point < 0x20:
        return chr(_PICTURES_OF_CONTROLS + point)
    return _PICTURE_OF_DELETE if point == _DELETE else f"[U+{point:04X}]"
