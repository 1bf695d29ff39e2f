"""Names of its outlet that a page shows: in the title element, at the logo, in the copyright line."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from importlib import resources
from itertools import chain, islice
from urllib.parse import urlsplit

from newslake.pipeline.clean.html import Tree, text_of, tidy
from newslake.pipeline.clean.jsonld import plain_text
from newslake.pipeline.clean.markup import Markup

_DATA: Mapping[str, list[str]] = tomllib.loads(
    resources.files("newslake.pipeline.clean").joinpath("data", "shown_names.toml").read_text("utf-8")
)
_ARTICLES = frozenset(_DATA["articles"])
_LOGO_WORDS = re.compile(rf"(?<!\w)(?:{'|'.join(_DATA['logo_words'])})(?!\w)", re.IGNORECASE)
_EDGES = " \t/|›»«‹:,;.–—-·•’'\"()"
_SEPARATOR = re.compile(
    r"\s+[|–—·»«•:│]+\s+|\s+-+\s+|\s*[|│]\s*|\s+//\s+|:\s+"
    r"|(?<=[\u3000-\u9fff\uac00-\ud7af\uff00-\uffef])[-_]+(?=[\u3040-\u9fff\uac00-\ud7af])"  # scripts without spaces
)
_COPYRIGHT = re.compile(
    r"(?:©|\(c\)|copyright)[\s©]*(?:(?:\(c\)|copyright|by)\s*)*(?:\d{4}(?:\s*[-–—/]\s*\d{2,4})?)?[\s,:.–-]*(?:by\s+)?"
    r"(?P<name>[^|©,;–—•·(]+)",
    re.IGNORECASE,
)
_COPYRIGHT_END = re.compile(r"\.\s|\s-\s|\ball rights|\balle rechte|\btous droits|\btodos los|\s\d{4}", re.IGNORECASE)
_COPYRIGHT_PATH = "//text()[contains(., '©') or contains(., 'opyright')]"
_NAME_CHARS, _LINE_CHARS = 60, 300
_MAX_LINES, _MAX_HOME_LINKS, _MAX_PARTS = 8, 6, 6

_ROOT_SLASHES = 3  # in "https://post.example/"; most links have more and are not parsed
_MIN_LETTERS = 2
_START_LETTERS = 5  # of a key that a longer name begins with: "Rosalind Foundation" of rosalind.example
_PART_LETTERS, _PART_SHARE = 4, 0.75  # of a key that a name must cover: "Harbour" is too little of "harbourpost"
_KEY_SHARE = 0.4  # of a longer name that its key must cover
_MIN_INITIALS = 3


def squash(text: str) -> str:
    """Return the letters and digits of a name in lower case, without accents: hosts have none."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(char))
    return re.sub(r"[\W_]+", "", plain)


def shown_names(markup: Markup, *, title: str, host: str) -> Iterator[tuple[str, str]]:
    """Yield (method, name) pairs: names that may be the outlet's, in the order of trust.

    Methods: "jsonld" (an organisation or site), "meta" (the name as an application), "title", "logo", "copyright".
    """
    for node in markup.data.of_type("NewsMediaOrganization", "WebSite", "Organization")[:_MAX_PARTS]:
        yield "jsonld", plain_text(node)
    for name in markup.all_meta(
        "application-name", "apple-mobile-web-app-title", "publisher", "dc.publisher", "copyright"
    ):
        yield "meta", name
    places = chain(
        (("title", name) for name in _title_parts(markup.document_title, title)),
        (("logo", name) for name in _logo_names(markup.root, host)),
        (("copyright", name) for name in _copyright_names(markup.root)),
    )
    yield from ((method, name) for method, name in places if 1 < len(name) <= _NAME_CHARS)


def _title_parts(whole: str, title: str) -> Iterator[str]:
    """Yield the parts of a title element that are not in the headline, the last one first."""
    parts = [part for each in _SEPARATOR.split(whole) if (part := each.strip())]
    if len(parts) > 1:
        folded = title.casefold()
        yield from (part for part in (*reversed(parts[-_MAX_PARTS:]), parts[0]) if part.casefold() not in folded)


