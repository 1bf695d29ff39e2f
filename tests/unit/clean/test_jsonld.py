"""JSON-LD as publishers write it."""

import pytest

from newslake.pipeline.clean.html import parse_html
from newslake.pipeline.clean.jsonld import plain_text, read_linked_data


@pytest.mark.parametrize(
    "script",
    [
        '{"@type":"NewsArticle","headline":"A vote"}',
        '[{"@type":"WebPage"},{"@type":["NewsArticle"],"headline":"A vote"}]',
        '{"@graph":[{"@type":"NewsArticle","headline":"A vote"}]}',
        '{"@type":"WebPage","mainEntity":{"@type":"http://schema.org/NewsArticle","headline":"A vote"}}',
        '<!-- {"@type":"NewsArticle","headline":"A vote",} -->',
        '//<![CDATA[\n{"@type":"NewsArticle","headline":"A vote"}\n//]]>',
        '{"@type":"NewsArticle","headline":"A\n vote"};',
        '{"@type":"NewsArticle","headline":"A vote"}{"@type":"Organi',
        '{"@type":"NewsArticle","headline":"A vote","x":"\\d"}',
    ],
)
def test_article_is_found(script: str) -> None:
    """Arrays, graphs, wrappers, trailing commas, invalid escapes and truncated ends give the article."""
    root = parse_html(f'<html><script type="application/ld+json">{script}</script></html>')
    assert [plain_text(node.get("headline")) for node in read_linked_data(root).articles] == ["A vote"]


@pytest.mark.parametrize("script", ["", "{", "null", "3", "[" * 100_000, '{"a":' * 100_000])
def test_broken_json_gives_nothing(script: str) -> None:
    """JSON that cannot be repaired gives no article and no error."""
    root = parse_html(f'<html><script type="application/ld+json">{script}</script></html>')
    assert read_linked_data(root).articles == ()


def test_markup_inside_values_is_read_as_text() -> None:
    """HTML and entities in a value are read as visible text."""
    assert plain_text("<p>The &amp;amp; <b>vote</b></p>") == "The & vote"


def test_half_a_character_at_the_end_of_a_text_is_left_out():
    """A headline that was cut inside an emoji ends before it; one inside the text stays visible as U+FFFD."""
    root = parse_html(
        '<script type="application/ld+json">{"@type": "Article", "headline": "A \\ud83d vote \\ud83d"}</script>'
    )
    assert [plain_text(node.get("headline")) for node in read_linked_data(root).articles] == ["A \ufffd vote"]


STORY = """{"@graph": [
    {"@type": "Organization", "@id": "#post", "name": "The Harbour Post"},
    {"@type": "NewsArticle", "headline": "A &amp; B", "publisher": {"@id": "#post"}, "keywords": ["quay", "ferry"],
     "author": [{"@type": "Person", "givenName": "Ada", "familyName": "Lorn"}]},
    {"@type": "BreadcrumbList", "itemListElement": [
        {"name": "Politics", "item": "https://post.example/politics"}, {"name": "A & B"}]}
]}"""


def test_values_of_a_story_are_read_as_text():
    """References are followed for names, lists give each element, and forename and family name are one name."""
    story = read_linked_data(parse_html(f'<script type="application/ld+json">{STORY}</script>')).story

    assert story.texts["headline"] == "A & B"
    assert story.names["publisher"] == "The Harbour Post"
    assert story.lists["keywords"] == ("quay", "ferry")
    assert [author.names for author in story.authors] == [("Ada Lorn",)]


def test_breadcrumbs_end_above_the_page():
    """A last step with the headline is the page itself."""
    data = read_linked_data(parse_html(f'<script type="application/ld+json">{STORY}</script>'))

    assert data.breadcrumbs == (("Politics", "https://post.example/politics"),)
