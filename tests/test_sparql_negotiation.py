"""Accept headers (RFC 9110, 12.5.1)."""

from __future__ import annotations

import pytest

from kg.sparql.formats import GRAPHS, RESULTS, offers_for
from kg.sparql.negotiation import by_suffix, negotiate

JSON, XML, CSV, TSV = (offer.media_type for offer in RESULTS)


@pytest.mark.parametrize(
    ("accept", "given"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("text/csv", CSV),
        ("text/*", CSV),
        ("TEXT/CSV", CSV),
        ("text/csv;q=0.5, application/sparql-results+xml;q=0.6", XML),
        ("text/*;q=0.9, text/csv;q=0.1", TSV),  # the more specific range decides
        ("*/*, application/sparql-results+json;q=0", XML),
        ("application/json", JSON),
        ("text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", XML),
        ("text/html, */*;q=0.8", JSON),
        ("text/csv; charset=utf-8", CSV),
        ('text/csv; header="a,b;q=1"; q=1, text/tab-separated-values;q=0.2', TSV),  # another kind of CSV
        ("text/csv;q=2, text/tab-separated-values;q=0.001", TSV),  # 2 is no qvalue
        ("garbage, text/csv", CSV),
        ("text/turtle", None),
        ("*/*;q=0", None),
        ("text/csv;q=0", None),
        ("garbage", None),
    ],
)
def test_results(accept: str | None, given: str | None) -> None:
    offer = negotiate(accept, RESULTS)
    assert (offer.media_type if offer else None) == given


def test_graphs_and_suffixes() -> None:
    turtle = negotiate("text/html, */*;q=0.1", GRAPHS)
    assert turtle is not None
    assert turtle.media_type == "text/turtle"
    assert by_suffix(".nq", GRAPHS) == next(o for o in GRAPHS if o.media_type == "application/n-quads")
    assert by_suffix("csv", RESULTS) is RESULTS[2]
    assert by_suffix("csv", GRAPHS) is None
    assert offers_for("ASK") is RESULTS
    assert offers_for("DESCRIBE") is GRAPHS
    assert negotiate("*/*", ()) is None
