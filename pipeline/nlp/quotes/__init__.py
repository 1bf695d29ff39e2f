"""Quotes and their attribution."""
