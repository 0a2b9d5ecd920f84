"""/queries: the catalogue of templates, and a page for each that explains it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.answers import choose, interface, json_answer, pages_of, services_of
from api.front.variant import HTML, PAGE_OFFERS
from api.pages.markdown import Markdown
from api.routers.templates_engines import Engines
from api.routers.templates_openapi import title_of
from kg.findings import pick
from kg.templates.catalogue import Catalogue
from kg.templates.model import Broken, Deprecated, Template


def router(catalogue: Catalogue, engines: Engines) -> APIRouter:
    """The catalogue and its pages."""
    routes = APIRouter(include_in_schema=False)
    markdown = Markdown()

    @routes.get("/queries")
    def listing(request: Request) -> Response:
        return _listing(request, catalogue)

    @routes.get("/queries/{subject}/{name}")
    def explained(request: Request, subject: str, name: str) -> Response:
        return _explained(request, catalogue, engines, markdown, f"{subject}/{name}")

    return routes


def _listing(request: Request, catalogue: Catalogue) -> Response:
    media, lang = choose(request, PAGE_OFFERS), interface(request)
    release = services_of(request).current_id()
    served, broken = list(catalogue.templates.values()), catalogue.broken
    if media == HTML:
        subjects: dict[str, list[Template]] = {}
        for template in served:
            subjects.setdefault(template.subject, []).append(template)
        faults = [(b, [f"{f.where}: {f.text(lang)}" if f.where else f.text(lang) for f in b.findings]) for b in broken]
        return pages_of(request).response(
            "queries.html", lang, request=request, subjects=subjects, broken=faults, release=release
        )
    data = [_summary(t, lang) for t in served]
    return json_answer(
        {"data": data, "broken": [_fault(b) for b in broken], "release": release, "links": {"self": "/queries"}}, lang
    )


def _explained(request: Request, catalogue: Catalogue, engines: Engines, markdown: Markdown, name: str) -> Response:
    media, lang = choose(request, PAGE_OFFERS), interface(request)
    template = catalogue.get(name)
    release = services_of(request).current_id()
    if release:
        template = engines.of(services_of(request).release()).resolved(template)
    given = request.query_params
    if media == HTML:
        fields = [
            {
                "name": p.name,
                "title": title_of(p, lang),
                "description": pick(p.descriptions, lang),
                "value": given.get(p.name, ""),
                "example": p.examples[0] if p.examples else p.default or "",
                "required": p.needed,
                "values": list(p.values),
                "type": p.type,
            }
            for p in template.params
        ]
        returned = [(r.name, r.type, pick(r.descriptions, lang)) for r in template.returns.values()]
        return pages_of(request).response(
            "query.html", lang, request=request, question=template, fields=fields, returned=returned, release=release,
            summary=pick(template.summaries, lang), about=markdown.html(pick(template.descriptions, lang)),
        )  # fmt: skip
    body = {"data": {**_summary(template, lang), "query": template.text}, "release": release}
    return json_answer({**body, "links": {"self": f"/queries/{name}", "answer": template.path}}, lang)


def _summary(template: Template, lang: str) -> dict[str, Any]:
    return {
        "name": template.name,
        "summary": pick(template.summaries, lang),
        "description": pick(template.descriptions, lang),
        "deprecated": _deprecated(template.deprecated),
        "tags": list(template.tags),
        "form": template.form,
        "view": template.view,
        "path": template.path,
        "params": [
            {
                "name": p.name,
                "type": p.type,
                "required": p.needed,
                "list": p.many,
                "title": title_of(p, lang),
                "description": pick(p.descriptions, lang) or None,
                "default": p.default,
                "values": list(p.values) or None,
                "examples": list(p.examples),
            }
            for p in template.params
        ],
        "returns": [
            {"name": r.name, "type": r.type, "list": r.many, "description": pick(r.descriptions, lang) or None}
            for r in template.returns.values()
        ],
        "examples": [{"params": dict(e.params)} for e in template.examples],
        "findings": [f.as_dict() for f in template.findings],
    }


def _fault(broken: Broken) -> dict[str, Any]:
    return {"name": broken.name, "file": broken.file, "findings": [f.as_dict() for f in broken.findings]}


def _deprecated(said: Deprecated | None) -> dict[str, Any] | None:
    if said is None:
        return None
    return {"since": said.since.isoformat(), "sunset": said.sunset and said.sunset.isoformat(), "use": said.use}
