"""`bilim build` as a function: what is published, what is refused, what survives a crash and a full disk."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pyoxigraph import Quad, RdfFormat, Store, parse

from kg.findings import BilimError
from kg.imports import build as builds
from kg.imports.build import BuildResult, Options, build
from kg.imports.ledger import open_ledger
from kg.imports.recovery import recover_if_free
from kg.releases.candidate import STORE, Delta, apply, copy_of
from kg.releases.hashing import content_hash, hash_graphs
from kg.releases.layout import Home
from kg.releases.project import project
from kg.releases.publish import Reason, make_manifest, publish
from kg.releases.reader import Current, current, open_release
from kg.releases.verify import quick, verify
from kg.resources import Resources
from kg.settings import Settings
from kg.terms import GRAPH_DERIVED, GRAPH_IMPORT
from tests.graphs import MINISTERS, quads, write_data

EARLIER = MINISTERS.replace("2019-06-13", "2019-06-14")
NO_CONFIDENCE = MINISTERS.replace(" ; bkg:confidence 0.9 .\n  evidence:b-start", " .\n  evidence:b-start")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Resources and a home with one release of MINISTERS; copied before it is changed."""
    folder = tmp_path_factory.mktemp("made")
    write_data(folder / "resources", MINISTERS)
    assert build_in(folder / "home", folder / "resources").outcome == "published"
    return folder / "home", folder / "resources"


@pytest.fixture
def home(made: tuple[Path, Path], tmp_path: Path) -> Path:
    shutil.copytree(made[0], tmp_path / "home")
    return tmp_path / "home"


def build_in(home: Path, resources: Path, **options: object) -> BuildResult:
    return build(Settings(home=home), Resources(resources), Options(**options))  # type: ignore[arg-type]


def add_import(home_path: Path, text: str) -> str:
    """Publish the current release with one more imported graph, as the import desk will."""
    home = Home(home_path)
    with home.lock("import"), open_ledger(home) as ledger:
        before = current(home)
        path = home.candidate()
        store = copy_of(before.path, path)
        apply(store, Delta(quads(text)))
        hashes = hash_graphs(store)
        entities = project(store, path, content_hash(hashes))
        manifest = make_manifest(
            store,
            hashes,
            entities,
            sequence=ledger.next_sequence(home),
            parent=before.id,
            reason=Reason("test", "an import", "import"),
            timezone="Asia/Almaty",
            validation=before.manifest.validation,
            inputs=before.manifest.inputs,
        )
        del store
        ledger.begin(manifest)
        publish(home, path, manifest)
        ledger.published(manifest)
    return manifest.id


def codes(findings: object) -> set[str]:
    return {f.code for f in findings}  # type: ignore[attr-defined]


def test_release_of_data_is_sound(release_home: Path) -> None:
    release = current(Home(release_home))
    assert verify(release) == []
    assert quick(release) == []
    assert release.manifest.validation is not None
    assert release.manifest.validation.conforms
    assert release.manifest.validation.violations == 0
    assert list(Home(release_home).tmp.iterdir()) == []


def test_every_step_is_measured_and_told(tmp_path: Path, made: tuple[Path, Path]) -> None:
    told: list[str] = []
    result = build(Settings(home=tmp_path), Resources(made[1]), progress=told.append)
    assert list(result.steps) == list(builds.STEPS)
    assert [name for name in told if name in builds.STEPS] == list(builds.STEPS)
    json.dumps(result.as_dict())


def test_two_clean_builds_have_the_same_content(made: tuple[Path, Path], tmp_path: Path) -> None:
    """Also in another process, with another seed of its hashes: an order that depends on it must not show."""
    script = (
        "import sys; from pathlib import Path; from tests.test_build import build_in;"
        "print(build_in(Path(sys.argv[1]), Path(sys.argv[2])).content_hash)"
    )
    told = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), str(made[1])],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "7", "PATH": ""},
        cwd=Path(__file__).parent.parent,
    )
    assert told.stdout.strip() == current(Home(made[0])).manifest.content_hash


def test_nothing_changed_publishes_nothing(home: Path, made: tuple[Path, Path]) -> None:
    result = build_in(home, made[1])
    assert result.outcome == "unchanged"
    assert list(result.steps) == ["look"]
    assert len(Home(home).release_ids()) == 1


def test_same_statements_in_other_words_change_nothing(home: Path, tmp_path: Path) -> None:
    write_data(tmp_path / "resources", "# a comment\n", MINISTERS)
    result = build_in(home, tmp_path / "resources")
    assert result.outcome == "unchanged"
    assert "validate" in result.steps
    assert len(Home(home).release_ids()) == 1


