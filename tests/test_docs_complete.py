"""Every question, setting, command, class, shape and address has its entry in docs/."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rdflib
from rdflib import OWL, RDF, SH
from typer.main import get_command

from api.app import create_app
from kg import resources
from kg.cli import make_app
from kg.settings import Settings
from kg.templates.catalogue import Catalogue
from kg.terms import BKG

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
AGAIN = "not in docs/: run make docs"


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def commands(command: Any, path: str) -> Iterator[str]:
    children = getattr(command, "commands", None)
    if children is None:
        yield path
    for name, child in (children or {}).items():
        if not child.hidden:
            yield from commands(child, f"{path} {name}")


def addresses(routes: Any) -> Iterator[str]:
    for route in routes:
        if inner := getattr(route, "original_router", None):
            yield from addresses(inner.routes)
        elif path := getattr(route, "path", ""):
            yield path.replace(":path}", "}")


def graph(folder: str) -> rdflib.Graph:
    found = rdflib.Graph()
    for file in sorted((resources.find().ontology / folder).glob("*.ttl")):
        found.parse(file)
    return found


def test_every_question_is_told_with_its_parameters() -> None:
    rows = {row[1]: row[0] for row in re.finditer(r"^\| `([a-z0-9-]+/[a-z0-9-]+)` \|.*$", page("questions.md"), re.M)}
    templates = Catalogue(resources.find().queries).templates
    assert set(rows) == set(templates), AGAIN
    for name, template in templates.items():
        assert all(f"`{param.name}`" in rows[name] for param in template.params), (name, AGAIN)


def test_every_setting_is_told() -> None:
    missing = [name for name in Settings.model_fields if f"`BILIM_{name.upper()}`" not in page("settings.md")]
    assert not missing, AGAIN


def test_every_command_is_told() -> None:
    told = re.findall(r"^### `(bilim [^`]*)`", page("cli.md"), re.M)
    missing = [c for c in commands(get_command(make_app()), "bilim") if not any(t.startswith(c) for t in told)]
    assert not missing, AGAIN


def test_every_class_is_told() -> None:
    classes = {str(c).removeprefix(BKG) for c in graph("def").subjects(RDF.type, OWL.Class) if str(c).startswith(BKG)}
    assert classes
    assert not [name for name in sorted(classes) if f"`bkg:{name}`" not in page("model.md")], AGAIN


def test_every_shape_is_told() -> None:
    shapes = {str(s).rpartition("#")[2].rpartition("/")[2] for s in graph("shapes").subjects(RDF.type, SH.NodeShape)
              if isinstance(s, rdflib.URIRef)}  # fmt: skip
    assert shapes
    assert not [name for name in sorted(shapes) if f"| `{name}` |" not in page("shapes.md")], AGAIN


def test_every_address_is_told_with_what_it_answers(tmp_path: Path) -> None:
    app: Any = create_app(Settings(home=tmp_path)).app
    asked = {f"/api/v1/{name}" for name in Catalogue(resources.find().queries).templates}
    paths = {path for path in {*addresses(app.routes), *app.openapi()["paths"]} - asked if not path.startswith("/_")}
    assert len(paths) > 40
    rows = dict(re.findall(r"^\| `(/[^`]*)` \| [A-Z, ]+ \| (.*) \|$", page("routes.md"), re.M))
    assert not sorted({path.replace(":path}", "}") for path in paths} - set(rows)), AGAIN
    assert not [path for path, told in rows.items() if not told.strip()], "tools/reference.py has no words for it"


@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.md")), ids=lambda path: str(path.relative_to(DOCS)))
def test_links_among_pages_lead_somewhere(path: Path) -> None:
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    text = re.sub(r"`[^`\n]*`", "", text)
    wrong = [
        target
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
        if not re.match(r"[a-z]+:", target) and not (path.parent / target).exists()
    ]
    assert not wrong


def test_what_operators_copy_is_what_the_docs_say() -> None:
    unit, proxy = page("deploy/bilim.service"), page("deploy/nginx.conf")
    named = set(re.findall(r"BILIM_([A-Z_]+)", unit + proxy + page("operator.md")))
    assert {name.lower() for name in named} <= set(Settings.model_fields)
    assert "proxy_http_version 1.1;" in proxy
    assert "bilim serve" in unit
