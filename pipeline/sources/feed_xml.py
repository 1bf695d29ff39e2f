"""The XML of an RSS or Atom feed, decoded and reduced to what newslake reads, before feedparser sees it.

feedparser takes quadratic time or worse in attributes, namespaces, nested xml:base, categories, the text of an author
and the XML declaration: 100 kB can take minutes. The reduced feed has only the elements in ``_LEAVES``, each with a
short text and a few attributes. One pass in linear time reads it, whether it is well-formed or not.
"""

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html.entities import html5
from xml.sax.saxutils import escape, quoteattr

from newslake.pipeline.unicode import to_well_formed

ENTRIES_MAX = 50_000  # per listing, as in sitemaps
_TOKENS_MAX = 2_000_000  # in all
_LEAVES_MAX = 500_000  # of the elements that feedparser gets
_PREFIXES_MAX = 100  # feedparser compares each element with each namespace
_TEXT_MAX_CHARS = 10_000

_ROOTS = ("rss", "rdf", "feed", "channel")
_ENTRIES = ("item", "entry")
_DATES = ("pubdate", "published", "issued", "created", "updated", "modified", "date")
_LEAVES = ("title", "link", "guid", "id", "language", *_DATES)
_SCOPED = ("xml:base", "base", "xml:lang", "lang")
_ATTRIBUTES = ("version", "type", "mode", "rel", "href", "url", "ispermalink", *_SCOPED)
_VOID = ("br", "hr", "img", "meta", "wbr")  # of HTML without an end tag

_TOKEN = re.compile(
    r"""<!--.*?(?:-->|\Z)|<!\[CDATA\[(?P<cdata>.*?)(?:\]\]>|\Z)|<[?!][^<>]*+>|
    </\s*+(?P<end>[^\s<>/]++)[^<>]*+>|
    <(?P<start>[A-Za-z_][\w.:-]*+)(?P<attributes>(?:[^<>"']++|"[^"<]*+"|'[^'<]*+'|["'])*+)>|
    (?P<text>[^<]++|<)""",
    re.DOTALL | re.VERBOSE,
)
_ATTRIBUTE = re.compile(r"""([^\s=<>"'/]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'<>]++)))?""")
_REFERENCE = re.compile(r"&(?:#(?P<decimal>\d{1,7})|#[xX](?P<hex>[0-9A-Fa-f]{1,6})|(?P<name>\w{1,40}));")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class ReducedFeed:
    """A reduced feed as UTF-8; empty if it is no feed. ``failure`` is (reason, detail) of what ended the reading."""

    xml: bytes
    failure: tuple[str, str] | None


def reduce_feed(text: str) -> ReducedFeed:
    """Return the reduced form of a feed. The entries before a failure are in it."""
    reduction = _Reduction(is_strict=True)
    failure = reduction.read(text)
    if reduction.has_swallowed:
        reduction = _Reduction(is_strict=False)
        failure = reduction.read(text)
    return ReducedFeed(reduction.xml(), failure)


