"""Going back to an earlier release: the pointer moves, and the ledger says who, when and why. Nothing is deleted."""

from __future__ import annotations

from kg.findings import BilimError, Exit, finding
from kg.imports.ledger import open_ledger
from kg.imports.recovery import ROLLBACK, finish_rollback, recover
from kg.releases.layout import Home, Step
from kg.releases.publish import Reason
from kg.releases.reader import Release, open_release
from kg.releases.verify import quick


def rollback(home: Home, release_id: str, reason: Reason, step: Step = lambda _: None) -> Release:
    """Make an earlier release the current one. The next release gets a number that none had.

    Raises :class:`BilimError` without a reason, for a release that is not there, is the current one, or is damaged.
    """
    if not reason.why.strip():
        raise BilimError(finding("reason-needed"), exit_code=Exit.USAGE)
    with home.lock("rollback"), open_ledger(home) as ledger:
        recover(home, ledger)
        release = open_release(home, release_id)
        before = home.current_id()
        if release.id == before:
            raise BilimError(finding("rollback-current", release=release_id), exit_code=Exit.USAGE)
        if wrong := quick(release):
            raise BilimError(*wrong)
        intent = {"release": release.id, "from": before, "who": reason.who, "why": reason.why}
        ledger.begin_pending(ROLLBACK, intent)
        step("begun")
        home.point(release.id, step)
        finish_rollback(ledger, release.manifest, intent)
        step("finished")
        return release
