"""RDF files to quads that know their line."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import CanonicalizationAlgorithm, Dataset, Literal, NamedNode, Quad, RdfFormat, parse

from kg.reading import Reading, read_rdf
from kg.reading.blank import canonical_iris
from kg.reading.turtle_lines import mark
from kg.resources import find
from kg.terms import BKG, PREFIXES

G = "https://w3id.org/bilim/graph/document/x"
HEAD = "@prefix a: <http://a/> .\n@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .\n"


def read(text: str | bytes, name: str = "x.trig", graph: str | None = G, **more: object) -> Reading:
    return read_rdf(text.encode() if isinstance(text, str) else text, name, graph, **more)  # type: ignore[arg-type]


def lines(reading: Reading) -> dict[tuple[str, str], int | None]:
    """(local name of the predicate, object's value) -> line; blank nodes as '_'."""
    out = {}
    for item in reading:
        value = item.quad.object.value
        out[(item.quad.predicate.value.rsplit("/")[-1].rsplit("#")[-1], "_" if "#c14n" in value else value)] = (
            item.where.line
        )
    return out


def codes(reading: Reading) -> list[str]:
    return [f.code for f in reading.findings]


def test_line_of_each_object() -> None:
    text = HEAD + (
        'a:s a:p "one. two; three, # four" ,  # comment with . ; ,\n'
        '      """long\n. a:no a:no a:no .\n"""@en ;\n'
        "   a:q <http://x/#frag> , a:d\\.x\n"
        "   ; a:n 1.0 , 1 .\n"
        "a:t a:p 2.a:u a:p -3.5.\n"
        "[ a:k a:in ;\n a:l [\n a:m a:deep ] ] a:o a:end ."
    )
    reading = read(text)
    assert reading.findings == []
    got = lines(reading)
    assert got[("p", "one. two; three, # four")] == 3
    assert got[("p", "long\n. a:no a:no a:no .\n")] == 4
    assert got[("q", "http://x/#frag")] == got[("q", "http://a/d.x")] == 7
    assert got[("n", "1.0")] == got[("n", "1")] == 8
    assert got[("p", "2")] == got[("p", "-3.5")] == 9
    assert got[("k", "http://a/in")] == 10
    assert got[("l", "_")] == 11
    assert got[("m", "http://a/deep")] == got[("o", "http://a/end")] == 12


def test_cells_of_collections_have_the_lines_of_their_items() -> None:
    text = HEAD + 'a:s a:p (\n "x1"\n ("y1"\n "y2") [ a:q "z" ]\n) .\n("first"\n"second") a:r ()  .'
    got = lines(read(text))
    assert got[("first", "x1")] == 4
    assert got[("first", "y1")] == 5
    assert got[("first", "y2")] == got[("q", "z")] == 6
    assert got[("first", "first")] == 8
    assert got[("first", "second")] == 9
    assert all(line is not None for line in got.values())


def test_graphs_prefix_directives_and_blocks() -> None:
    text = (
        f"PREFIX a: <http://a/>\nbase <http://b/>\n@prefix g: <{G[:-1]}> .\n"
        "GRAPH g:x { a:s a:p 1 }\n{ a:s a:p 2 . a:t\n a:p 3 }\ng:x{a:u a:p 4;;}\n<rel> a:p true."
    )
    reading = read(text)
    assert reading.findings == []
    assert list(reading.graphs) == [G]
    got = lines(reading)
    assert [got[("p", v)] for v in ("1", "2", "3", "4", "true")] == [4, 5, 6, 7, 8]


def test_a_statement_made_twice_has_its_first_place() -> None:
    assert lines(read(HEAD + "a:s a:p a:o .\n\na:s a:p a:o .")) == {("p", "http://a/o"): 3}


_iris = st.sampled_from(["a:s", "a:x.y", "a:d\\,e", "<http://x/#a;b>", "<http://x/(.)>", "a:", "a:1-2"])
_literals = st.sampled_from(
    ['"."', '"a\\"b"', "'it;'", '"""x\n. "q" ;\n"""', "'''\n'\n'''@kk", '"x"@en-GB', "1", "-1.5", ".5", "1e3", "true"]  # noqa: RUF005
    + ['"2020"^^\n<http://www.w3.org/2001/XMLSchema#gYear>', '"#no"', '"\\u0022"', '"й"', '"""a\\"""\\""""']
)
_space = st.sampled_from([" ", "\n", "  # c . ; [ \n", "\t", "\r\n"])


def _nest(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pair = st.tuples(_space, _iris, _space, inner, _space).map("".join)
    node = st.lists(pair, max_size=3).map(lambda pairs: "[" + ";".join(pairs) + "]")
    items = st.lists(st.tuples(_space, inner).map("".join), max_size=3).map(lambda i: "(" + "".join(i) + " )")
    return st.one_of(node, items)


_objects = st.recursive(st.one_of(_iris, _literals, st.just("_:b.1")), _nest, max_leaves=6)
_statements = st.tuples(
    st.one_of(_iris, st.just("[]"), st.just("_:b")),
    _space,
    st.lists(
        st.tuples(_iris, _space, st.lists(_objects, min_size=1, max_size=3).map(" , ".join)).map("".join),
        min_size=1,
        max_size=3,
    ).map(" ;\n".join),
    _space,
    st.just("."),
    _space,
).map("".join)


def test_language_tag_in_a_collection_is_no_directive() -> None:
    """Found by the test below: the rest of the file was skipped as if it were @prefix."""
    got = lines(read(HEAD + 'a:s a:p ( "x"@en\n"y" ) .\na:s a:p a:o .'))
    assert got[("first", "y")] == 4
    assert got[("p", "http://a/o")] == 5


@settings(max_examples=150, deadline=None)
@given(st.lists(_statements, max_size=4).map("".join))
def test_marks_change_nothing_and_every_quad_has_a_line(body: str) -> None:
    text = HEAD + body
    plain = Dataset(parse(text, RdfFormat.TRIG))
    marked = mark(text)
    count = len(list(parse(text, RdfFormat.TRIG)))
    assert len(list(parse(marked.text, RdfFormat.TRIG))) == count + len(marked.slots)  # every object found
    reading = read(text, graph=None)
    assert len(list(reading)) == len(plain) or "read-blank-nodes-alike" in codes(reading)
    total = text.count("\n") + 1
    assert all(item.where.line is not None and 3 <= item.where.line <= total for item in reading)
    source = text.split("\n")
    for item in reading:  # where the object is a plain word of the line, it stands there
        if isinstance(item.quad.object, NamedNode) and item.quad.object.value == "http://a/x.y":
            assert "a:x.y" in source[(item.where.line or 0) - 1]


def test_documents_of_the_project_lie_in_their_own_graph_with_lines() -> None:
    paths = sorted((find().data / "documents").glob("*.trig"))
    assert paths
    for path in paths:
        graph = f"https://w3id.org/bilim/graph/document/{path.stem}"
        reading = read_rdf(path, graph=graph)
        assert reading.findings == []
        source = path.read_text(encoding="utf-8").split("\n")
        checked = 0
        for item in reading:
            term = item.quad.object
            line = source[(item.where.line or 0) - 1]
            if isinstance(term, Literal) and "\n" not in term.value and '"' not in term.value and "\\" not in line:
                assert term.value in line
                checked += 1
        assert checked > 50


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        (HEAD + 'a:s a:p "x" .\na:s a:p a:o a:q .', 4, "a:q"),
        (HEAD + "a:s b:p 1 .", 3, "b:p"),
        (HEAD + 'a:s a:p "open\n" .', 3, "open"),
        ("<s> <p> <o> .", 1, "<s>"),
        (HEAD + "a:s a:p 1", 3, "a:s"),
    ],
)
def test_a_syntax_error_has_line_column_and_what_was_read(text: str, line: int, part: str) -> None:
    reading = read(text)
    (bad,) = reading.findings
    assert bad.code == "read-rdf-syntax"
    assert bad.where is not None
    assert (bad.where.line, part in (bad.cell or "")) == (line, True)
    assert not reading.graphs


