"""The page that says what went wrong, in the look of the others."""

from pipeline.web.rendering import page

_TITLES = {
    400: "That cannot be asked",
    401: "Who is there?",
    403: "Not for you",
    404: "There is no such page",
    405: "Pages are only read here",
    503: "That took too much",
}


def error_page(status: int, message: str, *, root: str) -> str:
    """Return the page of an HTTP status, with what happened and what to do."""
    return page(
        "trouble.html", root=root, is_served=True, title=_TITLES.get(status, "Something is broken"), message=message
    )
