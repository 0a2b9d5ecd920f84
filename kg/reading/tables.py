"""Tables to quads that know their file, row and column (W3C CSVW).

The mapping is the metadata's (kg.reading.metadata): there is no code for any one table. Deviations from the W3C's
csv2rdf: a column without ``propertyUrl`` writes nothing; ``valueUrl`` is expanded for each value of a list; a virtual
column is made only when all variables of its template have values; own annotations make evidence (docs/tables.md).
Bad rows never raise: each gives findings, and the rest is read.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from pyoxigraph import Literal, NamedNode

from kg import lexical
from kg.findings import BilimError, Finding, Where, finding
from kg.kinds import KINDS
from kg.reading.cells import Cell
from kg.reading.checks import Vocabulary, term_findings
from kg.reading.delimited import open_table
from kg.reading.evidence import EvidenceMaker, Told
from kg.reading.header import names_of, read_header
from kg.reading.located import LocatedRows, Reading, Reference
from kg.reading.metadata import SHARED, ColumnSpec, TableSpec, load_spec
from kg.reading.uri_templates import Template
from kg.terms import DCT, ID, OWL, SLUG, XSD, split_entity_iri

_LIVE: Final = ("", "live")
_DEPRECATED: Final = NamedNode(OWL + "deprecated")
_REPLACED_BY: Final = NamedNode(DCT + "isReplacedBy")
_TRUE: Final = Literal("true", datatype=NamedNode(XSD + "boolean"))


def read_table(
    source: Path | bytes,
    metadata: Path,
    graph: str,
    name: str | None = None,
    *,
    sheet: str | None = None,
    vocabulary: Collection[str] | Vocabulary | None = None,
) -> Reading:
    """The quads of a table (.csv, .xlsx) by its metadata file, and everything wrong with it.

    :param source: a path, or bytes with ``name``.
    :param metadata: ``{table}.csv-metadata.json``; ``_columns.json`` beside it holds shared columns.
    :param graph: IRI of the graph that the quads go to.
    :param sheet: of a workbook; the table's name, else the first, if empty.
    :param vocabulary: declared terms; others in our namespaces are findings. None: not checked.

    Never raises for what the files hold; OSError where they cannot be read.
    """
    if isinstance(source, Path):
        name = name or source.name
        source = source.read_bytes()
    shared = metadata.parent / SHARED
    spec, findings = load_spec(metadata.read_bytes(), metadata.name, shared.read_bytes() if shared.exists() else None)
    if spec is None:
        return Reading(findings=findings)
    known = Vocabulary(vocabulary) if vocabulary is not None and not isinstance(vocabulary, Vocabulary) else vocabulary
    return read_bytes(source, name or spec.name + ".csv", spec, graph, sheet, known)


def read_bytes(
    data: bytes,
    name: str,
    spec: TableSpec,
    graph: str,
    sheet: str | None = None,
    vocabulary: Vocabulary | None = None,
    *,
    detect: bool = False,
    without: Container[int] = (),
) -> Reading:
    """One table by a spec at hand: a pure function of bytes and context. ``detect``: see :func:`open_table`.

    ``without``: numbers of rows that are passed over, as if they were empty.
    """
    opened = open_table(data, name, spec, sheet, detect)
    if isinstance(opened, Finding):
        return Reading(findings=[opened])
    cells, told = opened
    reading = _TableReader(spec, name, graph).read(cells, without)
    reading.findings[:0] = told
    if vocabulary is not None:
        reading.findings.extend(term_findings(reading, vocabulary))
    return reading


class _Row:
    """The cells of one row by column name, and their places."""

    __slots__ = ("file", "number", "sheet", "texts")

    def __init__(self, file: str, sheet: str | None, number: int, texts: dict[str, str]) -> None:
        self.file, self.sheet = file, sheet
        self.number = number
        self.texts = texts  # as written, stripped; the default where empty

    def where(self, column: str) -> Where:
        return Where(self.file, sheet=self.sheet, row=self.number, column=column or None)


class _TableReader:
    def __init__(self, spec: TableSpec, file: str, graph: str) -> None:
        self._spec = spec
        self._file = file
        self._graph = graph
        self._findings: list[Finding] = []
        self._located: LocatedRows | None = None  # from the first row on: then the sheet is known
        self._iris: dict[str, NamedNode | Finding] = {}
        self._lexical: dict[tuple[str, str], Finding | None] = {}
        self._evidence = EvidenceMaker(spec.name)
        self._keys: dict[tuple[str, ...], int] = {}
        self._real = [column for column in spec.columns if not column.virtual]
        self._virtual = [column for column in spec.columns if column.virtual]
        self._first = self._real[0].name if self._real else ""
        locator = ("locator",) if spec.tail and "locator" not in spec.primary_key else ()
        self._key_columns = spec.primary_key + locator if spec.primary_key else ()
        own = spec.about.variables
        self._offered: dict[tuple[str, ...], set[tuple[str, ...]]] = {own: set()}

    def read(self, cells: Iterable[Cell], without: Container[int] = ()) -> Reading:
        reading = Reading(findings=self._findings, keys=self._offered)
        header: list[ColumnSpec | None] | None = None
        for line, group in groupby(self._unbroken(cells), key=lambda cell: cell.line):
            row = list(group)
            if header is None:
                header = read_header(row, self._spec, self._findings)
                if header is None:
                    return reading
            elif line not in without and any(cell.text.strip() for cell in row):
                reading.rows += 1
                self._row(header, line, row, reading.references)
        self._findings.extend(self._evidence.bare())
        if header is None and not self._findings:
            self._findings.append(finding("read-empty-table", where=Where(self._file), columns=names_of(self._spec)))
        if self._located:
            self._located.close()
            reading.graphs[self._graph] = self._located
        return reading

    def _unbroken(self, cells: Iterable[Cell]) -> Iterator[Cell]:
        """The cells up to the place where the file is broken, which becomes a finding."""
        try:
            yield from cells
        except BilimError as error:
            self._findings.extend(error.findings)

    def _row(self, header: list[ColumnSpec | None], line: int, cells: list[Cell], references: list[Reference]) -> None:
        if len(cells) != len(header) and (cells[0].sheet is None or any(c.text for c in cells[len(header) :])):
            where = Where(cells[0].file, sheet=cells[0].sheet, row=line)
            self._findings.append(finding("read-ragged-row", where=where, count=len(cells), expected=len(header)))
            return
        row = _Row(cells[0].file, cells[0].sheet, line, {})
        if self._located is None:
            self._located = LocatedRows(NamedNode(self._graph), row.file, row.sheet)
        for column, cell in zip(header, cells, strict=False):
            if column is None:
                continue
            text = cell.text.strip()
            if cell.trouble is not None:
                code = "read-formula-no-value" if cell.trouble.kind == "formula" else "read-cell-error"
                self._add(code, row, column.name, cell.trouble.text, text=cell.trouble.text)
                row.texts[column.name] = ""
                continue
            if len(text) != len(cell.text):
                self._add("read-blanks-around", row, column.name, cell.text, severity="Warning")
            if text in column.nulls:
                text = column.default
                if column.required and not text:
                    self._add("read-required", row, column.name, cell.text, name=column.name)
            row.texts[column.name] = text
        self._tell(row, references)

    def _add(self, code: str, row: _Row, column: str, cell: str | None, **values: Any) -> None:
        self._findings.append(finding(code, where=row.where(column), cell=cell, **values))

    def _tell(self, row: _Row, references: list[Reference]) -> None:
        """Everything that a row with the right cells says."""
        spec, texts = self._spec, row.texts
        if spec.tail and not texts.get("mode"):
            texts["mode"] = "asserted"
        if spec.one_of and not any(texts.get(name) for name in spec.one_of):
            self._add("read-one-of", row, spec.one_of[0], "", names=", ".join(spec.one_of))
        self._check_key(row)
        for names, offered in self._offered.items():
            offered.add(tuple(texts.get(name, "") for name in names))
        for key in spec.foreign_keys:
            self._refer(key.columns, key.resource, key.targets, row, references)
        if spec.register and texts.get("status", "") in _LIVE:
            return
        subject = self._iri(spec.about, texts, row, spec.about.variables[0] if spec.about.variables else self._first)
        if subject is None:
            return
        told = Told(
            source=texts.get("source", ""),
            locator=texts.get("locator", ""),
            quote=texts.get("quote", ""),
            limit=texts.get("property", "") if spec.tail and spec.by_name["property"].tail else "",
            column="source",
            place=row.where,
        )
        for column in self._real:
            if texts.get(column.name):
                self._cell(column, subject, row, told)
        for column in self._virtual:
            self._made(column, subject, row, told)
        if spec.register:
            self._retire(subject, row, told)
        for triple in told.direct:
            self._emit(row, *triple)
        if spec.tail:
            self._conclude(row, told)

    def _retire(self, subject: NamedNode, row: _Row, told: Told) -> None:
        """A name that is withdrawn, or that redirects to another: ``redirect:{slug}`` of the same kind."""
        status = row.texts["status"]
        told.direct.append((subject, _DEPRECATED, _TRUE, "status", status))
        if status.startswith("redirect:"):
            target = {**row.texts, "slug": status.removeprefix("redirect:")}
            replacement = self._iri(self._spec.about, target, row, "status")
            if replacement is not None:
                told.direct.append((subject, _REPLACED_BY, replacement, "status", status))

    def _conclude(self, row: _Row, told: Told) -> None:
        """The evidence of a row, and what its tail must have."""
        if row.texts["mode"] == "inferred" and not row.texts.get("note"):
            self._add("read-inferred-without-note", row, "note", "")
        limit = None
        if told.limit:
            column = self._spec.by_name.get(told.limit)
            if column is None or column.tail or (column.prop is None and column.evidence is None):
                names = [c.name for c in self._real if not c.tail and (c.prop is not None or c.evidence is not None)]
                near = difflib.get_close_matches(told.limit, names, n=1) or names[:1]
                self._add(
                    "read-unknown-property", row, "property", told.limit, near="".join(near), names=", ".join(names)
                )
                return
            if not row.texts.get(told.limit):
                self._add("read-property-empty", row, "property", told.limit, name=told.limit)
            limit = column.prop
        triples, findings = self._evidence.make(told, limit)
        self._findings.extend(findings)
        for triple in triples:
            self._emit(row, *triple)

    def _cell(self, column: ColumnSpec, subject: NamedNode, row: _Row, told: Told) -> None:
        """What one filled cell says: about the row's subject, a date by evidence, or about the row's evidence."""
        text = row.texts[column.name]
        where = column.name
        if column.separator is None:
            items = [text]
        else:
            items = [item for part in text.split(column.separator) if (item := part.strip())]
        about: NamedNode | None = subject
        if column.about is not None:
            about = self._iri(column.about, row.texts, row, column.name)
        for item in items:
            value = self._checked(column, item, row)
            if value is None or about is None:
                continue
            if column.evidence is not None:
                told.dated.append((about, column.name, column.prop, column.evidence, value, where))
                continue
            if column.prop is None:
                continue
            term = self._term(column, value, row)
            if term is None:
                continue
            if column.tail:
                told.tail.append((column.name, column.prop, term, where, text))
            else:
                told.direct.append((about, column.prop, term, where, text))

    def _made(self, column: ColumnSpec, subject: NamedNode, row: _Row, told: Told) -> None:
        """A virtual column: made only when all variables of its templates have values."""
        assert column.prop is not None
        variables = (column.value.variables if column.value else ()) + (column.about.variables if column.about else ())
        if not all(row.texts.get(name) for name in variables):
            return
        place = next(iter(variables), None) or next(iter(self._spec.about.variables), self._first)
        about = self._iri(column.about, row.texts, row, place) if column.about else subject
        if column.value is not None:
            term: NamedNode | Literal | None = self._iri(column.value, row.texts, row, place)
        else:
            term = self._literal(column, column.default, row)
        if about is not None and term is not None:
            told.direct.append((about, column.prop, term, place, row.texts.get(place)))

    def _checked(self, column: ColumnSpec, text: str, row: _Row) -> str | None:
        """The value's canonical text, or None with a finding where it is ill-formed."""
        if column.narrowed is not None:
            try:
                text = column.narrowed(text)
            except ValueError:
                bad = self._ill_formed(column.datatype, text)
                if bad is None or bad.severity != "Violation":
                    bad = finding("read-not-allowed", value=text, name=column.name, limits=column.limits)
                self._findings.append(replace(bad, where=row.where(column.name), cell=text, path=column.name))
                return None
        bad = self._ill_formed(column.datatype, text)
        if bad is not None:
            self._findings.append(replace(bad, where=row.where(column.name), cell=text, path=column.name, value=text))
            if bad.severity == "Violation":
                return None
        return text

    def _ill_formed(self, datatype: str, text: str) -> Finding | None:
        key = (datatype, text)
        if key not in self._lexical:
            self._lexical[key] = lexical.check(datatype, text)
        return self._lexical[key]

    def _term(self, column: ColumnSpec, value: str, row: _Row) -> NamedNode | Literal | None:
        if column.value is None:
            return self._literal(column, value, row)
        texts: Mapping[str, str] = row.texts
        if column.separator is not None:
            texts = {**texts, column.name: value}
        return self._iri(column.value, texts, row, column.name)

    def _literal(self, column: ColumnSpec, value: str, row: _Row) -> Literal | None:
        lang = column.lang or (row.texts.get(column.lang_column) if column.lang_column else None)
        if not lang:
            return Literal(value, datatype=NamedNode(column.datatype))
        try:
            return Literal(value, language=lang)
        except ValueError:
            self._add("read-bad-language", row, column.lang_column or column.name, lang, value=lang)
            return None

    def _iri(self, template: Template, texts: Mapping[str, str], row: _Row, column: str) -> NamedNode | None:
        """The IRI of a template; None, with a finding, where it cannot be had or is no good name."""
        iri = template.expand(texts)
        if iri is None:
            missing = next(name for name in template.variables if not texts.get(name))
            required = self._spec.by_name.get(missing)
            if required is None or not required.required:  # else it has been told
                self._add(
                    "read-template-incomplete", row, missing, texts.get(column), template=template.text, name=missing
                )
            return None
        node = self._iris.get(iri)
        if node is None:
            node = self._iris[iri] = _named(iri)
        if isinstance(node, Finding):
            self._findings.append(replace(node, where=row.where(column), cell=texts.get(column)))
            return None
        return node

    def _emit(
        self, row: _Row, subject: NamedNode, prop: NamedNode, term: NamedNode | Literal, column: str, cell: str | None
    ) -> None:
        assert self._located is not None
        self._located.add((subject, prop, term), row.number, column, cell)

    def _check_key(self, row: _Row) -> None:
        if not self._key_columns:
            return
        key = tuple(row.texts.get(name, "") for name in self._key_columns)
        before = self._keys.setdefault(key, row.number)
        if before != row.number:
            shown = ", ".join(f"{name} {text!r}" for name, text in zip(self._key_columns, key, strict=True) if text)
            self._add("read-duplicate-key", row, self._key_columns[0], key[0], key=shown, before=before)

    def _refer(
        self, columns: tuple[str, ...], resource: str, targets: tuple[str, ...], row: _Row, references: list[Reference]
    ) -> None:
        values = tuple(row.texts.get(name, "") for name in columns)
        if not all(values):
            return
        where = row.where(columns[-1])
        spec = self._spec.by_name[columns[0]]
        if len(columns) == 1 and spec.separator is not None:
            for item in values[0].split(spec.separator):
                if item.strip():
                    references.append(Reference((item.strip(),), where, resource, targets))
        else:
            references.append(Reference(values, where, resource, targets))


def _named(iri: str) -> NamedNode | Finding:
    """The IRI as a term, or what is wrong with it; names of ours must have a kind and a slug."""
    if iri.startswith(ID):
        parts = split_entity_iri(iri)
        if parts is None or parts[0] not in KINDS or not SLUG.fullmatch(parts[1]):
            return finding("read-bad-id", value=iri.removeprefix(ID), kinds=", ".join(KINDS))
    elif "://" not in iri and not iri.startswith("urn:"):
        return finding("read-bad-iri", value=iri)
    try:
        return NamedNode(iri)
    except ValueError:
        return finding("read-bad-iri", value=iri)
