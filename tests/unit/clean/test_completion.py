"""Bodies in several containers, and paragraphs that an extractor leaves out: all are read, none twice."""

import pytest
from pages_for_clean import PARAGRAPHS, html_of, page_of

from newslake.pipeline.clean import Origin, explain
from newslake.pipeline.clean.blocks import TextPiece
from newslake.pipeline.clean.completion import complete_pieces
from newslake.pipeline.clean.html import parse_html
from newslake.pipeline.model import Article

STORY = tuple(
    f"In chapter {n} of the harbour's long history the fishing families of the old quay asked the council for a wall, "
    f"and in year {n} the council answered that a wall would cost more than all the boats of Port Arlen together."
    for n in range(2, 11)
)
ADVERTISEMENT = "<div class='ad-slot'><span>Advertisement</span></div>"


def _paragraphs(texts: tuple[str, ...]) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def _article(body: str) -> Article:
    return explain(page_of(html_of(body=body)), Origin("harbour")).article


def _method(article: Article) -> str:
    return next(field.method for field in article.field_methods if field.field == "body")


def _complete(body: str, *known: str) -> list[str]:
    root = parse_html(f"<html><body><h1>Walls</h1>{body}</body></html>")
    return [piece.text for piece in complete_pieces([TextPiece("paragraph", text) for text in known], root).pieces]


@pytest.mark.parametrize("name", ["article__content", "entry-content", "post-body"])
def test_sibling_containers_of_one_class_are_one_body(name: str) -> None:
    """A story in three containers of one class, with advertisements between them, is read whole and in order."""
    parts = (STORY[:3], STORY[3:6], STORY[6:])
    body = ADVERTISEMENT.join(f"<div class='{name}'>{_paragraphs(part)}</div>" for part in parts)
    article = _article(f"<div class='page-body'>{body}</div>")
    assert (article.texts("paragraph"), _method(article)) == (STORY, "completed")
    assert "body_incomplete" not in article.flags


def test_paragraph_with_a_long_link_is_read() -> None:
    """A sentence that is mostly a link is part of the story; a lone link to another story is not."""
    linked = (
        "It also plans a wall that <a href='/wall'>would stand as high as the old lighthouse of the eastern quay</a>."
    )
    lone = "<p><a href='/other'>The lighthouse keeper of the eastern quay retires after forty years.</a></p>"
    body = f"<div class='text'>{_paragraphs(STORY[:3])}<p>{linked}</p>{lone}{_paragraphs(STORY[3:])}</div>"
    plain = "It also plans a wall that would stand as high as the old lighthouse of the eastern quay."
    assert _complete(body, *STORY) == [*STORY[:3], plain, *STORY[3:]]


def test_first_paragraph_around_a_box_is_read() -> None:
    """If a container has its first paragraph itself and all others in a box, the first one is read too."""
    body = f"<div class='post-text'><p>{STORY[0]}</p><div class='hideable'>{_paragraphs(STORY[1:])}</div></div>"
    assert _complete(body, *STORY[1:]) == list(STORY)


def test_next_story_is_not_read() -> None:
    """Containers after another headline, or in a list of linked headlines, are other stories."""
    other = f"<div class='entry-content'>{_paragraphs(STORY[4:])}</div>"
    body = f"<div><div class='entry-content'>{_paragraphs(STORY[:4])}</div>"
    assert _complete(f"{body}<h1>Another story</h1>{other}</div>", *STORY[:3]) == list(STORY[:4])
    assert _complete(f"{body}<h2><a href='/b'>Another story</a></h2>{other}</div>", *STORY[:3]) == list(STORY[:4])


def test_lines_near_the_story_are_not_read() -> None:
    """Comments, lines about the author and labels are not added, although they are paragraphs near the story."""
    near = (
        f"<div class='comments'><div class='entry-content'><p>{STORY[8]}</p></div></div>"
        f"<div class='entry-content'><p class='author-note'>{STORY[7]}</p><p>Harbour Post special</p></div>"
    )
    assert _complete(f"<div class='entry-content'>{_paragraphs(STORY[:4])}</div>{near}", *STORY[:4]) == list(STORY[:4])


def test_heading_between_paragraphs_is_read() -> None:
    """A cross-heading that the extractor left out comes back with its paragraphs."""
    body = f"<div class='text'>{_paragraphs(STORY[:2])}<h2>The second wall</h2>{_paragraphs(STORY[2:4])}</div>"
    assert _complete(body, STORY[0], STORY[1], STORY[3]) == [*STORY[:2], "The second wall", *STORY[2:4]]


def test_text_that_the_body_has_is_not_doubled() -> None:
    """A paragraph that the body has in other words' company, whole or in part, is not added again."""
    split = STORY[1].split(", and ")
    body = f"<div class='text'><p>{STORY[0]}</p><p>{STORY[1]}</p><p>{STORY[2]}</p></div>"
    known = (STORY[0], split[0], split[1], STORY[2])
    assert _complete(body, *known) == list(known)


def test_body_far_shorter_than_the_page_says_is_flagged() -> None:
    """A body with less than half of the words that JSON-LD states has a flag; one with more has none."""
    head = '<script type="application/ld+json">{"@type":"NewsArticle","headline":"Walls","wordCount":"%d"}</script>'
    body = _paragraphs(STORY)
    articles = [explain(page_of(html_of(head=head % n, body=body)), Origin("harbour")).article for n in (350, 900)]
    assert [("body_incomplete" in article.flags) for article in articles] == [False, True]


