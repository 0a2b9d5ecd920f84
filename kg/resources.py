"""Where ontology/, queries/ and data/ are: given by a setting, in the checkout, or inside the wheel."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kg.findings import BilimError, finding


@dataclass(frozen=True, slots=True)
class Resources:
    """The folders of files that the product needs beside its code."""

    root: Path

    @property
    def ontology(self) -> Path:
        return self.root / "ontology"

    @property
    def queries(self) -> Path:
        return self.root / "queries"

    @property
    def data(self) -> Path:
        return self.root / "data"


def find(setting: Path | None = None) -> Resources:
    """The resources by the setting, else of the checkout, else of the installed wheel.

    Raises :class:`BilimError` where no ontology/ folder is found.
    """
    package = Path(__file__).resolve().parent
    candidates = [setting] if setting else [package.parent, package / "_resources"]
    for candidate in candidates:
        if (candidate / "ontology").is_dir():
            return Resources(candidate)
    raise BilimError(finding("no-resources", places=", ".join(map(str, candidates))))
