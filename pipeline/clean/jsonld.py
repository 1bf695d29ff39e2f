"""JSON-LD as publishers write it: arrays, @graph, references, HTML entities, broken commas."""

import html
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bs4 import BeautifulSoup

from newslake.pipeline.clean.canonical import try_canonical_url
from newslake.pipeline.clean.html import Tree, fold_title, tidy
from newslake.pipeline.unicode import well_formed_json

Node = Mapping[str, Any]  # one parsed JSON-LD object; its values may have any type

_NESTED = ("@graph", "mainEntity", "mainEntityOfPage", "hasPart")
_MAX_NODES = 2000
_CUT = "\ufffd "  # what is left of an emoji that was cut between its two UTF-16 units
_PLAIN_CHARS = 20_000  # enough for a name, a title or a summary
_WRAPPING = re.compile(
    r"^\s*(?:/\*\s*<!\[CDATA\[\s*\*/|//\s*<!\[CDATA\[|<!\[CDATA\[|<!--)|(?:/\*\s*\]\]>\s*\*/|//\s*\]\]>|\]\]>|"
    r"-->|;)\s*$"
)
_TRAILING_COMMA = re.compile(r",\s*(?=[}\]])")
_BAD_ESCAPE = re.compile(r"\\(?![\"\\/bfnrtu])")
_ARTICLE_TYPES = ("BlogPosting", "LiveBlogPosting", "Report", "SocialMediaPosting", "DiscussionForumPosting")


# The values of a story that voters read: as texts, as names of what they refer to, and as lists with a number of texts.
_TEXT_KEYS = ("headline", "description", "inLanguage", "creditText", "provider", "dateModified", "articleBody")
_NAME_KEYS = ("publisher", "sourceOrganization", "headline", "articleSection", "contentLocation", "locationCreated")
_LIST_KEYS = {"articleSection": 30, "genre": 10, "keywords": 60}
_MAX_STEPS = 10
_MAX_AUTHORS = 100  # of one key, and names of one author: voters read no more bylines


@dataclass(frozen=True, slots=True)
class LinkedAuthor:
    """An author or creator of a story: the types of the object, its text, and its names as ``plain_text``."""

    types: frozenset[str]
    text: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """The JSON-LD object of the article itself, and its values in plain text, each read once; empty without one.

    ``names`` are values that may be references, ``lists`` those that may be lists.
    """

    node: Node
    types: frozenset[str]
    texts: Mapping[str, str]
    names: Mapping[str, str]
    lists: Mapping[str, tuple[str, ...]]
    authors: tuple[LinkedAuthor, ...]
    creators: tuple[LinkedAuthor, ...]


@dataclass(frozen=True, slots=True)
class LinkedData:
    """All JSON-LD objects of a page in page order, with their types, and those that describe an article.

    ``breadcrumbs`` are the (name, URL) pairs of the pages above this one; the URL is "" without one.
    """

    nodes: tuple[Node, ...]
    types: tuple[frozenset[str], ...]
    articles: tuple[Node, ...]
    story: Story
    breadcrumbs: tuple[tuple[str, str], ...]

    def of_type(self, *names: str) -> tuple[Node, ...]:
        """Return the objects of one of these types, in page order."""
        return _of_type(self.nodes, self.types, names)


def _of_type(nodes: Sequence[Node], types: Sequence[frozenset[str]], names: Iterable[str]) -> tuple[Node, ...]:
    return tuple(node for node, kinds in zip(nodes, types, strict=True) if not kinds.isdisjoint(names))


def read_linked_data(root: Tree, *, canonical: str | None = None) -> LinkedData:
    """Return the JSON-LD of a page, without parts that cannot be repaired.

    ``canonical`` is the URL that identifies the article's object.
    """
    nodes: list[Node] = []
    for script in root.iter("script"):
        if "ld+json" in (script.get("type") or "").lower():
            for value in _load(script.text or ""):
                nodes.extend(_flatten(value))
    nodes = nodes[:_MAX_NODES]
    types = tuple(map(types_of, nodes))
    articles = tuple(node for node, kinds in zip(nodes, types, strict=True) if is_article_type(kinds))
    story = _read_story(_story_node(articles, canonical), _nodes_by_id(nodes))
    trails = _of_type(nodes, types, ("BreadcrumbList",))
    breadcrumbs = _breadcrumbs(trails[0], headline=story.texts["headline"]) if trails else ()
    return LinkedData(tuple(nodes), types, articles, story, breadcrumbs)


def _nodes_by_id(nodes: Iterable[Node]) -> Mapping[str, Node]:
    """Return the objects with an @id by their id; of several the one with most values."""
    by_id: dict[str, Node] = {}
    for node in nodes:
        key = node.get("@id")
        if isinstance(key, str) and len(node) > len(by_id.get(key, {})):
            by_id[key] = node
    return by_id


def _story_node(articles: Sequence[Node], canonical: str | None) -> Node:
    """Return the largest object of an article with this URL; without one the page's first article."""
    same = [node for node in articles if canonical is not None and canonical in _urls_of(node)]
    return max(same or articles[:1], key=len, default={})


