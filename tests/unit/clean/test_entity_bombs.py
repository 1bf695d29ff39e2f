"""Entities and includes of a page: none is expanded beyond HTML's own, none loads a file or an address."""

import pytest

from newslake.pipeline.clean import clean
from tests.unit.clean.pages_for_clean import html_of, page_of

SECRET = "Keeper of the vault"
_LAUGHS = "".join(f'<!ENTITY a{at} "{f"&a{at - 1};" * 10}">' for at in range(1, 10))


@pytest.fixture
def secret(tmp_path):
    """A file that a page may not read."""
    path = tmp_path / "secret.txt"
    path.write_text(SECRET)
    return path.as_uri()


def _doctype(secret):
    return (
        f'<!DOCTYPE html [<!ENTITY a0 "{SECRET}">{_LAUGHS}<!ENTITY x SYSTEM "{secret}">'
        f'<!ENTITY % p SYSTEM "{secret}">%p;]>'
    )


INSERTS = {
    "billion laughs": "&a9;",
    "external entity": "&x;",
    "XInclude": '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{secret}" parse="text"/>',
    "object": '<object data="{secret}"></object><embed src="{secret}"><iframe src="{secret}"></iframe>',
    "svg": '<svg><use xlink:href="{secret}"/><image href="{secret}"/></svg>',
}


@pytest.mark.parametrize("content_type", ["text/html; charset=utf-8", "application/xhtml+xml"])
@pytest.mark.parametrize("insert", INSERTS)
def test_page_expands_and_loads_nothing(secret, insert, content_type):
    """The story is kept, with no text of an entity that the page declares, nor of a file."""
    source = html_of().replace("<!DOCTYPE html>", _doctype(secret))
    source = source.replace("</p>", INSERTS[insert].replace("{secret}", secret) + "</p>", 1)
    if "xhtml" in content_type:
        source = "<?xml version='1.0'?>" + source

    article = clean(page_of(source, content_type=content_type), source_key="a")

    assert "Council backs ferry terminal" in article.text
    assert SECRET not in article.text
    assert len(article.text) < 1_000


@pytest.mark.parametrize(
    "insert",
    ["&" + "amp;" * 100_000, "&lt;" * 100_000, "&" * 400_000, "&#" + "9" * 400_000 + ";", "&" + "a" * 400_000 + ";"],
    ids=["amp of amp", "many", "ampersands", "huge number", "long name"],
)
def test_references_are_read_once(insert):
    """References to characters are replaced once: the text is not longer than the page."""
    source = html_of().replace("</p>", insert + "</p>", 1)

    article = clean(page_of(source), source_key="a")

    assert "Council backs ferry terminal" in article.text
    assert len(article.text) <= len(source)
    assert "<" * 2 not in article.text or insert.startswith("&lt;")
