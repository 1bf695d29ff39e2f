"""The add-on newsroom: the pages for readers. Other add-ons add pages by its hook."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from newslake.pipeline.hooks import AddonInfo, implementation, specification

if TYPE_CHECKING:
    from newslake.pipeline.addons.airflow.apps import App
    from newslake.pipeline.addons.newsroom.page_list import NewsroomPage


class NewsroomSpecifications(Protocol):
    """The hook of Newsroom."""

    @specification
    def newsroom_pages(self) -> "Sequence[NewsroomPage]":
        """Return the pages of the add-on. The stylesheet and the templates of Newsroom are in its ``rendering``."""


specifications = NewsroomSpecifications


@implementation
def addon_info() -> AddonInfo:
    """Return what the add-on is."""
    return AddonInfo("newsroom", "Newsroom", fits=("airflow",))


@implementation
def newsroom_pages() -> "list[NewsroomPage]":
    """Return the pages of the tables, and of the provenance of a page."""
    from newslake.pipeline.addons.newsroom.page_list import NewsroomPage

    answers = "newslake.pipeline.addons.newsroom.page_answers"
    return [
        NewsroomPage("/pages", f"{answers}:answer_pages"),
        NewsroomPage("/why", f"{answers}:answer_why", label="Why", rank=60),
        NewsroomPage("/articles", f"{answers}:answer_articles", label="Articles", rank=20),
        NewsroomPage("/articles/{article_id}", f"{answers}:answer_article"),
        NewsroomPage("/people", f"{answers}:answer_people", label="People", rank=30),
        NewsroomPage("/people/{entity_id}", f"{answers}:answer_person"),
        NewsroomPage("/organisations", f"{answers}:answer_organisations"),
        NewsroomPage("/organisations/{entity_id}", f"{answers}:answer_organisation"),
        NewsroomPage("/events", f"{answers}:answer_events", label="Events", rank=40),
        NewsroomPage("/events/map", f"{answers}:answer_event_map"),
        NewsroomPage("/questions", f"{answers}:answer_questions", label="Questions", rank=50),
        NewsroomPage("/questions/{slug}", f"{answers}:answer_question"),
    ]


@implementation(optionalhook=True)
def airflow_apps() -> "list[App]":
    """Return Newsroom as an application of Airflow's web server."""
    from newslake.pipeline.addons.airflow.apps import App

    return [App("newsroom", "Newsroom", "newslake.pipeline.addons.newsroom.web_app:newsroom_asgi")]
