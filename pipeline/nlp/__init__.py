"""Annotation of articles: entities, quotes, events and times. Pure functions over a spaCy Doc."""

from pipeline.nlp.annotator import Annotator, load_model, model_label

__all__ = ["Annotator", "load_model", "model_label"]
