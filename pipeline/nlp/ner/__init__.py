"""Named-entity recognition: the spans of names and their types."""
