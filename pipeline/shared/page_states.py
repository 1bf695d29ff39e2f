"""The fetch state in PostgreSQL: the validators of listings, and the state of every listed page."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from operator import itemgetter
from typing import Any

import psycopg

from newslake.pipeline.archive import Damage, KnownPage, PageState, Validators
from newslake.pipeline.archive.fetch_state import RECHECKED, AnyValidators
from newslake.pipeline.archive.warc import hints_from_json, hints_to_json
from newslake.pipeline.leases import Lease
from newslake.pipeline.shared.database import PostgresDatabase, Row, from_text, ordered_delete, to_text, to_texts
from newslake.pipeline.shared.leases import write_under
from newslake.pipeline.shared.schema import hash_of
from newslake.pipeline.sqlite import from_micros, to_micros

_NAMES = (
    *("page_key", "url", "source_key", "news_day", "listed_modified_at", "last_outcome", "reason", "attempts"),
    *("next_try_at", "hints"),
)
_TEXTS = frozenset({"page_key", "url", "source_key", "last_outcome", "reason", "hints"})
_TIMES = frozenset({"listed_modified_at", "next_try_at"})
_STATES = f"SELECT {', '.join(_NAMES)} FROM pages"  # noqa: S608 - constants
_CHANGES = ", ".join(f"{name} = excluded.{name}" for name in _NAMES)
_INSERT = f"""INSERT INTO pages (state_hash, page_hash, {", ".join(_NAMES)})
    VALUES ({", ".join(["%s"] * (len(_NAMES) + 2))}) ON CONFLICT (state_hash) DO UPDATE SET {_CHANGES}"""  # noqa: S608
_INSERT_LISTING = """INSERT INTO listing_validators VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (source_key, url_hash) DO UPDATE SET etag = excluded.etag, last_modified = excluded.last_modified"""
_VALIDATORS = "SELECT etag, last_modified FROM listing_validators WHERE source_key = %s AND url_hash = %s"
_PAGES_OF = "SELECT page_key, url, source_key, hints FROM pages WHERE source_key = ANY(%s)"
# Pages, each with what continues its key after a space.
_WANTED = """unnest(%s::bytea[], %s::text[], %s::text[]) WITH ORDINALITY AS wanted (wanted_hash, base, longer, place)
    JOIN pages ON page_hash = wanted_hash AND (page_key = base OR starts_with(page_key, longer))"""
_OF_PAGES = f"SELECT {', '.join(_NAMES)} FROM {_WANTED} ORDER BY place, page_key"  # noqa: S608 - constants
_DROP = ordered_delete("pages", "state_hash", rows="pages WHERE state_hash = ANY(%s)")
_ERASE_PAGES = ordered_delete("pages", "state_hash", rows=_WANTED)
_ERASE_SOURCE = ordered_delete("pages", "state_hash", rows="pages WHERE source_key = %s")


class PostgresPageStates:
    """The state of pages and listings."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._db = database

    def validators(self, source_key: str, *, url: str = "") -> Validators | None:
        rows = self._db.query(_VALIDATORS, (to_text(source_key), hash_of(url)))
        return next((Validators(from_text(etag), from_text(modified)) for etag, modified in rows), None)

    def store_validators(
        self, source_key: str, validators: AnyValidators, *, url: str = "", lease: Lease | None = None
    ) -> None:
        texts = (to_text(url), to_text(validators.etag), to_text(validators.last_modified))
        row = (to_text(source_key), hash_of(url), *texts)
        write_under(lease, self._db, lambda cursor: cursor.execute(_INSERT_LISTING, row))

    def drop_validators(self, source_key: str, *, url: str) -> None:
        query = "DELETE FROM listing_validators WHERE source_key = %s AND url_hash = %s"
        self._db.write(lambda cursor: cursor.execute(query, (to_text(source_key), hash_of(url))))

    def listings(self, source_key: str | None = None) -> Iterator[tuple[str, str, Validators]]:
        chosen, parameters = ("", ()) if source_key is None else ("WHERE source_key = %s", (to_text(source_key),))
        query = f"SELECT source_key, url, etag, last_modified FROM listing_validators {chosen} ORDER BY source_key, url"  # noqa: S608 - constants
        for key, url, etag, modified in self._db.stream(query, parameters):
            yield from_text(key), from_text(url), Validators(from_text(etag), from_text(modified))

    def has_listed(self, source_key: str, url: str) -> bool:
        return self.validators(source_key, url=url) is not None

    def seen(self, page_key: str) -> PageState | None:
        rows = self._db.query(f"{_STATES} WHERE state_hash = %s", (hash_of(page_key),))
        return next(map(_page_state, rows), None)

    def known(self, first: date, last: date) -> Iterator[KnownPage]:
        query = """SELECT page_key, source_key, news_day, next_try_at IS NOT NULL FROM pages
            WHERE news_day BETWEEN %s AND %s"""
        for page_key, source_key, day, waits in self._db.stream(query, (first, last)):
            yield KnownPage(_base_key(from_text(page_key)), from_text(source_key), day, waits)

    def record_many(self, rows: Iterable[PageState], *, lease: Lease | None = None) -> None:
        last = {state.page_key: state for state in rows}
        values = sorted(map(_row, last.values()), key=itemgetter(0))  # in order, so that two writers do not block
        write_under(lease, self._db, lambda cursor: cursor.executemany(_INSERT, values))

    def pending(self, source_key: str, now: datetime) -> tuple[PageState, ...]:
        query = f"{_STATES} WHERE source_key = %s AND next_try_at <= %s ORDER BY next_try_at, page_key"
        return tuple(map(_page_state, self._db.query(query, (to_text(source_key), to_micros(now)))))

    def with_recheck(self, source_key: str) -> tuple[PageState, ...]:
        query = f"""{_STATES} WHERE source_key = %s AND next_try_at IS NOT NULL AND last_outcome = ANY(%s)
            ORDER BY next_try_at, page_key"""
        return tuple(map(_page_state, self._db.query(query, (to_text(source_key), list(RECHECKED)))))

    def drop(self, state_keys: Iterable[str]) -> None:
        hashes = [hash_of(key) for key in state_keys]
        self._db.write(lambda cursor: cursor.execute(_DROP, (hashes,)))

    def pages_of(self, source_keys: Iterable[str]) -> Iterator[tuple[str, str, str, str | None]]:
        for key, url, source_key, hints in self._db.stream(_PAGES_OF, ([to_text(each) for each in source_keys],)):
            yield (
                _base_key(from_text(key)),
                from_text(url),
                from_text(source_key),
                hints_from_json(from_text(hints)).publisher,
            )

    def of_pages(self, page_keys: Iterable[str]) -> tuple[PageState, ...]:
        return tuple(map(_page_state, self._db.query(_OF_PAGES, _bounds(page_keys))))

    def verify(self, *, is_quick: bool = False) -> Iterator[Damage]:
        """Yield nothing: PostgreSQL checks its pages (``data_checksums``)."""
        return iter(())

    def drop_damaged(self) -> tuple[str, ...]:
        """Return nothing; see ``verify``."""
        return ()

    def erase(self, page_keys: Iterable[str], *, source_key: str | None = None) -> int:
        bounds = _bounds(page_keys)
        counts = [0]  # of each try: if only the answer to COMMIT was lost, the next one finds nothing

        def delete(cursor: psycopg.Cursor) -> None:
            if source_key is None:
                counts.append(cursor.execute(_ERASE_PAGES, bounds).rowcount)
            else:
                counts.append(cursor.execute(_ERASE_SOURCE, (to_text(source_key),)).rowcount)
                cursor.execute("DELETE FROM listing_validators WHERE source_key = %s", (to_text(source_key),))

        self._db.write(delete)
        return max(counts)


def _base_key(page_key: str) -> str:
    """Return the key of the page of a web archive's snapshot, or that of the page itself."""
    return page_key.partition(" ")[0]


def _bounds(page_keys: Iterable[str]) -> tuple[list[bytes], list[str | None], list[str | None]]:
    """Return the parameters of ``_WANTED``."""
    keys = list(page_keys)
    return [hash_of(_base_key(key)) for key in keys], to_texts(keys), to_texts(f"{key} " for key in keys)


def _row(page: PageState) -> Row:
    return (
        hash_of(page.page_key),
        hash_of(_base_key(page.page_key)),
        *(_stored(name, getattr(page, name)) for name in _NAMES),
    )


def _stored(name: str, value: Any) -> object:
    if name in _TIMES:
        return None if value is None else to_micros(value)
    if name == "hints":
        value = hints_to_json(value)
    return to_text(value) if name in _TEXTS else value


def _page_state(row: Row) -> PageState:
    values: dict[str, Any] = dict(zip(_NAMES, row, strict=True))
    for name in _TEXTS:
        values[name] = from_text(values[name])
    for name in _TIMES:
        values[name] = None if values[name] is None else from_micros(values[name])
    values["hints"] = hints_from_json(values["hints"])
    return PageState(**values)
