"""The add-on documents: annotate and clean documents without a lake."""
