"""An article has one canonical URL, whatever the spelling of its links."""

from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newslake.pipeline.clean.canonical import try_canonical_url
from newslake.pipeline.model import article_id_of, canonical_url

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
STEPS = st.lists(WORDS.filter(lambda word: word not in (".", "..", "amp") and not word.endswith("amp")), max_size=4)
QUERY = st.dictionaries(st.sampled_from(["id", "page", "ä", "q"]), WORDS, max_size=3)
HEADS = ("", "/amp/amp/x", "/a/amp/amp", "//a//../b/./", "?a=%FF&b=%zz", "/%2e%2e/")
HOSTS = ("post.example", "POST.example", "www.post.example", "m.post.example.", "u:p@post.example")
TRACKING = st.sampled_from(["utm_source=x", "fbclid=1", "gclid=a%20b", "Mtm_Kwd=home", "ref_src=twsrc%5Etfw"])
# Characters and pieces that URL rules treat specially, among any others: a lone surrogate, a full-width dot, ½ (1⁄2).
PIECES = st.sampled_from(
    [
        *"%/?&=;@:[] \\\t\u3002\ud83d\xa0\u0130\xdf\xbd",
        *["%2F", "%2f", "%25", "//", "..", "amp", "www.", "#!/", "#/", "xn--", "utm_a=1", "cid=4711"],
    ]
)
ANY_URL = st.lists(st.one_of(PIECES, st.text(max_size=4)), max_size=12).map("".join)


@given(st.text(max_size=60), st.sampled_from(HEADS))
@example("", "/amp/a.amp.html/amp")
def test_canonical_form_is_idempotent(tail: str, head: str) -> None:
    """Canonicalizing twice gives the same URL, for any text after the host."""
    try:
        once = canonical_url(f"https://www.post.example{head}{tail}")
    except ValueError:
        return
    assert canonical_url(once) == once


@given(st.one_of(ANY_URL, st.text(max_size=60)), st.sampled_from(["", "https://", "http://post.example/", "//"]))
@example("\xe4" * 3000, "https://post.example/")
def test_any_text_has_a_stable_canonical_form_or_none(text: str, head: str) -> None:
    """Any text of any code points has no canonical form, or one whose canonical form is itself."""
    once = try_canonical_url(head + text)
    assert once is None or try_canonical_url(once) == canonical_url(once) == once


@given(st.data(), STEPS, QUERY)
def test_all_spellings_have_one_canonical_url(data: st.DataObject, steps: list[str], query: dict[str, str]) -> None:
    """Scheme, case of the host, www, port, order of the query, tracking, fragment, slash and escapes do not matter."""
    path = "".join(f"/{quote(step, safe='')}" for step in steps)
    pairs = [f"{quote(key)}={quote(value, safe='')}" for key, value in query.items()]
    plain = f"https://post.example{path}" + (f"?{'&'.join(pairs)}" if pairs else "")
    scheme, port = data.draw(st.sampled_from([("https", ""), ("http", ""), ("HTTP", ":80"), ("https", ":443")]))
    host = data.draw(st.sampled_from(HOSTS))
    noisy = data.draw(st.permutations([*pairs, *data.draw(st.lists(TRACKING, max_size=2))]))
    tail = data.draw(st.sampled_from(["", "/", "//", "/./", "/x/.."]))
    other = f"{scheme}://{host}{port}{path}{tail}" + (f"?{'&'.join(noisy)}" if noisy else "") + "#top"
    assert canonical_url(other) == canonical_url(plain)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://post.example/A", "https://post.example/a"),
        ("https://post.example/a?id=1", "https://post.example/a?id=2"),
        ("https://post.example/a?x=%FF", "https://post.example/a?x=%FE"),
        ("https://post.example:8443/a", "https://post.example/a"),
        ("https://sport.post.example/a", "https://post.example/a"),
        ("https://post.example/a?cid=4711", "https://post.example/a?cid=4712"),
        ("https://post.example/a?ref=harbour", "https://post.example/a?ref=council"),
        ("https://post.example/a?ref_src=archive", "https://post.example/a"),
        ("https://post.example/a%2Fb", "https://post.example/a/b"),
        ("https://post.example/#!/story/1", "https://post.example/#!/story/2"),
        ("https://post.example/app#/story/1", "https://post.example/app"),
    ],
)
def test_different_articles_have_different_ids(one: str, other: str) -> None:
    """URL parts that may identify another article are kept."""
    ids = {article_id_of(canonical=canonical_url(url), text="") for url in (one, other)}
    assert len(ids) == 2
