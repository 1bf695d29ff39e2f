"""From names and pronouns to entities: their rows, and linking to the knowledge base."""
