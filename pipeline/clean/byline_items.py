"""The people and credits in the text of a by-line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from newslake.pipeline.clean.credits import (
    ItemKind,
    Outlet,
    any_word,
    credit_kind_of,
    is_agency,
    is_person_name,
    is_uncased_script,
    organisation_in,
    split_item,
)
from newslake.pipeline.clean.html import tidy

WORD_FOR_BY = rf"(?:(?:{any_word('before_by')})\s*)?(?<!\w)(?:{any_word('by')})"
BY = re.compile(rf"^(?:(?:{WORD_FOR_BY})(?:\s*[:：/]\s*|\s+)|(?:{any_word('label')})\s*:\s*)", re.IGNORECASE)
_AND_ALONE = rf"(?:{any_word('and')}|&|\+)"
AND = rf"(?:{any_word('and', 'and_in_name')}|&|\+)"
_AND_IN_NAME = re.compile(rf"\s+(?:{any_word('and_in_name')})\s+", re.IGNORECASE)
_AND_FIRST = re.compile(rf"^{AND}\s+", re.IGNORECASE)
_TAIL = re.compile(
    rf"\s*(?:\(.*?\)|\[.*?\]|[|•·–—].*|\s-\s.*|,?\s+(?:in|for|at|of)\s+.*|"
    rf"\s(?:(?:am|on|le|el)\s+)?(?:{any_word('role', 'after_name', 'day')})(?!\w).*|\s(?:(?:am|on|le|el)\s+)?\d.*|"
    r"\d{1,2}[./:]\d.*)$",
    re.IGNORECASE,
)
_INITIAL_AT_END = re.compile(r"\b(?:[A-Z]|Jr|Sr)\.$")
_DEGREE = re.compile(r",\s*(Jr\.?|Sr\.?|I{2,3}|Ph\.?D\.?|M\.?D\.?|MBA|RN|MSc|BSc)(?=$|[,;\s])")
_SPLIT = re.compile(rf"(?!\s*& Co\b)\s*(?:;|\||•|·|\s/\s|、|，|；|,?\s+{_AND_ALONE}\s+|,)\s*", re.IGNORECASE)
# "Ann Bell and Cy Dorn, Paris": the text after the last of several names is a place, a role or an agency.
_AFTER_LAST = re.compile(rf"^(?P<names>[^,;|]+(?:,[^,;|]+)*\s{AND}\s[^,;|]+),(?P<rest>[^;|]+)$", re.IGNORECASE)
# "Bell, Ann", "van der Meer, Anne M.", and "Luque Vale, Ana": two family names only before a single forename.
_WORD_OF_NAME = r"[^\W\d_a-z][\w.'’-]*"
_FAMILY_FIRST = re.compile(
    rf"(?P<family>(?:[^\W\d_A-Z]+\s){{0,2}}{_WORD_OF_NAME}(?:\s{_WORD_OF_NAME}(?=,\s\S+$))?),\s+"
    rf"(?P<forenames>{_WORD_OF_NAME}(?:\s{_WORD_OF_NAME}){{0,2}})"
)
_ADDRESS = re.compile(r"\s*(?:https?:|www\.|/|@)", re.IGNORECASE)
EDGES = " ,:;-–—|\"'*"
_MAX_FORENAMES = 2  # a longer list of single words is of categories
_BYLINE_CHARS = 1000  # a longer text is no by-line


@dataclass(frozen=True, slots=True)
class BylineText:
    """A text that may contain authors. ``kind``: what the markup says it is, "" if it says nothing.

    ``min_words``: a single word is a name only in author markup.
    """

    text: str
    kind: str = ""
    min_words: int = 1


@dataclass(frozen=True, slots=True)
class BylineItem:
    """A name in a by-line, and its kind."""

    name: str
    kind: ItemKind


def read_items(byline: BylineText, outlet: Outlet) -> list[BylineItem]:
    """Return the people and credits of a text in its order. A list of categories has none."""
    text = tidy(byline.text[:_BYLINE_CHARS])
    if not text or _ADDRESS.match(text):
        return []
    text = _DEGREE.sub(lambda degree: f" {degree[1]}" if degree[1][0] in "JSI" else "", text)
    is_blogger = byline.kind == "person_and_organisation" and is_person_name(text)
    organisation = organisation_in(text, BY.sub("", text), outlet, is_stated=byline.kind == "organisation")
    if organisation is not None:
        text, kind = organisation
        if not is_blogger:
            return [BylineItem(text, kind)] if kind else []
    if (names := _in_order(text, is_catalogue=byline.kind == "catalogue")) is not None:
        return [BylineItem(name, "person") for name in names]
    after = _AFTER_LAST.match(text)
    parts = _parts(after["names"] if after else text, outlet)
    is_list = len(parts) > 1
    items = [item for part in parts for item in _part_items(part, byline, outlet, is_list=is_list)]
    if after:
        rest = [item for part in _parts(after["rest"], outlet) for item in _part_items(part, byline, outlet)]
        items += [item for item in rest if item.kind != "person"]
    return _without_categories(items, part_count=len(parts))


def _without_categories(items: list[BylineItem], *, part_count: int) -> list[BylineItem]:
    """Leave out single words next to a whole name or a credit, and lists of single words: places, categories."""
    people = [item for item in items if item.kind == "person"]
    single = [item for item in people if is_single_word(item.name)]
    is_whole = part_count <= _MAX_FORENAMES and len(single) == len(people) == len(items)
    return items if is_whole else [item for item in items if item not in single]


def _in_order(text: str, *, is_catalogue: bool) -> list[str] | None:
    """Return names written as "Family, Forenames" in their usual order; None for any other text.

    Semicolons between them show the form, or that a catalogue has it. Without both, a family name and a forename may
    be two people: nobody is named.
    """
    matches = [_FAMILY_FIRST.fullmatch(part.strip()) for part in text.strip(" ;").split(";")]
    pairs = [(each["family"], each["forenames"]) for each in matches if each]
    has_credit = any(is_agency(part) for pair in pairs for part in pair)
    is_plain = all(sum(word[0].isupper() for word in family.split()) == 1 for family, _ in pairs)
    if len(pairs) < len(matches) or has_credit or not (is_catalogue or is_plain):
        return None
    names = [f"{forenames} {family}" for family, forenames in pairs]
    if is_catalogue or len(pairs) > 1:
        return names if all(map(is_person_name, names)) else None
    return [] if all(map(is_single_word, pairs[0])) and is_person_name(names[0]) else None


def _parts(text: str, outlet: Outlet) -> list[str]:
    parts = (each for part in _SPLIT.split(BY.sub("", text)) for each in _people_of(part, outlet))
    return [part for part in parts if part.strip(EDGES)]


def _people_of(part: str, outlet: Outlet) -> list[str]:
    """Return the names before and after "y" or "e"; a single word after a whole name is its second family name."""
    names = _AND_IN_NAME.split(part)
    is_one = len(names) == 2 and " " in names[0].strip() and is_single_word(names[1]) and is_person_name(part.strip())
    return [part] if is_one and credit_kind_of(names[1], outlet) is None else names


def _part_items(part: str, byline: BylineText, outlet: Outlet, *, is_list: bool = False) -> Iterator[BylineItem]:
    """Yield the person or credit of a part, and the credits after slashes and in brackets."""
    whole = BY.sub("", tidy(part)).strip(EDGES)
    parts = split_item(whole, outlet, is_list=is_list, may_be_both=byline.kind == "person_and_organisation")
    first, name = parts.first, _TAIL.sub("", parts.first).strip(EDGES)
    is_credit = parts.kind in ("agency", "desk") or parts.is_outlet
    if parts.kind and (is_credit or not _is_name(name, byline, is_cut=name != first)):
        yield BylineItem(first, parts.kind)
    elif _is_name(name, byline, is_cut=name != first or first != whole):
        yield BylineItem(_title_case(name if _INITIAL_AT_END.search(name) else name.rstrip(".")), "person")
    for other in (_AND_FIRST.sub("", tidy(each)) for each in parts.others):
        if (other_kind := credit_kind_of(other, outlet)) is not None:
            yield BylineItem(other, other_kind)
        elif _is_name(other, byline, is_cut=True):
            yield BylineItem(_title_case(other), "person")


def _is_name(name: str, byline: BylineText, *, is_cut: bool) -> bool:
    """Return whether a name is a person's. A single word of a longer line is a role, not a name."""
    if is_cut and is_single_word(name):
        return False
    return is_person_name(name, min_words=byline.min_words, is_person=byline.kind.startswith("person"))


def is_single_word(name: str) -> bool:
    return " " not in name and not is_uncased_script(name)


def _title_case(name: str) -> str:
    return name.title() if name.isupper() and len(name) > 4 and " " in name else name
