"""Decode a page: detect its kind of document and its charset, and return its text.

A declared charset is used only if the bytes are valid in it.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Literal

from charset_normalizer import from_bytes
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from newslake.pipeline.errors import UndecodablePageError
from newslake.pipeline.model import Page
from newslake.pipeline.unicode import to_well_formed

# The single-byte charset of a Latin text: its words give the language, and the language gives the charset.

_BETWEEN_TAGS = re.compile(rb"[^<>{}]+")
_AROUND_HIGH = re.compile(rb".{0,60}[\x80-\xff].{0,60}", re.DOTALL)
_C1 = re.compile(rb"[\x80-\x9f]")  # letters and quotation marks in windows charsets, control codes in ISO charsets
_SAMPLE_BYTES, _LATIN_SAMPLE_CHARS = 200_000, 2000
_SURE = 0.9
_CENTRAL = ("pl", "cs", "sk", "hu", "sl", "hr", "bs")


def latin_charset(body: bytes) -> str:
    """Return the charset of Latin text with one byte per letter: cp1252 unless the language is clear."""
    texts = (text for text in _BETWEEN_TAGS.findall(body[:_SAMPLE_BYTES]) if not text.isascii())
    sample = b" ".join(words for text in texts for words in _AROUND_HIGH.findall(text))[:_LATIN_SAMPLE_CHARS]
    code, probability = language_identifier().classify(sample.decode("latin-1"))
    if not sample or probability < _SURE:
        return "cp1252"
    if code in _CENTRAL:
        return "cp1250" if _C1.search(body) else "iso8859-2"
    return "cp1254" if code == "tr" else "cp1252"


@cache
def language_identifier() -> LanguageIdentifier:
    """Return the language identifier, loaded once per process."""
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


# The kind of document, from the content type and the first bytes.

MediaKind = Literal["html", "text", "other"]

_HTML_TYPES = ("text/html", "application/xhtml+xml")
_UNSURE_TYPES = (
    "",
    "application/octet-stream",
    "binary/octet-stream",
    "text/xml",
    "application/xml",
    "unknown/unknown",
)
_STARTS_AS_HTML = re.compile(
    rb"^\W{0,4}(?:<\?xml[^>]*+>|(?><!--.*?-->)|\s)*+<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)
_HAS_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|article|div|p|h1|meta|title|script)\b[^>]*>", re.I)
_XML_FEED = re.compile(rb"<(?:rss|feed|urlset|sitemapindex|rdf:rdf)\b", re.I)


def media_kind_of(page: Page) -> MediaKind:
    """Return the kind of a page from its content type, or from its first bytes if the content type is no help."""
    head, content_type = page.body[:4096].replace(b"\x00", b""), page.content_type
    if content_type in _HTML_TYPES:
        return "html"
    if content_type in ("text/plain", "text/markdown"):
        return "html" if _STARTS_AS_HTML.match(head) else "text"
    if content_type in _UNSURE_TYPES and not _XML_FEED.search(head[:1000]):
        return "html" if _HAS_HTML.search(head) else "text"
    return "other"


# The charset of a page, and its text.

_HIGH = re.compile(rb"[\x80-\xff]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]{1,4}")
_HIGH_RUN = re.compile(rb"[\x80-\xff]{3,}")
_META_CHARSET = re.compile(rb"<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.I)
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.I)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What browsers read for a label: https://encoding.spec.whatwg.org/#names-and-labels
_BROWSER_CODECS = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "latin-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "johab": "cp949",
    "shift_jis": "cp932",
}
_BROWSER_LABELS = {"windows-949": "cp949", "x-gbk": "gb18030", "x-sjis": "cp932", "x-euc-jp": "euc_jp"}
_MULTI_BYTE = ("cp932", "euc_jp", "gb18030", "big5", "big5hkscs", "cp949")
_BROKEN_SHARE = 0.01  # of the characters that are not ASCII: a page with one letter cut in two has a few
_SAMPLE_TEXTS, _SAMPLE_TEXT_BYTES = 8, 40
_PYTHON_ONLY_CODECS = ("idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined")  # codecs, not charsets
_SEVEN_BIT = ("iso2022", "hz")
_BINARY = (b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04", b"\x1f\x8b", b"\x00\x00\x00\x1cftyp")
# C0 controls except white space, and the replacement character: valid text has none.
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ufffd]")
_DETECT_BYTES = 200_000
# The charsets that browsers detect. Without this list, a Cyrillic page may be detected as Macintosh.
_WEB_CHARSETS = (
    "utf-8", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874", "cp866",
    "iso8859_2", "iso8859_5", "iso8859_7", "koi8_r", "koi8_u", "cp932", "euc_jp", "gb18030", "big5", "cp949", "euc_kr",
)  # fmt: skip
_UTF16_SHARE, _UTF16_RATIO = 0.05, 4  # even a Japanese page has ASCII markup, with all zero bytes on one side
_SAMPLE_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class DecodedText:
    """The text of a page. ``is_repaired``: its bytes are not in its declared charset."""

    text: str
    charset: str
    is_repaired: bool
    kind: MediaKind


def decode_page(page: Page) -> DecodedText | str:
    """Return the text of an HTML or text page, or the flag of ``EMPTY_FLAGS`` of any other one.

    Raises: UndecodablePageError.
    """
    if not page.body or page.body.isspace():
        return "empty"
    kind = media_kind_of(page)
    return "content_type" if kind == "other" else _decode(page, kind)


def decode_body(page: Page) -> DecodedText:
    """Return the text of a page of any kind. Raises: UndecodablePageError."""
    return _decode(page, media_kind_of(page))


def _decode(page: Page, kind: MediaKind) -> DecodedText:
    """Return the whole text of a page, without the byte order mark. In plain text, NUL becomes U+FFFD.

    Evidence in order: the byte order mark, bytes that can only be Unicode, the charset of header and meta element,
    then detection. Raises: UndecodablePageError if the result is not text.
    """
    body, bom = _without_bom(page.body)
    declared = _declared_codecs(page, body)
    charset = bom or _detect_unicode(body) or next((name for name in declared if _fits(body, name)), None)
    charset = charset or next((name for name in declared if _nearly_fits(body, name)), None)
    if charset == "cp1252":  # the default of many servers, and valid for all bytes
        charset = latin_charset(body) if _is_latin(body) else None
    text = body.decode(charset, "replace") if charset else _detect(body)
    undoubled = _repair_double_utf8(text) if charset == "utf-8" else None
    text = undoubled or text
    if kind == "text":  # in HTML the parser decides what NUL means
        text = to_well_formed(text)
    if body.startswith(_BINARY) or len(_NO_TEXT.findall(text[:_SAMPLE_CHARS])) > max(
        8, len(text[:_SAMPLE_CHARS]) // 20
    ):
        raise UndecodablePageError(
            f"{page.final_url or page.url or 'this page'} cannot be decoded to text (first bytes {body[:8]!r}); its "
            "bytes are in the archive; check them, or remove such links from the source",
            key=page.final_url or page.url or "",
            reason="undecodable",
        )
    is_misdeclared = bool(declared) and not body.isascii() and (charset != declared[0] or not _fits(body, charset))
    return DecodedText(text, charset or "detected", is_misdeclared or undoubled is not None, kind)


def _without_bom(body: bytes) -> tuple[bytes, str | None]:
    for mark, charset in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :], charset if _fits(body[len(mark) :], charset) else None
    return body, None


def _declared_codecs(page: Page, body: bytes) -> tuple[str, ...]:
    """Return the codecs in header and meta element, in that order."""
    header = _HEADER_CHARSET.search(page.headers.get("content-type", ""))
    meta = _META_CHARSET.search(body[:4096])
    names = [header.group(1) if header else None, meta.group(1).decode("ascii") if meta else None]
    return tuple(codec for name in names if name and (codec := _codec_named(name)) is not None)


def _codec_named(name: str) -> str | None:
    try:
        info = codecs.lookup(_BROWSER_LABELS.get(name.lower(), name))
    except LookupError:
        return None
    is_text = getattr(info, "_is_text_encoding", True)  # "hex", "rot13" and similar codecs are not
    if not is_text or info.name.replace("-", "_") in _PYTHON_ONLY_CODECS:
        return None
    # A page with a meta element that is readable as ASCII is not in UTF-16.
    return "utf-8" if info.name.startswith(("utf-16", "utf-32", "utf-7")) else _BROWSER_CODECS.get(info.name, info.name)


def _detect_unicode(body: bytes) -> str | None:
    """Return the Unicode encoding that the bytes cannot match by chance, or None."""
    if (wide := _utf16(body)) is not None:
        return wide
    if body.find(b"\x1b$") >= 0 and _fits(body, "iso2022_jp"):
        return "iso2022_jp"
    return "utf-8" if not body.isascii() and _fits(body, "utf-8") else None


def _utf16(body: bytes) -> str | None:
    sample = body[:2000]
    little, big = sample[1::2].count(0), sample[0::2].count(0)
    most, least = max(little, big), min(little, big)
    if len(sample) <= 8 or most <= _UTF16_SHARE * len(sample) / 2 or most <= _UTF16_RATIO * least:
        return None
    charset = "utf-16-le" if little > big else "utf-16-be"
    return charset if _fits(body[: len(body) // 2 * 2], charset) else None


def _is_latin(body: bytes) -> bool:
    """Return whether bytes over 127 are mostly isolated, as in Latin text; runs of them are another script."""
    return 2 * sum(map(len, _HIGH_RUN.findall(body))) <= len(_HIGH.findall(body))


def _repair_double_utf8(text: str) -> str | None:
    """Return the original of a text that was encoded as UTF-8 twice; None for any other text."""
    first = _NOT_ASCII.search(text)
    if first is None:
        return None
    try:  # most texts fail in their first letter; a whole page takes as long to encode as to parse
        start = first[0].encode("cp1252", _KEEP_UNDEFINED).decode("utf-8", "surrogateescape")
        return None if "\udc80" <= start[0] <= "\udcff" else text.encode("cp1252", _KEEP_UNDEFINED).decode("utf-8")
    except UnicodeError:
        return None


def _fits(body: bytes, charset: str) -> bool:
    if charset.startswith(_SEVEN_BIT) and b"\x1b" not in body and b"~{" not in body:
        return False
    try:
        body.decode(charset)
    except (UnicodeError, LookupError):
        return False
    return True


def _nearly_fits(body: bytes, charset: str) -> bool:
    """Return whether a text in a charset of several bytes per letter is valid but for a few letters."""
    if charset not in _MULTI_BYTE:
        return False
    text = body.decode(charset, "replace")
    return text.count("\ufffd") <= max(2, _BROKEN_SHARE * (len(text) - len(body.decode("ascii", "ignore"))))


def _detect(body: bytes) -> str:
    """Return the text of bytes that are not valid in a declared charset.

    Isolated bytes in Latin text are windows-1252 inside ASCII or UTF-8; runs of them are another script.
    """
    strange = b"".join(_invalid_utf8(body))
    if not strange or _is_latin(body) or len(strange) < max(20, _BROKEN_SHARE * len(_HIGH.findall(body))):
        is_plain = len(strange) == len(_HIGH.findall(body[:_DETECT_BYTES]))  # no UTF-8 among them
        charset = latin_charset(body) if is_plain else "cp1252"
        return body.decode("utf-8", _AS_WINDOWS) if charset == "cp1252" else body.decode(charset, "replace")
    best = _detect_charset(body[:_DETECT_BYTES]) or next(_nearly_fitting(body), None)
    return body.decode(best, "replace") if best else body.decode("utf-8", _AS_WINDOWS)


def _detect_charset(body: bytes) -> str | None:
    best = from_bytes(body, cp_isolation=list(_WEB_CHARSETS)).best()
    return best.encoding if best is not None else None


def _nearly_fitting(body: bytes) -> Iterator[str]:
    """Yield the charsets of single texts of a page in which the whole page is nearly valid."""
    texts = (text for text in _BETWEEN_TAGS.findall(body) if len(_HIGH.findall(text)) >= _SAMPLE_TEXT_BYTES)
    for text in islice(texts, _SAMPLE_TEXTS):
        charset = _detect_charset(text)
        if charset and _nearly_fits(body, charset):
            yield charset


def _invalid_utf8(body: bytes) -> list[bytes]:
    text = body[:_DETECT_BYTES].decode("utf-8", "surrogateescape")
    return [char.encode("utf-8", "surrogateescape") for char in text if "\udc80" <= char <= "\udcff"]


def _windows_bytes(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    lost = error.object[error.start : error.end]
    return "".join(bytes([byte]).decode("cp1252", "replace") for byte in lost), error.end


_AS_WINDOWS = "newslake.windows_bytes"
codecs.register_error(_AS_WINDOWS, _windows_bytes)


def _undefined_bytes(error: UnicodeError) -> tuple[bytes, int]:
    """Encode the control characters that browsers read for the five undefined bytes of windows-1252."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    if set(lost) - set("\x81\x8d\x8f\x90\x9d"):
        raise error
    return lost.encode("latin-1"), error.end


_KEEP_UNDEFINED = "newslake.undefined_bytes"
codecs.register_error(_KEEP_UNDEFINED, _undefined_bytes)
