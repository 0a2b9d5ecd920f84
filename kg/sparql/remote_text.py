"""A release's queries for a store that holds several: its graphs bear the release's name there.

``https://w3id.org/bilim/graph/derived`` is ``https://w3id.org/bilim/releases/{id}/graph/derived`` in the remote store,
and the default graph ``…/releases/{id}/merged``. The change is the same everywhere (in what is loaded, in queries, IRIs
and strings alike, in answers), so whatever a query compares stays as it was; nobody outside sees the longer names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from kg.sparql.dialects import Dialect, standard
from kg.sparql.vet import vet
from kg.store.dataset import Dataset
from kg.terms import BASE, GRAPH

# where a word may be a keyword: a text that has it elsewhere only takes the longer way
_FROM: Final = re.compile(r"(?<![?$\w:/#])FROM\b", re.IGNORECASE)
_GRAPH: Final = re.compile(r"(?<![?$\w:/#])GRAPH(?![\w/:])", re.IGNORECASE)
_GRAPH_IRI: Final = re.compile(r"(?<![?$\w:/#])GRAPH\s*<([^<>\s]*)>", re.IGNORECASE)
_RELATIVE: Final = re.compile(r"<graph/", re.IGNORECASE)


def scope(release_id: str) -> str:
    """What the names of a release's graphs begin with in a remote store."""
    return f"{BASE}releases/{release_id}/"


def merged(release_id: str) -> str:
    """Name of the merged graph there."""
    return scope(release_id) + "merged"


def scoped(release_id: str, graph: str) -> str:
    """Name of a named graph there; one that is none of a release's names one that is empty."""
    graph = graph if ":" in graph else BASE + graph
    return scope(release_id) + ("graph/" + graph.removeprefix(GRAPH) if graph.startswith(GRAPH) else "none")


class Scoped:
    """:class:`kg.store.remote.Translation` for one release: its names, and the dialect of the store."""

    def __init__(self, release_id: str, graphs: Iterable[str], dialect: Dialect = standard) -> None:
        self._release_id = release_id
        self._dialect = dialect
        self._graphs = tuple(scoped(release_id, graph) for graph in graphs)
        self._default = (merged(release_id),)
        self._ours, self._theirs = GRAPH, scope(release_id) + "graph/"
        pairs = [(self._theirs.encode(), self._ours.encode())]
        # JSON may write a slash as \/
        pairs += [(theirs.replace(b"/", b"\\/"), ours.replace(b"/", b"\\/")) for theirs, ours in pairs]
        self._back = tuple(pairs)

    def request(self, text: str, dataset: Dataset | None) -> tuple[str, Dataset]:
        """See :class:`kg.store.remote.Translation`."""
        if dataset is None and _FROM.search(text):
            dataset = vet(text).dataset
        if dataset is None:
            asked = Dataset(self._default, self._named(text))
        else:
            # a store whose request names no default graph may take all that it has for one
            default = [scoped(self._release_id, graph) for graph in dataset.default or ("none",)]
            asked = Dataset(tuple(default), tuple(scoped(self._release_id, graph) for graph in dataset.named))
        if "graph/" in text:
            text = _RELATIVE.sub(f"<{self._theirs}", text.replace(self._ours, self._theirs))
        return self._dialect(text), asked

    def answer(self, body: bytes) -> bytes:
        """See :class:`kg.store.remote.Translation`."""
        for theirs, ours in self._back:
            if theirs in body:
                body = body.replace(theirs, ours)
        return body

    def load(self, triples: bytes) -> bytes:
        """N-Triples of the release as they are loaded."""
        return triples.replace(self._ours.encode(), self._theirs.encode())

    def _named(self, text: str) -> tuple[str, ...]:
        """The named graphs that a query can speak of: all, unless each GRAPH is followed by an IRI."""
        count = len(_GRAPH.findall(text))
        if not count:
            return ()
        told = _GRAPH_IRI.findall(text)
        if len(told) < count:
            return self._graphs
        return tuple(dict.fromkeys(scoped(self._release_id, graph) for graph in told))