def test_a_change_is_the_next_release(home: Path, tmp_path: Path) -> None:
    first = current(Home(home))
    write_data(tmp_path / "resources", EARLIER)
    result = build_in(home, tmp_path / "resources")
    assert result.outcome == "published"
    second = current(Home(home))
    assert second.id == result.release != first.id
    assert second.manifest.parent == first.id
    assert second.manifest.sequence == first.manifest.sequence + 1
    assert result.difference is not None
    assert [(e.slug, e.change) for e in result.difference.entities] == [("a-start", "changed")]
    assert verify(second) == []
    assert verify(first) == []


def test_a_small_change_and_a_whole_build_give_the_same_release(home: Path, tmp_path: Path) -> None:
    write_data(tmp_path / "resources", EARLIER)
    by_copy = build_in(home, tmp_path / "resources")
    whole = build_in(tmp_path / "other", tmp_path / "resources")
    assert by_copy.content_hash == whole.content_hash
    old_files = {p.stat().st_ino for p in (Home(home).releases / Home(home).release_ids()[0] / STORE).glob("*.sst")}
    new_files = {p.stat().st_ino for p in (current(Home(home)).path / STORE).glob("*.sst")}
    assert old_files & new_files  # it was a copy by hard links


def test_a_violation_publishes_nothing_and_names_its_line(home: Path, tmp_path: Path) -> None:
    write_data(tmp_path / "resources", NO_CONFIDENCE)
    before = current(Home(home)).id
    result = build_in(home, tmp_path / "resources")
    assert result.outcome == "violations"
    assert current(Home(home)).id == before == result.release
    (found,) = [f for f in result.findings if f.severity == "Violation"]
    assert found.entity == "https://w3id.org/bilim/id/evidence/a-start"
    assert found.where is not None
    text = (tmp_path / "resources" / "data" / "documents" / "paper.trig").read_text().splitlines()
    assert found.where.file == "paper.trig"
    assert "evidence:a-start" in text[(found.where.line or 0) - 1]
    assert list(Home(home).tmp.iterdir()) == []


def test_a_file_that_cannot_be_read_publishes_nothing(tmp_path: Path) -> None:
    folder = write_data(tmp_path / "resources", MINISTERS)
    (folder / "data" / "documents" / "broken.trig").write_text("a b\nc")
    result = build_in(tmp_path / "home", folder)
    assert result.outcome == "violations"
    assert result.release is None
    assert {f.where.file for f in result.findings if f.where} == {"broken.trig"}


def test_a_broken_ontology_is_named_with_its_line(tmp_path: Path) -> None:
    folder = write_data(tmp_path / "resources", MINISTERS)
    (folder / "ontology").unlink()
    (folder / "ontology" / "def").mkdir(parents=True)
    (folder / "ontology" / "def" / "x.ttl").write_text("PREFIX a: <b:>\na:x a:y\n")
    with pytest.raises(BilimError) as caught:
        build_in(tmp_path / "home", folder)
    assert codes(caught.value.findings) == {"ontology-unreadable"}
    assert str(caught.value.findings[0].where).startswith("ontology/def/x.ttl, line ")


def test_imported_graphs_are_kept_unless_only_data(home: Path, tmp_path: Path) -> None:
    add_import(home, 'gi:names { person:first skos:altLabel "Imported"@en . }')
    write_data(tmp_path / "resources", EARLIER)
    kept = build_in(home, tmp_path / "resources")
    assert kept.kept == [f"{GRAPH_IMPORT}names"]
    assert f"{GRAPH_IMPORT}names" in current(Home(home)).manifest.graphs
    assert verify(current(Home(home))) == []
    dropped = build_in(home, tmp_path / "resources", only_data=True)
    assert dropped.outcome == "published"
    assert f"{GRAPH_IMPORT}names" not in current(Home(home)).manifest.graphs
    assert verify(current(Home(home))) == []


def test_what_was_written_last_is_in_the_next_copy(home: Path, tmp_path: Path) -> None:
    """Regression: a copy by hard links lost quads that were in the write-ahead log only."""
    add_import(home, "gi:new { person:third a foaf:Person . }")
    second = current(Home(home)).path
    store = copy_of(second, tmp_path / "copy")
    assert hash_graphs(store) == current(Home(home)).manifest.hashes()


def test_dry_run_does_everything_but_publish(home: Path, tmp_path: Path) -> None:
    write_data(tmp_path / "resources", EARLIER)
    before = current(Home(home)).id
    result = build_in(home, tmp_path / "resources", dry_run=True)
    assert result.outcome == "dry run"
    assert result.difference is not None
    assert not result.difference.empty
    assert current(Home(home)).id == before
    assert list(Home(home).tmp.iterdir()) == []