def test_body_far_shorter_than_a_dropped_box_is_flagged() -> None:
    """A body with less than half of the words of a box that was dropped has the flag: the box may be the story."""
    lines = "".join(f"<p>{STORY[0]} It is number {n}.</p>" for n in range(4))
    boxed = [_article(f"<p>{STORY[1]}</p><div class='{name}'>{lines}</div>") for name in ("fact-box", "text")]
    assert [article.texts("paragraph") == (STORY[1],) for article in boxed] == [True, False]
    assert ["body_incomplete" in article.flags for article in boxed] == [True, False]


def test_word_count_that_counts_characters_is_ignored() -> None:
    """A stated number near the number of characters is not a number of words."""
    head = '<script type="application/ld+json">{"@type":"NewsArticle","headline":"Walls","wordCount":%d}</script>'
    html = html_of(head=head % sum(map(len, STORY)), body=_paragraphs(STORY))
    assert "body_incomplete" not in explain(page_of(html), Origin("harbour")).article.flags


def test_whole_body_has_no_second_look() -> None:
    """A page whose first reading is whole keeps it."""
    article = _article(_paragraphs(PARAGRAPHS))
    assert (article.texts("paragraph"), _method(article)) == (PARAGRAPHS, "fast")


def test_heading_of_one_word_and_label_before_a_paragraph_are_read() -> None:
    """A short heading or label is read if a paragraph of the body follows; before links to other stories it is not."""
    other = "<div><a href='/b'>Another story about the quay</a></div>"
    body = (
        f"<div class='text'><p>{STORY[0]}</p><h3>Walls</h3><p>{STORY[1]}</p><p>First quarter</p><p>{STORY[2]}</p>"
        f"<p>More on the quay</p>{other}<p>{STORY[3]}</p></div>"
    )
    assert _complete(body, *STORY[:4]) == [STORY[0], "Walls", STORY[1], "First quarter", *STORY[2:4]]


def test_short_list_items_between_paragraphs_are_read() -> None:
    """Items of a few words are read if a paragraph follows their list; those of a list with links are not."""
    items = "<ul><li>a high wall</li><li>a low wall</li></ul>"
    linked = "<ul><li>a long wall</li><li><a href='/b'>The keeper retires</a></li></ul>"
    body = f"<div class='text'><p>{STORY[0]}</p>{items}<p>{STORY[1]}</p>{linked}<p>{STORY[2]}</p></div>"
    assert _complete(body, *STORY[:3]) == [STORY[0], "a high wall", "a low wall", *STORY[1:3]]


def test_headings_between_paragraphs_that_are_divisions_are_read() -> None:
    """On a page whose paragraphs are divisions, headings between them and divisions left out are read."""
    parts = "".join(f"<div class='part'>{text}</div>" for text in STORY[:3])
    heading = "<div class='part'><h3>The low wall</h3></div>"
    body = f"<div class='text'>{parts}{heading}<div class='part'>{STORY[3]}</div></div>"
    assert _complete(body, STORY[0], STORY[2], STORY[3]) == [*STORY[:3], "The low wall", STORY[3]]


def test_words_and_blocks_of_code_are_read() -> None:
    """Words in code elements stay in their sentence, and a block of code is a paragraph; line numbers are neither."""
    numbers = "<table><tr><td><pre>1\n2</pre></td></tr></table>"
    code = f"{numbers}<div class='highlight'><pre><code>wall = 3\nbuild(wall)</code></pre></div>"
    sentence = "To raise the wall at once, the harbour master types <code>build</code> and then <kbd>Enter</kbd> twice."
    body = f"<div class='text'>{_paragraphs((*STORY[:3], sentence))}{code}{_paragraphs(STORY[3:])}</div>"
    said = "To raise the wall at once, the harbour master types build and then Enter twice."
    assert _article(body).texts("paragraph") == (*STORY[:3], said, "wall = 3 build(wall)", *STORY[3:])


def test_paragraphs_after_a_box_with_other_stories_are_read() -> None:
    """If the story goes on in its element after a box of linked headlines, its end is read; after a list it is not."""
    box = "<div class='slider'><h3><a href='/b'>The keeper retires at last</a></h3><h1>Watch</h1></div>"
    body = f"<div class='article-body'>{_paragraphs(STORY[:4])}{box}{_paragraphs(STORY[4:6])}</div>"
    assert _complete(body, *STORY[:4]) == list(STORY[:6])
    listed = "<h3><a href='/b'>The keeper retires at last</a></h3>"
    body = f"<div class='article-body'>{_paragraphs(STORY[:4])}{listed}{_paragraphs(STORY[4:6])}</div>"
    assert _complete(body, *STORY[:4]) == list(STORY[:4])


def test_containers_that_differ_in_a_modifier_are_one_body() -> None:
    """A class that begins with a dash changes only the look of a container; any other class is another place."""
    first, last = _paragraphs(STORY[:3]), _paragraphs(STORY[3:6])
    for name, texts in (("body -bottom-space", STORY[:6]), ("body offer", STORY[:3])):
        body = f"<div><div class='body'>{first}</div><div class='{name}'>{last}</div></div>"
        assert _complete(body, *STORY[:3]) == list(texts)
