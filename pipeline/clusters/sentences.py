"""Sentences by a rule over marks and capitals: no model, any language."""

import re
from collections.abc import Iterator

_ENDS = re.compile(r"[.!?…]+[\"'”’»)\]]*\s+(?=[\"'“‘«„(\[]*[^\W_a-z])|(?<=[。！？])(?=.)")
_GOES_ON = re.compile(r"(?:^|[\s(“\"])(?:[^\W\d_]|Mr|Mrs|Ms|Dr|Prof|St|Sen|Rep|Gov|Gen|Col|Lt|Sgt|No|vs)\.\s+$")
_LONGEST = 6  # letters of what goes on after its point, with what stands before it


def sentence_spans(block: str) -> Iterator[tuple[int, int]]:
    """Yield the offsets of the sentences of a block, in order; together they are the block, spaces included."""
    start = 0
    for end in _ENDS.finditer(block):
        if not _GOES_ON.search(block, max(start - 1, end.start() - _LONGEST, 0), end.end()):
            yield start, end.end()
            start = end.end()
    yield start, len(block)
