"""The records of a foreign WARC file, gzipped or not, as it arrives: odd and damaged ones are named, the rest is read.

A gzip member that begins with "WARC/" begins a record. Elsewhere a record ends where its Content-Length says, if blank
lines and a record follow; else the next line that begins a record is searched for.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from io import BytesIO
from itertools import chain

from warcio.recordloader import ArcWarcRecordLoader
from warcio.statusandheaders import StatusAndHeaders, StatusAndHeadersParser, StatusAndHeadersParserException

from newslake.pipeline.archive.members import Gap, MemberEnd, MemberStart, scan_members
from newslake.pipeline.sources.listing import FILE_START, FilePosition, never_over

_GZIP_MAGIC = b"\x1f\x8b"
_WARC, _ARC = b"WARC/", b"filedesc://"
_START = re.compile(rb"(?:\A|\n)(?=WARC/(?:1\.[01]|0\.1[78])\r?\n)")
_START_BYTES = 12
_LIKE_START = re.compile(rb"[^\r\n]{1,100}\r?\nWARC-[\w-]+:")
_PEEK = 200
_HEAD_END = re.compile(rb"\n\r?\n")
_HEAD_MAX_BYTES = 1 << 16
_BLANK = re.compile(rb"[\r\n]*")
_BLANK_MAX_BYTES = 1 << 20  # after a record; where there are more, its length is taken as wrong
_LENGTH = re.compile(r"\d{1,15}", re.ASCII)
_BLOCK_MAX_BYTES = 5_000_000_000  # a longer one is a mistake in the length
_DAMAGES_MAX = 1_000  # a file with more is not a WARC file any more

_parse_head = StatusAndHeadersParser(ArcWarcRecordLoader.WARC_TYPES).parse


@dataclass(frozen=True, slots=True)
class WarcRecord:
    """A record whose length is right. ``block`` is cut at the limit of the reader."""

    headers: StatusAndHeaders
    block: bytes


@dataclass(frozen=True, slots=True)
class UnreadableRecord:
    """A place without a readable record: ``broken_record``, ``broken_warc`` or ``arc_file``, and why."""

    reason: str
    why: str


def read_warc_records(
    chunks: Iterable[bytes],
    *,
    block_max_bytes: int,
    size: int | None = None,
    start: FilePosition = FILE_START,
    is_over: Callable[[], bool] = never_over,
) -> Iterator[WarcRecord | UnreadableRecord | FilePosition]:
    """Yield the records of a file in order, with one in memory at a time; damage and odd records at their place.

    ``size`` is that of the file, if known. ``chunks`` begin at the offset of ``start``. If ``is_over`` after a record,
    or in the search for the next one, the last value is the position there.
    """
    tokens, offset = _tokens(chunks, block_max_bytes, is_plain=start.is_plain), start.offset
    stream = _Content(tokens, size=size, position=offset, first_offset=offset, is_over=is_over)
    at = start
    for _ in range(start.passed):
        stream.find_content()
        _read_next(stream, block_max_bytes)
    while at.broken is not None or stream.find_content():
        record = _read_next(stream, block_max_bytes) if at.broken is None else _search_on(stream, *at.broken)
        if stream.is_searching and isinstance(record, UnreadableRecord):
            yield replace(at, offset=stream.position, broken=(record.reason, record.why), is_plain=True)
            return
        yield record
        at = _position_after(record, stream, at)
        if at.damages >= _DAMAGES_MAX:
            yield UnreadableRecord("broken_warc", f"{at.damages} places of the file are damaged; the rest is not read")
        if at.damages >= _DAMAGES_MAX or (isinstance(record, UnreadableRecord) and record.reason == "arc_file"):
            return
        if is_over():
            yield at
            return


def _search_on(stream: "_Content", reason: str, why: str) -> UnreadableRecord:
    """Go on with the search of an earlier slice."""
    stream.find_start(is_resumed=True)
    return UnreadableRecord(reason, why)


def _position_after(record: WarcRecord | UnreadableRecord, stream: "_Content", at: FilePosition) -> FilePosition:
    damages = at.damages + isinstance(record, UnreadableRecord)
    number = at.number + at.passed + 1
    if (offset := stream.offset_of_next()) is None:
        return replace(at, passed=at.passed + 1, damages=damages, broken=None)
    return FilePosition(offset=offset, number=number, damages=damages, is_plain=stream.is_plain)


def _tokens(
    chunks: Iterable[bytes], block_max_bytes: int, *, is_plain: bool
) -> Iterator[MemberStart | bytes | MemberEnd | Gap]:
    """Yield the members of a gzipped file, or the pieces of a plain one; ``is_plain`` if that is known."""
    source = iter(chunks)
    if is_plain:
        return source
    head = b""
    while len(head) < len(_GZIP_MAGIC) and (chunk := next(source, b"")):
        head += chunk
    whole = chain((head,) if head else (), source)
    is_gzip = head.startswith(_GZIP_MAGIC)
    return scan_members(whole, record_max_bytes=block_max_bytes) if is_gzip else iter(whole)


def _read_next(stream: "_Content", block_max_bytes: int) -> WarcRecord | UnreadableRecord:
    """Return the record at the start of the stream, and leave the stream at the next one."""
    if stream.position == 0 and stream.peek(len(_ARC)) == _ARC:
        why = "it is an ARC file, the format before WARC; convert it with `warcio recompress FILE.arc.gz FILE.warc.gz`"
        return UnreadableRecord("arc_file", f"{why}, then give the new file")
    if (gap := stream.take_gap()) is not None:
        return UnreadableRecord("broken_warc", f"the file is damaged here ({gap.why})")
    head = stream.read_head()
    headers = _headers_of(head)
    if isinstance(headers, str):
        stream.unread(head[head.find(b"\n") :] if b"\n" in head else b"")
        stream.find_start()
        return _unreadable(stream, "broken_warc" if not head.startswith(_WARC) else "broken_record", headers)
    stated = headers.get_header("Content-Length") or ""
    length = int(stated) if _LENGTH.fullmatch(stated) else _BLOCK_MAX_BYTES + 1
    if length > _BLOCK_MAX_BYTES or (length > block_max_bytes and length > stream.longest):
        stream.find_start()
        return _unreadable(stream, "broken_record", f"its Content-Length {stated[:40]!r} is not possible")
    return _read_block(stream, headers, length, block_max_bytes)


def _headers_of(head: bytes) -> StatusAndHeaders | str:
    """Return the WARC headers, or why they cannot be read."""
    if not head.startswith(_WARC):
        return f"no WARC record begins here, but {head[:40]!a}"
    if _HEAD_END.search(head) is None:
        return f"its header is cut off, or has more than {_HEAD_MAX_BYTES} bytes"
    try:
        return _parse_head(BytesIO(head))
    except StatusAndHeadersParserException:
        return f"{head.split(None, 1)[0][:40]!a} is not a known version of WARC"


def _read_block(
    stream: "_Content", headers: StatusAndHeaders, length: int, block_max_bytes: int
) -> WarcRecord | UnreadableRecord:
    block = stream.read(min(length, block_max_bytes))
    skipped = stream.skip(length - len(block))
    end = stream.position
    is_short = len(block) + skipped < length
    if not is_short and stream.is_at_record(end):
        if stream.gap is None or stream.gap.is_cut:
            return WarcRecord(headers, block)
        return _unreadable(stream, "broken_record", "its end is damaged")
    if is_short and (stream.gap is not None or stream.has_next):  # the next member begins a record
        return _unreadable(stream, "broken_record", f"it has fewer bytes than its Content-Length {length}")
    if length <= block_max_bytes and stream.gap is None:
        stream.unread(block)
    stream.find_start()
    if is_short and not stream.peek(1):
        why = f"the file ends before this record of {length} bytes; it is truncated, or the Content-Length is wrong"
        return UnreadableRecord("broken_warc", why)
    return _unreadable(stream, "broken_record", f"no record follows after {length} bytes: its Content-Length is wrong")


def _end_of_blank(content: bytearray, at: int) -> int:
    """Return where the line ends that begin at ``at`` end."""
    return _BLANK.match(content, at).end()  # type: ignore[union-attr]  # it matches nothing, too


def _unreadable(stream: "_Content", reason: str, why: str) -> UnreadableRecord:
    """Return an unreadable record; damage of its gzip member is its cause, and is not named again."""
    gap = stream.take_gap()
    return UnreadableRecord(reason, why) if gap is None else UnreadableRecord("broken_warc", f"{why} ({gap.why})")


@dataclass(slots=True)
class _Content:
    """The content of the members up to the next one that begins a record.

    ``position`` counts the bytes read so far. ``gap`` is the damage at the end of the content.
    """

    tokens: Iterator[MemberStart | bytes | MemberEnd | Gap]
    size: int | None
    position: int = 0  # in a gzipped file from the first chunk on, plus ``first_offset``
    first_offset: int = 0
    gap: Gap | None = None
    has_next: bool = False
    is_plain: bool = True
    content: bytearray = field(default_factory=bytearray)
    next_content: bytes = b""
    next_gap: Gap | None = None
    edges: deque[int] = field(default_factory=deque)  # positions where other members begin
    next_offset: int = 0  # of the member of ``next_content``, from the first chunk on
    is_over: Callable[[], bool] = never_over
    is_searching: bool = False  # whether the slice was over before a start was there

    @property
    def longest(self) -> int:
        """The maximum length of what follows, if it is known."""
        return self.size - self.position if self.is_plain and self.size is not None else _BLOCK_MAX_BYTES

    def find_content(self) -> bool:
        """Skip blank lines and padding up to the next record; return whether there is one, or damage."""
        while True:
            self.skip_blank()
            if self.content or (self.gap is not None and not (self.gap.is_padding and self.gap.is_tail)):
                return True
            self.gap = None
            if not self.has_next:
                return False
            self.content += self.next_content
            self.gap, self.has_next, self.next_content, self.next_gap = self.next_gap, False, b"", None

    def offset_of_next(self) -> int | None:
        """Return the offset of the next record in the file; None if reading cannot begin there."""
        self.skip_blank()
        if self.is_plain:
            return self.position
        is_between = self.gap is None and not self.content and self.next_content.startswith(_WARC)
        return self.first_offset + self.next_offset if is_between else None

    def take_gap(self) -> Gap | None:
        """Return the damage if the content before it is read."""
        if self.content:
            return None
        gap, self.gap = self.gap, None
        return gap

    def peek(self, size: int) -> bytes:
        while len(self.content) < size and self._fill():
            pass
        return bytes(self.content[:size])

    def read(self, size: int) -> bytes:
        data = self.peek(size)
        self._drop(len(data))
        return data

    def unread(self, data: bytes) -> None:
        self.content[:0] = data
        self.position -= len(data)

    def skip(self, size: int) -> int:
        """Skip bytes; return how many there were."""
        skipped = 0
        while skipped < size and (self.content or self._fill()):
            step = min(size - skipped, len(self.content))
            self._drop(step)
            skipped += step
        return skipped

    def skip_blank(self) -> None:
        """Skip line ends."""
        while self.content or self._fill():
            self._drop(_end_of_blank(self.content, 0))
            if self.content:
                break

    def read_head(self) -> bytes:
        """Return the bytes up to the first blank line, or the first 64 KiB."""
        at = 0
        while (blank := _HEAD_END.search(self.content, at)) is None and len(self.content) < _HEAD_MAX_BYTES:
            at = max(len(self.content) - 2, 0)
            if not self._fill():
                break
        return self.read(min(blank.end() if blank else len(self.content), _HEAD_MAX_BYTES))

    def is_at_record(self, end: int) -> bool:
        """Return whether the content ends after blank lines, or another member or a record begins there.

        A record may have an odd first line, but only after a blank line: else a wrong length may end in its headers.
        The line ends are skipped only before a record: after a wrong length they are inside one.
        """
        size = self._blank_bytes()
        while self.edges and self.edges[0] < end:
            self.edges.popleft()
        rest = self.peek(size + _PEEK)[size:]
        is_odd_start = self.content.count(b"\n", 0, size) > 1 and _LIKE_START.match(rest) is not None
        is_start = not rest or rest.startswith(_WARC) or is_odd_start
        is_start = is_start or bool(self.edges and self.edges[0] <= self.position + size)
        if is_start:
            self._drop(size)
        return is_start

    def _blank_bytes(self) -> int:
        """Return how many bytes of line ends come next, counted up to some more than ``_BLANK_MAX_BYTES``."""
        size = 0
        while (size := _end_of_blank(self.content, size)) == len(self.content) and size < _BLANK_MAX_BYTES:
            if not self._fill():
                break
        return size

    def find_start(self, *, is_resumed: bool = False) -> None:
        """Go to the next line that begins a record, else to the end of the content, or of the slice in a plain file."""
        at = int(is_resumed)
        is_read = False
        while (match := _START.search(self.content, at)) is None:
            if len(self.content) > _START_BYTES:
                self._drop(len(self.content) - _START_BYTES)
                at = 1  # the first byte is not the start of the content any more
                self.is_searching = self.is_plain and is_read and self.is_over()
                if self.is_searching:
                    return
            if not self._fill():
                self._drop(len(self.content))
                return
            is_read = True
        self._drop(match.end())

    def _drop(self, size: int) -> None:
        del self.content[:size]
        self.position += size

    def _fill(self) -> bool:
        """Add the next piece to the content; return False at its end."""
        before = len(self.content)
        while len(self.content) == before and not self.has_next and self.gap is None:
            match next(self.tokens, None):
                case None:
                    return False
                case bytes(piece):
                    self.content += piece
                case Gap() as gap:
                    self.gap = gap
                case MemberStart() as start:
                    self.is_plain = False
                    self._begin_member(start)
        return len(self.content) > before

    def _begin_member(self, start: MemberStart) -> None:
        """Add the first bytes of a member to the content, or keep them as the next content if they begin a record."""
        lead, gap = self._read_lead()
        is_first = self.position == self.first_offset and not self.content
        if not is_first and (lead.startswith(_WARC) or (gap is not None and _WARC.startswith(lead))):
            self.has_next, self.next_content, self.next_gap = True, lead, gap
            self.next_offset = start.offset
            return
        self.edges.append(self.position + len(self.content))
        self.content += lead
        self.gap = gap

    def _read_lead(self) -> tuple[bytes, Gap | None]:
        """Return the first pieces of a member, and its damage if it is there already."""
        lead = b""
        for token in self.tokens:
            if isinstance(token, Gap):
                return lead, token
            if not isinstance(token, bytes):
                break
            lead += token
            if len(lead) >= len(_WARC):
                break
        return lead, None
