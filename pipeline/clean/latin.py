"""Which single-byte charset a Latin text is in: its words tell the language, the language the charset."""

import re
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

_AROUND_HIGH = re.compile(rb"[^<>{}]{0,60}[\x80-\xff][^<>{}]{0,60}")
_C1 = re.compile(rb"[\x80-\x9f]")  # letters and quotation marks of windows charsets, control codes of ISO's
_SAMPLE_BYTES, _LATIN_SAMPLE_CHARS = 200_000, 2000
_SURE = 0.9
_CENTRAL = ("pl", "cs", "sk", "hu", "sl", "hr", "bs")


def latin_charset(body: bytes) -> str:
    """Return the charset of bytes that are Latin text in one byte a letter: cp1252 unless the language is sure."""
    sample = b" ".join(_AROUND_HIGH.findall(body[:_SAMPLE_BYTES]))[:_LATIN_SAMPLE_CHARS]
    code, probability = language_identifier().classify(sample.decode("latin-1"))
    if not sample or probability < _SURE:
        return "cp1252"
    if code in _CENTRAL:
        return "cp1250" if _C1.search(body) else "iso8859-2"
    return "cp1254" if code == "tr" else "cp1252"


@cache
def language_identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
