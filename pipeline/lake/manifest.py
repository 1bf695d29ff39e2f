"""The manifest of a day: which object each table is. Replacing this one file is the commit."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pipeline.errors import LakeError
from pipeline.lake.advice import REDERIVE
from pipeline.tables import SCHEMA_VERSION

_CHECKSUM = re.compile(rb'^ "checksum": "[0-9a-f]{64}",\n', re.MULTILINE)  # its line, as ``manifest_bytes`` writes it


@dataclass(frozen=True, slots=True)
class Entry:
    """One table of a day. ``object`` is relative to ``_state``; ``sha256`` is of its bytes."""

    object: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A day's tables; one without rows has no entry. ``generation`` 0 is a day that was never written.

    ``previous`` are the objects that each table had before its last change; ``batches`` made this generation.
    """

    day: date
    generation: int = 0
    entries: Mapping[str, Entry] = field(default_factory=dict)
    previous: Mapping[str, str] = field(default_factory=dict)
    batches: tuple[str, ...] = ()


def manifest_bytes(manifest: Manifest) -> bytes:
    """Return the manifest as JSON; ``files``, ``rows`` and ``sha256`` are objects by table, easy to read from SQL.

    ``checksum`` is of all the rest, so that corruption is detected.
    """
    entries = manifest.entries
    content = {
        "schema_version": SCHEMA_VERSION,
        "gen": manifest.generation,
        "batches": list(manifest.batches),
        "files": {name: entry.object for name, entry in entries.items()},
        "rows": {name: entry.rows for name, entry in entries.items()},
        "sha256": {name: entry.sha256 for name, entry in entries.items()},
        "previous": dict(manifest.previous),
    }
    return _json(content | {"checksum": hashlib.sha256(_json(content)).hexdigest()})


def _json(content: dict[str, Any]) -> bytes:
    return json.dumps(content, indent=1, sort_keys=True).encode() + b"\n"


def read_manifest(path: Path, day: date) -> Manifest:
    """Return a day's manifest; an empty one where the day has none.

    Raises: LakeError (manifest_broken).
    """
    try:
        data = path.read_bytes()
        content = json.loads(data)
        _check(content, data)
        return _manifest(content, day)
    except FileNotFoundError:
        return Manifest(day)
    except (ValueError, KeyError, TypeError) as error:
        raise LakeError(
            f"{path} is no manifest ({error}); {REDERIVE}",
            key=day.isoformat(),
            reason="manifest_broken",
        ) from error


def _check(content: Any, data: bytes) -> None:
    """Raises: ValueError where a byte is not as it was written."""
    if not isinstance(content, dict):
        raise ValueError("it is no JSON object")
    rest, number = _CHECKSUM.subn(b"", data)
    if number != 1 or content.get("checksum") != hashlib.sha256(rest).hexdigest():
        raise ValueError("its bytes are not those of its checksum")


def _manifest(content: dict[str, Any], day: date) -> Manifest:
    rows, digests = content["rows"], content["sha256"]
    return Manifest(
        day=day,
        generation=content["gen"],
        entries={name: Entry(file, rows[name], digests[name]) for name, file in content["files"].items()},
        previous=content["previous"],
        batches=tuple(content["batches"]),
    )
