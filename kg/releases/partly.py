"""The merged graph before and after a change, read where it is asked: at a cost by what is asked, not by the graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pyoxigraph import Literal, NamedNode

from kg.releases.labels import Labels
from kg.releases.merged import FUNCTIONAL, SINGLE, TYPE, Facts, Merged
from kg.store.views import View
from kg.terms import split_entity_iri

_TYPE: Final = NamedNode(TYPE)
_FUNCTIONAL: Final = NamedNode(FUNCTIONAL)


class About(Mapping[str, Facts]):
    """Subject IRI to its statements in a view, values in order, each subject read once."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._known: dict[str, Facts] = {}

    def __getitem__(self, iri: str) -> Facts:
        found = self._known.get(iri)
        if found is None:
            found = {}
            for predicate, values in self._view.about(NamedNode(iri)).items():
                if kept := [v for v in values if isinstance(v, NamedNode | Literal)]:
                    found[predicate.value] = sorted(kept, key=str) if len(kept) > 1 else kept
            self._known[iri] = found
        if not found:
            raise KeyError(iri)
        return found

    def __iter__(self) -> Iterator[str]:
        raise NotImplementedError("what is read in parts is not gone through")

    def __len__(self) -> int:
        raise NotImplementedError("what is read in parts is not counted")


def partly(view: View) -> Merged:
    """The graph of a view, in parts. Only of the values of a property's functional nature all are read at once."""
    about = About(view)

    def pointing(iri: str, predicate: str) -> Sequence[str]:
        found = (s.value for s in view.subjects(NamedNode(predicate), NamedNode(iri)) if isinstance(s, NamedNode))
        return [subject for subject in found if split_entity_iri(subject) is not None]

    functional = {s.value for s in view.subjects(_TYPE, _FUNCTIONAL) if isinstance(s, NamedNode)}
    return Merged(about, pointing, Labels(about), frozenset(functional) | SINGLE)
