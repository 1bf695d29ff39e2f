"""The scheduler of requests to all hosts: no thread waits for a host."""

import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from math import inf
from threading import Condition, Lock

from newslake.pipeline.fetch.rate_limit import RateLimiter
from newslake.pipeline.fetch.redirects import Walk, WalkStep
from newslake.pipeline.fetch.retry import FetchFailure
from newslake.pipeline.fetch.transport import Reply

_WAITING_MAX = 10_000  # pages read ahead: enough to reach other hosts after many pages of one
_HELD_BYTES_A_THREAD = 24 << 20  # of bodies; open requests count with their maximum size: 192 MB with 8 threads


@dataclass(slots=True)
class _PendingPage[K]:
    key: K
    number: int
    walk: Walk
    step: WalkStep


@dataclass(slots=True)
class _HostQueue[K]:
    """The pages that wait for a host, in order: one with ``is_alone``, then by the time to continue, then by number."""

    waiting: list[tuple[bool, float, int, _PendingPage[K]]] = field(default_factory=list)
    busy: int = 0
    is_alone: bool = False
    ready_at: float = inf


@dataclass(frozen=True, slots=True)
class _Slot[K]:
    """A page that may continue. ``refusal`` says why it may not send a request, ``reserved_bytes`` is for the reply."""

    page: _PendingPage[K]
    queue: _HostQueue[K]
    refusal: FetchFailure | None
    reserved_bytes: int


