"""What was handed in, read: bytes to quads with their places, and the form in which the ledger keeps these."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, RdfFormat, Store, parse, serialize

from kg.findings import Finding, Where, finding
from kg.imports import rewriting
from kg.imports.decided import Decision
from kg.imports.rules import Rules
from kg.names import slugify
from kg.reading import Located, Reading
from kg.reading.bundle import Row, read_bundle
from kg.reading.package import ARCHIVES, Part, of_zip, parts_of
from kg.terms import SKOS, shorten

NAME: Final = re.compile(r"[a-z0-9]+(?:[-.][a-z0-9]+)*")
"""An import's name: the last part of its graph's IRI."""
_PREFERRED: Final = NamedNode(SKOS + "prefLabel")
_OTHER: Final = NamedNode(SKOS + "altLabel")


def default_name(file: str) -> str:
    """The name that a file gives its import. Raises ValueError where nothing of it can be one."""
    return slugify(Path(file).stem)


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def packed_folder(folder: Path) -> tuple[bytes, str]:
    """A folder as one zip, the same each time, and its file name. Raises OSError where it cannot be read."""
    parts, _ = parts_of(folder)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts:
            inside = part.name.removeprefix(f"{folder.name}/")
            archive.writestr(zipfile.ZipInfo(inside), part.data, zipfile.ZIP_DEFLATED)
    return out.getvalue(), f"{folder.resolve().name}.zip"


def read_import(data: bytes, file: str, graph: str, rules: Rules, without: Collection[Row] = ()) -> Reading:
    """The quads of a file, in the graph of its import, and what is wrong with it. Never raises for what it holds."""
    suffix = Path(file).suffix.lower()
    parts, refused = of_zip(data, file) if suffix in ARCHIVES else ([Part(file, data)], [])
    reading = read_bundle(parts, graph, rules.known, without)
    reading.findings[:0] = [*refused, *rules.bad]
    return reading


def renamed(located: Iterable[Located], same: Mapping[str, str], base: Store) -> list[Located]:
    """The quads with things called by the names that they have already (IRI → IRI), where a steward said so.

    A thing of the release has one preferred name in a language; what the file calls it otherwise is another name of it.
    """
    if not same:
        return list(located)
    nodes: dict[Any, NamedNode] = {NamedNode(old): NamedNode(new) for old, new in same.items()}
    out = []
    for item in located:
        q = item.quad
        s: Any = nodes.get(q.subject, q.subject)
        o: Any = nodes.get(q.object, q.object)
        p = q.predicate
        if p == _PREFERRED and q.subject in nodes and isinstance(o, Literal):
            held = (h.object for h in base.quads_for_pattern(s, p, None, DefaultGraph()))
            if any(isinstance(h, Literal) and h.language == o.language and h != o for h in held):
                p = _OTHER
        out.append(Located(Quad(s, p, o, q.graph_name), item.where, item.cell))
    return out


def as_decided(located: Iterable[Located], made: Iterable[Decision]) -> tuple[list[Located], list[Finding]]:
    """The quads as decisions in force have them read, and an Info for each thing or statement read otherwise.

    What was merged is called by its name of now; what was settled or corrected is left out. Names that were withdrawn
    stay: they are refused where the file speaks of them, not passed over.
    """
    decisions = [d for d in made if d.action != "withdraw"]
    rules = sum((d.rules() for d in decisions), rewriting.Rules())
    if not rules:
        return list(located), []
    by_thing = {d.thing: d.number for d in decisions if d.action == "merge"}
    by_statement = {s: d.number for d in decisions for s in d.rules().overruled}
    out: list[Located] = []
    told: dict[object, Finding] = {}
    for item in located:
        q = item.quad
        now = rules.of(q)
        if now is not None:
            out.append(item if now is q else Located(now, item.where, item.cell))
        elif number := by_statement.get((q.subject, q.predicate, q.object)):
            entity, path = q.subject.value, shorten(q.predicate.value)  # type: ignore[union-attr]
            told.setdefault(
                (q.subject, q.predicate, q.object),
                finding("import-overruled", where=item.where, entity=entity, path=path, number=number),
            )
        for term in (q.subject, q.object):
            if isinstance(term, NamedNode) and term.value in by_thing and term not in told:
                told[term] = finding(
                    "import-follows",
                    where=item.where,
                    entity=term.value,
                    into=rules.now(term).value,
                    number=by_thing[term.value],
                )
    return out, list(told.values())


def to_kept(located: Iterable[Located]) -> dict[str, Any]:
    """For JSON: N-Quads, and beside each line its place."""
    items = list(located)
    places = [[w.file, w.sheet, w.row, w.column, w.line, item.cell] for item in items for w in (item.where,)]
    text = serialize((item.quad for item in items), format=RdfFormat.N_QUADS)
    assert text is not None
    return {"quads": text.decode(), "places": places}


def from_kept(kept: Mapping[str, Any]) -> list[Located]:
    """What :func:`to_kept` kept."""
    quads = parse(kept["quads"].encode(), format=RdfFormat.N_QUADS)
    out = []
    for quad, (file, sheet, row, column, line, cell) in zip(quads, kept["places"], strict=True):
        out.append(Located(quad, Where(file, sheet, row, column, line), cell))
    return out
