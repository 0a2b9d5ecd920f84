"""`bilim doctor`: what is missing or wrong on this machine, and how to mend it."""

from __future__ import annotations

import importlib
import locale
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

import typer

from kg import resources
from kg.commands.output import Json, language, print_json, settings, stdout
from kg.commands.serve import listen
from kg.findings import BilimError, Exit, Finding, finding, pick
from kg.imports.ledger import open_ledger
from kg.releases.disk import over_budget
from kg.releases.layout import Home, told_errors
from kg.releases.push import limits
from kg.releases.reader import current, open_release
from kg.releases.remote import connect, endpoint_of
from kg.releases.verify import quick
from kg.settings import Settings
from kg.templates.catalogue import Catalogue

_MODULES: Final = ("pyoxigraph", "rdflib", "pyshacl", "csvw", "fastapi", "uvicorn", "uvloop", "httptools", "jinja2")
_FREE_NEEDED: Final = 200 * 2**20  # a build of the data that comes with it takes 30 MiB, twice for the copy


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: a name, what was seen, what is wrong."""

    name: str
    seen: str
    findings: tuple[Finding, ...] = ()


def command(context: typer.Context, as_json: Json = False) -> None:
    """Look at this machine: Python, packages, home, disk, releases, questions, port, namespaces, locale."""
    checks = list(examine(settings()))
    bad = any(f.severity == "Violation" for c in checks for f in c.findings)
    if as_json:
        rows = [{"check": c.name, "seen": c.seen, "findings": [f.as_dict() for f in c.findings]} for c in checks]
        print_json({"healthy": not bad, "checks": rows})
    else:
        lang, out = language(context), stdout()
        for c in checks:
            worst = min((f.severity for f in c.findings), key=("Violation", "Warning", "Info").index, default=None)
            mark = {None: "[green]ok[/]     ", "Violation": "[red]wrong[/]  "}.get(worst, "[yellow]look[/]   ")
            out.print(f"{mark}{c.name}: {c.seen}")
            for f in c.findings:
                out.print(f"        {pick(f.what, lang)}\n        → {pick(f.advice, lang) or '–'}")
        out.print("Something must be mended." if bad else "All is well.")
    if bad:
        raise typer.Exit(Exit.VIOLATIONS)


def examine(chosen: Settings) -> Iterator[Check]:
    """All checks, one after the other; each stands by itself."""
    yield _python()
    yield _packages()
    for name, look in (
        ("resources", _resources),
        ("home", _home),
        ("disk", _disk),
        ("ledger", _ledger),
        ("release", _release),
        ("questions", _questions),
        ("port", _port),
        ("remote store", _remote),
    ):
        yield _guarded(name, look, chosen)
    yield _namespaces()
    yield _locale()


def _guarded(name: str, look: Callable[[Settings], str | Check], chosen: Settings) -> Check:
    try:
        seen = look(chosen)
    except BilimError as error:
        return Check(name, "–", error.findings)
    return seen if isinstance(seen, Check) else Check(name, seen)


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    old = sys.version_info < (3, 11)
    return Check("Python", version, (finding("python-too-old", version=version),) if old else ())


def _packages() -> Check:
    missing = []
    for name in _MODULES:
        try:
            importlib.import_module(name)
        except ImportError:
            missing.append(name)
    seen = f"bilim {metadata.version('bilim')}, pyoxigraph {metadata.version('pyoxigraph')}" if not missing else "–"
    return Check("packages", seen, (finding("packages-missing", names=", ".join(missing)),) if missing else ())


def _resources(chosen: Settings) -> str:
    return str(resources.find(chosen.resources).root)


def _home(chosen: Settings) -> str:
    home = Home(chosen.home)
    if not home.path.exists():  # looking must not make it
        existing = next(p for p in home.path.absolute().parents if p.exists())
        probe = existing / f".{home.path.name}-doctor"
        with told_errors(Home(existing)):
            probe.mkdir()
            probe.rmdir()
        return f"{home.path} (not made yet)"
    home.prepare()
    return f"{home.path}" + (", another process writes there now" if home.is_locked() else "")


def _disk(chosen: Settings) -> Check:
    there = next(p for p in (chosen.home.absolute(), *chosen.home.absolute().parents) if p.exists())
    free = shutil.disk_usage(there).free
    text = f"{free / 2**30:.1f} GiB free"
    low = finding("disk-low", home=chosen.home, free=text, needed=f"{_FREE_NEEDED // 2**20} MiB")
    over = over_budget(Home(chosen.home), chosen.disk_budget_mb)
    return Check("disk", text, (*((low,) if free < _FREE_NEEDED else ()), *((over,) if over else ())))


def _ledger(chosen: Settings) -> str:
    home = Home(chosen.home)
    if not home.ledger.exists():
        return "none yet"
    with open_ledger(home) as ledger:
        return f"{len(ledger.acts())} entries"


def _release(chosen: Settings) -> Check:
    home = Home(chosen.home)
    release_id = home.current_id()
    if release_id is None:
        return Check("release", "none yet (bilim build makes one)")
    release = open_release(home, release_id)
    if not release.has_store:
        return Check("release", f"{release.id}, without its graphs (remote mode reads them elsewhere)")
    seen = f"{release.id}, {release.manifest.triples} triples, {len(home.release_ids())} kept"
    return Check("release", seen, tuple(quick(release)))


def _questions(chosen: Settings) -> Check:
    catalogue = Catalogue(resources.find(chosen.resources).queries)
    broken = tuple(f for b in catalogue.broken for f in b.findings)
    return Check("questions", f"{len(catalogue.templates)} serve, {len(catalogue.broken)} broken", broken)


def _remote(chosen: Settings) -> str | Check:
    connection = connect(chosen)
    if connection is None:
        return "none (BILIM_ENDPOINT is empty): releases are read from this machine"
    release = current(Home(chosen.home), connection)
    endpoint = endpoint_of(chosen, chosen.endpoint, told="")
    seen, warning = limits(endpoint, connection.found, release.manifest.triples)
    held = release.store.count(None)
    findings = list(warning.findings) if warning else []
    if held != release.manifest.triples:
        wanted = release.manifest.triples
        findings.append(finding("push-damaged", release=release.id, graph="merged", found=held, expected=wanted))
    return Check("remote store", f"{endpoint.name}: {seen.told()}; {release.id}, {held} triples", tuple(findings))


def _port(chosen: Settings) -> str:
    listen(chosen.host, chosen.port).close()
    return f"{chosen.host}:{chosen.port} is free"


def _namespaces() -> Check:
    """Tried in a child: a process that has left the network cannot come back."""
    code = "import sys; from kg.sparql.worker import leave_network; sys.exit(leave_network() or 0)"
    root = Path(__file__).resolve().parent.parent.parent
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode == 0:
        return Check("network namespaces", "workers of /sparql run without a network")
    reason = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit {done.returncode}"
    return Check("network namespaces", "refused", (finding("no-namespaces", reason=reason),))


def _locale() -> Check:
    encoding = locale.getpreferredencoding(False)
    wrong = encoding.lower().replace("-", "") != "utf8"
    return Check("locale", encoding, (finding("locale-not-utf8", encoding=encoding),) if wrong else ())


__all__ = ["Check", "command", "examine"]
