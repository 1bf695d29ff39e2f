"""Overlapping spans are split so that they nest; no text is lost or repeated."""

from hypothesis import given
from hypothesis import strategies as st

from newslake.pipeline.show.text_markup import Label, Mark, split_text

KINDS = ("quote", "said", "speaker", "cue", "event", "entity")
SIZE = 40
TEXT = "".join(chr(ord("a") + at % 26) for at in range(SIZE))
spans = st.tuples(st.integers(0, SIZE - 1), st.integers(1, SIZE)).filter(lambda span: span[0] < span[1])
marks = st.lists(
    st.builds(lambda kind, span, look: Mark(kind, *span, look), st.sampled_from(KINDS), spans, st.sampled_from("xy")),
    max_size=12,
    unique=True,
)


def _covered(segments, start):
    """Return for each letter the marks over it; check that the mark that ends is the one that began last."""
    stack, covered = [], []
    for segment in segments:
        for mark in segment.ends:
            assert stack.pop() == mark
        stack += segment.begins
        covered += [set(stack)] * len(segment.text)
    assert stack == []
    return {at: marks for at, marks in enumerate(covered, start)}


@given(marks, spans)
def test_every_letter_is_under_its_marks(found, block):
    """Each letter of a block is drawn once, under exactly the marks that cover it; each mark that begins ends."""
    start, end = block
    segments = split_text(TEXT, start=start, end=end, marks=found, labels=())

    assert "".join(segment.text for segment in segments) == TEXT[start:end]
    assert _covered(segments, start) == {
        at: {mark for mark in found if mark.start <= at < mark.end} for at in range(start, end)
    }


@given(marks, st.lists(st.tuples(st.integers(0, SIZE), st.booleans()), max_size=5))
def test_labels_are_at_their_offsets(found, places):
    """Each label is once before the letter at its offset; closing labels come first."""
    labels = [Label(at, is_opening, "q", str(n), "", "1", "") for n, (at, is_opening) in enumerate(places)]
    segments = split_text(TEXT, start=0, end=SIZE, marks=found, labels=labels)
    at, seen = 0, []
    for segment in segments:
        assert [label.at for label in segment.labels] == [at] * len(segment.labels)
        assert [label.is_opening for label in segment.labels] == sorted(label.is_opening for label in segment.labels)
        seen += segment.labels
        at += len(segment.text)

    assert sorted(label.name for label in seen) == sorted(label.name for label in labels)


def test_a_quote_holds_an_entity_that_holds_an_event():
    """A link is innermost: a trigger inside a name splits the name, never the reverse."""
    segments = split_text(
        "said: big bomb trial end",
        start=0,
        end=24,
        marks=[Mark("quote", 6, 24, "direct"), Mark("entity", 6, 20, "other", "e1"), Mark("event", 10, 14, "happened")],
        labels=(),
    )
    drawn = "".join(
        "".join(f"</{mark.kind}>" for mark in segment.ends)
        + "".join(f"<{mark.kind}>" for mark in segment.begins)
        + segment.text
        for segment in segments
    )

    assert drawn == (
        "said: <quote><entity>big </entity><event><entity>bomb</entity></event><entity> trial</entity> end</quote>"
    )
