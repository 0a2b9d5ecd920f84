"""No file that someone brings makes us ask an address: with a real listener that must stay silent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

import pytest
from pyoxigraph import RdfFormat, parse

from kg.reading.metadata import load_spec
from tests.sparql_world import Listener


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    found = Listener()
    yield found
    found.close()


def described(**more: object) -> bytes:
    """Metadata of a table in which ``more`` stands at the top."""
    column = {"name": "id", "titles": "id", "datatype": "string", "required": True}
    schema = {"aboutUrl": "https://w3id.org/bilim/id/post/{id}", "columns": [column], "primaryKey": "id"}
    return json.dumps({"@context": "http://www.w3.org/ns/csvw", "url": "x.csv", "tableSchema": schema, **more}).encode()


@pytest.mark.parametrize(
    "more",
    [
        lambda url: {"dialect": url},
        lambda url: {"url": url + "x.csv"},
        lambda url: {"@context": url},
        lambda url: {"@context": ["http://www.w3.org/ns/csvw", {"@base": url}]},
        lambda url: {"tableSchema": url},
        lambda url: {"@id": url, "transformations": [{"url": url, "targetFormat": url, "scriptFormat": url}]},
        lambda url: {"notes": [{"@id": url}], "schema:url": {"@id": url}},
    ],
    ids=["dialect", "table", "context", "base", "schema", "transformation", "notes"],
)
def test_metadata_of_a_table(listener: Listener, more: object) -> None:
    spec, _ = load_spec(described(**more(listener.url)), "x.csv-metadata.json")  # type: ignore[operator]
    del spec
    assert listener.calls == 0


@pytest.mark.parametrize(
    ("format_", "text"),
    [
        (RdfFormat.JSON_LD, '{"@context": "URL", "@id": "x:y", "p": 1}'),
        (RdfFormat.JSON_LD, '{"@context": [{"@import": "URL"}], "@id": "x:y", "p": 1}'),
        (RdfFormat.JSON_LD, '{"@context": {"p": {"@id": "x:p", "@context": "URL"}}, "p": {"@id": "x:z"}}'),
        (RdfFormat.RDF_XML, '<!DOCTYPE r [<!ENTITY e SYSTEM "URL">]><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-'
                            'syntax-ns#"><r:Description r:about="x:y" r:value="&e;">&e;</r:Description></r:RDF>'),
        (RdfFormat.RDF_XML, '<!DOCTYPE r SYSTEM "URL"><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>'),
        (RdfFormat.TURTLE, "<x:o> <http://www.w3.org/2002/07/owl#imports> <URL> ."),
    ],
    ids=["context", "import", "scoped context", "entity", "doctype", "owl:imports"],
)  # fmt: skip
def test_rdf(listener: Listener, format_: RdfFormat, text: str) -> None:
    with suppress(SyntaxError, ValueError):
        list(parse(text.replace("URL", listener.url).encode(), format=format_))
    assert listener.calls == 0
