"""Each text column is either dropped from exports without text, or it has facts only."""

from collections.abc import Mapping

import pyarrow as pa
import pytest

from newslake.pipeline.tables import TABLES, TableSpec
from newslake.pipeline.tables.datapackage import TEXT_COLUMNS, text_columns

# Text columns that exports without text keep: names, single words, short phrases, ids, hashes, URLs, codes.
FACTS: Mapping[str, frozenset[str]] = {
    "articles": frozenset(
        {
            *("article_id", "revision_id", "url", "canonical_url", "source_key", "publisher", "outlet_key", "domain"),
            *(
                "authors",
                "section",
                "tags",
                "language",
                "published_at_method",
                "published_at_precision",
                "published_at_zone",
            ),
            *(
                "blocks",
                "credits",
                "page_type",
                "content_hash",
                "wire_agency",
                "flags",
                "payload_digest",
                "extractor",
                "field_methods",
            ),
            *("license", "license_evidence"),
            *("model_name", "pipeline_version", "kb_version"),
        }
    ),
    "entities": frozenset(
        {
            *("article_id", "revision_id", "entity_text", "mention_kind", "entity_type", "entity_id", "entity_name"),
            *("honorific_text", "role_text", "country_code", "gender", "gender_method", "qid", "kb_version"),
            *("block_kind", "link_method", "country_method", "group_entity_ids"),
        }
    ),
    "quotes": frozenset(
        {
            *("article_id", "revision_id", "quote_type", "cue_text", "cue_lemma", "cue_stance", "speaker_text"),
            *("speaker_entity_id", "speaker_name", "speaker_kind", "speaker_gender", "speaker_gender_method"),
            *("speaker_role", "addressee_text", "rule_id", "speaker_candidate"),
            *("co_speakers", "reported_by_text", "reported_by_entity_id", "reported_by_name", "reporting_clause_text"),
        }
    ),
    "events": frozenset(
        {
            *("article_id", "revision_id", "event_type", "event_subtype", "event_mode", "plover_type", "modality"),
            *("trigger_text", "actor_text", "actor_entity_id", "actor_name", "actor_country", "actor_sector"),
            *("recipient_text", "recipient_entity_id", "recipient_name", "recipient_country", "recipient_sector"),
            *("actor_basis", "recipient_basis"),
            *("actors", "recipients", "event_date_precision", "event_date_text", "event_date_basis"),
            *(
                "event_date_note",
                "place_text",
                "place_entity_id",
                "place_country",
                "place_basis",
                "attributed_to_entity_id",
                "rule_id",
            ),
        }
    ),
    "near_duplicates": frozenset({"article_id", "revision_id", "dup_group_id", "method"}),
    "revisions": frozenset({"article_id", "revision_id", "payload_digest", "input_hash"}),
    "quote_clusters": frozenset({"article_id", "revision_id", "quote_cluster_id"}),
    "event_cluster_members": frozenset({"article_id", "revision_id", "event_cluster_id", "dup_group_id"}),
    "event_clusters": frozenset(
        {
            *("event_cluster_id", "event_type", "event_subtype", "event_mode", "plover_type", "modality", "actors"),
            *("actor_country", "recipients", "recipient_country", "event_date_precision", "place_text"),
            *("place_country", "article_id", "revision_id", "planned_cluster_id"),
        }
    ),
    "person_links": frozenset({"article_id", "revision_id", "person_id", "person_name", "method"}),
    "co_mentions": frozenset({"entity_id", "other_entity_id", "entity_name", "other_entity_name"}),
    "deletions": frozenset({"article_id", "revision_ids", "reason"}),
    "outcomes": frozenset(
        {"run_id", "source_key", "url", "article_id", "stage", "outcome", "reason", "payload_digest"}
    ),
    "listing_fetches": frozenset({"run_id", "source_key", "result", "reason"}),
    "runs": frozenset({"run_id", "kind", "status", "counts", "days_touched", "versions"}),
}


def _holds_text(kind: pa.DataType) -> bool:
    if pa.types.is_list(kind):
        return _holds_text(kind.value_type)
    if pa.types.is_struct(kind):
        return any(_holds_text(field.type) for field in kind)
    return pa.types.is_string(kind)


@pytest.mark.parametrize("spec", TABLES, ids=lambda spec: spec.name)
def test_every_text_column_is_decided(spec: TableSpec) -> None:
    """A text column is in TEXT_COLUMNS of pipeline/tables/datapackage.py, or in FACTS above."""
    columns = {column.name for column in spec.columns if _holds_text(column.type)}
    facts, words = FACTS.get(spec.name, frozenset()), text_columns(spec)
    assert facts & words == set()
    assert columns - facts - words == set(), "decide: does it reproduce what somebody wrote?"
    assert (facts | words) - columns == set(), "no such column"


def test_keys_and_offsets_stay() -> None:
    """Keys and offsets stay: with the pages, a reader can restore the text."""
    for spec in TABLES:
        assert text_columns(spec).isdisjoint(spec.key)
    assert TEXT_COLUMNS["quotes"].isdisjoint({"start_char", "end_char", "quoted_spans"})
