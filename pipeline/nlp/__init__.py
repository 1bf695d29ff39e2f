"""Annotation of articles: entities, quotes, events and times. Pure functions over a spaCy Doc."""

from newslake.pipeline.nlp.annotator import TOO_LONG, Annotator, load_model, model_label, why_not_annotated

__all__ = ["TOO_LONG", "Annotator", "load_model", "model_label", "why_not_annotated"]
