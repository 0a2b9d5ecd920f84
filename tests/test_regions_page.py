"""The map of regions: tiles by date, numbers, the same in words, outlines of an operator."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.pages.tiles import TILES, read_outlines
from kg.findings import BilimError
from kg.settings import Settings

HTML = {"Accept": "text/html"}


@pytest.mark.parametrize(
    ("day", "count"), [("2018-06-18", 16), ("2018-06-19", 17), ("2022-06-07", 17), ("2022-06-08", 20)]
)
def test_tiles_follow_the_day(client: TestClient, day: str, count: int) -> None:
    text = client.get(f"/regions?on={day}&lang=en&clang=en", headers=HTML).text
    assert text.count('class="tile ') == count
    assert f"existed on that day: {count}" in text
    # the table holds what the drawing holds
    drawn = set(re.findall(r'<a href="(/doc/region/[\w-]+)\?[^"]*"><g', text))
    listed = set(re.findall(r'<td[^>]*><a href="(/doc/region/[\w-]+)\?', text))
    assert drawn == listed
    assert len(drawn) == count


def test_every_region_of_today_has_a_tile_of_its_own(client: TestClient) -> None:
    rows = client.get("/regions", headers={"Accept": "application/json"}).json()["data"]
    assert {row["region"]["slug"] for row in rows} == set(TILES)
    assert len(set(TILES.values())) == len(TILES) == 20


def test_numbers_are_those_of_the_question(client: TestClient) -> None:
    numbers = {r["region"]["slug"]: r for r in client.get("/api/v1/statistics/by-region").json()["data"]}
    table = client.get("/regions.csv?clang=en")
    assert table.headers["content-disposition"].startswith('attachment; filename="regions-')
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert len(rows) == 20
    for row in rows:
        assert int(row["bodies"]) == numbers[row["region"]]["bodies"]
    assert any(int(row["events"]) for row in rows)


def test_what_is_asked_wrongly_is_told(client: TestClient) -> None:
    assert client.get("/regions?count=cows").json()["type"].endswith("/count-unknown")
    assert client.get("/regions?on=2022-02-30").json()["type"].endswith("/day-invalid")
    assert client.get("/regions?day=2022-02-03").json()["type"].endswith("/parameter-unknown")


def outline(slug: str, west: float, south: float) -> dict[str, object]:
    ring = [[west, south], [west + 2, south], [west + 2, south + 1], [west, south + 1], [west, south]]
    return {"type": "Feature", "properties": {"slug": slug}, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def test_an_operator_brings_outlines(release_home: Path, tmp_path: Path) -> None:
    file = tmp_path / "regions.geojson"
    features = [outline("abai", 78, 48), outline("atyrau", 50, 47)]
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    settings = Settings(home=release_home, log_level="error", sparql_workers=1, regions_geojson=file)
    with TestClient(create_app(settings)) as client:
        text = client.get("/regions?on=2023-01-01&lang=en", headers=HTML).text
        assert text.count('<path d="M') == 2
        assert text.count('<td data-label="Region">') == 20
        # abai did not exist then: its outline is not drawn
        assert client.get("/regions?on=2022-01-01&lang=en", headers=HTML).text.count('<path d="M') == 1


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}",
        '{"features": []}',
        '{"features": [{"properties": {"slug": "abai"}, "geometry": {"type": "Point", "coordinates": []}}]}',
    ],
)
def test_outlines_that_are_none_are_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.geojson"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BilimError) as told:
        read_outlines(file)
    assert [f.code for f in told.value.findings] == ["outlines-unreadable"]
