"""A reader of a lake: its tables, SQL, saved questions and articles, read-only and within limits."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from newslake.arguments import (
    Day,
    check_count,
    check_language,
    check_seconds,
    check_text,
    columns_of,
    day_of,
    name_arguments,
)
from newslake.document import Document
from newslake.pipeline.errors import ConfigError, LimitError, did_you_mean
from newslake.rows import QuestionAnswer, Rows, SearchRows

if TYPE_CHECKING:
    import pyarrow as pa

    from newslake.pipeline.query.connection import Connection, Limits
    from newslake.pipeline.settings import Settings
    from newslake.pipeline.store.table_files import LakePlace
    from newslake.pipeline.tables.spec import Row, TableSpec

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


def open(  # noqa: A001 - called as newslake.open, as the libraries of other formats are
    path: str | PathLike[str],
    *,
    warehouse: str | None = None,
    namespace: str | None = None,
    seconds: float | None = None,
    memory_mb: int | None = None,
    max_rows: int = 10_000_000,
) -> "LakeReader":
    """Return a reader of a lake. ``path`` is a data folder, the folder of a lake, or that of a snapshot.

    For a lake on a shared store, it is the address of its Iceberg REST catalog, ``https://HOST/PATH``, as pyiceberg
    takes it; ``warehouse`` (``s3://BUCKET``) and ``namespace`` say where in it the tables are. Their defaults are
    NEWS_CATALOG_WAREHOUSE and NEWS_CATALOG_NAMESPACE. Keys are never in the address: NEWS_OBJECTS_KEY_FILE,
    NEWS_CATALOG_PROPERTIES_FILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Only catalog and bucket are needed.

    Each call of the reader sees the rows that are committed then, and can change nothing. Forked processes may use it:
    each opens connections of its own. A call has at most
    ``seconds`` and ``memory_mb`` (default: NEWS_SQL_SECONDS, NEWS_SQL_MEMORY_MB) and returns at most ``max_rows`` rows.
    Raises: ConfigError if there is no lake; StoreError for a catalog or a bucket that cannot be used.
    """
    if not isinstance(path, str | PathLike):
        raise ConfigError(f"path={path!r} is not a folder; give a text or a Path", key="path")
    if "://" in str(path):
        return open_shared_lake(
            str(path), warehouse, namespace, seconds=seconds, memory_mb=memory_mb, max_rows=max_rows
        )
    for name, given in (("warehouse", warehouse), ("namespace", namespace)):
        if given is not None:
            message = f"{name}={given!r} is for the address of a catalog, but {path} is a folder; leave it out"
            raise ConfigError(message, key=name)
    return open_lake(Path(path).expanduser(), seconds=seconds, memory_mb=memory_mb, max_rows=max_rows)


def open_lake(path: Path, *, seconds: float | None, memory_mb: int | None, max_rows: int) -> "LakeReader":
    """Return a reader of a folder; see ``newslake.open``. Raises: ConfigError."""
    from newslake.pipeline.settings import Settings

    limits = _limits(Settings.load(), seconds=seconds, memory_mb=memory_mb, max_rows=max_rows)
    for folder in (path, path / "lake"):
        if _has_lake(folder):
            return LakeReader(folder, limits)
    message = f"{path} has no lake; give a data folder of newslake, the folder of a lake, or that of a snapshot"
    raise ConfigError(message, key=str(path), reason="no_lake")


def open_shared_lake(
    url: str,
    warehouse: str | None,
    namespace: str | None,
    *,
    seconds: float | None,
    memory_mb: int | None,
    max_rows: int,
) -> "LakeReader":
    """Return a reader of the lake of a catalog; see ``newslake.open``. Raises: ConfigError, StoreError."""
    from newslake.pipeline.jobs.stores import open_store
    from newslake.pipeline.query.lake_folder import files_of
    from newslake.pipeline.settings import Settings

    if not url.startswith(("http://", "https://")):
        message = "give a folder, or the address of an Iceberg REST catalog: https://HOST/PATH"
        raise ConfigError(message, key="path")  # the URL is not repeated: it may have a key
    settings = Settings.load()
    given = {"store": "shared", "catalog_url": url}
    given |= {} if warehouse is None else {"catalog_warehouse": warehouse}
    given |= {} if namespace is None else {"catalog_namespace": namespace}
    limits = _limits(settings, seconds=seconds, memory_mb=memory_mb, max_rows=max_rows)
    files = files_of(open_store(settings.replace(**given)).files)
    files.last_day("articles")  # raises if there is no such lake
    return LakeReader(files, limits, name=url)


def _limits(settings: "Settings", *, seconds: float | None, memory_mb: int | None, max_rows: int) -> "Limits":
    """Return the limits of a reader. Raises: ConfigError."""
    from newslake.pipeline.query.connection import Limits

    if seconds is not None:
        check_seconds(seconds, name="seconds")
    for name, number in (("memory_mb", memory_mb), ("max_rows", max_rows)):
        if number is not None:
            check_count(number, name=name)
    return Limits(
        seconds=settings.sql_seconds if seconds is None else seconds,
        memory_mb=settings.sql_memory_mb if memory_mb is None else memory_mb,
        threads=None,
        rows=max_rows,
        advice=_ADVICE,
    )


def _has_lake(place: "LakePlace") -> bool:
    if not isinstance(place, Path):
        return True
    return (place / "tables").is_dir() or (place / "_state").is_dir()


@dataclass(frozen=True, slots=True, repr=False)
class LakeReader:
    """Reads the lake at ``place``. Days are dates or texts (YYYY-MM-DD), both ends inclusive; ``source`` is a key.

    Raises, in each method: ConfigError for a wrong name, day, option or SQL; LimitError for a query over its limits;
    LakeError for damaged files; StoreError for a shared store that does not answer.
    """

    place: "LakePlace"
    limits: "Limits"
    name: str = ""

    def __repr__(self) -> str:
        return f"LakeReader({self.name or str(self.place)!r})"

    def tables(self) -> Rows:
        """Return the tables: name, number of rows, and what a row is."""
        import pyarrow as pa

        from newslake.pipeline.query.views import stored_name
        from newslake.pipeline.tables import TABLES

        with self._connected() as connection:
            rows = {
                spec.name: self._fetch(connection, f"FROM {stored_name(spec)} SELECT count(*) AS n")["n"][0].as_py()
                for spec in TABLES
            }
        found = [{"table": spec.name, "rows": rows[spec.name], "about": spec.about} for spec in TABLES]
        return Rows(pa.Table.from_pylist(found))

    def columns(self, table: str) -> Rows:
        """Return the columns of a table: name, type in SQL, what a value means, and all values of a closed list."""
        import pyarrow as pa

        from newslake.pipeline.tables import TABLES

        known = {column.name: column for spec in TABLES for column in spec.file_columns}
        known |= {column.name: column for column in _spec(table).file_columns}
        found = []
        for name, kind in self._described(table).items():
            column = known.get(name) or known.get(name.removeprefix("speaker_"))  # person_name, of the speaker
            about, values = (column.about, list(column.values)) if column else (None, [])
            found.append({"column": name, "type": kind, "about": about, "values": values})
        kinds = [(name, pa.string()) for name in ("column", "type", "about")]
        return Rows(pa.Table.from_pylist(found, pa.schema([*kinds, ("values", pa.list_(pa.string()))])))

    def read(
        self,
        table: str,
        *,
        columns: Sequence[str] | str | None = None,
        since: Day | None = None,
        until: Day | None = None,
        source: str | None = None,
    ) -> Rows:
        """Return the rows of a table that were published on some days, in the order of days and of the contract.

        Without ``columns``, all columns of the view are returned, those of the cluster tables included.
        """
        spec = _spec(table)
        chosen = None if columns is None else columns_of(columns, self._described(table), table=table)
        names = "*" if chosen is None else ", ".join(map(_quoted, chosen))
        order = ", ".join((spec.day_column, *spec.sort_by))
        with self._connected(since=since, until=until, source=source) as connection:
            return Rows(self._fetch(connection, f"FROM {table} SELECT {names} ORDER BY {order}"))

    def sql(self, statement: str, parameters: Mapping[str, object] | None = None) -> Rows:
        """Return the result of one SQL statement that reads. ``parameters`` are the values of ``$name`` in it."""
        check_text(statement, name="statement", advice="give one SELECT")
        with self._connected() as connection:
            return Rows(self._fetch(connection, statement, parameters))

    def questions(self) -> Rows:
        """Return the saved questions: slug, title, what is counted, and the names of the options."""
        import pyarrow as pa

        from newslake.pipeline.query.saved_queries import list_questions

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
        from newslake.pipeline.query.saved_queries import (
            check_options,
            count_denominators,
            question_named,
            set_options,
            sql_of,
        )

        check_text(slug, name="slug", advice="lake.questions() lists the questions")
        question = question_named(slug)
        given = {name: str(value) for name, value in options.items()}
        with name_arguments():
            check_options(question, given, also=("--since", "--until", "--source", "--limit"))
        if limit is not None:
            check_count(limit, name="limit")
        with self._connected(since=since, until=until, source=source) as connection:
            set_options(connection, question, given)
            table = self._fetch(connection, sql_of(question, limit=limit))
            first, last = day_of(since, name="since"), day_of(until, name="until")
            denominators = count_denominators(connection, question, since=first, until=last, source=source)
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

        from newslake.pipeline.addon_registry import load_addons

        check_text(text, name="text", advice="give words to find")
        check_language(language)
        self._check(source)
        first, last = day_of(since, name="since"), day_of(until, name="until")
        if not isinstance(self.place, Path):
            message = "a shared store is searched with the index of a host: run `newslake search`, or use lake.sql"
            raise ConfigError(message, key="search")
        scope = {"first": first, "last": last, "source": source, "language": language}
        options = {**scope, "limit": limit, "offset": offset, "seconds": self.limits.seconds}
        result = load_addons().first("search_articles", place=self.place, text=text, options=options)
        if result is None:
            raise ConfigError("search needs the add-on search, which NEWS_ADDONS leaves out", key="search")
        names = [name for name, _ in _HIT_COLUMNS]
        rows = [{name: _plain(getattr(hit, name)) for name in names} for hit in result.hits]
        table = pa.Table.from_pylist(rows, schema=pa.schema(list(map(_field, _HIT_COLUMNS))))
        return SearchRows(table, result.total, result.is_current)

    def article(self, name: str) -> Document:
        """Return an article with all its rows. ``name`` is its id or its URL."""
        check_text(name, name="name", advice="give an article_id or a URL, for example row['article_id'] of a search")
        with self._connected() as connection:
            connection.execute("SET VARIABLE name = ?", [name])
            found = self._fetch(connection, _FIND).to_pylist()
        if not found:
            message = (
                f"the lake has no article {name[:200]!r}; give an article_id or a URL; lake.search() finds articles"
            )
            raise ConfigError(message, key=name, reason="no_such_article")
        [article] = found
        day = article["published_date"]
        with self._connected(since=day, until=day) as connection:
            connection.execute("SET VARIABLE id = ?", [article["article_id"]])
            rows = {table: self._rows_of_article(connection, table) for table in ("articles", *_ARTICLE_TABLES)}
        return Document(rows=rows, origin=f"From the lake; published day {day}.")

    def _rows_of_article(self, connection: "Connection", table: str) -> Sequence["Row"]:
        from newslake.pipeline.query.views import stored_name
        from newslake.pipeline.tables import TABLE_SPECS

        spec = TABLE_SPECS[table]
        names, order = ", ".join(spec.schema.names), ", ".join(spec.sort_by)
        statement = f"FROM {stored_name(spec)} SELECT {names} WHERE article_id = getvariable('id') ORDER BY {order}"
        rows: list[Mapping[str, object]] = self._fetch(connection, statement).to_pylist()
        return rows

    def _described(self, table: str) -> Mapping[str, str]:
        """Return the columns of a table as SQL shows it, with their types, in order."""
        _spec(table)
        with self._connected() as connection:
            found = self._fetch(connection, f"DESCRIBE {table}").to_pylist()
        return {each["column_name"]: each["column_type"] for each in found}

    def _check(self, source: str | None) -> None:
        """Raises: ConfigError if the folder has no lake any more, or for a source without a page in it."""
        from newslake.pipeline.query.saved_queries import check_sources

        if not _has_lake(self.place):
            raise ConfigError(f"{self.place} has no lake any more; open it where it is now", reason="no_lake")
        if source is not None:
            check_text(source, name="source", advice="give the key of one source")
            with name_arguments():
                check_sources(self.place, [source])

    @contextmanager
    def _connected(
        self, *, since: Day | None = None, until: Day | None = None, source: str | None = None
    ) -> Iterator["Connection"]:
        """Yield a connection to the selected rows, within the limits."""
        from newslake.pipeline.query.connection import apply_limits, connect

        first, last = day_of(since, name="since"), day_of(until, name="until")
        if first and last and last < first:
            raise ConfigError(f"until={last} is before since={first}; swap them", key="until")
        with apply_limits(self.limits):
            self._check(source)
            with connect(self.place, since=first, until=last, source=source) as connection:
                yield connection

    def _fetch(
        self, connection: "Connection", statement: str, parameters: Mapping[str, object] | None = None
    ) -> "pa.Table":
        import pyarrow as pa

        from newslake.pipeline.query.connection import stream

        count, kept = 0, []
        with stream(connection, statement, parameters) as (schema, batches):
            for batch in batches:
                count += batch.num_rows
                if count > self.limits.rows:
                    message = f"the result exceeded {self.limits.rows:,} rows: {self.limits.advice}"
                    raise LimitError(message, reason="too_many_rows")
                kept.append(batch)
            return pa.Table.from_batches(kept, schema)


def _spec(table: str) -> "TableSpec":
    """Return the table of a name. Raises: ConfigError."""
    from newslake.pipeline.tables import TABLES

    check_text(table, name="table", advice="lake.tables() lists the tables")
    known = {spec.name: spec for spec in TABLES}
    if table not in known:
        raise ConfigError(f"no table {table!r}; {did_you_mean(table, known)}", key=table, reason="no_such_table")
    return known[table]


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
