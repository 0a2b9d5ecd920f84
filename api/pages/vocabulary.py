"""What the pages of ontology, shapes and lists show, worked out of their triples. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kg.names import pick_label
from kg.terms import BKG, OWL, RDF, RDFS, SH, SKOS, shorten

Facts = Mapping[str, list[NamedNode | Literal | BlankNode | Triple]]
DEFINITION = SKOS + "definition"


def _by_subject(triples: Iterable[Triple]) -> dict[str, dict[str, list[Any]]]:
    about: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for t in triples:
        if isinstance(t.subject, NamedNode):
            about[t.subject.value][t.predicate.value].append(t.object)
    return about


def text(facts: Facts, predicate: str, lang: str) -> tuple[str, str] | None:
    """``(text, language)``: the best text of a property for a language."""
    found = {o.language or "und": o.value for o in facts.get(predicate, ()) if isinstance(o, Literal)}
    return pick_label(found, lang) if found else None


def _iris(facts: Facts, predicate: str) -> list[str]:
    return sorted(o.value for o in facts.get(predicate, ()) if isinstance(o, NamedNode))


def ontology_view(triples: Iterable[Triple], lang: str) -> dict[str, Any]:
    """``classes`` and ``properties`` (id, name, label, definition, parents), ``version``."""
    about = _by_subject(triples)
    groups: dict[str, list[dict[str, Any]]] = {"classes": [], "properties": []}
    for iri, facts in sorted(about.items()):
        types = set(_iris(facts, RDF + "type"))
        group = (
            "classes"
            if types & {OWL + "Class", RDFS + "Class"}
            else "properties"
            if any(t.endswith("Property") for t in types)
            else None
        )
        if group is None:
            continue
        parents = _iris(facts, RDFS + ("subClassOf" if group == "classes" else "subPropertyOf"))
        groups[group].append(
            {
                "id": iri,
                "anchor": iri.removeprefix(BKG) if iri.startswith(BKG) else shorten(iri),
                "name": shorten(iri),
                "label": text(facts, RDFS + "label", lang),
                "definition": text(facts, DEFINITION, lang),
                "parents": [{"id": p, "name": shorten(p)} for p in parents],
            }
        )
    ontology = about.get(BKG.removesuffix("#"), {})
    version = next((o.value for o in ontology.get(OWL + "versionInfo", ())), "")
    return {**groups, "version": version}


def shapes_view(triples: Iterable[Triple], lang: str) -> list[dict[str, Any]]:
    """Node shapes with what they are for, their description and the messages of their parts."""
    every = list(triples)
    about: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for t in every:
        about[str(t.subject)][t.predicate.value].append(t.object)
    shapes = []
    for key, facts in sorted(about.items()):
        if not key.startswith("<") or SH + "NodeShape" not in _iris(facts, RDF + "type"):
            continue
        iri = key[1:-1]
        reached, messages = {key}, []
        queue = [facts]
        while queue:
            node = queue.pop(0)
            if found := text(node, SH + "message", lang):
                messages.append(found)
            for predicate in (SH + "property", SH + "sparql"):
                for part in node.get(predicate, ()):
                    if str(part) not in reached:
                        reached.add(str(part))
                        queue.append(about[str(part)])
        shapes.append(
            {
                "id": iri,
                "anchor": iri.rsplit("#", 1)[-1],
                "name": shorten(iri),
                "description": text(facts, RDFS + "comment", lang) or text(facts, SH + "description", lang),
                "targets": [shorten(t) for t in _iris(facts, SH + "targetClass")],
                "messages": messages,
            }
        )
    return shapes


def list_view(triples: Iterable[Triple], iri: str, clang: str) -> dict[str, Any]:
    """``title`` of the list or concept, and its ``concepts`` (id, label, definition)."""
    about = _by_subject(triples)
    concepts = [
        {"id": i, "slug": i.rsplit("/", 1)[-1], "label": text(facts, SKOS + "prefLabel", clang),
         "definition": text(facts, DEFINITION, clang)}
        for i, facts in sorted(about.items())
        if SKOS + "Concept" in _iris(facts, RDF + "type")
    ]  # fmt: skip
    own = about.get(iri, {})
    title = text(own, SKOS + "prefLabel", clang) or text(own, "http://purl.org/dc/terms/title", clang)
    return {"title": title, "concepts": concepts, "id": iri}
