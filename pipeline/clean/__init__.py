"""Turn a page into an Article, or into the reason why it is rejected. No network, no files.

``article`` has the public entry points. Line rules are data in ``boilerplate``, page types and rejections are in
``page_types``, and ``plain_text`` reads plain text without changing its characters.
"""

from newslake.pipeline.clean.article import Explanation, clean, explain, extract, publication_time
from newslake.pipeline.clean.blocks import Origin
from newslake.pipeline.clean.boilerplate import GENERATION
from newslake.pipeline.clean.canonical import PageIdentity, page_identity, url_identity
from newslake.pipeline.clean.moments import in_zone
from newslake.pipeline.clean.page_types import reject_reason
from newslake.pipeline.clean.plain_text import article_from_text

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
    "publication_time",
    "reject_reason",
    "url_identity",
]
