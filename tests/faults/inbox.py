"""Invented files for an inbox."""

import os
from pathlib import Path


def plain_text(number: int) -> str:
    """Return an invented article of plain text."""
    sentence = f"Councillor Ada Brandt read plan {number} for the harbour of Tarnwick aloud to the full council"
    return f"Harbour plan {number}\n\n" + "\n\n".join(f"{sentence} for time {times}." for times in range(2, 9))


def drop(folder: Path, name: str, content: str) -> None:
    """Drop an old file into a data root's inbox in the recommended way: with a temporary name first."""
    half = folder / "inbox" / f"{name}.part"
    half.write_text(content)
    os.utime(half, (0, 0))
    half.rename(half.with_suffix(""))
