"""Patterns that are not joined: found where they multiply rows, let pass wherever they may be meant."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from kg import resources
from kg.settings import Settings
from kg.sparql.outcomes import Outcome
from kg.sparql.pool import Pool
from kg.sparql.products import product
from kg.sparql.running import Job
from kg.store.errors import QueryError
from kg.templates.loader import load_folder
from tests.sparql_world import release

PRODUCTS = {
    "two triples": "SELECT * { ?a ?b ?c . ?d ?e ?f }",
    "counted": "SELECT (COUNT(*) AS ?n) WHERE { ?a ex:p ?c . ?d ex:q ?f } GROUP BY ?a",
    "ask": "ASK { ?a ?b ?c ; ?x ?y . ?d ?e ?f }",
    "construct": "CONSTRUCT { ?a ex:p ?d } WHERE { ?a a ex:A . ?d a ex:B }",
    "construct where": "CONSTRUCT WHERE { ?a a ex:A . ?d a ex:B }",
    "describe": "DESCRIBE ?a WHERE { ?a a ex:A . ?d a ex:B }",
    "three, two of them joined": "SELECT * { ?a ex:p ?b . ?b ex:q ?c . ?d ex:r ?e }",
    "two groups": "SELECT * { { ?a ex:p ?b } { ?c ex:q ?d } }",
    "in a union": "SELECT * { { ?a ex:p ?b . ?c ex:q ?d } UNION { ?a ex:p ?b } }",
    "optional": "SELECT * { ?a ex:p ?b OPTIONAL { ?c ex:q ?d } }",
    "in an optional": "SELECT * { ?a ex:p ?b OPTIONAL { ?a ex:r ?x . ?c ex:q ?d } }",
    "in a graph": "SELECT * { GRAPH ex:g { ?a ex:p ?b . ?c ex:q ?d } }",
    "in a sub-select": "SELECT * { { SELECT ?a { ?a ex:p ?b . ?c ex:q ?d } } ?a ex:r ?z }",
    "same name, not given back": "SELECT * { ?c ex:r ?z ; ex:s ?a { SELECT ?a { ?a ex:p ?b . ?c ex:q ?d } } }",
    "paths": "SELECT * { ?a ex:p+ ?b . ?c (ex:p|^ex:q)* ?d }",
    "blank nodes": "SELECT * { [ ex:p ?b ] ex:q ?c . _:x ex:q ?d }",
    "filters of one side only": "SELECT * { ?a ex:p ?b . ?c ex:q ?d FILTER(?b > 1) FILTER(REGEX(?d, 'x')) }",
    "exists in the select": "SELECT (EXISTS { ?q ?r ?s } AS ?x) { ?a ex:p ?b . ?c ex:q ?d }",
}

JOINED = {
    "chain": "SELECT * { ?a ex:p ?b . ?b ex:q ?c . ?c ex:r ?d }",
    "joined late": "SELECT * { ?a ex:p ?b . ?c ex:q ?d . ?a ex:r ?c }",
    "lists": "SELECT * { ?a ex:p ?b , ?c ; ex:q [ ex:r ?d ] . ?d ex:s ?e }",
    "by a filter": "SELECT * { ?a ex:p ?b . ?c ex:q ?d FILTER(?b < ?d) }",
    "by exists": "SELECT * { ?a ex:p ?b . ?c ex:q ?d FILTER NOT EXISTS { ?a ex:r ?d } }",
    "by a bind": "SELECT * { ?a ex:p ?b . ?c ex:q ?d BIND(CONCAT(?b, ?d) AS ?e) }",
    "by values": "SELECT * { ?a ex:p ?b . ?c ex:q ?d VALUES (?a ?c) { (ex:1 ex:2) } }",
    "by a group": "SELECT * { ?a ex:p ?b . ?c ex:q ?d { ?a ex:r ?c } }",
    "by what is round it": "SELECT * { ?a ex:r ?c OPTIONAL { ?a ex:p ?b . ?c ex:q ?d } }",
    "by what is round it, sub-select": "SELECT * { ?a ex:r ?c { SELECT ?a ?c { ?a ex:p ?b . ?c ex:q ?d } } }",
    "by a graph's name": "SELECT * { GRAPH ?g { ?a ex:p ?b } ?g ex:q ?d }",
    "union": "SELECT * { { ?a ex:p ?b } UNION { ?a ex:q ?b } ?b ex:r ?c }",
    "minus": "SELECT * { ?a ex:p ?b MINUS { ?c ex:q ?d } }",
    "a constant thing": "SELECT * { ?a ex:p ?b . ex:thing ex:q ?c }",
    "one looked up": 'SELECT * { ?a ex:p ?b . ?c ex:id "Q1" }',
    "values apart": "SELECT * { ?a ex:p ?b VALUES ?lang { 'en' 'ru' } }",
    "a total": "SELECT * { ?a ex:p ?b { SELECT (COUNT(*) AS ?n) { ?x ex:p ?y } } }",
    "one pattern": "SELECT * { ?a ?b ?c }",
    "nothing": "ASK {}",
    "no SPARQL": "SELECT * { ?a ?b ?c . ?d ?e ?f",
    "too deep": "SELECT * " + "{" * 5000 + "?a ?b ?c . ?d ?e ?f" + "}" * 5000,
}


@pytest.mark.parametrize("name", list(PRODUCTS))
def test_unjoined_patterns_are_found(name: str) -> None:
    assert product(PRODUCTS[name]) is not None


@pytest.mark.parametrize("name", list(JOINED))
def test_joined_patterns_are_let_pass(name: str) -> None:
    assert product(JOINED[name]) is None


def test_the_place_and_the_variables_are_told() -> None:
    found = product("SELECT * {\n  ?a ex:p ?b .\n  ?c ex:q ?d }")
    assert found is not None
    assert (found.line, found.column, found.left, found.right) == (3, 3, ("?a", "?b"), ("?c", "?d"))


def test_no_shipped_query_is_taken_for_a_product() -> None:
    templates, broken = load_folder(resources.find().queries)
    assert not broken
    assert len(templates) > 20
    alarms = {name: found for name, template in templates.items() if (found := product(template.text))}
    assert not alarms


def test_a_late_product_ends_early_with_advice_and_others_are_waited_for(tmp_path: Path) -> None:
    outcomes: list[Outcome] = []
    settings = Settings.model_validate(
        {"sparql_workers": 1, "sparql_nice": 0, "sparql_late": 0.2, "sparql_timeout": 60.0}
    )

    async def main() -> None:
        pool = Pool(settings, lambda outcome, _seconds: outcomes.append(outcome))
        await pool.switch(release(tmp_path, "r1"))
        [first] = pool.pids

        async def ask(text: str, timeout: float | None = None) -> None:
            async with pool.run(Job(text, "text/csv", timeout=timeout)) as running:
                async for _ in running.chunks():
                    pass

        with pytest.raises(QueryError) as raised:
            await ask("SELECT (COUNT(*) AS ?n) {\n ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }")
        assert (raised.value.code, raised.value.line, raised.value.column) == ("sparql-product", 2, 13)
        assert "?a, ?b, ?c" in str(raised.value)
        # not a product to us, and not stopped before its deadline; then one that is quick though unjoined
        with pytest.raises(QueryError) as raised:
            await ask("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c + ?f + ?i > 1) }", 1.0)
        assert raised.value.code == "sparql-timeout"
        await ask("SELECT * { ?a ?b 1 . ?d ?e ?f . FILTER(?f < 3) }")
        assert first not in pool.pids
        await pool.close()

    asyncio.run(main())
    assert outcomes == ["product", "timeout", "ok"]
