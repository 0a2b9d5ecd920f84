"""What OpenAPI says of the files of a release and of what it changed. Pure."""

from __future__ import annotations

from typing import Any

from api.front.variant import HTML, JSON
from api.openapi_routes import LANG, RELEASE, Operation, envelope
from api.openapi_routes import _get as get
from api.openapi_routes import _ok as ok
from api.openapi_routes import _path as path_parameter
from api.openapi_routes import _query as query_parameter
from api.openapi_schemas import COUNT, IRI, TEXT, listed, ref


def schemas() -> dict[str, Any]:
    """Schemas of the list of files, and of a difference."""
    file = {
        "name": TEXT,
        "mediaType": {**TEXT, "description": "Of the file as it is unpacked."},
        "compression": {"type": "string", "enum": ["gzip"]},
        "bytes": COUNT,
        "sha256": TEXT,
        "rows": {**COUNT, "description": "Of a table: things. Of N-Quads: quads."},
        "url": {"type": "string", "format": "uri-reference"},
    }
    pair = {
        "type": "object",
        "required": ["added", "removed"],
        "properties": {"added": COUNT, "removed": COUNT},
    }
    change = {"type": "string", "enum": ["added", "removed", "changed"]}
    entity = {"id": IRI, "kind": TEXT, "slug": TEXT, "change": change, "added": COUNT, "removed": COUNT}
    three = dict.fromkeys(("added", "removed", "changed"), COUNT)
    entities = {
        "total": COUNT,
        "listed": COUNT,
        "items": listed({"type": "object", "required": list(entity), "properties": entity}, "The first ones, by IRI."),
    }
    return {
        "DumpFile": {
            "type": "object",
            "required": ["name", "mediaType", "bytes", "sha256", "url"],
            "properties": file,
            "description": "A file to download.",
        },
        "Dump": {
            "type": "object",
            "description": "The files of a release, and how to cite it.",
            "required": ["release", "contentHash", "citation", "files"],
            "properties": {
                "release": TEXT,
                "contentHash": TEXT,
                "citation": TEXT,
                "files": listed(ref("DumpFile"), "In the order in which they are made."),
            },
        },
        "Difference": {
            "type": "object",
            "description": "What differs, by graph, kind and thing.",
            "required": ["quads", "graphs", "counts", "entities"],
            "properties": {
                "quads": pair,
                "graphs": {"type": "object", "additionalProperties": pair, "description": "Graphs that differ."},
                "counts": {
                    "type": "object",
                    "additionalProperties": {"type": "object", "required": list(three), "properties": three},
                    "description": "Kind to number of things.",
                },
                "entities": {"type": "object", "required": list(entities), "properties": entities},
            },
        },
    }


def paths() -> dict[str, dict[str, Operation]]:
    """Path to method to operation."""
    maker = envelope(ref("Dump"))
    difference = envelope(ref("Difference"), since={"type": ["string", "null"], "description": "The older release."})
    files = dict.fromkeys(("application/gzip", "text/csv", "text/turtle", "text/plain"), TEXT)
    errors = (404, 422)
    found = {
        "/releases/{release}/dump": get(
            "releases.files", "releases", "The files of a release", "N-Quads, TriG, a table for each kind, DCAT with "
            "VoID, sums; how to cite it. They are made when they are first asked for.",
            ok("Files.", {JSON: maker, HTML: TEXT}), (*errors, 406), (RELEASE, LANG),
        ),
        "/releases/{release}/dump/{name}": get(
            "releases.file", "releases", "A file of a release", "With its SHA-256 as ETag and in Repr-Digest.",
            ok("The file.", {JSON: {"type": "object", "additionalProperties": True}, **files}), errors,
            (RELEASE, path_parameter("name", "Name of the file, from the list; it may hold slashes.", "index.json")),
        ),
        "/releases/{release}/difference": get(
            "releases.difference", "releases", "What a release changed",
            "By graph, kind and thing, against `since`; against the release before if it is absent.",
            ok("The difference.", {JSON: difference}), errors,
            (RELEASE, query_parameter("since", "Id of the older release.", {"type": "string"}), LANG),
        ),
    }  # fmt: skip
    return {path: {"get": operation} for path, operation in found.items()}
