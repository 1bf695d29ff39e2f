"""Time expressions and their dates."""
