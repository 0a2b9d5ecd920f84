"""Fragments: pieces of pattern that many templates need, kept once in ``queries/_fragments/{name}.rq``.

``#+ use: [as-of]`` names the fragment, ``# @as-of ?tenure ?_on_xsd_date → ?certainty ?es`` puts it in place. The
fragment says which of its variables are ``takes`` and which ``gives``; the others are its own and are renamed, so
that a fragment used twice does not join with itself. The published text is the expanded one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kg.findings import BilimError, Finding, Where, finding
from kg.sparql.tokens import tokenize
from kg.templates.source import Line, Source
from kg.templates.source import read as read_source
from kg.templates.text import Directive, directives

_ARROW = re.compile(r"→|->")


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of pattern with named inputs and outputs."""

    name: str
    takes: tuple[str, ...]
    gives: tuple[str, ...]
    text: str


def load(folder: Path) -> tuple[dict[str, Fragment], list[Finding]]:
    """The fragments of a folder by name, and what is wrong with those that cannot be used."""
    found: dict[str, Fragment] = {}
    findings: list[Finding] = []
    for path in sorted(folder.glob("*.rq")) if folder.is_dir() else ():
        file = f"{folder.name}/{path.name}"
        try:
            source = read_source(path.read_bytes(), file)
            found[path.stem] = _fragment(path.stem, source)
        except BilimError as error:
            findings += error.findings
    return found, findings


def _fragment(name: str, source: Source) -> Fragment:
    takes, gives = source.metadata.get("takes"), source.metadata.get("gives")
    for value in (takes, gives):
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise BilimError(finding("fragment-signature", where=Where(source.file, line=source.metadata_line)))
    assert isinstance(takes, list)
    assert isinstance(gives, list)
    return Fragment(name, tuple(takes), tuple(gives), source.text)


def expand(source: Source, fragments: Mapping[str, Fragment]) -> tuple[Line, ...]:
    """The lines with each fragment in its place; added lines have the place of the directive.

    Raises :class:`BilimError` for a fragment that is unknown, not named in ``use``, named in vain, or given other
    variables than it takes.
    """
    used = source.metadata.get("use") or []
    if not isinstance(used, list):
        raise BilimError(finding("template-key", where=Where(source.file, line=source.metadata_line), key="use"))
    wrong: list[Finding] = []
    start = Where(source.file, line=source.metadata_line)
    wrong += [
        finding("fragment-unknown", where=start, name=str(n), known=", ".join(sorted(fragments)))
        for n in used
        if n not in fragments
    ]
    tokens = tokenize(source.text)
    taken = {token.name for token in tokens if token.name}
    places: dict[int, tuple[Directive, Fragment]] = {}
    for directive in directives(tokens):
        if directive.name in ("if", "end", "page"):
            continue
        where = Where(source.file, line=source.lines[directive.token.line - 1].origin)
        fragment = fragments.get(directive.name)
        alone = source.lines[directive.token.line - 1].text.lstrip().startswith("#")
        if fragment is not None and not alone:
            wrong.append(finding("fragment-alone", where=where, name=directive.name))
        elif fragment is None or directive.name not in used:
            code = "fragment-not-used" if fragment else "fragment-unknown"
            wrong.append(finding(code, where=where, name=directive.name, known=", ".join(sorted(fragments))))
        else:
            places[directive.token.line] = (directive, fragment)
    placed = {directive.name for directive, _ in places.values()}
    wrong += [finding("fragment-in-vain", where=start, name=n) for n in used if n in fragments and n not in placed]
    if wrong:
        raise BilimError(*wrong)
    lines: list[Line] = []
    for number, line in enumerate(source.lines, 1):
        if number not in places:
            lines.append(line)
            continue
        directive, fragment = places[number]
        names = _arguments(directive, fragment, taken, Where(source.file, line=line.origin))
        indent = line.text[: len(line.text) - len(line.text.lstrip())]
        lines += [Line(indent + text, line.origin) for text in _renamed(fragment, names).split("\n")]
    return tuple(lines)


def _arguments(directive: Directive, fragment: Fragment, taken: set[str], where: Where) -> dict[str, str]:
    """The fragment's variables -> those of the query."""
    sides = [_variables(side) for side in _ARROW.split(directive.rest)]
    inputs, outputs = sides[0], (sides[1] if len(sides) == 2 else ())
    fits = len(sides) <= 2 and inputs is not None and outputs is not None
    if not fits or len(inputs or ()) != len(fragment.takes) or len(outputs or ()) > len(fragment.gives):
        shape = f"{' '.join('?' + n for n in fragment.takes)} → {' '.join('?' + n for n in fragment.gives)}"
        raise BilimError(finding("fragment-arguments", where=where, name=fragment.name, shape=shape))
    assert inputs is not None
    assert outputs is not None
    names = dict(zip(fragment.takes, inputs, strict=True)) | dict(zip(fragment.gives, outputs, strict=False))
    # its own variables: named after the first thing it takes, so that two uses keep apart
    for token in tokenize(fragment.text):
        name = token.name
        if name and name not in names:
            own = f"{inputs[0].strip('_')}_{name}"
            while own in taken:
                own += "0"
            taken.add(own)
            names[name] = own
    return names


def _variables(side: str) -> Sequence[str] | None:
    words = side.split()
    return [w[1:] for w in words] if all(re.fullmatch(r"\?[A-Za-z0-9_]+", w) for w in words) else None


def _renamed(fragment: Fragment, names: Mapping[str, str]) -> str:
    out: list[str] = []
    at = 0
    for token in tokenize(fragment.text):
        name = token.name
        if name:
            out += [fragment.text[at : token.start], "?" + names[name]]
            at = token.end
    return "".join((*out, fragment.text[at:]))
