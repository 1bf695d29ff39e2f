"""The frozen values that packages pass to each other."""

from newslake.pipeline.model.annotation import Annotation, Entity, Event, Quote, TimeExpression
from newslake.pipeline.model.article import Article, Block, Credit, FieldMethod, Rejected, Threshold
from newslake.pipeline.model.freshness import FreshnessLimits, SourceFreshness
from newslake.pipeline.model.identity import (
    article_id_of,
    browser_url,
    canonical_link,
    canonical_url,
    content_hash_of,
    domain_of,
    file_name_of,
    revision_id_of,
    revision_of,
)
from newslake.pipeline.model.outcome import Outcome, StageReport, pluralize
from newslake.pipeline.model.page import GONE, Attempt, Capture, Exchange, Hints, Page, Ref
from newslake.pipeline.model.rights import RightsStatement
from newslake.pipeline.model.source import NO_OUTLET_KEYS, LayoutRule, OutletKeys, Source

__all__ = [
    "GONE",
    "NO_OUTLET_KEYS",
    "Annotation",
    "Article",
    "Attempt",
    "Block",
    "Capture",
    "Credit",
    "Entity",
    "Event",
    "Exchange",
    "FieldMethod",
    "FreshnessLimits",
    "Hints",
    "LayoutRule",
    "Outcome",
    "OutletKeys",
    "Page",
    "Quote",
    "Ref",
    "Rejected",
    "RightsStatement",
    "Source",
    "SourceFreshness",
    "StageReport",
    "Threshold",
    "TimeExpression",
    "article_id_of",
    "browser_url",
    "canonical_link",
    "canonical_url",
    "content_hash_of",
    "domain_of",
    "file_name_of",
    "pluralize",
    "revision_id_of",
    "revision_of",
]
