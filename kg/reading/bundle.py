"""Several files that come in together, read into one graph: tables by the descriptions of data/, RDF as it is.

A workbook is a bundle of sheets, each named as its table. A statement that stands in two files is kept at its
first place. What is no table and no RDF is told, not skipped in silence.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pyoxigraph import Quad

from kg.findings import BilimError, Finding, Where, finding
from kg.reading.cells import ASIDE, sheet_names
from kg.reading.checks import Vocabulary
from kg.reading.located import Located, Reading
from kg.reading.metadata import SHARED, SUFFIX, TableSpec, load_spec
from kg.reading.package import Part
from kg.reading.rdf import FORMATS, read_rdf
from kg.reading.tables import read_bytes

WORKBOOKS: Final = (".xlsx", ".xlsm")
TABLES: Final = (".csv", ".tsv", *WORKBOOKS)
_NOT_IN_IRI: Final = re.compile(r"[^A-Za-z0-9._~/-]+")


def table_specs(folder: Path) -> tuple[dict[str, TableSpec], list[Finding]]:
    """Table name → its description, for every table described in a folder; what is wrong with descriptions."""
    shared = folder / SHARED
    snippets = shared.read_bytes() if shared.exists() else None
    specs: dict[str, TableSpec] = {}
    findings: list[Finding] = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        spec, found = load_spec(path.read_bytes(), path.name, snippets)
        findings.extend(found)
        if spec is not None:
            specs[spec.name] = spec
    return specs, findings


@dataclass(frozen=True, slots=True)
class Known:
    """By what parts are read: descriptions of tables, declared terms, JSON-LD contexts by address."""

    specs: Mapping[str, TableSpec]
    vocabulary: Vocabulary | None = None
    contexts: Mapping[str, Any] = field(default_factory=dict)


Row = tuple[str, str | None, int]
"""A row of a table: file, sheet (None: not of a workbook), number as a spreadsheet counts."""


def read_bundle(parts: Iterable[Part], graph: str, known: Known, without: Collection[Row] = ()) -> Reading:
    """All parts as one Reading whose quads stand in ``graph``, rows ``without`` left out.

    Never raises for what the parts hold.
    """
    whole = Reading()
    seen: dict[Quad, None] = {}
    located: list[Located] = []
    for part in parts:
        for reading in _readings(part, graph, known, without):
            whole.findings.extend(reading.findings)
            whole.references.extend(reading.references)
            whole.rows += reading.rows
            for key, values in reading.keys.items():
                whole.keys.setdefault(key, set()).update(values)
            for item in reading:
                if item.quad not in seen:
                    seen[item.quad] = None
                    located.append(item)
    if located:
        whole.graphs[graph] = located
    return whole


def _readings(part: Part, graph: str, known: Known, without: Collection[Row]) -> Iterable[Reading]:
    if part.suffix in FORMATS:
        scope = f"{graph}/{_NOT_IN_IRI.sub('-', part.name)}"
        words, contexts = known.vocabulary, known.contexts
        yield read_rdf(part.data, part.name, graph, vocabulary=words, scope=scope, contexts=contexts)
    elif part.suffix in WORKBOOKS:
        yield from _sheets(part, graph, known, without)
    elif part.suffix in TABLES:
        spec = known.specs.get(part.stem.lower())
        if spec is None:
            yield Reading(findings=[_unknown_table(part.stem, Where(part.name), known.specs)])
        else:
            rows = _rows(without, part.name, None)
            yield read_bytes(part.data, part.name, spec, graph, None, known.vocabulary, detect=True, without=rows)
    else:
        formats = " ".join((*FORMATS, *TABLES))
        found = finding("read-unknown-format", where=Where(part.name), suffix=part.suffix, known=formats)
        yield Reading(findings=[found])


def _sheets(part: Part, graph: str, known: Known, without: Collection[Row]) -> Iterable[Reading]:
    """The sheets of a workbook that are tables; its only sheet may be one by the workbook's name."""
    try:
        names = [name for name in sheet_names(part.data, part.name) if not name.startswith(ASIDE)]
    except BilimError as error:
        yield Reading(findings=list(error.findings))
        return
    for name in names:
        spec = known.specs.get(name.strip().lower())
        if spec is None and len(names) == 1:
            spec = known.specs.get(part.stem.lower())
        if spec is None:
            yield Reading(findings=[_unknown_table(name, Where(part.name, sheet=name), known.specs)])
        else:
            rows = _rows(without, part.name, name)
            yield read_bytes(part.data, part.name, spec, graph, name, known.vocabulary, without=rows)


def _rows(without: Collection[Row], file: str, sheet: str | None) -> frozenset[int]:
    return frozenset(number for name, of_sheet, number in without if name == file and of_sheet in (None, sheet))


def _unknown_table(name: str, where: Where, specs: Mapping[str, TableSpec]) -> Finding:
    near = difflib.get_close_matches(name.lower(), specs, n=1)
    code = "read-unknown-table-near" if near else "read-unknown-table"
    return finding(code, where=where, value=name, near="".join(near), tables=", ".join(specs))
