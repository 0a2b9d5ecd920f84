"""Ask a release a template's question: check, bind, query, page, shape. One :class:`Engine` for each release."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from pyoxigraph import Literal, Triple

from kg.sparql.tokens import tokenize
from kg.store.protocol import Solutions, Store
from kg.templates import enumeration, params, shape
from kg.templates.entities import StoreEntities
from kg.templates.model import Param, Template
from kg.templates.order import Listing, Order, Orders, packed, unpacked
from kg.templates.page import Asked, NoSuchPage, Page
from kg.templates.params import Values
from kg.templates.prepare import Part, bound, given_row, given_rows, keys, part_of, sorting
from kg.templates.shape import Labels, Row
from kg.templates.sort import arranged

_TOTALS_KEPT: Final = 20_000  # numbers; a release never changes, so they stay true
_AT_ONCE: Final = 100_000  # cells of a list without ``# @page`` up to which it is read whole and kept (0.2 s, 15 MB)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a SELECT as terms. ``page`` is None for a template without pages."""

    variables: tuple[str, ...]
    rows: list[Row]
    page: Page | None


class Engine:
    """Answers templates from one pinned release. Safe to share between threads."""

    def __init__(self, store: Store, labels: Labels) -> None:
        self._store = store
        self._labels = labels
        self._entities = StoreEntities(store)
        self._totals: dict[str, int] = {}  # by the text of the query
        self._orders = Orders()
        self._resolved: dict[str, tuple[Template, Template]] = {}
        self._nodes: dict[str, tuple[Template, shape.Node]] = {}
        self._lock = threading.Lock()

    def resolved(self, template: Template) -> Template:
        """The template with the values that its parameters can have in this release, where it asks for them."""
        if not any(p.asked for p in template.params):
            return template
        known = self._resolved.get(template.name)
        if known is None or known[0] is not template:  # in development a file may have changed under the release
            known = template, replace(template, params=tuple(self._param(p) for p in template.params))
            self._resolved[template.name] = known
        return known[1]

    def _node(self, template: Template) -> shape.Node:
        known = self._nodes.get(template.name)
        if known is None or known[0] is not template:
            known = self._nodes[template.name] = template, prototype(template)
        return known[1]

    def _param(self, param: Param) -> Param:
        if param.asked is None:
            return param
        rows = self._select(param.asked)[1]
        if len(rows) > enumeration.MOST:
            return replace(param, asked=None, type="iri" if param.suffix.kind == "iri" else "string")
        return replace(param, asked=None, values=enumeration.values((row[0] for row in rows), param.suffix))

    def check(self, template: Template, given: Mapping[str, Sequence[str]], today: date) -> Values:
        """See :func:`kg.templates.params.check`. Raises :class:`kg.templates.params.BadParameters`."""
        return params.check(self.resolved(template), given, entities=self._entities, today=today)

    def table(self, template: Template, values: Values, asked: Asked | None = None) -> Table:
        """Rows of a SELECT; of one page if the template has pages and one is asked for.

        Where several rows make one object, a page holds the rows of ``asked.size`` objects, and they are counted; where
        a subquery ends in ``# @page``, its rows are the objects, and only those of the page are asked for the rest.
        Raises :class:`NoSuchPage`, and :class:`kg.store.errors.StoreError` if the release cannot be read.
        """
        table = self._table(template, values, asked)
        flags = [i for i, name in enumerate(table.variables) if _is_boolean(template, name)]
        return replace(table, rows=[_with_booleans(row, flags) for row in table.rows]) if flags else table

    def _table(self, template: Template, values: Values, asked: Asked | None) -> Table:
        if asked is not None and template.paged:
            return self._things_page(template, values, asked)
        if asked is None or template.page_size is None:
            return Table(*self._sorted(template, values, "whole"), None)
        node, query = self._node(template), bound(template, values)
        listing = self._orders.get((query, node.anchor), lambda: self._listing(template, values, node))
        if listing.groups is None:
            return self._rows_page(query, asked)
        page = _existing(asked, len(listing.groups))
        chosen = listing.groups[asked.offset : asked.offset + asked.size]
        return Table(listing.variables, [unpacked(row) for group in chosen for row in group], page)

    def objects(
        self, template: Template, table: Table, languages: Sequence[str], fields: Sequence[str] | None = None
    ) -> list[dict[str, Any]]:
        """The rows as JSON objects. ``languages``: of content, the wished one first; ``fields``: keys, None for all.

        Rows are merged as without ``fields``: the choice makes no object another.
        """
        node = self._node(template)
        if fields is not None:
            node = replace(node, fields=tuple((key, part) for key, part in node.fields if key in fields))
        return shape.shape(template, node, table.rows, self._labels, languages)

    def boolean(self, template: Template, values: Values) -> bool:
        """The answer of an ASK."""
        answer = self._store.query(bound(template, values))
        assert isinstance(answer, bool)  # the loader knows the form
        return answer

    def triples(self, template: Template, values: Values) -> Iterator[Triple]:
        """The triples of a CONSTRUCT or DESCRIBE."""
        return self._store.construct(bound(template, values))

    def names(self, table: Table, template: Template) -> Mapping[str, Mapping[str, str]]:
        """Labels of the things in the entity columns, by one look-up."""
        return self._labels.labels(shape.entity_iris(template, table.rows, names=table.variables))

    def _select(self, query: str) -> tuple[tuple[str, ...], list[Row]]:
        answer = self._store.query(query)
        assert isinstance(answer, Solutions)  # the loader knows the form
        return answer.variables, [tuple(row) for row in answer.rows]

    def _things_page(self, template: Template, values: Values, asked: Asked) -> Table:
        query = keys(template, values)  # the key too: what a page adds (certainty on a day …) changes no order
        order = self._orders.get(query, lambda: self._order(template, values))
        page = _existing(asked, len(order.rows))
        chosen = order.rows[asked.offset : asked.offset + asked.size]
        if not chosen:
            return Table(template.variables, [], page)
        variables, rows = self._sorted(template, values, "details", given_rows(order.variables, chosen))
        return Table(variables, rows, page)

    def _order(self, template: Template, values: Values) -> Order:
        variables, rows = self._sorted(template, values, "keys")
        return Order(variables, tuple(map(given_row, rows)))

    def _sorted(
        self, template: Template, values: Values, part: Part, page: str = "", most: int | None = None
    ) -> tuple[tuple[str, ...], list[Row]]:
        """The rows of a part in its order. Of more than ``most`` as many and one, in no order."""
        limit = "" if most is None else f"\nLIMIT {most + 1}"
        way = sorting(template, values, part)
        if way is not None:
            variables, rows = self._select(part_of(template, values, part, page, bare=True) + limit)
            columns = [(variables.index(key.variable), key.descending) for key in way.keys]
            found = rows if most is not None and len(rows) > most else arranged(rows, columns)
            if found is not None:
                width = len(variables) - len(way.added)
                return variables[:width], [row[:width] for row in found] if way.added else found
        return self._select(part_of(template, values, part, page) + limit)

    def _listing(self, template: Template, values: Values, node: shape.Node) -> Listing:
        """All rows. Where rows are objects, a page can be asked for alone, and a long list is not read whole."""
        merges = shape.merges(node)
        most = _AT_ONCE // len(template.variables)
        variables, rows = self._sorted(template, values, "whole", most=None if merges else most)
        if not merges and len(rows) > most:
            return Listing(variables, None)
        groups = shape.groups(node, rows, {name: i for i, name in enumerate(variables)})
        return Listing(variables, tuple([tuple(map(packed, group)) for group in groups]))

    def _rows_page(self, query: str, asked: Asked) -> Table:
        variables, rows = self._select(f"{query}\nLIMIT {asked.size} OFFSET {asked.offset}")
        total = self._totals.get(query)
        if total is None:
            if (rows and len(rows) < asked.size) or (not rows and asked.number == 1):
                total = asked.offset + len(rows)
            else:
                total = self._count(query)
            with self._lock:
                if len(self._totals) >= _TOTALS_KEPT:
                    self._totals.clear()
                self._totals[query] = total
        return Table(variables, rows, _existing(asked, total))

    def _count(self, query: str) -> int:
        """Rows of the whole, counted by the store; by reading them where the query names datasets of its own."""
        tokens = tokenize(query)
        start = next(token.start for token in tokens if token.upper == "SELECT")
        if any(token.upper == "FROM" for token in tokens):
            return len(self._select(query)[1])
        counting = f"{query[:start]}SELECT (COUNT(*) AS ?total) WHERE {{ {{ {query[start:]}\n}} }}"
        cell = self._select(counting)[1][0][0]
        assert isinstance(cell, Literal)
        return int(cell.value)


def prototype(template: Template) -> shape.Node:
    """The compiled prototype of a template's objects."""
    return shape.prototype(template.transform, template.returns, template.variables)


def _is_boolean(template: Template, name: str) -> bool:
    return name in template.returns and template.returns[name].type == "boolean"


def _with_booleans(row: Row, flags: Sequence[int]) -> Row:
    """The row with booleans where they are declared: Virtuoso computes them as the integers 0 and 1."""
    cells = list(row)
    for i in flags:
        cell = cells[i]
        if isinstance(cell, Literal) and cell.value in ("0", "1"):
            cells[i] = Literal(cell.value == "1")
    return tuple(cells)


def _existing(asked: Asked, total: int) -> Page:
    page = Page(asked.number, asked.size, total)
    if asked.number > page.last:
        raise NoSuchPage(page)
    return page
