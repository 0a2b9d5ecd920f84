"""CSVW tables to quads that know their file, row and column."""

from __future__ import annotations

import json
import shutil
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import RdfFormat, parse
from uritemplate import URITemplate

from kg.findings import Finding
from kg.reading import Reading, read_folder, read_table
from kg.reading.evidence import evidence_slug
from kg.reading.uri_templates import Template
from kg.resources import find
from kg.terms import BKG, EDTF_TYPE, GRAPH_DATA, ID, ORG, RDF, SKOS, entity_iri

G = GRAPH_DATA + "tenures"
HEAD = "id,person,post,start,end,observed_on,status,source,locator,property,mode,confidence,rank,note\n"
REFERENCE = find().data / "reference"
TENURES = REFERENCE / "tenures.csv-metadata.json"


def tenures(rows: str, head: str = HEAD) -> Reading:
    """Rows read by the project's own description of tenures."""
    return read_table((head + rows).encode(), TENURES, G, "tenures.csv")


def described(folder: Path, rows: str, columns: list[dict[str, Any]], shared: Any = None, **more: Any) -> Reading:
    """Rows read by a description made for the test."""
    about = more.pop("aboutUrl", "person:{id}")
    description = {
        "@context": "http://www.w3.org/ns/csvw",
        "url": "t.csv",
        "tableSchema": {"aboutUrl": about, "columns": columns},
    }
    for key in ("primaryKey", "foreignKeys"):
        if key in more:
            description["tableSchema"][key] = more.pop(key)  # type: ignore[index]
    description.update(more)
    (folder / "t.csv-metadata.json").write_text(json.dumps(description), encoding="utf-8")
    if shared is not None:
        (folder / "_columns.json").write_text(json.dumps(shared), encoding="utf-8")
    return read_table(rows.encode(), folder / "t.csv-metadata.json", GRAPH_DATA + "t", "t.csv")


def codes(reading: Reading) -> list[str]:
    return [f.code for f in reading.findings]


def place(found: Finding) -> tuple[int | None, str | None]:
    assert found.where is not None
    return found.where.row, found.where.column


def triples(reading: Reading) -> set[tuple[str, str, str]]:
    return {(i.quad.subject.value, i.quad.predicate.value, i.quad.object.value) for i in reading}


def of_evidence(reading: Reading) -> list[dict[str, set[str]]]:
    """Each Evidence as property (local name) -> values."""
    nodes: dict[str, dict[str, set[str]]] = {}
    for item in reading:
        if "/id/evidence/" in item.quad.subject.value:
            node = nodes.setdefault(item.quad.subject.value, {})
            node.setdefault(item.quad.predicate.value.split("#")[-1], set()).add(item.quad.object.value)
    return list(nodes.values())


def test_the_projects_own_folder_is_read_whole_and_the_same_twice() -> None:
    seen: list[tuple[str, int, int]] = []
    readings = read_folder(find().data, progress=lambda *step: seen.append(step))
    again = read_folder(find().data)
    assert [step[1] for step in seen] == list(range(1, len(readings) + 1))
    assert {g: [str(i.quad) for i in r] for g, r in readings.items()} == {
        g: [str(i.quad) for i in r] for g, r in again.items()
    }
    reading = readings[G]
    lines = (REFERENCE / "tenures.csv").read_text(encoding="utf-8").splitlines()
    columns = lines[0].split(",")
    for item in reading:
        assert item.where.file == "tenures.csv"
        assert item.where.column in columns
        if item.cell:
            assert item.cell in lines[(item.where.row or 0) - 1]  # no cell of this table spans lines


def test_every_statement_of_a_fact_table_has_evidence() -> None:
    readings = read_folder(find().data)
    tables = [
        g for g in readings if g.startswith(GRAPH_DATA) and g.rsplit("/", 1)[1] not in {"sources", "discrepancies"}
    ]
    supported = {
        (thing, prop)
        for graph in tables
        for node in of_evidence(readings[graph])
        for thing in node["supports"]
        for prop in node.get("onProperty", ())
    }
    stated = {(s, p) for graph in tables for s, p, _ in triples(readings[graph]) if "/id/evidence/" not in s}
    assert len(stated) > 500
    told = {(f.cell, f.where) for graph in tables for f in readings[graph].findings if f.code == "read-no-evidence"}
    bare = {
        (item.cell, item.where)
        for graph in tables
        for item in readings[graph]
        if (key := (item.quad.subject.value, item.quad.predicate.value)) in stated and key not in supported
    }
    assert bare == told  # none, or each is told


