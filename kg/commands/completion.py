"""What the shell completes for `bilim query`: names of questions, their parameters, and values that are listed.

Read from queries/ at each press of the key; whatever is wrong completes nothing, for a shell can show no error.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import typer
from pydantic import ValidationError
from typer._click.shell_completion import CompletionItem

from kg import resources
from kg.findings import BilimError
from kg.settings import Settings
from kg.templates.catalogue import Catalogue
from kg.templates.model import Param, Template


def names(incomplete: str) -> list[tuple[str, str]]:
    """Names of questions, with what they ask."""
    return [(n, t.summary) for n, t in _templates().items() if n.startswith(incomplete)]


def formats(incomplete: str) -> list[str]:
    """Formats of an answer."""
    return [form for form in ("table", "json", "csv", "ttl") if form.startswith(incomplete)]


def pairs(context: typer.Context, incomplete: str) -> list[str]:
    """``name=`` and, after the sign, the values listed."""
    served = _templates()
    # an option without its value ends the parser's reading before the name: then it is looked for in the line
    line = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS") or ""
    name = context.params.get("name") or next((word for word in line.split() if word in served), "")
    template = served.get(name)
    key, equals, value = incomplete.partition("=")
    if template is None:
        return []
    if not equals:
        return [f"{p.name}=" for p in template.params if p.name.startswith(key)]
    param = template.param(key)
    return [f"{key}={v}" for v in _values(param) if v.startswith(value)] if param else []


def parameters(name: str | None, words: Sequence[str], incomplete: str) -> list[Any]:
    """``--post`` of the question named; after ``--post``, what may stand there. ``words``: what came before."""
    template = _templates().get(name or "")
    return list(_parameters(template, words, incomplete)) if template else []


def _parameters(template: Template, words: Sequence[str], incomplete: str) -> Iterator[CompletionItem]:
    before = words[-1] if words else ""
    if not incomplete.startswith("-") and before.startswith("--") and (param := template.param(before[2:])) is not None:
        yield from (CompletionItem(v) for v in _values(param) if v.startswith(incomplete))
        return
    for param in template.params:
        if f"--{param.name}".startswith(incomplete):
            about = param.descriptions.get("en") or param.titles.get("en")
            yield CompletionItem(f"--{param.name}", help=about)


def _values(param: Param) -> list[str]:
    if param.type == "boolean":
        return ["true", "false"]
    return list(dict.fromkeys([*param.values, *param.examples, *([param.default] if param.default else [])]))


def _templates() -> dict[str, Template]:
    try:
        return Catalogue(resources.find(Settings().resources).queries).templates
    except (BilimError, ValidationError):
        return {}
