"""What OpenAPI says of imports: handing in, looking, deciding; and of judging without keeping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from api.front.variant import JSON
from api.openapi_access import limited, secured
from api.openapi_routes import Operation, envelope, problem
from api.openapi_schemas import COUNT, IRI, MAYBE, TEXT, listed, ref
from kg.imports.reports import MEDIA_TYPES, SUFFIXES
from kg.imports.schema import STATES

_NUMBER: Final = {
    "name": "number",
    "in": "path",
    "required": True,
    "description": "Number of the import.",
    "schema": {"type": "integer", "minimum": 1},
    "example": 12,
}
_FILE: Final = {
    "name": "file",
    "in": "query",
    "required": False,
    "description": "Where the bytes are the body: the file's name; its extension tells the format.",
    "schema": TEXT,
    "example": "spring.xlsx",
}
_NAME: Final = {
    "name": "name",
    "in": "query",
    "required": False,
    "description": "Name of the import's graph; by the file if left out.",
    "schema": TEXT,
    "example": "spring",
}
_REASON: Final = {"type": "string", "description": "Why; kept in the ledger and in the release."}
_ANY: Final = {"type": "object", "additionalProperties": True}
_DECISIONS: Final[Mapping[str, tuple[str, str, Mapping[str, Any], Sequence[str]]]] = {
    "accept": ("Publish an import", "Judged again on what is current; 409 with what is new.", {"reason": _REASON}, ()),
    "reject": ("Decide against an import", "It stays in the ledger.", {"reason": _REASON}, ()),
    "retract": (
        "Publish a release without an import",
        "What only it stated goes; refused where violations would arise elsewhere.",
        {"reason": _REASON},
        ("reason",),
    ),
    "exclude": (
        "Leave rows out and judge again",
        "Exactly these rows; with `bad` also all at which a violation stands.",
        {
            "rows": listed(
                {
                    "type": "object",
                    "required": ["row"],
                    "properties": {"row": {"type": "integer", "minimum": 1}, "sheet": MAYBE, "file": MAYBE},
                },
                "Rows as a spreadsheet counts.",
            ),
            "bad": {"type": "boolean", "default": False},
            "reason": _REASON,
        },
        (),
    ),
    "settle": (
        "Settle a likely duplicate",
        "Whether a new thing is one that is there; if so it is called by that name, and the import judged again.",
        {"thing": IRI, "candidate": IRI, "same": {"type": "boolean"}, "reason": _REASON},
        ("thing", "candidate", "same"),
    ),
    "waive": (
        "Let a finding pass",
        "As long as all that is said of its thing stays as it is.",
        {"focus": IRI, "shape": TEXT, "path": {"type": "string", "default": ""}, "reason": _REASON},
        ("focus", "shape", "reason"),
    ),
}


def _ok(schema: Mapping[str, Any], description: str) -> dict[str, Any]:
    return {"description": description, "content": {JSON: {"schema": envelope(schema)}}}


def _operation(
    name: str, summary: str, description: str, ok: Mapping[str, Any], parameters: Sequence[Any], errors: Sequence[int]
) -> Operation:
    return {
        "operationId": f"imports.{name}",
        "tags": ["imports"],
        "summary": summary,
        "description": description,
        "parameters": list(parameters),
        "responses": {"200": dict(ok), **{str(status): problem(status) for status in (*errors, 414, 422)}},
    }


def _upload(operation: Operation) -> Operation:
    form = {
        "type": "object",
        "required": ["file"],
        "properties": {"file": {"type": "string", "format": "binary"}, "name": TEXT, "reason": TEXT},
    }
    raw = {"schema": {"type": "string", "format": "binary"}}
    content = {"multipart/form-data": {"schema": form}, "application/octet-stream": raw}
    return {**operation, "requestBody": {"required": True, "content": content}}


def schemas() -> dict[str, Any]:
    """The schema of an import."""
    members = {
        "id": {"type": ["integer", "null"], "description": "null: it was not kept."},
        "name": TEXT,
        "file": TEXT,
        "sha256": TEXT,
        "bytes": COUNT,
        "graph": IRI,
        "state": {"type": "string", "enum": list(STATES)},
        "verdict": {**MAYBE, "description": "clean, warnings, violations, nothing checked, unreadable; null: to come."},
        "base": {**MAYBE, "description": "The release it was judged on."},
        "release": {**MAYBE, "description": "The release that it made."},
        "excludedRows": listed(_ANY, "Rows that are left out."),
        "counts": {"type": "object", "additionalProperties": COUNT, "description": "Severity to number of findings."},
    }
    described = "A file that was handed in, and how far it has come; steps, difference and matches beside."
    return {"Import": {"type": "object", "description": described, "required": list(members), "properties": members}}


def paths() -> dict[str, dict[str, Operation]]:
    """Path to method to operation."""
    base = "/api/v1/imports"
    one = _ok(ref("Import"), "The import.")
    receive = _operation(
        "receive",
        "Hand in a file",
        "RDF, a table, a folder as zip. It is read and judged in the background, and waits for a decision. The same"
        " file under the same name, and the same `Idempotency-Key`, give the same import (200).",
        one,
        [
            _FILE,
            _NAME,
            {"name": "reason", "in": "query", "required": False, "description": "Why.", "schema": TEXT, "example": "x"},
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "The same key gives the same import, however often it is sent.",
                "schema": TEXT,
                "example": "b1946ac9",
            },
        ],
        (400, 413),
    )
    where = {"Location": {"description": "The import.", "schema": {"type": "string", "format": "uri-reference"}}}
    receive["responses"]["202"] = {**_ok(ref("Import"), "It is being judged."), "headers": where}
    state = {
        "name": "state",
        "in": "query",
        "required": False,
        "description": "Only imports in this state; may be repeated.",
        "schema": {"type": "array", "items": {"type": "string", "enum": list(STATES)}},
        "example": ["validated"],
    }
    listing = _ok({"type": "array", "items": ref("Import")}, "Imports.")
    found: dict[str, dict[str, Operation]] = {
        base: {
            "post": secured(_upload(receive), "steward"),
            "get": secured(
                _operation("list", "All imports", "The newest first.", listing, [state], ()),
                "steward",
            ),
        },
        f"{base}/{{number}}": {
            "get": secured(
                _operation("show", "An import and its steps", "With what is to be settled.", one, [_NUMBER], (404,)),
                "steward",
            )
        },
        f"{base}/{{number}}/difference": {
            "get": secured(
                _operation(
                    "difference",
                    "What an import would change",
                    "By thing, with labels: added, removed, changed, computed anew; names that are new.",
                    _ok(_ANY, "The difference."),
                    [_NUMBER],
                    (404, 409),
                ),
                "steward",
            )
        },
        f"{base}/{{number}}/events": {
            "get": secured(
                _operation(
                    "events",
                    "Progress as server-sent events",
                    "`step` as each begins, at last `done` with the import.",
                    {"description": "Events.", "content": {"text/event-stream": {"schema": TEXT}}},
                    [_NUMBER],
                    (404,),
                ),
                "steward",
            )
        },
        "/api/v1/validate": {"post": limited(_upload(_validate()))},
    }
    forms = {"": list(SUFFIXES), **{suffix: [suffix] for suffix in SUFFIXES}}
    for suffix, kinds in forms.items():
        content = {MEDIA_TYPES[kind].split(";")[0]: {"schema": _ANY if "json" in kind else TEXT} for kind in kinds}
        told = _operation(
            f"report{suffix.replace('.', '-')}",
            "The findings on an import",
            "By cell or line, in three languages; the form by Accept." if not suffix else f"As {suffix}.",
            {"description": "The report.", "content": content},
            [_NUMBER],
            (404, 409, *(() if suffix else (406,))),
        )
        found[f"{base}/{{number}}/report{suffix}"] = {"get": secured(told, "steward")}
    for part in ("good", "bad"):
        told = _operation(
            f"rows-{part}",
            f"The {part} rows of a table",
            "In the form in which it was handed in.",
            {"description": "The table.", "content": {"application/octet-stream": {"schema": TEXT}}},
            [_NUMBER],
            (404, 409),
        )
        found[f"{base}/{{number}}/rows/{part}"] = {"get": secured(told, "steward")}
    for name, (summary, description, properties, needed) in _DECISIONS.items():
        body = {
            "type": "object",
            "properties": dict(properties),
            "required": list(needed),
            "additionalProperties": False,
        }
        told = _operation(name, summary, description, _ok(_ANY, "What was done."), [_NUMBER], (404, 409, 413, 503))
        told["requestBody"] = {"required": bool(needed), "content": {JSON: {"schema": body}}}
        found[f"{base}/{{number}}/{name}"] = {"post": secured(told, "steward")}
    return found


def _validate() -> Operation:
    told = _operation(
        "validate",
        "Judge a file and keep nothing",
        "The findings and what the file would change on the current release.",
        _ok(_ANY, "Verdict, report, difference, likely duplicates."),
        [_FILE, _NAME],
        (400, 413, 503),
    )
    return {**told, "operationId": "validate"}
