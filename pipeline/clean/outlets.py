"""The outlet of a page: its key, which all its pages share, and the name of its publisher."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import chain
from typing import NamedTuple
from urllib.parse import urlsplit

from newslake.pipeline.clean.blocks import NOT_FOUND, UNSPACED_SCRIPT, ExtractedField, Origin
from newslake.pipeline.clean.credits import agency_of
from newslake.pipeline.clean.html import tidy
from newslake.pipeline.clean.markup import Markup
from newslake.pipeline.clean.shown_names import host_spellings, is_spelled_like, shown_names, squash
from newslake.pipeline.model import NO_OUTLET_KEYS, OutletKeys, Page, domain_of

# Hosts and names are data.


@dataclass(frozen=True, slots=True)
class _OutletData:
    """``pipeline/clean/data/outlets.toml``. ``platforms`` to ``sections`` are in the form of ``_fold``."""

    shared_hosts: frozenset[str]
    platforms: frozenset[str]
    placeholders: frozenset[str]
    sections: frozenset[str]
    legal_forms: tuple[str, ...]
    aliases: Mapping[str, str]
    names: Mapping[str, str]


def _read_data() -> _OutletData:
    text = resources.files("newslake.pipeline.clean").joinpath("data", "outlets.toml").read_text("utf-8")
    data = tomllib.loads(text)
    return _OutletData(
        shared_hosts=frozenset(data["shared_hosts"]),
        platforms=frozenset(map(_fold, data["platforms"])),
        placeholders=frozenset(map(_fold, data["placeholders"])),
        sections=frozenset(map(_fold, data["sections"])),
        legal_forms=tuple(sorted(data["legal_forms"], key=len, reverse=True)),
        aliases=data["aliases"],
        names=data["names"],
    )


def _fold(text: str) -> str:
    """Return a name for comparison: lower case, with single blanks in place of punctuation."""
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


_DATA = _read_data()

# The key.

# A snapshot of a web archive belongs to the outlet of the page.
_SNAPSHOT = re.compile(r"https?://web\.archive\.org/web/\d{4,14}[a-z_]*/(https?:/+.+)", re.IGNORECASE)
_SINGLE_SLASH = re.compile(r"^(https?):/+", re.IGNORECASE)


def outlet_key_of(url: str | None, user_keys: OutletKeys = NO_OUTLET_KEYS) -> str | None:
    """Return the key of the outlet that published a URL: the one of ``user_keys``, else its registrable domain.

    The longest host of the aliases counts; the user's precede the built-in ones. On a host that outlets share, the key
    is the subdomain: "harbour.substack.com". A web archive's snapshot has the key of its page. None without a host.
    """
    if user_keys.key is not None:
        return user_keys.key
    if not url:
        return None
    if snapshot := _SNAPSHOT.match(url):
        url = _SINGLE_SLASH.sub(r"\1://", snapshot[1])
    try:
        domain, host = domain_of(url), (urlsplit(url).hostname or "").rstrip(".").removeprefix("www.")
    except ValueError:  # brackets without an address
        return None
    names = tuple(_parents(host))
    for table in (user_keys.aliases, _DATA.aliases):
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
_HOST_NAME = re.compile(r"(?:[\w-]+\.)*?(?P<bare>[\w-]+)(?P<end>(?:\.[a-z]{2,3})?\.[a-z]{2,12})?")
_ENDS_LIKE_HOST = re.compile(r"\S\.[A-Za-z]{2,12}$")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
_INNER_ADDRESS = re.compile(r"\bwww\d?\.|https?://", re.IGNORECASE)  # "News and opinion on www.post.example"
_WEB_ADDRESS = re.compile(r"^(?:https?://)?(?:www\d?\.)?(?=[\w-]+\.)|(?<=\w)/+$", re.IGNORECASE)
_NAME_LETTERS = 4  # a shorter name that the page shows does not replace a stated one: it may be initials
_LABEL_CHARS = 2  # many words begin like a host of one letter
_NAME_IN_LABEL_CHARS = 4  # shorter words are in many names of hosts; "Lantern" is in thelantern.example


class PageOutlet(NamedTuple):
    """The key of a page's outlet, and the name of its publisher."""

    key: str | None
    publisher: ExtractedField


def read_outlet(markup: Markup, page: Page, origin: Origin, *, canonical: str | None, title: str | None) -> PageOutlet:
    """Return the outlet of a page. ``canonical`` is the page's canonical URL, ``title`` its headline."""
    key = outlet_key_of(canonical or page.final_url or page.url, origin.outlets)
    if origin.publisher:
        return PageOutlet(key, ExtractedField(origin.publisher, "source"))
    return PageOutlet(key, _read_publisher(markup, page, key, title=title))


def _read_publisher(markup: Markup, page: Page, key: str | None, *, title: str | None) -> ExtractedField:
    """Return the publisher's name from the page, else from the listing, else the known name of the outlet's key.

    Of the names in JSON-LD, OpenGraph and the listing the first one wins that resembles the outlet's key; then one that
    the page shows and that is spelled like the key; then the first one; then the known one; then one that the page
    shows twice. Platforms, placeholders and handles are no publisher; nor are sections, places, the headline and news
    agencies that do not resemble the key. A name that resembles it loses its slogan and legal form.
    """
    label = label_of(key)
    others = {_fold(text) for text in (title, *_named_otherwise(markup)) if text}
    named = list(_usable(_stated_names(markup, page), label, others=others))
    alike = _first(each for each in named if _resembles(each[1], label))
    if alike.text and not _is_plain_host(alike.text):
        return alike
    shown = _usable(shown_names(markup, title=title or "", host=_host_of(page)), label, others=others)
    if alike.text:
        return _better_spelling(alike, chain(named, shown))
    if named:
        return _confirmed_name(named, shown, label)
    return _shown_name(shown, label, known=_DATA.names.get(key or ""))


