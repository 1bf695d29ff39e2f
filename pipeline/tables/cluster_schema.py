"""The cluster tables: they relate articles, quotes, events and people of several articles to each other."""

from typing import get_args

from newslake.pipeline.model import annotation
from newslake.pipeline.tables.spec import ARTICLE_KEYS, BOOL, DAY, INT, REAL, TEXT, TEXTS, TIME, Column, TableSpec

NEAR_DUPLICATES = TableSpec(
    "near_duplicates",
    "One row per article, with the earlier article that it repeats, if there is one.",
    ("article_id",),
    ("article_id",),
    (
        *ARTICLE_KEYS,
        Column(
            "dup_group_id",
            TEXT,
            "`article_id` of the earliest article that this one repeats, from the same day or the seven days before. "
            "An article that repeats no other has its own `article_id` here.",
        ),
        Column("is_duplicate", BOOL, "Whether an earlier article matches."),
        Column(
            "similarity",
            REAL,
            "Similarity to the earlier article, 0 to 1. Its measure depends on `method`. `near`: Jaccard similarity of "
            "the shingles of the two texts (at least 0.7). `contained`: share of the shorter text's shingles that the "
            "longer text also has (at least 0.8). `exact` and `none`: always 1.",
        ),
        Column("method", TEXT, "How the two articles match.", values=("none", "exact", "near", "contained")),
    ),
)

REVISIONS = TableSpec(
    "revisions",
    "One row per revision of an article in the archive. All revisions of an article are under the published day of its "
    "latest revision.",
    ("article_id", "revision_id"),
    ("article_id", "revision_id"),
    (
        *ARTICLE_KEYS,
        Column("fetched_at", TIME, "First fetch of this revision, UTC."),
        Column("payload_digest", TEXT, "Payload digest of the first WARC record that has this revision.", True),
        Column("word_count", INT, "Number of words in paragraphs and list items."),
        Column(
            "sentences_added",
            INT,
            "Number of sentences that the previous revision did not have; null for the first revision.",
            True,
        ),
        Column(
            "sentences_removed",
            INT,
            "Number of sentences that only the previous revision had; null for the first revision.",
            True,
        ),
        Column(
            "quotes_removed",
            INT,
            "Number of passages in double quotation marks that only the previous revision had; null for the first "
            "revision. Only passages of three words or more count. They are not rows of `quotes`: indirect quotes, and "
            "text in single quotation marks, do not count.",
            True,
        ),
        Column(
            "input_hash",
            TEXT,
            "Hash of the captures and rules from which the row was computed. Equal hashes mean equal rows. Empty if a "
            "capture could not be read.",
        ),
    ),
)

QUOTE_CLUSTERS = TableSpec(
    "quote_clusters",
    "One row per quote, with the id of its quote cluster: the same quote in several articles, even if words were cut "
    "or changed.",
    ("article_id", "quote_index"),
    ("article_id", "quote_index"),
    (
        *ARTICLE_KEYS,
        Column("quote_index", INT, "`quote_index` of the quote in `quotes`."),
        Column(
            "quote_cluster_id",
            TEXT,
            "Id of the quote cluster: `article_id:quote_index` of its earliest quote. A quote joins the cluster of the "
            "earliest quote that it repeats, from the same day or the seven days before. If it repeats no quote, it "
            "starts a cluster.",
        ),
    ),
)

EVENT_CLUSTER_MEMBERS = TableSpec(
    "event_cluster_members",
    "One row per event mention, with the id of its event cluster: the same event in several articles.",
    ("article_id", "event_index"),
    ("article_id", "event_index"),
    (
        *ARTICLE_KEYS,
        Column("event_index", INT, "`event_index` of the mention in `events`."),
        Column(
            "event_cluster_id",
            TEXT,
            "Id of the event cluster: `article_id:event_index` of the first mention in its earliest article. An event "
            "mention joins the cluster of the best-matching event mention from the same day or the seven days before. "
            "If none matches, it starts a cluster.",
        ),
        Column(
            "dup_group_id", TEXT, "`dup_group_id` of the article in `near_duplicates`. Use it to count duplicates once."
        ),
        Column("is_duplicate", BOOL, "Whether the article repeats an earlier article."),
        Column("sentence_start_char", INT, "Start offset in `articles.text` of the sentence with the mention."),
        Column("sentence_end_char", INT, "End offset of that sentence, exclusive."),
    ),
)

