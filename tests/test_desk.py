"""The stewards' desk over HTTP, as a browser without scripts uses it: sign-in, forms, report, decisions, who may."""

from __future__ import annotations

import html
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.front.asgi import Front
from api.session import COOKIE
from kg.imports.tokens import open_tokens
from kg.releases.layout import Home
from tests.desk_world import app_over, csrf, token_of
from tests.imports_world import BAD, THIRD, turtle
from tests.test_pages import Reader


@pytest.fixture(scope="module")
def app(desk_front: Front) -> Iterator[TestClient]:
    with TestClient(desk_front, follow_redirects=True, headers={"Accept": "text/html"}) as made:
        yield made


@pytest.fixture
def desk(app: TestClient, desk_home: Path) -> Iterator[TestClient]:
    """A browser that is signed in."""
    text, _ = token_of(desk_home, "Aigerim")
    answer = app.post("/imports/sign-in?lang=en", data={"token": text})
    assert "Signed in: Aigerim" in answer.text
    yield app
    app.cookies.clear()


def hand_in(client: TestClient, name: str, data: bytes) -> str:
    """The page of the import, judged."""
    answer = client.post(
        "/imports?lang=en", files={"file": (name, data)}, data={"csrf": csrf(client), "reason": "by mail"}
    )
    assert answer.status_code == 200, answer.text[:500]
    path = answer.url.path
    for _ in range(600):
        text = client.get(f"{path}?lang=en").text
        if 'id="progress"' not in text:
            return text
        time.sleep(0.1)
    raise AssertionError("it was never judged")


def number_of(text: str) -> int:
    return int(re.findall(r"<h1>Import (\d+)</h1>", text)[0])


def decide(client: TestClient, text: str, name: str, **fields: str) -> str:
    data = {"csrf": csrf(client), **fields}
    return client.post(f"/imports/{number_of(text)}/{name}?lang=en", data=data).text


def test_nobody_sees_the_desk_without_signing_in(app: TestClient) -> None:
    for path in ("/imports", "/imports/1"):
        text = app.get(f"{path}?lang=en").text
        assert 'type="password"' in text
        assert "csrf" not in text
    wrong = app.post("/imports/sign-in?lang=en", data={"token": "bilim_wrong"})
    assert wrong.status_code == 403
    assert COOKIE not in app.cookies
    for path, data in (("/imports", {}), ("/imports/1/accept", {"csrf": "x"}), ("/imports/sign-out", {})):
        assert app.post(path, data=data).status_code == 403


def test_the_cookie_cannot_be_read_or_sent_from_elsewhere(app: TestClient, desk_home: Path) -> None:
    text, number = token_of(desk_home, "Short")
    answer = app.post("/imports/sign-in", data={"token": text}, follow_redirects=False)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert text.lower() not in cookie
    assert answer.headers["cache-control"] == "no-store"
    assert (
        app.post("/imports/sign-in", data={"token": text}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    )
    # reading by the cookie, for downloads and progress; writing needs the form or the token itself
    assert app.get("/api/v1/imports").status_code == 200
    assert app.post("/api/v1/imports?file=x.ttl", content=b"x").status_code == 401
    assert app.post("/imports/1/accept", data={"csrf": "guessed"}).status_code == 403
    with open_tokens(Home(desk_home)) as tokens:
        tokens.revoke(number, "test")
    assert 'type="password"' in app.get("/imports").text
    app.cookies.clear()


def test_signing_out_ends_the_session(desk: TestClient) -> None:
    kept = dict(desk.cookies)
    assert 'type="password"' in desk.post("/imports/sign-out", data={"csrf": csrf(desk)}).text
    desk.cookies.update(kept)
    assert 'type="password"' in desk.get("/imports").text


def test_from_a_file_to_a_release_and_back(desk: TestClient) -> None:
    text = hand_in(desk, "third.ttl", turtle(THIRD))
    assert "waits for a decision" in text
    assert re.search(r"<strong>new</strong> .*<code>person/third</code>", text)
    assert Reader(text).faults == []
    assert desk.get("/doc/person/third").status_code == 404
    text = decide(desk, text, "accept", reason="agreed")
    assert 'data-state="published"' in text
    assert desk.get("/doc/person/third").status_code == 200
    refused = decide(desk, text, "retract", reason="")
    assert 'role="alert"' in refused
    text = decide(desk, text, "retract", reason="a mistake")
    assert 'data-state="retracted"' in text
    assert "a mistake" in text
    assert desk.get("/doc/person/third").status_code == 404
    assert "third.ttl" in desk.get("/imports?state=retracted&lang=en").text
    assert "third.ttl" not in desk.get("/imports?state=rejected&lang=en").text


def test_a_report_is_filtered_waived_and_downloaded(desk: TestClient) -> None:
    text = hand_in(desk, "bad.ttl", turtle(BAD))
    number = number_of(text)
    assert "violation: 1" in text
    rule = html.unescape(re.findall(r'name="shape" value="([^"]+)"', text)[0])
    assert "Findings: 1;" in desk.get(f"/imports/{number}", params={"code": rule, "lang": "en"}).text
    assert "Findings: 0;" in desk.get(f"/imports/{number}", params={"code": "x", "lang": "en"}).text
    assert "no-such" not in text
    assert desk.get(f"/api/v1/imports/{number}/report.csv").text.startswith("severity")
    assert 'role="alert"' in decide(desk, text, "accept", reason="please")
    focus = re.findall(r'name="focus" value="([^"]+)"', text)[0]
    path = re.findall(r'name="path" value="([^"]*)"', text)[0]
    told = decide(desk, text, "waive", focus=focus, shape=rule, path=path, reason="the source gives none")
    assert "violation: 1" not in told
    assert 'data-state="rejected"' in decide(desk, told, "reject", reason="not now")


@pytest.fixture
def with_data(release_home: Path, tmp_path: Path) -> Iterator[TestClient]:
    """A desk over all of data/, whose tables are known."""
    shutil.copytree(release_home, tmp_path / "home")
    text, _ = token_of(tmp_path / "home", "Aigerim")
    with TestClient(app_over(tmp_path / "home"), headers={"Accept": "text/html"}) as made:
        made.post("/imports/sign-in", data={"token": text})
        yield made


TABLE = """id,name_en,name_ru,name_kk,alt_en,alt_ru,alt_kk,wikidata,source,locator,property,mode,confidence,rank,note
seeded-a,Zheken A Qobyzkhan,Жекен А Кобызхан,Жекен А Қобызхан,,,,,ror-00kc94n51,,,,0.8,,
seeded-b,Zheken B Qobyzkhan,Жекен Б Кобызхан,Жекен Б Қобызхан,,,,,ror-00kc94n51,,,,often,,
"""


def test_cells_stand_in_their_row_with_the_wrong_one_marked(with_data: TestClient) -> None:
    text = hand_in(with_data, "persons.csv", TABLE.encode())
    assert "<mark>often</mark>" in text
    assert "<td>seeded-b</td>" in text
    assert "<td>seeded-a</td>" not in text
    bad = with_data.get(f"/api/v1/imports/{number_of(text)}/rows/bad").text
    assert "seeded-b" in bad
    assert "seeded-a" not in bad
    left = decide(with_data, text, "exclude", reason="asked the source")
    assert "Findings: 0;" in with_data.get(f"/imports/{number_of(left)}?severity=Violation&lang=en").text


def test_a_desk_speaks_three_languages(desk: TestClient) -> None:
    assert "Дерек сақтаушылар кабинеті" in desk.get("/imports?lang=kk").text
    assert "Кабинет хранителей данных" in desk.get("/imports?lang=ru").text
