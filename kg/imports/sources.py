"""What a build reads: data/ with its places, the ontology, and a mark by which "nothing has changed" is seen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pyoxigraph import BlankNode, CanonicalizationAlgorithm, Dataset, Literal, NamedNode, Quad, RdfFormat, parse

from kg.findings import BilimError, Finding, Texts, Where, finding
from kg.imports.decided import Decision
from kg.imports.rewriting import GRAPH as DECISIONS
from kg.imports.rewriting import Rules, quads_of
from kg.names import slugify
from kg.reading import LocatedQuads, Reading, Vocabulary, bare, read_folder, read_rdf, read_table
from kg.reading.bundle import TABLES, Known, read_bundle, table_specs
from kg.reading.metadata import SUFFIX
from kg.reading.package import is_package, parts_of
from kg.resources import Resources
from kg.terms import (
    BASE,
    GRAPH_DATA,
    GRAPH_DOCUMENT,
    GRAPH_IMPORT,
    GRAPH_ONTOLOGY,
    LANGUAGES,
    RDFS,
    SKOS,
    shorten,
)


@dataclass(frozen=True, slots=True)
class Sources:
    """Graph IRI → its quads with their places; what the reading found wrong; the ontology's quads."""

    located: Mapping[str, LocatedQuads]
    findings: tuple[Finding, ...]
    ontology: list[Quad]
    unreadable: bool = False  # a file gave findings and not one quad
    rules: Rules = field(default_factory=Rules)  # what stewards decided of statements
    stated: tuple[Quad, ...] = ()  # what they stated themselves

    def graphs(self) -> dict[str, Iterable[Quad]]:
        """Graph IRI → quads, made each time they are gone through; the ontology graph among them."""
        read = self.rules.graphs({name: _Bare(items) for name, items in self.located.items()})
        decided = {DECISIONS: self.stated} if self.stated else {}
        return {**read, **decided, GRAPH_ONTOLOGY: self.ontology}


@dataclass(frozen=True, slots=True)
class _Bare:
    """Located quads without their places, as often as wanted."""

    items: LocatedQuads

    def __iter__(self) -> Iterator[Quad]:
        return bare(self.items)


def read_sources(resources: Resources) -> Sources:
    """All of data/ and ontology/. Faults in data/ are findings; raises :class:`BilimError` for faults in ontology/."""
    ontology = read_ontology(resources)
    located: dict[str, LocatedQuads] = {}
    findings: list[Finding] = []
    unreadable = False
    for reading in read_folder(resources.data, declared(ontology)).values():
        unreadable = unreadable or (reading.faulty and not reading.graphs)
        findings.extend(reading.findings)
        for graph, items in reading.graphs.items():
            located[graph] = [*located[graph], *items] if graph in located else items
    return Sources(located, tuple(findings), ontology, unreadable)


def declared(ontology: Iterable[Quad]) -> frozenset[str]:
    """IRIs of the terms that the ontology and its lists speak of."""
    return frozenset(q.subject.value for q in ontology if isinstance(q.subject, NamedNode))


def read_one(path: Path, resources: Resources, ontology: Iterable[Quad]) -> Reading:
    """A file, folder or zip, its quads in the graph that it would have.

    Of data/ that is the one by its name, else ``graph/import/{name}`` by the name that importing gives it.
    A table of a name in data/ is read by its description there; another one by the description beside it. Raises
    OSError where it cannot be read.
    """
    known = declared(ontology)
    path = path if path.name else path.resolve()  # "." has no name to call its graph by
    imported = f"{GRAPH_IMPORT}{_import_name(path)}"
    contexts = own_contexts(resources)
    inside = path.resolve().is_relative_to(resources.data.resolve())
    suffix = path.suffix.lower()
    beside = path.with_name(f"{path.stem}{SUFFIX}")
    if suffix == ".csv" and (inside or beside.is_file()):
        path.read_bytes()  # a file that is not there is told before its metadata
        if not beside.is_file():
            return Reading(findings=[finding("no-table-metadata", where=Where(path.name), metadata=beside.name)])
        return read_table(path, beside, f"{GRAPH_DATA}{path.stem}" if inside else imported, vocabulary=known)
    if is_package(path) or suffix in TABLES:
        parts, refused = parts_of(path)
        specs, bad = table_specs(resources.data / "reference")
        reading = read_bundle(parts, imported, Known(specs, Vocabulary(known), contexts))
        reading.findings[:0] = [*refused, *bad]
        return reading
    reading = read_rdf(path, vocabulary=known, contexts=contexts)
    own = {"", imported, f"{GRAPH_DOCUMENT}{path.stem}", f"{GRAPH_DATA}{path.stem}"}
    if not set(reading.graphs) <= own or "" in reading.graphs:
        return read_rdf(
            path, graph=imported, vocabulary=known, contexts=contexts
        )  # reports graphs that belong to others
    return reading


