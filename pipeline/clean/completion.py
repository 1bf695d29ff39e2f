"""Paragraphs that an extractor left out of a body, although their containers are those of the body."""

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, takewhile

from newslake.pipeline.clean.blocks import TextPiece
from newslake.pipeline.clean.captions import position_key
from newslake.pipeline.clean.html import Tree, text_of, text_start
from newslake.pipeline.clean.page_parts import OUTSIDE_TAGS, is_aside_class, is_story_class
from newslake.pipeline.clean.text_pieces import read_pieces

_HEADING_TAGS = frozenset({"h2", "h3", "h4", "h5", "h6"})
_UNIT_TAGS = ("h1", *sorted(_HEADING_TAGS), "p", "li", "blockquote")
_OUTER_TAGS = frozenset({"li", "blockquote", "div"})  # those that may have other text elements in them
_UNIT_SHARE = 0.5  # of the words of a body; if fewer are in text elements, its paragraphs are divisions
_PLACE_DEPTH = 4
_PLACE_SHARE = 0.15  # a container of the body has at least this share of its words, with others of its class
_NEAR_DEPTH = 5  # ancestors that two containers of one story share one of
_KEY_CHARS = 120
_LINK_SHARE = 0.5  # a sentence with more of its words in links must have words before the link
_PROSE_WORDS = 12  # a shorter paragraph must end like a sentence
_AFTER_LINK_WORDS = 4  # a sentence that begins with its link has at least 4 words after it
_REPEAT_CHARS = 30
_ENDS = tuple(".!?…:;\"'”’»)。！？」")
_NUMBER = re.compile(r"\d+")
_ORDINALS = frozenset({"even", "odd", "first", "last"})
_LETTERS = re.compile(r"[^\W_]+")

Place = tuple[tuple[str, str], ...]  # tag and classes of the parent, and of ancestors up to one with a class


@dataclass(frozen=True, slots=True)
class _Unit:
    """A heading, paragraph or list item of the page, and the index of its piece in the body; None if it has none."""

    element: Tree
    place: Place
    piece: int | None

    @property
    def is_heading(self) -> bool:
        return self.element.tag in _HEADING_TAGS


@dataclass(frozen=True, slots=True)
class CompletePieces:
    """The pieces of a body, and the texts of those at which the page may begin another story.

    Such a piece is after the linked headline of a story, or in another article element than the piece before it.
    """

    pieces: tuple[TextPiece, ...]
    bounds: frozenset[str]


def complete_pieces(pieces: Sequence[TextPiece], root: Tree) -> CompletePieces:
    """Return the pieces of a body with the paragraphs of the same containers that it lacks, each in its place.

    A container is known by its tag and classes: a story often has several of one class, with advertisements between
    them. An extractor takes the first, or drops single paragraphs with long links. No text is doubled.
    """
    units = _all_units(pieces, root)
    places = _body_places(units, pieces)
    bounds = frozenset(pieces[index].text for index in _bounds(units))
    missing = _missing(units, places) if places else []
    return CompletePieces(tuple(_merge(pieces, units, missing) if missing else pieces), bounds)


def _bounds(units: Iterable[_Unit]) -> Iterator[int]:
    """Yield the indexes of the pieces at which the page may begin another story."""
    is_after_link = False
    last: _Unit | None = None
    for unit in units:
        is_linked = unit.is_heading and _is_linked(unit.element)
        if unit.piece is not None:
            if last is not None and (is_linked or is_after_link or _is_in_other_article(unit, last)):
                yield unit.piece
            last = unit
        is_after_link = is_linked or (is_after_link and unit.piece is None)


def _is_in_other_article(unit: _Unit, last: _Unit) -> bool:
    if unit.element.getparent() is last.element.getparent():
        return False
    article = next(unit.element.iterancestors("article"), None)
    return article is not None and article is not next(last.element.iterancestors("article"), None)


def _all_units(pieces: Sequence[TextPiece], root: Tree) -> list[_Unit]:
    """Return the innermost text elements of a page in page order; with divisions if these are its paragraphs."""
    index_of: dict[str, int] = {}
    for index, piece in enumerate(pieces):
        index_of.setdefault(position_key(piece.text), index)
    units = _units(index_of, root, _UNIT_TAGS)
    words = sum(pieces[index].word_count for index in {unit.piece for unit in units if unit.piece is not None})
    if words >= _UNIT_SHARE * sum(piece.word_count for piece in pieces):
        return units
    return _units(index_of, root, (*_UNIT_TAGS, "div"))


def _units(index_of: Mapping[str, int], root: Tree, tags: tuple[str, ...]) -> list[_Unit]:
    elements = [element for element in root.iter(*tags) if _is_innermost(element)]
    starts = [text_start(element, _KEY_CHARS) for element in elements]
    keys = [position_key(start) for start in starts]
    return [
        _Unit(element, _place_of(element), index_of.get(key))
        for element, key in zip(elements, keys, strict=True)
        if key
    ]


