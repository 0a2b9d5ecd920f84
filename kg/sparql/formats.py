"""The formats of answers and their order of preference: the first is given to who accepts anything."""

from __future__ import annotations

from typing import Final

from kg.sparql.negotiation import Offer

RESULTS: Final = (
    Offer("application/sparql-results+json", "json", ("application/json",)),
    Offer("application/sparql-results+xml", "xml", ("application/xml", "text/xml")),
    Offer("text/csv", "csv"),
    Offer("text/tab-separated-values", "tsv"),
)
"""For SELECT and ASK."""

GRAPHS: Final = (
    Offer("text/turtle", "ttl", ("application/x-turtle",)),
    Offer("application/n-triples", "nt", ("text/plain",)),
    Offer("application/ld+json", "jsonld", ("application/json",)),
    Offer("application/rdf+xml", "rdf", ("application/xml", "text/xml")),
    Offer("application/n-quads", "nq"),
    Offer("application/trig", "trig"),
)
"""For CONSTRUCT and DESCRIBE."""


def offers_for(form: str) -> tuple[Offer, ...]:
    """What can be given for a form of query."""
    return RESULTS if form in ("SELECT", "ASK") else GRAPHS