def _import_name(path: Path) -> str:
    """What importing calls a file, so that it is judged as it would be then; ``file`` where nothing can be a name."""
    try:
        return slugify(path.stem)
    except ValueError:
        return "file"


def own_contexts(resources: Resources) -> dict[str, Any]:
    """The JSON-LD contexts that files may name by address: ours."""
    text = (resources.ontology / "context.jsonld").read_text(encoding="utf-8")
    return {f"{BASE}context.jsonld": json.loads(text)["@context"]}


def read_ontology(resources: Resources) -> list[Quad]:
    """Definitions and lists as quads of graph/ontology, blank nodes as IRIs.

    Raises :class:`BilimError` with file and line where a file is not Turtle.
    """
    dataset = Dataset()
    for path in turtle_files(resources, ("def", "lists")):
        try:
            for q in parse(path.read_bytes(), RdfFormat.TURTLE, rename_blank_nodes=True):
                dataset.add(Quad(q.subject, q.predicate, q.object))
        except SyntaxError as error:
            where = Where(str(path.relative_to(resources.root)), line=error.lineno)
            raise BilimError(finding("ontology-unreadable", where=where, reason=error.msg)) from error
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)  # no lines are kept here, so the labels do as they are
    graph = NamedNode(GRAPH_ONTOLOGY)
    return [Quad(_named(q.subject), q.predicate, _named(q.object), graph) for q in dataset]


def _named(term: Any) -> Any:
    return NamedNode(f"{GRAPH_ONTOLOGY}#{term.value}") if isinstance(term, BlankNode) else term


def property_labels(ontology: Iterable[Quad]) -> Mapping[str, Texts]:
    """Property by its short name → its labels in our languages."""
    out: dict[str, dict[str, str]] = {}
    for quad in ontology:
        name, value = quad.subject, quad.object
        if (
            quad.predicate.value not in (f"{RDFS}label", f"{SKOS}prefLabel")
            or not isinstance(name, NamedNode)
            or not isinstance(value, Literal)
        ):
            continue
        if value.language in LANGUAGES:
            out.setdefault(shorten(name.value), {})[value.language] = value.value
    return out


def turtle_files(resources: Resources, folders: Iterable[str]) -> list[Path]:
    """The .ttl files of folders of ontology/, sorted."""
    return sorted(path for folder in folders for path in (resources.ontology / folder).glob("*.ttl"))


def decided_sources(sources: Sources, decisions: Iterable[Decision]) -> Sources:
    """Sources as they are to be read by these decisions, and what the decisions themselves state."""
    made = list(decisions)
    if not made:
        return sources
    rules = sum((d.rules() for d in made), Rules())
    own = [quad for d in made for quad in quads_of(d.added) if quad.graph_name == NamedNode(DECISIONS)]
    gone = {quad for d in made for quad in quads_of(d.removed)}
    return replace(sources, rules=rules, stated=tuple(quad for quad in dict.fromkeys(own) if quad not in gone))


def fingerprint(resources: Resources, decisions: Iterable[Decision] = ()) -> str:
    """A hash over the bytes of data/, ontology/, the code of kg, and decisions: equal means that nothing is new."""
    digest = hashlib.sha256("".join(f"decision {d.number}\n" for d in decisions).encode())
    package = Path(__file__).resolve().parent.parent
    roots = {"data": resources.data, "ontology": resources.ontology, "kg": package}
    for label, root in roots.items():
        for path in sorted(p for p in root.rglob("*") if p.is_file()):
            relative = path.relative_to(root)
            if not _ignored(relative):
                content = hashlib.sha256(path.read_bytes()).hexdigest()
                digest.update(f"{label}/{relative.as_posix()}\t{content}\n".encode())
    return digest.hexdigest()


def _ignored(relative: Path) -> bool:
    """What the interpreter writes, hidden files, and the resources inside an installed wheel (hashed as such)."""
    return any(part.startswith((".", "__pycache__", "_resources")) for part in relative.parts)
