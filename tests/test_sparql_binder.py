"""Binding by token, and default prefixes."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.sparql.binder import bind
from kg.sparql.prefixes import missing, unknown, with_prefixes
from kg.sparql.tokens import significant, tokenize
from kg.store.errors import QueryError
from kg.terms import PREFIXES

A, B = ox.NamedNode("https://example.org/a"), ox.NamedNode("https://example.org/b")
STORE = ox.Store()
STORE.extend([ox.Quad(A, ox.NamedNode("https://example.org/p"), ox.Literal(n)) for n in range(5)])
STORE.add(ox.Quad(B, ox.NamedNode("https://example.org/p"), ox.Literal("x", language="kk")))


def rows(query: str) -> list[tuple[object, ...]]:
    answer = STORE.query(query)
    assert isinstance(answer, ox.QuerySolutions)
    return [tuple(row) for row in answer]


def test_only_variable_tokens_are_touched() -> None:
    source = "SELECT ?y { ?_x ?y $_x . # ?_x\n FILTER('?_x' != \"$_x\" && ?_xy != <http://e/?_x>) ?z e:a?_x }"
    bound = bind(source, {"_x": A})
    assert bound == (
        f"SELECT ?y {{ {A} ?y {A} . # ?_x\n FILTER('?_x' != \"$_x\" && ?_xy != <http://e/?_x>) ?z e:a {A} }}"
    )


def test_a_projected_parameter_comes_back() -> None:
    query = bind("SELECT ?_x (COUNT(?o) AS ?n) { ?_x ?p ?o } GROUP BY ?_x ORDER BY DESC(?_x) ?_x", {"_x": A})
    assert rows(query) == [(A, ox.Literal(5))]
    nested = bind("SELECT ?_x ?n { { SELECT DISTINCT ?_x (MAX(?o) AS ?n) { ?_x ?p ?o } GROUP BY ?_x } }", {"_x": A})
    assert rows(nested) == [(A, ox.Literal(4))]
    star = bind("SELECT * { { SELECT ?_x ?o { ?_x ?p ?o } } UNION { SELECT ?_x { ?_x ?p 4 } } }", {"_x": A})
    assert [row[0] for row in rows(star)] == [A] * 6


def test_bound_is_true_of_a_bound_parameter() -> None:
    assert len(rows(bind("SELECT * { ?s ?p ?o FILTER(!BOUND(?__x) || ?s = ?__x) }", {"__x": B}))) == 1
    assert len(rows("SELECT * { ?s ?p ?o FILTER(!BOUND(?__x) || ?s = ?__x) }")) == 6


def test_limits_take_integers() -> None:
    query = "SELECT * { ?s ?p ?o } LIMIT?_n OFFSET ?_m"
    assert len(rows(bind(query, {"_n": ox.Literal(2), "_m": ox.Literal(5)}))) == 1
    for bad in (ox.Literal(-1), ox.Literal("2"), ox.Literal("2 } #"), A, ox.Literal(1.5)):
        with pytest.raises(QueryError) as raised:
            bind(query, {"_n": bad, "_m": ox.Literal(0)})
        assert (raised.value.code, raised.value.line, raised.value.column) == ("bind-integer", 1, 28)


def test_lists_fill_empty_values_blocks() -> None:
    query = "SELECT * { values ?_x_multi_iri { } ?_x_multi_iri ?p ?o }"
    assert len(rows(bind(query, {"_x_multi_iri": [A, B]}))) == 6
    assert len(rows(bind(query, {"_x_multi_iri": B}))) == 1
    assert len(rows(bind(query, {"_x_multi_iri": []}))) == 0
    assert len(rows(bind(query, {}, absent=["_x_multi_iri"]))) == 6
    assert "values" not in bind(query, {}, absent=["_x_multi_iri"])
    assert len(rows(bind("SELECT * { VALUES (?_x) {} ?_x ?p ?o }", {"_x": [A, B]}))) == 6


@pytest.mark.parametrize(
    ("source", "values", "code", "column"),
    [
        ("SELECT * { BIND(1 AS ?_x) }", {"_x": A}, "bind-alias", 22),
        ("SELECT (1 AS ?_x) {}", {"_x": A}, "bind-alias", 14),
        ("SELECT * { ?_x ?p ?o }", {"_x": [A]}, "bind-list", 12),
        ("SELECT * { VALUES ?_x { <a:a> } }", {"_x": [A]}, "bind-values", 19),
        ("SELECT * { VALUES ?_x { } }", {}, "bind-values", 12),
        ("SELECT * { VALUES (?_x ?y) { } }", {"_x": [A]}, "bind-values", 12),
        ("SELECT * { ?_x ?p ?o }", {"_x": ox.BlankNode("b")}, "bind-term", 12),
        ("SELECT * { ?_x ?p ?o }", {"_x": "https://example.org/a"}, "bind-term", 12),
    ],
)
def test_what_cannot_be_bound_is_told_with_its_place(
    source: str, values: dict[str, object], code: str, column: int
) -> None:
    with pytest.raises(QueryError) as raised:
        bind(source, values)  # type: ignore[arg-type]
    assert (raised.value.code, raised.value.column) == (code, column)


TEMPLATE = (
    "SELECT ?_a ?y WHERE{?y ?p?_a;?q $_a.FILTER(?y<?_a&&STR(?_a)!='?_a')VALUES ?_m{}?_m ?p 1 }ORDER BY?_a LIMIT?_n"
)
HOSTILE = st.text(alphabet="\"'\\<>{}()#?$_am \n\r\t.;@^u0022*/|\0\u2028é😀", max_size=30)


def literals() -> st.SearchStrategy[ox.Literal]:
    plain = HOSTILE.map(ox.Literal)
    tagged = HOSTILE.map(lambda text: ox.Literal(text, language="kk"))
    typed = HOSTILE.map(lambda text: ox.Literal(text, datatype=ox.NamedNode("https://example.org/'t")))
    return plain | tagged | typed


def iris() -> st.SearchStrategy[ox.NamedNode]:
    made = st.text(alphabet="'()#?$&=;,!*é%20\\>{} \"", max_size=12).map(lambda text: "https://e.org/" + text)

    def valid(iri: str) -> bool:
        try:
            ox.NamedNode(iri)
        except ValueError:
            return False
        return True

    return made.filter(valid).map(ox.NamedNode)


def shape(source: str) -> list[str]:
    """Texts of significant tokens; each bound term is one mark."""
    out: list[str] = []
    tokens = significant(tokenize(source))
    for position, token in enumerate(tokens):
        if token.kind == "lang" or token.text == "^^" or (position and tokens[position - 1].text == "^^"):
            continue
        # the two strings of the template itself, and all others, are marks alike
        out.append("•" if token.kind in ("string", "iri") else token.text)
    return out


@given(literals() | iris(), st.lists(literals() | iris(), min_size=2, max_size=2), st.integers(0, 99))
def test_no_value_changes_the_structure(one: ox.Literal, many: list[ox.Literal], n: int) -> None:
    bound = bind(TEMPLATE, {"_a": one, "_m": many, "_n": ox.Literal(n)})
    plain = bind(TEMPLATE, {"_a": A, "_m": [A, B], "_n": ox.Literal(n)})
    assert shape(bound) == shape(plain)
    echoed = STORE.query(bind("SELECT ?_a (?_a AS ?b) {}", {"_a": one}))
    assert isinstance(echoed, ox.QuerySolutions)
    [row] = echoed
    assert row[0] == one
    assert row[1] == one


def test_default_prefixes_stand_on_the_first_line() -> None:
    query = "PREFIX org: <http://mine/>\nSELECT * { ?s org:a bkg:b ; skos:prefLabel 'xsd:x' . # prov:x\n}"
    assert missing(tokenize(query)) == {"bkg": PREFIXES["bkg"], "skos": PREFIXES["skos"]}
    told = with_prefixes(query)
    assert told.endswith(query)
    assert told.count("\n") == query.count("\n")
    STORE.query(told)
    assert with_prefixes("SELECT * {}") == "SELECT * {}"
    assert [token.text for token in unknown(tokenize("SELECT * { ?s nope:a bkg:b }"))] == ["nope:a"]
