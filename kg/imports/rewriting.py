"""What decisions make of statements: some go, some are told of another thing. Pure.

Decisions hold for the graphs of sources (``graph/data``, ``graph/document``, ``graph/import``) but for the graph of the
decisions itself; so they hold again when a file is read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, parse, serialize

from kg.terms import BKG, GRAPH_DERIVED, GRAPH_IMPORT, GRAPH_LEDGER, GRAPH_ONTOLOGY, SKOS

GRAPH: Final = GRAPH_IMPORT + "decisions"
"""The graph of what decisions themselves state."""

_OTHERS: Final = frozenset({GRAPH, GRAPH_DERIVED, GRAPH_LEDGER, GRAPH_ONTOLOGY})
_PREFERRED: Final = NamedNode(SKOS + "prefLabel")
_OTHER_NAME: Final = NamedNode(SKOS + "altLabel")
SATELLITES: Final = tuple(NamedNode(BKG + name) for name in ("supports", "concerns", "of"))
"""How evidence, discrepancies and dated values point to their thing: they go with it."""


@dataclass(frozen=True)
class Rules:
    """``moved``: thing → the one it is now; ``gone``: things withdrawn, with what was only about them;
    ``overruled``: single statements that are not to be read; ``names``: of things moved to, which no one needs twice.
    """

    moved: Mapping[NamedNode, NamedNode] = field(default_factory=dict)
    gone: frozenset[NamedNode] = frozenset()
    overruled: frozenset[tuple[Any, Any, Any]] = frozenset()
    names: frozenset[tuple[NamedNode, Literal]] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.moved or self.gone or self.overruled)

    def __add__(self, other: Rules) -> Rules:
        return Rules(
            {**self.moved, **other.moved},
            self.gone | other.gone,
            self.overruled | other.overruled,
            self.names | other.names,
        )

    def of(self, quad: Quad) -> Quad | None:
        """A statement as it is to be read; None where it is not to be."""
        if getattr(quad.graph_name, "value", GRAPH) in _OTHERS:
            return quad
        s, p, o = quad.subject, quad.predicate, quad.object
        if (s, p, o) in self.overruled or s in self.gone or o in self.gone:
            return None
        now, then = self.now(s), self.now(o)
        if now is s and then is o:
            return quad
        if p == _PREFERRED and now is not s:  # a thing has one preferred name a language: its own
            if (now, o) in self.names:
                return None
            p = _OTHER_NAME
        return Quad(now, p, then, quad.graph_name)

    def now(self, term: Any) -> Any:
        """What a term is called by now."""
        seen = 0
        while isinstance(term, NamedNode) and term in self.moved and seen <= len(self.moved):
            term, seen = self.moved[term], seen + 1
        return term

    def graphs(self, graphs: Mapping[str, Iterable[Quad]]) -> dict[str, Iterable[Quad]]:
        """Graphs of sources as they are to be read, made each time they are gone through."""
        return {name: _Read(self, items) for name, items in graphs.items()} if self else dict(graphs)


@dataclass(frozen=True, slots=True)
class _Read:
    rules: Rules
    items: Iterable[Quad]

    def __iter__(self) -> Iterator[Quad]:
        return (now for quad in self.items if (now := self.rules.of(quad)) is not None)


def lines(quads: Iterable[Quad]) -> str:
    """Quads as sorted N-Quads, to be kept."""
    return "".join(sorted((serialize([q], format=RdfFormat.N_QUADS) or b"").decode() for q in quads))


def quads_of(text: str) -> list[Quad]:
    """The quads of :func:`lines`."""
    return list(parse(text.encode(), format=RdfFormat.N_QUADS))
