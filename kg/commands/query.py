"""`bilim query SUBJECT/NAME` and `bilim queries list | check`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from pyoxigraph import RdfFormat, serialize
from typer.core import TyperCommand

from kg import resources
from kg.commands import completion
from kg.commands.output import Json, language, print_json, settings, show_findings, stderr, stdout, table
from kg.findings import BilimError, Exit, finding
from kg.releases.layout import Home
from kg.releases.reader import current
from kg.releases.remote import connect
from kg.settings import Settings
from kg.templates.catalogue import Catalogue
from kg.templates.fields import chosen as chosen_fields
from kg.templates.fields import columns
from kg.templates.loader import load_files, load_folder
from kg.templates.page import asked
from kg.templates.run import Engine
from kg.templates.write import table_csv
from kg.terms import LANGUAGES, PREFIXES, shorten

queries = typer.Typer(help="The question files: what there is, and whether they are sound.", no_args_is_help=True)
FORMATS = {
    "SELECT": ("table", "json", "csv"),
    "ASK": ("table", "json"),
    "CONSTRUCT": ("ttl", "json"),
    "DESCRIBE": ("ttl", "json"),
}
"""Formats of the answer by the form of the query, the usual one first."""

ANY_OPTION = {"ignore_unknown_options": True, "allow_extra_args": True}


class QueryCommand(TyperCommand):
    """`bilim query`, which also completes the parameters of the question named, as options, and their values."""

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        name = ctx.params.get("name")
        words = [*ctx.args, *getattr(ctx, "_protected_args", ())]
        return [*completion.parameters(name, words, incomplete), *super().shell_complete(ctx, incomplete)]


def query(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            help="SUBJECT/NAME, such as posts/holders; `bilim queries list` shows all.", autocompletion=completion.names
        ),
    ],
    param: Annotated[
        list[str] | None,
        typer.Option("--param", "-p", help="name=value; or write --name value.", autocompletion=completion.pairs),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format", "-f", help="table, json, csv; of CONSTRUCT ttl, json.", autocompletion=completion.formats
        ),
    ] = None,
    page: Annotated[str | None, typer.Option("--page", help="Page, from 1.")] = None,
    page_size: Annotated[str | None, typer.Option("--page-size", help="Rows a page.")] = None,
    fields: Annotated[str | None, typer.Option("--fields", help="Keys of the rows that are wanted, by commas.")] = None,
    clang: Annotated[str | None, typer.Option("--clang", help="Language of the content: kk, ru or en.")] = None,
    as_json: Json = False,
) -> None:
    """Ask one of the questions in queries/ of the current release."""
    chosen = settings()
    template = _catalogue(chosen).get(name)
    allowed = FORMATS[template.form]
    wanted = form or ("json" if as_json else allowed[0])
    if wanted not in allowed:
        raise BilimError(finding("unknown-format", given=wanted, allowed=", ".join(allowed)), exit_code=Exit.USAGE)
    release = current(Home(chosen.home), connect(chosen))
    engine = Engine(release.store, release.projection)
    template = engine.resolved(template)
    today = datetime.now(ZoneInfo(chosen.timezone)).date()
    values = engine.check(template, given(param or (), context.args), today)
    languages = [clang, *LANGUAGES] if clang else ["en", *LANGUAGES]
    if template.form == "ASK":
        answer = engine.boolean(template, values)
        if wanted == "json":
            print_json({"data": answer, "release": release.id})
        else:
            stdout().print("yes" if answer else "no")
        return
    if template.form != "SELECT":
        kind = RdfFormat.JSON_LD if wanted == "json" else RdfFormat.TURTLE
        serialize(engine.triples(template, values), sys.stdout.buffer, kind, prefixes=PREFIXES)
        return
    usual = template.page_size or chosen.page_size_max
    asked_page = asked(page, page_size, usual=usual, maximum=chosen.page_size_max, path=name)
    found = engine.table(template, values, asked_page)
    keys = chosen_fields(template, [fields] if fields else (), table=wanted == "csv")
    if wanted == "csv":
        cut = columns(found, keys)
        data = table_csv(template, cut, engine.names(cut, template), languages)
        sys.stdout.write(data.decode())
        return
    rows = engine.objects(template, found, languages, keys)
    numbers = {"number": found.page.number, "size": found.page.size, "total": found.page.total} if found.page else None
    if wanted == "json":
        used = {k: v[0] if len(v) == 1 else list(v) for k, v in values.texts.items()}
        print_json({"data": rows, "page": numbers, "release": release.id, "params": used})
        return
    shown = list(dict.fromkeys(key for row in rows for key in row))
    table(None, shown, ([_cell(row.get(c)) for c in shown] for row in rows))
    of = (
        f"page {found.page.number} of {found.page.last}, {found.page.total} in all"
        if found.page
        else f"{len(rows)} rows"
    )
    stderr().print(f"{of}; release {release.id}")


@queries.command("list")
def list_(as_json: Json = False) -> None:
    """All questions, with their parameters."""
    found = _catalogue(settings()).templates
    if as_json:
        rows = [
            {"name": t.name, "summary": t.summary, "params": [{"name": p.name, "required": p.needed} for p in t.params]}
            for t in found.values()
        ]
        print_json({"queries": rows})
        return
    table(
        None,
        ("question", "parameters", "summary"),
        (
            (t.name, " ".join(p.name if p.needed else f"[{p.name}]" for p in t.params), t.summary)
            for t in found.values()
        ),
    )


@queries.command("check")
def check(
    context: typer.Context,
    files: Annotated[
        list[Path] | None, typer.Argument(help="Question files of your own; all of queries/ if left out.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count; read suffixes as grlc does.")] = False,
    as_json: Json = False,
) -> None:
    """Lint question files: each finding has file, line, column and what to do.

    Exit codes: 0 sound, 1 violations, 3 a file that cannot be read.
    """
    folder = resources.find(settings().resources).queries
    served, broken = load_files(files, folder, strict=strict) if files else load_folder(folder, strict=strict)
    findings = [f for b in broken for f in b.findings]
    findings += [f for t in served.values() for f in t.findings]
    if as_json:
        print_json(
            {"templates": len(served), "broken": [b.name for b in broken]}
            | {"findings": [f.as_dict() for f in findings]}
        )
    else:
        show_findings(findings, language(context))
        stdout().print(f"{len(served)} questions serve, {len(broken)} are broken.")
    if any(f.code in ("template-unreadable", "template-encoding") for f in findings):
        raise typer.Exit(Exit.UNREADABLE)
    bad = ("Violation", "Warning") if strict else ("Violation",)
    if broken or any(f.severity in bad for f in findings):
        raise typer.Exit(Exit.VIOLATIONS)


def given(pairs: Sequence[str], extra: Sequence[str]) -> dict[str, list[str]]:
    """``--param name=value``, ``--name value`` and ``--name=value`` as name → values.

    Raises :class:`BilimError` (exit 2) for anything else.
    """
    out: dict[str, list[str]] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise _bad(pair)
        out.setdefault(name, []).append(value)
    rest = iter(extra)
    for word in rest:
        name, equals, value = word.removeprefix("--").partition("=")
        if not word.startswith("--") or not name:
            raise _bad(word)
        if not equals and (following := next(rest, None)) is None:
            raise _bad(word)
        out.setdefault(name.replace("-", "_"), []).append(value if equals else str(following))
    return out


def _bad(text: str) -> BilimError:
    return BilimError(finding("bad-param", given=text), exit_code=Exit.USAGE)


def _catalogue(chosen: Settings) -> Catalogue:
    return Catalogue(resources.find(chosen.resources).queries)


def _cell(value: Any) -> str:
    """One JSON value on one line: a thing by its label, a date by its words."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        for key in ("label", "text", "value", "edtf", "id"):
            if value.get(key):
                return str(value[key])
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return shorten(value) if isinstance(value, str) else str(value)
