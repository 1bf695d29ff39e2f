"""From a page to an Article, or the reason why it is none. No network, no files.

Line rules are data in ``line_rules``; what makes a page no article is in ``page_types``; plain text has a way of its
own in ``text_article`` and keeps its characters.
"""

from pipeline.clean.article import Explanation, clean, explain, extract
from pipeline.clean.blocks import Origin
from pipeline.clean.boilerplate import GENERATION
from pipeline.clean.canonical import PageIdentity, page_identity
from pipeline.clean.dates import in_zone
from pipeline.clean.page_types import reject_reason
from pipeline.clean.plain_text import article_from_text

__all__ = [
    "GENERATION",
    "Explanation",
    "Origin",
    "PageIdentity",
    "article_from_text",
    "clean",
    "explain",
    "extract",
    "in_zone",
    "page_identity",
    "reject_reason",
]
