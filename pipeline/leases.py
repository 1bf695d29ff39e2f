"""Leases: what one process may do while others may not. They end when their holder dies, also with its host.

A holder on another host can lose its lease without dying, if the service that keeps it restarts or is cut off. So check
a lease directly before a step that cannot be undone.
"""

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from typing import Final, Protocol

POLL_SECONDS: Final = 0.1  # while a request of another process to the host is open


class Lease(Protocol):
    """What a holder knows of its lease."""

    def check(self) -> None:
        """Query the service that keeps the lease. Raises: StoreError (lease_lost) if it is no longer held.

        Stop then, because another holder may have begun.
        """
        ...


class Leases(Protocol):
    """The leases of one data root or shared store. Each is held in a ``with`` block.

    Two threads of a process exclude each other as two processes do. Raises: StoreError, OSError.
    """

    @property
    def notice_seconds(self) -> float:
        """How long a writer may go on that lost its lease without notice; ``wait_for_writers`` takes at least that."""
        ...

    def source(self, source_key: str, *, waits: bool) -> AbstractContextManager[Lease | None]:
        """Hold a source for one run. If another run has it, wait if ``waits`` is set, else yield None."""
        ...

    def committer(self) -> AbstractContextManager[Lease]:
        """Hold the right to commit to the tables; wait for it."""
        ...

    def takedown(self) -> AbstractContextManager[Lease]:
        """Hold the right to take down; takedowns run one after another."""
        ...

    def writer(self) -> AbstractContextManager[Lease]:
        """Hold a lease that all writers of archive and lake share. No writer waits for another one.

        Check the blocklist while holding it: a writer that starts after a takedown was recorded sees the takedown.
        """
        ...

    def wait_for_writers(self) -> float:
        """Wait until every current holder of ``writer`` has ended; do not wait for later holders.

        Return the time of the call, seconds since 1970 by the clock of the store: older unfinished work has no living
        owner.
        """
        ...


class HostRates(Protocol):
    """The times of the next requests to hosts, for all processes, by one clock. A host is "name:port"."""

    @property
    def open_seconds(self) -> float:
        """How long a request counts as open that nobody finishes or renews, because its process may have died."""
        ...

    def take(self, host: str, *, interval_seconds: float) -> float:
        """Open a request now and return 0.0; if it is too early or another one is open, return the seconds to wait.

        Call ``finish`` at its end. A process that dies before that delays its host by ``open_seconds``.
        """
        ...

    def renew(self, host: str) -> None:
        """Let the request that this object opened count as open for ``open_seconds`` from now.

        If it is over and another process has opened one since, nothing changes.
        """
        ...

    def finish(self, host: str, *, interval_seconds: float) -> None:
        """Close the request that this object opened at a host; the interval starts now."""
        ...

    def defer(self, host: str, seconds: float) -> None:
        """Let no process send a request to a host for a number of seconds, at most one hour."""
        ...


class TurnRecord(Protocol):
    """The items that this process works on, as hashes, and ``deaths``: in how many turns of each a process died."""

    deaths: Mapping[str, int]

    def write(self, items: Collection[str]) -> None:
        """Record the items that are in flight from now on."""
        ...

    def end(self, *, dead: Collection[str], survivors: Collection[str]) -> None:
        """End the turn: count one death for each item of ``dead``, then forget those of ``survivors``."""
        ...


class TurnRecords(Protocol):
    """The turns of all processes of a store."""

    def open(self) -> AbstractContextManager[TurnRecord]:
        """Count the deaths of processes that have ended in a turn, then yield the turn of this one."""
        ...

    def forget(self, items: Collection[str]) -> None:
        """Forget the deaths in the turns of some items."""
        ...

    def forget_ended(self) -> None:
        """Forget the turns of processes that have ended, without counting their deaths."""
        ...
