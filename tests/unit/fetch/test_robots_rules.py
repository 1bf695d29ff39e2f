"""Which group of a robots.txt applies to us, which records end it, and which line refuses a page (RFC 9309)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newslake.pipeline.fetch.robots_rules import RobotsRules, product_token
from tests.processor_time import processor_seconds
from tests.properties.fuzzing import examples

HEADER = "newslake/0.1 (contact desk@example.org)"
URL = "https://post.example"


def _rules(text: str) -> RobotsRules:
    return RobotsRules(text, agent=HEADER)


@pytest.mark.parametrize("name", ["newslake", "NewsLake", "newslake/0.1", "NewsLake Bot", "newslake*", HEADER])
def test_group_names_us_as_our_header_does(name):
    """A group applies to us if its product token is ours, in any case and with anything after it."""
    rules = _rules(f"User-agent: *\nDisallow: /everybody\n\nUser-agent: {name}\nDisallow: /ours\n")

    assert (rules.allows(f"{URL}/everybody"), rules.allows(f"{URL}/ours/1")) == (True, False)


@pytest.mark.parametrize("name", ["news", "lake", "newslake-images", "newslake_images", "mynewslake", "contact", "0.1"])
def test_product_token_is_compared_whole(name):
    """A group of another product is not ours, although our header contains its name."""
    rules = _rules(f"User-agent: {name}\nDisallow: /\n\nUser-agent: *\nDisallow: /everybody\n")

    assert (rules.allows(f"{URL}/a"), rules.allows(f"{URL}/everybody")) == (True, False)


def test_all_groups_that_name_us_are_combined():
    """Several groups of our product are one group."""
    rules = _rules(
        "User-agent: newslake\nDisallow: /a\n\nUser-agent: x\nDisallow: /b\n\nUser-agent: NEWSLAKE\nDisallow: /c"
    )

    assert [rules.allows(f"{URL}/{path}") for path in "abc"] == [False, True, False]


@pytest.mark.parametrize(
    "record", ["Crawl-delay: 3", "Sitemap: https://post.example/s.xml", "Host: x", "Request-rate: 1/5", ""]
)
def test_other_records_do_not_end_a_group(record):
    """Only Allow and Disallow end the names of a group; no other record interferes (RFC 9309, section 2.2.4)."""
    rules = _rules(f"User-agent: newslake\n{record}\nUser-agent: other\nDisallow: /shared\n")

    assert not rules.allows(f"{URL}/shared")


def test_empty_disallow_ends_the_names_of_a_group():
    """A Disallow without a path is a rule that refuses nothing; the next name starts a group of its own."""
    rules = _rules("User-agent: newslake\nDisallow:\nUser-agent: *\nDisallow: /\n")

    assert rules.allows(f"{URL}/a")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("User-agent: newslake\nCrawl-delay: 3\nUser-agent: other\nCrawl-delay: 9\nDisallow: /x", 9.0),
        ("User-agent: other\nCrawl-delay: 9\nUser-agent: newslake\nDisallow: /x", None),
        ("User-agent: *\nDisallow: /x\nCrawl-delay: 2.5", 2.5),
        ("User-agent: *\nCrawl-delay: nan\nCrawl-delay: -1\nCrawl-delay: inf\nCrawl-delay: soon", None),
        ("Crawl-delay: 4\nUser-agent: *\nDisallow: /x", None),
    ],
)
def test_crawl_delay_applies_to_the_names_above_it(text, seconds):
    """A Crawl-delay is for the names of its group above it; the longest valid one counts."""
    assert _rules(text).crawl_delay == seconds


def test_longest_rule_decides():
    """Of the rules that match, the one with the longest pattern decides; of equal ones, Allow."""
    rules = _rules("User-agent: *\nDisallow: /n\nAllow: /news\nDisallow: /news/*/draft$\nAllow: /p\nDisallow: /p\n")

    found = [rules.allows(f"{URL}/{path}") for path in ("n", "news/a", "news/a/draft", "news/a/drafts", "p")]

    assert found == [False, True, False, True, True]


def test_line_breaks_of_other_alphabets_end_no_line():
    """A line ends at CR or LF only: another character that Python counts as a line break starts no rule."""
    rules = _rules("User-agent: *\rDisallow: /a\u2028Allow: /\r\nDisallow: /b\x85Allow: /b\n")

    assert (rules.allows(f"{URL}/a"), rules.allows(f"{URL}/b"), rules.allows(f"{URL}/b\x85Allow: /b")) == (
        True,
        True,
        False,
    )


def test_naming_the_refusing_line_is_cheap():
    """In a file of 30,000 rules the refusing line costs no more than reading the file; the next ones far less."""
    text = "User-agent: *\n" + "".join(f"Disallow: /p{number}/\n" for number in range(30_000))
    numbers = range(0, 30_000, 3000)
    read = processor_seconds(lambda: _rules(text), tries=3)
    named = processor_seconds(lambda: _rules(text).line_against(f"{URL}/p0/x"), tries=3) - read
    rules = _rules(text)
    again = processor_seconds(lambda: [rules.line_against(f"{URL}/p{number}/x") for number in numbers]) / len(numbers)

    assert rules.line_against(f"{URL}/p0/x") == "line 2: Disallow: /p0/"
    assert rules.line_against(f"{URL}/p27000/x") == "line 27002: Disallow: /p27000/"
    assert named < 3 * read
    assert again < read


@examples(200)
@given(text=st.text(st.characters(codec=None, categories=None), max_size=200), path=st.text(max_size=30))
def test_any_text_gives_an_answer(text, path):
    """Any code points are read; a refused URL has a line that can be encoded, or none."""
    rules = RobotsRules(f"User-agent: {text}\nDisallow: /{text}\nUser-agent: *\nDisallow: {text}", agent=text)
    url = f"{URL}/{path.replace('#', '')}"
    if not rules.allows(url):
        (rules.line_against(url) or "").encode()


def test_product_token():
    """The product token is the letters, hyphens and underscores at the start."""
    assert [product_token(each) for each in (HEADER, "Mozilla/5.0 (x)", "a-b_c9", "*", "9")] == [
        "newslake", "mozilla", "a-b_c", "", "",
    ]  # fmt: skip


RIGHTS = """License: https://post.example/license.xml

