"""Links: relative within Newsroom, so that they hold under any base path; to the outside only to web pages."""

from urllib.parse import quote, urlencode


def link(root: str, path: str, **asked: object) -> str:
    """Return a link to a page of Newsroom from one at ``root``; what is None or empty is not asked for."""
    query = urlencode({name.rstrip("_"): str(value) for name, value in asked.items() if value not in (None, "")})
    return f"{root}{quote(path)}{'?' if query else ''}{query}" or "./"


def web_link(url: str | None) -> str:
    """Return a URL that may be followed; nothing for any that is no web page's, such as a script in a link."""
    return url if url and url.lower().startswith(("http://", "https://")) else ""
