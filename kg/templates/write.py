"""Rows in the formats of SPARQL results and as CSV for spreadsheets. Pure.

SPARQL 1.1 Query Results JSON, XML and TSV by their W3C recommendations; the CSV has a column of labels beside each
column of things, which theirs has not.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

from pyoxigraph import BlankNode, Literal, NamedNode

from kg.templates.model import Template
from kg.templates.run import Table
from kg.templates.shape import Cell, plain
from kg.terms import LANGUAGES, XSD

_STRING: Final = XSD + "string"


def results_json(table: Table) -> bytes:
    """``application/sparql-results+json``."""
    bindings = [
        {name: _json_term(cell) for name, cell in zip(table.variables, row, strict=True) if cell is not None}
        for row in table.rows
    ]
    body = {"head": {"vars": list(table.variables)}, "results": {"bindings": bindings}}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def boolean_json(answer: bool) -> bytes:
    """``application/sparql-results+json`` of an ASK."""
    return json.dumps({"head": {}, "boolean": answer}).encode()


def _json_term(cell: Cell) -> dict[str, Any]:
    match cell:
        case NamedNode():
            return {"type": "uri", "value": cell.value}
        case BlankNode():
            return {"type": "bnode", "value": cell.value}
        case Literal():
            term: dict[str, Any] = {"type": "literal", "value": cell.value}
            if cell.language:
                term["xml:lang"] = cell.language
            elif cell.datatype.value != _STRING:
                term["datatype"] = cell.datatype.value
            return term
        case _:
            return {"type": "literal", "value": str(cell)}


def results_xml(table: Table) -> bytes:
    """``application/sparql-results+xml``."""
    parts = ['<?xml version="1.0"?>\n<sparql xmlns="http://www.w3.org/2005/sparql-results#"><head>']
    parts += [f"<variable name={quoteattr(name)}/>" for name in table.variables]
    parts.append("</head><results>")
    for row in table.rows:
        cells = zip(table.variables, row, strict=True)
        inner = (f"<binding name={quoteattr(n)}>{_xml_term(c)}</binding>" for n, c in cells if c is not None)
        parts.append(f"<result>{''.join(inner)}</result>")
    parts.append("</results></sparql>\n")
    return "".join(parts).encode()


def _xml_term(cell: Cell) -> str:
    match cell:
        case NamedNode():
            return f"<uri>{escape(cell.value)}</uri>"
        case BlankNode():
            return f"<bnode>{escape(cell.value)}</bnode>"
        case Literal(language=str() as lang):
            return f"<literal xml:lang={quoteattr(lang)}>{escape(cell.value)}</literal>"
        case Literal():
            datatype = cell.datatype.value
            said = "" if datatype == _STRING else f" datatype={quoteattr(datatype)}"
            return f"<literal{said}>{escape(cell.value)}</literal>"
        case _:
            return f"<literal>{escape(str(cell))}</literal>"


def results_tsv(table: Table) -> bytes:
    """``text/tab-separated-values``: terms as in Turtle, tabs and line ends escaped by that."""
    lines = ["\t".join("?" + name for name in table.variables)]
    lines += ["\t".join("" if c is None else str(c).replace("\t", "\\t") for c in row) for row in table.rows]
    return ("\n".join(lines) + "\n").encode()


def table_csv(
    template: Template, table: Table, labels: Mapping[str, Mapping[str, str]], languages: Sequence[str]
) -> bytes:
    """``text/csv`` (RFC 4180): plain values; beside each column of things one of their labels."""
    things = {n for n in table.variables if (said := template.returns.get(n)) is not None and said.type == "entity"}
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([column for n in table.variables for column in ((n, n + "Label") if n in things else (n,))])
    order = (*languages, *LANGUAGES)
    for row in table.rows:
        line: list[str] = []
        for name, cell in zip(table.variables, row, strict=True):
            line.append(_csv_text(cell))
            if name in things:
                line.append(_label(cell, labels, order))
        writer.writerow(line)
    return out.getvalue().encode()


def _csv_text(cell: Cell) -> str:
    value = plain(cell, show_lang=False)
    if value is None:
        return ""
    return cell.value if isinstance(cell, Literal) else str(value)


def _label(cell: Cell, labels: Mapping[str, Mapping[str, str]], order: Sequence[str]) -> str:
    names = labels.get(cell.value, {}) if isinstance(cell, NamedNode) else {}
    return next((names[lang] for lang in order if lang in names), next(iter(names.values()), ""))
