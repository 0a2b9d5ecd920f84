"""/reconcile: the Reconciliation Service API 0.2 (W3C Entity Reconciliation Community Group), which OpenRefine speaks.

Ids are ``kind/slug``, types are our kinds, properties the local names under which documents hold their values.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.answers import content, interface, json_answer, pages_of, services_of
from api.pages.render import FRAMED_CSP
from api.routers.entities import split_name
from api.routers.search import BATCH_MAX, LIMIT, LIMIT_MAX, NAMED, TEXT_MAX, candidates, shown
from kg.findings import BilimError, finding
from kg.kinds import KINDS
from kg.names import fold
from kg.releases.name_index import search
from kg.releases.reader import Release
from kg.releases.terms_json import local_name, localize
from kg.terms import BKG, ID, split_entity_iri

PATH: Final = "/reconcile"
BODY_MAX: Final = 1_000_000
_BY_PROPERTIES: Final = 20.0  # points that the values of properties may give or take
_HIDDEN: Final = frozenset({"evidence", "discrepancies", "history", "incoming", "labels", "types", "altLabels"})
_BASE: Final = ("label", "sameAs")
"""Keys that every document has, beside the properties of its class."""


def router() -> APIRouter:
    """Manifest, queries, suggestions, extension and preview."""
    routes = APIRouter(include_in_schema=False)

    @routes.get(PATH)
    async def manifest(request: Request) -> Response:
        asked = {name: text for name, text in request.query_params.items() if name in ("queries", "extend")}
        if asked:
            return await run_in_threadpool(_answer, request, asked)
        return json_answer(_manifest(request))

    @routes.post(PATH)
    async def queries(request: Request) -> Response:
        body = await request.body()
        if len(body) > BODY_MAX:
            raise BilimError(finding("reconcile-query", reason=f"more than {BODY_MAX} bytes"))
        try:
            form = dict(parse_qsl(body.decode(), strict_parsing=bool(body), max_num_fields=20))
        except ValueError as error:
            raise BilimError(finding("reconcile-query", reason=f"no form: {error}")) from None
        return await run_in_threadpool(_answer, request, form)

    @routes.get(f"{PATH}/suggest/entity")
    def entity(request: Request) -> Response:
        text = request.query_params.get("prefix", "")[:TEXT_MAX]
        kinds = _kinds(request.query_params.get("type"))
        release = services_of(request).release()
        skipped = min(_number(request, "cursor", 0), LIMIT_MAX)
        most = skipped + LIMIT
        hits = search(release.projection.rows, text, kinds=kinds, limit=most, typing=True) if text.strip() else []
        lang = interface(request)
        described = [
            {
                "id": f"{item['kind']}/{item['slug']}",
                "name": item["label"] or item["slug"],
                "description": item["matched"]["value"],
                "notable": [_type(item["kind"], lang)],
            }
            for item in shown(release, hits[skipped:], content(request))
        ]
        return json_answer({"result": described})

    @routes.get(f"{PATH}/suggest/type")
    def kind(request: Request) -> Response:
        prefix, lang = fold(request.query_params.get("prefix", "")), interface(request)
        found = [_type(name, lang) for name in NAMED if _begins(prefix, name, *KINDS[name].labels.values())]
        return json_answer({"result": found})

    @routes.get(f"{PATH}/suggest/property")
    def prop(request: Request) -> Response:
        prefix, release = fold(request.query_params.get("prefix", "")), services_of(request).release()
        found = [p for p in _properties(release, (), content(request)) if _begins(prefix, p["id"], p["name"])]
        return json_answer({"result": found[:LIMIT_MAX]})

    @routes.get(f"{PATH}/properties")
    def properties(request: Request) -> Response:
        given = request.query_params.get("type", "")
        found = _properties(services_of(request).release(), _kinds(given), content(request))
        most = _number(request, "limit", len(found))
        told = {"limit": most} if request.query_params.get("limit") else {}
        return json_answer({"type": given, "properties": found[:most], **told})

    @routes.get(f"{PATH}/preview")
    def preview(request: Request) -> Response:
        place = split_name(request.query_params.get("id", ""))
        release = services_of(request).release()
        document = release.projection.document(*place) if place else None
        if place is None or document is None:
            name = request.query_params.get("id", "")[:80]
            raise BilimError(finding("thing-not-found", kind="", slug=name, release=release.id))
        thing = localize(document, content(request)[0])
        kind_name = KINDS[place[0]].labels[interface(request)]
        return pages_of(request).response(
            "preview.html",
            interface(request),
            request=request,
            headers={"Content-Security-Policy": FRAMED_CSP},
            thing=thing,
            kind_name=kind_name,
            release=release.id,
        )

    return routes


def _manifest(request: Request) -> dict[str, Any]:
    """The service manifest (section 3.1 of the specification)."""
    here = str(request.base_url).rstrip("/")

    def service(path: str) -> dict[str, str]:
        return {"service_url": here, "service_path": f"{PATH}{path}"}

    lang = interface(request)
    return {
        "versions": ["0.1", "0.2"],
        "name": "Bilim",
        "identifierSpace": ID,
        "schemaSpace": BKG,
        "documentation": f"{here}/reference",
        "defaultTypes": [_type(name, lang) for name in NAMED],
        "view": {"url": f"{here}/doc/{{{{id}}}}"},
        "preview": {"url": f"{here}{PATH}/preview?id={{{{id}}}}", "width": 430, "height": 300},
        "suggest": {name: service(f"/suggest/{name}") for name in ("entity", "type", "property")},
        "extend": {"propose_properties": service("/properties"), "property_settings": []},
        "batchSize": BATCH_MAX,
    }


def _answer(request: Request, form: Mapping[str, str]) -> Response:
    release, clang = services_of(request).release(), content(request)
    if "queries" in form:
        asked = _json(form["queries"])
        if len(asked) > BATCH_MAX:
            raise BilimError(finding("reconcile-query", reason=f"{len(asked)} queries, at most {BATCH_MAX}"))
        lang = interface(request)
        return json_answer({key: {"result": _reconcile(release, q, clang, lang)} for key, q in asked.items()})
    if "extend" in form:
        return json_answer(_extend(release, _json(form["extend"]), clang))
    raise BilimError(finding("reconcile-query", reason="neither 'queries' nor 'extend'"))


def _json(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BilimError(finding("reconcile-query", reason=str(error)[:200])) from None
    if not isinstance(data, dict):
        raise BilimError(finding("reconcile-query", reason="no JSON object"))
    return data


def _reconcile(release: Release, query: Any, clang: Sequence[str], lang: str) -> list[dict[str, Any]]:
    """Candidates of one query (section 4): by name, then by the values of properties where any are given."""
    properties = query.get("properties") if isinstance(query, dict) else None
    if isinstance(query, dict) and "query" not in query and isinstance(properties, list) and properties:
        names = [p.get("v") for p in properties if isinstance(p, dict) and p.get("pid") == "label"]
        query = {**query, "query": str(_many(names[0])[0]) if names and _many(names[0]) else ""}
    if not isinstance(query, dict) or not isinstance(query.get("query"), str):
        raise BilimError(finding("reconcile-query", reason="each query is an object with a string 'query'"))
    limit = query.get("limit", LIMIT)
    limit = limit if isinstance(limit, int) and 0 < limit <= LIMIT_MAX else LIMIT
    given = query.get("type")
    kinds = tuple(dict.fromkeys(k for t in (given if isinstance(given, list) else [given]) for k in _kinds(t)))
    if given and not kinds:
        return []  # a type that we do not have
    text = query["query"][:TEXT_MAX]
    wanted = [(str(p.get("pid", "")), p.get("v")) for p in query.get("properties") or () if isinstance(p, dict)]
    found = candidates(release, text, kinds, LIMIT_MAX if wanted else limit, clang) if text.strip() else []
    documents = release.projection.documents((i["kind"], i["slug"]) for i in found) if wanted else {}
    out = []
    for item in found:
        score, features = item["score"], [{"id": "name", "value": item["score"]}]
        for pid, value in wanted:
            agrees = _agrees(documents.get((item["kind"], item["slug"]), {}).get(pid), value)
            features.append({"id": pid, "value": agrees})
            score += _BY_PROPERTIES / len(wanted) * (agrees - 1)
        out.append(
            {
                "id": f"{item['kind']}/{item['slug']}",
                "name": item["label"] or item["slug"],
                "description": item["matched"]["value"],
                "type": [_type(item["kind"], lang)],
                "score": round(max(score, 0.0), 1),
                "match": item["match"] and all(f["value"] for f in features),
                "features": features,
            }
        )
    return sorted(out, key=lambda c: -c["score"])[:limit]


def _agrees(held: Any, value: Any) -> int:
    """1 where a property holds a value given: a text, an id, or an object with an id."""
    wanted = {fold(str(v.get("id") or v.get("name") or "") if isinstance(v, dict) else str(v)) for v in _many(value)}
    return int(any(fold(text) in wanted for item in _many(held) for text in _texts(item)))


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _texts(item: Any) -> list[str]:
    if not isinstance(item, dict):
        return [str(item)]
    if "kind" in item:
        return [f"{item['kind']}/{item['slug']}", item["slug"], *item.get("labels", {}).values()]
    return [str(item[key]) for key in ("edtf", "value", "id") if item.get(key)]


def _extend(release: Release, asked: dict[str, Any], clang: Sequence[str]) -> dict[str, Any]:
    """Values of properties of things (section 6, data extension)."""
    ids, wanted = asked.get("ids"), asked.get("properties")
    if not isinstance(ids, list) or not isinstance(wanted, list) or not all(isinstance(p, dict) for p in wanted):
        raise BilimError(finding("reconcile-query", reason="extend needs 'ids' and 'properties'"))
    if len(ids) > BATCH_MAX * 10:
        raise BilimError(finding("reconcile-query", reason=f"{len(ids)} ids, at most {BATCH_MAX * 10}"))
    places = {str(text): place for text in ids if (place := split_name(str(text)))}
    documents = release.projection.documents(places.values())
    names = {p["id"]: p["name"] for p in _properties(release, (), clang)}
    pids = [str(p.get("id", "")) for p in wanted]
    rows: dict[str, dict[str, list[Any]]] = {}
    for text in map(str, ids):
        place = places.get(text)
        found = localize(documents[place], clang[0]) if place in documents else {}
        rows[text] = {pid: [_cell(v) for v in _many(found.get(pid)) if v is not None] for pid in pids}
    return {"meta": [{"id": pid, "name": names.get(pid, pid)} for pid in pids], "rows": rows}


def _cell(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"str": str(value).lower()}  # the schema of version 0.2 has no truth values
    if isinstance(value, int | float):
        return {"int" if isinstance(value, int) else "float": value}
    if not isinstance(value, dict):
        return {"str": str(value)}
    place = split_entity_iri(str(value.get("id", "")))
    if place is not None:
        return {"id": "/".join(place), "name": value.get("label") or place[1]}
    return {"str": str(value.get("edtf") or value.get("value") or value.get("label") or value.get("id") or "")}


def _properties(release: Release, kinds: Sequence[str], clang: Sequence[str]) -> list[dict[str, str]]:
    """The properties that things (of some kinds) have, by their place in documents, with labels."""
    classes = {KINDS[kind].cls for kind in kinds}
    iris = {p for cls, p, *_ in release.projection.partitions() if not classes or cls in classes}
    labels = release.projection.labels(iris)
    found = {name: name for name in _BASE}
    for iri in sorted(iris):
        name = local_name(iri).removesuffix("Edtf")
        if name not in _HIDDEN:
            texts = labels.get(iri, {})
            found.setdefault(name, next((texts[lang] for lang in (*clang, "en") if lang in texts), name))
    return [{"id": name, "name": text} for name, text in sorted(found.items())]


def _number(request: Request, name: str, absent: int) -> int:
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else absent


def _kinds(text: object) -> tuple[str, ...]:
    """The kind that a type names: ``person``, ``Person`` or the class; none where it is not ours."""
    if not isinstance(text, str) or not text:
        return ()
    name = text.rstrip("/").rpartition("#")[2].rpartition("/")[2].lower()
    return (name,) if name in NAMED else ()


def _type(kind: str, lang: str) -> dict[str, str]:
    return {"id": kind, "name": KINDS[kind].labels[lang]}


def _begins(prefix: str, *names: str) -> bool:
    return any(word.startswith(prefix) for name in names for word in (fold(name), *fold(name).split()))
