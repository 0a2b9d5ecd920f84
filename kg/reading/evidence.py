"""The one rule by which the tail columns of a table make evidence.

A row is what one source says. (a) What the row writes directly has one Evidence for each subject: it supports the
subject, on each property written. (b) Each value of a column that states or attests a date has one of its own. The
tail's columns write about these nodes as they would about the row's subject; ``rank`` only about (b). A filled
``property`` (the name of a column) limits the row's evidence to that column.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from pyoxigraph import Literal, NamedNode

from kg.findings import Finding, Where, finding
from kg.terms import BKG, EDTF_TYPE, RDF, entity_iri

Term = NamedNode | Literal
Triple = tuple[NamedNode, NamedNode, Term, str, str | None]
"""Subject, property, value, the column that it is from, the cell as written."""

_TYPE: Final = NamedNode(RDF + "type")
_EVIDENCE: Final = NamedNode(BKG + "Evidence")
_SUPPORTS: Final = NamedNode(BKG + "supports")
_ON_PROPERTY: Final = NamedNode(BKG + "onProperty")
_EDTF: Final = NamedNode(EDTF_TYPE)
_VERBS: Final = {"states": NamedNode(BKG + "statesEdtf"), "attests": NamedNode(BKG + "attestsEdtf")}


@dataclass(slots=True)
class Told:
    """What one row told, before its evidence is made."""

    source: str
    locator: str
    quote: str
    limit: str  # the cell of the column `property`
    column: str  # `source`: where the evidence as such stands
    place: Callable[[str], Where]  # the place of a column of the row
    direct: list[Triple] = field(default_factory=list)
    dated: list[tuple[NamedNode, str, NamedNode | None, str, str, str]] = field(default_factory=list)
    # subject, column, property, "states" | "attests", EDTF, column
    tail: list[tuple[str, NamedNode, Term, str, str | None]] = field(default_factory=list)
    # column, property, value, column, cell


class EvidenceMaker:
    """Makes the evidence of a table's rows; knows the slugs given, for two must never be one."""

    def __init__(self, table: str) -> None:
        self._table = table
        self._given: dict[str, int] = {}  # slug to the hash of its content
        self._supported: set[tuple[NamedNode, NamedNode]] = set()
        self._limited: list[tuple[Triple, Where, str]] = []  # written by rows whose evidence is about another column

    def make(self, told: Told, limit: NamedNode | None) -> tuple[list[Triple], list[Finding]]:
        """The triples of a row's evidence. ``limit``: the property of the column that ``property`` names."""
        out: list[Triple] = []
        findings: list[Finding] = []
        by_subject: dict[NamedNode, dict[NamedNode, None]] = {}
        for triple in told.direct:
            subject, predicate = triple[:2]
            if limit is None or predicate == limit:
                by_subject.setdefault(subject, {})[predicate] = None
                self._supported.add((subject, predicate))
            else:
                self._limited.append((triple, told.place(triple[3]), told.limit))
        # a limit that names a dated column leaves nothing of (a)
        direct = {} if told.limit and any(column == told.limit for _, column, *_ in told.dated) else by_subject
        for subject, predicates in direct.items():
            node = self._node(told, subject, told.limit, None, tuple(predicates), findings)
            out.append((node, _TYPE, _EVIDENCE, told.column, told.source))
            out.append((node, _SUPPORTS, subject, told.column, told.source))
            out.extend((node, _ON_PROPERTY, predicate, told.column, told.source) for predicate in predicates)
            out.extend((node, p, o, where, cell) for name, p, o, where, cell in told.tail if name != "rank")
        for subject, column, prop, verb, edtf, where in told.dated:
            if told.limit and column != told.limit:
                findings.append(
                    finding("read-beyond-property", where=told.place(where), cell=edtf, limit=told.limit, name=column)
                )
                continue
            node = self._node(told, subject, column, edtf, (prop, verb), findings)
            out.append((node, _TYPE, _EVIDENCE, where, edtf))
            out.append((node, _SUPPORTS, subject, where, edtf))
            if verb == "states" and prop is not None:
                out.append((node, _ON_PROPERTY, prop, where, edtf))
            out.append((node, _VERBS[verb], Literal(edtf, datatype=_EDTF), where, edtf))
            out.extend((node, p, o, place, cell) for _, p, o, place, cell in told.tail)
        return out, findings

    def bare(self) -> list[Finding]:
        """What rows limited by ``property`` wrote beside it, and no row of the table gave evidence for."""
        return [
            finding("read-no-evidence", where=where, cell=cell, name=where.column, limit=limit)
            for (subject, predicate, _, _, cell), where, limit in self._limited
            if (subject, predicate) not in self._supported
        ]

    def _node(
        self,
        told: Told,
        subject: NamedNode,
        prop: str,
        value: str | None,
        content: Sequence[object],
        findings: list[Finding],
    ) -> NamedNode:
        slug = evidence_slug(self._table, subject.value, told.source, told.locator, prop, value, told.quote)
        whole = hash((subject, *content, *((name, term) for name, _, term, *_ in told.tail)))
        if self._given.setdefault(slug, whole) != whole:
            findings.append(
                finding("read-evidence-collision", where=told.place(told.column), cell=told.source, slug=slug)
            )
        return NamedNode(entity_iri("evidence", slug))


def evidence_slug(table: str, subject: str, source: str, locator: str, prop: str, value: str | None, quote: str) -> str:
    """``{table}-{12 hex}`` of the SHA-256 of what makes the evidence this one.

    12 digits, not 8: of 100,000 pieces of evidence two would share 8 digits almost surely.
    """
    key = json.dumps([subject, source, locator, prop, value, quote], ensure_ascii=False, separators=(",", ":"))
    return f"{table}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
