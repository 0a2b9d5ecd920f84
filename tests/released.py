"""A small release made through the real stations (candidate, derive, project, publish), for tests of what reads one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pyoxigraph import NamedNode, Quad, RdfFormat, parse

from kg import resources
from kg.imports import flow
from kg.imports.accept import accept
from kg.imports.desk import Desk
from kg.imports.ledger import open_ledger
from kg.imports.sources import read_ontology
from kg.releases import candidate
from kg.releases.derive import derive
from kg.releases.hashing import content_hash, hash_graphs
from kg.releases.layout import Home
from kg.releases.project import project
from kg.releases.publish import Reason, make_manifest, publish
from kg.settings import Settings
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


def publisher(home_folder: Path) -> Callable[[int], str]:
    """Publishes one more thing on the current release each time it is called, by an import that is judged and accepted.

    Gives the release's id. It validates as the product does; the rules are read once.
    """
    desk = Desk(Settings(home=home_folder), resources.find())
    who = Reason("test", "load")

    def publish_next(number: int) -> str:
        names = f'"Load {number}"@en , "Груз {number}"@ru , "Жүк {number}"@kk'
        text = f"{HEAD}person:load-{number} a foaf:Person ; skos:prefLabel {names} ."
        received = flow.receive(desk, text.encode(), f"load-{number}.ttl", f"load-{number}", who)
        judged = flow.process(desk, received.import_.number)
        with open_ledger(desk.home) as ledger:
            matches = ledger.settled.matches(judged.number)  # the loads before it have names much like it
        for match in matches:
            flow.settle(desk, judged.number, match.thing, match.candidate, "not same", who)
        done = accept(desk, judged.number, who)
        assert done.outcome == "published", done
        return str(done.release)

    return publish_next
