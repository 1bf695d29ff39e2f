"""The colours of the pages as CSS variables: those of the charts."""

from pipeline.query import palette as style


def palette_css() -> str:
    """Return rules that define ``--ink``, ``--faint``, ``--paper`` and ``--s1`` to ``--s8``, light and dark."""
    light = _variables(style.INK, style.FAINT, style.BACKGROUND, style.SERIES)
    dark = _variables(style.INK_ON_DARK, style.FAINT_ON_DARK, style.DARK_BACKGROUND, style.SERIES_ON_DARK)
    return f":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"


def _variables(ink: str, faint: str, paper: str, series: tuple[str, ...]) -> str:
    named = {"ink": ink, "faint": faint, "paper": paper} | {f"s{at}": colour for at, colour in enumerate(series, 1)}
    return ";".join(f"--{name}:{colour}" for name, colour in named.items())
