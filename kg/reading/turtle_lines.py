"""Where statements stand in Turtle and TriG.

pyoxigraph gives no positions. So a light tokenizer (RDF 1.1 Turtle, section 6.5, and TriG, section 4.5)
finds the end of every object and writes an RDF 1.2 reifier there, ``~ <urn:x-bilim-line:7>``: the parser
then hands back, beside each triple, one quad that names the slot of its object. Terms, escapes, prefixes
and blank nodes stay the parser's business; the tokenizer only has to be right on text that the parser
accepts, for the text is parsed unmarked first. Collections have no object of their own for each cell: their
cells take the lines of the items.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from pyoxigraph import BlankNode, NamedNode, Quad, Triple

from kg.terms import RDF

MARK: Final = "urn:x-bilim-line:"

# One token after white space and comments. Possessive, so that long files cannot make it backtrack.
_TOKEN: Final = re.compile(
    r"""(?:\s++|\#[^\r\n]*+)*+
    (
      <(?:[^\x00-\x20<>"{}|^`\\]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*+>
    | \"{3}(?:[^"\\]|\\.|\"{1,2}(?!\"))*+\"{3}
    | '{3}(?:[^'\\]|\\.|'{1,2}(?!'))*+'{3}
    | "(?:[^"\\]|\\.)*+"
    | '(?:[^'\\]|\\.)*+'
    | @[A-Za-z]+(?:-[A-Za-z0-9]+)*
    | \^\^ | <<\(? | \)?>> | \{\| | \|\}
    | [+-]?(?:\d+\.\d*[eE][+-]?\d+|\.?\d+[eE][+-]?\d+|\d*\.\d+|\d+)
    | [][(){},;.~]
    | (?:[^\s<>"'{}|^`\\()\[\],;.\#~@]|\\.)(?:\.*(?:[^\s<>"'{}|^`\\()\[\],;.\#~@]|\\.)+)*+
    )""",
    re.VERBOSE | re.DOTALL,
)
_SPARQL_DIRECTIVES: Final = {"PREFIX": 2, "BASE": 1, "VERSION": 1, "GRAPH": 0}  # terms that follow and are no statement
_RDF12: Final = frozenset({"<<", "<<(", ">>", ")>>", "{|", "|}", "~"})
_SUBJECT, _PREDICATE, _OBJECT, _DONE = range(4)


@dataclass(slots=True)
class _Frame:
    """One level of nesting: the place within a statement; in a collection, its number."""

    position: int
    opened: int = 0  # line of the bracket
    collection: int | None = None
    subject_list: int | None = None
    object_list: int | None = None
    line: int = 0  # line of the object


@dataclass(frozen=True, slots=True)
class Slot:
    """Line of one object; the collections that its statement has as object and as subject."""

    line: int
    object_list: int | None
    subject_list: int | None


@dataclass(slots=True)
class Marked:
    """The text with marks, what each mark stands for, and the items of each collection: (line, inner collection)."""

    text: str = ""
    slots: list[Slot] = field(default_factory=list)
    lists: list[list[tuple[int, int | None]]] = field(default_factory=list)
    rdf12: tuple[int, int, str] | None = None  # line, column and token of the first RDF 1.2 syntax


def mark(text: str) -> Marked:
    """The text with a mark after every object; it must be well-formed Turtle or TriG. Linear in its length."""
    out = Marked()
    pieces: list[str] = []
    copied = 0  # text up to here is in pieces
    line, counted = 1, 0
    skip = 0
    directive = False
    stack = [_Frame(_SUBJECT)]
    frame = stack[0]
    for match in _TOKEN.finditer(text):
        start = match.start(1)
        token = match[1]
        first = token[0]
        if token in _RDF12:
            line += text.count("\n", counted, start)
            out.rdf12 = (line, start - text.rfind("\n", 0, start), token)
            return out
        if directive:
            directive = token != "."
            continue
        if skip and first not in "[](){},;.":
            skip -= 1
            continue
        if first in ",;.]}" and len(token) == 1:
            if frame.position == _DONE and frame.collection is None:
                pieces.append(text[copied:start])
                pieces.append(f" ~ <{MARK}{len(out.slots)}> ")
                copied = start
                out.slots.append(Slot(frame.line, frame.object_list, frame.subject_list))
            if first == ",":
                frame.position = _OBJECT
            elif first == ";":
                frame.position = _PREDICATE
            elif first == "]" and len(stack) > 1:
                opened = stack.pop().opened
                frame = stack[-1]
                _complete(frame, out, opened, None)
            else:  # the end of a statement or of a graph
                if first == "}" and len(stack) > 1:
                    stack.pop()
                    frame = stack[-1]
                frame.position = _SUBJECT
            continue
        if first == "@":  # a directive, or the language of the literal before
            directive = frame.position == _SUBJECT and frame.collection is None
            continue
        if token == "^^":
            skip = 1
            continue
        if frame.position == _SUBJECT and frame.collection is None and token.upper() in _SPARQL_DIRECTIVES:
            skip = _SPARQL_DIRECTIVES[token.upper()]
            continue
        line += text.count("\n", counted, start)
        counted = start
        if first == "[":
            frame = _Frame(_PREDICATE, opened=line)
            stack.append(frame)
        elif first == "(":
            out.lists.append([])
            frame = _Frame(_SUBJECT, opened=line, collection=len(out.lists) - 1)
            stack.append(frame)
        elif first == ")" and len(stack) > 1:
            closed = stack.pop()
            frame = stack[-1]
            _complete(frame, out, closed.opened, closed.collection)
        elif first == "{":
            frame = _Frame(_SUBJECT, opened=line)
            stack.append(frame)
        else:
            _complete(frame, out, line, None)
    pieces.append(text[copied:])
    out.text = "".join(pieces)
    return out


def _complete(frame: _Frame, out: Marked, line: int, collection: int | None) -> None:
    """A whole term (or bracket) was read in this frame."""
    if frame.collection is not None:
        out.lists[frame.collection].append((line, collection))
    elif frame.position == _SUBJECT:
        frame.subject_list = collection
        frame.position = _PREDICATE
    elif frame.position == _PREDICATE:
        frame.position = _OBJECT
    elif frame.position == _OBJECT:
        frame.line, frame.object_list = line, collection
        frame.position = _DONE


def unmark(quads: Iterable[Quad], marked: Marked) -> list[tuple[Quad, int | None]]:
    """The quads of the marked text without the marks, each with its line (None only if a mark was lost)."""
    plain: list[Quad] = []
    lines: dict[Quad, int] = {}
    heads: list[tuple[object, object, int]] = []  # graph, first cell, collection
    for quad in quads:
        subject = quad.subject
        if not (isinstance(subject, NamedNode) and subject.value.startswith(MARK)):
            plain.append(quad)
            continue
        triple = quad.object
        assert isinstance(triple, Triple)
        slot = marked.slots[int(subject.value[len(MARK) :])]
        stated = Quad(triple.subject, triple.predicate, triple.object, quad.graph_name)
        lines[stated] = min(slot.line, lines.get(stated, slot.line))
        if slot.object_list is not None:
            heads.append((quad.graph_name, triple.object, slot.object_list))
        if slot.subject_list is not None:
            heads.append((quad.graph_name, triple.subject, slot.subject_list))
    if heads:
        _lines_of_lists(plain, lines, heads, marked)
    return [(quad, lines.get(quad)) for quad in dict.fromkeys(plain)]


def _lines_of_lists(
    plain: list[Quad], lines: dict[Quad, int], heads: list[tuple[object, object, int]], marked: Marked
) -> None:
    cells: dict[tuple[object, object], list[Quad]] = {}
    first, rest = NamedNode(RDF + "first"), NamedNode(RDF + "rest")
    for quad in plain:
        if quad.predicate in (first, rest) and isinstance(quad.subject, BlankNode) and quad not in lines:
            cells.setdefault((quad.graph_name, quad.subject), []).append(quad)
    while heads:
        graph, node, number = heads.pop()
        for line, inner in marked.lists[number]:
            following = node
            for quad in cells.get((graph, node), ()):
                lines[quad] = line
                if quad.predicate == rest:
                    following = quad.object
                elif inner is not None:
                    heads.append((graph, quad.object, inner))
            node = following
