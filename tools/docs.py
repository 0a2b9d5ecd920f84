"""Write the tables of docs/settings.md and docs/cli.md anew from the code, or with --check only compare.

The prose of those pages is written by hand; what stands between ``<!-- from the code -->`` and
``<!-- end -->`` is made here, so that no setting and no command can stay undocumented.
"""

from __future__ import annotations

import re
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from kg.cli import make_app
from kg.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"(<!-- from the code -->\n).*?(<!-- end -->)", re.DOTALL)


def settings_table() -> str:
    """One row for each setting: variable, default, what is allowed, what it is."""
    rows = ["| variable | default | allowed | what it is |", "|---|---|---|---|"]
    for name, field in Settings.model_fields.items():
        shown = str(field.default).lower() if isinstance(field.default, bool) else field.default
        default = "" if shown is None else f"`{shown}`"
        rows.append(f"| `BILIM_{name.upper()}` | {default} | {_allowed(field)} | {field.description} |")
    return "\n".join(rows) + "\n"


def _allowed(field: Any) -> str:
    if typing.get_origin(field.annotation) is typing.Literal:
        return ", ".join(f"`{value}`" for value in typing.get_args(field.annotation))
    limits = {"Ge": "≥ {.ge}", "Gt": "> {.gt}", "Le": "≤ {.le}", "Lt": "< {.lt}"}
    told = [limits[type(m).__name__].format(m) for m in field.metadata if type(m).__name__ in limits]
    return ", ".join(told) or {bool: "true, false", int: "integer", float: "number"}.get(field.annotation, "")


def commands_table() -> str:
    """One section for each command: how it is written, what it does, its options."""
    return "\n".join(_commands(get_command(make_app()), "bilim"))


def _commands(command: Any, path: str) -> Iterator[str]:
    children = getattr(command, "commands", None)
    shown = [p for p in command.params if not getattr(p, "hidden", False) and p.name != "help"]
    if children is None or shown:
        yield from _section(command, path, shown)
    for name in sorted(children or ()):
        if not children[name].hidden:
            yield from _commands(children[name], f"{path} {name}")


def _section(command: Any, path: str, shown: list[Any]) -> Iterator[str]:
    arguments = {(p.metavar or p.name).upper(): p for p in shown if p.param_type_name == "argument"}
    yield f"### `{' '.join([path, *(w if p.required else f'[{w}]' for w, p in arguments.items())])}`"
    yield f"{_one_line(command.help)}\n"
    if shown:
        yield "| | |\n|---|---|"
        for word, p in arguments.items():
            yield f"| `{word}` | {_one_line(p.help)} |"
        for p in shown:
            if p.param_type_name != "argument":
                yield f"| `{', '.join([*p.opts, *p.secondary_opts])}` | {_one_line(p.help)} |"
        yield ""


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


def main(check: bool) -> int:
    """0 if the pages agree with the code (after writing: always), 1 if not."""
    stale = []
    for page, table in (("settings.md", settings_table()), ("cli.md", commands_table())):
        path = ROOT / "docs" / page
        old = path.read_text(encoding="utf-8")
        new = BLOCK.sub(lambda m, table=table: m[1] + table + m[2], old)  # type: ignore[misc]
        if new != old:
            stale.append(page)
            if not check:
                path.write_text(new, encoding="utf-8")
    for page in stale:
        print(f"docs/{page}: {'differs from the code: run make docs' if check else 'written'}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