def test_encoding() -> None:
    assert read(b"\xef\xbb\xbf" + HEAD.encode() + b"a:s a:p 1 .").findings == []
    bad = read(HEAD.encode() + 'a:s a:p "Абай" .'.encode("cp1251"))
    assert codes(bad) == ["read-not-utf8"]
    assert bad.findings[0].where is not None
    assert bad.findings[0].where.line == 3
    assert "Windows-1251" in bad.findings[0].text()
    assert codes(read("a".encode("utf-16"))) == ["read-not-utf8"]


def test_foreign_graphs_are_findings_with_a_line_and_are_not_taken() -> None:
    reading = read(HEAD + "a:s a:p 1 .\na:other { a:s a:p 2 . a:s a:p 3 }")
    assert codes(reading) == ["read-foreign-graph"]
    assert reading.findings[0].where is not None
    assert reading.findings[0].where.line == 4
    assert len(reading.graphs[G]) == 1


def test_literals_are_checked_as_written() -> None:
    text = HEAD + (
        '@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\na:s a:p "2009-13-01"^^xsd:date ;\n'
        'a:q "7"^^xsd:byte ;\na:r "yes"^^xsd:boolean , "true"^^xsd:boolean ;\na:t 1e5 .'
    )
    reading = read(text)
    assert [(f.where.line if f.where else 0, f.value) for f in reading.findings] == [
        (4, "2009-13-01"),
        (5, "7"),
        (6, "yes"),
        (7, "1e5"),
    ]
    assert codes(reading)[1] == codes(reading)[3] == "read-datatype"


