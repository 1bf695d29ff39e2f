"""The move of the store of one machine to a shared store, piece by piece.

A piece is compared first, copied if both sides differ, and compared again when all are copied. So a move that was
killed goes on where it was, and a second one copies nothing. The database notes that a move began; until it has ended,
no other process opens the shared store, and none that did before begins to write.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from newslake.pipeline.errors import StoreError
from newslake.pipeline.lake.verify import Depth
from newslake.pipeline.leases import Lease
from newslake.pipeline.model import pluralize
from newslake.pipeline.shared.inventory import MoveMark

if TYPE_CHECKING:
    from newslake.pipeline.shared.store import SharedStore

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class MovePiece:
    """What is compared and copied at once. ``size`` is in the unit of its part.

    ``is_equal`` returns whether both sides have the same; ``copy`` makes them so, and may be called again after a kill.
    Others may change an ``is_open`` one meanwhile, so it is always compared at the end, too.
    """

    name: str
    size: int
    is_equal: Callable[[], bool]
    copy: Callable[[], None]
    is_open: bool = False


class MovePart(Protocol):
    """A part of a store that is moved."""

    name: str
    """What is moved, for messages."""
    unit: str
    """What the sizes of its pieces count."""

    def pieces(self) -> Sequence[MovePiece]:
        """Return all pieces of the source, in order."""
        ...

    def is_begun(self) -> bool:
        """Return whether the shared store has any of it."""
        ...

    def extras(self) -> Iterator[str]:
        """Yield what the shared store has, and the source has not."""
        ...

    def drop_extras(self) -> None:
        """Delete from the shared store what ``extras`` yields, if the source may drop such without a takedown."""
        ...

    def counts(self) -> Mapping[str, int]:
        """Return how much the source has, by name, after ``pieces``."""
        ...


type ReportProgress = Callable[[str, str, int, int], None]
"""Gets the step of a move, its unit, and how many of how many are done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationReport:
    """What was moved. ``counts`` is what both sides have, by name.

    ``pieces`` were compared, of which ``copied`` were not there before this call. ``ended_before`` is the time at which
    an earlier call ended the move; then nothing was copied. ``problems`` are sentences about what differs.
    ``snapshots`` are the named versions of the data root, which stay there.
    """

    counts: Mapping[str, int]
    pieces: int
    copied: int
    ended_before: datetime | None
    problems: tuple[str, ...]
    snapshots: tuple[str, ...] = ()

    def sentences(self) -> Iterator[str]:
        """Yield what was done, and what stays, for a move without problems."""
        if self.ended_before is None:
            yield f"{self.copied:,} of {pluralize(self.pieces, 'piece')} copied; both sides are equal"
        else:
            yield f"the move ended at {self.ended_before:%Y-%m-%d %H:%M} UTC: all is there, nothing was copied"
        if self.snapshots:
            yield f"these snapshots stay in the data root: {', '.join(self.snapshots)}"


