"""/api/v1/changes: what came, went or is told otherwise since a release; JSON, and Atom for feed readers."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.answers import choose, content, interface, json_answer, only, services_of
from api.front.variant import HTML, JSON
from kg.findings import BilimError, finding
from kg.names import pick_label
from kg.releases.changes import Changed, changes, counts
from kg.releases.reader import Release, open_release
from kg.sparql.negotiation import Offer
from kg.templates import page as pages

ATOM = "application/atom+xml"
OFFERS = (Offer(JSON, "json"), Offer(ATOM, "atom"))
PAGE_SIZE = 100
_KEPT = 4  # comparisons; the front keeps the answers made of them

Parts = Mapping[str, Mapping[str, str]]


class Comparisons:
    """The last comparisons between releases, which never change; one is made at a time."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], tuple[Changed, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def between(self, old: Release | None, new: Release) -> tuple[Changed, ...]:
        """See :func:`kg.releases.changes.changes`."""
        key = (old.id if old else "", new.id)
        with self._lock:
            if key not in self._known:
                self._known[key] = changes(old, new)
                while len(self._known) > _KEPT:
                    self._known.popitem(last=False)
            return self._known[key]


def router() -> APIRouter:
    """By Accept, or by suffix."""
    routes = APIRouter(include_in_schema=False)
    known = Comparisons()

    @routes.get("/api/v1/changes")
    def by_accept(request: Request) -> Response:
        return _answer(request, known, choose(request, OFFERS))

    @routes.get("/api/v1/changes.json")
    def as_json(request: Request) -> Response:
        return _answer(request, known, JSON)

    @routes.get("/api/v1/changes.atom")
    def as_atom(request: Request) -> Response:
        return _answer(request, known, ATOM)

    return routes


def _answer(request: Request, known: Comparisons, media: str) -> Response:
    """``since``: a release; the one before the current if it is not given.

    Raises :class:`BilimError` (``no-such-release``, 404) where it is not kept any more.
    """
    only(request, "since", "page", "page_size", "lang", "clang")
    interface(request)
    services, languages = services_of(request), content(request)
    release = services.release()
    old = _since(request, release)
    found = known.between(old, release)
    query, path = request.query_params, request.url.path
    limit = services.settings.page_size_max
    asked = pages.asked(query.get("page"), query.get("page_size"), usual=PAGE_SIZE, maximum=limit, path=path)
    page = pages.Page(asked.number, asked.size, len(found))
    if asked.number > page.last:
        raise pages.NoSuchPage(page)
    rows = found[asked.offset : asked.offset + asked.size]
    kept = [("since", old.id)] if old else []
    kept += [(name, query[name]) for name in ("page_size", "lang", "clang") if name in query]
    links = pages.links(path, kept, page)
    headers = {"Vary": "Accept, Accept-Language", "Link": pages.link_header(links)}
    entries = [_entry(row, labels, languages) for row, labels in zip(rows, _labels(rows, old, release), strict=True)]
    if media == ATOM:
        feed = _feed(services.address, links, release, old, entries, languages[0])
        return Response(feed, headers={"Content-Type": ATOM, "Content-Language": languages[0], **headers})
    body: dict[str, Any] = {
        "data": entries,
        "counts": counts(found),
        "page": {"number": page.number, "size": page.size, "total": page.total},
        "links": {**links, "atom": f"/api/v1/changes.atom?{urlencode(kept)}" if kept else "/api/v1/changes.atom"},
        "since": old.id if old else None,
        "release": release.id,
    }
    return json_answer(body, languages[0], headers)


def _since(request: Request, release: Release) -> Release | None:
    home = services_of(request).home
    given = request.query_params.get("since") or None
    if given == release.id:
        return release
    try:
        if given is not None or release.manifest.parent is not None:
            return open_release(home, given or str(release.manifest.parent), any_projection=True)
    except BilimError as error:
        if given is None:  # the release before is not kept
            return None
        if error.findings[0].code == "no-such-release":  # which names the folder; strangers need not know it
            raise BilimError(finding("no-such-release", release=given[:80], home=home.path.name)) from None
        raise
    return None


def _labels(rows: Sequence[Changed], old: Release | None, new: Release) -> list[Mapping[str, str]]:
    """Names now; of what was removed, names then."""
    now = new.projection.labels(row.iri for row in rows if row.change != "removed")
    gone = [row.iri for row in rows if row.change == "removed"]
    then = old.projection.labels(gone) if old is not None and gone else {}
    return [{**then.get(row.iri, {}), **now.get(row.iri, {})} for row in rows]


def _entry(row: Changed, labels: Mapping[str, str], languages: Sequence[str]) -> dict[str, Any]:
    label = pick_label(labels, languages)
    return {
        "id": row.iri,
        "kind": row.kind,
        "slug": row.slug,
        "label": label.value if label else None,
        "labelLang": label.lang if label else None,
        "change": row.change,
    }


def _feed(
    address: str,
    links: Mapping[str, str],
    release: Release,
    old: Release | None,
    entries: Sequence[Mapping[str, Any]],
    lang: str,
) -> bytes:
    """Atom (RFC 4287), paged (RFC 5005, section 3)."""
    updated = release.manifest.created.isoformat(timespec="seconds")
    feed = ElementTree.Element("feed", {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": lang})
    _add(feed, "id", f"{address}/api/v1/changes.atom")
    _add(feed, "title", f"Bilim {release.id}" + (f" ← {old.id}" if old else ""))
    _add(feed, "updated", updated)
    _add(_add(feed, "author"), "name", "Bilim")
    for rel, target in links.items():
        _add(feed, "link", rel=rel, href=address + target, type=ATOM)
    for row in entries:
        entry = _add(feed, "entry")
        _add(entry, "id", f"{row['id']}?release={release.id}")
        _add(entry, "title", f"{row['change']}: {row['label'] or row['slug']}")
        _add(entry, "updated", updated)
        _add(entry, "category", term=str(row["change"]))
        _add(entry, "category", term=str(row["kind"]))
        if row["change"] != "removed":
            _add(entry, "link", rel="alternate", type=HTML, href=f"{address}/doc/{row['kind']}/{row['slug']}")
        _add(entry, "summary", f"{row['change']} {row['kind']}/{row['slug']}")
    written: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return written


def _add(to: ElementTree.Element, name: str, text: str | None = None, **attributes: str) -> ElementTree.Element:
    made = ElementTree.SubElement(to, name, attributes)
    made.text = text
    return made
