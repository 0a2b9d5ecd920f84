"""/network/{kind}/{slug}: what one thing is joined to, as a drawing and as a table. HTML and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from api.answers import choose, content, interface, json_answer, only, pages_of, services_of
from api.front.variant import HTML, PAGE_OFFERS
from api.pages import network
from kg.findings import BilimError, finding, pick
from kg.kinds import KINDS
from kg.names import pick_label
from kg.releases.reader import Release
from kg.terms import BKG, DCT, FOAF, ORG, SKOS

NAMESPACES = (BKG, ORG, DCT, SKOS, FOAF)


def router() -> APIRouter:
    """One route."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/network/{kind}/{slug}")
    def page(request: Request, kind: str, slug: str) -> Response:
        return _answer(request, kind, slug)

    return routes


def _answer(request: Request, kind: str, slug: str) -> Response:
    media, lang, clang = choose(request, PAGE_OFFERS), interface(request), content(request)
    only(request, "on", "lang", "clang")
    if kind not in network.ACTORS:
        raise BilimError(finding("kind-not-found", kind=kind[:40], kinds=", ".join(network.ACTORS)))
    release = services_of(request).release()
    document = release.projection.document(kind, slug)
    if document is None:
        if (moved := request.app.state.register.fate(kind, slug).moved_to) is not None:
            return RedirectResponse(f"/network/{kind}/{moved}", 301)
        raise BilimError(finding("thing-not-found", kind=kind, slug=slug[:200], release=release.id))
    graph = network.ego(document, _words(release, document, lang), clang)
    places, left = network.layout(graph)
    if media != HTML:
        links = {"self": f"/network/{kind}/{slug}", "thing": f"/doc/{kind}/{slug}.json"}
        data = {**network.as_json(graph, places), "leftOut": left}
        return json_answer({"data": data, "release": release.id, "links": links}, clang[0])
    rows = sorted(graph.edges, key=lambda e: (list(KINDS).index(e.target.kind), e.target.label, e.text))
    return pages_of(request).response(
        "network.html", lang, request=request, release=release.id, clang=clang[0], thing=graph.centre[0],
        kinds=KINDS, rows=rows, places=places, drawn=network.drawn(graph, places), left=left,
        data=network.as_json(graph, places),
    )  # fmt: skip


def _words(release: Release, document: Mapping[str, Any], lang: str) -> dict[str, str]:
    """What properties and kinds are called in the language of the page, by their keys in documents."""
    keys = set(document)
    for group in document.get("incoming", {}).values():
        keys.update(key for item in group["items"] for key in item)
    labels = release.projection.labels(space + key for key in keys for space in NAMESPACES)
    words = {}
    for key in keys:
        found = next((labels[space + key] for space in NAMESPACES if space + key in labels), None)
        if found and (picked := pick_label(found, lang)):
            words[key] = picked.value
    return {**words, **{name: pick(kind.labels, lang) for name, kind in KINDS.items()}}
