"""URI templates (RFC 6570) of CSVW metadata, compiled once.

``{x}`` and ``{+x}`` are expanded by ourselves, for every row uses them; all else goes to ``uritemplate``.
Prefixed names by kg.terms are welcome: ``tenure:{id}``, ``bkg:{class}``, or a value that is one: ``{+property}``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from uritemplate import URITemplate

from kg.terms import expand

_SIMPLE: Final = re.compile(r"\{(\+?)([A-Za-z0-9_]+)\}")
_UNRESERVED: Final = "-._~"
_RESERVED: Final = _UNRESERVED + ":/?#[]@!$&'()*+,;="


class Template:
    """One template. Raises ValueError for one that is not well-formed."""

    def __init__(self, text: str) -> None:
        self.text = text
        full = expand(text)
        parsed = URITemplate(full)
        self.variables: tuple[str, ...] = tuple(parsed.variable_names)
        rest = _SIMPLE.sub("", full)
        if ("}" in rest and "{" not in rest) or rest.count("{") != rest.count("}"):
            raise ValueError(f"unbalanced braces in {text!r}")
        self._parsed = parsed
        self._simple = "{" not in rest
        self._open = full.startswith("{")  # then the value itself may be a prefixed name
        self._parts: list[tuple[str, str, str]] = []  # literal before, variable, safe characters
        position = 0
        for match in _SIMPLE.finditer(full):
            safe = _RESERVED if match[1] else _UNRESERVED
            self._parts.append((full[position : match.start()], match[2], safe))
            position = match.end()
        self._end = full[position:]

    def expand(self, values: Mapping[str, str]) -> str | None:
        """The IRI; None where a variable has no value."""
        for name in self.variables:
            if not values.get(name):
                return None
        if not self._simple or any("%" in values[name] for name in self.variables):  # RFC 6570, 3.2.3: %41 may stay
            iri = str(self._parsed.expand({name: values[name] for name in self.variables}))
        else:
            pieces = []
            for before, name, safe in self._parts:
                value = values[name]
                pieces.append(before)
                pieces.append(value if value.isalnum() and value.isascii() else quote(value, safe=safe))
            pieces.append(self._end)
            iri = "".join(pieces)
        return expand(iri) if self._open else iri
