"""manifest.json: what a release is, of what it was made, by whom and why."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from kg.findings import BilimError, finding
from kg.releases.hashing import GraphHash, content_hash

FORMAT: Final = 1
"""Layout of a release directory. Another format is an error that names the command."""

PROJECTION: Final = 8
"""Layout of the projection. Another one is rebuilt."""

HASHING: Final = 2
"""How graphs are hashed: since 2 the computed ones as sets (kg.releases.hashing). Each keeps its own."""

FILE: Final = "manifest.json"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True, extra="forbid")


class GraphEntry(_Model):
    """One named graph: hash (kg.releases.hashing) and number of quads."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    quads: int = Field(ge=0)


class ValidationSummary(_Model):
    """What the shapes said when the release was made."""

    conforms: bool
    violations: int
    warnings: int
    infos: int
    focus_nodes: int = Field(description="Nodes looked at, counted once for each shape.")


class Versions(_Model):
    """Versions that decide how the directory is read. ``ontology`` is owl:versionInfo."""

    format: int = FORMAT
    projection: int = PROJECTION
    hashing: int = 1
    ontology: str | None
    bilim: str
    pyoxigraph: str


class Manifest(_Model):
    """The manifest. ``inputs`` is a hash of files, code and settings read, to see that nothing has changed."""

    id: str
    sequence: int = Field(ge=1)
    parent: str | None
    created: datetime
    who: str
    why: str
    action: str
    content_hash: str = Field(pattern=r"^[0-9a-f]{64}$")
    inputs: str | None = None
    versions: Versions
    graphs: dict[str, GraphEntry]
    quads: int = Field(description="Quads in named graphs.")
    triples: int = Field(description="Triples of the merged default graph.")
    entities: dict[str, int] = Field(description="Kind to number of things.")
    validation: ValidationSummary | None

    def hashes(self) -> dict[str, GraphHash]:
        return {name: GraphHash(e.sha256, e.quads) for name, e in self.graphs.items()}

    def agrees(self) -> bool:
        """Whether the content hash follows from the graph hashes, and the id from it."""
        return content_hash(self.hashes()) == self.content_hash and self.id.endswith(self.content_hash[:6])

    def write(self, directory: Path) -> None:
        text = json.dumps(self.model_dump(mode="json", by_alias=True), ensure_ascii=False, indent=1, sort_keys=True)
        (directory / FILE).write_text(text + "\n", encoding="utf-8")


def read(directory: Path) -> Manifest:
    """The manifest of a release directory.

    Raises :class:`BilimError` where it is missing, damaged, or of another format.
    """
    path = directory / FILE
    try:
        raw = json.loads(path.read_bytes())
        written = raw["versions"]["format"]
        if written != FORMAT:
            raise BilimError(finding("release-format", release=directory.name, format=written, known=FORMAT))
        return Manifest.model_validate(raw)
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        raise BilimError(finding("manifest-unreadable", release=directory.name, reason=_short(error))) from error


def _short(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:3])
    return f"{type(error).__name__}: {error}"
