"""Every table that newslake writes: the contract from which docs/tables.md and all checks are made.

A nullable column may be added; any other change needs a decision record.
"""

from typing import get_args

from pipeline.model import annotation, article
from pipeline.model.outcome import OUTCOME_KINDS, RunKind
from pipeline.tables.spec import (
    BLOCKS,
    BOOL,
    DAY,
    INT,
    INTS,
    METHODS,
    REAL,
    SPANS,
    TEXT,
    TEXTS,
    TIME,
    Column,
    TableSpec,
)

SCHEMA_VERSION = 2

ARTICLE_KEYS = (
    Column("article_id", TEXT, "Stable id of the article: 32 hex of SHA-256 of its canonical URL, or of its text."),
    Column("revision_id", TEXT, "Names the content: 16 hex of content_hash. Join on (article_id, revision_id)."),
    Column("published_at", TIME, "When the article was published, UTC; null where nothing says so.", True),
)


# Reading tables: each row depends on one article alone.

ARTICLES = TableSpec(
    "articles",
    "One row an article: the content that the archive saw last.",
    ("article_id",),
    ("published_at", "article_id"),
    (
        *ARTICLE_KEYS,
        Column("url", TEXT, "Where the page was in the end, after redirects.", True),
        Column("canonical_url", TEXT, "The one spelling of the URL that names the article.", True),
        Column("source_key", TEXT, "Key of the source in sources.toml that listed it first."),
        Column("publisher", TEXT, "The outlet, as the page or the source says.", True),
        Column("domain", TEXT, "Registrable domain of the URL.", True),
        Column("title", TEXT, "Headline.", True),
        Column("standfirst", TEXT, "The summary under the headline, where the page shows one.", True),
        Column("authors", TEXTS, "Names of the authors in the page's order; organisations are not authors."),
        Column("section", TEXT, "The publisher's section.", True),
        Column("tags", TEXTS, "The publisher's keywords."),
        Column("language", TEXT, "ISO 639-1 code of the text.", True),
        Column(
            "published_at_method",
            TEXT,
            "Where published_at was found.",
            values=get_args(article.DateMethod),
        ),
        Column("published_at_precision", TEXT, "Whether the time of day is known.", True, values=("second", "day")),
        Column("published_at_zone", TEXT, "Offset from UTC in which the page wrote published_at, e.g. +02:00.", True),
        Column("modified_at", TIME, "When the page says it was last changed, UTC.", True),
        Column("fetched_at", TIME, "When this content was first fetched, UTC."),
        Column("text", TEXT, "What a reader reads; all offsets count code points of this text, from 0."),
        Column(
            "blocks", BLOCKS, "What each stretch of the text is: title, standfirst, heading, paragraph, list, caption."
        ),
        Column("word_count", INT, "Words in paragraphs and lists."),
        Column("page_type", TEXT, "What kind of page it is.", values=get_args(article.PageType)),
        Column("is_paywalled", BOOL, "Whether the text is only what a paywall lets through."),
        Column("tdm_reserved", BOOL, "Whether the publisher reserves text and data mining."),
        Column("content_hash", TEXT, "SHA-256 of title and paragraphs, folded; equal for exact copies."),
        Column("wire_agency", TEXT, "The news agency that the article credits.", True),
        Column("flags", TEXTS, "What to know before trusting it, e.g. charset_repaired, date_in_future."),
        Column("entity_count", INT, "Rows in entities; null when it was not read.", True),
        Column("quote_count", INT, "Rows in quotes; null when it was not read.", True),
        Column("event_count", INT, "Rows in events; null when it was not read.", True),
        Column("payload_digest", TEXT, "Payload digest of the WARC record that it was read from.", True),
        Column("http_status", INT, "HTTP status of that record; null for local files.", True),
        Column("extractor", TEXT, "What chose the body text."),
        Column("field_methods", METHODS, "By which method title, authors, body and other fields were decided.", True),
        Column("model_name", TEXT, "Name and version of the language model; null when it was not read.", True),
        Column("pipeline_version", TEXT, "One hash over rules, lexicons and model."),
        Column("kb_version", TEXT, "Hash of all that is known of its names and quotes; null: nothing.", True),
    ),
)

