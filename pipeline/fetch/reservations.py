"""Who reserves text and data mining (TDMRep, noai): what headers say, and each host's tdmrep.json."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import urlsplit

from pipeline.fetch.hops import Hops, Target
from pipeline.fetch.host_file import HostFile
from pipeline.fetch.limits import FetchLimits
from pipeline.fetch.trouble import Trouble
from pipeline.fetch.walk import Gate

_RULES_MAX = 1000
_LOCATION_MAX = 500  # characters
_WILDCARDS_MAX = 8
_NO_AI = re.compile(r"\bno(?:image)?ai\b", re.IGNORECASE)


@dataclass(frozen=True)
class _Rule:
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


Rules = tuple[_Rule, ...]


class Reservations:
    """The tdmrep.json of every origin. The longest location that names a path decides, as in robots.txt.

    Where it cannot be read, a fetcher that obeys reservations fetches nothing, for now.
    """

    def __init__(self, limits: FetchLimits, *, hops: Hops, now: Callable[[], datetime]) -> None:
        self._is_obeyed = limits.obeys_reservation
        self._file = HostFile("/.well-known/tdmrep.json", parse=_parse, hops=hops, limits=limits, now=now)

    def gate(self, target: Target) -> Gate:
        """Read the file of a target's origin; return why a page may not be fetched where reservations are obeyed."""
        rules = yield from self._file.rules(target)
        if not self._is_obeyed:
            return None
        if isinstance(rules, Trouble):
            return rules.of_host_file(f"{target.origin}/.well-known/tdmrep.json", reason="tdm_unreachable")
        if rules is not None and _is_reserved(target.url, rules):
            return Trouble("never", "tdm_reserved", f"{target.origin}/.well-known/tdmrep.json reserves it")
        return None

    def is_reserved(self, url: str) -> bool:
        """Return whether the file of a URL's origin, as far as it was read, reserves the URL."""
        parts = urlsplit(url)
        rules = self._file.known_rules(f"{parts.scheme}://{parts.netloc}")
        return rules is not None and not isinstance(rules, Trouble) and _is_reserved(url, rules)


def is_reserved_by(headers: Mapping[str, str]) -> bool:
    """Return whether a reply's headers reserve text and data mining."""
    is_stated = headers.get("tdm-reservation", "").strip() == "1"
    return is_stated or _NO_AI.search(headers.get("x-robots-tag", "")) is not None


def _is_reserved(url: str, rules: Rules) -> bool:
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    named = [rule for rule in rules if rule.names(path)]
    return max(((len(rule.location), rule.is_reserved) for rule in named), default=(0, False))[1]


def _parse(body: bytes, _: Target) -> Rules:
    """Return the rules of a tdmrep.json; entries that are none are passed over, a file that is none says nothing."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ()
    given = [each for each in found if isinstance(each, dict)][:_RULES_MAX] if isinstance(found, list) else []
    rules = (_Rule(str(each.get("location", "")), str(each.get("tdm-reservation")) == "1") for each in given)
    return tuple(rule for rule in rules if rule.location and _is_bounded(rule.location))


def _is_bounded(location: str) -> bool:
    return len(location) <= _LOCATION_MAX and location.count("*") <= _WILDCARDS_MAX
