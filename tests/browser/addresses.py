"""The pages there are, by the routes of the app and what the release holds: a new page is among them by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx

from api.app import create_app
from kg.settings import Settings

NO_PAGES = re.compile(
    r"/(?:api/|static/|_|healthz|readyz|metrics|openapi|context|frame|robots|sitemap|reconcile|sparql/|\.well-known)"
    r"|/imports/\{number\}|/desk(?:$|/)|/decisions/|/releases/\{release\}/dump/|.*\.[a-z]+$"
)
WITH_QUERY = {
    "/between": ("?first=person/askhat-aimagambetov&second=person/gani-beisembayev",),
    "/search": ("?q=Аймагамбетов", "?q=zzzzzz"),
    "/sparql": ("?query=SELECT+%3Fp+%3Fo+WHERE+%7B+person%3Abolat-tlep+%3Fp+%3Fo+%7D",),
    "/regions": ("?on=2022-06-07&count=schools&lang=kk&clang=kk",),
    "/doc/{kind}/{name}": ("?on=2022-06-24", "?lang=kk&clang=kk", "?lang=ru&clang=ru"),
}
"""Pages that hold more when they are asked something."""
NETWORKED = ("person", "organization", "region", "country", "program", "event", "agreement", "post", "change")


def routes() -> list[str]:
    """Paths of all routes that a browser may ask for, with their parameters in braces."""
    return sorted({path for path in _paths(create_app(Settings(home=Path("var"))).app) if not NO_PAGES.match(path)})


def _paths(router: Any) -> Iterator[str]:
    for route in router.routes:
        if (inner := getattr(route, "original_router", None)) is not None:
            yield from _paths(inner)
        elif "GET" in (getattr(route, "methods", None) or ()):
            yield route.path


class Held:
    """What the server at an address holds, asked over HTTP."""

    def __init__(self, address: str) -> None:
        self._client = httpx.Client(base_url=address, timeout=60)

    def close(self) -> None:
        self._client.close()

    def json(self, path: str) -> Any:
        answer = self._client.get(path, headers={"Accept": "application/json"})
        answer.raise_for_status()
        return answer.json()

    def is_page(self, path: str) -> bool:
        """Whether a browser that asks for it gets a page (and not data, or an address to go on to)."""
        answer = self._client.get(path, headers={"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"})
        assert answer.status_code < 400, f"{path}: {answer.status_code}"
        return answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")

    def pages(self, route: str) -> list[str]:
        """The addresses of a route that are pages."""
        if route == "/queries/{subject}/{name}":
            return list(self._questions())
        found = [path for path in self._filled(route) if self.is_page(path)]
        return found + [found[0] + query for query in WITH_QUERY.get(route, ()) if found]

    def _questions(self) -> Iterator[str]:
        """A question of each view with its first example asked, and one of each sort of form (all of them are read by
        tests/test_question_pages.py; a browser takes a second for each)."""
        views, forms = set[str](), set[frozenset[str]]()
        for question in self.json("/queries")["data"]:
            address = f"/queries/{question['name']}"
            form = frozenset(p["type"] + str(bool(p["values"])) for p in question["params"])
            examples = [e["params"] for e in question["examples"] if e["params"]]
            if question["view"] not in views and examples:
                views.add(question["view"])
                yield f"{address}?{urlencode(examples[0], doseq=True)}"
            elif form not in forms:
                forms.add(form)
                yield address

    def _filled(self, route: str) -> list[str]:
        if "{" not in route:
            return [route]
        values = self._values(route)
        return [re.sub(r"\{(\w+)(?::\w+)?\}", lambda m, row=row: row[m[1]], route) for row in values]

    def _values(self, route: str) -> list[dict[str, str]]:
        """Values for the parameters of a route: one of each sort is enough."""
        names = tuple(re.findall(r"\{(\w+)", route))
        kinds = [kind for kind, count in self.json("/")["data"]["counts"].items() if count]
        if names == ("kind",):
            return [{"kind": kind} for kind in kinds]
        if names in (("kind", "slug"), ("kind", "name")):
            kinds = [kind for kind in kinds if kind in NETWORKED or not route.startswith("/network/")]
            things = (self.json(f"/doc/{kind}")["data"][0] for kind in kinds)
            return [{"kind": thing["kind"], names[1]: thing["slug"]} for thing in things]
        if names == ("day",):
            return [{"day": "2022-06-11"}]
        if names == ("subject", "name"):
            return [dict(zip(names, t["name"].split("/"), strict=True)) for t in self.json("/queries")["data"]]
        if names == ("release",):
            return [{"release": self.json("/")["release"]}]
        if route == "/problems/{slug}":
            return [{"slug": "not-found"}, {"slug": "bad-parameter"}]
        if route in ("/ontology/{name}", "/def/{name}"):
            return [{"name": name} for name in ("Tenure", "start", "Evidence")]
        if route.startswith("/list/"):
            return [{"scheme": "rank", "name": "preferred" if "scheme" in names else "rank"}]
        if route.startswith("/graph/"):
            return [dict.fromkeys(names, "derived")]
        raise AssertionError(f"tests/browser/addresses.py does not know what to put into {route}")
