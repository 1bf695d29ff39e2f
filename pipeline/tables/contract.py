"""Every table that newslake writes. This module is the contract: docs/tables.md and all checks come from it.

A nullable column may be added; anything else needs a decision record.
"""

from typing import get_args

import pyarrow as pa

from pipeline.model import annotation as read
from pipeline.model import article as cleaned
from pipeline.model.outcome import OUTCOME_KINDS, RunKind
from pipeline.tables.spec import Column, TableSpec

SCHEMA_VERSION = 1

_text = pa.string()
_texts = pa.list_(pa.string())
_int = pa.int32()
_real = pa.float64()
_bool = pa.bool_()
_time = pa.timestamp("us", tz="UTC")
_day = pa.date32()
_blocks = pa.list_(pa.struct([("kind", pa.string()), ("start_char", pa.int32()), ("end_char", pa.int32())]))
_methods = pa.list_(pa.struct([("field", pa.string()), ("method", pa.string())]))
_spans = pa.list_(pa.struct([("start_char", pa.int32()), ("end_char", pa.int32())]))

_ARTICLE_KEYS = (
    Column("article_id", _text, "Stable id of the article: 32 hex of SHA-256 of its canonical URL, or of its text."),
    Column("revision_id", _text, "Names the content: 16 hex of content_hash. Join on (article_id, revision_id)."),
    Column("published_at", _time, "When the article was published, UTC; null where nothing says so.", True),
)

ARTICLES = TableSpec(
    "articles",
    "One row an article: the content that the archive saw last.",
    ("article_id",),
    ("published_at", "article_id"),
    (
        *_ARTICLE_KEYS,
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
    ),
)

ENTITIES = TableSpec(
    "entities",
    "One row a mention of a person, organisation, place or other named thing.",
    ("article_id", "entity_index"),
    ("article_id", "entity_index"),
    (
        *_ARTICLE_KEYS,
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
        Column("gender_method", _text, "What the gender rests on.", True, get_args(read.GenderMethod)),
        Column("qid", _text, "Wikidata id from the knowledge base.", True),
        Column("kb_version", _text, "Version of the knowledge base that was asked.", True),
        Column("sentence_index", _int, "0-based sentence of the article."),
        Column("paragraph_index", _int, "0-based block of the article."),
        Column("block_kind", _text, "Kind of that block.", values=get_args(cleaned.BlockKind)),
        Column("quote_index", _int, "The quote it stands in; null outside quotes.", True),
        Column("link_method", _text, "How it joined its cluster.", values=get_args(read.LinkMethod)),
        Column("confidence", _real, "0 to 1: how sure the link is."),
    ),
)

QUOTES = TableSpec(
    "quotes",
    "One row a reported statement, with its speaker.",
    ("article_id", "quote_index"),
    ("article_id", "quote_index"),
    (
        *_ARTICLE_KEYS,
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
        Column("rule_id", _text, "The rule that decided."),
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


EVENTS = TableSpec(
    "events",
    "One row a typed mention of something reported.",
    ("article_id", "event_index"),
    ("article_id", "event_index"),
    (
        *_ARTICLE_KEYS,
        Column("event_index", _int, "0-based, in reading order."),
        Column("event_type", _text, "PLOVER type as reported, or OTHER."),
        Column("event_subtype", _text, "What kind of OTHER.", True),
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

COPIES = TableSpec(
    "copies",
    "One row an article: which earlier article it repeats.",
    ("article_id",),
    ("article_id",),
    (
        *_ARTICLE_KEYS,
        Column(
            "dup_group_id",
            _text,
            "article_id of the earliest matching article of the seven days before; its own when none.",
        ),
        Column("is_copy", _bool, "Whether an earlier article matches."),
        Column("similarity", _real, "1 for equal content; 1 for its own group."),
        Column("method", _text, "What matched.", values=("own", "exact")),
    ),
)

OUTCOMES = TableSpec(
    "outcomes",
    "One row a page and run: what became of it, and why.",
    ("run_id", "source_key", "url"),
    ("seen_at", "url"),
    (
        Column("run_id", _text, "The run that decided."),
        Column("source_key", _text, "Key of the source."),
        Column("news_day", _day, "News day of the page."),
        Column("url", _text, "Its URL; the file's name where there is none."),
        Column("article_id", _text, "Its article, where one is known.", True),
        Column("stage", _text, "The stage that decided."),
        Column("outcome", _text, "What became of it.", values=OUTCOME_KINDS),
        Column("reason", _text, "Why, in one word; null when kept.", True),
        Column("detail", _text, "Why, for a person.", True),
        Column("raw_ref", _text, "Payload digest of its bytes in the archive.", True),
        Column("seen_at", _time, "When it was decided, UTC."),
    ),
    partition="seen_date",
)

RUNS = TableSpec(
    "runs",
    "One row a run: what it did, when and with which versions.",
    ("run_id",),
    ("run_id",),
    (
        Column("run_id", _text, "The run."),
        Column("kind", _text, "What started it.", values=get_args(RunKind)),
        Column("status", _text, "How it ended.", values=("done", "failed")),
        Column("started_at", _time, "UTC."),
        Column("committed_at", _time, "When its rows could be read, UTC.", True),
        Column("counts", _text, "JSON object of its counts."),
        Column("days_touched", pa.list_(pa.string()), "Days it wrote to, YYYY-MM-DD."),
        Column("versions", _text, "JSON object of versions: pipeline, model, schema."),
    ),
    partition="run_date",
)

READING_TABLES = (ARTICLES, ENTITIES, QUOTES, EVENTS)
CLUSTER_TABLES = (COPIES,)
LOG_TABLES = (OUTCOMES, RUNS)
TABLES = (*READING_TABLES, *CLUSTER_TABLES, *LOG_TABLES)


def table_named(name: str) -> TableSpec:
    """Return one table's spec. Raises: KeyError."""
    return {table.name: table for table in TABLES}[name]
