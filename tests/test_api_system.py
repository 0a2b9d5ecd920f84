"""Health, metrics, limits, CORS, errors of our own, the description of the API."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from kg.findings import catalogue
from kg.log import configure
from kg.settings import Settings
from kg.store.fitting import memory, triples_that_fit
from tests.released import publish_small


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings(home=tmp_path / "home", log_level="error", sparql_workers=1)
    configure(settings)
    with TestClient(create_app(settings), follow_redirects=False, raise_server_exceptions=False) as client:
        yield client


def test_without_a_release_the_server_lives_and_says_what_to_do(empty: TestClient) -> None:
    assert empty.get("/healthz").json() == {"status": "alive"}
    ready = empty.get("/readyz")
    assert ready.status_code == 503
    assert "bilim build" in ready.json()["detail"]
    assert empty.get("/doc/person/x").status_code == 503
    assert empty.get("/", headers={"Accept": "text/html"}).status_code == 200
    assert empty.get("/problems/no-release").status_code == 200
    assert "bilim-release" not in ready.headers


def test_the_first_release_is_taken_up(empty: TestClient, tmp_path: Path) -> None:
    release = publish_small(tmp_path / "home")
    services = empty.app.state.services  # type: ignore[attr-defined]
    assert empty.portal is not None
    empty.portal.call(services.refresh)
    ready = empty.get("/readyz")
    assert (ready.status_code, ready.json()["release"]) == (200, release)
    assert ready.headers["bilim-release"] == release


def test_a_release_that_is_damaged_is_not_taken_up(empty: TestClient, tmp_path: Path) -> None:
    home = tmp_path / "home"
    good = publish_small(home, 1)
    services = empty.app.state.services  # type: ignore[attr-defined]
    assert empty.portal is not None
    empty.portal.call(services.refresh)
    bad = publish_small(home, 2)
    (home / "releases" / bad / "manifest.json").write_text("{", encoding="utf-8")
    empty.portal.call(services.refresh)
    assert empty.get("/readyz").json()["release"] == good
    assert empty.get("/doc/person/aigul-example.json").json()["data"]["labels"]["en"] == "Aigul 1"
    assert "bilim_release_swap_failures_total" in empty.get("/metrics").text


def test_metrics_are_counted_and_documented(small: TestClient) -> None:
    small.get("/doc/person/aigul-example")
    small.get("/doc/person/aigul-example")
    small.get("/sparql?query=ASK%7B%7D")
    answer = small.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["cache-control"] == "no-store"
    lines = dict(line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#"))
    assert float(lines['bilim_cache_requests_total{result="hit"}']) >= 1
    assert float(lines['bilim_sparql_queries_total{outcome="ok"}']) >= 1
    assert float(lines["bilim_cache_bytes"]) > 0
    named = {line.split()[2] for line in answer.text.splitlines() if line.startswith("# HELP")}
    documented = (Path(__file__).parent.parent / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert {name for name in named if f"`{name}`" not in documented and not name.endswith("_created")} == set()


def test_limits(small: TestClient) -> None:
    long = small.get("/doc/person/aigul-example?on=" + "1" * 20_000)
    assert long.status_code == 414
    assert long.json()["type"].endswith("/url-too-long")
    assert small.get("/_too-long").status_code == 404
    body = small.post("/sparql", content=b"x" * 5_000_000, headers={"Content-Type": "application/sparql-query"})
    assert body.status_code == 413
    chunks = small.post(
        "/sparql", content=(b"x" * 100_000 for _ in range(60)), headers={"Content-Type": "application/sparql-query"}
    )
    assert chunks.status_code == 413


def test_methods(small: TestClient) -> None:
    answer = small.post("/doc/person/aigul-example")
    assert answer.status_code == 405
    assert answer.json()["type"].endswith("/method-not-allowed")
    assert "GET" in answer.headers["allow"]
    assert small.request("FOO", "/").status_code == 405
    preflight = small.options("/doc/person/aigul-example", headers={"Origin": "https://example.org"})
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    "path", ["/", "/doc/person/aigul-example.json", "/healthz", "/nope", "/sparql?query=ASK%7B%7D"]
)
def test_every_answer_may_be_read_by_any_page_and_names_its_release(small: TestClient, path: str) -> None:
    answer = small.get(path)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["bilim-release"] == small.app.state.services.current_id()  # type: ignore[attr-defined]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
@pytest.mark.parametrize(
    ("path", "part"),
    [("/metrics", "api.metrics.Metrics.text"), ("/doc/person/broken", "kg.releases.reader.Projection.document_text")],
)
def test_a_bug_of_ours_tells_no_trace(
    small: TestClient, monkeypatch: pytest.MonkeyPatch, accept: str, path: str, part: str
) -> None:
    """Whether the front keeps answers of the address or lets them through."""

    def broken(*_: object) -> None:
        raise RuntimeError("secret words of the inside")

    monkeypatch.setattr(part, broken)
    answer = small.get(path, headers={"Accept": accept})
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    if accept == "application/json":
        body = answer.json()
        assert body["type"].endswith("/internal-error")
        assert re.search(r"\b[0-9a-f]{12}\b", body["detail"])  # by which the operator finds it in the log


def test_problems_are_told_in_the_language_asked_for(small: TestClient) -> None:
    texts = {lang: small.get(f"/doc/person/nobody?lang={lang}").json()["title"] for lang in ("kk", "ru", "en")}
    assert len(set(texts.values())) == 3
    assert small.get("/nope", headers={"Accept-Language": "ru"}).headers["content-language"] == "ru"


def test_every_problem_has_its_address(small: TestClient) -> None:
    for code in catalogue():
        answer = small.get(f"/problems/{code}", headers={"Accept": "application/json"})
        assert answer.status_code == 200
        assert answer.json()["data"]["type"].endswith("/" + code)
        assert "{" not in answer.json()["data"]["what"]
    assert len(small.get("/problems", headers={"Accept": "application/json"}).json()["data"]) == len(catalogue())
    assert small.get("/problems/nope").status_code == 404


def test_the_description_is_whole(small: TestClient) -> None:
    document = small.get("/openapi.json").json()
    assert document["openapi"].startswith("3.")
    assert "/doc/{kind}/{name}" in document["paths"]
    assert json.dumps(document).find("cdn.") == -1
    robots = small.get("/robots.txt")
    assert "Disallow: /sparql" in robots.text


def test_releases_are_listed_with_what_they_hold(small: TestClient) -> None:
    listed = small.get("/releases", headers={"Accept": "application/json"}).json()
    assert [r["current"] for r in listed["data"]] == [True]
    one = small.get(f"/releases/{listed['release']}", headers={"Accept": "application/json"}).json()["data"]
    assert one["contentHash"]
    assert "https://w3id.org/bilim/graph/data/small" in one["graphs"]


@pytest.mark.parametrize(
    ("limit", "triples"),
    [("1000000000\n", 297_619), ("4294967296", 1_278_264), ("max", 2_000_000), ("9223372036854771712", 2_000_000)],
)
def test_what_fits_in_memory_follows_the_limit_of_the_container(tmp_path: Path, limit: str, triples: int) -> None:
    file = tmp_path / "memory.max"
    file.write_text(limit)
    machine = memory(())
    fits = min(triples, machine // 4 // 840)
    assert triples_that_fit(None, (tmp_path / "none", file)) == fits
    assert triples_that_fit(7, (file,)) == 7
    assert triples_that_fit(0, (file,)) == 0


@pytest.mark.parametrize("most", [0, 100_000, None])
def test_a_release_that_fits_is_held_in_memory(small_home: Path, most: int | None) -> None:
    front = create_app(Settings(home=small_home, log_level="error", sparql_workers=1, memory_triples=most))
    with TestClient(front) as client:
        release = front.state.services.release()
        end = time.monotonic() + 60
        while most != 0 and not release.embedded.held and time.monotonic() < end:
            time.sleep(0.05)
        assert release.embedded.held is (most != 0)
        assert client.get("/api/v1/statistics/things").json()["data"]
