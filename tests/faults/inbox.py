"""Invented files for an inbox."""

import os
from pathlib import Path


def plain_text(number: int) -> str:
    """Return an invented article of plain text."""
    told = f"Councillor Ada Brandt read plan {number} for the harbour of Tarnwick aloud to the full council"
    return f"Harbour plan {number}\n\n" + "\n\n".join(f"{told} for time {times}." for times in range(2, 9))


def drop(folder: Path, name: str, content: str) -> None:
    """Drop a file that was written long ago into a data root's inbox as people should: under another name first."""
    half = folder / "inbox" / f"{name}.part"
    half.write_text(content)
    os.utime(half, (0, 0))
    half.rename(half.with_suffix(""))
