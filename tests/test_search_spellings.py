"""Names in the spellings that people write (tests/data/spellings.csv), and namesakes that are never taken for one.

The two tables are made by hand, from the sources and the traps; nothing in them is generated.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from kg.kinds import KINDS
from kg.releases import name_index
from kg.releases.layout import Home
from kg.releases.reader import current
from tests.named import named

DATA = Path(__file__).parent / "data"


def table(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def matched(client: TestClient, queries: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for begin in range(0, len(queries), 50):
        answer = client.post("/api/v1/match", json={"queries": queries[begin : begin + 50]})
        assert answer.status_code == 200, answer.text
        yield from answer.json()["data"]


def test_what_was_written_finds_whom_it_means(client: TestClient) -> None:
    """Recall among the first ten of everything: 0.99 and more for spellings, 0.95 and more with one slip."""
    spellings = table("spellings.csv")
    assert len(spellings) >= 300
    assert {s["variety"] for s in spellings} == {"kk", "ru", "latin", "typo", "initials", "order", "title"}
    asked: Counter[bool] = Counter()
    missed: dict[bool, list[str]] = {True: [], False: []}
    for spelling in spellings:
        answer = client.get("/api/v1/search", params={"q": spelling["text"], "limit": 10})
        found = [f"{hit['kind']}/{hit['slug']}" for hit in answer.json()["data"]]
        slip = spelling["variety"] == "typo"
        asked[slip] += 1
        if spelling["thing"] not in found:
            missed[slip].append(f"{spelling['text']}: {found[:3]}")
    assert len(missed[False]) / asked[False] <= 0.01, missed[False]
    assert len(missed[True]) / asked[True] <= 0.05, missed[True]


def test_no_spelling_is_written_twice_and_all_things_are(client: TestClient) -> None:
    spellings = table("spellings.csv")
    assert not [text for text, count in Counter(s["text"] for s in spellings).items() if count > 1]
    for thing in {s["thing"] for s in spellings}:
        assert client.get(f"/doc/{thing}.json").status_code == 200, thing


def test_namesakes_are_never_taken_for_one(client: TestClient) -> None:
    """``match`` is true for the one that is meant, and for nobody where the words are not enough."""
    namesakes = table("homonyms.csv")
    queries = [{"q": row["text"], "kind": row["kind"]} for row in namesakes]
    wrong = []
    for row, found in zip(namesakes, matched(client, queries), strict=True):
        same = [hit["slug"] for hit in found if hit["match"]]
        if same != ([row["same"]] if row["same"] else []):
            wrong.append((row["text"], same, row["why"]))
    assert not wrong


def test_no_name_of_the_release_matches_another_thing(client: TestClient, release_home: Path) -> None:
    found = current(Home(release_home)).projection.rows("SELECT DISTINCT kind, slug, name FROM names", ())
    names = [row for row in found if KINDS[row[0]].named and len(row[2]) <= 200]
    assert len(names) > 1000
    queries = [{"q": name, "kind": kind, "limit": 2} for kind, _, name in names]
    wrong = [
        (row, hit["slug"])
        for row, found in zip(names, matched(client, queries), strict=True)
        for hit in found
        if hit["match"] and hit["slug"] != row[1]
    ]
    assert not wrong


def test_a_kind_is_found_behind_many_names_of_other_kinds(tmp_path: Path) -> None:
    """Things of the kind asked were lost where a hundred names of other kinds had the same word."""
    schools = [("organization", f"school-{i}", "en", f"Abai school {i}") for i in range(300)]
    db = named(tmp_path / "names.sqlite", [*schools, ("person", "abai", "en", "Abai Kunanbayev")])
    with closing(db):
        found = name_index.search(
            lambda sql, values: db.execute(sql, tuple(values)).fetchall(), "Abay", kinds=["person"]
        )
    assert [hit.slug for hit in found] == ["abai"]


def test_a_name_behind_a_long_title_is_found(client: TestClient) -> None:
    text = "Министр науки и высшего образования Саясат Нурбек"
    found = client.get("/api/v1/search", params={"q": text}).json()["data"]
    assert (found[0]["slug"], found[0]["score"] >= 70) == ("sayasat-nurbek", True)
    assert all(before["score"] >= after["score"] for before, after in pairwise(found))
