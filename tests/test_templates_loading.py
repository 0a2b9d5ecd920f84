"""Files become templates: grlc's as they are, broken ones named with file and line, fragments, the linter."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from kg.findings import BilimError, Finding
from kg.templates.catalogue import Catalogue
from kg.templates.grammar import read
from kg.templates.loader import Context, load, shared
from kg.templates.model import Suffix, Template
from kg.terms import EDTF_TYPE, PREFIXES, XSD
from tests.test_templates_world import QUERIES

# As researchers write them for grlc: other endpoint, enumerate, no params, no returns, tags as a list.
GRLC = """#+ summary: Artists of a genre
#+ endpoint: http://dbpedia.org/sparql
#+ method: GET
#+ tags:
#+   - music
#+ enumerate:
#+   - genre:
#+     - http://dbpedia.org/resource/Rock_music
#+     - http://dbpedia.org/resource/Jazz
#+ defaults:
#+   - genre: http://dbpedia.org/resource/Jazz
#+ licence: CC0

PREFIX dbo: <http://dbpedia.org/ontology/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?artist ?name WHERE {
  ?artist dbo:genre ?_genre_iri ; rdfs:label ?name .
  FILTER(?n > ?__min_number)
  #+ pagination: 5
} LIMIT 10
"""


def make(text: str, context: Context | None = None) -> Template:
    return load(text.encode(), "a/b", "a/b.rq", context or shared(QUERIES)[0])


def findings(text: str) -> list[Finding]:
    """All findings, whether the file is served or not."""
    try:
        return list(make(text).findings)
    except BilimError as error:
        return list(error.findings)


def codes(text: str) -> dict[str, tuple[int | None, str | None]]:
    return {f.code: (f.where.line, f.where.column) for f in findings(text) if f.where}


def test_a_file_for_grlc_works_as_it_is() -> None:
    template = make(GRLC)
    genre, least = template.params
    assert (genre.name, genre.type, genre.default) == ("genre", "enum", "http://dbpedia.org/resource/Jazz")
    assert list(genre.values) == ["http://dbpedia.org/resource/Rock_music", "http://dbpedia.org/resource/Jazz"]
    assert (least.name, least.type, least.required) == ("min", "number", False)
    assert template.extra == {"licence": "CC0"}
    assert template.page_size is None  # "#+" counts at column 0 only
    assert template.variables == ("artist", "name")
    assert {"template-grlc-key", "lint-return", "lint-example", "lint-param"} == {f.code for f in template.findings}


def test_json_metadata_is_read() -> None:
    assert make('#+ {"summary": "S",\n#+\t"tags": ["x"]}\nASK { ?s ?p ?o }').summary == "S"


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("#+ summary: a\n#+ tags: [x\nASK {}", "template-yaml", 2),
        ("ASK {}\n#+ a: 1\n#+ a: 2\n", "template-yaml", 3),
        ("#+ - a\nASK {}", "template-yaml-mapping", 1),
        ("#+ a: 1\n\nSELECT ?x WHERE {\n  ?x a\n}", "template-syntax", 5),
        ("#+ a: 1\nSELECT ?x WHERE { ?x a nope:Thing }", "lint-prefix", 2),
        ("#+ a: 1\n#+ use: [nope]\nASK {}", "fragment-unknown", 1),
        ("#+ use: [as-of]\nASK {}", "fragment-in-vain", 1),
        ("ASK {\n# @as-of ?x ?_on_xsd_date → ?c\n?x a ?y }", "fragment-not-used", 2),
        ("#+ use: [as-of]\nASK { ?x a ?y\n# @as-of ?x → ?c\n }", "fragment-arguments", 3),
        ("#+ use: [as-of]\nASK { ?x a ?y # @as-of ?x ?_on_xsd_date\n }", "fragment-alone", 2),
        ("ASK { ?x a ?y\n# @if ?__z_iri\n }", "template-if", 2),
        ("ASK { ?x a ?y\n# @end\n }", "template-if", 2),
        ("ASK { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }", "sparql-service", 1),
        ("#+ a: 1\nSELECT ?x { SERVICE SILENT <http://127.0.0.1/> { ?x ?p ?o } } LIMIT 1", "sparql-service", 2),
        ("#+ params: {x: {type: date}}\nASK { ?s ?p ?o }", "param-not-in-text", 1),
        ("#+ params: {x: {type: date}}\nASK { ?s ?p ?_x_iri }", "param-type", 1),
        ("ASK { ?s ?_x_iri ?__x }", "param-two-variables", 1),
        ("ASK { ?s ?p ?_page_integer }", "param-reserved", 1),
        ("#+ returns: {y: {type: string}}\nSELECT ?x { ?x a ?z } LIMIT 1", "return-not-projected", 1),
        ("#+ transform: {id: '?nope'}\nSELECT ?x { ?x a ?z } LIMIT 1", "template-transform-variable", 1),
        ("#+ pagination: 5\nSELECT ?x { ?x a ?z } ORDER BY ?x LIMIT 1", "lint-limit-and-pages", 2),
        ("DELETE WHERE { ?s ?p ?o }", "sparql-update", 1),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, code: str, line: int | None) -> None:
    with pytest.raises(BilimError) as caught:
        make(text)
    found = {f.code: f.where.line for f in caught.value.findings if f.where}
    assert found.get(code, "missing") == line, caught.value


def test_loading_a_file_sends_nothing_anywhere() -> None:
    """A regression: trying the text out on an empty store would have followed its SERVICE."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        port = listener.getsockname()[1]
        with pytest.raises(BilimError, match="SERVICE"):
            make(f"ASK {{ SERVICE <http://127.0.0.1:{port}/> {{ ?s ?p ?o }} }}")
        with pytest.raises(TimeoutError):
            listener.accept()


