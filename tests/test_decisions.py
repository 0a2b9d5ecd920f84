"""Decisions of stewards: each changes the graph, is published, told in the ledger and as PROV, and can be undone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import DefaultGraph, NamedNode, Quad
from starlette.testclient import TestClient

from api.app import create_app
from kg.findings import BilimError
from kg.imports import flow
from kg.imports.accept import accept
from kg.imports.asking import decide, statement
from kg.imports.build import Options, build
from kg.imports.desk import Desk
from kg.imports.judge import judge
from kg.imports.ledger import open_ledger
from kg.imports.recovery import recover
from kg.imports.rules import Rules, load_rules
from kg.imports.tokens import open_tokens
from kg.log import configure
from kg.releases.publish import Reason
from kg.releases.reader import Release, current, open_release
from kg.releases.verify import verify
from kg.resources import Resources
from kg.settings import Settings
from kg.terms import BKG, GRAPH_LEDGER, SKOS, entity_iri
from tests.graphs import HEADER
from tests.imports_world import BECAUSE, STEWARD, THIRD, copied, desk_of, make_disputed_world, turtle

NAME = '<{0}> <http://www.w3.org/2004/02/skos/core#altLabel> "{1}"@en .'
DISCREPANCY = "discrepancy/a-start"
WHY = Reason("aigerim", "the steward knows")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_disputed_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def rules(world: Path) -> Rules:
    return load_rules(Resources(world / "resources"))


@pytest.fixture
def desk(world: Path, rules: Rules, tmp_path: Path) -> Desk:
    return desk_of(world, copied(world, tmp_path), rules)


def things_of(release: Release, kind: str) -> list[str]:
    return release.projection.slugs(kind, "en")


def ask(release: Release, pattern: str) -> list[tuple[str, ...]]:
    rows: Any = release.store.query(
        f"PREFIX bkg: <{BKG}> PREFIX skos: <{SKOS}> PREFIX prov: <http://www.w3.org/ns/prov#> "
        f"PREFIX dct: <http://purl.org/dc/terms/> SELECT * WHERE {{ {pattern} }}"
    )
    return sorted(tuple(row[v].value for v in rows.variables) for row in rows)


def content(release: Release) -> str:
    return release.manifest.content_hash


def start_of(release: Release, slug: str) -> str:
    document = release.projection.document("tenure", slug)
    assert document is not None
    return str(document["start"]["edtf"])


def test_a_discrepancy_is_settled_by_ranks(desk: Desk) -> None:
    before = current(desk.home)
    ranks = {"evidence/a-start": "deprecated", "evidence/a-start-rival": "preferred"}
    done = decide(desk, "settle", {"discrepancy": "discrepancy/a-start", "ranks": ranks}, WHY)
    after = current(desk.home)
    assert (start_of(before, "a"), start_of(after, "a")) == ("[2019-06-13,2019-07-01]", "2019-07-01")
    status = after.projection.document("discrepancy", "a-start")
    assert status is not None
    assert status["discrepancyStatus"]["slug"] == "settled"
    assert verify(after) == []
    decide(desk, "undo", {"number": done.decision.number}, WHY)
    assert content(current(desk.home)) == content(before)


def test_one_statement_is_corrected_and_put_back(desk: Desk) -> None:
    before, person = current(desk.home), entity_iri("person", "first")
    given = {"old": NAME.format(person, "F. Person"), "new": NAME.format(person, "First P.")}
    done = decide(desk, "correct", given, WHY)
    after = current(desk.home)
    assert ask(after, f"<{person}> skos:altLabel ?name") == [("First P.",)]
    assert after.projection.named("firstp") or ask(after, "?s skos:altLabel 'First P.'@en")
    assert verify(after) == []
    decide(desk, "undo", {"number": done.decision.number}, WHY)
    assert content(current(desk.home)) == content(before)


def test_a_correction_may_be_corrected(desk: Desk) -> None:
    person = entity_iri("person", "first")
    names = [NAME.format(person, text) for text in ("F. Person", "Second try", "Third try")]
    numbers = [decide(desk, "correct", {"old": o, "new": n}, WHY).decision.number for o, n in pairwise(names)]
    assert ask(current(desk.home), f"<{person}> skos:altLabel ?name") == [("Third try",)]
    with pytest.raises(BilimError) as told:
        decide(desk, "undo", {"number": numbers[0]}, WHY)
    assert told.value.findings[0].code == "decision-built-upon"
    for number in reversed(numbers):
        decide(desk, "undo", {"number": number}, WHY)
    assert ask(current(desk.home), f"<{person}> skos:altLabel ?name") == [("F. Person",)]


def test_two_things_become_one_and_two_again(desk: Desk) -> None:
    before = current(desk.home)
    decide(desk, "merge", {"thing": "person/third", "into": "person/second"}, WHY)
    after = current(desk.home)
    assert things_of(after, "person") == ["first", "second"]
    tenure = after.projection.document("tenure", "c")
    assert tenure is not None
    assert tenure["member"]["slug"] == "second"
    second = after.projection.document("person", "second")
    assert second is not None
    assert "Third Person" in second["altLabels"]["en"], "the other name is not lost"
    assert verify(after) == []
    with open_ledger(desk.home) as ledger:
        assert [i.state for i in ledger.imports.all()] == ["published"], "the import that it came with stays published"
    decide(desk, "unmerge", {"thing": "person/third"}, WHY)
    assert content(current(desk.home)) == content(before)
    with open_ledger(desk.home) as ledger:
        assert [i.state for i in ledger.imports.all()] == ["published"]


def test_decisions_survive_a_build(desk: Desk, world: Path) -> None:
    first = entity_iri("person", "first")
    decide(desk, "correct", {"old": NAME.format(first, "F. Person"), "new": NAME.format(first, "First P.")}, WHY)
    decide(desk, "merge", {"thing": "person/third", "into": "person/second"}, WHY)
    decided = content(current(desk.home))
    again = build(desk.settings, Resources(world / "resources"), Options())
    assert again.outcome in ("published", "unchanged"), [f.text() for f in again.findings]
    assert content(current(desk.home)) == decided
    only = build(desk.settings, Resources(world / "resources"), Options(only_data=True))
    assert only.outcome == "published"
    assert ask(current(desk.home), f"<{first}> skos:altLabel ?name") == [("F. Person",)]


def handed_in(desk: Desk, text: str) -> tuple[int, dict[str, Any]]:
    """An import, and its report."""
    number = flow.receive(desk, turtle(text), "later.ttl", None, STEWARD).import_.number
    flow.process(desk, number)
    with open_ledger(desk.home) as ledger:
        return number, ledger.imports.kept(number, "report")


def test_an_import_that_names_a_merged_thing_follows_it(desk: Desk) -> None:
    decide(desk, "merge", {"thing": "person/third", "into": "person/second"}, WHY)
    merged = current(desk.home)
    number, report = handed_in(desk, THIRD + 'person:third skos:altLabel "Tertius"@en .')
    told = [
        (f["code"], f["severity"], f["entity"]["id"]) for f in report["findings"] if f["code"].startswith("import-")
    ]
    assert told == [("import-follows", "Info", entity_iri("person", "third"))]
    assert accept(desk, number, BECAUSE).outcome == "published"
    after = current(desk.home)
    assert things_of(after, "person") == ["first", "second"], "it does not come back"
    tenure, second = (after.projection.document(*thing) for thing in (("tenure", "c"), ("person", "second")))
    assert tenure is not None
    assert second is not None
    assert tenure["member"]["slug"] == "second"
    assert {"Third Person", "Tertius"} <= set(second["altLabels"]["en"])
    assert second["labels"] == (merged.projection.document("person", "second") or {})["labels"]
    assert verify(after) == []
    again = build(desk.settings, desk.resources, Options())
    assert content(current(desk.home)) == content(after), [f.text() for f in again.findings]


def test_an_import_does_not_bring_back_what_was_corrected(desk: Desk) -> None:
    second = entity_iri("person", "second")
    old = f'<{second}> <{SKOS}altLabel> "S. Person"@en .'
    number, _ = handed_in(desk, 'person:second skos:altLabel "S. Person"@en , "Secunda"@en .')
    assert accept(desk, number, BECAUSE).outcome == "published"
    decide(desk, "correct", {"old": old}, WHY)
    number, report = handed_in(desk, 'person:second skos:altLabel "S. Person"@en , "Secunda"@en , "Other"@en .')
    (left,) = (f for f in report["findings"] if f["code"] == "import-overruled")
    assert (left["severity"], left["path"], left["line"]) == ("Info", "skos:altLabel", HEADER.count("\n") + 1)
    assert accept(desk, number, BECAUSE).outcome == "published"
    names = {name for (name,) in ask(current(desk.home), f"<{second}> skos:altLabel ?name")}
    assert {"Secunda", "Other"} <= names
    assert "S. Person" not in names


def test_a_merge_that_was_undone_is_not_followed(desk: Desk) -> None:
    decide(desk, "merge", {"thing": "person/third", "into": "person/second"}, WHY)
    decide(desk, "unmerge", {"thing": "person/third"}, WHY)
    number, report = handed_in(desk, 'person:third skos:altLabel "Tertius"@en .')
    assert [f for f in report["findings"] if f["code"] == "import-follows"] == []
    assert accept(desk, number, BECAUSE).outcome == "published"
    assert ask(current(desk.home), f"<{entity_iri('person', 'third')}> skos:altLabel ?name") == [("Tertius",)]


def test_a_decision_that_would_break_something_is_refused(desk: Desk) -> None:
    before = current(desk.home).id
    with pytest.raises(BilimError) as told:  # its post would have no body, and tenures would lead nowhere
        decide(desk, "withdraw", {"thing": "post/old"}, WHY)
    assert told.value.findings[0].code == "decision-breaks"
    assert len(told.value.findings) > 1
    assert current(desk.home).id == before
    with open_ledger(desk.home) as ledger:
        assert ledger.decisions.all() == []


@pytest.mark.parametrize(
    ("action", "given", "code"),
    [
        ("comment", {"thing": "person/nobody"}, "decision-no-thing"),
        ("comment", {"thing": "https://example.org/x"}, "decision-no-thing"),
        ("comment", {"thing": "person/first> ?p ?o . <x"}, "decision-no-thing"),
        ("merge", {"thing": "person/first", "into": "person/first"}, "decision-not-alike"),
        ("merge", {"thing": "person/first", "into": "post/old"}, "decision-not-alike"),
        ("unmerge", {"thing": "person/first"}, "decision-not-merged"),
        ("undo", {"number": 99}, "decision-not-undoable"),
        ("correct", {"old": "nonsense"}, "decision-bad-statement"),
        ("correct", {"old": NAME.format(entity_iri("person", "first"), "Nobody")}, "decision-no-statement"),
        ("settle", {"discrepancy": DISCREPANCY, "ranks": {"evidence/b-start": "normal"}}, "decision-not-between"),
        ("settle", {"discrepancy": DISCREPANCY, "ranks": {"evidence/a-start": "best"}}, "decision-bad-rank"),
    ],
)  # fmt: skip
def test_what_cannot_be_decided_is_told(action: str, given: dict[str, Any], code: str, desk: Desk) -> None:
    with pytest.raises(BilimError) as told:
        decide(desk, action, given, WHY)
    assert told.value.findings[0].code == code


def test_a_decision_needs_a_reason(desk: Desk) -> None:
    with pytest.raises(BilimError) as told:
        decide(desk, "comment", {"thing": "person/first"}, Reason("aigerim", "  "))
    assert told.value.findings[0].code == "reason-needed"


def test_each_decision_is_told_as_provenance(desk: Desk) -> None:
    done = decide(desk, "comment", {"thing": "person/first"}, WHY)
    after = current(desk.home)
    told = ask(
        after,
        f"GRAPH <{GRAPH_LEDGER}> {{ <{GRAPH_LEDGER}/decisions/{done.decision.number}> a prov:Activity ;"
        " dct:type ?atype ; prov:used ?thing ; <http://www.w3.org/2000/01/rdf-schema#comment> ?why }",
    )
    assert {frozenset(row) for row in told} == {frozenset(("comment", entity_iri("person", "first"), WHY.why))}
    thing = NamedNode(entity_iri("person", "first"))
    assert next(after.embedded.raw.quads_for_pattern(thing, None, None, DefaultGraph()), None) is not None
    parent = open_release(desk.home, str(after.manifest.parent))
    assert content(after) == content(parent), "a comment changes no statement"
    assert after.manifest.action == "comment"


def test_a_decision_that_was_cut_short_was_never_made(desk: Desk) -> None:
    class CutError(Exception):
        pass

    def cut(step: str) -> None:
        if step == "placed":
            raise CutError

    before = content(current(desk.home))
    with pytest.raises(CutError):
        decide(desk, "comment", {"thing": "person/first"}, WHY, cut)
    with desk.home.lock("test"), open_ledger(desk.home) as ledger:
        recover(desk.home, ledger)
        assert ledger.decisions.all() == []
    assert content(current(desk.home)) == before


def test_a_statement_is_one_line_of_n_triples() -> None:
    found = statement('<http://a> <http://b> "c"@kk .')
    assert found == Quad(NamedNode("http://a"), NamedNode("http://b"), found.object)
    for text in ("", "<http://a> <http://b> .", '<http://a> <http://b> "c" .\n<http://a> <http://b> "d" .'):
        with pytest.raises(BilimError):
            statement(text)


@pytest.fixture
def client(desk: Desk, world: Path) -> Iterator[tuple[TestClient, dict[str, str]]]:
    settings = Settings(home=desk.home.path, resources=world / "resources", log_level="error", sparql_workers=1)
    configure(settings)
    with open_tokens(desk.home) as tokens:
        token = tokens.create("steward", "Aigerim", None, "test")[0]
    with TestClient(create_app(settings), follow_redirects=False, raise_server_exceptions=False) as made:
        yield made, {"Authorization": f"Bearer {token}"}


def test_decisions_over_http(client: tuple[TestClient, dict[str, str]]) -> None:
    http, token = client
    path = "/api/v1/decisions"
    body = {"thing": "person/third", "into": "person/second", "why": "one person"}
    assert http.post(f"{path}/merge", json=body).status_code == 401
    made = http.post(f"{path}/merge", json=body, headers=token)
    assert made.status_code == 201, made.text
    told = http.get(made.headers["location"]).json()["data"]
    assert (told["action"], told["state"], told["who"]) == ("merge", "made", "Aigerim (token 1)")
    assert "person/third" in told["removed"]
    moved = http.get("/id/person/third")
    assert (moved.status_code, moved.headers["location"]) == (301, "/id/person/second")
    assert http.get("/doc/person/third.json").headers["location"] == "/doc/person/second.json"
    kept = http.get(f"/releases/{made.json()['release']}", headers={"Accept": "application/json"})
    before = kept.json()["data"]["parent"]
    assert http.get(f"/releases/{before}/doc/person/third.json").status_code == 200, "then it was a thing of its own"
    undone = http.post(f"{path}/{told['number']}/undo", json={"why": "two after all"}, headers=token)
    assert undone.status_code == 201, undone.text
    assert http.get("/doc/person/third.json").status_code == 200
    third = {"thing": "tenure/c", "why": "never held"}
    assert http.post(f"{path}/withdraw", json=third, headers=token).status_code == 201
    gone = http.get("/doc/tenure/c")
    assert (gone.status_code, "never held" in gone.text) == (410, True)
    assert http.get("/doc/evidence/c-start.json").status_code == 404, "what was only about it has gone with it"
    assert [d["state"] for d in http.get(path).json()["data"]] == ["undone", "made", "made"]
    assert http.post(f"{path}/comment", json={"thing": "person/first"}, headers=token).status_code == 422
    assert http.post(f"{path}/comment", json={"thing": "person/no", "why": "x"}, headers=token).status_code == 404
    typed = {**token, "Content-Type": "application/json"}
    for deep in ('{"a":' * 100_000 + "1" + "}" * 100_000, "[" * 1_000_000):
        assert http.post(f"{path}/comment", content=deep, headers=typed).status_code in (400, 422)
    assert http.post(f"{path}/comment", content=" " * 5_000_000, headers=typed).status_code == 413


def test_a_file_is_checked_as_it_would_be_imported(desk: Desk, tmp_path: Path) -> None:
    decide(desk, "merge", {"thing": "person/third", "into": "person/second"}, WHY)
    file = tmp_path / "later.ttl"
    file.write_bytes(turtle("tenure:c org:member person:third ."))
    with open_ledger(desk.home) as ledger:
        judged = judge(file, desk.resources, current(desk.home), made=ledger.decisions.made())
    assert [(f.code, f.severity) for f in judged.all if f.standing != "already there"] == [("import-follows", "Info")]
    unread = judge(file, desk.resources, current(desk.home))
    assert {f.code for f in unread.all} & {"read-unknown-id", "read-unknown-id-near"}, "only the ledger tells of it"


def test_a_file_that_leans_on_a_withdrawn_thing_is_told(desk: Desk) -> None:
    decide(desk, "withdraw", {"thing": "tenure/c"}, WHY)
    decide(desk, "withdraw", {"thing": "person/third"}, WHY)
    text = THIRD[THIRD.index("tenure:c") :].replace("tenure:c", "tenure:d").replace("c-start", "d-start")
    _, report = handed_in(desk, text)
    assert [(f["code"][:15], f["cell"]) for f in report["findings"]] == [("read-unknown-id", "third")]
