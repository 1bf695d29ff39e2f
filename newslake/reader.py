"""A reader of a lake: its tables, SQL, saved questions and articles, read-only and within limits."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from newslake.document import Document
from newslake.rows import QuestionAnswer, Rows, SearchRows
from pipeline.errors import ConfigError, LimitError, did_you_mean

if TYPE_CHECKING:
    import pyarrow as pa

    from pipeline.query import Connection, Limits
    from pipeline.tables.spec import Row

type Day = date | str

# Columns of matches, with their types in Arrow.
_HIT_COLUMNS = (
    *((name, "string") for name in ("article_id", "revision_id", "title", "snippet", "url", "publisher", "source_key")),
    *(("language", "string"), ("published_date", "date32"), ("published_at", "timestamp"), ("score", "float64")),
    *(("start_char", "int32"), ("end_char", "int32"), ("dup_group_id", "string"), ("is_duplicate", "bool_")),
)
_ADVICE = "select fewer days or columns, or open the lake with larger limits (seconds, memory_mb, max_rows)"
_ARTICLE_TABLES = ("entities", "quotes", "events", "near_duplicates", "person_links")
_FIND = """\
SELECT article_id, published_date FROM articles_stored
WHERE article_id = getvariable('name') OR url = getvariable('name') OR canonical_url = getvariable('name')
ORDER BY published_date DESC LIMIT 1"""


def open_lake(path: Path, *, seconds: float | None, memory_mb: int | None, max_rows: int) -> "LakeReader":
    """Return a reader; see ``newslake.open``. Raises: ConfigError."""
    from pipeline.query import Limits
    from pipeline.settings import Settings

    settings = Settings.load()
    limits = Limits(
        seconds=settings.sql_seconds if seconds is None else seconds,
        memory_mb=settings.sql_memory_mb if memory_mb is None else memory_mb,
        threads=None,
        rows=max_rows,
        advice=_ADVICE,
    )
    for folder in (path, path / "lake"):
        if (folder / "tables").is_dir() or (folder / "_state").is_dir():
            return LakeReader(folder, limits)
    message = f"{path} has no lake; give a data folder of newslake, the folder of a lake, or that of a snapshot"
    raise ConfigError(message, key=str(path), reason="no_lake")


@dataclass(frozen=True, slots=True)
class LakeReader:
    """Reads the lake in ``folder``. Days are dates or texts (YYYY-MM-DD), both ends inclusive; ``source`` is a key.

    Raises, in each method: ConfigError for a wrong name, day, option or SQL; LimitError for a query over its limits;
    LakeError for damaged files.
    """

    folder: Path
    limits: "Limits"

    def read(
        self,
        table: str,
        *,
        columns: Sequence[str] | None = None,
        since: Day | None = None,
        until: Day | None = None,
        source: str | None = None,
    ) -> Rows:
        """Return the rows of a table that were published on some days, in the order of days and of the contract.

        Without ``columns``, all columns of the view are returned, those of the cluster tables included.
        """
        from pipeline.tables import TABLES

        known = {spec.name: spec for spec in TABLES}
        if table not in known:
            raise ConfigError(f"no table {table!r}; {did_you_mean(table, known)}", key=table, reason="no_such_table")
        names = "*" if columns is None else ", ".join(map(_quoted, columns)) or "NULL"
        order = ", ".join((known[table].day_column, *known[table].sort_by))
        with self._connected(since=since, until=until, source=source) as connection:
            return Rows(self._fetch(connection, f"FROM {table} SELECT {names} ORDER BY {order}"))

    def sql(self, statement: str) -> Rows:
        """Return the result of one SQL statement that reads; `SHOW TABLES` lists the tables."""
        with self._connected() as connection:
            return Rows(self._fetch(connection, statement))

    def questions(self) -> Rows:
        """Return the saved questions: slug, title, what is counted, and the names of the options."""
        import pyarrow as pa

        from pipeline.query import list_questions

        found = [
            {"slug": each.slug, "title": each.title, "about": each.about, "options": list(each.options)}
            for each in list_questions()
        ]
        return Rows(pa.Table.from_pylist(found))

    def ask(
        self,
        slug: str,
        *,
        since: Day | None = None,
        until: Day | None = None,
        source: str | None = None,
        limit: int | None = None,
        **options: object,
    ) -> QuestionAnswer:
        """Return the answer to a saved question. ``limit`` replaces its number of rows; ``options`` are its own."""
        from pipeline.query import question_named
        from pipeline.query.saved_queries import check_options, count_denominators, set_options, sql_of

        question = question_named(slug)
        given = {name: str(value) for name, value in options.items()}
        check_options(question, given)
        with self._connected(since=since, until=until, source=source) as connection:
            set_options(connection, question, given)
            table = self._fetch(connection, sql_of(question, limit=limit))
            denominators = count_denominators(connection, question, since=_day(since), until=_day(until), source=source)
        return QuestionAnswer(table, question.title, question.about, denominators.sentences())

    def search(  # noqa: PLR0913 - which articles to search, and which page of the matches
        self,
        text: str,
        *,
        since: Day | None = None,
        until: Day | None = None,
        source: str | None = None,
        language: str | None = None,
        limit: int = 20,
        offset: int = 0,
    ) -> SearchRows:
        """Return the articles that match, best first: words, "a phrase", -word, OR, prefix*, title:word.

        ``start_char`` and ``end_char`` are the first match in the text, ``dup_group_id`` is the article that a hit
        repeats. The lake needs an index: `newslake search` keeps it, a snapshot has none. Raises: LakeError without.
        """
        import pyarrow as pa

        from pipeline.search import SearchFilter, search_articles

        chosen = SearchFilter(first=_day(since), last=_day(until), source=source, language=language)
        found = search_articles(self.folder, text, chosen, limit=limit, offset=offset, seconds=self.limits.seconds)
        names = [name for name, _ in _HIT_COLUMNS]
        rows = [{name: _plain(getattr(hit, name)) for name in names} for hit in found.hits]
        table = pa.Table.from_pylist(rows, schema=pa.schema(list(map(_field, _HIT_COLUMNS))))
        return SearchRows(table, found.total, found.is_current)

    def article(self, name: str) -> Document:
        """Return an article with all its rows. ``name`` is its id or its URL."""
        with self._connected() as connection:
            connection.execute("SET VARIABLE name = ?", [name])
            found = self._fetch(connection, _FIND).to_pylist()
        if not found:
            raise ConfigError(f"the lake has no article {name[:200]!r}", key=name, reason="no_such_article")
        [article] = found
        day = article["published_date"]
        with self._connected(since=day, until=day) as connection:
            connection.execute("SET VARIABLE id = ?", [article["article_id"]])
            rows = {table: self._rows_of_article(connection, table) for table in ("articles", *_ARTICLE_TABLES)}
        return Document(rows=rows, origin=f"From the lake; published day {day}.")

    def _rows_of_article(self, connection: "Connection", table: str) -> Sequence["Row"]:
        from pipeline.query.views import stored_name
        from pipeline.tables import table_named

        spec = table_named(table)
        names, order = ", ".join(spec.schema.names), ", ".join(spec.sort_by)
        statement = f"FROM {stored_name(spec)} SELECT {names} WHERE article_id = getvariable('id') ORDER BY {order}"
        rows: list[Mapping[str, object]] = self._fetch(connection, statement).to_pylist()
        return rows

    @contextmanager
    def _connected(
        self, *, since: Day | None = None, until: Day | None = None, source: str | None = None
    ) -> Iterator["Connection"]:
        """Yield a connection to the selected rows, within the limits."""
        from pipeline.query import apply_limits, connect
        from pipeline.query.saved_queries import check_sources

        first, last = _day(since), _day(until)
        if first and last and last < first:
            raise ConfigError(f"until={last} is before since={first}; swap them", key="until")
        with apply_limits(self.limits):
            check_sources(self.folder, [source] if source else [])
            with connect(self.folder, since=first, until=last, source=source) as connection:
                yield connection

    def _fetch(self, connection: "Connection", statement: str) -> "pa.Table":
        import pyarrow as pa

        from pipeline.query import stream

        count, kept = 0, []
        with stream(connection, statement) as (schema, batches):
            for batch in batches:
                count += batch.num_rows
                if count > self.limits.rows:
                    message = f"the result exceeded {self.limits.rows:,} rows: {self.limits.advice}"
                    raise LimitError(message, reason="too_many_rows")
                kept.append(batch)
            return pa.Table.from_batches(kept, schema)


def _day(day: Day | None) -> date | None:
    """Return a day as a date. Raises: ConfigError."""
    if isinstance(day, str):
        try:
            return date.fromisoformat(day)
        except ValueError as error:
            raise ConfigError(f"{day[:60]!r} is not a valid date (YYYY-MM-DD)", key="day") from error
    return day.date() if isinstance(day, datetime) else day


def _plain(value: object) -> object:
    """Return the text of segments; any other value as it is."""
    return "".join(segment.text for segment in value) if isinstance(value, tuple) else value


def _field(column: tuple[str, str]) -> "pa.Field":
    import pyarrow as pa

    name, kind = column
    return pa.field(name, pa.timestamp("us", tz="UTC") if kind == "timestamp" else getattr(pa, kind)())


def _quoted(name: str) -> str:
    """Return a column as an SQL name."""
    return '"' + name.replace('"', '""') + '"'