def test_strict_refuses_warnings(home: Path, tmp_path: Path) -> None:
    act = "a bkg:LegalAct ; bkg:actKind <https://w3id.org/bilim/list/act-kind/law>"  # one without address is a warning
    data = MINISTERS.replace('bkg:url "https://example.org/paper" ;', "").replace("a bkg:Document", act)
    write_data(tmp_path / "resources", data)
    strict = build_in(home, tmp_path / "resources", strict=True)
    assert strict.outcome == "violations"
    assert {f.severity for f in strict.findings} == {"Warning"}
    assert build_in(home, tmp_path / "resources").outcome == "published"
    assert build_in(home, tmp_path / "resources", strict=True).outcome == "violations"  # not waved through as unchanged


def test_a_release_of_another_projection_is_rebuilt(home: Path, made: tuple[Path, Path]) -> None:
    path = current(Home(home)).path / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["versions"]["projection"] = 0
    manifest["inputs"] = None
    path.write_text(json.dumps(manifest))
    with pytest.raises(BilimError) as caught:
        current(Home(home))
    assert codes(caught.value.findings) == {"projection-version"}
    result = build_in(home, made[1])
    assert result.outcome == "published"
    assert current(Home(home)).manifest.content_hash == manifest["contentHash"]


def test_a_release_of_another_format_is_an_error_that_names_the_command(home: Path, made: tuple[Path, Path]) -> None:
    path = current(Home(home)).path / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["versions"]["format"] = 99
    path.write_text(json.dumps(manifest))
    with pytest.raises(BilimError) as caught:
        build_in(home, made[1])
    assert codes(caught.value.findings) == {"release-format"}
    assert "bilim build --only-data" in caught.value.findings[0].text()


