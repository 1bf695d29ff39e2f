"""Boilerplate removal: drop lines that are not part of the story. The rules are data; a run counts each by name."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from newslake.pipeline.clean.blocks import TextPiece
from newslake.pipeline.clean.html import fold_title
from newslake.pipeline.clean.line_rules import BIOGRAPHY_VERBS, LinePosition, LineRule, line_rule, phrase_rule_of
from newslake.pipeline.clean.story_edges import IsLink, StoryPart, story_part

# Part of ``Article.extractor``. Increase it with every change of this package's results.
GENERATION = 6

LINE_RULES = (
    line_rule(
        "advertisement",
        r"^\W*(?:ads?|advertisement|advertising|sponsored(?: content)?|anzeige|werbung|publicité|"
        r"publicidad|reklama?|pubblicità|реклама)\W*$",
        4,
    ),
    line_rule(
        "skip_link",
        r"^(?:skip to|jump to|back to top|scroll (?:down|to)|continue reading|story continues|"
        r"article continues)\b",
        12,
    ),
    line_rule(
        "read_more",
        r"^(?:more(?=\s*:)|read (?:more|also|next)|also read|see also|more on this|related(?: \w+)?|"
        r"you may also like|"
        r"recommended|don.t miss|up next|más información|lea (?:también|más)|(?:le|te) puede interesar|"
        r"leia (?:também|mais)|mehr zum thema|lesen sie (?:auch|"
        r"mehr)|"
        r"lire aussi|à lire aussi)\b\s*[:|»>–-]",
        40,
    ),
    line_rule(
        "read_more_alone",
        r"^\W*(?:read more|read next|see also|related(?: (?:articles?|stories|topics|"
        r"content|posts))?|"
        r"more on this (?:story|topic)|you (?:may|might) also like|recommended(?: for you)?|"
        r"popular|most (?:read|popular)(?: in \w+)?|"
        r"trending(?: now)?|top stories|more stories|latest news|in case you missed it|schon gelesen|auch interessant|"
        r"recommended videos?|must (?:watch|read|see)|"
        r"mehr lesen|weiterlesen|lire la suite|leer más|czytaj więcej|devamını oku|читать далее|"
        r"lesen sie auch|mehr zum thema(?: auf .*)?|(?:le|te) puede interesar|notas relacionadas|leia (?:também|mais)|"
        r"veja também|leggi anche|lees ook|läs också|les også|læs også|lue myös|"
        r"czytaj (?:też|także)|читайте также)\W*$",
        6,
    ),
    line_rule(
        "follow_us",
        r"\b(?:follow|like|find|join) (?:us|me|him|her|our \w+|the \w+) on (?:twitter|facebook|"
        r"instagram|x|"
        r"telegram|whatsapp|youtube|tiktok|linkedin|truth social|google news)\b",
        30,
        needs=(" on ",),
    ),
    line_rule(
        "newsletter",
        r"\b(?:sign up (?:for|to)|subscribe to|get) (?:our|the|your|my)\b.{0,60}\b(?:newsletters?|emails?|alerts|"
        r"briefing|inbox)\b",
        40,
        needs=("newsletter", "email", "alerts", "briefing", "inbox"),
    ),
    line_rule(
        "subscribe",
        r"^(?:subscribe(?: now| today| to)?|sign up|sign in|log ?in|register|download (?:the|our) app|"
        r"become a (?:member|subscriber)|support (?:us|our (?:work|journalism)))\b.{0,80}$",
        16,
    ),
    line_rule(
        "support_button",
        r"^\W*(?:jetzt (?:unterstützen|spenden)|unterstützen sie uns|donate(?: now)?|faire un don|soutenez-nous|"
        r"haz una donación|dona (?:ahora|ora)|steun ons|doneer nu)\W*$",
        4,
    ),
    line_rule(
        "share",
        r"^\W*(?:share(?: this)?(?: (?:article|story|post|page))?|tweet|print|email|e-mail|whatsapp|"
        r"copy link|"
        r"share on \w+|save|comments?|\d+ comments?|leave a comment|reply|click to share.*|"
        r"(?:diese seite |artikel )?teilen|compartir|partager|condividi|分享让更多人看到)\W*$",
        9,
    ),
    line_rule(
        "photo_credit",
        r"^\W*(?:(?:photo|image|picture|video|graphic|foto|bild)s?(?: credit)?s?\s*(?:by|:|©|"
        r"/)|©|\(c\)|credit:|"
        r"copyright\s*(?:$|[:©(,–-]|\d{4}|by\b))",
        25,
    ),
    line_rule(
        "agency_credit",
        r"^.{0,60}\b(?:getty images|shutterstock|istock|unsplash|via (?:ap|reuters|afp|"
        r"getty))\b.{0,30}$",
        14,
    ),
    line_rule(
        "subscription_offer",
        r"\b(?:start|begin|activate) your\b.{0,40}\b(?:subscription|trial|membership)\b|\bcommenting forum\b|"
        r"^join (?:thought-provoking|the|our) (?:conversations?|discussion|community|commenting)\b",
        40,
        needs=("subscription", "trial", "membership", "comment", "join"),
    ),
    line_rule(
        "rights",
        r"\ball rights reserved\b|^this (?:material|content) may not be published\b",
        40,
        needs=("reserved", "published"),
    ),
    line_rule(
        "affiliate",
        r"\b(?:earn|receive|get)s? (?:us )?an? (?:\w+ )?commission\b|\baffiliate[ -](?:links?|commissions?)\b|"
        r"\bspecial offers, promotions\b",
        60,
        needs=("commission", "affiliate", "special offers"),
    ),
    line_rule(
        "layout_label",
        r"^\W*(?:(?:article|story) content|loading|swipe|(?:link )?(?:to|zum) [\w-]+[- ](?:content|inhalt))\W*$",
        5,
    ),
    line_rule(
        "embed_consent",
        r"\b(?:externen?|external) (?:inhalte?|content)\b.{0,120}\b(?:anzeigen|angezeigt|displayed|shown?|load)\b|"
        r"\bpersonenbezogene daten an dritt|^empfohlener (?:redaktioneller|externer) inhalt|"
        r"\ballow(?:ing)? (?:external|third[- ]party) content\b",
        80,
        needs=("inhalt", "content", "personenbezogene"),
    ),
    line_rule(
        "tags",
        r"^\W*(?:tags?|topics?|filed under|categories|category|keywords|schlagwörter|etiquetas|etiketler|"
        r"mots-clés|tagi|теги)\s*:",
        40,
    ),
    line_rule(
        "updated",
        r"^\W*(?:(?:first |last )?(?:published|updated|posted|modified)(?: (?:on|"
        r"at))?)\b[\s:]+.{0,40}\d",
        14,
        "head",
    ),
    line_rule("clock_line", r"^\W*(?:\w{3,9},? )?(?:\d{1,2} \w{3,9}|\w{3,9} \d{1,2}),? \d{4}\b.{0,30}$", 10, "head"),
    line_rule("clock_alone", r"^\W*\d{1,2}[:.]\d{2}(?: ?(?:[ap]\.?m\.?|uhr|h))?\W*$", 3),
    line_rule(
        "picture_button",
        r"^\W*(?:bild (?:anzeigen|schließen|vergrößern)(?: bild schließen)?|view image|voir l.image|ver imagen|"
        r"beitragsbild|enlarge image)\W*$",
        4,
    ),
    line_rule(
        "embed_button",
        r"^\W*(?:view this post on|sieh dir diesen beitrag auf|voir cette publication sur|ver esta publicación en|"
        r"ver essa foto no|visualizza questo post su|dit bericht op|wyświetl ten post na|"
        r"post shared by|a post shared by|ein beitrag geteilt von)\b",
        12,
    ),
    line_rule("comment_count", r"^(?:kommentare insgesamt|comments|comentarios|commentaires)\s*:?\s*\d*$", 4),
    line_rule("template_words", r"^\s*\{[^{}]*\}\s*$", 20),
    line_rule("reading_time", r"^\W*\d+\s*(?:min(?:ute)?s?)(?: read| ago)?\W*$", 5),
    line_rule("byline", r"^(?:by|von|par|por) (?:[A-Z][\w.'’-]+ ?){1,5}(?:,? .{0,40})?$", 12, "head"),
    line_rule(
        "author_bio",
        r"^(?:[A-Z][\w.'’-]+ ){1,4}(?:is|was|has been|covers|writes|reports|works|"
        r"has (?:written|reported|worked|covered))\b"
        r".{0,160}\b(?:reporter|correspondent|writer|editor|journalist|columnist|contributor|author|professor|"
        r"fellow|freelance|"
        r"covers|covering|reports on|writes (?:about|for))\b",
        70,
        "tail",
    ),
    line_rule(
        "author_bio_de",
        r"\b(?:ist|war|arbeitet|berichtet|schreibt)\b.{0,80}\b(?:\w+-)?(?:korrespondent|reporter|redakteur|journalist|"
        r"kolumnist|autor)(?:in)?\b.{0,100}\b(?:für|bei|der|des|von|seit)\b|"
        r"^(?:korrespondent|reporter|redakteur|journalist|kolumnist|autor)(?:in)? (?:[A-ZÄÖÜ][\w.’-]+ ){2,4}(?:ist|war|"
        r"arbeitet|berichtet|schreibt)\b",
        50,
        "tail",
        needs=("korrespondent", "reporter", "redakteur", "journalist", "kolumnist", "autor"),
    ),
    line_rule(
        "support_us",
        r"\b(?:donate|your (?:support|donation|contribution)|make a (?:donation|contribution)|"
        r"support independent journalism|(?:consider|by|please) becom(?:e|ing) a (?:member|supporter|subscriber)|"
        r"if you (?:value|enjoy|like|believe in) (?:our|this|independent) (?:work|journalism|reporting))\b",
        60,
        "tail",
        needs=("donat", "support", "contribution", "member", "subscriber", "work", "journalism", "reporting"),
    ),
    line_rule(
        "contact_us",
        r"^(?:got an? (?:story|tip)|(?:if|do) you have an? (?:story|tip)|get in touch|contact us|email us|"
        r"for more stories like this)\b",
        45,
        "tail",
    ),
    line_rule(
        "contribution",
        r"^\W*(?:with (?:files|(?:additional )?reporting)|additional reporting|aus dem \w+ (?:von|übersetzt)|"
        r"translated (?:from|by)|traduit d[eu]|traducción de)\b",
        20,
        "tail",
    ),
    line_rule("copyright_tail", r"\bcopyright\s*[:©]", 25, "tail", needs=("copyright",)),
    line_rule(
        "comments_closed",
        r"^(?:comments are closed|the comments section|view comments|"
        r"join the (?:conversation|discussion))",
        20,
        "tail",
    ),
    line_rule(
        "cookies",
        r"^(?:we|our partners|this (?:web)?site)\b.{0,40}\buses? cookies\b|^\W*cookie (?:policy|settings)\b",
        60,
    ),
    line_rule(
        "script_needed",
        r"\b(?:enable|activate|turn on) java ?script\b|\byour browser (?:does not|"
        r"doesn.t) support\b|\bbrowser version with limited support\b",
        40,
        needs=("script", "browser"),
    ),
    line_rule("embed_link", r"^\W*(?:https?://|www\.|pic\.twitter\.com)\S+\W*$", 2),
    line_rule("tweet_signature", r"^\W*[—–-] .{2,60}\(@\w{2,20}\)", 16),
)


# Application of the rules to a body.

_HEAD_PIECES, _TAIL_PIECES = 3, 4  # pieces near the start and the end
_TAIL_FROM = 2  # the first pieces are never the end
_ANY_RULES = tuple(rule for rule in LINE_RULES if rule.place == "any")
_HEAD_RULES = tuple(rule for rule in LINE_RULES if rule.place != "tail")
_TAIL_RULES = tuple(rule for rule in LINE_RULES if rule.place == "tail")
_LONG_WORDS = 45
_REPEAT_WORDS, _REPEAT_MIN_WORDS = 12, 4
_REPEAT_RUN = 8  # pieces
_BYLINE_MAX_WORDS = 15
_BYLINE_PARTS = re.compile(r"\s*[,;|&/]\s*|\s+(?:and|und|y|et|e)\s+|^\W*(?:by|von|por|par)\s+", re.IGNORECASE)
_BY_WORD = re.compile(r"\W*(?:by|von|par|por)\s", re.IGNORECASE)
_NAME_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['’.-](?=[^\W\d_]))*\.?")
_PLACE = re.compile(r"[A-ZÀ-Þ][\w.'’-]*(?: [A-ZÀ-Þ][\w.'’-]*){0,2}")
_KICKER_WORDS, _TITLE_GAPS = 4, 2  # a title of three words or more
_ECHO_MAX_WORDS = 90
_ECHO_SHARE = 0.8
_BIOGRAPHY_MAX_WORDS, _VERB_WITHIN = 130, 3


@dataclass(frozen=True, slots=True)
class StoryLines:
    """The pieces of the story, and the number of matches of each rule."""

    pieces: tuple[TextPiece, ...]
    fired: Counter[str]


def keep_story_lines(
    pieces: Sequence[TextPiece],
    *,
    title: str | None,
    echoes: Iterable[str],
    authors: Iterable[str] = (),
    is_link: IsLink = lambda text: False,
) -> StoryLines:
    """Return a body without repeated titles, captions and lines, authors, boilerplate, and headings at the end.

    ``is_link`` says whether a text is the whole text of a link of the page.
    """
    story = story_part(pieces, is_link)
    fired = Counter({name: count for name, count in story.dropped.items() if count})
    names = frozenset(fold_title(name) for name in authors)
    lines = _Lines(
        title=fold_title(title or ""),
        names=names,
        shingled=[shingles for text in echoes if (shingles := _shingles(fold_title(text)))],
        fired=fired,
    )
    story_pieces = lines.without_tail(lines.without_foreign(story))
    return StoryLines(tuple(_without_empty_headings(story_pieces, fired)), fired)


@dataclass(frozen=True, slots=True)
class _Lines:
    """What the lines of a body are compared with, all folded: title, names of authors, texts of captions."""

    title: str
    names: frozenset[str]
    shingled: Sequence[frozenset[tuple[str, ...]]]
    fired: Counter[str]

    def without_foreign(self, story: StoryPart) -> list[TextPiece]:
        """Return the pieces that no rule for any place or for the start drops."""
        lines: list[TextPiece] = []
        last = ""
        pieces = story.pieces
        doubled = _doubled(pieces, story.folded)
        for index, (piece, folded) in enumerate(zip(pieces, story.folded, strict=True)):
            name = _echo(piece, folded, self.title, self.shingled) or _line_rule(piece, folded, index)
            if name is None and self.names and _is_byline(piece, self.names):
                name = "author_names"
            if name is None and len(lines) <= 1 and piece.kind == "heading" and _has_kicker(folded, self.title):
                name = "title_echo"
            if name is None and not lines and index + 1 < len(pieces) and _is_name(piece):
                name = "name_alone"
            is_repeat = index in doubled or (folded == last and piece.kind == "heading")
            if name is None and (is_repeat or index in story.quotes):
                name = "repeat" if is_repeat else "pull_quote"
            if name is None:
                lines.append(single_heading(piece))
                last = folded
            else:
                self.fired[name] += 1
        return lines

    def without_tail(self, pieces: Sequence[TextPiece]) -> list[TextPiece]:
        """Return the pieces without those that only the end of a body has. A dropped line does not count as its end."""
        tail: list[TextPiece] = []
        for index in range(len(pieces) - 1, -1, -1):
            if len(tail) >= _TAIL_PIECES or index < _TAIL_FROM:
                return [*pieces[: index + 1], *reversed(tail)]
            name = self._tail_rule(pieces[index])
            if name is None:
                tail.append(pieces[index])
            else:
                self.fired[name] += 1
        return tail[::-1]

    def _tail_rule(self, piece: TextPiece) -> str | None:
        if self.names and is_biography(piece, self.names):
            return "author_biography"
        rule = _first_match(_TAIL_RULES, piece, fold_title(piece.text))
        return rule or phrase_rule_of(piece.text, words=piece.word_count, place="tail")


def _doubled(pieces: Sequence[TextPiece], lines: Sequence[str]) -> set[int]:
    """Return the indexes of the pieces that repeat an earlier one because the page has a text twice.

    These are long paragraphs, lines near the start or next to each other, and long runs of lines in the same order.
    Any other line may say the same of two things: "When: all day".
    """
    first: dict[str, int] = {}
    repeats: set[int] = set()
    length = 0  # of the run that ends before this line
    for index, (piece, line) in enumerate(zip(pieces, lines, strict=False)):
        earlier = first.setdefault(line, index)
        follows = length > 0 and lines[index - 1] == lines[earlier - 1]
        length = 0 if earlier == index else length + 1 if follows else 1
        is_near = (index < _HEAD_PIECES or earlier == index - 1) and piece.word_count >= _REPEAT_MIN_WORDS
        is_long = piece.word_count >= (_LONG_WORDS if piece.kind == "list" else _REPEAT_WORDS)
        if length and (is_near or is_long):
            repeats.add(index)
        if length >= _REPEAT_RUN:
            repeats.update(range(index - _REPEAT_RUN + 1, index + 1))
    return repeats


def _has_kicker(folded: str, title: str) -> bool:
    """Return whether a heading is the title after a few words of its topic: "Ferries: Council backs terminal"."""
    extra = folded.count(" ") - title.count(" ")
    return 0 < extra <= _KICKER_WORDS and title.count(" ") >= _TITLE_GAPS and folded.endswith(f" {title}")


def _echo(piece: TextPiece, folded: str, title: str, shingled: Sequence[frozenset[tuple[str, ...]]]) -> str | None:
    if not folded:
        return "no_words"
    if folded == title:
        return "title_echo"
    if piece.word_count <= _ECHO_MAX_WORDS and shingled:
        mine = _shingles(folded)
        if any(len(mine & theirs) >= _ECHO_SHARE * len(mine) for theirs in shingled if mine):
            return "caption_echo"
    return None


def _is_byline(piece: TextPiece, names: frozenset[str]) -> bool:
    """Return whether a line has the names of authors and nothing else, or after "by" also their places."""
    if piece.word_count > _BYLINE_MAX_WORDS:
        return False
    parts = [part for part in _BYLINE_PARTS.split(piece.text) if part.strip()]
    others = [part for part in parts if fold_title(part) not in names]
    is_named = _BY_WORD.match(piece.text) is not None and parts[0] not in others
    return not others or (is_named and all(_PLACE.fullmatch(part.strip()) for part in others))


def _is_name(piece: TextPiece) -> bool:
    """Return whether a paragraph is two or three capitalised words: under a headline, a name that nothing marks."""
    words = piece.text.split()
    return (
        piece.kind == "paragraph"
        and len(words) in (2, 3)
        and not piece.text.isupper()
        and not piece.text.endswith(".")
        and all(word[0].isupper() and _NAME_WORD.fullmatch(word) for word in words)
    )


def _shingles(folded: str) -> frozenset[tuple[str, ...]]:
    words = folded.split()
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def _line_rule(piece: TextPiece, folded: str, index: int) -> str | None:
    """Return the name of the first rule for this place that a line matches; ``folded`` is from ``fold_title``."""
    is_head = index < _HEAD_PIECES
    rule = _first_match(_HEAD_RULES if is_head else _ANY_RULES, piece, folded)
    return rule or phrase_rule_of(piece.text, words=piece.word_count, place="head" if is_head else "any")


def is_foreign_line(text: str) -> bool:
    """Return whether a line is of the publisher and not of a story, in whatever place it is."""
    piece = TextPiece("paragraph", text)
    places: tuple[LinePosition, ...] = ("head", "tail")
    return _first_match(LINE_RULES, piece, fold_title(text)) is not None or any(
        phrase_rule_of(text, words=piece.word_count, place=place) is not None for place in places
    )


def _first_match(rules: Iterable[LineRule], piece: TextPiece, folded: str) -> str | None:
    for rule in rules:
        if piece.word_count > rule.max_words or (rule.needs and not any(map(folded.__contains__, rule.needs))):
            continue
        if rule.find(piece.text) is not None:
            return rule.name
    return None


def _without_empty_headings(pieces: Sequence[TextPiece], fired: Counter[str]) -> list[TextPiece]:
    rest = list(pieces)
    while rest and rest[-1].kind == "heading":
        rest.pop()
        fired["last_heading"] += 1
    return rest


def is_biography(piece: TextPiece, names: Collection[str]) -> bool:
    """Return whether a paragraph begins with the name of an author and says what he or she is. ``names``: folded.

    A question in an interview has a colon after the name.
    """
    if piece.word_count > _BIOGRAPHY_MAX_WORDS or fold_title(piece.text[:200].partition(":")[0]) in names:
        return False
    start = fold_title(piece.text[:200])
    return any(
        start.startswith(f"{name} ") and not BIOGRAPHY_VERBS.isdisjoint(start[len(name) :].split()[:_VERB_WITHIN])
        for name in names
        if " " in name
    )


def single_heading(piece: TextPiece) -> TextPiece:
    """Return a heading once that a page prints twice in one element: for large and for small screens."""
    words = piece.text.split()
    half = len(words) // 2
    is_double = piece.kind == "heading" and half > 1 and words[:half] == words[half:]
    return TextPiece("heading", " ".join(words[:half])) if is_double else piece
