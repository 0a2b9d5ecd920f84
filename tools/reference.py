"""Write docs/questions.md, docs/routes.md and docs/shapes.md from the code; with --check only compare.

So that no question, no address and no shape can stay undocumented: tests/test_docs_complete.py compares them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import rdflib
from rdflib import RDF, RDFS, SH

from api.app import create_app
from kg import resources
from kg.settings import Settings
from kg.templates.catalogue import Catalogue
from kg.terms import shorten

ROOT = Path(__file__).resolve().parent.parent
TOLD = {  # addresses that are no operations of the API
    "/metrics": "Counts and times for Prometheus ([metrics](metrics.md))",
    "/openapi.json": "The description of the API, by OpenAPI 3.1",
    "/robots.txt": "What robots may read",
    "/sitemap.xml": "Addresses of all pages, for robots",
    "/static/{name}": "Style sheets, scripts and images of pages",
    "/api/v1/imports": "Imports, newest first; POST hands one in ([imports](imports.md))",
    "/api/v1/imports/{number}": "One import: its state and what became of it",
    "/api/v1/imports/{number}/accept": "Accept an import: judged again, and published if nothing is new",
    "/api/v1/imports/{number}/difference": "What an import adds and removes",
    "/api/v1/imports/{number}/events": "What happens to an import, as it happens (server-sent events)",
    "/api/v1/imports/{number}/exclude": "Leave rows out",
    "/api/v1/imports/{number}/reject": "Refuse an import, with a reason",
    "/api/v1/imports/{number}/report{suffix}": "The report of an import, in every format of reports",
    "/api/v1/imports/{number}/retract": "Take an accepted import back",
    "/api/v1/imports/{number}/rows/{part}": "Good or bad rows as a file",
    "/api/v1/imports/{number}/settle": "Decide whether two candidates are the same",
    "/api/v1/imports/{number}/waive": "Accept a finding, with a reason",
    "/network/{kind}/{slug}": "The network of an actor: whom it shares posts, events and agreements with",
    "/regions": "Regions on a day, as a map of tiles",
    "/regions.csv": "Regions on a day, as a table",
    "/between": "What two people or bodies share, and the shortest connection",
    "/history/{kind}/{slug}": "What changed on a thing from release to release",
    "/imports": "The stewards' desk: imports; from it to decisions and reports",
    "/imports/sign-in": "Sign in to the desk with a token",
    "/imports/sign-out": "Sign out of the desk",
    "/imports/{number}": "One import on the desk",
    "/imports/{number}/{decision}": "Decide on an import, from the desk",
    "/decisions": "What stewards decided: who, when, why",
    "/decisions/{number}": "One decision, with the statements that came and went",
    "/decisions/{number}/undo": "Undo a decision, from the desk: looked at first, then confirmed",
    "/desk": "Leads to the desk",
    "/desk/mistakes": "What visitors reported as wrong, for stewards",
    "/desk/mistakes/{number}": "Close a report with what came of it",
    "/desk/{kind}/{slug}": "A thing on the desk: its statements, evidence, discrepancies, decisions and reports",
    "/desk/{kind}/{slug}/{action}": "Settle, correct, merge, withdraw or comment, from the desk",
    "/mistake/{kind}/{slug}": "Report a mistake about a thing to the stewards",
    "/on/{day}": "The whole system on a day",
    "/personal-data": "What is kept of persons, who answers for it, what 410 means",
    "/releases/{release}/changes": "What a release changed",
    "/sitemaps/{name}": "A part of the sitemap",
    "/sources": "Documents and what each supports",
    "/sources.csv": "Documents and what each supports, as a table",
    "/sources.json": "Documents and what each supports, as JSON",
    "/api/v1/validate": "Check a file as if it were imported; nothing is kept",
}
MADE = "<!-- written by tools/reference.py (make docs) -->"


def questions() -> str:
    """Every template: its address, summary, parameters."""
    lines = [
        "# Questions",
        MADE,
        "Each is a file `queries/{name}.rq`, an endpoint `/api/v1/{name}`, a page with a form `/queries/{name}`",
        "and a command `bilim query {name}`. How they are written: [templates](templates.md). A parameter with `*`",
        "must be given.",
    ]
    subject = ""
    catalogue = Catalogue(resources.find().queries)
    for name, template in sorted(catalogue.templates.items()):
        first = name.partition("/")[0]
        if first != subject:
            subject = first
            lines += ["", f"## {subject}", "| question | what it answers | parameters |", "|---|---|---|"]
        given = ", ".join(f"`{p.name}`{'*' if p.required else ''}" for p in template.params)
        lines.append(f"| `{name}` | {_cell(_english(template.summary))} | {given} |")
    return "\n".join(lines) + "\n"


def routes() -> str:
    """Every address of the app but those of the questions, with its methods and what it answers."""
    app = create_app(Settings(home=ROOT / "var")).app
    described: dict[str, Any] = app.openapi()["paths"]  # type: ignore[attr-defined]
    asked = {f"/api/v1/{name}" for name in Catalogue(resources.find().queries).templates}
    found: dict[str, tuple[set[str], str]] = {}
    for path, methods, says in [*_declared(app.routes), *_described(described)]:  # type: ignore[attr-defined]
        path = path.replace(":path}", "}")
        if path not in asked and not path.startswith("/_"):
            before, told = found.get(path, (set(), ""))
            found[path] = (before | methods, says if path in described and says else told or says)
    lines = [
        "# Addresses",
        MADE,
        "What each answers in full is told by `/openapi.json` and its page `/reference`; the questions,",
        "`/api/v1/{subject}/{name}`, stand in [questions](questions.md). `HEAD` is answered wherever `GET` is.",
        "",
        "| address | methods | what it answers |",
        "|---|---|---|",
    ]
    for path, (methods, says) in sorted(found.items()):
        lines.append(f"| `{path}` | {', '.join(sorted(methods - {'HEAD'}))} | {_cell(says or TOLD.get(path, ''))} |")
    return "\n".join(lines) + "\n"


def _declared(some: Iterable[Any]) -> Iterator[tuple[str, set[str], str]]:
    for route in some:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from _declared(inner.routes)
        elif path := getattr(route, "path", ""):
            says = (
                getattr(route, "summary", None) or (getattr(route, "endpoint", None).__doc__ or "").partition("\n")[0]
            )
            yield path, set(getattr(route, "methods", None) or {"GET"}), says


def _described(paths: dict[str, Any]) -> Iterator[tuple[str, set[str], str]]:
    for path, operations in paths.items():
        named = {method.upper() for method in operations if method in ("get", "post", "put", "delete", "patch")}
        yield path, named, "; ".join(dict.fromkeys(o["summary"] for o in operations.values() if "summary" in o))


def shapes() -> str:
    """Every named shape: where it stands, what it looks at, what it says."""
    graph = rdflib.Graph()
    places: dict[rdflib.term.Node, str] = {}
    for file in sorted((resources.find().ontology / "shapes").glob("*.ttl")):
        part = rdflib.Graph().parse(file)
        places |= dict.fromkeys(part.subjects(RDF.type, SH.NodeShape), file.name)
        graph += part
    lines = [
        "# Shapes",
        MADE,
        "What is checked before anything is published. How reports are read: [validation](validation.md).",
        "The page of each, with its constraints and examples, is `/shapes`.",
        "",
        "| shape | file | looks at | what it is about |",
        "|---|---|---|---|",
    ]
    for shape in sorted(s for s in places if isinstance(s, rdflib.URIRef)):
        targets = [
            shorten(str(t)) for p in (SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf) for t in graph[shape:p]
        ]
        labels = [str(o) for o in graph[shape : RDFS.label] if getattr(o, "language", None) == "en"]
        told = [str(o) for o in graph[shape : RDFS.comment] if getattr(o, "language", None) == "en"]
        looks = ", ".join(f"`{t}`" for t in sorted(targets)) or "what other shapes lead to"
        name = str(shape).rpartition("#")[2].rpartition("/")[2]
        lines.append(f"| `{name}` | {places[shape]} | {looks} | {_cell('. '.join([*labels, *told]))} |")
    return "\n".join(lines) + "\n"


def _english(text: Any) -> str:
    return str(text.get("en") or next(iter(text.values()))) if hasattr(text, "get") else str(text)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


PAGES = {"questions.md": questions, "routes.md": routes, "shapes.md": shapes}


def main(check: bool) -> int:
    """0 if the pages agree with the code (after writing: always), 1 if not."""
    stale = 0
    for name, page in PAGES.items():
        path = ROOT / "docs" / name
        text = page()
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        if not check:
            path.write_text(text, encoding="utf-8")
        print(f"docs/{name}: {'differs from the code: run make docs' if check else 'written'}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
