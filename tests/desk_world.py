"""An app whose desk is written to, and stewards at it. Its fixtures stand in tests/conftest.py."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from api.app import create_app
from api.front.asgi import Front
from kg.imports.tokens import open_tokens
from kg.log import configure
from kg.releases.layout import Home
from kg.settings import Settings


def app_over(home: Path, **chosen: Any) -> Front:
    settings = Settings(home=home, log_level="error", sparql_workers=1, sparql_nice=0, imports_nice=0, **chosen)
    configure(settings)
    return create_app(settings)


def token_of(home: Path, name: str) -> tuple[str, int]:
    """A steward's token and its number."""
    with open_tokens(Home(home)) as tokens:
        text, made = tokens.create("steward", name, None, "test")
    return text, made.number


def csrf(client: TestClient) -> str:
    """What the forms of a client that is signed in must bring."""
    return re.findall(r'name="csrf" value="([^"]+)"', client.get("/imports?lang=en").text)[0]
