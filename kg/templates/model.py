"""What a query template is once it is loaded: parameters, returns, examples, text. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from kg.findings import Finding, Texts

Form = Literal["SELECT", "ASK", "CONSTRUCT", "DESCRIBE"]
TermKind = Literal["string", "iri", "integer", "number", "typed", "language"]

PARAM_TYPES = ("string", "iri", "integer", "number", "boolean", "date", "edtf", "language", "entity", "enum")
"""What ``params: {name: {type: …}}`` may say."""

RETURN_TYPES = ("string", "iri", "integer", "number", "boolean", "date", "edtf", "text", "entity")
"""What ``returns: {name: {type: …}}`` may say."""


@dataclass(frozen=True, slots=True)
class Suffix:
    """What a variable's name says of the term that takes its place (docs/templates.md, "Parameters")."""

    kind: TermKind
    datatype: str | None = None  # IRI, for kind "typed"
    lang: str | None = None  # for kind "language"


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter: the variable it replaces, and what may be given for it."""

    name: str  # as in the address: "post"
    variable: str  # as in the text, without "?": "_post_iri"
    suffix: Suffix
    type: str  # one of PARAM_TYPES
    required: bool
    many: bool = False
    of: str | None = None  # class IRI, for type "entity"
    values: Mapping[str, str] = field(default_factory=dict)  # what may be given -> what is bound, for type "enum"
    asked: str | None = None  # the query that asks the graph for the values (kg.templates.enumeration)
    titles: Texts = field(default_factory=dict)
    descriptions: Texts = field(default_factory=dict)
    pattern: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    default: str | None = None
    examples: tuple[str, ...] = ()

    @property
    def needed(self) -> bool:
        """Whether a request without it is wrong."""
        return self.required and self.default is None


@dataclass(frozen=True, slots=True)
class Return:
    """A projected variable: how its values are written in JSON."""

    name: str
    type: str  # one of RETURN_TYPES
    descriptions: Texts = field(default_factory=dict)
    values: tuple[str, ...] = ()  # all values it can have, if they are few
    many: bool = False  # rows that differ only in such variables are one object


@dataclass(frozen=True, slots=True)
class Example:
    """Values for the parameters, with what must come back."""

    params: Mapping[str, Any]
    expect: tuple[Mapping[str, Any], ...] | None = None  # the rows that must come back, in any order; None = not said
    total: int | None = None  # how many there must be in all
    includes: tuple[Mapping[str, Any], ...] = ()  # rows that must be among them


@dataclass(frozen=True, slots=True)
class Deprecated:
    """That a template will go (docs/api.md, "Changes of the API")."""

    since: date
    sunset: date | None = None
    use: str | None = None  # name of the template that answers instead


@dataclass(frozen=True, slots=True)
class Template:
    """One ``.rq`` file, ready to run. ``text`` is what is published: fragments expanded, prefixes declared."""

    name: str  # "posts/holders"
    file: str  # path from the folder of queries: "posts/holders.rq"
    form: Form
    text: str
    variables: tuple[str, ...]  # projected, in order, parameters by their public name
    summary: str = ""  # in English, or in the language there is
    description: str = ""
    summaries: Texts = field(default_factory=dict)
    descriptions: Texts = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    params: tuple[Param, ...] = ()
    returns: Mapping[str, Return] = field(default_factory=dict)
    examples: tuple[Example, ...] = ()
    page_size: int | None = None
    paged: bool = False  # pages count the rows of the subquery that ends in ``# @page``
    transform: Mapping[str, Any] | None = None
    view: str = "table"
    deprecated: Deprecated | None = None
    findings: tuple[Finding, ...] = ()  # warnings of the linter
    extra: Mapping[str, Any] = field(default_factory=dict)  # keys we do not know: kept, ignored

    @property
    def subject(self) -> str:
        return self.name.split("/")[0]

    @property
    def operation(self) -> str:
        """Id of the operation in OpenAPI: ``posts.holders``."""
        return self.name.replace("/", ".")

    @property
    def path(self) -> str:
        return f"/api/v1/{self.name}"

    def param(self, name: str) -> Param | None:
        return next((p for p in self.params if p.name == name), None)


@dataclass(frozen=True, slots=True)
class Broken:
    """A file that is not served, and why."""

    name: str
    file: str
    findings: tuple[Finding, ...]
