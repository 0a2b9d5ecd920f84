"""Tokens: made and revoked by the command, asked for by the API, limited by token and by address."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from kg.cli import run
from kg.imports.ledger import open_ledger
from kg.imports.tokens import open_tokens
from kg.log import configure
from kg.releases.layout import Home
from kg.settings import Settings
from tests.released import publish_small

SELF = "/api/v1/tokens/self"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    publish_small(folder)
    monkeypatch.setenv("BILIM_HOME", str(folder))
    return folder


@pytest.fixture
def asked(capfd: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Run `bilim token …` with --json; what it answered."""

    def ask(*arguments: str, code: int = 0) -> Any:
        assert run(["token", *arguments, "--json"]) == code
        return json.loads(capfd.readouterr().out)

    return ask


@pytest.fixture
def served(home: Path) -> Iterator[Callable[..., TestClient]]:
    """The app over the home with other settings, its lifespan running."""
    made: list[TestClient] = []

    def serve(**settings: Any) -> TestClient:
        chosen = Settings(home=home, log_level="error", sparql_workers=1, **settings)
        configure(chosen)
        made.append(TestClient(create_app(chosen), raise_server_exceptions=False))
        return made[-1].__enter__()

    yield serve
    for client in made:
        client.__exit__(None, None, None)


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def test_a_token_is_shown_once_and_kept_as_a_hash(home: Path, asked: Callable[..., Any]) -> None:
    made = asked("create", "--role", "steward", "--name", "Aigul's desk")
    text = made["token"]
    assert text.startswith("bilim_")
    assert len(text) > 40
    assert text.encode() not in (home / "ledger.sqlite").read_bytes()
    (listed,) = asked("list")["tokens"]
    assert "token" not in listed
    assert (listed["role"], listed["name"], listed["state"]) == ("steward", "Aigul's desk", "valid")
    days = (datetime.fromisoformat(listed["expires"]) - datetime.fromisoformat(listed["created"])).days
    assert days == 365, "a token that is forgotten ends by itself"
    with open_ledger(Home(home)) as ledger:
        assert [(act.action, act.why) for act in ledger.acts()][-1] == ("token create", "1: steward Aigul's desk")


def test_a_token_opens_what_its_role_may(asked: Callable[..., Any], served: Callable[..., TestClient]) -> None:
    client = served()
    for role in ("steward", "admin"):
        text = asked("create", "--role", role)["token"]
        answer = client.get(SELF, headers=bearer(text))
        assert answer.status_code == 200
        assert answer.json()["data"]["role"] == role
        assert answer.headers["cache-control"] == "no-store"
    assert client.get(SELF, headers={"Authorization": f"bearer  {text}"}).status_code == 200, "the scheme has no case"


def test_without_a_good_token_the_answer_is_401_and_says_what_to_do(
    home: Path, asked: Callable[..., Any], served: Callable[..., TestClient]
) -> None:
    client = served()
    bare = client.get(SELF)
    assert bare.status_code == 401
    assert bare.headers["www-authenticate"] == 'Bearer realm="bilim"'
    assert bare.headers["content-type"] == "application/problem+json"
    assert "bilim token create --role steward" in bare.json()["detail"]
    with open_tokens(Home(home)) as tokens:
        old, _ = tokens.create("admin", "old", datetime.now(UTC) - timedelta(seconds=1), "test")
    revoked = asked("create", "--role", "admin")
    asked("revoke", str(revoked["number"]))
    for text, slug in (("nonsense", "unknown"), (old, "expired"), (revoked["token"], "revoked")):
        answer = client.get(SELF, headers=bearer(text))
        assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]) == (401, f"token-{slug}")
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    for other in ("Basic YWRtaW46YWRtaW4=", "Bearer", "Bearer a b", f"Token {revoked['token']}"):
        assert client.get(SELF, headers={"Authorization": other}).status_code == 401


def test_a_token_is_revoked_at_once_and_stays_so(asked: Callable[..., Any], served: Callable[..., TestClient]) -> None:
    client, made = served(), asked("create", "--role", "steward", "--expires", "never")
    assert client.get(SELF, headers=bearer(made["token"])).json()["data"]["expires"] is None
    first = asked("revoke", str(made["number"]))
    assert client.get(SELF, headers=bearer(made["token"])).status_code == 401
    assert asked("revoke", str(made["number"]))["revoked"] == first["revoked"]
    assert asked("list")["tokens"][0]["state"] == "revoked"


