"""Small random graphs cut out of the examples of all shapes, changed at random, and judged in both ways."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from pyoxigraph import DefaultGraph, Quad, Store

from kg.findings import Finding
from kg.releases.candidate import Delta, apply
from kg.store.overlay import Overlay
from kg.store.views import views
from kg.validation import Report, Validator
from kg.validation.incremental import Incremental, Outcome
from tests.changes import random_delta

Key = tuple[str | None, ...]


def keyed(findings: Iterable[Finding]) -> set[Key]:
    """The rows, without what shapes cannot see: of that one finding stands for all of a kind."""
    return {(f.shape, f.code, f.entity, f.path, f.value, f.component) for f in findings if f.shape}


def copied(overlay: Overlay) -> Store:
    """The new state as a store of its own."""
    store = Store()
    store.bulk_extend(overlay.quads_for_pattern(None, None, None))
    return store


def differences(outcome: Outcome, before: Report, after: Report) -> set[Key]:
    """Rows that one way finds new or mended and the other does not."""
    old, new = keyed(before.findings), keyed(after.findings)
    return (keyed(outcome.far) ^ (new - old)) | (keyed(outcome.mended) ^ (old - new))


def disagreement(seed: int, quads: Sequence[Quad], validator: Validator, incremental: Incremental) -> set[Key]:
    """What incremental judging and two full runs of pySHACL say differently of one graph and one change."""
    chance = random.Random(seed)
    subjects = sorted({str(q.subject) for q in quads})
    chosen = set(chance.sample(subjects, k=min(len(subjects), chance.choice([5, 20, 60]))))
    kept = [q for q in quads if str(q.subject) in chosen]
    base = Store()
    apply(base, Delta(kept))
    delta = random_delta(kept, chance, chance.choice([1, 2, 5, 15]))
    back = [q for q in chance.sample(list(quads), k=3) if q not in set(kept)]  # what was cut off comes back
    overlay = Overlay(base)
    apply(overlay, Delta([*delta.added, *back], delta.removed))
    outcome = incremental.check(views(base, overlay.added(), overlay.removed()), focus=())
    new = copied(overlay).quads_for_pattern(None, None, None, DefaultGraph())
    return differences(outcome, validator.validate(base), validator.validate(new))
