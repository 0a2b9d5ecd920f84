"""Hostile values through every type of parameter, and through every parameter of every template.

What must hold: the query that goes to the store differs from the one for a harmless value in the bound terms only, in
its tokens and in its algebra; nothing ends in a 5xx. The values are the same at each run.
"""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from pyparsing import ParseException
from rdflib import Literal, URIRef, Variable
from rdflib.plugins.sparql import parser
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parserutils import CompValue
from starlette.testclient import TestClient

from api.app import create_app
from api.front.bodies import body_limit
from kg.findings import finding
from kg.log import configure
from kg.settings import Settings
from kg.sparql.tokens import significant, tokenize
from kg.store.embedded import EmbeddedStore
from kg.store.errors import QueryError
from kg.templates.catalogue import Catalogue
from kg.templates.loader import Context, load
from kg.templates.model import Template
from kg.templates.params import BadParameters, Wrong
from kg.templates.prepare import bound
from kg.templates.run import Engine
from kg.terms import XSD
from tests.asgi import ask, ask_all
from tests.hostile import corpus
from tests.test_templates_world import QUERIES, Names, make_store

DAY = date(2022, 6, 24)
ALGEBRA = 500
SENT = 100  # for each parameter of each template

# Every form of a parameter: the variable, what is declared of it, a harmless value. The text has the variable wherever
# a term may stand, and where it looks like one: in strings, comments and IRIs.
FORMS: tuple[tuple[str, str, str], ...] = (
    ("_x", "type: string", "zqharmless"),
    ("_x_literal", "type: string", "zqharmless"),
    ("__x", "type: string", "zqharmless"),
    ("_x_kk", "type: string", "zqharmless"),
    ("_x_iri", "type: iri", "https://example.org/zqharmless"),
    ("_x_iri", "{type: entity, of: 'org:Post'}", "chief"),
    ("_x_iri", "type: entity", "person:a"),
    ("_x_iri", "{type: enum, enum: {minister: 'bkg:MinisterialPost', akim: 'bkg:AkimPost'}}", "minister"),
    ("_x", "{type: enum, enum: [minister, akim]}", "minister"),
    ("_x", "type: language", "kk"),
    ("_x_integer", "type: integer", "77"),
    ("_x_number", "type: number", "7.75"),
    ("_x_boolean", "type: boolean", "true"),
    ("_x_xsd_date", "type: date", "1977-07-07"),
    ("_x_edtf_EDTF", "type: edtf", "1977-07"),
    ("_x", "type: edtf", "1977-07"),
    ("_x_xsd_gYear", "type: string", "1977"),
    ("_x_xsd_anyURI", "type: string", "https://example.org/zqharmless"),
    ("_x_multi_iri", "type: iri", "https://example.org/zqharmless"),
    ("_x_multi_iri", "{type: entity, of: 'org:Post'}", "chief"),
    ("_x_multi", "type: string", "zqharmless"),
)
EVERYWHERE = """SELECT ?_x ?y WHERE {
  # ?_x is no variable here, '?_x'
  ?y bkg:note ?_x . ?y bkg:start "?_x '?_x' # ?_x" , <https://example.org/?_x> .
  FILTER(?y != ?_x && STR(?_x) != '?_x')
  { SELECT ?y WHERE { ?y ?p ?_x OPTIONAL { ?y bkg:end ?_x } } }
  BIND(COALESCE(?_x, 1) AS ?z)
} ORDER BY ?_x LIMIT 5"""
LISTED = """SELECT ?y WHERE {
  VALUES ?_x { } # VALUES ?_x { }
  ?y bkg:note ?_x ; bkg:start "VALUES ?_x { }" .
} LIMIT 5"""
COUNTED = "SELECT ?y WHERE { ?y a bkg:Tenure } LIMIT ?_x_integer"
IDS = [f"{variable}-{said.split('enum: ')[0].strip('{ ,')}" for variable, said, _ in FORMS]