class _Reduction:
    """The reduced feed so far, and the open elements of the feed that is read.

    If ``is_strict``, an entry inside an element that is not read is part of it: content may be any XML.
    ``has_swallowed`` says that such an element has no end tag, so what follows it was no part of it.
    """

    def __init__(self, *, is_strict: bool) -> None:
        self.has_swallowed = False
        self._is_strict = is_strict
        self._out: list[str] = []
        self._open: list[str] = []  # the root, the channel and the entry, as written
        self._vocabulary: set[str] = set()  # prefixes of these elements; another one is another vocabulary
        self._entry_at: int | None = None  # where the open entry begins in the output
        self._leaf: str | None = None
        self._chars = 0  # of the leaf's text
        self._skipped: str | None = None  # an element that is not read, with all in it
        self._depth = 0  # of elements of that name
        self._inner: Counter[str] = Counter()  # open containers in it, by local name
        self._prefixes: set[str] = set()
        self._entries = self._leaves = 0
        self._is_ended = False

    def read(self, text: str) -> tuple[str, str] | None:
        """Read a feed to its end, or to the first failure, which is returned. An unfinished entry is dropped."""
        failure = self._read(text)
        self.has_swallowed |= bool(self._inner)
        if self._entry_at is not None:  # its link may be cut
            del self._out[self._entry_at :]
            self._leaf = None
            self._open.pop()
            failure = failure or self._ended_early()
        return failure

    def _read(self, text: str) -> tuple[str, str] | None:
        for number, token in enumerate(_TOKEN.finditer(text)):
            if (name := token["start"]) is not None:
                self._start(name, token["attributes"])
                if (excess := self._excess(number)) is not None:
                    return excess
            elif (name := token["end"]) is not None:
                self._end(name)
            elif self._leaf is not None:
                self._add(token["cdata"] or _resolved(token["text"] or ""))
        return self._ended_early() if self._open and not self._is_ended else None

    def _ended_early(self) -> tuple[str, str]:
        return "broken_feed", f"it ends before </{self._open[0]}>"

    def _excess(self, tokens: int) -> tuple[str, str] | None:
        if self._entries > ENTRIES_MAX:
            return "too_many_urls", f"it has more than {ENTRIES_MAX} entries"
        if tokens > _TOKENS_MAX or self._leaves > _LEAVES_MAX:
            return (
                "too_complex",
                f"it has more than {_TOKENS_MAX} tags and texts, or {_LEAVES_MAX} titles, links and dates",
            )
        if len(self._prefixes) > _PREFIXES_MAX:
            return "too_complex", f"it has more than {_PREFIXES_MAX} namespaces"
        return None

    def xml(self) -> bytes:
        """Return the reduced feed, with every open element closed."""
        self._close(down_to=0)
        return "".join(self._out).encode()

    def _start(self, name: str, attributes: str) -> None:
        local, is_empty = _local(name), attributes.endswith("/")
        is_container = self._is_container(name)
        if self._skipped is not None and (self._is_strict or not is_container):
            self._depth += name == self._skipped and not is_empty
            if is_container and not is_empty:
                self._inner[local] += 1
        elif is_container:
            self._start_container(name, local, attributes)
            if is_empty:
                self._end(name)
        elif self._open:
            self._start_other(name, local, attributes, is_empty=is_empty)

    def _start_other(self, name: str, local: str, attributes: str, *, is_empty: bool) -> None:
        """Start a leaf, or an element that is not read."""
        if local in _LEAVES and (self._leaf is None or _local(self._leaf) != local):
            self._close_leaf()
            self._write_start(name, attributes)
            self._leaf, self._chars = name, 0
            self._leaves += 1
            if is_empty:
                self._close_leaf()
        elif self._leaf is None and not is_empty and local not in _VOID:
            self._skipped, self._depth = name, 1

    def _is_container(self, name: str) -> bool:
        """Return whether a name is that of a root, channel or entry in the vocabulary of the feed.

        The root of RDF has another prefix than the channel and the items in it.
        """
        local = _local(name)
        if not self._open:
            return local in _ROOTS
        is_first_in_rdf = len(self._open) == 1 and len(self._vocabulary) == 1 and _local(self._open[0]) == "rdf"
        return local in (*_ROOTS, *_ENTRIES) and (_prefix(name) in self._vocabulary or is_first_in_rdf)

    def _start_container(self, name: str, local: str, attributes: str) -> None:
        names = [_local(each) for each in self._open]
        if local in names and local in _ROOTS:
            return
        at = next((at for at, each in enumerate(names) if each in _ENTRIES), len(names))
        self._close(down_to=at)  # an entry in an entry has lost its end tag
        if local in _ENTRIES:
            self._entries += 1
            self._entry_at = len(self._out)
        self._write_start(name, attributes)
        self._open.append(name)
        self._vocabulary.add(_prefix(name))

    def _end(self, name: str) -> None:
        local = _local(name)
        if self._leaf is not None and name == self._leaf:
            self._close_leaf()
        elif self._inner[local] and self._is_container(name):
            self._inner[local] -= 1
        elif self._is_container(name):
            names = [_local(each) for each in self._open]
            if local in names:
                self._is_ended |= names[0] == local
                self._close(down_to=max(names.index(local), 1))  # broken feeds have entries after the end of the root
        elif name == self._skipped:
            self._depth -= 1
            if self._depth == 0:
                self._skipped = None
                self._inner.clear()

    def _close(self, *, down_to: int) -> None:
        self._close_leaf()
        self.has_swallowed |= bool(self._inner)
        self._skipped = None
        self._inner.clear()
        while len(self._open) > down_to:
            self._out.append(f"</{self._open.pop()}>")
            self._entry_at = None  # it is the innermost

    def _close_leaf(self) -> None:
        if self._leaf is not None:
            self._out.append(f"</{self._leaf}>")
            self._leaf = None

    def _add(self, text: str) -> None:
        text = text[: _TEXT_MAX_CHARS - self._chars]
        self._chars += len(text)
        self._out.append(escape(_cleaned(text)))

    def _write_start(self, name: str, attributes: str) -> None:
        self._out.append(f"<{name}")
        self._out.extend(f" {each}={quoteattr(value)}" for each, value in self._attributes(attributes))
        self._out.append(">")

    def _attributes(self, attributes: str) -> Iterator[tuple[str, str]]:
        seen = set()
        for match in _ATTRIBUTE.finditer(attributes):
            name = match[1].lower()
            is_prefix = name == "xmlns" or name.startswith("xmlns:")
            if name in seen or not (is_prefix or name in _ATTRIBUTES or _local(name) == "about"):
                continue
            seen.add(name)
            if is_prefix:
                self._prefixes.add(name)
            value = match[2] or match[3] or match[4] or ""
            yield match[1], _cleaned(_resolved(value[:_TEXT_MAX_CHARS]))


