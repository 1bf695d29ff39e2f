"""Backfill of archived days on Apache Spark: executors derive articles, the driver commits month by month."""
