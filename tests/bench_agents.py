"""Times and sizes of the tools of `newslake mcp` on a large lake.

`python -m tests.bench_agents [FOLDER | ARTICLES]`: an existing data root, or a generated one that is removed. Prints
the 95th percentile of each kind of call in milliseconds, for different words, names, days and articles, and the
characters of its largest answer. The first call of each kind is not counted, because it loads shared data. A generated
lake has no archive, so `why` reads the tables only.
"""

import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from newslake.pipeline.addons.newsroom.queries.articles import last_day
from newslake.pipeline.addons.search.index import update_index
from newslake.pipeline.agents.answers import MOST_CHARS
from newslake.pipeline.agents.server import answer_call
from newslake.pipeline.query.connection import connect, query
from newslake.pipeline.query.saved_queries import list_questions
from newslake.pipeline.settings import Settings
from tests.big_lake import make_big_lake
from tests.figures import out

ARTICLES, DAYS, ROUNDS = 100_000, 90, 20
MOST_MS = 1_000.0  # a person waits for several calls in a row
_SOME = f"SELECT article_id, title, source_key FROM articles_stored LIMIT {ROUNDS + 1}"
_NAMES = f"""SELECT any_value(speaker_name) FROM quotes_stored WHERE speaker_name IS NOT NULL
GROUP BY hash(speaker_name) % {10 * (ROUNDS + 1)} ORDER BY 1 LIMIT {ROUNDS + 1}"""
# Statements as agents write them: a count, rows to cite, a join with a condition on days.
_COUNT = "SELECT published_date, count(*) AS n FROM quotes GROUP BY ALL ORDER BY ALL"
_CITED = """SELECT article_id, quote_index, start_char, end_char, speaker_name, quote_text FROM quotes
WHERE speaker_name = '{name}' ORDER BY published_date DESC, article_id, quote_index"""
_JOINED = """SELECT a.publisher, e.event_type, count(*) AS n
FROM events e JOIN articles a USING (article_id, revision_id)
WHERE a.published_date >= DATE '{first}' AND NOT a.is_duplicate GROUP BY ALL ORDER BY n DESC, publisher, event_type"""
Calls = list[tuple[str, Mapping[str, Any]]]


def main(root: Path) -> None:
    """Print the figures of each kind of call with its goals."""
    settings = Settings.load(data_dir=root, sources_file=root / "sources.toml")
    update_index(settings.lake_dir, durability="process")
    for kind, calls in _calls(settings.lake_dir).items():
        times, sizes = [], []
        for tool, arguments in calls:
            began, busy = time.perf_counter(), time.process_time()
            answer = answer_call(settings, tool, arguments)
            times.append((1000 * (time.perf_counter() - began), 1000 * (time.process_time() - busy)))
            assert not answer.is_error, (kind, arguments, answer.content)
            sizes.append(len(answer.content[0].text))  # type: ignore[union-attr]
        wall, processor = (float(np.percentile(each, 95)) for each in zip(*times[1:], strict=True))
        is_met = wall <= MOST_MS and max(sizes) <= MOST_CHARS
        figures = f"{wall:6.0f} ms, {processor:6.0f} ms CPU; {max(sizes):7,} characters"
        out.print(f"{'met ' if is_met else 'MISS'} {kind:<28} {figures}")


def _calls(lake: Path) -> dict[str, Calls]:
    """Return the calls of each kind: other words, names, days or articles per round."""
    last = last_day(lake)
    assert last is not None
    connection = connect(lake)
    some = query(connection, _SOME).rows
    ids, titles = [str(row[0]) for row in some], [str(row[1]) for row in some]
    names = [str(name).replace("'", "''") for (name,) in query(connection, _NAMES).rows]
    month = (last - timedelta(days=29)).isoformat()
    slugs = [question.slug for question in list_questions()]
    first_days = [(last - timedelta(days=30 + number)).isoformat() for number in range(ROUNDS + 1)]
    return {
        "search, a word": [("search", {"text": title.split()[0]}) for title in titles],
        "search, frequent, a month": [("search", {"text": "said", "since": day}) for day in first_days],
        "search, a source": [("search", {"text": "said", "source": str(row[2])}) for row in some],
        "questions": [("questions", {}) for _ in some],
        "ask, each, 30 days": [("ask", {"question": slug, "since": month}) for slug in slugs],
        "ask, each, whole lake": [("ask", {"question": slug}) for slug in slugs],
        "ask, about a name": [("ask", {"question": "who-said-what", "options": {"about": name}}) for name in names],
        "tables": [("tables", {}) for _ in some],
        "tables, one": [("tables", {"table": "quotes"}) for _ in some],
        "sql, a count": [("sql", {"statement": _COUNT}) for _ in some],
        "sql, quotes of a name": [("sql", {"statement": _CITED.format(name=name)}) for name in names],
        "sql, a join of a month": [("sql", {"statement": _JOINED.format(first=day)}) for day in first_days],
        "article": [("article", {"article": each}) for each in ids],
        "article, with entities": [
            ("article", {"article": each, "include": ["quotes", "events", "entities"]}) for each in ids
        ],
        "why, a row": [("why", {"subject": f"{each}:quotes:0"}) for each in ids],
        "why, an unknown page": [("why", {"subject": f"https://none.example/{each}"}) for each in ids],
    }


def _data_roots(given: str) -> Iterator[Path]:
    if Path(given).is_dir():
        yield Path(given)
        return
    with tempfile.TemporaryDirectory() as folder:
        make_big_lake(Path(folder) / "lake", articles=int(given), days=DAYS)
        (Path(folder) / "sources.toml").touch()
        yield Path(folder)


if __name__ == "__main__":
    for each in _data_roots(sys.argv[1] if len(sys.argv) > 1 else str(ARTICLES)):
        main(each)
