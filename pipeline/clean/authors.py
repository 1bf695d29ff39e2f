"""Authors and credits of an article: the people of its by-line, and its agencies, desks and outlets."""

import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

from lxml.etree import SubElement, XPath
from lxml.html import Element
from trafilatura.metadata import extract_author

from newslake.pipeline.clean.byline_items import AND, BY, EDGES, WORD_FOR_BY, BylineText, is_single_word, read_items
from newslake.pipeline.clean.credits import Outlet, any_word, is_agency, is_uncased_script, outlet_of, squash
from newslake.pipeline.clean.html import Tree, text_of
from newslake.pipeline.clean.markup import Markup
from newslake.pipeline.clean.metadata import HeadlineArea, VisibleText, is_elsewhere
from newslake.pipeline.clean.page_parts import outermost
from newslake.pipeline.model import Credit

_BY_ALONE = re.compile(rf"(?:{WORD_FOR_BY}|{any_word('label')})\s*:?", re.IGNORECASE)
_BY_ONLY = re.compile(rf"(?:{WORD_FOR_BY})\s*:?", re.IGNORECASE)
_META = ("author", "article:author")
_META_CATALOGUE = ("dc.creator", "dcterms.creator", "citation_author")  # libraries write "Bell, Ann"
_META_MORE = ("parsely-author", "sailthru.author", "byl", "article.author", "articleauthor",
              "article_author", "og:article:author", "mrf:authors", "cxenseparse:author",
              "shareaholic:article_author_name")  # fmt: skip
_WRITTEN_BY = re.compile(
    r"^(?:written by|author|verfasst von|geschrieben von|autor|autora|autore|auteur|écrit par|rédigé par|escrito por|"
    r"scritto da|geschreven door|skrevet af|skriven av|napisane przez|автор)\W*$",
    re.IGNORECASE,
)
_REL_AUTHOR = XPath("//*[@rel='author' or (@itemprop and contains(concat(' ', @itemprop, ' '), ' author '))]")
# A part of each class, id or other name in trafilatura's AUTHOR_XPATHS, and what its AUTHOR_DISCARD_XPATHS look at.
_AUTHOR_LIKE = re.compile(
    r"[Aa]uthor|[Bb]yl|BBL|writer|(?:user|screen|channel-|journalist-)name|(?:submitted|posted)-by|zuozhe|bianji|xiaobian"
)
_DISCARDED_TAGS, _DISCARDED_BY = ("a", "div", "section", "span", "time", "figure"), ("id", "class", "data-component")
_BYLINE_CLASS = re.compile(r"(?:^|[\s_-])(?:by-?lines?|authors?|autor(?:es|en)?|auteurs?|autore|verfasser)(?:$|[\s_-])|"
                           r"[a-z](?:Author|Byline)s?(?:$|[\s_-])", re.IGNORECASE)  # fmt: skip
_NO_BYLINE = re.compile(
    r"bio|avatar|img|image|photo|fotogra|licen[cs]e|copyright|social|follow|box|about|e-?mail|caption|cutline|gallery|"
    r"categor|rubri|kicker",
    re.IGNORECASE,
)
_PICTURE_LINK = re.compile(rf"//(?:[\w.-]+\.)?(?:{any_word('picture_host')})", re.IGNORECASE)
_AUTHOR_LINK = re.compile(rf"/(?:{any_word('author_path')})/(?P<slug>[^?#]+)", re.IGNORECASE)
_NOT_WRITER = re.compile(rf"(?<!\w)(?:{any_word('not_writer')})(?!\w)", re.IGNORECASE)
# "Ann Bell | 4 May 2031": a line of a name and a date.
_LINE_MARK = re.compile(r"\s+[|•·–—-]\s+|\s*[|•·]\s*")
_DATE = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d\d-\d\d|(?<!\d)(?:19|20)\d\d(?!\d)")
_LINE_MARKS = tuple("|•·–—-")
_DATED_NAME_WORDS = 3
_UNFINISHED = re.compile(rf"(?:,|&|(?<!\w){AND})\s*$", re.IGNORECASE)
_AND_LAST = re.compile(rf"\s{AND}$", re.IGNORECASE)
# A line without author markup is a byline only if it is a word for "by" and capitalised names.
_SIGNED = re.compile(
    rf"^(?i:{WORD_FOR_BY})\s*:?\s+(?:[^\W\d_a-z][\w.'’-]*|(?:de|van|von|der|del|da|la|le)\b|(?i:{AND})\b|[,&|\s]+)+"
    r"(?:(?:in|on|at|am|um|for)\s*)?$"
)
_HIDDEN = ("jsonld", "meta")  # places that readers do not see
_MAX_BYLINE = 120
_MAX_AUTHORS = 12
_MAX_BYLINES = 100  # more texts are not bylines
_PROSE_CHARS = 200  # a text so long is the story's
_NEAR_TEXTS = 15  # texts under the headline before the story
_CONTAINERS = 3  # elements around a text that may be the whole byline


