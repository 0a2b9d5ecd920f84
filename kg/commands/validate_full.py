"""`bilim validate --full`: a whole release against all shapes, and both engines side by side."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from pyoxigraph import Store

from kg.commands.output import print_json, show_findings, stderr, stdout
from kg.findings import Exit, finding
from kg.releases.candidate import STORE
from kg.releases.layout import Home
from kg.releases.reader import Release, current, open_release
from kg.resources import Resources

if TYPE_CHECKING:
    from kg.validation.agreement import Difference
    from kg.validation.report import Report


def which(home: Home, release_id: str | None) -> Release:
    """The release named, also one whose projection is of another version, or the current one."""
    return open_release(home, release_id, any_projection=True) if release_id else current(home)


def run(release: Release, resources: Resources, *, strict: bool, reference: bool, as_json: bool, lang: str) -> Exit:
    """Validate, tell, and give the exit code: 4 where two engines differ in a way that is not known."""
    from kg.validation.agreement import agreement, unknown  # here: the shapes' engine takes a second to load
    from kg.validation.compiled import CompiledValidator

    store = Store.read_only(str(release.path / STORE))
    validator = CompiledValidator(resources)
    begun = time.perf_counter()
    report = validator.validate(store)
    seconds = {"compiled": time.perf_counter() - begun}
    differences: list[Difference] | None = None
    if reference:
        begun = time.perf_counter()
        differences = agreement(store, validator)
        seconds["both engines"] = time.perf_counter() - begun
    new = unknown(differences or ())
    code = Exit.ENGINES_DISAGREE if new else _code(report, strict)
    if as_json:
        told: dict[str, Any] = {"release": release.id, "clean": code == Exit.CLEAN, **report.as_dict()}
        told["leftToPySHACL"] = dict(report.left)
        if differences is not None:
            told["differences"] = [d.as_dict() for d in differences]
        print_json(told | {"seconds": {name: round(s, 3) for name, s in seconds.items()}})
        return code
    show_findings(report.findings, lang)
    show_findings([finding("engines-disagree", row=str(d)) for d in new], lang)
    for difference in differences or ():
        if difference.known:
            stderr().print(str(difference), markup=False)
    counts = {s: len(report.of(s)) for s in ("Violation", "Warning")}
    out = stdout()
    out.print(
        f"{release.id}: {release.manifest.triples} triples, {sum(report.checked.values())} focus nodes of "
        f"{sum(1 for n in report.checked.values() if n)} shapes; {counts['Violation']} violation(s), "
        f"{counts['Warning']} warning(s). {len(report.left)} constraint(s) left to pySHACL. {seconds['compiled']:.1f} s"
    )
    if differences is not None:
        known = len(differences) - len(new)
        same = "The two engines agree" if not new else f"{len(new)} row(s) only in one engine"
        out.print(f"{same}; {known} known difference(s). {seconds['both engines']:.1f} s")
    return code


def _code(report: Report, strict: bool) -> Exit:
    if report.exit_code == Exit.CLEAN and strict and report.of("Warning"):
        return Exit.VIOLATIONS
    return report.exit_code
