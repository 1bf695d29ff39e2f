"""What a site prints under many of its articles, which says nothing about whether two of them are the same."""

from collections import defaultdict

import numpy as np
import pyarrow as pa

from pipeline.clusters.lists import Integers, list_array, rows_of

# A shingle that so many contents of a site share on one day, and this share of them, is the site's and not theirs.
_BOILERPLATE_CONTENTS = 5
_BOILERPLATE_SHARE = 0.05


def drop_site_boilerplate(articles: pa.Table) -> pa.Table:
    """Return a day's articles with the shingles left out that belong to their site.

    ``articles`` has domain, content_hash and the columns of a sketch. Articles without a domain stay as they are.
    Equal contents count once, so a story that one site prints under many addresses is not taken for boilerplate.
    """
    every, unquoted = rows_of(articles["shingles"]), rows_of(articles["own"])
    sites: dict[str, dict[str, int]] = defaultdict(dict)
    domains, contents = articles["domain"].to_pylist(), articles["content_hash"].to_pylist()
    for row, (domain, content) in enumerate(zip(domains, contents, strict=True)):
        if domain is not None:
            sites[domain].setdefault(content, row)
    boilerplate = {domain: _site_boilerplate([every[row] for row in rows.values()]) for domain, rows in sites.items()}
    kept = {"shingles": every, "own": unquoted}
    for name, rows in kept.items():
        stripped = [_drop_shingles(row, boilerplate.get(domain)) for row, domain in zip(rows, domains, strict=True)]
        articles = articles.set_column(articles.schema.get_field_index(name), name, list_array(stripped))
    return articles


def _site_boilerplate(contents: list[Integers]) -> Integers | None:
    if len(contents) < _BOILERPLATE_CONTENTS:
        return None
    shingles, counts = np.unique(np.concatenate(contents), return_counts=True)
    found: Integers = shingles[counts >= max(_BOILERPLATE_CONTENTS, _BOILERPLATE_SHARE * len(contents))]
    return found if len(found) else None


def _drop_shingles(row: Integers, boilerplate: Integers | None) -> Integers:
    if boilerplate is None or not len(row):
        return row
    at = np.searchsorted(boilerplate, row)
    kept: Integers = row[boilerplate[np.minimum(at, len(boilerplate) - 1)] != row]
    return kept
