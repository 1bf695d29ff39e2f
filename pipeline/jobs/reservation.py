"""What becomes of an article whose publisher reserves text and data mining: the policy's one place when reading."""

from dataclasses import replace

from pipeline.fetch.robots import reserving_header
from pipeline.model import Article, Page, Rejected

_DETAIL = "its publisher reserves text and data mining: {}; NEWS_TDM_POLICY=record keeps such pages"


def apply_reservation(read: Article | Rejected, page: Page, *, is_obeyed: bool) -> Article | Rejected:
    """Return the article with what the host's tdmrep.json said of it, or Rejected where reservations are obeyed."""
    if not isinstance(read, Article):
        return read
    in_page = reserving_header(page.headers) or "a meta element of the page"
    evidence = in_page if read.tdm_reserved else "tdmrep.json of its host"
    if page.hints.tdm_reserved:
        read = replace(read, tdm_reserved=True)
    if is_obeyed and read.tdm_reserved:
        return Rejected(reason="tdm_reserved", detail=_DETAIL.format(evidence), evidence=evidence)
    return read
