"""Every table that newslake writes. This module is the contract: docs/tables.md and all checks come from it.

A nullable column may be added; anything else needs a decision record.
"""

from typing import get_args

from pipeline.model import annotation as read
from pipeline.model import article as cleaned
from pipeline.tables import types
from pipeline.tables.relating import (
    ARTICLE_KEYS,
    CO_MENTIONS,
    COPIES,
    DELETIONS,
    EVENT_CLUSTERS,
    EVENT_REPORTS,
    LISTINGS,
    OUTCOMES,
    QUOTE_GROUPS,
    REVISIONS,
    RUNS,
)
from pipeline.tables.spec import Column, TableSpec

SCHEMA_VERSION = 1

_text, _texts, _int, _ints, _real, _bool, _time, _day = (
    types.TEXT,
    types.TEXTS,
    types.INT,
    types.INTS,
    types.REAL,
    types.BOOL,
    types.TIME,
    types.DAY,
)
_blocks, _spans, _methods = types.BLOCKS, types.SPANS, types.METHODS

ARTICLES = TableSpec(
    "articles",
    "One row an article: the content that the archive saw last.",
    ("article_id",),
    ("published_at", "article_id"),
    (
        *ARTICLE_KEYS,
        Column("url", _text, "Where the page was in the end, after redirects.", True),
        Column("canonical_url", _text, "The one spelling of the URL that names the article.", True),
        Column("source_key", _text, "Key of the source in sources.toml that listed it first."),
        Column("publisher", _text, "The outlet, as the page or the source says.", True),
        Column("domain", _text, "Registrable domain of the URL.", True),
        Column("title", _text, "Headline.", True),
        Column("standfirst", _text, "The summary under the headline, where the page shows one.", True),
        Column("authors", _texts, "Names of the authors in the page's order; organisations are not authors."),
        Column("section", _text, "The publisher's section.", True),
        Column("tags", _texts, "The publisher's keywords."),
        Column("language", _text, "ISO 639-1 code of the text.", True),
        Column(
            "published_at_method",
            _text,
            "Where published_at was found.",
            values=get_args(cleaned.DateMethod),
        ),
        Column("published_at_precision", _text, "Whether the time of day is known.", True, values=("second", "day")),
        Column("published_at_zone", _text, "Offset from UTC in which the page wrote published_at, e.g. +02:00.", True),
        Column("modified_at", _time, "When the page says it was last changed, UTC.", True),
        Column("fetched_at", _time, "When this content was first fetched, UTC."),
        Column("text", _text, "What a reader reads; all offsets count code points of this text, from 0."),
        Column(
            "blocks", _blocks, "What each stretch of the text is: title, standfirst, heading, paragraph, list, caption."
        ),
        Column("word_count", _int, "Words in paragraphs and lists."),
        Column("page_type", _text, "What kind of page it is.", values=get_args(cleaned.PageType)),
        Column("is_paywalled", _bool, "Whether the text is only what a paywall lets through."),
        Column("tdm_reserved", _bool, "Whether the publisher reserves text and data mining."),
        Column("content_hash", _text, "SHA-256 of title and paragraphs, folded; equal for exact copies."),
        Column("wire_agency", _text, "The news agency that the article credits.", True),
        Column("flags", _texts, "What to know before trusting it, e.g. charset_repaired, date_in_future."),
        Column("entity_count", _int, "Rows in entities; null when it was not read.", True),
        Column("quote_count", _int, "Rows in quotes; null when it was not read.", True),
        Column("event_count", _int, "Rows in events; null when it was not read.", True),
        Column("raw_ref", _text, "Payload digest of the WARC record that it was read from.", True),
        Column("http_status", _int, "HTTP status of that record; null for local files.", True),
        Column("extractor", _text, "What chose the body text."),
        Column("field_methods", _methods, "By which method title, authors, body and other fields were decided.", True),
        Column("model_name", _text, "Name and version of the language model; null when it was not read.", True),
        Column("pipeline_version", _text, "One hash over rules, lexicons and model."),
        Column("kb_version", _text, "Hash of all that is known of its names and quotes; null: nothing.", True),
    ),
)

