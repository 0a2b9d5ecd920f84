"""The `bilim` command: puts the commands together and turns errors into words and exit codes.

Exit codes (docs/cli.md): 0 clean, 1 violations, 2 usage, 3 input unreadable, 5 nothing was checked.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import metadata
from typing import Annotated

import typer

from kg.commands import (
    build,
    decide,
    doctor,
    document,
    imports,
    mistakes,
    query,
    release_coverage,
    release_keeping,
    releases,
    serve,
    sparql,
    template,
    token,
    validate,
)
from kg.commands.output import print_json, show_findings
from kg.findings import BilimError
from kg.terms import LANGUAGES

_CONTEXT = {"help_option_names": ["-h", "--help"]}


def make_app() -> typer.Typer:
    """All commands as one typer application."""
    app = typer.Typer(
        name="bilim",
        help="Bilim: who runs education in Kazakhstan, when, and according to which words.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings=_CONTEXT,
    )
    app.callback()(_root)
    app.command("build")(build.command)
    app.command("serve")(serve.command)
    app.command("query", cls=query.QueryCommand, context_settings=query.ANY_OPTION)(query.query)
    app.add_typer(query.queries, name="queries")
    app.command("sparql")(sparql.command)
    app.command("validate")(validate.command)
    app.command("import")(imports.command)
    app.add_typer(imports.app, name="imports")
    app.add_typer(document.app, name="document")
    app.add_typer(template.app, name="template")
    app.add_typer(releases.app, name="releases")
    releases.app.command("rollback")(imports.rollback)
    app.add_typer(decide.app, name="decide")
    app.add_typer(token.app, name="token")
    app.command("backup")(release_keeping.backup)
    app.command("restore")(release_keeping.restore)
    app.add_typer(mistakes.app, name="mistakes")
    app.command("coverage")(release_coverage.command)
    app.command("doctor")(doctor.command)
    return app


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit code. What is no :class:`BilimError` is a bug and is not caught."""
    try:
        make_app()(args=list(arguments), prog_name="bilim")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BilimError as error:
        if "--json" in arguments:
            print_json({"error": True, "findings": [f.as_dict() for f in error.findings]})
        else:
            show_findings(error.findings, _language(arguments))
        return int(error.exit_code)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output has gone, as with `| head`
        sys.stderr.close()
        return 141
    return 0


def main() -> None:
    """Entry point of the installed command."""
    sys.exit(run(sys.argv[1:]))


def _root(
    context: typer.Context,
    lang: Annotated[str, typer.Option("--lang", help="Language of messages: kk, ru or en.")] = "en",
    version: Annotated[bool, typer.Option("--version", help="Show the version and end.", is_eager=True)] = False,
) -> None:
    if version:
        typer.echo(metadata.version("bilim"))
        raise typer.Exit
    if lang not in LANGUAGES:
        raise typer.BadParameter(f"{lang!r} is not one of {', '.join(LANGUAGES)}", param_hint="--lang")
    context.obj = {"lang": lang}


def _language(arguments: Sequence[str]) -> str:
    after = [b for a, b in zip(arguments, [*arguments[1:], ""], strict=True) if a == "--lang"]
    after += [a.removeprefix("--lang=") for a in arguments if a.startswith("--lang=")]
    return next((lang for lang in after if lang in LANGUAGES), "en")


if __name__ == "__main__":
    main()
