"""What relates articles to each other: rows in, rows out."""

from pipeline.clusters.copies import WINDOW, days_reached, find_copies
from pipeline.clusters.furniture import without_furniture
from pipeline.clusters.quote_groups import QUOTE_COLUMNS, QuoteDay, group_quotes, quote_group_rows, quotes_of_day
from pipeline.clusters.revisions import Change, changes_between, contents_in_order, quotes_removed, revision_rows
from pipeline.clusters.sketches import SKETCH_FIELDS, sketches_of

__all__ = [
    "QUOTE_COLUMNS",
    "SKETCH_FIELDS",
    "WINDOW",
    "Change",
    "QuoteDay",
    "changes_between",
    "contents_in_order",
    "days_reached",
    "find_copies",
    "group_quotes",
    "quote_group_rows",
    "quotes_of_day",
    "quotes_removed",
    "revision_rows",
    "sketches_of",
    "without_furniture",
]
