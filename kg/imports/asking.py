"""A decision as a client writes it (command line, JSON, form): names of things, ranks, statements in N-Triples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from pyoxigraph import Quad, RdfFormat, parse

from kg.findings import BilimError, Exit, finding
from kg.imports import deciding, planning
from kg.imports.deciding import Done, Foreseen, Progress
from kg.imports.desk import Desk
from kg.imports.planning import Planner
from kg.releases.publish import Reason
from kg.terms import ID, expand, split_entity_iri

RANKS: Final = ("preferred", "normal", "deprecated")
Given = Mapping[str, Any]


def iri_of(name: str) -> str:
    """The IRI of ``kind/slug``, ``person:slug`` or an IRI; what is none stays, and is not found later."""
    whole = expand(name)
    return whole if split_entity_iri(whole) else ID + name


def _settle(given: Given, why: str) -> Planner:
    ranks: dict[str, str] = {}
    for name, rank in given["ranks"].items():
        if rank not in RANKS:
            raise BilimError(finding("decision-bad-rank", given=f"{name}={rank}"[:80]), exit_code=Exit.USAGE)
        ranks[iri_of(name)] = rank
    return planning.settle(iri_of(given["discrepancy"]), ranks, why, given.get("lang") or "en")


def _correct(given: Given, _: str) -> Planner:
    return planning.correct(statement(given["old"]), statement(given["new"]) if given.get("new") else None)


ACTIONS: Final[Mapping[str, Callable[[Given, str], Planner]]] = {
    "settle": _settle,
    "correct": _correct,
    "merge": lambda given, _: planning.merge(iri_of(given["thing"]), iri_of(given["into"])),
    "unmerge": lambda given, _: planning.unmerge(iri_of(given["thing"])),
    "withdraw": lambda given, _: planning.withdraw(iri_of(given["thing"])),
    "comment": lambda given, _: planning.comment(iri_of(given["thing"])),
    "undo": lambda given, _: planning.undo(int(given["number"])),
}
"""What can be decided: each makes a planner of what was given and of the reason."""


def decide(desk: Desk, action: str, given: Given, reason: Reason, progress: Progress = lambda _: None) -> Done:
    """Make a decision. ``given``: by docs/api.md, "Decisions". Raises :class:`BilimError` as deciding does."""
    return deciding.decide(desk, ACTIONS[action](given, reason.why), reason, progress)


def foresee(desk: Desk, action: str, given: Given, why: str) -> Foreseen:
    """What the decision would change, without making it. Raises :class:`BilimError` as deciding does."""
    return deciding.foresee(desk, ACTIONS[action](given, why))


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
