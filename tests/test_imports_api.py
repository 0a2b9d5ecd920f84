"""/api/v1/imports and /api/v1/validate over HTTP: upload, progress, report, decisions, and who may."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.front.asgi import Front
from api.importing import Importing
from kg.imports import flow
from tests.desk_world import app_over, token_of
from tests.imports_world import BAD, THIRD, copied, turtle

IMPORTS = "/api/v1/imports"


@pytest.fixture(scope="module")
def served(desk_front: Front) -> Iterator[TestClient]:
    with TestClient(desk_front, raise_server_exceptions=False) as made:
        yield made


@pytest.fixture(scope="module")
def steward(desk_home: Path) -> dict[str, str]:
    return {"Authorization": f"Bearer {token_of(desk_home, 'Aigerim')[0]}"}


class Desk:
    """A steward's client."""

    def __init__(self, client: TestClient, headers: dict[str, str]) -> None:
        self.client, self.headers = client, headers

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers={**self.headers, **headers})

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.client.post(path, json=body or {}, headers={**self.headers, **headers})

    def hand_in(self, text: str, name: str, **headers: str) -> Any:
        asked = {**self.headers, **headers}
        return self.client.post(f"{IMPORTS}?file={name}.ttl", content=turtle(text), headers=asked)

    def judged(self, number: int) -> dict[str, Any]:
        for _ in range(1200):
            data: dict[str, Any] = self.get(f"{IMPORTS}/{number}").json()["data"]
            if data["state"] not in ("received", "parsed"):
                return data
            time.sleep(0.1)
        raise AssertionError("it was never judged")


@pytest.fixture
def desk(served: TestClient, steward: dict[str, str]) -> Desk:
    return Desk(served, steward)


def test_without_a_token_nothing_is_handed_in_or_seen(served: TestClient) -> None:
    for answer in (
        served.post(f"{IMPORTS}?file=x.ttl", content=b"x"),
        served.get(IMPORTS),
        served.post(f"{IMPORTS}/1/accept"),
        served.get(f"{IMPORTS}/1/report"),
    ):
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_file_goes_its_way_over_http(desk: Desk, served: TestClient) -> None:
    got = desk.hand_in(THIRD, "third", **{"Idempotency-Key": "one"})
    assert got.status_code == 202
    number = got.json()["data"]["id"]
    assert got.headers["location"] == f"{IMPORTS}/{number}"
    assert desk.judged(number)["verdict"] == "clean"
    again = desk.hand_in(THIRD, "third", **{"Idempotency-Key": "one"})
    assert (again.status_code, again.json()["data"]["id"], again.json()["data"]["known"]) == (200, number, True)
    other = desk.hand_in(BAD, "third", **{"Idempotency-Key": "one"})
    assert (other.status_code, other.json()["type"].rsplit("/", 1)[-1]) == (422, "idempotency-key-used")
    difference = desk.get(f"{IMPORTS}/{number}/difference").json()["data"]
    assert difference["counts"]["person"]["added"] == 1
    assert served.get("/doc/person/third.json").status_code == 404
    done = desk.post(f"{IMPORTS}/{number}/accept", {"reason": "agreed"})
    assert (done.status_code, done.json()["data"]["outcome"]) == (200, "published")
    assert served.get("/doc/person/third.json").status_code == 200, "who accepted it sees it at once"
    steps = desk.get(f"{IMPORTS}/{number}").json()["data"]["steps"]
    assert [s["step"] for s in steps] == ["received", "parsed", "validated", "accepted", "published"]
    assert "Aigerim" in steps[3]["who"]
    assert desk.post(f"{IMPORTS}/{number}/retract").json()["type"].endswith("reason-needed")
    assert desk.post(f"{IMPORTS}/{number}/retract", {"reason": "mistaken"}).status_code == 200
    assert served.get("/doc/person/third.json").status_code == 404


