"""The table ``quote_groups``: one quotation followed through articles and days."""

from collections.abc import Iterable
from datetime import date

import pyarrow as pa

from pipeline.clusters import QUOTE_COLUMNS, QuoteDay, group_quotes, quote_group_rows, quotes_of_day
from pipeline.jobs.chains import IdPropagation, propagate_ids
from pipeline.lake import Lake


def _prepare_quotes(lake: Lake, day: date) -> QuoteDay:
    return quotes_of_day(lake.read("quotes", days=[day], columns=QUOTE_COLUMNS))


_QUOTE_PROPAGATION = IdPropagation(
    source="quotes",
    table="quote_groups",
    index="quote_index",
    group="quote_group_id",
    prepare=_prepare_quotes,
    relate=group_quotes,
    rows=quote_group_rows,
)


def quote_groups_of(lake: Lake, days: Iterable[date]) -> dict[date, pa.Table]:
    """Return the groups of the quotes of every day that a change of some days can reach."""
    return propagate_ids(lake, _QUOTE_PROPAGATION, days)
