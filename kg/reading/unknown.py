"""Names of things that nothing tells of: one search for tables, folders and files laid upon a release."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping

from pyoxigraph import NamedNode

from kg.findings import Finding, Where, finding
from kg.kinds import KINDS
from kg.reading.located import Located
from kg.terms import split_entity_iri

Place = tuple[Where | None, str | None]
"""Where a name stands, and the name: one fault is told once."""


def unknown_thing(value: str, where: Where, known: Collection[str], table: str, cell: str | None = None) -> Finding:
    """The finding on a name that nothing bears, with the nearest of those that are borne."""
    near = difflib.get_close_matches(value, sorted(known), n=1, cutoff=0.5)
    code = "read-unknown-id-near" if near else "read-unknown-id"
    return finding(code, where=where, cell=cell or value, value=value, table=table, near="".join(near))


def unknown_things(
    items: Iterable[Located],
    is_told: Callable[[NamedNode], bool],
    names: Callable[[], Mapping[str, Collection[str]]],
    reported: Iterable[Place] = (),
) -> list[Finding]:
    """Things of ours that ``items`` name as objects and of which nothing is told, each once for its place.

    ``is_told`` says whether something is told of a thing; ``names`` gives kind -> slugs that are borne, for the
    nearest name, and is called only if something is unknown. Places in ``reported`` are passed over.
    """
    seen = set(reported)
    borne: Mapping[str, Collection[str]] | None = None
    found = []
    for item in items:
        value = item.quad.object
        parts = split_entity_iri(value.value) if isinstance(value, NamedNode) else None
        if parts is None or parts[0] not in KINDS or (item.where, parts[1]) in seen:
            continue
        assert isinstance(value, NamedNode)
        if is_told(value):
            continue
        seen.add((item.where, parts[1]))
        borne = names() if borne is None else borne
        found.append(unknown_thing(parts[1], item.where, borne.get(parts[0], ()), parts[0], item.cell))
    return found


def is_thing(iri: str) -> bool:
    """Whether it is the IRI of a thing of a kind of ours."""
    parts = split_entity_iri(iri)
    return parts is not None and parts[0] in KINDS


def by_kind(iris: Iterable[str]) -> dict[str, set[str]]:
    """Kind -> slugs of the things of ours among ``iris``."""
    out: dict[str, set[str]] = {}
    for iri in iris:
        if parts := split_entity_iri(iri):
            out.setdefault(parts[0], set()).add(parts[1])
    return out