@dataclass(frozen=True, slots=True)
class Authors:
    """Names of people and credits of the by-line, each in page order, and the methods that read them."""

    names: tuple[str, ...]
    method: str
    credits: tuple[Credit, ...] = ()
    credits_method: str = "unknown"


@dataclass(frozen=True, slots=True)
class _AuthorSource:
    """The items of one place of a page, each once."""

    method: str
    people: tuple[str, ...]
    credits: tuple[Credit, ...]


def read_authors(
    markup: Markup, area: HeadlineArea, *, publisher: str | None, site: str | None, domain: str | None
) -> Authors:
    """Return the people in page order, from the first place that names any, and the credits.

    Places: JSON-LD, meta elements, rel=author and microdata, a byline near the headline; trafilatura if none of them
    names anybody. If JSON-LD has the outlet as a Person, other markup is about the site too: then only the byline. A
    fuller name from a later place replaces a single word, and a longer list a single person. ``publisher`` and ``site``
    are names of the page's outlet.
    """
    outlet = outlet_of((publisher, site), domain=domain)
    passed: list[_AuthorSource] = []
    short: _AuthorSource | None = None
    for candidate in _places(markup, outlet, area):
        place = _without_outlets(candidate, passed)
        if place.method not in ("jsonld", "byline") and _is_outlet_person(markup, outlet):
            continue
        if short is not None and _is_fuller(place.people, short.people):
            return _authors(place, passed)
        if short is None and place.people:
            if any(" " in name for name in place.people):
                return _authors(_longer(place, outlet, area), passed)
            short = place
        if place.method == "byline" and short is None and any(each.credits for each in (*passed, place)):
            passed.append(place)
            break
        passed.append(place)
    return _authors(short or _AuthorSource("unknown", (), ()), passed)


def _is_outlet_person(markup: Markup, outlet: Outlet) -> bool:
    """Return whether the only author of JSON-LD is a Person with the outlet's name."""
    authors = list(islice(_linked_authors(markup), 2))
    return len(authors) == 1 and authors[0].kind == "person" and outlet.has_name(authors[0].text)


def _authors(place: _AuthorSource, passed: list[_AuthorSource]) -> Authors:
    """Return the people of a place, and the credits of it and of the places passed before it.

    With people, an earlier place gives agencies and desks only: it names its outlet because it lacks the people.
    Without people the first place with an agency or a desk decides, else the first with an outlet.
    """
    if place.people:
        named = [credit for each in passed for credit in each.credits if credit.kind != "outlet"]
        all_credits = tuple({squash(each.name): each for each in (*place.credits, *named)}.values())
        return Authors(
            place.people[:_MAX_AUTHORS], place.method, all_credits, place.method if all_credits else "unknown"
        )
    with_credits = [each for each in passed if each.credits]
    chosen = next((each for each in with_credits if any(credit.kind != "outlet" for credit in each.credits)), None)
    chosen = chosen or next(iter(with_credits), None)
    if chosen is None:
        return Authors((), "unknown")
    return Authors((), "unknown", chosen.credits[:_MAX_AUTHORS], chosen.method)


def _without_outlets(place: _AuthorSource, passed: list[_AuthorSource]) -> _AuthorSource:
    """Return a place without the people whom an earlier place calls an organisation."""
    known = {squash(credit.name) for each in passed for credit in each.credits}
    return replace(place, people=tuple(name for name in place.people if squash(name) not in known))


def _is_fuller(people: tuple[str, ...], short: tuple[str, ...]) -> bool:
    folded = [name.casefold().split() for name in people]
    return bool(people) and all(
        any(len(words) > 1 and set(re.split(r"[\W_]+", name.casefold())) <= set(words) for words in folded)
        for name in short
    )


