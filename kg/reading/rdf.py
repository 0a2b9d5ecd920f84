"""RDF files to quads that know their line: Turtle, TriG, N-Triples, N-Quads, RDF/XML, JSON-LD.

Lines: Turtle and TriG by marks (kg.reading.turtle_lines); N-Triples, N-Quads and RDF/XML by feeding the parser
line by line and noting the last one it took; JSON-LD has none, for its context may change what stood before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, Final

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, RdfFormat, Triple, parse

from kg.findings import Finding, Where, finding
from kg.reading.blank import TooAlikeError, canonical_iris
from kg.reading.checks import Vocabulary, literal_findings, term_findings
from kg.reading.contexts import with_local_contexts
from kg.reading.encoding import decode
from kg.reading.located import Located, Reading
from kg.reading.turtle_lines import mark, unmark

FORMATS: Final[dict[str, RdfFormat]] = {
    ".trig": RdfFormat.TRIG,
    ".ttl": RdfFormat.TURTLE,
    ".nq": RdfFormat.N_QUADS,
    ".nt": RdfFormat.N_TRIPLES,
    ".rdf": RdfFormat.RDF_XML,
    ".owl": RdfFormat.RDF_XML,
    ".jsonld": RdfFormat.JSON_LD,
}
"""File name extension -> format."""

NO_GRAPH: Final = "urn:x-bilim-default"
"""Stands for the default graph in the names of its blank nodes."""


def read_rdf(
    source: Path | bytes,
    name: str | None = None,
    graph: str | None = None,
    *,
    vocabulary: Collection[str] | Vocabulary | None = None,
    scope: str | None = None,
    contexts: Mapping[str, Any] | None = None,
) -> Reading:
    """The quads of an RDF file with their lines, and everything wrong with it.

    :param source: a path, or the bytes with ``name``, whose extension tells the format (see FORMATS).
    :param name: the file's name in messages; the path as given if empty.
    :param graph: IRI of the graph to which the file belongs: triples without a graph go there, and any other
        graph named in the file is a finding. None: graphs are taken as they stand.
    :param vocabulary: declared terms; others in our namespaces are findings. None: not checked.
    :param scope: IRI before the names of blank nodes, where several files go into one graph; the graph's if empty.
    :param contexts: JSON-LD contexts by their addresses; no other is taken, and none is fetched.

    Never raises for what the file holds; OSError where it cannot be read.
    """
    if isinstance(source, Path):
        name = name or source.name
        source = source.read_bytes()
    reading = Reading()
    name = name or "input"
    format_ = FORMATS.get(PurePath(name).suffix.lower())
    if format_ is None:
        reading.findings.append(
            finding("read-unknown-format", where=Where(name), suffix=PurePath(name).suffix, known=" ".join(FORMATS))
        )
        return reading
    text = decode(source, name)
    if isinstance(text, Finding):
        reading.findings.append(text)
        return reading
    if format_ == RdfFormat.JSON_LD:
        text = with_local_contexts(text, name, contexts or {})
        if isinstance(text, Finding):
            reading.findings.append(text)
            return reading
    statements = _parse(text, name, format_, reading.findings)
    _place(statements, name, graph, scope, reading)
    reading.findings.extend(literal_findings(reading))
    if vocabulary is not None:
        known = vocabulary if isinstance(vocabulary, Vocabulary) else Vocabulary(vocabulary)
        reading.findings.extend(term_findings(reading, known))
    reading.findings.sort(key=lambda f: (f.where.line or 0) if f.where else 0)  # stable: in the order of the file
    return reading


def _parse(text: str, name: str, format_: RdfFormat, findings: list[Finding]) -> list[tuple[Quad, int | None]]:
    """The statements with their lines; empty, with a finding, where the text is not well-formed."""
    if format_ == RdfFormat.RDF_XML and "<!DOCTYPE" in text:
        # Entities may grow without end: five levels of ten took 18 s.
        findings.append(finding("read-xml-doctype", where=Where(name, line=_line_of(text, "<!DOCTYPE"))))
        return []
    try:
        if format_ in (RdfFormat.TURTLE, RdfFormat.TRIG):
            return _marked(text, name, format_, findings)
        feed = _Feed(text)
        return list(dict.fromkeys(_fed(feed, format_)))
    except SyntaxError as error:
        findings.append(_syntax(error, text, name))
        return []


def _marked(text: str, name: str, format_: RdfFormat, findings: list[Finding]) -> list[tuple[Quad, int | None]]:
    plain = list(parse(input=text.encode(), format=format_))  # first as it is: for the errors, and to compare
    marked = mark(text)
    if marked.rdf12 is not None:
        line, column, token = marked.rdf12
        findings.append(finding("read-rdf12", where=Where(name, line=line), column=column, token=token))
        return []
    try:
        quads = list(parse(input=marked.text.encode(), format=format_))
    except SyntaxError:
        quads = []
    if len(quads) != len(plain) + len(marked.slots):  # a gap in the tokenizer: lines a little late are better than none
        return list(dict.fromkeys(_fed(_Feed(text), format_)))
    return unmark(quads, marked)


@dataclass(slots=True)
class _Feed:
    """A file that gives the parser one line at a time; ``line`` is the last one it took."""

    text: str
    line: int = 0
    _lines: Iterator[bytes] = field(init=False)
    _rest: bytes = b""

    def __post_init__(self) -> None:
        self._lines = iter(self.text.encode().splitlines(keepends=True))

    def read(self, size: int) -> bytes:
        if not self._rest:
            self._rest = next(self._lines, b"")
            self.line += bool(self._rest)
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece


def _fed(feed: _Feed, format_: RdfFormat) -> Iterator[tuple[Quad, int | None]]:
    for quad in parse(input=feed, format=format_):  # type: ignore[arg-type]  # anything with read() will do
        yield quad, None if format_ == RdfFormat.JSON_LD else feed.line


def _place(
    statements: list[tuple[Quad, int | None]], name: str, graph: str | None, scope: str | None, reading: Reading
) -> None:
    """Sort the statements into their graphs, name their blank nodes, and report what belongs nowhere."""
    by_graph: dict[str, list[tuple[Quad, Where]]] = {}
    places: dict[int | None, Where] = {}
    seen: set[Quad] = set()
    foreign: set[str] = set()
    for quad, line in statements:
        if quad in seen:
            continue
        seen.add(quad)
        where = places.get(line)
        if where is None:
            where = places[line] = Where(name, line=line)
        if isinstance(quad.object, Triple) or (isinstance(quad.object, Literal) and quad.object.direction is not None):
            reading.findings.append(finding("read-rdf12", where=where, column=1, token=str(quad.object)[:40]))
            continue
        own = quad.graph_name
        if isinstance(own, NamedNode) and graph in (None, own.value):
            target = own.value
        elif isinstance(own, DefaultGraph):
            target = graph or ""
        else:
            if str(own) not in foreign:
                foreign.add(str(own))
                reading.findings.append(finding("read-foreign-graph", where=where, value=str(own), graph=graph or ""))
            continue
        by_graph.setdefault(target, []).append((quad, where))
    for target in sorted(by_graph):
        reading.graphs[target] = _located(by_graph[target], target, scope, reading.findings)


def _located(quads: list[tuple[Quad, Where]], graph: str, scope: str | None, findings: list[Finding]) -> list[Located]:
    try:
        names = canonical_iris([quad for quad, _ in quads], scope or graph or NO_GRAPH)
    except TooAlikeError as error:
        first = next(where for quad, where in quads if quad.subject in error.nodes or quad.object in error.nodes)
        findings.append(finding("read-blank-nodes-alike", where=first, count=len(error.nodes)))
        return []
    graph_name = NamedNode(graph) if graph else DefaultGraph()
    located = []
    for quad, where in quads:
        subject, object_ = quad.subject, quad.object
        if isinstance(subject, BlankNode):
            subject = names[subject]
        if isinstance(object_, BlankNode):
            object_ = names[object_]
        located.append(Located(Quad(subject, quad.predicate, object_, graph_name), where))
    return located


def _syntax(error: SyntaxError, text: str, name: str) -> Finding:
    """The parser's error with line, column (code points) and what was read there."""
    line, column = error.lineno or 1, error.offset or 1
    lines = text.split("\n")
    stood = lines[line - 1] if line <= len(lines) else ""
    end = (error.end_offset or column) if error.end_lineno == error.lineno else len(stood) + 1
    read = stood[column - 1 : max(end - 1, column)].strip() or stood.strip()
    reason = str(error.msg).split(": ", 1)[-1]
    return finding(
        "read-rdf-syntax", where=Where(name, line=line), column=column, read=read[:80], reason=reason, cell=read[:80]
    )


def _line_of(text: str, part: str) -> int:
    return text.count("\n", 0, text.index(part)) + 1
