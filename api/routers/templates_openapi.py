"""What OpenAPI 3.1 says of each template: typed parameters, the schema of the answer, the errors. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from kg.findings import pick
from kg.templates import fields, shape
from kg.templates.model import Example, Param, Return, Template
from kg.terms import LANGUAGES

JSON = "application/json"
PROBLEM = "application/problem+json"
_NULLABLE_DAY: Final = {"type": ["string", "null"], "format": "date"}

SCHEMAS: Final[dict[str, Any]] = {
    "Entity": {
        "type": "object",
        "description": "A thing or a term of a list, with its label in the language asked for or the next best.",
        "required": ["id", "kind", "slug", "label", "labelLang"],
        "properties": {
            "id": {"type": "string", "format": "iri"},
            "kind": {"type": ["string", "null"], "description": "person, post …; null for terms and outside things"},
            "slug": {"type": ["string", "null"]},
            "label": {"type": ["string", "null"]},
            "labelLang": {"type": ["string", "null"], "description": "language of the label"},
        },
    },
    "Edtf": {
        "type": "object",
        "description": "A date that may be uncertain (EDTF), its first and last possible day, and in words.",
        "required": ["edtf", "earliest", "latest", "text"],
        "properties": {
            "edtf": {"type": "string"},
            "earliest": _NULLABLE_DAY,
            "latest": _NULLABLE_DAY,
            "text": {"type": "string"},
        },
    },
    "Text": {
        "type": "object",
        "required": ["value", "lang"],
        "properties": {"value": {"type": "string"}, "lang": {"type": ["string", "null"]}},
    },
    "Page": {
        "type": "object",
        "description": "Which page this is, and how many things there are in all.",
        "required": ["number", "size", "total"],
        "properties": {
            "number": {"type": "integer", "minimum": 1},
            "size": {"type": "integer", "minimum": 1},
            "total": {"type": "integer", "minimum": 0},
        },
    },
    "Links": {
        "type": "object",
        "description": "Addresses. After a POST, those that would be longer than the server takes are left out.",
        "properties": {
            rel: {"type": "string", "format": "uri-reference"}
            for rel in ("self", "first", "prev", "next", "last", "page")
        },
    },
    "Problem": {
        "type": "object",
        "description": "RFC 9457. For a wrong parameter: its name, what was given, an address that works.",
        "required": ["type", "title", "status"],
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "parameter": {"type": "string"},
            "given": {"type": "string"},
            "example": {"type": "string", "format": "uri-reference"},
            "where": {"type": "string", "description": "File, line and column, of what is wrong in a file."},
            "line": {"type": "integer", "description": "Line of the query."},
            "column": {"type": "integer", "description": "Column of the query."},
            "errors": {
                "type": "array",
                "description": "All of them, where several things are wrong.",
                "items": {
                    "type": "object",
                    "required": ["detail"],
                    "properties": {
                        "code": {"type": "string"},
                        "detail": {"type": "string"},
                        "parameter": {"type": "string"},
                        "given": {"type": ["string", "null"]},
                        "example": {"type": "string", "format": "uri-reference"},
                    },
                },
            },
        },
    },
}

_PARAM_SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "string": {"type": "string", "maxLength": 2000},
    "iri": {"type": "string", "format": "iri", "maxLength": 2000},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "edtf": {"type": "string"},
    "language": {"type": "string", "enum": list(LANGUAGES)},
    "entity": {"type": "string", "maxLength": 2000},
    "enum": {"type": "string"},
}
_RETURN_SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "string": {"type": "string"},
    "iri": {"type": "string", "format": "iri"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "edtf": {"$ref": "#/components/schemas/Edtf"},
    "text": {"$ref": "#/components/schemas/Text"},
    "entity": {"$ref": "#/components/schemas/Entity"},
}


@dataclass(frozen=True, slots=True)
class Described:
    """Paths and schemas to be merged into the document."""

    paths: dict[str, Any] = field(default_factory=dict)
    schemas: dict[str, Any] = field(default_factory=dict)


def operations(templates: Mapping[str, Template], page_size_max: int) -> Described:
    """One operation for each template."""
    found = Described(schemas=dict(SCHEMAS))
    for template in templates.values():
        operation = _operation(template, page_size_max)
        found.paths[template.path] = {"get": operation}
        if any(p.many for p in template.params):
            found.paths[template.path]["post"] = _posted(template, operation)
        if template.form == "SELECT":
            found.schemas[row_name(template)] = _row_schema(template)
    return found


def row_name(template: Template) -> str:
    """``posts/holders`` -> ``PostsHoldersRow``."""
    return "".join(p.capitalize() for p in template.name.replace("/", "-").replace("_", "-").split("-")) + "Row"


def title_of(param: Param, lang: str) -> str:
    """The title of a parameter, in the language asked for."""
    return pick(param.titles, lang) or param.name


def _operation(template: Template, page_size_max: int) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": template.operation,
        "summary": template.summary or template.name,
        "tags": [template.subject],
        "parameters": [*(_param(p) for p in template.params), *_common(template, page_size_max)],
        "responses": {
            "200": _ok(template),
            **{code: _problem(text) for code, text in _ERRORS.items() if code != "404" or template.page_size},
        },
    }
    if template.description:
        operation["description"] = template.description
    if len(template.summaries) > 1:
        operation["x-summaries"] = dict(template.summaries)
    if template.deprecated:
        operation["deprecated"] = True
    titles = {p.name: dict(p.titles) for p in template.params if len(p.titles) > 1}
    if titles:
        operation["x-titles"] = titles
    return operation


def _posted(template: Template, operation: Mapping[str, Any]) -> dict[str, Any]:
    """The same as the GET, its parameters as members of a JSON object: for lists that are too long for an address."""
    members: dict[str, Any] = {}
    for said in operation["parameters"]:
        schema = {**said["schema"], "description": said["description"]}
        members[said["name"]] = schema
    needed = [said["name"] for said in operation["parameters"] if said["required"]]
    body = {"type": "object", "additionalProperties": False, "properties": members}
    body |= {"required": needed} if needed else {}
    examples = {f"example{n}": {"value": _as_body(template, e)} for n, e in enumerate(template.examples[:3], 1)}
    content = {"schema": body, **({"examples": examples} if examples else {})}
    return {
        **{key: value for key, value in operation.items() if key != "parameters"},
        "operationId": f"{template.operation}.post",
        "description": "\n\n".join(
            filter(None, (template.description, "As the GET; for lists that are too long for an address."))
        ),
        "requestBody": {"required": True, "content": {JSON: content}},
        "responses": {
            **operation["responses"],
            "400": _problem("The body is no JSON object."),
            "413": _problem("The body is too long."),
            "415": _problem("The body is not JSON."),
        },
    }


def _as_body(template: Template, example: Example) -> dict[str, Any]:
    many = {p.name for p in template.params if p.many}
    return {k: [v] if k in many and not isinstance(v, list) else v for k, v in example.params.items()}


_ERRORS: Final = {
    "404": "The page asked for is beyond the last.",
    "406": "None of the media types asked for can be given.",
    "414": "The address is too long.",
    "422": "A parameter is missing, unknown or wrong.",
    "503": "Nothing is published yet.",
}


def _problem(description: str) -> dict[str, Any]:
    page = {"text/html": {"schema": {"type": "string"}}}  # for browsers
    content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}, **page}
    return {"description": description, "content": content}


def _param(param: Param) -> dict[str, Any]:
    schema = dict(_PARAM_SCHEMAS[param.type])
    for key, value in (("pattern", param.pattern), ("minimum", param.minimum), ("maximum", param.maximum)):
        if value is not None:
            schema[key] = value
    if param.values:
        schema["enum"] = list(param.values)
    if param.type == "date" and param.default == "today":
        schema["description"] = "If it is not given: today in the time zone of the service."
    elif param.default is not None:
        schema["default"] = _typed(param, param.default)
    examples = [_typed(param, e) for e in param.examples]
    if param.many:
        schema = {"type": "array", "items": schema, "maxItems": 1000}
    out: dict[str, Any] = {
        "name": param.name,
        "in": "query",
        "required": param.needed,
        "description": pick(param.descriptions, "en") or title_of(param, "en"),
        "schema": schema,
    }
    if param.many:
        out |= {"style": "form", "explode": True}
    if examples:
        out["examples"] = {f"example{n}": {"value": [e] if param.many else e} for n, e in enumerate(examples, 1)}
    return out


def _typed(param: Param, text: str) -> Any:
    match param.type:
        case "integer":
            return int(text)
        case "number":
            return float(text)
        case "boolean":
            return text in ("true", "1")
        case _:
            return text


def _common(template: Template, page_size_max: int) -> list[dict[str, Any]]:
    language = {"type": "string", "enum": list(LANGUAGES)}
    found: list[dict[str, Any]] = [
        {"name": "lang", "in": "query", "required": False, "description": "Language of messages.", "schema": language},
        {"name": "clang", "in": "query", "required": False, "description": "Language of labels.", "schema": language},
    ]
    if template.form == "SELECT":
        keys = {"type": "array", "items": {"type": "string", "enum": list(fields.keys(template))}}
        told = "Keys of the objects that are wanted (of a table: its columns); all if it is not given."
        listed = {"style": "form", "explode": False}
        found.append(
            {"name": "fields", "in": "query", "required": False, "description": told, **listed, "schema": keys}
        )
    if template.page_size is not None:
        size = {"type": "integer", "minimum": 1, "maximum": page_size_max, "default": template.page_size}
        number = {"type": "integer", "minimum": 1, "default": 1}
        found += [
            {"name": "page", "in": "query", "required": False, "description": "Page, from 1.", "schema": number},
            {"name": "page_size", "in": "query", "required": False, "description": "Things a page.", "schema": size},
        ]
    return found


def _ok(template: Template) -> dict[str, Any]:
    headers = {
        "Bilim-Release": {"description": "The release that answers.", "schema": {"type": "string"}},
        "Link": {"description": "first, prev, next, last (RFC 8288).", "schema": {"type": "string"}},
    }
    text = {"schema": {"type": "string"}}
    if template.form in ("CONSTRUCT", "DESCRIBE"):
        media: dict[str, Any] = {
            "application/ld+json": {"schema": {"type": ["object", "array"], "items": {}}},
            "text/turtle": text,
            "application/n-triples": text,
        }
        return {"description": "Triples.", "headers": headers, "content": media}
    data: dict[str, Any] = {"type": "boolean"}
    media = {"application/sparql-results+json": {"schema": {"type": "object"}}}
    if template.form == "SELECT":
        data = {"type": "array", "items": {"$ref": f"#/components/schemas/{row_name(template)}"}}
        media |= {"text/csv": text, "text/tab-separated-values": text, "application/sparql-results+xml": text}
    properties: dict[str, Any] = {
        "data": data,
        "links": {"$ref": "#/components/schemas/Links"},
        "release": {"type": "string", "description": "Id of the release that answers."},
        "on": {"type": ["string", "null"], "format": "date", "description": "The day the answer holds for."},
    }
    required = ["data", "links", "release", "on"]
    if template.page_size is not None:
        properties["page"] = {"$ref": "#/components/schemas/Page"}
        required.append("page")
    envelope = {"type": "object", "required": required, "properties": properties}
    return {"description": "The answer.", "headers": headers, "content": {JSON: {"schema": envelope}, **media}}


def _row_schema(template: Template) -> dict[str, Any]:
    node = shape.prototype(template.transform, template.returns, template.variables)
    row = _node_schema(node, template.returns, plain=template.transform is None)
    about = "All keys are there, null where nothing is stated, unless `fields` leaves some out."
    return {**{key: value for key, value in row.items() if key != "required"}, "description": about}


def _node_schema(node: shape.Node, returns: Mapping[str, Return], *, plain: bool) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    required: list[str] = []
    for key, part in node.fields:
        if isinstance(part, shape.Leaf):
            properties[key] = _leaf_schema(
                part, returns.get(part.variable), merged=node.anchor is not None and not plain
            )
            if part.many or part.declared:
                required.append(key)
        elif isinstance(part, shape.Node):
            inner = _node_schema(part, returns, plain=False)
            properties[key] = {"type": "array", "items": inner} if part.many else {"anyOf": [inner, _array(inner)]}
        else:
            properties[key] = {"const": part}
            required.append(key)
    return {"type": "object", "required": required, "properties": properties}


def _leaf_schema(leaf: shape.Leaf, said: Return | None, *, merged: bool) -> dict[str, Any]:
    if said is None:
        return {"description": "Not described."}
    schema = dict(_RETURN_SCHEMAS[said.type])
    if said.values:
        schema["enum"] = list(said.values)
    description = {"description": text} if (text := pick(said.descriptions, "en")) else {}
    if leaf.many:
        return {"type": "array", "items": schema, **description}
    choices: Sequence[dict[str, Any]] = [schema, {"type": "null"}]
    if merged:  # rows that become one object may differ here
        choices = [schema, _array(schema), {"type": "null"}]
    return {"anyOf": list(choices), **description}


def _array(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": schema}
