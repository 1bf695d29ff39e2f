"""The rules of a robots.txt that apply to one crawler (RFC 9309). Protego matches paths; groups are selected here.

Protego compares a name as a part of the User-Agent header, and ends a group at a Crawl-delay line. RFC 9309
has whole product tokens, and only Allow and Disallow end the names of a group.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import batched, islice
from urllib.parse import quote

from protego import Protego

from newslake.pipeline.model.rights import license_of, signal_of, usage_of
from newslake.pipeline.unicode import to_well_formed

_EOL = re.compile(r"\r\n?|\n")
_TOKEN = re.compile(r"[A-Za-z_-]+")
# With the misspellings that Protego and Google's parser accept; a colon may be missing.
_RECORD = re.compile(
    r"(?P<agent>user[ -]?agent)|(?P<disallow>dis{1,2}al{1,2}ow|diasllow|disallaw)|(?P<allow>allow)|"
    r"(?P<delay>crawl[ -]delay)|(?P<license>license)|(?P<signal>content-signal)|(?P<usage>content-usage)",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(r"\s*:\s*|\s+|$")
_LINE_BREAKS = re.compile("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")  # for Protego, not for the RFC
_LINES_PER_PART = 200
_PREFERENCES_MAX, _LICENSES_MAX = 100, 10
_EVERYWHERE = "/"


@dataclass(frozen=True, slots=True)
class _Rule:
    """An Allow or Disallow line of a group: its number from 1, its text, and the pattern."""

    number: int
    line: str
    is_refusal: bool
    pattern: str

    def __str__(self) -> str:
        return f"{'Disallow' if self.is_refusal else 'Allow'}: {_LINE_BREAKS.sub(_percent_encoded, self.pattern)}"


@dataclass(frozen=True, slots=True)
class _Preference:
    """A Content-Signal or Content-Usage line of a group: number from 1, kind, statement, and the paths it is for."""

    number: int
    kind: str
    statement: str
    pattern: str


class RobotsRules:
    """What a robots.txt says to one crawler. ``crawl_delay`` is in seconds; None without a valid one."""

    def __init__(self, text: str, *, agent: str) -> None:
        records = tuple(_records(to_well_formed(text)))
        group = _group_of(records, product_token(agent))
        self.crawl_delay = max(group.delays, default=None)
        self._rules = group.rules
        self._parsed = _parse(group.rules)
        self._preferences = group.preferences[:_PREFERENCES_MAX]
        self._licenses = tuple(_licenses(records))

    def allows(self, url: str) -> bool:
        return _allows(self._parsed, url)

    def line_against(self, url: str) -> str | None:
        """Return the line that refuses a URL, with its number from 1: of several, the longest pattern."""
        part = next((rules for rules, parsed in self._refusals if not _allows(parsed, url)), ())
        rule = next((rule for rule in part if not _allows(_parse((rule,)), url)), None)
        return None if rule is None else f"line {rule.number}: {rule.line}"

    def rights(self, url: str) -> tuple[tuple[int, str], ...]:
        """Return the number and text of each statement about the use of a URL, in the order of the file.

        A License applies to every path. Of the Content-Signal and of the Content-Usage lines, those with the longest
        pattern that matches apply.
        """
        lines = list(self._licenses)
        for kind in ("signal", "usage"):
            named = [each for each, parsed in self._paths if each.kind == kind and not _allows(parsed, url)]
            longest = max((len(each.pattern) for each in named), default=0)
            lines += [(each.number, each.statement) for each in named if len(each.pattern) == longest]
        return tuple(sorted(lines))

    @cached_property
    def _paths(self) -> list[tuple[_Preference, Protego]]:
        """The preferences, each with a parsed file that refuses the paths that it is for."""
        return [(each, _parse((_Rule(each.number, "", True, each.pattern),))) for each in self._preferences]

    @cached_property
    def _refusals(self) -> list[tuple[tuple[_Rule, ...], Protego]]:
        """The Disallow lines, longest pattern first, in parts that are searched one after the other."""
        refusals = sorted((rule for rule in self._rules if rule.is_refusal), key=lambda rule: -len(rule.pattern))
        return [(part, _parse(part)) for part in batched(refusals, _LINES_PER_PART, strict=False)]


def product_token(agent: str) -> str:
    """Return the product token of a User-Agent header or line, in lower case; empty without one."""
    token = _TOKEN.match(agent.replace("*", "").strip())
    return token.group().lower() if token else ""


@dataclass(slots=True)
class _Group:
    """The rules, delays and preferences of all groups that name a crawler."""

    rules: list[_Rule] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    preferences: list[_Preference] = field(default_factory=list)
    is_named: bool = False

    def add(self, number: int, kind: str, value: str, line: str) -> None:
        """Add a record of the group, other than a name."""
        if kind == "delay":
            self.delays.extend(_seconds(value))
        elif kind in _STATEMENTS:
            self.preferences.extend(_preferences(number, kind, value))
        elif value:
            self.rules.append(_Rule(number, line, kind == "disallow", value))


_Record = tuple[int, str, str, str]
_STATEMENTS: Mapping[str, Callable[[str], str | None]] = {"signal": signal_of, "usage": usage_of}
_NOT_IN_A_GROUP = ("license",)
_INSIDE_A_GROUP = ("delay",)  # not a record of the RFC: it applies to the names above it, and the group goes on


def _group_of(records: Iterable[_Record], token: str) -> _Group:
    """Return the groups that name ``token``, combined; without one, the groups of "*"."""
    ours, everybody = _Group(), _Group()
    named: list[_Group] = []
    has_rules = False
    for number, kind, value, line in records:
        if kind == "agent":
            if has_rules:
                named, has_rules = [], False
            group = everybody if value == "*" else ours if token and product_token(value) == token else None
            if group is not None and group not in named:
                group.is_named = True
                named.append(group)
        elif kind not in _NOT_IN_A_GROUP:
            has_rules = has_rules or kind not in _INSIDE_A_GROUP
            for group in named:
                group.add(number, kind, value, line)
    return ours if ours.is_named else everybody


def _preferences(number: int, kind: str, value: str) -> Iterator[_Preference]:
    """Yield the preference of a line: its path, which may be missing, and the uses."""
    path, *uses = value.split(maxsplit=1) if value.startswith(("/", "*")) else (_EVERYWHERE, value)
    if (statement := _STATEMENTS[kind]("".join(uses))) is not None:
        yield _Preference(number, kind, statement, path)


def _licenses(records: Iterable[_Record]) -> Iterator[tuple[int, str]]:
    """Yield number and statement of each License line, which is of no group (RSL 1.0)."""
    statements = ((number, license_of(value)) for number, kind, value, _ in records if kind == "license")
    return islice(((number, statement) for number, statement in statements if statement is not None), _LICENSES_MAX)


def _records(text: str) -> Iterator[_Record]:
    """Yield number, kind, value and text of each line that is a record of a group, or a license."""
    for number, line in enumerate(_EOL.split(text), start=1):
        stated = line.partition("#")[0].strip()
        record = _RECORD.match(stated)
        separator = _SEPARATOR.match(stated, record.end()) if record else None
        if record is not None and separator is not None and record.lastgroup is not None:
            yield number, record.lastgroup, stated[separator.end() :], line.strip()


def _seconds(value: str) -> Iterable[float]:
    try:
        seconds = float(value)
    except ValueError:
        return ()
    return (seconds,) if math.isfinite(seconds) and seconds >= 0 else ()


def _parse(rules: Sequence[_Rule]) -> Protego:
    return Protego.parse("\n".join(("User-agent: *", *map(str, rules))))


def _allows(parsed: Protego, url: str) -> bool:
    is_allowed: bool = parsed.can_fetch(url, "*")
    return is_allowed


def _percent_encoded(match: re.Match[str]) -> str:
    return quote(match.group())
