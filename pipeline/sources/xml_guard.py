"""XML that declares entities is refused before any parser sees it."""

import re

_DOCTYPE = re.compile(rb"<!DOCTYPE", re.IGNORECASE)
_ENTITY = re.compile(rb"<!ENTITY", re.IGNORECASE)


def declares_entities(body: bytes) -> bool:
    """Return whether a document has a DOCTYPE and an entity declaration, in any encoding that keeps ASCII in order."""
    if b"\0" in body[:8]:  # UTF-16, UTF-32
        body = body.replace(b"\0", b"")
    return bool(_DOCTYPE.search(body) and _ENTITY.search(body))
