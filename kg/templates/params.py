"""Values of parameters: from text to RDF terms. Every value is checked here before anything is bound."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from typing import Any, Final, Protocol
from urllib.parse import urlencode

from pyoxigraph import Literal, NamedNode

from kg import lexical
from kg.findings import BilimError, Exit, Finding, finding
from kg.templates.model import Param, Template
from kg.terms import EDTF_TYPE, LANGUAGES, XSD, expand

Term = NamedNode | Literal

LIST_MAX: Final = 1000  # as many as a page may hold: a client can ask for all of what it was told
LENGTH_MAX: Final = 2000  # longer than any IRI or name we know of; a server's line limit is 8,000
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATATYPES: Final = {
    "integer": XSD + "integer",
    "number": XSD + "decimal",
    "boolean": XSD + "boolean",
    "date": XSD + "date",
    "edtf": EDTF_TYPE,
}


class Entities(Protocol):
    """Who knows which things there are."""

    def find(self, of: str | None, text: str) -> tuple[str, ...]:
        """IRIs of the things of class ``of`` that a slug, IRI, Wikidata id, ROR id or ISO code names."""
        ...


@dataclass(frozen=True, slots=True)
class Values:
    """Checked values. ``terms`` holds one entry for each parameter that is to be bound."""

    terms: Mapping[str, tuple[Term, ...]]
    texts: Mapping[str, tuple[str, ...]]  # canonical text: defaults and "today" made explicit

    def key(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The same for equal values: for caches."""
        return tuple(sorted((name, tuple(map(str, terms))) for name, terms in self.terms.items()))


@dataclass(frozen=True, slots=True)
class Wrong:
    """One wrong parameter, with a request that works."""

    parameter: str
    given: str | None
    finding: Finding
    example: str


class BadParameters(BilimError):
    """One or more parameters are wrong; all of them are told at once."""

    def __init__(self, wrong: Sequence[Wrong]) -> None:
        super().__init__(*(w.finding for w in wrong), exit_code=Exit.USAGE)
        self.wrong = tuple(wrong)


@dataclass
class _Collected:
    terms: dict[str, tuple[Term, ...]] = field(default_factory=dict)
    texts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    wrong: list[tuple[str, str | None, Finding]] = field(default_factory=list)


def check(template: Template, given: Mapping[str, Sequence[str]], *, entities: Entities, today: date) -> Values:
    """The terms to bind. A parameter that is not given takes its default; ``today`` is the day handed in.

    Raises :class:`BadParameters` naming every parameter that is unknown, missing or wrong.
    """
    got = _Collected()
    known = {p.name: p for p in template.params}
    for name, texts in given.items():
        if name not in known:
            got.wrong.append((name, texts[0] if texts else None, _unknown(template, name)))
    for param in template.params:
        _one_param(param, _split(param, given.get(param.name, ())), entities, today, got)
    if got.wrong:
        raise BadParameters([Wrong(n, g, f, example_url(template, n, got.texts)) for n, g, f in got.wrong])
    return Values(got.terms, got.texts)


def _split(param: Param, texts: Sequence[str]) -> list[str]:
    """The values of a list: repeated, or with commas where a value cannot hold one."""
    if param.many and param.type in ("entity", "enum", "date", "integer", "language"):
        return [part.strip() for text in texts for part in text.split(",") if part.strip()]
    return list(texts)


def _one_param(param: Param, texts: list[str], entities: Entities, today: date, got: _Collected) -> None:
    if param.type != "string":  # an empty field of a form: not given
        texts = [text for text in texts if text]
    if not texts:
        if param.default is None:
            if param.required:
                got.wrong.append((param.name, None, finding("param-missing", name=param.name)))
            return
        texts = [param.default]
    problem: Finding | None = None
    if len(texts) > 1 and not param.many:
        problem = finding("param-repeated", name=param.name, count=len(texts))
    elif len(texts) > LIST_MAX:
        problem = finding("param-too-many", name=param.name, count=len(texts), maximum=LIST_MAX)
    if problem:
        got.wrong.append((param.name, texts[0], problem))
        return
    found: dict[Term, str] = {}  # a thing may be named in several ways: it counts once
    right = True
    for text in dict.fromkeys(texts):
        if param.type == "date" and text == "today":
            text = today.isoformat()
        value = _one_value(param, text, entities)
        if isinstance(value, Finding):
            got.wrong.append((param.name, text, value))
            right = False
        else:
            found.setdefault(_term(param, value), text)
    if right:
        got.terms[param.name] = tuple(found)
        got.texts[param.name] = tuple(found.values())


