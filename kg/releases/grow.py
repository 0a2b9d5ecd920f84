"""The projection of the release after a change, from that of the release before: what differs is laid upon it.

Each thing that the change affects (kg.releases.affected) tells its rows in the old graph and in the new one; numbers
change by what went and came. The result is, row for row, what :func:`kg.releases.project.project` writes of the whole.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pyoxigraph import Literal, NamedNode

from kg.releases import coverage, facets, filters, name_index, partitions, project
from kg.releases.affected import Affected, TooMuch, affected
from kg.releases.grown_usage import usage_difference
from kg.releases.levels import Difference, difference, lay, too_large
from kg.releases.merged import TYPE, Merged
from kg.releases.partly import partly
from kg.releases.reader import Projection
from kg.releases.tables import TABLES, Row
from kg.store.views import Edge, View, Views
from kg.terms import BKG, split_entity_iri

_LOG: Final = logging.getLogger("bilim.projection")
_SUPPORTS: Final = NamedNode(BKG + "supports")
_IN_DOCUMENT: Final = NamedNode(BKG + "inDocument")
_SINGLE_SOURCE: Final = NamedNode(BKG + "singleSource")

Differences = dict[str, Difference]


def grow(
    before: Projection, seen: Views, directory: Path, content_hash: str, sums: Mapping[str, bytes]
) -> dict[str, int] | None:
    """Write the projection of a changed release into ``directory``; kind → number of things.

    ``seen``: the merged graph before and after. None where nothing is written, because the change affects too much or
    the levels are full: then it is to be written whole. sqlite3.OperationalError on a full disk.
    """
    if too_large(before.levels[0].parent):
        _LOG.info("the levels of the projection are full: a base is written anew")
        return None
    old, new = partly(seen.old), partly(seen.new)
    try:
        found = affected(seen, old, new)
    except TooMuch as much:
        _LOG.info("the change affects too much of the projection (%s): it is written whole", much)
        return None
    out = _rows(found, old, new)
    names = out["names"]
    out["labels"] = difference(TABLES["labels"], _labels(old, found.called), _labels(new, found.called))
    _numbers(before, out, "groups", _counted(out["members"], 3))
    _numbers(before, out, "facet_counts", _counted(out["facets"], 3))
    kinds = _classes(new, found.changed)
    kinds.subtract(_classes(old, found.changed))
    _numbers(before, out, "counts", kinds)
    _words(before, out, _rows_of_names(found, old), _rows_of_names(found, new))
    _numbers(before, out, "partitions", _partitions(seen, found, old, new))
    _coverage(before, out, found, old, new)
    out["sources"] = _sources(before, seen, found, new)
    out["usage"] = usage_difference(before, seen.new, found, old, new)
    now = int(before.meta()["names"]) + len(names.rows) - len(names.gone)
    _replaced(before, out, "meta", [("contentHash", content_hash), ("names", str(now))])
    _replaced(before, out, "sums", list(sums.items()))
    lay(before.levels[0].parent, directory, out)
    entities = Counter(before.counts())
    entities.update({kind: n for (kind, cls), n in kinds.items() if cls == ""})
    return {kind: n for kind, n in sorted(entities.items()) if n}


def _rows(found: Affected, old: Merged, new: Merged) -> Differences:
    """The tables whose rows each thing tells."""
    told: list[dict[str, list[Row]]] = []
    for merged in (old, new):
        rows: dict[str, list[Row]] = {name: [] for name in project.OF_THING}
        for iri in found.things:
            for table, row in project.of_thing(merged, iri):
                rows[table].append(row)
        for name, some, tell in (
            ("facets", found.faceted, facets.facets),
            ("list_facets", found.people, filters.facets),
        ):
            for iri in some:
                if (place := merged.thing(iri)) is not None:
                    rows[name].extend(tell(merged, iri, *place))
        told.append(rows)
    return {name: difference(TABLES[name], told[0][name], told[1][name]) for name in project.OF_THING}


def _labels(merged: Merged, iris: Iterable[str]) -> Iterator[Row]:
    return (row for iri in iris if (row := project.label(merged, iri)) is not None)


def _counted(found: Difference, width: int) -> Counter[Row]:
    """How many more rows begin with the same; all columns are the key."""
    counted = Counter(row[:width] for row in found.rows)
    counted.subtract(Counter(key[:width] for key in found.gone))
    return counted


def _classes(merged: Merged, iris: Iterable[str]) -> Counter[Row]:
    out: Counter[Row] = Counter()
    for iri in iris:
        if (place := merged.thing(iri)) is not None:
            out.update([(place[0], ""), *((place[0], cls.value) for cls in merged.facts(iri)[TYPE])])
    return out


def _stored(before: Projection, name: str, keys: Iterable[Row]) -> dict[Row, Row]:
    """The rows of these keys."""
    sql = TABLES[name].select_one()
    return {key: row for key in keys for row in before.rows(sql, key)}


def _replaced(before: Projection, out: Differences, name: str, rows: list[Row]) -> None:
    """Rows that stand from now on, whatever stood there."""
    table = TABLES[name]
    out[name] = difference(table, _stored(before, name, [row[: table.keys] for row in rows]).values(), rows)


def _numbers(before: Projection, out: Differences, name: str, moved: Mapping[Row, int]) -> dict[Row, tuple[int, int]]:
    """Numbers that change by so much; what comes to nothing is no row. Key to before and after, where they differ."""
    table = TABLES[name]
    stored = _stored(before, name, [key for key, n in moved.items() if n])
    then = {key: row[-1] for key, row in stored.items()}
    pairs = {key: (then.get(key, 0), then.get(key, 0) + n) for key, n in moved.items() if n}
    now = [(*key, after) for key, (_, after) in pairs.items() if after]
    out[name] = difference(table, stored.values(), now)
    return pairs


def _rows_of_names(found: Affected, merged: Merged) -> set[Row]:
    places = ((iri, merged.thing(iri)) for iri in found.things)
    return {row for iri, place in places if place for row in name_index.names(merged, iri, *place)}


def _words(before: Projection, out: Differences, old: set[Row], new: set[Row]) -> None:
    pairs = [{(word, row[0]) for row in rows for word in name_index.words(row)} for rows in (old - new, new - old)]
    out["word_names"] = difference(TABLES["word_names"], *pairs)
    moved = Counter(row[:1] for row in out["word_names"].rows)
    moved.subtract(Counter(row[:1] for row in out["word_names"].gone))
    changed = _numbers(before, out, "words", moved)
    forms = TABLES["word_forms"]
    gone = [row for (word,), (_, n) in changed.items() if not n for row in name_index.forms(word)]
    came = [row for (word,), (n, _) in changed.items() if not n for row in name_index.forms(word)]
    out["word_forms"] = difference(forms, gone, came)


def _partitions(seen: Views, found: Affected, old: Merged, new: Merged) -> Counter[Row]:
    """By the statements that came and went, and all of and about things whose classes changed."""
    out: Counter[Row] = Counter()
    for merged, view, edges, add in (
        (old, seen.old, seen.removed, out.subtract),
        (new, seen.new, seen.added, out.update),
    ):
        for iri in found.retyped:
            add(partitions.membership(merged, iri))
        for s, p, o in {*edges, *_about(view, found.retyped)}:
            if isinstance(s, NamedNode) and isinstance(o, NamedNode | Literal):
                add(partitions.statement(merged, s.value, p.value, o))
    return out


def _about(view: View, iris: Iterable[str]) -> Iterator[Edge]:
    for iri in iris:
        node = NamedNode(iri)
        yield from ((node, p, o) for p, values in view.about(node).items() for o in values)
        yield from view.naming(node)


def _coverage(before: Projection, out: Differences, found: Affected, old: Merged, new: Merged) -> None:
    moved: Counter[Row] = Counter()
    for merged, add in ((old, moved.subtract), (new, moved.update)):
        tell = coverage.teller(merged)
        for iri in found.covered:
            add(Counter(tell.thing(iri)))
        for iri in found.disputes:
            add(Counter(tell.discrepancy(iri)))
    _numbers(before, out, "coverage_numbers", moved)
    numbers: dict[tuple[str, str], Counter[str]] = {}
    for kind, cls, trait, n in before.rows("SELECT kind, cls, trait, n FROM coverage_numbers"):
        numbers.setdefault((kind, cls), Counter())[trait] += n
    for (kind, cls, trait), n in moved.items():
        numbers.setdefault((kind, cls), Counter())[trait] += n
    stored = before.rows("SELECT position, kind, cls, json FROM coverage")
    out["coverage"] = difference(TABLES["coverage"], stored, project.coverage_rows(new, numbers))


def _sources(before: Projection, seen: Views, found: Affected, new: Merged) -> Difference:
    """What rests on documents: by the evidence that came and went."""
    given: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    rested: Counter[str] = Counter()
    pairs: set[tuple[Any, Any]] = set()
    for edges, sign in ((seen.added, 1), (seen.removed, -1)):
        for s, p, o in edges:
            if not isinstance(s, NamedNode) or split_entity_iri(s.value) is None:
                continue
            if p == _IN_DOCUMENT:
                given[o.value] += sign
            elif p == _SINGLE_SOURCE:
                alone[o.value] += sign
            if p in (_IN_DOCUMENT, _SUPPORTS):
                for view in (seen.old, seen.new):
                    pairs |= {(d, t) for d in view.objects(s, _IN_DOCUMENT) for t in view.objects(s, _SUPPORTS)}
    for document, thing in pairs:
        rested[document.value] += _rests(seen.new, document, thing) - _rests(seen.old, document, thing)
    changed = {iri for iri in found.retyped if (split_entity_iri(iri) or ("",))[0] == "document"}
    documents = {
        iri for iri in {*given, *alone, *rested, *changed} if (split_entity_iri(iri) or ("",))[0] == "document"
    }
    slugs = {iri: (split_entity_iri(iri) or ("", ""))[1] for iri in documents}
    stored = _stored(before, "sources", [(slug,) for slug in slugs.values()])
    now = []
    for iri, slug in slugs.items():
        row = stored.get((slug,))
        if new.thing(iri) is None:
            continue
        if row is None:
            now.append(filters.source(new, iri, slug))
        else:
            now.append((slug, row[1] + given[iri], row[2] + rested[iri], row[3] + alone[iri]))
    return difference(TABLES["sources"], stored.values(), now)


def _rests(view: View, document: Any, thing: Any) -> bool:
    """Whether evidence in a document supports a thing."""
    pieces = view.subjects(_SUPPORTS, thing)
    return any(
        document in view.objects(piece, _IN_DOCUMENT)
        for piece in pieces
        if isinstance(piece, NamedNode) and split_entity_iri(piece.value) is not None
    )
