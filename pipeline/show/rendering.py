"""Rendering: templates, stylesheets and security policies, links, and invisible characters.

Every value is escaped. A page loads nothing from other servers. No page but the sheet of an audit runs a script.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote, urlencode

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from newslake.pipeline.model.provenance import Fact
from newslake.pipeline.query import palette

_URL_FACTS = frozenset({"url", "requested", "final URL"})  # of a provenance
# Controls, overrides of the text direction, surrogates, and characters that HTML forbids. Line feeds and tabs stay.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_PICTURES_OF_CONTROLS = 0x2400  # U+2400 is the picture of U+0000, and so on up to U+001F
_DELETE, _PICTURE_OF_DELETE = 0x7F, "\u2421"


@dataclass(frozen=True, slots=True)
class Templates:
    """The templates of packages, each in its folder ``templates``, with the stylesheet of their pages.

    A template extends those of the packages before it. ``styles`` are files of these folders, in order.
    """

    packages: tuple[str, ...]
    styles: tuple[str, ...]

    def extend(self, package: str, *, style: str = "") -> "Templates":
        """Return these templates and those of one more package, whose pages also have the file ``style``."""
        return Templates((*self.packages, package), (*self.styles, *filter(None, [style])))

    def page(self, template: str, **values: object) -> str:
        """Return a rendered template.

        A missing value or None is an error: a template must handle absent values itself.
        Raises: jinja2.UndefinedError, TypeError.
        """
        return _environment(self).get_template(template).render(values)

    def source(self, name: str) -> str:
        """Return a stylesheet or script of the folders, as it is."""
        return _source(self, name)

    def stylesheet(self) -> str:
        """Return the stylesheet, the palette first. Every page includes it inline."""
        return _stylesheet(self)

    def policy(self, *, is_served: bool, script: str = "") -> str:
        """Return the content security policy: only this stylesheet, only the inline file ``script``, no frames.

        A served page has it as a header. Such a page may show images of its server, submit forms to it, and be
        framed by it.
        A standalone file has it in a ``meta`` element, which cannot restrict frames.
        """
        return _policy(self, is_served, script)


TEMPLATES = Templates(("newslake.pipeline.show",), ("style.css",))


@cache
def _environment(templates: Templates) -> Environment:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(each) for each in templates.packages]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.globals.update(
        stylesheet=templates.stylesheet, policy=templates.policy, source=templates.source, url_of=url_of
    )
    return environment


@cache
def _source(templates: Templates, name: str) -> str:
    environment = _environment(templates)
    text, _, _ = environment.loader.get_source(environment, name)  # type: ignore[union-attr]
    return text


@cache
def _stylesheet(templates: Templates) -> str:
    return palette_css() + "".join(map(templates.source, templates.styles))


@cache
def _policy(templates: Templates, is_served: bool, script: str) -> str:
    style = hash_source(templates.stylesheet())
    scripts = f" script-src {hash_source(templates.source(script))};" if script else ""
    limits = "img-src 'self'; form-action 'self'; frame-ancestors 'self'" if is_served else "form-action 'none'"
    return f"default-src 'none'; style-src {style};{scripts} base-uri 'none'; {limits}"


def hash_source(text: str) -> str:
    """Return the source expression of an inline element with exactly this text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _finalize(value: object) -> object:
    """Return what a template prints for a value. Raises: TypeError for None."""
    if value is None:
        raise TypeError("a template prints None: write a text for the missing value")
    return make_visible(value) if type(value) is str else value


def palette_css() -> str:
    """Return the colours of charts as CSS variables, light and dark: ink, faint, paper, and s1 to s8."""
    light = _variables(palette.INK, palette.FAINT, palette.BACKGROUND, palette.SERIES)
    dark = _variables(palette.INK_ON_DARK, palette.FAINT_ON_DARK, palette.DARK_BACKGROUND, palette.SERIES_ON_DARK)
    return f":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"


def _variables(ink: str, faint: str, paper: str, series: tuple[str, ...]) -> str:
    colours = {"ink": ink, "faint": faint, "paper": paper} | {f"s{at}": colour for at, colour in enumerate(series, 1)}
    return ";".join(f"--{name}:{colour}" for name, colour in colours.items())


def link(root: str, path: str, **parameters: object) -> str:
    """Return a link to a page of Newsroom, without empty parameters.

    It is relative to ``root``, so it is valid under any base path.
    """
    query = urlencode({name.rstrip("_"): str(value) for name, value in parameters.items() if value not in (None, "")})
    return f"{root}{quote(path)}{'?' if query else ''}{query}" or "./"


def entity_link(root: str, path: str, entity_id: str, **days: object) -> str:
    """Return the link to an entity; "" for an id that newslake does not make, which could lead elsewhere."""
    return link(root, f"{path}/{entity_id}", **days) if entity_id.isascii() and entity_id.isalnum() else ""


def web_link(url: str | None) -> str:
    """Return a URL that is safe to link to; "" if it is not an HTTP URL, e.g. a script."""
    return url if url and url.lower().startswith(("http://", "https://")) else ""


def url_of(fact: Fact) -> str:
    """Return the URL that a fact of a provenance is, if it is safe to link to; "" for any other fact."""
    return web_link(str(fact.value)) if fact.name in _URL_FACTS else ""


def make_visible(text: str) -> str:
    """Return a text with visible symbols for invisible characters and for those that change the text direction."""
    return text if text.isprintable() else _INVISIBLE.sub(_sign, text)  # most are short and printable


def make_json_visible(text: str) -> str:
    """Return equivalent JSON with invisible characters escaped."""
    return _INVISIBLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _sign(match: re.Match[str]) -> str:
    point = ord(match[0])
    if point < 0x20:
        return chr(_PICTURES_OF_CONTROLS + point)
    return _PICTURE_OF_DELETE if point == _DELETE else f"[U+{point:04X}]"