def _is_innermost(element: Tree) -> bool:
    """Return whether an element has no other text element in it; False also for the link of a menu."""
    if element.tag not in _OUTER_TAGS:
        return True
    if len(element) and element[0].tag == "a" and not (element.text or "").strip():
        return False
    if element.tag == "div" and next(islice(element.iter("div", "table", "ul", "ol", "dl"), 1, None), None) is not None:
        return False
    return next((each for each in element.iter(*_UNIT_TAGS) if each is not element), None) is None


def _place_of(element: Tree) -> Place:
    return _place_in(element.iterancestors())


def _place_in(ancestors: Iterable[Tree]) -> Place:
    place = []
    for ancestor in islice(ancestors, _PLACE_DEPTH):
        names = _plain_names(ancestor.get("class") or "")
        if names or ancestor.tag not in ("ul", "ol"):
            place.append((ancestor.tag, names))
        if names:
            break
    return tuple(place)


@lru_cache(maxsize=4096)
def _plain_names(names: str) -> str:
    """Return the value of a class attribute without what differs between containers.

    That is numbers, ordinals, and modifiers as "-bottom-space".
    """
    plain = (name for name in names.split() if name not in _ORDINALS and not name.startswith("-"))
    return " ".join(_NUMBER.sub("0", name) for name in plain)


def _body_places(units: Iterable[_Unit], pieces: Sequence[TextPiece]) -> frozenset[Place]:
    """Return the places of the body: those with a good share of its words, and those of its headings."""
    words: Counter[Place] = Counter()
    for unit in units:
        if unit.piece is not None:
            words[unit.place] += pieces[unit.piece].word_count
        if unit.piece is not None and unit.element.tag == "div":  # a heading in such a paragraph
            words[_place_in((unit.element, *unit.element.iterancestors()))] += pieces[unit.piece].word_count
    least = _PLACE_SHARE * sum(words.values())
    return frozenset(place for place, count in words.items() if count >= least)


@dataclass(frozen=True, slots=True)
class _Containers:
    """Where the paragraphs of a body are on the page: their parents, the parents of these, and all around them."""

    places: frozenset[Place]
    headings: frozenset[Place]
    parents: frozenset[Tree]
    outer: frozenset[Tree]
    near: frozenset[Tree]
    around: frozenset[Tree]

    def holds(self, unit: _Unit) -> bool:
        """Return whether a unit is in a container of the body, or in one of its class."""
        return (
            unit.place in self.places
            or (unit.is_heading and unit.place in self.headings)
            or self._is_opening(unit.element.getparent())
        )

    def adjoins(self, unit: _Unit) -> bool:
        """Return whether a unit is in a container of the body, or in one of its class next to it."""
        parent = unit.element.getparent()
        return self._is_opening(parent) or (
            unit.place in self.places and (parent in self.parents or self._is_neighbour(parent))
        )

    def continues(self, unit: _Unit) -> bool:
        """Return whether a unit is in the same element as the body, which goes on after a box with other stories."""
        parent = unit.element.getparent()
        return unit.place in self.places and parent in self.parents and is_story_class(parent.get("class") or "")

    def _is_neighbour(self, parent: Tree) -> bool:
        for ancestor in islice(parent.iterancestors(), _NEAR_DEPTH):
            if ancestor in self.near:
                return True
            if ancestor.tag == "article":
                return False
        return False

    def _is_opening(self, parent: Tree) -> bool:
        """Return whether this is a container of the text that has its first paragraphs, and all others in a box."""
        return parent in self.outer and is_story_class(parent.get("class") or "")

    def begins_story(self, unit: _Unit) -> bool:
        """Return whether a unit is the headline of a story: of the page, or, as a link, of another one in a list."""
        if unit.element.tag == "h1":
            return True
        return unit.is_heading and _is_linked(unit.element) and not self.is_aside(unit.element)

    def is_aside(self, element: Tree) -> bool:
        """Return whether an element, or one around it and not around the body, has the class of something else."""
        within = takewhile(lambda ancestor: ancestor not in self.around, element.iterancestors())
        return any(each.tag in OUTSIDE_TAGS or is_aside_class(each.get("class") or "") for each in (element, *within))


def _containers(units: Sequence[_Unit], body_units: Sequence[int], places: frozenset[Place]) -> _Containers:
    parents = frozenset(units[index].element.getparent() for index in body_units)
    return _Containers(
        places,
        headings=frozenset(unit.place for unit in units if unit.is_heading and unit.piece is not None),
        parents=parents,
        outer=frozenset(parent.getparent() for parent in parents),
        near=frozenset(
            ancestor
            for parent in parents
            for ancestor in islice(parent.iterancestors(), _NEAR_DEPTH)
            if ancestor.tag not in ("body", "html")
        ),
        around=frozenset(ancestor for parent in parents for ancestor in (parent, *parent.iterancestors())),
    )


