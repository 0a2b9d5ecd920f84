"""A decision as a client writes it (command line, JSON): names of things, ranks, statements in N-Triples; then made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from pyoxigraph import Quad, RdfFormat, parse

from kg.findings import BilimError, Exit, finding
from kg.imports import deciding
from kg.imports.deciding import Done, Progress
from kg.imports.desk import Desk
from kg.releases.publish import Reason
from kg.terms import ID, expand, split_entity_iri

RANKS: Final = ("preferred", "normal", "deprecated")
Given = Mapping[str, Any]


def iri_of(name: str) -> str:
    """The IRI of ``kind/slug``, ``person:slug`` or an IRI; what is none stays, and is not found later."""
    whole = expand(name)
    return whole if split_entity_iri(whole) else ID + name


def _settle(desk: Desk, given: Given, reason: Reason, progress: Progress) -> Done:
    ranks: dict[str, str] = {}
    for name, rank in given["ranks"].items():
        if rank not in RANKS:
            raise BilimError(finding("decision-bad-rank", given=f"{name}={rank}"[:80]), exit_code=Exit.USAGE)
        ranks[iri_of(name)] = rank
    return deciding.settle(desk, iri_of(given["discrepancy"]), ranks, given.get("lang") or "en", reason, progress)


def _correct(desk: Desk, given: Given, reason: Reason, progress: Progress) -> Done:
    new = statement(given["new"]) if given.get("new") else None
    return deciding.correct(desk, statement(given["old"]), new, reason, progress)


def _merge(desk: Desk, given: Given, reason: Reason, progress: Progress) -> Done:
    return deciding.merge(desk, iri_of(given["thing"]), iri_of(given["into"]), reason, progress)


def _unmerge(desk: Desk, given: Given, reason: Reason, progress: Progress) -> Done:
    return deciding.unmerge(desk, iri_of(given["thing"]), reason, progress)


def _withdraw(desk: Desk, given: Given, reason: Reason, progress: Progress) -> Done:
    return deciding.withdraw(desk, iri_of(given["thing"]), reason, progress)


def _comment(desk: Desk, given: Given, reason: Reason, progress: Progress) -> Done:
    return deciding.comment(desk, iri_of(given["thing"]), reason, progress)


def _undo(desk: Desk, given: Given, reason: Reason, progress: Progress) -> Done:
    return deciding.undo(desk, int(given["number"]), reason, progress)


ACTIONS: Final[Mapping[str, Callable[[Desk, Given, Reason, Progress], Done]]] = {
    "settle": _settle,
    "correct": _correct,
    "merge": _merge,
    "unmerge": _unmerge,
    "withdraw": _withdraw,
    "comment": _comment,
    "undo": _undo,
}


def decide(desk: Desk, action: str, given: Given, reason: Reason, progress: Progress = lambda _: None) -> Done:
    """Make a decision. ``given``: by docs/api.md, "Decisions". Raises :class:`BilimError` as deciding does."""
    return ACTIONS[action](desk, given, reason, progress)


def statement(text: str) -> Quad:
    """One line of N-Triples. Raises :class:`BilimError` (exit 2) for anything else."""
    try:
        found: list[Any] = list(parse(text.strip().encode("utf-8", "replace"), format=RdfFormat.N_TRIPLES))
        reason = f"{len(found)} statements"
    except SyntaxError as error:
        found, reason = [], error.msg
    if len(found) != 1:
        raise BilimError(finding("decision-bad-statement", given=text[:200], reason=reason), exit_code=Exit.USAGE)
    made: Quad = found[0]
    return made
