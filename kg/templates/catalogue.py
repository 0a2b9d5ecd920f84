"""All templates of a folder. In development a changed file is picked up at the next question."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from kg.findings import BilimError, Exit, finding
from kg.templates.loader import load_folder
from kg.templates.model import Broken, Template


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a folder held when it was read."""

    templates: dict[str, Template]
    broken: tuple[Broken, ...]


class Catalogue:
    """The templates of ``folder``; with ``watch``, read again when a file there has changed. Safe between threads."""

    def __init__(self, folder: Path, *, watch: bool = False, strict: bool = False) -> None:
        self._folder = folder
        self._watch = watch
        self._strict = strict
        self._lock = threading.Lock()
        self._mark = self._files()
        self._shelf = self._read()

    @property
    def templates(self) -> dict[str, Template]:
        """Name (``posts/holders``) to template, by name."""
        return self._now().templates

    @property
    def broken(self) -> tuple[Broken, ...]:
        """Files that are not served, and why."""
        return self._now().broken

    def get(self, name: str) -> Template:
        """The template of a name. Raises :class:`BilimError`: ``no-template``, or ``template-broken`` with why."""
        shelf = self._now()
        if (found := shelf.templates.get(name)) is not None:
            return found
        for broken in shelf.broken:
            if broken.name == name:
                reason = broken.findings[0]
                where = str(reason.where or broken.file)
                raise BilimError(
                    finding("template-broken", name=name, place=where, reason=reason.text()), exit_code=Exit.UNREADABLE
                )
        near = get_close_matches(name, shelf.templates, n=3, cutoff=0.5)
        shown = name if len(name) <= 80 else name[:80] + "…"
        raise BilimError(
            finding("no-template", name=shown, near=", ".join(near or list(shelf.templates)[:3])), exit_code=Exit.USAGE
        )

    def _now(self) -> Shelf:
        if self._watch and (mark := self._files()) != self._mark:
            with self._lock:
                if mark != self._mark:
                    self._shelf, self._mark = self._read(), mark
        return self._shelf

    def _read(self) -> Shelf:
        templates, broken = load_folder(self._folder, strict=self._strict)
        return Shelf(templates, tuple(broken))

    def _files(self) -> tuple[tuple[str, int, int], ...]:
        """Name, time and size of every file that matters."""
        if not self._folder.is_dir():
            return ()
        found = []
        for path in sorted((*self._folder.glob("*/*.rq"), *self._folder.glob("*.yaml"))):
            try:
                stat = path.stat()
            except OSError:  # removed between listing and looking
                continue
            found.append((str(path), stat.st_mtime_ns, stat.st_size))
        return tuple(found)
