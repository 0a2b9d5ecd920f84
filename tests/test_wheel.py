"""The installed wheel serves from an empty folder: its data, queries, ontology, pages and messages travel inside."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import assets

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.wheel


def run(*command: object, cwd: Path, env: dict[str, str] | None = None) -> str:
    done = subprocess.run([str(c) for c in command], cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT, cwd=out)
    (made,) = out.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment that holds the wheel; what it depends on is borrowed from this one."""
    venv = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", "--without-pip", venv, cwd=venv)
    run(sys.executable, "-m", "uv", "pip", "install", "--no-deps", "--offline", "--python", venv, wheel, cwd=venv)
    (site,) = venv.glob("lib/python*/site-packages")
    # a path file of another site folder is not followed, so the editable install of this checkout stays out
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return venv / "bin"


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("empty")


def clean_environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("BILIM_", "PYTHON", "VIRTUAL_ENV"))}


@pytest.fixture(scope="module")
def served(installed: Path, empty: Path) -> Iterator[str]:
    """The address of a server over a release that was built from the wheel alone."""
    env = clean_environment()
    run(installed / "bilim", "build", cwd=empty, env=env)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(installed / "bilim"), "serve", "--port", str(port)]
    log = (empty / "serve.log").open("w")
    server = subprocess.Popen(command, cwd=empty, env=env, stdout=log, stderr=subprocess.STDOUT)
    base = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            assert server.poll() is None, (empty / "serve.log").read_text()
            try:
                with urllib.request.urlopen(base + "/healthz", timeout=5):
                    break
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        yield base
    finally:
        server.terminate()
        server.wait(timeout=30)
        log.close()


def get(url: str, accept: str = "*/*") -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": accept}), timeout=30) as answer:
        assert answer.status == 200
        return bytes(answer.read())


def test_the_wheel_holds_what_the_product_needs_and_nothing_else(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    for top, under in (("ontology", "kg/_resources/"), ("queries", "kg/_resources/"), ("data", "kg/_resources/")):
        kept = {p.relative_to(ROOT) for p in (ROOT / top).rglob("*") if p.is_file()}
        assert {under + str(p) for p in kept} <= inside
    for top in ("kg", "api"):
        kept = {p.relative_to(ROOT) for p in (ROOT / top).rglob("*") if p.is_file() and "__pycache__" not in p.parts}
        assert {str(p) for p in kept} <= inside
    # scripts of others are not committed: a wheel that is built before `make assets` would go without them
    assert {f"api/static/vendor/{name}" for name in (*assets.SERVED, assets.LICENCES)} <= inside
    assert {name.split("/")[0] for name in inside} <= {
        "kg",
        "api",
        next(n for n in inside if ".dist-info/" in n).split("/")[0],
    }


def test_the_code_that_runs_is_the_wheel(installed: Path, empty: Path) -> None:
    said = run(
        installed / "python",
        "-c",
        "import kg, api; print(kg.__file__, api.__file__)",
        cwd=empty,
        env=clean_environment(),
    )
    assert all(Path(p).is_relative_to(installed.parent) for p in said.split())


def test_it_answers_from_an_empty_folder(served: str) -> None:
    answer = json.loads(get(served + "/api/v1/posts/holders?post=kz-minister-of-education&on=2022-06-24&clang=en"))
    assert [(row["person"]["slug"], row["certainty"]) for row in answer["data"]] == [("askhat-aimagambetov", "certain")]


def test_it_has_its_pages(served: str) -> None:
    page = get(served + "/doc/person/askhat-aimagambetov", "text/html").decode()
    assert "Aimagambetov" in page
    for line in page.split('"'):
        if line.startswith("/static/"):
            assert get(served + line)