def _longer(place: _AuthorSource, outlet: Outlet, area: HeadlineArea) -> _AuthorSource:
    """Return the visible byline in place of a single person of the markup if it names that person and others.

    A byline of other people replaces the person too, who is an uploader or an editor: see ``_contrary_byline``.
    """
    if len(place.people) != 1 or place.method not in _HIDDEN:
        return place
    texts = _bylines(area, outlet)
    shown = _source("byline", texts[:1], outlet)  # several texts are links, of which some may be sections
    folded = [name.casefold() for name in shown.people]
    if len(texts) == 1 < len(folded) and place.people[0].casefold() in folded:
        return shown
    return (texts and _contrary_byline(area, outlet, place.people[0])) or place


def _contrary_byline(area: HeadlineArea, outlet: Outlet, person: str) -> _AuthorSource | None:
    """Return the byline of whole names under the headline if the person of the markup is nowhere near it.

    It has a byline class and comes before the story and before linked headlines; None without one.
    """
    words, byline = set(_words(person)), None
    for shown in area.texts[:_NEAR_TEXTS]:
        if shown.is_above or len(shown.text) >= _PROSE_CHARS or _is_linked_heading(shown.element):
            break
        if words & set(_words(shown.text)):
            return None
        if byline is not None or not _is_marked(shown.element) or is_elsewhere(shown, around=area.around):
            continue
        place = _source("byline", _byline_texts(shown, outlet), outlet)
        is_whole = bool(place.people) and all(" " in name for name in place.people)
        byline = place if is_whole and not _NOT_WRITER.search(_text_around(shown.element)) else None
    return byline


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[\W\d_]+", text.casefold()) if len(word) > 2]


def _is_marked(element: Tree) -> bool:
    around = (element, *islice(element.iterancestors(), 1))
    return any(_BYLINE_CLASS.search(f"{each.get('class') or ''} {each.get('id') or ''}") for each in around)


def _is_linked_heading(element: Tree) -> bool:
    around = {each.tag for each in (element, *islice(element.iterancestors(), _CONTAINERS))}
    is_heading = not around.isdisjoint(("h2", "h3", "h4"))
    return is_heading and ("a" in around or element.find(".//a") is not None)


def _text_around(element: Tree) -> str:
    parent = element.getparent()
    text = text_of(parent) if parent is not None else ""
    return text if len(text) < _MAX_BYLINE else text_of(element)


# Places.


def _places(markup: Markup, outlet: Outlet, area: HeadlineArea) -> Iterator[_AuthorSource]:
    has_signed = False
    for place in _stated_places(markup, outlet):
        yield place
        has_signed = has_signed or any(credit.kind != "outlet" for credit in place.credits)
    yield _source("byline", _bylines(area, outlet, has_signed=has_signed), outlet)
    yield _source("trafilatura", [BylineText(extract_author(_author_tree(markup.root)) or "", min_words=2)], outlet)


def _stated_places(markup: Markup, outlet: Outlet) -> Iterator[_AuthorSource]:
    yield _source("jsonld", islice(_linked_authors(markup), _MAX_BYLINES), outlet)
    yield _source("meta", map(BylineText, markup.all_meta(*_META)), outlet)
    more = (*map(BylineText, (*markup.all_meta(*_META_MORE), *_labelled_authors(markup))), *_catalogued(markup))
    yield _source("meta", more, outlet)
    yield _source("microdata", _author_links(markup), outlet)


def _source(method: str, texts: Iterable[BylineText], outlet: Outlet) -> _AuthorSource:
    people: dict[str, str] = {}
    by_name: dict[str, Credit] = {}
    for text in islice(texts, _MAX_BYLINES):
        for item in read_items(text, outlet):
            if item.kind == "person":
                if method in _HIDDEN and _is_login(item.name):
                    continue
                people.setdefault(item.name.casefold(), item.name)
            else:
                by_name.setdefault(squash(item.name), Credit(item.name, item.kind))
    return _AuthorSource(method, tuple(people.values()), tuple(by_name.values()))


def _is_login(name: str) -> bool:
    """Return whether a name is a single word in one case. A page that shows it signs with it, as blogs do."""
    return is_single_word(name) and (name.islower() or name.isupper())


