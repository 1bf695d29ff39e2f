"""Draws of an audit: which rows were drawn, from which population, with which seed."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from heapq import heapify, heappop, heapreplace
from typing import Any, Self

from newslake.pipeline.errors import ConfigError

_LEAST = 2  # rows of a stratum: one row has no variance
_NAME_DIGITS = 8  # of the hash in the name of a draw with options


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """The rows that a draw is from: those of ``table`` that meet all conditions.

    ``first`` and ``last`` are published days, both inclusive. ``where`` is an SQL condition on the columns of the
    table. ``is_per_cluster``: of the mentions of one entity in an article, only the first name (``entities`` only).
    """

    table: str
    first: date | None = None
    last: date | None = None
    source: str | None = None
    language: str | None = None
    where: str | None = None
    is_per_cluster: bool = False

    @property
    def conditions(self) -> str:
        """Return all conditions as options of `newslake audit sample`, "" for none."""
        values = {
            "from": self.first,
            "to": self.last,
            "source": self.source,
            "lang": self.language,
            "where": self.where,
        }
        options = [f"--{name} {value}" for name, value in values.items() if value is not None]
        return " ".join([*options, *(["--per-cluster"] if self.is_per_cluster else [])])


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingDesign:
    """How rows are drawn: ``count`` in all, from the strata of column ``by`` ("" for none), in the order of ``seed``.

    The articles of the draws ``without`` are left out.
    """

    count: int
    seed: str
    by: str = ""
    without: tuple[str, ...] = ()


def draw_id_of(population: Population, design: SamplingDesign) -> str:
    """Return the name of a draw: table and seed, and a hash of the options that change which rows it is from, if any.

    So one seed serves several populations. The number of rows is no such option: a larger draw has all rows of a
    smaller one.
    """
    name = f"{population.table}-{design.seed}"
    if not (population.conditions or design.by or design.without):
        return name
    options = json.dumps([asdict(population), design.by, sorted(design.without)], default=str)
    return f"{name}-{hashlib.sha256(options.encode()).hexdigest()[:_NAME_DIGITS]}"


@dataclass(frozen=True, slots=True)
class Stratum:
    """A part of the population: its number of rows, and how many of them were drawn. "" is the name of the only one."""

    name: str
    size: int
    drawn: int


@dataclass(frozen=True, slots=True)
class DrawnRow:
    """A row of a draw. ``name`` is its name for `newslake why`.

    ``place`` is its revision and its offsets: after a run with other rules, another row may have the name. ``values``
    are the columns that the questions judge, as the reader saw them; None for null.
    """

    name: str
    stratum: str
    place: str
    values: Mapping[str, str | None]

    @property
    def article_id(self) -> str:
        """Return the article of the row."""
        return self.name.partition(":")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditDraw:
    """A draw from a population by a design.

    ``pipeline_versions`` are those of the drawn rows. ``sheet_hash`` is the SHA-256 of the sheet before any answer.
    ``folder`` is where the sheet was written; it may have been moved since. ``deleted_articles`` are those whose rows a
    takedown has erased.
    """

    draw_id: str
    population: Population
    design: SamplingDesign
    drawn_at: datetime
    code_version: str
    pipeline_versions: tuple[str, ...]
    strata: tuple[Stratum, ...]
    rows: tuple[DrawnRow, ...]
    sheet_hash: str
    folder: str
    deleted_articles: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        """Return the table that the rows are from."""
        return self.population.table

    @property
    def size(self) -> int:
        """Return the number of rows of the population."""
        return sum(each.size for each in self.strata)

    @property
    def all_articles(self) -> frozenset[str]:
        """Return the articles whose rows were drawn, also those that a takedown has deleted."""
        return frozenset((*(row.article_id for row in self.rows), *self.deleted_articles))

    def without(self, article_ids: frozenset[str]) -> Self:
        """Return the draw without the rows of some articles, and without the strata that lose all their rows.

        The name of a stratum may be the text of an article. The others keep their sizes: they are of that day.
        """
        rows = tuple(each for each in self.rows if each.article_id not in article_ids)
        names = {each.stratum for each in rows}
        return replace(
            self,
            rows=rows,
            strata=tuple(each for each in self.strata if each.name in names),
            deleted_articles=tuple(sorted(self.all_articles - {each.article_id for each in rows})),
        )

    def to_json(self) -> str:
        """Return the draw as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, default=str) + "\n"

    @classmethod
    def from_json(cls, text: str, *, key: str) -> Self:
        """Return the draw of a JSON text. Raises: ConfigError naming ``key`` for anything else."""
        try:
            return cls._of(json.loads(text))
        except (ValueError, TypeError, KeyError) as error:
            message = f"{key} is not the record of a draw ({error}); restore it from a backup, or remove its folder"
            raise ConfigError(message, key=key) from error

    @classmethod
    def _of(cls, content: Mapping[str, Any]) -> Self:
        population = dict(content["population"])
        for name in ("first", "last"):
            population[name] = population[name] and date.fromisoformat(population[name])
        return cls(
            draw_id=content["draw_id"],
            population=Population(**population),
            design=SamplingDesign(**{**content["design"], "without": tuple(content["design"]["without"])}),
            drawn_at=datetime.fromisoformat(content["drawn_at"]),
            code_version=content["code_version"],
            pipeline_versions=tuple(content["pipeline_versions"]),
            strata=tuple(Stratum(**each) for each in content["strata"]),
            rows=tuple(DrawnRow(**each) for each in content["rows"]),
            sheet_hash=content["sheet_hash"],
            folder=str(content["folder"]),
            deleted_articles=tuple(map(str, content.get("deleted_articles", ()))),
        )


def allocate(sizes: Mapping[str, int], count: int) -> dict[str, int]:
    """Return how many rows to draw from each stratum: in proportion to the root of its size, at least two, or all.

    That is a power allocation (Bankier 1988): rare strata get enough rows for a figure, frequent ones
    enough for the figure of the whole. The sum is ``count``, or less if there are fewer rows.
    Raises: ConfigError for more strata than ``count`` has rows for.
    """
    counts = {name: min(size, _LEAST) for name, size in sizes.items()}
    if len(counts) > 1 and sum(counts.values()) > count:
        message = f"{len(counts):,} strata need at least {sum(counts.values()):,} rows; raise -n, or draw --by less"
        raise ConfigError(message, key="n")
    waiting = [(-_priority(size, counts[name]), name) for name, size in sizes.items() if counts[name] < size]
    heapify(waiting)
    for _ in range(min(count, sum(sizes.values())) - sum(counts.values())):
        name = waiting[0][1]
        counts[name] += 1
        if counts[name] < sizes[name]:
            heapreplace(waiting, (-_priority(sizes[name], counts[name]), name))
        else:
            heappop(waiting)
    return counts


def _priority(size: int, drawn: int) -> float:
    """Return how urgent one more row of a stratum is: root of its size per row drawn (Webster's method)."""
    return math.sqrt(size) / (2 * drawn + 1)
