"""From a file to what a steward decides upon: receive, read, judge; take rows out, settle duplicates, waive, reject.

Nothing here writes a release: what waits for a decision is kept in the ledger, with the release it was judged on.
Accepting and retracting stand in kg.imports.accept.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pyoxigraph import Literal, NamedNode

from kg.findings import BilimError, Exit, Finding, finding
from kg.imports import kept, preview
from kg.imports.desk import Desk
from kg.imports.duplicates import duplicates
from kg.imports.incoming import NAME, as_decided, default_name, from_kept, read_import, renamed, sha256_of, to_kept
from kg.imports.judge import Judgement, Laid, judge_reading, lay
from kg.imports.ledger import Ledger, open_ledger
from kg.imports.records import Import, Row, State
from kg.imports.rules import Rules
from kg.imports.settled import Decision, Match
from kg.reading import Located, Reading
from kg.releases.layout import Home, sync_directory, told_errors
from kg.releases.publish import Reason
from kg.releases.reader import Release, current
from kg.terms import GRAPH_ONTOLOGY, OWL, split_entity_iri

Progress = Callable[[str], None]
"""Told the name of each step as it begins."""

WAITING: Final[tuple[State, ...]] = ("received", "parsed", "validated")
"""States in which nothing is decided yet."""
_DEPRECATED: Final = NamedNode(OWL + "deprecated")


@dataclass(frozen=True, slots=True)
class Received:
    """``known``: the same file under the same name was handed in before, and nothing has changed since."""

    import_: Import
    known: bool = False


def receive(desk: Desk, data: bytes, file: str, name: str | None, reason: Reason, key: str | None = None) -> Received:
    """Keep the bytes and write the import down. ``key``: an idempotency key; the same one gives the same import.

    Raises :class:`BilimError` for a name that is none, an empty file, and a key that was used for something else.
    """
    chosen = name_of(name, file)
    if not data:
        raise BilimError(finding("file-empty", file=file))
    sha256 = sha256_of(data)
    request = hashlib.sha256(f"{chosen}\0{file}\0{sha256}".encode()).hexdigest()
    home = desk.home
    home.prepare()
    keep_upload(home, sha256, data)  # whoever comes second finds it there
    with open_ledger(home) as ledger, ledger.together():  # two requests with one key make one import
        if key is not None and (before := ledger.imports.by_key(key)) is not None:
            number, asked = before
            if asked != request:
                raise BilimError(finding("idempotency-key-used", key=key, number=number), exit_code=Exit.USAGE)
            return Received(ledger.imports.get(number), known=True)
        base = home.current_id()
        for alike in ledger.imports.alike(sha256, chosen):
            waiting = alike.state in WAITING and alike.base in (base, None)
            if waiting or alike.state == "published":
                return Received(alike, known=True)
        made = ledger.imports.add(chosen, file, sha256, len(data), reason)
        if key is not None:
            ledger.imports.remember(key, made.number, request)
        return Received(made)


def name_of(name: str | None, file: str) -> str:
    """The name of an import. Raises :class:`BilimError` (exit 2) where it can be none."""
    try:
        chosen = name if name is not None else default_name(file)
    except ValueError:
        chosen = ""
    if not NAME.fullmatch(chosen):
        raise BilimError(finding("import-bad-name", value=name if name is not None else file), exit_code=Exit.USAGE)
    return chosen


def keep_upload(home: Home, sha256: str, data: bytes) -> None:
    """The bytes under uploads/, durably; nothing where they are there."""
    path = home.uploads / sha256
    if path.exists():
        return
    with told_errors(home):
        part = home.uploads / f".{sha256}-{os.getpid()}-{os.urandom(4).hex()}"
        try:
            with part.open("wb") as handle:
                handle.write(data)
                handle.flush()
                os.fsync(handle.fileno())
            part.rename(path)
            sync_directory(home.uploads)
        finally:
            part.unlink(missing_ok=True)


def uploaded(home: Home, import_: Import) -> bytes:
    """The bytes that were handed in. Raises :class:`BilimError` where they are gone or not what they were."""
    try:
        data = (home.uploads / import_.sha256).read_bytes()
    except OSError as error:
        raise BilimError(finding("upload-lost", number=import_.number, reason=error.strerror or error)) from error
    if sha256_of(data) != import_.sha256:
        raise BilimError(finding("upload-lost", number=import_.number, reason="SHA-256"))
    return data


def process(desk: Desk, number: int, progress: Progress = lambda _: None) -> Import:
    """Read and judge what was received, on the current release; again where it was before. Publishes nothing.

    Raises :class:`BilimError` where something is decided already, or there is no release to judge upon.
    """
    home, rules = desk.home, desk.rules()
    with open_ledger(home) as ledger:
        import_ = waiting(ledger, number)
        release = current(home)
        progress("read")
        reading = read_import(uploaded(home, import_), import_.file, import_.graph, rules, import_.excluded)
        located = list(reading)
        with ledger.together():
            ledger.imports.keep(number, "quads", to_kept(located))
            ledger.imports.keep(number, "reading", [f.as_dict() for f in reading.findings])
            if import_.state == "received":
                ledger.imports.move(number, "parsed", Reason("bilim", f"{len(located)} quads"))
        progress("parsed")
        judged = judge(ledger, import_, reading, located, release, rules)
        progress("judged")
        with ledger.together():
            waiting(ledger, number)  # nobody has decided meanwhile
            write(ledger, import_, judged, release, rules)
            if judged.verdict == "unreadable":
                ledger.imports.move(number, "rejected", Reason("bilim", "nothing in it could be read"))
            elif import_.state != "validated":
                ledger.imports.move(number, "validated", Reason("bilim", f"on {release.id}: {judged.verdict}"))
        progress("validated")
        return ledger.imports.get(number)


@dataclass(frozen=True, slots=True)
class Judged:
    """What judging an import on a release gives. ``judgement`` is without what is waived."""

    judgement: Judgement
    laid: Laid
    waived: list[Finding]
    preview: dict[str, Any] | None
    matches: list[Match]

    @property
    def verdict(self) -> Any:
        return kept.verdict_of(self.judgement)


def judge(
    ledger: Ledger, import_: Import, reading: Reading, located: Sequence[Located], release: Release, rules: Rules
) -> Judged:
    """Judge quads upon a release, as things are called by what was settled. Keeps nothing."""
    named, told = _as_settled(ledger, import_, located, release)
    own = release.manifest.hashes().get(GRAPH_ONTOLOGY) == rules.ontology_hash
    ontology = () if own else rules.ontology
    laid = judge_reading(reading, named, release, ontology, lambda: rules.incremental, import_.file)
    if laid.overlay is None:
        return Judged(laid.judgement, laid, [], None, [])
    new = preview.new_things(laid.overlay)
    judgement = replace(laid.judgement, findings=(*laid.judgement.findings, *_dead(new, laid, named), *told))
    passed = kept.waived(judgement.all, ledger.settled.waivers(), laid.overlay)
    judgement = replace(
        judgement,
        findings=tuple(f for f in judgement.findings if f not in passed),
        elsewhere=tuple(f for f in judgement.elsewhere if f not in passed),
    )
    matches = duplicates(laid.overlay, release, ledger.settled.apart())
    return Judged(judgement, laid, passed, preview.preview(laid.overlay), matches)


def same_again(ledger: Ledger, import_: Import, release: Release, rules: Rules) -> Judged | None:
    """What judging again would give, where that is known: on the same release, by the same rules and the same code."""
    before = ledger.imports.kept(import_.number, "report")
    if before is None or import_.base != release.id or before["mark"] != rules.mark:
        return None
    _, located = reading_of(ledger, import_)
    named, _ = _as_settled(ledger, import_, located, release)
    laid = Laid(kept.from_kept(before), lay(named, release))
    return Judged(laid.judgement, laid, [], ledger.imports.kept(import_.number, "preview"), [])


def _as_settled(
    ledger: Ledger, import_: Import, located: Iterable[Located], release: Release
) -> tuple[list[Located], list[Finding]]:
    """The quads as they are to be read: by what was said of likely duplicates, then by the decisions in force."""
    settled = ledger.settled.matches(import_.number)
    same = {m.thing: m.candidate for m in settled if m.decision == "same"}
    return as_decided(renamed(located, same, release.embedded.raw), ledger.decisions.made())


def _dead(things: Iterable[str], laid: Laid, located: Iterable[Located]) -> list[Finding]:
    """Names that are withdrawn, or lead to another: they are never given again."""
    assert laid.overlay is not None
    retired = [t for t in things if _retired(laid, t)]
    places = (
        {i.quad.subject.value: i for i in reversed(list(located)) if isinstance(i.quad.subject, NamedNode)}
        if retired
        else {}
    )
    out = []
    for iri in retired:
        kind, slug = split_entity_iri(iri) or ("", "")
        item = places.get(iri)
        out.append(finding("slug-retired", where=item.where if item else None, entity=iri, kind=kind, slug=slug))
    return out


def _retired(laid: Laid, iri: str) -> bool:
    assert laid.overlay is not None
    found = laid.overlay.base.quads_for_pattern(NamedNode(iri), _DEPRECATED, None, None)
    return any(isinstance(q.object, Literal) and q.object.value == "true" for q in found)


def write(ledger: Ledger, import_: Import, judged: Judged, release: Release, rules: Rules) -> None:
    """Keep what the judging gave."""
    number = import_.number
    ledger.imports.keep(number, "report", kept.to_kept(judged.judgement, rules.labels, judged.waived, rules.mark))
    if judged.preview is not None:
        ledger.imports.keep(number, "preview", judged.preview)
    ledger.settled.found(number, judged.matches)
    ledger.imports.judged(number, judged.verdict, release.id, kept.counts_of(judged.judgement.all))


def reading_of(ledger: Ledger, import_: Import) -> tuple[Reading, list[Located]]:
    """What was read of an import, from the ledger."""
    located = from_kept(ledger.imports.kept(import_.number, "quads"))
    findings = [kept.finding_of(f) for f in ledger.imports.kept(import_.number, "reading")]
    return Reading(graphs={import_.graph: located} if located else {}, findings=findings), located


def waiting(ledger: Ledger, number: int, states: tuple[State, ...] = WAITING) -> Import:
    """An import of which nothing is decided. Raises :class:`BilimError` (exit 2) otherwise."""
    import_ = ledger.imports.get(number)
    if import_.state not in states:
        told = finding("import-state", number=number, state=import_.state, allowed_states=", ".join(states))
        raise BilimError(told, exit_code=Exit.USAGE)
    return import_


def reject(desk: Desk, number: int, reason: Reason) -> Import:
    """The steward does not want it."""
    with desk.home.lock("reject"), open_ledger(desk.home) as ledger:
        waiting(ledger, number)
        ledger.imports.move(number, "rejected", reason)
        return ledger.imports.get(number)


def exclude(
    desk: Desk, number: int, rows: Iterable[Row], reason: Reason, progress: Progress = lambda _: None
) -> Import:
    """Leave exactly these rows out, and judge again."""
    with open_ledger(desk.home) as ledger:
        waiting(ledger, number)
        chosen = sorted(set(rows), key=str)
        with ledger.together():
            ledger.imports.exclude(number, chosen)
            shown = "; ".join(f"{file}{f' {sheet}' if sheet else ''} {row}" for file, sheet, row in chosen[:50])
            ledger.imports.step(number, "rows left out", Reason(reason.who, f"{reason.why} ({shown})".strip()))
    return process(desk, number, progress)


def bad_rows(ledger: Ledger, number: int) -> list[Row]:
    """The rows of tables at which a violation stands, headers (row 1) not among them."""
    data = ledger.imports.kept(number, "report") or {"findings": ()}
    found = (kept.finding_of(f) for f in data["findings"])
    places = (f.where for f in found if f.severity == "Violation" and f.where is not None)
    return list(dict.fromkeys((w.file, w.sheet, w.row) for w in places if w.row is not None and w.row > 1))


def settle(desk: Desk, number: int, thing: str, candidate: str, decision: Decision, reason: Reason) -> Import:
    """Say whether two things are one. If so, the import's is called by the name of the other, and judged again."""
    with open_ledger(desk.home) as ledger:
        waiting(ledger, number, ("validated",))
        with ledger.together():
            if not ledger.settled.settle(number, thing, candidate, decision, reason):
                raise BilimError(
                    finding("no-such-match", number=number, thing=thing, candidate=candidate), exit_code=Exit.USAGE
                )
            ledger.imports.step(
                number, f"settled: {decision}", Reason(reason.who, f"{thing} {candidate} {reason.why}".strip())
            )
        if decision == "not same":
            return ledger.imports.get(number)
    return process(desk, number)


def waive(desk: Desk, number: int, focus: str, shape: str, path: str, reason: Reason) -> Import:
    """Let a finding of an import pass until something else is said of its focus node; then judge again.

    Raises :class:`BilimError` (exit 2) without a reason, or where there is no such finding.
    """
    if not reason.why.strip():
        raise BilimError(finding("reason-needed"), exit_code=Exit.USAGE)
    rules, home = desk.rules(), desk.home
    with open_ledger(home) as ledger:
        import_ = waiting(ledger, number, ("validated",))
        reading, located = reading_of(ledger, import_)
        judged = judge(ledger, import_, reading, located, current(home), rules)
        there = any((f.entity, kept.shape_of(f), f.path or "") == (focus, shape, path) for f in judged.judgement.all)
        if not there or judged.laid.overlay is None:
            told = finding("no-such-finding", number=number, focus=focus, shape=shape, path=path)
            raise BilimError(told, exit_code=Exit.USAGE)
        triples = kept.triples_of(judged.laid.overlay, focus)
        with ledger.together():
            ledger.settled.waive(focus, shape, path, triples, reason, number)
            ledger.imports.step(number, "waived", Reason(reason.who, f"{focus} {shape} {path}: {reason.why}"))
    return process(desk, number)
