"""The section of an article: the part of its outlet that it belongs to.

The evidence in order of trust: the markup, breadcrumbs, a mark next to the headline, the URL, the menu. Names are
data, in ``data/sections.toml`` and ``data/section_placeholders.txt``.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from itertools import chain, islice
from urllib.parse import unquote, urlsplit

from newslake.pipeline.clean.blocks import NOT_FOUND, ExtractedField
from newslake.pipeline.clean.html import Tree, fold_title, text_of, text_start, tidy
from newslake.pipeline.clean.markup import Markup
from newslake.pipeline.clean.metadata import read_tags
from newslake.pipeline.clean.outlets import label_of
from newslake.pipeline.clean.page_parts import is_of_other_story
from newslake.pipeline.clean.shown_names import squash
from newslake.pipeline.clean.written_days import is_day_or_month
from newslake.pipeline.model import Page


def _read_text(name: str) -> str:
    return resources.files("newslake.pipeline.clean").joinpath("data", name).read_text("utf-8")


_DATA: Mapping[str, list[str]] = tomllib.loads(_read_text("sections.toml"))
_PLACEHOLDERS = frozenset(map(fold_title, _read_text("section_placeholders.txt").splitlines()))
_NAMES: Mapping[str, str] = {squash(name): name for name in reversed(_DATA["names"])}
_GENERAL = frozenset(map(fold_title, _DATA["general"]))
_NO_SECTION_PATHS, _NO_FOLDERS = frozenset(_DATA["no_section_paths"]), frozenset(_DATA["no_section_folders"])
_PERSON_OR_TAG = frozenset(_DATA["person_or_tag_paths"])

_JOINED = re.compile(r",(?=\S)")  # a template's list: "Politics,Harbour"; "Food, Drink" is one section
_LISTED = re.compile(r",\s*")
_MIN_COMMAS = 2  # in a list with blanks; "Food, Wine & Travel" is one section too
_LAST_OF_NAME = re.compile(r"\s(?:&|and|und|et|y|e|en|og|och|i)\s", re.IGNORECASE)
_SLUG = re.compile(r"[a-z0-9]+(?:[-_/ ][a-z0-9]+)*")
_CODE = re.compile(r"\w*_\w*|\S*::\S*|(?=\S*\d{3})[\w-]+|\w(?:-\w)+|\d+", re.ASCII)

_SHOWN_CHARS, _SHOWN_WORDS = 40, 5  # a longer text on the page is a headline
# Dates, times of reading, templates, headlines, labels, hosts.
_NO_NAME = re.compile(r"\d{2}|^\d+\s*min|[{}<>@!?…:©]|\.$|\w\.\w{2,3}$|home ?page")
_NAME_LETTERS = 5  # a shorter name of a person or an outlet may be in other words
_EDGES = " \t/|›»«‹>→←·•-–—#"  # marks between the steps of a trail

_TRAIL_MARK = re.compile("readcrumb|read-crumb|rotkr|ariane|migas|kruimel")
_TRAIL_ATTRIBUTES = ("class", "id", "aria-label", "itemtype")
_TRAIL_TAGS = ("nav", "ol", "ul", "div", "p", "span", "section", "header", "aside", "table", "td")
_MAX_TRAILS, _MAX_STEPS, _TRAIL_CHARS = 6, 6, 600
_NO_TEXT_TAGS = frozenset({"script", "style", "svg", "template"})

_CATEGORY_CLASS = re.compile(
    r"categor|(?:^|[\s_-])cat-?links?|section-?_?(?:name|label|link|tag)|rubri[ckq]|ressort|secci[oó]n|sezione|channel-?name",
    re.IGNORECASE,
)
_KICKER_CLASS = re.compile(r"kicker|eyebrow|overline|topline|dachzeile|over-?title|volanta|strap", re.IGNORECASE)
# The item of a menu that a page is in: "active", "is-current", WordPress's "current-post-ancestor".
_CURRENT_ITEM = re.compile(
    r"(?:^|[\s_-])(?:active|current|selected)(?:[\s_-]|$)|current-(?:post|menu|category)-(?:ancestor|parent)",
    re.IGNORECASE,
)
_MENU_TAGS = frozenset({"nav", "header", "menu", "ul"})
_MAX_ITEMS = 4  # in several menus and their submenus; more are marked for another reason
_MAX_HEADINGS = 12
_LEVELS, _SIBLINGS, _BOX_CHARS, _BOX_PARTS = 4, 4, 160, 12
_STORY_PATH = re.compile(r"(?:[^/]*-){3}|\d{4}|\.(?:html?|php|aspx?)$")
_HOME_PATH = re.compile(r"/?(?:[a-z]{2}(?:-[a-z]{2})?/?)?(?:(?:index|home)\.\w+)?", re.IGNORECASE)
_INDEX = re.compile(r"/(?:index\.\w+)?$")
_SAME_LETTERS = 4  # with which a word of a link's text and one of its path begin


def read_section(
    markup: Markup, page: Page, *, title: str | None, outlet: str | None, others: Iterable[str | None]
) -> ExtractedField:
    """Return the section of a page, with the method of its evidence; of nested ones the outermost.

    ``others`` are names that are no section: publisher and authors. Placeholders ("All"), codes, dates and the names of
    outlet and headline do not count either. "News" counts if the page shows it and no other.
    """
    label = label_of(outlet)
    excluded = frozenset(squash(name) for name in (title, label, *others) if name and squash(name))
    evidence = _Evidence(markup, page.final_url or page.url or "", fold_title(title or ""), excluded)
    if (stated := next(evidence.stated(), None)) is not None:
        method, name = stated
        return ExtractedField(evidence.spelled(name), method)
    general = NOT_FOUND
    for method, text in evidence.shown():
        if fold_title(text) not in _PLACEHOLDERS:
            return ExtractedField(text, method)
        if general is NOT_FOUND and fold_title(text) in _GENERAL:
            general = ExtractedField(text, method)
    return general


@dataclass(frozen=True, slots=True)
class _Evidence:
    """A page and what its section cannot be: ``excluded`` are squashed names, ``title`` is from ``fold_title``."""

    markup: Markup
    url: str
    title: str
    excluded: frozenset[str]

    def stated(self) -> Iterator[tuple[str, str]]:
        """Yield the (method, name) pairs of the markup that can be a section."""
        markup = self.markup
        stated = [("jsonld", text) for text in markup.story.lists["articleSection"]]
        names = ("article:section", "section", "parsely-section", "og:section", "articlesection")
        stated += [("meta", text) for text in markup.all_meta(*names)]
        single = [(method, name) for method, text in stated for name in _single_names(text)]
        usable = [(method, name) for method, name in single if self._is_stated_name(name)]
        tags = set(map(fold_title, read_tags(markup))) if len(usable) > 1 else set()
        yield from (each for each in usable if fold_title(each[1]) not in tags)
        yield from usable

    def _is_stated_name(self, name: str) -> bool:
        folded = fold_title(name)
        return bool(folded) and not (
            folded in _PLACEHOLDERS
            or squash(name) in self.excluded
            or _CODE.fullmatch(name)
            or "{" in name
            or is_day_or_month(name)
        )

    def spelled(self, name: str) -> str:
        """Return a name in lower case as a link of the page spells it: "Daily Comment" for "daily-comment"."""
        if not _SLUG.fullmatch(name):
            return name
        same = (text for _, text in self._links() if squash(text) == squash(name) and text != name)
        return next((text for text in same if not text.isupper() and not text.islower()), name)

    def shown(self) -> Iterator[tuple[str, str]]:
        """Yield the (method, name) pairs that the page shows, placeholders among them, in the order of trust."""
        headline = _headline_of(self.markup.root, self.title)
        steps = chain(self.markup.data.breadcrumbs, self._trail_steps(headline))
        places = chain(
            (("microdata", text) for text in self.markup.properties["articleSection"]),
            (("breadcrumb", text) for text, url in steps if not _is_home(url) and not _is_person_or_tag(url)),
            (("kicker", text) for text in self._kickers(headline)),
            (("url", text) for text in self._folder_names()),
            (("menu", text) for text in self._menu_items()),
        )
        return ((method, name) for method, text in places if (name := self._shown_name(text)))

    def _shown_name(self, text: str) -> str:
        """Return a text as a section's name, "" if it is a headline, a date, a name of the outlet or a code."""
        name = tidy(text).strip(_EDGES)
        folded = fold_title(name)
        is_long = len(name) > _SHOWN_CHARS or len(name.split()) > _SHOWN_WORDS
        squashed = squash(name)
        is_other = squashed in self.excluded or any(
            len(other) >= _NAME_LETTERS and other in squashed for other in self.excluded
        )
        is_title = is_other or (len(folded) > 1 and self.title.startswith(f"{folded} "))
        is_other_text = len(folded) < 2 or is_long or is_title or _NO_NAME.search(name) or _CODE.fullmatch(name)
        return "" if is_other_text or is_day_or_month(name) else name

    def _links(self) -> list[tuple[str, str]]:
        """Path, in lower case, and text of each link of the page that may name a section."""
        host = (urlsplit(self.url).hostname or "").removeprefix("www.")
        sections = []
        for link in self.markup.root.iter("a"):
            href = (link.get("href") or "").strip()
            if not href or len(href) > _BOX_CHARS or href[0] in "#?" or "?" in href:
                continue
            path = _path_of(href, host)
            if path and (text := text_start(link, _SHOWN_CHARS + 1).strip(_EDGES)) and len(text) <= _SHOWN_CHARS:
                sections.append((path, text))
        return sections

    def _folder_names(self) -> Iterator[str]:
        """Yield the names of the folders of the URL, outermost first: the text of a link to it, or a known section."""
        folders = [each for each in unquote(urlsplit(self.url).path).casefold().strip("/ ").split("/") if each][:-1]
        links = self._links() if folders else []
        for depth, folder in enumerate(folders, start=1):
            if folder in _NO_FOLDERS or len(folder) < 2 or any(map(str.isdigit, folder)):
                continue
            if folder in _NO_SECTION_PATHS:
                return
            paths = {"/".join(folders[:depth]), folder}
            texts = [text for path, text in links if path in paths and _is_alike(text, folder)]
            name = max(texts, key=lambda text: (squash(text) == squash(folder), not text.isupper()), default="")
            if name or (name := _NAMES.get(squash(folder), "")):
                yield name

    def _menu_items(self) -> Iterator[str]:
        """Yield the texts of the menus' items that are marked as the place of the page, if they are few."""
        parts = urlsplit(self.url)
        host, page_path = (parts.hostname or "").removeprefix("www."), _path_of(parts.path, "")
        items: dict[str, str] = {}
        for link in filter(_is_current_item, self.markup.root.iter("a")):
            path = _path_of((link.get("href") or "").strip(), host)
            if path and path != page_path and _is_section_path(path):
                items.setdefault(path, text_start(link, _SHOWN_CHARS + 1))
        if len(items) <= _MAX_ITEMS:
            yield from items.values()

    def _trail_steps(self, headline: Tree | None) -> Iterator[tuple[str, str]]:
        """Yield the (text, URL) pairs of the first trail of links that the page shows above its article."""
        for trail in islice(filter(_is_marked_as_trail, self.markup.root.iter(*_TRAIL_TAGS)), _MAX_TRAILS):
            if len(text_start(trail, _TRAIL_CHARS)) <= _TRAIL_CHARS and _is_before(trail, headline):
                steps = _steps_of(trail)
                if 0 < len(steps) <= _MAX_STEPS:
                    yield from steps
                    return

    def _kickers(self, headline: Tree | None) -> Iterator[str]:
        """Yield the texts around the headline that are marked as its category."""
        if headline is not None:
            for box in _boxes_around(headline):
                yield from self._marked_in(box)
        links = [link for link in self.markup.root.iter("a") if "category" in (link.get("rel") or "").split()]
        parents = {link.getparent() for link in links}
        if len(parents) == 1 and not is_of_other_story(links[0]):
            yield from map(text_of, links)

    def _marked_in(self, box: Tree) -> Iterator[str]:
        folders = [each for each in unquote(urlsplit(self.url).path).casefold().split("/") if each][:-1]
        host = (urlsplit(self.url).hostname or "").removeprefix("www.")
        for part in islice(box.iter("a", "span", "p", "div", "li", "strong", "h2", "h3", "h4", "h5", "h6"), _BOX_PARTS):
            classes = " ".join(each.get("class") or "" for each in (part, part.getparent()) if each is not None)
            if part.tag == "a":
                path = _path_of((part.get("href") or "").strip(), host) or ""
                is_category = "category" in (part.get("rel") or "").split()
                is_above = (
                    bool(path) and path.split("/") == folders[: path.count("/") + 1] and _is_alike(text_of(part), path)
                )
                is_marked = _CATEGORY_CLASS.search(classes) or _KICKER_CLASS.search(classes)
                if is_category or is_above or (is_marked and _is_section_path(path)):
                    yield text_of(part)
            elif next(part.iter("a"), None) is None and _CATEGORY_CLASS.search(part.get("class") or ""):
                yield text_of(part)
            elif _KICKER_CLASS.search(part.get("class") or "") and squash(text := text_of(part)) in _NAMES:
                yield text