def test_what_is_handed_in_is_202_however_soon_it_is_judged(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A regression: of a file that was refused before the answer was written it was 200, as of one known before."""
    monkeypatch.setattr(Importing, "judge", lambda self, number: flow.process(self.desk, number))
    got = desk.client.post(f"{IMPORTS}?file=soon.exe", content=b"MZ", headers=desk.headers)
    assert (got.status_code, got.json()["data"]["state"]) == (202, "rejected")
    assert desk.get(got.headers["location"]).status_code == 200


def test_multipart_reports_in_all_forms_and_rejecting(desk: Desk, steward: dict[str, str]) -> None:
    form = {"file": ("bad.ttl", turtle(BAD))}
    got = desk.client.post(IMPORTS, files=form, data={"name": "named", "reason": "from mail"}, headers=steward)
    assert got.status_code == 202
    number = got.json()["data"]["id"]
    told = desk.judged(number)
    assert (told["name"], told["verdict"], told["counts"]["Violation"]) == ("named", "violations", 1)
    assert told["steps"][0]["why"] == "from mail"
    for suffix, begins in (
        (".html", b"<!"),
        (".csv", b"severity"),
        (".xlsx", b"PK"),
        (".sarif", b"{"),
        (".ttl", b"@prefix"),
    ):
        answer = desk.get(f"{IMPORTS}/{number}/report{suffix}")
        assert answer.status_code == 200, suffix
        assert answer.content.lower().startswith(begins.lower()), suffix
    report = desk.get(f"{IMPORTS}/{number}/report").json()
    (violation,) = [f for f in report["findings"] if f["severity"] == "Violation"]
    assert (violation["file"], violation["standing"]) == ("bad.ttl", "new")
    assert desk.get(f"{IMPORTS}/{number}/report", Accept="image/png").status_code == 406
    assert desk.get(f"{IMPORTS}/{number}/report.exe").status_code == 404
    refused = desk.post(f"{IMPORTS}/{number}/accept", {"reason": "please"})
    assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[-1]) == (409, "import-violations")
    focus, shape = violation["entity"]["id"], violation["shape"]
    waiver = {"focus": focus, "shape": shape, "path": violation["path"], "reason": "the source gives none"}
    assert desk.post(f"{IMPORTS}/{number}/waive", waiver).json()["data"]["verdict"] == "clean"
    assert desk.post(f"{IMPORTS}/{number}/reject", {"reason": "not now"}).json()["data"]["state"] == "rejected"
    assert desk.post(f"{IMPORTS}/{number}/accept", {"reason": "but"}).status_code == 409


def test_progress_comes_as_server_sent_events(desk: Desk) -> None:
    number = desk.hand_in(THIRD.replace("Third", "Watched"), "watched").json()["data"]["id"]
    answer = desk.get(f"{IMPORTS}/{number}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    blocks = [dict(line.split(": ", 1) for line in block.splitlines()) for block in answer.text.strip().split("\n\n")]
    assert [json.loads(b["data"])["step"] for b in blocks if b.get("event") == "step"] == [
        "read",
        "parsed",
        "judged",
        "validated",
    ]
    last = blocks[-1]
    assert last["event"] == "done"
    assert json.loads(last["data"])["state"] == "validated"


def test_validate_keeps_nothing(desk: Desk, served: TestClient, desk_home: Path) -> None:
    before = desk.get(IMPORTS).json()["data"]
    uploads = sorted((desk_home / "uploads").iterdir())
    got = served.post("/api/v1/validate?file=bad.ttl", content=turtle(BAD.replace("2022-06-11", "2022-06-12")))
    assert got.status_code == 200
    body = got.json()["data"]
    assert (body["id"], body["verdict"], body["report"]["counts"]["Violation"]) == (None, "violations", 1)
    assert body["difference"]["counts"]["tenure"]["added"] == 1
    assert desk.get(IMPORTS).json()["data"] == before
    assert sorted((desk_home / "uploads").iterdir()) == uploads


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.ttl", b" " * 50_000_000)
    return out.getvalue()


def climbing() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../../etc/a.ttl", b"x")
    return out.getvalue()


@pytest.mark.parametrize(
    ("file", "data", "code"),
    [
        ("bomb.zip", bomb(), "package-too-big"),
        ("climbing.zip", climbing(), "package-member-refused"),
        ("entities.rdf", b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "read-xml-doctype"),
        ("deep.jsonld", b"[" * 5000 + b"]" * 5000, "read-json-deep"),
        ("far.jsonld", b'{"@context": "http://127.0.0.1:9/c.jsonld", "@id": "x"}', "read-remote-context"),
    ],
)
def test_what_is_hostile_is_refused_with_its_reason(served: TestClient, file: str, data: bytes, code: str) -> None:
    got = served.post(f"/api/v1/validate?file={file}", content=data)
    assert got.status_code == 200
    body = got.json()["data"]
    assert body["verdict"] == "unreadable"
    assert [f["code"] for f in body["report"]["findings"]] == [code]


def test_bad_requests_are_told(desk: Desk, served: TestClient) -> None:
    assert served.post("/api/v1/validate", content=b"x").json()["type"].endswith("upload-invalid")
    assert desk.get(f"{IMPORTS}/9999").status_code == 404
    assert desk.get(f"{IMPORTS}/x").status_code == 422
    assert desk.get(f"{IMPORTS}?state=lost").status_code == 422
    number = desk.hand_in(THIRD.replace("Third", "Sixth"), "sixth").json()["data"]["id"]
    desk.judged(number)
    for body in ({"rows": [1]}, {"unknown": 1}, {"rows": [{"row": "1"}]}):
        assert desk.post(f"{IMPORTS}/{number}/exclude", body).json()["type"].endswith("decision-invalid")
    assert desk.post(f"{IMPORTS}/{number}/settle", {"thing": "x"}).status_code == 422


def test_a_worker_that_is_killed_loses_nothing(desk: Desk, served: TestClient) -> None:
    number = desk.hand_in(THIRD.replace("Third", "Seventh").replace("post:new", "post:old"), "seventh").json()["data"][
        "id"
    ]
    desk.judged(number)
    importing = served.app.app.state.importing  # type: ignore[attr-defined]
    importing._process.kill()
    for _ in range(3):
        answer = desk.post(f"{IMPORTS}/{number}/reject", {"reason": "after the kill"})
        if answer.status_code == 200:
            break
        assert answer.json()["type"].endswith("import-worker-lost")
    assert desk.judged(number)["state"] == "rejected"


def test_a_file_beyond_the_limit_is_refused(desk_world: Path, tmp_path: Path) -> None:
    front = app_over(copied(desk_world, tmp_path), resources=desk_world / "resources", upload_max_bytes=1000)
    with TestClient(front) as client:
        headers = {"Content-Type": "text/turtle"}
        for length in ({}, {"Content-Length": "5"}):
            answer = client.post("/api/v1/validate", content=b"#" * 1001, headers={**headers, **length})
            assert (answer.status_code, answer.json()["status"]) == (413, 413)
        assert client.post("/api/v1/validate", content=b"#" * 999, headers=headers).status_code != 413
