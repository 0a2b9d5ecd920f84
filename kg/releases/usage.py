"""How much each class, property and concept is used by the things of a release, with one example of each.

Counted are statements about things (``/id/…``) in the merged graph; what definitions and lists say of
themselves is no use. Each thing tells its own uses, so a change changes the counts by what its things told and tell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from pyoxigraph import NamedNode

from kg.releases.documents import dump, json_value
from kg.releases.merged import TYPE, Merged
from kg.releases.tables import Row
from kg.releases.terms_json import Json, reference
from kg.terms import PROV, split_entity_iri

_USED: Final = PROV + "wasDerivedFrom"
_VALUES: Final = 5
"""Most values of one property shown with an example."""


def uses(merged: Merged, iri: str) -> Iterator[tuple[str, str, int]]:
    """``(term, via, statements)`` of a thing.

    ``via`` is how the term is used: ``rdf:type`` (a class; the things that have it), ``""`` (a property; the
    statements with it), or the IRI of the property whose value the term is (a concept, or a term that evidence
    names).
    """
    for predicate, values in merged.facts(iri).items():
        yield predicate, "", len(values)
        for value in values if predicate != _USED else ():
            if isinstance(value, NamedNode) and (predicate == TYPE or split_entity_iri(value.value) is None):
                yield value.value, predicate, 1


def weight(merged: Merged, iri: str) -> int:
    """How much is known of a thing: its statements. The example of a term is the thing of which most is known."""
    return sum(map(len, merged.facts(iri).values()))


def usage(merged: Merged) -> Iterator[Row]:
    """Rows of ``usage``: ``(term, via, things, statements, thing, example)``.

    The example is the thing of which most is known, of equals the first by IRI: ``{thing}``, for properties with its
    ``values``.
    """
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    best: dict[tuple[str, str], tuple[int, str]] = {}
    for iri, *_ in merged.entities():
        known = (-weight(merged, iri), iri)
        for term, via, statements in uses(merged, iri):
            counted = counts[term, via]
            counted[0] += 1
            counted[1] += statements
            best[term, via] = min(best.get((term, via), known), known)
    for (term, via), (things, statements) in counts.items():
        thing = best[term, via][1]
        yield term, via, things, statements, thing, example(merged, term, via, thing)


def example(merged: Merged, term: str, via: str, thing: str) -> str:
    """The example as JSON."""
    out: Json = {"thing": reference(thing, merged.labels.of(thing))}
    if via == "":
        out["values"] = [json_value(merged, v) for v in merged.facts(thing)[term][:_VALUES]]
    return dump(out).decode()
