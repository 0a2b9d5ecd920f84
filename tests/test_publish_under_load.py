"""Publishing while requests come: none fails, and each answer is wholly of one release."""

from __future__ import annotations

from pathlib import Path

import httpx

from kg.releases.layout import Home
from kg.releases.reader import open_release
from tests.conftest import start_server, stop_server
from tests.loaded import publish_beside, readers
from tests.released import publish_small

PUBLISHED = 8
PATHS = (
    "/doc/person?clang=en",
    "/doc/person/aigul-example.json",
    "/api/v1/posts/list.json",
    "/sparql?query=SELECT%20(COUNT(*)%20AS%20%3Fn)%20%7B%3Fs%20a%20foaf:Person%7D&format=json",
)


def test_no_request_fails_while_releases_are_published(tmp_path: Path) -> None:
    home = tmp_path / "home"
    publish_small(home)
    process, address = start_server(home, tmp_path / "server.log")
    answers: list[tuple[str, str, int]] = []

    def check(path: str, answer: httpx.Response) -> str | None:
        if answer.status_code != 200:
            return f"{path}: {answer.status_code} {answer.text[:200]}"
        release = answer.headers["bilim-release"]
        if path.startswith("/sparql"):
            answers.append((path, release, int(answer.json()["results"]["bindings"][0]["n"]["value"])))
        elif path.startswith("/doc/person?"):
            body = httpx.get(f"{address}{path}", headers={"Accept": "application/json"}).json()
            answers.append((path, body["release"], body["page"]["total"]))
        elif answer.json()["release"] != release:
            return f"{path}: {answer.json()['release']} under {release}"
        return None

    try:
        with readers(address, PATHS, 3, check) as found:
            made = list(publish_beside(home, PUBLISHED, niceness=10))
            assert len(made) == PUBLISHED
    finally:
        stop_server(process)
    assert found.failures == []
    assert len(found.seconds["before"]) > 2 * PUBLISHED
    people = {r: open_release(Home(home), r).projection.counts()["person"] for r in Home(home).release_ids()}
    assert len(set(people.values())) == PUBLISHED + 1, "each release holds another number"
    wrong = [(path, release, count) for path, release, count in answers if people[release] != count]
    assert wrong == [], "a count of one release under the name of another"
    assert len(found.releases) > 1, "readers saw releases change"