def test_bytes_that_are_no_utf8() -> None:
    with pytest.raises(BilimError) as caught:
        load(b"#+ summary: a\n# \xff\nASK {}", "a/b", "a/b.rq", Context())
    assert caught.value.findings[0].where is not None
    assert caught.value.findings[0].where.line == 2


@pytest.mark.parametrize(
    ("body", "code", "place"),
    [
        ("SELECT ?x WHERE {\n  OPTIONAL { ?x a ?y }\n  ?x a ?z .\n} LIMIT 1", "lint-optional", (3, "3")),
        ("SELECT ?x WHERE {\n  ?x a ?y OPTIONAL { ?x a ?w }\n  { ?x a ?z }\n} LIMIT 1", "lint-optional", (3, "3")),
        ("SELECT ?x WHERE { { OPTIONAL { ?x a ?y }\n ?x a ?z } UNION { ?x a ?q } } LIMIT 1", "lint-optional", (2, "2")),
        ("SELECT ?x WHERE {\n  ?x a ?t FILTER(?t = ?_t_iri) } LIMIT 1", "lint-filter", (2, "23")),
        ("SELECT ?x WHERE { ?x a ?t }", "lint-bound", (1, "1")),
        ("SELECT ?x WHERE { ?x a ?t } LIMIT 1 VALUES ?x { <urn:x> }", "lint-values-last", (1, "37")),
        ("SELECT ?x WHERE { ?x a ?_first_name_iri } LIMIT 1", "lint-grlc-name", (1, "24")),
        ("SELECT ?x WHERE { ?x a ?_c_iri } LIMIT 1", "lint-param", (1, "24")),
    ],
)  # fmt: skip
def test_the_linter_says_where(body: str, code: str, place: tuple[int, str]) -> None:
    assert codes(body).get(code) == place


@pytest.mark.parametrize(
    "body",
    [
        "SELECT ?x WHERE { ?x a ?y . OPTIONAL { ?x a ?z } FILTER(?y != ?z) BIND(1 AS ?n) } LIMIT 1",
        "SELECT ?x WHERE { ?x a ?y ; a ?w OPTIONAL { ?x a ?z OPTIONAL { ?z a ?q } } MINUS { ?x a 1 } } LIMIT 1",
        "SELECT ?x WHERE { ?x a ?y OPTIONAL { ?x a ?z } FILTER NOT EXISTS { ?x a ?q . ?q a 2 } } LIMIT 1",
        "SELECT ?x WHERE { { ?x a ?y OPTIONAL { ?x a ?z } } UNION { ?x a ?q } } LIMIT 1",
        "SELECT ?x WHERE { ?x <urn:p>/<urn:q>* [ a ?y ] ; a ( 1 2 ) . OPTIONAL { ?x a ?z } } LIMIT 1",
    ],
)
def test_patterns_in_good_order_pass(body: str) -> None:
    assert "lint-optional" not in codes(body)


def test_ranges_of_days_are_no_finding() -> None:
    assert "lint-filter" not in codes("SELECT ?x { ?x bkg:latestStart ?d FILTER(?d <= ?_on_xsd_date) } LIMIT 1")


def test_pages_need_an_order() -> None:
    assert "lint-order" in codes("#+ pagination: 5\nSELECT ?x WHERE { ?x a ?t }")


