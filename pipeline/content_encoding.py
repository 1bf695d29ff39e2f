"""Decode content codings (RFC 9110) in small pieces, so that the limit on the output holds for any input."""

import sys
import zlib
from collections.abc import Callable, Iterable, Iterator

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_PIECE = 1 << 18  # maximum bytes that one step may decode
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP = 16 + zlib.MAX_WBITS
_CODED_PIECE = 1 << 16
_CODINGS_MAX = 4  # no server has a reason for more
_MEMBERS_MAX = 50_000  # gzip members or zstd frames of one coding; each takes time, however little it holds
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_SNIFFED = 1445
_BINARY = bytes([*range(0x09), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20)])
_NOT_BINARY = bytes(set(range(256)) - set(_BINARY))
_BYTE_ORDER_MARKS = (b"\xfe\xff", b"\xff\xfe", b"\xef\xbb\xbf")
# A window of 8 MB, the maximum of RFC 9659.
_ZSTD_OPTIONS: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 23}


class BadEncodingError(ValueError):
    """Bytes that are not in the claimed coding, or an unknown coding."""


class CutShortError(BadEncodingError):
    """The encoded stream is truncated: its end marker is missing."""


class TooLargeError(ValueError):
    """More bytes than the limit."""


def decode_body(chunks: Iterable[bytes], *, content_encoding: str, max_bytes: int, is_cut: bool = False) -> bytes:
    """Return the body without its content codings; codings may be nested, and gzip may have several members.

    With ``is_cut`` a longer output is cut to ``max_bytes``. What an outer coding holds may have about twice that size.
    Raises: TooLargeError at the first byte over a limit, or at one gzip member or zstd frame too many;
    BadEncodingError, CutShortError.
    """
    codings = [coding.strip().lower() for coding in content_encoding.split(",") if coding.strip()]
    if len(codings) > _CODINGS_MAX:
        raise BadEncodingError(f"{len(codings)} content codings on one body")
    if codings:
        chunks = _split_chunks(chunks)
    for depth, coding in enumerate(reversed(codings)):
        if coding not in _DECODERS:
            raise BadEncodingError(f"unknown content coding {coding[:40]!r}")
        if depth:
            # An inner coding may hold nothing, so the limit on the output does not bound what it reads.
            chunks = _limit_inner(chunks, 2 * max_bytes + _CODED_PIECE)
        chunks = _DECODERS[coding](chunks)
    return _collect(chunks, max_bytes, is_cut=is_cut)


def decode_stored_body(raw: bytes, *, content_encoding: str, max_bytes: int) -> bytes:
    """Return a body from an archive without its content codings, or unchanged if it is plain despite its headers.

    Many archives store the decoded body with the original headers, and servers name codings that they do not use.
    Raises: TooLargeError, BadEncodingError, CutShortError.
    """
    codings = content_encoding.lower().replace(",", " ").split()
    if codings and not _MAGIC.get(codings[-1], _any_start)(raw):
        content_encoding = ""
    try:
        decoded = decode_body((raw,) if raw else (), content_encoding=content_encoding, max_bytes=max_bytes)
    except BadEncodingError:
        if not is_text(raw):
            raise
    else:
        # Deflate has no magic number and no checksum: some texts are valid input by chance.
        if is_text(decoded) or not is_text(raw):
            return decoded
    return decode_body((raw,), content_encoding="", max_bytes=max_bytes)


def is_text(data: bytes) -> bool:
    """Return whether data begins as text does: with a byte order mark, or without a binary byte in its first bytes.

    The bytes are those of the MIME Sniffing Standard, section 7.2.
    """
    return data.startswith(_BYTE_ORDER_MARKS) or not data[:_SNIFFED].translate(None, delete=_NOT_BINARY)


