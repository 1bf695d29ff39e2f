"""Who reserves text and data mining (TDMRep, noai): what headers say, and each host's tdmrep.json."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import urlsplit

from pipeline.fetch.host_file import WellKnownFile
from pipeline.fetch.limits import FetchLimits
from pipeline.fetch.request import RequestRunner, RequestTarget
from pipeline.fetch.retry import FetchFailure
from pipeline.fetch.walk import Gate

_RULES_MAX = 1000
_LOCATION_MAX = 500  # characters
_WILDCARDS_MAX = 8
_NO_AI = re.compile(r"\bno(?:image)?ai\b", re.IGNORECASE)


@dataclass(frozen=True)
class _ReservationRule:
    """Whether the paths that ``location`` names are reserved; "*" and a final "$" as in robots.txt."""

    location: str
    is_reserved: bool

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        end = "$" if self.location.endswith("$") else ""
        parts = re.split(r"\*+", self.location.removesuffix("$"))
        return re.compile(".*?".join(map(re.escape, parts)) + end, re.DOTALL)

    def names(self, path: str) -> bool:
        return self._pattern.match(path) is not None


ReservationRules = tuple[_ReservationRule, ...]


class Reservations:
    """The tdmrep.json of every origin. The longest location that names a path decides, as in robots.txt.

    Where it cannot be read, a fetcher that obeys reservations fetches nothing, for now.
    """

    def __init__(self, limits: FetchLimits, *, runner: RequestRunner, now: Callable[[], datetime]) -> None:
        self._is_obeyed = limits.obeys_reservation
        self._file = WellKnownFile(
            "/.well-known/tdmrep.json", parse=_parse_tdmrep, runner=runner, limits=limits, now=now
        )

    def gate(self, target: RequestTarget) -> Gate:
        """Read the file of a target's origin; return why a page may not be fetched where reservations are obeyed."""
        rules = yield from self._file.rules(target)
        if not self._is_obeyed:
            return None
        if isinstance(rules, FetchFailure):
            return rules.of_host_file(f"{target.origin}/.well-known/tdmrep.json", reason="tdm_unreachable")
        rule = None if rules is None else _deciding_rule(target.url, rules)
        if rule is not None and rule.is_reserved:
            told = f"{target.origin}/.well-known/tdmrep.json reserves it (location {rule.location})"
            return FetchFailure("permanent", "tdm_reserved", told)
        return None

    def is_reserved(self, url: str) -> bool:
        """Return whether the file of a URL's origin, as far as it was read, reserves the URL."""
        parts = urlsplit(url)
        rules = self._file.known_rules(f"{parts.scheme}://{parts.netloc}")
        rule = None if rules is None or isinstance(rules, FetchFailure) else _deciding_rule(url, rules)
        return rule is not None and rule.is_reserved


def reserving_header(headers: Mapping[str, str]) -> str | None:
    """Return the header of a reply that reserves text and data mining, as it stands; None where none does."""
    if headers.get("tdm-reservation", "").strip() == "1":
        return "tdm-reservation: 1"
    robots = headers.get("x-robots-tag", "")
    return f"X-Robots-Tag: {robots[:100]}" if _NO_AI.search(robots) else None


def _deciding_rule(url: str, rules: ReservationRules) -> _ReservationRule | None:
    """Return the rule with the longest location that names a URL's path, one that reserves before one that does not."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    named = [rule for rule in rules if rule.names(path)]
    return max(named, key=lambda rule: (len(rule.location), rule.is_reserved), default=None)


def _parse_tdmrep(body: bytes, _: RequestTarget) -> ReservationRules:
    """Return the rules of a tdmrep.json; entries that are none are passed over, a file that is none says nothing."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ()
    given = [each for each in found if isinstance(each, dict)][:_RULES_MAX] if isinstance(found, list) else []
    rules = (_ReservationRule(str(each.get("location", "")), str(each.get("tdm-reservation")) == "1") for each in given)
    return tuple(rule for rule in rules if rule.location and _is_bounded(rule.location))


def _is_bounded(location: str) -> bool:
    return len(location) <= _LOCATION_MAX and location.count("*") <= _WILDCARDS_MAX