def test_what_no_row_gives_evidence_for_is_told() -> None:
    limited = "x-y,x,y,2022,,,full,doc-1,,start,,0.9,,\n"
    bare = tenures(limited)
    assert {(f.code, place(f)) for f in bare.findings} == {
        ("read-no-evidence", (2, column)) for column in ("id", "person", "post", "status")
    }
    assert codes(tenures(limited + "x-y,x,y,,,,full,doc-2,,,,0.9,,\n")) == []


def test_one_row_is_what_one_source_says() -> None:
    reading = tenures("x-y,x,y,2022-06-11,,2022-06-24; 2022-08-20,full,doc-1,p. 3,,,0.9,preferred,\n")
    assert codes(reading) == []
    tenure = entity_iri("tenure", "x-y")
    assert {t for t in triples(reading) if t[0] == tenure} == {
        (tenure, ORG + "member", ID + "person/x"),
        (tenure, BKG + "post", ID + "post/y"),
        (tenure, BKG + "tenureStatus", "https://w3id.org/bilim/list/tenure-status/full"),
        (tenure, RDF + "type", BKG + "Tenure"),
    }
    direct, start, first, second = of_evidence(reading)
    assert direct["supports"] == start["supports"] == first["supports"] == {tenure}
    assert direct["onProperty"] == {ORG + "member", BKG + "post", BKG + "tenureStatus", RDF + "type"}
    assert "rank" not in direct
    assert start["statesEdtf"] == {"2022-06-11"}
    assert start["onProperty"] == {BKG + "start"}
    assert start["rank"] == {"https://w3id.org/bilim/list/rank/preferred"}
    assert first["attestsEdtf"] == {"2022-06-24"}
    assert second["attestsEdtf"] == {"2022-08-20"}
    assert "onProperty" not in first
    for node in (direct, start, first, second):
        assert node["inDocument"] == {ID + "document/doc-1"}
        assert node["assertionMode"] == {"https://w3id.org/bilim/list/assertion-mode/asserted"}
        assert node["confidence"] == {"0.9"}
        assert node["locator"] == {"p. 3"}
    places = {i.quad.predicate.value.split("#")[-1]: place_of(i) for i in reading}
    assert places["statesEdtf"] == (2, "start")
    assert places["confidence"] == (2, "confidence")
    edtf = [i.quad.object.datatype.value for i in reading if i.quad.predicate.value == BKG + "statesEdtf"]
    assert edtf == [EDTF_TYPE]


def place_of(item: Any) -> tuple[int | None, str | None]:
    return item.where.row, item.where.column


def test_evidence_names_do_not_depend_on_rows() -> None:
    one = "x-y,x,y,2022,,,full,doc-1,,,,0.9,,\n"
    two = "a-b,a,b,2021,,,full,doc-1,,,,0.9,,\n"
    assert triples(tenures(one + two)) == triples(tenures(two + one))
    expected = evidence_slug("tenures", entity_iri("tenure", "x-y"), "doc-1", "", "start", "2022", "")
    assert entity_iri("evidence", expected) in {t[0] for t in triples(tenures(one))}


def test_property_limits_the_evidence_to_a_column() -> None:
    whole = "x-y,x,y,,,,,doc-2,,,,0.9,,\n"
    (node, _) = of_evidence(tenures("x-y,x,y,2022,,,,doc-1,,start,,0.9,,\n" + whole))
    assert node["onProperty"] == {BKG + "start"}
    (node, _) = of_evidence(tenures("x-y,x,y,,,,,doc-1,,person,,0.9,,\n" + whole))
    assert node["onProperty"] == {ORG + "member"}
    lost = tenures("x-y,x,y,2022,2023,,,doc-1,,start,,0.9,,\n" + whole)
    assert [(f.code, place(f)) for f in lost.findings] == [("read-beyond-property", (2, "end"))]
    assert codes(tenures("x-y,x,y,,,,,doc-1,,start,,0.9,,\n" + whole)) == ["read-property-empty"]
    unknown = tenures("x-y,x,y,2022,,,,doc-1,,strat,,0.9,,\n" + whole)
    assert codes(unknown) == ["read-unknown-property"]
    assert "'start'" in unknown.findings[0].text()


