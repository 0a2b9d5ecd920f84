"""/history/{kind}/{slug}: what each kept release changed of a thing; /releases/{id}/changes: what it changed in all."""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.answers import choose, content, interface, json_answer, only, pages_of, services_of
from api.front.variant import HTML, PAGE_OFFERS
from api.pages.history import kept, story
from api.pages.markup import Writer
from api.pages.thing import Terms
from api.routers.changes import Comparisons
from kg.findings import BilimError, finding
from kg.kinds import KINDS
from kg.names import pick_label
from kg.releases.changes import counts
from kg.releases.layout import RELEASE_ID
from kg.releases.reader import Release, open_release
from kg.terms import entity_iri

SHOWN: Final = 100
"""Things of one kind listed for a release; the API pages through all of them."""


def router() -> APIRouter:
    """Not kept in the cache: both depend on which releases the disk holds."""
    routes = APIRouter(include_in_schema=False)
    known = Comparisons()

    @routes.get("/history/{kind}/{slug}")
    def history(request: Request, kind: str, slug: str) -> Response:
        return _history(request, kind, slug)

    @routes.get("/releases/{release}/changes")
    def changes(request: Request, release: str) -> Response:
        return _changes(request, known, release)

    return routes


def _history(request: Request, kind: str, slug: str) -> Response:
    media, lang, clang = choose(request, PAGE_OFFERS), interface(request), content(request)[0]
    only(request, "lang", "clang")
    services, pages = services_of(request), pages_of(request)
    release = services.release()
    releases = kept(services.home, release.id) or [release]
    if kind not in KINDS or not any(r.projection.has(kind, slug) for r in releases):
        raise BilimError(finding("thing-not-found", kind=kind[:40], slug=slug[:80], release=release.id))
    writer = Writer(lang, clang, partial(pages.text, lang=lang))
    rows = story(releases, kind, slug, writer)
    if media != HTML:
        data = [{"release": r["release"], "created": r["created"], "change": r["change"],
                 "parts": [p["key"] for p in r["parts"]]} for r in rows]  # fmt: skip
        return json_answer({"data": data, "release": release.id, "links": {"self": request.url.path}}, clang)
    iri = entity_iri(kind, slug)
    named = next((found for r in releases if (found := r.projection.labels([iri]).get(iri))), {})
    picked = pick_label(named, clang)
    terms = Terms(release, lang, pages.texts, [])
    return pages.response(
        "history.html", lang, request=request, release=release.id, clang=clang, kind=kind, slug=slug,
        name=picked.value if picked else slug, rows=rows, terms=terms, headers={"Vary": "Accept, Accept-Language"},
    )  # fmt: skip


def _changes(request: Request, known: Comparisons, release_id: str) -> Response:
    media, lang, clang = choose(request, PAGE_OFFERS), interface(request), content(request)[0]
    only(request, "lang", "clang")
    services = services_of(request)
    home = services.home
    if not RELEASE_ID.fullmatch(release_id) or not home.release(release_id).is_dir():
        raise BilimError(finding("no-such-release", release=release_id[:80], home=home.path.name))
    release = open_release(home, release_id, any_projection=True)
    old = _parent(request, release)
    found = known.between(old, release) if old is not None else ()
    kinds = []
    for kind, group in groupby(found, key=lambda c: c.kind):
        listed = list(group)
        side = {True: release, False: old}
        labels: dict[str, dict[str, str]] = {}
        for here in (True, False):
            iris = [c.iri for c in listed[:SHOWN] if (c.change != "removed") == here]
            labels |= source.projection.labels(iris) if (source := side[here]) is not None and iris else {}
        items = [
            (c, picked.value if (picked := pick_label(labels.get(c.iri, {}), clang)) else c.slug)
            for c in listed[:SHOWN]
        ]
        kinds.append((KINDS[kind], counts(listed), len(listed), items))
    if media != HTML:
        data = {
            "counts": counts(found),
            "kinds": {kind.name: n for kind, n, _, _ in kinds},
            "since": old.id if old else None,
        }
        links = (
            {"self": request.url.path, "api": f"/api/v1/changes?since={old.id}"} if old else {"self": request.url.path}
        )
        return json_answer({"data": data, "release": release.id, "links": links}, clang)
    return pages_of(request).response(
        "changes.html", lang, request=request, shown=release, old=old, counts=counts(found), by_kind=kinds, clang=clang,
        headers={"Vary": "Accept, Accept-Language"},
    )  # fmt: skip


def _parent(request: Request, release: Release) -> Release | None:
    """The release before, None where there was none or it is not kept."""
    parent = release.manifest.parent
    if parent is None:
        return None
    try:
        return open_release(services_of(request).home, parent, any_projection=True)
    except BilimError:
        return None
