"""The scripts of others: pinned without addresses, never committed, served with their licences, never needed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from starlette.testclient import TestClient

from tools import assets

ROOT = Path(__file__).resolve().parent.parent


def test_the_lock_file_names_hashes_and_no_addresses() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert len(packages) > 10
    for place, entry in packages.items():
        assert "resolved" not in entry, place
        assert place == "" or entry["integrity"].startswith("sha512-"), place


def test_none_of_them_is_committed() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert not [name for name in tracked if "vendor/" in name or "node_modules/" in name]


def test_a_second_time_nothing_is_done() -> None:
    before = {p: p.stat().st_mtime_ns for p in assets.VENDOR.iterdir()}
    done = subprocess.run([sys.executable, str(ROOT / "tools/assets.py")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert {p: p.stat().st_mtime_ns for p in assets.VENDOR.iterdir()} == before


def test_they_are_served_with_their_licences(small: TestClient) -> None:
    for name in assets.SERVED:
        answer = small.get(f"/static/vendor/{name}")
        assert answer.status_code == 200
        kind = "text/css" if name.endswith(".css") else "text/javascript"
        assert answer.headers["content-type"].startswith(kind)
        assert answer.content == (assets.VENDOR / name).read_bytes()
    told = small.get("/static/vendor/licences.txt").text
    for package in ("@zazuko/yasqe", "codemirror", "cytoscape", "htmx.org"):
        assert f"\n{package} " in "\n" + told


def test_nothing_else_is_served_from_there(small: TestClient) -> None:
    for path in ("/static/vendor/nope.js", "/static/vendor", "/static/vendor/", "/static/%2e%2e/app.py",
                 "/static/vendor/%2e%2e/%2e%2e/app.py", "/static/%2fetc/hostname.txt", "/static/../app.py",
                 "/static/vendor/x/y.js"):  # fmt: skip
        assert small.get(path).status_code == 404, path
