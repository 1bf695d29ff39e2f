"""Manifests: the files of each month, and the head, which names the manifest of each month. Pure functions of bytes.

Replacing the head is the commit: it changes all tables of all months at one instant. A manifest is never changed.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from newslake.pipeline.errors import LakeError
from newslake.pipeline.lake.storage import REDERIVE, RESTORE_HEAD, Month, sha256_of
from newslake.pipeline.tables import SCHEMA_VERSION

_START = re.compile(rb'{"checksum": "([0-9a-f]{64})", ')  # what ``_checksummed`` puts in place of the first brace


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a table. ``object`` is its data file, relative to ``_state``, of ``size`` bytes with this ``sha256``.

    ``columns`` is the ``TableSpec.fingerprint`` at the time of writing.
    """

    object: str
    rows: int
    size: int
    sha256: str
    columns: str


@dataclass(frozen=True, slots=True)
class TableDay:
    """The rows of one table and day. ``digest`` is that of their Parquet bytes: equal digests are equal rows.

    Another version of the columns or of Arrow may give equal rows another digest. A commit then writes them again.
    """

    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class DayState:
    """One published day. ``generation`` counts its changes; a table without rows is missing."""

    generation: int = 0
    tables: Mapping[str, TableDay] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MonthManifest:
    """The days and files of a month.

    ``files`` are by table, then by the stem of their public file: the day in an open month, the month in a closed one.
    ``generation`` is 0 for a month that was never written. ``commit`` is the generation of the head that named it
    first, ``together`` the months of that commit.
    """

    month: Month
    generation: int = 0
    commit: int = 0
    together: tuple[Month, ...] = ()
    is_closed: bool = False
    days: Mapping[date, DayState] = field(default_factory=dict)
    files: Mapping[str, Mapping[str, Entry]] = field(default_factory=dict)

    def stem(self, day: date) -> str:
        """Return the stem of the files with the rows of a day."""
        return self.month if self.is_closed else day.isoformat()

    def entries(self) -> Iterator[tuple[str, str, Entry]]:
        """Yield table, stem and entry of each file."""
        for name, files in self.files.items():
            for stem, entry in files.items():
                yield name, stem, entry


@dataclass(frozen=True, slots=True)
class Head:
    """The manifest of each month, as paths relative to ``_state``; ``previous`` are those before its last change."""

    generation: int = 0
    months: Mapping[Month, str] = field(default_factory=dict)
    previous: Mapping[Month, str] = field(default_factory=dict)


def head_bytes(head: Head) -> bytes:
    """Return the head as JSON with a checksum."""
    return _checksummed({"gen": head.generation, "months": dict(head.months), "previous": dict(head.previous)})


def parse_head(data: bytes, *, key: str) -> Head:
    """Return the head in these bytes. Raises: LakeError (head_broken, schema_version)."""
    return _parse(data, lambda content: Head(content["gen"], content["months"], content["previous"]), key, RESTORE_HEAD)


def manifest_bytes(manifest: MonthManifest) -> bytes:
    """Return the manifest as JSON with a checksum."""
    return _checksummed(
        {
            "month": manifest.month,
            "gen": manifest.generation,
            "commit": manifest.commit,
            "together": list(manifest.together),
            "closed": manifest.is_closed,
            "days": {
                day.isoformat(): {
                    "gen": state.generation,
                    "rows": {name: table.rows for name, table in state.tables.items()},
                    "digests": {name: table.digest for name, table in state.tables.items()},
                }
                for day, state in manifest.days.items()
            },
            "files": {
                name: {stem: asdict(entry) for stem, entry in files.items()}
                for name, files in manifest.files.items()
                if files
            },
        }
    )


def manifest_name(manifest: MonthManifest, data: bytes) -> str:
    """Return the path of a manifest with these bytes, relative to ``_state``."""
    return f"months/{manifest.month}/{manifest.generation:06d}-{sha256_of(data)[:8]}.json"


def generation_of(path: Path) -> int:
    """Return the generation in the name of a manifest."""
    return int(path.name.partition("-")[0])


def parse_manifest(data: bytes, *, key: str) -> MonthManifest:
    """Return the manifest in these bytes. Raises: LakeError (manifest_broken, schema_version)."""
    return _parse(data, _manifest, key, REDERIVE)


def _manifest(content: dict[str, Any]) -> MonthManifest:
    return MonthManifest(
        month=content["month"],
        generation=content["gen"],
        commit=content["commit"],
        together=tuple(content["together"]),
        is_closed=content["closed"],
        days={date.fromisoformat(day): _day_state(state) for day, state in sorted(content["days"].items())},
        files={
            name: {stem: Entry(**each) for stem, each in sorted(files.items())}
            for name, files in content["files"].items()
        },
    )


def _day_state(content: dict[str, Any]) -> DayState:
    digests = content["digests"]
    return DayState(content["gen"], {name: TableDay(rows, digests[name]) for name, rows in content["rows"].items()})


def _checksummed(content: dict[str, Any]) -> bytes:
    """Return the content as JSON, with the SHA-256 of everything else as its first member."""
    whole = json.dumps({"schema_version": SCHEMA_VERSION} | content, separators=(",", ":")).encode()
    return f'{{"checksum": "{sha256_of(whole)}", '.encode() + whole[1:] + b"\n"


def _parse[T](data: bytes, build: Callable[[dict[str, Any]], T], key: str, advice: str) -> T:
    what = "head" if key.endswith("head.json") else "manifest"
    try:
        content = json.loads(data)
        _check(content, data)
        version = content["schema_version"]
        if version != SCHEMA_VERSION:
            message = f"{key} was written with schema {version}; this version reads schema {SCHEMA_VERSION} only"
            raise LakeError(message, key=key, reason="schema_version")
        return build(content)
    except (ValueError, KeyError, TypeError) as error:
        message = f"{key} is not a {what} ({error}); {advice}"
        raise LakeError(message, key=key, reason=f"{what}_broken") from error


def _check(content: Any, data: bytes) -> None:
    """Raises: ValueError if the content does not match its checksum."""
    start = _START.match(data)
    if start is None or not isinstance(content, dict):
        raise ValueError("it does not begin with a checksum")
    rest, end = data[start.end() : -1], data[-1:]
    if sha256_of(b"{" + rest).encode() != start[1] or end != b"\n":
        raise ValueError("its checksum does not match")
