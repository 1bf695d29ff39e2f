"""What relates articles to each other: rows in, rows out."""

from pipeline.clusters.copies import WINDOW, days_reached, find_copies
from pipeline.clusters.furniture import without_furniture
from pipeline.clusters.sketches import SKETCH_FIELDS, sketches_of

__all__ = ["SKETCH_FIELDS", "WINDOW", "days_reached", "find_copies", "sketches_of", "without_furniture"]
