"""Coreference resolution: the names, pronouns and nouns of each entity, with its gender and role."""
