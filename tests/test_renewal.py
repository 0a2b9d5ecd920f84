"""After a publish what was read before is ready again, of the new release, before anybody asks for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.front.cache import RawKey
from api.front.renewal import Renewal
from kg.settings import Settings
from tests.asgi import ask
from tests.released import publish_small
from tests.test_pages_kept import swap

PERSON = "/doc/person/aigul-example.json?clang=en"
ADDRESSES = (
    PERSON,
    "/doc/person/aigul-example",
    "/doc/person",
    "/api/v1/people/list",
    "/api/v1/posts/list?page_size=1",
)


def quiet(client: TestClient) -> int:
    """How many answers were renewed when nothing more is due."""
    front: Any = client.app
    end = time.monotonic() + 120
    while front.renewal.due:
        assert time.monotonic() < end
        time.sleep(0.01)
    time.sleep(0.05)
    renewed: int = front.counts.renewed
    return renewed


def app(home: Path, renewed: int = 1000) -> Iterator[TestClient]:
    settings = Settings(home=home, log_level="error", sparql_workers=1, sparql_nice=0, renewed_answers=renewed)
    with TestClient(create_app(settings)) as client:
        yield client


@pytest.fixture
def renewing(tmp_path: Path) -> Iterator[TestClient]:
    publish_small(tmp_path, 1)
    yield from app(tmp_path)


def counted(client: TestClient) -> tuple[int, int]:
    counts = client.app.counts  # type: ignore[attr-defined]
    return counts.hits, counts.misses


def standing(client: TestClient) -> list[str]:
    """The lists that are answered for each release."""
    paths: list[str] = client.app.standing()  # type: ignore[attr-defined]
    assert "/api/v1/people/list" in paths
    assert "/api/v1/posts/holders" not in paths  # of which post?
    return paths


def test_what_was_read_twice_is_ready_after_a_publish(renewing: TestClient, tmp_path: Path) -> None:
    before = quiet(renewing)
    for address in ADDRESSES:
        assert renewing.get(address).content == renewing.get(address).content
    renewing.get("/doc/post/kz-example.json")  # once only: not worth it
    release = publish_small(tmp_path, 2)
    assert swap(renewing) == release
    assert quiet(renewing) == before + len(standing(renewing)) + len(ADDRESSES)
    hits, misses = counted(renewing)
    answers = {address: renewing.get(address) for address in ADDRESSES}
    assert counted(renewing) == (hits + len(ADDRESSES), misses)
    assert {answer.headers["bilim-release"] for answer in answers.values()} == {release}
    assert answers[PERSON].json()["data"]["labels"]["en"] == "Aigul 2"
    renewing.get("/doc/post/kz-example.json")
    assert counted(renewing)[1] == misses + 1

    # the same as an app that never saw the release before
    for fresh in app(tmp_path, renewed=0):
        for address, answer in answers.items():
            assert fresh.get(address).content == answer.content
            assert fresh.get(address).headers["etag"] == answer.headers["etag"]


def test_lists_without_parameters_are_ready_before_anybody_asks(release_home: Path) -> None:
    for client in app(release_home):
        paths = standing(client)
        assert quiet(client) == len(paths) > 20
        for path in paths:
            answer = ask(client, path)  # as written: no header that a client adds by itself
            assert answer.status == 200, answer.body
        assert counted(client) == (len(paths), 0)


def test_what_nobody_reads_any_more_is_not_renewed_for_ever(renewing: TestClient, tmp_path: Path) -> None:
    before = quiet(renewing)
    for _ in range(2):
        renewing.get(PERSON)
    for number, more in ((2, 1), (3, 0)):
        publish_small(tmp_path, number)
        swap(renewing)
        after = quiet(renewing)
        assert after - before == len(standing(renewing)) + more
        before = after


def test_all_ways_of_asking_are_ready(renewing: TestClient, tmp_path: Path) -> None:
    before = quiet(renewing)
    ways = [{"Accept": "application/json"}, {"Accept": "application/json, */*;q=0.5"}, {"Accept-Encoding": "identity"}]
    for _ in range(2):
        for headers in ways:
            renewing.get(PERSON, headers=headers)
    publish_small(tmp_path, 2)
    swap(renewing)
    assert quiet(renewing) == before + len(standing(renewing)) + 2  # two answers: packed and not
    hits = counted(renewing)[0]
    for headers in ways:
        renewing.get(PERSON, headers=headers)
    assert counted(renewing)[0] == hits + 3


def test_a_release_named_by_its_id_is_not_renewed(renewing: TestClient, tmp_path: Path) -> None:
    before = quiet(renewing)
    address = f"/releases/{renewing.get(PERSON).headers['bilim-release']}{PERSON}"
    for _ in range(2):
        assert renewing.get(address).status_code == 200
    publish_small(tmp_path, 2)
    swap(renewing)
    assert quiet(renewing) == before + len(standing(renewing))


def test_renewing_can_be_turned_off(tmp_path: Path) -> None:
    publish_small(tmp_path, 1)
    for client in app(tmp_path, renewed=0):
        for _ in range(2):
            client.get(PERSON)
        publish_small(tmp_path, 2)
        swap(client)
        assert quiet(client) == 0


def test_a_publish_in_the_middle_of_it_takes_the_rest_over() -> None:
    asked: list[str] = []

    def raw(path: str) -> RawKey:
        return path, b"", None, None, None

    async def run() -> None:
        stuck, passed = asyncio.Event(), asyncio.Event()

        async def ask(one: RawKey) -> None:
            asked.append(one[0])
            if one[0] == "/b" and not passed.is_set():
                stuck.set()
                await passed.wait()

        renewal = Renewal(ask, 4)
        renewal.begin(map(raw, ("/a", "/b", "/c", "/d")))
        await stuck.wait()
        passed.set()
        renewal.begin(map(raw, ("/e", "/d")))  # the next publish
        while len(asked) < 6:
            await asyncio.sleep(0)
        renewal.begin(map(raw, ("/1", "/2", "/3", "/4", "/5")))
        while len(asked) < 10:
            await asyncio.sleep(0)
        renewal.begin(())
        await asyncio.sleep(0.01)

    asyncio.run(run())
    assert asked == ["/a", "/b", "/e", "/d", "/b", "/c", "/1", "/2", "/3", "/4"]
