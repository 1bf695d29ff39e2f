"""From a capture to what cleaning makes of it."""

from functools import partial

from pipeline.clean import clean
from pipeline.errors import NewsError
from pipeline.model import Article, Capture, Rejected
from pipeline.stages.disposition import guarded
from pipeline.stages.reservation import under_reservation
from pipeline.stages.workspace import Workspace


def clean_capture(workspace: Workspace, capture: Capture) -> Article | Rejected | NewsError:
    """Return the article in a capture, why it is none, or what broke: its record or the extractor."""

    def work() -> Article | Rejected:
        page = workspace.archive.page(capture)
        return under_reservation(read(page), page, is_obeyed=workspace.settings.tdm_policy == "obey")

    source = next((each for each in workspace.sources.sources if each.key == capture.source_key), None)
    publisher = source.publisher if source is not None else None
    rules = source.rules if source is not None else ()
    read = partial(clean, source_key=capture.source_key, publisher=publisher, raw_ref=capture.digest, rules=rules)
    return guarded(work, key=capture.url or capture.hints.file or capture.article_id)
