"""Files of ontology/ as they are kept: canonical Turtle, and the JSON-LD context and frame made from it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rdflib
from pyld import jsonld as processor
from pyoxigraph import DefaultGraph, Literal, NamedNode, RdfFormat, Store, Triple, parse, serialize
from starlette.testclient import TestClient

from kg import jsonld, resources
from kg.terms import BKG, DCT, ID, PROV, RDF, SKOS, XSD, expand
from tools import canonical, context

ROOT = resources.find()
FILES = canonical.files(ROOT.ontology)
THINGS = (
    "person:askhat-aimagambetov", "tenure:aimagambetov-kz-minister-of-education", "region:abai",
    "agr:abai-zhetysu-memorandum-2024", "fig:aqbobek-students", "doc:seed-000", "outc:kz-commits-steam",
    "o:kz-ministry-of-education-and-science", "disc:seed-000-az-ministry", "chg:mes-split-2022", "spell:abai-iso-kz-10",
)  # fmt: skip


@pytest.fixture(scope="module")
def about(release_home: Path) -> Callable[[str], list[Triple]]:
    """What ``/doc/….jsonld`` is about: a thing's statements, and those of what tells about it."""
    release = (release_home / "current").read_text().strip()
    store = Store.read_only(str(release_home / "releases" / release / "store"))

    def found(iri: str) -> list[Triple]:
        subjects = {NamedNode(iri)}
        for name in ("supports", "concerns", "of"):
            quads = store.quads_for_pattern(None, NamedNode(BKG + name), NamedNode(iri), DefaultGraph())
            subjects |= {q.subject for q in quads}  # type: ignore[misc]
        return [q.triple for s in subjects for q in store.quads_for_pattern(s, None, None, DefaultGraph())]

    return found


@pytest.fixture(scope="module")
def ours() -> jsonld.Context:
    return jsonld.load(ROOT.ontology)


@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parent.name}-{f.stem}")
def test_a_file_is_in_its_canonical_form(file: Path) -> None:
    assert canonical.canonical(file.read_bytes()) == file.read_text(encoding="utf-8"), "run make fmt"


def test_the_form_does_not_depend_on_the_order_of_statements_or_the_names_of_blank_nodes() -> None:
    file = ROOT.ontology / "def" / "actors.ttl"
    quads = list(parse(file.read_bytes(), format=RdfFormat.TURTLE, rename_blank_nodes=True))
    random.Random(7).shuffle(quads)
    shuffled = serialize((q.triple for q in quads), format=RdfFormat.TURTLE)
    assert shuffled is not None
    assert canonical.canonical(shuffled) == file.read_text(encoding="utf-8")


