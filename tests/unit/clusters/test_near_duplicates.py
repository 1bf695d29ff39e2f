"""Near duplicates: which article repeats an earlier one, and how."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from newslake.pipeline.clusters import affected_days, drop_site_boilerplate, find_near_duplicates
from newslake.pipeline.clusters.minhash import sketches_of
from newslake.pipeline.clusters.near_duplicates import ArticleShingles, match_of, match_of_variant
from newslake.pipeline.clusters.text import rows_of
from newslake.pipeline.tables import check_batch
from tests.planted import COPIES, STRANGERS, Press, with_sketches

# Site boilerplate does not make articles duplicates.

SITE_PRESS = Press(seed=5)
FOOTER = SITE_PRESS.prose(60)


def kept(*articles: tuple[str | None, str, str]) -> list[int]:
    """Return how many shingles remain of articles given by domain, content and text."""
    rows: list[dict[str, Any]] = [{"domain": d, "content_hash": c, "text": t} for d, c, t in articles]
    schema = pa.schema([(name, pa.string()) for name in ("domain", "content_hash", "text")])
    table = drop_site_boilerplate(with_sketches(pa.Table.from_pylist(rows, schema=schema)))
    assert all({*row["unquoted"]} <= {*row["shingles"]} for row in table.to_pylist())
    return [len(row["shingles"]) for row in table.to_pylist()]


def texts(count: int) -> list[str]:
    return [f"{SITE_PRESS.prose(40)}\n\n{FOOTER}" for _ in range(count)]


def test_footer_of_a_site_is_dropped() -> None:
    """Articles of one site with the same end keep their own shingles and those across the border."""
    assert kept(*(("harbour.example", f"c{n}", text) for n, text in enumerate(texts(5)))) == [40] * 5


def test_few_articles_or_many_sites_have_no_boilerplate() -> None:
    """Four articles are too few; each site is examined separately; articles without a site do not change."""
    whole = [98] * 4
    assert kept(*(("harbour.example", f"c{n}", text) for n, text in enumerate(texts(4)))) == whole
    assert kept(*((f"{n}.example", f"c{n}", text) for n, text in enumerate(texts(8)))) == whole * 2
    assert kept(*((None, f"c{n}", text) for n, text in enumerate(texts(8)))) == whole * 2


def test_one_content_under_many_urls_is_not_boilerplate() -> None:
    """A story under eight URLs of a site counts once."""
    story = SITE_PRESS.prose(40)
    assert kept(*(("harbour.example", "same", story) for _ in range(8))) == [38] * 8


def test_no_articles() -> None:
    """A day may have no articles."""
    assert kept() == []


# Which texts match, on texts made for each trap.

MATCH_PRESS = Press(seed=3)
MATCH_STORY = MATCH_PRESS.prose(300)
STATEMENT = MATCH_PRESS.prose(200).replace("\n\n", " ")


def article_shingles(text: str) -> ArticleShingles:
    sketch = sketches_of([text])
    return ArticleShingles(rows_of(sketch["shingles"])[0], rows_of(sketch["unquoted"])[0])


def methods(one: str, other: str) -> set[str | None]:
    """Return how two texts match, in both orders."""
    both = (article_shingles(one), article_shingles(other))
    return {match.method if match else None for match in (match_of(*both), match_of(*both[::-1]))}


@pytest.mark.parametrize("how", COPIES)
def test_duplicates_match(how: str) -> None:
    """The changes that publishers make to a story keep it a duplicate."""
    assert None not in methods(MATCH_STORY, MATCH_PRESS.copied(MATCH_STORY, how))


def test_part_of_a_story_is_cut_if_long_enough() -> None:
    """Half of a story matches as cut; a tenth of it does not match."""
    words = MATCH_STORY.split()
    assert methods(MATCH_STORY, " ".join(words[:150])) == {"contained"}
    assert methods(MATCH_STORY, " ".join(words[:40])) == {None}


@pytest.mark.parametrize("why", [why for why in STRANGERS if why != "shared footer"])
def test_strangers_do_not_match(why: str) -> None:
    """Stories that share a statement, their background or a line do not match."""
    assert methods(*MATCH_PRESS.strangers(why)) == {None}


@pytest.mark.parametrize("marks", ["“{}”", '"{}"', "« {} »", "„{}“"])
def test_a_shared_statement_is_not_the_story(marks: str) -> None:
    """Two stories around one statement differ, although the statement has four fifths of their words."""
    said = marks.format(STATEMENT)
    assert methods(f"{MATCH_PRESS.prose(50)}\n\n{said}", f"{MATCH_PRESS.prose(50)}\n\n{said}") == {None}


def test_unclosed_quotation_mark_ends_with_its_line() -> None:
    """One stray quotation mark does not make the story a quotation."""
    stray = "”".join(("“" + MATCH_STORY[:40].replace("\n", " "), ""))
    assert methods(f"“{MATCH_STORY}", MATCH_STORY) == {"near"}
    assert methods(f"{stray} {MATCH_STORY}", MATCH_STORY) == {"near"}


def test_marks_and_case_do_not_count() -> None:
    """Other quotation marks, hyphens, case and spaces do not change the shingles."""
    assert methods(MATCH_STORY, MATCH_STORY.upper().replace(" ", "\u00a0").replace(".", " …")) == {"near"}


@pytest.mark.parametrize("text", ["", "one", "one two", "“one two three”"])
def test_short_texts_match_nothing(text: str) -> None:
    """A text of a few words matches nothing, not even itself."""
    assert methods(text, text) == {None}
    assert methods(text, MATCH_STORY) == {None}


# Which text is another version of a known one.

VARIANT_PRESS = Press(seed=9)
ALERT, ADDED = VARIANT_PRESS.prose(80), VARIANT_PRESS.prose(420)
QUOTED_ALERT = "\n\n".join(f"“{each}”" for each in ALERT.split("\n\n"))


@pytest.mark.parametrize("text", [f"{ALERT}\n\n{ADDED}", f"{VARIANT_PRESS.prose(60)}\n\n{ALERT}\n\n{ADDED}"])
def test_long_update_of_an_alert_is_a_version_of_it(text: str) -> None:
    """A text that opens with the known one is a version of it, however long it is; a tenth of it is not."""
    assert match_of_variant(text, ALERT) is not None
    assert match_of_variant(ALERT, text) is None


@pytest.mark.parametrize(
    "text",
    [
        f"{QUOTED_ALERT}\n\n{ADDED}",
        f"{QUOTED_ALERT}\n\n{VARIANT_PRESS.prose(40)}",
        f"{VARIANT_PRESS.prose(250)}\n\n{ALERT}\n\n{VARIANT_PRESS.prose(150)}",
        ADDED,
    ],
    ids=["long quoting", "short quoting", "digest", "other"],
)
def test_text_that_quotes_an_alert_is_no_version_of_it(text: str) -> None:
    """A text that has the known one inside quotation marks, or after its opening, is another story."""
    assert match_of_variant(text, ALERT) is None


DAY = date(2026, 2, 10)
NOON = datetime(2026, 2, 10, 12, tzinfo=UTC)
PRESS = Press(seed=11)
STORY = PRESS.prose(200)
SCHEMA = pa.schema(
    [
        ("article_id", pa.string()),
        ("revision_id", pa.string()),
        ("published_at", pa.timestamp("us", "UTC")),
        ("published_date", pa.date32()),
        ("content_hash", pa.string()),
        ("fetched_at", pa.timestamp("us", "UTC")),
        ("text", pa.string()),
    ]
)


def article(
    name: str, content: str, *, days: int = 0, hours: int = 0, dated: bool = True, fetched: int = 0, text: str = ""
) -> Any:
    at = NOON + timedelta(days=days, hours=hours)
    return {
        "article_id": name,
        "revision_id": f"r-{name}",
        "published_at": at if dated else None,
        "published_date": at.date(),
        "content_hash": content,
        "fetched_at": NOON + timedelta(hours=fetched),
        "text": text,
    }


def window(articles: Sequence[Any]) -> pa.Table:
    return with_sketches(pa.Table.from_pylist(list(articles), schema=SCHEMA))


def originals(*articles: Any, day: date = DAY) -> dict[str, str]:
    table = find_near_duplicates(window(articles), day=day)
    assert check_batch({"near_duplicates": table}) == ()
    return {row["article_id"]: row["dup_group_id"] for row in table.to_pylist()}


@pytest.mark.parametrize(
    ("articles", "expected"),
    [
        ([article("a", "x"), article("b", "y")], {"a": "a", "b": "b"}),
        ([article("b", "x", hours=1), article("a", "x", hours=2)], {"a": "b", "b": "b"}),
        ([article("a", "x", days=-7), article("b", "x")], {"b": "a"}),
        ([article("a", "x", days=-8), article("b", "x")], {"b": "b"}),
        ([article("a", "x", days=1), article("b", "x")], {"b": "b"}),
        ([article("a", "x", dated=False), article("b", "x")], {"a": "b", "b": "b"}),
        ([article("a", "x", fetched=2), article("b", "x", fetched=1)], {"a": "b", "b": "b"}),
        ([article("b", "x"), article("a", "x")], {"a": "a", "b": "a"}),
        ([], {}),
    ],
    ids=["alone", "same-day", "a-week-before", "too-old", "later", "undated-last", "fetched-first", "by-id", "none"],
)
def test_original_is_the_earliest_of_equal_content(articles: list[Any], expected: dict[str, str]) -> None:
    """The original is the earliest match in the window; an article without an earlier match is its own original."""
    assert originals(*articles) == expected


def test_columns_of_a_duplicate() -> None:
    """A duplicate has method and is_duplicate of the match, and its own key columns."""
    assert find_near_duplicates(window([article("a", "x", days=-1), article("b", "x")]), day=DAY).to_pylist() == [
        {
            "article_id": "b",
            "revision_id": "r-b",
            "published_at": NOON,
            "dup_group_id": "a",
            "is_duplicate": True,
            "similarity": 1.0,
            "method": "exact",
        }
    ]


def test_order_of_rows_does_not_matter() -> None:
    """Any order of the window gives the same table."""
    stories = [PRESS.prose(60) for _ in range(5)]
    texts = [PRESS.copied(stories[n % 5], COPIES[n % len(COPIES)]) for n in range(60)]
    rows = [
        article(f"a{n}", f"x{n % 9}", days=-(n % 8), hours=n % 3, dated=n % 4 > 0, text=text)
        for n, text in enumerate(texts)
    ]
    expected = find_near_duplicates(window(rows), day=DAY)
    for seed in range(5):
        random.Random(seed).shuffle(rows)
        assert find_near_duplicates(window(rows), day=DAY).equals(expected)


def test_a_day_affects_the_seven_after() -> None:
    """A change of one day can change the duplicates of that day and of the seven days after."""
    assert affected_days(DAY) == tuple(DAY + timedelta(days=number) for number in range(8))


def test_an_undated_article_of_an_earlier_day_is_earlier() -> None:
    """An article without a date is on its news day: articles published days later come after it."""
    assert originals(article("a", "x", days=-2, dated=False), article("b", "x")) == {"b": "a"}


@pytest.mark.parametrize(
    ("how", "method"), [("dateline and footer", "near"), ("5 % of words changed", "near"), ("cut by 30 %", "contained")]
)
def test_changed_duplicate_names_the_original(how: str, method: str) -> None:
    """A duplicate with other content is found by its shingles; the row has its similarity."""
    copy = PRESS.copied(STORY, how)
    articles = [article("a", "x", days=-7, text=STORY), article("b", "y", text=copy)]
    (row,) = find_near_duplicates(window(articles), day=DAY).to_pylist()
    assert (row["dup_group_id"], row["is_duplicate"], row["method"]) == ("a", True, method)
    assert 0.7 <= row["similarity"] <= 1.0
    assert originals(article("a", "x", days=-8, text=STORY), article("b", "y", text=copy)) == {"b": "b"}


def test_matches_do_not_chain() -> None:
    """A duplicate of a duplicate names the first article only if it matches it, else the second."""
    words = STORY.replace(".", "").split()
    half, fifth = " ".join(words[:100]), " ".join(words[:50])
    first, second = article("a", "x", text=STORY), article("b", "y", hours=1, text=half)
    assert originals(first, second, article("c", "z", hours=2, text=fifth)) == {"a": "a", "b": "a", "c": "b"}
    assert originals(first, second, article("c", "y", hours=2, text=half)) == {"a": "a", "b": "a", "c": "a"}


def test_earlier_near_match_wins_over_an_exact_one() -> None:
    """The earliest match wins, not the best."""
    near = PRESS.copied(STORY, "dateline and footer")
    articles = [article("a", "x", text=near), article("b", "y", hours=1, text=STORY)]
    assert originals(*articles, article("c", "y", hours=2, text=STORY)) == {"a": "a", "b": "a", "c": "a"}


def test_hundreds_of_duplicates_are_one_group() -> None:
    """Duplicates of a widely published story are compared with the original, not with each other."""
    copies = [article(f"b{n:03}", f"y{n}", hours=1, text=f"{PRESS.prose(8)} {STORY}") for n in range(600)]
    assert set(originals(article("a", "x", text=STORY), *copies).values()) == {"a"}
