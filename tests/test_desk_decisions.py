"""Decisions at the stewards' desk, as a browser without scripts makes them: look, confirm, see, undo; and who may."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import html
from starlette.testclient import TestClient

from api.front.asgi import Front
from tests.desk_world import csrf, token_of
from tests.imports_world import make_disputed_world
from tests.pages import words

PAGES = ("/desk/person/first", "/desk/person/first/merge", "/desk/discrepancy/a-start/settle", "/desk/mistakes")


@pytest.fixture(scope="module")
def desk_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_disputed_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def app(desk_front: Front) -> Iterator[TestClient]:
    with TestClient(desk_front, headers={"Accept": "text/html"}) as made:
        yield made


@pytest.fixture
def desk(app: TestClient, desk_home: Path) -> Iterator[TestClient]:
    """A browser that is signed in."""
    text, _ = token_of(desk_home, "Aigerim")
    assert app.post("/imports/sign-in?lang=en", data={"token": text}).status_code == 200
    yield app
    app.cookies.clear()


class Form:
    """The form of a decision in a browser: fields are filled in, buttons are pressed."""

    def __init__(self, client: TestClient, path: str) -> None:
        self.client, self.path = client, path
        self.answer = client.get(f"{path}{'&' if '?' in path else '?'}lang=en&clang=en")
        self.tree = html.document_fromstring(self.answer.text)

    def look(self, **fields: str) -> Form:
        """Press the button that shows what would change."""
        (form,) = self.tree.xpath("//form[contains(@class, 'deciding')]")
        return self._send(form, "look", fields)

    def make(self) -> Form:
        """Press the button that confirms."""
        (form,) = self.tree.xpath("//form[contains(@class, 'confirm')]")
        return self._send(form, "make", {})

    def _send(self, form: html.HtmlElement, step: str, fields: dict[str, str]) -> Form:
        data = {name: value or "" for name, value in form.fields.items()}
        self.answer = self.client.post(form.get("action"), data={**data, **fields, "step": step})
        self.tree = html.document_fromstring(self.answer.text)
        return self

    def wrong(self, name: str) -> str:
        """What is told at a field, which must be marked as wrong and described by it."""
        (field,) = self.tree.xpath(f"//*[@name='{name}'][@aria-invalid='true']")
        assert f"wrong-{name}" in field.get("aria-describedby").split()
        return words(self.tree, f"//*[@id='wrong-{name}']")

    @property
    def text(self) -> str:
        return words(self.tree)

    @property
    def number(self) -> str:
        """Of the decision that it led to."""
        assert self.answer.url.path.startswith("/decisions/"), self.text[:600]
        return self.answer.url.path.rpartition("/")[2]


def undo(client: TestClient, number: str, why: str = "it was wrong") -> Form:
    form = Form(client, f"/decisions/{number}/undo").look(why=why)
    assert "What would change" in form.text
    return form.make()


def start_of(client: TestClient) -> str:
    return str(client.get("/doc/tenure/a.json").json()["data"]["start"]["edtf"])


def test_only_stewards_decide_and_signing_in_leads_back(app: TestClient, desk_home: Path) -> None:
    for path in PAGES:
        text = app.get(f"{path}?lang=en").text
        assert 'type="password"' in text
        assert "csrf" not in text
        assert app.post(path, data={"csrf": "x", "why": "y", "step": "make"}).status_code in (403, 405)
    assert app.post("/decisions/1/undo", data={"csrf": "x"}).status_code == 403
    then = re.findall(r'name="then" value="([^"]+)"', app.get("/desk/person/first/merge?lang=en").text)[0]
    text, _ = token_of(desk_home, "Back")
    assert app.post("/imports/sign-in", data={"token": text, "then": then}).url.path == "/desk/person/first/merge"
    for away in (
        "https://evil.example/desk/x",
        "//evil.example/desk",
        "/doc/person/first",
        "/desk/x\r\nSet-Cookie: a=b",
    ):
        answer = app.post("/imports/sign-in", data={"token": text, "then": away}, follow_redirects=False)
        assert answer.headers["location"].startswith("/imports?")
    app.cookies.clear()


def test_the_page_of_a_thing_is_the_same_for_stewards(desk: TestClient) -> None:
    signed = desk.get("/doc/person/first?lang=en")
    desk.cookies.clear()
    plain = desk.get("/doc/person/first?lang=en")
    assert signed.text == plain.text
    assert signed.headers["etag"] == plain.headers["etag"]
    tree = html.document_fromstring(plain.text)
    assert "/desk/person/first" in [a.get("href").partition("?")[0] for a in tree.xpath("//main//a")]
    assert "csrf" not in plain.text


def test_a_discrepancy_is_settled_looked_at_first_and_undone(desk: TestClient) -> None:
    before = start_of(desk)
    form = Form(desk, "/desk/discrepancy/a-start/settle")
    assert len(form.tree.xpath("//fieldset")) == 2
    assert "2019-07-01" in form.text or "1 July 2019" in form.text
    assert "reason" in form.look(**{"rank-a-start": "deprecated"}).wrong("why")
    form.look(**{"rank-a-start": "deprecated", "why": "The decree says July."})
    assert form.answer.status_code == 200
    assert start_of(desk) == before, "looking changes nothing"
    assert re.search(r"changed .*tenure/a", form.text), "what follows for the tenure is told"
    number = form.make().number
    assert "The decree says July." in form.text
    assert start_of(desk) == "2019-07-01"
    page = desk.get("/doc/discrepancy/a-start?lang=en").text
    assert "The decree says July." in page
    assert "Aigerim" in words(html.document_fromstring(desk.get("/decisions?lang=en").text))
    undo(desk, number)
    assert start_of(desk) == before
    assert "undone" in Form(desk, f"/decisions/{number}").text
    assert 'role="alert"' in desk.post(
        f"/decisions/{number}/undo?lang=en", data={"csrf": csrf(desk), "why": "again", "step": "look"}
    ).text  # fmt: skip


def test_a_statement_is_corrected_by_a_value_that_is_checked(desk: TestClient) -> None:
    desk_page = Form(desk, "/desk/person/first")
    row = next(r for r in desk_page.tree.xpath("//tr") if "F. Person" in r.text_content())
    (link,) = row.xpath(".//a[contains(@href, '/correct?')]")
    address = link.get("href").partition("&lang")[0]
    form = Form(desk, address)
    assert "already" in form.look(why="x").wrong("value")
    assert "No value" in form.look(why="x", value=" ").wrong("value")
    form.look(why="Her own spelling.", value="First P.")
    assert "F. Person" in words(form.tree, "//dl[contains(@class, 'removed')]")
    assert "First P." in words(form.tree, "//dl[contains(@class, 'added')]")
    number = form.make().number
    assert desk.get("/doc/person/first.json").json()["data"]["altLabels"]["en"] == ["First P."]
    gone = Form(desk, address)
    assert gone.answer.url.path == "/desk/person/first", "what is no more is chosen anew"
    undo(desk, number)
    assert desk.get("/doc/person/first.json").json()["data"]["altLabels"]["en"] == ["F. Person"]


def evidence_form(desk: TestClient, part: str) -> Form:
    tree = html.document_fromstring(desk.get("/desk/evidence/b-start?lang=en").text)
    (link,) = tree.xpath(f"//a[contains(@aria-label, '{part}')]")
    return Form(desk, link.get("href").partition("&lang")[0])


def test_a_typed_value_is_told_wrong_at_its_field(desk: TestClient) -> None:
    form = evidence_form(desk, "2021-02-01")
    assert "2021-02-30" in form.look(why="x", value="2021-02-30").wrong("value")
    form.look(why="The paper says March.", value="2021-03-01")
    assert "tenure/b" in form.text, "the date that is computed of it changes too"
    number = form.make().number
    assert desk.get("/doc/tenure/b.json").json()["data"]["start"]["edtf"] == "2021-03-01"
    undo(desk, number)
    wrong = evidence_form(desk, "A paper").look(why="x", value="person/nobody")
    assert "person/nobody" in wrong.wrong("value")


def test_two_are_made_one_side_by_side_and_two_again(desk: TestClient) -> None:
    form = Form(desk, "/desk/person/third/merge")
    assert form.look(into="nobody at all qqq", why="x").wrong("into")
    assert "cannot be merged" in form.look(into="person/third", why="x").wrong("into")
    form.look(into="Second Person", why="One person.")
    heads = [th.text_content() for th in form.tree.xpath("//table[contains(@class, 'compared')]//thead//th")]
    assert heads[1:] == ["Third Person", "Second Person"]
    assert re.search(r"gone .*person/third", form.text)
    number = form.make().number
    moved = desk.get("/id/person/third", follow_redirects=False)
    assert (moved.status_code, moved.headers["location"]) == (301, "/id/person/second")
    assert desk.get("/desk/person/third").url.path == "/desk/person/second"
    assert f"/decisions/{number}/undo" in desk.get("/desk/person/second?lang=en").text
    undo(desk, number, "two after all")
    assert desk.get("/doc/person/third.json").status_code == 200


def test_a_thing_is_withdrawn_and_one_that_others_need_is_not(desk: TestClient) -> None:
    form = Form(desk, "/desk/post/old/withdraw").look(why="gone")
    assert form.tree.xpath("//*[@role='alert']//li")
    assert not form.tree.xpath("//form[contains(@class, 'confirm')]")
    form = Form(desk, "/desk/tenure/c/withdraw").look(why="She never held it.")
    assert "evidence/c-start" in form.text, "what is only about it goes with it"
    number = form.make().number
    assert re.search(r"What it changed .*gone .*tenure/c", form.text)
    gone = desk.get("/doc/tenure/c?lang=en")
    assert (gone.status_code, "She never held it." in gone.text) == (410, True)
    assert desk.get("/desk/tenure/c").status_code == 410
    undo(desk, number)
    assert desk.get("/doc/tenure/c").status_code == 200


def test_a_comment_is_kept_and_read_by_all(desk: TestClient) -> None:
    data = {"csrf": csrf(desk), "why": "Asked the ministry.", "step": "make"}
    answer = desk.post("/desk/person/first/comment?lang=en", data=data)
    assert answer.url.path.startswith("/decisions/")
    desk.cookies.clear()
    told = desk.get("/decisions?lang=en").text
    assert "Asked the ministry." in told
    assert "csrf" not in told
    assert "/undo" not in told


def test_a_confirmation_upon_another_release_is_looked_at_again(desk: TestClient) -> None:
    form = Form(desk, "/desk/tenure/c/withdraw").look(why="never held")
    desk.post("/desk/person/first/comment", data={"csrf": csrf(desk), "why": "meanwhile", "step": "make"})
    form.make()
    assert form.answer.status_code == 409
    assert "since you looked" in words(form.tree, "//*[@role='alert']")
    assert desk.get("/doc/tenure/c").status_code == 200
    undo(desk, form.make().number)


def test_reports_of_visitors_are_closed_at_the_desk(desk: TestClient) -> None:
    told = {"text": "She was born as another.", "contact": "reader@example.org"}
    assert desk.post("/mistake/person/first", data=told).status_code == 200
    assert "She was born as another." in Form(desk, "/desk/person/first").text
    reports = Form(desk, "/desk/mistakes")
    assert "reader@example.org" in reports.text
    (form,) = reports.tree.xpath("//article//form")
    assert 'role="alert"' in desk.post(form.get("action"), data={"csrf": csrf(desk), "answer": ""}).text
    text = desk.post(form.get("action"), data={"csrf": csrf(desk), "answer": "No source says so."}).text
    assert "No source says so." in text
    assert "reader@example.org" not in text


def test_what_is_not_there_is_not_decided(desk: TestClient) -> None:
    for path in ("/desk/person/nobody", "/desk/nokind/x", "/desk/person/first/settle", "/desk/person/first/rename",
                 "/decisions/999", "/decisions?page=99"):  # fmt: skip
        assert desk.get(path).status_code == 404, path
    assert desk.get("/desk/person/first/correct?statement=zzz").url.path == "/desk/person/first"


@pytest.mark.parametrize(("lang", "title"), [("kk", "Айырмашылықты шешу"), ("ru", "Разрешить расхождение")])
def test_deciding_speaks_our_languages(desk: TestClient, lang: str, title: str) -> None:
    assert title in desk.get(f"/desk/discrepancy/a-start/settle?lang={lang}").text
