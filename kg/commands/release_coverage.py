"""`bilim coverage`: how well the current release covers each kind and class of things, the thinnest first."""

from __future__ import annotations

from typing import Annotated

import typer

from kg.commands.output import Json, language, print_json, settings, stdout, table
from kg.findings import BilimError, Exit, finding
from kg.kinds import KINDS
from kg.releases.coverage import PRECISIONS, percent
from kg.releases.layout import Home
from kg.releases.reader import current
from kg.releases.remote import connect
from kg.releases.terms_json import Json as Data
from kg.releases.terms_json import localize
from kg.terms import LANGUAGES

_COLUMNS = ("", "count", "complete", *LANGUAGES, *PRECISIONS, "evidence", "ids", "secondary only", "open", "disputed")


def command(
    context: typer.Context,
    kind: Annotated[str | None, typer.Option("--kind", help="Only this kind of things, with its classes.")] = None,
    classes: Annotated[bool, typer.Option("--classes", help="Under each kind its classes too.")] = False,
    as_json: Json = False,
) -> None:
    """What the current release holds of each kind: names, dates, evidence, identifiers, doubts; thinnest first."""
    if kind is not None and kind not in KINDS:
        raise BilimError(finding("kind-not-found", kind=kind[:40], kinds=", ".join(KINDS)), exit_code=Exit.USAGE)
    chosen = settings()
    release = current(Home(chosen.home), connect(chosen))
    rows = [row for row in release.projection.coverage() if kind in (None, row["kind"])]
    if as_json:
        print_json({"release": release.id, "data": rows})
        return
    lang = language(context)
    shown = [row for row in rows if row["whole"] or classes or kind]
    table(f"Release {release.id}, the thinnest first", _COLUMNS, (_cells(row, lang) for row in shown))
    stdout().print(
        "Dates: how many are known to the day, month, year or less precisely. – stands where a measure does not apply."
    )


def _cells(row: Data, lang: str) -> list[str]:
    named = localize(row["class"], lang)
    label = KINDS[row["kind"]].plurals[lang] if row["whole"] else "  " + (named["label"] or named["name"])
    names, dates, identifiers = row["names"] or {}, row["dates"] or {}, row["identifiers"] or {}
    return [
        label,
        str(row["count"]),
        percent(row["completeness"]),
        *(_share(names.get(code)) for code in LANGUAGES),
        *(_share(dates.get(name)) for name in PRECISIONS),
        _share(row["evidence"]),
        _share(identifiers.get("any")),
        _number(row["secondaryOnly"]),
        str(row["openDiscrepancies"]),
        _number(row["disputed"]),
    ]


def _share(measure: Data | None) -> str:
    return "–" if measure is None else percent(measure["share"])


def _number(measure: Data | None) -> str:
    return "–" if measure is None else str(measure["count"])
