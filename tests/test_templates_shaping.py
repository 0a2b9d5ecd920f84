"""Rows become JSON by `transform`: anchors, nested objects, arrays, what is not stated."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from pyoxigraph import Literal, NamedNode

from kg.templates.shape import Cell, plain, prototype, shape
from kg.terms import XSD
from tests.test_templates_loading import make


class Nobody:
    def labels(self, iris: Iterable[str]) -> Mapping[str, Mapping[str, str]]:
        return {iri: {"und": iri} for iri in iris if iri.endswith("named")}


def n(name: str) -> NamedNode:
    return NamedNode("urn:" + name)


def shaped(transform: Mapping[str, Any], rows: list[tuple[Cell, ...]], returns: str = "{}") -> list[dict[str, Any]]:
    head = f"#+ transform: {json.dumps(transform)}\n#+ returns: {returns}\n"
    template = make(head + "SELECT ?a ?b ?c { ?a ?b ?c } LIMIT 9")
    node = prototype(template.transform, template.returns, template.variables)
    return shape(template, node, rows, Nobody(), ("en",))


ROWS: list[tuple[Cell, ...]] = [
    (n("1"), n("x"), Literal(1)),
    (n("2"), n("z"), None),
    (n("1"), n("y"), Literal(1)),
    (n("1"), n("x"), Literal(2)),
]


def test_rows_of_one_id_are_one_object_in_order() -> None:
    assert shaped({"id": "?a", "b": "?b", "c": "?c"}, ROWS) == [
        {"id": "urn:1", "b": ["urn:x", "urn:y"], "c": [1, 2]},
        {"id": "urn:2", "b": "urn:z"},
    ]


@pytest.mark.parametrize("proto", [{"$anchor": "k", "k": "?a", "b": "?b$list"}, {"k": "?a$anchor", "b": ["?b"]}])
def test_anchors_and_lists_are_said_in_two_ways(proto: dict[str, Any]) -> None:
    assert shaped(proto, ROWS) == [{"k": "urn:1", "b": ["urn:x", "urn:y"]}, {"k": "urn:2", "b": ["urn:z"]}]


def test_without_an_anchor_rows_stay_apart() -> None:
    assert len(shaped({"b": "?b"}, ROWS)) == 4


def test_nested_objects_merge_by_their_own_anchor() -> None:
    assert shaped({"id": "?a", "parts": [{"id": "?b", "n": "?c$list"}], "v": 1}, ROWS) == [
        {"id": "urn:1", "parts": [{"id": "urn:x", "n": [1, 2]}, {"id": "urn:y", "n": [1]}], "v": 1},
        {"id": "urn:2", "parts": [{"id": "urn:z", "n": []}], "v": 1},
    ]
    assert shaped({"id": "?a", "part": {"n": "?c"}}, ROWS)[1] == {"id": "urn:2"}


def test_declared_returns_stay_as_null() -> None:
    (_, second) = shaped({"id": "?a", "c": "?c"}, ROWS, "{c: {type: integer}}")
    assert second == {"id": "urn:2", "c": None}


def test_language_tags_are_shown_or_hidden() -> None:
    rows: list[tuple[Cell, ...]] = [(n("1"), Literal("сөз", language="kk"), None)]
    assert shaped({"id": "?a", "b": "?b"}, rows) == [{"id": "urn:1", "b": {"value": "сөз", "lang": "kk"}}]
    assert shaped({"$langTag": "hide", "id": "?a", "b": "?b"}, rows) == [{"id": "urn:1", "b": "сөз"}]


def test_a_thing_without_a_name_in_our_languages() -> None:
    rows: list[tuple[Cell, ...]] = [(n("named"), n("not"), None)]
    (row,) = shaped({"id": "?a", "b": "?b"}, rows, "{a: {type: entity}, b: {type: entity}}")
    assert (row["id"]["label"], row["id"]["labelLang"]) == ("urn:named", "und")
    assert row["b"] == {"id": "urn:not", "kind": None, "slug": None, "label": None, "labelLang": None}


@pytest.mark.parametrize(
    ("text", "datatype", "value"),
    [
        ("7", "integer", 7),
        ("0.9", "decimal", 0.9),
        ("true", "boolean", True),
        ("INF", "double", None),
        ("a", "string", "a"),
    ],
)
def test_values_are_typed(text: str, datatype: str, value: object) -> None:
    got = plain(Literal(text, datatype=NamedNode(XSD + datatype)))
    assert (got, type(got)) == (value, type(value))
