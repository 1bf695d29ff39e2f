"""Completeness of bodies on pages from which a part was taken, or to which one was added.

``python -m tests.quality.planted FOLDER`` reads the sets of pages in a folder (outlets/ and fundeval/, each with
docs.jsonl, gold.jsonl and html/) and prints, by kind, how many of 60 losses and 60 excesses are repaired, flagged or
missed, and the flags of untouched pages. ``--seed`` plants other parts. The pages are the publishers' and stay outside.
"""

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lxml import etree, html
from rich.console import Console

from newslake.pipeline.clean import extract
from newslake.pipeline.clean.decoding import decode_body
from newslake.pipeline.clean.html import Tree, parse_page, text_of
from newslake.pipeline.model import Article, Page

SETS = ("outlets", "fundeval")
PAGES, PART, LEAST = 60, 0.3, 0.15
FETCHED = datetime(2030, 1, 1, tzinfo=UTC)
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class GoldPage:
    """A page, the paragraphs of its story, and their language."""

    page: Page
    paragraphs: tuple[str, ...]
    language: str


def read_pages(folder: Path) -> Iterator[GoldPage]:
    """Yield the pages of a folder that have gold paragraphs."""
    for name in SETS:
        gold = {row["doc_id"]: row for row in _rows(folder / name / "gold.jsonl")}
        for row in _rows(folder / name / "docs.jsonl"):
            wanted = gold[row["doc_id"]]
            if wanted["paragraphs"]:
                body = (folder / name / row["html"]).read_bytes()
                yield GoldPage(_page(row["url"], body), tuple(wanted["paragraphs"]), wanted["lang"])


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _page(url: str, body: bytes, *, content_type: str = "text/html") -> Page:
    return Page(
        url=url, final_url=url, status=200, headers={"content-type": content_type}, body=body, fetched_at=FETCHED
    )


# Plants: each changes the page and returns the texts that it has moved, removed or added.

Plant = Callable[[list[Tree], Sequence[str], random.Random], list[str]]


def _size(texts: Sequence[str]) -> int:
    return sum(len(_WORD.findall(text)) for text in texts)


