"""The usual query is read in one go, and told of exactly as by the careful way."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kg import resources
from kg.sparql.quick import quick
from kg.sparql.vet import examine, vet
from kg.templates.loader import load_folder
from kg.terms import PREFIXES
from tests.sparql_world import differential

TEMPLATES = load_folder(resources.find().queries)[0]

# fmt: off
PIECES = st.sampled_from([
    "SELECT", "select", "ASK", "PREFIX", "Prefix", "BASE", "FROM", "SERVICE", "LOAD", "FILTER", "VALUES", "BIND",
    "NOW()", "Rand", "NOWx:y", "(", ")", "{", "}", "[", "]", "<", ">", "<=", "<<", ">>", "<<(", ")>>", "<a>",
    "<a#b>", "<a'b>", "<>", "<//[>", "?x", "$x", "?", "$", "bkg:a", "bkg:", ":", ":a", "e:", "e:x.y", "a:b.c.d",
    "_:", "_:b", "_", "'s'", "'", "'''", '"', '"a b"', "'a # b'", "'\\u0041'", "\\", "\\u0041", "@en", "@", "1",
    "1.5", ".5", ".", "1e", "-", "true", "a", "a.b", "ab-", "é:x", "éx", "\u00aa", "\u2071x", "\u0300", "%", ",",
    ";", "|", "||", "&&", "&", "^^", "^", "!=", "#x\n", "#", "\n", "  ", "\t", " ", "\r", "\u00a0",
])
# fmt: on
SOUP = st.lists(PIECES, max_size=14).map("".join) | st.lists(PIECES, max_size=14).map(" ".join)
QUERY = st.builds("{}SELECT{}".format, st.sampled_from(["", " ", "PREFIX e: <x:y> ", "#c\n", "PREFIX e:<y#>\n"]), SOUP)


@given(SOUP | QUERY | st.text(max_size=30).map("ASK {{ {} }}".format))
@example("SELECT * { ( { ) ?x <a#b> }")
@example("SELECT * {\u2071x }")
@example("PREFIX e: <//[> SELECT * { ?s e:a ?o }")
@settings(max_examples=1500, deadline=None)
def test_the_same_is_told_or_nothing(text: str) -> None:
    usual = quick(text, PREFIXES)
    assert usual is None or usual == examine(text)


@given(SOUP, SOUP, st.sampled_from(list(differential("http://127.0.0.1:9/").values())))
@settings(max_examples=300, deadline=None)
def test_what_speaks_of_other_stores_is_never_usual(before: str, after: str, query: str) -> None:
    assert quick(before + query + after, PREFIXES) is None


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_texts_of_templates_are_read_alike(name: str) -> None:
    text = TEMPLATES[name].text
    assert vet(text) == examine(text)


def test_most_templates_are_usual() -> None:
    usual = [name for name, template in TEMPLATES.items() if quick(template.text, PREFIXES) is not None]
    assert len(usual) > len(TEMPLATES) * 0.8
