"""Coreference resolution: names, pronouns and nouns of one entity, with its gender and role."""
