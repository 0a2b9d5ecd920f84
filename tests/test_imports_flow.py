"""Imports from a file to a release and back: what is accepted, refused, sent back, replaced, retracted."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kg.findings import BilimError
from kg.imports import accept, flow
from kg.imports.build import Options, build
from kg.imports.desk import Desk
from kg.imports.ledger import open_ledger
from kg.imports.recovery import recover_if_free
from kg.imports.rollback import rollback
from kg.imports.rules import Rules, load_rules
from kg.imports.schema import SCHEMA
from kg.releases.layout import Home
from kg.releases.publish import Reason
from kg.releases.reader import current, open_release
from kg.releases.verify import verify
from kg.resources import Resources
from kg.terms import GRAPH_IMPORT, GRAPH_LEDGER, ID
from tests.graphs import MINISTERS, write_data
from tests.imports_world import BECAUSE, STEWARD, THIRD, copied, desk_of, make_world, state, turtle

FIRST = THIRD.replace("Third Person", "First Person")  # a namesake of one who is there
NO_CONFIDENCE = THIRD.replace(" ; bkg:confidence 0.9", "")
BEFORE_POST = THIRD.replace("post:new", "post:old").replace("2022-06-11", "2023-01-01")  # the ministry is gone by then


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def rules(world: Path) -> Rules:
    return load_rules(Resources(world / "resources"))


@pytest.fixture
def desk(world: Path, rules: Rules, tmp_path: Path) -> Desk:
    return desk_of(world, copied(world, tmp_path), rules)


def hand_in(desk: Desk, text: str, name: str = "third", file: str | None = None) -> int:
    received = flow.receive(desk, turtle(text), file or f"{name}.ttl", name, STEWARD)
    return flow.process(desk, received.import_.number).number


def published(desk: Desk, text: str, name: str = "third", reason: Reason = BECAUSE) -> int:
    number = hand_in(desk, text, name)
    assert accept.accept(desk, number, reason).outcome == "published"
    return number


def codes(error: pytest.ExceptionInfo[BilimError]) -> list[str]:
    return [f.code for f in error.value.findings]


def has(desk: Desk, slug: str, kind: str = "person") -> bool:
    return current(desk.home).projection.has(kind, slug)


def test_an_import_goes_its_way_and_each_step_says_who_when_why(desk: Desk) -> None:
    before = current(desk.home)
    number = hand_in(desk, THIRD)
    waiting = state(desk.home.path, number)
    assert (waiting.state, waiting.verdict, waiting.base) == ("validated", "clean", before.id)
    assert current(desk.home).id == before.id, "what waits is no release"
    done = accept.accept(desk, number, BECAUSE)
    after = current(desk.home)
    assert (done.outcome, done.release) == ("published", after.id)
    assert has(desk, "third")
    assert after.manifest.parent == before.id
    assert (after.manifest.who, after.manifest.why, after.manifest.action) == (
        "aigerim",
        "the source is good",
        "import",
    )
    with open_ledger(desk.home) as ledger:
        steps = ledger.imports.steps(number)
        assert [s.step for s in steps] == ["received", "parsed", "validated", "accepted", "published"]
        assert steps[3].who == "aigerim"
        assert steps[3].why == "the source is good"
        assert [(m.kind, m.slug) for m in ledger.settled.minted()] == [
            ("evidence", "c-start"),
            ("person", "third"),
            ("tenure", "c"),
        ]
    assert verify(after) == []


def test_a_release_by_an_import_is_the_release_of_a_whole_build(desk: Desk, tmp_path: Path) -> None:
    """Only what is affected is derived and judged: the graphs must be those of doing everything again."""
    published(desk, THIRD)
    graphs = current(desk.home).manifest.graphs
    write_data(tmp_path / "other", MINISTERS, THIRD)
    from kg.settings import Settings

    whole = build(Settings(home=tmp_path / "whole"), Resources(tmp_path / "other"), Options())
    assert whole.manifest is not None
    derived = "https://w3id.org/bilim/graph/derived"
    assert graphs[derived] == whole.manifest.graphs[derived]
    assert current(desk.home).manifest.triples == whole.manifest.triples


def test_violations_are_refused_and_name_their_line(desk: Desk) -> None:
    number = hand_in(desk, NO_CONFIDENCE)
    with open_ledger(desk.home) as ledger:
        report = ledger.imports.kept(number, "report")
    (found,) = [f for f in report["findings"] if f["severity"] == "Violation"]
    assert found["entity"]["id"] == f"{ID}evidence/c-start"
    assert found["line"] > 1
    with pytest.raises(BilimError) as error:
        accept.accept(desk, number, BECAUSE)
    assert codes(error) == ["import-violations"]
    assert state(desk.home.path, number).state == "validated"


def test_warnings_need_a_reason(desk: Desk) -> None:
    law = 'doc:law a bkg:LegalAct ; bkg:actKind <https://w3id.org/bilim/list/act-kind/law> ; dct:title "Law"@en ; '
    law += "bkg:tier tier:official ."
    number = hand_in(desk, law, "law")
    assert state(desk.home.path, number).verdict == "warnings"
    with pytest.raises(BilimError) as error:
        accept.accept(desk, number, STEWARD)
    assert codes(error) == ["import-warnings"]
    assert accept.accept(desk, number, BECAUSE).outcome == "published"


def test_importing_again_under_a_name_replaces_and_touches_no_other(desk: Desk) -> None:
    first = published(desk, THIRD)
    published(
        desk, 'person:other a foaf:Person ; skos:prefLabel "Somebody Else"@en , "Біреу"@kk , "Другой"@ru .', "other"
    )
    second = published(desk, THIRD.replace("person:third", "person:fourth").replace("Third", "Fourth"))
    assert (has(desk, "third"), has(desk, "fourth"), has(desk, "other")) == (False, True, True)
    assert state(desk.home.path, first).state == "retracted"
    assert state(desk.home.path, second).state == "published"
    assert verify(current(desk.home)) == []


def test_retracting_removes_what_only_it_stated(desk: Desk) -> None:
    base = current(desk.home)
    number = published(desk, THIRD + 'person:first skos:altLabel "F. Person"@en , "Only here"@en .')
    assert accept.retract(desk, number, BECAUSE).outcome == "published"
    after = current(desk.home)
    assert not has(desk, "third")
    first = after.projection.document("person", "first")
    assert first is not None
    assert first["altLabels"]["en"] == ["F. Person"], "stated by data/ too"
    assert after.manifest.content_hash == base.manifest.content_hash
    assert state(desk.home.path, number).state == "retracted"
    assert verify(after) == []


def test_retracting_what_others_lean_on_is_refused(desk: Desk) -> None:
    number = published(
        desk, 'person:third a foaf:Person ; skos:prefLabel "Third Person"@en , "Үшінші"@kk , "Третий"@ru .', "who"
    )
    published(desk, THIRD.replace(THIRD.splitlines()[1], ""), "what")
    with pytest.raises(BilimError) as error:
        accept.retract(desk, number, BECAUSE)
    assert codes(error)[0] == "retract-breaks"
    assert has(desk, "third")


def test_two_imports_on_one_base_lose_neither(desk: Desk) -> None:
    one = hand_in(desk, THIRD, "one")
    other = hand_in(
        desk, 'person:other a foaf:Person ; skos:prefLabel "Somebody Else"@en , "Біреу"@kk , "Другой"@ru .', "other"
    )
    assert accept.accept(desk, one, BECAUSE).outcome == "published"
    assert accept.accept(desk, other, BECAUSE).outcome == "published"
    assert has(desk, "third")
    assert has(desk, "other")


def test_what_is_new_on_the_current_release_goes_back_to_the_steward(desk: Desk) -> None:
    rival = (
        THIRD.replace("person:third", "person:fourth")
        .replace("Third Person", "Fourth Human")
        .replace("tenure:c", "tenure:d")
    )
    rival = rival.replace("evidence:c-start", "evidence:d-start")
    one, other = hand_in(desk, THIRD, "one"), hand_in(desk, rival, "other")
    assert accept.accept(desk, one, BECAUSE).outcome == "published"
    seen = state(desk.home.path, other).base
    done = accept.accept(desk, other, BECAUSE)  # now two hold a post that one holds
    assert done.outcome == "back"
    assert done.findings[0].code == "import-moved"
    again = state(desk.home.path, other)
    assert again.state == "validated"
    assert again.base == current(desk.home).id != seen
    assert not has(desk, "fourth")


def test_likely_duplicates_are_settled_before_accepting(desk: Desk) -> None:
    number = hand_in(desk, FIRST)
    with open_ledger(desk.home) as ledger:
        (match,) = ledger.settled.matches(number)
    assert (match.thing, match.candidate) == (f"{ID}person/third", f"{ID}person/first")
    with pytest.raises(BilimError) as error:
        accept.accept(desk, number, BECAUSE)
    assert codes(error) == ["import-unsettled"]
    flow.settle(desk, number, match.thing, match.candidate, "not same", BECAUSE)
    assert accept.accept(desk, number, BECAUSE).outcome == "published"
    assert has(desk, "third")


def test_what_is_the_same_is_called_by_the_name_it_has(desk: Desk) -> None:
    number = hand_in(desk, FIRST.replace("foaf:Person ;", 'foaf:Person ; bkg:wikidataId "Q1" ;'))
    flow.settle(desk, number, f"{ID}person/third", f"{ID}person/first", "same", BECAUSE)
    assert accept.accept(desk, number, BECAUSE).outcome == "published"
    assert not has(desk, "third")
    tenure = current(desk.home).projection.document("tenure", "c")
    assert tenure is not None
    assert tenure["member"]["slug"] == "first"
    person = current(desk.home).projection.document("person", "first")
    assert person is not None
    assert (person["labels"]["ru"], person["altLabels"]["ru"]) == ("Первый", ["Третий"])


def test_a_waiver_holds_until_something_else_is_said_of_the_thing(desk: Desk) -> None:
    number = hand_in(desk, NO_CONFIDENCE)
    with open_ledger(desk.home) as ledger:
        (found,) = [f for f in ledger.imports.kept(number, "report")["findings"] if f["severity"] == "Violation"]
    focus, shape, path = found["entity"]["id"], found["shape"], found.get("path", "")
    with pytest.raises(BilimError) as error:
        flow.waive(desk, number, focus, shape, path, STEWARD)
    assert codes(error) == ["reason-needed"]
    assert flow.waive(desk, number, focus, shape, path, BECAUSE).verdict == "clean"
    assert accept.accept(desk, number, BECAUSE).outcome == "published"
    same = hand_in(desk, NO_CONFIDENCE + 'person:third skos:altLabel "Another name"@en .')
    assert state(desk.home.path, same).verdict == "clean"
    other = hand_in(desk, NO_CONFIDENCE.replace("2022-06-11", "2022-06-12"))
    assert state(desk.home.path, other).verdict == "violations"


def test_the_same_file_twice_is_recognised(desk: Desk) -> None:
    first = flow.receive(desk, turtle(THIRD), "third.ttl", None, STEWARD)
    again = flow.receive(desk, turtle(THIRD), "third.ttl", None, STEWARD)
    assert (first.known, again.known, again.import_.number) == (False, True, first.import_.number)
    number = flow.process(desk, first.import_.number).number
    accept.accept(desk, number, BECAUSE)
    assert flow.receive(desk, turtle(THIRD), "third.ttl", None, STEWARD).import_.number == number
    other = flow.receive(desk, turtle(THIRD), "third.ttl", "another-name", STEWARD)
    assert not other.known


def test_an_idempotency_key_makes_one_import(desk: Desk) -> None:
    first = flow.receive(desk, turtle(THIRD), "third.ttl", None, STEWARD, "key-1")
    flow.reject(desk, first.import_.number, BECAUSE)
    again = flow.receive(desk, turtle(THIRD), "third.ttl", None, STEWARD, "key-1")
    assert again.import_.number == first.import_.number
    with pytest.raises(BilimError) as error:
        flow.receive(desk, turtle(FIRST), "third.ttl", None, STEWARD, "key-1")
    assert codes(error) == ["idempotency-key-used"]


def test_many_requests_at_once_with_one_key_make_one_import(desk: Desk) -> None:
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(flow.receive, desk, turtle(THIRD), "third.ttl", None, STEWARD, "key") for _ in range(16)]
    assert len({one.result().import_.number for one in asked}) == 1
    with open_ledger(desk.home) as ledger:
        assert len(ledger.imports.all()) == 1
    assert len(list(desk.home.uploads.iterdir())) == 1


def test_what_is_decided_is_not_decided_again(desk: Desk) -> None:
    number = hand_in(desk, THIRD)
    assert flow.reject(desk, number, BECAUSE).state == "rejected"
    for again in (lambda: accept.accept(desk, number, BECAUSE), lambda: flow.process(desk, number)):
        with pytest.raises(BilimError) as error:
            again()
        assert codes(error) == ["import-state"]


def test_a_file_that_says_nothing_new_makes_no_release(desk: Desk) -> None:
    published(desk, THIRD)
    before = current(desk.home).id
    number = hand_in(desk, THIRD + "# in other words\n")
    assert accept.accept(desk, number, BECAUSE).outcome == "unchanged"
    assert current(desk.home).id == before


def test_every_decision_is_data_in_the_ledger_graph_and_not_in_the_default_graph(desk: Desk) -> None:
    rejected = hand_in(desk, FIRST, "rejected")
    flow.reject(desk, rejected, Reason("aigerim", "a namesake"))
    published(desk, THIRD)
    store = current(desk.home).store
    rows = store.query(
        "PREFIX dct: <http://purl.org/dc/terms/> PREFIX prov: <http://www.w3.org/ns/prov#> "
        "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> "
        f"SELECT ?type ?who ?why {{ GRAPH <{GRAPH_LEDGER}> {{ ?a dct:type ?type ; prov:endedAtTime ?at ;"
        " prov:wasAssociatedWith/rdfs:label ?who OPTIONAL { ?a rdfs:comment ?why } } }"
    )
    told = {(r["type"].value, r["who"].value, r["why"].value if r["why"] else "") for r in rows}  # type: ignore[union-attr]
    assert ("rejected", "aigerim", "a namesake") in told
    assert ("accepted", "aigerim", "the source is good") in told
    assert store.query("ASK { ?a <http://www.w3.org/ns/prov#endedAtTime> ?at }") is False


def test_going_back_is_recorded_and_numbers_are_never_used_again(desk: Desk) -> None:
    first = current(desk.home)
    number = published(desk, THIRD)
    second = current(desk.home)
    with pytest.raises(BilimError) as error:
        rollback(desk.home, first.id, STEWARD)
    assert codes(error) == ["reason-needed"]
    rollback(desk.home, first.id, BECAUSE)
    assert current(desk.home).id == first.id
    assert state(desk.home.path, number).state == "retracted"
    with open_ledger(desk.home) as ledger:
        last = ledger.acts()[-1]
    assert (last.action, last.release, last.parent, last.who, last.why) == (
        "rollback",
        first.id,
        second.id,
        "aigerim",
        "the source is good",
    )
    rollback(desk.home, second.id, BECAUSE)
    assert state(desk.home.path, number).state == "published", "its graph is in the current release again"
    rollback(desk.home, first.id, BECAUSE)
    published(desk, FIRST.replace("First Person", "Quite Another"), "another")
    third = current(desk.home).manifest
    assert third.sequence == second.manifest.sequence + 1
    assert third.parent == first.id
    assert open_release(desk.home, second.id).manifest.parent == first.id


def test_a_build_keeps_imports_and_what_was_waived(desk: Desk) -> None:
    number = hand_in(desk, NO_CONFIDENCE)
    with open_ledger(desk.home) as ledger:
        (found,) = [f for f in ledger.imports.kept(number, "report")["findings"] if f["severity"] == "Violation"]
    flow.waive(desk, number, found["entity"]["id"], found["shape"], found.get("path", ""), BECAUSE)
    accept.accept(desk, number, BECAUSE)
    assert build(desk.settings, desk.resources, Options()).outcome == "unchanged"
    write_data(desk.home.path.parent / "changed", MINISTERS.replace("A paper", "The paper"))
    made = build(desk.settings, Resources(desk.home.path.parent / "changed"), Options())
    assert made.outcome == "published", [f.text() for f in made.findings]
    assert f"{GRAPH_IMPORT}third" in made.kept
    assert state(desk.home.path, number).state == "published"
    assert verify(current(desk.home)) == []


def test_an_older_ledger_is_brought_up(desk: Desk) -> None:
    """A file of version 1 keeps its entries."""
    with open_ledger(desk.home) as ledger:
        acts = ledger.acts()
    with sqlite3.connect(desk.home.ledger) as db:
        for table in (
            "import_steps",
            "import_parts",
            "import_keys",
            "import_matches",
            "waivers",
            "slugs",
            "pending",
            "imports",
        ):
            db.execute(f"DROP TABLE {table}")
        db.execute("PRAGMA user_version = 1")
    db.close()
    assert recover_if_free(desk.home) == []
    with open_ledger(desk.home) as ledger:
        assert ledger.acts() == acts
        assert ledger.imports.all() == []
    with sqlite3.connect(desk.home.ledger) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA,)
    db.close()


def test_two_writers_one_waits_its_turn(desk: Desk) -> None:
    number = hand_in(desk, THIRD)
    with Home(desk.home.path).lock("another"), pytest.raises(BilimError) as error:
        accept.accept(desk, number, BECAUSE)
    assert codes(error) == ["home-locked"]
    assert state(desk.home.path, number).state == "validated"
    assert accept.accept(desk, number, BECAUSE).outcome == "published"
