"""Blank nodes to IRIs, the same for the same graph: RDF Dataset Canonicalization (RDFC-1.0, W3C 2024).

pyoxigraph canonicalizes but does not say which node became which, and we must keep the lines. So the nodes of
both forms are coloured by what surrounds them until each colour is one node; nodes that look alike to the
end are exchangeable. The same colours tell beforehand whether the canonical form can be had in sensible
time: its worst case is exponential, and an upload may have been made for it.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from pyoxigraph import BlankNode, CanonicalizationAlgorithm, Dataset, NamedNode, Quad

ALIKE_MAX: Final = 5
"""Connected nodes that may look alike to the end: RDFC-1.0 tries their permutations (8 of them: 1.2 s)."""
CONNECTED_MAX: Final = 100
"""Connected nodes whose own statements look alike: its time grows with the third power (100: 0.2 s, 300: 2.8 s)."""


class TooAlikeError(ValueError):
    """So many connected blank nodes look alike that no canonical form is had in sensible time."""

    def __init__(self, nodes: Sequence[BlankNode]) -> None:
        super().__init__(f"{len(nodes)} blank nodes look alike")
        self.nodes = nodes


def canonical_iris(quads: Sequence[Quad], graph: str) -> dict[BlankNode, NamedNode]:
    """An IRI for each blank node of the quads, taken as one graph: ``{graph}#c14n{n}`` by RDFC-1.0.

    Raises :class:`TooAlikeError`.
    """
    own = _Colours(quads)
    if not own.colours:
        return {}
    own_parts = own.parts()
    dataset = Dataset([Quad(quad.subject, quad.predicate, quad.object) for quad in quads])
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    other = _Colours(list(dataset))
    by_signature = defaultdict(list)
    for part in other.parts():
        by_signature[other.signature(part)].append(part)
    for part in own_parts:
        twin = by_signature[own.signature(part)].pop()
        own.tell_apart(part)
        other.tell_apart(twin)
    theirs = {colour: node for node, colour in other.colours.items()}
    names = {
        node: NamedNode(f"{graph}#{theirs[colour].value}") for node, colour in own.colours.items() if colour in theirs
    }
    if len(set(names.values())) < len(own.colours):  # not seen to happen; a wrong name would be worse than none
        raise TooAlikeError(list(own.colours))
    return names


class _Colours:
    """Blank nodes and a colour for each: what is stated of it, then also what is stated of its neighbours."""

    def __init__(self, quads: Iterable[Quad]) -> None:
        self._told: Counter[tuple[str, ...]] = Counter()
        self._edges: dict[BlankNode, list[tuple[str, BlankNode | None]]] = defaultdict(list)
        for quad in quads:
            subject, object_ = quad.subject, quad.object
            if isinstance(subject, BlankNode):
                if isinstance(object_, BlankNode):
                    self._edges[subject].append((f"> {quad.predicate} {subject == object_}", object_))
                else:
                    self._edges[subject].append((f"> {quad.predicate} {object_}", None))
            if isinstance(object_, BlankNode):
                if isinstance(subject, BlankNode):
                    self._edges[object_].append((f"< {quad.predicate}", subject))
                else:
                    self._edges[object_].append((f"< {quad.predicate} {subject}", None))
        self.colours: dict[BlankNode, str] = dict.fromkeys(self._edges, "")
        self.colours = {node: self._colour(node) for node in self._edges}

    def _colour(self, node: BlankNode) -> str:
        seen = sorted(edge + " " + (self.colours[other] if other else "") for edge, other in self._edges[node])
        return hashlib.sha256("\n".join((self.colours[node], *seen)).encode()).hexdigest()

    def parts(self) -> list[list[BlankNode]]:
        """Connected nodes that share their first colour with others, each part refined within itself.

        Raises :class:`TooAlikeError` for a part beyond the limits.
        """
        counts = Counter(self.colours.values())
        twins = {node: None for node, colour in self.colours.items() if counts[colour] > 1}
        parts = []
        while twins:
            node = next(iter(twins))
            del twins[node]
            part = [node]
            for member in part:
                for _, other in self._edges[member]:
                    if other in twins:
                        del twins[other]
                        part.append(other)
            if len(part) > CONNECTED_MAX:
                raise TooAlikeError(part)
            self._refine(part)
            alike = Counter(self.colours[member] for member in part).most_common(1)[0][1]
            if alike > ALIKE_MAX:
                raise TooAlikeError(part)
            parts.append(part)
        return parts

    def signature(self, part: list[BlankNode]) -> tuple[str, ...]:
        """What two parts have in common if they are the same but for the names of nodes."""
        return tuple(sorted(self.colours[node] for node in part))

    def _refine(self, part: list[BlankNode]) -> None:
        count = 0
        while (now := len({self.colours[node] for node in part})) > count:
            count = now
            self.colours.update({node: self._colour(node) for node in part})

    def tell_apart(self, part: list[BlankNode]) -> None:
        """Give each node of the part a colour of its own, and the part colours of its own."""
        for step in range(len(part) + 1):
            by_colour = Counter(self.colours[node] for node in part)
            twins = [colour for colour, count in by_colour.items() if count > 1]
            if not twins:
                break
            chosen = min(twins)
            node = next(node for node in part if self.colours[node] == chosen)
            self.colours[node] = hashlib.sha256(f"{chosen} {step}".encode()).hexdigest()
            self._refine(part)
        signature = self.signature(part)
        number = self._told[signature]
        self._told[signature] += 1
        # parts that differ may still have nodes of one colour: far from what tells them apart
        told = f"{hashlib.sha256(' '.join(signature).encode()).hexdigest()} {number}"
        self.colours.update({node: f"{self.colours[node]} {told}" for node in part})
