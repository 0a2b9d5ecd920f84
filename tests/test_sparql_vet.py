"""The vet: SERVICE in no disguise gets through, and no honest query is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.sparql.vet import MAX_TOKENS, vet
from kg.store.dataset import Dataset
from kg.store.errors import QueryError
from kg.terms import PREFIXES
from tests.sparql_world import EX, Listener, differential


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    found = Listener()
    yield found
    found.close()


@pytest.fixture(scope="module")
def store() -> ox.Store:
    store = ox.Store()
    store.add(ox.Quad(ox.NamedNode(EX + "s"), ox.NamedNode(EX + "p"), ox.Literal(1)))
    store.add(ox.Quad(ox.NamedNode(EX + "t"), ox.NamedNode("http://e.org:"), ox.Literal(True)))
    return store


def run(store: ox.Store, query: str) -> None:
    with suppress(OSError, SyntaxError, RuntimeError):
        answer = store.query(query)
        if not isinstance(answer, ox.QueryBoolean):
            list(answer)


NAMES = list(differential("http://127.0.0.1:9/"))


@pytest.mark.parametrize("name", NAMES)
def test_no_disguise_gets_through(name: str, listener: Listener) -> None:
    with pytest.raises(QueryError) as raised:
        vet(differential(listener.url)[name])
    assert raised.value.code in ("sparql-service", "sparql-ambiguous", "sparql-escape", "sparql-prefix")
    assert raised.value.line is not None
    assert raised.value.column is not None


def test_the_disguises_are_real(store: ox.Store, listener: Listener) -> None:
    """Oxigraph sends a request for most of them (in this process, where nothing holds it back)."""
    called = []
    for name, query in differential(listener.url).items():
        before = listener.calls
        run(store, query)
        if listener.calls > before:
            called.append(name)
    assert {"escaped quote", "keyword glued to a prefix", "less than, comment", "surrogate", "plain"} <= set(called)
    assert len(called) >= 20, called


# fmt: off
PIECES = st.sampled_from(
    [
        "SERVICE",
        "SERVICE ",
        "service",
        "SILENT ",
        "<URL>",
        "<URL> {}",
        ":a {}",
        "a:b {}",
        "{ ?s ?p ?o }",
        "true",
        "1",
        "'",
        '"',
        "'''",
        '"""',
        "#",
        "\n",
        "\r",
        "<",
        ">",
        "(",
        ")",
        "FILTER(",
        "FILTER(1<",
        "'>')",
        "2)",
        "#>",
        "?s ?p ",
        "?x ",
        " . ",
        "\\u0022",
        "\\uD800",
        "\\",
        "BIND(1<2 AS ?b)",
        "VALUES ?v {",
        "}",
        "OPTIONAL {",
        "EXISTS {",
        "a:",
        ":",
        "||",
        "e:x",
    ]
)
# fmt: on


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PIECES, min_size=2, max_size=14).map("".join))
def test_what_passes_stays_silent(store: ox.Store, listener: Listener, middle: str) -> None:
    head = f"PREFIX : <{listener.url}> PREFIX a: <{listener.url}> PREFIX e: <http://e.org:> PREFIX SERVICEa: <x:y> "
    for query in (
        f"{head}SELECT * {{ {middle.replace('URL', listener.url)} }}",
        f"{head}SELECT * {{ {{ {middle.replace('URL', listener.url)} SERVICE <{listener.url}> {{}} # ' ''' \" \n }} }}",
    ):
        try:
            vet(query)
        except QueryError:
            continue
        before = listener.calls
        run(store, query)
        assert listener.calls == before, query


HONEST = [
    "SELECT * { ?service ?p 'SERVICE' }",
    "PREFIX service: <http://e/> SELECT * { ?s service:a ?o ; service:SERVICE 1 . # SERVICE <http://e/>\n }",
    'SELECT * { ?s <http://e.org/SERVICE> """SERVICE <http://e.org/> {}""" }',
    "SELECT * { ?s ?p ?o FILTER(?o < 3 && ?o > 1) } # service",
    "SELECT (COUNT(*) AS ?services) { ?s <http://www.w3.org/ns/service#x> ?o }",
    "BASE <http://e.org/> PREFIX x: <y#> ASK { x:load <load> 'LOAD' }",
    "SELECT(1as?x){}",
    "DESCRIBE<http://e.org/>",
    "VERSION '1.2' CONSTRUCT WHERE { ?s ?p ?o }",
    "SELECT * { ?s a <http://e.org/#service> FILTER(?s IN (<http://e.org/#a>, <http://e.org/#service>)) }",
]


@pytest.mark.parametrize("query", HONEST)
def test_honest_queries_pass(query: str, store: ox.Store) -> None:
    vetted = vet(query)
    store.query(vetted.text, prefixes=vetted.prefixes)


@pytest.mark.parametrize(
    ("query", "code", "line", "column"),
    [
        ("INSERT DATA { <a:a> <a:b> 1 }", "sparql-update", 1, 1),
        ("PREFIX a: <a:>\nDELETE WHERE { ?s ?p ?o }", "sparql-update", 2, 1),
        ("LOAD <http://e.org/>", "sparql-update", 1, 1),
        ("SELECT * { LOAD <http://e.org/> }", "sparql-load", 1, 12),
        ("SELECT * {\n  ?s ?p ?o .\n  SERVICE <http://e.org/> {} }", "sparql-service", 3, 3),
        ("SELECT * { ?s \\u003fp ?o }", "sparql-escape", 1, 15),
        ("SELECT * { ?s\n nope:x ?o }", "sparql-prefix", 2, 2),
        ("", "sparql-form", 1, 1),
        ("PREFIX a: <a:>", "sparql-form", 1, 11),
        ("HELLO", "sparql-form", 1, 1),
    ],
)
def test_refusals_have_a_place(query: str, code: str, line: int, column: int) -> None:
    with pytest.raises(QueryError) as raised:
        vet(query)
    assert (raised.value.code, raised.value.line, raised.value.column) == (code, line, column)


def test_an_allowed_store_may_be_asked() -> None:
    allow = {"https://example.org/sparql"}
    for text in ("SERVICE", "SERVICE SILENT", "service # c\n silent"):
        vet(f"SELECT * {{ {text} <https://example.org/sparql> {{ ?s ?p ?o }} }}", allow=allow)
    for text in ("SERVICE <https://example.org/sparql2>", "SERVICE ?x", "SERVICESILENT <https://example.org/sparql>"):
        with pytest.raises(QueryError):
            vet(f"SELECT * {{ {text} {{ ?s ?p ?o }} }}", allow=allow)


def test_form_prefixes_and_dataset_are_found() -> None:
    vetted = vet(
        "BASE <http://e.org/> PREFIX x: <http://x/> SELECT * FROM <g1> FROM x:g2 FROM NAMED graph:derived "
        "{ ?s a bkg:Post }"
    )
    assert vetted.form == "SELECT"
    assert vetted.prefixes == {"graph": PREFIXES["graph"], "bkg": PREFIXES["bkg"]}
    assert vetted.dataset == Dataset(("http://e.org/g1", "http://x/g2"), (PREFIXES["graph"] + "derived",))
    assert vet("ASK {}").dataset is None


def test_a_query_of_too_many_words_is_not_read_to_its_end() -> None:
    with pytest.raises(QueryError) as raised:
        vet("SELECT * { " + "?s ?p ?o . " * MAX_TOKENS)
    assert raised.value.code == "sparql-too-long"
