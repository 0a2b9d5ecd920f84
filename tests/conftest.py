"""What many tests share: a home built from data/, the app over it, a server on a free port."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import settings as drawing
from starlette.testclient import TestClient

from api.app import create_app
from api.front.asgi import Front
from kg import resources
from kg.imports.build import build
from kg.log import configure
from kg.settings import Settings
from tests import remote_stores
from tests.desk_world import app_over
from tests.imports_world import copied, make_world
from tests.released import publish_small

# The suite draws the same examples each time, in any time; HYPOTHESIS_PROFILE=default draws others, to find more.
drawing.register_profile("repeatable", derandomize=True, database=None, deadline=None)
drawing.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

SERVE = """
import sys, uvicorn
from pathlib import Path
from api.app import create_app
from api.front.protocol import serving
from kg.log import configure
from kg.settings import Settings
from tests.released import publish_small
quiet = {"log_level": "warning", "log_format": "json", "sparql_nice": 0}
settings = Settings(home=Path(sys.argv[1]), port=int(sys.argv[2]), **quiet)
configure(settings)
app = create_app(settings)
uvicorn.run(app, host="127.0.0.1", port=settings.port, **serving(app.ready))
"""


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_server(home: Path, log: Path) -> tuple[subprocess.Popen[bytes], str]:
    """uvicorn in a process of its own; returns it and its address once it answers /healthz."""
    port = free_port()
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-c", SERVE, str(home), str(port)], stdout=out, stderr=out)
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 240  # on a machine that is busy with other things
    while True:
        try:
            httpx.get(f"{address}/healthz", timeout=5).raise_for_status()
            return process, address
        except httpx.HTTPError:
            if process.poll() is not None or time.monotonic() > deadline:
                stop_server(process)
                pytest.fail(f"the server did not start:\n{log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.05)


def stop_server(process: subprocess.Popen[bytes]) -> None:
    """End the process that start_server started."""
    if process.poll() is None:
        os.kill(process.pid, signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.wait(20)


@pytest.fixture(scope="session")
def release_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home built once from the repository's own data/; read-only for tests.

    ``BILIM_TEST_HOME`` names a home that `bilim build` made before, of which a copy is used: it saves the build where a
    few tests are run again and again. The whole suite is to be run without it.
    """
    home = tmp_path_factory.mktemp("home")
    if built := os.environ.get("BILIM_TEST_HOME"):
        shutil.copytree(built, home, dirs_exist_ok=True)
        return home
    settings = Settings(home=home)
    result = build(settings, resources.find())
    assert result.outcome == "published", [f.text() for f in result.findings if f.severity == "Violation"][:10]
    return home


@pytest.fixture(scope="session")
def client(release_home: Path) -> Iterator[TestClient]:
    """The app over ``release_home``, in this process, its lifespan running. Redirects are not followed.

    It asks nothing by itself (``renewed_answers``), so that what a test counts is what it asked for.
    """
    settings = Settings(home=release_home, log_level="error", sparql_workers=1, sparql_nice=0, renewed_answers=0)
    configure(settings)
    with TestClient(create_app(settings), follow_redirects=False) as made:
        yield made


@pytest.fixture(scope="session")
def server(release_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real uvicorn over ``release_home``, without a slash at its end."""
    process, address = start_server(release_home, tmp_path_factory.mktemp("log") / "server.log")
    yield address
    stop_server(process)


@pytest.fixture(scope="session")
def small_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one small release (tests/released.py), which does not depend on data/."""
    home = tmp_path_factory.mktemp("small")
    publish_small(home)
    return home


@pytest.fixture(scope="session")
def small(small_home: Path) -> Iterator[TestClient]:
    """The app over ``small_home``. Redirects are not followed."""
    settings = Settings(home=small_home, log_level="error", sparql_workers=1, sparql_nice=0)
    configure(settings)
    with TestClient(create_app(settings), follow_redirects=False, raise_server_exceptions=False) as made:
        yield made


@pytest.fixture(scope="module")
def desk_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``resources/`` and ``home/`` of tests/imports_world.py; a module with another world names it so too."""
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def desk_home(desk_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of that home, to be written to."""
    return copied(desk_world, tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="module")
def desk_front(desk_world: Path, desk_home: Path) -> Front:
    """One app over it for all tests of a module: its worker makes the plans of the shapes once."""
    return app_over(desk_home, resources=desk_world / "resources", rate_failures="")


@pytest.fixture(scope="session")
def virtuoso(tmp_path_factory: pytest.TempPathFactory) -> Iterator[remote_stores.Remote]:
    """A Virtuoso 7 of this run's own. Tests that use it bear the marker ``virtuoso``."""
    if remote_stores.VIRTUOSO is None:
        pytest.skip("virtuoso-t is not installed: apt-get install --no-install-recommends virtuoso-opensource")
    with remote_stores.virtuoso(tmp_path_factory.mktemp("virtuoso") / "db") as made:
        yield made


@pytest.fixture(scope="session")
def oxigraph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[remote_stores.Remote]:
    """A server of Oxigraph of this run's own."""
    with remote_stores.oxigraph(tmp_path_factory.mktemp("oxigraph") / "db") as made:
        yield made


@pytest.fixture(params=["oxigraph", pytest.param("virtuoso", marks=pytest.mark.virtuoso)], scope="session")
def other_store(request: pytest.FixtureRequest) -> remote_stores.Remote:
    """Each of the other stores in turn."""
    found: remote_stores.Remote = request.getfixturevalue(request.param)
    return found
