"""A release's store read in this process by pyoxigraph. No deadline: for our own, vetted queries only.

What a stranger writes goes to :mod:`kg.sparql.pool` instead, whose workers can be stopped.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.findings import finding
from kg.store.dataset import MERGE_LIMIT, Dataset, DatasetTooLarge, view
from kg.store.errors import QueryError, StoreError, syntax_error
from kg.store.protocol import Row, Solutions

_OTHER_GRAPHS: Final = re.compile(r"\b(?:GRAPH|FROM)\b", re.IGNORECASE)
"""Where a query may name graphs. A comment or a string that says so is answered from the disk, only slower."""


class EmbeddedStore:
    """:class:`kg.store.protocol.Store` over a directory that nobody writes.

    Many threads may query at once; evaluation releases the GIL. Raises :class:`StoreError` where the
    directory holds no store. Reading a store that someone writes is undefined, so give it releases only.
    """

    def __init__(self, path: Path, release_id: str, merge_limit: int = MERGE_LIMIT) -> None:
        try:
            self.raw = ox.Store.read_only(str(path))
        except OSError as error:
            raise StoreError(finding("store-unreadable", path=path, reason=error)) from error
        self.path = path
        self._release_id = release_id
        self._merge_limit = merge_limit
        self._held: ox.Store | None = None

    @property
    def held(self) -> bool:
        """Whether the default graph is in memory."""
        return self._held is not None

    def hold(self) -> None:
        """Read the default graph into memory, from which queries of it alone are answered from then on.

        Their answers are the same, two to four times as fast; it takes about 420 bytes a triple. Queries are answered
        meanwhile: it is copied in native code, through a file, since going through the statements here would keep the
        GIL. Raises OSError where there is no room for the file.
        """
        if self._held is None:
            held = ox.Store()
            with tempfile.TemporaryDirectory(prefix="bilim-hold-") as folder:
                file = str(Path(folder) / "default.nt")
                self.raw.dump(file, ox.RdfFormat.N_TRIPLES, from_graph=ox.DefaultGraph())
                held.bulk_load(path=file, format=ox.RdfFormat.N_TRIPLES, lenient=True)  # our own store wrote it
            self._held = held

    def query(self, text: str, dataset: Dataset | None = None) -> Solutions | bool:
        """See :class:`kg.store.protocol.Store`. Raises :class:`QueryError` for any other form of query."""
        result = self._ask(text, dataset)
        if isinstance(result, ox.QueryBoolean):
            return bool(result)
        if isinstance(result, ox.QuerySolutions):
            return Solutions(tuple(v.value for v in result.variables), _rows(result))
        raise QueryError("sparql-wrong-form", form="CONSTRUCT, DESCRIBE", allowed="SELECT, ASK")

    def construct(self, text: str, dataset: Dataset | None = None) -> Iterator[ox.Triple]:
        """See :class:`kg.store.protocol.Store`. Raises :class:`QueryError` for any other form of query."""
        result = self._ask(text, dataset)
        if isinstance(result, ox.QueryTriples):
            return _triples(result)
        raise QueryError("sparql-wrong-form", form="SELECT, ASK", allowed="CONSTRUCT, DESCRIBE")

    def graphs(self) -> tuple[str, ...]:
        """See :class:`kg.store.protocol.Store`."""
        return tuple(sorted(g.value for g in self.raw.named_graphs() if isinstance(g, ox.NamedNode)))

    def count(self, graph: str | None) -> int:
        """See :class:`kg.store.protocol.Store`."""
        name = ox.DefaultGraph() if graph is None else ox.NamedNode(graph)
        return sum(1 for _ in self.raw.quads_for_pattern(None, None, None, name))

    def release_id(self) -> str:
        """See :class:`kg.store.protocol.Store`."""
        return self._release_id

    def _ask(self, text: str, dataset: Dataset | None) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
        try:
            if self._held is not None and dataset is None and not _OTHER_GRAPHS.search(text):
                return self._held.query(text)
            seen = view(self.raw, dataset, self._merge_limit)
            return seen.store.query(text, default_graph=seen.default_graph, named_graphs=seen.named_graphs)
        except SyntaxError as error:
            raise syntax_error(str(error)) from error
        except DatasetTooLarge as error:
            raise QueryError("sparql-dataset-too-large", limit=error.limit) from error
        except (RuntimeError, OSError) as error:
            raise _failed(error) from error


def _failed(error: Exception) -> QueryError | StoreError:
    if isinstance(error, OSError):
        return StoreError(finding("store-read-failed", reason=error))
    return QueryError("sparql-evaluation", reason=error)


def _rows(solutions: ox.QuerySolutions) -> Iterator[Row]:
    try:
        yield from solutions
    except (RuntimeError, OSError) as error:
        raise _failed(error) from error


def _triples(triples: ox.QueryTriples) -> Iterator[ox.Triple]:
    try:
        yield from triples
    except (RuntimeError, OSError) as error:
        raise _failed(error) from error
