"""Parts of a page that classes or words name: captions, credits, boxes, appeals, other stories. The words are data."""

import re
import tomllib
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from itertools import islice

from lxml import etree

from newslake.pipeline.clean.html import UNREAD_TAGS, Tree, text_of, text_start, tidy


def _read_words() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(
        resources.files("newslake.pipeline.clean").joinpath("data", "page_parts.toml").read_text("utf-8")
    )


_PARTS = _read_words()


def _any_of(part: str, key: str) -> re.Pattern[str]:
    return re.compile("|".join(_PARTS[part][key]), re.IGNORECASE)


CAPTION_CLASS = _any_of("caption", "classes")
CREDIT_CLASS = _any_of("caption", "credits")
STORY_CLASS = _any_of("story", "classes")
_STANDFIRST_CLASS = _any_of("standfirst", "classes")
_BOX_CLASS = _any_of("box", "classes")
_BOX_TAGS = ("div", "section", "aside", "ul", "ol", "dl", "span", "p")
_BOX_MAX_WORDS, _BOX_MAX_CHARS = 200, 2000
_COMMENT_CLASS = _any_of("comment", "classes")
_AUTHOR_CLASS = _any_of("author", "classes")
ASIDE_CLASS = _any_of("aside", "classes")
ELSEWHERE_CLASS = _any_of("elsewhere", "classes")
FIGURE_TAGS = ("figure", "figcaption", "picture")
OUTSIDE_TAGS = ("nav", "aside", "footer", "form")
_MEDIA_WORD, _NO_MEDIA_WORD = _any_of("media_box", "words"), _any_of("media_box", "exceptions")
_CLASS_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_NAME_MAX_CHARS = 200  # a longer class name is a machine's
_BUILD_LETTERS = 5
_SETTING, _SETTING_MAX_CHARS = re.compile(r"[\w.-]+ ?:"), 40
_APPEAL_BUTTON, _APPEAL_WORD = _any_of("appeal", "buttons"), _any_of("appeal", "words")
_APPEAL_TAGS, _BUTTON_CHARS = ("div", "section", "aside"), 40
_APPEAL_MIN_WORDS, _STORY_SHARE = 8, 2  # a story is at least twice as long as the appeal
_DROP_CAP_CLASS, _DROP_CAP_LETTER = _any_of("drop_cap", "classes"), re.compile(_PARTS["drop_cap"]["letters"][0])
_NOTE_CLASS, _NOTE_MARK = _any_of("note_mark", "classes"), re.compile(_PARTS["note_mark"]["marks"][0])
_NOTE_MARK_CHARS = 12
_PROMOTION, _PROMOTION_CHARS = _any_of("promotion", "words"), 80
_CARD_WORDS = 8  # without the heading: fewer are a date, a topic or a name
_CODE_TAGS = ("code", "kbd", "samp", "tt", "var")
_FORMATTING_TAGS, _BLANK_TAG, _MOST_BLANK = ("b", "em", "i", "strong", "u"), "blank", 500
_NEAR = 8  # ancestors whose class is read


@lru_cache(maxsize=4096)
def is_caption_class(names: str) -> bool:
    """Return whether the value of a class attribute is that of a caption."""
    return CAPTION_CLASS.search(names) is not None


@lru_cache(maxsize=4096)
def is_box_class(names: str) -> bool:
    """Return whether the value of a class attribute is that of a box that is no part of the story."""
    return bool(names) and _BOX_CLASS.search(names) is not None


@lru_cache(maxsize=4096)
def is_story_class(names: str) -> bool:
    """Return whether the value of a class attribute is that of a container of an article's text."""
    return STORY_CLASS.search(names) is not None


@lru_cache(maxsize=4096)
def is_aside_class(names: str) -> bool:
    """Return whether the value of a class attribute is that of a line that is no part of the story."""
    return ASIDE_CLASS.search(names) is not None or ELSEWHERE_CLASS.search(names) is not None


@lru_cache(maxsize=4096)
def is_standfirst_class(names: str) -> bool:
    """Return whether the value of a class attribute is that of the summary under a headline."""
    return _STANDFIRST_CLASS.search(names) is not None


@lru_cache(maxsize=4096)
def is_media_class(names: str) -> bool:
    """Return whether a class names a box of an image: its first or last word does, and no word says "has"."""
    return any(_is_media_name(name) for name in names.split())


def _is_media_name(name: str) -> bool:
    words = _CLASS_WORD.findall(_without_build_tail(name)) if len(name) <= _NAME_MAX_CHARS else ()
    if not words or any(_NO_MEDIA_WORD.fullmatch(word) for word in words):
        return False
    return any(_MEDIA_WORD.fullmatch(word) for word in (words[0], words[-1]))


