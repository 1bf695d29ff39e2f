"""What a site prints under many of its articles, which says nothing about whether two of them are the same."""

from collections import defaultdict

import numpy as np
import pyarrow as pa

from pipeline.clusters.lists import Integers, list_array, rows_of

# A shingle that so many contents of a site share on one day, and this share of them, is the site's and not theirs.
_CONTENTS = 5
_SHARE = 0.05


def without_furniture(articles: pa.Table) -> pa.Table:
    """Return a day's articles with the shingles left out that belong to their site.

    ``articles`` has domain, content_hash and the columns of a sketch. Articles without a domain stay as they are.
    Equal contents count once, so a story that one site prints under many addresses is not taken for its furniture.
    """
    every, own = rows_of(articles["shingles"]), rows_of(articles["own"])
    sites: dict[str, dict[str, int]] = defaultdict(dict)
    domains, contents = articles["domain"].to_pylist(), articles["content_hash"].to_pylist()
    for row, (domain, content) in enumerate(zip(domains, contents, strict=True)):
        if domain is not None:
            sites[domain].setdefault(content, row)
    furniture = {domain: _furniture([every[row] for row in rows.values()]) for domain, rows in sites.items()}
    kept = {"shingles": every, "own": own}
    for name, rows in kept.items():
        stripped = [_without(row, furniture.get(domain)) for row, domain in zip(rows, domains, strict=True)]
        articles = articles.set_column(articles.schema.get_field_index(name), name, list_array(stripped))
    return articles


def _furniture(contents: list[Integers]) -> Integers | None:
    if len(contents) < _CONTENTS:
        return None
    shingles, counts = np.unique(np.concatenate(contents), return_counts=True)
    found: Integers = shingles[counts >= max(_CONTENTS, _SHARE * len(contents))]
    return found if len(found) else None


def _without(row: Integers, furniture: Integers | None) -> Integers:
    if furniture is None or not len(row):
        return row
    at = np.searchsorted(furniture, row)
    kept: Integers = row[furniture[np.minimum(at, len(furniture) - 1)] != row]
    return kept
