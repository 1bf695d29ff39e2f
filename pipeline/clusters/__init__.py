"""What relates articles to each other: rows in, rows out."""

from pipeline.clusters.copies import days_reached, find_copies
from pipeline.clusters.revisions import Change, changes_between, contents_in_order, quotes_removed, revision_rows

__all__ = [
    "Change",
    "changes_between",
    "contents_in_order",
    "days_reached",
    "find_copies",
    "quotes_removed",
    "revision_rows",
]
