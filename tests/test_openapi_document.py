"""What /openapi.json must say: operations named, described and typed, errors as problems, examples that fit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from kg.templates.catalogue import Catalogue
from tests.test_templates_world import QUERIES

TEMPLATES = Catalogue(QUERIES).templates


@pytest.fixture(scope="module")
def document(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def schemas(node: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema of properties within a part of the document."""
    if isinstance(node, dict):
        for name, schema in node.get("properties", {}).items() if isinstance(node.get("properties"), dict) else ():
            if isinstance(schema, dict):
                yield f"{where}.{name}", schema
        for key, part in node.items():
            yield from schemas(part, f"{where}/{key}")
    elif isinstance(node, list):
        for part in node:
            yield from schemas(part, where)


def test_it_is_openapi_3_1_with_tags_that_are_told(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    told = {tag["name"]: tag["description"] for tag in document["tags"]}
    used = {tag for _, operation in operations(document) for tag in operation["tags"]}
    assert used == set(told)
    assert all(told.values())


def test_every_operation_has_a_name_of_its_own_and_words(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(names)) == len(names)
    for where, operation in operations(document):
        assert re.fullmatch(r"[a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+){0,2}", operation["operationId"]), where
        assert operation["summary"], where
        assert operation["description"], where
        assert len(operation["tags"]) == 1, where
    assert {t.operation for t in TEMPLATES.values()} <= set(names)


def test_every_parameter_is_typed_described_and_shown(document: dict[str, Any]) -> None:
    for where, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            name = f"{where} {parameter['name']}"
            schema = parameter["schema"]
            assert parameter["description"], name
            assert "type" in schema or "anyOf" in schema, name
            examples = [e["value"] for e in parameter.get("examples", {}).values()]
            examples += [parameter["example"]] if "example" in parameter else []
            assert examples or not parameter["required"], name
            for example in examples:
                Draft202012Validator(schema).validate(example)


def test_every_answer_has_a_schema_and_every_error_is_a_problem(document: dict[str, Any]) -> None:
    for where, operation in operations(document):
        for status, answer in operation["responses"].items():
            assert answer["description"], (where, status)
            content = answer.get("content", {})
            if status >= "4":
                assert content["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}, where
            elif status == "200":
                assert content, where
                assert all(said["schema"] for said in content.values()), where
            else:
                assert "Location" in answer["headers"], where
    assert "HTTPValidationError" not in str(document)


def test_every_property_has_a_type(document: dict[str, Any]) -> None:
    for where, schema in schemas(document):
        assert schema.keys() & {"type", "$ref", "anyOf", "allOf", "oneOf", "enum", "const"}, where


def test_every_field_of_a_template_is_described(document: dict[str, Any]) -> None:
    for template in TEMPLATES.values():
        answer = document["paths"][template.path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        row = document["components"]["schemas"][answer["properties"]["data"]["items"]["$ref"].rsplit("/", 1)[-1]]
        if template.transform is None:
            assert set(row["properties"]) >= set(template.returns)
            assert all(p["description"] for p in row["properties"].values()), template.name


def test_what_is_served_for_copies_and_tools_stands_there_too(document: dict[str, Any]) -> None:
    for path in ("changes", "changes.json", "changes.atom", "entities"):
        assert "get" in document["paths"][f"/api/v1/{path}"]
    for path in ("/.well-known/void", "/sparql/.well-known/sparql-examples"):
        assert "text/turtle" in document["paths"][path]["get"]["responses"]["200"]["content"]


def test_what_finds_things_by_their_names_stands_there_too(document: dict[str, Any]) -> None:
    for path in ("/search", "/api/v1/search", "/api/v1/suggest", "/api/v1/match", "/reconcile"):
        assert "get" in document["paths"][path], path
    for path in ("/api/v1/match", "/reconcile"):
        assert "example" in next(iter(document["paths"][path]["post"]["requestBody"]["content"].values()))
    served = {
        f"/reconcile/{path}" for path in ("suggest/entity", "suggest/type", "suggest/property", "properties", "preview")
    }
    assert served <= set(document["paths"])


def test_operations_say_their_summary_in_three_languages_and_both_limits(document: dict[str, Any]) -> None:
    for template in TEMPLATES.values():
        for method, operation in document["paths"][template.path].items():
            assert operation["x-summaries"] == template.summaries
            assert set(operation["responses"]) >= ({"413", "414"} if method == "post" else {"414"}), template.name