def _local(name: str) -> str:
    return name.rpartition(":")[2].lower()


def _prefix(name: str) -> str:
    return name.rpartition(":")[0]


def _cleaned(text: str) -> str:
    """Return a text that XML allows."""
    return _NOT_XML.sub("\ufffd", to_well_formed(text))


def _resolved(text: str) -> str:
    """Return a text with its references resolved: of XML, and the names of HTML, which feeds do not declare."""
    return _REFERENCE.sub(_referent, text) if "&" in text else text


def _referent(reference: re.Match[str]) -> str:
    if reference["name"] is not None:
        return html5.get(f"{reference['name']};", reference.group())
    code = int(reference["decimal"]) if reference["decimal"] is not None else int(reference["hex"], 16)
    return chr(code) if 0 < code < 0x110000 else "\ufffd"


# Decoding.

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\0?\0", "utf-16-le"),
    (b"\0<\0?", "utf-16-be"),
)
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE | re.ASCII)
_DECLARED = re.compile(rb"""\A\s{0,100}<\?xml[^<>]{0,200}?encoding\s{0,9}=\s{0,9}["']([\w.:-]{1,40})""")
_HEAD_BYTES = 1000
_SUPERSETS = {"ascii": "utf-8", "iso8859-1": "cp1252", "gb2312": "gb18030"}
# Not charsets of documents: they take quadratic time, or decode to other markup than a reader sees.
_NOT_CHARSETS = ("punycode", "idna", "undefined", "unicode_escape", "raw_unicode_escape", "unicode-escape", "utf-7")


def decode_feed(body: bytes, *, content_type: str) -> str:
    """Return a feed as text: by its BOM, the charset of the header, the XML declaration, or as UTF-8, as it fits.

    Some bad bytes in UTF-8 become U+FFFD; a text that is not UTF-8 is taken as Windows-1252.
    """
    stated = [name for mark, name in _BOMS if body.startswith(mark)][:1]
    stated += _CHARSET.findall(content_type)[:1]
    stated += [name.decode("ascii", "replace") for name in _DECLARED.findall(body[:_HEAD_BYTES])]
    for name in (*stated, "utf-8"):
        try:
            return body.decode(_codec(name)).removeprefix("\ufeff")
        except (LookupError, ValueError):
            continue
    text = body.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    if bad <= sum(not char.isascii() for char in text) - bad:  # most of it is UTF-8
        return text.removeprefix("\ufeff")
    return body.decode("cp1252", "replace")


def _codec(name: str) -> str:
    known = codecs.lookup(name).name
    if known in _NOT_CHARSETS:
        raise LookupError(f"{name} is not a charset")
    return _SUPERSETS.get(known, known)
