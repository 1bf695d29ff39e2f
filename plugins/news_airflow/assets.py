"""The assets, each declared once. ``RAW`` carries a partition key: a news day."""

from airflow.sdk import Asset

RAW = Asset(name="raw_articles", uri="news://raw_articles")
TABLES = tuple(Asset(name=name, uri=f"news://tables/{name}") for name in ("entities", "quotes", "events", "articles"))
