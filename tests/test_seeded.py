"""Seeded mistakes on realistic data, and random graphs: incremental judging says what full runs say, and no less."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import DefaultGraph, NamedNode, Quad, RdfFormat, Store, parse

from kg import resources
from kg.releases.candidate import Delta
from kg.releases.layout import Home
from kg.releases.rederive import laid
from kg.store.views import views
from kg.terms import GRAPH
from kg.validation import Report, Validator
from kg.validation.compiled import CompiledValidator
from kg.validation.incremental import Incremental
from tests.bench.generate import generate, times_of
from tests.bench.release import release
from tests.seeded import Mistake, Seeds, base_of
from tests.small_worlds import copied, differences, disagreement, keyed

TRIPLES = 10_000


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("seeded")
    generate(folder / "data", times_of(TRIPLES))
    made = release(folder / "data", folder / "home")
    return base_of(Home(folder / "home").release(made.release or ""), folder / "copy")


@pytest.fixture(scope="module")
def mistakes(base: Store) -> list[Mistake]:
    return list(Seeds(base, random.Random(5)).all())


@pytest.fixture(scope="module")
def validator() -> Validator:
    return Validator(resources.find())


@pytest.fixture(scope="module")
def incremental(validator: Validator) -> Incremental:
    return Incremental(validator)


@pytest.fixture(scope="module")
def compiled(validator: Validator) -> CompiledValidator:
    return CompiledValidator(shapes=validator.shapes)


@pytest.fixture(scope="module")
def before(base: Store, compiled: CompiledValidator) -> Report:
    return compiled.validate(base)


def test_the_suite_has_many_kinds_at_every_distance(mistakes: list[Mistake]) -> None:
    assert len({m.code for m in mistakes}) >= 45
    reached = {(m.steps, m.how) for m in mistakes}
    assert {(steps, how) for steps in (1, 2, 3) for how in ("addition", "deletion")} <= reached


def test_each_mistake_is_found_where_it_is_and_nothing_else_changes(
    base: Store, mistakes: list[Mistake], incremental: Incremental, compiled: CompiledValidator, before: Report
) -> None:
    """Compared with whole runs by the compiled shapes, which other tests compare with whole runs of pySHACL."""
    for mistake in mistakes:
        overlay = laid(base, lambda _, delta=mistake.delta: delta)  # type: ignore[misc]
        outcome = incremental.check(views(base, overlay.added(), overlay.removed()), focus=())
        assert (mistake.code, mistake.focus) in {(f.code, f.entity) for f in outcome.far}, mistake
        assert differences(outcome, before, compiled.validate(copied(overlay))) == set(), mistake
        assert outcome.notes == ()


def test_all_mistakes_at_once_are_told_alike_by_both_engines_and_in_part(
    base: Store,
    mistakes: list[Mistake],
    validator: Validator,
    incremental: Incremental,
    compiled: CompiledValidator,
    before: Report,
) -> None:
    added = {q: None for m in mistakes for q in m.delta.added}
    removed = {q: None for m in mistakes for q in m.delta.removed}
    overlay = laid(base, lambda _: Delta([q for q in added if q not in removed], list(removed)))
    outcome = incremental.check(views(base, overlay.added(), overlay.removed()), focus=())
    new = copied(overlay)
    after = compiled.validate(new)
    assert len(keyed(after.findings)) > 100
    assert differences(outcome, before, after) == set()
    assert keyed(validator.validate(new).findings) == keyed(after.findings)


@pytest.fixture(scope="module")
def examples() -> list[Quad]:
    graph = NamedNode(GRAPH + "data/examples")
    files = sorted((resources.find().ontology / "examples").glob("*/*.ttl"))
    quads = {
        Quad(q.subject, q.predicate, q.object, graph)
        for file in files
        for q in parse(path=str(file), format=RdfFormat.TURTLE)
    }
    store = Store()
    store.bulk_extend(quads)
    return sorted((q for q in store if q.graph_name != DefaultGraph()), key=str)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9))
def test_random_graphs_and_changes_are_judged_as_in_full(
    examples: list[Quad], validator: Validator, incremental: Incremental, seed: int
) -> None:
    """tests/bench/bench_validation_import.py --random runs thousands."""
    assert disagreement(seed, examples, validator, incremental) == set()


def test_a_mistake_undone_is_mended(base: Store, mistakes: list[Mistake], incremental: Incremental) -> None:
    mistake = next(m for m in mistakes if m.steps == 3 and m.how == "deletion")
    broken = copied(laid(base, lambda _: mistake.delta))
    overlay = laid(broken, lambda _: Delta(mistake.delta.removed, mistake.delta.added))
    outcome = incremental.check(views(broken, overlay.added(), overlay.removed()), focus=[mistake.focus])
    assert outcome.far == ()
    assert (mistake.code, mistake.focus, "mended") in {(f.code, f.entity, f.standing) for f in outcome.mended}
    assert mistake.code not in {f.code for f in outcome.near}
