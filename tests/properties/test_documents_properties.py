"""Properties of `newslake annotate` and `newslake clean`: no line affects another, whatever characters it has."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newslake.pipeline.addons.documents.documents import annotate_lines, clean_lines
from newslake.pipeline.settings import Settings
from tests.faults.hostile import page
from tests.properties.fuzzing import examples

GOOD = json.dumps({"doc_id": "good", "text": "Ana Brito said she left.", "html": "good.html"}).encode()
# Also surrogates: JSON escapes hold any code point.
CHARACTERS = st.characters(codec=None, categories=None)
TEXTS = st.text(CHARACTERS, max_size=60)
TIMES = st.one_of(
    TEXTS,
    st.datetimes(timezones=st.timezones() | st.none()).map(str),
    st.sampled_from(["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "9999-12-31", "0001-01-01"]),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
URLS = st.one_of(
    TEXTS, st.sampled_from(["http://[::1", "https://a:x/", "http://\ud800/", "mailto:a", "//a", "http://"])
)


def _lines(**fields: st.SearchStrategy[object]) -> st.SearchStrategy[bytes]:
    """Return lines whose fields are of their kind or any value, and lines that are no JSON."""
    objects = st.fixed_dictionaries(
        {"doc_id": TEXTS | VALUES}, optional={name: each | VALUES for name, each in fields.items()}
    )
    deep = st.sampled_from([b"[" * 200_000, b'{"doc_id": "a", "text": ' + b"[" * 999 + b"]" * 999 + b"}"])
    return st.one_of(objects.map(lambda each: json.dumps(each).encode()), deep, st.binary(max_size=40), VALUES.map(
        lambda each: json.dumps(each).encode()
    ))  # fmt: skip


TEXT_LINES = _lines(text=TEXTS, title=TEXTS, published_at=TIMES, language=TEXTS | st.just("en"))
PAGE_LINES = _lines(url=URLS, html=TEXTS | st.just("any.html"), fetched_at=TIMES)


def _stream(line: bytes) -> io.BytesIO:
    return io.BytesIO(b"\n".join((GOOD, line.replace(b"\n", b" "), GOOD)) + b"\n")


@pytest.mark.model
@pytest.mark.usefixtures("nlp")  # loads the model before the first example
@given(TEXT_LINES)
@examples(150)
def test_any_line_of_annotate_has_a_result_or_a_problem(line: bytes) -> None:
    """The lines around any line are annotated, and a result is valid UTF-8."""
    found = {each.number: each for each in annotate_lines(_stream(line), settings=Settings.load())}
    assert [json.loads(found[number].result or b"")["doc_id"] for number in (1, 3)] == ["good", "good"]
    _check(line, found.get(2))


@given(PAGE_LINES, TEXTS, st.booleans())
@examples(150)
def test_any_line_of_clean_has_a_result_or_a_problem(tmp_path: Path, line: bytes, title: str, linked: bool) -> None:
    """The pages around any line are cleaned, whatever its page holds, and a result is valid UTF-8."""
    (tmp_path / "good.html").write_bytes(page(1))
    head = json.dumps({"@type": "NewsArticle", "headline": title, "author": title, "datePublished": title})
    script = f'<script type="application/ld+json">{head}</script>' if linked else f"<title>{title}</title>"
    (tmp_path / "any.html").write_bytes(page(2, head=script.encode("utf-8", "replace").decode()))
    lines = clean_lines(_stream(line), folder=tmp_path, settings=Settings.load())
    found = {each.number: each for each in lines}
    assert [json.loads(found[number].result or b"")["doc_id"] for number in (1, 3)] == ["good", "good"]
    _check(line, found.get(2))


def _check(line: bytes, found: object) -> None:
    if found is None:
        assert not line.strip()
        return
    result, problem = found.result, found.problem  # type: ignore[attr-defined]
    assert (result is None) == (problem is not None)
    if result is not None:
        json.loads(result.decode("utf-8"))
