"""The worked example of docs/data.md, run as it is printed: from a press release to a published release."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from kg import resources

BLOCK = re.compile(r"^```(\w+)(?: ([^\n]+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks() -> list[tuple[str, str, str]]:
    """(language, rest of the fence's line, text) of each block of the worked example."""
    page = (resources.find().root / "docs" / "data.md").read_text(encoding="utf-8")
    return [(lang, rest, text) for lang, rest, text in BLOCK.findall(page[page.index("## A worked example") :])]


def test_the_worked_example_does_what_the_page_says(tmp_path: Path, release_home: Path) -> None:
    root = resources.find()
    for folder in (root.data, root.ontology, root.queries):
        shutil.copytree(folder, tmp_path / folder.name)
    shutil.copytree(release_home, tmp_path / "try" / "var")  # the first build of the page: nothing has changed since
    inside = tmp_path / "try"
    out = ""
    ran: list[str] = []
    for lang, rest, text in blocks():
        if lang == "sh":
            out = shell(text, tmp_path if not ran else inside, inside)
            ran.append(text)
        elif rest.startswith("file="):
            target = inside / rest.removeprefix("file=")
            target.write_text(text, encoding="utf-8")
        elif rest.startswith("append="):
            with (inside / rest.removeprefix("append=")).open("a", encoding="utf-8") as file:
                file.write(text)
        elif rest == "output":
            assert out == text
        else:
            raise AssertionError(f"what is a block of {lang!r} with {rest!r}?")
    assert len(ran) == 6
    assert sum(rest == "output" for _, rest, _ in blocks()) == 2  # compared with what the page shows
    held = shell("bilim query discrepancies/list --document example-news-2026-01-13 --format csv", inside, inside)
    assert "sadvakasova-start-2026" in held
    assert "abai-region-2026-01-12" in held
    log = shell("bilim releases list", inside, inside)
    assert "New head of the education department of Abai Region" in log


def shell(commands: str, where: Path, inside: Path) -> str:
    """Run a block as a reader would, every line of it must succeed; its standard output."""
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "BILIM_RESOURCES": str(inside),
        "BILIM_HOME": str(inside / "var"),
    }
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", commands],
        cwd=where,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
    return done.stdout
