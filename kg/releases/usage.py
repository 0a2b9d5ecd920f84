"""How much each class, property and concept is used by the things of a release, with one example of each.

Counted are statements about things (``/id/…``) in the merged graph; what definitions and lists say of
themselves is no use. One pass over what :func:`kg.releases.documents.read_merged` has read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kg.releases.documents import Merged, Term, json_value
from kg.releases.terms_json import Json, reference
from kg.terms import RDF, split_entity_iri

_TYPE: Final = RDF + "type"
_VALUES: Final = 5
"""Most values of one property shown with an example."""


@dataclass(slots=True)
class _Use:
    """``things`` and ``statements`` that use a term in one way; the best example so far."""

    statements: int = 0
    things: int = 0
    example: tuple[int, str] = (1, "")  # (how much is known of it, negated; IRI): the least is the best

    def add(self, thing: str, weight: int, statements: int = 1) -> None:
        """One thing more; to be called once for each thing."""
        self.statements += statements
        self.things += 1
        self.example = min(self.example, (-weight, thing))


def usage(merged: Merged) -> Iterator[tuple[str, str, int, int, Json]]:
    """``(term, via, things, statements, example)``, sorted by term and via.

    ``via`` is how the term is used: ``rdf:type`` (a class; the things that have it), ``""`` (a property; the
    statements with it), or the IRI of the property whose value the term is (a concept, or a term that evidence
    names). The example is the thing of which most is known: ``{thing}``, for properties with its ``values``.
    """
    uses: dict[tuple[str, str], _Use] = defaultdict(_Use)
    things = {iri for iri, _, _ in merged.entities()}
    for iri in things:
        facts = merged.about[iri]
        weight = len(facts) + len(merged.incoming.get(iri, ()))
        for predicate, values in facts.items():
            uses[predicate, ""].add(iri, weight, len(values))
        for cls in facts.get(_TYPE, ()):
            uses[cls.value, _TYPE].add(iri, weight)
    for term, pointing in merged.incoming.items():
        if split_entity_iri(term) is None:
            for predicate, thing in pointing:
                if thing in things:
                    weight = len(merged.about[thing]) + len(merged.incoming.get(thing, ()))
                    uses[term, predicate].add(thing, weight)
    for (term, via), use in sorted(uses.items()):
        yield term, via, use.things, use.statements, _example(merged, term, via, use.example[1])


def _example(merged: Merged, term: str, via: str, thing: str) -> Json:
    out: Json = {"thing": reference(thing, merged.labels.of(thing))}
    if via == "":
        values: list[Term] = merged.about[thing][term]
        out["values"] = [json_value(merged, v) for v in values[:_VALUES]]
    return out
