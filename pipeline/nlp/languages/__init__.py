"""The supported languages, by ISO 639-1 code. An article in any other is kept without annotation.

The rules know Universal parts of speech, Penn Treebank tags, the relations of spaCy's English models (nsubj, dobj, ...)
and OntoNotes entity types. A model that writes others ends in an ``attribute_ruler`` that turns its TAG, POS, DEP and
ENT_TYPE into these.
"""

from collections.abc import Mapping

from pipeline.nlp.languages.en import ENGLISH
from pipeline.nlp.languages.spec import LanguageData

LANGUAGES: Mapping[str, LanguageData] = {"en": ENGLISH}

__all__ = ["LANGUAGES", "LanguageData"]
