"""Dates: evidence to one value, bounds to certain, possible or no."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import permutations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from kg.dates import (
    Bounds,
    Statement,
    as_of,
    clip_to_lifetime,
    consistent,
    end_bounds,
    in_order,
    parse,
    resolve_point,
    resolve_span,
    start_bounds,
    succeed,
)
from tests.dates_world import DAY0, d, texts

# --- evidence --------------------------------------------------------------------------------------------------


def says(evidence: str, prop: str, edtf: str, rank: str = "normal") -> Statement:
    return Statement(evidence, prop, edtf, False, rank)


def held(evidence: str, edtf: str, rank: str = "normal") -> Statement:
    return Statement(evidence, None, edtf, True, rank)


def test_only_an_attestation() -> None:
    """Rector on 14.03.2024 (docs/model.md, Time)."""
    span = resolve_span([held("e1", "2024-03-14")])
    assert (span.start.edtf, span.end.edtf) == ("[..2024-03-14]", "[2024-03-15..]")
    bounds = (span.start.earliest, span.start.latest, span.end.earliest, span.end.latest)
    assert bounds == (None, d("2024-03-14"), d("2024-03-15"), None)
    assert as_of(*bounds, date(2024, 3, 14)) == "certain"
    assert as_of(*bounds, date(2024, 3, 15)) == as_of(*bounds, date(1999, 1, 1)) == "possible"
    assert span.used == ("e1",)
    assert not span.disputed


def test_a_month_of_holding_and_a_stretch_of_holding() -> None:
    assert resolve_span([held("e", "2024-03")]).start.edtf == "[..2024-03-31]"
    assert resolve_span([held("e", "2024-03")]).end.edtf == "[2024-03-02..]"
    stretch = resolve_span([held("e", "2024-03-14/2024-05-01")])
    assert (stretch.start.latest, stretch.end.earliest) == (d("2024-03-14"), d("2024-05-02"))
    assert resolve_span([held("e", "2024-03-14?")]).start.edtf is None


def test_a_document_and_a_table_give_one_value() -> None:
    """guide: two starts on the merged node gave 'certain' and 'possible' at once."""
    span = resolve_span([says("a", "start", "2022-06-11"), says("b", "start", "2022-06"), held("c", "2022-06-24")])
    assert (span.start.edtf, span.start.earliest, span.start.latest) == ("2022-06-11", d("2022-06-11"), d("2022-06-11"))
    assert not span.disputed
    assert span.start.used == ("a", "b")


def test_the_preferred_stands_and_the_rival_makes_it_disputed() -> None:
    """Wikidata ends Aimagambetov's first post on 2022-06-01, the day the split was proposed."""
    span = resolve_span([says("ru-wiki", "end", "2022-06-11", "preferred"), says("wikidata", "end", "2022-06-01")])
    assert (span.end.edtf, span.end.disputed, span.end.used) == ("2022-06-11", True, ("ru-wiki",))
    agreed = resolve_span([says("a", "end", "2022-06-11", "preferred"), says("b", "end", "2022-06")])
    assert not agreed.disputed


def test_a_deprecated_statement_says_nothing() -> None:
    span = resolve_span(
        [says("a", "end", "2022-06-11"), says("b", "end", "2022-06-01", "deprecated"), held("c", "2023", "deprecated")]
    )
    assert (span.end.edtf, span.disputed, span.used) == ("2022-06-11", False, ("a",))


def test_rivals_of_one_rank_become_one_disputed_set() -> None:
    span = resolve_span([says("a", "start", "2022-11-28"), says("b", "start", "2022-12-01")])
    assert span.start.edtf == "[2022-11-28,2022-12-01]"
    assert (span.start.earliest, span.start.latest) == (d("2022-11-28"), d("2022-12-01"))
    assert span.disputed


def test_an_attestation_narrows_or_else_is_disputed() -> None:
    narrowed = resolve_span([says("a", "start", "2022"), held("b", "2022-06-24")])
    assert narrowed.start.edtf == "[2022-01-01..2022-06-24]"
    assert not narrowed.disputed
    assert narrowed.start.used == ("a", "b")
    against = resolve_span([says("a", "start", "2023-01-04"), held("b", "2022-06-24")])
    assert (against.start.edtf, against.start.disputed) == ("2023-01-04", True)
    assert not against.end.disputed


def test_doubt_keeps_what_others_know() -> None:
    span = resolve_span([says("a", "start", "2022?"), held("b", "2022-06-24")])
    assert span.start.edtf == "2022-01-01?/2022-06-24"
    assert (span.start.earliest, span.start.latest) == (d("2022-01-01"), d("2022-06-24"))
    assert start_bounds(span.start.edtf or "") == (span.start.earliest, span.start.latest)