class Schedule[K]:
    """Drives many walks at once. Used once; one thread reads ``run``.

    A host's queue is due when its first page may continue and, for a request, the rate limiter allows a start. Threads
    take due queues only; a page that must wait goes back into a queue.

    No thread waits for the reader: a request stays in its queue until there is memory for its response. A host's
    well-known file (``is_alone``) does not need this. So a reader that waits for such a file before it lists further
    pages depends only on the threads.
    """

    def __init__(self, limiter: RateLimiter, *, threads: int, page_max_bytes: int) -> None:
        self._limiter = limiter
        self._threads = threads
        self._page_max_bytes = page_max_bytes
        self._held_max_bytes = threads * _HELD_BYTES_A_THREAD
        self._held_bytes = 0
        self._without_room: deque[str] = deque()
        self._numbers = count()
        self._queues: dict[str, _HostQueue[K]] = {}
        self._ready: list[tuple[float, str]] = []
        self._done: deque[tuple[K, Reply | FetchFailure, int]] = deque()
        self._pages = 0
        self._is_closed = False
        # A signal that ends the run may raise in Condition.__enter__ after it has taken the lock, which then stays
        # taken. ``with`` on the lock itself is safe: no Python code runs between taking it and the block.
        self._lock = Lock()
        self._may_start, self._has_done = Condition(self._lock), Condition(self._lock)

    def run(self, walks: Iterable[tuple[K, Walk]]) -> Iterator[tuple[K, Reply | FetchFailure]]:
        """Yield the result of each page as it arrives; the pages of one host in order, except retried ones.

        This thread reads ``walks``, as far ahead as the limits allow.
        """
        try:
            with ThreadPoolExecutor(self._threads, thread_name_prefix="fetch") as pool:
                try:
                    workers = [pool.submit(self._work) for _ in range(self._threads)]
                    yield from self._ends(iter(walks))
                finally:
                    self._close()
                for worker in workers:
                    worker.result()  # raises the exception of a thread with a bug
        finally:
            self._leave()

    def _leave(self) -> None:
        """Close the remaining walks, so that they release what other pages of their host wait for."""
        for queue in self._queues.values():
            for *_, page in queue.waiting:
                page.walk.close()

    def _ends(self, walks: Iterator[tuple[K, Walk]]) -> Iterator[tuple[K, Reply | FetchFailure]]:
        is_read = False
        while not self._is_closed:
            end = self._next_end(waits=is_read or self._pages >= _WAITING_MAX)
            if end is not None:
                yield end
            elif is_read:
                return
            elif (walk := next(walks, None)) is not None:
                self._add(*walk)
            else:
                is_read = True

    def _next_end(self, *, waits: bool) -> tuple[K, Reply | FetchFailure] | None:
        """Return the next finished page; None if no page is left, or none is finished and ``waits`` is False."""
        with self._lock:
            while waits and not self._done and self._pages and not self._is_closed:
                self._has_done.wait()
            if not self._done:
                return None
            key, end, size = self._done.popleft()
            self._pages -= 1
            self._held_bytes -= size
            self._may_start.notify()
            return key, end

    def _add(self, key: K, walk: Walk) -> None:
        """Put a new page into the queue of its host; a page without a valid URL ends here."""
        try:
            step = next(walk)
        except StopIteration as end:
            with self._lock:
                self._pages += 1
                self._hand_over(key, end.value)
            return
        with self._lock:
            self._pages += 1
            self._enter(_PendingPage(key, next(self._numbers), walk, step))

    def _work(self) -> None:
        try:
            while (slot := self._next_slot()) is not None:
                self._advance(slot)
        finally:
            self._close()

    def _close(self) -> None:
        with self._lock:
            self._is_closed = True
            self._may_start.notify_all()
            self._has_done.notify_all()

    def _next_slot(self) -> _Slot[K] | None:
        """Return the next page that may continue; None once the schedule is closed."""
        with self._lock:
            while not self._is_closed:
                is_admitted = self._admit()
                wait_seconds = self._ready[0][0] - time.monotonic() if self._ready else None
                if wait_seconds is not None and wait_seconds <= 0:
                    if (slot := self._take_slot(*heappop(self._ready))) is not None:
                        self._may_start.notify()  # another thread waits for the next queue
                        return slot
                elif not is_admitted:
                    self._may_start.wait(wait_seconds)
            return None

    def _admit(self) -> bool:
        """If there is memory, mark one queue that waits for it as due; return whether there was one."""
        if not self._without_room or not self._has_room():
            return False
        host = self._without_room.popleft()
        self._mark_ready(self._queues[host], host)
        return True

    def _has_room(self) -> bool:
        """Return whether to request one more page: its bytes fit, and fewer results than threads are unread."""
        is_free = not self._held_bytes or self._held_bytes + self._page_max_bytes <= self._held_max_bytes
        return is_free and len(self._done) < self._threads

    def _take_slot(self, ready_at: float, host: str) -> _Slot[K] | None:
        """Return a due queue's first page; None if rate limit or memory delay it, or ``ready_at`` is outdated."""
        queue = self._queues[host]
        if ready_at != queue.ready_at:
            return None
        queue.ready_at = inf
        step, refusal, reserved_bytes = queue.waiting[0][3].step, None, 0
        if step.is_request:
            if not step.is_alone and not self._has_room():
                self._without_room.append(host)
                return None
            taken = self._limiter.take(step.host, step.interval_seconds)
            if isinstance(taken, FetchFailure):
                refusal = taken
            elif taken > 0:
                self._mark_ready(queue, host, not_before=time.monotonic() + taken)
                return None
            elif not step.is_alone:
                reserved_bytes = self._page_max_bytes
        page = heappop(queue.waiting)[3]
        queue.busy += 1
        queue.is_alone = queue.is_alone or step.is_alone
        self._held_bytes += reserved_bytes
        self._mark_ready(queue, host)
        return _Slot(page, queue, refusal, reserved_bytes)

    def _advance(self, slot: _Slot[K]) -> None:
        page, queue, step, end = slot.page, slot.queue, slot.page.step, None
        try:
            page.step = page.walk.send(slot.refusal)
        except StopIteration as stop:
            end = stop.value
        with self._lock:
            self._held_bytes -= slot.reserved_bytes
            queue.busy -= 1
            queue.is_alone = queue.is_alone and not step.is_alone
            if end is None:
                self._enter(page)
            self._mark_ready(queue, step.host)
            if end is not None:
                self._hand_over(page.key, end)

    def _hand_over(self, key: K, end: Reply | FetchFailure) -> None:
        size = _held_bytes(end)
        self._held_bytes += size
        self._done.append((key, end, size))
        self._has_done.notify()

    def _enter(self, page: _PendingPage[K]) -> None:
        """Put a page into the queue of its next step; a page that must wait goes after those that need not."""
        host, not_before = page.step.host, page.step.not_before
        if not_before:
            page.number = next(self._numbers)
        queue = self._queues.setdefault(host, _HostQueue())
        heappush(queue.waiting, (not page.step.is_alone, not_before, page.number, page))
        if queue.waiting[0][3] is page:
            self._mark_ready(queue, host)

    def _mark_ready(self, queue: _HostQueue[K], host: str, *, not_before: float = 0.0) -> None:
        """Mark a queue as due for its first page, if the host may have one more open request."""
        if not queue.waiting:
            return
        _, waits_until, _, first = queue.waiting[0]
        at, is_single = max(not_before, waits_until), queue.is_alone or first.step.interval_seconds > 0
        if at < queue.ready_at and queue.busy < (1 if is_single else self._threads):
            queue.ready_at = at
            heappush(self._ready, (at, host))
            self._may_start.notify()


def _held_bytes(end: Reply | FetchFailure) -> int:
    """Return the size of a page's body, decoded and as sent; it counts once if both are the same object."""
    body = end.body if isinstance(end, Reply) else b""
    sent = end.exchange.body if end.exchange is not None else b""
    return len(body) + (0 if sent is body else len(sent))
