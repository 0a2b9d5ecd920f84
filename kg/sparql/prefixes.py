"""The default prefixes: a query may use those of :data:`kg.terms.PREFIXES` without declaring them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kg.sparql.tokens import Token, tokenize
from kg.terms import PREFIXES


def missing(tokens: Iterable[Token], table: Mapping[str, str] = PREFIXES) -> dict[str, str]:
    """Prefixes of the table that the query uses and does not declare, in order of use."""
    declared: set[str] = set()
    used: dict[str, None] = {}
    after_prefix = False
    for token in tokens:
        if not token.significant:
            continue
        if token.kind == "name":
            prefix = token.text.partition(":")[0]
            if after_prefix:
                declared.add(prefix)
            else:
                used[prefix] = None
        after_prefix = token.upper == "PREFIX"
    return {prefix: table[prefix] for prefix in used if prefix in table and prefix not in declared}


def unknown(tokens: Iterable[Token], table: Mapping[str, str] = PREFIXES) -> list[Token]:
    """Names whose prefix is neither declared in the query nor in the table."""
    known = set(table)
    names: list[Token] = []
    after_prefix = False
    for token in tokens:
        if not token.significant:
            continue
        if token.kind == "name":
            if after_prefix:
                known.add(token.text.partition(":")[0])
            else:
                names.append(token)
        after_prefix = token.upper == "PREFIX"
    return [token for token in names if token.text.partition(":")[0] not in known]


def with_prefixes(text: str, table: Mapping[str, str] = PREFIXES) -> str:
    """The query with the declarations that it lacks at the very front, on its first line: lines keep their number."""
    return header(missing(tokenize(text), table)) + text


def header(prefixes: Mapping[str, str]) -> str:
    """PREFIX declarations on one line, ending in a space; empty for no prefixes."""
    return "".join(f"PREFIX {prefix}: <{iri}> " for prefix, iri in prefixes.items())