def _split_chunks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in small pieces, because the end of each gzip member copies the rest of its piece."""
    for chunk in chunks:
        for start in range(0, len(chunk), _CODED_PIECE):
            yield chunk[start : start + _CODED_PIECE]


def gunzip(data: bytes, *, max_bytes: int) -> bytes:
    """Return the decompressed content of gzip data, such as a ``.gz`` file.

    Raises: TooLargeError, BadEncodingError, CutShortError.
    """
    return decode_body((data,), content_encoding="gzip", max_bytes=max_bytes)


def _collect(chunks: Iterable[bytes], max_bytes: int, *, is_cut: bool) -> bytes:
    parts, size = [], 0
    for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size > max_bytes:
            if not is_cut:
                raise TooLargeError(f"more than {max_bytes} bytes")
            break
    body = parts[0] if len(parts) == 1 else b"".join(parts)
    return body[:max_bytes] if is_cut else body


def _limit_inner(chunks: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > max_bytes:
            raise TooLargeError(f"more than {max_bytes} bytes inside its outer content coding")
        yield chunk


def _check_members(count: int) -> None:
    if count > _MEMBERS_MAX:
        raise TooLargeError(f"more than {_MEMBERS_MAX} compressed members in one content coding")


def _identity(chunks: Iterable[bytes]) -> Iterable[bytes]:
    return chunks


def gunzip_chunks(chunks: Iterable[bytes], *, is_strict: bool = False) -> Iterator[bytes]:
    """Yield the output of every gzip member, in pieces of at most 256 KiB.

    Bytes after the last member are ignored, as browsers do; with ``is_strict`` only zeros are allowed there.
    Raises: BadEncodingError or CutShortError, after everything that can be decoded was yielded; TooLargeError at one
    member too many.
    """
    source = iter(chunks)
    rest = _head(source, 2)
    if not rest:
        return
    members = 0
    while rest.startswith(_GZIP_MAGIC):
        members += 1
        _check_members(members)
        engine = zlib.decompressobj(_GZIP)
        yield from inflate(engine, rest, source)
        rest = engine.unused_data
        if len(rest) < 2:
            rest += _head(source, 2 - len(rest))
        if not rest.startswith(_GZIP_MAGIC):
            if is_strict and rest.strip(b"\0"):
                raise BadEncodingError("a gzip member is followed by bytes that are not gzip")
            return
    raise BadEncodingError("the body is not gzip")


def _inflate_any(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the output of "deflate"; servers send it with or without a zlib header (RFC 1950)."""
    source = iter(chunks)
    head = _head(source, 2)
    if not head:
        return
    has_header = len(head) >= 2 and head[0] & 0x0F == 8 and int.from_bytes(head[:2]) % 31 == 0
    yield from inflate(zlib.decompressobj(zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS), head, source)


def inflate(engine: "zlib._Decompress", data: bytes, source: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the output of one zlib stream, which begins with ``data``, in pieces of at most 256 KiB.

    The engine keeps the bytes after its end as ``unused_data``. Raises: CutShortError, BadEncodingError.
    """
    try:
        while not engine.eof:
            piece = engine.decompress(data, _PIECE)
            if piece:
                yield piece
            data = engine.unconsumed_tail
            if not data and len(piece) < _PIECE and not engine.eof:
                data = next(source, b"")
                if not data:
                    raise CutShortError("the encoded body is truncated")
    except zlib.error as error:
        raise BadEncodingError(f"the body does not match its content coding: {error}") from error


def _unbrotli(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the output of "br", a single stream (RFC 7932). Bytes after its end are an error."""
    engine, source = brotli.Decompressor(), iter(chunks)
    data = _head(source, 1)
    if not data:
        return
    try:
        while not engine.is_finished():
            piece = engine.process(data, output_buffer_limit=_PIECE)
            if piece:
                yield piece
            data = b""
            if not engine.is_finished() and engine.can_accept_more_data() and not piece:
                data = next(source, b"")
                if not data:
                    raise CutShortError("the encoded body is truncated")
    except brotli.error as error:
        raise BadEncodingError(f"the body does not match its content coding: {error}") from error


def _unzstd(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the output of every zstd frame. Skippable frames, and bytes after the last frame, are ignored."""
    source = iter(chunks)
    rest = _head(source, len(_ZSTD_MAGIC))
    if not rest:
        return
    if not _is_zstd(rest):
        raise BadEncodingError("the body is not zstd")
    frames = 0
    while _is_zstd(rest):
        frames += 1
        _check_members(frames)
        engine = zstd.ZstdDecompressor(options=_ZSTD_OPTIONS)
        yield from _unframe(engine, rest, source)
        rest = engine.unused_data
        if len(rest) < len(_ZSTD_MAGIC):
            rest += _head(source, len(_ZSTD_MAGIC) - len(rest))


def _any_start(head: bytes) -> bool:
    return True


def _is_gzip(head: bytes) -> bool:
    return head.startswith(_GZIP_MAGIC)


def _is_zstd(head: bytes) -> bool:
    is_skippable = head[1:4] == b"\x2a\x4d\x18" and head[0] & 0xF0 == 0x50
    return head.startswith(_ZSTD_MAGIC) or is_skippable


def _unframe(engine: zstd.ZstdDecompressor, data: bytes, source: Iterator[bytes]) -> Iterator[bytes]:
    try:
        while not engine.eof:
            piece = engine.decompress(data, _PIECE)
            if piece:
                yield piece
            data = b""
            if engine.needs_input and not engine.eof:
                data = next(source, b"")
                if not data:
                    raise CutShortError("the encoded body is truncated")
    except zstd.ZstdError as error:
        raise BadEncodingError(f"the body does not match its content coding: {error}") from error


def _head(source: Iterator[bytes], size: int) -> bytes:
    head = b""
    while len(head) < size and (chunk := next(source, b"")):
        head += chunk
    return head


_DECODERS: dict[str, Callable[[Iterable[bytes]], Iterable[bytes]]] = {
    "gzip": gunzip_chunks,
    "x-gzip": gunzip_chunks,
    "deflate": _inflate_any,
    "br": _unbrotli,
    "zstd": _unzstd,
    "identity": _identity,
}

# Whether bytes can begin a coding; "deflate" and "br" begin with any bytes.
_MAGIC: dict[str, Callable[[bytes], bool]] = {"gzip": _is_gzip, "x-gzip": _is_gzip, "zstd": _is_zstd}
