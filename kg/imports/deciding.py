"""Making stewards' decisions, and looking at what one would change. Each is judged, published and written down.

What a decision changes is planned by kg.imports.planning. One by which a violation would arise is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pyoxigraph import NamedNode, Store

from kg.findings import BilimError, Exit, Finding, finding
from kg.imports.decided import Decision
from kg.imports.desk import Desk
from kg.imports.judge import Judgement, judge_change
from kg.imports.ledger import Ledger, open_ledger
from kg.imports.making import Change, make_release
from kg.imports.planning import Plan, Planner
from kg.imports.preview import preview
from kg.imports.recovery import recover
from kg.imports.rewriting import lines
from kg.releases.candidate import STORE, Delta
from kg.releases.manifest import Manifest
from kg.releases.publish import Reason
from kg.releases.reader import Release, current

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Done:
    """What was decided, and what the shapes say of it."""

    decision: Decision
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a decision would do to a release: ``preview`` as of an import, ``broken`` the violations that would arise
    (with any it would be refused), ``findings`` the other new ones."""

    release: str
    preview: dict[str, Any]
    broken: tuple[Finding, ...]
    findings: tuple[Finding, ...]


def decide(desk: Desk, planner: Planner, reason: Reason, progress: Progress = lambda _: None) -> Done:
    """Make a decision.

    Raises :class:`BilimError`: no reason, what the planner refuses, (exit 1) violations that would arise.
    """
    if not reason.why.strip():
        raise BilimError(finding("reason-needed"), exit_code=Exit.USAGE)
    home = desk.home
    with home.lock("decide"), open_ledger(home) as ledger:
        recover(home, ledger)
        release = current(home)
        planned, delta = _planned(release, ledger, planner)
        return _publish(desk, ledger, release, planned, delta, reason, progress)


def foresee(desk: Desk, planner: Planner) -> Foreseen:
    """What a decision would change, without making it. Raises :class:`BilimError` for what the planner refuses."""
    release, rules = current(desk.home), desk.rules()
    rules.check_ontology(release)
    with open_ledger(desk.home) as ledger:
        _, delta = _planned(release, ledger, planner)
    laid = judge_change(release, delta, rules.incremental)
    assert laid.overlay is not None
    broken = _broken(laid.judgement)
    others = tuple(f for f in laid.judgement.all if f.standing != "already there" and f not in broken)
    return Foreseen(release.id, preview(laid.overlay), broken, others)


def _planned(release: Release, ledger: Ledger, planner: Planner) -> tuple[Plan, Delta]:
    """In a function of its own: a store that stays open would hinder publishing."""
    store = Store.read_only(str(release.path / STORE))
    planned = planner(store, ledger)
    return planned, planned.delta(store)


def _broken(judgement: Judgement) -> tuple[Finding, ...]:
    return tuple(f for f in judgement.all if f.severity == "Violation" and f.standing != "already there")


def _publish(
    desk: Desk, ledger: Ledger, release: Release, plan: Plan, delta: Delta, reason: Reason, progress: Progress
) -> Done:
    rules = desk.rules()
    rules.check_ontology(release)
    progress("judge")
    laid = judge_change(release, delta, rules.incremental)
    assert laid.overlay is not None
    if broken := _broken(laid.judgement):
        told = finding("decision-breaks", count=len(broken), first=broken[0].text())
        raise BilimError(told, *broken, exit_code=Exit.VIOLATIONS)
    number = ledger.decisions.begin(
        plan.action, plan.thing, plan.data, reason, (lines(delta.removed), lines(delta.added))
    )
    changed = {q.graph_name.value for q in (*delta.added, *delta.removed) if isinstance(q.graph_name, NamedNode)}

    def intend(manifest: Manifest) -> None:
        for import_ in ledger.imports.all(("published",)):
            entry = manifest.graphs.get(import_.graph)
            if import_.graph in changed and entry is not None:
                ledger.decisions.rewritten(import_.number, entry.sha256)
        ledger.decisions.of_release(number, manifest.id)

    signed = Reason(reason.who, reason.why, plan.action)
    make_release(desk, ledger, Change(release, laid.overlay, laid.judgement), signed, intend, progress)
    made = next(d for d in ledger.decisions.all() if d.number == number)
    return Done(made, laid.judgement.all)
