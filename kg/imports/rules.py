"""By what imports are read and judged: tables' descriptions, terms, contexts, shapes; read once and kept."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import metadata
from pathlib import Path

from pyoxigraph import Quad, Store

from kg.findings import BilimError, Finding, Texts, finding
from kg.imports.sources import declared, own_contexts, property_labels, read_ontology, turtle_files
from kg.reading import Vocabulary
from kg.reading.bundle import Known, table_specs
from kg.releases.hashing import GraphHash, hash_graphs
from kg.releases.reader import Release
from kg.resources import Resources
from kg.terms import GRAPH_ONTOLOGY
from kg.validation import Validator
from kg.validation.incremental import Incremental


@dataclass
class Rules:
    """Made by :func:`load_rules`. Not for two threads at once."""

    resources: Resources
    ontology: list[Quad]
    known: Known
    bad: tuple[Finding, ...]  # what is wrong with the descriptions of tables
    seen: Mapping[str, int] = field(repr=False)  # file of ontology/ and data/ that matters -> time of change

    @cached_property
    def incremental(self) -> Incremental:
        """The plans of the shapes: they take a second to make."""
        return Incremental(Validator(self.resources))

    @cached_property
    def ontology_hash(self) -> GraphHash | None:
        store = Store()
        store.extend(self.ontology)
        return hash_graphs(store).get(GRAPH_ONTOLOGY)

    @cached_property
    def labels(self) -> Mapping[str, Texts]:
        """Property by its short name → its labels."""
        return property_labels(self.ontology)

    @cached_property
    def mark(self) -> str:
        """Stands for the rules and the code: two judgements of the same under one mark are the same."""
        package = Path(__file__).resolve().parent.parent
        code = ((str(p), s.st_mtime_ns, s.st_size) for p in sorted(package.rglob("*.py")) for s in [p.stat()])
        text = repr((sorted(self.seen.items()), metadata.version("bilim"), list(code)))
        return hashlib.sha256(text.encode()).hexdigest()

    def is_fresh(self) -> bool:
        """Whether the files are still those that were read."""
        return self.seen == _times(self.resources)

    def check_ontology(self, release: Release) -> None:
        """Raises :class:`BilimError` where the release was built by other definitions than those judged by."""
        if release.manifest.hashes().get(GRAPH_ONTOLOGY) != self.ontology_hash:
            raise BilimError(finding("ontology-differs", release=release.id))


def load_rules(resources: Resources) -> Rules:
    """Raises :class:`BilimError` where the ontology cannot be read."""
    times = _times(resources)
    ontology = read_ontology(resources)
    specs, bad = table_specs(resources.data / "reference")
    known = Known(specs, Vocabulary(declared(ontology)), own_contexts(resources))
    return Rules(resources, ontology, known, tuple(bad), times)


def _times(resources: Resources) -> dict[str, int]:
    files = turtle_files(resources, ("def", "lists", "shapes"))
    files += sorted((resources.data / "reference").glob("*.json"))
    return {str(path): path.stat().st_mtime_ns for path in files}