def _run(elements: list[Tree], rng: random.Random) -> list[Tree]:
    """Return elements of one parent with a third of the words: the first, the last, or some in the middle."""
    least = PART * _size([text_of(each) for each in elements])
    start = rng.choice((0, len(elements) // 3, None))
    ordered = elements[::-1] if start is None else elements[start:]
    run: list[Tree] = []
    for element in ordered:
        run.append(element)
        if _size([text_of(each) for each in run]) >= least:
            break
    run = run[::-1] if start is None else run
    return [each for each in run if each.getparent() is run[0].getparent()]


def _boxed(tag: str, name: str) -> Plant:
    def plant(elements: list[Tree], _: Sequence[str], rng: random.Random) -> list[str]:
        run = _run(elements, rng)
        texts = [text_of(each) for each in run]
        box = html.Element(tag, {"class": name})
        run[0].addprevious(box)
        for element in run:
            element.tail = None
            box.append(element)
        return texts

    return plant


def _cut(elements: list[Tree], _: Sequence[str], rng: random.Random) -> list[str]:
    run = _run(elements, rng)
    texts = [text_of(each) for each in run]
    for element in run:
        element.drop_tree()
    return texts


def _added(tag: str, name: str, heading: str, *, is_sibling: bool = False) -> Plant:
    """Add another story after the last paragraph: in a box of this tag, or without one (``is_sibling``)."""

    def plant(elements: list[Tree], other: Sequence[str], _: random.Random) -> list[str]:
        box = html.Element(tag, {"class": name})
        title = etree.SubElement(box, heading)
        link = etree.SubElement(title, "a", {"href": "/another-story-of-another-day-1.html"})
        link.text = " ".join(other[0].split()[:9])
        for text in other:
            etree.SubElement(box, "p").text = text
        if is_sibling:
            for part in reversed(list(box)):
                elements[-1].addnext(part)
        else:
            elements[-1].getparent().append(box)
        return list(other)

    return plant


def _before(elements: list[Tree], other: Sequence[str], _: random.Random) -> list[str]:
    for text in other:
        paragraph = html.Element("p")
        paragraph.text = text
        elements[0].addprevious(paragraph)
    return list(other)


LOSSES: dict[str, Plant] = {
    "aside": _boxed("aside", "c-side"),
    "related box": _boxed("div", "related-content"),
    "newsletter box": _boxed("div", "newsletter-signup"),
    "section": _boxed("section", "c7"),
    "cut, text stated": _cut,
}
EXCESSES: dict[str, Plant] = {
    "second article": _added("article", "post", "h2"),
    "thread": _added("div", "thread", "h4"),
    "teasers": _added("div", "list-b", "h4"),
    "after a linked headline": _added("div", "", "h2", is_sibling=True),
    "before the text": _before,
}


# The measure.


def measure(pages: Sequence[GoldPage], *, seed: int) -> Iterator[tuple[str, str]]:
    """Yield, for each planted page, its kind and its outcome: "repaired", "flagged" or "missed"."""
    rng = random.Random(seed)
    whole = [each for each in pages if _is_whole(each)]
    for plants, flag in ((LOSSES, "body_incomplete"), (EXCESSES, "body_excess")):
        count = 0
        for gold in rng.choices(whole, k=20 * PAGES):
            kind = list(plants)[count % len(plants)]
            planted = _planted(gold, kind, plants[kind], [each for each in pages if each is not gold], rng)
            if planted is not None and count < PAGES:
                count += 1
                page, texts = planted
                yield f"{flag}: {kind}", _outcome(extract(page, source_key="planted"), texts, flag)


def _is_whole(gold: GoldPage) -> bool:
    read = _story_texts(extract(gold.page, source_key="planted"))
    return 0.9 < _size(read) / _size(gold.paragraphs) < 1.1 and _size(gold.paragraphs) >= 150


def _story_texts(article: Article) -> tuple[str, ...]:
    return (*article.texts("paragraph"), *article.texts("list"))


def _planted(
    gold: GoldPage, kind: str, plant: Plant, others: Sequence[GoldPage], rng: random.Random
) -> tuple[Page, list[str]] | None:
    root, _ = parse_page(decode_body(gold.page).text)
    if kind == "cut, text stated" and b"articleBody" not in gold.page.body:
        return None
    if root is None:
        return None
    keys = {_key(text) for text in gold.paragraphs}
    elements = [each for each in root.iter("p") if _key(text_of(each)) in keys]
    words = _size(gold.paragraphs)
    if len(elements) < 6 or _size([text_of(each) for each in elements]) < 0.8 * words:
        return None
    other = rng.choice([each for each in others if each.language == gold.language] or others)
    taken = [text for end, text in enumerate(other.paragraphs) if _size(other.paragraphs[:end]) < PART * words]
    texts = plant(elements, taken, rng)
    if not LEAST * words < _size(texts) < words:
        return None
    source = html.tostring(root, encoding="utf-8", doctype="<!DOCTYPE html>")
    return _page(gold.page.url or "", source, content_type="text/html; charset=utf-8"), texts


def _key(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))[:80]


def _outcome(article: Article, texts: Sequence[str], flag: str) -> str:
    whole = " ".join(_WORD.findall(article.text.casefold()))
    read = _size([text for text in texts if _key(text) in whole])
    wrong = _size(texts) - read if flag == "body_incomplete" else read
    if wrong <= LEAST * (article.word_count + (wrong if flag == "body_incomplete" else 0)):
        return "repaired"
    return "flagged" if flag in article.flags else "missed"


def main() -> None:
    """Print the outcomes by kind, and the flags of untouched pages."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality.planted", description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder with the sets of pages")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    out = Console(highlight=False, markup=False, soft_wrap=True)
    pages = list(read_pages(options.folder))
    outcomes = Counter(measure(pages, seed=options.seed))
    for (kind, outcome), count in sorted(outcomes.items()):
        out.print(f"{kind}: {outcome} {count}")
    for flag in ("body_incomplete", "body_excess"):
        counts = [(outcome, count) for (kind, outcome), count in outcomes.items() if kind.startswith(flag)]
        seen = sum(count for outcome, count in counts if outcome != "missed")
        out.print(f"{flag}: {seen} of {sum(count for _, count in counts)}")
    for gold in pages:
        article = extract(gold.page, source_key="planted")
        if named := [flag for flag in article.flags if flag.startswith("body_")]:
            share = _size(_story_texts(article)) / _size(gold.paragraphs)
            out.print(f"untouched: {', '.join(named)}, words {share:.2f} of gold: {gold.page.url}")


if __name__ == "__main__":
    main()