@pytest.mark.parametrize(
    ("row", "code", "column", "row_number"),
    [
        ("x-y,x,y,2009-13-01,,,,doc-1,,,,0.9,,", "date-month", "start", 2),
        ("x-y,x,y,,,,,doc-1,,,,high,,", "lexical-decimal", "confidence", 2),
        ("x-y,x,y,,,,,doc-1,,,,1.5,,", "read-not-allowed", "confidence", 2),
        ("x-y,x,y,,,,,doc-1,,,guessed,0.9,,", "read-not-allowed", "mode", 2),
        ("x-y,,y,,,,,doc-1,,,,0.9,,", "read-required", "person", 2),
        (",x,y,,,,,doc-1,,,,0.9,,", "read-required", "id", 2),
        ("x-y,x,y,,,,,,,,,0.9,,", "read-required", "source", 2),
        ("x-y,x,y,,,,,doc-1,,,inferred,0.9,,", "read-inferred-without-note", "note", 2),
        ("x-y,x,Y_y,,,,,doc-1,,,,0.9,,", "read-bad-id", "post", 2),
        ("x-y,Асхат,y,,,,,doc-1,,,,0.9,,", "read-bad-id", "person", 2),
        ("x-y,x, y,,,,,doc-1,,,,0.9,,", "read-blanks-around", "post", 2),
        ("x-y,x,y,,,,,doc-1", "read-ragged-row", None, 2),
        ("x-y,x,y,,,,,doc-1,,,,0.9,,,", "read-ragged-row", None, 2),
        ("\n\nx-y,x,y,2022-02-30,,,,doc-1,,,,0.9,,", "date-no-such-day", "start", 4),
        ("x-y,x,y,,,,,doc-1,,,,0.9,,\nx-y,x,y,,,,,doc-1,,,,0.8,,", "read-duplicate-key", "id", 3),
    ],
)
def test_a_bad_cell_is_named_with_row_and_column(row: str, code: str, column: str | None, row_number: int) -> None:
    good = "a-b,a,b,2022,,,full,doc-9,,,,0.9,,\n"
    reading = tenures(row + "\n" + good)
    assert code in codes(reading)
    found = next(f for f in reading.findings if f.code == code)
    assert place(found) == (row_number, column)
    for lang in ("en", "ru", "kk"):
        assert found.text(lang)
    assert entity_iri("tenure", "a-b") in {t[0] for t in triples(reading)}  # the rest is read


def test_same_id_with_another_locator_is_no_duplicate() -> None:
    assert codes(tenures("x-y,x,y,2021,,,,doc-1,p. 1,,,0.9,,\nx-y,x,y,2022,,,,doc-1,p. 2,,,0.9,,\n")) == []


def test_columns_are_found_by_name_or_title_in_any_order() -> None:
    reading = tenures("y,x,x-y" + "," * 11 + "\n", HEAD.replace("id,person,post", "post,person,id"))
    assert (entity_iri("tenure", "x-y"), BKG + "post", ID + "post/y") in triples(reading)
    by_title = tenures("x-y,x,y,2022,,,,doc-1,,,,0.9,,\n", HEAD.replace("person", "человек"))
    assert codes(by_title) == []


def test_header_faults() -> None:
    reading = tenures("x-y,x,y,2022,,,,doc-1,,,,0.9,,\n", HEAD.replace("start", "strat"))
    assert [(f.code, place(f)) for f in reading.findings] == [
        ("read-unknown-column-near", (1, "strat")),
        ("read-missing-column", (1, "start")),
    ]
    assert "'start'" in reading.findings[0].text()
    assert codes(tenures("", HEAD.replace("person", "post"))) == ["read-column-twice", "read-missing-column"]
    assert codes(tenures("x-y;x;y\n", HEAD.replace(",", ";"))) == ["read-delimiter"]
    assert codes(tenures("", "")) == ["read-empty-table"]


def test_bytes_that_are_no_table() -> None:
    bad = read_table(HEAD.encode() + "x-y,Асхат".encode("cp1251"), TENURES, G, "tenures.csv")
    assert codes(bad) == ["read-not-utf8"]
    assert bad.findings[0].where is not None
    assert bad.findings[0].where.line == 2
    open_quote = tenures('a-b,a,b,2022,,,,doc-1,,,,0.9,,\nx-y,"x,y\n')
    assert codes(open_quote) == ["read-csv-broken"]
    assert place(open_quote.findings[0])[0] == 3
    assert entity_iri("tenure", "a-b") in {t[0] for t in triples(open_quote)}
    assert codes(read_table(b"PK", TENURES, G, "tenures.xlsx")) == ["read-xlsx-broken"]


def test_a_workbook_says_the_same_as_the_csv() -> None:
    row = "x-y,x,y,2022-06-11,,2022-06-24,full,doc-1,,,,0.9,,"
    rows = [HEAD.strip().split(","), row.split(",")]
    book = openpyxl.Workbook()
    sheet = book.create_sheet("tenures")
    for cells in rows:
        sheet.append([float(text) if text == "0.9" else text or None for text in cells])
    sheet.append([])
    data = BytesIO()
    book.save(data)
    reading = read_table(data.getvalue(), TENURES, G, "tenures.xlsx")
    assert codes(reading) == []
    assert triples(reading) == triples(tenures(row + "\n"))
    assert {(i.where.sheet, i.where.row) for i in reading} == {("tenures", 2)}


