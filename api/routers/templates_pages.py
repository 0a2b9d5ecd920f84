"""/queries: the catalogue of templates, and a page for each that explains it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.answers import choose, content, interface, json_answer, only, pages_of, services_of
from api.front.variant import HTML, PAGE_OFFERS
from api.pages.markdown import Markdown
from api.routers.templates_asked import show
from api.routers.templates_engines import Engines
from api.routers.templates_openapi import title_of
from kg.findings import pick
from kg.templates.catalogue import Catalogue
from kg.templates.model import Broken, Deprecated, Template
from kg.templates.page import address
from kg.templates.params import BadParameters, as_texts
from kg.templates.prepare import first_page
from kg.templates.run import Engine


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
    only(request, "q", "lang", "clang")
    release, text = services_of(request).current_id(), request.query_params.get("q", "").strip()[:200]
    broken = catalogue.broken
    served = [t for t in catalogue.templates.values() if _meant(t, text)]
    if media == HTML:
        subjects: dict[str, list[Template]] = {}
        for template in served:
            subjects.setdefault(template.subject, []).append(template)
        faults = [(b, [f"{f.where}: {f.text(lang)}" if f.where else f.text(lang) for f in b.findings]) for b in broken]
        texts = pages_of(request).texts
        names = {s: pick(texts[f"subject.{s}"], lang) if f"subject.{s}" in texts else s for s in subjects}
        return pages_of(request).response(
            "queries.html", lang, request=request, subjects=subjects, names=names, broken=faults, release=release,
            text=text, count=len(served),
        )  # fmt: skip
    data = [_summary(t, lang) for t in served]
    return json_answer(
        {"data": data, "broken": [_fault(b) for b in broken], "release": release, "links": {"self": "/queries"}}, lang
    )


def _meant(template: Template, text: str) -> bool:
    """Whether every word of the text stands somewhere in what is said of the question, in any language."""
    said = (template.name, *template.summaries.values(), *template.descriptions.values(), *template.tags)
    whole = "\n".join(said).casefold()
    return all(word in whole for word in text.casefold().split())


def _explained(request: Request, catalogue: Catalogue, engines: Engines, markdown: Markdown, name: str) -> Response:
    media, lang = choose(request, PAGE_OFFERS), interface(request)
    template = catalogue.get(name)
    release = services_of(request).current_id()
    engine = None
    if release:
        engine = engines.of(services_of(request).release())
        template = engine.resolved(template)
    if media == HTML:
        shown = show(request, engine, template, lang)
        returned = [(r.name, r.type, pick(r.descriptions, lang)) for r in template.returns.values()]
        examples = [address(f"/queries/{name}", _pairs(e.params, lang)) for e in template.examples if e.params]
        return pages_of(request).response(
            "query.html", lang, request=request, question=template, returned=returned, release=release, shown=shown,
            summary=pick(template.summaries, lang), about=markdown.html(pick(template.descriptions, lang)),
            clang=content(request)[0], asked_clang=request.query_params.get("clang", ""), examples=examples,
            status_code=422 if shown.asked and shown.wrong else 200,
        )  # fmt: skip
    data = {**_summary(template, lang), "query": template.text, "example": _bound_example(request, engine, template)}
    body = {"data": data, "release": release}
    return json_answer({**body, "links": {"self": f"/queries/{name}", "answer": template.path}}, lang)


def _bound_example(request: Request, engine: Engine | None, template: Template) -> str | None:
    """The text of the first example with its values in place, to be run as it is; None where there is none."""
    if engine is None or not template.examples:
        return None
    given = {name: as_texts(value) for name, value in template.examples[0].params.items()}
    try:
        values = engine.check(template, given, services_of(request).today())
    except BadParameters:  # another release may lack the things of an example
        return None
    return first_page(template, values)


def _pairs(given: Mapping[str, Any], lang: str) -> list[tuple[str, str]]:
    """An example's values as an address has them."""
    pairs = [(name, text) for name, value in given.items() for text in as_texts(value)]
    return [*pairs, ("lang", lang)]


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
