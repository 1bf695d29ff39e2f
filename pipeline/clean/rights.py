"""What the publisher of a page says about its use: in files of its host, in headers, and in the page."""

from collections.abc import Iterator
from typing import NamedTuple

from newslake.pipeline.clean.markup import Markup
from newslake.pipeline.model import Page, RightsStatement
from newslake.pipeline.model.rights import (
    RSL_TYPE,
    directive_of,
    distinct_rights,
    evidence_of,
    is_rsl_link,
    license_of,
    policy_of,
    reservation_of,
    rights_in_headers,
)

_EMBEDDED = "rsl: in the page"


class PageRights(NamedTuple):
    """The fields of an article about its use. ``license_evidence`` has one element per element of ``license``."""

    license: tuple[str, ...]
    license_evidence: tuple[str, ...]
    tdm_reserved: bool


def read_rights(page: Page, markup: Markup | None) -> PageRights:
    """Return the statements about a page, each once: of its host, then of its headers, then of its elements.

    The statements of the host's robots.txt and tdmrep.json are those at the time of the fetch, as the archive has them.
    """
    url = page.final_url or page.url
    stated = distinct_rights(
        (
            *(page.hints.rights or ()),
            *rights_in_headers(page.headers, url=url, at=page.fetched_at),
            *(_in_elements(page, markup, base=url or "") if markup is not None else ()),
        )
    )
    is_reserved = bool(page.hints.tdm_reserved) or any(each.is_reservation for each in stated)
    return PageRights(tuple(each.statement for each in stated), tuple(each.evidence for each in stated), is_reserved)


def _in_elements(page: Page, markup: Markup, *, base: str) -> Iterator[RightsStatement]:
    for place, statement in _statements(markup, base):
        if statement is not None:
            yield RightsStatement(statement, evidence_of(place, page.fetched_at))


def _statements(markup: Markup, base: str) -> Iterator[tuple[str, str | None]]:
    """Yield the place of an element and its statement."""
    reservation = reservation_of(markup.meta("tdm-reservation"))
    yield "meta element tdm-reservation", reservation
    if reservation is not None:
        yield "meta element tdm-policy", policy_of(markup.meta("tdm-policy"), base=base)
    for name in ("robots", "googlebot"):
        yield f"meta element {name}", directive_of(", ".join(markup.all_meta(name)))
    for element in markup.root.iter("link", "script"):
        if element.tag == "link" and is_rsl_link(element.get("rel"), element.get("type")):
            yield "link element", license_of(element.get("href"), base=base)
        elif element.tag == "script" and (element.get("type") or "").strip().lower() == RSL_TYPE:
            yield "script element", _EMBEDDED