ENTITIES = TableSpec(
    "entities",
    "One row a mention of a person, organisation, place or other named thing.",
    ("article_id", "entity_index"),
    ("article_id", "entity_index"),
    (
        *ARTICLE_KEYS,
        Column("entity_index", _int, "0-based, in reading order."),
        Column("entity_text", _text, "The mention, without title, article and possessive."),
        Column("start_char", _int, "First code point in articles.text."),
        Column("end_char", _int, "Code point after the last."),
        Column("mention_kind", _text, "How it is mentioned.", values=get_args(read.MentionKind)),
        Column("entity_type", _text, "OntoNotes name: PERSON, ORG, GPE, ...; UNKNOWN for an unresolved it or they."),
        Column("cluster_index", _int, "Who is who inside the article; null if unresolved.", True),
        Column("entity_id", _text, "Comparable across articles: the QID, else a hash of folded name and type.", True),
        Column("entity_name", _text, "The fullest name that the article gives it.", True),
        Column("title_text", _text, "Title that stands beside it, e.g. Mrs.", True),
        Column("role_text", _text, "Role that the text gives it, e.g. prime minister.", True),
        Column("country_code", _text, "Country or nationality, ISO 3166-1 alpha-3.", True),
        Column("gender", _text, "F, M or U (unknown) for persons; null for others.", True, get_args(read.Gender)),
        Column(
            "gender_method",
            _text,
            "What the gender rests on; none: nothing, or a correction.",
            True,
            get_args(read.GenderMethod),
        ),
        Column("qid", _text, "Wikidata id from the knowledge base.", True),
        Column("qid_confidence", _real, "0 to 1: how sure the Wikidata id is; null without one.", True),
        Column("kb_version", _text, "Hash of all that is known of its names; null where nothing is.", True),
        Column("sentence_index", _int, "0-based sentence of the article."),
        Column("paragraph_index", _int, "0-based block of the article."),
        Column("block_kind", _text, "Kind of that block.", values=get_args(cleaned.BlockKind)),
        Column("quote_index", _int, "The quote it stands in; null outside quotes.", True),
        Column("link_method", _text, "How it joined its cluster.", values=get_args(read.LinkMethod)),
        Column("confidence", _real, "0 to 1: how sure the link is."),
        Column("country_method", _text, "What the country rests on.", True, get_args(read.CountryMethod)),
        Column("group_cluster_indexes", _ints, "Clusters of a mention of several; null for one.", True),
        Column("group_entity_ids", _texts, "entity_id of each of these, in the same order.", True),
    ),
)

QUOTES = TableSpec(
    "quotes",
    "One row a reported statement, with its speaker.",
    ("article_id", "quote_index"),
    ("article_id", "quote_index"),
    (
        *ARTICLE_KEYS,
        Column("quote_index", _int, "0-based, in reading order."),
        Column("quote_type", _text, "By the share of it inside marks.", values=get_args(read.QuoteType)),
        Column("quote_text", _text, "Verbatim stretch of the text, first mark to last, all its paragraphs."),
        Column("start_char", _int, "First code point in articles.text."),
        Column("end_char", _int, "Code point after the last."),
        Column("parts", _spans, "The quoted stretches inside it."),
        Column("is_closed", _bool, "False where the closing mark is missing."),
        Column("cue_text", _text, "The reporting word.", True),
        Column("cue_lemma", _text, "Its lemma.", True),
        Column("cue_stance", _text, "What the cue says of the statement.", True, get_args(read.CueStance)),
        Column("speaker_text", _text, "The mention of the speaker beside the quote; null if not known.", True),
        Column("speaker_start_char", _int, "First code point of speaker_text.", True),
        Column("speaker_end_char", _int, "Code point after its last.", True),
        Column("speaker_cluster_index", _int, "The speaker's cluster_index in entities.", True),
        Column("speaker_entity_id", _text, "The speaker's entity_id in entities.", True),
        Column("speaker_name", _text, "The speaker's full name; null rather than a guess.", True),
        Column("speaker_kind", _text, "What kind of speaker it is.", True, get_args(read.SpeakerKind)),
        Column("speaker_gender", _text, "F, M or U for persons; null for others.", True, get_args(read.Gender)),
        Column("speaker_gender_method", _text, "What it rests on.", True, get_args(read.GenderMethod)),
        Column("speaker_role", _text, "Role that the text gives the speaker.", True),
        Column("addressee_text", _text, "Who was told.", True),
        Column("medium_text", _text, "Where it was said or written.", True),
        Column("paragraph_index", _int, "0-based block in which it begins."),
        Column("word_count", _int, "Words in quote_text."),
        Column("quote_norm_id", _text, "Hash of the folded words, to follow one quotation across outlets."),
        Column("confidence", _real, "0 to 1: how sure the attribution is."),
        Column("rule_id", _text, "The rule that decided; override: a person did."),
    ),
)


