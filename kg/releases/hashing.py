"""Hashes of what a release states: one for each graph, one over all but the ledger.

A graph's hash is the SHA-256 of its canonical N-Quads lines, sorted by bytes. Graphs hold no blank nodes
(they become IRIs on reading, by RDFC-1.0), so sorting is all that canonical order needs. Times, persons
and parents are in the manifest and the ledger, never in the content hash: two clean builds agree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pyoxigraph import NamedNode, RdfFormat, Store

from kg.terms import GRAPH_LEDGER


@dataclass(frozen=True, slots=True)
class GraphHash:
    """What one graph holds: SHA-256 (hex) of its canonical N-Quads, and how many quads."""

    sha256: str
    quads: int


def canonical(store: Store, graph: str) -> Iterator[bytes]:
    """The canonical N-Quads lines of one named graph, sorted by bytes, in the store's own lexical forms.

    Raises ValueError where the graph holds a blank node: its hash would not be stable.
    """
    dump = store.dump(format=RdfFormat.N_TRIPLES, from_graph=NamedNode(graph))
    lines = (dump or b"").splitlines()
    lines.sort()
    if dump and b"_:" in dump:  # cheap first: literals and IRIs may hold it too
        for line in lines:
            if line.startswith(b"_:") or b" _:" in line.split(b'"', 1)[0]:
                raise ValueError(f"graph <{graph}> holds a blank node: {line.decode()}")
    suffix = f" <{graph}> .\n".encode()  # each line ends in " ."; the order stays the same with the graph in it
    for line in lines:
        yield line[:-2] + suffix


def hash_graph(store: Store, graph: str) -> GraphHash:
    """The hash of one named graph of the store: see :func:`canonical`."""
    digest, count = hashlib.sha256(), 0
    for line in canonical(store, graph):
        digest.update(line)
        count += 1
    return GraphHash(digest.hexdigest(), count)


def hash_graphs(store: Store, graphs: Iterable[str] | None = None) -> dict[str, GraphHash]:
    """The hashes of these graphs (all named graphs if None), by IRI; graphs without quads are left out."""
    names = sorted(graphs if graphs is not None else graph_names(store))
    hashes = {name: hash_graph(store, name) for name in names}
    return {name: entry for name, entry in hashes.items() if entry.quads}


def content_hash(graphs: Mapping[str, GraphHash]) -> str:
    """The hash of a release: over sorted (graph IRI, graph hash) of all graphs but the ledger. Hex."""
    digest = hashlib.sha256()
    for name in sorted(graphs):
        if name != GRAPH_LEDGER:
            digest.update(f"{name}\t{graphs[name].sha256}\n".encode())
    return digest.hexdigest()


def graph_names(store: Store) -> list[str]:
    """IRIs of the named graphs of a store, sorted."""
    return sorted(g.value for g in store.named_graphs())
