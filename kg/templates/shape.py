"""Rows become JSON: typed values, one object for each anchor, merged by dictionary.

A *prototype* is a JSON object whose ``"?name"`` values are replaced by bindings (the ``transform`` of grlc);
without one, each returned variable is a key of its own name. Cost grows with the number of cells.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Protocol

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kg import dates
from kg.findings import BilimError, finding
from kg.templates.model import Return, Template
from kg.terms import LANGUAGES, LIST, XSD, split_entity_iri

Cell = NamedNode | BlankNode | Literal | Triple | None
Row = Sequence[Cell]
_WHOLE: Final = frozenset(XSD + n for n in ("integer", "long", "int", "nonNegativeInteger", "positiveInteger"))
_BROKEN: Final = frozenset(XSD + n for n in ("decimal", "double", "float"))


class Labels(Protocol):
    """Names of things by language."""

    def labels(self, iris: Iterable[str]) -> Mapping[str, Mapping[str, str]]:
        """IRI -> language -> preferred name, for those that have one."""
        ...


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value of the prototype that a binding replaces."""

    variable: str
    many: bool  # an array even of one
    declared: bool  # stays as null where nothing is stated


@dataclass(frozen=True, slots=True)
class Node:
    """An object of the prototype. ``anchor`` is the key whose value makes rows one object."""

    fields: tuple[tuple[str, Any], ...]  # key -> Leaf, Node or a constant
    anchor: str | tuple[str, ...] | None  # variable, or several
    many: bool = False


def prototype(transform: Mapping[str, Any] | None, returns: Mapping[str, Return], variables: Sequence[str]) -> Node:
    """The compiled prototype of a template. Raises :class:`BilimError` for a transform that cannot be read."""
    if transform is not None:
        return _compile(transform, returns, frozenset(variables))
    fields = tuple((v, Leaf(v, v in returns and returns[v].many, True)) for v in variables)
    single = tuple(leaf.variable for _, leaf in fields if not leaf.many)
    return Node(fields, single if len(single) < len(fields) else None)


def merges(node: Node) -> bool:
    """Whether several rows can become one object, so that rows cannot be counted for objects."""
    return node.anchor is not None


def _compile(proto: Mapping[str, Any], returns: Mapping[str, Return], known: frozenset[str]) -> Node:
    fields: list[tuple[str, Any]] = []
    anchor: str | None = None
    anchor_key = proto.get("$anchor", "id")
    for key, value in proto.items():
        if key.startswith("$"):
            continue
        many = isinstance(value, list) and len(value) == 1
        inner = value[0] if many else value
        if isinstance(inner, Mapping):
            node = _compile(inner, returns, known)
            fields.append((key, Node(node.fields, node.anchor, many or bool(inner.get("$list")))))
        elif isinstance(inner, str) and inner.startswith("?"):
            name, *marks = inner[1:].split("$")
            if name not in known:
                raise BilimError(finding("template-transform-variable", variable=name))
            fields.append((key, Leaf(name, many or "list" in marks, name in returns)))
            if "anchor" in marks or (key == anchor_key and anchor is None):
                anchor = name
        else:
            fields.append((key, value))
    return Node(tuple(fields), anchor)


def shape(
    template: Template, node: Node, rows: Sequence[Row], names: Labels, languages: Sequence[str]
) -> list[dict[str, Any]]:
    """The objects of the rows, in the order of the rows. ``languages``: of content, the wished one first."""
    columns = {name: index for index, name in enumerate(template.variables)}
    show_lang = (template.transform or {}).get("$langTag", "show") != "hide"
    iris = entity_iris(template, rows, _variables(node))
    labels = names.labels(iris) if iris else {}
    writers = [
        _remembering(_writer(template.returns.get(name), labels, languages, show_lang)) for name in template.variables
    ]
    return _build(node, rows, columns, writers)


def entity_iris(
    template: Template, rows: Sequence[Row], used: Container[str] | None = None, names: Sequence[str] = ()
) -> set[str]:
    """IRIs in the columns that hold things (of those used; None is all): all labels are looked up at once.

    ``names``: of the columns, where they are not those of the template.
    """
    names = names or template.variables
    indexes = [i for i, name in enumerate(names) if (used is None or name in used) and _is_entity(template, name)]
    return {cell.value for row in rows for index in indexes if isinstance(cell := row[index], NamedNode)}


def _is_entity(template: Template, name: str) -> bool:
    said = template.returns.get(name)
    return said is not None and said.type == "entity"


