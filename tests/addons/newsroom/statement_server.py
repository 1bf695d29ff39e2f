"""A real server of Newsroom with two more pages: the rows of any statement, and one that never ends."""

import asyncio
import os
import time

import uvicorn

from newslake.pipeline.addons.newsroom.page_request import HttpAnswer, NewsroomRequest
from newslake.pipeline.addons.newsroom.pages.json_pages import to_json
from newslake.pipeline.addons.newsroom.responders import JSON
from newslake.pipeline.addons.newsroom.web_app import endpoint, newsroom_app
from newslake.pipeline.query.connection import connect, query

BEGUN = "begun"  # the file with the id of the process that answers the page without an end


def answer_statement(request: NewsroomRequest) -> HttpAnswer:
    with connect(request.lake) as connection:
        return HttpAnswer(to_json(query(connection, request.query["sql"]).records()), JSON)


def answer_never(request: NewsroomRequest) -> HttpAnswer:
    path = request.settings.data_dir / BEGUN
    path.with_suffix(".new").write_text(str(os.getpid()))
    path.with_suffix(".new").rename(path)
    time.sleep(600)
    return HttpAnswer(b"", JSON)


def serve(port: int) -> None:
    """Serve the pages, one at a time."""
    app = newsroom_app(lambda: None)
    slots = asyncio.Semaphore(1)
    for path, answer in (("/statement.json", answer_statement), ("/never.json", answer_never)):
        app.add_api_route(path, endpoint(answer, root="", slots=slots), methods=["GET"])
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
