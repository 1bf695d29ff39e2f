"""Quotes: what is said, and by whom."""