def _without_build_tail(name: str) -> str:
    """Return a class name without what a build has added after two underscores: "image-widget__LYZT4"."""
    chosen, mark, tail = name.rpartition("__")
    is_word = tail.replace("_", "").isalnum()
    has_digit = any(map(str.isdigit, tail))
    is_build = mark and is_word and (has_digit or (len(tail) == _BUILD_LETTERS and tail.isascii()))
    return chosen if is_build else name


def is_in_figure(element: Tree) -> bool:
    """Return whether an element is a caption, or in one, or in a figure."""
    near = (element, *islice(element.iterancestors(), _NEAR))
    return any(each.tag in FIGURE_TAGS or is_caption_class(each.get("class") or "") for each in near)


def is_about_author(element: Tree) -> bool:
    """Return whether an element, or one around it, has the class of a text about the author."""
    near = (element, *islice(element.iterancestors(), _NEAR // 2))
    return any(_AUTHOR_CLASS.search(each.get("class") or "") for each in near)


def is_comment(element: Tree) -> bool:
    """Return whether an element, or the one around it, has the class of a reader's comment."""
    near = (element, *islice(element.iterancestors("div", "section", "li"), 1))
    return any(_COMMENT_CLASS.search(each.get("class") or "") for each in near)


def is_of_other_story(element: Tree) -> bool:
    """Return whether an element is in a part of the page with other stories or offers."""
    return any(_is_outside(ancestor) for ancestor in islice(element.iterancestors(), _NEAR))


def _is_outside(element: Tree) -> bool:
    return element.tag in OUTSIDE_TAGS or ELSEWHERE_CLASS.search(element.get("class") or "") is not None


def is_in_site_header(element: Tree) -> bool:
    """Return whether an element is in the header of the site: one with a menu or no headline, outside the article."""
    around = list(element.iterancestors("header", "article", "main"))
    headers = [each for each in around if each.tag == "header"]
    if not headers or len(headers) < len(around):
        return False
    return next(headers[-1].iter("h1"), None) is None or next(headers[-1].iter("nav"), None) is not None


def is_caption_or_comment(element: Tree) -> bool:
    """Return whether an element is a caption or in a figure, or a reader's comment."""
    return is_in_figure(element) or is_comment(element)


def is_foreign_caption(element: Tree, text: str) -> bool:
    """Return whether a caption is at another story, in the site's header, or an offer of the publisher."""
    return is_of_other_story(element) or is_in_site_header(element) or is_promotion(text)


def is_promotion(text: str) -> bool:
    """Return whether a short text is an offer of the publisher, such as "E-Edition" next to the picture of a paper."""
    return len(text) <= _PROMOTION_CHARS and _PROMOTION.search(text) is not None


def outermost(elements: Iterable[Tree]) -> list[Tree]:
    """Return the elements, in page order, that no other of them contains."""
    chosen: dict[Tree, None] = {}
    for element in elements:
        if not any(ancestor in chosen for ancestor in element.iterancestors()):
            chosen[element] = None
    return list(chosen)


def drop_foreign_parts(root: Tree) -> None:
    """Remove boxes that are no part of the story, cards of other stories, and appeals for money."""
    drop_boxes(root)
    drop_cards(root)
    drop_appeals(root)


def drop_boxes(root: Tree) -> None:
    """Remove short boxes that are no part of the story, and what only a screen reader says. A headline stays.

    A list of words that are each "true" or "false", as "premium: false", is such a box: the settings of a template.
    """
    boxes = [
        element
        for element in root.iter(*_BOX_TAGS)
        if is_box_class(element.get("class") or "") or _has_settings(element)
    ]
    for element in outermost(boxes):
        if element.getparent() is not None and _is_box(element):
            element.drop_tree()


def _has_settings(element: Tree) -> bool:
    if element.tag != "dl" or next(element.iter("dd"), None) is None:
        return False
    texts = ((part.tag, text_start(part, _SETTING_MAX_CHARS)) for part in element.iter("dt", "dd"))
    return all(text in ("true", "false") if tag == "dd" else _SETTING.fullmatch(text) for tag, text in texts)


def _is_box(element: Tree) -> bool:
    words = len(text_start(element, _BOX_MAX_CHARS).split())
    return words <= _BOX_MAX_WORDS and next(element.iter("h1"), None) is None


def drop_cards(root: Tree) -> None:
    """Remove links to other pages that hold a heading and a text: the cards of other stories."""
    for link in list(root.iter("a")):
        if len(link) and (link.get("href") or "#")[0] != "#" and _is_card(link):
            link.drop_tree()


def _is_card(link: Tree) -> bool:
    heading = next(link.iter("h1", "h2", "h3", "h4", "h5", "h6"), None)
    if heading is None:
        return False
    words = len("".join(heading.itertext()).split())
    return words > 1 and len(text_start(link, _BOX_MAX_CHARS).split()) - words >= _CARD_WORDS


def drop_appeals(root: Tree) -> None:
    """Remove blocks that ask for money: a button such as "Donate now" under a few sentences about journalism."""
    buttons = [each for each in root.iter("a", "button") if _is_appeal_button(each)]
    appeals = [block for button in buttons if (block := _appeal_of(button)) is not None]
    if not appeals:
        return
    words = sum(len(text_of(paragraph).split()) for paragraph in root.iter("p"))
    for block in outermost(appeals):
        if words > (_STORY_SHARE + 1) * len(text_of(block).split()):
            block.drop_tree()


def _is_appeal_button(element: Tree) -> bool:
    text = text_start(element, _BUTTON_CHARS)
    return len(text) <= _BUTTON_CHARS and _APPEAL_BUTTON.fullmatch(text.strip(" !.→›»>")) is not None


def _appeal_of(button: Tree) -> Tree | None:
    """Return the smallest block around a button that has sentences, if it is an appeal; None for a part of a story."""
    for block in islice(button.iterancestors(), _NEAR):
        text = text_start(block, _BOX_MAX_CHARS)
        if block.tag not in _APPEAL_TAGS or len(text.split()) < _APPEAL_MIN_WORDS:
            continue
        is_short = len(text.split()) <= _BOX_MAX_WORDS
        is_outside = not is_story_class(block.get("class") or "") and next(block.iter("h1", "article"), None) is None
        return block if is_short and is_outside and _APPEAL_WORD.search(text) else None
    return None


def mend_text(root: Tree) -> None:
    """Make the text of a page, after its markup has been read, what a reader sees: without scripts, in whole words."""
    _strip_unread(root)
    _strip_blank(root)
    _keep_code(root)
    join_drop_caps(root)
    drop_note_marks(root)


def _strip_unread(root: Tree) -> None:
    """Remove elements that are invisible to readers, after the markup has been read. Later steps become faster."""
    etree.strip_elements(root, *UNREAD_TAGS, with_tail=False)


def _strip_blank(root: Tree) -> None:
    """Strip inline elements without text from a page of very many: an extractor's time grows with their square."""
    blank = [element for element in root.iter(*_FORMATTING_TAGS) if not len(element) and not tidy(element.text)]
    if len(blank) > _MOST_BLANK:
        for element in blank:
            element.tag = _BLANK_TAG
        etree.strip_tags(root, _BLANK_TAG)


def _keep_code(root: Tree) -> None:
    """Make words in code elements plain words of their sentence, and each block of code one paragraph.

    An extractor drops both. A block without a letter is a column of line numbers, and one with links is no code.
    """
    for block in root.iter("pre"):
        text = tidy("".join(block.itertext()))
        if any(map(str.isalpha, text)) and next(block.iter("a"), None) is None:
            tail = block.tail
            block.clear()
            block.tag, block.text, block.tail = "p", text, tail
    for element in root.iter(*_CODE_TAGS):
        element.tag = "span"
        element.attrib.clear()


def join_drop_caps(root: Tree) -> None:
    """Remove the blank between the large first letter of a paragraph and the rest of its word, both in spans."""
    for letter in root.iter("span"):
        if len(letter) or not _DROP_CAP_LETTER.fullmatch(tidy(letter.text)):
            continue
        boxes = [letter]
        while (around := boxes[-1].getparent()).tag == "span" and len(around) == 1 and not tidy(around.text):
            boxes.append(around)
        is_marked = len(boxes) > 1 or _DROP_CAP_CLASS.search(letter.get("class") or "")
        if is_marked and not any(tidy(box.tail) for box in boxes) and _starts_word(boxes[-1]):
            for box in boxes:
                box.tail = None


def drop_note_marks(root: Tree) -> None:
    """Remove the numbers of footnotes that are glued to the words before them: raised, and a link or of such a class.

    A power or an index, as in "m²", is no link. The number at the start of a note stays.
    """
    for mark in list(root.iter("sup")):
        text = text_start(mark, _NOTE_MARK_CHARS)
        if _NOTE_MARK.fullmatch(text):
            around = mark.getparent()
            is_alone = around.tag in ("a", "span") and text_start(around, _NOTE_MARK_CHARS) == text
            outer = around if is_alone else mark
            if _is_note(outer) and _has_text_before(outer):
                mark.drop_tree()


def _is_note(mark: Tree) -> bool:
    return any(
        (each.tag == "a" and each.get("href")) or _NOTE_CLASS.search(f"{each.get('class')} {each.get('id')}")
        for each in mark.iter()
    )


def _has_text_before(element: Tree) -> bool:
    before, parent = element.getprevious(), element.getparent()
    return before is not None or (parent is not None and bool(tidy(parent.text)))


def _starts_word(letter: Tree) -> bool:
    """Return whether an element begins a paragraph, and a span in lower case follows it."""
    parent, rest = letter.getparent(), letter.getnext()
    is_first = parent.tag == "p" and parent[0] is letter and not tidy(parent.text)
    return is_first and rest is not None and rest.tag == "span" and (rest.text or "")[:1].islower()
