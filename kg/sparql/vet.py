r"""What a stranger's query may not hold, judged on tokens.

The wall is the worker without a network; this is the door before it, and the only guard where the kernel
allows no wall. Oxigraph has no lexer, so a query can be written that an honest tokenizer reads otherwise
than it does. All ways known were tried against Oxigraph 0.5.13 with a listener (tests/test_sparql_vet.py);
where a reading could differ *and* the text speaks of SERVICE, the query is refused with advice.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any, Final
from urllib.parse import urljoin

from pyoxigraph import NamedNode

from kg.sparql.quick import quick
from kg.sparql.tokens import Token, scan, unescape
from kg.sparql.vetted import FORMS, VOLATILE, Form, Vetted
from kg.store.dataset import Dataset
from kg.terms import BASE, PREFIXES

UPDATES: Final = ("INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH")

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")

MAX_TOKENS: Final = 100_000
"""A query of a researcher has hundreds, one with 20,000 IRIs in VALUES 40,000; reading these takes 0.1 s."""


class Refused(Exception):
    """A query that may not be run: the code of the message, the place, and what the message is filled with."""

    def __init__(self, code: str, line: int, column: int, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.line = line
        self.column = column
        self.values = values


def vet(text: str, allow: Collection[str] = (), prefixes: dict[str, str] = PREFIXES) -> Vetted:
    """As :func:`examine`; raises :class:`kg.store.errors.QueryError`, which has words for the asker."""
    from kg.store.errors import QueryError  # with all messages: nothing for a worker, which examines too

    if (usual := quick(text, prefixes)) is not None:
        return usual
    try:
        return examine(text, allow, prefixes)
    except Refused as refused:
        raise QueryError(refused.code, refused.line, refused.column, **refused.values) from None


def from_worker(text: str, found: dict[str, Any]) -> Vetted:
    """What :func:`examine` found, after its way through JSON without the text."""
    dataset = found["dataset"] and Dataset(tuple(found["dataset"]["default"]), tuple(found["dataset"]["named"]))
    services = tuple((start, end, iri) for start, end, iri in found["services"])
    return Vetted(**{**found, "text": text, "dataset": dataset, "services": services})


def examine(text: str, allow: Collection[str] = (), prefixes: dict[str, str] = PREFIXES) -> Vetted:
    r"""The query, if it may be run.

    Raises :class:`Refused` with line and column: ``sparql-update`` (an update), ``sparql-service`` or
    ``sparql-load`` (asks other servers; ``allow`` holds IRIs that SERVICE may name), ``sparql-escape``
    (``\u`` outside strings, IRIs and comments), ``sparql-ambiguous`` (could be read in two ways),
    ``sparql-prefix`` (no such prefix), ``sparql-form`` (no form of query) and ``sparql-too-long``.
    """
    tokens = _read(text)
    prologue, start = _prologue(tokens)
    form = _form(tokens, start)
    declared = {**prefixes, **prologue.prefixes}
    lower = text.lower()  # what the whole text does not hold, no token does
    services: tuple[tuple[int, int, str], ...] = ()
    if "service" in lower:
        services = _services(tokens, declared, frozenset(allow))
    if "load" in lower or "\\" in text:
        _refuse_load_and_escapes(tokens)
    missing: dict[str, str] = {}
    for token in tokens[start:]:
        if token.kind == "name" and (prefix := token.text.partition(":")[0]) not in prologue.prefixes:
            if prefix not in prefixes:
                raise _at(token, "sparql-prefix", prefix=prefix, name=token.text)
            missing[prefix] = prefixes[prefix]
    volatile = bool(VOLATILE.search(text)) and any(t.kind == "word" and VOLATILE.search(t.text) for t in tokens)
    normal = text if "<" in text and any(token.guess for token in tokens) else _normal(tokens)
    dataset = _dataset(tokens, start, declared, prologue.base)
    return Vetted(text, form, missing, dataset, normal, volatile or bool(services), services)


def _refuse_load_and_escapes(tokens: Sequence[Token]) -> None:
    for token in tokens:
        if token.upper.startswith("LOAD"):
            raise _at(token, "sparql-load")
        if token.kind == "error" and token.text == "\\" and token.source[token.end : token.end + 1] in ("u", "U"):
            raise _at(token, "sparql-escape")


def _normal(tokens: Sequence[Token]) -> str:
    """White space stays where it is, or ``- 1`` (an error as an object) would pass for ``-1``."""
    parts: list[str] = []
    end = tokens[0].start
    for _, text, start, _, _ in tokens:
        if start > end:
            parts.append(" ")
        parts.append(text)
        end = start + len(text)
    return "".join(parts)


def _at(token: Token, code: str, **values: object) -> Refused:
    return Refused(code, token.line, token.column, **values)


def _read(text: str) -> list[Token]:
    tokens = list(islice(scan(text), MAX_TOKENS + 1))
    if len(tokens) > MAX_TOKENS:
        raise _at(tokens[-1], "sparql-too-long", limit=MAX_TOKENS)
    return tokens


@dataclass(frozen=True, slots=True)
class _Prologue:
    prefixes: dict[str, str]
    base: str


def _prologue(tokens: Sequence[Token]) -> tuple[_Prologue, int]:
    """Declarations at the head, and the position of the first token after them."""
    found: dict[str, str] = {}
    base = BASE  # of the protocol's ways to a base (RFC 3986, 5.1.4), ours is the default of the application
    position = 0
    while position < len(tokens):
        token, rest = tokens[position], tokens[position + 1 : position + 3]
        kinds = [t.kind for t in rest]
        if token.upper == "PREFIX" and kinds == ["name", "iri"] and rest[0].text.endswith(":"):
            found[rest[0].text[:-1]] = _resolve(rest[1], base)
            position += 3
        elif token.upper == "BASE" and kinds[:1] == ["iri"]:
            base = _resolve(rest[0], base)
            position += 2
        elif token.upper == "VERSION" and kinds[:1] == ["string"]:
            position += 2
        else:
            break
    return _Prologue(found, base), position


def _resolve(token: Token, base: str) -> str:
    iri = unescape(token.text[1:-1])
    if _SCHEME.match(iri):
        return iri
    try:
        # urljoin drops an empty fragment, which namespaces often end in
        return urljoin(base, iri) + ("#" if iri.endswith("#") else "")
    except ValueError:  # half a bracket in the host: the parser will say so
        return iri


def _form(tokens: Sequence[Token], start: int) -> Form:
    if start >= len(tokens):
        if tokens:
            raise _at(tokens[-1], "sparql-form", given=tokens[-1].text, allowed=", ".join(FORMS))
        raise Refused("sparql-form", 1, 1, given="", allowed=", ".join(FORMS))
    head = tokens[start]
    # keywords need no space after them, so the first may begin a longer word or name: DESCRIBEex:a
    word = head.text.upper() if head.kind in ("word", "name") else ""
    for form in FORMS:
        if word.startswith(form):
            return form
    for update in UPDATES:
        if word.startswith(update):
            raise _at(head, "sparql-update", form=update)
    raise _at(head, "sparql-form", given=head.text[:40], allowed=", ".join(FORMS))


def _services(
    tokens: Sequence[Token], declared: dict[str, str], allow: frozenset[str]
) -> tuple[tuple[int, int, str], ...]:
    """Where the allowed stores stand. Raises for all other ways of asking one, and for what may be one."""
    found: list[tuple[int, int, str]] = []
    following = [*tokens[1:], None]
    for position, (token, after) in enumerate(zip(tokens, following, strict=True)):
        text = token.text.upper()
        if token.guess and any(mark in token.guess.upper() for mark in ("'", "#", "SERVICE")):
            # "less than" or an IRI: the two readings put what follows inside or outside of a string or comment
            raise _at(token, "sparql-ambiguous", text=token.guess)
        if "SERVICE" not in text:
            continue
        if token.kind == "word":
            store = _allowed(tokens, position, allow)
            if store is None:
                raise _at(token, "sparql-service", allowed=", ".join(sorted(allow)) or "–")
            found.append(store)
        if token.kind == "name":
            prefix, _, local = text.partition(":")
            # SERVICEa:b { … } may be the keyword and a:b; trueSERVICE:b { … } a literal, the keyword and :b
            if "SERVICE" in prefix and after is not None and after.text in ("{", "{|"):
                raise _at(token, "sparql-service", allowed=", ".join(sorted(allow)) or "–")
            # a name that makes no IRI is read as its prefix alone, and the rest as what comes next
            if "SERVICE" in local and not _makes_iri(token.text, declared):
                raise _at(token, "sparql-ambiguous", text=token.text)
    return tuple(found)


def _allowed(tokens: Sequence[Token], position: int, allow: frozenset[str]) -> tuple[int, int, str] | None:
    """The IRI of ``SERVICE [SILENT] <one of the allowed IRIs>`` with the keyword for itself; None for all else."""
    if tokens[position].upper != "SERVICE":
        return None
    rest = [t for t in tokens[position + 1 : position + 3] if t.upper != "SILENT"]
    if not rest or rest[0].kind != "iri" or (iri := unescape(rest[0].text[1:-1])) not in allow:
        return None
    return rest[0].start, rest[0].end, iri


def _makes_iri(name: str, declared: dict[str, str]) -> bool:
    prefix, _, local = name.partition(":")
    if prefix not in declared:
        return False
    try:
        NamedNode(declared[prefix] + _plain(local))
    except ValueError:
        return False
    return True


def _plain(local: str) -> str:
    """A local name without its backslashes."""
    out, escaped = [], False
    for character in local:
        if character == "\\" and not escaped:
            escaped = True
        else:
            out.append(character)
            escaped = False
    return "".join(out)


def _dataset(tokens: Sequence[Token], start: int, declared: dict[str, str], base: str) -> Dataset | None:
    """Graphs of FROM and FROM NAMED outside of braces (a CONSTRUCT has them after its first); None for none."""
    default: list[str] = []
    named: list[str] = []
    head: list[Token] = []
    depth = 0
    for token in tokens[start:]:
        depth += (token.text == "{") - (token.text == "}")
        if depth == 0:
            head.append(token)
    for position, (token, after) in enumerate(pairwise(head)):
        if token.upper != "FROM":
            continue
        target, into = after, default
        if after.upper == "NAMED" and position + 2 < len(head):
            target, into = head[position + 2], named
        if target.kind == "iri":
            into.append(_resolve(target, base))
        elif target.kind == "name":
            prefix, _, local = target.text.partition(":")
            into.append(declared.get(prefix, "") + _plain(local))
    return Dataset(tuple(default), tuple(named)) if default or named else None
