"""Long invented articles and planted duplicates, for the tests and figures of near duplicates.

Words are syllables, drawn with the frequencies of a language: the sentences of tests/scheduler/invented.py are too
repetitive to distinguish unrelated articles from related ones.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pyarrow as pa

from newslake.pipeline.clusters import sketches_of
from newslake.pipeline.lake import KEYS_SCHEMA, Lake
from newslake.pipeline.model import content_hash_of, revision_id_of
from newslake.pipeline.tables import ANNOTATION_TABLES
from tests.unit.lake.rows import NOON, Story, batch_tables

_SYLLABLES = [first + second for first in "bdfghklmnprstvw" for second in ("a", "en", "i", "or", "u", "el", "ash")]
_COMMON = 20_000
COPIES = ("exact", "dateline and footer", "5 % of words changed", "cut by 10 %", "cut by 20 %", "cut by 30 %")
BEYOND = ("cut by 60 %",)
STRANGERS = ("shared statement", "shared footer", "same subject", "shared stub", "line of a digest")


class Press:
    """Writes articles: the same articles in the same order for one seed."""

    def __init__(self, seed: int) -> None:
        self._chance = np.random.default_rng(seed)
        pairs = self._chance.choice(_SYLLABLES, (_COMMON, 3))
        self._words = np.array(["".join(row[: 2 + n % 2]) for n, row in enumerate(pairs)])
        weights = 1 / np.arange(10, _COMMON + 10)
        self._edges = np.cumsum(weights / weights.sum())
        self._footer = self.prose(150)

    def words(self, count: int) -> list[str]:
        drawn = np.searchsorted(self._edges, self._chance.random(count))
        return list(self._words[np.minimum(drawn, _COMMON - 1)])

    def prose(self, count: int) -> str:
        """Return words in sentences of 17 and paragraphs of 51 words."""
        return _laid_out(self.words(count))

    def article(self) -> str:
        return self.prose(int(self._chance.integers(180, 600)))

    def copied(self, text: str, how: str) -> str:
        """Return a text as another publisher would publish it."""
        if how == "exact":
            return text
        if how == "dateline and footer":
            return f"{self.prose(4)} — {text}\n\n{self.prose(12)}"
        words = text.replace(".", "").lower().split()
        if how == "5 % of words changed":
            for at in self._chance.choice(len(words), round(len(words) * 0.05), replace=False):
                words[at] = self.words(1)[0]
            return _laid_out(words)
        kept = 1 - int(how.split()[2]) / 100
        return _laid_out(words[: round(len(words) * kept)])

    def strangers(self, why: str) -> tuple[str, str]:
        """Return two texts of different stories with common parts."""
        if why == "shared footer":
            return f"{self.prose(40)}\n\n{self._footer}", f"{self.prose(40)}\n\n{self._footer}"
        shared = {"shared stub": 25, "line of a digest": 60}.get(why, int(self._chance.integers(120, 240)))
        common = self.prose(shared)
        if why == "shared stub":
            return common, f"{common} {self.prose(2)}"
        if why == "line of a digest":
            return common, "\n\n".join((self.prose(150), common, self.prose(250)))
        mine = shared // 4 if why == "shared statement" else shared
        if why == "shared statement":
            common = "“" + common.replace("\n\n", "\n\n“") + "”"
        first, second = self.prose(mine), self.prose(mine)
        return (f"{first}\n\n{common}", f"{second}\n\n{common}")


def _laid_out(words: list[str]) -> str:
    sentences = [" ".join(words[at : at + 17]).capitalize() + "." for at in range(0, len(words), 17)]
    return "\n\n".join(" ".join(sentences[at : at + 3]) for at in range(0, len(sentences), 3))


def articles_table(texts: Sequence[str], numbers: Sequence[int], *, day: date, sites: int = 40) -> pa.Table:
    """Return rows of ``articles`` with ``published_date``, published in order within one hour of a day."""
    table = batch_tables([Story(0)])["articles"].take(pa.array([0] * len(texts), pa.int64()))
    hashes = [content_hash_of(None, text.split("\n\n")) for text in texts]
    noon = datetime.combine(day, time(12), UTC)
    columns: Mapping[str, Sequence[object]] = {
        "article_id": [f"{number:032x}" for number in numbers],
        "revision_id": [revision_id_of(each) for each in hashes],
        "published_at": [noon + timedelta(seconds=number % 3600) for number in numbers],
        "domain": [f"site{number % sites}.example" for number in numbers],
        "text": texts,
        "content_hash": hashes,
        "payload_digest": [f"sha256:{each}" for each in hashes],
        **{f"{name}_count": [0] * len(texts) for name in ("entity", "quote", "event")},
    }
    for name, values in columns.items():
        at = table.schema.get_field_index(name)
        table = table.set_column(at, table.schema.field(at), pa.array(values, table.schema.field(at).type))
    return table.append_column("published_date", pa.array([day] * len(texts), pa.date32()))


def commit_articles(lake: Lake, articles: pa.Table, *, batch: str) -> None:
    """Stage and commit such rows, without child rows."""
    none = {spec.name: spec.schema.empty_table() for spec in ANNOTATION_TABLES}
    seen = pa.array([NOON] * articles.num_rows, pa.timestamp("us", "UTC"))
    keys = articles.select(("article_id", "revision_id", "published_date")).append_column("seen_at", seen)
    lake.stage(batch, none | {"articles": articles.drop("published_date")}, keys.cast(KEYS_SCHEMA))
    lake.commit([batch], is_current=lambda *_: True)


def with_sketches(articles: pa.Table) -> pa.Table:
    """Return articles with the sketches of their texts."""
    sketches = sketches_of(articles["text"].to_pylist())
    for field in sketches.schema:
        articles = articles.append_column(field, sketches[field.name])
    return articles
