"""The formats of answers and their order of preference: the first is given to who accepts anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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


_CALLED: Final = {
    "json": ("json", "jsonld"), "xml": ("xml", "rdf"), "csv": ("csv",), "tsv": ("tsv",),
    "ttl": ("ttl",), "turtle": ("ttl",), "n3": ("ttl",), "text": ("nt",), "nt": ("nt",), "ntriples": ("nt",),
    "n-triples": ("nt",), "jsonld": ("jsonld",), "json-ld": ("jsonld",), "rdf": ("rdf",), "rdf+xml": ("rdf",),
    "rdfxml": ("rdf",), "rdf-xml": ("rdf",), "nq": ("nq",), "nquads": ("nq",), "n-quads": ("nq",), "trig": ("trig",),
}  # fmt: skip
"""What clients write in ``format=`` -> suffixes; ``json`` and ``xml`` are one thing for tables, another for graphs."""


def offers_for(form: str) -> tuple[Offer, ...]:
    """What can be given for a form of query."""
    return RESULTS if form in ("SELECT", "ASK") else GRAPHS


def called(names: Iterable[str], offers: Sequence[Offer]) -> Offer | None:
    """The offer that the values of ``format=`` ask for: suffix, usual name or media type, the first that is known.

    SPARQLWrapper gives several of them, and several media types with commas between, as choices. None for none.
    """
    for name in names:
        for wanted in name.lower().split(","):
            # an unescaped "+" of a form or an address is a space
            wanted = wanted.partition(";")[0].strip().replace(" ", "+").removeprefix(".")
            suffixes = _CALLED.get(wanted, ())
            for offer in offers:
                if offer.suffix in suffixes or wanted in (offer.media_type, *offer.aliases):
                    return offer
    return None