ENTITIES = TableSpec(
    "entities",
    "One row a mention of a person, organisation, place or other named thing.",
    ("article_id", "entity_index"),
    ("article_id", "entity_index"),
    (
        *ARTICLE_KEYS,
        Column("entity_index", INT, "0-based, in reading order."),
        Column("entity_text", TEXT, "The mention, without title, article and possessive."),
        Column("start_char", INT, "First code point in articles.text."),
        Column("end_char", INT, "Code point after the last."),
        Column("mention_kind", TEXT, "How it is mentioned.", values=get_args(annotation.MentionKind)),
        Column("entity_type", TEXT, "OntoNotes name: PERSON, ORG, GPE, ...; UNKNOWN for an unresolved it or they."),
        Column("cluster_index", INT, "Who is who inside the article; null if unresolved.", True),
        Column("entity_id", TEXT, "Comparable across articles: the QID, else a hash of folded name and type.", True),
        Column("entity_name", TEXT, "The fullest name that the article gives it.", True),
        Column("honorific_text", TEXT, "Title that stands beside it, e.g. Mrs.", True),
        Column("role_text", TEXT, "Role that the text gives it, e.g. prime minister.", True),
        Column("country_code", TEXT, "Country or nationality, ISO 3166-1 alpha-3.", True),
        Column("gender", TEXT, "F, M or U (unknown) for persons; null for others.", True, get_args(annotation.Gender)),
        Column(
            "gender_method",
            TEXT,
            "What the gender rests on; none: nothing, or a correction.",
            True,
            get_args(annotation.GenderMethod),
        ),
        Column("qid", TEXT, "Wikidata id from the knowledge base.", True),
        Column("qid_confidence", REAL, "0 to 1: how sure the Wikidata id is; null without one.", True),
        Column("kb_version", TEXT, "Hash of all that is known of its names; null where nothing is.", True),
        Column("sentence_index", INT, "0-based sentence of the article."),
        Column("paragraph_index", INT, "0-based block of the article."),
        Column("block_kind", TEXT, "Kind of that block.", values=get_args(article.BlockKind)),
        Column("quote_index", INT, "The quote it stands in; null outside quotes.", True),
        Column("link_method", TEXT, "How it joined its cluster.", values=get_args(annotation.LinkMethod)),
        Column("confidence", REAL, "0 to 1: how sure the link is."),
        Column("country_method", TEXT, "What the country rests on.", True, get_args(annotation.CountryMethod)),
        Column("group_cluster_indexes", INTS, "Clusters of a mention of several; null for one.", True),
        Column("group_entity_ids", TEXTS, "entity_id of each of these, in the same order.", True),
    ),
)

QUOTES = TableSpec(
    "quotes",
    "One row a reported statement, with its speaker.",
    ("article_id", "quote_index"),
    ("article_id", "quote_index"),
    (
        *ARTICLE_KEYS,
        Column("quote_index", INT, "0-based, in reading order."),
        Column("quote_type", TEXT, "By the share of it inside marks.", values=get_args(annotation.QuoteType)),
        Column("quote_text", TEXT, "Verbatim stretch of the text, first mark to last, all its paragraphs."),
        Column("start_char", INT, "First code point in articles.text."),
        Column("end_char", INT, "Code point after the last."),
        Column("quoted_spans", SPANS, "The quoted stretches inside it."),
        Column("is_closed", BOOL, "False where the closing mark is missing."),
        Column("cue_text", TEXT, "The reporting word.", True),
        Column("cue_lemma", TEXT, "Its lemma.", True),
        Column("cue_stance", TEXT, "What the cue says of the statement.", True, get_args(annotation.CueStance)),
        Column("speaker_text", TEXT, "The mention of the speaker beside the quote; null if not known.", True),
        Column("speaker_start_char", INT, "First code point of speaker_text.", True),
        Column("speaker_end_char", INT, "Code point after its last.", True),
        Column("speaker_cluster_index", INT, "The speaker's cluster_index in entities.", True),
        Column("speaker_entity_id", TEXT, "The speaker's entity_id in entities.", True),
        Column("speaker_name", TEXT, "The speaker's full name; null rather than a guess.", True),
        Column("speaker_kind", TEXT, "What kind of speaker it is.", True, get_args(annotation.SpeakerKind)),
        Column("speaker_gender", TEXT, "F, M or U for persons; null for others.", True, get_args(annotation.Gender)),
        Column("speaker_gender_method", TEXT, "What it rests on.", True, get_args(annotation.GenderMethod)),
        Column("speaker_role", TEXT, "Role that the text gives the speaker.", True),
        Column("addressee_text", TEXT, "Who was told.", True),
        Column("medium_text", TEXT, "Where it was said or written.", True),
        Column("paragraph_index", INT, "0-based block in which it begins."),
        Column("word_count", INT, "Words in quote_text."),
        Column("normalized_text_hash", TEXT, "Hash of the folded words, to follow one quotation across outlets."),
        Column("confidence", REAL, "0 to 1: how sure the attribution is."),
        Column("rule_id", TEXT, "The rule that decided; override: a person did."),
    ),
)


