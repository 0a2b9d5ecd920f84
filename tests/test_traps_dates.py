"""Traps of the five source documents, B: dates; how the graph records each."""

from __future__ import annotations

from starlette.testclient import TestClient

from tests.answers import on, slugs, slugs_of
from tests.test_questions import FIVE, ask, sparql


def test_trap_10_a_day_without_a_year_is_a_set(client: TestClient) -> None:
    (dates,) = ask(client, "events/dates", event="aimagambetov-aktobe-visit")
    assert (dates["edtf"]["edtf"], dates["earliest"], dates["latest"]) == (
        "[2020-10-28,2021-10-28]",
        "2020-10-28",
        "2021-10-28",
    )
    modes = ask(client, "evidence/of", thing="event:aimagambetov-aktobe-visit", property="bkg:when")
    assert "inferred" in slugs(modes, "mode")

    def found(first: str, last: str) -> list[str]:
        rows = ask(client, "events/list", region="aktobe", **{"from": first, "to": last})
        return [r["certainty"] for r in rows if r["event"]["slug"] == "aimagambetov-aktobe-visit"]

    assert found("2020-01-01", "2020-12-31") == ["possible"]
    assert found("2021-01-01", "2021-12-31") == ["possible"]
    assert found("2021-10-28", "2021-10-28") == ["possible"]
    assert found("2020-10-28", "2021-10-28") == ["certain"]
    assert found("2020-11-01", "2021-10-27") == []  # the gap of the set
    assert found("2019-01-01", "2019-12-31") == []
    assert found("2022-01-01", "2022-12-31") == []


def test_trap_11_an_undated_meeting_and_a_plan(client: TestClient) -> None:
    (document,) = ask(client, "documents/list", document="seed-000")
    assert document["issued"]["edtf"] == "2022-06-24"
    (meeting,) = ask(client, "events/dates", event="kz-az-ministers-meeting-2022")
    assert (meeting["edtf"]["edtf"], meeting["earliest"], meeting["latest"]) == ("[..2022-06-24]", None, "2022-06-24")
    (plan,) = [r for r in ask(client, "plans/list") if r["thing"]["slug"] == "az-materials-october"]
    assert (plan["status"]["slug"], plan["when"]["edtf"]) == ("planned", "2022-10")
    october = ask(client, "events/list", document="seed-000", status="occurred", **{"from": "2022-07-01"})
    assert october == []


def test_trap_12_dates_are_parsed_and_the_tail_is_left(client: TestClient) -> None:
    issued = {r["document"]["slug"]: r["issued"] and r["issued"]["edtf"] for r in ask(client, "documents/list")}
    assert {d: issued[d] for d in FIVE} == {
        "seed-000": "2022-06-24",
        "seed-001": "2024-03-14",
        "seed-002": None,
        "seed-003": "2024-08-21",
        "seed-004": "2023-01-18",
    }
    quotes = [q for (q,) in sparql(client, "SELECT ?q WHERE { ?e bkg:onProperty bkg:issuedEdtf ; bkg:quote ?q }")]
    assert quotes == ["14.03.2024", "18 january, 2023", "21.08.2024", "24.06.2022"]
    assert not {r["value"] for r in ask(client, "figures/list")} & {260, 485}  # counts of views


def test_trap_13_a_reappointment_is_an_event_inside_one_tenure(client: TestClient) -> None:
    again = ("akims-reappointment-2019-06", "akims-reappointment-2022-12-01", "akim-of-shymkent-reappointment-2018-06")
    came = {
        (r["who"]["slug"], r["post"]["slug"])
        for event in again
        for r in ask(client, "events/participants", event=event)
    }
    assert len(came) == 7
    for person, post in came:
        held = [r for r in ask(client, "people/posts", person=person) if r["post"]["slug"] == post]
        assert len(held) == 1, person  # one tenure through all appointments
    tugzhanov = "tenure:tugzhanov-akim-of-aktobe-region"
    (acting,) = ask(client, "history/values", thing=tugzhanov, property="status", on="2022-11-28")
    assert (acting["valueThing"]["slug"], acting["certainty"]) == ("acting", "certain")
    assert (acting["start"]["edtf"], acting["end"]["edtf"]) == ("[2022-11-26,2022-11-27]", "2022-12-01")

    def status(day: str) -> list[str]:
        return slugs(ask(client, "tenures/on-day", on=day, role="akim", body="aktobe-akimat"), "status")

    assert [status(day) for day in ("2022-11-25", "2022-11-28", "2022-12-01")] == [["full"], ["acting"], ["full"]]
    # nobody has two tenures in one post that touch or overlap
    split = """SELECT ?a ?b WHERE {
      ?a org:member ?who ; bkg:post ?post ; bkg:latestEnd ?end . ?b org:member ?who ; bkg:post ?post .
      ?b bkg:earliestStart ?start FILTER(?a != ?b && ?start <= ?end) FILTER(STR(?a) < STR(?b)) }"""
    assert sparql(client, split) == []


def test_trap_14_rival_days_are_both_kept_and_ranked(client: TestClient) -> None:
    def stated(tenure: str, side: str) -> set[tuple[str, str | None]]:
        rows = ask(client, "evidence/of", thing=f"tenure:{tenure}", property=f"bkg:{side}")
        return {(r["states"]["edtf"], r["rank"] and r["rank"]["slug"]) for r in rows if r["states"]}

    dismissal = stated("skakov-akim-of-pavlodar-region", "end")
    assert dismissal == {("2022-12-01", "preferred"), ("2022-11-28", None)}
    holders = ask(client, "posts/holders", post="akim-of-pavlodar-region", on="2022-11-29")  # between the rivals
    (held,) = [r for r in holders if r["person"]["slug"] == "abylkair-skakov"]
    assert (held["end"]["edtf"], held["disputed"]) == ("2022-12-01", True)
    # the appointment put into 2023 is kept, deprecated, and decides nothing
    assert ("2023-11-12", "deprecated") in stated("satybaldy-akim-of-almaty", "start")
    (start,) = [
        r["start"]["edtf"]
        for r in ask(client, "people/posts", person="darkhan-satybaldy")
        if r["post"]["slug"] == "akim-of-almaty"
    ]
    assert start == "2025-05-24"
    assert on(client, "2023-12-01", role="akim", body="almaty-city-akimat") == {
        ("yerbolat-dosaev", "akim-of-almaty", "certain")
    }
    told = {r["discrepancy"]["slug"]: r for r in ask(client, "discrepancies/list")}
    for slug, documents in (
        ("skakov-end-2022", {"lada-kz-2022-12-01", "time-kz-2022-12-02"}),
        ("satybaldy-almaty-start", {"fintel-kz-2025-05-27", "wikipedia-2"}),
    ):
        assert documents <= set(slugs_of(told[slug]["documents"]))
        assert {r["lang"] for r in told[slug]["resolution"]} >= {"en"}
