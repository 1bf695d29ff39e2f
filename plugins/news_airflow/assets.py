"""The assets. The partition key of ``RAW`` is a news day. ``INBOX`` and ``FEEDS`` are signals."""

from airflow.sdk import Asset, AssetWatcher

from news_airflow.triggers import FeedTrigger, InboxTrigger

RAW = Asset(name="raw_articles", uri="news://raw_articles")
TABLES = tuple(Asset(name=name, uri=f"news://tables/{name}") for name in ("entities", "quotes", "events", "articles"))
INBOX = Asset(name="inbox", uri="news://inbox", watchers=[AssetWatcher(name="inbox", trigger=InboxTrigger())])
FEEDS = Asset(name="feeds", uri="news://feeds", watchers=[AssetWatcher(name="feeds", trigger=FeedTrigger())])
HEALTH = Asset(name="lake_health", uri="news://lake_health")
