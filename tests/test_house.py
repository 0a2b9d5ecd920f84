"""The house keeps its shape: the ladder of modules, their size, quiet imports, documented settings and commands,
clean files, and a catalogue of messages that is whole in three languages."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted(p for top in ("kg", "api") for p in (ROOT / top).rglob("*.py") if "_resources" not in p.parts)
LANGUAGES = {"en", "ru", "kk"}

# Lower may not import higher. Of the same rung, stations do not know each other; the ground floor may.
LADDER: tuple[tuple[str, ...], ...] = (
    (
        "terms",
        "edtf",
        "dates",
        "names",
        "lexical",
        "settings",
        "resources",
        "findings",
        "kinds",
        "log",
        "jsonld",
        "matching",
    ),
    ("store",),
    ("sparql",),
    ("templates", "validation", "reading", "documents"),
    ("releases",),
    ("imports",),
    ("cli", "commands", "api", "client"),
)
RUNG = {station: rung for rung, stations in enumerate(LADDER) for station in stations}
TOP_OF_ONE = {"cli": "commands"}  # a station split in two: cli.py puts the commands together


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def station(module: str) -> str | None:
    """``kg.releases.derive`` -> ``releases``; ``api.app`` -> ``api``; the package ``kg`` itself -> None."""
    parts = module.split(".")
    return "api" if parts[0] == "api" else parts[1] if len(parts) > 1 else None


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """Every module that a file imports, wherever in the file, absolute, with its line."""
    package = dotted(path) if path.name == "__init__.py" else dotted(path).rpartition(".")[0]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*up, *filter(None, [node.module])])
            # `from kg import resources` imports a module as much as `import kg.resources` does
            yield from (
                (f"{base}.{alias.name}" if base in ("kg", "api") else base, node.lineno) for alias in node.names
            )


def imported_by_name(path: Path) -> Iterator[tuple[str, int]]:
    """``importlib.import_module("uvicorn")``: how the edge reaches what it only starts."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "import_module" and node.args:
            yield from ((name, node.lineno) for name in literal_codes(node.args[0]) or ())


def test_every_station_has_its_rung() -> None:
    unknown = {s for p in MODULES if (s := station(dotted(p))) and s not in RUNG}
    assert not unknown, f"give these a rung in LADDER (and in docs/architecture.md): {sorted(unknown)}"


def test_arrows_run_one_way() -> None:
    wrong = []
    for path in MODULES:
        here = station(dotted(path))
        if here is None:
            continue
        for name, line in imported(path):
            there = station(name) if name.split(".")[0] in ("kg", "api") else None
            if there is None or there == here or there not in RUNG or TOP_OF_ONE.get(here) == there:
                continue
            if RUNG[there] > RUNG[here] or (RUNG[there] == RUNG[here] and RUNG[here] > 0):
                wrong.append(f"{path.relative_to(ROOT)}:{line}: {here} may not import {there}")
    assert not wrong, "\n".join(wrong)