@pytest.mark.parametrize("expires", ["yesterday", "2020-01-01", "0d", "2026-02-30", "1w", ""])
def test_an_expiry_that_is_no_time_to_come_is_refused(expires: str, home: Path, asked: Callable[..., Any]) -> None:
    found = asked("create", "--role", "steward", "--expires", expires, code=2)
    assert found["findings"][0]["code"] == "token-expiry-invalid"
    assert asked("list")["tokens"] == [], home


def test_the_last_day_of_a_token_is_a_day_of_the_service(home: Path, asked: Callable[..., Any]) -> None:
    made = asked("create", "--role", "steward", "--expires", "2999-12-30")
    assert made["expires"] == "2999-12-30T19:00:00+00:00", f"midnight in Almaty ends it ({home})"


def test_roles_and_numbers_that_are_not_there_are_told(home: Path, asked: Callable[..., Any]) -> None:
    assert asked("create", "--role", "boss", code=2)["findings"][0]["code"] == "role-unknown"
    assert asked("revoke", "7", code=2)["findings"][0]["code"] == "token-number-unknown", home


def test_a_token_may_ask_so_often_and_no_oftener(asked: Callable[..., Any], served: Callable[..., TestClient]) -> None:
    client = served(rate_token="3/hour")
    one, other = (asked("create", "--role", "steward")["token"] for _ in range(2))
    assert [client.get(SELF, headers=bearer(one)).status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = client.get(SELF, headers=bearer(one))
    assert refused.json()["type"].endswith("too-many-requests")
    assert 1 <= int(refused.headers["retry-after"]) <= 3600
    assert client.get(SELF, headers=bearer(other)).status_code == 200, "each token has its own count"


def test_an_address_may_ask_so_often_and_reading_is_free(
    asked: Callable[..., Any], served: Callable[..., TestClient]
) -> None:
    client = served(rate_address="2/hour")
    text = asked("create", "--role", "steward")["token"]
    assert [client.get(SELF, headers=bearer(text)).status_code for _ in range(3)] == [200, 200, 429]
    assert {client.get("/doc/person/aigul-example.json").status_code for _ in range(5)} == {200}
    assert {client.get("/releases").status_code for _ in range(5)} == {200}


def test_who_tries_tokens_is_stopped(asked: Callable[..., Any], served: Callable[..., TestClient]) -> None:
    client = served(rate_failures="3/hour")
    text = asked("create", "--role", "steward")["token"]
    tried = [client.get(SELF, headers=bearer(f"guess{n}")).status_code for n in range(5)]
    assert tried == [401, 401, 401, 429, 429]
    assert client.get(SELF, headers=bearer(text)).status_code == 429, "no token of that address is looked up any more"


def test_a_ledger_of_before_takes_tokens(home: Path, asked: Callable[..., Any]) -> None:
    with open_ledger(Home(home)):
        pass
    with sqlite3.connect(home / "ledger.sqlite") as db:
        assert db.execute("SELECT 1 FROM sqlite_master WHERE name = 'tokens'").fetchone() is None
    assert asked("list") == {"tokens": []}
    assert asked("create", "--role", "admin")["number"] == 1


def test_a_home_without_a_ledger_knows_no_token(served: Callable[..., TestClient]) -> None:
    answer = served().get(SELF, headers=bearer("bilim_x"))
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]) == (401, "token-unknown")


def test_the_description_says_which_operations_need_a_token(served: Callable[..., TestClient]) -> None:
    document = served().get("/openapi.json").json()
    scheme = document["components"]["securitySchemes"]["token"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    own = document["paths"][SELF]["get"]
    assert own["security"] == [{"token": []}]
    assert {"401", "403", "429"} <= set(own["responses"])
    assert "security" not in document["paths"]["/releases"]["get"]


def test_a_browser_may_send_a_token_from_elsewhere(served: Callable[..., TestClient]) -> None:
    told = served().options(SELF, headers={"Origin": "https://example.org", "Access-Control-Request-Method": "GET"})
    assert "Authorization" in told.headers["access-control-allow-headers"]
