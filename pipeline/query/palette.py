"""The palette, font and sizes of all charts and web pages."""

from typing import Any

# Okabe and Ito's colours, which colour-blind people can distinguish; without yellow, which is too pale on white.
SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F3C8D", "#000000")
MAIN = SERIES[0]
# The same hues for a dark background, with a contrast of at least 4.5 to 1; charts in files are on white.
SERIES_ON_DARK = ("#5AB0EE", "#FF8F4A", "#35C79B", "#E8A3CB", "#F2B63C", "#8CD0F5", "#C79AD6", "#E8E6E3")
UNKNOWN_COLOUR = {"unknown": "#B3B3B3", "(none)": "#D6D6D6"}  # always grey
GAP = "#8C8C8C"  # a missing day; drawn at GAP_OPACITY
GAP_OPACITY = 0.25
WHISKER = "#1A1A1A"
GRID, GRID_ON_DARK = "#E6E6E6", "#333C4E"
PALE_TO_FULL = (0.12, 1.0)  # opacity of MAIN from 0 to the largest number
# Background, text and muted text of Airflow 3.3's theme, light and dark, so that Newsroom has no seam in its frame.
BACKGROUND, INK, FAINT = "#FFFFFF", "#161D2D", "#3E5873"
DARK_BACKGROUND, INK_ON_DARK, FAINT_ON_DARK = "#161D2D", "#F8FAFD", "#A3AFBE"
# Liberation Sans comes with the renderer; Arial has the same widths and keeps the layout in browsers without it.
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
WIDTH, FACET_WIDTH, HEIGHT, STEP = 560, 260, 260, 22  # pixels
LABEL_WIDTH = 240  # pixels; longer names end in "…"
LINE_LETTERS, TITLE_LETTERS = 105, 70  # per line of the sentences and of the title

CONFIG: dict[str, Any] = {
    "font": FONT,
    "background": BACKGROUND,
    "padding": 12,
    "aria": False,  # the chart has one text for screen readers, not one per bar
    "view": {"stroke": None},
    "axis": {
        "labelLimit": LABEL_WIDTH,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelColor": INK,
        "titleColor": FAINT,
        "gridColor": GRID,
        "domainColor": "#8C8C8C",
        "tickColor": "#8C8C8C",
        "titlePadding": 10,
    },
    "legend": {
        "labelLimit": LABEL_WIDTH,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelColor": INK,
        "titleColor": FAINT,
    },
    "title": {
        "anchor": "start",
        "fontSize": 16,
        "color": INK,
        "subtitleFontSize": 12,
        "subtitleColor": FAINT,
        "offset": 14,
    },
    "concat": {"spacing": 24},
}


def _dark_style() -> str:
    """Return CSS that replaces each colour of a chart's SVG if its page is dark."""
    pairs = {BACKGROUND: DARK_BACKGROUND, INK: INK_ON_DARK, WHISKER: INK_ON_DARK, FAINT: FAINT_ON_DARK}
    pairs |= {GRID: GRID_ON_DARK, **dict(zip(SERIES, SERIES_ON_DARK, strict=True))}
    rules = (f'[{name}="{old}" i]{{{name}:{new}}}' for old, new in pairs.items() for name in ("fill", "stroke"))
    return f"@media (prefers-color-scheme:dark){{{''.join(rules)}}}"


DARK_STYLE = _dark_style()
