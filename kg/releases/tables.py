"""The tables of the projection. Each row has a key: a release can say which rows it has anew, and which are gone.

- ``meta(key, value)``: layout, content hash, number of names; ``sums(graph, sum)``: what the hashes of computed graphs
  are made of (kg.releases.hashing).
- ``documents(kind, slug, iri, weight, about, used)``: every thing; ``cores(kind, slug, json)``: what it says of itself,
  also of names that are no things; ``members(kind, slug, grp, first, second, member, n)``: who points to it, in order,
  and ``groups(kind, slug, grp, n)`` how many (kg.releases.documents).
- ``labels(iri, json)`` of everything that has one; ``lists(kind, lang, sort, slug)``; ``counts(kind, cls, n)`` (``cls``
  '' = the whole kind).
- ``names``, ``words``, ``word_names``, ``word_forms`` (kg.releases.name_index); ``facets``, ``facet_counts``
  (kg.releases.facets); ``spans``, ``list_facets``, ``edges``, ``sources`` (kg.releases.filters).
- ``usage`` (kg.releases.usage); ``partitions`` (kg.releases.partitions); ``coverage_numbers``, ``coverage``
  (kg.releases.coverage).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """``columns`` with their types; the first ``keys`` of them are the key. ``wide``: rows too long for an index."""

    name: str
    columns: tuple[str, ...]
    keys: int
    wide: bool = False
    indexes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.split()[0] for column in self.columns)

    @property
    def key(self) -> tuple[str, ...]:
        return self.names[: self.keys]

    def create(self) -> str:
        """SQL that makes the table, without its further indexes."""
        tail = "" if self.wide else " WITHOUT ROWID"
        return f"CREATE TABLE {self.name}({', '.join(self.columns)}, PRIMARY KEY({', '.join(self.key)})){tail};"

    def create_gone(self) -> str:
        """SQL that makes the table of keys that hide the rows of earlier releases."""
        columns = ", ".join(self.columns[: self.keys])
        return f"CREATE TABLE gone_{self.name}({columns}, PRIMARY KEY({', '.join(self.key)})) WITHOUT ROWID;"

    def create_indexes(self) -> str:
        return "".join(
            f"CREATE INDEX {self.name}_{number} ON {self.name}({columns});"
            for number, columns in enumerate(self.indexes)
        )

    def select_one(self) -> str:
        """SQL for the row of a key. Through levels, keys of several columns are looked for one by one."""
        return f"SELECT {', '.join(self.names)} FROM {self.name} WHERE {' AND '.join(f'{k} = ?' for k in self.key)}"

    def insert(self) -> str:
        return f"INSERT INTO {self.name} VALUES({', '.join('?' * len(self.columns))})"


_THING: Final = ("kind TEXT", "slug TEXT")

_ALL: Final = (
    Table("meta", ("key TEXT", "value TEXT NOT NULL"), 1),
    Table("sums", ("graph TEXT", "sum BLOB NOT NULL"), 1),
    Table(
        "documents",
        (*_THING, "iri TEXT NOT NULL", "weight INTEGER NOT NULL", "about TEXT NOT NULL", "used TEXT NOT NULL"),
        2,
    ),
    Table("cores", (*_THING, "json TEXT NOT NULL"), 2, wide=True),
    Table("members", (*_THING, "grp TEXT", "first TEXT", "second", "member TEXT", "n INTEGER"), 7),
    Table("groups", (*_THING, "grp TEXT", "n INTEGER NOT NULL"), 3),
    Table("labels", ("iri TEXT", "json TEXT NOT NULL"), 1),
    Table("lists", ("kind TEXT", "lang TEXT", "sort TEXT", "slug TEXT"), 4),
    Table("counts", ("kind TEXT", "cls TEXT", "n INTEGER NOT NULL"), 2),
    Table(
        "names",
        ("id INTEGER", "key TEXT", *_THING, "lang TEXT", "name TEXT", "preferred INTEGER"),
        1,
        indexes=("key, kind, slug",),
    ),
    Table("words", ("word TEXT", "names INTEGER NOT NULL"), 1),
    Table("word_names", ("word TEXT", "name INTEGER"), 2),
    Table("word_forms", ("form TEXT", "word TEXT"), 2),
    Table("facets", ("facet TEXT", "value TEXT", *_THING), 4, indexes=("kind, slug, facet, value",)),
    Table("facet_counts", ("facet TEXT", "value TEXT", "kind TEXT", "things INTEGER NOT NULL"), 3),
    Table(
        "spans",
        (*_THING, "es TEXT", "ls TEXT", "ee TEXT", "le TEXT", "start TEXT", "end TEXT", "point TEXT"),
        2,
    ),
    Table("list_facets", ("kind TEXT", "facet TEXT", "value TEXT", "slug TEXT"), 4),
    Table("edges", (*_THING, "other_kind TEXT", "other_slug TEXT", "via_kind TEXT", "via_slug TEXT"), 6),
    Table(
        "sources",
        ("slug TEXT", "evidence INTEGER NOT NULL", "things INTEGER NOT NULL", "alone INTEGER NOT NULL"),
        1,
    ),
    Table(
        "usage",
        (
            *("term TEXT", "via TEXT", "things INTEGER NOT NULL", "statements INTEGER NOT NULL"),
            *("thing TEXT NOT NULL", "example TEXT NOT NULL"),
        ),
        2,
    ),
    Table(
        "partitions",
        ("cls TEXT", "property TEXT", "target TEXT", "is_class INTEGER", "n INTEGER NOT NULL"),
        4,
    ),
    Table("coverage_numbers", ("kind TEXT", "cls TEXT", "trait TEXT", "n INTEGER NOT NULL"), 3),
    Table("coverage", ("position INTEGER", "kind TEXT NOT NULL", "cls TEXT NOT NULL", "json TEXT NOT NULL"), 1),
)
TABLES: Final[Mapping[str, Table]] = {table.name: table for table in _ALL}
