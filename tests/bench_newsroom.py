"""Times and sizes of the pages of Newsroom on a large lake.

`python -m tests.bench_newsroom [FOLDER | ARTICLES]`: an existing data root, or a generated one that is removed. Prints
the 95th percentile of each page in milliseconds, for different days, names and words, and the bytes of its largest
response without text. The first request of each page is not counted, because it loads shared data.
"""

import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import numpy as np
from rich.console import Console

from newslake.pipeline.addons.newsroom.queries.articles import last_day
from newslake.pipeline.addons.search.index import update_index
from newslake.pipeline.query.connection import connect, query
from newslake.pipeline.query.saved_queries import list_questions
from tests.big_lake import make_big_lake

ARTICLES, DAYS, ROUNDS = 100_000, 90, 20
MOST_MS, MOST_BYTES = 300.0, 100_000
out = Console(highlight=False)


def main(root: Path) -> None:
    """Print the figures of each page with its goals."""
    from newslake.pipeline.addons.newsroom.page_request import NewsroomRequest
    from newslake.pipeline.addons.newsroom.responders import routes

    os.environ |= {"NEWS_DATA_DIR": str(root), "NEWS_SOURCES_FILE": str(root / "sources.toml")}
    (root / "sources.toml").touch()
    update_index(root / "lake", durability="process")
    handlers = routes()
    for name, requests in _requests(root / "lake").items():
        times, weights = [], []
        for path, given in requests:
            began, busy = time.perf_counter(), time.process_time()
            answer = handlers[path](NewsroomRequest(**given))  # type: ignore[arg-type]
            times.append((1000 * (time.perf_counter() - began), 1000 * (time.process_time() - busy)))
            weights.append(_weight(answer.content.decode()))
        wall, processor = (float(np.percentile(each, 95)) for each in zip(*times[1:], strict=True))
        is_met = wall <= MOST_MS and max(weights) <= MOST_BYTES
        figures = f"{wall:6.0f} ms, {processor:6.0f} ms CPU; {max(weights):9,} bytes without text"
        out.print(f"{'met ' if is_met else 'MISS'} {name:<28} {figures}")


def _requests(lake: Path) -> dict[str, list[tuple[str, Mapping[str, object]]]]:
    """Return the requests of each page: one distinct request per round."""
    last = last_day(lake)
    assert last is not None
    days = [last - timedelta(days=number % 30) for number in range(ROUNDS + 1)]
    some = query(connect(lake), f"SELECT article_id, source_key FROM articles_stored LIMIT {ROUNDS + 1}").rows
    names = query(connect(lake), _NAMES).rows
    people, organisations = (
        [
            entity_id
            for (entity_id,) in query(connect(lake, since=last - timedelta(days=29)), _IDS.format(kind=kind)).rows
        ]
        for kind in ("PERSON", "ORG")
    )
    a_year = last - timedelta(days=365)
    sources = [str(key) for _, key in some]
    slugs = [question.slug for question in list_questions()]
    charts = [question.slug for question in list_questions() if question.chart]
    return {
        "coverage, two weeks": [_page("/coverage", to=day) for day in days],
        "coverage, a source": [_page("/coverage", to=day, source=key) for day, key in zip(days, sources, strict=True)],
        "pages of a cell": [_page("/pages", day=day, source=key) for day, key in zip(days, sources, strict=True)],
        "articles, 30 days": [_page("/articles", to=day) for day in days],
        "articles, a day": [_page("/articles", day=day) for day in days],
        "articles, later lists": _lists(days[0]),
        "articles of a person": [_page("/articles", person=name) for (name,) in names],
        "articles with a text": [_page("/articles", text=str(name).split()[0]) for (name,) in names],
        "search": [_page("/search", q=str(name).split()[0]) for (name,) in names],
        "article": [_page("/articles/{article_id}", article_id=each) for each, _ in some],
        "people, 30 days": [_page("/people", to=day) for day in days],
        "people with a name": [_page("/people", name=str(name).split()[0]) for (name,) in names],
        "organisations, 30 days": [_page("/organisations", to=day) for day in days],
        "person, 30 days": [_page("/people/{entity_id}", entity_id=each) for each in people],
        "person, a year": [
            _page("/people/{entity_id}", entity_id=each, **{"from": a_year, "to": last}) for each in people
        ],
        "organisation, 30 days": [_page("/organisations/{entity_id}", entity_id=each) for each in organisations],
        "events, 30 days": [_page("/events", to=day) for day in days],
        "events of a type": [_page("/events", to=day, event_type="PROTEST") for day in days],
        "map, 30 days": [_page("/events/map", to=day) for day in days],
        "people as JSON": [_page("/people.json", to=day) for day in days],
        "events as JSON": [_page("/events.json", to=day) for day in days],
        "articles as JSON": [_page("/articles.json", to=day) for day in days],
        "questions": [_page("/questions") for _ in days],
        "question, each, 30 days": [
            _page("/questions/{slug}", slug=slug, **{"from": last - timedelta(days=29)}) for slug in slugs
        ],
        "question, each, whole lake": [_page("/questions/{slug}", slug=slug) for slug in slugs],
        "picture, each, 30 days": [
            _page("/questions/{slug}.svg", slug=slug, **{"from": last - timedelta(days=29)}) for slug in charts
        ],
    }