def _single_names(text: str) -> Iterator[str]:
    """Yield the names of a stated section, which may be a list: "Politics,Harbour", "Politics, Home, Harbour"."""
    is_list = text.count(", ") >= _MIN_COMMAS and not _LAST_OF_NAME.search(text)
    for part in (_LISTED if is_list else _JOINED).split(text):
        name = tidy(part)
        yield from name.split("/") if _SLUG.fullmatch(name) else [name]


def _is_before(trail: Tree, headline: Tree | None) -> bool:
    """Return whether an element begins above the headline, or close to it: others are menus at the foot of a page."""
    around = set(islice(headline.iterancestors(), _LEVELS)) if headline is not None else set()
    if headline is None or trail.getparent() in around:
        return True
    return next(each for each in trail.getroottree().iter() if each is trail or each is headline) is trail


def _is_marked_as_trail(element: Tree) -> bool:
    return any((name := element.get(key)) and _TRAIL_MARK.search(name) for key in _TRAIL_ATTRIBUTES)


def _steps_of(trail: Tree) -> list[tuple[str, str]]:
    links = [(text_of(link), link.get("href") or "/") for link in trail.iter("a")]
    shown = (each for each in trail.iter() if isinstance(each.tag, str) and each.tag not in _NO_TEXT_TAGS)
    texts = links or [(tidy(each.text), "") for each in shown]
    return [step for step in texts if step[0].strip(_EDGES)]


