"""The outlet of a page: its key, which all its pages share, and the name of its publisher."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from urllib.parse import urlsplit

from pipeline.clean.blocks import ExtractedField, first_nonempty
from pipeline.clean.credits import agency_of
from pipeline.clean.html import tidy
from pipeline.clean.jsonld import plain_text
from pipeline.clean.markup import Markup
from pipeline.model import NO_OUTLET_KEYS, OutletKeys, Page, domain_of

# Hosts and names are data.


@dataclass(frozen=True, slots=True)
class _OutletData:
    """``pipeline/clean/data/outlets.toml``. All names but ``legal_forms`` are in the form of ``_fold``."""

    shared_hosts: frozenset[str]
    platforms: frozenset[str]
    placeholders: frozenset[str]
    legal_forms: tuple[str, ...]
    aliases: Mapping[str, str]


def _read_data() -> _OutletData:
    text = resources.files("pipeline.clean").joinpath("data", "outlets.toml").read_text("utf-8")
    data = tomllib.loads(text)
    return _OutletData(
        shared_hosts=frozenset(data["shared_hosts"]),
        platforms=frozenset(map(_fold, data["platforms"])),
        placeholders=frozenset(map(_fold, data["placeholders"])),
        legal_forms=tuple(sorted(data["legal_forms"], key=len, reverse=True)),
        aliases=data["aliases"],
    )


def _fold(text: str) -> str:
    """Return a name for comparison: lower case, with single blanks in place of punctuation."""
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def _squash(text: str) -> str:
    """Return the letters and digits of a name in lower case, without accents: hosts have none."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(char))
    return re.sub(r"[\W_]+", "", plain)


_DATA = _read_data()

# The key.

# A snapshot of a web archive belongs to the outlet of the page.
_SNAPSHOT = re.compile(r"https?://web\.archive\.org/web/\d{4,14}[a-z_]*/(https?:/+.+)", re.IGNORECASE)
_SINGLE_SLASH = re.compile(r"^(https?):/+", re.IGNORECASE)


def outlet_key_of(url: str | None, given: OutletKeys = NO_OUTLET_KEYS) -> str | None:
    """Return the key of the outlet that published a URL: the ``given`` one, else its registrable domain.

    The longest host of the aliases counts; the user's precede the built-in ones. On a host that outlets share, the key
    is the subdomain: "harbour.substack.com". A web archive's snapshot has the key of its page. None without a host.
    """
    if given.own is not None:
        return given.own
    if not url:
        return None
    if found := _SNAPSHOT.match(url):
        url = _SINGLE_SLASH.sub(r"\1://", found[1])
    try:
        domain, host = domain_of(url), (urlsplit(url).hostname or "").rstrip(".").removeprefix("www.")
    except ValueError:  # brackets without an address
        return None
    names = tuple(_parents(host))
    for table in (given.aliases, _DATA.aliases):
        if key := next((table[name] for name in names if name in table), None):
            return key
    if domain in _DATA.shared_hosts and host != domain:
        return ".".join(host.split(".")[-(domain.count(".") + 2) :])
    return domain


def _parents(host: str) -> Iterator[str]:
    """Yield a host name and the names above it, the longest first: a.b.example, b.example, example."""
    parts = host.split(".")
    yield from (".".join(parts[start:]) for start in range(len(parts)))


# The name of the publisher.

_NAME_WORDS = 8  # a longer one is a headline or a slogan
_PARTS = re.compile(r"\s+[|–—·•:/-]{1,2}\s+|\s*\|\s*|:\s+")
_UNFILLED = re.compile(r"[{}<>]|%[\w(]|\$\w|\[\[|\]\]")  # a template without its values: "{{ site.name }}"
_WEB_ADDRESS = re.compile(r"^(?:https?://)?(?:www\d?\.)?(?=[\w-]+\.)|(?<=\w)/+$", re.IGNORECASE)
_LABEL_CHARS = 2  # many words begin like a host of one letter
_NAME_IN_LABEL_CHARS = 4  # shorter words are in many names of hosts; "Lantern" is in thelantern.example


def read_publisher(
    markup: Markup, page: Page, *, given: str | None, outlet: str | None, title: str | None
) -> ExtractedField:
    """Return the publisher's name: the one given in ``sources.toml``, else from the page, else from the listing.

    Of the names in JSON-LD, OpenGraph and the listing the first one wins that resembles the outlet's key, else the
    first one. Platforms and placeholders are no publisher; nor are sections, places, the headline and news agencies
    that do not resemble the key. A name that resembles it loses its slogan and legal form.
    """
    if given:
        return ExtractedField(given, "source")
    label = _label_of(outlet)
    others = {_fold(text) for text in (title, *_named_otherwise(markup)) if text}
    named = [
        (method, name)
        for method, text in _stated_names(markup, page)
        if (name := _publisher_name(text, label=label)) and _is_publisher(name, label, others=others)
    ]
    return first_nonempty((*(each for each in named if _resembles(each[1], label)), *named))


def _stated_names(markup: Markup, page: Page) -> Iterator[tuple[str, str]]:
    yield "jsonld", plain_text(markup.data.resolved(markup.story.get("publisher")))
    yield "opengraph", markup.meta("og:site_name")
    yield "feed", page.hints.publisher or ""


def _named_otherwise(markup: Markup) -> Iterator[str]:
    """Yield headline, section and place of the story: some templates put them where the publisher belongs."""
    for key in ("headline", "articleSection", "contentLocation", "locationCreated"):
        yield plain_text(markup.data.resolved(markup.story.get(key)))
    yield from markup.all_meta("og:title", "article:section", "geo.placename")


def _label_of(outlet: str | None) -> str:
    """Return the first name of a key without its mark-up: "harbourpost" of "harbour-post.co.uk"; "" for an address."""
    label = _squash((outlet or "").split(".")[0])
    return "" if label.isdigit() else label


def _publisher_name(text: str, *, label: str) -> str:
    """Return a name as it is shown: without web address, slogan and legal form; "" for a template or a headline."""
    name = tidy(_WEB_ADDRESS.sub("", tidy(text)))
    if _UNFILLED.search(name):
        return ""
    part = next((each for each in _PARTS.split(name) if each and _resembles(each, label)), name)
    if len(part.split()) > _NAME_WORDS:
        return ""
    for form in _DATA.legal_forms:
        if part.endswith(f" {form}") and _resembles(short := part.removesuffix(form).rstrip(" ,"), label):
            return short
    return part


def _is_publisher(name: str, label: str, *, others: set[str]) -> bool:
    folded = _fold(name)
    if not folded or folded in _DATA.platforms or folded in _DATA.placeholders:
        return False
    return _resembles(name, label) or not (folded in others or agency_of(name))


def _resembles(name: str, label: str) -> bool:
    """Return whether a name is like the first name of the host: its words begin it, are in it, or have its initials."""
    words = [word for each in _fold(name).split() if (word := _squash(each))]
    squashed = "".join(words)
    if len(label) < _LABEL_CHARS or not squashed:
        return False
    return (
        any("".join(words[start:]).startswith(label) for start in range(len(words)))
        or (len(squashed) >= _NAME_IN_LABEL_CHARS and squashed in label)
        or (len(words) > 1 and "".join(word[0] for word in words) == label)
    )
