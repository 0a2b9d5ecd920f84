"""Errors of the web by RFC 9457: one way to build them, and the handlers that do.

The slug of a problem type is the code of a finding in kg/messages: ``/problems/{code}`` explains it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.front.allow import allowed
from api.front.bodies import body_limit
from api.front.variant import HTML, JSON, interface_language
from kg.findings import BilimError, Finding, catalogue, finding, pick
from kg.releases.name_index import search
from kg.sparql.negotiation import Offer, negotiate
from kg.templates.params import BadParameters
from kg.terms import PROBLEMS

PROBLEM_JSON = "application/problem+json"
DEFAULT_STATUS = 400
# Codes of the core, which knows nothing of HTTP; those of the web state theirs in kg/messages/api.yaml.
STATUSES = {
    "home-locked": 503,
    "disk-full": 507,
    "home-not-writable": 503,
    "no-release": 503,
    "no-such-release": 404,
    "manifest-unreadable": 500,
    "release-format": 500,
}
NEAR_KINDS = ("person", "organization", "region", "program", "event", "post", "agreement")
_OFFERS = (Offer(PROBLEM_JSON, ""), Offer(JSON, ""), Offer(HTML, ""))


class Told(BilimError):
    """An error of the web that is told with headers of its own."""

    def __init__(self, *findings: Finding, headers: Mapping[str, str]) -> None:
        super().__init__(*findings)
        self.headers = headers


def build_problem(status: int, type_slug: str, title: str, detail: str | None = None, /, **members: Any) -> Response:
    """A problem answer. ``members`` are extension members (RFC 9457 section 3.2); None is left out.

    ``headers`` among them are headers of the answer, not a member.
    """
    headers: Mapping[str, str] = members.pop("headers", None) or {}
    return Response(
        json.dumps(problem_body(status, type_slug, title, detail, **members), ensure_ascii=False).encode(),
        status_code=status,
        media_type=PROBLEM_JSON,
        headers=dict(headers),
    )


def problem_body(
    status: int, type_slug: str, title: str, detail: str | None = None, /, **members: Any
) -> dict[str, Any]:
    """The members of a problem document, in the order in which a person reads them."""
    body: dict[str, Any] = {"type": PROBLEMS + type_slug, "title": title, "status": status}
    if detail:
        body["detail"] = detail
    body.update({name: value for name, value in members.items() if value is not None})
    return body


def status_of(code: str) -> int:
    """The HTTP status of a code: ``status`` in the catalogue, else by the table here, else 400."""
    return int(catalogue().get(code, {}).get("status", STATUSES.get(code, DEFAULT_STATUS)))


def request_language(request: Request) -> str:
    """The language in which this request is answered: ``?lang=``, else Accept-Language, else English."""
    return interface_language(request.query_params.get("lang"), request.headers.get("accept-language"))


def finding_problem(
    request: Request,
    /,
    *findings: Finding,
    status: int | None = None,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """A problem made of findings: the first names it; where there are several, ``errors`` holds them all."""
    first = findings[0]
    lang = request_language(request)
    members: dict[str, Any] = dict(more)
    if first.where is not None:
        members.setdefault("where", str(first.where))
    if len(findings) > 1:
        members["errors"] = [{"code": f.code, "detail": f.text(lang)} for f in findings]
    code = status if status is not None else status_of(first.code)
    detail = " ".join(t for t in (pick(first.allowed, lang), pick(first.advice, lang)) if t)
    return _answer(request, code, first.code, pick(first.what, lang), detail, members, headers or {})


def bad_parameters(request: Request, error: BadParameters) -> Response:
    """422 with what was given, what is allowed, and an address that works; all of them where several are wrong."""
    lang = request_language(request)
    first = error.wrong[0]
    told = replace(first.finding, code="bad-parameter", what={k: v.rstrip(".") for k, v in first.finding.what.items()})
    errors = [
        {
            "parameter": w.parameter,
            "given": w.given,
            "code": w.finding.code,
            "detail": w.finding.text(lang),
            "example": w.example,
        }
        for w in error.wrong
    ]
    more: dict[str, Any] = {"errors": errors} if len(errors) > 1 else {}
    return finding_problem(
        request, told, status=422, parameter=first.parameter, given=first.given, example=first.example, **more
    )


def _answer(
    request: Request,
    status: int,
    slug: str,
    title: str,
    detail: str,
    members: dict[str, Any],
    headers: Mapping[str, str],
) -> Response:
    lang = request_language(request)
    headers = {"Content-Language": lang, "Vary": "Accept, Accept-Language", **headers}
    wanted = negotiate(request.headers.get("accept"), _OFFERS)
    # A program gets problem+json whatever it asked for (an error must be told); only a browser gets a page.
    if wanted is not None and wanted.media_type == HTML:
        body = problem_body(status, slug, title, detail, **members)
        sought, near = _near(request) if status == 404 else ("", [])
        return request.app.state.pages.response(  # type: ignore[no-any-return]
            "problem.html", lang, status_code=status, headers=headers, request=request, problem=body, slug=slug,
            sought=sought, near=near, path_again=_again(request, status),
        )  # fmt: skip
    return build_problem(status, slug, title, detail, headers=headers, **members)


def _again(request: Request, status: int) -> str:
    """The address without what was asked of it, where that was wrong; none where it is the address itself."""
    if request.method != "GET" or status not in (400, 404, 422):
        return ""
    if status == 404 and "page" not in request.query_params:
        return ""
    if request.url.path.startswith("/on/"):
        return "/on"
    languages = {"lang", "clang"} if status != 422 else set[str]()
    return request.url.path if request.query_params.keys() - languages else ""


def _near(request: Request) -> tuple[str, list[dict[str, Any]]]:
    """What was sought where nothing is, by the last part of the address, and things whose names are like it."""
    words = re.split(r"[^\w]+", request.url.path.rstrip("/").rpartition("/")[2])
    sought = " ".join(word for word in words if word)[:100]
    release = request.app.state.services.current()
    if release is None or not sought:
        return sought, []
    hits = search(release.projection.rows, sought, kinds=NEAR_KINDS, limit=5)
    return sought, [{"kind": hit.kind, "slug": hit.slug, "label": hit.name} for hit in hits]


async def _on_bilim_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, BilimError)
    headers = {"Retry-After": "5"} if status_of(error.findings[0].code) == 503 else {}
    if isinstance(error, Told):
        headers = {**headers, **error.headers}
    return finding_problem(request, *error.findings, headers=headers)


async def _on_bad_parameters(request: Request, error: Exception) -> Response:
    assert isinstance(error, BadParameters)
    return bad_parameters(request, error)


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [
        {"parameter": ".".join(str(part) for part in item["loc"][1:]) or str(item["loc"][0]), "detail": item["msg"]}
        for item in error.errors()
    ]
    return finding_problem(request, finding("request-invalid", count=len(errors)), errors=errors)


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    path, headers = request.url.path, dict(error.headers or {})
    if error.status_code == 404:
        return finding_problem(request, finding("not-found", path=path), headers=headers)
    if error.status_code == 405:
        allow = ", ".join(allowed(request.app, request.scope))  # of all routes; a router tells those of the first only
        told = finding("method-not-allowed", method=request.method, path=path, allow=allow)
        return finding_problem(request, told, headers={**headers, "Allow": allow})
    if error.status_code == 413:
        limit = body_limit(path, request.app.state.services.settings)
        return finding_problem(request, finding("body-too-large", limit=limit), headers=headers)
    title = HTTPStatus(error.status_code).phrase
    return finding_problem(
        request, finding("bad-request", detail=error.detail or title), status=error.status_code, headers=headers
    )


async def _on_bug(request: Request, error: Exception) -> Response:
    """What went wrong is for the log only; the client gets the number by which the operator finds it."""
    number = request.scope.get("bilim.request", "-")
    structlog.get_logger("api").error("request failed", path=request.url.path, request=number, exc_info=error)
    return finding_problem(request, finding("internal-error", request=number))


def add_handlers(app: FastAPI) -> None:
    """Every way in which a request can fail ends in a problem."""
    app.add_exception_handler(BilimError, _on_bilim_error)
    app.add_exception_handler(BadParameters, _on_bad_parameters)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_bug)
