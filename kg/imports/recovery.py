"""The ledger agrees with what is published: at the end of each publication, and at a start after a crash.

``current`` and the manifests are the truth. What a publication was to do to an import is written down before the
pointer moves (``pending``), so a start afterwards does it, or takes it back.
"""

from __future__ import annotations

import shutil
from typing import Any, Final

from kg.findings import BilimError
from kg.imports.ledger import Ledger, open_ledger
from kg.releases import manifest as manifests
from kg.releases.layout import Home, told_errors
from kg.releases.manifest import Manifest
from kg.releases.publish import Reason

PUBLICATION: Final = "publication"
"""Pending: ``{release, import, state, who, why}``: what a publication makes of an import."""
ROLLBACK: Final = "rollback"
"""Pending: ``{release, from, who, why}``: the pointer is about to move to an earlier release."""

_PASSED_OVER = frozenset({"home-locked", "home-not-writable", "disk-full"})


def finish(ledger: Ledger, manifest: Manifest) -> None:
    """After the pointer has moved to a new release: its row, and what it makes of imports. One transaction."""
    with ledger.together():
        ledger.published(manifest)
        intent = ledger.pending(PUBLICATION)
        if intent is not None and intent["release"] == manifest.id:
            ledger.imports.move(intent["import"], intent["state"], Reason(intent["who"], intent["why"]), manifest.id)
        ledger.end_pending(PUBLICATION)
        ledger.decisions.finish(manifest.id)
        agree(ledger, manifest, f"replaced in release {manifest.id}")


def finish_rollback(ledger: Ledger, manifest: Manifest, intent: dict[str, Any]) -> None:
    """After the pointer has moved back to an earlier release."""
    with ledger.together():
        ledger.act("rollback", manifest.id, intent["from"], Reason(intent["who"], intent["why"]))
        ledger.end_pending(ROLLBACK)
        agree(ledger, manifest, f"rolled back to release {manifest.id}: {intent['why']}")


def agree(ledger: Ledger, manifest: Manifest, why: str) -> None:
    """An import is published if and only if its graph is in the current release as it was accepted."""
    reason = Reason("bilim", why)
    seen: set[str] = set()
    for found in ledger.imports.all(("published", "retracted")):  # the newest first
        entry = manifest.graphs.get(found.graph)
        theirs = entry is not None and (
            entry.sha256 == found.graph_sha256 or ledger.decisions.is_graph_of(found.number, entry.sha256)
        )
        there = theirs and found.name not in seen
        if there:
            seen.add(found.name)
        if there and found.state == "retracted":
            ledger.imports.move(found.number, "published", reason, manifest.id)
        elif not there and found.state == "published":
            ledger.imports.move(found.number, "retracted", reason, manifest.id)


def recover(home: Home, ledger: Ledger) -> list[str]:
    """After a crash: empty tmp/, make the ledger agree with ``current``; what was done, in words.

    Only under the lock. A directory whose publication never happened is removed: it is wholly out.
    """
    done = []
    home.sweep()
    current = home.current_id()
    for release in ledger.unfinished():
        directory = home.release(release)
        if release == current:
            finish(ledger, manifests.read(directory))
            done.append(f"{release} was published; its ledger entry is written now")
        else:
            with told_errors(home):
                shutil.rmtree(directory, ignore_errors=not directory.exists())
            ledger.abandoned(release, "the publication was cut short before the pointer moved")
            done.append(f"{release} was never published and is removed")
    done += _take_back(ledger)
    intent = ledger.pending(ROLLBACK)
    if intent is not None:
        if current is not None and intent["release"] == current:
            finish_rollback(ledger, manifests.read(home.release(current)), intent)
            done.append(f"the rollback to {current} was done; its ledger entry is written now")
        else:
            ledger.end_pending(ROLLBACK)
            done.append(f"a rollback to {intent['release']} was never done")
    for release in home.release_ids():
        if ledger.state(release) is None:  # a lost or older ledger: the manifests tell
            try:
                ledger.published(manifests.read(home.release(release)))
            except BilimError:  # damaged: `bilim releases verify` and `doctor` name it
                continue
            done.append(f"{release} is taken into the ledger from its manifest")
    return done


def _take_back(ledger: Ledger) -> list[str]:
    """Imports whose publication was cut short wait for their decision again. Nobody accepts now: we have the lock."""
    done = []
    with ledger.together():
        ledger.end_pending(PUBLICATION)
        done += [f"decision {number} was cut short and is not made" for number in ledger.decisions.take_back()]
        for cut in ledger.imports.all(("accepted",)):
            ledger.imports.made(cut.number, None, None)
            ledger.imports.move(cut.number, "validated", Reason("bilim", "its publication was cut short"))
            ledger.settled.unmint(cut.number)
            done.append(f"import {cut.number} was not published and waits again")
    return done


def recover_if_free(home: Home) -> list[str]:
    """What was recovered, in words. Nothing where another process writes or home is read-only: reading goes on."""
    try:
        with home.lock("recovery"), open_ledger(home) as ledger:
            return recover(home, ledger)
    except BilimError as error:
        if {f.code for f in error.findings} <= _PASSED_OVER:
            return []
        raise