def _one_value(param: Param, text: str, entities: Entities) -> str | Finding:
    """The text that becomes the term, or what is wrong with it."""
    common: dict[str, Any] = {"name": param.name, "given": _shown(text)}
    if _CONTROL.search(text):
        return finding("param-control", **common)
    if len(text) > LENGTH_MAX:
        return finding("param-too-long", **common, length=len(text), maximum=LENGTH_MAX)
    problem: Finding | None = None
    match param.type:
        case "iri":
            text = expand(text)  # "bkg:start": an IRI by itself, but never one that the graph has
            problem = None if is_iri(text) else finding("param-not-iri", **common)
        case "date":
            problem = None if _DAY.fullmatch(text) and not _ill_formed("date", text) else _not("date", text, common)
        case "integer" | "number" | "boolean" | "edtf":
            problem = _not(param.type, text, common) if _ill_formed(param.type, text) else None
        case "language":
            if text not in LANGUAGES:
                problem = finding("param-not-language", **common, allowed=", ".join(LANGUAGES))
        case "enum":
            if text in param.values:
                return param.values[text]
            if param.suffix.kind == "iri" and (iri := expand(text)) in param.values.values():
                return iri
            problem = finding("param-not-listed", **common, allowed=", ".join(param.values))
        case "entity":
            return _entity(param, text, entities, common)
        case _:
            problem = _datatype(param, text, common)
    if problem is None and param.pattern and not re.fullmatch(param.pattern, text):
        problem = finding("param-pattern", **common, pattern=param.pattern)
    return problem or _in_range(param, text, common) or text


def _ill_formed(kind: str, text: str) -> Finding | None:
    reason = lexical.check(_DATATYPES[kind], text)
    return reason if reason is not None and reason.severity == "Violation" else None


def _not(kind: str, text: str, common: Mapping[str, Any]) -> Finding:
    """Not of the kind: our sentence on what is wanted, with the reason of kg.lexical where it has one."""
    ours = finding(f"param-not-{kind}", **common)
    reason = _ill_formed(kind, text)
    if kind != "edtf" and not (kind == "date" and _DAY.fullmatch(text)):
        return ours  # the form is wrong as a whole; our sentence says it all
    if reason is None:
        return ours
    return Finding(ours.code, ours.what, ours.allowed, reason.what, ours.severity)


def _datatype(param: Param, text: str, common: Mapping[str, Any]) -> Finding | None:
    """A string parameter may stand for a literal of a datatype that has no type of its own (``_xsd_gYear``)."""
    if param.suffix.kind != "typed" or param.suffix.datatype is None or param.suffix.datatype == XSD + "anyURI":
        return None
    try:
        reason = lexical.check(param.suffix.datatype, text)
    except KeyError:  # a datatype that kg.lexical does not know: any text is a value of it
        return None
    if reason is None:
        return None
    ours = finding("param-not-typed", **common, datatype=param.suffix.datatype)
    return Finding(ours.code, ours.what, ours.allowed, reason.what, ours.severity)


def _entity(param: Param, text: str, entities: Entities, common: Mapping[str, Any]) -> str | Finding:
    found = entities.find(param.of, text)
    if len(found) == 1:
        return found[0]
    if found:
        return finding("param-entity-many", **common, found=", ".join(found[:5]))
    return finding("param-entity-none", **common)


def _in_range(param: Param, text: str, common: Mapping[str, Any]) -> Finding | None:
    if param.type not in ("integer", "number"):
        return None
    number = float(text)
    if param.minimum is not None and number < param.minimum:
        return finding("param-too-small", **common, limit=f"{param.minimum:g}")
    if param.maximum is not None and number > param.maximum:
        return finding("param-too-large", **common, limit=f"{param.maximum:g}")
    return None


def _term(param: Param, text: str) -> Term:
    suffix = param.suffix
    match suffix.kind:
        case "iri":
            return NamedNode(text)
        case "integer":
            return Literal(text, datatype=NamedNode(XSD + "integer"))
        case "number":
            return Literal(text, datatype=NamedNode(XSD + "decimal"))
        case "typed":
            assert suffix.datatype
            return Literal(text, datatype=NamedNode(suffix.datatype))
        case "language":
            return Literal(text, language=suffix.lang)
        case _:
            return Literal(text)


def is_iri(text: str) -> bool:
    """Whether the text is an absolute IRI (RFC 3987) that can stand in a query."""
    try:
        NamedNode(text)
    except ValueError:
        return False
    # the parser of pyoxigraph lets some of these pass, SPARQL's IRIREF ([139]) does not
    return not re.search(r"[\x00-\x20<>\"{}|^`\\]", text)


def _unknown(template: Template, name: str) -> Finding:
    names = [p.name for p in template.params]
    near = get_close_matches(name, names, n=1)
    code = "param-unknown-near" if near else "param-unknown"
    known = ", ".join(names) or "—"
    return finding(code, name=_shown(name), known=known, near=near[0] if near else "")


def example_url(template: Template, wrong: str, good: Mapping[str, Sequence[str]]) -> str:
    """A request that works: what was right of the one given, examples for what was wrong or missing."""
    whole: Mapping[str, object] = template.examples[0].params if template.examples else {}
    query: list[tuple[str, str]] = []
    for param in template.params:
        shown: Sequence[str] = ()
        if param.name in good and not (param.name not in whole and param.name == wrong):
            shown = good[param.name]
        elif param.name in whole:
            shown = as_texts(whole[param.name])
        elif param.examples and (param.needed or param.name == wrong):
            shown = param.examples[:1]
        query += [(param.name, text) for text in shown]
    return template.path + ("?" + urlencode(query) if query else "")


def as_texts(value: object) -> list[str]:
    """A value of an example, as it is given in a request."""
    if isinstance(value, list | tuple):
        return [text for item in value for text in as_texts(item)]
    return [str(value).lower() if isinstance(value, bool) else str(value)]


def _shown(text: str) -> str:
    clean = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
    return clean if len(clean) <= 80 else clean[:80] + "…"
