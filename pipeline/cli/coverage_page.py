"""Coverage as a page: one file, readable without colours, scripts or a network."""

from html import escape

from pipeline.model.coverage import Cell, Coverage, Odd, OddKind, SourceCoverage

# What stands in a cell: a shade for a day as it is, a letter where it is odd. No two differ by colour alone.
SHADES = (("·", "none"), ("░", "under half of what is usual"), ("▒", "less"), ("▓", "as usual"), ("█", "more"))
SYMBOLS: dict[OddKind, tuple[str, str]] = {
    "not_asked": ("X", "not asked: no run"),
    "failed": ("F", "the listing could not be had"),
    "empty": ("0", "the listing had no entry"),
    "few": ("-", "far fewer pages"),
    "many": ("+", "far more pages"),
    "left_out": ("r", "many pages left out"),
    "waiting": ("w", "many pages wait"),
    "guessed": ("d", "many dates are guessed"),
}
UNKNOWN = " "
# One hue from light to dark (ColorBrewer's Blues), and one orange that people with any colour vision tell from it.
_COLOURS = ("#ffffff", "#deebf7", "#9ecae1", "#6baed6", "#3182bd")
_ALARM, _REAL = "#fdae6b", "#d9d9d9"
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; background: #fff; }
table { border-collapse: collapse; } caption { text-align: left; padding-bottom: .5rem; }
.map { overflow-x: auto; } .map td { width: 1.5rem; height: 1.5rem; text-align: center; border: 1px solid #fff; }
.map thead th { font-weight: normal; font-size: 11px; writing-mode: vertical-rl; padding: .2rem 0; }
th[scope=row] { text-align: left; padding-right: .8rem; white-space: nowrap; }
.odd td, .odd th { text-align: left; padding: .2rem .8rem .2rem 0; vertical-align: top; }
td b { outline: 2px solid #7f2704; padding: 0 .3rem; } ul { list-style: none; padding: 0; columns: 18rem; }
li span { display: inline-block; width: 1.5rem; text-align: center; margin-right: .4rem; }
"""


def symbol_of(cell: Cell) -> str:
    """Return the one character of a day."""
    if cell.odd:
        return SYMBOLS[cell.odd[0].kind][0]
    return SHADES[shade_of(cell)][0] if cell.is_known or cell.facts.pages else UNKNOWN


def shade_of(cell: Cell) -> int:
    """Return the place in ``SHADES``: pages beside what is usual; without that, any number is as usual."""
    pages = cell.facts.pages
    if not pages:
        return 0
    ratio = pages / cell.usual if cell.usual else 1.0
    return 1 if ratio < 0.5 else 2 if ratio < 0.8 else 3 if ratio < 1.3 else 4


def day_told(cell: Cell) -> str:
    """Return a day in words: pages, what became of them, what is usual."""
    facts = cell.facts
    parts = [f"{count} {kind}" for kind, count in facts.outcomes.items() if count]
    usual = "" if cell.usual is None else f", usually {cell.usual:.0f}"
    late = f"; {facts.late} came late" if facts.late else ""
    return f"{facts.day}: {facts.pages} pages{usual}{': ' if parts else ''}{', '.join(parts)}{late}"


def coverage_page(found: Coverage) -> str:
    """Return the page, whole."""
    days = "".join(
        f'<th scope="col">{cell.facts.day}</th>' for cell in (found.sources[0].cells if found.sources else ())
    )
    rows = "".join(map(_row, found.sources))
    odd = "".join(
        _odd_row(source, cell, each) for source in found.sources for cell in source.cells for each in cell.odd
    )
    title = f"Coverage, {found.first} to {found.last}"
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title><style>{_STYLE}</style></head><body>
<h1>{title}</h1>
<div class="map" tabindex="0" role="region" aria-label="Sources by days"><table>
<caption>One cell a source and news day. Shades tell pages beside what is usual for the source on such a weekday,
letters what is odd; each cell says it in words.</caption>
<thead><tr><th scope="col">source</th>{days}<th scope="col">newest article</th></tr></thead>
<tbody>{rows}</tbody></table></div>
<h2>Legend</h2><ul>{_legend()}</ul>
<h2>Odd days</h2>
<table class="odd"><thead><tr><th scope="col">day</th><th scope="col">source</th><th scope="col">whose</th>
<th scope="col">what</th></tr></thead><tbody>{odd or '<tr><td colspan="4">none</td></tr>'}</tbody></table>
<p>Whose: <em>ours</em>, our run is the cause; <em>theirs</em>, the listing or the pages are; <em>real</em>, everything
was asked and answered, so the number is the news itself.</p>
</body></html>
"""


def _row(source: SourceCoverage) -> str:
    cells = "".join(map(_cell, source.cells))
    return f'<tr><th scope="row">{escape(source.key)}</th>{cells}<td>{escape(freshness_told(source))}</td></tr>\n'


def freshness_told(source: SourceCoverage) -> str:
    """Return how old a source's newest article is."""
    hours = source.hours_since_newest
    if hours is None:
        return "no dated article"
    return f"{hours:.0f} h ago" if hours < 72 else f"{hours / 24:.0f} days ago"


def _cell(cell: Cell) -> str:
    told = escape("; ".join([day_told(cell), *(each.told for each in cell.odd)]), quote=True)
    symbol = escape(symbol_of(cell))
    shown = f"<b>{symbol}</b>" if _is_alarm(cell) else symbol
    return f'<td style="background:{_colour(cell)}" title="{told}" aria-label="{told}">{shown}</td>'


def _is_alarm(cell: Cell) -> bool:
    return any(each.whose != "real" for each in cell.odd)


def _colour(cell: Cell) -> str:
    if cell.odd:
        return _ALARM if _is_alarm(cell) else _REAL
    return _COLOURS[shade_of(cell)]


def _legend() -> str:
    shades = zip(SHADES, _COLOURS, strict=True)
    lines = [f'<li><span style="background:{colour}">{symbol}</span>{told}</li>' for (symbol, told), colour in shades]
    lines += [
        f'<li><span style="background:{_REAL if kind in ("few", "many") else _ALARM}">{symbol}</span>{told}</li>'
        for kind, (symbol, told) in SYMBOLS.items()
    ]
    return "".join(lines)


def _odd_row(source: SourceCoverage, cell: Cell, odd: Odd) -> str:
    return (
        f'<tr><th scope="row">{cell.facts.day:%a} {cell.facts.day}</th><td>{escape(source.key)}</td>'
        f"<td>{odd.whose}</td><td>{escape(odd.told)}</td></tr>\n"
    )