def test_unknown_terms_of_ours_get_the_nearest() -> None:
    text = f'@prefix bkg: <{BKG}> .\n<http://x/> a bkg:Tenurre ;\n bkg:post <http://y/> ; bkg:pst "1" .'
    reading = read(text, vocabulary={BKG + "Tenure", BKG + "post"})
    assert [(f.code, f.where.line if f.where else 0) for f in reading.findings] == [
        ("read-unknown-term-near", 2),
        ("read-unknown-term-near", 3),
    ]
    assert "bkg:Tenure" in reading.findings[0].text("ru")


@pytest.mark.parametrize("text", ["<< a:s a:p a:o >> a:q 1 .", "a:s a:p a:o ~ a:r .", "a:s a:p a:o {| a:q 1 |} ."])
def test_rdf12_is_refused(text: str) -> None:
    assert codes(read(HEAD + text)) == ["read-rdf12"]
    assert codes(read('<http://a/s> <http://a/p> "x"@ar--rtl .', "x.nt")) == ["read-rdf12"]


def test_line_based_formats_and_xml_and_json() -> None:
    nq = f'# c\n\n<http://a/s> <http://a/p> "1" <{G}> .\n_:b <http://a/q> _:b <{G}> .\n'
    assert lines(read(nq, "x.nq")) == {("p", "1"): 3, ("q", "_"): 4}
    xml = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:a="http://a/">\n'
        '<rdf:Description rdf:about="http://a/s">\n<a:p>1</a:p>\n\n<a:q rdf:resource="http://a/o"/>\n'
        "</rdf:Description></rdf:RDF>"
    )
    assert lines(read(xml, "x.rdf")) == {("p", "1"): 3, ("q", "http://a/o"): 5}
    assert codes(read('<!DOCTYPE x [<!ENTITY l "lol">]>\n' + xml, "x.rdf")) == ["read-xml-doctype"]
    json = '{"@context": {"a": "http://a/"}, "@id": "a:s", "a:p": "1"}'
    assert lines(read(json, "x.jsonld")) == {("p", "1"): None}
    remote = read('{"@context": "http://127.0.0.1:9/", "a": "b"}', "x.jsonld")
    assert codes(remote) == ["read-remote-context"]
    assert codes(read("", "x.docx")) == ["read-unknown-format"]


def _canonical(quads: list[Quad]) -> set[str]:
    """The quads by pyoxigraph's own canonical form, blank nodes as IRIs: the oracle."""
    data = Dataset(Quad(q.subject, q.predicate, q.object) for q in quads)
    data.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return {re.sub(r"_:(c14n\d+)", rf"<{G}#\1>", str(quad)) for quad in data}


