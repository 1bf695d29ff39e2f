"""Genres of an article: press releases and opinion, each with the evidence for it.

The words are data, in ``data/page_types.toml``. Evidence is what publishers say about the whole page: a type of
JSON-LD, its section, a directory of its URL, the kicker above the headline, a by-line in the standfirst. A word in the
middle of a text or a title does not count.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import islice
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from newslake.pipeline.clean.blocks import TextPiece
from newslake.pipeline.clean.credits import any_word, is_person_name
from newslake.pipeline.clean.html import Tree, fold_title, text_of, text_start
from newslake.pipeline.clean.markup import Markup

_LISTED = tomllib.loads(
    resources.files("newslake.pipeline.clean").joinpath("data", "page_types.toml").read_text("utf-8")
)
WORDS: Mapping[str, Mapping[str, frozenset[str]]] = {
    genre: {place: frozenset(words) for place, words in lists.items()} for genre, lists in _LISTED.items()
}
_OPINION, _RELEASE = WORDS["opinion"], WORDS["press_release"]

_SECTION_PARTS = re.compile(r"\s*[/,;|>&»›]\s*")
_SLUG_MARKS = re.compile(r"[-_+ ]+")
_PREFIX = re.compile(r"\s*[|:]\s+|\s+[–—-]\s+")
_TAIL = re.compile(r"\s+[|–—-]\s+")
_KICKER_CHARS, _KICKERS = 40, 4
_MAX_SECTIONS = 10
_OUTSIDE_TAGS = frozenset({"nav", "aside", "footer", "form", "ul", "ol"})
# "PORT ARLEN, Nov. 3, 2031 /PRNewswire/ --", "Arlen (ots) -", "(BUSINESS WIRE)--".
_DATELINE = re.compile(r"^.{0,90}?[/(]\s?([^\W\d][\w .-]{1,24}?)\s?[/)]\s*(?:[-–—]|$)")
_FIRST_LINES, _LAST_LINES, _LINE_WORDS = 4, 12, 12
_LINE_START, _LINE_CHARS = 60, 200
_SENTENCES, _STANDFIRST_CHARS = re.compile(r"(?<=[.!?…:])\s+|\s+[|–—-]\s+"), 800
_BY_LINES = "|".join(re.escape(words).replace("\\ ", r"[\s'’]+") for words in sorted(_OPINION["by_lines"]))
_OPINION_BY = re.compile(rf"\s*(?:{_BY_LINES})\s+(?P<names>\S.*)", re.IGNORECASE)
_AND = re.compile(rf"\s*,\s*|\s+(?:{any_word('and', 'and_in_name')}|&)\s+", re.IGNORECASE)
_RELEASE_LINES = tuple(sorted(_RELEASE["release_lines"]))
_CONTACTS, _ABOUT = (tuple(f"{words} " for words in sorted(_RELEASE[place])) for place in ("contacts", "about"))


@dataclass(frozen=True, slots=True)
class Genre:
    """The place that shows a genre, as a method in snake_case, and the words of it for people."""

    method: str
    evidence: str


def opinion_of(markup: Markup, *, url: str, title: str | None) -> Genre | None:
    """Return the evidence that the publisher presents the page as opinion or a review; None without any."""
    kinds = sorted(_OPINION["jsonld_types"].intersection(markup.story.types))
    if kinds:
        return Genre("jsonld_type", f"its JSON-LD says {kinds[0]}")
    return (
        _in_section(markup, _OPINION["sections"])
        or _in_section(markup, _OPINION["reviews"], is_whole=True)
        or _in_url(url, _OPINION["urls"], has_host=True)
        or _in_url(url, _OPINION["review_urls"])
        or _in_title(markup, title or "", _OPINION["titles"])
        or _in_kicker(markup.root, _OPINION["titles"])
    )


class TextGenres(NamedTuple):
    """The evidence that a page is a press release, and that it is opinion."""

    release: Genre | None
    opinion: Genre | None


def genres_of_text(markup: Markup, pieces: Sequence[TextPiece], *, url: str, opinion: Genre | None) -> TextGenres:
    """Return the genres of a page with a text. ``opinion`` is from ``opinion_of``; a standfirst may show it, too."""
    standfirst = next((piece.text for piece in pieces if piece.kind == "standfirst"), "")
    return TextGenres(_press_release_of(markup, pieces, url=url), opinion or _opinion_in_standfirst(standfirst))


def _opinion_in_standfirst(text: str) -> Genre | None:
    """Return the sentence of a standfirst that is such a by-line, "Ein Kommentar von Ann Bell"; None without one."""
    for sentence in _SENTENCES.split(text[:_STANDFIRST_CHARS]):
        byline = _OPINION_BY.match(sentence)
        names = _AND.split(byline["names"].strip(" .:")) if byline else []
        if names and all(map(is_person_name, names)):
            return Genre("standfirst", f"{sentence.strip()!r} in its standfirst")
    return None


def _press_release_of(markup: Markup, pieces: Sequence[TextPiece], *, url: str) -> Genre | None:
    """Return the evidence that the page is a press release; None without any."""
    publisher = markup.story.names["publisher"] or markup.meta("og:site_name")
    if fold_title(publisher) in _RELEASE["wires"]:
        return Genre("wire_publisher", f"{publisher!r} as its publisher distributes releases")
    return (
        release_in_text([piece.text for piece in pieces if piece.kind != "caption"])
        or _in_section(markup, _RELEASE["sections"])
        or _in_url(url, _RELEASE["urls"])
        or _in_kicker(markup.root, _RELEASE["sections"])
    )


def release_in_text(lines: Sequence[str]) -> Genre | None:
    """Return the evidence of a press release in the lines of a text; None without any."""
    for line in lines[:_FIRST_LINES]:
        if fold_title(line[:_LINE_START]).startswith(_RELEASE_LINES):
            return Genre("release_line", f"{line[:60]!r} before its text")
        dateline = _DATELINE.match(line)
        if dateline and fold_title(dateline[1]) in _RELEASE["wires"]:
            return Genre("wire_dateline", f"{dateline[1]!r} in its dateline")
    ends = [fold_title(line) for line in lines[-_LAST_LINES:] if len(line) <= _LINE_CHARS]
    contact = next((line for line in ends if f"{line} ".startswith(_CONTACTS)), None)
    sender = next((line for line in ends if line.startswith(_ABOUT) and _is_short(line)), None)
    if contact and sender:
        return Genre("contact_lines", f"{sender[:40]!r} and {contact[:40]!r} at its end")
    return None


def _is_short(line: str) -> bool:
    return 1 < len(line.split()) <= _LINE_WORDS


def _in_section(markup: Markup, words: frozenset[str], *, is_whole: bool = False) -> Genre | None:
    """Return the section, genre or breadcrumb of the page that is one of the words.

    A section may have several names, as in "News & Opinion"; with ``is_whole`` it must have one.
    """
    stated = (*markup.story.lists["articleSection"][:_MAX_SECTIONS], *markup.all_meta("article:section", "section"))
    for method, texts in (
        ("section", stated),
        ("genre", markup.story.lists["genre"]),
        ("breadcrumb", tuple(name for name, _ in markup.data.breadcrumbs)),
    ):
        for text in texts:
            for part in [text] if is_whole else _SECTION_PARTS.split(text):
                if fold_title(part) in words:
                    return Genre(method, f"{part!r} as its {method}")
    return None


def _in_url(url: str, words: frozenset[str], *, has_host: bool = False) -> Genre | None:
    """Return the directory of a URL that is one of the words: "/opinion/" of "/opinion/a-new-quay".

    The last part of the path names the page itself. With ``has_host``, the first name of the host counts too.
    """
    parts = urlsplit(url)
    folders = unquote(parts.path).split("/")[:-1]
    host = (parts.hostname or "").split(".")[:1] if has_host else []
    word = next((each for each in (*folders, *host) if _SLUG_MARKS.sub(" ", each).casefold() in words), None)
    return Genre("url", f"{word!r} in its URL") if word else None


def _in_title(markup: Markup, title: str, words: frozenset[str]) -> Genre | None:
    """Return the word before the first separator of a title, or a part of the document's title after one."""
    whole = markup.document_title
    firsts = (_PREFIX.split(text, maxsplit=1)[0] for text in (title, markup.meta("og:title"), whole) if text)
    for part in (*firsts, *_TAIL.split(whole)[1:]):
        if fold_title(part) in words and len(part) < len(whole or title):
            return Genre("title", f"{part!r} in its title")
    return None


def _in_kicker(root: Tree, words: frozenset[str]) -> Genre | None:
    kicker = next((text for text in _kickers(root) if fold_title(text) in words), None)
    return Genre("kicker", f"{kicker!r} above its headline") if kicker else None


def _kickers(root: Tree) -> Iterator[str]:
    """Yield the short texts next to the first h1: inside it, and directly above it or its container."""
    headline = next(root.iter("h1"), None)
    if headline is None:
        return
    yield from (text_of(part) for part in islice(headline.iterdescendants("span", "a", "strong"), _KICKERS))
    for element in islice((headline, *headline.iterancestors()), 3):
        for sibling in islice(element.itersiblings(preceding=True), _KICKERS):
            if sibling.tag not in _OUTSIDE_TAGS and len(text := text_start(sibling, _KICKER_CHARS)) <= _KICKER_CHARS:
                yield text
