"""Reading what is published: one release pinned, or whichever is current.

A :class:`Release` never changes and may be shared by threads; a directory that is deleted meanwhile is
still read to the end. :class:`Current` follows the pointer: each call looks at the file ``current``
(about 2 µs) and opens the new release when it has moved, so a publish is picked up without a restart.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from kg.findings import BilimError, finding
from kg.releases import manifest as manifests
from kg.releases.assembling import cores, document_text
from kg.releases.candidate import STORE
from kg.releases.holding import Hold, held
from kg.releases.layout import RELEASE_ID, Home
from kg.releases.levels import FILE, connect, files
from kg.releases.manifest import PROJECTION, Manifest
from kg.releases.remote import Connection, named
from kg.releases.terms_json import Json
from kg.store.embedded import EmbeddedStore
from kg.store.protocol import Store


@dataclass(frozen=True, slots=True)
class Use:
    """One way in which things use a term, as :func:`kg.releases.usage.usage` describes it."""

    via: str
    things: int
    statements: int
    example: Json


class Projection:
    """The projection of a release, read-only; each thread has its own connection.

    ``path``: its base, beside which the levels upon it lie (kg.releases.levels).
    """

    def __init__(self, path: Path) -> None:
        self.levels = files(path.parent)
        self._local = threading.local()

    def rows(self, sql: str, parameters: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query over the tables of :mod:`kg.releases.tables`."""
        db = getattr(self._local, "db", None)
        if db is None:
            db = self._local.db = connect(self.levels)
        return db.execute(sql, tuple(parameters)).fetchall()

    def document_text(self, kind: str, slug: str) -> str | None:
        """The JSON text of a thing's document, None if there is no such thing."""
        return document_text(self.rows, kind, slug)

    def document(self, kind: str, slug: str) -> Json | None:
        """The document of a thing as :mod:`kg.releases.documents` describes it, in all languages."""
        text = self.document_text(kind, slug)
        return json.loads(text) if text is not None else None

    def documents(self, things: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Json]:
        """The documents of those of these ``(kind, slug)`` that are there."""
        found = ((place, self.document(*place)) for place in sorted(set(things)))
        return {place: document for place, document in found if document is not None}

    def cores(self, things: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """What those of these ``(kind, slug)`` that are there say of themselves, as JSON."""
        return cores(self.rows, things)

    def partitions(self) -> list[tuple[str, str, str, bool, int]]:
        """``(class, property, target, target is a class, number)``, as :mod:`kg.releases.partitions` describes them."""
        rows = self.rows("SELECT cls, property, target, is_class, n FROM partitions ORDER BY cls, property, target")
        return [(cls, prop, target, bool(is_class), n) for cls, prop, target, is_class, n in rows]

    def has(self, kind: str, slug: str) -> bool:
        return bool(self.rows("SELECT 1 FROM documents WHERE kind = ? AND slug = ?", (kind, slug)))

    def labels(self, iris: Iterable[str]) -> dict[str, dict[str, str]]:
        """Labels (language → text) of those IRIs that have any."""
        out: dict[str, dict[str, str]] = {}
        todo = sorted(set(iris))
        for start in range(0, len(todo), 500):
            part = todo[start : start + 500]
            marks = ",".join("?" * len(part))
            rows = self.rows(f"SELECT iri, json FROM labels WHERE iri IN ({marks})", part)
            out.update((iri, json.loads(text)) for iri, text in rows)
        return out

    def counts(self) -> dict[str, int]:
        """Kind → number of things."""
        return dict(self.rows("SELECT kind, n FROM counts WHERE cls = '' ORDER BY kind"))

    def class_counts(self, kind: str) -> dict[str, int]:
        """Class IRI → number of things of the kind that have the class."""
        return dict(self.rows("SELECT cls, n FROM counts WHERE kind = ? AND cls != '' ORDER BY cls", (kind,)))

    def slugs(self, kind: str, lang: str, offset: int = 0, limit: int | None = None) -> list[str]:
        """Slugs of a kind in the order of their labels in a language (kk, ru or en)."""
        rows = self.rows(
            "SELECT slug, sort FROM lists WHERE kind = ? AND lang = ? ORDER BY sort, slug LIMIT ? OFFSET ?",
            (kind, lang, -1 if limit is None else limit, offset),
        )
        return [slug for slug, _ in rows]

    def named(self, key: str) -> list[tuple[str, str]]:
        """``(kind, slug)`` of the things that have a name with this folding key (kg.names.fold)."""
        rows = self.rows("SELECT DISTINCT kind, slug FROM names WHERE key = ? ORDER BY kind, slug", (key,))
        return [(kind, slug) for kind, slug in rows]

    def usage(self, terms: Iterable[str]) -> dict[str, list[Use]]:
        """How the things of the release use these classes, properties and concepts; what is not used is not there."""
        out: dict[str, list[Use]] = {}
        todo = sorted(set(terms))
        for start in range(0, len(todo), 500):
            part = todo[start : start + 500]
            marks = ",".join("?" * len(part))
            sql = f"SELECT term, via, things, statements, example FROM usage WHERE term IN ({marks}) ORDER BY term, via"
            for term, via, things, statements, example in self.rows(sql, part):
                out.setdefault(term, []).append(Use(via, things, statements, json.loads(example)))
        return out

    def coverage(self) -> list[Json]:
        """How well kinds and classes are covered, thinnest first, as :mod:`kg.releases.coverage` describes it."""
        return [json.loads(text) for (text,) in self.rows("SELECT json FROM coverage ORDER BY position")]

    def sums(self) -> dict[str, bytes]:
        """Of the computed graphs, what their hashes are made of (kg.releases.hashing)."""
        return dict(self.rows("SELECT graph, sum FROM sums"))

    def meta(self) -> dict[str, str]:
        return dict(self.rows("SELECT key, value FROM meta"))


@dataclass(frozen=True)
class Release:
    """One published release, pinned."""

    path: Path
    manifest: Manifest = field(repr=False)
    remote: Connection | None = field(default=None, repr=False)
    hold: Hold | None = field(default=None, repr=False, compare=False)  # as long as this lives, it is not pruned

    @property
    def id(self) -> str:
        return self.manifest.id

    @cached_property
    def store(self) -> Store:
        """The graphs, opened on first use: of this directory, or in the remote store."""
        return self.embedded if self.remote is None else self.remote.store(self.manifest)

    @property
    def has_store(self) -> bool:
        """Whether the directory holds the graphs themselves; in remote mode it need not."""
        return (self.path / STORE).is_dir()

    @cached_property
    def embedded(self) -> EmbeddedStore:
        """The graphs of the directory. Raises :class:`BilimError` where it has none."""
        if not self.has_store:
            raise BilimError(finding("release-no-store", release=self.id))
        return EmbeddedStore(self.path / STORE, self.id)

    @cached_property
    def projection(self) -> Projection:
        return Projection(self.path / FILE)


def open_release(
    home: Home, release_id: str, *, any_projection: bool = False, remote: Connection | None = None
) -> Release:
    """A release by its id; with ``any_projection`` also one of which only the graphs can be read.

    ``remote``: where its graphs are, if not in the directory.

    Raises :class:`BilimError` where there is none, or where it is damaged or of another format.
    """
    path = home.release(release_id)
    if not RELEASE_ID.fullmatch(release_id) or not path.is_dir():
        raise BilimError(finding("no-such-release", release=release_id, home=home.path))
    hold = held(path)
    if hold is None:  # it is being removed
        raise BilimError(finding("no-such-release", release=release_id, home=home.path))
    manifest = manifests.read(path)
    if manifest.versions.projection != PROJECTION and not any_projection:
        raise BilimError(
            finding("projection-version", release=release_id, version=manifest.versions.projection, known=PROJECTION)
        )
    return Release(path, manifest, remote, hold)


def current(home: Home, remote: Connection | None = None) -> Release:
    """The published release; in remote mode the one that the remote store names.

    Raises :class:`BilimError` where nothing is published yet, or what is published there was not copied here.
    """
    if remote is not None:
        return published(home, named(remote), remote)
    release_id = home.current_id()
    if release_id is None:
        raise BilimError(finding("no-release", home=home.path))
    return open_release(home, release_id)


def published(home: Home, release_id: str, remote: Connection) -> Release:
    """The release that the remote store names. Raises :class:`BilimError` where its directory is not here."""
    if not home.release(release_id).is_dir():
        raise BilimError(finding("remote-not-copied", release=release_id, home=home.path.name))
    return open_release(home, release_id, remote=remote)


class Current:
    """Follows the pointer. Call :meth:`get` once for each request and keep to what it gives."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._release: Release | None = None
        self.problem: BilimError | None = None  # why the newest release is not the one served

    def get(self) -> Release:
        """The current release. If a new one cannot be read, the one before is served on.

        Raises :class:`BilimError` where there is no release at all.
        """
        mark = self._mark()
        if mark == self._seen and self._release is not None:
            return self._release
        with self._lock:
            if mark != self._seen or self._release is None:
                try:
                    self._release, self.problem = current(self._home), None
                except BilimError as error:
                    self.problem = error
                    if self._release is None:
                        raise
                self._seen = mark
            return self._release

    def _mark(self) -> tuple[int, int] | None:
        # publishing renames a new file into place: another inode, another time
        try:
            stat = self._home.current_file.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return stat.st_ino, stat.st_mtime_ns