def _logo_names(root: Tree, host: str) -> Iterator[str]:
    """Yield the labels and texts of the links to the site's first page, without words such as "logo"."""
    for link in islice((each for each in root.iter("a") if _is_home_link(each.get("href"), host)), _MAX_HOME_LINKS):
        images = [image.get(name) for image in link.iter("img") for name in ("alt", "title")]
        inner = [each.text for each in link.iter("title")]
        for label in (*images, *inner, link.get("title"), link.get("aria-label"), text_of(link)):
            text = tidy(label)
            if 1 < len(text) <= 2 * _NAME_CHARS:
                for part in (text, *_SEPARATOR.split(text)):
                    yield tidy(_LOGO_WORDS.sub(" ", part)).strip(_EDGES)


def _is_home_link(href: str | None, host: str) -> bool:
    if not href or (href != "/" and href.count("/") > _ROOT_SLASHES):
        return False
    try:
        parts = urlsplit(href.strip())
    except ValueError:
        return False
    is_root = parts.path in ("/", "") and not parts.query and not parts.fragment and bool(parts.netloc or parts.path)
    return is_root and (parts.hostname or host).removeprefix("www.") == host


def _copyright_names(root: Tree) -> Iterator[str]:
    for line in islice(root.xpath(_COPYRIGHT_PATH), _MAX_LINES):
        if line.is_text or line.is_tail:
            parent = line.getparent()
            if parent is None or parent.tag in ("script", "style"):
                continue
            text = tidy(str(line))
            if len(_COPYRIGHT.sub("", text)) < 1 or text.strip("©() 0123456789-–").casefold() in ("", "copyright"):
                text = text_of(parent)
            if len(text) <= _LINE_CHARS and (line_match := _COPYRIGHT.search(text)):
                yield _COPYRIGHT_END.split(line_match["name"])[0].strip(_EDGES)


def is_spelled_like(name: str, label: str) -> bool:
    """Return whether a name has the letters of an outlet's key, almost all of them, or its initials.

    This is stricter than a resemblance: "Sport" does not name sportpost.example.
    """
    words = [word for each in re.findall(r"[^\W_]+", _expanded(name)) if (word := squash(each))]
    bare = words[1:] if len(words) > 1 and words[0] in _ARTICLES else words
    if len(label) < _MIN_LETTERS or not words:
        return False
    spelled = host_spellings(name)
    return label in spelled or any(_covers(form, label) for form in spelled) or _has_initials(bare, words, label)


def host_spellings(name: str) -> frozenset[str]:
    """Return the letters of a name as hosts spell it: with and without its article, umlauts as "ae" or "a"."""
    return frozenset("".join(form) for each in (name, _expanded(name)) for form in _forms(each))


def _forms(name: str) -> Iterator[list[str]]:
    words = [word for each in re.findall(r"[^\W_]+", name.casefold()) if (word := squash(each))]
    yield words
    if len(words) > 1 and words[0] in _ARTICLES:
        yield words[1:]


def _expanded(name: str) -> str:
    """Return a name with its umlauts as hosts write them: "boersen" for "Börsen"."""
    return name.casefold().translate(_UMLAUTS)


_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "æ": "ae", "œ": "oe"})


def _covers(form: str, label: str) -> bool:
    if form.startswith(label) and len(label) >= _START_LETTERS:
        return True
    if label in form and len(label) >= _PART_LETTERS and len(label) >= _KEY_SHARE * len(form):
        return True
    return form in label and len(form) >= _PART_LETTERS and len(form) >= _PART_SHARE * len(label)


def _has_initials(bare: list[str], words: list[str], label: str) -> bool:
    return any(len(each) >= _MIN_INITIALS and "".join(word[0] for word in each) == label for each in (bare, words))
