"""What a table means: CSVW metadata (W3C Tabular Metadata, 2015) compiled for the reader.

A table ``x.csv`` is described by ``x.csv-metadata.json`` beside it. The `csvw` package validates the description;
here it becomes a :class:`TableSpec` in which nothing has to be looked up or parsed again for a row.

What several tables share stands once in ``_columns.json`` of the same folder: ``{snippet: {"columns": [...],
"foreignKeys": [...]}}``. It is merged before csvw sees the description: a column ``{"bkg:use": "names"}`` is
replaced by the columns of that snippet, and ``"bkg:tail": true`` on the table puts the snippet ``tail`` behind its
columns (before the virtual ones). A column that the table declares itself wins over the snippet's of that name.

Annotations of our own (docs/tables.md): on a table ``bkg:tail``, ``bkg:register``, ``bkg:requireOneOf``; on a
column ``bkg:evidence`` ("states" | "attests"), ``bkg:langColumn``, ``bkg:use``.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Literal

from pyoxigraph import NamedNode

from kg.findings import Finding, Where, finding
from kg.reading.checks import DATATYPES, datatype_finding
from kg.reading.encoding import decode
from kg.reading.uri_templates import Template
from kg.terms import ID, RDF, XSD, expand

if TYPE_CHECKING:
    import csvw.metadata  # type: ignore[import-untyped]

TAIL: Final = ("source", "locator", "property", "mode", "confidence", "rank", "note")
"""The columns that every tail has; ``quote`` and ``attributed_to`` may be there too."""
SHARED: Final = "_columns.json"
REGISTERED: Final = ID + "{kind}/{slug}"
"""What a row of a register is about, where its metadata does not say."""
SUFFIX: Final = ".csv-metadata.json"

_TABLE_NOTES: Final = {"bkg:tail", "bkg:register", "bkg:requireOneOf"}
_COLUMN_NOTES: Final = {"bkg:evidence", "bkg:langColumn"}
_DESCRIPTIVE: Final = ("dc:", "dct:", "rdfs:", "schema:", "skos:")  # annotations for people, kept and not read


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """One column. ``prop`` None: the column writes nothing by itself (a key, a variable of templates)."""

    name: str
    titles: frozenset[str] = frozenset()
    required: bool = False
    nulls: frozenset[str] = frozenset([""])
    default: str = ""
    separator: str | None = None
    datatype: str = XSD + "string"
    lang: str | None = None
    lang_column: str | None = None
    prop: NamedNode | None = None
    about: Template | None = None
    value: Template | None = None
    evidence: Literal["states", "attests"] | None = None
    virtual: bool = False
    tail: bool = False
    narrowed: Callable[[str], str] | None = None  # canonical text, or ValueError, where the metadata narrows the type
    limits: str = ""  # what the metadata allows, for messages


@dataclass(frozen=True, slots=True)
class ForeignKey:
    columns: tuple[str, ...]
    resource: str
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One table, ready for reading."""

    name: str
    file: str  # the metadata's file name, for messages
    about: Template
    columns: tuple[ColumnSpec, ...]
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    tail: bool = False
    register: bool = False
    one_of: tuple[str, ...] = ()
    delimiter: str = ","
    by_name: Mapping[str, ColumnSpec] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Help:
    """What a column is, in words: titles and description by language."""

    titles: Mapping[str, str]
    description: Mapping[str, str]


class _BadMetadataError(ValueError):
    """The description cannot be used; the text says why."""


def load_spec(data: bytes, file: str, shared: bytes | None = None) -> tuple[TableSpec | None, list[Finding]]:
    """The spec of a table by its metadata and the folder's shared columns; None if it cannot be used.

    Never raises for what the files hold.
    """
    where = Where(file)
    snippets: Any = {}
    if shared is not None:
        snippets, found = _json(shared, SHARED)
        if found:
            return None, [found]
    description, found = _json(data, file)
    if found:
        return None, [found]
    try:
        if not isinstance(description, dict) or not isinstance(snippets, dict):
            raise _BadMetadataError("a JSON object is needed")
        if not isinstance(description.get("dialect", {}), dict):  # csvw would fetch it from any address
            raise _BadMetadataError("dialect is a JSON object here; addresses are not followed")
        tail = _merge(description, snippets)
        table, complaints = _validate(description)
        spec, findings = _compile(table, file.removesuffix(SUFFIX), file, tail)
    except _BadMetadataError as error:
        return None, [finding("read-bad-metadata", where=where, reason=str(error))]
    findings = [finding("read-bad-metadata", where=where, reason=text) for text in complaints] + findings
    return (None if findings else spec), findings


