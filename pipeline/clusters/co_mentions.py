"""Co-mentions: pairs of people named in one sentence, counted per day."""

import pyarrow as pa
import pyarrow.compute as pc

from newslake.pipeline.tables import TABLE_SPECS

MENTION_COLUMNS = (
    "article_id",
    "revision_id",
    "cluster_index",
    "entity_type",
    "entity_id",
    "entity_name",
    "sentence_index",
)
_CLUSTER = ("article_id", "revision_id", "cluster_index")


def co_mention_rows(entities: pa.Table, duplicates: pa.Table, links: pa.Table) -> pa.Table:
    """Return the ``co_mentions`` rows of one day, in any order.

    ``entities`` has at least MENTION_COLUMNS, ``duplicates`` article_id, revision_id and is_duplicate, ``links`` the
    columns of ``person_links``, all of that day. An article without a row in ``duplicates`` is not a duplicate.
    """
    repeats = duplicates.filter(duplicates["is_duplicate"]).select(("article_id", "revision_id"))
    people = entities.filter((pc.field("entity_type") == "PERSON") & pc.field("entity_id").is_valid())
    people = people.select(MENTION_COLUMNS).join(repeats, ["article_id", "revision_id"], join_type="left anti")
    people = _with_links(people, links)
    ids, numbers = _number_people(people)
    counted = _count_pairs(people, numbers)
    names = _names(people, numbers, count=len(ids))
    pairs = [counted[name].combine_chunks() for name in ("one", "other")]
    columns = [*(ids.take(each) for each in pairs), *(names.take(each) for each in pairs), counted["article_count"]]
    schema = TABLE_SPECS["co_mentions"].schema
    return pa.table(columns, names=schema.names).cast(schema)


def _with_links(people: pa.Table, links: pa.Table) -> pa.Table:
    """Return mentions with id and name of the person that their cluster is linked to, if it is linked."""
    if not links.num_rows:
        return people
    people = people.join(links.select((*_CLUSTER, "person_id", "person_name")), list(_CLUSTER), join_type="left outer")
    for name, linked in (("entity_id", "person_id"), ("entity_name", "person_name")):
        at = people.schema.get_field_index(name)
        people = people.set_column(at, name, pc.coalesce(people[linked], people[name]))
    return people


def _number_people(people: pa.Table) -> tuple[pa.Array, pa.Array]:
    """Return the sorted ids of people, and the number of the id of each mention."""
    ids = pc.unique(people["entity_id"])
    ids = ids.take(pc.sort_indices(ids))
    return ids, pc.index_in(people["entity_id"], value_set=ids).combine_chunks()


def _count_pairs(people: pa.Table, numbers: pa.Array) -> pa.Table:
    """Return pairs of numbers, the smaller first, with the number of articles that have a sentence with both."""
    sentence = ("article_id", "sentence_index")
    named = people.select(sentence).append_column("one", numbers).group_by([*sentence, "one"]).aggregate([])
    pairs = named.join(named.rename_columns([*sentence, "other"]), list(sentence), join_type="inner")
    pairs = pairs.filter(pc.field("one") < pc.field("other"))
    articles = pairs.group_by(["one", "other", "article_id"]).aggregate([])
    counted = articles.group_by(["one", "other"]).aggregate([("article_id", "count")])
    return counted.rename_columns({"article_id_count": "article_count"})


def _names(people: pa.Table, numbers: pa.Array, *, count: int) -> pa.Array:
    """Return the longest name of each number; of equally long ones the last."""
    named = people.select(("entity_name",)).append_column("number", numbers)
    named = named.group_by(["number", "entity_name"]).aggregate([])
    named = named.append_column("length", pc.utf8_length(named["entity_name"]))
    named = named.sort_by([("number", "ascending"), ("length", "ascending"), ("entity_name", "ascending")])
    last = named.group_by("number", use_threads=False).aggregate([("entity_name", "last")])
    assert last.num_rows == count
    return last["entity_name_last"].combine_chunks()
