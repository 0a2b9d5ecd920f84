"""The front: variants, the bounded cache, conditional requests, days, and a publish under load."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from datetime import date, datetime
from math import inf
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.app import create_app
from api.front.accept import accepts_gzip, language_order
from api.front.cache import Cache, Entry
from api.front.entries import matches
from api.front.variant import Variant, content_languages, interface_language, rule_for, variant_of
from kg.log import configure
from kg.settings import Settings
from tests.conftest import start_server, stop_server
from tests.released import publish_small

DAY = date(2022, 6, 24)
PAGE = "/doc/tenure/aigul-kz-example"


# --- variants -------------------------------------------------------------------------------------


def variant(path: str = PAGE, query: str = "", day: date = DAY, **headers: str) -> Variant:
    found = variant_of(path, query, {k.replace("_", "-"): v for k, v in headers.items()}, day)
    assert found is not None
    return found


def test_the_order_of_parameters_makes_no_variant() -> None:
    assert variant(query="lang=ru&on=2022-06-24") == variant(query="on=2022-06-24&lang=ru")
    assert variant(query="a=1&a=2") != variant(query="a=2&a=1")  # a list may mean its order


def test_absent_on_is_today_in_the_key() -> None:
    implied, stated = variant(), variant(query="on=2022-06-24")
    assert implied.query == stated.query == (("on", "2022-06-24"),)
    assert implied.today == DAY
    assert stated.today is None
    assert variant(day=date(2022, 6, 25)) != implied
    assert variant("/def", day=date(2022, 6, 25)) == variant("/def")


def test_media_type_is_negotiated_into_the_key() -> None:
    assert variant(accept="text/turtle;q=0.5, application/json").media == "application/json"
    assert variant(accept="*/*").media == variant().media == "text/html"
    assert variant(accept="text/*;q=0.3, text/turtle").media == "text/turtle"
    assert variant_of(PAGE, "", {"accept": "image/png"}, DAY) is None


def test_a_suffix_needs_no_accept() -> None:
    assert variant(PAGE + ".json", accept="text/turtle") == variant(PAGE + ".json", accept="text/html")


def test_where_the_route_alone_knows_its_types_the_whole_header_is_the_key() -> None:
    # "rdf+xml, else turtle" and "turtle" alone may be answered differently by one template
    one = variant("/api/v1/posts/holders", accept="application/rdf+xml, text/turtle;q=0.5")
    assert one != variant("/api/v1/posts/holders", accept="text/turtle")


@pytest.mark.parametrize(
    "path", ["/sparql", "/healthz", "/metrics", "/releases", "/api/v1/imports", "/readyz", "/nope"]
)
def test_what_is_not_kept(path: str) -> None:
    assert rule_for(path) is None


def test_interface_and_content_language_are_two_things() -> None:
    assert variant(query="lang=ru").clang == variant().clang
    assert variant(query="clang=ru").lang == variant().lang
    assert variant(query="lang=ru") != variant(query="lang=kk")
    assert interface_language(None, "kk;q=0.5, ru;q=0.9, de") == "ru"
    assert interface_language("kk", "ru") == "kk"
    assert interface_language(None, None) == "en"
    assert content_languages(None, None) == ("kk", "ru", "en")
    assert content_languages("en", "ru") == ("en", "ru", "kk")


@given(st.text(max_size=60))
def test_no_header_breaks_the_reading_of_languages_and_encodings(text: str) -> None:
    assert set(language_order(text)) <= {"kk", "ru", "en"}
    assert accepts_gzip(text) in (True, False)


def test_encodings() -> None:
    assert accepts_gzip("gzip, deflate, br")
    assert accepts_gzip("*")
    assert not accepts_gzip("gzip;q=0, *;q=0")
    assert not accepts_gzip("gzip;q=0, *")
    assert not accepts_gzip("br")
    assert not accepts_gzip(None)


def test_if_none_match_compares_weakly() -> None:
    assert matches(b'"a"', b'"a"')
    assert matches(b'W/"a"', b'"a"')
    assert matches(b'"x", W/"a" ,"y"', b'"a"')
    assert matches(b"*", b'"a"')
    assert not matches(b'"ab"', b'"a"')


# --- the cache ------------------------------------------------------------------------------------


def entry(size: int, expires: float = inf) -> Entry:
    return Entry(200, [(b"content-type", b"text/plain")], b"x" * size, b'"e"', [], expires, expires)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 40_000), st.booleans()), max_size=80))
def test_the_cache_never_grows_beyond_its_bound(steps: list[tuple[int, int, bool]]) -> None:
    cache = Cache(200_000)
    for number, size, again in steps:
        key = ("r", variant(query=f"n={number}"))
        kept = cache.put(key, entry(size))
        assert kept == (size < 200_000 // 8 - 2000) or abs(size - 25_000) < 2100
        cache.alias((PAGE, b"n=%d" % number, None, None, None), key)
        if again:
            cache.get(key, 0.0)
        assert cache.bytes <= cache.max_bytes
        assert cache.bytes >= 0
    held = {id(e) for e in cache.raw.values()}
    assert len(held) <= len(cache)


def test_what_is_used_outlives_what_is_not() -> None:
    cache = Cache(200_000)
    popular = ("r", variant(query="popular"))
    cache.put(popular, entry(10_000))
    for number in range(100):
        assert cache.get(popular, 0.0) is not None
        cache.put(("r", variant(query=f"n={number}")), entry(10_000))
    assert cache.get(popular, 0.0) is not None
    assert cache.get(("r", variant(query="n=0")), 0.0) is None


def test_an_answer_of_a_day_ends_with_it() -> None:
    cache = Cache(100_000)
    key = ("r", variant())
    cache.put(key, entry(10, expires=100.0))
    cache.alias((PAGE, b"", None, None, None), key)
    assert cache.get(key, 99.9) is not None
    assert cache.get(key, 100.0) is None
    assert cache.raw == {}
    assert cache.bytes == 0


def test_ways_of_writing_one_request_are_bounded() -> None:
    cache = Cache(100_000)
    key = ("r", variant())
    cache.put(key, entry(10))
    for number in range(1000):
        cache.alias((PAGE, b"", b"text/html, x/%d" % number, None, None), key)
    assert len(cache.raw) <= 16


# --- conditional requests -------------------------------------------------------------------------


def counts(client: TestClient) -> tuple[int, int]:
    front = client.app.state.services.metrics.front  # type: ignore[attr-defined]
    return front.hits + front.not_modified, front.misses


def test_a_second_look_is_answered_from_the_cache_byte_for_byte(small: TestClient) -> None:
    first = small.get(PAGE + ".json?on=2001-01-01")
    before = counts(small)
    second = small.get(PAGE + ".json?on=2001-01-01")
    assert counts(small) == (before[0] + 1, before[1])
    assert (first.content, dict(first.headers)) == (second.content, dict(second.headers))
    assert first.headers["etag"].startswith('"')


def test_not_modified(small: TestClient) -> None:
    first = small.get(PAGE)
    again = small.get(PAGE, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for name in ("etag", "vary", "cache-control", "bilim-release", "access-control-allow-origin"):
        assert again.headers[name] == first.headers[name]
    assert "content-type" not in again.headers
    assert small.get(PAGE, headers={"If-None-Match": '"other"'}).status_code == 200


def test_not_modified_also_when_nothing_is_kept_yet(small: TestClient) -> None:
    tag = small.get(PAGE + ".nt?on=2002-02-02").headers["etag"]
    small.app.cache.clear()  # type: ignore[attr-defined]
    again = small.get(PAGE + ".nt?on=2002-02-02", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_variants_have_tags_of_their_own(small: TestClient) -> None:
    tags = [
        small.get(PAGE, headers={"Accept": accept, "Accept-Language": lang, "Accept-Encoding": encoding}).headers[
            "etag"
        ]
        for accept in ("text/html", "application/json", "text/turtle")
        for lang in ("en", "ru")
        for encoding in ("gzip", "identity")
    ]
    # Turtle holds all languages: the same bytes, and so the same tag, whoever asks
    assert len(set(tags)) == 2 * 2 * 2 + 2


def test_gzip_and_plain_hold_the_same(small: TestClient) -> None:
    plain = small.get(PAGE, headers={"Accept-Encoding": "identity"})
    with small.stream("GET", PAGE, headers={"Accept-Encoding": "gzip"}) as packed:
        raw = b"".join(packed.iter_raw())
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == plain.content
    assert int(packed.headers["content-length"]) == len(raw) < len(plain.content)
    assert "content-encoding" not in plain.headers
    assert {"Accept", "Accept-Language", "Accept-Encoding"} <= {v.strip() for v in plain.headers["vary"].split(",")}


@pytest.mark.parametrize("path", [PAGE, PAGE + ".json", "/healthz", "/doc/person/nope", "/id/person/aigul-example"])
def test_head_is_get_without_the_body(small: TestClient, path: str) -> None:
    got, head = small.get(path), small.head(path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert dict(head.headers) == dict(got.headers)


def test_a_header_that_is_repeated_counts_whole(small: TestClient) -> None:
    answer = small.get(PAGE, headers=[("Accept", "image/png"), ("Accept", "text/turtle")])
    assert answer.headers["content-type"].startswith("text/turtle")


def test_wrong_answers_are_not_kept(small: TestClient) -> None:
    held = len(small.app.cache)  # type: ignore[attr-defined]
    assert small.get("/doc/person/not-there").status_code == 404
    assert small.get(PAGE + "?on=2022-13-01").status_code == 422
    assert len(small.app.cache) == held  # type: ignore[attr-defined]


# --- the day --------------------------------------------------------------------------------------


class Clock:
    def __init__(self, text: str) -> None:
        self.now = 0.0
        self.set(text)

    def set(self, text: str) -> None:
        self.now = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Almaty")).timestamp()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def timed(small_home: Path) -> Iterator[tuple[TestClient, Clock]]:
    clock = Clock("2022-06-10T12:00:00")
    settings = Settings(home=small_home, log_level="error", sparql_workers=1)
    configure(settings)
    with TestClient(create_app(settings, clock)) as client:
        yield client, clock


def age(answer: httpx.Response) -> int:
    return int(answer.headers["cache-control"].partition("max-age=")[2].partition(",")[0])


def test_today_ends_at_midnight_in_the_zone_of_the_settings(timed: tuple[TestClient, Clock]) -> None:
    client, clock = timed
    noon = client.get(PAGE + ".json")
    assert noon.json()["on"] == "2022-06-10"
    assert age(noon) == 60
    clock.set("2022-06-10T23:59:50")
    late = client.get(PAGE + ".json")
    assert late.content == noon.content
    assert age(late) == 10
    assert age(client.get(PAGE + ".json", headers={"If-None-Match": noon.headers["etag"]})) == 10
    clock.set("2022-06-11T00:00:00")
    tomorrow = client.get(PAGE + ".json", headers={"If-None-Match": noon.headers["etag"]})
    assert tomorrow.status_code == 200
    assert tomorrow.json()["on"] == "2022-06-11"
    assert tomorrow.headers["etag"] != noon.headers["etag"]


def test_a_day_that_was_asked_for_outlives_midnight(timed: tuple[TestClient, Clock]) -> None:
    client, clock = timed
    clock.set("2022-06-10T23:59:59")
    asked = client.get(PAGE + ".json?on=2022-06-10")
    assert age(asked) == 60
    misses = counts(client)[1]
    clock.set("2022-06-11T00:00:01")
    assert client.get(PAGE + ".json?on=2022-06-10").content == asked.content
    assert counts(client)[1] == misses


def test_nothing_is_kept_while_files_may_change(small_home: Path) -> None:
    settings = Settings(home=small_home, log_level="error", sparql_workers=1, dev=True)
    configure(settings)
    with TestClient(create_app(settings)) as client:
        assert client.get(PAGE).status_code == client.get(PAGE).status_code == 200
        assert counts(client) == (0, 0)


def test_answers_of_templates_are_kept_by_type_and_day(client: TestClient) -> None:
    address = "/api/v1/posts/holders?post=kz-minister-of-education&on=2022-06-24"
    first = client.get(address)
    assert first.status_code == 200, first.text
    before = counts(client)
    assert client.get(address).content == first.content
    assert client.get("/api/v1/posts/holders?on=2022-06-24&post=kz-minister-of-education").content == first.content
    assert counts(client) == (before[0] + 2, before[1])
    assert client.get(address, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    assert client.get(address, headers={"Accept": "text/csv"}).headers["content-type"].startswith("text/csv")
    assert client.get(address, headers={"Accept": "image/png"}).status_code == 406


# --- a publish while serving ----------------------------------------------------------------------


def test_a_publish_is_taken_up_without_a_failed_request(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = publish_small(home, 1)
    process, address = start_server(home, tmp_path / "server.log")
    seen: list[tuple[str, str]] = []
    failures: list[str] = []
    stop = threading.Event()

    def ask() -> None:
        with httpx.Client(base_url=address, timeout=20) as client:
            tag = ""
            while not stop.is_set():
                try:
                    answer = client.get(f"/doc/person/aigul-example.json?on=2022-01-0{len(seen) % 9 + 1}")
                    label = answer.json()["data"]["labels"]["en"]
                    # one answer is of one release, from its header to its last word
                    if answer.status_code != 200 or answer.json()["release"] != answer.headers["bilim-release"]:
                        failures.append(answer.text[:200])
                    seen.append((answer.headers["bilim-release"], label))
                    again = client.get("/doc/person/aigul-example.nt", headers={"If-None-Match": tag})
                    if again.status_code not in (200, 304):
                        failures.append(again.text[:200])
                    tag = again.headers["etag"]
                except (httpx.HTTPError, KeyError, ValueError) as error:
                    failures.append(repr(error))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    try:
        for thread in threads:
            thread.start()
        releases = {first: "Aigul 1"}
        for number in (2, 3):
            release = publish_small(home, number)
            releases[release] = f"Aigul {number}"
            deadline = time.monotonic() + 30
            while not any(found == release for found, _ in seen[-50:]):
                assert time.monotonic() < deadline, "the release was not taken up"
                time.sleep(0.05)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        stop_server(process)
    assert failures == []
    assert {label for _, label in seen} == {"Aigul 1", "Aigul 2", "Aigul 3"}
    assert all(releases[release] == label for release, label in seen)