def _participant(prefix: str, who: str) -> tuple[Column, ...]:
    return (
        Column(f"{prefix}_text", TEXT, f"{who}, as the text names it.", True),
        Column(f"{prefix}_cluster_index", INT, "Its cluster_index in entities.", True),
        Column(f"{prefix}_entity_id", TEXT, "Its entity_id in entities.", True),
        Column(f"{prefix}_name", TEXT, "Its full name.", True),
        Column(f"{prefix}_country", TEXT, "Its country, ISO 3166-1 alpha-3.", True),
        Column(f"{prefix}_sector", TEXT, "Its PLOVER sector: GOV, MIL, COP, ...", True),
    )


_OTHER_SUBTYPES = (
    *("accident", "appointment", "business", "crime", "culture", "death", "disaster", "election", "family", "health"),
    *("legal", "market", "science", "sport"),
)

EVENTS = TableSpec(
    "events",
    "One row a typed mention of something reported.",
    ("article_id", "event_index"),
    ("article_id", "event_index"),
    (
        *ARTICLE_KEYS,
        Column("event_index", INT, "0-based, in reading order."),
        Column("event_type", TEXT, "PLOVER type as reported, or OTHER."),
        Column("event_subtype", TEXT, "What kind of OTHER.", True, values=_OTHER_SUBTYPES),
        Column("event_mode", TEXT, "PLOVER mode.", True),
        Column(
            "quad_class",
            INT,
            "1 verbal cooperation, 2 material cooperation, 3 verbal conflict, 4 material conflict.",
            True,
        ),
        Column("plover_type", TEXT, "The type that PLOVER derives, e.g. AGREE for a planned meeting.", True),
        Column("modality", TEXT, "Whether it happened.", values=get_args(annotation.Modality)),
        Column("trigger_text", TEXT, "The word that names it."),
        Column("start_char", INT, "First code point of the trigger in articles.text."),
        Column("end_char", INT, "Code point after its last."),
        *_participant("actor", "Who does it"),
        *_participant("recipient", "To whom it is done"),
        Column("actors", TEXTS, "Names of all actors where there are several."),
        Column("recipients", TEXTS, "Names of all recipients where there are several."),
        Column("event_date", DAY, "First day of the event; null where nothing says so.", True),
        Column("event_date_end", DAY, "Last day of the event or of its uncertainty.", True),
        Column("event_date_precision", TEXT, "How exact it is.", values=get_args(annotation.DatePrecision)),
        Column("event_date_text", TEXT, "The words that date it.", True),
        Column("event_date_basis", TEXT, "What the date rests on.", values=get_args(annotation.DateBasis)),
        Column("event_date_note", TEXT, "What to know about it.", True),
        Column("place_text", TEXT, "Where, as the text names it.", True),
        Column("place_entity_id", TEXT, "The place's entity_id in entities.", True),
        Column("place_country", TEXT, "Its country, ISO 3166-1 alpha-3.", True),
        Column("place_lat", REAL, "Degrees north.", True),
        Column("place_lon", REAL, "Degrees east.", True),
        Column("attributed_to_entity_id", TEXT, "Who reports it, where it stands in somebody's words.", True),
        Column("sentence_index", INT, "0-based sentence of the article."),
        Column("coref_event_index", INT, "event_index of the first mention of the same event in this article."),
        Column("salience", REAL, "0 to 1; the highest of an article is its main event."),
        Column("confidence", REAL, "0 to 1: how sure type and actors are."),
        Column("rule_id", TEXT, "The rule that decided."),
    ),
)


# Cluster tables: they relate articles to each other.

NEAR_DUPLICATES = TableSpec(
    "near_duplicates",
    "One row an article: which earlier article it repeats.",
    ("article_id",),
    ("article_id",),
    (
        *ARTICLE_KEYS,
        Column(
            "dup_group_id",
            TEXT,
            "article_id of the earliest matching article of the seven days before; its own when none.",
        ),
        Column("is_duplicate", BOOL, "Whether an earlier article matches."),
        Column(
            "similarity",
            REAL,
            "Of that match. near: Jaccard index of the shingles of three words (at least 0.70). contained: share of "
            "the shorter text's shingles in the longer text (at least 0.80). exact and none: 1.",
        ),
        Column(
            "method",
            TEXT,
            "What matched: exact: equal content; near: nearly all words; contained: one text is a part of the other.",
            values=("none", "exact", "near", "contained"),
        ),
    ),
)

