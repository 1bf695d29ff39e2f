"""Captions: which elements are texts of an image, and that none of them is text of the body."""

import pytest
from pages_for_clean import PARAGRAPHS, html_of, page_of

from newslake.pipeline.clean import Origin, explain
from newslake.pipeline.clean.captions import take_captions
from newslake.pipeline.clean.html import parse_html, text_of
from newslake.pipeline.model import Article

CAPTION = "Pictured from left are the harbour master and two of the fishermen"
IMAGE = "<img src='q.jpg'>"


def _article(extra: str) -> Article:
    return explain(page_of(html_of(extra=extra)), Origin("harbour")).article


@pytest.mark.parametrize(
    "markup",
    [
        f"<figure>{IMAGE}<figcaption>{CAPTION}</figcaption></figure>",
        f"<div class='image_image-widget__LYZT4'>{IMAGE}<p><span>{CAPTION}</span></p><p>Image: Ada Lorn</p></div>",
        f"<div class='post-img wide'><div class='row'>{IMAGE}<div><p>{CAPTION}</p></div></div></div>",
        f"<div class='photo changeSpace'>{IMAGE}<span class='newsCaption'>{CAPTION}</span></div>",
        f"<div>{IMAGE}</div><p class='img-description'>{CAPTION}</p>",
        f"<div>{IMAGE}</div><h5 class='bilduntertitel'>{CAPTION}</h5>",
        f"<div class='wrapper-image'>{IMAGE}<span class='legend'>{CAPTION}</span></div>",
    ],
)
def test_text_of_an_image_is_a_caption(markup: str) -> None:
    """The text of a figure, a media box or an element with a caption's class is a caption, and no paragraph."""
    article = _article(markup)
    assert article.texts("caption") == (CAPTION,)
    assert article.texts("paragraph") == PARAGRAPHS


@pytest.mark.parametrize(
    "markup",
    [
        f"<div class='article has-image'>{IMAGE}<p>{PARAGRAPHS[1]}</p></div>",
        f"<div class='gallery-slide'>{IMAGE}<div class='entry-content'><p>{PARAGRAPHS[1]}</p></div></div>",
        f"<div class='text captioned'><p>{PARAGRAPHS[1]}</p></div>",
        f"<p class='caption-s5'>{PARAGRAPHS[1]}</p>",
    ],
)
def test_text_next_to_an_image_is_no_caption(markup: str) -> None:
    """Text of a story next to an image, or in the style of captions, stays on the page."""
    root = parse_html(f"<html><body>{markup}</body></html>")
    assert take_captions(root).shown == ()
    assert text_of(root) == PARAGRAPHS[1]


@pytest.mark.parametrize("name", ["image-text", "text-image", "image-block", "article-image", "figure"])
def test_story_in_boxes_of_images_is_the_body(name: str) -> None:
    """A page whose paragraphs are each in a box with an image keeps them all, and none is a caption."""
    boxes = "".join(f"<div class='{name}'>{IMAGE}<p>{text}</p></div>" for text in PARAGRAPHS)
    article = explain(page_of(html_of(body=boxes)), Origin("harbour")).article
    assert (article.texts("caption"), article.texts("paragraph")) == ((), PARAGRAPHS)


def test_lines_of_a_page_of_boxes_stay() -> None:
    """Boxes of images that hold most words of a page are its text, also if their lines are no sentences."""
    boxes = "".join(f"<div class='image-block'>{IMAGE}<p>{CAPTION} no {n}</p></div>" for n in range(12))
    root = parse_html(f"<html><body>{boxes}<p>{PARAGRAPHS[1]}</p></body></html>")
    assert take_captions(root).shown == ()


@pytest.mark.parametrize("markup", ["<p class='image'>{}{}</p>", "<div class='photo'>{}<p>{}</p></div>"])
def test_sentence_in_one_box_of_an_image_stays(markup: str) -> None:
    """A long sentence in a box that only its class names is a paragraph; with the photographer it is a caption."""
    sentence = "The mayor of Arlen resigned on Monday after a vote about the bridge, which he had lost by far."
    assert sentence in _article(markup.format(IMAGE, sentence)).texts("paragraph")
    credited = _article(markup.format(IMAGE, f"{sentence} Photo: Ada Lorn"))
    assert (credited.texts("caption"), credited.texts("paragraph")) == ((sentence,), PARAGRAPHS)


@pytest.mark.parametrize(
    ("text", "caption"),
    [
        ("A view of Arlen. © Northwire/Ada Lorn", "A view of Arlen."),
        ("A view of Arlen. (c) Ada Lorn", "A view of Arlen."),
        ("A view of Arlen. (Ada Lorn/AP)", "A view of Arlen."),
        ("A view of Arlen. (AP Photo/Ada Lorn)", "A view of Arlen."),
        ("The quays of Arlen (left/right)", "The quays of Arlen (left/right)"),
        ("From left: (a) the quay, (b) the mill and (c) the bridge", None),
        ("A picture by the keeper hangs in the hall of Arlen since May", None),
    ],
)
def test_photo_credit_is_no_part_of_a_caption(text: str, caption: str | None) -> None:
    """A credit at the end of a caption is left out: a sign with a name, or items of which one is an agency."""
    figure = f"<figure>{IMAGE}<figcaption>{text}</figcaption></figure>"
    assert _article(figure).texts("caption") == (caption or text,)


def test_caption_is_no_standfirst() -> None:
    """The text of a figure under the headline is a caption, also if the page's description repeats it."""
    head = f'<meta property="og:description" content="{CAPTION}">'
    figure = f"<figure>{IMAGE}<figcaption class='description'>{CAPTION}</figcaption></figure>"
    body = figure + "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    article = explain(page_of(html_of(head=head, body=body)), Origin("harbour")).article
    assert (article.standfirst, article.texts("caption")) == (None, (CAPTION,))
    assert article.texts("paragraph") == PARAGRAPHS


def test_caption_of_another_story_is_left_out() -> None:
    """A caption in a part with other stories is neither a caption nor a paragraph of this one."""
    related = f"<div class='related'><figure>{IMAGE}<figcaption>{CAPTION}</figcaption></figure></div>"
    assert _article(related).texts("caption") == ()


@pytest.mark.parametrize(
    ("text", "is_kept"), [("E-Edition", False), ("In your inbox every day", False), ("The quay in May", True)]
)
def test_offer_of_the_publisher_is_no_caption(text: str, is_kept: bool) -> None:
    """A caption with words of an offer, and any in the site's header, are left out."""
    figure = f"<figure><img src='/a.jpg'><figcaption>{text}</figcaption></figure>"
    page = f"<html><body>{{}}<main><h1>Ferry</h1>{{}}<p>{PARAGRAPHS[0]}</p></main></body></html>"
    inside = take_captions(parse_html(page.format("", figure))).shown
    header = take_captions(parse_html(page.format(f"<header>{figure}</header>", ""))).shown
    assert ([caption for _, caption in inside], header) == ([text] if is_kept else [], ())
