"""Canonical Turtle: one way to write a file of ontology/, so that a change shows as what it is.

rdflib's ``longturtle`` with three things settled: subjects stand by IRI (not by how often they are named,
which one new reference elsewhere would change), blank nodes get names by RDFC-1.0, and only the prefixes of
kg.terms that are used stand at the head. ``python tools/canonical.py`` rewrites, ``--check`` only compares.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path

import pyoxigraph as ox
import rdflib
from rdflib.namespace import NamespaceManager
from rdflib.plugins.serializers.longturtle import LongTurtleSerializer
from rdflib.serializer import Serializer

from kg import resources
from kg.terms import PREFIXES
from kg.validation.convert import Converter

COMMENT = re.compile(r"\s*#")


class _Serializer(LongTurtleSerializer):
    def orderSubjects(self) -> list[rdflib.term.Node]:
        return sorted(self._subjects, key=lambda s: (isinstance(s, rdflib.BNode), str(s)))


def canonical(text: bytes) -> str:
    """The canonical form of a Turtle file. Raises SyntaxError where it is no Turtle, ValueError for comments."""
    if any(COMMENT.match(line) for line, inside in _lines(text.decode()) if not inside):
        raise ValueError("comments are lost in canonical Turtle: say it in rdfs:comment or skos:editorialNote")
    converter = Converter()
    graph = rdflib.Graph(bind_namespaces="none")
    for quad in _named(ox.Dataset(ox.parse(text, format=ox.RdfFormat.TURTLE))):
        graph.add(converter.triple(quad))
    _bind(graph)
    out = BytesIO()
    serializer: Serializer = _Serializer(graph)  # type: ignore[no-untyped-call]
    serializer.serialize(out, encoding="utf-8")
    return _trimmed(out.getvalue().decode()).strip("\n") + "\n"


def _named(dataset: ox.Dataset) -> Iterator[ox.Quad]:
    """The quads, their blank nodes named so that names sort by what is said of a node: by its prefix, its path."""
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    said: dict[ox.BlankNode, list[str]] = defaultdict(list)
    for q in dataset:
        if isinstance(q.subject, ox.BlankNode):
            said[q.subject].append("" if isinstance(q.object, ox.BlankNode) else f"{q.object} {q.predicate}")
    order = sorted(said, key=lambda node: (sorted(said[node]), node.value))
    names: dict[object, ox.BlankNode] = {node: ox.BlankNode(f"b{i:05}") for i, node in enumerate(order)}
    for q in dataset:
        yield ox.Quad(names.get(q.subject, q.subject), q.predicate, names.get(q.object, q.object))


def _bind(graph: rdflib.Graph) -> None:
    graph.namespace_manager = NamespaceManager(graph, bind_namespaces="none")
    for prefix, namespace in PREFIXES.items():
        graph.bind(prefix, namespace, override=True, replace=True)


def _trimmed(text: str) -> str:
    """Without the spaces that rdflib leaves at the ends of lines; those inside long strings belong to the string."""
    return "\n".join(line if inside else line.rstrip(" ") for line, inside in _lines(text))


def _lines(text: str) -> Iterator[tuple[str, bool]]:
    """Each line, and whether a long string holds its end or its beginning."""
    inside = False
    for line in text.split("\n"):
        quotes = line.count('"""')
        yield line, inside or quotes > 0
        inside ^= quotes % 2 == 1


def files(ontology: Path) -> list[Path]:
    """Every Turtle file of the ontology that is not an example: those are written to be read, with comments."""
    return sorted(p for p in ontology.rglob("*.ttl") if "examples" not in p.relative_to(ontology).parts)


def rewrite(paths: Iterable[Path], *, check: bool) -> list[Path]:
    """The files that are not canonical; unless ``check``, they are when this returns."""
    stale = []
    for path in paths:
        old = path.read_bytes()
        new = canonical(old).encode()
        if new != old:
            stale.append(path)
            if not check:
                path.write_bytes(new)
    return stale


def main(check: bool) -> int:
    """0 if every file is canonical (after writing: always), 1 if not."""
    root = resources.find().root
    stale = rewrite(files(root / "ontology"), check=check)
    for path in stale:
        print(f"{path.relative_to(root)}: {'not canonical: run make fmt' if check else 'written'}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
