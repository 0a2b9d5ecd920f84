"""A workbook of 1,000 rows as a steward fills it in, with 40 mistakes of 15 kinds at known cells.

The form is that of `bilim template xlsx`. Schools are founded, get a director's post, a director, an opening and its
participants; all is new to the base but the regions, the country and the source.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import openpyxl

TABLES = ("persons", "organizations", "posts", "tenures", "events", "participations")
SOURCE = "ror-00kc94n51"  # of 2025-11-24: what happened before may stand in it

_GIVEN = (
    ("Sanzhar", "Санжар"),
    ("Ainur", "Айнур"),
    ("Temirlan", "Темирлан"),
    ("Zarina", "Зарина"),
    ("Olzhas", "Олжас"),
)
_FAMILY = (
    *(("Qobyzov", "Кобызов"), ("Dombyrov", "Домбыров"), ("Sybyzgin", "Сыбызгин"), ("Shertpev", "Шертпев")),
    *(("Tulparov", "Тулпаров"), ("Kerimkulin", "Керимкулин"), ("Zhetigenov", "Жетигенов"), ("Asatayaq", "Асатаяков")),
    *(("Dauylpazov", "Дауылпазов"), ("Syrnaiev", "Сырнаев")),
)  # of musical instruments, so that nobody of the base is like them
_REGIONS = (
    "akmola",
    "aktobe",
    "atyrau",
    "karaganda",
    "kostanay",
    "pavlodar",
    "mangystau",
    "zhambyl",
    "turkistan",
    "kyzylorda",
)

PLANNED = (61, 71, 81)
"""Rows of events that are still to come."""

Row = dict[str, str]
Sheets = dict[str, list[Row]]


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is written wrong, where, and what the report must say there."""

    kind: str
    code: str
    sheet: str
    row: int  # as a spreadsheet counts
    column: str
    text: str

    @property
    def places(self) -> set[tuple[str, int, str, str]]:
        """Where the report must tell of it: of two in one office at both."""
        rows = (self.row, self.row - 1) if self.code == "Tenure-overlap" else (self.row,)
        return {(self.sheet, row, self.column, self.code) for row in rows}