REVISIONS = TableSpec(
    "revisions",
    "One row a distinct content of an article in the archive, on the day of its present one.",
    ("article_id", "revision_id"),
    ("article_id", "revision_id"),
    (
        *ARTICLE_KEYS,
        Column("fetched_at", TIME, "When this content was first fetched, UTC."),
        Column("payload_digest", TEXT, "Payload digest of the record that had it first.", True),
        Column("word_count", INT, "Words in paragraphs and lists."),
        Column("sentences_added", INT, "Sentences that the content before it had not; null for the first.", True),
        Column("sentences_removed", INT, "Sentences that only the content before it had; null for the first.", True),
        Column(
            "quotes_removed",
            INT,
            "Stretches in double quotation marks, of three words or more, that only the content before it had.",
            True,
        ),
        Column(
            "input_hash",
            TEXT,
            "Hash of captures and rules; while it is the same, so is the row. Empty where a capture could not be read.",
        ),
    ),
)

QUOTE_CLUSTERS = TableSpec(
    "quote_clusters",
    "One row a quote: which quotation it is, also where another outlet printed more or fewer of its words.",
    ("article_id", "quote_index"),
    ("article_id", "quote_index"),
    (
        *ARTICLE_KEYS,
        Column("quote_index", INT, "Its quote_index in quotes."),
        Column(
            "quote_cluster_id",
            TEXT,
            "article_id:quote_index of the earliest quote of the group. A quote joins the group of the earliest one of "
            "the seven days before that it repeats; its own id when none.",
        ),
    ),
)

EVENT_CLUSTER_MEMBERS = TableSpec(
    "event_cluster_members",
    "One row a row of events: which event it is, whichever article tells of it.",
    ("article_id", "event_index"),
    ("article_id", "event_index"),
    (
        *ARTICLE_KEYS,
        Column("event_index", INT, "Its event_index in events."),
        Column(
            "event_cluster_id",
            TEXT,
            "article_id:event_index of the first mention in the earliest article. An event joins the cluster of the "
            "one of the seven days before with which it agrees most; its own id when none.",
        ),
        Column("dup_group_id", TEXT, "The article's, from copies: reports of one group count once."),
        Column("is_duplicate", BOOL, "Whether the article repeats an earlier one."),
        Column("sentence_start_char", INT, "First code point in articles.text of the sentence that tells of it."),
        Column("sentence_end_char", INT, "Code point after its last."),
    ),
)

EVENT_CLUSTERS = TableSpec(
    "event_clusters",
    "One row an event, on the day of its first report; what it says is its fullest report's.",
    ("event_cluster_id",),
    ("event_cluster_id",),
    (
        Column("event_cluster_id", TEXT, "The event, as in event_cluster_members."),
        Column("event_type", TEXT, "PLOVER type as reported, or OTHER."),
        Column("event_subtype", TEXT, "What kind of OTHER.", True),
        Column("event_mode", TEXT, "PLOVER mode.", True),
        Column("quad_class", INT, "As in events.", True),
        Column("plover_type", TEXT, "The type that PLOVER derives.", True),
        Column("modality", TEXT, "What the latest report says of it.", values=get_args(annotation.Modality)),
        Column("first_reported_at", TIME, "published_at of the first dated report, UTC.", True),
        Column("last_reported_at", TIME, "published_at of the last.", True),
        Column("report_count", INT, "Articles that tell of it."),
        Column("independent_count", INT, "The same where copies of one article count once."),
        Column("actors", TEXTS, "Who does it: names, else the words of the text."),
        Column("actor_country", TEXT, "Country of the first, ISO 3166-1 alpha-3.", True),
        Column("recipients", TEXTS, "To whom it is done, in the same way."),
        Column("recipient_country", TEXT, "Country of the first, ISO 3166-1 alpha-3.", True),
        Column("event_date", DAY, "First day of the event, of the fullest report that dates it.", True),
        Column("event_date_end", DAY, "Last day of the event or of its uncertainty.", True),
        Column("event_date_precision", TEXT, "How exact it is.", values=get_args(annotation.DatePrecision)),
        Column("place_text", TEXT, "Where, as the fullest report that places it says.", True),
        Column("place_country", TEXT, "Its country, ISO 3166-1 alpha-3.", True),
        Column("article_id", TEXT, "The fullest report: not a copy where there is a choice."),
        Column("revision_id", TEXT, "Its content. Join on both ids."),
        Column("event_index", INT, "Its row in events."),
        Column("sentence_start_char", INT, "First code point in articles.text of its sentence."),
        Column("sentence_end_char", INT, "Code point after its last."),
        Column(
            "planned_cluster_id",
            TEXT,
            "Where it happened: the event of the four weeks before that announced it, as a meeting and its plan.",
            True,
        ),
    ),
)