def test_the_form_is_the_same_in_another_process() -> None:
    command = [sys.executable, "tools/canonical.py", "--check"]
    for seed in ("1", "2"):
        done = subprocess.run(
            command, cwd=ROOT.root, env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_is_lost_and_comments_are_refused() -> None:
    text = b'@prefix a: <urn:a:> . a:s a:p "x" , "  # no comment\\n y  "@kk , [ a:q ( 1 2 ) ] .'
    once = canonical.canonical(text)
    assert rdflib.Graph().parse(data=once, format="turtle").isomorphic(
        rdflib.Graph().parse(data=text, format="turtle")
    )  # fmt: skip
    assert canonical.canonical(once.encode()) == once
    with pytest.raises(ValueError, match="comments are lost"):
        canonical.canonical(b"# about this\n<urn:a> <urn:b> 1 .")


def test_context_and_frame_are_what_the_generator_gives() -> None:
    for name, made in (("context", context.context(ROOT.ontology / "def")), ("frame", context.frame())):
        kept = (ROOT.ontology / f"{name}.jsonld").read_text(encoding="utf-8")
        assert kept == json.dumps(made, ensure_ascii=False, indent=2) + "\n", "run make docs"


def test_two_terms_of_one_name_are_refused(tmp_path: Path) -> None:
    text = "@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix bkg: <https://w3id.org/bilim/def#> . bkg:{} a {} ."
    for name in ("member", "evidence", "org"):
        (tmp_path / "x.ttl").write_text(text.format(name, "owl:ObjectProperty"))
        with pytest.raises(ValueError, match=name):
            context.context(tmp_path)


def test_every_property_of_the_release_has_a_key(release_home: Path, ours: jsonld.Context) -> None:
    release = (release_home / "current").read_text().strip()
    store = Store.read_only(str(release_home / "releases" / release / "store"))
    used = {
        q.predicate.value
        for q in store.quads_for_pattern(None, None, None, DefaultGraph())
        if isinstance(q.subject, NamedNode) and q.subject.value.startswith(ID)
    }
    assert used - {RDF + "type"} <= set(ours.names)
    assert {BKG + "supports", SKOS + "prefLabel", DCT + "title", PROV + "wasDerivedFrom"} <= used


@pytest.mark.parametrize("thing", THINGS)
def test_the_json_ld_of_a_thing_gives_the_same_triples(
    about: Callable[[str], list[Triple]], ours: jsonld.Context, thing: str
) -> None:
    triples = about(expand(thing))
    text = json.dumps(jsonld.about(triples, expand(thing), ours))
    assert {q.triple for q in parse(text.encode(), format=RdfFormat.JSON_LD)} == set(triples)
    nt = serialize(triples, format=RdfFormat.N_TRIPLES)
    assert nt is not None
    expected = {tuple(t) for t in rdflib.Graph().parse(data=nt, format="nt")}
    assert {tuple(t) for t in rdflib.Graph().parse(data=text, format="json-ld")} == expected
    listed = json.dumps(jsonld.nodes(triples, ours))
    assert {q.triple for q in parse(listed.encode(), format=RdfFormat.JSON_LD)} == set(triples)


@pytest.mark.parametrize("thing", THINGS)
def test_it_is_what_the_frame_asks_of_a_json_ld_processor(
    about: Callable[[str], list[Triple]], ours: jsonld.Context, thing: str
) -> None:
    triples = about(expand(thing))
    nt = serialize(triples, format=RdfFormat.N_TRIPLES)
    assert nt is not None
    frame = json.loads((ROOT.ontology / "frame.jsonld").read_text())
    frame |= {"@context": ours.whole, "id": expand(thing)}
    expanded = processor.from_rdf(nt.decode(), {"useNativeTypes": True})
    framed = processor.frame(expanded, frame, {"omitGraph": True})
    made = jsonld.about(triples, expand(thing), ours)
    assert made.pop("@context").items() <= framed.pop("@context").items()
    assert _unordered(made) == _unordered(framed)


def test_the_server_answers_with_the_tree_and_serves_its_context(client: TestClient, ours: jsonld.Context) -> None:
    tree = client.get("/doc/region/abai.jsonld").json()
    assert tree["id"] == expand("region:abai")
    assert tree["prefLabel"]["kk"] == "Абай облысы"
    assert all(tree["id"] in piece["supports"] for piece in tree["evidence"])
    assert {"bkg:iso31662", "bkg:capital"} <= {spell["property"] for spell in tree["history"]}
    assert tree["@context"].items() <= ours.whole.items()
    for name in ("context.jsonld", "frame.jsonld"):
        served = client.get(f"/{name}")
        assert served.headers["content-type"] == "application/ld+json"
        assert served.headers["access-control-allow-origin"] == "*"
        assert served.content == (ROOT.ontology / name).read_bytes()


def _unordered(value: Any) -> Any:
    """The same for lists that differ in their order only: sets in RDF."""
    if isinstance(value, dict):
        return {key: _unordered(v) for key, v in value.items()}
    if isinstance(value, list):
        return sorted((_unordered(v) for v in value), key=lambda v: json.dumps(v, sort_keys=True))
    return value


@pytest.mark.parametrize(
    "literal",
    [
        Literal("007", datatype=NamedNode(XSD + "integer")),
        Literal("12345678901234567890", datatype=NamedNode(XSD + "integer")),
        Literal("1", datatype=NamedNode(XSD + "boolean")),
        Literal("0.10", datatype=NamedNode(XSD + "decimal")),
        Literal("x", language="kk"),
        Literal("x"),
        NamedNode("urn:x:y"),
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "predicate", ["skos:prefLabel", "bkg:earliestStart", "bkg:post", "bkg:value", "bkg:no", "dct:x"]
)
def test_values_that_do_not_fit_the_context_are_kept_too(
    ours: jsonld.Context, predicate: str, literal: Literal | NamedNode
) -> None:
    triples = [
        Triple(NamedNode("urn:x:s"), NamedNode(expand(predicate)), literal),
        Triple(NamedNode("urn:x:s"), NamedNode(expand(predicate)), Literal("2")),
        Triple(NamedNode("urn:x:alone"), NamedNode("urn:p"), NamedNode("urn:x:s")),
    ]
    text = json.dumps(jsonld.about(triples, "urn:x:s", ours))
    assert {q.triple for q in parse(text.encode(), format=RdfFormat.JSON_LD)} == set(triples)