def _first(names: Iterable[tuple[str, str]]) -> ExtractedField:
    """Return the first of (method, name) pairs."""
    return next((ExtractedField(name, method) for method, name in names), NOT_FOUND)


def _shown_name(shown: Iterable[tuple[str, str]], label: str, *, known: str | None) -> ExtractedField:
    """Return the first shown name that is spelled like the key, rather no host, else the known or a confirmed one."""
    read = []
    for method, name in shown:
        if _is_close(method, name, label=label) and not _is_plain_host(name):
            return ExtractedField(name, method)
        read.append((method, name))
    if known:
        return ExtractedField(known, "outlet")
    close = _first(each for each in read if _is_close(*each, label=label))
    return close if close.text else _first(_names_shown_twice(read))


def _confirmed_name(named: Sequence[tuple[str, str]], shown: Iterable[tuple[str, str]], label: str) -> ExtractedField:
    """Return the first stated name, which is unlike the key, or a shown one in its place that is spelled like the key.

    The stated one stays if the page shows it too, or if it is in another script.
    """
    stated = ExtractedField(named[0][1], named[0][0])
    read = list(shown) if _LATIN.search(named[0][1]) else []
    if any(_fold(name) == _fold(named[0][1]) for method, name in read if method != "jsonld"):
        return stated
    close = (each for each in read if len(each[1]) >= _NAME_LETTERS and _is_close(*each, label=label))
    shown_name = _first(each for each in close if not _is_plain_host(each[1]))
    return shown_name if shown_name.text else stated


def _is_close(method: str, name: str, *, label: str) -> bool:
    """Return whether a shown name is spelled like the key; a copyright line also names owners, so it must be equal."""
    return label in host_spellings(name) if method == "copyright" else is_spelled_like(name, label)


def _usable(names: Iterable[tuple[str, str]], label: str, *, others: set[str]) -> Iterator[tuple[str, str]]:
    """Yield the (method, name) pairs that can be a publisher, as they are shown."""
    for method, text in names:
        if (name := _publisher_name(text, label=label)) and _is_publisher(name, label, others=others):
            yield method, name


def _is_plain_host(name: str) -> bool:
    """Return whether a name is a host's, or may be one without its end: "pcgamer", "harbourpost.example"."""
    return name.islower() and name.isascii() and _HOST_NAME.fullmatch(name) is not None


def _better_spelling(alike: ExtractedField, names: Iterable[tuple[str, str]]) -> ExtractedField:
    """Return the name with the same letters that is written as a name, "PC Gamer" for "pcgamer"; else ``alike``."""
    host = _HOST_NAME.fullmatch(alike.text or "")
    bare, end = host.group("bare", "end") if host else ("", None)
    for method, name in names:
        capitals = sum(map(str.isupper, name))
        is_name = " " in name or (capitals > 0 if end else 1 < capitals < len(name))
        if is_name and not _ENDS_LIKE_HOST.search(name) and squash(name) == squash(bare):
            return ExtractedField(name, method)
    return alike


def _names_shown_twice(shown: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the names that two kinds of places show: the title element and the link of the logo.

    In a script without spaces one of them may be longer: "新华网" and "新华网股份有限公司".
    """
    for method, name in shown:
        folded = _fold(name)
        for other, text in shown:
            is_same = _fold(text) == folded or (UNSPACED_SCRIPT.search(name) and _fold(text).startswith(folded))
            if other != method and is_same:
                yield method, name
                break


def _host_of(page: Page) -> str:
    try:
        return (urlsplit(page.final_url or page.url or "").hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _stated_names(markup: Markup, page: Page) -> Iterator[tuple[str, str]]:
    yield "jsonld", markup.story.names["publisher"]
    yield "opengraph", markup.meta("og:site_name")
    yield "feed", page.hints.publisher or ""


def _named_otherwise(markup: Markup) -> Iterator[str]:
    """Yield headline, section and place of the story: some templates put them where the publisher belongs."""
    for key in ("headline", "articleSection", "contentLocation", "locationCreated"):
        yield markup.story.names[key]
    yield from markup.all_meta("og:title", "article:section", "geo.placename")


def label_of(outlet: str | None) -> str:
    """Return the first name of a key without its mark-up: "harbourpost" of "harbour-post.co.uk"; "" for an address."""
    label = squash((outlet or "").split(".")[0])
    return "" if label.isdigit() else label


def _publisher_name(text: str, *, label: str) -> str:
    """Return a name as it is shown: without web address, slogan and legal form; "" for a template or a headline."""
    name = tidy(_WEB_ADDRESS.sub("", tidy(text)))
    if _UNFILLED.search(name) or _INNER_ADDRESS.search(name):
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
    if not folded or name.startswith("@") or folded in _DATA.platforms or folded in _DATA.placeholders:
        return False
    return _resembles(name, label) or not (folded in others or folded in _DATA.sections or agency_of(name))


def _resembles(name: str, label: str) -> bool:
    """Return whether a name is like the first name of the host: its words begin it, are in it, or have its initials."""
    words = [word for each in _fold(name).split() if (word := squash(each))]
    squashed = "".join(words)
    if len(label) < _LABEL_CHARS or not squashed:
        return False
    return (
        any("".join(words[start:]).startswith(label) for start in range(len(words)))
        or (len(squashed) >= _NAME_IN_LABEL_CHARS and squashed in label)
        or (len(words) > 1 and "".join(word[0] for word in words) == label)
    )