_nodes = st.sampled_from(["_:a", "_:b", "_:c", "_:d", "a:x"])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(_nodes, st.sampled_from(["a:p", "a:q"]), _nodes), min_size=1, max_size=9), st.randoms())
def test_blank_nodes_are_named_by_rdfc10(triples: list[tuple[str, str, str]], random: object) -> None:
    text = HEAD + "".join(f"{s} {p} {o} .\n" for s, p, o in triples)
    quads = list(dict.fromkeys(parse(text, RdfFormat.TURTLE)))
    names = canonical_iris(quads, G)
    ours = {
        str(Quad(names.get(q.subject, q.subject), q.predicate, names.get(q.object, q.object)))  # type: ignore[arg-type]
        for q in quads
    }
    assert ours == _canonical(quads)
    random.shuffle(triples)  # type: ignore[attr-defined]
    again = read(HEAD + "".join(f"{s} {p} {o} .\n" for s, p, o in triples))
    assert {str(item.quad) for item in again} == {str(item.quad) for item in read(text)}


def test_parts_that_differ_only_far_away_keep_their_own_names() -> None:
    """Three class expressions that differ in one IRI, and each has a leaf that looks like the others'."""
    text = HEAD + "".join(f"a:{n} a:p [ a:q [ a:q [ a:r a:x ] ; a:p [ a:q a:{n} ] ] ] .\n" for n in "bcd")
    quads = list(parse(text, RdfFormat.TURTLE))
    names = canonical_iris(quads, G)
    assert len(set(names.values())) == len(names) == 12
    chain = HEAD + "".join(f"a:{n} a:p [ a:q [ a:q [ a:q [ a:q [ a:q [] ] ] ] ] ] .\n" for n in "bcd")
    names = canonical_iris(list(parse(chain, RdfFormat.TURTLE)), G)
    assert len(set(names.values())) == len(names) == 18


def test_many_equal_blank_nodes_are_quick_and_a_trap_is_refused() -> None:
    many = read(HEAD + "a:s a:p " + ",".join(["[ a:q 1 ]"] * 2000) + " .")
    assert len(many.graphs[G]) == 4000
    clique = " ".join(f"_:n{i} a:p _:n{j} ." for i in range(12) for j in range(12) if i != j)
    assert codes(read(HEAD + clique)) == ["read-blank-nodes-alike"]
    assert codes(read(HEAD + "a:s a:p (" + "1 " * 3000 + ") .")) == ["read-blank-nodes-alike"]
    assert read(HEAD + "a:s a:p (" + " ".join(map(str, range(3000))) + ") .").findings == []


def test_a_prefix_of_the_project_reads_as_in_the_examples() -> None:
    text = "".join(f"@prefix {p}: <{n}> .\n" for p, n in PREFIXES.items()) + (
        'doc:d a bkg:Document ; dct:title "T"@en .\nevidence:e bkg:confidence 0.2 ;\n'
        ' bkg:attestsEdtf "2022-06-24"^^edtf:EDTF .'
    )
    reading = read(text)
    assert reading.findings == []
    assert reading.documents == ("https://w3id.org/bilim/id/document/d",)
    assert read_rdf(Path(__file__), "x.trig").findings  # a Python file is no TriG


def test_parallel_chains_of_blank_nodes_keep_every_node_and_triple_in_any_order() -> None:
    """A regression: three class expressions alike but at their far end once shared six names."""
    path = Path(__file__).parent.parent / "ontology" / "def" / "actors.ttl"
    quads = [Quad(q.subject, q.predicate, q.object) for q in parse(path=str(path))]
    named = {str(node): iri for node, iri in canonical_iris(quads, "urn:g").items()}
    for seed in range(5):
        shuffled = random.Random(seed).sample(quads, len(quads))
        again = {str(node): iri for node, iri in canonical_iris(shuffled, "urn:g").items()}
        assert len(set(again.values())) == len(named) >= 27
        assert set(again.values()) == set(named.values())