def right_rows() -> Sheets:
    """1,000 rows without a mistake."""
    out: Sheets = {name: [] for name in TABLES}
    for n in range(300):
        given, family = _GIVEN[n % 5], _FAMILY[n // 5 % 10]
        mark = _roman(n // 50)
        names = {"name_en": f"{given[0]} {family[0]} {mark[0]}", "name_ru": f"{given[1]} {family[1]} {mark[1]}"}
        out["persons"].append({"id": f"seeded-person-{n}", **names, "name_kk": names["name_ru"]})
    for n in range(200):
        school = {"id": f"seeded-school-{n}", "class": "School", "country": "kz", "region": _REGIONS[n % 10]}
        names = {"name_en": f"Seeded School No. {9000 + n}", "name_ru": f"Школа-образец № {9000 + n}"}
        out["organizations"].append({**school, **names, "name_kk": f"Үлгі мектеп № {9000 + n}", "start": "2015-09-01"})
    for n in range(150):
        post = {"id": f"seeded-director-{n}", "class": "org:Post", "organization": f"seeded-school-{n}"}
        names = {
            "name_en": f"Director of Seeded School No. {9000 + n}",
            "name_ru": f"Директор школы-образца № {9000 + n}",
        }
        out["posts"].append(
            {**post, **names, "name_kk": f"Үлгі мектептің директоры № {9000 + n}", "single_holder": "true"}
        )
    for n in range(150):
        tenure = {"id": f"seeded-tenure-{n}", "person": f"seeded-person-{n}", "post": f"seeded-director-{n}"}
        out["tenures"].append({**tenure, "start": "2018-08-20", "end": "2021-06-01", "status": "full"})
    for n in range(100):
        event = {"id": f"seeded-opening-{n}", "kind": "visit", "status": "occurred", "region": _REGIONS[n % 10]}
        names = {
            "name_en": f"Visit to Seeded School No. {9000 + n}",
            "name_ru": f"Посещение школы-образца № {9000 + n}",
        }
        if n + 2 in PLANNED:
            event |= {"status": "planned", "when": "2030-01-01"}
        out["events"].append({"when": "2020-02-03", **event, **names, "name_kk": f"Үлгі мектепке бару № {9000 + n}"})
    for n in range(100):
        part = {
            "id": f"seeded-participation-{n}",
            "event": f"seeded-opening-{n}",
            "participant": f"person/seeded-person-{n}",
        }
        out["participations"].append({**part, "role": "guest"})
    for rows in out.values():
        for row in rows:
            row.update({"source": SOURCE, "mode": "asserted", "confidence": "0.8"})
    assert sum(map(len, out.values())) == 1000
    return out


def _roman(number: int) -> tuple[str, str]:
    """A second given name, so that all names differ."""
    return (
        ("Almas", "Алмас"),
        ("Bolat", "Болат"),
        ("Galym", "Галым"),
        ("Daulet", "Даулет"),
        ("Yerbol", "Ербол"),
        ("Zhandos", "Жандос"),
    )[number]


def mistakes() -> list[Mistake]:
    """40 of 15 kinds, each in a row of its own."""
    return list(_mistakes())


def _mistakes() -> Iterator[Mistake]:
    def at(kind: str, code: str, sheet: str, column: str, text: str, *rows: int) -> Iterator[Mistake]:
        for row in rows:
            yield Mistake(kind, code, sheet, row, column, text)

    yield from at("a day that there is not", "date-no-such-day", "tenures", "start", "2019-02-29", 5, 17, 33, 61)
    yield from at("a word that no list has", "read-unknown-concept-near", "events", "kind", "visitt", 7, 19, 31)
    yield from at("words for a number", "lexical-decimal", "persons", "confidence", "high", 160, 180, 200)
    yield from at("a number out of range", "read-not-allowed", "events", "confidence", "1.5", 40, 50)
    yield from at("a class misspelt", "read-not-allowed", "organizations", "class", "Schol", 160, 170)
    yield from at("a name of no one", "read-unknown-id", "tenures", "person", "0000000000", 71, 73, 75, 77)
    yield from at("an empty cell that must be filled", "read-required", "tenures", "person", "", 81, 83)
    for row in (210, 220, 230):
        yield from at("an id that is none", "read-bad-id", "persons", "id", f"Person No. {row}", row)
    yield from at("inferred, and no note", "read-inferred-without-note", "participations", "note", "", 9, 21, 33)
    yield from at("a row twice", "read-duplicate-key", "persons", "id", "seeded-person-10", 250, 260)
    yield from at(
        "a formula without value", "read-formula-no-value", "organizations", "name_en", "=CONCAT(A2)", 180, 190
    )
    yield from at("neither true nor false", "lexical-boolean", "posts", "single_holder", "perhaps", 120, 130)
    yield from at("in office before the post", "Tenure-frame-start", "tenures", "start", "1950-01-01", 91, 93, 95)
    yield from at("two in an office of one", "Tenure-overlap", "tenures", "post", "", 101, 103)
    yield from at("told before it happened", "Event-source-order", "events", "status", "occurred", *PLANNED)


def workbook(form: bytes, wrong: bool) -> bytes:
    """The form filled in, with the mistakes or without."""
    sheets = right_rows()
    if wrong:
        for m in mistakes():
            row = sheets[m.sheet][m.row - 2]
            row[m.column] = m.text
            if m.kind == "inferred, and no note":
                row["mode"] = "inferred"
            if m.kind == "two in an office of one":
                row["post"] = f"seeded-director-{m.row - 3}"  # that of the row before
    book = openpyxl.load_workbook(io.BytesIO(form))
    for name, rows in sheets.items():
        sheet = book[name]
        header = [cell.value for cell in sheet[1]]
        for row in rows:
            sheet.append([row.get(str(column)) or None for column in header])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