def load_help(data: bytes, shared: bytes | None = None) -> dict[str, Help]:
    """Column name → its help, in the order of the table, for a description that :func:`load_spec` accepts."""
    description = json.loads(data)
    _merge(description, json.loads(shared) if shared is not None else {})

    def by_language(texts: Any) -> dict[str, str]:
        given = texts if isinstance(texts, dict) else {"en": texts}
        return {lang: text[0] if isinstance(text, list) else text for lang, text in given.items() if text}

    return {
        column["name"]: Help(by_language(column.get("titles")), by_language(column.get("dc:description")))
        for column in description["tableSchema"]["columns"]
        if not column.get("virtual")
    }


def _json(data: bytes, file: str) -> tuple[Any, Finding | None]:
    text = decode(data, file)
    if isinstance(text, Finding):
        return None, text
    try:
        return json.loads(text), None
    except json.JSONDecodeError as error:
        reason = f"{error.msg} (column {error.colno})"
        return None, finding("read-bad-metadata", where=Where(file, line=error.lineno), reason=reason)


def _merge(description: dict[str, Any], snippets: Mapping[str, Any]) -> set[str]:
    """Put the shared columns in place; the names of the tail's own columns come back."""
    schema = description.get("tableSchema")
    if not isinstance(schema, dict) or not isinstance(schema.get("columns"), list):
        raise _BadMetadataError("tableSchema with columns is needed")
    given: list[Any] = schema["columns"]
    if not all(isinstance(column, dict) for column in given):
        raise _BadMetadataError("every column is a JSON object")
    if description.get("bkg:tail"):
        at = next((i for i, column in enumerate(given) if column.get("virtual")), len(given))
        given = [*given[:at], {"bkg:use": "tail"}, *given[at:]]
    declared = {column["name"] for column in given if "name" in column}
    merged: list[dict[str, Any]] = []
    tail: set[str] = set()
    keys = list(schema.get("foreignKeys") or [])
    for column in given:
        name = column.get("bkg:use")
        if name is None:
            merged.append(column)
            continue
        snippet = snippets.get(name)
        if not isinstance(snippet, dict):
            raise _BadMetadataError(f"{SHARED} has no snippet {name!r}; it has {', '.join(sorted(snippets)) or 'none'}")
        fresh = [dict(c) for c in snippet.get("columns", []) if c.get("name") not in declared]
        merged.extend(fresh)
        names = {c["name"] for c in fresh if "name" in c}
        if name == "tail":
            tail = names
        for key in snippet.get("foreignKeys", []):
            referring = key.get("columnReference")
            if {referring} if isinstance(referring, str) else set(referring or []) <= names:
                keys.append(key)
    schema["columns"] = merged
    if keys:
        schema["foreignKeys"] = keys
    return tail


def _validate(description: dict[str, Any]) -> tuple[csvw.metadata.Table, list[str]]:
    """csvw's view of the description, and its complaints."""
    from csvw.metadata import Table  # slow to import: only who reads tables pays

    complaints = []
    for owner, known in (
        (description, _TABLE_NOTES),
        *((c, _COLUMN_NOTES) for c in description["tableSchema"]["columns"]),
    ):
        for key in owner:
            if ":" in key and key not in known and not key.startswith(_DESCRIPTIVE):
                complaints.append(f"unknown annotation {key!r}; known here: {', '.join(sorted(known))}")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            table = Table.fromvalue(description)
        except (ValueError, TypeError, KeyError, AssertionError, AttributeError) as error:
            raise _BadMetadataError(f"{type(error).__name__}: {error}") from error
    return table, complaints + [str(warning.message) for warning in caught]


def _compile(table: csvw.metadata.Table, name: str, file: str, tail: set[str]) -> tuple[TableSpec, list[Finding]]:
    findings: list[Finding] = []
    schema = table.tableSchema
    notes = table.common_props
    about = schema.inherit("aboutUrl")
    if about is None and not notes.get("bkg:register"):
        raise _BadMetadataError("tableSchema needs aboutUrl")
    columns = tuple(_column(column, tail, file, findings) for column in schema.columns)
    names = {column.name for column in columns if not column.virtual}
    if notes.get("bkg:tail") and (missing := set(TAIL) - names):
        raise _BadMetadataError(f"the tail lacks {', '.join(sorted(missing))}")
    one_of = tuple(notes.get("bkg:requireOneOf") or ())
    keys = tuple(
        ForeignKey(tuple(k.columnReference), str(k.reference.resource), tuple(k.reference.columnReference))
        for k in schema.foreignKeys
    )
    spec = TableSpec(
        name=name,
        file=file,
        about=_template(about.uri if about else REGISTERED),
        columns=columns,
        primary_key=tuple(schema.primaryKey or ()),
        foreign_keys=keys,
        tail=bool(notes.get("bkg:tail")),
        register=bool(notes.get("bkg:register")),
        one_of=one_of,
        delimiter=table.dialect.delimiter if table.dialect else ",",
        by_name={column.name: column for column in columns if not column.virtual},
    )
    variables = set(spec.about.variables)
    for column in columns:
        for template in (column.about, column.value):
            variables |= set(template.variables) if template else set()
        variables |= {column.lang_column} if column.lang_column else set()
    used = variables | set(spec.primary_key) | set(one_of) | {c for key in keys for c in key.columns}
    if unknown := used - names:
        raise _BadMetadataError(f"no column is called {', '.join(sorted(unknown))}")
    return spec, findings


