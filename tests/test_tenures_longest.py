"""How long tenures lasted is counted without date arithmetic, which SPARQL 1.1 lacks: right for any two days."""

from __future__ import annotations

from datetime import date

import pyoxigraph as ox
from hypothesis import given, settings
from hypothesis import strategies as st

from kg import resources
from kg.templates.loader import load_folder
from kg.templates.params import check
from kg.templates.run import bound
from kg.terms import PREFIXES

TEMPLATE = load_folder(resources.find().queries)[0]["tenures/longest"]


class Nothing:
    """No parameter of these questions names a thing."""

    def find(self, of: str | None, text: str) -> tuple[str, ...]:
        raise AssertionError(f"{text} of {of} is looked for")


DAYS = st.dates(date(1800, 1, 1), date(2400, 12, 31))


@given(st.lists(st.tuples(DAYS, DAYS), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_days_between_two_days(pairs: list[tuple[date, date]]) -> None:
    store = ox.Store()
    text = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items())
    for number, (since, until) in enumerate(pairs):
        text += (
            f'<x:{number}> bkg:post <x:post> ; org:member <x:person> ; bkg:latestStart "{since}"^^xsd:date ; '
            f'bkg:earliestEnd "{until}"^^xsd:date .\n'
        )
    store.load(text, format=ox.RdfFormat.TURTLE)
    asked = bound(TEMPLATE, check(TEMPLATE, {}, entities=Nothing(), today=date(2026, 11, 22)))
    rows = {row["tenure"].value: int(row["days"].value) for row in store.query(asked)}
    assert rows == {f"x:{n}": (until - since).days for n, (since, until) in enumerate(pairs) if since < until}
