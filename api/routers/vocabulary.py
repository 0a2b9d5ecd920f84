"""/def, /ontology, /shapes, /list and /graph: the addresses of our own terms, lists and graphs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from pyoxigraph import NamedNode, Quad, Triple
from starlette.responses import RedirectResponse, Response

from api.answers import (
    SUFFIXES,
    choose,
    content,
    interface,
    json_answer,
    link_header,
    pages_of,
    rdf_answer,
    services_of,
)
from api.front.variant import GRAPH_OFFERS, HTML, JSON, JSON_LD, N_QUADS, TRIG, VOCABULARY_OFFERS
from api.pages.terms import Concept, Model, Term, nearest, term_slug
from api.pages.vocabulary import Views, listing_of
from api.vocabulary import Vocabulary
from kg.findings import BilimError, finding
from kg.releases.reader import Release
from kg.terms import GRAPH, LIST, expand

Json = dict[str, Any]


def router() -> APIRouter:
    """Routes that read the store; sync, so that each runs in a thread."""
    routes = APIRouter(tags=["model"])

    @routes.get("/def", summary="The ontology; every term is at /def#term")
    def definitions(request: Request) -> Response:
        if choose(request, VOCABULARY_OFFERS) == HTML:
            return RedirectResponse(f"/ontology{_query(request)}", 303, {"Vary": "Accept"})
        return _ontology(request, "")

    @routes.get("/def/{name}", summary="A version of the ontology, or a term: leads to its page", status_code=303)
    def definition(request: Request, name: str) -> Response:
        model = vocabulary_of(request).model(services_of(request).release())
        to = "/def" if name == model.version else f"/ontology/{_term(model, name).slug}"
        return RedirectResponse(to + _query(request), 303)

    @routes.get("/ontology/{name}", summary="A class or property (.json, .jsonld, .ttl, .nt; a page without)")
    def term(request: Request, name: str) -> Response:
        slug, suffix = _split(name)
        release = services_of(request).release()
        model = vocabulary_of(request).model(release)
        found = _term(model, slug)
        if found.slug != slug:
            return RedirectResponse(f"/ontology/{found.slug}{suffix}{_query(request)}", 301)
        views = _views(request, release)
        return _answer(
            request, release, f"/ontology/{slug}", suffix, "term.html", partial(views.term, found),
            lambda: model.statements[found.iri], listing=listing_of(found.iri),
        )  # fmt: skip

    for suffix in ("", *SUFFIXES):  # a page cannot set Accept: its links to the data end in the format
        routes.add_api_route(
            f"/ontology{suffix}",
            _bound(_ontology, suffix),
            summary="The ontology as a page",
            include_in_schema=not suffix,
        )
        routes.add_api_route(
            f"/shapes{suffix}", _bound(_shapes, suffix), summary="The shapes that every release passes",
            include_in_schema=not suffix,
        )  # fmt: skip

    @routes.get("/context.jsonld", summary="The JSON-LD context of our data")
    def context(request: Request) -> Response:
        return _kept(request, "context.jsonld")

    @routes.get("/frame.jsonld", summary="The JSON-LD frame of a thing with its evidence")
    def frame(request: Request) -> Response:
        return _kept(request, "frame.jsonld")

    @routes.get("/list/{name}", summary="A list (.json, .jsonld, .ttl, .nt; a page without)")
    def scheme(request: Request, name: str) -> Response:
        slug, suffix = _split(name)
        release = services_of(request).release()
        model = vocabulary_of(request).model(release)
        found = _scheme(model, slug, release)
        inside = (found, *model.concepts.get(slug, {}).values())
        return _answer(
            request, release, f"/list/{slug}", suffix, "scheme.html", partial(_views(request, release).scheme, slug),
            lambda: [t for item in inside for t in model.statements[item.iri]],
        )  # fmt: skip

    @routes.get("/list/{scheme}/{name}", summary="A concept of a list (.json, .jsonld, .ttl, .nt; a page without)")
    def concept(request: Request, scheme: str, name: str) -> Response:
        slug, suffix = _split(name)
        release = services_of(request).release()
        model = vocabulary_of(request).model(release)
        found = _concept(model, scheme, slug, release)
        return _answer(
            request, release, f"/list/{scheme}/{slug}", suffix, "concept.html",
            partial(_views(request, release).concept, found), lambda: model.statements[found.iri],
        )  # fmt: skip

    @routes.get("/graph/{name:path}", summary="All statements of a named graph")
    def graph(request: Request, name: str) -> Response:
        media = choose(request, GRAPH_OFFERS)
        release = services_of(request).release()
        known = release.store.graphs()
        if GRAPH + name not in known:
            names = ", ".join(g.removeprefix(GRAPH) for g in known)
            raise BilimError(finding("term-not-found", what="graph", name=name[:80], release=release.id, known=names))
        node = NamedNode(GRAPH + name)
        triples = release.store.construct(f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH {node} {{ ?s ?p ?o }} }}")
        if media in (N_QUADS, TRIG):
            return rdf_answer((Quad(t.subject, t.predicate, t.object, node) for t in triples), media)
        return rdf_answer(triples, media)

    return routes


def _bound(answer: Callable[[Request, str], Response], suffix: str) -> Callable[[Request], Response]:
    def route(request: Request) -> Response:
        return answer(request, suffix)

    return route


def _ontology(request: Request, suffix: str) -> Response:
    release = services_of(request).release()
    model = vocabulary_of(request).model(release)
    own = [t for iri, triples in model.statements.items() if not iri.startswith(LIST) for t in triples]
    return _answer(
        request, release, "/ontology", suffix, "ontology.html", _views(request, release).ontology, lambda: own,
        canonical="/def",
    )  # fmt: skip


def _shapes(request: Request, suffix: str) -> Response:
    release, vocabulary = services_of(request).release(), vocabulary_of(request)

    def view() -> Json:
        return {"shapes": _views(request, release).all_shapes()}

    return _answer(request, release, "/shapes", suffix, "shapes.html", view, vocabulary.shape_triples)


def _answer(
    request: Request,
    release: Release,
    address: str,
    suffix: str,
    template: str,
    view: Callable[[], Json],
    triples: Callable[[], Iterable[Triple]],
    canonical: str | None = None,
    **more: Any,
) -> Response:
    """The view as a page or as JSON, or the triples in an RDF format."""
    media = SUFFIXES[suffix] if suffix else choose(request, VOCABULARY_OFFERS)
    lang, clang = interface(request), _content(request)
    alternates: list[tuple[str, str, str | None]] = [(address + s, "alternate", m) for s, m in SUFFIXES.items()]
    headers = {"Link": link_header([(canonical or address, "canonical", None), *alternates])}
    if media == HTML:
        return pages_of(request).response(
            template, lang, request=request, headers=headers, release=release.id, clang=clang, address=address,
            view=view(), **more,
        )  # fmt: skip
    if media == JSON:
        links = {"self": f"{address}.json", "page": address}
        return json_answer({"data": view(), "release": release.id, "links": links}, clang, headers)
    return rdf_answer(triples(), media, headers)


def _views(request: Request, release: Release) -> Views:
    lang, vocabulary, pages = interface(request), vocabulary_of(request), pages_of(request)

    def say(key: str, **fields: object) -> str:
        return pages.text(key, lang, **fields)

    return Views(vocabulary.model(release), vocabulary.shapes(), release.projection.usage, _content(request), say)


def _content(request: Request) -> str:
    """Language of names: ``?clang=``, else that of the page. The model is named in all our languages."""
    return content(request)[0] if "clang" in request.query_params else interface(request)


def vocabulary_of(request: Request) -> Vocabulary:
    """Of this app; made with the first request that needs it."""
    state = request.app.state
    if not hasattr(state, "vocabulary"):
        state.vocabulary = Vocabulary(services_of(request).resources)
    return state.vocabulary  # type: ignore[no-any-return]


def _query(request: Request) -> str:
    return f"?{request.url.query}" if request.url.query else ""


def _split(name: str) -> tuple[str, str]:
    return next(((name.removesuffix(s), s) for s in SUFFIXES if name.endswith(s)), (name, ""))


def _term(model: Model, name: str) -> Term:
    """The term of this name, also where it is written with our own prefix. Raises :class:`BilimError` (404)."""
    found = model.terms.get(name) or model.terms.get(term_slug(expand(name)) or "")
    if found is None:
        names = {slug: term.labels.values() for slug, term in model.terms.items()}
        near = ", ".join(nearest(name[:80], names))
        raise BilimError(finding("no-such-term", name=name[:80], nearest=near))
    return found


def _scheme(model: Model, slug: str, release: Release) -> Concept:
    if slug not in model.schemes:
        known = ", ".join(
            nearest(slug[:80], {s: c.labels.values() for s, c in model.schemes.items()}, len(model.schemes))
        )
        raise BilimError(finding("term-not-found", what="list", name=slug[:80], release=release.id, known=known))
    return model.schemes[slug]


def _concept(model: Model, scheme: str, slug: str, release: Release) -> Concept:
    _scheme(model, scheme, release)
    inside = model.concepts.get(scheme, {})
    if slug not in inside:
        known = ", ".join(nearest(slug[:80], {s: c.labels.values() for s, c in inside.items()}, len(inside)))
        name = f"{scheme}/{slug}"[:80]
        raise BilimError(finding("term-not-found", what="concept", name=name, release=release.id, known=known))
    return inside[slug]


def _kept(request: Request, name: str) -> Response:
    """A file of ontology/, readable by pages of other sites: JSON-LD processors in browsers ask for it."""
    data = (services_of(request).resources.ontology / name).read_bytes()
    return Response(data, headers={"Content-Type": JSON_LD, "Access-Control-Allow-Origin": "*"})