def _column(column: csvw.metadata.Column, tail: set[str], file: str, findings: list[Finding]) -> ColumnSpec:
    name = column.name or ""
    if not name and not column.virtual:
        raise _BadMetadataError("every column needs a name")
    datatype = column.inherit("datatype")
    lang = column.inherit("lang")
    lang = None if lang in (None, "und") else lang
    iri = XSD + "string"
    if datatype is not None:
        base = {"datetime": "dateTime"}.get(datatype.base or "string", datatype.base or "string")
        iri = expand(datatype.at_props.get("id") or XSD + base)
    notes = column.common_props
    lang_column = notes.get("bkg:langColumn")
    if iri not in DATATYPES:
        findings.append(datatype_finding(iri).at(Where(file, column=name)))
    evidence = notes.get("bkg:evidence")
    if evidence not in (None, "states", "attests"):
        raise _BadMetadataError(f"bkg:evidence of column {name} is 'states' or 'attests', not {evidence!r}")
    prop = column.inherit("propertyUrl")
    if evidence == "states" and prop is None:
        raise _BadMetadataError(f"column {name} states a date: propertyUrl must say of what")
    if column.virtual and (prop is None or (column.valueUrl is None and not column.default)):
        raise _BadMetadataError("a virtual column needs propertyUrl, and valueUrl or default")
    narrowed, limits = _narrowing(datatype)
    titles = frozenset(title for texts in (column.titles or {}).values() for title in texts)
    return ColumnSpec(
        name=name,
        titles=titles,
        required=bool(column.inherit("required")),
        nulls=frozenset(column.inherit_null()) | {""},
        default=column.inherit("default") or "",
        separator=column.inherit("separator"),
        datatype=RDF + "langString" if lang else iri,
        lang=lang,
        lang_column=lang_column,
        prop=None if prop is None or column.suppressOutput else _property(prop.uri, name),
        about=_template(column.aboutUrl.uri) if column.aboutUrl else None,
        value=_template(column.valueUrl.uri) if column.valueUrl else None,
        evidence=evidence,
        virtual=column.virtual,
        tail=name in tail,
        narrowed=narrowed,
        limits=limits,
    )


def _template(text: str) -> Template:
    try:
        return Template(text)
    except ValueError as error:
        raise _BadMetadataError(str(error)) from error


def _property(text: str, column: str) -> NamedNode:
    iri = expand(text)
    if "{" in iri or "://" not in iri:
        raise _BadMetadataError(f"propertyUrl {text!r} of column {column} is no IRI and no name with a known prefix")
    return NamedNode(iri)


def _narrowing(datatype: csvw.metadata.Datatype | None) -> tuple[Callable[[str], str] | None, str]:
    """A function that gives a value's canonical text or ValueError, where the metadata says more than the datatype."""
    if datatype is None:
        return None, ""
    least = datatype.minimum if datatype.minimum is not None else datatype.minInclusive
    most = datatype.maximum if datatype.maximum is not None else datatype.maxInclusive
    bounds = [
        f"{sign} {datatype.formatted(bound)}"
        for sign, bound in (("≥", least), (">", datatype.minExclusive), ("≤", most), ("<", datatype.maxExclusive))
        if bound is not None
    ]
    lengths = [
        f"{sign} {length} characters"
        for sign, length in (("=", datatype.length), ("≥", datatype.minLength), ("≤", datatype.maxLength))
        if length is not None
    ]
    pattern = [str(datatype.format).replace("|", " | ")] if datatype.format else []
    said = [*pattern, *bounds, *lengths]
    if not said:
        return None, ""
    remembered: dict[str, str] = {}

    def narrowed(text: str) -> str:
        if (known := remembered.get(text)) is not None:
            return known
        try:
            value = datatype.read(text)
        except ArithmeticError as error:  # decimal's InvalidOperation is no ValueError
            raise ValueError(str(error)) from error
        canonical = text
        if datatype.format and isinstance(value, bool):
            canonical = "true" if value else "false"
        elif datatype.format and isinstance(value, date):
            canonical = value.isoformat()
        if len(remembered) < 10_000:
            remembered[text] = canonical
        return canonical

    return narrowed, ", ".join(said)
