"""The table of docs/reliability.md: on which commit each part of `make nightly` ran last, and what it counted.

A part is due if the files that it is about changed in more than 200 commits since then, or if it never ran.
"""

import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

HEADER = "| part | commit | date | seed | minutes | counted |"
DUE_AFTER = 200  # commits that changed files of a part
_RULE = "|---|---|---|---|---|---|"
_CELLS = HEADER.count("|") - 1
_HASH = re.compile(r"[0-9a-f]{7,40}")


class UnknownCommitError(Exception):
    """The commit of a row is not in this repository, which may be a shallow clone."""


@dataclass(frozen=True, slots=True)
class Row:
    """The last run of a part. ``commit`` is its hash; one of a changed tree says so."""

    part: str
    commit: str
    day: str
    seed: str
    minutes: str
    counted: str

    @property
    def line(self) -> str:
        cells = f"`{self.part}`", self.commit, self.day, self.seed, self.minutes, self.counted
        return f"| {' | '.join(cells)} |"


def read_rows(text: str) -> dict[str, Row]:
    """Return the rows of the table in a page, by part. Raises: ValueError for a page without it, or a broken row."""
    _, rows, _ = _split(text)
    return {row.part: row for row in rows}


def write_row(page: Path, row: Row, *, order: Sequence[str]) -> None:
    """Put a row in place of the last one of its part; the rows are in the order of the parts.

    Raises: ValueError for a page without the table.
    """
    before, rows, after = _split(page.read_text("utf-8"))
    by_part = {each.part: each for each in rows} | {row.part: row}
    lines = [by_part[part].line for part in order if part in by_part]
    page.write_text("\n".join([*before, *lines, *after]), "utf-8")


def _split(text: str) -> tuple[list[str], list[Row], list[str]]:
    """Return the lines up to the table's rule, its rows, and the other lines."""
    lines = text.split("\n")
    if HEADER not in lines:
        raise ValueError(f"docs/reliability.md has no table that begins with: {HEADER}")
    start = lines.index(HEADER) + 2
    end = next((at for at in range(start, len(lines)) if not lines[at].startswith("|")), len(lines))
    return lines[:start], [_row(line) for line in lines[start:end]], lines[end:]


def _row(line: str) -> Row:
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    if len(cells) != _CELLS:
        raise ValueError(f"this row of docs/reliability.md does not have {_CELLS} cells: {line}")
    part, *others = cells
    return Row(part.strip("`"), *others)


@dataclass(frozen=True, slots=True)
class Repository:
    """The commits of a clone."""

    root: Path

    def commit_now(self, *, ignored: str) -> str:
        """Return the short hash of HEAD; it says so if files other than ``ignored`` differ from it."""
        changes = self._git("status", "--porcelain", "--", ".", f":!{ignored}")
        return self._git("rev-parse", "--short=8", "HEAD") + (" and changes" if changes else "")

    def changes_since(self, row: Row, paths: Iterable[str]) -> int:
        """Return how many commits after that of a row changed some paths. Raises: UnknownCommitError."""
        commit = row.commit.partition(" ")[0]
        if _HASH.fullmatch(commit) is None or not self._has(commit):
            raise UnknownCommitError(f"commit {row.commit} of part {row.part} is not in this clone")
        return int(self._git("rev-list", "--count", f"{commit}..HEAD", "--", *paths))

    def _has(self, commit: str) -> bool:
        done = subprocess.run(
            ["git", "merge-base", "--is-ancestor", commit, "HEAD"], cwd=self.root, capture_output=True, check=False
        )
        return done.returncode == 0

    def _git(self, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=self.root, capture_output=True, text=True, check=True)
        return done.stdout.strip()
