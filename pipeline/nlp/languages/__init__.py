"""The languages that can be read, by ISO 639-1 code. An article in any other is kept unread."""

from collections.abc import Mapping

from pipeline.nlp.languages.en import ENGLISH
from pipeline.nlp.languages.spec import LanguageData

LANGUAGES: Mapping[str, LanguageData] = {"en": ENGLISH}

__all__ = ["LANGUAGES", "LanguageData"]
