"""Every table that newslake writes: the contract from which docs/tables.md and all checks are generated.

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
    Column(
        "article_id",
        TEXT,
        "Id of the article: 32 hex digits of the SHA-256 of its canonical URL, or of its text if it has no URL.",
    ),
    Column(
        "revision_id",
        TEXT,
        "Id of the revision: the first 16 hex digits of content_hash. Join on (article_id, revision_id).",
    ),
    Column("published_at", TIME, "Publication time, UTC; null if nothing states it.", True),
)


# Reading tables: each row depends on one article alone.

ARTICLES = TableSpec(
    "articles",
    "One row per article: its latest revision in the archive.",
    ("article_id",),
    ("published_at", "article_id"),
    (
        *ARTICLE_KEYS,
        Column("url", TEXT, "URL of the page after redirects.", True),
        Column("canonical_url", TEXT, "Canonical URL: the one spelling that identifies the article.", True),
        Column("source_key", TEXT, "Key in sources.toml of the source that listed it first."),
        Column("publisher", TEXT, "Publisher, as named by the page or the source.", True),
        Column("domain", TEXT, "Registrable domain of the URL.", True),
        Column("title", TEXT, "Headline.", True),
        Column("standfirst", TEXT, "Summary under the headline, if the page shows one.", True),
        Column("authors", TEXTS, "Names of the authors, in the order of the page; organisations are not authors."),
        Column("section", TEXT, "Section of the publication.", True),
        Column("tags", TEXTS, "Keywords of the publisher."),
        Column("language", TEXT, "ISO 639-1 code of the text.", True),
        Column(
            "published_at_method",
            TEXT,
            "Where published_at was found.",
            values=get_args(article.DateMethod),
        ),
        Column("published_at_precision", TEXT, "Whether the time of day is known.", True, values=("second", "day")),
        Column("published_at_zone", TEXT, "UTC offset of published_at on the page, e.g. +02:00.", True),
        Column("modified_at", TIME, "Last change according to the page, UTC.", True),
        Column("fetched_at", TIME, "First fetch of this revision, UTC."),
        Column("text", TEXT, "Text that a reader sees. All offsets count code points of this text, from 0."),
        Column("blocks", BLOCKS, "Kind and span of each block of the text, in reading order."),
        Column("word_count", INT, "Words in paragraphs and lists."),
        Column(
            "page_type",
            TEXT,
            "Type of the page. The pages of other types than article and paywall are rejected.",
            values=get_args(article.PageType),
        ),
        Column("is_paywalled", BOOL, "Whether a paywall hides part of the text."),
        Column("tdm_reserved", BOOL, "Whether the publisher reserves text and data mining."),
        Column(
            "content_hash",
            TEXT,
            "SHA-256 of title and paragraphs, folded in case and white space; equal for exact duplicates.",
        ),
        Column("wire_agency", TEXT, "News agency credited by the article.", True),
        Column("flags", TEXTS, "Warnings, e.g. charset_repaired, date_in_future."),
        Column("entity_count", INT, "Rows in entities; null if the article was not annotated.", True),
        Column("quote_count", INT, "Rows in quotes; null if the article was not annotated.", True),
        Column("event_count", INT, "Rows in events; null if the article was not annotated.", True),
        Column("payload_digest", TEXT, "Payload digest of the WARC record with the page.", True),
        Column("http_status", INT, "HTTP status of that record; null for local files.", True),
        Column("extractor", TEXT, "Extractor that chose the body text, with its version."),
        Column("field_methods", METHODS, "Method that decided each field: title, authors, body and others.", True),
        Column("model_name", TEXT, "Name and version of the NLP model; null if the article was not annotated.", True),
        Column("pipeline_version", TEXT, "Hash of rules, lexicons and model."),
        Column(
            "kb_version",
            TEXT,
            "Hash of the knowledge-base entries and corrections of its names and quotes; null without them.",
            True,
        ),
    ),
)

ENTITIES = TableSpec(
    "entities",
    "One row per mention of a person, organisation, place or other named thing.",
    ("article_id", "entity_index"),
    ("article_id", "entity_index"),
    (
        *ARTICLE_KEYS,
        Column("entity_index", INT, "0-based position in reading order."),
        Column("entity_text", TEXT, "The mention, without title (Mrs), article (the) and possessive ('s)."),
        Column("start_char", INT, "Start offset in articles.text."),
        Column("end_char", INT, "End offset: the code point after the last."),
        Column("mention_kind", TEXT, "Form of the mention.", values=get_args(annotation.MentionKind)),
        Column("entity_type", TEXT, "Entity type of OntoNotes, or UNKNOWN."),
        Column(
            "cluster_index",
            INT,
            "Coreference cluster: equal for all mentions of one entity in the article; null if unresolved.",
            True,
        ),
        Column(
            "entity_id", TEXT, "Id across articles: the Wikidata id (QID), else a hash of folded name and type.", True
        ),
        Column("entity_name", TEXT, "Fullest name in the article.", True),
        Column("honorific_text", TEXT, "Title next to the name, e.g. Mrs.", True),
        Column("role_text", TEXT, "Role stated in the text, e.g. prime minister.", True),
        Column("country_code", TEXT, "Country or nationality, ISO 3166-1 alpha-3.", True),
        Column("gender", TEXT, "Gender of a person; null for others.", True, get_args(annotation.Gender)),
        Column(
            "gender_method",
            TEXT,
            "Evidence for the gender.",
            True,
            get_args(annotation.GenderMethod),
        ),
        Column("qid", TEXT, "Wikidata id from the knowledge base.", True),
        Column("qid_confidence", REAL, "0 to 1: confidence of the Wikidata id; null without one.", True),
        Column(
            "kb_version",
            TEXT,
            "Hash of the knowledge-base entries and corrections of its names; null without them.",
            True,
        ),
        Column("sentence_index", INT, "0-based sentence in the article."),
        Column("paragraph_index", INT, "0-based block in the article."),
        Column("block_kind", TEXT, "Kind of that block.", values=get_args(article.BlockKind)),
        Column("quote_index", INT, "Quote that contains the mention; null outside quotes.", True),
        Column(
            "link_method", TEXT, "How the mention was linked to its cluster.", values=get_args(annotation.LinkMethod)
        ),
        Column("confidence", REAL, "0 to 1: confidence of that link."),
        Column("country_method", TEXT, "Evidence for the country.", True, get_args(annotation.CountryMethod)),
        Column("group_cluster_indexes", INTS, "Clusters of a mention of several entities; null for one entity.", True),
        Column("group_entity_ids", TEXTS, "entity_id of these clusters, in the same order.", True),
    ),
)

QUOTES = TableSpec(
    "quotes",
    "One row per reported statement, with its speaker.",
    ("article_id", "quote_index"),
    ("article_id", "quote_index"),
    (
        *ARTICLE_KEYS,
        Column("quote_index", INT, "0-based position in reading order."),
        Column(
            "quote_type",
            TEXT,
            "Type by the share of the text inside quotation marks.",
            values=get_args(annotation.QuoteType),
        ),
        Column("quote_text", TEXT, "Verbatim text from the first quotation mark to the last, over all its paragraphs."),
        Column("start_char", INT, "Start offset in articles.text."),
        Column("end_char", INT, "End offset: the code point after the last."),
        Column("quoted_spans", SPANS, "Spans inside quotation marks."),
        Column("is_closed", BOOL, "False if the closing quotation mark is missing."),
        Column("cue_text", TEXT, "Cue: the reporting word, e.g. said.", True),
        Column("cue_lemma", TEXT, "Lemma of the cue.", True),
        Column("cue_stance", TEXT, "Stance of the cue towards the statement.", True, get_args(annotation.CueStance)),
        Column("speaker_text", TEXT, "Speaker as mentioned next to the quote; null if unknown.", True),
        Column("speaker_start_char", INT, "Start offset of speaker_text.", True),
        Column("speaker_end_char", INT, "End offset of speaker_text.", True),
        Column("speaker_cluster_index", INT, "cluster_index of the speaker in entities.", True),
        Column("speaker_entity_id", TEXT, "entity_id of the speaker in entities.", True),
        Column("speaker_name", TEXT, "Full name of the speaker; null rather than a guess.", True),
        Column("speaker_kind", TEXT, "Kind of speaker.", True, get_args(annotation.SpeakerKind)),
        Column(
            "speaker_gender",
            TEXT,
            "Gender of a person; null for others.",
            True,
            get_args(annotation.Gender),
        ),
        Column("speaker_gender_method", TEXT, "Evidence for the gender.", True, get_args(annotation.GenderMethod)),
        Column("speaker_role", TEXT, "Role of the speaker stated in the text.", True),
        Column("addressee_text", TEXT, "Addressee: to whom it was said.", True),
        Column("medium_text", TEXT, "Where it was said or written.", True),
        Column("paragraph_index", INT, "0-based block of its start."),
        Column("word_count", INT, "Words in quote_text."),
        Column("normalized_text_hash", TEXT, "Hash of the case-folded words, to follow one quote across publishers."),
        Column("confidence", REAL, "0 to 1: confidence of the attribution to the speaker."),
        Column("rule_id", TEXT, "Rule that decided; override: a correction by a person."),
    ),
)


def _participant(prefix: str, who: str) -> tuple[Column, ...]:
    return (
        Column(f"{prefix}_text", TEXT, f"{who}, in the words of the text.", True),
        Column(f"{prefix}_cluster_index", INT, f"cluster_index of the {prefix} in entities.", True),
        Column(f"{prefix}_entity_id", TEXT, f"entity_id of the {prefix} in entities.", True),
        Column(f"{prefix}_name", TEXT, f"Full name of the {prefix}.", True),
        Column(f"{prefix}_country", TEXT, f"Country of the {prefix}, ISO 3166-1 alpha-3.", True),
        Column(f"{prefix}_sector", TEXT, f"PLOVER sector of the {prefix}.", True),
    )


_OTHER_SUBTYPES = (
    *("accident", "appointment", "business", "crime", "culture", "death", "disaster", "election", "family", "health"),
    *("legal", "market", "science", "sport"),
)

EVENTS = TableSpec(
    "events",
    "One row per mention of a reported event with a type.",
    ("article_id", "event_index"),
    ("article_id", "event_index"),
    (
        *ARTICLE_KEYS,
        Column("event_index", INT, "0-based position in reading order."),
        Column("event_type", TEXT, "PLOVER event type as reported, or OTHER."),
        Column("event_subtype", TEXT, "Subtype of an OTHER event.", True, values=_OTHER_SUBTYPES),
        Column("event_mode", TEXT, "PLOVER mode: how it is done, e.g. visit, arrest; null if the type has none.", True),
        Column("quad_class", INT, "Quad class of PLOVER, 1 to 4: verbal or material, cooperation or conflict.", True),
        Column("plover_type", TEXT, "Type derived by the rules of PLOVER, e.g. AGREE for a planned meeting.", True),
        Column("modality", TEXT, "Whether the event happened.", values=get_args(annotation.Modality)),
        Column("trigger_text", TEXT, "Trigger: the word that names the event."),
        Column("start_char", INT, "Start offset of the trigger in articles.text."),
        Column("end_char", INT, "End offset of the trigger: the code point after its last."),
        *_participant("actor", "Actor: who does it"),
        *_participant("recipient", "Recipient: to whom it is done"),
        Column("actors", TEXTS, "Names of all actors if there are several, else empty."),
        Column("recipients", TEXTS, "Names of all recipients if there are several, else empty."),
        Column("event_date", DAY, "First day of the event; null if the text does not state it.", True),
        Column("event_date_end", DAY, "Last day of the event, or its last possible day.", True),
        Column("event_date_precision", TEXT, "Precision of the date.", values=get_args(annotation.DatePrecision)),
        Column("event_date_text", TEXT, "Words that date the event.", True),
        Column("event_date_basis", TEXT, "Evidence for the date.", values=get_args(annotation.DateBasis)),
        Column("event_date_note", TEXT, "Caveat about the date.", True),
        Column("place_text", TEXT, "Place, in the words of the text.", True),
        Column("place_entity_id", TEXT, "entity_id of the place in entities.", True),
        Column("place_country", TEXT, "Country of the place, ISO 3166-1 alpha-3.", True),
        Column("place_lat", REAL, "Latitude of the place, degrees north.", True),
        Column("place_lon", REAL, "Longitude of the place, degrees east.", True),
        Column("attributed_to_entity_id", TEXT, "entity_id of the speaker, if the event is inside a quote.", True),
        Column("sentence_index", INT, "0-based sentence in the article."),
        Column("coref_event_index", INT, "event_index of the first mention of the same event in this article."),
        Column(
            "salience",
            REAL,
            "0 to 1: importance in the article. The event with the highest salience is the main event.",
        ),
        Column("confidence", REAL, "0 to 1: confidence of type and participants."),
        Column("rule_id", TEXT, "Rule that decided."),
    ),
)


# Cluster tables: they relate articles to each other.

NEAR_DUPLICATES = TableSpec(
    "near_duplicates",
    "One row per article: the earlier article that it repeats, if there is one.",
    ("article_id",),
    ("article_id",),
    (
        *ARTICLE_KEYS,
        Column(
            "dup_group_id",
            TEXT,
            "article_id of the earliest matching article of the seven days before; its own if none matches.",
        ),
        Column("is_duplicate", BOOL, "Whether an earlier article matches."),
        Column(
            "similarity",
            REAL,
            "Similarity to that article. near: Jaccard similarity of three-word shingles, at least 0.70. contained: "
            "share of the shorter text's shingles that are in the longer text, at least 0.80. exact and none: 1.",
        ),
        Column("method", TEXT, "How the two articles match.", values=("none", "exact", "near", "contained")),
    ),
)

REVISIONS = TableSpec(
    "revisions",
    "One row per revision of an article in the archive, under the published day of its latest revision.",
    ("article_id", "revision_id"),
    ("article_id", "revision_id"),
    (
        *ARTICLE_KEYS,
        Column("fetched_at", TIME, "First fetch of this revision, UTC."),
        Column("payload_digest", TEXT, "Payload digest of the first record with this revision.", True),
        Column("word_count", INT, "Words in paragraphs and lists."),
        Column("sentences_added", INT, "Sentences that the previous revision did not have; null for the first.", True),
        Column("sentences_removed", INT, "Sentences that only the previous revision had; null for the first.", True),
        Column(
            "quotes_removed",
            INT,
            "Passages of three words or more in double quotation marks that only the previous revision had.",
            True,
        ),
        Column(
            "input_hash",
            TEXT,
            "Hash of captures and rules: an equal hash means an equal row. Empty if a capture could not be read.",
        ),
    ),
)

QUOTE_CLUSTERS = TableSpec(
    "quote_clusters",
    "One row per quote: its group of the same quote in several articles, also with more or fewer words.",
    ("article_id", "quote_index"),
    ("article_id", "quote_index"),
    (
        *ARTICLE_KEYS,
        Column("quote_index", INT, "quote_index of the quote in quotes."),
        Column(
            "quote_cluster_id",
            TEXT,
            "article_id:quote_index of the earliest quote of the group. A quote joins the group of the earliest quote "
            "of the seven days before that it repeats; its own id if none matches.",
        ),
    ),
)

EVENT_CLUSTER_MEMBERS = TableSpec(
    "event_cluster_members",
    "One row per row of events: the event that it reports, across articles.",
    ("article_id", "event_index"),
    ("article_id", "event_index"),
    (
        *ARTICLE_KEYS,
        Column("event_index", INT, "event_index of the mention in events."),
        Column(
            "event_cluster_id",
            TEXT,
            "article_id:event_index of the first mention in the earliest article. An event joins the cluster of the "
            "best-matching event of the seven days before; its own id if none matches.",
        ),
        Column("dup_group_id", TEXT, "The article's group in near_duplicates: reports of one group count once."),
        Column("is_duplicate", BOOL, "Whether the article repeats an earlier one."),
        Column("sentence_start_char", INT, "Start offset in articles.text of the sentence that reports it."),
        Column("sentence_end_char", INT, "End offset of that sentence."),
    ),
)

EVENT_CLUSTERS = TableSpec(
    "event_clusters",
    "One row per event, under the day of its first report, with the values of its fullest report.",
    ("event_cluster_id",),
    ("event_cluster_id",),
    (
        Column("event_cluster_id", TEXT, "Id of the event, as in event_cluster_members."),
        Column("event_type", TEXT, "PLOVER event type as reported, or OTHER."),
        Column("event_subtype", TEXT, "Subtype of an OTHER event.", True),
        Column("event_mode", TEXT, "PLOVER mode.", True),
        Column("quad_class", INT, "Quad class of PLOVER.", True),
        Column("plover_type", TEXT, "Type derived by the rules of PLOVER.", True),
        Column("modality", TEXT, "Modality in the latest report.", values=get_args(annotation.Modality)),
        Column("first_reported_at", TIME, "published_at of the first dated report, UTC.", True),
        Column("last_reported_at", TIME, "published_at of the last dated report, UTC.", True),
        Column("report_count", INT, "Articles that report it."),
        Column("independent_count", INT, "The same, with duplicates counted once."),
        Column("actors", TEXTS, "Actors: names, else the words of the text."),
        Column("actor_country", TEXT, "Country of the first actor, ISO 3166-1 alpha-3.", True),
        Column("recipients", TEXTS, "Recipients: names, else the words of the text."),
        Column("recipient_country", TEXT, "Country of the first recipient, ISO 3166-1 alpha-3.", True),
        Column("event_date", DAY, "First day of the event, from the fullest report with a date.", True),
        Column("event_date_end", DAY, "Last day of the event, or its last possible day.", True),
        Column("event_date_precision", TEXT, "Precision of the date.", values=get_args(annotation.DatePrecision)),
        Column("place_text", TEXT, "Place, from the fullest report with a place.", True),
        Column("place_country", TEXT, "Country of the place, ISO 3166-1 alpha-3.", True),
        Column("article_id", TEXT, "Article of the fullest report; not a duplicate if there is a choice."),
        Column("revision_id", TEXT, "Revision of that article. Join on both ids."),
        Column("event_index", INT, "event_index of the fullest report in events."),
        Column("sentence_start_char", INT, "Start offset in articles.text of the sentence of that report."),
        Column("sentence_end_char", INT, "End offset of that sentence."),
        Column(
            "planned_cluster_id",
            TEXT,
            "If it happened: the event of the four weeks before that announced it, e.g. a planned meeting.",
            True,
        ),
    ),
)

CO_MENTIONS = TableSpec(
    "co_mentions",
    "One row per pair of people and day: the number of articles with a sentence that names both.",
    ("entity_id", "other_entity_id"),
    ("entity_id", "other_entity_id"),
    (
        Column("entity_id", TEXT, "entity_id as in entities; of the two ids, the first in character order."),
        Column("other_entity_id", TEXT, "The other id."),
        Column(
            "entity_name", TEXT, "Longest entity_name of the day; the last in character order of equally long ones."
        ),
        Column("other_entity_name", TEXT, "Name of the other, chosen in the same way."),
        Column("article_count", INT, "Articles of the day, without those that repeat an earlier one."),
    ),
    key_includes_partition=True,
)


# Log tables: append-only.

OUTCOMES = TableSpec(
    "outcomes",
    "One row per page and run: its outcome and the reason.",
    ("run_id", "source_key", "url"),
    ("decided_at", "url"),
    (
        Column("run_id", TEXT, "Run that decided."),
        Column("source_key", TEXT, "Key of the source in sources.toml."),
        Column("news_day", DAY, "News day of the page: the UTC day in its listing, else the day of its first fetch."),
        Column("url", TEXT, "URL of the page, or the file name of a page without URL."),
        Column("article_id", TEXT, "Article of the page, if known.", True),
        Column("stage", TEXT, "Stage that decided: discover, fetch, derive or commit."),
        Column("outcome", TEXT, "Outcome of the page in this run.", values=OUTCOME_KINDS),
        Column("reason", TEXT, "Reason, as one word; null if kept.", True),
        Column("detail", TEXT, "Reason, as text for a person.", True),
        Column("payload_digest", TEXT, "Payload digest of its record in the archive.", True),
        Column("decided_at", TIME, "Time of the decision, UTC."),
    ),
    partition="decided_date",
)

LISTING_FETCHES = TableSpec(
    "listing_fetches",
    "One row per run and online source: the result of the request for its listing. A day without a row: no request.",
    ("run_id", "source_key"),
    ("requested_at", "source_key"),
    (
        Column("run_id", TEXT, "Run that sent the request."),
        Column("source_key", TEXT, "Key of the source in sources.toml."),
        Column("listed_day", DAY, "The only day that was listed; null if the source lists its newest pages.", True),
        Column("result", TEXT, "Result of the request.", values=("listed", "unchanged", "partial", "failed")),
        Column("entries", INT, "Entries in the listing, broken ones included."),
        Column("reason", TEXT, "Reason for partial or failed, as one word.", True),
        Column("requested_at", TIME, "Time of the request, UTC."),
    ),
    partition="requested_date",
)

RUNS = TableSpec(
    "runs",
    "One row per run: what it did, when, and with which versions.",
    ("run_id",),
    ("run_id",),
    (
        Column("run_id", TEXT, "Id of the run."),
        Column("kind", TEXT, "What started the run.", values=get_args(RunKind)),
        Column("status", TEXT, "How the run ended.", values=("done", "failed")),
        Column("started_at", TIME, "Start of the run, UTC."),
        Column("committed_at", TIME, "Time from which its rows are readable, UTC.", True),
        Column("counts", TEXT, "Counts of the run, as a JSON object."),
        Column("days_touched", TEXTS, "Days that the run wrote to, YYYY-MM-DD."),
        Column("versions", TEXT, "Versions of pipeline, model and schema, as a JSON object."),
    ),
    partition="run_date",
)

DELETIONS = TableSpec(
    "deletions",
    "One row per article that a takedown deleted. Delete it from every copy of the tables, too.",
    ("article_id", "deleted_at"),
    ("deleted_at", "article_id"),
    (
        Column("article_id", TEXT, "Deleted article. It has no rows in the other tables, and they do not refer to it."),
        Column("revision_ids", TEXTS, "Revisions in the tables at the time of the deletion."),
        Column("last_published_date", DAY, "Last published_date of its rows."),
        Column("reason", TEXT, "Reason, as given in the request.", True),
        Column("deleted_at", TIME, "Time of the deletion, UTC."),
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
