"""The numbers: articles of a published day, by source."""

from datetime import date

from newslake.pipeline.query.connection import connect, query
from newslake.pipeline.store.table_files import LakePlace

_COUNTS = "SELECT source_key, count(*) AS articles FROM articles GROUP BY source_key ORDER BY articles DESC, source_key"


def count_articles(lake: LakePlace, day: date) -> dict[str, int]:
    """Return the number of articles of each source on a published day, the largest first."""
    answer = query(connect(lake, since=day, until=day), _COUNTS)
    return {str(source): int(str(articles)) for source, articles in answer.rows}
