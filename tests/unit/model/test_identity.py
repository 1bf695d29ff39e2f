"""Tracking parameters are removed from URLs, parameters that identify an article are not."""

import tomllib
from importlib.resources import files

import pytest

from newslake.pipeline.model import canonical_url
from newslake.pipeline.model.identity import domain_of

STORY = "https://post.example/story"
TRACKING = (
    "utm_source", "utm_id", "gclid", "gbraid", "wbraid", "dclid", "fbclid", "igshid", "twclid", "ttclid", "msclkid",
    "yclid", "_gl", "_ga", "srsltid", "mkt_tok", "guccounter", "guce_referrer", "guce_referrer_sig", "mtm_campaign",
    "pk_kwd", "s_cid", "mc_cid", "mc_eid", "_hsenc", "_hsmi", "hsCtaTracking", "vero_id", "oly_anon_id", "oly_enc_id",
    "rb_clickid", "wickedid", "at_medium", "ns_campaign", "xtor", "spm",
)  # fmt: skip
IDENTIFYING = ("id", "cid", "p", "ref", "share", "source", "page", "cmp", "at", "ns_id", "utm", "mc", "story_id", "sc")


@pytest.mark.parametrize("name", TRACKING)
def test_tracking_parameter_is_removed(name: str) -> None:
    """A parameter that browsers or ClearURLs know as tracking is removed, in any case, the others stay."""
    for spelling in (name, name.upper()):
        assert canonical_url(f"{STORY}?{spelling}=x1&cid=4711") == f"{STORY}?cid=4711"


@pytest.mark.parametrize("name", IDENTIFYING)
def test_parameter_that_may_identify_stays(name: str) -> None:
    """A parameter that identifies an article at some site stays, whatever its value."""
    assert canonical_url(f"{STORY}?{name}=4711") == f"{STORY}?{name}=4711"


def test_parameter_may_track_only_with_some_values() -> None:
    """ref_src is removed if X wrote it into a link, and stays with any other value."""
    assert canonical_url(f"{STORY}?ref_src=twsrc%5Etfw%7Ctwcamp") == STORY
    assert canonical_url(f"{STORY}?ref_src=archive") == f"{STORY}?ref_src=archive"


def test_families_of_tracking_parameters_are_consistent() -> None:
    """Each name of the data file is in lower case, and in one family only; no prefix begins a common word."""
    text = files("newslake.pipeline.model").joinpath("data/tracking_parameters.toml").read_text("utf-8")
    families = tomllib.loads(text).values()
    names = [name for family in families for name in (*family.get("names", ()), *family.get("values", ()))]
    prefixes = tuple(prefix for family in families for prefix in family.get("prefixes", ()))

    assert sorted(set(names)) == sorted(names)
    assert [name for name in (*names, *prefixes) if name != name.lower()] == []
    assert [name for name in names if name.startswith(prefixes)] == []
    assert [prefix for prefix in prefixes if "_" not in prefix] == []


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("https://post.example/a%2fb/%7Ec/", "https://post.example/a%2Fb/~c"),
        ("https://post.example/a%252Fb", "https://post.example/a%252Fb"),
        ("https://post.example/#!/story/1", "https://post.example/#!/story/1"),
        ("https://post.example/app/#/story/ä", "https://post.example/app#/story/%C3%A4"),
        ("https://post.example/a#!", "https://post.example/a"),
        ("https://post.example/a#/", "https://post.example/a"),
        ("https://post.example/a#comments", "https://post.example/a"),
        ("https://post.example。/a b", "https://post.example/a%20b"),
    ],
)
def test_encoded_slashes_and_routes_stay(url: str, canonical: str) -> None:
    """An encoded slash and the route of an application in the page identify; an anchor does not."""
    assert canonical_url(url) == canonical


@pytest.mark.parametrize(
    "url", ["https://。/a", "https://./a", "mailto:desk@post.example", "", f"{STORY}/{'ä' * 2000}"]
)
def test_other_texts_are_refused(url: str) -> None:
    """A text without an http(s) host, or too long when it is encoded, has no canonical form."""
    with pytest.raises(ValueError, match="URL"):
        canonical_url(url)


def test_domain_of_a_host_that_ends_with_a_dot() -> None:
    """The dot of a fully qualified host is no part of the domain."""
    assert domain_of("https://www.post.example./a") == domain_of("https://post.example/a") == "post.example"
