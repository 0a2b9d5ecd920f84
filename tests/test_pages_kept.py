"""What was written before a publish is given out after it only where nothing that it was made of has changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.pages import thing
from api.pages.kept import Kept, Written
from kg.settings import Settings
from tests.pages import page, words
from tests.released import publish_small

HTML = {"Accept": "text/html"}
MORE = """
event:small a bkg:Event ; skos:prefLabel "A small event"@en .
part:small a bkg:Participation ; bkg:participant person:aigul-example ; bkg:event event:small .
evidence:small-00000003 a bkg:Evidence ; bkg:supports event:small ; bkg:inDocument doc:example-paper ;
    bkg:onProperty bkg:when ; bkg:statesEdtf "{day}"^^edtf:EDTF ; bkg:assertionMode am:asserted ; bkg:confidence 0.9 .
"""


def swap(client: TestClient) -> str:
    """Let the app take up what was published."""
    services = client.app.state.services  # type: ignore[attr-defined]
    assert client.portal is not None
    client.portal.call(services.refresh)
    release: str = services.current_id()
    return release


def test_a_page_follows_every_publish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    write = thing.thing_page

    def counted(document: dict[str, object], *more: object) -> dict[str, object]:
        made.append(str(document["slug"]))
        return write(document, *more)  # type: ignore[arg-type]

    monkeypatch.setattr("api.routers.things.thing_page", counted)
    first = publish_small(tmp_path, 1, MORE.replace("{day}", "2022-01-01"))
    app = create_app(Settings(home=tmp_path, log_level="error", sparql_workers=1, sparql_nice=0))
    person, post = "/doc/person/aigul-example?clang=en", "/doc/post/kz-example?clang=en"
    with TestClient(app) as client:
        assert "1 January 2022" in words(page(client, person))
        json = client.get("/doc/person/aigul-example.json?clang=en").json()
        assert json["release"] == first
        page(client, post)
        assert made == ["aigul-example", "kz-example"]

        # the event is on another day: the person's own document is the same, its page is not
        second = publish_small(tmp_path, 1, MORE.replace("{day}", "2023-01-01"))
        assert swap(client) == second != first
        tree = page(client, person)
        assert "1 January 2023" in words(tree)
        assert made[2:] == ["aigul-example"]
        assert second in words(tree, "//pre")
        assert first not in words(tree, "//pre | //footer")
        after = client.get("/doc/person/aigul-example.json?clang=en").json()
        assert after == {**json, "release": second}
        assert second in words(page(client, post), "//pre")
        assert made[3:] == []  # written once for both releases

        # another name: everything that bears it is written anew
        third = publish_small(tmp_path, 2, MORE.replace("{day}", "2023-01-01"))
        assert swap(client) == third
        assert words(page(client, person), "//h1") == "Aigul 2"
        assert "Aigul 2" in words(page(client, post))
        assert client.get("/doc/person/aigul-example.json").json()["release"] == third


def test_what_is_kept_is_bounded() -> None:
    kept = Kept(1000)
    for number in range(100):
        kept.put(number, Written("a" * 50, "b" * 50, None))
    assert kept.get(0) is None
    assert kept.get(99) is not None
    assert sum(kept.get(n) is not None for n in range(100)) == 10
    kept.put(99, Written("a" * 2000, "", None))
    assert kept.get(99) is None


def test_things_are_answered_the_same_with_and_without_the_front(tmp_path: Path) -> None:
    publish_small(tmp_path, 1)
    app = create_app(Settings(home=tmp_path, log_level="error", sparql_workers=1, sparql_nice=0))
    with TestClient(app, follow_redirects=False, raise_server_exceptions=False) as client:
        for path in ("/doc/person/aigul-example", "/doc/person/aigul-example.ttl", "/doc/person/none", "/doc/x/y"):
            through = client.get(path, headers=HTML)
            app.within, held = {}, app.within
            app.cache.clear()
            routed = client.get(path, headers=HTML)
            app.within = held
            assert (through.status_code, through.content) == (routed.status_code, routed.content)
            assert through.headers.get("etag") == routed.headers.get("etag")
