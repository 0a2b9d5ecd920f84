"""Short views of the answers of templates, for tests."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from tests.test_questions import ask


def slugs(rows: list[dict[str, Any]], name: str) -> list[str]:
    """The slugs of one thing of each row."""
    return [row[name]["slug"] for row in rows]


def slugs_of(things: list[dict[str, Any]]) -> list[str]:
    """The slugs of a list of things."""
    return [thing["slug"] for thing in things]


def on(client: TestClient, day: str, **params: Any) -> set[tuple[str, str, str]]:
    """Who held what on a day, how surely: (person, post, certainty)."""
    rows = ask(client, "tenures/on-day", on=day, **params)
    return {(r["person"]["slug"], r["post"]["slug"], r["certainty"]) for r in rows}