def _urls_of(node: Node) -> set[str]:
    main = node.get("mainEntityOfPage")
    values = [node.get("url"), node.get("@id"), main, main.get("@id") if isinstance(main, Mapping) else None]
    return {url for value in values if isinstance(value, str) and (url := try_canonical_url(value)) is not None}


def _read_story(node: Node, by_id: Mapping[str, Node]) -> Story:
    return Story(
        node,
        types_of(node),
        texts={key: plain_text(node.get(key)) for key in _TEXT_KEYS},
        names={key: plain_text(_target_of(node.get(key), by_id)) for key in _NAME_KEYS},
        lists={key: tuple(map(plain_text, as_list(node.get(key))[:size])) for key, size in _LIST_KEYS.items()},
        authors=tuple(_read_author(_target_of(value, by_id)) for value in as_list(node.get("author"))[:_MAX_AUTHORS]),
        creators=tuple(_read_author(_target_of(value, by_id)) for value in as_list(node.get("creator"))[:_MAX_AUTHORS]),
    )


def _target_of(value: object, by_id: Mapping[str, Node]) -> object:
    """Return the target of a {"@id": ...} reference, any other value unchanged."""
    if isinstance(value, Mapping) and "name" not in value and isinstance(value.get("@id"), str):
        return by_id.get(value["@id"], value)
    return value


def _read_author(author: object) -> LinkedAuthor:
    names = _names_of(author) if isinstance(author, Mapping) else [author]
    return LinkedAuthor(types_of(author), plain_text(author), tuple(map(plain_text, names[:_MAX_AUTHORS])))


def _names_of(author: Mapping[str, object]) -> list[object]:
    parts = [plain_text(author.get(key)) for key in ("givenName", "familyName")]
    return as_list(author.get("name")) or ([" ".join(parts)] if all(parts) else [])


def _breadcrumbs(trail: Node, *, headline: str) -> tuple[tuple[str, str], ...]:
    """Return the steps of a trail; the last one is left out if it has the name of the page itself."""
    steps = []
    for entry in as_list(trail.get("itemListElement"))[:_MAX_STEPS]:
        if isinstance(entry, Mapping):
            item = entry.get("item")
            url = (item.get("@id") or item.get("url")) if isinstance(item, Mapping) else item or entry.get("url")
            name = plain_text(entry.get("name")) or plain_text(item)
            steps.append((name, url if isinstance(url, str) else ""))
    is_page = bool(steps) and fold_title(steps[-1][0]) == fold_title(headline)
    return tuple(steps[:-1] if is_page else steps)


def _load(source: str) -> Iterator[object]:
    stripped = _WRAPPING.sub("", _WRAPPING.sub("", source)).strip()
    repaired = _BAD_ESCAPE.sub(r"\\\\", _TRAILING_COMMA.sub("", stripped))
    for candidate in (stripped, repaired, html.unescape(repaired)):
        try:
            yield well_formed_json(json.loads(candidate, strict=False))
        except (ValueError, RecursionError):
            continue
        return
    yield from _leading_objects(repaired)


def _leading_objects(source: str) -> Iterator[object]:
    """Yield the complete objects before the first error in a text."""
    decoder, position = json.JSONDecoder(strict=False), 0
    while (position := source.find("{", position)) >= 0:
        try:
            value, position = decoder.raw_decode(source, position)
            well_formed = well_formed_json(value)
        except (ValueError, RecursionError):
            return
        yield well_formed


def _flatten(value: object) -> Iterator[Node]:
    queue, count = deque([value]), 0
    while queue and count < _MAX_NODES:
        current = queue.popleft()
        if isinstance(current, dict):
            count += 1
            yield current
            nested = [current[key] for key in _NESTED if isinstance(current.get(key), dict | list)]
            queue.extendleft(reversed(nested))
        elif isinstance(current, list):
            queue.extendleft(item for item in reversed(current) if isinstance(item, dict | list))


def types_of(node: object) -> frozenset[str]:
    """Return the type names of an object without their schema.org prefix."""
    value = node.get("@type") if isinstance(node, Mapping) else None
    names = value if isinstance(value, list) else [value]
    return frozenset(name.rsplit("/", 1)[-1].removeprefix("schema:") for name in names if isinstance(name, str))


def is_article_type(types: frozenset[str]) -> bool:
    """Return whether one of the types is a kind of article."""
    return any(name.endswith("Article") or name in _ARTICLE_TYPES for name in types)


def plain_text(value: object) -> str:
    """Return a JSON-LD text as visible to a reader, without entities and markup, tidy; "" without a text.

    A half character at its end, where a publisher cut it, is left out.
    """
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, Mapping):
        value = value.get("@value") or value.get("name")
    if not isinstance(value, str):
        return ""
    value = value[:_PLAIN_CHARS]
    unescaped = html.unescape(html.unescape(value)) if "&" in value else value
    if "<" in unescaped and ">" in unescaped:
        unescaped = BeautifulSoup(unescaped, "lxml").get_text(" ")
    return tidy(unescaped).rstrip(_CUT)


def as_list(value: object) -> list[object]:
    """Return a value, which may already be a list, as a list."""
    return [] if value is None else list(value) if isinstance(value, list) else [value]
