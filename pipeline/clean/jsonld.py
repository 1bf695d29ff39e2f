"""JSON-LD as publishers write it: arrays, @graph, references, HTML entities, broken commas."""

import html
import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bs4 import BeautifulSoup

from newslake.pipeline.clean.html import Tree, tidy
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


@dataclass(frozen=True, slots=True)
class LinkedData:
    """All JSON-LD objects of a page in page order, and the objects with an @id by their id."""

    nodes: tuple[Node, ...]
    by_id: Mapping[str, Node]

    def of_type(self, *names: str) -> tuple[Node, ...]:
        """Return the objects of one of these types, in page order."""
        return tuple(node for node in self.nodes if not types_of(node).isdisjoint(names))

    def articles(self) -> tuple[Node, ...]:
        """Return the objects that describe an article, in page order."""
        return tuple(node for node in self.nodes if is_article_type(types_of(node)))

    def resolved(self, value: object) -> object:
        """Return the target of a {"@id": ...} reference, any other value unchanged."""
        if isinstance(value, Mapping) and "name" not in value and isinstance(value.get("@id"), str):
            return self.by_id.get(value["@id"], value)
        return value


def read_linked_data(root: Tree) -> LinkedData:
    """Return the JSON-LD of a page, without parts that cannot be repaired."""
    nodes: list[Node] = []
    for script in root.iter("script"):
        if "ld+json" in (script.get("type") or "").lower():
            for value in _load(script.text or ""):
                nodes.extend(_flatten(value))
    nodes = nodes[:_MAX_NODES]
    by_id: dict[str, Node] = {}
    for node in nodes:
        key = node.get("@id")
        if isinstance(key, str) and len(node) > len(by_id.get(key, {})):
            by_id[key] = node
    return LinkedData(tuple(nodes), by_id)


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
