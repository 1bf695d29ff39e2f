"""Items of a by-line: a person, a news agency, a desk, an outlet, or nothing of these.

Names of agencies are in data/agencies.toml, all words in data/bylines.toml.
"""

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Literal

from newslake.pipeline.model.article import CreditKind

ItemKind = CreditKind | Literal["person"]


def _read_data(name: str) -> dict[str, object]:
    return tomllib.loads(resources.files("newslake.pipeline.clean").joinpath("data", name).read_text("utf-8"))


def words_of(group: str) -> tuple[str, ...]:
    """Return the words of a group of data/bylines.toml in all languages."""
    return tuple(word for words in _BYLINE_WORDS[group].values() for word in words)  # type: ignore[attr-defined]


def any_word(*groups: str) -> str:
    """Return a pattern of the words of these groups, longest first; ``*`` means any letters."""
    words = sorted({word for group in groups for word in words_of(group)}, key=len, reverse=True)
    return "|".join(re.escape(word).replace(r"\*", r"\w*").replace(r"\ ", r"\s+") for word in words)


_BYLINE_WORDS = _read_data("bylines.toml")


_IN_BRACKETS = re.compile(r"[(\[](.*?)[)\]]")
_SIGNATURE_CHARS = 100  # of the longest agency with its country, desk and signs


@dataclass(frozen=True, slots=True)
class NewsAgency:
    """A news agency: its name, and patterns of it alone, in a credit, in a dateline, and at the end of a report.

    An agency without patterns is known only as an item of a by-line.
    """

    name: str
    alone: re.Pattern[str] | None = None
    in_credit: re.Pattern[str] | None = None
    in_dateline: re.Pattern[str] | None = None
    at_end: re.Pattern[str] | None = None

    def is_credited_in(self, text: str) -> bool:
        """Return whether a by-line or credit names the agency."""
        return self.in_credit is not None and self.in_credit.search(text) is not None

    def signs(self, *, lead: str, end: str) -> bool:
        """Return whether the agency is in the dateline of the first paragraph, or signs the last one."""
        in_dateline = self.in_dateline is not None and self.in_dateline.match(lead)
        tail = max(0, len(end) - _SIGNATURE_CHARS)
        return bool(in_dateline or (self.at_end is not None and self.at_end.search(end, tail)))


def _read_agency_entries() -> tuple[dict[str, list[str]], ...]:
    return tuple(_read_data("agencies.toml")["agency"])  # type: ignore[arg-type]


def _read_agency(entry: dict[str, list[str]]) -> NewsAgency:
    name, spellings = str(entry["name"]), sorted(entry.get("words", ()), key=len, reverse=True)
    if not spellings:
        return NewsAgency(name)
    words = "|".join(map(re.escape, spellings))
    return NewsAgency(
        name,
        alone=re.compile(rf"(?:the )?(?:{words})(?: news)?(?: agency)?", re.IGNORECASE),
        in_credit=re.compile(rf"(?:^|\b(?:by|the)\s+|[/,&]\s*)(?:{words})\b", re.IGNORECASE),
        in_dateline=re.compile(rf"^.{{0,60}}\((?:{words})\)", re.IGNORECASE | re.DOTALL),
        # A report in German or French ends with its agency: "... in the harbour. (dpa)", "(dpa/lno)", "/dpa".
        at_end=re.compile(rf"(?:\(|(?:^|\s)[/–—-]\s?)(?:{words})(?:[/,][\w /,]{{1,20}})?[)/]?\.?$", re.IGNORECASE),
    )


_AGENCY_ENTRIES = _read_agency_entries()
AGENCIES = tuple(map(_read_agency, _AGENCY_ENTRIES))
# Matches if one of them does: most pages name none.
ANY_AGENCY = _read_agency(
    {"name": ["any"], "words": [word for each in _AGENCY_ENTRIES for word in each.get("words", ())]}
)


def credited_agency(credit_lines: Sequence[str], *, lead: str, end: str) -> str | None:
    """Return the name of the agency in a credit line, or with which the first or last paragraph is signed."""
    if not (ANY_AGENCY.signs(lead=lead, end=end) or any(map(ANY_AGENCY.is_credited_in, credit_lines))):
        return None
    agencies = (
        each.name for each in AGENCIES if each.signs(lead=lead, end=end) or any(map(each.is_credited_in, credit_lines))
    )
    return next(agencies, None)


