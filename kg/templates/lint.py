"""Rules for the text of a template; each finding has file, line, column and what to do (docs/templates.md, "Linter").

Works on tokens: groups are followed by their braces, statements by their keywords.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kg.findings import Finding, Where, finding
from kg.sparql.prefixes import unknown
from kg.sparql.tokens import Token
from kg.templates.grammar import Name
from kg.templates.model import Form
from kg.templates.source import Line
from kg.templates.text import closing

_AGGREGATES: Final = frozenset({"COUNT", "SUM", "AVG", "MIN", "MAX", "SAMPLE", "GROUP_CONCAT"})
_MODIFIERS: Final = frozenset({"GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES"})


@dataclass(frozen=True, slots=True)
class Checked:
    """What the rules look at."""

    file: str
    lines: Sequence[Line]  # of the text the tokens come from
    tokens: Sequence[Token]  # without white space and comments
    form: Form
    names: Sequence[Name]
    declared: Collection[str]  # parameters in ``params``
    projected: Sequence[str]
    returns: Collection[str]
    examples: int
    page_size: int | None
    paged: bool = False  # a subquery ends in ``# @page``

    def at(self, token: Token) -> Where:
        """Where a token stands in the file."""
        return _at(self.file, self.lines, token)


DEEPEST: Final = 100
"""Brackets in brackets."""
LONGEST: Final = 250
"""Of one operator or one kind of group in a file."""
_CHAINED: Final = frozenset(
    {*"/|^!+-*=<>", "||", "&&", "!=", "<=", ">=", "UNION", "OPTIONAL", "MINUS", "FILTER", "BIND", "GRAPH", "VALUES"}
)


def _at(file: str, lines: Sequence[Line], token: Token) -> Where:
    return Where(file, line=lines[min(token.line, len(lines)) - 1].origin, column=str(token.column))


def lint(checked: Checked) -> list[Finding]:
    """All findings, in the order of the file. Violations keep a template from being served."""
    found = [
        *_optionals(checked),
        *_filters(checked),
        *_bounds(checked),
        *_words(checked),
    ]
    return sorted(found, key=lambda f: (f.where.line or 0, int(f.where.column or 0)) if f.where else (0, 0))


def prefixes(file: str, lines: Sequence[Line], tokens: Sequence[Token], table: Mapping[str, str]) -> list[Finding]:
    """Prefixes that are neither declared nor in the default table."""
    return [
        finding("lint-prefix", where=_at(file, lines, token), prefix=token.text.partition(":")[0])
        for token in unknown(tokens, table)
    ]


def deep(file: str, lines: Sequence[Line], tokens: Sequence[Token]) -> list[Finding]:
    """What would overflow the stack of the engine's parser, and so end the process: brackets in brackets, long chains.

    300 of the one or 1,000 of the other do it; both bounds are far above what is written by hand.
    """
    depth, chains = 0, Counter[str]()
    for token in tokens:
        depth += (token.text in ("{", "(", "[")) - (token.text in ("}", ")", "]"))
        word = token.upper or token.text
        chains[word] += word in _CHAINED
        if depth > DEEPEST or chains[word] > LONGEST:
            where = _at(file, lines, token)
            return [finding("template-deep", where=where, given=token.text, depth=DEEPEST, chain=LONGEST)]
    return []


def _optionals(c: Checked) -> Iterator[Finding]:
    """A required pattern after an OPTIONAL makes the engine do the optional part for rows it then drops."""
    for index, token in enumerate(c.tokens):
        if token.text == "{":
            late = _required_after_optional(c.tokens, index)
            if late is not None:
                yield finding("lint-optional", where=c.at(late))


def _required_after_optional(tokens: Sequence[Token], start: int) -> Token | None:
    end = closing(tokens, start)
    index, optional = start + 1, False
    while index < end:
        token = tokens[index]
        match token.upper:
            case "OPTIONAL":
                optional = True
                index = _skip_block(tokens, index + 1, end)
            case "MINUS":
                index = _skip_block(tokens, index + 1, end)
            case "FILTER" | "BIND":
                index = _skip_constraint(tokens, index + 1, end)
            case "VALUES":
                index = _skip_block(tokens, index + 1, end)
            case "SELECT" | "UNION":
                return None  # the head of a subquery is no pattern; a union's branches are looked at by themselves
            case _ if token.text in (".", "}", ";"):
                index += 1
            case _:
                if optional:
                    return token
                index = _skip_block(tokens, index, end) if token.text == "{" else _skip_triples(tokens, index, end)
    return None


def _skip_block(tokens: Sequence[Token], index: int, end: int) -> int:
    while index < end and tokens[index].text != "{":
        index = closing(tokens, index) + 1 if tokens[index].text == "(" else index + 1
    return closing(tokens, index) + 1


def _skip_constraint(tokens: Sequence[Token], index: int, end: int) -> int:
    """FILTER's constraint: ``(…)``, a function call, or ``[NOT] EXISTS {…}``."""
    while index < end and tokens[index].text not in ("(", "{"):
        index += 1
    return closing(tokens, index) + 1


