"""Requests to a real api-server, with tokens of its users and altered tokens."""

import base64
import json
from http.client import HTTPConnection
from typing import NamedTuple
from urllib.parse import urlsplit

import jwt

from tests.browser.airflow import JWT_SECRET, PASSWORDS


class Reply(NamedTuple):
    """A response; the names of its headers are lower-case."""

    status: int
    headers: dict[str, str]
    text: str


def ask(origin: str, path: str, *, method: str = "GET", body: str | None = None, **headers: str) -> Reply:
    """Return the response to one request. In names of headers, ``_`` is a hyphen."""
    connection = HTTPConnection(urlsplit(origin).netloc, timeout=60)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        sent = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, sent, answer.read().decode())
    finally:
        connection.close()


def log_in(origin: str, name: str, password: str, **headers: str) -> Reply:
    """Return the response to a login."""
    body = json.dumps({"username": name, "password": password})
    return ask(origin, "/auth/token", method="POST", body=body, Content_Type="application/json", **headers)


def token_of(origin: str, name: str) -> str:
    """Return the token of a user after login."""
    return str(json.loads(log_in(origin, name, PASSWORDS[name]).text)["access_token"])


def altered(token: str, *, secret: str = JWT_SECRET, **claims: object) -> str:
    """Return a token with other claims, signed with Airflow's own key or another one."""
    payload = token.split(".")[1]
    given = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return jwt.encode({**given, **claims}, secret, algorithm="HS512", headers={"kid": "not-used"})
