"""Which values to measure a template with, taken from the release itself: so any release will do, also a generated one.

For each template: what must be given alone (the widest question), then each other parameter beside it. Things are the
ones of which most is known and some others; days lie over the years; every value of an enumeration is taken.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import cycle

from kg.findings import BilimError
from kg.kinds import BY_CLASS, KINDS
from kg.releases.reader import Release
from kg.templates.model import Param, Template
from kg.templates.run import Engine
from kg.terms import expand, split_entity_iri

BUSY = 3  # things of which most is known
OTHERS = 5
DAYS = ("1995-06-15", "2008-01-01", "2015-09-01", "2019-06-13", "2022-06-24", "2023-01-04", "2024-03-14", "2026-11-22")

Given = dict[str, list[str]]


def questions(template: Template, engine: Engine, release: Release) -> list[Given]:
    """Sets of values, each of which the engine takes; never empty."""
    template = engine.resolved(template)
    values = {p.name: list(_values(p, release)) for p in template.params}
    needed = [p.name for p in template.params if p.needed]
    rounds = max([len(values[name]) for name in needed], default=1)
    bases: list[Given] = [
        {name: [value] for name, value in zip(needed, row, strict=True)}
        for row in zip(*(cycle(values[name]) for name in needed), range(rounds), strict=False)
        for row in [row[:-1]]
    ]
    found = list(bases)
    turn = cycle(bases)
    for param in template.params:
        if param.name not in needed:
            found += [{**next(turn), param.name: [value]} for value in values[param.name]]
    return [given for given in found if _taken(template, engine, given)]


def _taken(template: Template, engine: Engine, given: Given) -> bool:
    from tests.bench.bench_templates import TODAY

    try:
        engine.check(template, given, TODAY)
    except BilimError:
        return False
    return True


def _values(param: Param, release: Release) -> Iterator[str]:
    match param.type:
        case "entity":
            kinds = [BY_CLASS[param.of].name] if param.of in BY_CLASS else _kinds(param)
            for kind in kinds:
                yield from _things(release, kind)
        case "enum":
            yield from param.values
        case "date":
            yield from DAYS
        case "language":
            yield from ("kk", "ru", "en")
        case _:
            yield from param.examples


def _kinds(param: Param) -> list[str]:
    """Of the examples, where no class is said or a class that is not that of a kind."""
    named = [split_entity_iri(expand(example)) for example in param.examples]
    return sorted({parts[0] for parts in named if parts and parts[0] in KINDS}) or ["organization"]


def _things(release: Release, kind: str) -> tuple[str, ...]:
    ask = release.projection.rows
    busy = ask("SELECT iri FROM documents WHERE kind = ? ORDER BY weight DESC, slug LIMIT ?", (kind, BUSY))
    every = [iri for (iri,) in ask("SELECT iri FROM documents WHERE kind = ? ORDER BY slug", (kind,))]
    others = random.Random(kind).sample(every, min(OTHERS, len(every)))
    return tuple(dict.fromkeys([*(iri for (iri,) in busy), *others]))
