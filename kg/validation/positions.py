"""From a finding back to the place in the input that caused it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

import pyoxigraph as ox
import rdflib
from rdflib import PROV
from rdflib.namespace import Namespace
from rdflib.term import Node

from kg.findings import Where
from kg.terms import BKG
from kg.validation.convert import Converter, Triple

_B: Final = Namespace(BKG)
_BOUNDS: Final = ("Edtf", "Start", "End", "When", "Completed", "Signed", "Ratified", "Issued")
_DATED: Final = ("start", "end", "when", "completed", "signed", "ratified")


class Located(Protocol):
    """A quad that knows its place (kg.reading)."""

    @property
    def quad(self) -> ox.Quad: ...
    @property
    def where(self) -> Where: ...
    @property
    def cell(self) -> str | None: ...


Place = tuple[Where, str | None]


class Positions:
    """Index of located quads: exact triple, then subject and property, then subject."""

    def __init__(self, located: Iterable[Located], converter: Converter) -> None:
        self._exact: dict[Triple, Place] = {}
        self._pairs: dict[tuple[Node, Node], Place] = {}
        self._subjects: dict[Node, Place] = {}
        for item in located:
            s, p, o = converter.triple(item.quad)
            place = (item.where, item.cell)
            self._exact.setdefault((s, p, o), place)
            self._pairs.setdefault((s, p), place)
            self._subjects.setdefault(s, place)

    def find(self, graph: rdflib.Graph, focus: Node, path: Node | None, value: Node | None) -> Place | None:
        """The best place: the triple itself, the evidence of a derived date, the thing's first line."""
        if path is not None and value is not None and (place := self._exact.get((focus, path, value))):
            return place
        if path is not None and (place := self._pairs.get((focus, path))):
            return place
        evidence = sorted(graph.objects(focus, PROV.wasDerivedFrom), key=str)
        if dimension := dated_property(path):
            about = [e for e in evidence if (e, _B.onProperty, _B[dimension]) in graph]
            for item in (*about, *(e for e in evidence if (e, _B.attestsEdtf, None) in graph)):
                for stated in (_B.statesEdtf, _B.attestsEdtf):
                    if place := self._pairs.get((item, stated)):
                        return place
        if place := self._subjects.get(focus):
            return place
        return next((p for e in evidence if (p := self._subjects.get(e))), None)


def dated_property(path: Node | None) -> str | None:
    """``start`` for ``bkg:startEdtf``, ``bkg:earliestStart``, ``bkg:latestStart``, and so on; None for others."""
    local = str(path or "").removeprefix(BKG)
    if not local.endswith(_BOUNDS):
        return None
    stem = local.removesuffix("Edtf").removeprefix("earliest").removeprefix("latest").lower()
    return stem if stem in _DATED else None