EVENT_CLUSTERS = TableSpec(
    "event_clusters",
    "One row per event cluster, under the published day of its earliest article. Most values come from its fullest "
    "mention: the mention with the most known names, dates and places. For each value, mentions in duplicates are used "
    "only if no mention in another article has the value.",
    ("event_cluster_id",),
    ("event_cluster_id",),
    (
        Column("event_cluster_id", TEXT, "Id of the event cluster, as in `event_cluster_members`."),
        Column(
            "event_type", TEXT, "Type of the reported event, whether or not it happened: a PLOVER type, or `OTHER`."
        ),
        Column("event_subtype", TEXT, "Subtype of an `OTHER` event; else null.", True),
        Column("event_mode", TEXT, "PLOVER mode; null if the type has no mode.", True),
        Column("quad_class", INT, "PLOVER quad class, 1 to 4; null if `event_type` is `OTHER`.", True),
        Column("plover_type", TEXT, "Type by the rules of PLOVER; null if `event_type` is `OTHER`.", True),
        Column(
            "modality",
            TEXT,
            "Modality in the latest article that reports the event.",
            values=get_args(annotation.Modality),
        ),
        Column(
            "first_reported_at", TIME, "Earliest `published_at` of its articles, UTC; null if no article has one.", True
        ),
        Column(
            "last_reported_at", TIME, "Latest `published_at` of its articles, UTC; null if no article has one.", True
        ),
        Column("report_count", INT, "Number of articles that report the event."),
        Column("independent_count", INT, "Number of articles that report the event, with duplicates counted once."),
        Column("is_main", BOOL, "Whether the event is the main event of one of these articles."),
        Column("confidence", REAL, "0 to 1: highest `confidence` of its mentions in `events`."),
        Column(
            "actors", TEXTS, "All actors: their names, or else the words of the text; empty if the text names no actor."
        ),
        Column("actor_country", TEXT, "Country of the first actor, ISO 3166-1 alpha-3.", True),
        Column(
            "recipients",
            TEXTS,
            "All recipients: their names, or else the words of the text; empty if the text names no recipient.",
        ),
        Column("recipient_country", TEXT, "Country of the first recipient, ISO 3166-1 alpha-3.", True),
        Column("event_date", DAY, "First day of the event, from the fullest mention with a date.", True),
        Column(
            "event_date_end",
            DAY,
            "Last day of the event. If the text gives only a period (a week, a month), its last day.",
            True,
        ),
        Column("event_date_precision", TEXT, "Precision of the date.", values=get_args(annotation.DatePrecision)),
        Column("place_text", TEXT, "Place in the words of the text, from the fullest mention with a place.", True),
        Column("place_country", TEXT, "Country of the place, ISO 3166-1 alpha-3.", True),
        Column("article_id", TEXT, "`article_id` of the article with the fullest mention."),
        Column("revision_id", TEXT, "`revision_id` of that article. Join on `(article_id, revision_id)`."),
        Column("event_index", INT, "`event_index` of the fullest mention in `events`."),
        Column("sentence_start_char", INT, "Start offset in `articles.text` of the sentence with the fullest mention."),
        Column("sentence_end_char", INT, "End offset of that sentence, exclusive."),
        Column(
            "planned_cluster_id",
            TEXT,
            "For an event that happened: `event_cluster_id` of the earlier cluster in which the event was planned or "
            "hypothetical, from the same day or the 28 days before; null without such a cluster.",
            True,
        ),
    ),
)

PERSON_LINKS = TableSpec(
    "person_links",
    "One row per person whom an article names only by surname, with the person of that full name in other articles of "
    "the same published day. People without a row are the person of their `entity_id`.",
    ("article_id", "cluster_index"),
    ("article_id", "cluster_index"),
    (
        *ARTICLE_KEYS,
        Column("cluster_index", INT, "`cluster_index` of the person in `entities`."),
        Column("person_id", TEXT, "`entity_id` that the full name has in `entities`."),
        Column(
            "person_name",
            TEXT,
            "Longest full name of the person on the day. Of equally long names, the last one in character order.",
        ),
        Column(
            "method",
            TEXT,
            "Evidence that the surname is that of the person.",
            values=("related", "role", "organisations", "outlet"),
        ),
        Column("confidence", REAL, "0 to 1: confidence that the surname means the person."),
    ),
)

CO_MENTIONS = TableSpec(
    "co_mentions",
    "One row per day and pair of people, with the number of articles that have a sentence with both people.",
    ("entity_id", "other_entity_id"),
    ("entity_id", "other_entity_id"),
    (
        Column(
            "entity_id",
            TEXT,
            "`entity_id` of one person, as in `entities`, or `person_id` of `person_links`; of the two, it is the "
            "first in character order.",
        ),
        Column("other_entity_id", TEXT, "Id of the other person."),
        Column(
            "entity_name",
            TEXT,
            "Longest `entity_name` of the person on the day. Of equally long names, the last one in character order.",
        ),
        Column("other_entity_name", TEXT, "Name of the other person, chosen in the same way."),
        Column(
            "article_count",
            INT,
            "Number of articles of the day that have a sentence with both people; duplicates are not counted.",
        ),
    ),
    key_includes_day=True,
)

CLUSTER_TABLES = (
    NEAR_DUPLICATES,
    REVISIONS,
    QUOTE_CLUSTERS,
    EVENT_CLUSTER_MEMBERS,
    EVENT_CLUSTERS,
    PERSON_LINKS,
    CO_MENTIONS,
)
