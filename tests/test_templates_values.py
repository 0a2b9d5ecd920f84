"""Values of parameters: checked, told what is wrong, and bound so that none can change a query's structure."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.sparql.binder import bind
from kg.sparql.tokens import significant, tokenize
from kg.templates.model import Template
from kg.templates.params import BadParameters, Values, check
from kg.templates.prepare import bound
from kg.templates.text import variant
from tests.test_templates_loading import make

DAY = date(2022, 6, 24)

ALL_TYPES = """#+ pagination: 5
#+ params:
#+   s: {examples: [x]}
#+   i: {type: iri, examples: ["urn:x"]}
#+   e: {type: entity, of: org:Post, examples: [minister]}
#+   n: {minimum: 0, maximum: 10, examples: ["0.5"]}
#+   k: {examples: ["3"]}
#+   d: {default: today, examples: ["2022-06-24"]}
#+   t: {examples: ["2022"]}
#+   b: {examples: ["true"]}
#+   l: {pattern: "[^0-9]*", examples: [сөз]}
#+   c: {type: enum, enum: {open: "ds:open"}, examples: [open]}
#+ examples:
#+   - params: {s: x, i: "urn:x", e: minister, n: 0.5, k: 3, t: "2022", b: true, l: сөз, c: open}
SELECT ?x ?_s WHERE {
  ?x ?p ?_s ; <urn:p> ?_i_iri ; <urn:q> ?_e_iri ; <urn:r> ?_n_number, ?_k_integer ; <urn:t> ?_t_edtf_EDTF .
  ?x <urn:b> ?_b_xsd_boolean, ?_l_kk .
  ?x <urn:c> ?_c_iri . # ?_s in a comment stays
  FILTER(?x < ?_d_xsd_date && "?_s" != ?_s)
  # @if ?__m_multi
  FILTER EXISTS { VALUES ?__m_multi { } ?x <urn:m> ?__m_multi }
  # @end
}
ORDER BY ?x
"""

# What breaks out of other binders: quotes, comments, braces, escapes, line ends, tokens, directions, halves of pairs.
NASTY = [
    "",
    " ",
    '"',
    "'",
    '"""',
    "'''",
    "\\",
    '\\"',
    "\\u0022",
    "\\u0022) } #",
    '" } #',
    "' ; DROP ALL #",
    '") } SERVICE <http://127.0.0.1/> { ?a ?b ?c } FILTER("',
    "> } SERVICE <http://127.0.0.1/> { ?a ?b ?c } #",
    "urn:x> ?p ?o } #",
    "urn:x\\u003e ?p ?o",
    "urn:x y",
    "urn:<x>",
    "http://a/\\u0020b",
    "#",
    "?_s",
    "?__m_multi",
    "{ }",
    "} UNION { ?s ?p ?o",
    "\n",
    "\r\n# x",
    "\t",
    "\x00",
    "\x0b",
    "\u2028",
    "\u202e abc",
    "\ud800",
    "\U0001f600",
    "٣",
    "1e5",
    "1 ; <urn:p> 2",
    "-1",
    "+1",
    "0x10",
    "١٢",
    "9" * 400,
    "2022-06-24Z",
    "2022-06-24\n",
    "2022-02-30",
    "٢٠٢٢-٠٦-٢٤",
    "2022-06-24T00:00:00",
    "true\n",
    "TRUE",
    "@kk",
    "x@en",
    "^^<urn:x>",
    "x" * 5000,
    "urn:" + "x" * 5000,
    "open\n",
    "ds:open",
    "Q1",
    "KZ-15",
    "_:b",
    "<urn:x>",
    "prefix:name",
    "javascript:alert(1)",
    "../../etc/passwd",
    "%00",
    "%22%7D",
    "&amp;",
    "=cmd|'/c calc'!A0",
]


class Known:
    """Knows one post."""

    def find(self, of: str | None, text: str) -> tuple[str, ...]:
        assert of == "http://www.w3.org/ns/org#Post"
        return ("https://w3id.org/bilim/id/post/minister",) if text == "minister" else ()


@pytest.fixture(scope="module")
def template() -> Template:
    return make(ALL_TYPES)


