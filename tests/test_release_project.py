"""The projection and its reader, on the release made of data/."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from kg.kinds import KINDS
from kg.names import fold
from kg.releases.layout import Home
from kg.releases.project import project
from kg.releases.reader import Current, Projection, Release, current
from kg.releases.terms_json import localize
from kg.terms import entity_iri, split_entity_iri
from tests.graphs import MINISTERS, store_of

MINISTER = "aimagambetov-kz-minister-of-education"


@pytest.fixture(scope="module")
def release(release_home: Path) -> Release:
    return current(Home(release_home))


def projection_of(text: str, folder: Path) -> Projection:
    project(store_of(text), folder, "0" * 64)
    return Projection(folder / "projection.sqlite")


def test_every_thing_in_the_graph_has_a_document(release: Release) -> None:
    rows = release.store.query(
        "SELECT DISTINCT ?s { ?s a ?c FILTER(STRSTARTS(STR(?s), 'https://w3id.org/bilim/id/')) }"
    )
    things = {row["s"].value for row in rows}  # type: ignore[union-attr]
    assert len(things) > 500
    for iri in things:
        kind, slug = split_entity_iri(iri) or ("", "")
        assert release.projection.has(kind, slug), iri
    assert sum(release.projection.counts().values()) == len(things)


def test_document_of_a_tenure(release: Release) -> None:
    document = release.projection.document("tenure", MINISTER)
    assert document is not None
    assert document["id"] == entity_iri("tenure", MINISTER)
    assert document["start"]["edtf"] == document["start"]["earliest"] == "2022-06-11"
    assert document["end"]["edtf"] == "2023-01-04"
    assert document["member"]["slug"] == "askhat-aimagambetov"
    assert document["organization"]["slug"] == "kz-ministry-of-education"
    assert any(e["used"] for e in document["evidence"])
    assert all(e["inDocument"]["kind"] == "document" for e in document["evidence"])


def test_incoming_relations_are_grouped_and_in_order_of_time(release: Release) -> None:
    document = release.projection.document("post", "kz-minister-of-education")
    assert document is not None
    tenures = document["incoming"]["tenure.post"]
    assert tenures["total"] == len(tenures["items"]) >= 2
    starts = [item["start"]["earliest"] for item in tenures["items"]]
    assert starts == sorted(starts)
    assert MINISTER in [item["slug"] for item in tenures["items"]]


def test_history_of_a_region_holds_its_dated_codes(release: Release) -> None:
    document = release.projection.document("region", "almaty-region")
    assert document is not None
    codes = {value for spell in document["history"] for value in spell.get("value", []) if isinstance(value, str)}
    assert {"KZ-ALM", "KZ-19"} <= codes
    assert "http://www.wikidata.org/entity/Q186466" in document["sameAs"]


def test_kinds_with_dates_always_show_them(release: Release) -> None:
    for kind in KINDS.values():
        for slug in release.projection.slugs(kind.name, "en")[:3]:
            document = release.projection.document(kind.name, slug)
            assert document is not None
            assert set(kind.dated) <= document.keys()


@pytest.mark.parametrize(("lang", "label"), [("en", "Askhat Aimagambetov"), ("ru", "Асхат Канатович Аймагамбетов")])
def test_localize_chooses_one_language_everywhere(release: Release, lang: str, label: str) -> None:
    document = localize(release.projection.document("tenure", MINISTER), lang)
    assert document["member"]["label"] == label
    assert document["member"]["labelLang"] == lang
    assert "labels" in document
    assert "labels" not in document["member"]
    assert isinstance(document["start"]["text"], str)
    assert "2022" in document["start"]["text"]


def test_a_missing_language_falls_back_and_says_so(tmp_path: Path) -> None:
    document = projection_of(MINISTERS, tmp_path).document("person", "second")
    shown = localize(document, "ru")
    assert (shown["label"], shown["labelLang"]) == ("Second Person", "en")


def test_unnamed_things_are_called_by_what_they_join(tmp_path: Path) -> None:
    document = projection_of(MINISTERS, tmp_path).document("tenure", "a")
    assert document is not None
    assert document["labels"] == {"ru": "Первый – Old Minister", "en": "First Person – Old Minister"}


def test_bounds_without_a_stated_date_are_shown(tmp_path: Path) -> None:
    document = localize(projection_of(MINISTERS, tmp_path).document("tenure", "b"), "en")
    assert document["end"] == {"edtf": None, "earliest": "2021-02-02", "latest": "2022-06-11", "text": None}


def test_lists_hold_each_thing_once_in_the_order_of_its_label(release: Release) -> None:
    for lang in ("kk", "ru", "en"):
        slugs = release.projection.slugs("region", lang)
        assert len(slugs) == len(set(slugs)) == release.projection.counts()["region"] == 20
        labels = [localize(release.projection.document("region", slug), lang)["label"].casefold() for slug in slugs]
        assert labels == sorted(labels)
    assert release.projection.slugs("region", "en", 5, 3) == release.projection.slugs("region", "en")[5:8]


@pytest.mark.parametrize("name", ["Аймагамбетов Асхат Канатович", "no such name"])
def test_names_that_are_not_there_find_nothing(release: Release, name: str) -> None:
    assert release.projection.named(fold(name)) == []


def test_names_are_found_by_their_folding_key(release: Release) -> None:
    expected = ("person", "askhat-aimagambetov")
    for name in ("Askhat Aimagambetov", "ASKHAT AYMAGAMBETOV", "Асхат Канатович Аймагамбетов"):
        assert expected in release.projection.named(fold(name)), name


def test_counts_by_class_include_superclasses(release: Release) -> None:
    counts = release.projection.class_counts("region")
    assert counts["https://w3id.org/bilim/def#Region"] == 20
    assert counts["https://w3id.org/bilim/def#Oblast"] == 17


def test_what_is_not_there_is_none(release: Release) -> None:
    assert release.projection.document("person", "nobody") is None
    assert release.projection.document("no-kind", "x") is None
    assert release.projection.labels(["https://example.org/x"]) == {}


def test_one_release_serves_many_threads(release: Release) -> None:
    slugs = release.projection.slugs("evidence", "en")
    wrong: list[str] = []

    def read(part: list[str]) -> None:
        for slug in part:
            document = release.projection.document("evidence", slug)
            if document is None or document["slug"] != slug:
                wrong.append(slug)

    threads = [threading.Thread(target=read, args=(slugs[i::8],)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_current_is_not_opened_again_while_the_pointer_stays(release_home: Path) -> None:
    follower = Current(Home(release_home))
    assert follower.get() is follower.get()
