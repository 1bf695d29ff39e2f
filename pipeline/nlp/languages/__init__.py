"""The supported languages, by ISO 639-1 code. An article in another language is stored without annotation.

The rules expect Universal parts of speech, Penn Treebank tags, the dependency relations of spaCy's English models
(nsubj, dobj, ...) and OntoNotes entity types. A model with other labels needs a final ``attribute_ruler`` that maps its
TAG, POS, DEP and ENT_TYPE to these.
"""

from collections.abc import Mapping

from newslake.pipeline.nlp.languages.en import ENGLISH
from newslake.pipeline.nlp.languages.spec import LanguageData

LANGUAGES: Mapping[str, LanguageData] = {"en": ENGLISH}

__all__ = ["LANGUAGES", "LanguageData"]
