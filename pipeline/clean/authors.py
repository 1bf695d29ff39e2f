"""Authors of an article: people only, without organisations, categories and addresses."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from trafilatura.metadata import extract_author

from pipeline.clean.html import Tree, text_of, tidy
from pipeline.clean.jsonld import as_list, plain_text, types_of
from pipeline.clean.markup import Markup
from pipeline.clean.metadata import is_elsewhere, texts_near_headline

_BY = re.compile(
    r"^(?:(?:(?:article|story|written|reported|words|text|posted|published|review|interview|analysis|opinion|"
    r"photographs?|photos?|auteur|veröffentlicht|geschrieben|erstellt|eingestellt|verfasst|publié|écrit|escrito|"
    r"publicado|pubblicato)"
    r"\s*)?\b(?:by|von|vom|par|por|di|door|av|af|przez)|autor(?:in)?|author|interview|texte?|foto|"
    r"redaktion)(?:\s*:\s*|\s+)",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"\s*(?:\(.*?\)|\[.*?\]|[|/•·–—].*|\s-\s.*|,?\s+(?:in|for|at|of|en)\s+.*|"
    r"\s(?:chefredakt\w+|redakteur\w*|reporter|correspondent|editor|staff writer|political|senior)\b.*|"
    r"\s(?:im gespräch|im interview|stand|updated|published|last|alle|sagt|says|shares?)\b.*|\d{1,2}[./:]\d.*)$",
    re.IGNORECASE,
)
_INITIAL_AT_END = re.compile(r"\b(?:[A-Z]|Jr|Sr)\.$")
_SPLIT = re.compile(r"\s*(?:;|\||•|·|\n|\s/\s|,?\s+(?:and|und|et|y|e|with|mit|og|och|&)\s+|,)\s*", re.I)
# "Ann Bell and Cy Dorn, Paris": the text after the last of several names is a place or a role.
_AFTER_LAST = re.compile(
    r"(\s(?:and|und|et|y|och|og|&)\s[^,;|]+),(?!.*\s(?:and|und|et|y|och|og|&)\s).*$", re.IGNORECASE
)
_ADDRESS = re.compile(r"\s*(?:https?:|www\.|/|@)", re.IGNORECASE)
_NOT_A_NAME = re.compile(
    r"https?:|www\.|@|\.(?:com|org|net|de|co|uk|fr)\b|[<>{}=\d#_→»«…]|\?|!|^\w+\.[a-z]{2,3}$|^(?:name|follow|text|by|von|share|home)$",
    re.I,
)
_ORGANISATION = re.compile(
    r"\b(?:staff|editors?|editorial|newsroom|newsdesk|desk|team|press|agenc\w+|news|media|magazine|"
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
_META = ("author", "article:author")
_META_MORE = ("parsely-author", "sailthru.author", "byl", "dc.creator", "dcterms.creator", "citation_author",
              "article.author", "og:article:author", "shareaholic:article_author_name")  # fmt: skip
_WRITTEN_BY = re.compile(
    r"^(?:written by|author|verfasst von|geschrieben von|autor|autora|autore|auteur|écrit par|rédigé par|escrito por|"
    r"scritto da|geschreven door|skrevet af|skriven av|napisane przez|автор)\W*$",
    re.IGNORECASE,
)
_REL_AUTHOR = "//*[@rel='author'] | //*[contains(concat(' ', @itemprop, ' '), ' author ')]"
_BYLINE_CLASS = re.compile(r"(?:^|[\s_-])(?:by-?line|authors?|autor(?:es|en)?|auteurs?|autore|verfasser)(?:$|[\s_-])|"
                           r"[a-z](?:Author|Byline)(?:$|[\s_-])", re.IGNORECASE)  # fmt: skip
_NO_BYLINE = re.compile(r"bio|avatar|img|image|photo|social|follow|box|about|e-?mail", re.IGNORECASE)
# A line without author markup is a byline only if it is a word for "by" and capitalised names.
_SIGNED = re.compile(
    r"^(?i:by|von|par|por|di|door|av|af|przez)\s*:?\s+(?:[^\W\d_a-z][\w.'’-]*|(?:de|van|von|der|del|da|la|le|"
    r"and|und|et|y|e|och|og|en)\b|[,&|\s]+)+$"
)
_MAX_BYLINE = 120
_MAX_AUTHORS = 12
_MAX_BYLINES, _BYLINE_CHARS = 100, 1000  # more or longer texts are not bylines


@dataclass(frozen=True, slots=True)
class Authors:
    """Names of people in page order, and the method that found them."""

    names: tuple[str, ...]
    method: str


@dataclass(frozen=True, slots=True)
class _AuthorSource:
    """Texts that may contain authors. ``min_words``: a single word is a name only in author markup."""

    method: str
    texts: tuple[str, ...]
    min_words: int


def read_authors(markup: Markup, *, publisher: str | None, domain: str | None, title: str | None) -> Authors:
    """Return the authors' names in page order, from the first place with names of people.

    Order: JSON-LD, meta elements, rel=author and microdata, a byline near the headline, trafilatura. A fuller name
    from a later place replaces a single word.
    """
    outlets = frozenset(filter(None, (_squash(publisher or ""), _squash((domain or "").split(".")[0]))))
    short: Authors | None = None
    for place in _places(markup, title):
        people = _people(place.texts, outlets, min_words=place.min_words)[:_MAX_AUTHORS]
        found = Authors(people, place.method)
        if short is not None and _is_fuller(people, short.names):
            return found
        if short is None and people:
            if any(" " in name for name in people):
                return found
            short = found
    return short or Authors((), "unknown")


def _is_fuller(people: tuple[str, ...], short: tuple[str, ...]) -> bool:
    folded = [name.casefold().split() for name in people]
    return bool(people) and all(
        any(len(words) > 1 and set(re.split(r"[\W_]+", name.casefold())) <= set(words) for words in folded)
        for name in short
    )


def _places(markup: Markup, title: str | None) -> Iterator[_AuthorSource]:
    yield _AuthorSource("jsonld", tuple(islice(_linked_authors(markup), _MAX_BYLINES)), 1)
    yield _AuthorSource("meta", markup.all_meta(*_META), 1)
    yield _AuthorSource("meta", (*markup.all_meta(*_META_MORE), *_labelled_authors(markup)), 1)
    elements = markup.select(_REL_AUTHOR)[:1]
    yield _AuthorSource("microdata", tuple(text for each in elements if len(text := text_of(each)) < _MAX_BYLINE), 1)
    yield _AuthorSource("byline", _bylines(markup.root, title), 2)
    yield _AuthorSource("trafilatura", (extract_author(markup.root) or "",), 1)


def _labelled_authors(markup: Markup) -> Iterator[str]:
    """Yield the authors that social media cards have under a label such as "Written by"."""
    for index in ("1", "2"):
        if _WRITTEN_BY.match(markup.meta(f"twitter:label{index}")):
            yield markup.meta(f"twitter:data{index}")


def _bylines(root: Tree, title: str | None) -> tuple[str, ...]:
    """Return the first text near the headline that starts with "by" or is in an element with a byline class."""
    for shown in texts_near_headline(root, title=title):
        if len(shown.text) >= _MAX_BYLINE:
            continue
        parent = shown.element.getparent()
        named = shown.named + (f" {parent.get('class') or ''}" if parent is not None else "")
        is_named = _BYLINE_CLASS.search(named) is not None and not _NO_BYLINE.search(named)
        if not (is_named or _SIGNED.match(shown.text)) or is_elsewhere(shown):
            continue
        if _people((shown.text,), frozenset(), min_words=2):
            return (shown.text,)
    return ()


def _linked_authors(markup: Markup) -> Iterator[str]:
    for key in ("author", "creator"):
        for value in as_list(markup.story.get(key)):
            author = markup.data.resolved(value)
            if _is_organisation(types_of(author)):
                continue
            names = author.get("name") if isinstance(author, Mapping) else author
            yield from (plain_text(name) for name in as_list(names))


def _is_organisation(types: frozenset[str]) -> bool:
    """Return whether JSON-LD types mean an organisation. A value that is both Person and Organization is a person."""
    return "Person" not in types and any(name.endswith("Organization") or name == "Brand" for name in types)


def _people(texts: Iterable[str], outlets: frozenset[str], *, min_words: int) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for text in (raw[:_BYLINE_CHARS] for raw in islice(texts, _MAX_BYLINES)):
        if _squash(text) in outlets:
            continue
        names = [name for name in _split(text) if is_person_name(name, min_words=min_words)]
        if len(names) > 2 and not any(" " in name for name in names):  # a list of categories
            continue
        for name in names:
            if _squash(name) not in outlets:
                found.setdefault(name.casefold(), name)
    return tuple(found.values())


def _squash(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _split(raw: str) -> Iterator[str]:
    if _ADDRESS.match(raw):
        return
    for part in _SPLIT.split(_AFTER_LAST.sub(r"\1", _BY.sub("", tidy(raw)))):
        whole = _BY.sub("", tidy(part)).strip(" ,:;-–—|\"'*")
        name = _TAIL.sub("", whole).strip(" ,:;-–—|\"'*")
        if name and (name == whole or " " in name):  # a single word of a longer line is a role, not a name
            yield _title_case(name if _INITIAL_AT_END.search(name) else name.rstrip("."))


def _title_case(name: str) -> str:
    return name.title() if name.isupper() and len(name) > 4 and " " in name else name


def is_person_name(name: str, *, min_words: int = 2) -> bool:
    """Return whether a string can be a person's name: at most 5 words, no organisation, address or category."""
    words = name.split()
    if not min_words <= len(words) <= 5 or not 3 <= len(name) <= 50:
        return False
    if _NOT_A_NAME.search(name) or _ORGANISATION.search(name):
        return False
    return (words[0][0].isupper() and words[-1][0].isupper()) or not name.isascii() or len(words) == 1
