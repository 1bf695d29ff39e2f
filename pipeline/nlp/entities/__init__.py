"""Entities: one row per mention, linked to the knowledge base."""