def _headline_of(root: Tree, title: str) -> Tree | None:
    """Return the heading with the folded title, else the page's only h1: the first of several may be a logo."""
    headings = [*root.iter("h1"), *islice(root.iter("h2"), _MAX_HEADINGS)]
    same = next((each for each in headings if fold_title(text_of(each)) == title), None)
    return headings[0] if same is None and [each.tag for each in headings[:2]].count("h1") == 1 else same


def _boxes_around(headline: Tree) -> Iterator[Tree]:
    """Yield the short elements before a headline and its containers, nearest first, and those directly after them."""
    around = list(islice((headline, *headline.iterancestors()), _LEVELS))
    for is_before in (True, False):
        for element in around:
            if element.tag in ("body", "main", "article") and not is_before:
                break
            for box in islice(element.itersiblings(preceding=is_before), _SIBLINGS):
                is_short = isinstance(box.tag, str) and len(text_start(box, _BOX_CHARS + 1)) <= _BOX_CHARS
                if is_short and box.tag not in ("nav", "footer", "aside", "form", "script"):
                    yield box


def _path_of(href: str, host: str) -> str | None:
    """Return the path of a link to the same host in lower case, without slashes at its ends; None for another host."""
    try:
        parts = urlsplit(href)
    except ValueError:
        return None
    other = (parts.hostname or "").removeprefix("www.")
    if other not in ("", host):
        return None
    return unquote(_INDEX.sub("", parts.path)).casefold().strip("/")


