"""The projection of a changed release, laid upon that before, is what a whole projection writes, row for row."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, Store

from kg.releases import levels
from kg.releases.candidate import Delta
from kg.releases.changes import by_documents
from kg.releases.documents import LISTED
from kg.releases.grow import grow
from kg.releases.hashing import COMPUTED, hash_graph, hash_of_sum, moved_sum, set_sum
from kg.releases.layout import Home
from kg.releases.project import project
from kg.releases.reader import Projection, Release, current
from kg.releases.rederive import laid
from kg.releases.tables import TABLES
from kg.store.overlay import Overlay
from kg.store.views import views
from kg.terms import BKG, GRAPH_DERIVED, GRAPH_IMPORT, RDF, RDFS, SKOS
from tests.bench.imports import import_delta
from tests.graphs import MINISTERS, store_of

HASH = "0" * 64
IMPORT = NamedNode(GRAPH_IMPORT + "grow")

WORLD = (
    MINISTERS
    + """
gd:more {
  region:north a bkg:Region ; bkg:inCountry country:kz ; skos:prefLabel "North"@en , "Солтүстік"@kk ;
    bkg:iso31662 "KZ-NO" .
  o:school a bkg:School ; bkg:inRegion region:north ; org:subOrganizationOf o:new ; skos:prefLabel "School"@en .
  prog:reading a bkg:Program ; skos:prefLabel "Reading"@en ; bkg:inRegion region:north .
  inv:one a bkg:Involvement ; bkg:agent o:school ; bkg:program prog:reading .
  event:opening a bkg:Event ; bkg:inRegion region:north ; bkg:eventKind ek:other .
  event:part a bkg:Event ; bkg:partOf event:opening .
  part:p a bkg:Participation ; bkg:participant person:first ; bkg:event event:part ; bkg:inCapacity post:old .
  fig:f a bkg:Figure ; bkg:about region:north ; bkg:value 12 .
  chg:c a bkg:Change ; bkg:before o:old ; bkg:after o:new .
  agr:a a bkg:Agreement ; bkg:party o:new , country:kz ; skos:prefLabel "Pact"@en .
  spell:s a bkg:Spell ; bkg:of region:north ; bkg:property bkg:iso31662 ; bkg:value "KZ-NN" .
  disc:d a bkg:Discrepancy ; bkg:concerns tenure:a , tenure:b ;
    bkg:discrepancyStatus ds:open .
  evidence:e a bkg:Evidence ; bkg:inDocument doc:paper ; bkg:supports event:opening ; bkg:onProperty bkg:when ;
    bkg:statesEdtf "2021-05"^^edtf:EDTF ; bkg:quote "opened"@en .
  doc:other a bkg:Document ; dct:title "Another"@en ; bkg:tier tier:secondary .
  evidence:g a bkg:Evidence ; bkg:inDocument doc:other ; bkg:supports person:second .
}
"""
)


def rows(projection: Projection, name: str) -> set[tuple[object, ...]]:
    found = projection.rows(f"SELECT {', '.join(TABLES[name].names)} FROM {name}")
    assert len(found) == len(set(found)), name
    return set(found)


def assert_same(one: Projection, other: Projection) -> None:
    for name in TABLES:
        assert rows(one, name) == rows(other, name), name


def after(overlay: Overlay) -> Store:
    store = Store()
    store.bulk_extend(overlay.quads_for_pattern(None, None, None))
    return store


def moved(before: Projection, overlay: Overlay) -> dict[str, bytes]:
    sums = before.sums()
    for name in COMPUTED:
        came = [q for q in overlay.all_added() if q.graph_name == NamedNode(name)]
        went = [q for q in overlay.all_removed() if q.graph_name == NamedNode(name)]
        sums[name] = moved_sum(sums[name], name, came, went)
    return sums


def step(before: Projection, overlay: Overlay, folder: Path) -> tuple[Projection | None, Store]:
    """The projection grown by a change, None where that was too much, shown to be that of the whole."""
    grown, whole = folder / "grown", folder / "whole"
    grown.mkdir(parents=True), whole.mkdir()
    seen = views(overlay.base, overlay.added(), overlay.removed())
    entities = grow(before, seen, grown, HASH, moved(before, overlay))
    store = after(overlay)
    assert project(store, whole, HASH) == entities or entities is None
    if entities is None:
        return None, store
    found = Projection(grown / levels.FILE)
    assert_same(found, Projection(whole / levels.FILE))
    if len(texts(found)) < 200:
        told = {(c.kind, c.slug): c.change for c in by_documents(before, found)}
        assert told == differing(texts(before), texts(found))
    return found, store


def texts(projection: Projection) -> dict[tuple[str, str], str | None]:
    places = projection.rows("SELECT kind, slug FROM documents LIMIT 200")
    return {(kind, slug): projection.document_text(kind, slug) for kind, slug in places}


def differing(old: Mapping[tuple[str, str], str | None], new: Mapping[tuple[str, str], str | None]) -> dict[Any, str]:
    out = {place: "changed" if place in old else "added" for place in new if old.get(place) != new[place]}
    return out | {place: "removed" for place in old if place not in new}


def first(store: Store, folder: Path) -> Projection:
    folder.mkdir(parents=True)
    project(store, folder, HASH)
    return Projection(folder / levels.FILE)


def stated(store: Store) -> list[Quad]:
    named = (q for q in store if isinstance(q.graph_name, NamedNode))
    return sorted((q for q in named if q.graph_name.value not in COMPUTED), key=str)


def disturbed(store: Store, chance: random.Random) -> Delta:
    """Statements of things that go, values that change places, things that are made by the pattern of others."""
    ours = [q for q in stated(store) if "/id/" in q.subject.value]
    delta = Delta(removed=chance.sample(ours, k=min(len(ours), chance.randint(0, 4))))
    for _ in range(chance.randint(0, 5)):
        pattern = chance.choice(ours)
        value = chance.choice([q for q in ours if q.predicate == pattern.predicate]).object
        subject = chance.choice(ours).subject
        if chance.random() < 0.3:
            subject = NamedNode(f"{pattern.subject.value}-{chance.randint(0, 3)}")
        if isinstance(value, Literal) and value.language and chance.random() < 0.5:
            value = Literal(f"{value.value} {chance.choice(('again', 'new', 'first'))}", language=value.language)
        delta.added.append(Quad(subject, pattern.predicate, value, IMPORT))
    if chance.random() < 0.3:
        gone = chance.choice(ours).subject
        delta.removed.extend(q for q in ours if q.subject == gone)
    return delta


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_any_chain_of_changes_gives_the_rows_of_the_whole(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    chance, folder = random.Random(seed), tmp_path_factory.mktemp("grow")
    store = store_of(WORLD)
    projection = first(store, folder / "0")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(levels, "TOP", chance.choice((0, 100_000, levels.TOP)))  # a level for each, some, one for all
        for number in range(1, 6):
            overlay = laid(store, lambda base: disturbed(base, chance))
            found, store = step(projection, overlay, folder / str(number))
            projection = found or Projection(folder / str(number) / "whole" / levels.FILE)


def test_a_chain_on_real_data(release_home: Path, tmp_path: Path) -> None:
    release: Release = current(Home(release_home))
    store, projection = release.embedded.raw, release.projection
    for number in (1, 2):
        overlay = laid(store, lambda base, n=number: import_delta(base, random.Random(n), 400))
        found, store = step(projection, overlay, tmp_path / str(number))
        assert found is not None
        assert sum(path.stat().st_size for path in found.levels[1:]) < 0.1 * found.levels[0].stat().st_size
        projection = found
    documents = projection.rows("SELECT kind, slug FROM documents")
    whole = Projection(tmp_path / "2" / "whole" / levels.FILE)
    assert all(projection.document_text(*place) == whole.document_text(*place) for place in documents[::7])


def test_what_an_import_brought_goes_without_a_trace(tmp_path: Path) -> None:
    store = store_of(WORLD)
    projection = first(store, tmp_path / "0")
    overlay = laid(store, lambda base: import_delta(base, random.Random(3), 60))
    grown, after_ = step(projection, overlay, tmp_path / "1")
    assert grown is not None
    back = laid(
        after_, lambda _: Delta(list(overlay_stated(overlay.all_removed())), list(overlay_stated(overlay.all_added())))
    )
    again, _ = step(grown, back, tmp_path / "2")
    assert again is not None
    assert_same(again, projection)


def overlay_stated(quads: Iterable[Quad]) -> Iterator[Quad]:
    named = (q for q in quads if isinstance(q.graph_name, NamedNode))
    return (q for q in named if q.graph_name.value not in COMPUTED)


def hub(number: int) -> Iterator[Quad]:
    """Regions that name the country, with or without a name."""
    iri = NamedNode(f"https://w3id.org/bilim/id/region/r{number:04}")
    yield Quad(iri, NamedNode(RDF + "type"), NamedNode(BKG + "Region"), IMPORT)
    yield Quad(iri, NamedNode(BKG + "inCountry"), NamedNode("https://w3id.org/bilim/id/country/kz"), IMPORT)
    yield Quad(iri, NamedNode(SKOS + "prefLabel"), Literal(f"Region {number}", language="en"), IMPORT)


def test_a_thing_that_many_name_is_not_written_again(tmp_path: Path) -> None:
    store = store_of(WORLD)
    overlay = laid(store, lambda _: Delta([q for n in range(LISTED + 40) for q in hub(n)]))
    projection, store = step(first(store, tmp_path / "0"), overlay, tmp_path / "1")
    assert projection is not None
    country = projection.document("country", "kz")
    assert country is not None
    before = country["incoming"]["region.inCountry"]
    assert (before["total"], len(before["items"])) == (LISTED + 41, LISTED)
    gone = [q for n in range(60) for q in hub(n)]
    overlay = laid(store, lambda _: Delta(list(hub(9999)), gone))
    found, store = step(projection, overlay, tmp_path / "2")
    assert found is not None
    country = found.document("country", "kz")
    assert country is not None
    after_ = country["incoming"]["region.inCountry"]
    assert after_["total"] == len(after_["items"]) == LISTED - 18
    assert found.rows("SELECT kind, slug FROM cores WHERE kind = 'country'") == [("country", "kz")]


def test_a_changed_class_hierarchy_is_too_much(tmp_path: Path) -> None:
    store = store_of(WORLD)
    above = Quad(NamedNode(BKG + "School"), NamedNode(RDFS + "subClassOf"), NamedNode(BKG + "Ministry"), IMPORT)
    assert step(first(store, tmp_path / "0"), laid(store, lambda _: Delta([above])), tmp_path / "1")[0] is None


def test_levels_that_are_full_are_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_of(WORLD)
    projection, store = step(first(store, tmp_path / "0"), laid(store, lambda _: Delta(list(hub(1)))), tmp_path / "1")
    assert projection is not None
    monkeypatch.setattr(levels, "MIDDLE", 0)
    monkeypatch.setattr(levels, "SHARE", 0.0)
    assert step(projection, laid(store, lambda _: Delta(list(hub(2)))), tmp_path / "2")[0] is None


def test_a_level_is_shared_until_it_is_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(levels, "TOP", 0)
    store = store_of(WORLD)
    projection: Projection | None = first(store, tmp_path / "0")
    inodes = []
    for number in range(1, 5):
        assert projection is not None
        delta = Delta(list(hub(number)))
        projection, store = step(projection, laid(store, lambda _, d=delta: d), tmp_path / str(number))
        assert projection is not None
        inodes.append([path.stat().st_ino for path in projection.levels])
    assert [len(found) for found in inodes] == [2, 3, 2, 3]
    assert len({found[0] for found in inodes}) == 1
    assert inodes[1][1] == inodes[0][1]
    assert inodes[2][1] != inodes[1][1]


def numbered(n: int, graph: NamedNode) -> Quad:
    return Quad(NamedNode(f"https://example.org/{n}"), NamedNode(BKG + "value"), Literal(f'"{n}\n\\'), graph)


@given(st.data())
@settings(max_examples=20, deadline=None)
def test_the_hash_of_a_computed_graph_moves_with_what_changes(data: st.DataObject) -> None:
    graph = NamedNode(GRAPH_DERIVED)
    quads = st.sets(st.integers(0, 40)).map(lambda numbers: {numbered(n, graph) for n in numbers})
    old, new = data.draw(quads), data.draw(quads)
    before, after_ = Store(), Store()
    before.extend(old), after_.extend(new)
    moved_ = moved_sum(set_sum(before, graph.value)[0], graph.value, new - old, old - new)
    assert hash_of_sum(moved_, len(new)) == hash_graph(after_, graph.value)
    assert (hash_graph(before, graph.value) == hash_graph(after_, graph.value)) == (old == new)


def test_a_post_in_another_body_changes_what_its_holders_are_filtered_by(tmp_path: Path) -> None:
    store = store_of(WORLD)
    (old,) = (q for q in stated(store) if q.predicate.value.endswith("postIn") and q.subject.value.endswith("/old"))
    body = NamedNode(old.object.value.replace("/old", "/school"))
    delta = Delta([Quad(old.subject, old.predicate, body, IMPORT)], [old])
    found, _ = step(first(store, tmp_path / "0"), laid(store, lambda _: delta), tmp_path / "1")
    assert found is not None
    bodies = found.rows("SELECT value FROM list_facets WHERE kind = 'person' AND facet = 'organization'")
    assert (body.value,) in bodies
