"""/api/v1/imports: hand in a file, see what it would change, decide; /api/v1/validate judges and keeps nothing.

All of imports is for stewards: what waits is not published, and reports may hold it.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import PurePath
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import UploadFile
from starlette.responses import Response, StreamingResponse

from api.answers import interface, json_answer, only, services_of
from api.auth import limited, require, who
from api.importing import importing_of, in_ledger
from kg.findings import BilimError, finding
from kg.imports import flow, kept, told
from kg.imports.records import Import
from kg.imports.reports import MEDIA_TYPES, SUFFIXES, split_rows, write_report
from kg.imports.schema import STATES
from kg.imports.tokens import Token
from kg.releases.publish import Reason
from kg.sparql.negotiation import Offer, negotiate

BASE: Final = "/api/v1/imports"
VALIDATE: Final = "/api/v1/validate"
_NOT_KEPT: Final = {"Cache-Control": "no-store"}
_REPORTS: Final = {suffix: MEDIA_TYPES[suffix].split(";")[0] for suffix in (".json", *SUFFIXES)}

Steward = Annotated[Token, Depends(require("steward"))]


def router() -> APIRouter:
    """The routes; those of decisions take a JSON object."""
    routes = APIRouter(tags=["imports"], include_in_schema=False)

    @routes.post(BASE)
    async def receive(request: Request, token: Steward) -> Response:
        data, file, fields = await _upload(request)
        importing, key = importing_of(request), request.headers.get("idempotency-key")
        reason = Reason(who(token), fields.get("reason", ""))
        got = await asyncio.to_thread(
            flow.receive, importing.desk, data, file, fields.get("name") or None, reason, key or None
        )
        number = got.import_.number
        if got.import_.state in ("received", "parsed"):
            importing.judge(number)
        body = await in_ledger(request, lambda ledger: told.whole(ledger, number))
        location = f"{BASE}/{number}"
        made = _answer(request, {**body, "known": got.known}, location)
        # 202 too for what is new and was judged before this was written: a client asks by the Location either way
        made.status_code = 200 if got.known and body["state"] not in ("received", "parsed") else 202
        made.headers["Location"] = location
        return made

    @routes.get(BASE)
    async def all_(request: Request, _: Steward) -> Response:
        only(request, "state")
        states = request.query_params.getlist("state")
        if wrong := [state for state in states if state not in STATES]:
            raise BilimError(finding("import-state-unknown", value=wrong[0][:40], states=", ".join(STATES)))
        rows = await in_ledger(request, lambda ledger: [i.as_dict() for i in ledger.imports.all(states)])
        body = {"data": rows, "release": services_of(request).current_id(), "links": {"self": BASE}}
        return json_answer(body, headers=_NOT_KEPT)

    @routes.get(f"{BASE}/{{number}}")
    async def status(request: Request, number: int, _: Steward) -> Response:
        body = await in_ledger(request, lambda ledger: told.whole(ledger, number))
        body.pop("difference")
        steps = importing_of(request).steps.get(number, [])
        return _answer(request, {**body, "progress": steps}, f"{BASE}/{number}")

    @routes.get(f"{BASE}/{{number}}/difference")
    async def difference(request: Request, number: int, _: Steward) -> Response:
        import_, data = await in_ledger(
            request, lambda led: (led.imports.get(number), led.imports.kept(number, "preview"))
        )
        if data is None:
            raise BilimError(finding("import-not-judged", number=number, state=import_.state))
        return _answer(request, {**data, "base": import_.base}, f"{BASE}/{number}/difference")

    @routes.get(f"{BASE}/{{number}}/report{{suffix:path}}")
    async def report(request: Request, number: int, suffix: str, _: Steward) -> Response:
        form, lang = _form(request, suffix), interface(request)
        import_, data = await in_ledger(
            request, lambda led: (led.imports.get(number), led.imports.kept(number, "report"))
        )
        if data is None:
            raise BilimError(finding("import-not-judged", number=number, state=import_.state))
        body = await asyncio.to_thread(_report, request, import_, data, form, lang)
        name = f'inline; filename="report-{number}{form}"'
        headers = {**_NOT_KEPT, "Content-Type": MEDIA_TYPES[form], "Content-Disposition": name, "Vary": "Accept"}
        return Response(body, headers=headers)

    @routes.get(f"{BASE}/{{number}}/rows/{{part}}")
    async def rows(request: Request, number: int, part: str, _: Steward) -> Response:
        import_, data = await in_ledger(
            request, lambda led: (led.imports.get(number), led.imports.kept(number, "report"))
        )
        if data is None or part not in ("good", "bad"):
            raise BilimError(finding("import-not-judged", number=number, state=import_.state))
        parts = await asyncio.to_thread(_rows, request, import_, data, interface(request))
        if parts is None:
            raise BilimError(finding("split-no-table", file=import_.file))
        name = PurePath(import_.file).name.replace('"', "")
        media = MEDIA_TYPES.get(PurePath(name).suffix.lower(), "application/octet-stream")
        headers = {**_NOT_KEPT, "Content-Disposition": f'attachment; filename="{part}-{name}"', "Content-Type": media}
        return Response(parts[part == "bad"], headers=headers)

    @routes.get(f"{BASE}/{{number}}/events")
    async def events(request: Request, number: int, _: Steward) -> Response:
        await in_ledger(request, lambda ledger: ledger.imports.get(number))
        headers = {**_NOT_KEPT, "X-Accel-Buffering": "no"}
        return StreamingResponse(_events(request, number), media_type="text/event-stream", headers=headers)

    for name in ("accept", "reject", "retract", "exclude", "settle", "waive"):
        routes.add_api_route(f"{BASE}/{{number}}/{name}", _decision(name), methods=["POST"])

    @routes.post(VALIDATE)
    async def validate(request: Request, _: Annotated[None, Depends(limited)]) -> Response:
        data, file, fields = await _upload(request)
        with tempfile.NamedTemporaryFile(prefix="bilim-validate-") as kept_meanwhile:
            await asyncio.to_thread(kept_meanwhile.write, data)
            kept_meanwhile.flush()
            asked = {"path": kept_meanwhile.name, "file": file, "name": fields.get("name") or None}
            body = await importing_of(request).ask("validate", **asked)
        return _answer(request, body, VALIDATE)

    return routes


_TAKES: Final[Mapping[str, Mapping[str, tuple[type, Any]]]] = {
    "accept": {"reason": (str, "")},
    "reject": {"reason": (str, "")},
    "retract": {"reason": (str, "")},
    "exclude": {"rows": (list, []), "bad": (bool, False), "reason": (str, "")},
    "settle": {"thing": (str, None), "candidate": (str, None), "same": (bool, None), "reason": (str, "")},
    "waive": {"focus": (str, None), "shape": (str, None), "path": (str, ""), "reason": (str, "")},
}
"""Decision → what its JSON object holds: type, and what stands for it where it is left out (None: it is needed)."""


def _decision(name: str) -> Callable[..., Any]:
    async def decide(request: Request, number: int, token: Steward) -> Response:
        given = await _object(request, _TAKES[name])
        done = await importing_of(request).ask(name, number=number, who=who(token), **given)
        if done.get("outcome") == "back":
            raise BilimError(*map(kept.finding_of, done["findings"]))
        await services_of(request).refresh()  # so that who accepted it sees it with the next request
        return _answer(request, done, f"{BASE}/{number}")

    decide.__name__ = name
    return decide


async def _object(request: Request, takes: Mapping[str, tuple[type, Any]]) -> dict[str, Any]:
    """The JSON object of a decision. Raises :class:`BilimError` (422) for what it does not take."""
    text = await request.body()
    try:
        given = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError):
        given = None
    if isinstance(given, dict) and not set(given) - set(takes):
        found = {name: given.get(name, default) for name, (_, default) in takes.items()}
        right = all(type(found[name]) is kind for name, (kind, _) in takes.items())
        if right and all(map(_is_row, found.get("rows", ()))):
            return found
    known = ", ".join(f"{name}{'' if default is not None else ' (needed)'}" for name, (_, default) in takes.items())
    raise BilimError(finding("decision-invalid", known=known))


def _is_row(row: Any) -> bool:
    return (
        isinstance(row, dict)
        and type(row.get("row")) is int
        and all(isinstance(row.get(name), str | None) for name in ("file", "sheet"))
    )


async def _upload(request: Request) -> tuple[bytes, str, Mapping[str, str]]:
    """Bytes, file name and fields of a request: ``multipart/form-data`` with ``file``, or the bytes themselves.

    Raises :class:`BilimError` (422) where there is no file, or no name of it.
    """
    fields: dict[str, str] = {}
    data, file = b"", ""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        async with request.form(max_files=1, max_fields=10) as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    data, file = await value.read(), value.filename or ""
                else:
                    fields[name] = value
    else:
        data, fields = await request.body(), dict(request.query_params)
        file = fields.pop("file", "")
    file = PurePath(file.replace("\\", "/")).name[:200]
    if not file or set(fields) - {"name", "reason"}:
        raise BilimError(finding("upload-invalid"))
    return data, file, fields


async def _events(request: Request, number: int) -> AsyncIterator[str]:
    """Server-sent events: each ``step``, at last ``done`` with state and verdict."""
    async for step in importing_of(request).watch(number):
        yield f"event: step\ndata: {json.dumps({'step': step})}\n\n" if step else ": waiting\n\n"
    import_ = await in_ledger(request, lambda ledger: ledger.imports.get(number))
    yield f"event: done\ndata: {json.dumps(import_.as_dict(), ensure_ascii=False)}\n\n"


def _form(request: Request, suffix: str) -> str:
    """The form of a report by its extension, else by Accept. Raises :class:`BilimError` (404, 406)."""
    if suffix:
        if suffix not in SUFFIXES:
            raise BilimError(finding("not-found", path=request.url.path))
        return suffix
    offers = tuple(Offer(media, "") for media in _REPORTS.values())
    chosen = negotiate(request.headers.get("accept"), offers)
    if chosen is None:
        known = ", ".join(_REPORTS.values())
        raise BilimError(finding("not-acceptable", accept=request.headers.get("accept", "")[:200], offers=known))
    return next(suffix for suffix, media in _REPORTS.items() if media == chosen.media_type)


def _report(request: Request, import_: Import, data: Mapping[str, Any], form: str, lang: str) -> bytes:
    source = flow.uploaded(services_of(request).home, import_) if form == ".xlsx" else None
    return write_report(kept.report_of(import_.file, import_.base, data), form, lang, source)


def _rows(request: Request, import_: Import, data: Mapping[str, Any], lang: str) -> tuple[bytes, bytes] | None:
    found = kept.report_of(import_.file, import_.base, data).findings
    return split_rows(import_.file, flow.uploaded(services_of(request).home, import_), found, lang)


def _answer(request: Request, data: Mapping[str, Any], address: str) -> Response:
    body = {"data": data, "release": services_of(request).current_id(), "links": {"self": address}}
    return json_answer(body, headers=_NOT_KEPT)