def test_a_point_in_time() -> None:
    statements = [
        says("a", "when", "[2020-10-28,2021-10-28]"),
        says("b", "when", "2021"),
        says("c", "completed", "2022"),
    ]
    point = resolve_point(statements, "when")
    assert (point.edtf, point.earliest, point.latest) == ("2021-10-28", d("2021-10-28"), d("2021-10-28"))
    assert resolve_point(statements, "completed").edtf == "2022"
    assert resolve_point(statements, "signed").edtf is None


def test_own_words_are_kept_where_they_say_the_same() -> None:
    assert resolve_point([says("a", "when", "2022-XX")], "when").edtf == "2022-XX"
    assert resolve_point([says("a", "when", "2022-XX"), says("b", "when", "2022")], "when").edtf == "2022"
    assert resolve_point([says("a", "when", "2024-03-14?")], "when").edtf == "2024-03-14?"


statements_of_start = st.lists(
    st.builds(
        lambda n, text, attests, rank: Statement(f"e{n}", None if attests else "start", text, attests, rank),
        st.integers(0, 9),
        texts,
        st.booleans(),
        st.sampled_from(["preferred", "normal", "deprecated"]),
    ),
    max_size=5,
)


@given(statements_of_start, st.randoms(use_true_random=False))
def test_one_value_whatever_the_order(statements: list[Statement], rng: random.Random) -> None:
    span = resolve_span(statements)
    shuffled = list(statements)
    rng.shuffle(shuffled)
    assert resolve_span([*shuffled, *shuffled[:1]]) == span
    for resolved in (span.start, span.end):
        assert (resolved.edtf is None) <= (resolved.earliest is None and resolved.latest is None)
        assert resolved.earliest is None or resolved.latest is None or resolved.earliest <= resolved.latest
    if span.start.edtf:
        earliest, latest = start_bounds(span.start.edtf)
        assert earliest == span.start.earliest
        assert latest in (None, span.start.latest)
    if span.end.edtf:
        earliest, latest = end_bounds(span.end.edtf)
        assert earliest in (None, span.end.earliest)
        assert latest == span.end.latest
    assert set(span.used) <= {s.evidence for s in statements if s.rank != "deprecated"}


@given(statements_of_start, texts)
def test_evidence_that_agrees_only_narrows(statements: list[Statement], more: str) -> None:
    """What was undisputed and stays so never gets wider bounds by one more statement of the same rank."""
    same = [Statement(s.evidence, s.property, s.edtf, s.attests) for s in statements]
    before, after = resolve_span(same), resolve_span([*same, says("new", "start", more)])
    if not before.start.disputed and not after.start.disputed:
        assert before.start.earliest is None or (after.start.earliest or date.min) >= before.start.earliest
        assert before.start.latest is None or (after.start.latest or date.max) <= before.start.latest


# --- bounds ----------------------------------------------------------------------------------------------------

LENGTH = 7
small = st.one_of(st.none(), st.integers(0, LENGTH))


def at(n: int | None) -> date | None:
    return None if n is None else DAY0 + timedelta(days=n)


small_bounds = st.tuples(small, small, small, small).map(lambda t: Bounds(*map(at, t)))


def readings(b: Bounds, *, nonempty: bool = True) -> set[tuple[date, date]]:
    """All (start, end) within the bounds and a little beyond the days in play, which stand for 'unknown'."""
    line = [DAY0 + timedelta(days=n) for n in range(-2, LENGTH + 3)]
    return {
        (s, e)
        for s, e in product(line, line)
        if (not nonempty or s < e)
        and (b.es is None or b.es <= s)
        and (b.ls is None or s <= b.ls)
        and (b.ee is None or b.ee <= e)
        and (b.le is None or e <= b.le)
    }


@given(small_bounds, st.integers(0, LENGTH))
def test_as_of_agrees_with_all_readings(bounds: Bounds, n: int) -> None:
    """Start and end independent, as docs/model.md reads them; with start < end after ``in_order``."""
    day = DAY0 + timedelta(days=n)
    for b, nonempty in ((bounds, False), (in_order(bounds), True)):
        pairs = readings(b, nonempty=nonempty)
        if not pairs:
            continue
        holds = [s <= day < e for s, e in pairs]
        expected = "certain" if all(holds) else "possible" if any(holds) else "no"
        assert as_of(b.es, b.ls, b.ee, b.le, day) == expected


@given(small_bounds)
def test_consistent_means_that_some_reading_fits(bounds: Bounds) -> None:
    assert consistent(bounds) == bool(readings(bounds))
    assert readings(in_order(bounds)) == readings(bounds)


