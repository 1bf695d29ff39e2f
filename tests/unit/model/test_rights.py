"""Statements about the use of a page, as publishers write them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newslake.pipeline.model import RightsStatement
from newslake.pipeline.model.rights import (
    directive_of,
    license_of,
    policy_of,
    refusal_of,
    reservation_of,
    rights_in_headers,
    signal_of,
    usage_of,
)
from tests.processor_time import processor_seconds

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
PAGE = "https://post.example/news/quay"
RSL = '<https://post.example/license.xml>; rel="license"; type="application/rsl+xml"'


@pytest.mark.parametrize(
    ("value", "statement"),
    [
        ("search=yes, ai-train=no, ai-input=no", "content-signal: search=yes, ai-train=no, ai-input=no"),
        ("Search = YES,AI-train=No", "content-signal: search=yes, ai-train=no"),
        ("ai-train=no, ai-train=yes", "content-signal: ai-train=yes"),
        ("ai-train=maybe", None),
        ("", None),
    ],
)
def test_content_signal(value: str, statement: str | None) -> None:
    """A Content-Signal is its signals with yes or no, in lower case; other answers say nothing."""
    assert signal_of(value) == statement


@pytest.mark.parametrize(
    ("value", "statement"),
    [
        ("train-ai=n", "content-usage: train-ai=n"),
        ("train-ai=y, search=n;x=1", "content-usage: train-ai=y, search=n"),
        ("train-ai=n, train-ai=y", "content-usage: train-ai=y"),
        ('train-ai=y, train-ai, search="n"', None),
        ("Train-AI=n", None),
        ("train-ai=no", None),
    ],
)
def test_content_usage(value: str, statement: str | None) -> None:
    """A Content-Usage is a dictionary with the tokens y and n: the last value of a label counts, others say nothing."""
    assert usage_of(value) == statement


def test_urls_of_licenses_are_absolute() -> None:
    """The URL of a license or policy is resolved against the page; without an http(s) URL there is no statement."""
    assert license_of("/license.xml", base=PAGE) == "rsl: https://post.example/license.xml"
    assert policy_of(" https://post.example/tdm policy.json", base=PAGE) == (
        "tdm-policy: https://post.example/tdm%20policy.json"
    )
    assert [license_of(url, base=PAGE) for url in (None, "", "mailto:desk@post.example", "http://[")] == [None] * 4


@pytest.mark.parametrize(
    ("headers", "statements"),
    [
        ({"link": RSL}, [("rsl: https://post.example/license.xml", "link")]),
        ({"link": f'</a.css>; rel="preload, x"; as=style, {RSL}'}, [("rsl: https://post.example/license.xml", "link")]),
        ({"link": "</l.xml>; type=application/rsl+xml; rel=license"}, [("rsl: https://post.example/l.xml", "link")]),
        ({"link": '<https://post.example/by>; rel="license"; type="text/html"'}, []),
        ({"link": '<https://post.example/x>; rel="next"; type="application/rsl+xml"'}, []),
        ({"content-signal": "ai-train=no"}, [("content-signal: ai-train=no", "content-signal")]),
        ({"content-usage": "train-ai=n"}, [("content-usage: train-ai=n", "content-usage")]),
        ({"x-robots-tag": "index, NoAI, noimageai"}, [("robots: noai, noimageai", "x-robots-tag")]),
        (
            {"tdm-reservation": "1", "tdm-policy": "/tdm.json"},
            [("tdm-reservation: 1", "tdm-reservation"), ("tdm-policy: https://post.example/tdm.json", "tdm-policy")],
        ),
        ({"tdm-reservation": "1"}, [("tdm-reservation: 1", "tdm-reservation")]),
        ({"tdm-reservation": "0", "tdm-policy": "/tdm.json", "x-robots-tag": "noindex"}, []),
    ],
)
def test_headers_of_a_page(headers: dict[str, str], statements: list[tuple[str, str]]) -> None:
    """Each header that says something is a statement with the header and the time of the response as evidence."""
    expected = tuple(RightsStatement(text, f"header {name}, 2026-03-02T09:30:00Z") for text, name in statements)
    assert rights_in_headers(headers, url=PAGE, at=AT) == expected


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("content-signal: search=yes, ai-train=no", "tdm_reserved"),
        ("content-signal: search=yes, ai-train=yes", None),
        ("content-signal: comments=no", None),
        ("content-usage: train-ai=n", "tdm_reserved"),
        ("content-usage: train-ai=y, search=y", None),
        ("tdm-reservation: 1", "tdm_reserved"),
        ("tdm-policy: https://post.example/tdm.json", None),
        ("robots: noai", "tdm_reserved"),
        ("rsl: https://post.example/license.xml", "rsl_license"),
    ],
)
def test_what_a_statement_refuses(statement: str, reason: str | None) -> None:
    """A reservation, a no for a use of text and data mining, and a license refuse; a policy and a yes do not."""
    stated = RightsStatement(statement, "here")
    assert refusal_of([stated]) == (None if reason is None else (reason, stated))


def test_reservation_comes_before_a_license() -> None:
    """Of several refusals the first reservation is the reason, then the first license."""
    terms, robots = RightsStatement("rsl: https://post.example/l.xml", "a"), RightsStatement("robots: noai", "b")
    assert refusal_of([terms, robots]) == ("tdm_reserved", robots)


@given(st.text(max_size=80))
def test_any_text_is_read(text: str) -> None:
    """Any value gives a statement of at most one line, or none."""
    read = (signal_of, usage_of, directive_of, reservation_of, license_of, policy_of)
    found = [statement for each in read if (statement := each(text)) is not None]
    found += [
        each.statement for each in rights_in_headers(dict.fromkeys(("link", "tdm-policy"), text), url=PAGE, at=AT)
    ]
    assert [each for each in found if not each.isprintable()] == []


@pytest.mark.parametrize("piece", ["<a>;", "<a> ; ", "a=", " ", "<", '<a>;x="', "noai", "a=yes,"])
def test_long_headers_are_read_in_linear_time(piece: str) -> None:
    """A header of 100,000 characters takes less than a second."""
    headers = dict.fromkeys(
        ("link", "content-signal", "content-usage", "x-robots-tag"), piece * (100_000 // len(piece))
    )
    assert processor_seconds(lambda: rights_in_headers(headers, url=PAGE, at=AT)) < 1
