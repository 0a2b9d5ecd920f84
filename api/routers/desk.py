"""/imports: the stewards' desk in a browser, over the same flow as /api/v1/imports. Nothing here needs scripts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from api.answers import content, interface, services_of
from api.auth import limits_of, who
from api.importing import importing_of, in_ledger
from api.pages import import_view
from api.routers.deciding import sight_of
from api.signed import BASE, Signed, desk_page, door, from_here, sessions_of, signed_form, signed_in, to, within
from kg.findings import BilimError, Finding, finding
from kg.imports import flow, kept, tokens
from kg.imports.ledger import Ledger
from kg.imports.records import Import
from kg.imports.reports.marked import cells_of
from kg.imports.schema import STATES
from kg.releases.publish import Reason
from kg.terms import split_entity_iri

DECISIONS: Final = ("accept", "reject", "retract", "waive", "settle", "exclude")
WORKING: Final = ("received", "parsed")


def router() -> APIRouter:
    """The pages and their forms."""
    routes = APIRouter(include_in_schema=False)

    @routes.get(BASE)
    async def listing(request: Request) -> Response:
        signed = await signed_in(request)
        return await _list(request, signed) if signed else door(request)

    @routes.post(BASE + "/sign-in")
    async def sign_in(request: Request) -> Response:
        limits_of(request).address(request)
        form = await request.form(max_files=0, max_fields=5)
        text, then = str(form.get("token", "")).strip(), within(str(form.get("then", "")))
        token = await asyncio.to_thread(tokens.find, services_of(request).home, text)
        if token is None or token.state(datetime.now(UTC)) != "valid" or not from_here(request):
            limits_of(request).failed(request)
            return door(request, finding("token-unknown", role="steward"), status=403, then=then)
        made = to(request, then)
        sessions_of(request).begin(text, made, services_of(request).address.startswith("https:"))
        return made

    @routes.post(BASE + "/sign-out")
    async def sign_out(request: Request) -> Response:
        await signed_form(request)
        made = to(request, BASE)
        sessions_of(request).end(request, made)
        return made

    @routes.post(BASE)
    async def hand_in(request: Request) -> Response:
        signed, form = await signed_form(request, files=1)
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
        return to(request, f"{BASE}/{got.import_.number}")

    @routes.get(BASE + "/{number}")
    async def one(request: Request, number: int) -> Response:
        signed = await signed_in(request)
        return await _import(request, signed, number) if signed else door(request)

    @routes.post(BASE + "/{number}/{decision}")
    async def decide(request: Request, number: int, decision: str) -> Response:
        signed, form = await signed_form(request)
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
        part = "#pairs" if decision == "settle" else ""
        return to(request, f"{BASE}/{number}", part, published=decision in ("accept", "retract"))

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
    return desk_page(request, "desk.html", signed, *faults, imports=rows[::-1], states=STATES, state=state)


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
        things = import_view.things(preview, clang)
        properties = {item["property"] for thing in things for _, items in thing["sides"] for item in items}
        values |= {
            "preview": preview,
            "things": things,
            "names": sight_of(request, services_of(request).release()).names(properties),
            "pairs": import_view.pairs(matches, preview, documents, clang),
        }
    return desk_page(request, "import.html", signed, *faults, **values)


def _sheets(request: Request, import_: Import) -> Mapping[str | None, Mapping[int, Any]]:
    """The cells of a table as they came in; nothing for what is none."""
    try:
        return cells_of(import_.file, flow.uploaded(services_of(request).home, import_)) or {}
    except BilimError:
        return {}