def test_no_module_imports_itself_by_a_round() -> None:
    names = {dotted(p): p for p in MODULES}
    edges = {
        name: {n for n, _ in imported(path) if n in names and n != name and _at_module_level(path, n)}
        for name, path in names.items()
    }
    done: set[str] = set()

    def walk(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, f"a round of imports: {' > '.join([*way, name])}"
        if name not in done:
            for other in sorted(edges[name]):
                walk(other, (*way, name))
            done.add(name)

    for name in names:
        walk(name, ())


def _at_module_level(path: Path, name: str) -> bool:
    for node in tree(path).body:
        if isinstance(node, ast.Import) and any(a.name == name for a in node.names):
            return True
        if (
            isinstance(node, ast.ImportFrom)
            and node.module
            and (node.module == name or any(f"{node.module}.{a.name}" == name for a in node.names))
        ):
            return True
    return False


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_has_one_job_and_says_which(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 400, f"{len(lines)} lines: split it by its jobs"
    if lines:
        assert ast.get_docstring(tree(path)), "a module begins with what it is for"


def test_no_settings_are_read_beside_the_settings() -> None:
    """The environment is read by kg/settings.py; elsewhere it may only be handed on to a child process."""
    wrong = []
    for path in MODULES:
        for scope, node in _with_scope(tree(path)):
            if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb"} and scope is None:
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "Settings" and scope is None:
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not wrong, f"read at import: {wrong}"


def _with_scope(root: ast.AST, scope: str | None = None) -> Iterator[tuple[str | None, ast.AST]]:
    """Every node with the function it stands in; None is the module level, classes included."""
    for node in ast.iter_child_nodes(root):
        yield scope, node
        inner = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from _with_scope(node, getattr(node, "name", "lambda") if inner else scope)


IMPORT_ALL = """
import importlib, sys
root, modules = sys.argv[1], sys.argv[2:]
seen = []
def hook(event, args):
    if event == "open" and isinstance(args[0], str) and args[0].startswith(root + "/"):
        inside = args[0][len(root) + 1:]
        if not inside.startswith(".venv/") and not inside.endswith((".py", ".pyc")) and ".pyc." not in inside:
            seen.append(f"{event} {inside}")
    elif event in ("socket.connect", "socket.bind", "subprocess.Popen", "os.system", "sqlite3.connect", "os.mkdir"):
        if event != "os.mkdir" or "__pycache__" not in str(args[0]):
            seen.append(f"{event} {args[0]!r}")
for name in modules:
    sys.addaudithook(hook) if name == modules[0] else None
    importlib.import_module(name)
print("\\n".join(seen))
"""


def test_nothing_happens_at_import() -> None:
    """Importing every module opens no file of the house, no socket, no database and no process."""
    names = [dotted(p) for p in MODULES if p.name != "__main__.py"]
    command = [sys.executable, "-c", IMPORT_ALL, str(ROOT), *names]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "", done.stdout


def test_dependencies_are_declared_and_used() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = [d for extra in project["optional-dependencies"].values() for d in extra]
    declared = {_canonical(re.split(r"[^A-Za-z0-9._-]", d)[0]) for d in (*project["dependencies"], *optional)}
    providers = packages_distributions()
    used: set[str] = set()
    for path in MODULES:
        for name, line in (*imported(path), *imported_by_name(path)):
            top = name.split(".")[0]
            if top in sys.stdlib_module_names or top in ("kg", "api", "__future__"):
                continue
            offered = {_canonical(d) for d in providers.get(top, [])}
            assert offered & declared, (
                f"{path.relative_to(ROOT)}:{line}: {top} is not in dependencies of pyproject.toml"
            )
            used |= offered & declared
    by_name = {"uvloop", "httptools", "tzdata", "python-multipart"}  # uvicorn, zoneinfo, starlette take them themselves
    assert declared - used - by_name == set(), "declared in pyproject.toml, imported nowhere"


def test_what_tests_and_tools_import_is_declared() -> None:
    whole = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = [*whole["project"]["dependencies"], *whole["dependency-groups"]["dev"]]
    declared = {_canonical(re.split(r"[^A-Za-z0-9._-]", d)[0]) for d in listed}
    providers = packages_distributions()
    for path in sorted([*(ROOT / "tests").rglob("*.py"), *(ROOT / "tools").rglob("*.py")]):
        for name, line in imported(path):
            top = name.split(".")[0]
            ours = top in ("kg", "api", "tests", "tools") or name.startswith(".")
            if top not in sys.stdlib_module_names and not ours:
                offered = {_canonical(d) for d in providers.get(top, [])}
                assert offered & declared, f"{path.relative_to(ROOT)}:{line}: {top} is not declared in pyproject.toml"


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for file, wanted in (
        ("requirements.txt", project["project"]["dependencies"]),
        ("requirements-dev.txt", project["dependency-groups"]["dev"]),
    ):
        text = (ROOT / file).read_text(encoding="utf-8")
        pinned = {_canonical(m) for m in re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)}
        missing = {_canonical(re.split(r"[^A-Za-z0-9._-]", d)[0]) for d in wanted} - pinned
        assert not missing, f"{file} lacks {sorted(missing)}: run make lock"
        assert text.count("==") <= text.count("--hash=sha256:"), f"{file}: pins without hashes"


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_docs_list_every_setting_and_command() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools/docs.py"), "--check"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_makefile_says_what_each_target_does() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)[0].split())
    told = set(re.findall(r"^([a-z-]+):.*## ", text, re.MULTILINE))
    assert told == targets
    assert {"setup", "build", "run", "test", "lint", "fmt", "bench", "help"} <= targets


@cache
def kept_files() -> tuple[Path, ...]:
    """The files that are or would be committed; without git, all but what is made."""
    listed = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode == 0:
        paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:
        made = {".venv", "var", "dist", "build", "__pycache__", ".git"}
        paths = [p for p in ROOT.rglob("*") if not made & set(p.relative_to(ROOT).parts) and "_cache" not in str(p)]
    return tuple(p for p in paths if p.is_file())


# put together so that this file does not hold them itself
PLACES = re.compile(
    r"(?<![\w.:/<{}$-])/(?:" + "|".join(["ro" + "ot", "ho" + "me", "wo" + "rk", "op" + "t", "Us" + "ers"]) + r")/\w"
)
REGISTRIES = re.compile(
    "|".join(
        [
            "pypi" + r"\.org",
            "python" + r"hosted\.org",
            "registry" + r"\.npmjs",
            "(?<!emit-)index" + "-url",
            "find" + "-links",
            "gui" + r"de/\d",  # what only those who plan the work can read
        ]
    )
)


def test_files_name_no_machine_and_no_registry() -> None:
    wrong = []
    for path in kept_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if PLACES.search(line) or REGISTRIES.search(line):
                wrong.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert not wrong, "\n".join(wrong)


def test_links_in_the_docs_lead_somewhere() -> None:
    wrong = []
    for path in kept_files():
        if path.suffix == ".md":
            for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
                name = target.split("#")[0]
                if name and "://" not in name and not name.startswith("mailto:") and not (path.parent / name).exists():
                    wrong.append(f"{path.relative_to(ROOT)}: {target}")
    assert not wrong, "\n".join(wrong)


def test_decisions_are_numbered_once() -> None:
    pages = [p.name for p in (ROOT / "docs/decisions").glob("*.md") if p.name != "README.md"]
    assert all(re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", name) for name in pages), pages
    numbers = [name[:4] for name in pages]
    assert len(numbers) == len(set(numbers)), sorted(pages)


# --- the catalogue of messages -------------------------------------------------------------------------------


def _messages() -> dict[str, dict[str, Any]]:
    """The catalogue read without kg.findings, which refuses one that is not whole: here each fault has its name."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((ROOT / "kg/messages").glob("*.yaml")):
        for code, texts in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).items():
            found.setdefault(code, {})[path.name] = texts
    return found


MESSAGES = _messages()


def test_a_code_stands_once() -> None:
    twice = {code: sorted(files) for code, files in MESSAGES.items() if len(files) > 1}
    assert not twice


def fields_of(text: str) -> set[str]:
    return {re.split(r"[.\[]", name)[0] for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("code", sorted(MESSAGES))
def test_a_message_is_whole_in_three_languages(code: str) -> None:
    entry = next(iter(MESSAGES[code].values()))
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-zA-Z0-9]+)*", code)
    assert "what" in entry, "a message says at least what is wrong"
    assert set(entry) <= {"what", "allowed", "advice", "severity", "title", "status", "type"}, set(entry)
    for part in ("what", "allowed", "advice", "title"):
        texts = entry.get(part)
        if texts is None:
            continue
        assert set(texts) == LANGUAGES, f"{part}: {sorted(texts)}"
        assert all(isinstance(text, str) and text.strip() for text in texts.values()), part
        wanted = fields_of(texts["en"])
        assert all(fields_of(text) == wanted for text in texts.values()), f"{part}: fields differ by language"
        assert len(set(texts.values())) == 3 or not re.search(r"[a-z]{3}", re.sub(r"\{[^}]*\}", "", texts["en"])), part
        for lang in ("ru", "kk"):
            assert re.search("[а-яәіңғүұқөһ]", texts[lang], re.IGNORECASE), f"{part}: {lang} is not in its own letters"


def finding_calls() -> Iterator[tuple[Path, ast.Call]]:
    """Calls that make a finding, by ``finding`` or by an error of our own; the code is their first argument."""
    for path in MODULES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and node.args:
                name, code = ast.unparse(node.func).split(".")[-1], literal_codes(node.args[0])
                ours = name.endswith("Error") and code and all(re.fullmatch("[a-z0-9]+(-[a-z0-9]+)+", c) for c in code)
                if name == "finding" or ours:
                    yield path, node


def literal_codes(node: ast.expr) -> list[str] | None:
    """The codes that an expression can be: a string, or a choice between strings; None if it is not known here."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        one, other = literal_codes(node.body), literal_codes(node.orelse)
        return one + other if one and other else None
    return None


def test_every_code_that_is_used_exists_and_gets_its_fields() -> None:
    wrong: list[str] = []
    for path, call in finding_calls():
        place = f"{path.relative_to(ROOT)}:{call.lineno}"
        for code in literal_codes(call.args[0]) or ():
            if code not in MESSAGES:
                wrong.append(f"{place}: {code!r} is not in kg/messages")
                continue
            if any(k.arg is None for k in call.keywords):
                continue  # **values: not to be seen from here
            given = {k.arg for k in call.keywords}
            entry = next(iter(MESSAGES[code].values()))
            needed = {
                f
                for part in ("what", "allowed", "advice")
                for t in (entry.get(part) or {}).values()
                for f in fields_of(t)
            }
            if missing := needed - given:
                wrong.append(f"{place}: {code!r} needs {sorted(missing)}")
    assert not wrong, "\n".join(wrong)


def test_every_message_is_used() -> None:
    words = {
        node.value
        for path in MODULES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    # shapes may name a code too (bkg-sh: messages), and so may the prefixes of codes put together from parts
    prefixes = {
        str(part.value)
        for path in MODULES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.JoinedStr) and node.values and isinstance(part := node.values[0], ast.Constant)
        if re.fullmatch(r"[a-z][a-z0-9-]*-", str(part.value))
    }
    unused = {c for c in MESSAGES if c not in words and not any(c.startswith(p) for p in prefixes)}
    assert not unused, f"in kg/messages, used nowhere: {sorted(unused)}"
