"""Datatypes: what is well formed, what is not, and what is said of it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.lexical import TYPES, check
from kg.terms import EDTF_TYPE, RDF, XSD

GOOD = {
    "integer": ["0", "-5", "+5", "9223372036854775807"],
    "decimal": ["0.9", "1", "-.5", "3.", "123456789012345678.000000000000000001"],
    "boolean": ["true", "false", "1", "0"],
    "date": ["2022-06-24", "2024-02-29"],
    "gYear": ["2022", "0001"],
    "gYearMonth": ["2022-06"],
    "dateTime": ["2022-06-24T10:30:00", "2022-06-24T10:30:00.5Z", "2022-06-24T10:30:00+06:00"],
    "string": ["", "KZ-10", "Абай\nоблысы"],
    "langString": ["Абай облысы"],
    "edtf": ["2022", "2022-06~", "[2020-10-28,2021-10-28]"],
}
BAD = {
    "integer": ["", "1.0", " 1", "1 000", "1e3", "9223372036854775808", "١", "0x1"],
    "decimal": ["", ".", "1,5", "1e3", "NaN", "50%", "1234567890123456789.5"],
    "boolean": ["True", "yes", "", "TRUE"],
    "date": ["24.06.2022", "2022-06", "2023-02-29", "2022-06-24Z", "2022-06-24T00:00:00", "2009-13-01", "", "2022-6-4"],
    "gYear": ["22", "2022-06", "0000", "-0044"],
    "gYearMonth": ["2022", "2022-13", "2022-21", "2022-06-01"],
    "dateTime": ["2022-06-24", "2022-06-24T25:00:00", "2022-06-24 10:30:00", "2023-02-29T10:00:00", "2022-06-24T10:30"],
    "string": ["\x00", "a\x0bb", "\ud800"],
    "langString": ["\x1f"],
    "edtf": ["", "24.06.2022", "2023-02-29"],
}


def iri(name: str) -> str:
    return {"langString": RDF + "langString", "edtf": EDTF_TYPE}.get(name, XSD + name)


def test_every_datatype_of_the_data_is_here() -> None:
    assert set(TYPES) == {iri(name) for name in GOOD}
    with pytest.raises(KeyError):
        check(XSD + "float", "1.0")


@pytest.mark.parametrize(("name", "text"), [(n, t) for n, ts in GOOD.items() for t in ts])
def test_well_formed(name: str, text: str) -> None:
    assert check(iri(name), text) is None


@pytest.mark.parametrize(("name", "text"), [(n, t) for n, ts in BAD.items() for t in ts])
def test_ill_formed(name: str, text: str) -> None:
    found = check(iri(name), text)
    assert found is not None
    assert found.severity == "Violation"
    assert found.value == text
    assert all(found.what[lang] for lang in ("en", "ru", "kk"))
    assert all(found.advice[lang] for lang in ("en", "ru", "kk"))


@pytest.mark.parametrize("datatype", TYPES)
def test_the_example_is_one_and_stands_in_what_is_allowed(datatype: str) -> None:
    kind = TYPES[datatype]
    assert kind.check(kind.example) is None
    assert set(kind.allowed) == {"en", "ru", "kk"}
    assert kind.name == "boolean" or all(kind.example in text for text in kind.allowed.values())


def test_a_missing_day_is_told_as_such() -> None:
    found = check(XSD + "date", "2023-02-29")
    assert found is not None
    assert "February 2023 has 28 days" in found.text("en")
    other = check(XSD + "date", "24.06.2022")
    assert other is not None
    assert "2022-06-24" in other.text("ru")


def test_a_code_written_as_a_number_is_warned_of() -> None:
    """The store keeps "007"^^xsd:integer as 7."""
    found = check(XSD + "integer", "007")
    assert found is not None
    assert (found.code, found.severity) == ("lexical-zeros", "Warning")
    assert check(XSD + "integer", "0") is None


def test_values() -> None:
    assert TYPES[XSD + "date"].parse("2022-06-24") == date(2022, 6, 24)
    assert TYPES[XSD + "decimal"].parse("0.90") == Decimal("0.9")
    assert TYPES[XSD + "gYearMonth"].parse("2022-06") == (2022, 6)
    assert TYPES[XSD + "boolean"].parse("1") is True


CANDIDATES = st.one_of(
    st.text("0123456789.+-", max_size=24),
    st.integers().map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=6).map(lambda n: format(n, "f")),
    st.dates().map(str),
    st.datetimes().map(lambda t: t.isoformat(timespec="seconds")),
)


@given(st.sampled_from(["integer", "decimal", "date", "gYear", "gYearMonth", "dateTime"]), CANDIDATES)
def test_what_is_well_formed_here_has_a_value_in_the_store(name: str, text: str) -> None:
    """Beyond its range the store keeps a literal as an unknown one, silently: comparisons then fail."""
    if check(iri(name), text) is None:
        query = f'SELECT ("{text}"^^<{iri(name)}> = "{text}"^^<{iri(name)}> AS ?same) WHERE {{}}'
        (row,) = ox.Store().query(query)  # type: ignore[misc]
        assert row["same"] == ox.Literal(True)
        cast = ox.Store().query(f'SELECT (<{iri(name)}>("{text}") AS ?value) WHERE {{}}')
        (row,) = cast  # type: ignore[misc]
        assert row["value"] is not None