CO_MENTIONS = TableSpec(
    "co_mentions",
    "One row a pair of people and day: in how many of the day's articles one sentence names both.",
    ("entity_id", "other_entity_id"),
    ("entity_id", "other_entity_id"),
    (
        Column("entity_id", TEXT, "As in entities; of the two ids the first in the order of their characters."),
        Column("other_entity_id", TEXT, "The other id."),
        Column("entity_name", TEXT, "The longest entity_name of the day; of equally long ones the last."),
        Column("other_entity_name", TEXT, "The other's, in the same way."),
        Column("article_count", INT, "Articles of the day, those left out that repeat an earlier one."),
    ),
    key_includes_partition=True,
)


# Log tables: append-only.

OUTCOMES = TableSpec(
    "outcomes",
    "One row a page and run: what became of it, and why.",
    ("run_id", "source_key", "url"),
    ("decided_at", "url"),
    (
        Column("run_id", TEXT, "The run that decided."),
        Column("source_key", TEXT, "Key of the source."),
        Column("news_day", DAY, "News day of the page."),
        Column("url", TEXT, "Its URL; the file's name where there is none."),
        Column("article_id", TEXT, "Its article, where one is known.", True),
        Column("stage", TEXT, "The stage that decided."),
        Column("outcome", TEXT, "What became of it.", values=OUTCOME_KINDS),
        Column("reason", TEXT, "Why, in one word; null when kept.", True),
        Column("detail", TEXT, "Why, for a person.", True),
        Column("payload_digest", TEXT, "Payload digest of its bytes in the archive.", True),
        Column("decided_at", TIME, "When it was decided, UTC."),
    ),
    partition="decided_date",
)

LISTING_FETCHES = TableSpec(
    "listing_fetches",
    "One row a run that asked an online source for its listing: what it gave. A day without one was not asked for.",
    ("run_id", "source_key"),
    ("requested_at", "source_key"),
    (
        Column("run_id", TEXT, "The run that asked."),
        Column("source_key", TEXT, "Key of the source."),
        Column("listed_day", DAY, "The only day that was listed; null where it lists its newest pages.", True),
        Column(
            "result",
            TEXT,
            "listed, also with no entry; unchanged: the server says so; partial: a part could not be had; failed.",
            values=("listed", "unchanged", "partial", "failed"),
        ),
        Column("entries", INT, "Entries that it gave, broken ones included."),
        Column("reason", TEXT, "Why it is partial or failed, in one word.", True),
        Column("requested_at", TIME, "UTC."),
    ),
    partition="requested_date",
)

RUNS = TableSpec(
    "runs",
    "One row a run: what it did, when and with which versions.",
    ("run_id",),
    ("run_id",),
    (
        Column("run_id", TEXT, "The run."),
        Column("kind", TEXT, "What started it.", values=get_args(RunKind)),
        Column("status", TEXT, "How it ended.", values=("done", "failed")),
        Column("started_at", TIME, "UTC."),
        Column("committed_at", TIME, "When its rows could be read, UTC.", True),
        Column("counts", TEXT, "JSON object of its counts."),
        Column("days_touched", TEXTS, "Days it wrote to, YYYY-MM-DD."),
        Column("versions", TEXT, "JSON object of versions: pipeline, model, schema."),
    ),
    partition="run_date",
)

DELETIONS = TableSpec(
    "deletions",
    "One row an article that was forgotten: delete it from every copy of the tables.",
    ("article_id", "deleted_at"),
    ("deleted_at", "article_id"),
    (
        Column("article_id", TEXT, "The article. All rows of it are gone, and other rows name it no more."),
        Column("revision_ids", TEXTS, "The contents that the tables had of it when it was forgotten."),
        Column("last_published_date", DAY, "The published_date on which its rows stood last."),
        Column("reason", TEXT, "Why, as it was given.", True),
        Column("deleted_at", TIME, "When it was forgotten, UTC."),
    ),
    partition="deleted_date",
)


# All tables.

READING_TABLES = (ARTICLES, ENTITIES, QUOTES, EVENTS)
CLUSTER_TABLES = (NEAR_DUPLICATES, REVISIONS, QUOTE_CLUSTERS, EVENT_CLUSTER_MEMBERS, EVENT_CLUSTERS, CO_MENTIONS)
LOG_TABLES = (OUTCOMES, LISTING_FETCHES, RUNS, DELETIONS)
TABLES = (*READING_TABLES, *CLUSTER_TABLES, *LOG_TABLES)


def table_named(name: str) -> TableSpec:
    """Return one table's spec. Raises: KeyError."""
    return {table.name: table for table in TABLES}[name]
