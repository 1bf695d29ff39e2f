"""What a publisher says about the use of a page: licenses, content signals, usage preferences and reservations.

RSL: rslstandard.org/rsl, 1.0. Content-Signal: contentsignals.org, draft-romm-aipref-contentsignals. Content-Usage:
draft-ietf-aipref-attach and draft-ietf-aipref-vocab. tdm-reservation, tdm-policy: TDM Reservation Protocol of the W3C
community group. noai: a value of robots directives that DeviantArt introduced.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from urllib.parse import urljoin

from newslake.pipeline.model.identity import browser_url

RSL_TYPE = "application/rsl+xml"
_VALUE_MAX = 500  # characters of a statement, and of a URL in it
_HEADER_MAX = 10_000
_STATEMENTS_MAX = 20
_NO_AI = re.compile(r"\bno(?:image)?ai\b", re.IGNORECASE)
_SIGNAL = re.compile(r"([a-z][a-z0-9_.-]*+)\s*+=\s*+(yes|no)\b", re.IGNORECASE)
_USAGE = re.compile(r"([a-z*][a-z0-9_.*-]*)=([yn])(?:;.*)?", re.DOTALL)
_LINK = re.compile(r"""<([^<>]*+)>((?:\s*+;\s*+[\w*-]++(?:\s*+=\s*+(?:"[^"]*+"|[^\s;,"]*+))?+)*+)""")
_LINK_PARAMETER = re.compile(r"""([\w*-]++)\s*+=\s*+(?:"([^"]*+)"|([^\s;,"]*+))""")
# A "no" for one of these uses is a reservation. The last line has labels of earlier drafts.
_USES = frozenset(
    (
        *("search", "ai-input", "ai-train", "train-ai", "ai-use"),
        *("ai", "ai-output", "bots", "genai", "tdm", "train-genai"),
    )
)


@dataclass(frozen=True, slots=True)
class RightsStatement:
    """One statement of a publisher about the use of a page.

    ``statement`` is its kind, a colon and its value: "rsl: https://post.example/license.xml", "content-signal:
    search=yes, ai-train=no", "content-usage: train-ai=n", "tdm-reservation: 1", "tdm-policy: URL", "robots: noai".
    ``evidence`` is where and when it was read, UTC: "line 3 of https://post.example/robots.txt, 2026-03-02T09:30:00Z".
    """

    statement: str
    evidence: str

    @property
    def is_license(self) -> bool:
        """Whether it names a license whose terms apply. newslake does not read the terms."""
        return self.statement.startswith("rsl: ")

    @property
    def is_reservation(self) -> bool:
        """Whether it reserves text and data mining, or refuses a use that is text and data mining."""
        kind, _, value = self.statement.partition(": ")
        if kind in ("content-signal", "content-usage"):
            uses = (each.partition("=") for each in value.split(", "))
            return any(use in _USES and answer in ("no", "n") for use, _, answer in uses)
        return kind in ("robots", "tdm-reservation")


def refusal_of(statements: Iterable[RightsStatement]) -> tuple[str, RightsStatement] | None:
    """Return the reason why a page may not be stored if statements are obeyed, and the statement; None if it may.

    The reason is "tdm_reserved" for a reservation, else "rsl_license" for a license. The first statement counts.
    """
    all_statements = tuple(statements)
    reservations = (("tdm_reserved", each) for each in all_statements if each.is_reservation)
    licenses = (("rsl_license", each) for each in all_statements if each.is_license)
    return next(chain(reservations, licenses), None)


def evidence_of(place: str, at: datetime) -> str:
    """Return the evidence of a statement that was read at a place at a time."""
    return f"{place}, {at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


# Values as publishers write them.


def signal_of(value: str) -> str | None:
    """Return the statement of a Content-Signal, "content-signal: search=yes, ai-train=no"; None if it says nothing."""
    signals = {name.lower(): answer.lower() for name, answer in _SIGNAL.findall(value[:_VALUE_MAX])}
    return _joined("content-signal", signals)


def usage_of(value: str) -> str | None:
    """Return the statement of a Content-Usage, "content-usage: train-ai=n"; None if it says nothing.

    It is a dictionary of RFC 9651 with the tokens y and n: of several values of a label the last counts, parameters
    and other values say nothing.
    """
    usages: dict[str, str] = {}
    for member in value[:_VALUE_MAX].split(","):
        label = member.strip().partition("=")[0].partition(";")[0]
        usages.pop(label, None)
        if (usage := _USAGE.fullmatch(member.strip())) is not None:
            usages[label] = usage[2]
    return _joined("content-usage", usages)


def _joined(kind: str, answers: Mapping[str, str]) -> str | None:
    return f"{kind}: {', '.join(f'{name}={answer}' for name, answer in answers.items())}" if answers else None


def license_of(url: str | None, *, base: str = "") -> str | None:
    """Return the statement of an RSL license, "rsl: URL"; None if the URL is not http(s)."""
    link = _web_url(url, base)
    return None if link is None else f"rsl: {link}"


def policy_of(url: str | None, *, base: str = "") -> str | None:
    """Return the statement of the policy of a reservation, "tdm-policy: URL"; None if the URL is not http(s)."""
    link = _web_url(url, base)
    return None if link is None else f"tdm-policy: {link}"


def reservation_of(value: str) -> str | None:
    """Return "tdm-reservation: 1" for the value 1 of a header, meta element or tdmrep.json, else None."""
    return "tdm-reservation: 1" if value.strip() == "1" else None


def directive_of(value: str) -> str | None:
    """Return the statement of a robots directive, "robots: noai"; None if it does not name AI."""
    directives = sorted({name.lower() for name in _NO_AI.findall(value[:_HEADER_MAX])})
    return f"robots: {', '.join(directives)}" if directives else None


def _web_url(url: str | None, base: str) -> str | None:
    if not (written := browser_url(url or "")):
        return None
    try:
        link = urljoin(base, written)
    except ValueError:
        return None
    is_web = link.lower().startswith(("http://", "https://")) and link.isprintable()
    return link if is_web and len(link) <= _VALUE_MAX else None


# Headers of a response.


def rights_in_headers(headers: Mapping[str, str], *, url: str | None, at: datetime) -> tuple[RightsStatement, ...]:
    """Return the statements in the headers of a page at ``url``, received at ``at``. Names are lower-case."""
    pairs = ((name, text) for name, text in _statements(headers, url or "") if text is not None)
    return distinct_rights(RightsStatement(text, evidence_of(f"header {name}", at)) for name, text in pairs)


def _statements(headers: Mapping[str, str], url: str) -> Iterator[tuple[str, str | None]]:
    """Yield the name of a header and its statement."""
    reservation = reservation_of(headers.get("tdm-reservation", ""))
    yield "tdm-reservation", reservation
    if reservation is not None:
        yield "tdm-policy", policy_of(headers.get("tdm-policy"), base=url)
    yield "x-robots-tag", directive_of(headers.get("x-robots-tag", ""))
    yield "content-signal", signal_of(headers.get("content-signal", ""))
    yield "content-usage", usage_of(headers.get("content-usage", ""))
    for target, parameters in _LINK.findall(headers.get("link", "")[:_HEADER_MAX]):
        values = {name.lower(): quoted or plain for name, quoted, plain in _LINK_PARAMETER.findall(parameters)}
        if is_rsl_link(values.get("rel"), values.get("type")):
            yield "link", license_of(target, base=url)


def is_rsl_link(rel: str | None, media_type: str | None) -> bool:
    """Return whether a link with these values leads to an RSL license."""
    media_type = (media_type or "").partition(";")[0].strip().lower()
    return "license" in (rel or "").lower().split() and media_type == RSL_TYPE


def distinct_rights(statements: Iterable[RightsStatement]) -> tuple[RightsStatement, ...]:
    """Return each statement once, with its first evidence, in order; at most twenty."""
    first: dict[str, RightsStatement] = {}
    for each in statements:
        first.setdefault(each.statement, each)
    return tuple(first.values())[:_STATEMENTS_MAX]