User-agent: *
Content-Signal: search=yes, ai-train=no  # not for training
Content-Usage: / train-ai=n
Content-Usage: /free/ train-ai=y
Content-Usage: /free/*.pdf$ search=n
Allow: /

User-agent: newslake-images
Content-Signal: search=no
Disallow: /
License: https://post.example/pictures.xml
License: pictures
"""


@pytest.mark.parametrize(
    ("path", "statements"),
    [
        ("/news/quay", [(4, "content-signal: search=yes, ai-train=no"), (5, "content-usage: train-ai=n")]),
        ("/free/quay", [(4, "content-signal: search=yes, ai-train=no"), (6, "content-usage: train-ai=y")]),
        ("/free/a.pdf", [(4, "content-signal: search=yes, ai-train=no"), (7, "content-usage: search=n")]),
    ],
)
def test_statements_of_our_group_about_a_path(path, statements):
    """Of the preferences of our group the longest pattern applies, and every License of the file, with its line."""
    licenses = [(1, "rsl: https://post.example/license.xml"), (13, "rsl: https://post.example/pictures.xml")]

    assert _rules(RIGHTS).rights(f"{URL}{path}") == tuple(sorted([*licenses, *statements]))


def test_file_without_statements_says_nothing():
    """Rules for crawling are no statement about use."""
    assert _rules("User-agent: *\nDisallow: /archive\nLicensed: yes\n").rights(f"{URL}/a") == ()


def test_preference_is_a_rule_of_its_group():
    """A Content-Signal ends the names of its group: a later name starts another group."""
    rules = _rules("User-agent: *\nContent-Signal: ai-train=no\nUser-agent: other\nDisallow: /\n")

    assert rules.allows(f"{URL}/a")
    assert rules.rights(f"{URL}/a") == ((2, "content-signal: ai-train=no"),)


def test_preferences_for_one_path_all_apply():
    """Two Content-Usage lines with the same path both apply."""
    rules = _rules("User-agent: *\nContent-Usage: /a train-ai=y\nContent-Usage: /a train-ai=n\n")

    assert [text for _, text in rules.rights(f"{URL}/a/1")] == [
        "content-usage: train-ai=y",
        "content-usage: train-ai=n",
    ]


def test_many_preferences_take_little_time():
    """The first page of a file of 500 KB with preferences takes less than a second, the next ones a fraction."""
    text = "User-agent: *\n" + "".join(f"Content-Usage: /{number}/*a*b train-ai=n\n" for number in range(12_000))
    rules = _rules(text)

    assert processor_seconds(lambda: rules.rights(f"{URL}/{'a' * 2000}")) < 1
    assert processor_seconds(lambda: rules.rights(f"{URL}/{'b' * 2000}")) < 0.1
