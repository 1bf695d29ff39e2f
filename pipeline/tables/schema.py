"""The contract: every table that newslake writes, here the annotation tables. It generates docs/tables.md and checks.

A nullable column may be added; any other change needs a decision record.
"""

from collections.abc import Mapping
from typing import get_args

from newslake.pipeline.model import annotation, article
from newslake.pipeline.tables.cluster_schema import CLUSTER_TABLES
from newslake.pipeline.tables.log_schema import LOG_TABLES
from newslake.pipeline.tables.spec import (
    ARTICLE_KEYS,
    BLOCKS,
    BOOL,
    CO_SPEAKERS,
    CREDITS,
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

SCHEMA_VERSION = 3

# Annotation tables: each row depends on one article only.

ARTICLES = TableSpec(
    "articles",
    "One row per article: its latest revision in the archive.",
    ("article_id",),
    ("published_at", "article_id"),
    (
        *ARTICLE_KEYS,
        Column("url", TEXT, "URL of the page after redirects.", True),
        Column("canonical_url", TEXT, "Canonical URL: the same for all links to the article.", True),
        Column("source_key", TEXT, "Key in `sources.toml` of the source that listed the article first."),
        Column("publisher", TEXT, "Name of the publisher to show, as the source or the page gives it.", True),
        Column("outlet_key", TEXT, "Key of the outlet; group by it. Without a URL the source's, or null.", True),
        Column("domain", TEXT, "Registrable domain of the URL.", True),
        Column("title", TEXT, "Headline.", True),
        Column("standfirst", TEXT, "Summary under the headline, if the page shows one.", True),
        Column("authors", TEXTS, "Names of the authors, in the order of the page; organisations are not authors."),
        Column(
            "credits",
            CREDITS,
            "Agencies, desks and outlets that sign it: of the place in `field_methods`, then of others.",
            True,
        ),
        Column("section", TEXT, "Section of the publication, e.g. Politics.", True),
        Column("tags", TEXTS, "Keywords of the publisher."),
        Column("language", TEXT, "ISO 639-1 code of the text.", True),
        Column(
            "published_at_method",
            TEXT,
            "Where `published_at` was found.",
            values=get_args(article.DateMethod),
        ),
        Column("published_at_precision", TEXT, "Whether the time of day is known.", True, values=("second", "day")),
        Column(
            "published_at_zone",
            TEXT,
            "UTC offset of `published_at` on the page, e.g. +02:00; null if the page states none.",
            True,
        ),
        Column("modified_at", TIME, "Time of the last change, as the page states it; not before `published_at`.", True),
        Column("fetched_at", TIME, "First fetch of this revision, UTC."),
        Column(
            "text", TEXT, "Text of the article as a reader sees it. All offsets count code points of this text, from 0."
        ),
        Column(
            "blocks",
            BLOCKS,
            "Kind and span of each block of the text: headline, paragraphs and others, in the order of the text.",
        ),
        Column("word_count", INT, "Number of words in paragraphs and list items."),
        Column(
            "page_type",
            TEXT,
            "Type of the page: `article`, `paywall` or `press_release`. Pages of other types are rejected: no rows.",
            values=get_args(article.PageType),
        ),
        Column("is_paywalled", BOOL, "Whether a paywall hides part of the text."),
        Column("is_opinion", BOOL, "Whether the publisher presents it as opinion; false if nothing says so.", True),
        Column(
            "tdm_reserved",
            BOOL,
            "Whether a header, a meta tag, `robots.txt` or `tdmrep.json` reserves text and data mining (TDM).",
        ),
        Column(
            "license",
            TEXTS,
            "What the publisher says about the use of the page, each statement as `kind: value`. The kinds are `rsl`, "
            "`content-signal`, `content-usage`, `tdm-reservation`, `tdm-policy` and `robots`. Empty if it says "
            "nothing; null in rows of versions that did not read it.",
            True,
        ),
        Column(
            "license_evidence",
            TEXTS,
            "Where and when (UTC) each statement of `license` was read, in the same order.",
            True,
        ),
        Column(
            "content_hash",
            TEXT,
            "SHA-256 of title, paragraphs and list items, after case folding and normalization of white space. Exact "
            "duplicates have the same hash.",
        ),
        Column("wire_agency", TEXT, "News agency credited by the article.", True),
        Column(
            "flags",
            TEXTS,
            "Warnings, e.g. `body_incomplete`, `body_excess`, `date_conflict`; with `too_long_to_annotate` the counts "
            "are null; with `foreign_canonical` the page states the URL of another story, and is not believed.",
        ),
        Column("entity_count", INT, "Rows in `entities`; null if the article was not annotated.", True),
        Column("quote_count", INT, "Rows in `quotes`; null if the article was not annotated.", True),
        Column("event_count", INT, "Rows in `events`; null if the article was not annotated.", True),
        Column("payload_digest", TEXT, "Payload digest of the WARC record that has the page.", True),
        Column("http_status", INT, "HTTP status in that record; null for a page without a URL.", True),
        Column("extractor", TEXT, "Name and version of the extractor of the body text."),
        Column("field_methods", METHODS, "Method that found each field, e.g. `title`, `authors`, `body`.", True),
        Column("model_name", TEXT, "Name and version of the NLP model; null if the article was not annotated.", True),
        Column(
            "pipeline_version",
            TEXT,
            "Pipeline version: hash of rules, lexicons, model, library versions and settings that can change a row.",
        ),
        Column(
            "kb_version",
            TEXT,
            "Hash of the knowledge-base entries and corrections that apply to this article; null if none applies.",
            True,
        ),
    ),
)

ENTITIES = TableSpec(
    "entities",
    "One row per mention of a person, organisation, place or other entity.",
    ("article_id", "entity_index"),
    ("article_id", "entity_index"),
    (
        *ARTICLE_KEYS,
        Column("entity_index", INT, "0-based position in the article, in the order of the text."),
        Column(
            "entity_text",
            TEXT,
            "The mention, without honorific (Mrs), definite or indefinite article (the, a) and possessive ('s).",
        ),
        Column("start_char", INT, "Start offset in `articles.text`."),
        Column("end_char", INT, "End offset, exclusive."),
        Column(
            "mention_kind",
            TEXT,
            "Form of the mention: name, pronoun or noun phrase.",
            values=get_args(annotation.MentionKind),
        ),
        Column("entity_type", TEXT, "Entity type of OntoNotes, `AUTHOR` or `UNKNOWN`."),
        Column(
            "cluster_index",
            INT,
            "Number of the coreference cluster: equal for all mentions of one entity in the article; null if the "
            "entity is not known.",
            True,
        ),
        Column(
            "entity_id",
            TEXT,
            "Id of the entity, the same in all articles: the Wikidata id (QID), or else a hash of case-folded name and "
            "type.",
            True,
        ),
        Column("entity_name", TEXT, "Fullest name of the entity in the article.", True),
        Column("honorific_text", TEXT, "Honorific next to the name, e.g. Mrs.", True),
        Column("role_text", TEXT, "Role that the text states next to the name, e.g. prime minister.", True),
        Column("country_code", TEXT, "Country or nationality of the entity, ISO 3166-1 alpha-3.", True),
        Column(
            "gender",
            TEXT,
            "Gender, if `entity_type` is PERSON: then never null, unless `NEWS_INFER_GENDER=false`.",
            True,
            get_args(annotation.Gender),
        ),
        Column(
            "gender_method",
            TEXT,
            "Evidence for the gender.",
            True,
            get_args(annotation.GenderMethod),
        ),
        Column("qid", TEXT, "Wikidata id (QID) from the knowledge base.", True),
        Column("qid_confidence", REAL, "0 to 1: confidence of the Wikidata id; null without a Wikidata id.", True),
        Column(
            "kb_version",
            TEXT,
            "Hash of the knowledge-base entries and corrections that apply to the names of this entity; null if none "
            "applies.",
            True,
        ),
        Column("sentence_index", INT, "0-based index of the sentence in the article."),
        Column(
            "paragraph_index",
            INT,
            "0-based index in `articles.blocks` of the block with the mention. Block 0 is usually the headline.",
        ),
        Column("block_kind", TEXT, "Kind of that block.", values=get_args(article.BlockKind)),
        Column("quote_index", INT, "`quote_index` of the quote that contains the mention; null outside quotes.", True),
        Column(
            "link_method",
            TEXT,
            "How the mention was assigned to its coreference cluster.",
            values=get_args(annotation.LinkMethod),
        ),
        Column("confidence", REAL, "0 to 1: confidence that the mention belongs to its cluster."),
        Column("country_method", TEXT, "Evidence for the country.", True, get_args(annotation.CountryMethod)),
        Column(
            "group_cluster_indexes",
            INTS,
            "`cluster_index` of each entity, if the mention refers to several entities; else null.",
            True,
        ),
        Column("group_entity_ids", TEXTS, "`entity_id` of each of these entities, in the same order.", True),
    ),
)

QUOTES = TableSpec(
    "quotes",
    "One row per reported statement, with its speaker.",
    ("article_id", "quote_index"),
    ("article_id", "quote_index"),
    (
        *ARTICLE_KEYS,
        Column("quote_index", INT, "0-based position in the article, in the order of the text."),
        Column(
            "quote_type",
            TEXT,
            "Type of the quote. It depends on how much of `quote_text` is inside quotation marks.",
            values=get_args(annotation.QuoteType),
        ),
        Column(
            "quote_text",
            TEXT,
            "Verbatim text of the statement: its words inside and outside quotation marks, and the quotation marks. A "
            "quote may span several paragraphs.",
        ),
        Column("start_char", INT, "Start offset in `articles.text`."),
        Column("end_char", INT, "End offset, exclusive."),
        Column(
            "quoted_spans",
            SPANS,
            "Spans inside quotation marks, including the marks; empty for an indirect quote. A turn of a printed "
            "interview is one span, a block statement one per paragraph, even without quotation marks.",
        ),
        Column("is_closed", BOOL, "Whether the closing quotation mark is present; true for an indirect quote."),
        Column("cue_text", TEXT, "Cue: the word that attributes the statement, e.g. said; null without a cue.", True),
        Column("cue_lemma", TEXT, "Lemma of the cue.", True),
        Column("cue_stance", TEXT, "Stance of the cue towards the statement.", True, get_args(annotation.CueStance)),
        Column("speaker_text", TEXT, "Speaker in the words of the text next to the quote; null if not known.", True),
        Column("speaker_start_char", INT, "Start offset of `speaker_text`.", True),
        Column("speaker_end_char", INT, "End offset of `speaker_text`, exclusive.", True),
        Column("speaker_cluster_index", INT, "`cluster_index` of the speaker in `entities`.", True),
        Column("speaker_entity_id", TEXT, "`entity_id` of the speaker in `entities`.", True),
        Column("speaker_name", TEXT, "Full name of the speaker; null if not known.", True),
        Column("speaker_kind", TEXT, "Kind of speaker.", True, get_args(annotation.SpeakerKind)),
        Column(
            "speaker_gender",
            TEXT,
            "Gender, if `speaker_kind` is person: then never null, unless `NEWS_INFER_GENDER=false`.",
            True,
            get_args(annotation.Gender),
        ),
        Column("speaker_gender_method", TEXT, "Evidence for the gender.", True, get_args(annotation.GenderMethod)),
        Column("speaker_role", TEXT, "Role of the speaker that the text states.", True),
        Column("addressee_text", TEXT, "Addressee of the statement, in the words of the text.", True),
        Column(
            "medium_text",
            TEXT,
            "Where the statement was said or written, in the words of the text, e.g. a report.",
            True,
        ),
        Column("paragraph_index", INT, "0-based index in `articles.blocks` of the block in which the quote starts."),
        Column("word_count", INT, "Number of words in `quote_text`."),
        Column("confidence", REAL, "0 to 1: probability that the speaker, or `speaker_candidate`, is right."),
        Column("rule_id", TEXT, "Rule that found the speaker."),
        Column(
            "co_speakers",
            CO_SPEAKERS,
            "The others who say the same words (“Ana Brito and Lin Okafor said”, “the couple said”); the first of them "
            "is the speaker. `text` is in the words of the text, `name` the full name. Null if there is one speaker.",
            True,
        ),
        Column(
            "speaker_candidate",
            TEXT,
            "Who most likely said it, if that is too unsure to be the speaker: then the columns `speaker_*` are null.",
            True,
        ),
        Column(
            "reported_by_text",
            TEXT,
            "Who says that the speaker said this, in the words of the text: “Prosecutors” in “Prosecutors said Quill "
            "had warned a friend”. Null if the article itself says it.",
            True,
        ),
        Column("reported_by_start_char", INT, "Start offset of `reported_by_text`.", True),
        Column("reported_by_end_char", INT, "End offset of `reported_by_text`, exclusive.", True),
        Column("reported_by_entity_id", TEXT, "`entity_id` of this reporter in `entities`.", True),
        Column("reported_by_name", TEXT, "Full name of this reporter; null if not known.", True),
        Column(
            "reporting_clause_text",
            TEXT,
            "Words of the article that interrupt `quote_text`, with their commas or dashes: “, she said,” in “The "
            "bridge, she said, is shut”. Null if the quote is in one piece.",
            True,
        ),
        Column("reporting_clause_start_char", INT, "Start offset of `reporting_clause_text`.", True),
        Column("reporting_clause_end_char", INT, "End offset of `reporting_clause_text`, exclusive.", True),
    ),
)


def _participant(prefix: str, who: str) -> tuple[Column, ...]:
    return (
        Column(f"{prefix}_text", TEXT, f"{who} in the words of the text; the first of several.", True),
        Column(f"{prefix}_cluster_index", INT, f"`cluster_index` of the {prefix} in `entities`.", True),
        Column(f"{prefix}_entity_id", TEXT, f"`entity_id` of the {prefix} in `entities`.", True),
        Column(
            f"{prefix}_name",
            TEXT,
            f"Full name of the {prefix}; of a pronoun without an entity, the phrase that it refers to.",
            True,
        ),
        Column(f"{prefix}_country", TEXT, f"Country of the {prefix}, ISO 3166-1 alpha-3.", True),
        Column(f"{prefix}_sector", TEXT, f"PLOVER sector of the {prefix}.", True),
        Column(
            f"{prefix}_basis",
            TEXT,
            f"Where the text names the {prefix}; null without one.",
            True,
            values=get_args(annotation.ArgumentBasis),
        ),
    )


_OTHER_SUBTYPES = (
    *("accident", "appointment", "business", "crime", "culture", "death", "disaster", "election", "family", "health"),
    *("legal", "market", "science", "sport"),
)

EVENTS = TableSpec(
    "events",
    "One row per event mention.",
    ("article_id", "event_index"),
    ("article_id", "event_index"),
    (
        *ARTICLE_KEYS,
        Column("event_index", INT, "0-based position in the article, in the order of the text."),
        Column(
            "event_type", TEXT, "Type of the reported event, whether or not it happened: a PLOVER type, or `OTHER`."
        ),
        Column(
            "event_subtype",
            TEXT,
            "Subtype of an `OTHER` event; null if none fits, and for other types.",
            True,
            values=_OTHER_SUBTYPES,
        ),
        Column(
            "event_mode",
            TEXT,
            "PLOVER mode: the form of the event, e.g. `visit`, `arrest`; null if the type has no mode.",
            True,
        ),
        Column("quad_class", INT, "PLOVER quad class, 1 to 4; null if `event_type` is `OTHER`.", True),
        Column(
            "plover_type",
            TEXT,
            "Type by the rules of PLOVER, e.g. `AGREE` for a planned meeting; null if `event_type` is `OTHER`.",
            True,
        ),
        Column(
            "modality",
            TEXT,
            "Whether the event happened, is planned or possible, or did not happen.",
            values=get_args(annotation.Modality),
        ),
        Column(
            "trigger_text",
            TEXT,
            "Trigger: the word that names the event, or a verb with its event noun (`filed a lawsuit`).",
        ),
        Column("start_char", INT, "Start offset of the trigger in `articles.text`."),
        Column("end_char", INT, "End offset of the trigger, exclusive."),
        *_participant("actor", "Actor (who does it)"),
        *_participant("recipient", "Recipient (to whom it is done)"),
        Column(
            "actors",
            TEXTS,
            "Names of all actors if there are two or more, else empty; a single actor is in `actor_name`. (The column "
            "`actors` of `event_clusters` lists a single actor, too.)",
        ),
        Column(
            "recipients",
            TEXTS,
            "Names of all recipients if there are two or more, else empty; a single recipient is in `recipient_name`.",
        ),
        Column(
            "event_date",
            DAY,
            "First day of the event; null without a date. If the text gives only a period, its first day.",
            True,
        ),
        Column(
            "event_date_end",
            DAY,
            "Last day of the event. If the text gives only a period (a week, a month), its last day.",
            True,
        ),
        Column("event_date_precision", TEXT, "Precision of the date.", values=get_args(annotation.DatePrecision)),
        Column("event_date_text", TEXT, "Words of the text that date the event.", True),
        Column(
            "event_date_basis",
            TEXT,
            "Evidence for the date; null without a date.",
            True,
            values=get_args(annotation.DateBasis),
        ),
        Column("event_date_note", TEXT, "Note about the date, e.g. why `event_date` is null.", True),
        Column("place_text", TEXT, "Place, in the words of the text.", True),
        Column("place_entity_id", TEXT, "`entity_id` of the place in `entities`.", True),
        Column("place_country", TEXT, "Country of the place, ISO 3166-1 alpha-3.", True),
        Column("place_lat", REAL, "Latitude of the place, degrees north.", True),
        Column("place_lon", REAL, "Longitude of the place, degrees east.", True),
        Column(
            "place_basis",
            TEXT,
            "Where the place is named; null without a place.",
            True,
            values=get_args(annotation.PlaceBasis),
        ),
        Column("attributed_to_entity_id", TEXT, "`entity_id` of the speaker, if the trigger is inside a quote.", True),
        Column("sentence_index", INT, "0-based index of the sentence in the article."),
        Column(
            "coref_event_index",
            INT,
            "`event_index` of the first mention of the event in this article; equal to `event_index` for that mention.",
        ),
        Column(
            "salience",
            REAL,
            "0 to 1: importance of the event in the article.",
        ),
        Column(
            "is_main",
            BOOL,
            "Whether the event is the main event of the article: true for all its mentions. An article has at most one "
            "main event.",
            True,
        ),
        Column("confidence", REAL, "0 to 1: probability that the trigger is an event of this type."),
        Column(
            "rule_id", TEXT, "Rule that found the event: the pattern of words and the event type, e.g. `arrest>coerce`."
        ),
    ),
)


# All tables.

ANNOTATION_TABLES = (ARTICLES, ENTITIES, QUOTES, EVENTS)
TABLES = (*ANNOTATION_TABLES, *CLUSTER_TABLES, *LOG_TABLES)
TABLE_SPECS: Mapping[str, TableSpec] = {spec.name: spec for spec in TABLES}
