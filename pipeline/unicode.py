"""Valid Unicode at the doors: text from outside that no encoder accepts is repaired where it comes in.

Python strings may hold lone surrogates: JSON escapes such as ``\\ud83d`` and undecodable file names make them. Arrow,
SQLite and UTF-8 files refuse them.
"""

import os
import re

_REPLACEMENT = "\ufffd"
_LIKE_ESCAPES = re.compile(r"\\(?:x[0-9a-f]{2}|\\)")


def to_well_formed(text: str) -> str:
    """Return ``text`` as valid Unicode without NUL. The length may change.

    Two surrogates that belong together become their character. A lone surrogate and NUL become U+FFFD, as in
    ECMAScript's ``toWellFormed`` and in the HTML standard.
    """
    if text.isascii() and "\0" not in text:
        return text
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return joined.replace("\0", _REPLACEMENT)


def well_formed_json(value: object) -> object:
    """Return a parsed JSON value with each string, also each key, as valid Unicode."""
    if isinstance(value, str):
        return to_well_formed(value)
    if isinstance(value, list):
        return [well_formed_json(each) for each in value]
    if isinstance(value, dict):
        return {to_well_formed(key): well_formed_json(each) for key, each in value.items()}
    return value


def printable_path(path: str | os.PathLike[str]) -> str:
    """Return a path as valid Unicode; bytes that are not UTF-8 become ``\\xe9`` escapes.

    Two paths never become one: a backslash is doubled if the path has such bytes, or looks as if it had.
    """
    name = os.fsencode(path)
    try:
        text = name.decode()
    except UnicodeDecodeError:
        return name.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")
    return text.replace("\\", "\\\\") if _LIKE_ESCAPES.search(text) else text
