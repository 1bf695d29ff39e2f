"""Write world.path of Newsroom, the land of the world as one SVG path, from Natural Earth. Run it by hand.

    pip install --target /tmp/world pyshp==3.1.6 shapely==2.2.0
    pip download --no-deps --dest /tmp/world geopandas==0.14.4
    unzip -d /tmp/world /tmp/world/geopandas-0.14.4-py3-none-any.whl 'geopandas/datasets/*'
    PYTHONPATH=/tmp/world python scripts/build_world.py /tmp/world/geopandas/datasets/naturalearth_lowres

geopandas 0.14.4 (BSD) is the last version that ships the countries of Natural Earth, 1:110m, which are in the public
domain. Their borders are removed: a map of places does not need them, and many are disputed. Antarctica is left out.
"""

import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from shapefile import Reader
from shapely.geometry import shape
from shapely.ops import unary_union

TARGET = Path(__file__).parent.parent / "pipeline" / "addons" / "newsroom" / "templates" / "world.path"
UNITS = 2  # per degree, as in pages/events.py
TOLERANCE = 0.2  # degrees; smaller details are not visible at the size of a page
SOUTH = -60.0


def main(folder: Path) -> None:
    with Reader(folder / f"{folder.name}.shp") as countries:
        land = unary_union([shape(each.__geo_interface__) for each in countries.shapes()]).simplify(TOLERANCE)
    parts = [part for part in land.geoms if part.bounds[3] > SOUTH]
    rings = [ring for part in parts for ring in (part.exterior, *part.interiors)]
    TARGET.write_text("".join(path for ring in rings for path in _path_of(ring.coords)))


def _path_of(ring: Any) -> Iterator[str]:
    """Yield a ring as a closed path of relative lines; nothing for a ring that is smaller than a unit."""
    points = [(round((east + 180) * UNITS), round((90 - north) * UNITS)) for east, north in ring]
    steps = [(x - before_x, y - before_y) for (before_x, before_y), (x, y) in pairwise(points)]
    moves = [step for step in steps if step != (0, 0)][:-1]
    if len(moves) > 1:
        lines = " ".join(f"{x} {y}" for x, y in moves).replace(" -", "-")
        yield f"M{points[0][0]} {points[0][1]}l{lines}z"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
