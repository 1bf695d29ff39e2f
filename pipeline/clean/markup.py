"""The markup of a page, indexed once: meta elements, JSON-LD, microdata."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from lxml import etree

from newslake.pipeline.clean.blocks import count_words
from newslake.pipeline.clean.canonical import try_canonical_url
from newslake.pipeline.clean.html import Tree, text_of, tidy
from newslake.pipeline.clean.jsonld import LinkedData, Node, plain_text, read_linked_data

_NAMESPACES = {"re": "http://exslt.org/regular-expressions"}


@dataclass(frozen=True, slots=True)
class Markup:
    """The root of a page and its indexed markup. ``story`` is the JSON-LD object of the article itself."""

    root: Tree
    metas: Mapping[str, tuple[str, ...]]
    data: LinkedData
    story: Node

    def meta(self, *names: str) -> str:
        """Return the content of the first meta element with the first matching name, else ""."""
        return next((values[0] for name in names if (values := self.metas.get(name))), "")

    def all_meta(self, *names: str) -> tuple[str, ...]:
        """Return the contents of all meta elements with these names, in the order of names, then of the page."""
        return tuple(value for name in names for value in self.metas.get(name, ()))

    @property
    def document_title(self) -> str:
        """Text of the title element, "" without one."""
        return next((text_of(element) for element in self.root.iter("title")), "")

    def select(self, path: str) -> list[Tree]:
        """Return the elements of an XPath, which may test regular expressions with ``re:test``."""
        return list(_compiled(path)(self.root))

    def properties(self, name: str) -> tuple[str, ...]:
        """Return the microdata values of one item property, in page order."""
        elements = self.select(f"//*[@itemprop][contains(concat(' ', @itemprop, ' '), ' {name} ')]")
        return tuple(value for element in elements if (value := _property_value(element)))


@cache
def _compiled(path: str) -> etree.XPath:
    return etree.XPath(path, namespaces=_NAMESPACES)


def read_markup(root: Tree, *, canonical: str | None) -> Markup:
    """Return the markup of a page. ``canonical`` is the URL that identifies the article's own JSON-LD."""
    metas: dict[str, list[str]] = {}
    for element in root.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop") or ""
        content = tidy(element.get("content"))
        if name and content:
            metas.setdefault(name.strip().lower(), []).append(content)
    data = read_linked_data(root)
    return Markup(root, {k: tuple(v) for k, v in metas.items()}, data, _story(data, canonical))


def _story(data: LinkedData, canonical: str | None) -> Node:
    articles = data.articles()
    own = [node for node in articles if canonical is not None and canonical in _urls_of(node)]
    return max(own or articles[:1], key=len, default={})


def _urls_of(node: Node) -> set[str]:
    main = node.get("mainEntityOfPage")
    values = [node.get("url"), node.get("@id"), main, main.get("@id") if isinstance(main, Mapping) else None]
    return {url for value in values if isinstance(value, str) and (url := try_canonical_url(value)) is not None}


def _property_value(element: Tree) -> str:
    return tidy(element.get("content") or element.get("datetime")) or text_of(element)


def story_text(markup: Markup, *keys: str) -> str:
    """Return the first text of one of these keys in the article's JSON-LD, else ""."""
    return next((text for key in keys if (text := plain_text(markup.story.get(key)))), "")


_CHARS_PER_WORD = 4  # at least, in scripts with spaces; a larger "word count" counts characters


def stated_word_count(markup: Markup, *, words: int, characters: int) -> int:
    """Return the number of words that the page's JSON-LD says its article has; 0 if it does not.

    ``words`` and ``characters`` of the text that was read show a ``wordCount`` that counts characters.
    """
    text = story_text(markup, "articleBody")
    count = str(markup.story.get("wordCount", "")).strip()
    number = int(count) if count.isascii() and count.isdecimal() and len(count) < 7 else 0
    if number > _CHARS_PER_WORD * words and 0.5 * characters < number < 2 * characters:
        number = 0
    return max(number, count_words([text]))
