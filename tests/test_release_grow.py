"""The projection of a changed release, laid upon that before, is what a whole projection writes, row for row."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, Store

from kg.releases import levels
from kg.releases.candidate import Delta
from kg.releases.grow import grow
from kg.releases.hashing import COMPUTED, moved_sum
from kg.releases.project import project
from kg.releases.reader import Projection
from kg.releases.rederive import laid
from kg.releases.tables import TABLES
from kg.store.overlay import Overlay
from kg.store.views import views
from kg.terms import GRAPH_IMPORT
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
    return found, store


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
