"""All of data/: reference tables and documents, each its own graph, and the checks between tables."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Final

from pyoxigraph import NamedNode

from kg.findings import Where, finding
from kg.reading.checks import Vocabulary
from kg.reading.located import Reading, distinct
from kg.reading.metadata import SHARED, SUFFIX, load_spec
from kg.reading.rdf import FORMATS, read_rdf
from kg.reading.tables import read_bytes
from kg.reading.unknown import by_kind, is_thing, unknown_thing, unknown_things
from kg.terms import GRAPH_DATA, GRAPH_DOCUMENT, LEFT_OUT, SLUG, split_entity_iri

REGISTER: Final = "slugs"
"""The table in which slugs are born: kind, slug, since, status, reason."""

Progress = Callable[[str, int, int], None]
"""Called before each file: its name, its number from 1, how many there are."""


def read_folder(
    data: Path, vocabulary: Collection[str] | None = None, progress: Progress | None = None
) -> dict[str, Reading]:
    """Graph IRI -> Reading of every table and document.

    ``reference/{table}.csv`` is graph/data/{table}, ``documents/{stem}.trig`` is graph/document/{stem}.
    Deterministic: files in the order of their names. Findings stand in the Reading of the file they belong to.
    Each file is read by a pure function of its bytes and context, so files may be read apart from each other.
    """
    known = Vocabulary(vocabulary) if vocabulary is not None else None
    tables = sorted((data / "reference").glob("*.csv"))
    documents = sorted(
        p
        for p in (data / "documents").glob("*")
        if p.is_file() and not p.name.startswith((".", "README")) and not p.name.endswith(LEFT_OUT)
    )
    total = len(tables) + len(documents)
    readings: dict[str, Reading] = {}
    shared = data / "reference" / SHARED
    snippets = shared.read_bytes() if shared.exists() else None
    for number, path in enumerate(tables, start=1):
        if progress:
            progress(path.name, number, total)
        readings[GRAPH_DATA + path.stem] = _table(path, snippets, known)
    for metadata in sorted((data / "reference").glob("*" + SUFFIX)):
        stem = metadata.name.removesuffix(SUFFIX)
        if not (data / "reference" / f"{stem}.csv").exists():
            where = Where(metadata.name)
            readings[GRAPH_DATA + stem] = Reading(findings=[finding("read-no-table", where=where, table=f"{stem}.csv")])
    for number, path in enumerate(documents, start=len(tables) + 1):
        if progress:
            progress(path.name, number, total)
        iri = GRAPH_DOCUMENT + path.stem
        if iri in readings:
            readings[iri].findings.append(finding("read-name-twice", where=Where(path.name), value=path.stem))
        elif path.suffix not in FORMATS or not SLUG.fullmatch(path.stem):
            code = "read-unknown-format" if path.suffix not in FORMATS else "read-bad-file-name"
            found = finding(code, where=Where(path.name), suffix=path.suffix, known=" ".join(FORMATS), value=path.stem)
            readings[iri] = Reading(findings=[found])
        else:
            readings[iri] = read_rdf(path, graph=iri, vocabulary=known)
    if any(_is_lost(reading) for graph, reading in readings.items() if graph.startswith(GRAPH_DATA)):
        return readings  # whatever a table that was not read tells of would be called unknown all over the folder
    _check_references(readings)
    _check_ids(readings)
    _check_register(readings)
    return readings


def _is_lost(reading: Reading) -> bool:
    """Whether a table is there with its description, and not one row of it was read."""
    return reading.faulty and not reading.rows and reading.findings[0].code not in ("read-no-metadata", "read-no-table")


def _table(path: Path, snippets: bytes | None, vocabulary: Vocabulary | None) -> Reading:
    metadata = path.with_name(path.stem + SUFFIX)
    if not metadata.exists():
        return Reading(findings=[finding("read-no-metadata", where=Where(path.name), metadata=metadata.name)])
    spec, findings = load_spec(metadata.read_bytes(), metadata.name, snippets)
    if spec is None:
        return Reading(findings=findings)
    return read_bytes(path.read_bytes(), path.name, spec, GRAPH_DATA + path.stem, vocabulary=vocabulary)


def _check_references(readings: dict[str, Reading]) -> None:
    """Foreign keys: each value must be a key of the table that it refers to."""
    for reading in readings.values():
        for reference in reading.references:
            table = reference.resource.removesuffix(".csv")
            target = readings.get(GRAPH_DATA + table)
            offered = target.keys.get(reference.columns) if target else None
            if offered is None:
                reading.findings.append(
                    finding(
                        "read-bad-foreign-key",
                        where=reference.where,
                        table=reference.resource,
                        columns=", ".join(reference.columns),
                    )
                )
            elif reference.value not in offered:
                value = "/".join(reference.value)
                reading.findings.append(unknown_thing(value, reference.where, {"/".join(k) for k in offered}, table))


def _check_ids(readings: dict[str, Reading]) -> None:
    """Things of ours that a table names must be told of somewhere in the folder."""
    told = {
        subject.value
        for reading in readings.values()
        for items in reading.graphs.values()
        for subject in distinct(items, "subject")
        if isinstance(subject, NamedNode)
    }
    for graph, reading in readings.items():
        if not graph.startswith(GRAPH_DATA):
            continue  # documents are judged by the shapes, with the release they belong to
        objects = (o for items in reading.graphs.values() for o in distinct(items, "object"))
        if not any(isinstance(o, NamedNode) and o.value not in told and is_thing(o.value) for o in objects):
            continue
        reported = [(f.where, f.value) for f in reading.findings]
        reading.findings += unknown_things(reading, lambda thing: thing.value in told, lambda: by_kind(told), reported)


def _check_register(readings: dict[str, Reading]) -> None:
    """Every id of a table is born in the register, if there is one."""
    register = readings.get(GRAPH_DATA + REGISTER)
    born = register.keys.get(("kind", "slug")) if register else None
    if born is None:
        return
    for graph, reading in readings.items():
        if reading is register or not graph.startswith(GRAPH_DATA):
            continue
        subjects = (s for items in reading.graphs.values() for s in distinct(items, "subject"))
        if all(_born(subject, born) for subject in subjects):
            continue
        asked: set[str] = set()
        (key, *_) = next(iter(reading.keys), ("",))  # the column that names the row's thing
        for item in reading:
            subject = item.quad.subject
            assert isinstance(subject, NamedNode)
            if subject.value in asked:
                continue
            asked.add(subject.value)
            parts = split_entity_iri(subject.value)
            if parts is not None and not _born(subject, born):
                where = replace(item.where, column=key or item.where.column)
                reading.findings.append(
                    finding("read-unregistered", where=where, cell=parts[1], value=parts[1], kind=parts[0])
                )


def _born(subject: object, born: Collection[tuple[str, ...]]) -> bool:
    """Whether a subject is in the register, or none of those that must be."""
    parts = split_entity_iri(subject.value) if isinstance(subject, NamedNode) else None
    return parts is None or parts[0] == "evidence" or parts in born