_AGENCY_NAMES = {spelling for each in _AGENCY_ENTRIES for spelling in (*each.get("words", ()), *each.get("items", ()))}
_SHORT_CHARS = 4  # a shorter agency is also a forename or a word: "Ani", "Efe"
_FOLDED_AGENCIES = frozenset(name.casefold() for name in _AGENCY_NAMES if len(name) > _SHORT_CHARS)
_ACRONYMS = _AGENCY_NAMES | {name.upper() for name in _AGENCY_NAMES}
_ANY_AGENCY = "|".join(map(re.escape, sorted(_AGENCY_NAMES, key=len, reverse=True)))
_LONG_AGENCY = "|".join(re.escape(name) for name in sorted(_AGENCY_NAMES, key=len, reverse=True) if " " in name)
_AGENCY_WITH_MORE = re.compile(
    r"(?:the\s+)?(?:(?:agencia|agencja|agence|agentur|agenzia|agência|nachrichtenagentur)\s+)?"
    rf"(?-i:{_ANY_AGENCY})(?![\w.'’])(?:[\s/-][^,;]{{0,24}})?",
    re.IGNORECASE,
)
_NAMELESS_AGENCY = re.compile(rf"(?:{any_word('agency')})", re.IGNORECASE)
_AGENCY_WORD = re.compile(rf"(?<!\w)(?:{any_word('agency_word')})$", re.IGNORECASE)
_BROADCASTER = rf"(?-i:{any_word('broadcaster')})(?:\s(?:news|sports?|online))?"
_AGENCY_AT_END = re.compile(
    rf"^(?P<name>\S+(?:\s\S+){{1,3}}?)\s+(?:for\s+)?(?P<agency>(?:the\s+)?(?-i:{_LONG_AGENCY})|{_BROADCASTER})$",
    re.IGNORECASE,
)
# "Associated Press Writer Ann Bell", "AP Sports Writer Ann Bell".
_AGENCY_AT_START = re.compile(
    rf"^(?P<agency>(?:the\s+)?(?-i:{_ANY_AGENCY}))[\s/-]+(?:(?:[\w-]+\s+){{0,2}}?(?:{any_word('role')})\s+)?(?P<name>[^\W\d_].*)$",
    re.IGNORECASE,
)
_AND = re.compile(rf"\s(?:{any_word('and', 'and_in_name')}|&|\+)\s", re.IGNORECASE)