def _remembering(write: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same cell is written once: a name or a date comes back in many rows."""
    known: dict[Any, Any] = {}

    def remembered(cell: Any) -> Any:
        if cell in known:
            return known[cell]
        value = known[cell] = write(cell)
        return value

    return remembered


def _build(
    node: Node, rows: Sequence[Row], columns: Mapping[str, int], writers: Sequence[Callable[[Any], Any]]
) -> list[dict[str, Any]]:
    """One object for each anchor, in the order in which anchors first come."""
    return [_object(node, group, columns, writers) for group in groups(node, rows, columns)]


def groups(node: Node, rows: Sequence[Row], columns: Mapping[str, int]) -> list[list[Row]]:
    """The rows of each object, in the order in which anchors first come; a row without an anchor stands alone."""
    if node.anchor is None:
        return [[row] for row in rows]
    found: dict[Any, list[Row]] = {}
    if isinstance(node.anchor, str):
        index = columns[node.anchor]
        for number, row in enumerate(rows):
            found.setdefault(number if row[index] is None else row[index], []).append(row)
    else:
        indexes = [columns[name] for name in node.anchor]
        for row in rows:
            found.setdefault(tuple(row[i] for i in indexes), []).append(row)
    return list(found.values())


def _object(
    node: Node, rows: Sequence[Row], columns: Mapping[str, int], writers: Sequence[Callable[[Any], Any]]
) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, field in node.fields:
        if isinstance(field, Leaf):
            index = columns[field.variable]
            cells = list({row[index]: None for row in rows if row[index] is not None})
            if len(cells) > 1 and all(isinstance(cell, Literal) and cell.language for cell in cells):
                cells.sort(key=_by_language)  # stores order tagged texts each in its own way
            _put(out, key, [writers[index](cell) for cell in cells], field.many, field.declared)
        elif isinstance(field, Node):
            _put(out, key, _nested(field, rows, columns, writers), field.many, False)
        else:
            out[key] = field
    return out


def _by_language(cell: Any) -> tuple[str, str]:
    return cell.language, cell.value


def _nested(
    node: Node, rows: Sequence[Row], columns: Mapping[str, int], writers: Sequence[Callable[[Any], Any]]
) -> list[dict[str, Any]]:
    """Nested objects: none for rows that state nothing of them, one for rows that state the same."""
    indexes = [columns[name] for name in sorted(_variables(node))]
    told = [row for row in rows if any(row[i] is not None for i in indexes)]
    if isinstance(node.anchor, str):
        index = columns[node.anchor]
        return _build(node, [row for row in told if row[index] is not None], columns, writers)
    distinct: dict[tuple[Cell, ...], Row] = {}
    for row in told:
        distinct.setdefault(tuple(row[i] for i in indexes), row)
    return [_object(node, [row], columns, writers) for row in distinct.values()]


def _variables(node: Node) -> set[str]:
    found: set[str] = set()
    for _, field in node.fields:
        if isinstance(field, Leaf):
            found.add(field.variable)
        elif isinstance(field, Node):
            found |= _variables(field)
    return found


def _put(out: dict[str, Any], key: str, values: list[Any], many: bool, declared: bool) -> None:
    if many or len(values) > 1:
        out[key] = values
    elif values:
        out[key] = values[0]
    elif declared:
        out[key] = None


# values


def _writer(
    declared: Return | None, labels: Mapping[str, Mapping[str, str]], languages: Sequence[str], show_lang: bool
) -> Callable[[Any], Any]:
    kind = declared.type if declared else None
    if kind == "entity":
        return lambda cell: entity(cell, labels, languages)
    if kind == "edtf":
        return lambda cell: edtf(cell, languages[0] if languages else LANGUAGES[0])
    if kind == "text":
        return lambda cell: text(cell) if show_lang else plain(cell, show_lang=False)
    return lambda cell: plain(cell, show_lang=show_lang)


def entity(cell: Cell, labels: Mapping[str, Mapping[str, str]], languages: Sequence[str]) -> Any:
    """``{id, kind, slug, label, labelLang}``; a literal comes back as plain text."""
    if not isinstance(cell, NamedNode):
        return plain(cell)
    iri = cell.value
    # terms of our lists are of no kind, but their last part is what people write
    kind, slug = split_entity_iri(iri) or (None, iri.rpartition("/")[2] if iri.startswith(LIST) else None)
    names = labels.get(iri) or {}
    lang = next((tag for tag in (*languages, *LANGUAGES, *sorted(names)) if tag in names), None)
    return {"id": iri, "kind": kind, "slug": slug, "label": names[lang] if lang else None, "labelLang": lang}


def edtf(cell: Cell, lang: str) -> Any:
    """``{edtf, earliest, latest, text}``; days as YYYY-MM-DD, null where the side is open or unknown."""
    if not isinstance(cell, Literal):
        return plain(cell)
    try:
        extent = dates.parse(cell.value)
    except dates.DateError:  # in the release by mistake: told as it is rather than not at all
        return {"edtf": cell.value, "earliest": None, "latest": None, "text": cell.value}
    return {
        "edtf": cell.value,
        "earliest": extent.earliest.isoformat() if extent.earliest else None,
        "latest": extent.latest.isoformat() if extent.latest else None,
        "text": dates.humanize(cell.value, lang),
    }


def text(cell: Cell) -> Any:
    """``{value, lang}``; lang is null for text without a language."""
    if not isinstance(cell, Literal):
        return plain(cell)
    return {"value": cell.value, "lang": cell.language}


def plain(cell: Cell, *, show_lang: bool = True) -> Any:
    """Numbers as numbers, booleans as booleans, tagged text as ``{value, lang}``, all else as text."""
    if cell is None:
        return None
    if isinstance(cell, Triple):
        return str(cell)
    if not isinstance(cell, Literal):
        return cell.value
    if cell.language:
        return {"value": cell.value, "lang": cell.language} if show_lang else cell.value
    datatype = cell.datatype.value
    if datatype in _WHOLE:
        return int(cell.value)
    if datatype in _BROKEN:
        number = Decimal(cell.value.replace("INF", "Infinity"))
        return float(number) if number.is_finite() else None  # JSON has no NaN and no infinity
    if datatype == XSD + "boolean":
        return cell.value in ("true", "1")
    return cell.value
