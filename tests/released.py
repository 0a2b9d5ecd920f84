"""A small release made through the real stations (candidate, derive, project, publish), for tests of what reads one."""

from __future__ import annotations

from pathlib import Path

from pyoxigraph import NamedNode, Quad, RdfFormat, Store, parse

from kg import resources
from kg.imports.sources import read_ontology
from kg.releases import candidate
from kg.releases.derive import derive
from kg.releases.hashing import content_hash, hash_graphs
from kg.releases.layout import Home
from kg.releases.project import project
from kg.releases.publish import Reason, make_manifest, publish
from kg.releases.reader import current
from kg.releases.rederive import laid
from kg.terms import GRAPH, GRAPH_DERIVED, PREFIXES

HEAD = "".join(f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in PREFIXES.items())

PERSON = """
person:aigul-example a foaf:Person ; skos:prefLabel "Aigul {n}"@en , "Айгуль {n}"@ru ; skos:altLabel "Aygul"@en .
post:kz-example a bkg:MinisterialPost ; skos:prefLabel "Minister of Examples"@en , "Мысалдар министрі"@kk .
tenure:aigul-kz-example a bkg:Tenure ; org:member person:aigul-example ; bkg:post post:kz-example .
doc:example-paper a bkg:Document ; dct:title "A <b>paper</b>"@en .
evidence:example-00000001 a bkg:Evidence ; bkg:supports tenure:aigul-kz-example ; bkg:inDocument doc:example-paper ;
    bkg:onProperty bkg:start ; bkg:statesEdtf "2022-06-11"^^edtf:EDTF ; bkg:assertionMode am:asserted ;
    bkg:confidence 0.9 ; bkg:quote "was appointed" ; bkg:charStart 10 ; bkg:charEnd 23 .
evidence:example-00000002 a bkg:Evidence ; bkg:supports tenure:aigul-kz-example ; bkg:inDocument doc:example-paper ;
    bkg:onProperty bkg:end ; bkg:statesEdtf "2023-01"^^edtf:EDTF ; bkg:assertionMode am:asserted ; bkg:confidence 0.9 .
"""


def publish_small(home_folder: Path, number: int = 1, more: str = "") -> str:
    """Publish a release whose one person is called "Aigul {number}"; returns its id."""
    home = Home(home_folder)
    graphs = {"data/small": PERSON.replace("{n}", str(number)), "data/more": more}
    quads = [
        Quad(q.subject, q.predicate, q.object, NamedNode(GRAPH + name))
        for name, text in graphs.items()
        for q in parse((HEAD + text).encode(), format=RdfFormat.TURTLE)
    ]
    quads += read_ontology(resources.find())
    with home.lock("test"):
        path = home.candidate()
        store = candidate.write_whole(path, quads)
        candidate.apply(store, candidate.replace_graph(store, GRAPH_DERIVED, derive(store)))
        hashes = hash_graphs(store)
        entities = project(store, path, content_hash(hashes))
        manifest = make_manifest(
            store,
            hashes,
            entities,
            sequence=len(home.release_ids()) + 1,
            parent=home.current_id(),
            reason=Reason("test", f"number {number}"),
            timezone="Asia/Almaty",
            validation=None,
        )
        del store
        publish(home, path, manifest)
    return manifest.id


def publish_next(home_folder: Path, number: int) -> str:
    """Publish a copy of the current release with one more thing, as an accepted import would; returns its id."""
    home = Home(home_folder)
    text = f'person:load-{number} a foaf:Person ; skos:prefLabel "Load {number}"@en , "Груз {number}"@ru .'
    graph = NamedNode(f"{GRAPH}import/load")
    added = [Quad(q.subject, q.predicate, q.object, graph) for q in parse((HEAD + text).encode(), RdfFormat.TURTLE)]
    with home.lock("test"):
        before = current(home)
        path = home.candidate()
        overlay = laid(Store.read_only(str(before.path / candidate.STORE)), lambda _: candidate.Delta(added))
        store = candidate.copy_of(before.path, path)
        store.extend(overlay.all_added())
        changed = {q.graph_name.value for q in overlay.all_added() if isinstance(q.graph_name, NamedNode)}
        del overlay
        hashes = {**before.manifest.hashes(), **hash_graphs(store, changed)}
        entities = project(store, path, content_hash(hashes))
        manifest = make_manifest(
            store,
            hashes,
            entities,
            sequence=before.manifest.sequence + 1,
            parent=before.id,
            reason=Reason("test", f"load {number}"),
            timezone="Asia/Almaty",
            validation=None,
        )
        del store
        publish(home, path, manifest)
    return manifest.id