def template(variable: str, said: str, text: str | None = None) -> Template:
    text = text or (LISTED if "_multi" in variable else EVERYWHERE).replace("?_x", f"?{variable}")
    said = said if said.startswith("{") else f"{{{said}}}"
    head = f"#+ params: {{x: {said}}}\n#+ summary: one of every kind\n"
    return load((head + text).encode(), "fuzz/one", "fuzz/one.rq", Context())


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Over a small graph: hostile slugs and codes are looked up in it, as they are in a release."""
    store = make_store(tmp_path_factory.mktemp("store"))
    return Engine(store, Names(store.raw))


def question(engine: Engine, asked: Template, value: str) -> tuple[str, ox.NamedNode | ox.Literal] | None:
    """The text that goes to the store, and the term in it; None where the value is refused with a reason."""
    wrong: tuple[Wrong, ...] = ()
    try:
        values = engine.check(asked, {"x": [value]}, DAY)
        if values.terms.get("x"):
            (term,) = values.terms["x"]
            return bound(asked, values), term
    except BadParameters as error:
        wrong = error.wrong
    except QueryError as error:
        wrong = (Wrong("x", value, finding("param-not-integer", name="x", given=error.code), ""),)
        if error.code != "bind-integer":
            raise
    assert all(w.parameter == "x" and w.finding.text("kk") and w.finding.text("ru") for w in wrong)
    return None


Run = tuple[tuple[str, str], ...]
"""Kind and text of tokens that follow each other."""


@lru_cache(maxsize=100)
def run_of(text: str) -> Run:
    return tuple((t.kind, t.text) for t in significant(tokenize(text)))


def places_of(run: Run, term: Run) -> list[int]:
    """Where the term stands."""
    return [at for at in range(len(run)) if run[at : at + len(term)] == term]


def differs(usual: Run, places: list[int], length: int, got: Run, term: Run) -> bool:
    """Whether ``got`` is anything but ``usual`` with ``term`` at the places where a term of that length stood."""
    rest = 0
    expected: list[tuple[str, str]] = []
    for place in places:
        expected += [*usual[rest:place], *term]
        rest = place + length
    return (*expected, *usual[rest:]) != got


def test_the_corpus_is_large_and_stays_the_same() -> None:
    assert len(corpus()) >= 5_000
    assert len(set(corpus())) == len(corpus())
    assert corpus()[-1] == corpus.__wrapped__()[-1]


@pytest.mark.parametrize(("variable", "said", "harmless"), FORMS, ids=IDS)
def test_no_value_changes_the_structure(engine: Engine, variable: str, said: str, harmless: str) -> None:
    asked = template(variable, said)
    usual = question(engine, asked, harmless)
    assert usual is not None
    run, mark = run_of(usual[0]), run_of(str(usual[1]))
    places = places_of(run, mark)
    assert len(places) == (1 if "_multi" in variable else 8), "the harmless value stands wherever the variable stood"
    taken = 0
    for value in corpus():
        got = question(engine, asked, value)
        if got is None:
            continue
        taken += 1
        text, term = got
        assert not differs(run, places, len(mark), run_of(text), run_of(str(term))), repr(value)
        if isinstance(term, ox.Literal) and "string" in said:
            assert term.value == value  # what was given is what is asked for
    if said in ("type: string", "type: iri") and "gYear" not in variable:
        assert taken > 500, "values must reach the query, or nothing was tried"


def test_a_careless_binder_would_be_seen(engine: Engine) -> None:
    """Values put into the text as they are: the comparison above notices it."""
    asked = template("_x", "type: string")
    usual = question(engine, asked, "zqharmless")
    assert usual is not None
    run, mark = run_of(usual[0]), run_of(str(usual[1]))
    places = places_of(run, mark)
    for value in ('"', "\\", '" } #', '"@kk', "\n", '" ; bkg:start "', '" . } #'):
        spoiled = usual[0].replace("zqharmless", value)
        assert differs(run, places, len(mark), run_of(spoiled), run_of(str(ox.Literal(value)))), repr(value)


def test_a_limit_takes_nothing_but_a_number(engine: Engine) -> None:
    asked = template("_x_integer", "type: integer", COUNTED)
    for value in corpus():
        got = question(engine, asked, value)
        if got is not None:
            assert re.fullmatch(r"[\s\S]*LIMIT [0-9]+", got[0]), repr(value)
            assert re.fullmatch(r"\+?[0-9]+", value)


def test_bound_terms_are_read_back_as_they_were_given(engine: Engine) -> None:
    """Oxigraph itself reads the term from the text: the answer is the value, for every value that is taken."""
    asked = load(
        b"#+ params: {x: {type: string}}\nSELECT (?_x AS ?y) WHERE { } LIMIT 1", "fuzz/echo", "fuzz/echo.rq", Context()
    )
    store = ox.Store()
    taken = 0
    for value in corpus():
        if (got := question(engine, asked, value)) is not None:
            solutions: Any = store.query(got[0])
            (row,) = solutions
            assert row[0].value == value
            taken += 1
    assert taken > 2_000


def algebra(text: str) -> Any:
    """The algebra as plain tuples."""
    # by the grammar alone: rdflib expands \\u0022 before it reads, which Oxigraph rightly does not do in a string
    return drawn(translateQuery(parser.QueryUnit.parse_string(text, parse_all=True)).algebra)


def drawn(node: Any) -> Any:
    if isinstance(node, CompValue):
        return (node.name, *((key, drawn(node[key])) for key in sorted(node)))
    if isinstance(node, Literal):
        return ("literal", str(node), node.language, str(node.datatype or ""))
    if isinstance(node, URIRef | Variable):
        return (type(node).__name__, str(node))
    if isinstance(node, set | frozenset):
        return ("set", *sorted(drawn(one) for one in node))
    if isinstance(node, dict):
        return tuple(sorted((drawn(key), drawn(value)) for key, value in node.items()))
    if isinstance(node, list | tuple):
        return tuple(drawn(one) for one in node)
    return str(node)


def term_of(term: ox.NamedNode | ox.Literal) -> Any:
    """A term as :func:`drawn` draws it."""
    if isinstance(term, ox.NamedNode):
        return ("URIRef", term.value)
    plain = term.language or term.datatype.value == XSD + "string"
    return ("literal", term.value, term.language, "" if plain else term.datatype.value)


def agree(usual: Any, got: Any, mark: Any, term: Any) -> bool:
    """Whether two algebras are one but for the term in place of the mark."""
    if usual == mark:
        return bool(got == term)
    if isinstance(usual, tuple) and isinstance(got, tuple):
        return len(usual) == len(got) and all(agree(u, g, mark, term) for u, g in zip(usual, got, strict=True))
    return bool(usual == got)


def test_the_algebra_is_that_of_a_harmless_value(engine: Engine) -> None:
    rng = random.Random(500)
    forms = []
    for variable, said, harmless in FORMS:
        if said in ("type: string", "type: iri") and "gYear" not in variable:
            asked = template(variable, said)
            usual = question(engine, asked, harmless)
            assert usual is not None
            forms.append((asked, algebra(usual[0]), term_of(usual[1])))
            assert agree(*(forms[-1][1],) * 2, forms[-1][2], forms[-1][2])
    tried = compared = 0
    while tried < ALGEBRA:
        asked, expected, mark = rng.choice(forms)
        value = rng.choice(corpus())
        if (got := question(engine, asked, value)) is None:
            continue
        tried += 1
        try:
            found = algebra(got[0])
        except ParseException:
            continue  # rdflib's reader does not take every character that SPARQL allows
        compared += 1
        assert agree(expected, found, mark, term_of(got[1])), repr(value)
    assert compared > 0.9 * ALGEBRA


# --- through the whole server


TEMPLATES = Catalogue(QUERIES).templates
OWN = ("page", "page_size", "lang", "clang")


def some(name: str) -> list[str]:
    """A hundred values for one parameter, other ones for each, so that together they are many."""
    return random.Random(name).sample(corpus(), SENT)


def base(asked: Template, without: str) -> list[tuple[str, str]]:
    """What must be given beside the parameter tried."""
    return [(p.name, p.examples[0]) for p in asked.params if p.needed and p.name != without]


def skeleton(text: str) -> tuple[str, ...]:
    """What no value may change: every token but IRIs, strings and numbers, of which a run counts as one (VALUES)."""
    kinds = (t.text if t.kind in ("word", "op", "var", "name") else t.kind for t in significant(tokenize(text)))
    out: list[str] = []
    for kind in kinds:
        if not (out and kind in ("iri", "string") and out[-1] == kind):
            out.append(kind)
    return _without_rows(out)


ROWS = frozenset({"(", ")", "iri", "string", "number", "lang", "^^", "UNDEF", "true", "false"})


def _without_rows(kinds: list[str]) -> tuple[str, ...]:
    """``VALUES (?a ?b) { (…) (…) }``, the things of a page, without its rows: how many there are is no structure."""
    out, at = list[str](), 0
    while at < len(kinds):
        out.append(kinds[at])
        if kinds[at] == "{" and out[-2:-1] == [")"] and "}" in kinds[at:]:
            end = kinds.index("}", at)
            at = end - 1 if ROWS.issuperset(kinds[at + 1 : end]) else at
        at += 1
    return tuple(out)


class Noting:
    """Every text that reaches the store, while ``on``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.texts: set[str] = set()
        usual = EmbeddedStore.query

        def query(store: EmbeddedStore, text: str, *more: Any, **named: Any) -> Any:
            self.texts.add(text)
            return usual(store, text, *more, **named)

        monkeypatch.setattr(EmbeddedStore, "query", query)

    def taken(self) -> set[tuple[str, ...]]:
        """Skeletons of what came since the last call."""
        found = {skeleton(text) for text in self.texts}
        self.texts.clear()
        return found


