"""Who is who: names, pronouns and nouns put together, their gender and role, and what they link to."""
