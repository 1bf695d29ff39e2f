"""From an article to the one Doc that it is read as."""

from bisect import bisect_left

from spacy.attrs import IDX
from spacy.language import Language
from spacy.tokens import Doc

from pipeline.model import Article


def make_doc(nlp: Language, article: Article) -> Doc:
    """Return the whole text as tokens, with a sentence start forced at each block, so that none crosses blocks.

    The parser keeps forced starts, and the name finder never begins a name before one and ends it after.
    """
    doc = nlp.make_doc(article.text)
    starts: list[int] = doc.to_array(IDX).tolist()
    for block in article.blocks:
        index = bisect_left(starts, block.start)
        if index < len(starts) and starts[index] < block.end:
            doc[index].is_sent_start = True
    return doc
