"""/def, /ontology, /shapes, /list and /graph: the addresses of our own terms, lists and graphs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter, Request
from pyoxigraph import NamedNode, Quad, RdfFormat, Triple, parse
from starlette.responses import RedirectResponse, Response

from api.answers import choose, content, interface, link_header, pages_of, rdf_answer, services_of
from api.front.variant import GRAPH_OFFERS, HTML, JSON_LD, N_QUADS, TRIG, VOCABULARY_OFFERS
from api.pages.vocabulary import list_view, ontology_view, shapes_view
from kg.findings import BilimError, finding
from kg.resources import Resources
from kg.store.protocol import Store
from kg.terms import GRAPH, GRAPH_ONTOLOGY, LIST, SKOS


def router() -> APIRouter:
    """Routes that read the store; sync, so that each runs in a thread."""
    routes = APIRouter(tags=["model"])

    @routes.get("/def", summary="The ontology; every term is at /def#term")
    def definitions(request: Request) -> Response:
        media = choose(request, VOCABULARY_OFFERS)
        if media == HTML:
            query = f"?{request.url.query}" if request.url.query else ""
            return RedirectResponse(f"/ontology{query}", 303, {"Vary": "Accept"})
        return rdf_answer(_definitions(services_of(request).release().store), media)

    @routes.get("/ontology", summary="The ontology as a page")
    def ontology(request: Request) -> Response:
        media, lang = choose(request, VOCABULARY_OFFERS), interface(request)
        release = services_of(request).release()
        triples = _definitions(release.store)
        headers = {"Link": link_header([("/def", "canonical", None)])}
        if media != HTML:
            return rdf_answer(triples, media, headers)
        view = ontology_view(triples, lang)
        view["schemes"] = _schemes(release.store)
        return pages_of(request).response(
            "ontology.html", lang, request=request, headers=headers, release=release.id, **view
        )

    @routes.get("/context.jsonld", summary="The JSON-LD context of our data")
    def context(request: Request) -> Response:
        return _kept(request, "context.jsonld")

    @routes.get("/frame.jsonld", summary="The JSON-LD frame of a thing with its evidence")
    def frame(request: Request) -> Response:
        return _kept(request, "frame.jsonld")

    @routes.get("/shapes", summary="The shapes that every release passes")
    def shapes(request: Request) -> Response:
        media, lang = choose(request, VOCABULARY_OFFERS), interface(request)
        triples = _shapes(services_of(request).resources)
        if media != HTML:
            return rdf_answer(triples, media)
        return pages_of(request).response(
            "shapes.html", lang, request=request, release=services_of(request).current_id(),
            shapes=shapes_view(triples, lang),
        )  # fmt: skip

    @routes.get("/list/{scheme}", summary="A list (SKOS concept scheme)")
    def scheme(request: Request, scheme: str) -> Response:
        return _list(request, scheme, None)

    @routes.get("/list/{scheme}/{concept}", summary="A concept of a list")
    def concept(request: Request, scheme: str, concept: str) -> Response:
        return _list(request, scheme, concept)

    @routes.get("/graph/{name:path}", summary="All statements of a named graph")
    def graph(request: Request, name: str) -> Response:
        media = choose(request, GRAPH_OFFERS)
        release = services_of(request).release()
        known = release.store.graphs()
        if GRAPH + name not in known:
            names = ", ".join(g.removeprefix(GRAPH) for g in known)
            raise BilimError(finding("term-not-found", what="graph", name=name[:80], release=release.id, known=names))
        node = NamedNode(GRAPH + name)
        triples = release.store.construct(_of_graph(node))
        if media in (N_QUADS, TRIG):
            return rdf_answer((Quad(t.subject, t.predicate, t.object, node) for t in triples), media)
        return rdf_answer(triples, media)

    return routes


def _kept(request: Request, name: str) -> Response:
    """A file of ontology/, readable by pages of other sites: JSON-LD processors in browsers ask for it."""
    data = (services_of(request).resources.ontology / name).read_bytes()
    return Response(data, headers={"Content-Type": JSON_LD, "Access-Control-Allow-Origin": "*"})


def _of_graph(graph: NamedNode) -> str:
    return f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH {graph} {{ ?s ?p ?o }} }}"


def _definitions(store: Store) -> list[Triple]:
    """The statements of the ontology's graph but for the lists, which have addresses of their own."""
    found = store.construct(_of_graph(NamedNode(GRAPH_ONTOLOGY)))
    return [t for t in found if not (isinstance(t.subject, NamedNode) and t.subject.value.startswith(LIST))]


def _schemes(store: Store) -> list[str]:
    found = store.query("SELECT DISTINCT ?s WHERE { ?c <http://www.w3.org/2004/02/skos/core#inScheme> ?s } ORDER BY ?s")
    assert not isinstance(found, bool)
    return [row[0].value.removeprefix(LIST) for row in found if isinstance(row[0], NamedNode)]


def _list(request: Request, scheme: str, concept: str | None) -> Response:
    media, lang = choose(request, VOCABULARY_OFFERS), interface(request)
    release = services_of(request).release()
    known = _schemes(release.store)
    if scheme not in known:
        raise BilimError(
            finding("term-not-found", what="list", name=scheme[:80], release=release.id, known=", ".join(known))
        )
    iri = NamedNode(LIST + scheme + (f"/{concept}" if concept else ""))
    pattern = f"{{ VALUES ?s {{ {iri} }} ?s ?p ?o }}"
    if concept is None:
        pattern += f" UNION {{ ?s {NamedNode(SKOS + 'inScheme')} {iri} ; ?p ?o }}"
    triples = list(release.store.construct(f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ {pattern} }}"))
    if not triples:
        raise BilimError(
            finding("term-not-found", what="concept", name=f"{scheme}/{concept}"[:80], release=release.id,
                    known=f"/list/{scheme}")
        )  # fmt: skip
    if media != HTML:
        return rdf_answer(triples, media)
    view: dict[str, Any] = list_view(triples, iri.value, content(request)[0])
    return pages_of(request).response(
        "scheme.html", lang, request=request, release=release.id, scheme=scheme, concept=concept, **view
    )


def _shapes(resources: Resources) -> list[Triple]:
    """The shapes of the files: they are what this version holds data to."""
    triples: list[Triple] = []
    for file in sorted((resources.ontology / "shapes").glob("*.ttl")):
        found: Iterable[Quad] = parse(file.read_bytes(), format=RdfFormat.TURTLE, rename_blank_nodes=True)
        triples.extend(Triple(q.subject, q.predicate, q.object) for q in found)
    return triples