@pytest.mark.parametrize(
    ("variable", "name", "suffix", "required", "many"),
    [
        ("_post_iri", "post", Suffix("iri"), True, False),
        ("__post_iri", "post", Suffix("iri"), False, False),
        ("_x", "x", Suffix("string"), True, False),
        ("_x_literal", "x", Suffix("string"), True, False),
        ("_x_number", "x", Suffix("number"), True, False),
        ("_x_integer", "x", Suffix("integer"), True, False),
        ("_x_xsd_date", "x", Suffix("typed", XSD + "date"), True, False),
        ("_x_date", "x", Suffix("typed", XSD + "date"), True, False),
        ("_x_string", "x", Suffix("string"), True, False),
        ("_x_edtf_EDTF", "x", Suffix("typed", EDTF_TYPE), True, False),
        ("_x_kk", "x", Suffix("language", lang="kk"), True, False),
        ("_x_multi_iri", "x", Suffix("iri"), True, True),
        ("__x_multi", "x", Suffix("string"), False, True),
        ("_first_name_iri", "first_name", Suffix("iri"), True, False),
        ("_page_title", "page_title", Suffix("string"), True, False),
    ],
)
def test_names_of_parameters(variable: str, name: str, suffix: Suffix, required: bool, many: bool) -> None:
    found = read(variable, PREFIXES)
    assert found is not None
    assert (found.name, found.suffix, found.required, found.many) == (name, suffix, required, many)


def test_strict_reads_as_grlc_does() -> None:
    found = read("_x_date", PREFIXES, strict=True)
    assert found is not None
    assert found.suffix == Suffix("language", lang="date")
    first = read("_first_name_iri", PREFIXES, strict=True)
    assert first is not None
    assert (first.name, first.suffix.datatype) == ("first", "name:iri")
    assert read("___x", PREFIXES) is None
    assert read("x", PREFIXES) is None


def test_a_fragment_used_twice_keeps_its_variables_apart() -> None:
    template = make(
        "#+ use: [as-of]\n#+ pagination: 5\nSELECT ?x ?c ?d WHERE {\n ?x a ?y .\n"
        " # @as-of ?x ?_on_xsd_date → ?c\n # @as-of ?y ?_on_xsd_date → ?d ?ds\n} ORDER BY ?ds ?x"
    )
    assert "?x_earliestEnd" in template.text
    assert "?y_earliestEnd" in template.text
    assert "@as-of" not in template.text
    assert "AS ?c)" in template.text
    assert "AS ?d)" in template.text
    assert template.text.startswith("PREFIX bkg: <https://w3id.org/bilim/def#>\n")


def test_a_broken_file_takes_nothing_else_down(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "good.rq").write_text("ASK { ?s ?p ?o }")
    (folder / "bad.rq").write_text("#+ a: [\nASK {}")
    (folder / "wrong.name.rq").write_text("ASK {}")
    (folder / "empty.rq").write_text("")
    (folder / "blank.rq").write_text(" \n\n")
    (folder / "deep.rq").write_text("SELECT * WHERE " + "{" * 3000 + "}" * 3000)
    (folder / "long.rq").write_text("ASK { ?s " + "/".join(["a"] * 3000) + " ?o }")
    (folder / "lists.rq").write_text("ASK { ?s ?p " + "[ ?p " * 1000 + "1" + "]" * 1000 + " }")
    (tmp_path / "_params.yaml").write_text("x: [")
    catalogue = Catalogue(tmp_path)
    assert list(catalogue.templates) == ["a/good"]
    assert {b.file: b.findings[0].code for b in catalogue.broken} == {
        "_params.yaml": "template-yaml",
        "a/bad.rq": "template-yaml",
        "a/wrong.name.rq": "template-name",
        "a/empty.rq": "sparql-form",
        "a/blank.rq": "sparql-form",
        "a/deep.rq": "template-deep",
        "a/long.rq": "template-deep",
        "a/lists.rq": "template-deep",
    }
    with pytest.raises(BilimError, match=r"a/bad\.rq.*line 1"):
        catalogue.get("a/bad")
    with pytest.raises(BilimError, match="a/good"):
        catalogue.get("a/goood")


def test_a_changed_file_is_picked_up_in_development(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    live, still = Catalogue(tmp_path, watch=True), Catalogue(tmp_path)
    (tmp_path / "a" / "new.rq").write_text("#+ summary: one\nASK { ?s ?p ?o }")
    assert live.get("a/new").summary == "one"
    (tmp_path / "a" / "new.rq").write_text("#+ summary: second\nASK { ?s ?p ?o }")
    assert live.get("a/new").summary == "second"
    assert still.templates == {}
