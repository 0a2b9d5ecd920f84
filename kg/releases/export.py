"""A release as files to take away: N-Quads and TriG, a table for each kind, a description, sums, a citation.

Made once, under ``exports/{release}/`` of the home or in a folder of one's own. The same release gives the same bytes.
``{release}.nq.gz`` holds the named graphs one after the other, each by its canonical lines: the SHA-256 of a graph's
lines is the one of the manifest, so who has the file can check the release without us.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, RdfFormat, Store, serialize

from kg.kinds import KINDS
from kg.reading.form import uncalculated
from kg.releases.dcat import citation, describe
from kg.releases.hashing import canonical, graph_names
from kg.releases.layout import Home, sync_directory, sync_tree, told_errors
from kg.releases.reader import Release
from kg.terms import PREFIXES, RDF, entity_iri, shorten

FOLDER: Final = "exports"
INDEX: Final = "index.json"
SUMS: Final = "SHA256SUMS"
DESCRIPTION: Final = "description.ttl"
CITATION: Final = "CITATION.txt"

SEPARATOR: Final = " | "
"""Between several values in one cell of a table; N-Quads and TriG hold them apart."""

Progress = Callable[[str], None]
_TYPE: Final = NamedNode(RDF + "type")


@dataclass(frozen=True, slots=True)
class File:
    """One file of an export. ``packed``: the media type is that of the unpacked file."""

    name: str
    media: str
    size: int
    sha256: str
    packed: bool = False
    rows: int | None = None


STEPS: Final = ("N-Quads", "TriG", "tables", "description")


def exported(home: Home, release: Release, address: str, progress: Progress = lambda _: None) -> Path:
    """The folder of the files of a release, made if it is not there yet. ``address``: where the service is reached.

    Raises :class:`BilimError` on a full disk or where home cannot be written.
    """
    wanted = home.path / FOLDER / release.id
    if (wanted / SUMS).is_file():
        return wanted
    made = home.path / FOLDER / f".{release.id}-{os.getpid()}-{os.urandom(3).hex()}"
    try:
        with told_errors(home):
            export(release, made, address, progress)
            sync_tree(made)
            try:
                os.rename(made, wanted)
            except OSError:  # another process was quicker; its files are the same
                if not (wanted / SUMS).is_file():
                    raise
            sync_directory(wanted.parent)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return wanted


def export(release: Release, folder: Path, address: str, progress: Progress = lambda _: None) -> list[File]:
    """Write all files into ``folder``, which is made; returns them, the sums last. OSError as the disk gives it."""
    folder.mkdir(parents=True, exist_ok=True)
    store = release.embedded.raw
    progress("N-Quads")
    files = [_quads(store, folder, f"{release.id}.nq.gz")]
    progress("TriG")
    files.append(_trig(store, folder, f"{release.id}.trig.gz"))
    progress("tables")
    (folder / "csv").mkdir(exist_ok=True)
    files += [_table(store, folder, kind, slugs) for kind in KINDS if (slugs := release.projection.slugs(kind, "en"))]
    progress("description")
    told = citation(release.manifest, address)
    files.append(_text(folder, CITATION, "text/plain", told + "\n"))
    triples = describe(release, address, [_told(f) for f in files])
    turtle = serialize(sorted(triples, key=str), format=RdfFormat.TURTLE) or b""
    files.append(_text(folder, DESCRIPTION, "text/turtle", turtle.decode()))
    index = {
        "release": release.id,
        "contentHash": release.manifest.content_hash,
        "citation": told,
        "manifest": release.manifest.model_dump(mode="json", by_alias=True),
        "files": [_told(f) for f in files],
    }
    files.append(_text(folder, INDEX, "application/json", json.dumps(index, ensure_ascii=False, indent=1) + "\n"))
    sums = "".join(f"{f.sha256}  {f.name}\n" for f in files)
    return [*files, _text(folder, SUMS, "text/plain", sums)]


def _told(file: File) -> dict[str, object]:
    rows = {} if file.rows is None else {"rows": file.rows}
    packed = {"compression": "gzip"} if file.packed else {}
    return {"name": file.name, "mediaType": file.media, **packed, "bytes": file.size, "sha256": file.sha256, **rows}


def _quads(store: Store, folder: Path, name: str) -> File:
    count = 0
    with _packed(folder / name) as out:
        for graph in graph_names(store):
            for line in canonical(store, graph):
                out.write(line)
                count += 1
    return _file(folder, name, "application/n-quads", packed=True, rows=count)


def _trig(store: Store, folder: Path, name: str) -> File:
    def quads() -> Iterator[Quad]:
        for graph in graph_names(store):
            yield from store.quads_for_pattern(None, None, None, NamedNode(graph))

    with _packed(folder / name) as out:
        serialize(quads(), out, format=RdfFormat.TRIG, prefixes=dict(sorted(PREFIXES.items())))
    return _file(folder, name, "application/trig", packed=True)


def _table(store: Store, folder: Path, kind: str, slugs: list[str]) -> File:
    """One row a thing of the merged graph, one column a property and language; formulas are kept as text."""
    slugs = sorted(slugs)
    columns = sorted({column for slug in slugs for column in _cells(store, kind, slug)})
    name = f"csv/{kind}.csv"
    with (folder / name).open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\r\n")  # RFC 4180
        writer.writerow(["id", *columns])
        for slug in slugs:
            cells = _cells(store, kind, slug)
            values = (SEPARATOR.join(sorted(cells.get(column, ()))) for column in columns)
            writer.writerow([entity_iri(kind, slug), *map(uncalculated, values)])
    return _file(folder, name, "text/csv", rows=len(slugs))


def _cells(store: Store, kind: str, slug: str) -> dict[str, list[str]]:
    cells: dict[str, list[str]] = {}
    for quad in store.quads_for_pattern(NamedNode(entity_iri(kind, slug)), None, None, DefaultGraph()):
        value = quad.object
        column = shorten(quad.predicate.value)
        if isinstance(value, Literal) and value.language:
            column = f"{column}@{value.language}"
        cells.setdefault(column, []).append(str(getattr(value, "value", value)))
    return cells


@contextmanager
def _packed(path: Path) -> Iterator[IO[bytes]]:
    """A gzip file without name and time inside: the same content gives the same bytes."""
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as out:
        yield out  # type: ignore[misc]


def _text(folder: Path, name: str, media: str, text: str) -> File:
    (folder / name).write_text(text, encoding="utf-8")
    return _file(folder, name, media)


def _file(folder: Path, name: str, media: str, packed: bool = False, rows: int | None = None) -> File:
    path = folder / name
    with path.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
    return File(name, media, path.stat().st_size, digest, packed, rows)
