"""Answers that are no pages, for the archive: the state of fetching cannot be rebuilt, so they are told there too."""

from datetime import date, datetime

from pipeline.archive import ArchiveWriter
from pipeline.errors import RefusedFetchError, TransientFetchError
from pipeline.model import Attempt, Capture


def archive_failed_response(
    error: TransientFetchError | RefusedFetchError,
    writer: ArchiveWriter,
    *,
    page: tuple[str, str, date],
    last: Capture | None,
    at: datetime,
) -> Attempt | None:
    """Archive what came of a body that broke off, and the tombstone of a page that we hold and that is gone.

    ``page`` is its page_key, URL and news day, ``last`` its last capture. Returns None for any other error.
    """
    exchange = error.exchange
    if exchange is None or (exchange.truncated is None and last is None):
        return None
    page_key, url, news_day = page
    attempt = Attempt(
        page_key=page_key,
        url=url,
        article_id=last.article_id if last is not None else None,
        source_key=writer.source_key,
        news_day=news_day,
        run_id=writer.run_id,
        fetched_at=at,
        status=(error.status if isinstance(error, RefusedFetchError) else None) or 200,
        reason=error.reason,
        file="",
        offset=0,
        length=0,
    )
    return writer.put_attempt(attempt, exchange)