def test_virtual_columns_need_all_their_variables(tmp_path: Path) -> None:
    columns: list[dict[str, Any]] = [
        {"name": "id"},
        {"name": "kind"},
        {"name": "slug"},
        {"virtual": True, "propertyUrl": "bkg:concerns", "valueUrl": "https://w3id.org/bilim/id/{kind}/{slug}"},
        {"virtual": True, "propertyUrl": "rdf:type", "valueUrl": "foaf:Person"},
        {"virtual": True, "propertyUrl": "bkg:note", "default": "made", "aboutUrl": "post:{slug}"},
    ]
    reading = described(tmp_path, "id,kind,slug\na,post,p\nb,post,\nc,,\n", columns)
    assert codes(reading) == []
    assert {(s.rsplit("/", 1)[1], o) for s, p, o in triples(reading) if p == BKG + "concerns"} == {("a", ID + "post/p")}
    assert sum(p == RDF + "type" for _, p, _ in triples(reading)) == 3
    assert {s for s, p, _ in triples(reading) if p == BKG + "note"} == {ID + "post/p"}


def test_lists_languages_nulls_and_prefixed_names(tmp_path: Path) -> None:
    columns = [
        {"name": "id"},
        {"name": "alt_kk", "propertyUrl": "skos:altLabel", "lang": "kk", "separator": ";"},
        {"name": "of", "propertyUrl": "bkg:of", "valueUrl": "https://w3id.org/bilim/id/{+of}", "separator": ";"},
        {"name": "prop", "propertyUrl": "bkg:property", "valueUrl": "{+prop}"},
        {"name": "value", "propertyUrl": "bkg:value", "bkg:langColumn": "lang", "null": ["-"]},
        {"name": "lang"},
        {"name": "single", "propertyUrl": "bkg:singleHolder", "datatype": {"base": "boolean", "format": "yes|no"}},
    ]
    rows = "id,alt_kk,of,prop,value,lang,single\na,А; Б,post/x; region/y,skos:prefLabel,Абай,kk,yes\nb,,,nope:x,-,,\nc,,,,KZ-10,,\n"  # noqa: E501
    reading = described(tmp_path, rows, columns)
    assert [(f.code, place(f)) for f in reading.findings] == [("read-bad-iri", (3, "prop"))]
    said = {str(i.quad.object) for i in reading}
    assert {'"А"@kk', '"Б"@kk', '"Абай"@kk', '"KZ-10"', f"<{ID}region/y>", f"<{SKOS}prefLabel>"} <= said
    assert '"true"^^<http://www.w3.org/2001/XMLSchema#boolean>' in said


def test_one_of_several_cells_is_filled(tmp_path: Path) -> None:
    reading = described(
        tmp_path,
        "id,url,note\na,,\nb,,why\n",
        [{"name": n} for n in ("id", "url", "note")],
        **{"bkg:requireOneOf": ["url", "note"]},
    )
    assert [(f.code, place(f)) for f in reading.findings] == [("read-one-of", (2, "url"))]


def test_the_register_tells_only_what_is_withdrawn_or_redirected() -> None:
    rows = "kind,slug,since,status,reason\nperson,a,2026-11-22,live,\nperson,b,2026-11-22,withdrawn,x\nperson,c,2026-11-22,redirect:a,x\n"  # noqa: E501
    reading = read_table(rows.encode(), REFERENCE / "slugs.csv-metadata.json", GRAPH_DATA + "slugs", "slugs.csv")
    assert codes(reading) == []
    deprecated = "http://www.w3.org/2002/07/owl#deprecated"
    assert triples(reading) == {
        (ID + "person/b", deprecated, "true"),
        (ID + "person/c", deprecated, "true"),
        (ID + "person/c", "http://purl.org/dc/terms/isReplacedBy", ID + "person/a"),
    }


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"columns": [{"name": "id", "propertyUrl": "nope:x"}]}, "nope:x"),
        ({"columns": [{"name": "id", "bogus": 1}]}, "bogus"),
        ({"columns": [{"name": "id", "bkg:evidense": "states"}]}, "bkg:evidense"),
        ({"columns": [{"name": "id", "bkg:evidence": "maybe"}]}, "maybe"),
        ({"columns": [{"name": "x"}]}, "id"),
        ({"columns": [{"name": "id", "datatype": "byte"}]}, "xsd:byte"),
        ({"columns": [{"bkg:use": "names"}]}, "names"),
        ({"columns": [{"name": "id"}], "bkg:tail": True}, "tail"),
        ({"columns": [{"name": "id", "valueUrl": "http://x/{id", "propertyUrl": "bkg:x"}]}, "{id"),
    ],
)
def test_a_bad_description_is_told_and_nothing_read(tmp_path: Path, change: dict[str, Any], part: str) -> None:
    reading = described(tmp_path, "id\na\n", **change)
    assert reading.findings
    assert part in " ".join(f.text() for f in reading.findings)
    assert not reading.graphs
    (tmp_path / "t.csv-metadata.json").write_text('{"a":\n 1,}', encoding="utf-8")
    broken = read_table(b"id\n", tmp_path / "t.csv-metadata.json", G, "t.csv")
    assert broken.findings[0].where is not None
    assert broken.findings[0].where.line == 2


