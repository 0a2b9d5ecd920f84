"""A client that a tool of others makes from /openapi.json calls every operation with its examples, over the network."""

from __future__ import annotations

import importlib
import inspect
import json
import sys
import types
import typing
from collections.abc import Iterator
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType

from kg.imports.tokens import open_tokens
from kg.releases.layout import Home

PACKAGE = "bilim_generated_client"
UNREADABLE = {
    "application/sparql-query": "application/octet-stream",
    "application/atom+xml": "text/plain",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "application/octet-stream",
}  # which the generator has no word for
STATEFUL = {"imports", "decisions"}
"""Tags of operations that write, or that need what was written: a client has them, their own tests call them."""


@pytest.fixture(scope="module")
def document(server: str) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{server}/openapi.json").raise_for_status().json()
    return found


@pytest.fixture(scope="module")
def package(document: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The generated package, importable. A warning of the generator is an operation that a client would lack."""
    folder = tmp_path_factory.mktemp("client")
    source = folder / "openapi.json"
    source.write_text(json.dumps(document), encoding="utf-8")
    said = ConfigFile(
        project_name_override="bilim", package_name_override=PACKAGE, post_hooks=[], content_type_overrides=UNREADABLE
    )
    config = Config.from_sources(said, MetaType.NONE, source, "utf-8", True, folder / PACKAGE)
    assert [f"{e.header} {e.detail}" for e in generate(config=config)] == []
    sys.path.insert(0, str(folder))
    yield PACKAGE
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def python_name(name: str) -> str:
    return name.replace(".", "_").replace("-", "_")


def examples_of(parameter: dict[str, Any]) -> list[Any]:
    if "examples" in parameter:
        return [one["value"] for one in parameter["examples"].values()]
    return [parameter["example"]] if "example" in parameter else []


def calls(operation: dict[str, Any], release: str) -> Iterator[dict[str, Any]]:
    """Arguments: what is required alone, then each example of each parameter beside it."""
    parameters = operation.get("parameters", [])
    needed = {p["name"]: examples_of(p) for p in parameters if p["required"]}
    assert all(needed.values()), f"{operation['operationId']}: a required parameter without an example"
    first = {name: release if name == "release" else values[0] for name, values in needed.items()}
    yield first
    for parameter in parameters:
        for value in examples_of(parameter):
            if parameter["name"] != "release":
                yield {**first, parameter["name"]: value}


def typed(wanted: Any, value: Any) -> Any:
    """A value of the document as the generated function takes it: enum, date, list of them, or as it is."""
    choices = typing.get_args(wanted) if isinstance(wanted, types.UnionType) else (wanted,)
    for choice in choices:
        if isinstance(choice, type) and issubclass(choice, Enum):
            return choice(value)
        if choice is date:
            return date.fromisoformat(value)
        if typing.get_origin(choice) is list and isinstance(value, list):
            return [typed(typing.get_args(choice)[0], item) for item in value]
    return value


def hints_of(function: Any, module: Any, package: str) -> dict[str, Any]:
    """What the arguments are; the generator leaves out an import that only an annotation needs."""
    return typing.get_type_hints(function, {**vars(importlib.import_module(f"{package}.types")), **vars(module)})


def body_of(hints: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    """The example of the body, as the first model that the function takes."""
    if "requestBody" not in operation:
        return {}
    media, said = next(iter(operation["requestBody"]["content"].items()))
    example = said.get("example") or next(iter(said["examples"].values()))["value"]
    wanted = hints["body"]
    for choice in typing.get_args(wanted) or (wanted,):
        if hasattr(choice, "from_dict"):
            return {"body": choice.from_dict(example)}
    pytest.fail(f"no model for {media}: {wanted}")


@pytest.fixture(scope="module")
def token(release_home: Path) -> str:
    """Of the highest role: what it may is told, and tried, in tests/test_tokens.py."""
    with open_tokens(Home(release_home)) as tokens:
        return tokens.create("admin", "generated client", None, "test")[0]


def test_every_operation_is_called_with_its_examples(
    server: str, document: dict[str, Any], package: str, token: str
) -> None:
    clients = importlib.import_module(f"{package}.client")
    current = httpx.get(f"{server}/releases", headers={"Accept": "application/json"}).json()["release"]
    made = called = 0
    for path, method, operation in operations(document):
        (tag,) = operation["tags"]
        name = python_name(operation["operationId"])
        module = importlib.import_module(f"{package}.api.{python_name(tag)}.{name}")
        function = module.sync_detailed
        hints = hints_of(function, module, package)
        takes = {python_name(p): p for p in inspect.signature(function).parameters}
        called += 1
        if tag in STATEFUL:
            continue
        success = next(iter(operation["responses"]))
        media = next(iter(operation["responses"][success].get("content", {"*/*": None})))
        common = {"base_url": server, "headers": {"Accept": media}, "raise_on_unexpected_status": True}
        secured = "security" in operation
        client = clients.AuthenticatedClient(token=token, **common) if secured else clients.Client(**common)
        body = body_of(hints, operation)
        for arguments in calls(operation, current):
            given = {takes[_argument(k, takes)]: v for k, v in arguments.items()}
            answer = function(client=client, **{k: typed(hints[k], v) for k, v in given.items()}, **body)
            made += 1
            assert f"{int(answer.status_code)}" == success, (method, path, arguments, answer.content[:300])
            if "json" in media:
                assert answer.parsed is not None, (path, "the answer was read into its model")
                if hasattr(answer.parsed, "to_dict"):
                    assert set(answer.parsed.to_dict()) == set(json.loads(answer.content)), path
    assert called == sum(len(methods) for methods in document["paths"].values())
    assert made > 2 * called


def _argument(name: str, takes: dict[str, str]) -> str:
    """The generator adds an underscore to names that Python or it keeps for itself (``from``, ``format``)."""
    plain = python_name(name)
    return plain if plain in takes else next(t for t in takes if t.strip("_") == plain)