def _is_current_item(link: Tree) -> bool:
    parent = link.getparent()
    names = link.get("class") or ""
    if parent is not None and parent.tag == "li":
        names = f"{names} {parent.get('class') or ''}"
    is_marked = bool(names and _CURRENT_ITEM.search(names)) or link.get("aria-current") in ("page", "true", "location")
    return is_marked and any(each.tag in _MENU_TAGS for each in link.iterancestors())


def _is_home(url: str) -> bool:
    """Return whether a URL is that of a site's first page, also of one language: "/", "/en/"."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return True
    is_path = bool(parts.netloc or parts.path) and not parts.query and not parts.fragment
    return is_path and _HOME_PATH.fullmatch(parts.path) is not None


def _is_person_or_tag(url: str) -> bool:
    return not _PERSON_OR_TAG.isdisjoint(url.casefold().split("/")[:-1])


def _is_section_path(path: str) -> bool:
    parts = path.split("/")
    return bool(path) and _NO_SECTION_PATHS.isdisjoint(parts) and not _STORY_PATH.search(path)


def _is_alike(text: str, folder: str) -> bool:
    """Return whether the text of a link names the folder: a word of both begins alike; any text in another script."""
    words = [squash(word) for word in fold_title(text).split()]
    if not "".join(words).isascii():
        return True
    parts = [squash(part) for part in re.split(r"[-_+. /]+", folder)]
    return "".join(words) == "".join(parts) or any(
        len(part) >= _SAME_LETTERS and word[:_SAME_LETTERS] == part[:_SAME_LETTERS] for word in words for part in parts
    )