def _labelled_authors(markup: Markup) -> Iterator[str]:
    """Yield the authors that social media cards have under a label such as "Written by"."""
    for index in ("1", "2"):
        if _WRITTEN_BY.match(markup.meta(f"twitter:label{index}")):
            yield markup.meta(f"twitter:data{index}")


def _catalogued(markup: Markup) -> Iterator[BylineText]:
    """Yield the authors of library metadata, which may have their family name first."""
    return (BylineText(text, kind="catalogue") for text in markup.all_meta(*_META_CATALOGUE))


def _linked_authors(markup: Markup) -> Iterator[BylineText]:
    for author in (*markup.story.authors, *markup.story.creators):
        kind = _kind_of_type(author.types)
        yield from (BylineText(name, kind) for name in author.names)


def _kind_of_type(types: frozenset[str]) -> str:
    """Return what JSON-LD types mean. A value that is both Person and Organization is a person who is the publisher."""
    if "Person" in types:
        return "person" if len(types) == 1 else "person_and_organisation"
    is_organisation = any(name.endswith("Organization") or name == "Brand" for name in types)
    return "organisation" if is_organisation else ""


def _author_links(markup: Markup) -> Iterator[BylineText]:
    """Yield the first element with author markup, and those next to it."""
    elements = _REL_AUTHOR(markup.root)
    around = elements[0].getparent() if elements else None
    for element in elements:
        if element is elements[0] or around in (element.getparent(), _grandparent(element)):
            text = text_of(element)
            if len(text) < _MAX_BYLINE:
                yield BylineText(text)


def _grandparent(element: Tree) -> Tree | None:
    parent = element.getparent()
    return parent.getparent() if parent is not None else None


def _author_tree(root: Tree) -> Tree:
    """Return a page with only the elements that trafilatura may take for an author's: its XPaths are slow.

    Each is in copies of those elements around it that may make trafilatura discard it, without their other content.
    """
    tree = Element("html")
    for element in outermost(each for each in root.iter() if _is_author_like(each)):
        inner = tree
        for around in reversed([*element.iterancestors(*_DISCARDED_TAGS)]):
            attributes = {name: value for name in _DISCARDED_BY if (value := around.get(name))}
            inner = SubElement(inner, around.tag, attributes)
        inner.append(deepcopy(element))
    return tree


def _is_author_like(element: Tree) -> bool:
    if not element.attrib:
        return bool(element.tag == "author")
    get = element.get
    names = f"{get('id')} {get('class')} {get('itemprop')} {get('data-testid')} {get('data-component')}"
    return _is_author_name(names) or get("rel") == "author" or element.tag == "author"


@lru_cache(maxsize=4096)
def _is_author_name(names: str) -> bool:
    return _AUTHOR_LIKE.search(names) is not None


# The byline that the page shows.


def _bylines(area: HeadlineArea, outlet: Outlet, *, has_signed: bool = False) -> tuple[BylineText, ...]:
    """Return the texts of the first byline near the headline that names somebody; people go before credits.

    A byline starts with "by", or is in an element with a byline class. ``has_signed``: an agency or a desk has signed
    in the markup. Then a line after the start of the story names others: its editors, the speakers of a recording.
    """
    credited: tuple[BylineText, ...] = ()
    label, is_in_story = None, False
    for shown in area.texts:
        is_end = len(shown.text) >= _PROSE_CHARS or _is_linked_heading(shown.element)
        is_in_story = not shown.is_above and (is_in_story or is_end)
        if len(shown.text) >= _MAX_BYLINE or (has_signed and is_in_story):
            continue
        texts = _byline_texts(shown, outlet)
        if not texts and not is_in_story:
            texts = _unmarked_texts(shown, title=area.title, is_labelled=_is_near(shown.element, label))
        label = shown.element if _BY_ONLY.fullmatch(shown.text.strip(EDGES)) else None
        if not texts or is_elsewhere(shown, around=area.around):
            continue
        source = _source("byline", texts, outlet)
        if source.people:
            return texts
        credited = credited or (texts if source.credits else ())
    return credited


