"""events/list against kg.dates: what an EDTF text says of a day, a template must say too."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg import dates
from kg.templates.catalogue import Catalogue
from kg.templates.run import Engine
from tests.test_templates_world import QUERIES, Names, ask, make_store

DAYS = st.dates(date(2019, 12, 30), date(2021, 3, 2))


def _units() -> st.SearchStrategy[str]:
    return st.builds(lambda day, length: day.isoformat()[:length], DAYS, st.sampled_from([4, 7, 10]))


def _sets() -> st.SearchStrategy[str]:
    ranges = st.builds(lambda a, b: f"{min(a, b)}..{max(a, b)}", DAYS, DAYS)
    members = st.lists(st.one_of(_units(), ranges), min_size=1, max_size=5, unique=True).map(sorted)
    return st.builds(
        lambda found, low, high: (
            f"[{'..' if low and '.' not in found[0] else ''}{','.join(found)}"
            f"{'..' if high and '.' not in found[-1] else ''}]"
        ),
        members,
        st.booleans(),
        st.booleans(),
    )


def _intervals() -> st.SearchStrategy[str]:
    return st.builds(lambda a, b: f"{min(a, b)}/{max(a, b)}", _units(), _units())


TEXTS = st.one_of(_units(), _sets(), _intervals(), _units().map(lambda text: text + "?"))


def _world(texts: list[str]) -> str:
    """Events with the bounds that a release derives."""
    lines = []
    for number, text in enumerate(texts):
        found = dates.resolve_point([dates.Statement("e", "when", text)], "when")
        line = f'event:x{number} a bkg:Event ; bkg:whenEdtf "{found.edtf}"^^edtf:EDTF'
        for name, day in (("earliestWhen", found.earliest), ("latestWhen", found.latest)):
            line += f' ; bkg:{name} "{day}"^^xsd:date' if day else ""
        lines.append(line + " .")
    return "\n".join(lines)


def _told(turtle: str, first: date, last: date) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        store = make_store(Path(folder) / "s", turtle)
        engine = Engine(store, Names(store.raw))
        rows = ask(engine, CATALOGUE, "events/list", 1000, **{"from": str(first), "to": str(last)})
    return {row["event"]["slug"]: row["certainty"] for row in rows}


CATALOGUE = Catalogue(QUERIES)


def _parses(text: str) -> bool:
    try:
        dates.parse(text)
    except dates.DateError:
        return False
    return True


@settings(max_examples=20, deadline=None)
@given(texts=st.lists(TEXTS.filter(_parses), min_size=1, max_size=25), day=DAYS)
def test_a_day_is_told_as_kg_dates_tells_it(texts: list[str], day: date) -> None:
    expected = {f"x{n}": dates.when_on(text, day) for n, text in enumerate(texts)}
    told = _told(_world(texts), day, day)
    assert {n: (texts[int(n[1:])], told.get(n, "no")) for n in expected} == {
        n: (texts[int(n[1:])], certainty) for n, certainty in expected.items()
    }


@settings(max_examples=12, deadline=None)
@given(texts=st.lists(TEXTS.filter(_parses), min_size=1, max_size=15), day=DAYS, length=st.integers(0, 40))
def test_a_period_holds_what_one_of_its_days_holds(texts: list[str], day: date, length: int) -> None:
    days = [day + timedelta(n) for n in range(length + 1)]
    possible = {f"x{n}" for n, text in enumerate(texts) if any(dates.when_on(text, d) != "no" for d in days)}
    told: dict[str, Any] = _told(_world(texts), days[0], days[-1])
    assert set(told) == possible


@pytest.mark.parametrize(
    ("text", "first", "last", "certainty"),
    [
        ("2024", "2024-01-01", "2024-12-31", "certain"),
        ("2024", "2024-01-01", "2024-12-30", "possible"),
        ("[..2022-06-24]", "0001-01-01", "2022-06-24", "certain"),
        ("[..2022-06-24]", "1990-01-01", "2022-06-24", "possible"),
        ("2024-03-14?", "2024-03-01", "2024-03-31", "possible"),
        ("2024-08/2024-10", "2024-09-05", "9999-12-31", "certain"),
    ],
)
def test_a_period_is_certain_where_every_day_lies_in_it(text: str, first: str, last: str, certainty: str) -> None:
    assert _told(_world([text]), date.fromisoformat(first), date.fromisoformat(last)) == {"x0": certainty}
