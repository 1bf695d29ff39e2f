"""Near-duplicate detection: articles that repeat an earlier one, exactly, nearly or as a part.

``find_near_duplicates`` is the entry point. It needs sketches (``minhash``) without site boilerplate.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from newslake.pipeline.clusters.minhash import PERMUTATIONS, WORD, earlier_candidates, sketches_of
from newslake.pipeline.clusters.text import Integers, fold_text, list_array, rows_of
from newslake.pipeline.tables import TABLE_SPECS

# Match of two articles, by their shingles, not by an estimate.

Method = Literal["exact", "near", "contained"]

FEWEST_SHINGLES = 30  # a shorter text is a stub or a list of links, which shares only its form with others
_NEAR_JACCARD = 0.70
_CONTAINED_SHARE = 0.80  # of the shorter text's shingles that are in the longer text
_SHORTEST_PART = 0.3  # of the longer text; a shorter part is a quote or an item of a digest, not the story
# Two stories may share a long statement. They match only if their texts outside quotation marks match, too.
_FEWEST_UNQUOTED = 10
_UNQUOTED_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class ArticleShingles:
    """Sorted shingles of an article; ``unquoted`` are those outside quotation marks."""

    shingles: Integers
    unquoted: Integers


@dataclass(frozen=True, slots=True)
class DuplicateMatch:
    """How two articles match. ``similarity``: Jaccard for near, containment of the shorter for cut, 1 for exact."""

    method: Method
    similarity: float


def match_of(one: ArticleShingles, other: ArticleShingles) -> DuplicateMatch | None:
    """Return how two articles match, or None. The order of the two does not matter."""
    shorter, longer = sorted((one, other), key=lambda each: len(each.shingles))
    few, many = len(shorter.shingles), len(longer.shingles)
    if few < max(FEWEST_SHINGLES, _SHORTEST_PART * many):
        return None
    shared = _count_shared(shorter.shingles, longer.shingles)
    jaccard = shared / (few + many - shared)
    if jaccard >= _NEAR_JACCARD and _agrees(one, other) and _agrees(other, one):
        return DuplicateMatch("near", jaccard)
    if shared >= _CONTAINED_SHARE * few and _agrees(shorter, longer):
        return DuplicateMatch("contained", shared / few)
    return None


def match_of_variant(text: str, known: str) -> DuplicateMatch | None:
    """Return how a text matches the known text of which it may be a later or another version, or None.

    A story grows at its end: of a text over 3.3 times as long as the known one, the opening of that length is compared.
    What it says only inside quotation marks does not match. Boilerplate of their site counts as text.
    """
    other = _shingles_of(known)
    variant = _shingles_of(_opening(text, words=int(len(other.shingles) / _SHORTEST_PART)))
    match = match_of(variant, other)
    if match is None or match.method != "contained" or len(variant.shingles) < len(other.shingles):
        return match
    return match if _agrees(other, ArticleShingles(variant.unquoted, variant.unquoted)) else None


def _shingles_of(text: str) -> ArticleShingles:
    sketch = sketches_of([text])
    return ArticleShingles(rows_of(sketch["shingles"])[0], rows_of(sketch["unquoted"])[0])


def _opening(text: str, *, words: int) -> str:
    """Return the first words of a text, as shingles have them."""
    folded = fold_text(text)
    following = next(islice(WORD.finditer(folded), words, None), None)
    return folded if following is None else folded[: following.start()]


def _agrees(part: ArticleShingles, whole: ArticleShingles) -> bool:
    """Return whether the unquoted text of an article is in the other."""
    return len(part.unquoted) >= _FEWEST_UNQUOTED and _count_shared(
        part.unquoted, whole.shingles
    ) >= _UNQUOTED_SHARE * len(part.unquoted)


def _count_shared(part: Integers, whole: Integers) -> int:
    """Return the size of the intersection of two sorted arrays."""
    at = np.searchsorted(whole, part)
    return int(np.count_nonzero(whole[np.minimum(at, len(whole) - 1)] == part))


# Site boilerplate: shingles that a site repeats in many of its articles.

# A shingle is boilerplate if this number and this share of the contents of a site and day have it.
_BOILERPLATE_CONTENTS = 5
_BOILERPLATE_SHARE = 0.05


def drop_site_boilerplate(articles: pa.Table) -> pa.Table:
    """Return a day's articles without the shingles that are boilerplate of their site.

    ``articles`` has domain, content_hash and the columns of a sketch. Articles without a domain are unchanged. Equal
    contents count once, so that a story under many URLs of one site is not boilerplate.
    """
    every, unquoted = rows_of(articles["shingles"]), rows_of(articles["unquoted"])
    sites: dict[str, dict[str, int]] = defaultdict(dict)
    domains, contents = articles["domain"].to_pylist(), articles["content_hash"].to_pylist()
    for row, (domain, content) in enumerate(zip(domains, contents, strict=True)):
        if domain is not None:
            sites[domain].setdefault(content, row)
    boilerplate = {domain: _site_boilerplate([every[row] for row in rows.values()]) for domain, rows in sites.items()}
    columns = {"shingles": every, "unquoted": unquoted}
    for name, rows in columns.items():
        stripped = [_drop_shingles(row, boilerplate.get(domain)) for row, domain in zip(rows, domains, strict=True)]
        articles = articles.set_column(articles.schema.get_field_index(name), name, list_array(stripped))
    return articles


def _site_boilerplate(contents: list[Integers]) -> Integers | None:
    if len(contents) < _BOILERPLATE_CONTENTS:
        return None
    shingles, counts = np.unique(np.concatenate(contents), return_counts=True)
    boilerplate: Integers = shingles[counts >= max(_BOILERPLATE_CONTENTS, _BOILERPLATE_SHARE * len(contents))]
    return boilerplate if len(boilerplate) else None


def _drop_shingles(row: Integers, boilerplate: Integers | None) -> Integers:
    if boilerplate is None or not len(row):
        return row
    at = np.searchsorted(boilerplate, row)
    rest: Integers = row[boilerplate[np.minimum(at, len(boilerplate) - 1)] != row]
    return rest


# The articles of a day, compared with those of the seven days before.

WINDOW = timedelta(days=7)  # most duplicates follow within a week
_UNKNOWN_TIME = datetime.max.replace(tzinfo=UTC)
_KEYS = ("article_id", "revision_id", "published_at", "published_date", "content_hash", "fetched_at")
_EXACT = DuplicateMatch("exact", 1.0)


@dataclass(frozen=True, slots=True)
class _DayWindow:
    """Articles of eight days, earliest first: keys and shingles by row.

    ``firsts`` has the earliest row of each content_hash.
    """

    rows: list[dict[str, Any]]
    compared: list[ArticleShingles]
    firsts: Mapping[str, int]


def affected_days(day: date) -> tuple[date, ...]:
    """Return the days whose duplicates may change with the articles of one day: the day and the seven after."""
    return tuple(day + timedelta(days=number) for number in range(WINDOW.days + 1))


def find_near_duplicates(window: pa.Table, *, day: date) -> pa.Table:
    """Return the ``near_duplicates`` rows of a day's articles.

    ``window`` has the articles of the day and the seven before, in any order: article_id, revision_id, published_at,
    published_date, content_hash, fetched_at and the columns of a sketch, without boilerplate. The order is by
    published_date, published_at (unknown last), fetched_at, article_id. An article is compared with articles, not with
    groups. Its earliest match names its group, even if that article repeats another one that this one does not match.
    Of equal contents, only the earliest is compared by shingles.
    """
    spec = TABLE_SPECS["near_duplicates"]
    dates = window["published_date"]
    window = window.filter(pc.and_(pc.greater_equal(dates, day - WINDOW), pc.less_equal(dates, day)))
    if not window.num_rows:
        return spec.schema.empty_table()
    facts = window.select(_KEYS).to_pylist()
    order = sorted(range(len(facts)), key=lambda row: _age(facts[row]))
    ordered = _order_window(window, [facts[row] for row in order], order)
    mine = [row for row, keys in enumerate(ordered.rows) if keys["published_date"] == day]
    alike = _candidate_rows(window, ordered, order, mine)
    rows = [_duplicate_row(ordered, row, alike.get(row, ())) for row in mine]
    return pa.Table.from_pylist(sorted(rows, key=lambda copy: str(copy["article_id"])), schema=spec.schema)


def _age(row: dict[str, Any]) -> tuple[date, datetime, datetime, str]:
    return row["published_date"], row["published_at"] or _UNKNOWN_TIME, row["fetched_at"], row["article_id"]


def _order_window(window: pa.Table, rows: list[dict[str, Any]], order: list[int]) -> _DayWindow:
    shingles, unquoted = rows_of(window["shingles"]), rows_of(window["unquoted"])
    firsts: dict[str, int] = {}
    for number, row in enumerate(rows):
        firsts.setdefault(row["content_hash"], number)
    return _DayWindow(rows, [ArticleShingles(shingles[row], unquoted[row]) for row in order], firsts)


def _candidate_rows(window: pa.Table, ordered: _DayWindow, order: list[int], mine: list[int]) -> dict[int, list[int]]:
    """Return the candidates of each row of the day, earliest first. Rows without candidates are absent."""
    flat = window["signature"].combine_chunks().flatten().to_numpy()
    asking, firsts = set(mine), set(ordered.firsts.values())
    long_enough = [
        row
        for row, compared in enumerate(ordered.compared)
        if len(compared.shingles) >= FEWEST_SHINGLES and (row in asking or row in firsts)
    ]
    signatures = flat.reshape(-1, PERMUTATIONS)[[order[row] for row in long_enough]]
    askers = [place for place, row in enumerate(long_enough) if row in asking]
    alike = earlier_candidates(signatures, askers)
    return {
        long_enough[asker]: [long_enough[place] for place in places if long_enough[place] in firsts]
        for asker, places in alike.items()
    }


def _duplicate_row(window: _DayWindow, row: int, alike: Iterable[int]) -> dict[str, object]:
    keys = window.rows[row]
    original, match = _earliest_match(window, row, alike)
    return {
        "article_id": keys["article_id"],
        "revision_id": keys["revision_id"],
        "published_at": keys["published_at"],
        "dup_group_id": window.rows[original]["article_id"],
        "is_duplicate": match is not None,
        "similarity": match.similarity if match else 1.0,
        "method": match.method if match else "none",
    }


def _earliest_match(window: _DayWindow, row: int, alike: Iterable[int]) -> tuple[int, DuplicateMatch | None]:
    """Return the earliest match of an article and how it matches; without a match, the article itself and None."""
    first = window.firsts[window.rows[row]["content_hash"]]
    for other in alike:
        if other >= first:
            break
        match = match_of(window.compared[row], window.compared[other])
        if match is not None:
            return other, match
    return (first, _EXACT) if first != row else (row, None)
