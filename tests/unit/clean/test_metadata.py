"""The headline that a reader sees."""

import pytest
from pages_for_clean import PARAGRAPHS, page_of

from pipeline.clean import extract

BODY = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        (
            "<title>Terminal gets its vote | Harbour Post</title>",
            "<h1>Terminal gets its vote</h1>",
            "Terminal gets its vote",
        ),
        ("<title>Terminal gets its vote - Harbour Post</title>", "", "Terminal gets its vote"),
        (
            "<title>Terminal gets its vote | Harbour Post</title>",
            "<h1><a href='/'>Harbour Post</a></h1><h2>Terminal gets its vote</h2>",
            "Terminal gets its vote",
        ),
        ('<meta property="og:title" content="Terminal gets its vote">', "<h1>Menu</h1>", "Terminal gets its vote"),
        (
            '<meta property="og:title" content="Terminal gets its vote">',
            "<h1>Harbour: Terminal gets its vote</h1>",
            "Terminal gets its vote",
        ),
        (
            '<script type="application/ld+json">{"@type":"Article","headline":"Terminal gets &quot;it&quot;"}</script>',
            "",
            'Terminal gets "it"',
        ),
    ],
)
def test_headline(head: str, body: str, title: str) -> None:
    """Site names, logos and kickers are not part of the headline."""
    html = f"<html><head>{head}</head><body><article>{body}{BODY}</article></body></html>"
    assert extract(page_of(html), source_key="s").title == title


def test_truncated_headline_does_not_end_in_a_space() -> None:
    """A title over 300 characters is truncated, and its block ends with a letter."""
    for shift in range(8):
        title = f"{'y' * shift} {'Ferry ' * 60}"
        html = f"<html><head><title>{title}</title></head><body><article><h1>{title}</h1>{BODY}</article></body></html>"
        found = extract(page_of(html), source_key="s").title
        assert found == f"{'y' * shift} {'Ferry ' * 60}".strip()[:300].rstrip()
