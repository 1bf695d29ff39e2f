"""The markup of a page, indexed once: meta elements, JSON-LD, microdata."""

from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from newslake.pipeline.clean.html import Tree, text_of, tidy
from newslake.pipeline.clean.jsonld import LinkedData, Story, read_linked_data

_WITH_PROPERTY = etree.XPath("//*[@itemprop][contains(concat(' ', @itemprop, ' '), concat(' ', $name, ' '))]")
_PROPERTIES = ("datePublished", "articleSection")


@dataclass(frozen=True, slots=True)
class Markup:
    """The root of a page and its indexed markup. ``story`` is the JSON-LD object of the article itself.

    ``document_title`` is "" without a title element. ``properties`` are microdata values by item property.
    """

    root: Tree
    document_title: str
    metas: Mapping[str, tuple[str, ...]]
    data: LinkedData
    story: Story
    properties: Mapping[str, tuple[str, ...]]

    def meta(self, *names: str) -> str:
        """Return the content of the first meta element with the first matching name, else ""."""
        return next(iter(self.all_meta(*names)), "")

    def all_meta(self, *names: str) -> tuple[str, ...]:
        """Return the contents of all meta elements with these names, in the order of names, then of the page."""
        return tuple(value for name in names for value in self.metas.get(name, ()))


def read_markup(root: Tree, *, canonical: str | None) -> Markup:
    """Return the markup of a page. ``canonical`` is the URL that identifies the article's JSON-LD."""
    title = next(map(text_of, root.iter("title")), "")
    metas: dict[str, list[str]] = {}
    for element in root.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop") or ""
        content = tidy(element.get("content"))
        if name and content:
            metas.setdefault(name.strip().lower(), []).append(content)
    data = read_linked_data(root, canonical=canonical)
    return Markup(
        root,
        document_title=title,
        metas={name: tuple(contents) for name, contents in metas.items()},
        data=data,
        story=data.story,
        properties={name: property_values(root, name) for name in _PROPERTIES},
    )


def property_values(root: Tree, name: str) -> tuple[str, ...]:
    """Return the microdata values of one item property, in page order."""
    return tuple(value for element in _WITH_PROPERTY(root, name=name) if (value := _property_value(element)))


def _property_value(element: Tree) -> str:
    return tidy(element.get("content") or element.get("datetime")) or text_of(element)
