"""Relations between articles: near duplicates, quotes, events, people, revisions and co-mentions, from rows to rows."""

from newslake.pipeline.clusters.co_mentions import MENTION_COLUMNS, co_mention_rows
from newslake.pipeline.clusters.event_clusters import (
    PLAN_COLUMNS,
    PLAN_WINDOW,
    REPORTED_COLUMNS,
    ChangedPlans,
    Plans,
    cluster_rows,
    plans_of,
)
from newslake.pipeline.clusters.event_linking import event_cluster_member_rows, relate_events
from newslake.pipeline.clusters.event_mentions import EVENT_COLUMNS, EventDay, events_of_day
from newslake.pipeline.clusters.minhash import SKETCH_FIELDS, sketches_of
from newslake.pipeline.clusters.near_duplicates import (
    WINDOW,
    affected_days,
    drop_site_boilerplate,
    find_near_duplicates,
    match_of_variant,
)
from newslake.pipeline.clusters.person_links import LINK_COLUMNS, OUTLET_COLUMNS, article_groups, person_link_rows
from newslake.pipeline.clusters.quotes import QUOTE_COLUMNS, QuoteDay, cluster_quotes, quote_cluster_rows, quotes_of_day
from newslake.pipeline.clusters.revisions import (
    SentenceChange,
    changes_between,
    contents_in_order,
    quotes_removed,
    revision_rows,
)

__all__ = [
    "EVENT_COLUMNS",
    "LINK_COLUMNS",
    "MENTION_COLUMNS",
    "OUTLET_COLUMNS",
    "PLAN_COLUMNS",
    "PLAN_WINDOW",
    "QUOTE_COLUMNS",
    "REPORTED_COLUMNS",
    "SKETCH_FIELDS",
    "WINDOW",
    "ChangedPlans",
    "EventDay",
    "Plans",
    "QuoteDay",
    "SentenceChange",
    "affected_days",
    "article_groups",
    "changes_between",
    "cluster_quotes",
    "cluster_rows",
    "co_mention_rows",
    "contents_in_order",
    "drop_site_boilerplate",
    "event_cluster_member_rows",
    "events_of_day",
    "find_near_duplicates",
    "match_of_variant",
    "person_link_rows",
    "plans_of",
    "quote_cluster_rows",
    "quotes_of_day",
    "quotes_removed",
    "relate_events",
    "revision_rows",
    "sketches_of",
]
