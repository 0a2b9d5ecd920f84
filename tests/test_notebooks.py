"""The notebooks of docs/notebooks run over a release, and show what is kept in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tools import notebooks

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def shown(notebook: Any) -> list[list[str]]:
    """What the code cells show as text; not of those that name the release."""
    return [
        ["".join(output.get("data", {}).get("text/plain", output.get("text", ""))) for output in cell["outputs"]]
        for cell in notebook["cells"]
        if cell["cell_type"] == "code" and "release" not in cell["metadata"].get("tags", [])
    ]


def test_there_are_two() -> None:
    assert len(NOTEBOOKS) >= 2
    assert all(path.stat().st_size < 40_000 for path in NOTEBOOKS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_what_it_says(
    path: Path, release_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BILIM_HOME", "PYTHONPATH"):
        monkeypatch.setenv(name, "")  # so that what the run sets is undone
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert all(texts for texts in shown(kept)), "every cell was run: make notebooks"
    assert shown(notebooks.run(path, release_home)) == shown(kept)
