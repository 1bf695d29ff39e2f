"""What relates articles to each other: rows in, rows out."""

from pipeline.clusters.copies import days_reached, find_copies

__all__ = ["days_reached", "find_copies"]