@dataclass
class Migration:
    """Moves all parts. ``source`` names the data root for messages; no process may write to it meanwhile.

    The first part are the takedowns: if they change after others began to be moved, the move is refused.
    """

    target: "SharedStore"
    parts: Sequence[MovePart]
    source: str
    now: Callable[[], datetime]
    report: ReportProgress
    _copied: list[tuple[MovePart, MovePiece]] = field(default_factory=list)
    _open: list[tuple[MovePart, MovePiece]] = field(default_factory=list)

    def run(self) -> MigrationReport:
        """Move what is not there yet, then compare it. Raises: StoreError (store_in_use) for a store with other pages.

        Parts are moved in their order: takedowns come first, so that their names are blocked before there is a page.
        """
        with self.target.leases.takedown() as lease:
            mark = self._begin(lease)
            self._copied.clear()
            self._open.clear()
            counts, pieces, problems = dict[str, int](), 0, list[str]()
            for part in self.parts:
                to_move = part.pieces()
                problems += self._move(part, to_move, lease, copies=mark.ended_at is None)
                counts |= part.counts()
                pieces += len(to_move)
            problems += self._compare_copied()
            problems += self.target.tables.verify(Depth(reads=lambda day: False))
            if not problems and mark.ended_at is None:
                self.target.inventory.mark_move(MoveMark(mark.source, mark.began_at, self.now()))
        return MigrationReport(
            counts=counts,
            pieces=pieces,
            copied=len(self._copied),
            ended_before=mark.ended_at,
            problems=tuple(problems),
        )

    def _begin(self, lease: Lease) -> MoveMark:
        """Return the mark of the move, after a check of what the shared store has."""
        mark = self.target.inventory.move_mark()
        if mark is None or mark.began_at is None:
            return self._begin_first()
        if mark.ended_at is None:
            if change := self._changed_takedowns():
                raise _refusal(change)
            if mark.source == self.source:  # else it may be another data root
                lease.check()
                self._drop_extras()
            self._refuse_extras(self.parts)
        return mark

    def _drop_extras(self) -> None:
        """Delete from the shared store what the source has dropped, part by part, until something may not be deleted.

        The archive comes before what follows from it: pages of which the source knows nothing stop the move, and keep
        their rows.
        """
        for part in self.parts:
            part.drop_extras()
            self._refuse_extras([part])

    def _refuse_extras(self, parts: Sequence[MovePart]) -> None:
        if extra := _extra(parts):
            raise _refusal(f"the shared store has {extra}, which {self.source} has not")

    def _begin_first(self) -> MoveMark:
        """Mark the shared store, so that no writer begins there; wait for those that did; check that it is empty."""
        inventory = self.target.inventory
        obstacle = self._foreign()
        if obstacle is None:
            inventory.mark_move(MoveMark(self.source))
            self.report("waiting for the end of runs on the shared store", "runs", 0, 0)
            self.target.leases.wait_for_holders()
            with self.target.hold_side_states():  # so that add-ons that change their state have ended, too
                obstacle = self._foreign()
        if obstacle is not None:
            inventory.mark_move(None)
            raise _refusal(f"the shared store has {obstacle}, which no move brought")
        mark = MoveMark(self.source, self.now())
        inventory.mark_move(mark)
        return mark

    def _foreign(self) -> str | None:
        """Return something that the shared store has; None if it is empty."""
        return _extra(self.parts) or next((part.name for part in self.parts if part.is_begun()), None)

    def _changed_takedowns(self) -> str | None:
        """Return that the takedowns differ though other parts began to be moved."""
        first, *rest = self.parts
        if not any(part.is_begun() for part in rest) or all(piece.is_equal() for piece in first.pieces()):
            return None
        return f"{first.name} of {self.source} changed after its move began: the shared store may have what is gone"

    def _move(self, part: MovePart, pieces: Sequence[MovePiece], lease: Lease, *, copies: bool) -> list[str]:
        """Copy the pieces of a part that differ; return the differences of one that may not be copied any more."""
        total, done, problems = sum(each.size for each in pieces), 0, list[str]()
        step = f"{'copying' if copies else 'comparing'} {part.name}"
        self.report(step, part.unit, 0, total)
        for piece in pieces:
            if not piece.is_equal():
                if copies:
                    lease.check()
                    piece.copy()
                    self._copied.append((part, piece))
                else:
                    problems.append(_difference(part, piece))
            elif piece.is_open and copies:
                self._open.append((part, piece))
            done += piece.size
            self.report(step, part.unit, done, total)
        return problems

    def _compare_copied(self) -> list[str]:
        """Compare what this call copied, and what is open; return a sentence per difference."""
        problems = []
        for part in self.parts:
            pieces = [piece for each, piece in (*self._copied, *self._open) if each is part]
            total, done, step = sum(each.size for each in pieces), 0, f"comparing {part.name}"
            for piece in pieces:
                if not piece.is_equal():
                    problems.append(_difference(part, piece))
                done += piece.size
                self.report(step, part.unit, done, total)
            problems += [f"{part.name}: the shared store has {each}, {self.source} has not" for each in part.extras()]
        return problems


def _extra(parts: Iterable[MovePart]) -> str | None:
    """Return something that the shared store has, and the source has not."""
    return next((each for part in parts for each in part.extras()), None)


def _refusal(obstacle: str) -> StoreError:
    return StoreError(
        f"{obstacle}; nothing was moved: name a new prefix, schema and namespace in NEWS_OBJECTS_URL, "
        "NEWS_DATABASE_SCHEMA and NEWS_CATALOG_NAMESPACE, or empty those that are named",
        key="to",
        reason="store_in_use",
    )


def _difference(part: MovePart, piece: MovePiece) -> str:
    return f"{part.name}: {piece.name} differs between both sides"
