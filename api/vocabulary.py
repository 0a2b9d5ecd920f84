"""The model of a release and the shapes of this version, read once and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from pyoxigraph import NamedNode, RdfFormat, Triple, parse

from api.pages.rules import Shape, read_shapes
from api.pages.terms import Model, read_model
from kg.releases.reader import Release
from kg.resources import Resources
from kg.terms import GRAPH_ONTOLOGY, RDFS
from kg.validation.shapes import load_shapes

KEPT = 4
"""Releases whose model is kept at a time; about 2 MB each."""


@dataclass
class Vocabulary:
    """One for each app; may be asked by several threads."""

    resources: Resources
    _models: dict[str, Model] = field(default_factory=dict)
    _shapes: Sequence[Shape] | None = None
    _triples: Sequence[Triple] | None = None
    _lock: Lock = field(default_factory=Lock)

    def model(self, release: Release) -> Model:
        """The terms, lists and concepts that the release holds."""
        with self._lock:
            found = self._models.get(release.id)
            if found is None:
                graph = NamedNode(GRAPH_ONTOLOGY)
                triples = release.store.construct(f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH {graph} {{ ?s ?p ?o }} }}")
                found = self._models[release.id] = read_model(triples, _parts(self.resources.ontology / "def"))
                while len(self._models) > KEPT:
                    del self._models[next(iter(self._models))]
            return found

    def shapes(self) -> Sequence[Shape]:
        """The shapes of the files: they are what this version holds data to. Raises :class:`BilimError`."""
        with self._lock:
            if self._shapes is None:
                self._shapes = read_shapes(load_shapes(self.resources))
            return self._shapes

    def shape_triples(self) -> Sequence[Triple]:
        """The shapes as triples."""
        with self._lock:
            if self._triples is None:
                self._triples = [
                    Triple(q.subject, q.predicate, q.object)
                    for file in sorted((self.resources.ontology / "shapes").glob("*.ttl"))
                    for q in parse(file.read_bytes(), format=RdfFormat.TURTLE, rename_blank_nodes=True)
                ]
            return self._triples


def _parts(folder: Path) -> dict[str, str]:
    """Term to the file that names it; a file may say more of a term that another one names."""
    label = NamedNode(RDFS + "label")
    return {
        q.subject.value: file.stem
        for file in sorted(folder.glob("*.ttl"))
        for q in parse(file.read_bytes(), format=RdfFormat.TURTLE)
        if q.predicate == label and isinstance(q.subject, NamedNode)
    }
