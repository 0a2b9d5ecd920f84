"""Hashes of what a release states: one for each graph, one over all but the ledger.

A graph of a source has the SHA-256 of its canonical N-Quads lines, sorted by bytes. Graphs hold no blank nodes
(they become IRIs on reading, by RDFC-1.0), so sorting is all that canonical order needs. The graphs that are computed
(:data:`COMPUTED`) grow with the release, so theirs are hashes of sets: each line gives a number of 4,096 bits
(SHAKE128), the graph their sum modulo 2^4096 (AdHash of Bellare and Micciancio, with a modulus that withstands Wagner's
generalized birthday), its hash the SHA-256 of that sum: what a change adds and removes is added and subtracted
(docs/decisions/0021). Times, persons and parents are in the manifest and the ledger, never in the content hash: two
clean builds agree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from pyoxigraph import NamedNode, Quad, RdfFormat, Store, Triple, serialize

from kg.terms import GRAPH_DERIVED, GRAPH_LEDGER

COMPUTED: Final = (GRAPH_DERIVED, GRAPH_LEDGER)
"""The graphs that are hashed as sets."""

AT_ONCE: Final = 2
"""Graphs hashed at one time: while one is read from the store, without the interpreter's lock, another is hashed."""

_BYTES: Final = 512
_MODULUS: Final = 1 << (8 * _BYTES)


@dataclass(frozen=True, slots=True)
class GraphHash:
    """What one graph holds: SHA-256 (hex) of its canonical N-Quads, and how many quads."""

    sha256: str
    quads: int


def canonical(store: Store, graph: str) -> Iterator[bytes]:
    """The canonical N-Quads lines of one named graph, sorted by bytes, in the store's own lexical forms.

    Raises ValueError where the graph holds a blank node: its hash would not be stable.
    """
    lines = _lines(store, graph)
    lines.sort()
    suffix = f" <{graph}> .\n".encode()  # each line ends in " ."; the order stays the same with the graph in it
    for line in lines:
        yield line[:-2] + suffix


def hash_graph(store: Store, graph: str, sets: Container[str] = COMPUTED) -> GraphHash:
    """The hash of one named graph of the store: of its set, or of its sorted lines (:func:`canonical`)."""
    if graph in sets:
        total, count = set_sum(store, graph)
        return hash_of_sum(total, count)
    digest, count = hashlib.sha256(), 0
    for line in canonical(store, graph):
        digest.update(line)
        count += 1
    return GraphHash(digest.hexdigest(), count)


def set_sum(store: Store, graph: str) -> tuple[bytes, int]:
    """The sum of a graph as a set, and how many quads it has. Raises ValueError where it holds a blank node."""
    return _sum(_lines(store, graph), graph)


def moved_sum(before: bytes, graph: str, added: Iterable[Quad], removed: Iterable[Quad]) -> bytes:
    """The sum after a change, from that before it. The quads must be of this graph, and come and go indeed."""
    plus, minus = (int.from_bytes(_sum(_written(quads), graph)[0], "little") for quads in (added, removed))
    return ((int.from_bytes(before, "little") + plus - minus) % _MODULUS).to_bytes(_BYTES, "little")


def hash_of_sum(total: bytes, quads: int) -> GraphHash:
    return GraphHash(hashlib.sha256(total).hexdigest(), quads)


def _sum(lines: Iterable[bytes], graph: str) -> tuple[bytes, int]:
    suffix = f"<{graph}> .\n".encode()
    shake, number = hashlib.shake_128, int.from_bytes
    total = count = 0
    for line in lines:
        total += number(shake(line[:-1] + suffix).digest(_BYTES), "little")
        count += 1
    return (total % _MODULUS).to_bytes(_BYTES, "little"), count


def _written(quads: Iterable[Quad]) -> list[bytes]:
    return (
        serialize((Triple(q.subject, q.predicate, q.object) for q in quads), format=RdfFormat.N_TRIPLES) or b""
    ).splitlines()


def _lines(store: Store, graph: str) -> list[bytes]:
    """The N-Triples lines of a graph, in no order. Raises ValueError where it holds a blank node."""
    dump = store.dump(format=RdfFormat.N_TRIPLES, from_graph=NamedNode(graph)) or b""
    lines = dump.splitlines()
    if b"_:" in dump:  # cheap first: literals and IRIs may hold it too
        for line in lines:
            if line.startswith(b"_:") or b" _:" in line.split(b'"', 1)[0]:
                raise ValueError(f"graph <{graph}> holds a blank node: {line.decode()}")
    return lines


def hash_graphs(
    store: Store, graphs: Iterable[str] | None = None, sets: Container[str] = COMPUTED
) -> dict[str, GraphHash]:
    """The hashes of these graphs (all named graphs if None), by IRI; graphs without quads are left out.

    ``sets``: the graphs that are hashed as sets; releases of hashing 1 have none (kg.releases.manifest).
    """
    names = sorted(graphs if graphs is not None else graph_names(store))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        hashes = dict(zip(names, pool.map(lambda name: hash_graph(store, name, sets), names), strict=True))
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
