"""Names of parameters: ``?_name_type`` required, ``?__name_type`` optional (grlc's convention, widened).

grlc (https://github.com/CLARIAH/grlc, gquery.py) takes the part after the name for a language unless it is
one of a few words, and cuts a name at its first underscore. We read the names of XSD datatypes as datatypes,
two or three small letters as a language, and everything else as part of the name; ``strict`` reads as grlc does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kg.templates.model import Suffix
from kg.terms import XSD

XSD_NAMES: Final = frozenset(
    {
        *("string", "boolean", "decimal", "integer", "double", "float", "date", "dateTime", "time"),
        *("gYear", "gYearMonth", "anyURI", "duration", "long", "int", "nonNegativeInteger", "positiveInteger"),
    }
)
_PARTS: Final = re.compile(r"(__?)([A-Za-z0-9]+(?:_[A-Za-z0-9]+)*)")
_GRLC: Final = re.compile(r"(?P<mark>__?)(?P<name>[^_]+)_?(?P<type>[A-Za-z0-9]+)?_?(?P<userdefined>[A-Za-z0-9]+)?.*")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")
_SIMPLE: Final = {"literal": Suffix("string"), "iri": Suffix("iri"), "number": Suffix("number")}


@dataclass(frozen=True, slots=True)
class Name:
    """A parameter's variable, read."""

    variable: str  # without "?"
    name: str
    required: bool
    many: bool
    suffix: Suffix
    grlc: str | None = None  # how grlc would read it, where that differs


def read(variable: str, prefixes: Mapping[str, str], *, strict: bool = False) -> Name | None:
    """The parameter that a variable (without ``?``) names, or None where it is an ordinary variable."""
    match = _PARTS.fullmatch(variable)
    if not match:
        return None
    strictly = _read_as_grlc(variable, prefixes)
    if strict:
        return strictly
    parts = match[2].split("_")
    suffix, taken = _suffix(parts, prefixes)
    rest = parts[: len(parts) - taken]
    many = len(rest) > 1 and rest[-1] == "multi"
    if many:
        rest.pop()
    name = "_".join(rest)
    differs = not many and (strictly.name, strictly.suffix) != (name, suffix)
    return Name(variable, name, match[1] == "_", many, suffix, _say(strictly) if differs else None)


def _suffix(parts: list[str], prefixes: Mapping[str, str]) -> tuple[Suffix, int]:
    """The type that the last parts say, and how many parts say it."""
    if len(parts) >= 3 and parts[-2] in prefixes:
        return _typed(prefixes[parts[-2]] + parts[-1]), 2
    if len(parts) >= 2:
        last = parts[-1]
        if last in _SIMPLE:
            return _SIMPLE[last], 1
        if last in XSD_NAMES:
            return _typed(XSD + last), 1
        if _LANGUAGE.fullmatch(last):
            return Suffix("language", lang=last), 1
    return Suffix("string"), 0


def _typed(datatype: str) -> Suffix:
    if datatype == XSD + "string":
        return Suffix("string")
    if datatype == XSD + "integer":
        return Suffix("integer")
    return Suffix("typed", datatype)


def _read_as_grlc(variable: str, prefixes: Mapping[str, str]) -> Name:
    match = _GRLC.fullmatch(variable)
    assert match, variable  # _PARTS is narrower
    kind, more = match["type"], match["userdefined"]
    if kind is None:
        suffix = Suffix("string")
    elif kind in _SIMPLE:
        suffix = _SIMPLE[kind]
    elif kind == "integer":
        suffix = Suffix("integer")
    elif more is not None:
        suffix = _typed(prefixes.get(kind, kind + ":") + more)
    else:
        suffix = Suffix("language", lang=kind)
    return Name(variable, match["name"], match["mark"] == "_", False, suffix)


def _say(name: Name) -> str:
    what = name.suffix.datatype or (f"@{name.suffix.lang}" if name.suffix.lang else name.suffix.kind)
    return f"{name.name} ({what})"
