"""Who wrote it: people only, no organisations, categories, addresses."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from trafilatura.metadata import extract_author

from pipeline.clean.jsonld import listed, plain, types_of
from pipeline.clean.markup import Markup
from pipeline.clean.tree import text_of, tidy

_BY = re.compile(
    r"^(?:(?:(?:article|story|written|reported|words|text|posted|published|review|interview|analysis|opinion|"
    r"photographs?|photos?|auteur|veröffentlicht|geschrieben|eingestellt|verfasst|publié|écrit|escrito|"
    r"publicado|pubblicato)"
    r"\s*)?\b(?:by|von|vom|par|por|di|door|av|af|przez)|autor(?:in)?|author|interview|texte?|foto|"
    r"redaktion)(?:\s*:\s*|\s+)",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"\s*(?:\(.*?\)|\[.*?\]|[|/•·–—].*|\s-\s.*|,?\s+(?:in|for|at|of|en)\s+.*|"
    r"\s(?:chefredakt\w+|redakteur\w*|reporter|correspondent|editor|staff writer|political|senior)\b.*|"
    r"\s(?:updated|published|last|alle|sagt|says|shares?)\b.*|\d{1,2}[./:]\d.*)$",
    re.IGNORECASE,
)
_INITIAL_AT_END = re.compile(r"\b(?:[A-Z]|Jr|Sr)\.$")
_SPLIT = re.compile(r"\s*(?:;|\||•|·|\n|\s/\s|,?\s+(?:and|und|et|y|e|with|mit|og|och|&)\s+|,)\s*", re.I)
_ADDRESS = re.compile(r"\s*(?:https?:|www\.|/|@)", re.IGNORECASE)
_NOT_A_NAME = re.compile(r"https?:|www\.|@|\.(?:com|org|net|de|co|uk|fr)\b|[<>{}=\d#_]|\?|!")
_ORGANISATION = re.compile(
    r"\b(?:staff|editors?|editorial|newsroom|newsdesk|desk|team|press|agency|agencies|news|media|magazine|"
    r"online|web|blog|"
    r"times|post|journal|reporters?|correspondents?|contributors?|writers?|redaktion|redaccion|redacción|"
    r"rédaction|redazione|"
    r"admin|administrator|webmaster|guest|user|unknown|anonymous|author|wires?|services?|network|group|"
    r"institute|university|"
    r"foundation|department|ministry|association|society|company|inc|ltd|gmbh|llc|verlag|e\.v|ev|zeitung|nachrichten|"
    r"kommentar|comment|artikel|articles|veröffentlicht|published|reuters|bloomberg|afp|dpa|upi|pti|xinhua|tass|"
    r"ansa|apa|epd|kna|sid|bbc|cnn|ap)\b",
    re.IGNORECASE,
)
_META = ("author", "article:author", "parsely-author", "sailthru.author", "byl", "dc.creator", "dcterms.creator",
         "citation_author", "article.author", "og:article:author", "twitter:data1")  # fmt: skip
_BYLINES = "//*[@rel='author'] | //*[contains(concat(' ', @itemprop, ' '), ' author ')]"
_MAX_AUTHORS = 12
_MAX_BYLINES, _BYLINE_CHARS = 100, 1000  # more or longer is no byline


def read_authors(markup: Markup, *, publisher: str | None, domain: str | None) -> tuple[str, ...]:
    """Return the authors' names in the page's order, from the first place that names people.

    JSON-LD, then meta elements, then bylines. One word is a name only where markup states it as the author's.
    """
    outlets = frozenset(filter(None, (_squashed(publisher or ""), _squashed((domain or "").split(".")[0]))))
    for names, is_stated in _places(markup):
        people = _people(names, outlets, is_stated=is_stated)
        if people:
            return people[:_MAX_AUTHORS]
    return ()


def _places(markup: Markup) -> Iterator[tuple[Iterable[str], bool]]:
    yield _linked(markup), True
    yield markup.all_meta(*_META[:2]), True
    yield markup.all_meta(*_META[2:-1]), True
    elements = markup.root.xpath(_BYLINES)
    yield [text for element in elements[:1] if len(text := text_of(element)) < 120], True
    yield [extract_author(markup.root) or ""], True


def _linked(markup: Markup) -> Iterator[str]:
    for key in ("author", "creator"):
        for value in listed(markup.story.get(key)):
            author = markup.data.resolved(value)
            if _is_organisation(types_of(author)):
                continue
            names = author.get("name") if isinstance(author, Mapping) else author
            yield from (plain(name) for name in listed(names))


def _is_organisation(types: frozenset[str]) -> bool:
    """Content systems type the one author of a site as Person and Organization at once: that is a person."""
    return "Person" not in types and any(name.endswith("Organization") or name == "Brand" for name in types)


def _people(names: Iterable[str], outlets: frozenset[str], *, is_stated: bool) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for raw in islice(names, _MAX_BYLINES):
        for name in _split(raw[:_BYLINE_CHARS]):
            if is_person_name(name, min_words=1 if is_stated else 2) and _squashed(name) not in outlets:
                found.setdefault(name.casefold(), name)
    return tuple(found.values())


def _squashed(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _split(raw: str) -> Iterator[str]:
    if _ADDRESS.match(raw):
        return
    for part in _SPLIT.split(_BY.sub("", tidy(raw))):
        whole = _BY.sub("", tidy(part)).strip(" ,:;-–—|\"'*")
        name = _TAIL.sub("", whole).strip(" ,:;-–—|\"'*")
        if name and (name == whole or " " in name):  # one word left of a longer line is a role, not a name
            yield _title_case(name if _INITIAL_AT_END.search(name) else name.rstrip("."))


def _title_case(name: str) -> str:
    return name.title() if name.isupper() and len(name) > 4 and " " in name else name


def is_person_name(name: str, *, min_words: int = 2) -> bool:
    """Return whether a string can be a person's name: at most five words, no organisation, address or category."""
    words = name.split()
    if not min_words <= len(words) <= 5 or not 3 <= len(name) <= 50:
        return False
    if _NOT_A_NAME.search(name) or _ORGANISATION.search(name):
        return False
    return (words[0][0].isupper() and words[-1][0].isupper()) or not name.isascii() or len(words) == 1