HARMLESS = {
    "s": ["x"],
    "i": ["urn:x"],
    "e": ["minister"],
    "n": ["0.5"],
    "k": ["3"],
    "t": ["2022"],
    "b": ["true"],
    "l": ["сөз"],
    "c": ["open"],
}
# another harmless value of each: the tokens in which it differs are those that the parameter may change
PLACES = {"s": "y", "i": "urn:y", "e": "", "n": "0.6", "k": "4", "t": "2023", "b": "false", "l": "тіл", "c": ""}
PLACES |= {"d": "2022-06-25", "m": "y"}


def checked(template: Template, **given_: list[str]) -> Values:
    return check(template, {**HARMLESS, **given_}, entities=Known(), today=DAY)


def structure(text: str) -> list[tuple[str, str]]:
    """The tokens, terms by their kind only."""
    return [
        (t.kind, "" if t.kind in ("string", "iri", "number", "lang") else t.text) for t in significant(tokenize(text))
    ]


def texts(text: str) -> list[str]:
    return [t.text for t in significant(tokenize(text))]


def bound_or_refused(template: Template, name: str, text: str) -> None:
    """The value is refused with words, or bound without any change of structure."""
    usual = bound(template, checked(template, m=["x"]))
    try:
        values = checked(template, **{"m": ["x"], name: [text]})
    except BadParameters as error:
        (wrong,) = error.wrong
        assert wrong.parameter == name
        assert wrong.example.startswith("/api/v1/a/b?")
        assert all(wrong.finding.text(lang) for lang in ("en", "ru", "kk"))
        return
    now = bound(template, values)
    assert structure(now) == structure(usual), text
    free = PLACES[name]
    changed = {i for i, (a, b) in enumerate(zip(texts(usual), texts(now), strict=True)) if a != b}
    other = bound(template, checked(template, **{"m": ["x"], name: [free]})) if free else usual
    assert changed <= {i for i, (a, b) in enumerate(zip(texts(usual), texts(other), strict=True)) if a != b}
    assert not [t for t in tokenize(now) if t.kind == "error"]


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("name", [*HARMLESS, "d", "m"])
def test_nasty_values_change_no_structure(template: Template, name: str, text: str) -> None:
    bound_or_refused(template, name, text)


@settings(max_examples=300, deadline=None)
@given(
    name=st.sampled_from([*HARMLESS, "d", "m"]),
    text=st.one_of(
        st.text(max_size=60),
        st.text(alphabet="\"'\\<>{}#?$@^|`_:;.,()[] \nuU0022abc", max_size=40),
        st.builds("".join, st.lists(st.sampled_from(NASTY), max_size=4)),
    ),
)
def test_any_text_changes_no_structure(template: Template, name: str, text: str) -> None:
    bound_or_refused(template, name, text)


def test_a_text_survives_whole(template: Template) -> None:
    """What is bound is what was given: read back from the query by its tokens."""
    import pyoxigraph as ox

    for text in ('a "b" \\ \n {x} # ?_s', "\\u0022", "сөз", "\U0001f600"):
        query = bound(template, checked(template, s=[text]))
        strings = [t for t in tokenize(query) if t.kind == "string"]
        read = ox.Store().query(f"SELECT ({strings[0].text} AS ?x) {{}}")
        assert isinstance(read, ox.QuerySolutions)
        cell = next(read)["x"]
        assert isinstance(cell, ox.Literal)
        assert cell.value == text


def test_a_prefixed_name_is_the_iri_that_the_graph_has(template: Template) -> None:
    assert "<https://w3id.org/bilim/def#start>" in bound(template, checked(template, i=["bkg:start"]))
    assert "<urn:start>" in bound(template, checked(template, i=["urn:start"]))


def test_a_projected_parameter_comes_back_as_a_column(template: Template) -> None:
    assert template.variables == ("x", "s")
    assert '("x" AS ?_s)' in bound(template, checked(template))


def test_comments_and_strings_keep_the_name_of_a_parameter(template: Template) -> None:
    query = bound(template, checked(template))
    assert "# ?_s in a comment stays" in query
    assert '"?_s" != "x"' in query


def test_an_absent_list_leaves_nothing_behind(template: Template) -> None:
    query = bound(template, checked(template))
    assert "m_multi" not in query
    assert 'VALUES ?__m_multi { "1" "2" }' in bound(template, checked(template, m=["1", "2", "1"]))