def _missing(units: Sequence[_Unit], places: frozenset[Place]) -> list[int]:
    """Return the indexes of the units that the body lacks, in page order."""
    body_units = [index for index, unit in enumerate(units) if unit.piece is not None and unit.place in places]
    if not body_units:
        return []
    containers = _containers(units, body_units, places)
    first = _last_near(units, range(body_units[0] - 1, -1, -1), containers, default=body_units[0])
    last = _last_near(units, range(body_units[-1] + 1, len(units)), containers, default=body_units[-1])
    lacking = [
        index
        for index in range(first, last + 1)
        if (unit := units[index]).piece is None
        and (index > body_units[0] or not unit.is_heading)
        and containers.holds(unit)
        and not containers.is_aside(unit.element)
    ]
    prose = {
        index for index in lacking if _is_prose(units[index].element) and _is_inside(units[index], index, body_units)
    }
    return sorted(prose.union(_labels(units, [index for index in lacking if index > body_units[0]], prose)))


def _is_inside(unit: _Unit, index: int, body_units: Sequence[int]) -> bool:
    """Return whether a unit is between two of the body, if it must be: a division has no other sign of a paragraph."""
    return unit.element.tag != "div" or body_units[0] < index < body_units[-1]


def _labels(units: Sequence[_Unit], lacking: Sequence[int], prose: Container[int]) -> set[int]:
    """Return the indexes of short headings, labels and list items directly before a unit of the body."""
    labels: set[int] = set()
    for index in reversed(lacking):
        after = index + 1
        is_followed = after < len(units) and (units[after].piece is not None or after in prose or after in labels)
        element = units[index].element
        if index not in prose and is_followed and _is_label(element) and _leads_to(element, units[after].element):
            labels.add(index)
    return labels


def _is_label(element: Tree) -> bool:
    """Return whether an element has a few words and no link."""
    return next(element.iter("a", "time"), None) is None and element.tag != "div" and _fold(text_of(element)) != ""


def _leads_to(element: Tree, following: Tree) -> bool:
    """Return whether nothing with text is between an element and the next one."""
    node = element
    while node is not None:
        near = next((each for each in node.itersiblings() if text_start(each, 1)), None)
        if near is not None:
            return near is following or near in following.iterancestors()
        node = node.getparent()
    return False


def _last_near(units: Sequence[_Unit], order: Iterable[int], containers: _Containers, *, default: int) -> int:
    """Return the last index in this order that adjoins the body, or is in its element after a box; else ``default``."""
    last, is_other = default, False
    for index in order:
        unit = units[index]
        if containers.begins_story(unit):
            is_other = True
            if unit.element.getparent() in containers.parents:  # a list of stories in one element
                break
        elif containers.continues(unit) if is_other else containers.adjoins(unit):
            last = index
    return last


def _is_linked(element: Tree) -> bool:
    return element.getparent().tag == "a" or next(element.iter("a"), None) is not None


def _is_prose(element: Tree) -> bool:
    """Return whether an element is text of a story: not a lone link, no label."""
    text = text_of(element)
    words = len(text.split())
    links = [text_of(link) for link in element.iter("a")]
    linked = sum(len(link.split()) for link in links)
    if element.tag in _HEADING_TAGS:
        return words > 1 and linked == 0
    if linked > _LINK_SHARE * words:
        least = _AFTER_LINK_WORDS if text.startswith(links[0]) else 1
        return element.tag != "div" and words - linked >= least and text.endswith(_ENDS)
    return words >= _PROSE_WORDS or text.endswith(_ENDS)


def _merge(pieces: Sequence[TextPiece], units: Sequence[_Unit], missing: Sequence[int]) -> Iterator[TextPiece]:
    """Yield the pieces, and before each the missing units that precede it on the page."""
    known = [_fold(piece.text) for piece in pieces]
    whole, long, short = "".join(known), [text for text in known if len(text) >= _REPEAT_CHARS], set(known)
    waiting: dict[int, list[TextPiece]] = {}
    place, lacking = 0, set(missing)
    for index, unit in enumerate(units):
        if unit.piece is not None:
            place = max(place, unit.piece + 1)
        elif index in lacking:
            for piece in read_pieces(unit.element, "heading" if unit.is_heading else "paragraph"):
                folded = _fold(piece.text)
                is_known = folded in (whole if len(folded) >= _REPEAT_CHARS else short)
                if folded and not is_known and not any(text in folded for text in long):
                    waiting.setdefault(place, []).append(piece)
                    whole += folded
    for index, piece in enumerate(pieces):
        yield from waiting.get(index, ())
        yield piece
    yield from waiting.get(len(pieces), ())


def _fold(text: str) -> str:
    return "".join(_LETTERS.findall(text.casefold()))
