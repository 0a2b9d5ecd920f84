"""What OpenAPI says of the routes written by hand: parameters, answers, errors. Pure; asked for once a start.

Kept beside the routes, not at them: FastAPI would read response models at each answer, and our answers are ready bytes.
tests/test_openapi_document.py holds both to each other, tests/test_openapi_conformance.py the answers to this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from api.front.variant import CSV, HTML, JSON, JSON_LD, N_QUADS, N_TRIPLES, TRIG, TURTLE
from api.openapi_schemas import COUNT, IRI, TEXT, listed, ref
from api.problems import PROBLEM_JSON
from kg.kinds import KINDS
from kg.sparql.formats import GRAPHS, RESULTS
from kg.terms import LANGUAGES

Operation = dict[str, Any]

ERRORS: Final[Mapping[int, str]] = {
    400: "The request cannot be read.",
    401: "No token came, or one that opens nothing.",
    403: "What is asked for is not allowed: to this token's role, or to a query (updates, SERVICE, LOAD).",
    404: "There is no such thing, or no such page of a list.",
    406: "None of the media types asked for can be given.",
    409: "It cannot be done as things are; the problem says what comes first.",
    410: "The thing was withdrawn; the problem says why.",
    413: "The body, or the query, is too long.",
    414: "The address is too long.",
    415: "The body has another media type than those named.",
    422: "A parameter is unknown or wrong; for a query: it needs too much memory, or its answer is too large.",
    429: "Too many requests with one token or from one address; see Retry-After.",
    500: "A release that is kept cannot be read, or something went wrong here; the log says what.",
    503: "Nothing is published yet, or all workers are busy; see Retry-After.",
    504: "The query was stopped at its deadline.",
}

TAGS: Final[Mapping[str, str]] = {
    "access": "Tokens of those who may change something; reading needs none.",
    "decisions": "What stewards decided without a file: each is a release, and can be undone.",
    "home": "What the graph holds.",
    "imports": "Files handed in, judged, decided upon. For stewards; judging alone is open.",
    "things": "Every thing has an address: its page, and the same as JSON, JSON-LD, Turtle and N-Triples.",
    "model": "The ontology, its lists and shapes, and the named graphs.",
    "releases": "Releases that are kept, and what each is made of.",
    "queries": "The query templates themselves: what they take and give, and their SPARQL.",
    "sparql": "The SPARQL 1.1 Protocol, for questions that no template asks.",
    "search": "Things by their names, in any spelling.",
    "reconcile": "The Reconciliation Service API 0.2, by which OpenRefine puts names of a table beside things.",
    "copies": "For those who keep a copy: many things at once, and what changed since a release.",
    "tools": "For other tools: SPARQL examples and VoID.",
    "problems": "What each kind of error means.",
    "system": "For those who run a server.",
}

_DAY: Final = {"type": "string", "format": "date"}
_RELEASE: Final = {"type": "string", "description": "Id of the release that answers; empty if none is published."}
_JSON_LD_SCHEMA: Final = {"type": ["object", "array"], "items": {}, "description": "By /context.jsonld."}


def _query(name: str, description: str, schema: Mapping[str, Any], example: Any = None) -> dict[str, Any]:
    found = {"name": name, "in": "query", "required": False, "description": description, "schema": dict(schema)}
    return found if example is None else {**found, "example": example}


def _path(name: str, description: str, example: str, **more: Any) -> dict[str, Any]:
    schema = {"type": "string", "minLength": 1, **more}
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": schema,
        "example": example,
    }


_LANGUAGE: Final = {"type": "string", "enum": list(LANGUAGES)}
LANG: Final = _query("lang", "Language of pages and messages.", _LANGUAGE, "en")
CLANG: Final = _query(
    "clang", "Language of labels; where a label is missing, Accept-Language, then kk, ru, en.", _LANGUAGE, "en"
)
_ON: Final = _query("on", "The day for which `certainty` is said; today if absent.", _DAY, "2022-06-24")
_ON_DAY: Final = _query(
    "on", "Only what was in force, or happened, that day, certainly or possibly.", _DAY, "2022-06-24"
)
_PAGE: Final = _query("page", "Page, from 1.", {"type": "integer", "minimum": 1, "default": 1}, 1)
_KIND: Final = _path("kind", "The kind of thing.", "person", enum=list(KINDS))
_SLUG: Final = _path("slug", "The last part of its address.", "askhat-aimagambetov")
RELEASE: Final = _path("release", "Id of the release, from /releases.", "2026-11-22.1-572b61")


def problem(status: int) -> dict[str, Any]:
    """The answer of an error: RFC 9457 for programs, a page for browsers."""
    content = {PROBLEM_JSON: {"schema": ref("Problem")}, HTML: {"schema": TEXT}}
    return {"description": ERRORS[status], "content": content}


def envelope(data: Mapping[str, Any], links: bool = True, **more: Mapping[str, Any]) -> dict[str, Any]:
    """``{data, release, links, …}``."""
    found: dict[str, Any] = {"data": dict(data), "release": _RELEASE, **more}
    if links:
        found["links"] = {"type": "object", "additionalProperties": {"type": "string", "format": "uri-reference"}}
    return {"type": "object", "required": list(found), "properties": found}


def _ok(description: str, content: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {"description": description, "content": {media: {"schema": dict(s)} for media, s in content.items()}}


def _texts(*media: str) -> dict[str, Mapping[str, Any]]:
    return {one: _JSON_LD_SCHEMA if one == JSON_LD else TEXT for one in media}


def _get(
    name: str,
    tag: str,
    summary: str,
    description: str,
    ok: Mapping[str, Any],
    errors: Sequence[int],
    parameters: Sequence[Mapping[str, Any]] = (),
    **others: Mapping[str, Any],
) -> Operation:
    return {
        "operationId": name,
        "tags": [tag],
        "summary": summary,
        "description": description,
        "parameters": [dict(p) for p in parameters],
        "responses": {"200": dict(ok), **others, **{str(s): problem(s) for s in sorted({*errors, 414})}},
    }


def _moved(description: str) -> dict[str, Any]:
    where = {"description": "The address to go to.", "schema": {"type": "string", "format": "uri-reference"}}
    return {"description": description, "headers": {"Location": where}}


def paths() -> dict[str, dict[str, Operation]]:
    """Path to method to operation."""
    counts = {"type": "object", "additionalProperties": COUNT, "description": "Kind to number of things."}
    found = {
        "/": _get(
            "home", "home", "What the graph holds", "How many things of each kind the release holds, and where to go.",
            _ok("Counts.", {JSON: envelope(
                {"type": "object", "required": ["counts"], "properties": {"counts": counts}}), HTML: TEXT}),
            (406, 422, 503), (LANG,),
        ),
        **_things(),
        **_model(),
        "/releases": _get(
            "releases.list", "releases", "Releases that are kept, newest first", "Manifests without their graphs.",
            _ok("Releases.", {JSON: envelope(listed(ref("ReleaseSummary"), "Newest first.")), HTML: TEXT}),
            (406, 422), (LANG,),
        ),
        "/releases/{release}": _get(
            "releases.one", "releases", "What a release is made of", "Its manifest: graphs with hashes, counts, who, "
            "why, and what the shapes said.",
            _ok("The manifest.", {JSON: envelope(ref("Manifest")), HTML: TEXT}), (404, 406, 422),
            (RELEASE, LANG),
        ),
        **_catalogue(),
        "/healthz": _get(
            "system.alive", "system", "Whether the server lives", "200 as long as the process answers.",
            _ok("It lives.", {JSON: {"type": "object", "required": ["status"], "properties": {"status": TEXT}}}), (),
        ),
        "/readyz": _get(
            "system.ready", "system", "Whether a release is served", "For a proxy: 503 before the first release.",
            _ok("It is ready.", {JSON: {"type": "object", "required": ["status", "release"],
                                        "properties": {"status": TEXT, "release": TEXT}}}), (503,),
        ),
    }  # fmt: skip
    return {**{path: {"get": operation} for path, operation in found.items()}, "/sparql": _sparql()}


def _things() -> dict[str, Operation]:
    document = envelope(ref("Thing"), on=_DAY)
    return {
        "/id/{kind}/{slug}": {
            **_get(
                "things.identity", "things", "A thing itself",
                "Leads to its page, or to its data in the format that Accept asks for.",
                {}, (404, 406, 410, 503), (_KIND, _SLUG),
            ),
            "responses": {
                "303": _moved("What is known of it, in the format asked for."),
                "301": _moved("The thing has another address now."),
                **{str(s): problem(s) for s in (404, 406, 410, 414, 503)},
            },
        },
        "/doc/{kind}": _get(
            "things.list", "things", "The things of a kind, by name",
            "100 on a page, in the order of the language; as CSV all of them. Values of lists, regions, countries and "
            "`class` filter by their name: `class=University&inRegion=abai`; of one several are alternatives.",
            _ok("A page of the list.", {JSON: envelope(listed(ref("ThingItem"), "By name."), page=ref("Page"),
                                                       on={"type": ["string", "null"], "format": "date"}),
                                        CSV: TEXT, HTML: TEXT}),
            (404, 406, 422, 503), (_KIND, _PAGE, _ON_DAY, LANG, CLANG),
        ),
        "/doc/{kind}/{name}": _get(
            "things.one", "things", "What is known of a thing",
            "The slug, or the slug with `.json`, `.jsonld`, `.ttl` or `.nt`, which stands over Accept.",
            _ok("What is known.", {JSON: document, HTML: TEXT, **_texts(JSON_LD, TURTLE, N_TRIPLES)}),
            (404, 406, 410, 422, 503),
            (_KIND, _path("name", "Slug, with or without a suffix.", "askhat-aimagambetov"), _ON, LANG, CLANG),
            **{"301": _moved("The thing has another address now.")},
        ),
    }  # fmt: skip


def _model() -> dict[str, Operation]:
    rdf = _texts(TURTLE, N_TRIPLES, JSON_LD)
    view = envelope({"type": "object", "additionalProperties": True, "description": "What the page shows."})
    page = {JSON: view, **rdf, HTML: TEXT}
    term = _path("name", "Name of a class or property, or of a version; with or without a suffix.", "Tenure")
    scheme = _path("scheme", "Name of the list.", "tier")
    errors, found = (406, 422, 503), (404, 406, 422, 503)
    suffixed = "As a page, as JSON, or in RDF; `.json`, `.jsonld`, `.ttl` and `.nt` stand over Accept."
    return {
        "/def": _get(
            "model.definitions", "model", "The ontology", "Every term is at /def#term; browsers are led to /ontology.",
            _ok("Statements.", {**rdf, JSON: view}), errors, (LANG, CLANG), **{"303": _moved("The page for browsers.")},
        ),
        "/def/{name}": {
            **_get("model.definition", "model", "A version of the ontology, or a term", "Leads to its page.", {}, (),
                   (term,)),
            "responses": {"303": _moved("Its page."), **{str(s): problem(s) for s in (404, 414, 422, 503)}},
        },
        "/ontology": _get(
            "model.ontology", "model", "The ontology by topic", "As a page, as JSON, or in RDF.",
            _ok("The ontology.", page), errors, (LANG, CLANG),
        ),
        "/ontology/{name}": _get(
            "model.term", "model", "A class or property", suffixed, _ok("The term.", page), found, (term, LANG, CLANG),
            **{"301": _moved("The term under its own name.")},
        ),
        "/shapes": _get(
            "model.shapes", "model", "The shapes that every release passes", "SHACL, or as a page.",
            _ok("Shapes.", page), errors, (LANG, CLANG),
        ),
        "/context.jsonld": _get(
            "model.context", "model", "The JSON-LD context of our data", "For JSON-LD processors.",
            _ok("The context.", _texts(JSON_LD)), (),
        ),
        "/frame.jsonld": _get(
            "model.frame", "model", "The JSON-LD frame of a thing", "A thing with its evidence.",
            _ok("The frame.", _texts(JSON_LD)), (),
        ),
        "/list/{name}": _get(
            "model.list", "model", "A list", f"A SKOS concept scheme with its concepts. {suffixed}",
            _ok("The list.", page), found, (_path("name", "Name of the list.", "tier"), LANG, CLANG),
        ),
        "/list/{scheme}/{name}": _get(
            "model.concept", "model", "A concept of a list", suffixed, _ok("The concept.", page), found,
            (scheme, _path("name", "Name of the concept.", "news"), LANG, CLANG),
        ),
        "/graph/{name}": _get(
            "model.graph", "model", "All statements of a named graph", "As the release holds them.",
            _ok("Statements.", _texts(TURTLE, N_QUADS, N_TRIPLES, TRIG)), (404, 406, 503),
            (_path("name", "Name of the graph, as in its address; it may hold slashes.", "derived"),),
        ),
    }  # fmt: skip


def _catalogue() -> dict[str, Operation]:
    listing = envelope(
        listed(ref("Template"), "Templates that are served, by name."),
        broken=listed({"type": "object", "additionalProperties": True}, "Files that are not served, and why."),
    )
    problems = {"type": "object", "required": ["data"]}
    subject = _path("subject", "Subject of the template.", "posts")
    name = _path("name", "Name of the template.", "holders")
    return {
        "/queries": _get(
            "queries.list", "queries", "All query templates", "With files that are not served, and why.",
            _ok("Templates.", {JSON: listing, HTML: TEXT}), (406, 422), (LANG,),
        ),
        "/queries/{subject}/{name}": _get(
            "queries.one", "queries", "One query template", "Its parameters, what it returns, and its SPARQL.",
            _ok("The template.", {JSON: envelope(ref("Template")), HTML: TEXT}), (404, 406, 422, 503),
            (subject, name, LANG),
        ),
        "/problems": _get(
            "problems.list", "problems", "All kinds of error", "What each means, and what to do.",
            _ok("Kinds of error.", {JSON: {**problems, "properties": {"data": listed(ref("ProblemType"), "By code.")}},
                                    HTML: TEXT}), (406, 422), (LANG,),
        ),
        "/problems/{slug}": _get(
            "problems.one", "problems", "One kind of error", "What it means, and what to do.",
            _ok("The kind of error.", {JSON: {**problems, "properties": {"data": ref("ProblemType")}}, HTML: TEXT}),
            (404, 406, 422), (_path("slug", "Code of the problem.", "not-found"), LANG),
        ),
    }  # fmt: skip


def _sparql() -> dict[str, Operation]:
    query = "SELECT ?s WHERE { ?s a bkg:Tenure } LIMIT 5"
    suffixes = [offer.suffix for offer in (*RESULTS, *GRAPHS)]
    fields = {
        "query": {"type": "string", "description": "A SPARQL 1.1 query; the usual prefixes need not be declared."},
        "default-graph-uri": listed(IRI, "Graphs to be merged into the default graph."),
        "named-graph-uri": listed(IRI, "Named graphs of the dataset."),
        "timeout": {"type": "number", "exclusiveMinimum": 0, "description": "Seconds, at most those of the server."},
        "format": {"type": "string", "enum": suffixes, "description": "In place of Accept."},
    }
    parameters = [_query(name, s["description"], s) for name, s in fields.items()]
    parameters[0] |= {"required": True, "example": query}
    media = dict.fromkeys(offer.media_type for offer in (*RESULTS, *GRAPHS))
    content = {m: {"type": "object"} if m.endswith("json") else TEXT for m in media}
    errors = {str(s): problem(s) for s in (400, 403, 406, 413, 414, 415, 422, 503, 504)}
    common = {
        "tags": ["sparql"],
        "summary": "Query the graph with SPARQL 1.1",
        "description": "The SPARQL 1.1 Protocol. An answer that breaks off ends the connection as incomplete.",
    }
    answers = {"200": _ok("The answer; its media types depend on the form of the query.", content), **errors}
    page = {**answers["200"], "content": {**answers["200"]["content"], HTML: {"schema": TEXT}}}
    form = {"type": "object", "required": ["query"], "properties": fields, "additionalProperties": True}
    bodies = {
        "application/x-www-form-urlencoded": {"schema": form, "example": {"query": query}},
        "application/sparql-query": {"schema": TEXT, "example": query},
    }
    return {
        "get": {
            **common,
            "operationId": "sparql.get",
            "parameters": parameters,
            "responses": {**{k: v for k, v in answers.items() if k not in ("415",)}, "200": page},
        },
        "post": {
            **common,
            "operationId": "sparql.post",
            "parameters": parameters[1:],  # beside a query that is the whole body (2.1.3)
            "requestBody": {"required": True, "content": bodies},
            "responses": answers,
        },
    }