_NAMES = f"""SELECT any_value(entity_name) FROM entities WHERE entity_type = 'PERSON' AND entity_name IS NOT NULL
GROUP BY hash(entity_id) % {10 * (ROUNDS + 1)} ORDER BY 1 LIMIT {ROUNDS + 1}"""
# Ids of the kind: half of them the most mentioned, half any.
_IDS = f"""WITH counted AS (
  SELECT entity_id, count(*) AS n FROM entities_stored WHERE entity_type = '{{kind}}' AND entity_id IS NOT NULL
  GROUP BY entity_id
)
SELECT entity_id FROM counted
ORDER BY row_number() OVER (ORDER BY n DESC, entity_id) > {ROUNDS // 2 + 1}, hash(entity_id) LIMIT {ROUNDS + 1}"""
_IN_PATH = ("slug", "article_id", "entity_id")


def _page(path: str, **given: object) -> tuple[str, dict[str, object]]:
    query = {name: str(value) for name, value in given.items() if name not in _IN_PATH}
    return path, {"query": query, "parameters": {name: given.get(name) for name in _IN_PATH}}


def _lists(day: date) -> list[tuple[str, Mapping[str, object]]]:
    """Return the list and its following pages, from the links to more."""
    from newslake.pipeline.addons.newsroom.page_request import NewsroomRequest
    from newslake.pipeline.addons.newsroom.responders import routes

    answer = routes()["/articles"]
    found = [_page("/articles", to=day)]
    while len(found) <= ROUNDS:
        _, given = found[-1]
        html = answer(NewsroomRequest(**given)).content.decode()  # type: ignore[arg-type]
        more = re.search(r'href="([^"]*after=[^"]*)"', html)
        assert more is not None
        found.append(_page("/articles", **dict(parse_qsl(urlsplit(unescape(more[1])).query))))
    return found


def _weight(html: str) -> int:
    """Return the bytes of tags, styles and attributes, without texts and titles."""
    titles = "".join(re.findall(r'(?:title|alt)="([^"]*)"', html))
    text = re.sub(r"<style>.*?</style>|<[^>]*>", "", html, flags=re.DOTALL)
    return len(html.encode()) - len(text.encode()) - len(titles.encode())


def _data_roots(given: str) -> Iterator[Path]:
    if Path(given).is_dir():
        yield Path(given)
        return
    with tempfile.TemporaryDirectory() as folder:
        make_big_lake(Path(folder) / "lake", articles=int(given), days=DAYS)
        yield Path(folder)


if __name__ == "__main__":
    for each in _data_roots(sys.argv[1] if len(sys.argv) > 1 else str(ARTICLES)):
        main(each)