def test_shared_columns_are_put_in_and_own_ones_win(tmp_path: Path) -> None:
    shared = json.loads((REFERENCE / "_columns.json").read_text(encoding="utf-8"))
    shared["names"] = {"columns": [{"name": "name_en", "propertyUrl": "skos:prefLabel", "lang": "en"}]}
    columns = [{"name": "id"}, {"bkg:use": "names"}, {"name": "property", "propertyUrl": "bkg:note"}]
    rows = "id,name_en,property,source,locator,mode,confidence,rank,note\na,A,free text,doc-1,,,0.5,,\n"
    reading = described(tmp_path, rows, columns, shared, **{"bkg:tail": True})
    assert codes(reading) == []
    assert (ID + "person/a", SKOS + "prefLabel", "A") in triples(reading)
    assert (ID + "person/a", BKG + "note", "free text") in triples(reading)


def _copy(tmp_path: Path) -> Path:
    target = tmp_path / "data"
    shutil.copytree(find().data, target)
    return target


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_ids_are_checked_between_tables(tmp_path: Path) -> None:
    data = _copy(tmp_path)
    before = {g: codes(r) for g, r in read_folder(data).items()}
    _edit(data / "reference/tenures.csv", ",krymbek-kusherbayev,", ",krymbek-kusherbaev,")
    _edit(
        data / "reference/changes.csv",
        "organization/kz-ministry-of-education;",
        "organization/kz-ministry-of-educatoin;",
    )
    (data / "reference/alone.csv").write_text("id\n", encoding="utf-8")
    (data / "documents/notes.docx").write_bytes(b"")
    readings = read_folder(data)
    fresh = {g: [f for f in r.findings if f.code not in before.get(g, [])] for g, r in readings.items()}
    (person,) = (f for f in fresh[G] if f.code != "read-duplicate-key")
    assert person.code == "read-unknown-id-near"
    assert place(person) == (2, "person")
    assert "'krymbek-kusherbayev'" in person.text()
    (body,) = fresh[GRAPH_DATA + "changes"]
    assert place(body)[1] == "before" or place(body)[1] == "after"
    assert "'kz-ministry-of-education'" in body.text()
    assert codes(readings[GRAPH_DATA + "alone"]) == ["read-no-metadata"]
    assert "read-unknown-format" in {c for r in readings.values() for c in codes(r)}


def test_terms_of_tables_are_checked_against_the_ontology() -> None:
    terms = set()
    for folder in ("def", "lists"):
        for path in (find().ontology / folder).glob("*.ttl"):
            terms |= {q.subject.value for q in parse(path.read_bytes(), RdfFormat.TURTLE)}
    bad = read_table((HEAD + "x-y,x,y,,,,fulll,doc-1,,,,0.9,,\n").encode(), TENURES, G, "tenures.csv", vocabulary=terms)
    assert [(f.code, place(f)) for f in bad.findings] == [("read-unknown-concept-near", (2, "status"))]
    assert "acting, full" in bad.findings[0].text("kk")


@settings(max_examples=200)
@given(st.text(min_size=1, max_size=12))
def test_templates_expand_as_uritemplate_does(value: str) -> None:
    value = value.encode("utf-8", "ignore").decode()
    if not value:
        return
    for text in ("http://x/{a}", "http://x/{+a}/y", "http://x/{?a}"):
        assert Template(text).expand({"a": value}) == URITemplate(text).expand(a=value)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.text(alphabet='ab-1 ,;"\nй:/', max_size=8), max_size=16), max_size=4))
def test_no_row_raises(rows: list[list[str]]) -> None:
    text = "\n".join(",".join(row) for row in rows)
    reading = tenures(text)
    assert all(f.where is not None for f in reading.findings)
