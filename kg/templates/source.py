"""A ``.rq`` file taken apart: the ``#+`` lines as metadata, the rest as query lines that know their place."""

from __future__ import annotations

import json
import re
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import yaml

from kg.findings import BilimError, Where, finding


@dataclass(frozen=True, slots=True)
class Line:
    """A line of query text and the line of the file it comes from (1-based)."""

    text: str
    origin: int


@dataclass(frozen=True, slots=True)
class Source:
    """The parts of one file."""

    file: str
    metadata: dict[str, Any]
    metadata_line: int  # the first ``#+`` line, 1 if there is none
    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


def read(data: bytes, file: str) -> Source:
    """Take a file apart. ``#+`` counts at column 0 only; the joined lines are YAML, else JSON.

    Raises :class:`BilimError` for text that is no UTF-8, and for metadata that is no mapping, with file and line.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BilimError(finding("template-encoding", where=Where(file, line=line), byte=error.start)) from None
    metadata: list[Line] = []
    body: list[Line] = []
    for number, line_text in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        if line_text.startswith("#+"):
            metadata.append(Line(line_text[2:], number))
        else:
            body.append(Line(line_text, number))
    while body and not body[0].text.strip():
        body.pop(0)
    while body and not body[-1].text.strip():
        body.pop()
    first = metadata[0].origin if metadata else 1
    return Source(file, _metadata(metadata, file), first, tuple(body))


class _Loader(yaml.SafeLoader):
    """YAML in which dates, ``on``, ``off``, ``yes`` and ``no`` stay text, and a key that stands twice is an error."""


_BOOL = "tag:yaml.org,2002:bool"
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in (_BOOL, "tag:yaml.org,2002:timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOL, re.compile(r"true|True|TRUE|false|False|FALSE"), list("tTfF"))


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    seen: set[Any] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode):
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"the key '{key.value}' stands twice", problem_mark=key.start_mark)
            seen.add(key.value)
    loader.flatten_mapping(node)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def load_yaml(text: str) -> Any:
    """YAML as templates write it: ``on`` is a name, ``2022-06-24`` is text. Raises :class:`yaml.YAMLError`."""
    return yaml.load(text, Loader=_Loader)


def _metadata(lines: list[Line], file: str) -> dict[str, Any]:
    if not lines:
        return {}
    text = "\n".join(line.text for line in lines)
    loaded: Any
    try:
        loaded = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        try:
            loaded = json.loads(text)
        except ValueError:
            mark = getattr(error, "problem_mark", None)
            index = min(mark.line, len(lines) - 1) if mark else 0
            where = Where(file, line=lines[index].origin, column=str(mark.column + 3) if mark else None)
            reason = getattr(error, "problem", None) or str(error).splitlines()[0]
            raise BilimError(finding("template-yaml", where=where, reason=reason)) from None
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        where = Where(file, line=lines[0].origin)
        raise BilimError(finding("template-yaml-mapping", where=where, read=type(loaded).__name__))
    return {str(key): value for key, value in loaded.items()}
