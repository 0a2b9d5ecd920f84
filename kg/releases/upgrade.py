"""An older home: projections of another version are made anew from the graphs, in place; the graphs never change."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from typing import Final

from pyoxigraph import Store

from kg.findings import BilimError, Finding, finding
from kg.releases import manifest as manifests
from kg.releases.candidate import STORE
from kg.releases.layout import Home, sync_directory, sync_tree, told_errors
from kg.releases.levels import FILE, files
from kg.releases.manifest import PROJECTION
from kg.releases.project import project

Progress = Callable[[str], None]
_PASSED_OVER: Final = frozenset({"home-locked", "home-not-writable", "disk-full"})


def outdated(home: Home, releases: Iterable[str]) -> tuple[list[str], list[Finding]]:
    """Those of these releases whose projection has another version, and what is wrong with others (their format)."""
    found: list[str] = []
    wrong: list[Finding] = []
    for release in releases:
        try:
            if manifests.read(home.release(release)).versions.projection != PROJECTION:
                found.append(release)
        except BilimError as error:
            wrong.extend(error.findings)
    return found, wrong


def upgrade(
    home: Home, releases: Iterable[str], progress: Progress = lambda _: None
) -> tuple[list[str], list[Finding]]:
    """Make their projections anew where they have another version; what was made, and what cannot be.

    Only under the lock. Readers of the old file read it to the end; the new one gets its name in one step, then the
    manifest says so: whatever stops this, doing it again mends it.
    """
    todo, wrong = outdated(home, releases)
    done = []
    for release in todo:
        directory = home.release(release)
        if not (directory / STORE).is_dir():
            wrong.append(finding("release-no-store", release=release))
            continue
        progress(release)
        manifest = manifests.read(directory)
        made = home.candidate()
        with told_errors(home):
            made.mkdir(parents=True)
            try:
                project(Store.read_only(str(directory / STORE)), made, manifest.content_hash)
                versions = manifest.versions.model_copy(update={"projection": PROJECTION})
                manifest.model_copy(update={"versions": versions}).write(made)
                sync_tree(made)
                for level in files(directory)[
                    1:
                ]:  # upon a base that is no more; the manifest still tells of a past layout
                    level.unlink()
                for name in (FILE, manifests.FILE):
                    os.replace(made / name, directory / name)
                    sync_directory(directory)
            finally:
                shutil.rmtree(made, ignore_errors=True)
        done.append(release)
    return done, wrong


def upgrade_if_free(home: Home) -> list[str]:
    """The current release made readable at a start, where another version wrote it; others by `bilim releases upgrade`.

    Nothing where another process writes or home is read-only: what cannot be read is then told by whoever reads it.
    """
    current = home.current_id()
    if current is None or not outdated(home, [current])[0]:
        return []
    try:
        with home.lock("upgrade"):
            return upgrade(home, [current])[0]
    except BilimError as error:
        if {f.code for f in error.findings} <= _PASSED_OVER:
            return []
        raise
