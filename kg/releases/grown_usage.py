"""How terms are used after a change: numbers by what things told and tell, examples kept where they are the best."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from pyoxigraph import NamedNode

from kg.releases.affected import Affected
from kg.releases.levels import Difference, difference
from kg.releases.merged import Merged
from kg.releases.reader import Projection
from kg.releases.tables import TABLES, Row
from kg.releases.usage import example, uses, weight
from kg.store.views import View

Use = tuple[str, str]
Known = tuple[int, str]
"""How much is known of a thing, negated, and its IRI: the least is the best example."""

_FEW: Final = 2_000
"""Things that are looked through one by one; of more, those of which most is known are tried first."""


def usage_difference(before: Projection, view: View, found: Affected, old: Merged, new: Merged) -> Difference:
    """What differs in ``usage``; ``view`` is of the new graph."""
    then = {row[:2]: row for row in before.rows("SELECT term, via, things, statements, thing, example FROM usage")}
    told, tells = _told(old, found.changed), _told(new, found.changed)
    rows: list[Row] = []
    for use in {*told, *tells, *(use for use, row in then.items() if row[4] in found.things)}:
        row = then.get(use, (*use, 0, 0, "", ""))
        lost, won = told.get(use, {}), tells.get(use, {})
        things = row[2] - len(lost) + len(won)
        if not things:
            continue
        statements = row[3] - sum(n for n, _ in lost.values()) + sum(n for n, _ in won.values())
        best = min((known for _, known in won.values()), default=None)
        if row[4] and row[4] not in lost:  # as it was
            mine = (-weight(new, row[4]), row[4])
            best = min(best, mine) if best else mine
        elif row[4] and (row[4] not in won or won[row[4]][1] > lost[row[4]][1]):  # it is less than it was
            best = _searched(before, view, found, new, use, things, best)
        assert best is not None
        term, via = use
        rows.append((term, via, things, statements, best[1], example(new, term, via, best[1])))
    keys = {row[:2] for row in rows} | told.keys() | tells.keys()
    return difference(TABLES["usage"], (then[key] for key in keys if key in then), rows)


def _told(merged: Merged, iris: Iterable[str]) -> dict[Use, dict[str, tuple[int, Known]]]:
    """Use to things that use a term so: in how many statements, and how much is known of them."""
    out: dict[Use, dict[str, tuple[int, Known]]] = {}
    for iri in iris:
        if merged.thing(iri) is not None:
            known = (-weight(merged, iri), iri)
            for term, via, n in uses(merged, iri):
                before, _ = out.setdefault((term, via), {}).get(iri, (0, known))
                out[term, via][iri] = (before + n, known)
    return out


def _searched(
    before: Projection, view: View, found: Affected, new: Merged, use: Use, things: int, best: Known | None
) -> Known | None:
    """The best example among all things."""
    if things <= _FEW:
        others = (iri for iri in _users(view, *use) if new.thing(iri) is not None)
        return min((-weight(new, iri), iri) for iri in others)
    for iri, known in before.rows("SELECT iri, weight FROM documents ORDER BY weight DESC, iri"):
        if best is not None and best < (-known, iri):
            break
        if iri not in found.changed and any((term, via) == use for term, via, _ in uses(new, iri)):
            return (-known, iri)
    return best


def _users(view: View, term: str, via: str) -> Iterator[str]:
    found = view.subjects(NamedNode(via), NamedNode(term)) if via else (s for s, _ in view.pairs(NamedNode(term)))
    return (node.value for node in found if isinstance(node, NamedNode))
