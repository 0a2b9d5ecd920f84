"""Schemas of the answers of the routes written by hand, for /openapi.json. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from kg.kinds import KINDS
from kg.releases.manifest import Manifest

TEXT: Final = {"type": "string"}
IRI: Final = {"type": "string", "format": "iri"}
COUNT: Final = {"type": "integer", "minimum": 0}
MAYBE: Final = {"type": ["string", "null"]}
DATED: Final = {
    "type": ["object", "null"],
    "required": ["edtf", "earliest", "latest", "text"],
    "properties": {"edtf": MAYBE, "earliest": MAYBE, "latest": MAYBE, "text": MAYBE},
}


def ref(name: str) -> dict[str, Any]:
    """A schema by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def listed(items: Mapping[str, Any], description: str) -> dict[str, Any]:
    """A list of these."""
    return {"type": "array", "items": dict(items), "description": description}


def schemas() -> dict[str, Any]:
    """Schemas of the answers of these routes."""
    manifest = Manifest.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    parts = manifest.pop("$defs")
    summary = {
        **manifest,
        "title": "ReleaseSummary",
        "description": "A manifest without its graphs; of one that cannot be read, only its id and what is wrong.",
        "required": ["id", "current"],
        "properties": {
            **{k: v for k, v in manifest["properties"].items() if k not in ("graphs", "inputs")},
            "problem": {"type": "string", "description": "Why the manifest cannot be read."},
            "current": {"type": "boolean", "description": "Whether it is the one being served."},
        },
        "additionalProperties": False,
    }
    manifest["properties"] = {**manifest["properties"], "current": summary["properties"]["current"]}
    manifest["required"] = [*manifest["required"], "current"]
    return {
        **parts,
        "Manifest": manifest,
        "ReleaseSummary": summary,
        "Thing": thing(),
        "ThingItem": {
            "type": "object",
            "description": "A thing of a list, with its label and its dates; null is not stated.",
            "required": ["id", "kind", "slug", "label", "labelLang", "start", "end", "when", "certainty"],
            "properties": {
                "id": IRI,
                "kind": {"type": "string", "enum": list(KINDS)},
                "slug": TEXT,
                "label": MAYBE,
                "labelLang": {**MAYBE, "description": "language of the label"},
                "start": DATED,
                "end": DATED,
                "when": {**DATED, "description": "of what happens once: when it was, was signed, or was issued"},
                "certainty": {
                    "enum": ["certain", "possible", None],
                    "description": "whether it was in force, or happened, on the day; null where no day was asked for",
                },
            },
        },
        "Reference": {
            "type": "object",
            "description": "What a thing points to, or what points to it. Things and terms have a kind and a slug; "
            "evidence, discrepancies and dated values carry their own properties too.",
            "required": ["id"],
            "properties": {"id": IRI, "kind": TEXT, "slug": TEXT, "label": MAYBE, "labelLang": MAYBE},
            "additionalProperties": True,
        },
        "ProblemType": {
            "type": "object",
            "required": ["type", "code", "status", "what", "allowed", "advice"],
            "properties": {
                "type": {"type": "string", "format": "uri"},
                "code": TEXT,
                "status": {"type": "integer"},
                "what": {"type": "string", "description": "What went wrong; … stands for what differs."},
                "allowed": {"type": "string", "description": "What is allowed."},
                "advice": {"type": "string", "description": "What to do."},
            },
        },
        "Template": {
            "type": "object",
            "description": "A query template: its operation, parameters and what it returns.",
            "required": ["name", "summary", "description", "tags", "form", "view", "path", "params", "returns"],
            "properties": {
                "name": TEXT,
                "summary": TEXT,
                "description": TEXT,
                "tags": {"type": "array", "items": TEXT},
                "form": {"type": "string", "enum": ["SELECT", "ASK", "CONSTRUCT", "DESCRIBE"]},
                "view": TEXT,
                "path": {"type": "string", "format": "uri-reference"},
                "params": {"type": "array", "items": {"type": "object", "additionalProperties": True}},
                "returns": {"type": "array", "items": {"type": "object", "additionalProperties": True}},
                "query": {"type": "string", "description": "The SPARQL text, fragments expanded."},
            },
            "additionalProperties": True,
        },
    }


def thing() -> dict[str, Any]:
    """The schema of what is known of a thing."""
    label = {"type": "object", "additionalProperties": TEXT, "description": "Language to label."}
    return {
        "type": "object",
        "description": "What is known of a thing. Beside the members named here it has those of its kind in camel "
        "case: text, numbers, dates as Edtf, other things as Reference.",
        "required": [
            "id",
            "kind",
            "slug",
            "labels",
            "label",
            "labelLang",
            "types",
            "altLabels",
            "sameAs",
            "evidence",
            "discrepancies",
            "history",
            "incoming",
            "certainty",
        ],
        "properties": {
            "id": IRI,
            "kind": {"type": "string", "enum": list(KINDS)},
            "slug": TEXT,
            "labels": label,
            "label": MAYBE,
            "labelLang": MAYBE,
            "types": listed(ref("Reference"), "Classes, the most specific ones."),
            "altLabels": {
                "type": "object",
                "additionalProperties": {"type": "array", "items": TEXT},
                "description": "Language to other names.",
            },
            "sameAs": listed(IRI, "The same thing elsewhere."),
            "evidence": listed(ref("Reference"), "What supports it, in which document, in which words."),
            "discrepancies": listed(ref("Reference"), "Where sources disagree on it."),
            "history": listed(ref("Reference"), "Values that held for a time: names, codes, statuses."),
            "incoming": {
                "type": "object",
                "description": "What points to it, by kind and property; the first ones and how many in all.",
                "additionalProperties": {
                    "type": "object",
                    "required": ["total", "items"],
                    "properties": {"total": COUNT, "items": {"type": "array", "items": ref("Reference")}},
                },
            },
            "certainty": {
                "type": ["string", "null"],
                "enum": ["certain", "possible", "no", None],
                "description": "Whether it was in force on the day `on`; null for what has no time.",
            },
        },
        "additionalProperties": True,
    }