@given(small_bounds, small_bounds)
def test_a_lifetime_only_takes_away_what_cannot_be(bounds: Bounds, life: Bounds) -> None:
    clipped = clip_to_lifetime(bounds, life)
    fitting = {(s, e) for s, e in readings(bounds) for a, b in readings(life) if a <= s and e <= b}
    if fitting:
        assert fitting <= readings(clipped) <= readings(bounds)
        assert clip_to_lifetime(clipped, life) == clipped
    else:
        assert clipped == bounds


Pair = tuple[date, date]


def sequences(all_bounds: Sequence[Bounds], chosen: tuple[Pair, ...] = ()) -> Iterator[tuple[Pair, ...]]:
    """Every choice of readings in which no two overlap."""
    if len(chosen) == len(all_bounds):
        yield chosen
        return
    for start, end in sorted(readings(all_bounds[len(chosen)])):
        if all(end <= s or e <= start for s, e in chosen):
            yield from sequences(all_bounds, (*chosen, (start, end)))


@given(small_bounds, small_bounds)
@settings(max_examples=150, deadline=None)
def test_succession_of_two_is_exact_about_what_can_be(one: Bounds, two: Bounds) -> None:
    after = succeed([("1", one), ("2", two)])
    assert succeed([("2", two), ("1", one)]) == after
    possible = list(sequences([one, two]))
    if possible:
        for choice in possible:
            assert choice[0] in readings(after["1"])
            assert choice[1] in readings(after["2"])
        assert all(consistent(b) for b in after.values())


near = st.tuples(st.integers(0, 3), st.integers(0, 1), st.integers(1, 2), st.integers(0, 1), st.integers(0, 15))


def _some_known(t: tuple[int, int, int, int, int]) -> Bounds:
    es, slack, length, more, known = t
    values = (es, es + slack, es + length, es + slack + length + more)
    return Bounds(*(at(v) if known & (1 << i) else None for i, v in enumerate(values)))


@given(st.lists(near.map(_some_known), min_size=3, max_size=3))
@settings(max_examples=40, deadline=None)
def test_succession_of_three_loses_nothing_and_ends(given_bounds: list[Bounds]) -> None:
    keyed = list(zip("abc", given_bounds, strict=True))
    after = succeed(keyed)
    assert all(succeed(order) == after for order in permutations(keyed))
    left = [readings(after[key]) for key, _ in keyed]
    for choice in sequences(given_bounds):
        assert all(pair in fitting for pair, fitting in zip(choice, left, strict=True))


def test_ministers_in_a_row_close_each_other() -> None:
    """A successor's start ends what is not known to have ended."""
    first = Bounds(d("2022-06-11"), d("2022-06-11"))
    second = Bounds(d("2023-01-04"), d("2023-01-04"), None, None)
    third = Bounds(None, d("2025-09-29"), d("2026-01-28"), None)
    row = succeed([("third", third), ("first", first), ("second", second)])
    assert row["first"].le == d("2023-01-04")
    assert row["second"].le == d("2025-09-29")
    assert row["third"].es == d("2023-01-05")
    assert list(row) == ["third", "first", "second"]


def test_a_sure_overlap_is_left_for_the_shapes_and_moves_no_other() -> None:
    one = Bounds(d("2020-01-01"), d("2020-01-01"), d("2021-06-01"), d("2021-06-01"))
    two = Bounds(d("2021-01-01"), d("2021-01-01"), d("2022-01-01"), d("2022-01-01"))
    later = Bounds(d("2022-01-01"), d("2022-01-01"))
    last = Bounds(d("2023-01-01"), d("2023-01-01"))
    row = succeed([("one", one), ("two", two), ("later", later), ("last", last)])
    assert (row["one"], row["two"]) == (one, two)
    assert row["later"].le == d("2023-01-01")


def test_a_circle_of_three_ends_and_stays() -> None:
    """Each must begin before the next can have ended, all round, with no earliest start to stop at."""
    day = d("2022-01-05")
    ring = [(key, Bounds(None, day, day, d("2022-01-09"))) for key in "abc"]
    assert succeed(ring) == dict(ring)


def test_the_ends_of_the_calendar() -> None:
    assert not consistent(Bounds(le=date.min))
    assert not consistent(Bounds(es=date.max))
    assert in_order(Bounds(le=date.min)) == Bounds(le=date.min)
    assert parse("9999-12-31~").latest == date.max
    assert resolve_span([held("e", "9999-12-31")]).end.edtf is None
    assert parse("0001~").earliest == date.min
