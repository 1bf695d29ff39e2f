"""Answers of paths: the same in a process, and what comes back from one; readers who are gone."""

import asyncio
import os
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from fastapi import Request
from fastapi.testclient import TestClient

from newslake.pipeline.addons.newsroom.page_request import HttpAnswer, NewsroomRequest
from newslake.pipeline.addons.newsroom.pages.saved_queries import MOST_BYTES
from newslake.pipeline.addons.newsroom.responders import JSON, Responder, answer_within_limits, routes
from newslake.pipeline.addons.newsroom.web_app import endpoint, newsroom_app
from newslake.pipeline.errors import LimitError, NewsError
from newslake.pipeline.query.connection import connect, query
from newslake.pipeline.settings import Settings

ENDLESS = "SELECT sum(a.range * b.range) FROM range(3000000) a, range(3000000) b"
QUERY = {"from": "2026-03-01", "to": "2026-03-04", "q": "quay", "url": "https://a.example/1"}
ABSENT = ("/articles/{article_id}", "/organisations/{entity_id}", "/pages")  # what the small lake cannot show
PARAMETERS = {"article_id": "a" * 32, "entity_id": "e-okoro", "slug": "top-speakers"}
HEADERS = {"Content-Disposition": 'attachment; filename="ä.csv"'}


def settings_of(lake: Path, **others: Any) -> Settings:
    sources = lake.parent / "sources.toml"
    sources.touch()
    return Settings.load(data_dir=lake.parent, sources_file=sources, frozen_now="2026-03-04T20:00:00+00:00", **others)


def outcome_of(answer: Responder, settings: Settings, **query: str) -> HttpAnswer | tuple[type, str]:
    """Return an answer, or class and text of its error."""
    request = NewsroomRequest(QUERY | query, PARAMETERS, "../", settings)
    try:
        return answer_within_limits(answer, request, end=Event())
    except NewsError as error:
        return type(error), str(error)


def test_answers_are_the_same_in_a_process(small_lake: Path) -> None:
    """Content, headers and errors of each path, and the chart for a phone, do not depend on the setting."""
    here, there = (settings_of(small_lake, sql_process=process) for process in (False, True))
    answers = {}
    for path, answer in routes().items():
        for more in ({}, {"width": "phone"}, {"from": "x"}):
            answers[path, *more] = outcome_of(answer, here, **more)
            assert outcome_of(answer, there, **more) == answers[path, *more], path
    errors = {path for (path, *more), each in answers.items() if isinstance(each, tuple) and "from" not in more}
    assert errors == {f"{path}{ending}" for path in ABSENT for ending in ("", ".json")}
    assert b"<svg" in answers["/questions/{slug}.svg", "width"].content


def answer_largest(request: NewsroomRequest) -> HttpAnswer:
    return HttpAnswer(b"\n\0" * (MOST_BYTES // 2), "text/csv; charset=utf-8", HEADERS)


def answer_process(request: NewsroomRequest) -> HttpAnswer:
    return HttpAnswer(str(os.getpid()).encode(), JSON)


def answer_with_a_defect(request: NewsroomRequest) -> HttpAnswer:
    raise ZeroDivisionError("<b>secret</b>")


def test_largest_file_comes_from_a_process_unchanged(small_lake: Path) -> None:
    """A file of the largest size, with any bytes and headers, is within the memory of a page."""
    answer = outcome_of(answer_largest, settings_of(small_lake, sql_process=True))
    assert isinstance(answer, HttpAnswer), answer
    assert (answer.media_type, answer.headers) == ("text/csv; charset=utf-8", HEADERS)
    assert answer.content == b"\n\0" * (MOST_BYTES // 2)


def test_defect_in_a_process_has_no_details(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unexpected exception in a process is a page without details."""
    monkeypatch.setenv("NEWS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("NEWS_SQL_PROCESS", "true")
    app = newsroom_app(lambda: None)
    app.add_api_route("/defect.json", endpoint(answer_with_a_defect, root="", slots=asyncio.Semaphore(1)))
    answer = TestClient(app).get("/defect.json")
    message = {"status": 500, "title": "Internal error", "message": "Read the log of the api-server."}
    assert (answer.status_code, answer.json()["error"]) == (500, message)


def test_reader_who_leaves_before_the_turn_ends_no_process(small_lake: Path) -> None:
    """A page whose reader is gone before its turn is not begun; the process stays for the next page."""
    request = NewsroomRequest({}, {}, "", settings_of(small_lake, sql_process=True))
    first = answer_within_limits(answer_process, request, end=Event())
    end = Event()
    end.set()
    with pytest.raises(LimitError):
        answer_within_limits(answer_process, request, end=end)
    assert answer_within_limits(answer_process, request, end=Event()) == first


def test_statement_of_a_reader_who_is_gone_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a process, DuckDB ends the statement of a page when its connection is closed; the place is free."""
    monkeypatch.setenv("NEWS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("NEWS_NEWSROOM_SECONDS", "600")
    begun = Event()

    def answer_endless(request: NewsroomRequest) -> HttpAnswer:
        with connect(request.lake) as connection:
            begun.set()
            query(connection, ENDLESS)
        return HttpAnswer(b"", JSON)

    async def close_when_begun() -> dict[str, str]:
        await asyncio.to_thread(begun.wait)
        return {"type": "http.disconnect"}

    async def leave_early() -> None:
        slots = asyncio.Semaphore(1)
        scope = {"type": "http", "query_string": b"", "path_params": {}}
        with pytest.raises(LimitError):
            await endpoint(answer_endless, root="", slots=slots)(Request(scope, receive=close_when_begun))
        assert not slots.locked()

    asyncio.run(leave_early())