def test_a_clock_that_goes_back_breaks_no_order(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = current(Home(home)).manifest

    class Yesterday(datetime):
        @classmethod
        def now(cls, *_: object) -> datetime:  # type: ignore[override]
            return first.created - timedelta(days=30)

    monkeypatch.setattr("kg.releases.publish.datetime", Yesterday)
    write_data(tmp_path / "resources", EARLIER)
    second = build_in(home, tmp_path / "resources").manifest
    assert second is not None
    assert second.id[:10] < first.id[:10]
    assert second.sequence > first.sequence
    assert Home(home).release_ids()[-1] == second.id == Home(home).current_id()


def test_sequence_numbers_are_never_used_twice_even_after_a_release_is_deleted(home: Path, tmp_path: Path) -> None:
    write_data(tmp_path / "resources", EARLIER)
    second = build_in(home, tmp_path / "resources").manifest
    assert second is not None
    first = second.parent or ""
    shutil.rmtree(Home(home).release(second.id))
    Home(home).point(first)
    third = build_in(home, tmp_path / "resources").manifest
    assert third is not None
    assert third.sequence == second.sequence + 1


def test_a_lost_ledger_is_made_anew_from_the_manifests(home: Path) -> None:
    for left in Path(home).glob("ledger.sqlite*"):
        left.unlink()
    done = recover_if_free(Home(home))
    assert len(done) == 1
    with open_ledger(Home(home)) as ledger:
        assert [a.release for a in ledger.acts()] == [Home(home).current_id()]


def test_a_ledger_of_a_newer_version_is_refused(home: Path, made: tuple[Path, Path]) -> None:
    with sqlite3.connect(Home(home).ledger) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(BilimError) as caught:
        build_in(home, made[1])
    assert codes(caught.value.findings) == {"ledger-version"}


def test_a_damaged_ledger_is_named(home: Path, made: tuple[Path, Path]) -> None:
    for left in Path(home).glob("ledger.sqlite-*"):
        left.unlink()
    Home(home).ledger.write_bytes(b"this is no database" * 100)
    with pytest.raises(BilimError) as caught:
        build_in(home, made[1])
    assert codes(caught.value.findings) == {"ledger-damaged"}


def test_a_publish_is_picked_up_and_the_old_release_is_read_to_its_end(home: Path, tmp_path: Path) -> None:
    follower = Current(Home(home))
    old = follower.get()
    rows = iter(old.store.query("SELECT ?s { ?s a ?c }"))  # type: ignore[arg-type]
    next(rows)
    write_data(tmp_path / "resources", EARLIER)
    build_in(home, tmp_path / "resources")
    new = follower.get()
    assert new.id != old.id
    shutil.rmtree(old.path)
    assert sum(1 for _ in rows) > 10
    document = new.projection.document("tenure", "a")
    assert document is not None
    assert document["start"]["edtf"] == "2019-06-14"


def test_a_damaged_new_release_leaves_the_old_one_served(home: Path, tmp_path: Path) -> None:
    follower = Current(Home(home))
    old = follower.get()
    write_data(tmp_path / "resources", EARLIER)
    build_in(home, tmp_path / "resources")
    (current(Home(home)).path / "manifest.json").write_text("{")
    assert follower.get() is old
    assert follower.problem is not None


@pytest.mark.parametrize("part", ["graph", "default", "derived", "documents", "manifest"])
def test_verify_sees_what_was_changed_after_publishing(home: Path, part: str) -> None:
    release = current(Home(home))
    person = "https://w3id.org/bilim/id/person/ghost"
    if part in ("graph", "default", "derived"):
        store = Store(str(release.path / STORE))
        name = {"graph": f"{GRAPH_IMPORT}x", "derived": GRAPH_DERIVED, "default": None}[part]
        text = f"<{person}> <{person}> <{person}>" + (f" <{name}> ." if name else " .")
        (quad,) = parse(text, format=RdfFormat.N_QUADS)
        store.add(Quad(quad.subject, quad.predicate, quad.object, quad.graph_name))
        store.flush()
        del store
    elif part == "documents":
        with sqlite3.connect(release.path / "projection.sqlite") as db:
            db.execute("UPDATE cores SET json = replace(json, '2019', '2018')")
        db.close()
    else:
        path = release.path / "manifest.json"
        path.write_text(path.read_text().replace(release.manifest.content_hash, "0" * 64))
        release = open_release(Home(home), release.id)
    expected = {
        "graph": {"release-graph-hash", "release-content-hash", "release-default-graph"},
        "derived": {
            *("release-graph-hash", "release-content-hash", "release-default-graph", "release-derived"),
            "release-projection",  # which has the sum of its hash
        },
        "default": {"release-default-graph", "release-projection"},  # its partitions count the default graph
        "documents": {"release-projection"},
        "manifest": {"release-content-hash", "release-projection"},
    }
    assert codes(verify(release)) == expected[part]


KILL = """
import os, signal, sys
from pathlib import Path
from kg.imports.build import build
from kg.resources import Resources
from kg.settings import Settings

def at(name):
    if name == sys.argv[3]:
        os.kill(os.getpid(), signal.SIGKILL)

build(Settings(home=Path(sys.argv[1])), Resources(Path(sys.argv[2])), progress=at)
"""


@pytest.mark.parametrize("step", ["validate", "publish", "synced", "placed", "pointer written", "published"])
def test_killed_at_a_step_a_build_is_wholly_in_or_wholly_out(home: Path, tmp_path: Path, step: str) -> None:
    write_data(tmp_path / "resources", EARLIER)
    before = current(Home(home)).id
    killed = subprocess.run([sys.executable, "-c", KILL, str(home), str(tmp_path / "resources"), step], check=False)
    assert killed.returncode == -signal.SIGKILL
    now = current(Home(home))
    assert (now.id != before) == (step == "published")
    recover_if_free(Home(home))
    assert current(Home(home)).id == now.id
    assert list(Home(home).tmp.iterdir()) == []
    assert not (home / "current.new").exists()
    with open_ledger(Home(home)) as ledger:
        assert ledger.unfinished() == []
        assert {r for r in Home(home).release_ids() if ledger.state(r) == "published"} == set(Home(home).release_ids())
        assert now.id in [a.release for a in ledger.acts()]
    assert quick(now) == []
    result = build_in(home, tmp_path / "resources")
    assert result.outcome == ("unchanged" if step == "published" else "published")


FULL = """
import shutil, sys
from pathlib import Path
from kg.findings import BilimError
from tests.test_build import EARLIER, build_in, write_data
from kg.releases.layout import Home
from kg.releases.reader import current
from kg.releases.verify import verify

home, resources = Path(sys.argv[1]), Path(sys.argv[2])
assert build_in(home, resources).outcome == "published"
before = current(Home(home)).id
write_data(resources, EARLIER)
free = shutil.disk_usage(home).free
with (home / "ballast").open("wb") as ballast:
    ballast.write(bytes(free - int(sys.argv[3])))
try:
    build_in(home, resources)
except BilimError as error:
    print(error.findings[0].code)
assert current(Home(home)).id == before, "the old release must stay"
assert not list(Home(home).tmp.iterdir()), "the candidate must be removed"
assert verify(current(Home(home))) == []
(home / "ballast").unlink()
print(build_in(home, resources).outcome)
"""


@pytest.mark.parametrize("left", [20_000, 150_000])
def test_a_disk_that_fills_leaves_the_old_release(tmp_path: Path, left: int) -> None:
    resources = write_data(tmp_path / "resources", MINISTERS)
    (tmp_path / "home").mkdir()
    script = f'mount -t tmpfs -o size=24m tmpfs {tmp_path}/home && exec "$@"'
    command = [sys.executable, "-c", FULL, str(tmp_path / "home"), str(resources), str(left)]
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this kernel allows no mount namespace, so no small disk can be made")
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, "sh", *command],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent.parent,
    )
    assert done.stderr == ""
    assert done.stdout.split() == ["disk-full", "published"]
