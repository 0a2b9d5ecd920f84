"""Accepting an import, retracting one: the only ways by which an import makes a release.

Under the lock, on the then current release: derive and judge again what the change can affect, and compare with what
the steward saw (on the release it was judged on, by the same rules and code, that is known); anything new goes back to
the steward. Else the change is made a release (kg.imports.making). A crash at any moment leaves the import wholly in or
wholly out (kg.imports.recovery).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from pyoxigraph import NamedNode

from kg.findings import BilimError, Exit, Finding, finding
from kg.imports import flow, kept, making, preview
from kg.imports.desk import Desk
from kg.imports.judge import Judgement, judge_change
from kg.imports.ledger import Ledger, open_ledger
from kg.imports.making import Change, make_release
from kg.imports.records import Import, State
from kg.imports.recovery import PUBLICATION, recover
from kg.releases.candidate import Delta
from kg.releases.disk import over_budget
from kg.releases.manifest import Manifest
from kg.releases.publish import Reason
from kg.releases.reader import Release, current
from kg.store.overlay import Overlay

Progress = Callable[[str], None]
"""Told the name of each step as it begins, and of each point of publishing that is passed."""

STEPS: Final = ("judge", "compare", *making.STEPS)

Outcome = Literal["published", "unchanged", "back"]


@dataclass(frozen=True, slots=True)
class Done:
    """``back``: on the release that is current now the import does something else, which the steward must see first."""

    outcome: Outcome
    import_: Import
    release: str
    findings: tuple[Finding, ...] = ()


def accept(desk: Desk, number: int, reason: Reason, progress: Progress = lambda _: None) -> Done:
    """Publish an import. ``reason.why`` may be empty where there are no warnings.

    Raises :class:`BilimError` (exit 1) where it has violations, or warnings and no reason, or likely duplicates that
    are not settled; where home cannot be written, another process writes, or the disk is full. Then nothing changes.
    """
    home, rules = desk.home, desk.rules()
    with home.lock("accept"), open_ledger(home) as ledger:
        recover(home, ledger)
        import_ = flow.waiting(ledger, number, ("validated",))
        _refuse(ledger, import_, reason)
        release = current(home)
        rules.check_ontology(release)
        progress("judge")
        judged = flow.same_again(ledger, import_, release, rules)
        if judged is None:
            judged = flow.judge(ledger, import_, *flow.reading_of(ledger, import_), release, rules)
        progress("compare")
        fresh = _fresh(ledger, import_, judged)
        if fresh is not None:
            with ledger.together():
                flow.write(ledger, import_, judged, release, rules)
                ledger.imports.step(
                    number, "back to the steward", Reason("bilim", f"judged again on {release.id}"), release.id
                )
            told = finding("import-moved", number=number, base=import_.base, release=release.id)
            return Done("back", ledger.imports.get(number), release.id, (told, *fresh))
        overlay = judged.laid.overlay
        assert overlay is not None  # a verdict that may be accepted
        if not overlay.all_added() and not overlay.all_removed():
            _unchanged(ledger, import_, release, reason)
            return Done("unchanged", ledger.imports.get(number), release.id)
        made = _publish(desk, ledger, release, overlay, judged.judgement, import_, "published", reason, progress)
        return Done("published", ledger.imports.get(number), made.id, _budget(desk))


def retract(desk: Desk, number: int, reason: Reason, progress: Progress = lambda _: None) -> Done:
    """Publish a release without an import: what only it stated goes, what others state too stays.

    Raises :class:`BilimError` where it is not published, where there is no reason, and (exit 1) where violations would
    arise elsewhere.
    """
    if not reason.why.strip():
        raise BilimError(finding("reason-needed"), exit_code=Exit.USAGE)
    home, rules = desk.home, desk.rules()
    with home.lock("retract"), open_ledger(home) as ledger:
        recover(home, ledger)
        import_ = flow.waiting(ledger, number, ("published",))
        release = current(home)
        rules.check_ontology(release)
        progress("judge")
        base = release.embedded.raw
        gone = list(base.quads_for_pattern(None, None, None, NamedNode(import_.graph)))
        laid = judge_change(release, Delta([], gone), rules.incremental)
        assert laid.overlay is not None
        passed = kept.waived(laid.judgement.all, ledger.settled.waivers(), laid.overlay)
        broken = tuple(f for f in laid.judgement.all if f.severity == "Violation" and f not in passed)
        if broken:
            told = finding("retract-breaks", number=number, count=len(broken), first=broken[0].text())
            raise BilimError(told, *broken, exit_code=Exit.VIOLATIONS)
        ledger.imports.step(number, "retract", reason)
        made = _publish(desk, ledger, release, laid.overlay, laid.judgement, import_, "retracted", reason, progress)
        return Done("published", ledger.imports.get(number), made.id, (*laid.judgement.all, *_budget(desk)))


def _budget(desk: Desk) -> tuple[Finding, ...]:
    """A warning where releases take more room than they may."""
    over = over_budget(desk.home, desk.settings.disk_budget_mb)
    return (over,) if over else ()


def _refuse(ledger: Ledger, import_: Import, reason: Reason) -> None:
    """Raises :class:`BilimError` (exit 1) for what may not be accepted."""
    number, verdict, counted = import_.number, import_.verdict, import_.counts
    if verdict == "nothing checked":
        raise BilimError(finding("import-unchecked", number=number), exit_code=Exit.NOTHING_CHECKED)
    if verdict not in ("clean", "warnings"):
        told = finding("import-violations", number=number, count=counted.get("Violation", 0))
        raise BilimError(told, exit_code=Exit.VIOLATIONS)
    if verdict == "warnings" and not reason.why.strip():
        told = finding("import-warnings", number=number, count=counted.get("Warning", 0))
        raise BilimError(told, exit_code=Exit.VIOLATIONS)
    open_ = [m for m in ledger.settled.matches(number) if m.decision is None]
    if open_:
        told = finding(
            "import-unsettled", number=number, count=len(open_), thing=open_[0].thing, candidate=open_[0].candidate
        )
        raise BilimError(told, exit_code=Exit.VIOLATIONS)


def _fresh(ledger: Ledger, import_: Import, judged: flow.Judged) -> tuple[Finding, ...] | None:
    """What the steward has not seen: None where there is nothing, else its findings (none: only the change differs)."""
    before = ledger.imports.kept(import_.number, "report")
    known = {kept.key_of(kept.finding_of(f)) for part in ("findings", "elsewhere") for f in before[part]}
    grave = (f for f in judged.judgement.all if f.severity != "Info")
    fresh = tuple(f for f in grave if kept.key_of(f) not in known)
    settled = {(m.thing, m.candidate) for m in ledger.settled.matches(import_.number)}
    unsettled = any((m.thing, m.candidate) not in settled for m in judged.matches)
    seen = ledger.imports.kept(import_.number, "preview")
    moved = judged.preview is None or preview.changes_of(judged.preview) != preview.changes_of(seen)
    return fresh if fresh or unsettled or moved else None


def _unchanged(ledger: Ledger, import_: Import, release: Release, reason: Reason) -> None:
    """Accepted, and already there word for word."""
    entry = release.manifest.graphs.get(import_.graph)
    with ledger.together():
        ledger.imports.made(import_.number, release.id, entry.sha256 if entry else None)
        before = ledger.imports.published(import_.name)
        ledger.imports.move(import_.number, "accepted", reason)
        ledger.imports.move(import_.number, "published", Reason("bilim", "nothing would change"), release.id)
        if before is not None:
            ledger.imports.move(before.number, "retracted", Reason("bilim", f"import {import_.number} says the same"))


def _publish(
    desk: Desk,
    ledger: Ledger,
    release: Release,
    overlay: Overlay,
    judgement: Judgement,
    import_: Import,
    state: State,
    reason: Reason,
    progress: Progress,
) -> Manifest:
    """From a change that may be made to the current release."""
    number, accepting = import_.number, state == "published"
    if accepting:
        ledger.imports.move(number, "accepted", reason)
        progress("accepted")
    why = reason.why or f"import {number} of {import_.file}"

    def intend(manifest: Manifest) -> None:
        intent = {"release": manifest.id, "import": number, "state": state, "who": reason.who, "why": why}
        ledger.begin_pending(PUBLICATION, intent)
        if accepting:
            entry = manifest.graphs.get(import_.graph)
            ledger.imports.made(number, manifest.id, entry.sha256 if entry else None)
            born = ledger.imports.kept(number, "preview")["minted"]
            ledger.settled.mint(number, ((t["kind"], t["slug"]) for t in born))

    told = Reason(reason.who, why, "import" if accepting else "retract")
    return make_release(desk, ledger, Change(release, overlay, judgement), told, intend, progress)