def test_a_plain_optional_list_is_removed_with_its_block() -> None:
    plain = make("SELECT ?x WHERE { VALUES ?__m_multi_iri { } ?x <urn:p> ?__m_multi_iri } LIMIT 1")
    query = bound(plain, check(plain, {}, entities=Known(), today=DAY))
    assert "VALUES" not in query
    assert "?x <urn:p> ?__m_multi_iri" in query


def test_today_is_made_explicit(template: Template) -> None:
    assert checked(template).texts["d"] == ("2022-06-24",)
    assert checked(template, d=["today"]).texts["d"] == ("2022-06-24",)
    assert checked(template, d=[""]).texts["d"] == ("2022-06-24",)  # an empty field of a form


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("d", "24.06.2022", "param-not-date"),
        ("d", "2022-02-30", "param-not-date"),
        ("d", "2022-06", "param-not-date"),
        ("d", "20220624", "param-not-date"),
        ("t", "2022-13", "param-not-edtf"),
        ("k", "1.5", "param-not-integer"),
        ("k", "9" * 40, "param-not-integer"),
        ("n", "1e5", "param-not-number"),
        ("n", "-0.1", "param-too-small"),
        ("n", "10.5", "param-too-large"),
        ("b", "yes", "param-not-boolean"),
        ("i", "kz minister", "param-not-iri"),
        ("i", "relative", "param-not-iri"),
        ("e", "nobody", "param-entity-none"),
        ("c", "closed", "param-not-listed"),
        ("l", "a1", "param-pattern"),
        ("s", "a\x00b", "param-control"),
        ("s", "x" * 2001, "param-too-long"),
    ],
)
def test_what_is_wrong_is_said(template: Template, name: str, text: str, code: str) -> None:
    with pytest.raises(BadParameters) as caught:
        checked(template, **{name: [text]})
    (wrong,) = caught.value.wrong
    assert (wrong.parameter, wrong.finding.code, wrong.given) == (name, code, text)
    assert wrong.finding.allowed


def test_the_reason_of_an_impossible_day_is_told(template: Template) -> None:
    with pytest.raises(BadParameters, match="2022-02-30") as caught:
        checked(template, d=["2022-02-30"])
    assert caught.value.wrong[0].finding.advice


def test_all_that_is_wrong_is_told_at_once(template: Template) -> None:
    with pytest.raises(BadParameters) as caught:
        check(template, {"s": ["a", "b"], "k": ["x"], "nope": ["1"], "dd": ["1"]}, entities=Known(), today=DAY)
    told = {w.parameter: w.finding.code for w in caught.value.wrong}
    assert told["s"] == "param-repeated"
    assert told["k"] == "param-not-integer"
    assert told["nope"] == "param-unknown"
    assert told["i"] == "param-missing"
    assert "dd" in told


def test_the_example_keeps_what_was_right(template: Template) -> None:
    with pytest.raises(BadParameters) as caught:
        checked(template, s=["mine"], d=["24.06.2022"])
    example = caught.value.wrong[0].example
    assert "s=mine" in example
    assert "d=2022-06-24" in example


def test_limits_and_bracketed_lists_are_bound_too() -> None:
    made = make("SELECT ?x WHERE { VALUES (?_m_multi) { } ?x <urn:p> ?_m_multi } LIMIT ?_n_integer")
    query = bound(made, check(made, {"m": ["a", "b"], "n": ["7"]}, entities=Known(), today=DAY))
    assert query == 'SELECT ?x WHERE { VALUES (?_m_multi) { ("a") ("b") } ?x <urn:p> ?_m_multi } LIMIT 7'


@pytest.mark.parametrize("m", [None, ["x"], ["x", "y"]])
def test_slots_give_what_the_binder_gives(template: Template, m: list[str] | None) -> None:
    """Filling slots is a short cut: the text must be the binder's own."""
    values = checked(template, s=["} <urn:bilim:slot:_i_iri> #"], **({"m": m} if m else {}))
    absent = frozenset(p.variable for p in template.params if p.name not in values.terms)
    terms = {p.variable: values.terms[p.name] for p in template.params if p.name in values.terms}
    direct = {v: t if v == "__m_multi" else t[0] for v, t in terms.items()}
    assert bound(template, values) == bind(variant(template.text, absent), direct, absent)
