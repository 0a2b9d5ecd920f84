"""`bilim template xlsx`: the workbook to fill in."""

from __future__ import annotations

import csv
import difflib
from pathlib import Path
from typing import Annotated

import typer
from pyoxigraph import NamedNode

from kg import resources
from kg.commands.output import Json, print_json, settings, stdout
from kg.findings import BilimError, Exit, finding
from kg.imports.sources import read_ontology
from kg.reading.bundle import table_specs
from kg.reading.folder import REGISTER
from kg.reading.form import Table, write_form
from kg.reading.metadata import SHARED, SUFFIX, load_help
from kg.resources import Resources
from kg.terms import LIST

app = typer.Typer(help="Files to fill in.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Files to fill in."""


@app.command("xlsx")
def xlsx(
    tables: Annotated[list[str] | None, typer.Argument(help="Names of tables; all if left out.")] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="The workbook to write.")] = Path("bilim.xlsx"),
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    as_json: Json = False,
) -> None:
    """Write a workbook with a sheet for each table: help in three languages, drop-downs, an example row."""
    found = resources.find(settings().resources)
    if output.exists() and not force:
        raise BilimError(finding("output-exists", file=output), exit_code=Exit.USAGE)
    form = make_form(found, tables or ())
    try:
        output.write_bytes(form)
    except OSError as error:
        raise BilimError(finding("output-unwritable", file=output, reason=error.strerror or error)) from error
    if as_json:
        print_json({"file": str(output), "bytes": len(form)})
    else:
        stdout().print(f"{output}: fill it in, then `bilim validate {output}`.")


def make_form(found: Resources, names: list[str] | tuple[str, ...]) -> bytes:
    """The workbook of some tables, or of all.

    Raises :class:`BilimError` for a name that no table has, or where a description in data/ is broken.
    """
    folder = found.data / "reference"
    specs, bad = table_specs(folder)
    if bad:
        raise BilimError(*bad)
    specs = {name: spec for name, spec in specs.items() if not spec.register or name in names}
    for name in names:
        if name not in specs:
            near = "".join(difflib.get_close_matches(name, specs, n=1))
            code = "read-unknown-table-near" if near else "read-unknown-table"
            raise BilimError(finding(code, value=name, near=near, tables=", ".join(specs)), exit_code=Exit.USAGE)
    shared = (folder / SHARED).read_bytes() if (folder / SHARED).exists() else None
    chosen = [
        Table(specs[name], load_help((folder / f"{name}{SUFFIX}").read_bytes(), shared), _example(folder, name))
        for name in names or specs
    ]
    return write_form(chosen, concepts(found), known_ids(folder))


def concepts(found: Resources) -> dict[str, list[str]]:
    """Scheme → local names of its concepts, sorted."""
    out: dict[str, set[str]] = {}
    for quad in read_ontology(found):
        subject = quad.subject
        if isinstance(subject, NamedNode) and subject.value.startswith(LIST):
            scheme, _, name = subject.value.removeprefix(LIST).partition("/")
            if name:
                out.setdefault(scheme, set()).add(name)
    return {scheme: sorted(names) for scheme, names in out.items()}


def known_ids(folder: Path) -> dict[str, list[str]]:
    """Kind → slugs in use, by the register; empty where there is none."""
    register = folder / f"{REGISTER}.csv"
    out: dict[str, list[str]] = {}
    if register.exists():
        with register.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                if row.get("status") in ("", "live"):
                    out.setdefault(row["kind"], []).append(row["slug"])
    return {kind: sorted(slugs) for kind, slugs in out.items()}


def _example(folder: Path, name: str) -> list[dict[str, str]]:
    """The fullest row of a table."""
    path = folder / f"{name}.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return sorted(rows, key=lambda row: -sum(1 for cell in row.values() if cell))[:1]