@pytest.fixture(scope="module")
def fresh(release_home: Path) -> Iterator[TestClient]:
    """The real release, in an app of its own, so that nothing was answered before; it asks nothing by itself."""
    settings = Settings(home=release_home, log_level="error", sparql_workers=1, cache_mb=1, renewed_answers=0)
    configure(settings)
    with TestClient(create_app(settings), follow_redirects=False, raise_server_exceptions=False) as made:
        yield made


def harmless(asked: Template, parameter: str) -> list[str]:
    """Good values, and one of each form in which a thing can be named but is not there (never asked before)."""
    own = {"page": ["1", "2"], "page_size": ["1", "3", "1000"], "lang": ["en"], "clang": ["kk"]}
    if parameter in own:
        return own[parameter]
    number = zlib.crc32(f"{asked.name} {parameter}".encode())
    forms = [
        f"Q{number}",
        f"0{number % 10**6:06d}99",
        f"ZZ-{number % 1000}",
        "ZZ",
        f"none-{number}",
        f"urn:none:{number}",
    ]
    found = asked.param(parameter)
    return [*(found.examples[:2] if found else ()), *forms]


@pytest.mark.parametrize("name", list(TEMPLATES))
def test_hostile_values_in_every_parameter(fresh: TestClient, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = TEMPLATES[name]
    store = Noting(monkeypatch)
    names = [*(p.name for p in asked.params), *OWN]
    for parameter in names:
        given = base(asked, parameter)
        ask_all(fresh, asked.path, [[*given, (parameter, value)] for value in harmless(asked, parameter)])
        ask_all(fresh, asked.path, [[*given, ("page_size", "1"), (parameter, v)] for v in harmless(asked, parameter)])
    allowed = store.taken()
    assert allowed, "the store was asked"
    for parameter in names:
        given = base(asked, parameter)
        values = some(f"{name} {parameter}")
        answers = ask_all(fresh, asked.path, [[*given, (parameter, value)] for value in values])
        for value, answer in zip(values, answers, strict=True):
            assert answer.status in (200, 404, 414, 422), (parameter, value, answer.status, answer.body[:300])
            if answer.status != 200:
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.json()["status"] == answer.status
        assert store.taken() <= allowed, parameter


def test_a_limit_of_the_address(client: TestClient) -> None:
    limit = Settings().url_max_bytes
    for path in ("/api/v1/posts/holders", "/sparql", "/doc/person", "/queries"):
        answer = ask(client, path, [("post", "x" * limit)])
        assert (answer.status, answer.headers["content-type"]) == (414, "application/problem+json")
        assert answer.json()["type"].endswith("/url-too-long")
        assert ask(client, path, [("post", "x" * (limit // 2))]).status in (400, 404, 422, 200)


def test_a_limit_of_the_body(client: TestClient) -> None:
    """Of every operation that takes a body: 413, whether the length is told or not."""
    document = client.get("/openapi.json").json()
    limit = Settings().body_max_bytes
    taking = [(p, o["post"]) for p, o in document["paths"].items() if "requestBody" in o.get("post", {})]
    assert taking
    for path, operation in taking:
        if body_limit(path, Settings()) != limit:
            continue  # files that are handed in have a limit of their own: tests/test_imports_api.py
        assert "413" in operation["responses"], path
        for media in operation["requestBody"]["content"]:
            for told in ({}, {"content-length": "5"}):
                headers = {"content-type": media, **told}
                answer = ask(client, path, method="POST", headers=headers.items(), body=b"x" * (limit + 1))
                # who may not change anything may be told so before the body is read
                allowed = (401, 413) if operation.get("security") else (413,)
                assert answer.status in allowed, (path, media)
                assert answer.json()["status"] == answer.status