_DESK = re.compile(rf"(?<!\w)(?:{any_word('desk')})(?!\w)", re.IGNORECASE)
_ORGANISATION = re.compile(rf"(?<!\w)(?:{any_word('outlet', 'broadcaster')})(?!\w)", re.IGNORECASE)
_DESK_ACCOUNT = re.compile(rf"(?:{any_word('desk_account')})", re.IGNORECASE)
_BODY = re.compile(rf"(?<!\w)(?:{any_word('body')})(?!\w)", re.IGNORECASE)
_BODY_OF = re.compile(rf"(?<!\w)(?:{any_word('body')})\s(?:of|for|für|der|des|de|du|di|da|del)\s", re.IGNORECASE)
_ROLE = re.compile(rf"(?<!\w)(?:{any_word('role')})(?!\w)", re.IGNORECASE)
_FAMILY_NAMES = frozenset(words_of("family_name"))
_NOTHING = frozenset(
    word.casefold()
    for group in ("nobody", "nobody_alone", "button", "day", "section", "place", "agency_department")
    for word in words_of(group)
)
_NOBODY = re.compile(rf"(?<!\w)(?:{any_word('nobody')})(?!\w)", re.IGNORECASE)
_NOT_FIRST = frozenset(words_of("not_first"))
_DASHES = frozenset("-–—")
_DOING, _NOT_LAST = frozenset(words_of("doing")), frozenset(words_of("not_last"))
_PARTICLES = frozenset(words_of("particle"))
_JOINED_PARTICLE = re.compile(rf"(?:{any_word('joined_particle')})[-’'](?=[^\W\d_a-z])")
_ADDRESS = re.compile(r"https?:|www\.|@|[\w-]\.(?:html?|php)\b", re.IGNORECASE)
_HOST = re.compile(r"(?<![\w.])(?:[\w-]+\.)+[a-z]{2,6}(?![\w.])")
_NOT_A_NAME = re.compile(r"[<>{}=\d#_→»«…|*•]|\?|!|:|^[^\w]*$")
_NO_NAME = (_NOT_A_NAME, _ADDRESS, _HOST, _ROLE, _DESK, _NOBODY)
_INITIALS = re.compile(r"(?:[^\W\d_](?:\.[\s-]?|[\s-]|$)){1,4}|[^\W\d_a-z]{1,4}|[^\W\d_aeiouyäöüáéíóúåø]{1,5}")
_LOGIN_NAME = re.compile(r"[a-z]+[._-][a-z]+")
_UNCASED = re.compile("[\u0590-\u06ff\u0900-\u0dff\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_MIN_ACCOUNT_CHARS = 3  # two letters begin many names
_MAX_CREDIT_CHARS, _MIN_NAME_CHARS, _MAX_NAME_CHARS, _MAX_NAME_WORDS = 60, 3, 50, 5


def squash(text: str) -> str:
    """Return the letters and digits of a text in lower case: the form in which names of outlets are compared."""
    return "".join(filter(str.isalnum, text.casefold()))


@dataclass(frozen=True, slots=True)
class Outlet:
    """Names by which the outlet of a page signs: its squashed names and domain, and the initials of its name."""

    names: frozenset[str]
    initials: frozenset[str]

    def has_name(self, text: str) -> bool:
        """Return whether a text is a name of the outlet, with or without an article, a host or its initials."""
        mine = squash(text)
        return mine in self.names or mine.removeprefix("the") in self.names or text.strip(".") in self.initials

    def has_account(self, text: str) -> bool:
        """Return whether a single word in one case is how a name of the outlet begins: "harbour" of Harbour Post."""
        is_login = (text.islower() or text.isupper()) and text.isalnum() and len(text) >= _MIN_ACCOUNT_CHARS
        mine = squash(text)
        return is_login and mine not in self.names and any(name.startswith(mine) for name in self.names)

    def is_inside(self, text: str) -> bool:
        """Return whether an item of several words is the outlet with more: "Harbour Insight", "7 News HRBR".

        The outlet's name is in capitals or first. At the end it is also a family name.
        """
        words = text.split()
        named = (word for word in words if len(word) >= _MIN_ACCOUNT_CHARS and squash(word) in self.names)
        return len(words) > 1 and any(word is words[0] or word.isupper() for word in named)


def outlet_of(names: Iterable[str | None], *, domain: str | None) -> Outlet:
    """Return the outlet of these names and this registrable domain."""
    known = [name for name in names if name]
    squashed = {squash(name).removeprefix("the") for name in known} | {squash(name) for name in known}
    host = (domain or "").casefold()
    initials = {"".join(word[0] for word in name.split()).upper() for name in known}
    return Outlet(
        frozenset(filter(None, squashed | {squash(host), squash(host.split(".")[0])})),
        frozenset(letters for letters in initials if len(letters) > 2),
    )


def agency_of(text: str) -> NewsAgency | None:
    """Return the news agency whose name a text is, or None."""
    text = text.strip()
    return next((each for each in AGENCIES if each.alone is not None and each.alone.fullmatch(text)), None)


def is_agency(text: str) -> bool:
    """Return whether an item of a by-line is a news agency, also with a country or department after it.

    An agency with a person is not one item: "AFP with Ann Bell", "Associated Press Writer Ann Bell".
    """
    return (
        text.casefold().removeprefix("the ") in _FOLDED_AGENCIES
        or text in _ACRONYMS
        or (_AGENCY_WITH_MORE.fullmatch(text) is not None and not _AND.search(text) and agency_at_start(text) is None)
        or _NAMELESS_AGENCY.fullmatch(text) is not None
        or (_AGENCY_WORD.search(text) is not None and "," not in text)
    )


def agency_at_end(text: str) -> tuple[str, str] | None:
    """Return the name and the agency or broadcaster after it, as in "Ann Bell CNN"; None for any other text."""
    match = _AGENCY_AT_END.match(text)
    return (match["name"], match["agency"]) if match else None


def agency_at_start(text: str) -> tuple[str, str] | None:
    """Return the person's name and the agency before it, as in "Reuters Ann Bell"; None for any other text."""
    match = _AGENCY_AT_START.match(text)
    return (match["name"], match["agency"]) if match and is_person_name(match["name"]) else None


@dataclass(frozen=True, slots=True)
class ItemParts:
    """The first part of an item, and those after slashes, in brackets, and of an agency next to it.

    ``kind`` is that of the first part as a credit. ``is_outlet``: it is an account of the outlet, in a list its name.
    """

    first: str
    others: tuple[str, ...]
    kind: CreditKind | None
    is_outlet: bool


def split_item(item: str, outlet: Outlet, *, is_list: bool, may_be_both: bool) -> ItemParts:
    """Return the parts of an item. ``may_be_both``: the markup says that it is person and organisation.

    In a list, the outlet's name is a credit; alone after "by" it may be the nickname of the blogger.
    """
    first, *others = [item] if is_agency(item) else item.split("/")
    others += _IN_BRACKETS.findall(first)
    if (pair := agency_at_end(first) or agency_at_start(first)) is not None:
        first, others = pair[0], [pair[1], *others]
    kind = None if may_be_both and is_person_name(first) else credit_kind_of(first, outlet)
    is_inside = is_list and outlet.is_inside(first)
    is_outlet = outlet.has_account(first) or is_inside or (is_list and outlet.has_name(first))
    return ItemParts(first, tuple(others), kind or ("outlet" if is_inside else None), is_outlet)


def organisation_in(text: str, signed: str, outlet: Outlet, *, is_stated: bool) -> tuple[str, CreditKind | None] | None:
    """Return a text that is one organisation, with its kind as a credit; None for any other text.

    ``signed`` is the text without a word for "by". ``is_stated``: the markup says that it is an organisation.
    """
    if not (is_stated or outlet.has_name(text) or is_agency(text)):
        if not is_one_organisation(signed):
            return None
        text = signed
    return text, credit_kind_of(text, outlet, is_organisation=is_stated)


def is_one_organisation(text: str) -> bool:
    """Return whether "and" is inside the name of one organisation: "Arlen Customs and Border Protection"."""
    parts = _AND.split(text)
    if len(parts) != 2 or "," in text or len(text) > _MAX_CREDIT_CHARS:
        return False
    bodies = [{body.casefold() for body in _BODY.findall(part)} for part in parts]
    is_pair = bool(bodies[0] and bodies[1] and not bodies[0] & bodies[1])
    return is_pair or _BODY_OF.search(parts[0]) is not None


def credit_kind_of(text: str, outlet: Outlet, *, is_organisation: bool = False) -> CreditKind | None:
    """Return the kind of an item that is no person; None if it is a person or nothing.

    ``is_organisation``: the markup says so. Any organisation that is neither agency nor desk is an outlet.
    """
    if not 1 < len(text) <= _MAX_CREDIT_CHARS or _ADDRESS.search(text) or text.casefold() in _NOTHING:
        return None
    if is_agency(text):
        return "agency"
    if _DESK.search(text) or _DESK_ACCOUNT.fullmatch(text):
        return "desk"
    host = _HOST.search(text)
    if host is not None:
        return "outlet" if outlet.has_name(host.group().casefold().removeprefix("www.")) else None
    is_outlet = outlet.has_name(text) or outlet.has_account(text)
    return "outlet" if is_outlet or _is_organisation(text, is_stated=is_organisation) else None


def _is_organisation(text: str, *, is_stated: bool) -> bool:
    if len(text) < _MIN_NAME_CHARS or any(pattern.search(text) for pattern in (_NOT_A_NAME, _NOBODY)):
        return False
    return is_stated or (_ORGANISATION.search(text) is not None and not text[0].islower())


def is_uncased_script(text: str) -> bool:
    """Return whether a text has letters of a script without capitals, whose names may be one word."""
    return _UNCASED.search(text) is not None


def is_person_name(text: str, *, min_words: int = 2, is_person: bool = False) -> bool:
    """Return whether an item can be a person's name: no place, button, day, role, login, initials or organisation.

    ``is_person``: the markup says so. Then a family name that is also a word of organisations is one, and a name may
    be in lower case.
    """
    words, is_uncased = text.split(), is_uncased_script(text)
    if not (min_words <= len(words) or is_uncased) or not 0 < len(words) <= _MAX_NAME_WORDS:
        return False
    if not (2 if is_uncased else _MIN_NAME_CHARS) <= len(text) <= _MAX_NAME_CHARS or text.casefold() in _NOTHING:
        return False
    if any(pattern.search(text) for pattern in _NO_NAME) or is_agency(text):
        return False
    if _ORGANISATION.search(text) and not (is_person and len(words) == 2 and words[1].casefold() in _FAMILY_NAMES):
        return False
    if is_uncased or not _has_shape_of_names(words, is_person=is_person):
        return is_uncased
    is_login = _INITIALS.fullmatch(text) is not None or _LOGIN_NAME.fullmatch(text) is not None
    return not is_login and (is_person or _has_case_of_names(words))


def _has_shape_of_names(words: list[str], *, is_person: bool) -> bool:
    """Return whether words are no tagline: "Creating harbour news for ...", "Letters To The", "Jo writes Here".

    Two words of the markup's Person are a forename and a family name, whatever else they mean: "Kim To".
    """
    is_doing = len(words) > 2 and words[0].casefold() in _DOING
    is_cut = words[-1].casefold() in _NOT_LAST and not (is_person and len(words) == 2 and words[-1][0].isupper())
    if is_doing or is_cut or any(word in _DASHES for word in words):
        return False
    small = [word for word in words if word[0].islower() and not _is_particle(word)]
    return len(words) <= 2 or not small or len(small) == len(words)


def _is_particle(word: str) -> bool:
    """Return whether a word is a particle, or begins with one: "al" of "al-Din", "d'" of "d'Arlen"."""
    return word in _PARTICLES or _JOINED_PARTICLE.match(word) is not None


def _has_case_of_names(words: list[str]) -> bool:
    """Return whether words have capitals as names do. A single word may be a nickname in lower case."""
    if words[0].casefold() in _NOT_FIRST:
        return False
    is_capital = words[0][0].isupper() and (words[-1][0].isupper() or words[-1] not in _PARTICLES)
    return len(words) == 1 or (is_capital and all(not word[0].islower() or _is_particle(word) for word in words))
