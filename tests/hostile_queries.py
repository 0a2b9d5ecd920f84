"""Hostile queries by their kinds: a hundred for CI, and as many variants as a bench wants."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Final

from tests.sparql_world import differential

PROJECTED = "(COUNT(*) AS ?n)"
_UNITS: Final = ("'" * 7, "<", "((", "{}", "a:b ", "[", "1 ", "@", "\\u0041", "SERVICE ", "?x ")


def hostile(url: str) -> Iterator[tuple[str, str]]:
    """A hundred queries as (kind, query), of all kinds known to do harm; ``url`` is an address that nobody may call."""
    for query in differential(url).values():  # ways to ask another server
        yield "service", query
    yield from ((kind, query) for kind, queries in _KINDS.items() for query in queries())


def _products() -> Iterator[str]:
    for width in (3, 4, 5, 8):
        product = " . ".join(f"?a{n} ?b{n} ?c{n}" for n in range(width))
        tied = " + ".join(f"?c{n}" for n in range(width))
        yield f"SELECT {PROJECTED} {{ {product} }}"
        yield f"SELECT {PROJECTED} {{ {product} FILTER({tied} > 99999999) }}"
        yield f"SELECT DISTINCT ?a0 ?c1 ?a2 {{ {product} FILTER({tied} > 99999999) }}"
        yield f"SELECT * {{ {product} FILTER({tied} != 5) }} ORDER BY ?c0 ?c1 LIMIT 1"  # sorted
        yield f"ASK {{ {product} FILTER({tied} = -1) }}"
        yield f"CONSTRUCT {{ ?a0 ?b1 ?c2 }} WHERE {{ {product} FILTER({tied} = -1) }}"
        yield f"DESCRIBE ?a0 {{ {product} FILTER({tied} = -1) }}"
        yield f"SELECT ?a0 {PROJECTED} {{ {product} }} GROUP BY ?a0 ?a1 ?a2"
        yield f"SELECT (GROUP_CONCAT(CONCAT(STR(?a0), STR(?a1), STR(?a2))) AS ?x) {{ {product} }}"


def _regexes() -> Iterator[str]:
    for pattern in ("(a|aa)+$", "(.*)*x", "([0-9]+)+y", "(x+x+)+y", ".*.*.*=.*"):  # over self-joins
        pair = "?a ?p ?c . ?d ?p ?f . ?g ?p ?i"
        yield f'SELECT {PROJECTED} {{ {pair} FILTER(REGEX(CONCAT(STR(?a), STR(?d), STR(?g)), "{pattern}")) }}'
        yield f'SELECT (SUM(STRLEN(REPLACE(CONCAT(STR(?a), STR(?d), STR(?g)), "{pattern}", "z"))) AS ?n) {{ {pair} }}'


def _paths() -> Iterator[str]:
    for path in ("(!<x:a>|^!<x:a>)*", "(!<x:a>)*/(!<x:b>)*/^(!<x:c>)*", "(<x:a>|!<x:a>)+/^(<x:a>|!<x:a>)+"):
        yield f"SELECT {PROJECTED} {{ ?a {path} ?b . ?b {path} ?c . ?d {path} ?e FILTER(?a != ?e) }}"
        yield f"SELECT {PROJECTED} {{ ?a {path} ?b . ?c {path} ?d FILTER(?a != ?d) ?d {path} ?e . ?e {path} ?f }}"


def _nesting() -> Iterator[str]:
    for depth in (2_000, 40_000):
        yield "SELECT * " + "{" * depth + "?a" + "}" * depth
        yield "SELECT (" + "(" * depth + "1" + ")" * depth + " AS ?x) {}" + "{"
        yield "ASK { FILTER(" + "!" * depth + ") }"
        yield "SELECT * { ?a " + "(" * depth + "<x:a>" + ")*" * depth + " ?b . ?c ?d ?e . ?f ?g ?h . ?i ?j ?k }{"


def _megabytes() -> Iterator[str]:
    for unit in _UNITS:
        yield "SELECT * {" + unit * (900_000 // len(unit))


def _long() -> Iterator[str]:
    """As long as is read."""
    for unit in _UNITS:
        yield "SELECT * {" + unit * (250_000 // len(unit))


def _memory() -> Iterator[str]:
    doubled = "".join(f" BIND(CONCAT(?v{n}, ?v{n}) AS ?v{n + 1})" for n in range(31))
    yield f'SELECT ?v31 {{ BIND("12345678" AS ?v0) {doubled} }}'
    yield "SELECT * { " + " UNION ".join(["{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c + ?f + ?i < 0) }"] * 30) + " }"


def _updates() -> Iterator[str]:
    yield "INSERT { ?s ?p ?o } WHERE { ?s ?p ?o }"
    yield "LOAD <http://127.0.0.1:9/>"


_KINDS: Final[dict[str, Callable[[], Iterator[str]]]] = {
    "product": _products,
    "regex": _regexes,
    "path": _paths,
    "nesting": _nesting,
    "megabyte": _megabytes,
    "long": _long,
    "memory": _memory,
    "update": _updates,
}


def many(url: str, count: int) -> Iterator[tuple[str, str]]:
    """As many as asked: the hundred again and again, each time with other names of variables and a tie of their own."""
    rng = random.Random(7)
    told = 0
    turn = 0
    while True:
        for kind, query in hostile(url):
            if told == count:
                return
            told += 1
            yield kind, query if turn == 0 else _variant(kind, query, turn, rng)
        turn += 1


def _variant(kind: str, query: str, turn: int, rng: random.Random) -> str:
    """The same harm in other words, so that nothing that was kept answers it."""
    if kind in ("product", "regex", "path", "memory"):
        for name in "abcdefghi":
            query = query.replace(f"?{name}", f"?{name}{turn}_")
        return f"{query} # {rng.random()}"
    if kind in ("megabyte", "long"):
        return query[: rng.randint(len(query) // 2, len(query))]
    return f"{query}\n# {turn}"