def _skip_triples(tokens: Sequence[Token], index: int, end: int) -> int:
    """To the ``.`` that ends the triples, or the keyword or brace that does."""
    stop = ("OPTIONAL", "MINUS", "FILTER", "BIND", "VALUES", "GRAPH", "SERVICE")
    first = index
    while index < end:
        token = tokens[index]
        if token.text == "." or token.text == "{" or (token.upper in stop and index > first):
            return _skip_block(tokens, index, end) if token.text == "{" else index
        index = closing(tokens, index) + 1 if token.text in ("(", "[") else index + 1
    return end


def _filters(c: Checked) -> Iterator[Finding]:
    """``FILTER(?x = ?_p)`` hides from the planner what ``?_p`` in a pattern would tell it."""
    params = {n.variable for n in c.names}
    for index, token in enumerate(c.tokens):
        if token.upper != "FILTER":
            continue
        end = closing(c.tokens, _skip_to_bracket(c.tokens, index))
        for place in range(index, end):
            here = c.tokens[place].name
            if here not in params or c.tokens[_skip_to_bracket(c.tokens, index)].text == "{":
                continue
            before, after = c.tokens[place - 1], c.tokens[min(place + 1, end)]
            other = c.tokens[place - 2] if before.text == "=" else c.tokens[min(place + 2, end)]
            if "=" in (before.text, after.text) and other.name:
                yield finding("lint-filter", where=c.at(c.tokens[place]), variable=here, other=other.name)


def _skip_to_bracket(tokens: Sequence[Token], index: int) -> int:
    while index < len(tokens) - 1 and tokens[index].text not in ("(", "{"):
        index += 1
    return index


def _modifiers(tokens: Sequence[Token]) -> dict[str, Token]:
    """Solution modifiers of the outermost query."""
    depth, found = 0, {}
    for token in tokens:
        if token.text == "{":
            depth += 1
        elif token.text == "}":
            depth -= 1
        elif depth == 0 and token.upper in _MODIFIERS:
            found[token.upper] = token
    return found


def _bounds(c: Checked) -> Iterator[Finding]:
    modifiers = _modifiers(c.tokens)
    first = c.at(c.tokens[0]) if c.tokens else Where(c.file)
    grouped = "GROUP" in modifiers
    one_row = not grouped and any(t.upper in _AGGREGATES for t in _head(c.tokens))
    if c.page_size is not None:
        for name in ("LIMIT", "OFFSET", "VALUES"):
            if name in modifiers:
                code_ = "lint-values-last" if name == "VALUES" else "lint-limit-and-pages"
                yield finding(code_, where=c.at(modifiers[name]), severity="Violation")
        if "ORDER" not in modifiers:
            yield finding("lint-order", where=first)
        if c.form not in ("SELECT",):
            yield finding("lint-pages-of", where=first, form=c.form)
    elif c.paged:
        yield finding("template-page", where=first)
    elif c.form == "SELECT" and not one_row and "LIMIT" not in modifiers:
        yield finding("lint-bound", where=first)
    if c.page_size is None and "VALUES" in modifiers:
        yield finding("lint-values-last", where=c.at(modifiers["VALUES"]))


def _head(tokens: Sequence[Token]) -> Sequence[Token]:
    for index, token in enumerate(tokens):
        if token.text == "{":
            return tokens[:index]
    return tokens


def _words(c: Checked) -> Iterator[Finding]:
    """What a reader of the catalogue needs: descriptions, an example, parameters declared."""
    first = c.at(c.tokens[0]) if c.tokens else Where(c.file)
    for name in c.projected if c.form == "SELECT" else ():
        if name not in c.returns:
            yield finding("lint-return", where=first, variable=name)
    if not c.examples:
        yield finding("lint-example", where=first)
    places = {t.name: t for t in reversed(c.tokens) if t.name}
    for param in c.names:
        where = c.at(places[param.variable]) if param.variable in places else first
        if param.name not in c.declared:
            yield finding("lint-param", where=where, name=param.name)
        if param.grlc is not None:
            yield finding("lint-grlc-name", where=where, variable=param.variable, name=param.name, grlc=param.grlc)


def parameters(tokens: Sequence[Token]) -> list[str]:
    """Names of all variables, in the order in which they first stand."""
    return list(dict.fromkeys(t.name for t in tokens if t.name))