def _unmarked_texts(shown: VisibleText, *, title: str, is_labelled: bool) -> tuple[BylineText, ...]:
    """Return the name in a text without byline markup; () for any other text.

    A name follows "by" in another element, or is a link to the page of its author, or is on one line with a date.
    """
    if _is_of_other_kind([shown.element, *islice(shown.element.iterancestors(), _CONTAINERS - 1)]):
        return ()
    name = shown.text.strip(EDGES)
    if shown.is_above or not (is_labelled or _is_author_link(shown.element, name)):
        name = _dated_name(shown)
    is_cased = not is_uncased_script(name)
    return (BylineText(name, min_words=2),) if name and name not in title and is_cased else ()


def _dated_name(shown: VisibleText) -> str:
    """Return what is on one line with a date and nothing else; "" for any other text."""
    line = _text_around(shown.element) if shown.text[-1:] in _LINE_MARKS else shown.text
    parts = [part.strip(EDGES) for part in _LINE_MARK.split(line)]
    names = [part for part in parts if part and not any(map(str.isdigit, part))]
    is_dated = len(names) == 1 < len(parts) and any(_DATE.search(part) for part in parts)
    return names[0] if is_dated and len(names[0].split()) <= _DATED_NAME_WORDS else ""


def _is_near(element: Tree, label: Tree | None) -> bool:
    """Return whether an element is in the parent or grandparent of a label."""
    around = list(islice(label.iterancestors(), 2)) if label is not None else []
    return any(each in around for each in (element, *islice(element.iterancestors(), _CONTAINERS)))


def _is_author_link(element: Tree, name: str) -> bool:
    """Return whether a link leads to the page of the person whose name it shows, and is not in a sentence."""
    link = _AUTHOR_LINK.search(element.get("href") or "") if element.tag == "a" else None
    slug = link["slug"].casefold() if link else ""
    is_named = any(word in slug for word in _words(name))
    parent = element.getparent()
    return is_named and parent is not None and len(text_of(parent)) < _MAX_BYLINE


def _is_of_other_kind(around: list[Tree]) -> bool:
    """Return whether an element, the first of those around it, is of a picture, a biography or a list of tags."""
    classes = " ".join(f"{each.get('class') or ''} {each.get('id') or ''}" for each in around[:2])
    return (
        _NO_BYLINE.search(classes) is not None
        or any(each.tag in ("figure", "figcaption") for each in around)
        or any(_PICTURE_LINK.search(each.get("href") or "") for each in around[:2])
        or "tag" in (around[0].get("rel") or "").split()
    )


def _byline_texts(shown: VisibleText, outlet: Outlet) -> tuple[BylineText, ...]:
    """Return the texts of a possible byline: its links if they name people, else its line; () for any other text."""
    around = [shown.element, *islice(shown.element.iterancestors(), _CONTAINERS - 1)]
    classes = [f"{each.get('class') or ''} {each.get('id') or ''}" for each in around]
    if _is_of_other_kind(around):
        return ()
    is_named = [_BYLINE_CLASS.search(each) is not None for each in classes]
    is_alone = _BY_ALONE.fullmatch(shown.text) is not None
    is_signed = _SIGNED.match(shown.text) is not None or is_agency(BY.sub("", shown.text))
    if not (any(is_named) or is_alone or (is_signed and BY.match(shown.text))):
        return ()
    names = [each for each, is_byline in zip(around, is_named, strict=True) if is_byline][-1:] or around[:1]
    line = _line_of(shown, around if is_alone else around[:1] if _UNFINISHED.search(shown.text) else [])
    linked = tuple(BylineText(text_of(link), min_words=2) for each in names for link in each.iter("a"))
    if not BY.match(line) and len(linked) <= _MAX_AUTHORS and _source("byline", linked, outlet).people:
        return linked
    is_unsure = is_uncased_script(line) and not (any(is_named[:2]) or BY.match(line))
    if is_unsure or _AND_LAST.search(line):  # half a byline
        return ()
    return (BylineText(line, min_words=1 if any(is_named[:2]) else 2),)


def _line_of(shown: VisibleText, around: list[Tree]) -> str:
    """Return the text of the first of the elements that starts with a text and has more; without one, the text."""
    lines = (text_of(each) for each in around)
    longer = (line for line in lines if line.startswith(shown.text) and len(shown.text) < len(line) < _MAX_BYLINE)
    return next(longer, shown.text)
