"""The home page: who is in office, what the graph holds, what changed last, and a door for each kind of user."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.answers import choose, content, interface, json_answer, pages_of, services_of
from api.front.variant import HTML, PAGE_OFFERS
from api.questions import Questions
from api.routers.changes import Comparisons
from kg.dates import humanize
from kg.findings import BilimError
from kg.kinds import KINDS
from kg.releases.changes import Changed, counts
from kg.releases.reader import Release, open_release
from kg.releases.terms_json import Json, localize

DOORS = (
    ("researcher", "/sparql"),
    ("client", "/reference"),
    ("steward", "/imports"),
    ("visitor", "/doc/organization"),
)
LATEST = 8
COUNTRY = "kz"
"""Whose ministers the home page shows."""


def router(questions: Questions) -> APIRouter:
    """One route; without a release it says so, and stands all the same."""
    routes = APIRouter(tags=["home"])
    known = Comparisons()

    @routes.get("/", summary="What the graph holds")
    def home(request: Request) -> Response:
        media, lang, languages = choose(request, PAGE_OFFERS), interface(request), content(request)
        services = services_of(request)
        try:
            release = services.release()
        except BilimError:
            if media != HTML:
                raise
            return pages_of(request).response("home.html", lang, request=request, release="", doors=DOORS)
        found = release.projection.counts()
        if media != HTML:
            links = {"self": "/", "openapi": "/openapi.json", "sparql": "/sparql", "releases": "/releases"}
            return json_answer({"data": {"counts": found}, "release": release.id, "links": links})
        today = services.today()
        asked = {"on": today.isoformat(), "role": "minister"}
        ministers = questions.ask(release, "tenures/on-day", asked, today, languages)
        changes = _changes(request, known, release)
        values: dict[str, Any] = {
            "counts": [(kind, found[kind.name]) for kind in KINDS.values() if found.get(kind.name)],
            "ministers": sorted(_of_country(release, ministers), key=lambda row: row["certainty"]),
            "today": today.isoformat(),
            "spoken": humanize(today.isoformat(), lang),
            "why": release.manifest.why,
            "changed": counts(changes) if changes is not None else None,
            "latest": _latest(release, changes or (), languages[0]),
        }
        return pages_of(request).response(
            "home.html", lang, request=request, release=release.id, clang=languages[0], doors=DOORS, **values
        )

    return routes


def _of_country(release: Release, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    sql = "SELECT slug FROM list_facets WHERE kind = 'organization' AND facet = 'inCountry' AND value LIKE ?"
    bodies = {slug for (slug,) in release.projection.rows(sql, (f"%/{COUNTRY}",))}
    return [row for row in rows if row["organization"] and row["organization"]["slug"] in bodies]


def _changes(request: Request, known: Comparisons, release: Release) -> tuple[Changed, ...] | None:
    """Against the release before; None where it is not kept."""
    try:
        parent = release.manifest.parent
        old = open_release(services_of(request).home, parent, any_projection=True) if parent else None
    except BilimError:
        return None
    return known.between(old, release) if old is not None else None


def _latest(release: Release, changes: tuple[Changed, ...], clang: str) -> list[tuple[str, Json]]:
    shown = [c for c in changes if KINDS[c.kind].named and c.change != "removed"][:LATEST]
    labels = release.projection.labels(c.iri for c in shown)
    return [
        (c.change, localize({"id": c.iri, "kind": c.kind, "slug": c.slug, "labels": labels.get(c.iri, {})}, clang))
        for c in shown
    ]
