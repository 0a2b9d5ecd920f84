"""SERVICE to allowed stores: asked by the parent at public addresses alone, whatever the name or a redirect says."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.settings import Settings
from kg.sparql.outside import is_public
from tests.sparql_world import differential

ROOT = Path(__file__).resolve().parents[1]
OWN_WORLD = ("unshare", "--user", "--map-root-user", "--net", "--mount")


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What tests/service_world.py found in namespaces of its own, where a public address can be had."""
    if not shutil.which("unshare") or subprocess.run([*OWN_WORLD, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this kernel allows no namespaces")
    command = [*OWN_WORLD, sys.executable, "-m", "tests.service_world", str(tmp_path_factory.mktemp("world"))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_allowed_stores_are_asked(said: dict[str, Any]) -> None:
    assert said["walled"] is True
    assert said["open"] > 10
    for name in ("address", "name", "joined"):
        assert said[name] == "from outside"
    assert said["two"] == "from outside,from outside"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        *((name, "not public") for name in ("loopback", "number", "short", "zero", "six", "mapped", "localhost")),
        *((name, "not public") for name in ("private name", "mixed name")),
        ("redirect", "redirects are not followed"),
        ("slow", "no answer within 1 s"),
        ("broken", "it answered 500"),
        ("endless", "longer than 100000 bytes"),
        ("cut", "broke off"),
        ("closed", "Errno"),
        ("no name", "Errno"),
    ],
)
def test_what_cannot_be_asked_is_an_error_with_its_reason(said: dict[str, Any], name: str, reason: str) -> None:
    assert said[name].startswith("sparql-service-failed: ")
    assert reason in said[name]


def test_silent_takes_a_failure_for_one_empty_solution(said: dict[str, Any]) -> None:
    assert said["silent"] == "1"


def test_nothing_else_is_asked(said: dict[str, Any]) -> None:
    assert said["variable"].startswith("sparql-service: ")
    assert said["not allowed"].startswith("sparql-service: ")
    for name in differential("http://127.0.0.1:9/"):
        assert said[f"disguise {name}"].startswith(("sparql-service: ", "sparql-ambiguous: ", "sparql-escape: "))
    assert said["asked in disguise"] == 0
    assert said["inner calls"] == 0


NOT_PUBLIC = (
    "10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "fc00::/7", "fe80::/10", "ff00::/8",
    "2002:7f00::/24", "64:ff9b::/96", "::ffff:0:0/96",
)  # fmt: skip


@given(st.sampled_from(NOT_PUBLIC).flatmap(lambda network: st.ip_addresses(network=network)))
def test_addresses_that_are_not_of_the_internet(address: object) -> None:
    assert not is_public(str(address))


def test_public_and_other_addresses_told_apart() -> None:
    for address in ("8.8.8.8", "11.22.33.44", "2606:4700::1111", "172.32.0.1"):
        assert is_public(address)
    for address in ("127.0.0.1", "0.0.0.0", "::1", "::", "192.168.1.1", "172.31.0.1", "fe80::1%eth0", "fec0::1",
                    "192.0.2.1", "198.18.0.1", "255.255.255.255", "192.88.99.1"):  # fmt: skip
        assert not is_public(address)


@pytest.mark.parametrize(
    "store", ["file:///etc/passwd", "https://user:secret@example.org/", "example.org", "https://a b/"]
)
def test_a_store_is_an_address_of_http(store: str) -> None:
    with pytest.raises(ValueError, match="sparql_services"):
        Settings(sparql_services={"x": store})
