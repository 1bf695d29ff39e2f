"""Columns that hold text somebody wrote; the others hold facts about it.

Left out of what is passed on without text: sentences, headlines, the words of a statement, the long phrases that say
where it was made, and messages that may quote them. Kept: names, single words and short phrases that name or date
somebody or something, offsets, ids, hashes, counts, URLs. Whoever has the pages can put the words back by the offsets.
tests/unit/tables/test_datapackage.py asks for a decision on every text column.
"""

from collections.abc import Mapping

from pipeline.tables.spec import TableSpec

TEXT_COLUMNS: Mapping[str, frozenset[str]] = {
    "articles": frozenset({"title", "standfirst", "text"}),
    "quotes": frozenset({"quote_text", "medium_text"}),
    "outcomes": frozenset({"detail"}),
}


def text_columns(spec: TableSpec) -> frozenset[str]:
    """Return the columns of a table that are left out where text may not be passed on."""
    return TEXT_COLUMNS.get(spec.name, frozenset())
