"""The same way as an import, stopped before anything is kept: what it would say and change on the current release."""

from __future__ import annotations

from kg.imports import flow
from kg.imports.desk import Desk
from kg.imports.incoming import read_import, sha256_of
from kg.imports.ledger import open_ledger
from kg.imports.records import Import
from kg.releases.reader import current


def dry_run(desk: Desk, data: bytes, file: str, name: str | None) -> tuple[Import, flow.Judged]:
    """The import as it would be (number 0, state validated), and what judging it gives. Keeps nothing.

    Raises :class:`kg.findings.BilimError` for a name that is none, and where there is no release.
    """
    rules, release = desk.rules(), current(desk.home)
    chosen = flow.name_of(name, file)
    made = Import(0, chosen, file, sha256_of(data), len(data), "validated", None, release.id, None, None, (), {})
    reading = read_import(data, file, made.graph, rules)
    with open_ledger(desk.home) as ledger:  # read only: waivers, and what was said of duplicates
        return made, flow.judge(ledger, made, reading, list(reading), release, rules)
