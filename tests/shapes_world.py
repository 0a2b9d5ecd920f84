"""Small graphs and shapes of their own, for tests of validation."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox

from kg.resources import Resources
from kg.terms import PREFIXES

HEAD = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items())


def turtle(text: str) -> list[ox.Quad]:
    """Quads of Turtle with the usual prefixes; blank nodes keep their names."""
    return list(ox.parse(input=HEAD + text, format=ox.RdfFormat.TURTLE))


def quads_of(file: Path) -> list[ox.Quad]:
    """Quads of a Turtle file."""
    return list(ox.parse(path=str(file), format=ox.RdfFormat.TURTLE))


def ontology(tmp_path: Path, shapes: str, definitions: str = "") -> Resources:
    """A folder ontology/ of its own with these shapes."""
    for folder, text in (("shapes", shapes), ("def", definitions), ("lists", "")):
        (tmp_path / "ontology" / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / "ontology" / folder / "all.ttl").write_text(HEAD + text, encoding="utf-8")
    return Resources(tmp_path)
