"""What a value of ``overrides.toml`` must look like, and how a wrong one is told."""

import re
from collections.abc import Mapping

from pipeline.errors import ConfigError
from pipeline.kb.entry import ENTITY_TYPES
from pipeline.model import article_id_of, canonical_url

GENDER = "[FMU]"
TYPE = "|".join(ENTITY_TYPES)
ARTICLE = r"[0-9a-f]{32}|https?://\S+"


def check_text(origin: str, key: str, value: object, *, field: str, patterns: Mapping[str, str]) -> str:
    """Return a text that fits its field's pattern. Raises: ConfigError naming the key."""
    if field not in patterns:
        raise override_error(origin, key, f"is unknown; known are {', '.join(patterns)}")
    if not isinstance(value, str) or not re.fullmatch(patterns[field], value):
        raise override_error(origin, key, f"must look like {patterns[field]} (got {value!r})")
    return value


def article_id_at(url: str | None) -> str | None:
    """Return the id of the article that has its home at an address; None for what is no address on the web."""
    try:
        return None if url is None else article_id_of(canonical=canonical_url(url), text="")
    except ValueError:
        return None


def resolve_scope_key(origin: str, key: str, value: str) -> str:
    """Return a source's key or an article's id as it is, a URL as the id of its article. Raises: ConfigError."""
    if not value.startswith("http"):
        return value
    article_id = article_id_at(value)
    if article_id is None:
        raise override_error(origin, key, f"is no address of an article (got {value!r})")
    return article_id


def override_error(origin: str, key: str, what: str) -> ConfigError:
    """Return what to raise for a wrong key. ``origin`` is the file that it stands in."""
    return ConfigError(f"{origin}: {key} {what}", key=key, reason="overrides_key")
