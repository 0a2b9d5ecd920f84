"""/releases/{id}/…: every address as that release answers it, and the files of a release over HTTP."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from kg.log import configure
from kg.settings import Settings
from tests.released import publish_small

THING = "/doc/person/aigul-example"


@pytest.fixture(scope="module")
def ids(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    home = tmp_path_factory.mktemp("home")
    return home, publish_small(home, 1), publish_small(home, 2)


@pytest.fixture(scope="module")
def client(ids: tuple[Path, str, str]) -> Iterator[TestClient]:
    settings = Settings(home=ids[0], log_level="error", sparql_workers=1, sparql_nice=0)
    configure(settings)
    with TestClient(create_app(settings), follow_redirects=False, raise_server_exceptions=False) as made:
        yield made


def test_each_release_answers_as_it_was(client: TestClient, ids: tuple[Path, str, str]) -> None:
    for number, release in enumerate(ids[1:], 1):
        for _ in range(2):  # the second comes from the cache
            answer = client.get(f"/releases/{release}{THING}.json")
            assert answer.json()["data"]["labels"]["en"] == f"Aigul {number}"
            assert answer.headers["bilim-release"] == answer.json()["release"] == release
        etag = {"If-None-Match": answer.headers["etag"]}
        assert client.get(f"/releases/{release}{THING}.json", headers=etag).status_code == 304
    assert client.get(f"{THING}.json").json()["data"]["labels"]["en"] == "Aigul 2"


@pytest.mark.parametrize(
    "path",
    ["/", "/doc/person", THING, f"{THING}.ttl", f"{THING}.jsonld", "/ontology", "/def", "/shapes", "/list/tier",
     "/list/tier/news", "/graph/derived", "/queries", "/queries/posts/list", "/coverage", "/search?q=aigul",
     "/api/v1/posts/list", "/api/v1/posts/list.csv", "/api/v1/search?q=aigul",
     "/api/v1/entities?id=person/aigul-example",
     "/api/v1/changes", "/.well-known/void", "/sparql/.well-known/sparql-examples", "/openapi.json", "/problems",
     "/sparql?query=ASK%7B%7D", "/reference", "/context.jsonld"],
)  # fmt: skip
def test_every_route_is_there_for_each_release(path: str, client: TestClient, ids: tuple[Path, str, str]) -> None:
    plain = client.get(path)
    assert plain.status_code in (200, 303), (path, plain.text[:200])
    for release in ids[1:]:
        answer = client.get(f"/releases/{release}{path}")
        if "sparql-examples" in path:
            assert answer.status_code == 404, "the examples are those of the endpoint, not of a release"
            continue
        assert answer.status_code == plain.status_code, (path, answer.text[:200])
        assert answer.headers["bilim-release"] == release


def test_links_stay_in_the_release(client: TestClient, ids: tuple[Path, str, str]) -> None:
    prefix = f"/releases/{ids[1]}"
    led = client.get(f"{prefix}/id/person/aigul-example", headers={"Accept": "text/turtle"})
    assert (led.status_code, led.headers["location"]) == (303, f"{prefix}{THING}.ttl")
    page = client.get(f"{prefix}/doc/person", headers={"Accept": "text/html"})
    leads = set(re.findall(r'href="(/[^"?#]*)', page.text))
    assert f"{prefix}{THING}" in leads
    # the desk is of no release: what waits there is judged on the newest
    elsewhere = ("/static", "/releases", "/imports", "/desk", "/decisions")
    assert all(lead.startswith((prefix, *elsewhere)) for lead in leads), leads
    listed = client.get(f"{prefix}/doc/person", headers={"Accept": "application/json"}).json()
    assert all(link.startswith(prefix) for link in listed["links"].values()), listed["links"]
    asked = client.get(f"{prefix}/api/v1/posts/list?page_size=1").json()
    assert all(link.startswith(prefix) for link in asked["links"].values()), asked["links"]
    assert client.get(asked["links"]["page"]).status_code == 200
    thing = client.get(f"{prefix}{THING}.json").headers["link"]
    assert f'<{THING}>; rel="canonical"' in thing, "search engines are led to the newest"
    assert f"<{prefix}{THING}.ttl>" in thing
    assert client.get(f"{prefix}/openapi.json").json()["servers"] == [{"url": prefix}]


def test_a_release_that_is_not_there_is_404(client: TestClient) -> None:
    answer = client.get("/releases/2020-01-01.9-aaaaaa/doc/person")
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]) == (404, "no-such-release")
    assert "/tmp" not in answer.text


def test_what_belongs_to_no_release_has_no_such_address(client: TestClient, ids: tuple[Path, str, str]) -> None:
    for path in ("/healthz", "/metrics", "/releases", "/api/v1/tokens/self", "/static/bilim.css", "/../../x"):
        assert client.get(f"/releases/{ids[1]}{path}").status_code == 404, path


def test_the_files_of_a_release_are_downloaded_with_their_sums(client: TestClient, ids: tuple[Path, str, str]) -> None:
    release = ids[1]
    listed = client.get(f"/releases/{release}/dump", headers={"Accept": "application/json"}).json()["data"]
    assert release in listed["citation"]
    assert {"application/n-quads", "application/trig", "text/csv", "text/turtle"} <= {
        f["mediaType"] for f in listed["files"]
    }
    for told in listed["files"]:
        answer = client.get(told["url"])
        assert answer.status_code == 200
        assert hashlib.sha256(answer.content).hexdigest() == told["sha256"]
        digest = re.fullmatch(r"sha-256=:(.*):", answer.headers["repr-digest"])
        assert digest
        assert base64.b64decode(digest[1]).hex() == told["sha256"]
        assert f'/releases/{release}>; rel="cite-as"' in answer.headers["link"]
        same = client.get(told["url"], headers={"If-None-Match": answer.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")
    packed = next(f for f in listed["files"] if f["name"].endswith(".nq.gz"))
    part = client.get(packed["url"], headers={"Range": "bytes=0-9"})
    assert (part.status_code, len(part.content)) == (206, 10)
    assert b"Aigul 1" in gzip.decompress(client.get(packed["url"]).content)
    page = client.get(f"/releases/{release}/dump", headers={"Accept": "text/html"})
    assert packed["sha256"] in page.text
    assert "SHA256SUMS" in client.get(f"/releases/{release}/dump/SHA256SUMS").headers["content-disposition"]


@pytest.mark.parametrize("name", ["../manifest.json", "..%2Fmanifest.json", "csv", "", "csv/none.csv", "index.json%00"])
def test_only_files_of_the_list_are_given(name: str, client: TestClient, ids: tuple[Path, str, str]) -> None:
    assert client.get(f"/releases/{ids[1]}/dump/{name}").status_code == 404


def test_what_a_release_changed(client: TestClient, ids: tuple[Path, str, str]) -> None:
    _, one, two = ids
    found = client.get(f"/releases/{two}/difference").json()
    assert found["since"] == one
    assert [(e["slug"], e["change"]) for e in found["data"]["entities"]["items"]] == [("aigul-example", "changed")]
    assert client.get(f"/releases/{one}/difference").json()["since"] is None
    back = client.get(f"/releases/{one}/difference?since={two}").json()["data"]
    assert back["quads"] == {"added": 2, "removed": 2}
    assert client.get(f"/releases/{two}/difference?since=2020-01-01.9-aaaaaa").status_code == 404
