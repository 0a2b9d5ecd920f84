"""/imports: the stewards' desk in a browser, over the same flow as /api/v1/imports. Nothing here needs scripts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any, Final, NamedTuple

from fastapi import APIRouter, Request
from starlette.datastructures import FormData, UploadFile
from starlette.responses import RedirectResponse, Response

from api.answers import content, interface, pages_of, services_of
from api.auth import limits_of, who
from api.importing import importing_of, in_ledger
from api.pages import import_view
from api.problems import status_of
from api.session import Session, Sessions, same_form
from kg.findings import BilimError, Finding, finding
from kg.imports import flow, kept, tokens
from kg.imports.ledger import Ledger
from kg.imports.records import Import
from kg.imports.reports.marked import cells_of
from kg.imports.schema import STATES
from kg.imports.tokens import Token
from kg.releases.publish import Reason
from kg.terms import split_entity_iri

BASE: Final = "/imports"
DECISIONS: Final = ("accept", "reject", "retract", "waive", "settle", "exclude")
WORKING: Final = ("received", "parsed")
_NOT_KEPT: Final = {"Cache-Control": "no-store", "Vary": "Cookie, Accept-Language"}


class Signed(NamedTuple):
    """Who is at the desk."""

    session: Session
    token: Token


def router() -> APIRouter:
    """The pages and their forms."""
    routes = APIRouter(include_in_schema=False)

    @routes.get(BASE)
    async def listing(request: Request) -> Response:
        signed = await _signed(request)
        return await _list(request, signed) if signed else _door(request)

    @routes.post(BASE + "/sign-in")
    async def sign_in(request: Request) -> Response:
        limits_of(request).address(request)
        form = await request.form(max_files=0, max_fields=5)
        text = str(form.get("token", "")).strip()
        token = await asyncio.to_thread(tokens.find, services_of(request).home, text)
        if token is None or token.state(datetime.now(UTC)) != "valid" or not _from_here(request):
            limits_of(request).failed(request)
            return _door(request, finding("token-unknown", role="steward"), 403)
        made = RedirectResponse(f"{BASE}?lang={interface(request)}", 303, headers=_NOT_KEPT)
        _sessions(request).begin(text, made, services_of(request).address.startswith("https:"))
        return made

    @routes.post(BASE + "/sign-out")
    async def sign_out(request: Request) -> Response:
        await _form(request)
        made = RedirectResponse(f"{BASE}?lang={interface(request)}", 303, headers=_NOT_KEPT)
        _sessions(request).end(request, made)
        return made

    @routes.post(BASE)
    async def hand_in(request: Request) -> Response:
        signed, form = await _form(request, files=1)
        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            return await _list(request, signed, finding("upload-invalid"))
        data, importing = await file.read(), importing_of(request)
        name = PurePath(file.filename.replace("\\", "/")).name[:200]
        reason = Reason(who(signed.token), str(form.get("reason", "")))
        try:
            got = await asyncio.to_thread(
                flow.receive, importing.desk, data, name, str(form.get("name") or "") or None, reason, None
            )
        except BilimError as error:
            return await _list(request, signed, *error.findings)
        if got.import_.state in WORKING:
            importing.judge(got.import_.number)
        return _to(request, got.import_.number)

    @routes.get(BASE + "/{number}")
    async def one(request: Request, number: int) -> Response:
        signed = await _signed(request)
        return await _import(request, signed, number) if signed else _door(request)

    @routes.post(BASE + "/{number}/{decision}")
    async def decide(request: Request, number: int, decision: str) -> Response:
        signed, form = await _form(request)
        if decision not in DECISIONS:
            raise BilimError(finding("not-found", path=request.url.path))
        try:
            done = await importing_of(request).ask(
                decision, number=number, who=who(signed.token), **_given(decision, form)
            )
        except BilimError as error:
            return await _import(request, signed, number, *error.findings)
        await services_of(request).refresh()
        if done.get("outcome") == "back":
            return await _import(request, signed, number, *map(kept.finding_of, done["findings"]))
        return _to(request, number, "#pairs" if decision == "settle" else "")

    return routes


def _given(decision: str, form: FormData) -> dict[str, Any]:
    """What a decision takes, out of the fields of its form."""
    reason = {"reason": str(form.get("reason", "")).strip()}
    if decision == "waive":
        return {**reason, **{name: str(form.get(name, "")) for name in ("focus", "shape", "path")}}
    if decision == "settle":
        texts = {name: str(form.get(name, "")) for name in ("thing", "candidate")}
        return {**reason, **texts, "same": form.get("same") == "yes"}
    if decision == "exclude":
        return {**reason, "rows": [], "bad": True}
    return reason


async def _list(request: Request, signed: Signed, *faults: Finding) -> Response:
    state = request.query_params.get("state", "")
    if state and state not in STATES:
        raise BilimError(finding("import-state-unknown", value=state[:40], states=", ".join(STATES)))
    rows = await in_ledger(request, lambda ledger: list(ledger.imports.all([state] if state else [])))
    values = {"imports": rows[::-1], "states": STATES, "state": state}
    return _page(request, "desk.html", signed, faults, **values)


async def _import(request: Request, signed: Signed, number: int, *faults: Finding) -> Response:
    lang, clang, query = interface(request), content(request), request.query_params

    def look(ledger: Ledger) -> tuple[Import, list[Any], Any, Any, list[dict[str, Any]]]:
        return (
            ledger.imports.get(number), list(ledger.imports.steps(number)), ledger.imports.kept(number, "report"),
            ledger.imports.kept(number, "preview"), [m.as_dict() for m in ledger.settled.matches(number)],
        )  # fmt: skip

    import_, steps, report, preview, matches = await in_ledger(request, look)
    values: dict[str, Any] = {"import_": import_, "history": steps, "working": import_.state in WORKING}
    values["progress"] = importing_of(request).steps.get(number, [])
    if report is not None:
        told = kept.report_of(import_.file, import_.base, report).findings
        severity, code = query.get("severity", ""), query.get("code", "")
        sheets = await asyncio.to_thread(_sheets, request, import_)
        rows, total = import_view.findings(told, severity, code, sheets, lang)
        values |= {"findings": rows, "total": total, "severity": severity, "code": code, "table": bool(sheets)}
        values["groups"] = import_view.groups(told, report["labels"], lang)
    if preview is not None:
        places = [p for m in matches if (p := split_entity_iri(m["candidate"]))]
        documents = services_of(request).release().projection.documents(places) if places else {}
        values |= {
            "preview": preview,
            "things": import_view.things(preview, clang),
            "pairs": import_view.pairs(matches, preview, documents, clang),
        }
    return _page(request, "import.html", signed, faults, **values)


def _sheets(request: Request, import_: Import) -> Mapping[str | None, Mapping[int, Any]]:
    """The cells of a table as they came in; nothing for what is none."""
    try:
        return cells_of(import_.file, flow.uploaded(services_of(request).home, import_)) or {}
    except BilimError:
        return {}


def _page(request: Request, template: str, signed: Signed, faults: tuple[Finding, ...], **values: Any) -> Response:
    lang = interface(request)
    return pages_of(request).response(
        template, lang, request=request, headers=_NOT_KEPT, csrf=signed.session.csrf, steward=signed.token,
        faults=[f.text(lang) for f in faults], status_code=status_of(faults[0].code) if faults else 200, **values,
    )  # fmt: skip


def _door(request: Request, fault: Finding | None = None, status: int = 200) -> Response:
    lang = interface(request)
    faults = [fault.text(lang)] if fault else []
    return pages_of(request).response(
        "sign_in.html", lang, request=request, headers=_NOT_KEPT, faults=faults, status_code=status
    )


def _to(request: Request, number: int, part: str = "") -> Response:
    return RedirectResponse(f"{BASE}/{number}?lang={interface(request)}{part}", 303, headers=_NOT_KEPT)


async def _signed(request: Request) -> Signed | None:
    """Who is signed in; a token that was revoked or has ended ends its session."""
    session = _sessions(request).of(request)
    if session is None:
        return None
    token = await asyncio.to_thread(tokens.find, services_of(request).home, session.token)
    if token is None or token.state(datetime.now(UTC)) != "valid":
        return None
    limits_of(request).token(token)
    return Signed(session, token)


async def _form(request: Request, files: int = 0) -> tuple[Signed, FormData]:
    """The form of one who is signed in. Raises :class:`BilimError` (``form-not-ours``, 403) for any other."""
    signed = await _signed(request)
    form = await request.form(max_files=files, max_fields=20)
    if signed is None or not same_form(signed.session, str(form.get("csrf", ""))):
        raise BilimError(finding("form-not-ours"))
    return signed, form


def _from_here(request: Request) -> bool:
    """Whether a browser says that the form was not on another site."""
    return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")


def _sessions(request: Request) -> Sessions:
    return request.app.state.sessions  # type: ignore[no-any-return]
