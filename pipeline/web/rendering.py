"""From values to HTML. Every value is escaped, nothing of a page runs, and nothing that it shows is fetched."""

import base64
import hashlib
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.web.palette import palette_css
from pipeline.web.visible import make_visible

_STYLE = "style.css"


def page(template: str, **values: object) -> str:
    """Return a template of this room filled with values; the same text for the same values.

    A value that is missing, or None, is an error: a template says what stands where there is nothing.
    Raises: jinja2.UndefinedError, TypeError.
    """
    return _environment().get_template(template).render(values)


@cache
def stylesheet() -> str:
    """Return the one stylesheet, the palette first. It stands inside every page."""
    environment = _environment()
    source, _, _ = environment.loader.get_source(environment, _STYLE)  # type: ignore[union-attr]
    return palette_css() + source


@cache
def policy(*, is_served: bool) -> str:
    """Return the content security policy: this stylesheet and nothing else, no script, no frame.

    A page that is served is sent with it as a header; it may show pictures of its own server, send forms to it, and
    stand in its frames.
    A file carries it in a ``meta`` element, where frames cannot be named.
    """
    digest = base64.b64encode(hashlib.sha256(stylesheet().encode()).digest()).decode()
    own = "img-src 'self'; form-action 'self'; frame-ancestors 'self'" if is_served else "form-action 'none'"
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; {own}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pipeline.web"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.globals.update(stylesheet=stylesheet, policy=policy)
    return environment


def _finalize(value: object) -> object:
    """Return what a template prints for a value. Raises: TypeError for None, which is no text."""
    if value is None:
        raise TypeError("a template prints None: say what stands where there is nothing")
    return make_visible(value) if type(value) is str else value
