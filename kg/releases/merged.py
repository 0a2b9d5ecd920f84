"""The merged graph by subject: read whole in one pass, or only where it is asked (kg.releases.partly)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import DefaultGraph, Literal, NamedNode, Store

from kg.kinds import KINDS
from kg.releases.labels import Labels
from kg.terms import BKG, DCT, ORG, OWL, RDF, split_entity_iri

Term = NamedNode | Literal
Facts = dict[str, list[Term]]

TYPE: Final = RDF + "type"
FUNCTIONAL: Final = OWL + "FunctionalProperty"
WALKED: Final = frozenset(
    {ORG + "member"} | {BKG + n for n in ("program", "about", "event", "inDocument", "singleSource", "supports")}
) | {BKG + "of", BKG + "concerns"}
"""Properties that are followed against their direction."""

# Functional in our model, by vocabularies whose owners do not say so.
SINGLE: Final = frozenset({ORG + "member", ORG + "postIn", ORG + "organization", DCT + "publisher", DCT + "language"})


@dataclass(frozen=True, slots=True)
class Merged:
    """``about``: subject IRI to its statements, values in order. ``functional``: properties that have one value.

    ``pointing(iri, property)``: the entities whose property, one of :data:`WALKED`, has this value.
    """

    about: Mapping[str, Facts]
    pointing: Callable[[str, str], Sequence[str]]
    labels: Labels
    functional: frozenset[str]

    def facts(self, iri: str) -> Facts:
        return self.about.get(iri) or {}

    def thing(self, iri: str) -> tuple[str, str] | None:
        """``(kind, slug)`` of a thing that has a type."""
        parts = split_entity_iri(iri)
        return parts if parts and parts[0] in KINDS and TYPE in self.facts(iri) else None

    def entities(self) -> Iterator[tuple[str, str, str]]:
        """``(IRI, kind, slug)`` of every thing that has a type, sorted by IRI. Only where all is read."""
        for iri in sorted(self.about):
            if (parts := self.thing(iri)) is not None:
                yield iri, *parts


def read_merged(store: Store) -> Merged:
    """One pass over the default graph. Order of values is settled here, so documents are the same each time.

    Every IRI and literal is held once, however often it stands in the graph: most of the memory is theirs.
    """
    about: dict[str, Facts] = {}
    incoming: dict[str, dict[str, list[str]]] = {predicate: {} for predicate in WALKED}
    shared: dict[Term, Term] = {}
    names: dict[str, str] = {}
    things: dict[str, bool] = {}
    for s, p, o, _ in store.quads_for_pattern(None, None, None, DefaultGraph()):
        if not isinstance(s, NamedNode) or not isinstance(o, NamedNode | Literal):
            continue
        subject, predicate = names.setdefault(s.value, s.value), names.setdefault(p.value, p.value)
        if (facts := about.get(subject)) is None:
            facts = about[subject] = {}
            things[subject] = split_entity_iri(subject) is not None
        facts.setdefault(predicate, []).append(shared.setdefault(o, o))
        if predicate in WALKED and isinstance(o, NamedNode) and things[subject]:
            incoming[predicate].setdefault(names.setdefault(o.value, o.value), []).append(subject)
    for facts in about.values():
        for values in facts.values():
            if len(values) > 1:
                values.sort(key=str)
    functional = {iri for iri, facts in about.items() if any(t.value == FUNCTIONAL for t in facts.get(TYPE, ()))}

    def pointing(iri: str, predicate: str) -> Sequence[str]:
        return incoming[predicate].get(iri, ())

    return Merged(about, pointing, Labels(about), frozenset(functional) | SINGLE)