def _participant(prefix: str, who: str) -> tuple[Column, ...]:
    return (
        Column(f"{prefix}_text", _text, f"{who}, as the text names it.", True),
        Column(f"{prefix}_cluster_index", _int, "Its cluster_index in entities.", True),
        Column(f"{prefix}_entity_id", _text, "Its entity_id in entities.", True),
        Column(f"{prefix}_name", _text, "Its full name.", True),
        Column(f"{prefix}_country", _text, "Its country, ISO 3166-1 alpha-3.", True),
        Column(f"{prefix}_sector", _text, "Its PLOVER sector: GOV, MIL, COP, ...", True),
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
        Column("event_index", _int, "0-based, in reading order."),
        Column("event_type", _text, "PLOVER type as reported, or OTHER."),
        Column("event_subtype", _text, "What kind of OTHER.", True, values=_OTHER_SUBTYPES),
        Column("event_mode", _text, "PLOVER mode.", True),
        Column(
            "quad", _int, "1 verbal cooperation, 2 material cooperation, 3 verbal conflict, 4 material conflict.", True
        ),
        Column("plover_type", _text, "The type that PLOVER derives, e.g. AGREE for a planned meeting.", True),
        Column("modality", _text, "Whether it happened.", values=get_args(read.Modality)),
        Column("trigger_text", _text, "The word that names it."),
        Column("start_char", _int, "First code point of the trigger in articles.text."),
        Column("end_char", _int, "Code point after its last."),
        *_participant("actor", "Who does it"),
        *_participant("recipient", "To whom it is done"),
        Column("actors", _texts, "Names of all actors where there are several."),
        Column("recipients", _texts, "Names of all recipients where there are several."),
        Column("event_date", _day, "First day of the event; null where nothing says so.", True),
        Column("event_date_end", _day, "Last day of the event or of its uncertainty.", True),
        Column("event_date_precision", _text, "How exact it is.", values=get_args(read.DatePrecision)),
        Column("event_date_text", _text, "The words that date it.", True),
        Column("event_date_basis", _text, "What the date rests on.", values=get_args(read.DateBasis)),
        Column("event_date_note", _text, "What to know about it.", True),
        Column("place_text", _text, "Where, as the text names it.", True),
        Column("place_entity_id", _text, "The place's entity_id in entities.", True),
        Column("place_country", _text, "Its country, ISO 3166-1 alpha-3.", True),
        Column("place_lat", _real, "Degrees north.", True),
        Column("place_lon", _real, "Degrees east.", True),
        Column("attributed_to_entity_id", _text, "Who reports it, where it stands in somebody's words.", True),
        Column("sentence_index", _int, "0-based sentence of the article."),
        Column("same_event_index", _int, "event_index of the first mention of the same event in this article."),
        Column("salience", _real, "0 to 1; the highest of an article is its main event."),
        Column("confidence", _real, "0 to 1: how sure type and actors are."),
        Column("rule_id", _text, "The rule that decided."),
    ),
)

READING_TABLES = (ARTICLES, ENTITIES, QUOTES, EVENTS)
CLUSTER_TABLES = (COPIES, REVISIONS, QUOTE_GROUPS, EVENT_REPORTS, EVENT_CLUSTERS, CO_MENTIONS)
LOG_TABLES = (OUTCOMES, LISTINGS, RUNS, DELETIONS)
TABLES = (*READING_TABLES, *CLUSTER_TABLES, *LOG_TABLES)


def table_named(name: str) -> TableSpec:
    """Return one table's spec. Raises: KeyError."""
    return {table.name: table for table in TABLES}[name]
