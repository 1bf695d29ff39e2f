"""Annotate an invented text and return its names, for the tests of names."""

from newslake.pipeline.clean import article_from_text
from newslake.pipeline.kb import load_kb
from newslake.pipeline.model import Entity
from newslake.pipeline.nlp import Annotator


def names_of(nlp, text: str, title: str | None = None) -> list[Entity]:
    """Return the name mentions, in reading order."""
    annotator = Annotator(nlp, kb=load_kb(None), infer_gender=True)
    [(article, doc)] = annotator.docs([article_from_text(text, title=title, published_at=None, language="en")])
    return [entity for entity in annotator.annotate(article, doc).entities if entity.mention_kind == "name"]


def typed_names(nlp, text: str, title: str | None = None) -> list[tuple[str, str]]:
    """Return the text and type of each name."""
    return [(name.entity_text, name.entity_type) for name in names_of(nlp, text, title)]


def linked_names(nlp, text: str, title: str | None = None) -> list[tuple[str, str | None]]:
    """Return the text and entity name of each name."""
    return [(name.entity_text, name.entity_name) for name in names_of(nlp, text, title)]
