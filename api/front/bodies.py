"""How long the body of a request may be: where files are handed in, longer than elsewhere."""

from __future__ import annotations

from typing import Final

from kg.settings import Settings

UPLOADS: Final = frozenset({"/api/v1/imports", "/api/v1/validate"})


def body_limit(path: str, settings: Settings) -> int:
    """Bytes."""
    return settings.upload_max_bytes if path in UPLOADS else settings.body_max_bytes
