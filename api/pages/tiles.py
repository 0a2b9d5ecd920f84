"""The regions as a map of equal tiles, drawn by us: no outlines with clear rights exist for the twenty.

A tile stands roughly where its region lies. Which tiles there are on a day follows from the regions that exist then;
an operator's own outlines (GeoJSON) take the place of the tiles of those regions that they hold.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import cos, radians
from pathlib import Path
from typing import Any, Final

from kg.findings import BilimError, finding

SIZE, GAP = 108.0, 6.0
TILES: Final[Mapping[str, tuple[int, int]]] = {
    "kostanay": (2, 0), "north-kazakhstan": (3, 0), "pavlodar": (4, 0),
    "west-kazakhstan": (0, 1), "aktobe": (1, 1), "akmola": (2, 1), "astana": (3, 1), "abai": (4, 1),
    "east-kazakhstan": (5, 1),
    "atyrau": (0, 2), "ulytau": (2, 2), "karaganda": (3, 2), "zhetysu": (4, 2),
    "mangystau": (0, 3), "kyzylorda": (1, 3), "turkistan": (2, 3), "zhambyl": (3, 3), "almaty-region": (4, 3),
    "shymkent": (2, 4), "almaty-city": (4, 4),
}  # fmt: skip
"""Slug of a region -> column and row."""
SHADES: Final = 5
_WIDTH: Final = 680.0
_LINE: Final = 15


@dataclass(frozen=True, slots=True)
class Mark:
    """What a region shows: its name, where its tile leads, a number where there is one, and what is said of it."""

    slug: str
    label: str
    href: str
    number: float | None = None
    told: str = ""
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Tile:
    """One region drawn: a square, or the outline ``path``. ``lines``: its name, broken."""

    mark: Mark
    x: float
    y: float
    lines: tuple[str, ...]
    shade: int  # 0: no number; 1 to SHADES
    path: str = ""


@dataclass(frozen=True, slots=True)
class Map:
    """The drawing; ``unplaced`` are regions without a tile, which only the list shows."""

    width: float
    height: float
    size: float
    tiles: tuple[Tile, ...]
    unplaced: tuple[Mark, ...]


Rings = list[list[tuple[float, float]]]


def tile_map(marks: Sequence[Mark], outlines: Mapping[str, Rings] | None = None) -> Map:
    """The map of these regions. ``outlines``: region slug -> rings of longitude and latitude, in place of tiles."""
    most = max((m.number for m in marks if m.number is not None), default=0.0)
    shade = {m.slug: _shade(m.number, most) for m in marks}
    drawn = {m.slug: outlines[m.slug] for m in marks if outlines and m.slug in outlines}
    if drawn:
        return _outlined(marks, drawn, shade)
    tiles = []
    for mark in marks:
        if mark.slug in TILES:
            column, row = TILES[mark.slug]
            x, y = column * (SIZE + GAP), row * (SIZE + GAP)
            tiles.append(Tile(mark, x, y, tuple(_broken(mark.label)), shade[mark.slug]))
    columns, rows = (max((place[i] for place in TILES.values()), default=0) + 1 for i in (0, 1))
    left = tuple(m for m in marks if m.slug not in TILES)
    return Map(columns * (SIZE + GAP) - GAP, rows * (SIZE + GAP) - GAP, SIZE, tuple(tiles), left)


def read_outlines(path: Path) -> dict[str, Rings]:
    """Outlines of a GeoJSON (RFC 7946) FeatureCollection: Polygons and MultiPolygons, named by ``properties.slug``.

    Raises :class:`BilimError` (``outlines-unreadable``) where it is none, or names no region.
    """
    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        found = {f["properties"]["slug"]: list(_rings(f["geometry"])) for f in features if "slug" in f["properties"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BilimError(finding("outlines-unreadable", file=path.name, reason=str(error)[:200])) from error
    if not any(found.values()):
        raise BilimError(finding("outlines-unreadable", file=path.name, reason="properties.slug"))
    return found


def _rings(geometry: Mapping[str, Any]) -> Iterator[list[tuple[float, float]]]:
    polygons = {"Polygon": [geometry["coordinates"]], "MultiPolygon": geometry["coordinates"]}[geometry["type"]]
    for polygon in polygons:
        for ring in polygon:
            yield [(float(point[0]), float(point[1])) for point in ring]


def _outlined(marks: Sequence[Mark], drawn: Mapping[str, Rings], shade: Mapping[str, int]) -> Map:
    points = [point for rings in drawn.values() for ring in rings for point in ring]
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    narrow = cos(radians((south + north) / 2))  # a degree of longitude against one of latitude
    scale = _WIDTH / max((east - west) * narrow, 1e-9)

    def place(point: tuple[float, float]) -> tuple[float, float]:
        return round((point[0] - west) * narrow * scale, 1), round((north - point[1]) * scale, 1)

    tiles = []
    for mark in marks:
        if mark.slug in drawn:
            rings = [[place(point) for point in ring] for ring in drawn[mark.slug]]
            path = "".join("M" + "L".join(f"{x} {y}" for x, y in ring) + "Z" for ring in rings)
            x, y = _middle(max(rings, key=len))
            tiles.append(Tile(mark, x, y, tuple(_broken(mark.label)), shade[mark.slug], path))
    left = tuple(m for m in marks if m.slug not in drawn)
    return Map(_WIDTH, round((north - south) * scale, 1), 0.0, tuple(tiles), left)


def _middle(ring: Sequence[tuple[float, float]]) -> tuple[float, float]:
    xs, ys = zip(*ring, strict=True)
    return round((min(xs) + max(xs)) / 2, 1), round((min(ys) + max(ys)) / 2, 1)


def _shade(number: float | None, most: float) -> int:
    if number is None or most <= 0 or number <= 0:
        return 0
    return min(SHADES, 1 + int(number / most * SHADES * 0.999))


def _broken(label: str) -> list[str]:
    """A name in lines that fit a tile."""
    lines: list[str] = []
    for word in label.split():
        if lines and len(lines[-1]) + 1 + len(word) <= _LINE:
            lines[-1] += " " + word
        else:
            lines.append(word)
    return lines[:4]
