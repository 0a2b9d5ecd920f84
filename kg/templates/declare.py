"""The ``#+`` keys read into the model: parameters, returns, examples. What does not fit is a finding."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from kg.findings import Finding, Texts, Where, finding, pick
from kg.templates.grammar import Name
from kg.templates.model import PARAM_TYPES, RETURN_TYPES, Deprecated, Example, Param, Return
from kg.terms import EDTF_TYPE, LANGUAGES, XSD, expand

KNOWN: Final = frozenset(
    {
        *("summary", "description", "tags", "method", "endpoint", "pagination", "enumerate", "transform", "defaults"),
        *("params", "returns", "examples", "view", "cache", "use", "endpoint_in_url", "deprecated"),
    }
)
VIEWS: Final = ("table", "timeline", "map", "network")
RESERVED_SUBJECTS: Final = frozenset(
    {"imports", "validate", "search", "suggest", "match", "entities", "changes", "releases", "tokens", "decisions"}
)
RESERVED_NAMES: Final = frozenset({"page", "page_size", "lang", "clang", "fields", "format"})

# suffix kind -> public types that ``params`` may narrow it to, the first by default
_NARROW: Final[dict[str, tuple[str, ...]]] = {
    "string": ("string", "enum", "language", "edtf"),
    "iri": ("iri", "entity", "enum"),
    "integer": ("integer", "enum"),
    "number": ("number",),
    "language": ("string", "enum"),
    XSD + "date": ("date",),
    XSD + "boolean": ("boolean",),
    EDTF_TYPE: ("edtf",),
    XSD + "decimal": ("number",),
}
_TYPED: Final = ("string", "enum")
GRAPH: Final = "graph"  # ``enum: graph``: the values are those that the graph has


@dataclass
class Reader:
    """Reads the keys of one file and collects what is wrong with them."""

    file: str
    line: int
    metadata: Mapping[str, Any]
    shared: Mapping[str, Any]  # queries/_params.yaml
    enumeration: Callable[[str], str | None] = lambda _: None  # variable -> the query that asks for its values
    findings: list[Finding] = field(default_factory=list)

    def params(self, names: Iterable[Name]) -> tuple[Param, ...]:
        """The parameters, in the order in which they are declared, then in which they stand in the text."""
        declared = self._mapping("params")
        found: dict[str, Name] = {}
        for name in names:
            if (other := found.setdefault(name.name, name)) != name:
                self._wrong("param-two-variables", name=name.name, first=other.variable, second=name.variable)
        for name_text in declared:
            if name_text not in found:
                self._wrong("param-not-in-text", name=name_text, known=", ".join(found) or "—")
        for name_text in found:
            if name_text in RESERVED_NAMES:
                self._wrong("param-reserved", name=name_text)
        order = [n for n in declared if n in found] + [n for n in found if n not in declared]
        return tuple(self._param(found[name], declared.get(name) or {}) for name in order)

    def _param(self, name: Name, said: Mapping[str, Any]) -> Param:
        if not isinstance(said, Mapping):
            self._wrong("template-key", key=f"params.{name.name}")
            said = {}
        base = self.shared.get(name.name) or {}
        allowed = _NARROW.get(name.suffix.datatype or name.suffix.kind, _TYPED)
        values = self._values(name.name, said)
        asked = self._asked(name, said) if not values and said.get("type") in (None, "enum") else None
        kind = said.get("type") or ("enum" if values or asked else allowed[0])
        if kind not in allowed:
            self._wrong(
                "param-type", name=name.name, given=str(kind), allowed=", ".join(allowed), types=_join(PARAM_TYPES)
            )
            kind = allowed[0]
        if kind == "enum" and not values and not asked:
            self._wrong("param-enum-empty", name=name.name)
        pattern = said.get("pattern")
        if pattern is not None and not _is_pattern(pattern):
            self._wrong("param-pattern-bad", name=name.name, pattern=str(pattern))
            pattern = None
        default = said.get("default", self._grlc_default(name.name))
        examples = said.get("examples") or base.get("examples") or ()
        return Param(
            name=name.name,
            variable=name.variable,
            suffix=name.suffix,
            type=kind,
            required=bool(said.get("required", name.required)),
            many=name.many,
            of=expand(str(said["of"])) if said.get("of") else None,
            values=values,
            asked=asked,
            titles=texts(said.get("title") or base.get("title") or name.name),
            descriptions=texts(said.get("description") or base.get("description") or ""),
            pattern=pattern,
            minimum=said.get("minimum"),
            maximum=said.get("maximum"),
            default=None if default is None else _text(default),
            examples=tuple(_text(e) for e in (examples if isinstance(examples, list) else [examples]) if e != ()),
        )

    def _values(self, name: str, said: Mapping[str, Any]) -> dict[str, str]:
        """What may be given -> what is bound: from ``enum`` of ours or ``enumerate`` of grlc."""
        listed = said.get("enum")
        if listed is None:
            entries = self.metadata.get("enumerate") or []
            entries = entries if isinstance(entries, list) else [entries]
            listed = next((e[name] for e in entries if isinstance(e, Mapping) and name in e), None)
        if isinstance(listed, Mapping):
            return {str(key): expand(str(value)) for key, value in listed.items()}
        return {_text(value): expand(_text(value)) for value in listed} if isinstance(listed, list) else {}

    def _asked(self, name: Name, said: Mapping[str, Any]) -> str | None:
        """The query for the values, where ``enum: graph`` or a bare name in ``enumerate`` says to ask the graph."""
        entries = self.metadata.get("enumerate") or []
        if said.get("enum") != GRAPH and name.name not in (entries if isinstance(entries, list) else [entries]):
            return None
        query = self.enumeration(name.variable)
        if query is None:
            self._wrong("param-enum-no-pattern", name=name.name)
        return query

    def deprecated(self) -> Deprecated | None:
        """When the template was given up, when it ends, and what answers instead."""
        said = self._mapping("deprecated")
        if not said:
            return None
        try:
            since = date.fromisoformat(str(said["since"]))
            sunset = date.fromisoformat(str(said["sunset"])) if said.get("sunset") else None
        except (KeyError, ValueError):
            self._wrong("template-deprecated")
            return None
        if sunset is not None and sunset <= since:
            self._wrong("template-deprecated")
        return Deprecated(since, sunset, str(said["use"]) if said.get("use") else None)

    def _grlc_default(self, name: str) -> Any:
        entries = self.metadata.get("defaults")
        entries = entries if isinstance(entries, list) else [entries]
        return next((e[name] for e in entries if isinstance(e, Mapping) and name in e), None)

    def returns(self, variables: Iterable[str]) -> dict[str, Return]:
        """What is said of the projected variables."""
        projected = set(variables)
        found: dict[str, Return] = {}
        for name, said in self._mapping("returns").items():
            entry = {"description": said} if isinstance(said, str) else said
            if not isinstance(entry, Mapping):
                self._wrong("template-key", key=f"returns.{name}")
                continue
            kind = entry.get("type", "string")
            if kind not in RETURN_TYPES:
                self._wrong("return-type", name=name, given=str(kind), allowed=_join(RETURN_TYPES))
                kind = "string"
            if name not in projected:
                self._wrong("return-not-projected", name=name, known=", ".join(sorted(projected)) or "—")
            listed = tuple(_text(v) for v in entry.get("enum") or ())
            found[name] = Return(name, kind, texts(entry.get("description") or ""), listed, bool(entry.get("list")))
        return found

    def examples(self) -> tuple[Example, ...]:
        """The examples of the template."""
        entries = self.metadata.get("examples") or []
        found: list[Example] = []
        for number, entry in enumerate(entries if isinstance(entries, list) else [entries]):
            if not isinstance(entry, Mapping) or not isinstance(entry.get("params", {}), Mapping):
                self._wrong("template-key", key=f"examples[{number}]")
                continue
            expect, total = entry.get("expect"), entry.get("total")
            found.append(
                Example(
                    dict(entry.get("params") or {}),
                    tuple(expect) if isinstance(expect, list) else None,
                    total if isinstance(total, int) else None,
                    tuple(entry.get("includes") or ()),
                )
            )
        return tuple(found)

    def page_size(self) -> int | None:
        """Rows of a page, or None where the template has no pages."""
        size = self.metadata.get("pagination")
        if size is None:
            return None
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            self._wrong("template-key", key="pagination")
            return None
        return size

    def text(self, key: str) -> str:
        """A key that is text; for a mapping of languages, the English one."""
        return pick(texts(self.metadata.get(key)), "en")

    def texts(self, key: str) -> Texts:
        """A key that is text, by language; plain text is English."""
        return texts(self.metadata.get(key))

    def tags(self) -> tuple[str, ...]:
        value = self.metadata.get("tags") or ()
        return tuple(str(v) for v in value) if isinstance(value, list) else (str(value),) if value else ()

    def _mapping(self, key: str) -> Mapping[str, Any]:
        value = self.metadata.get(key) or {}
        if not isinstance(value, Mapping):
            self._wrong("template-key", key=key)
            return {}
        return {str(k): v for k, v in value.items()}

    def _wrong(self, code: str, **values: Any) -> None:
        self.findings.append(finding(code, where=Where(self.file, line=self.line), **values))


def texts(value: object) -> Texts:
    """A text in several languages; plain text is English."""
    if isinstance(value, Mapping):
        return {str(k): str(v).strip() for k, v in value.items() if str(k) in LANGUAGES}
    return {"en": str(value).strip()} if value else {}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_pattern(pattern: object) -> bool:
    try:
        re.compile(str(pattern))
    except re.error:
        return False
    return isinstance(pattern, str)


def _join(names: Iterable[str]) -> str:
    return ", ".join(names)
