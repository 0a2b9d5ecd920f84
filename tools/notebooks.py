"""Run the notebooks of docs/notebooks over the release of a home (BILIM_HOME, else ./var) and keep what they show."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "notebooks"


def run(path: Path, home: Path) -> nbformat.NotebookNode:
    """The notebook with what its cells give. Raises nbclient.exceptions.CellExecutionError where one fails."""
    notebook = nbformat.read(path, as_version=4)
    os.environ["BILIM_HOME"] = str(home.resolve())
    os.environ["PYTHONPATH"] = str(ROOT)
    NotebookClient(
        notebook, kernel_name="python3", timeout=300, resources={"metadata": {"path": str(FOLDER)}}
    ).execute()
    for cell in notebook.cells:
        cell.metadata = {k: v for k, v in cell.metadata.items() if k == "tags"}  # times of running change each time
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return notebook


def main() -> None:
    for path in sorted(FOLDER.glob("*.ipynb")):
        nbformat.write(run(path, Path(os.environ.get("BILIM_HOME", ROOT / "var"))), path)
        print(f"docs/notebooks/{path.name}: run", file=sys.stderr)


if __name__ == "__main__":
    main()
