"""From a folder of ``.rq`` files to templates. A file that cannot be used is named with the reason; the rest load."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import yaml
from pyoxigraph import Literal, NamedNode, QueryBoolean, QuerySolutions, Store

from kg.findings import BilimError, Finding, Where, finding
from kg.sparql import prefixes
from kg.sparql.binder import bind
from kg.sparql.tokens import Token, significant, tokenize
from kg.sparql.vet import vet
from kg.store.errors import QueryError, syntax_place
from kg.templates import declare, enumeration, fragments, grammar, lint, shape, source, text
from kg.templates.model import Broken, Form, Template
from kg.terms import PREFIXES

FRAGMENTS: Final = "_fragments"
PARAMS: Final = "_params.yaml"
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+/[A-Za-z0-9_-]+")
_GRLC_ONLY: Final = ("endpoint", "method", "endpoint_in_url")


@dataclass(frozen=True, slots=True)
class Context:
    """What every file of a folder shares."""

    fragments: Mapping[str, fragments.Fragment] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    prefixes: Mapping[str, str] = field(default_factory=lambda: PREFIXES)
    strict: bool = False  # read names of parameters as grlc does


def load_folder(folder: Path, *, strict: bool = False) -> tuple[dict[str, Template], list[Broken]]:
    """Templates by name (``posts/holders``), and the files that are not served. Raises nothing for bad files."""
    context, broken = shared(folder, strict=strict)
    templates: dict[str, Template] = {}
    for path in sorted(folder.glob("*/*.rq")):
        if path.parent.name == FRAGMENTS:
            continue
        name = f"{path.parent.name}/{path.stem}"
        file = f"{name}.rq"
        try:
            templates[name] = load(path.read_bytes(), name, file, context)
        except BilimError as error:
            broken.append(Broken(name, file, error.findings))
        except OSError as error:
            problem = finding("template-unreadable", where=Where(file), reason=error.strerror or str(error))
            broken.append(Broken(name, file, (problem,)))
    for name, template in templates.items():
        use = template.deprecated.use if template.deprecated else None
        if use is not None and use not in templates:
            told = finding("template-deprecated-use", where=Where(template.file), name=use)
            templates[name] = replace(template, findings=(*template.findings, told))
    return templates, broken


def load_files(
    files: Iterable[Path], folder: Path, *, strict: bool = False
) -> tuple[dict[str, Template], list[Broken]]:
    """Files from anywhere, with the fragments and shared parameters of ``folder``; named as they would be served.

    In findings each file is named as it was given.
    """
    context, _ = shared(folder, strict=strict)
    templates: dict[str, Template] = {}
    broken: list[Broken] = []
    for path in files:
        subject = path.absolute().parent.name
        name = f"{subject if _NAME.fullmatch(f'{subject}/x') else 'own'}/{path.stem}"
        try:
            templates[str(path)] = load(path.read_bytes(), name, str(path), context)
        except BilimError as error:
            broken.append(Broken(name, str(path), error.findings))
        except OSError as error:
            reason = error.strerror or str(error)
            told = finding("template-unreadable", where=Where(str(path)), reason=reason)
            broken.append(Broken(name, str(path), (told,)))
    return templates, broken


def shared(folder: Path, *, strict: bool = False) -> tuple[Context, list[Broken]]:
    """Fragments and shared parameters of a folder, and what is wrong with them."""
    found, findings = fragments.load(folder / FRAGMENTS)
    broken = [Broken(f.where.file, f.where.file, (f,)) for f in findings if f.where]
    params: Mapping[str, Any] = {}
    path = folder / PARAMS
    if path.is_file():
        try:
            params = source.load_yaml(path.read_text(encoding="utf-8")) or {}
            if not isinstance(params, Mapping):
                raise yaml.YAMLError("a mapping is needed")
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            mark = getattr(error, "problem_mark", None)
            where = Where(PARAMS, line=mark.line + 1 if mark else None)
            reason = getattr(error, "problem", None) or str(error)
            broken.append(Broken(PARAMS, PARAMS, (finding("template-yaml", where=where, reason=reason),)))
            params = {}
    return Context(found, params, strict=strict), broken


def load(data: bytes, name: str, file: str, context: Context) -> Template:
    """One template. Raises :class:`BilimError` with every violation found; warnings stay on the template."""
    if not _NAME.fullmatch(name):
        raise BilimError(finding("template-name", where=Where(file), name=name))
    read = source.read(data, file)
    lines = fragments.expand(read, context.fragments)
    query = "\n".join(line.text for line in lines)
    tokens = tokenize(query)
    seen = significant(tokens)
    if unknown := lint.prefixes(file, lines, tokens, context.prefixes):
        raise BilimError(*unknown)  # nothing else can be said of a text that cannot be read
    if deep := lint.deep(file, lines, seen):
        raise BilimError(*deep)
    form = _vetted(query, lines, file, context.prefixes)
    names = _names(tokens, context)
    text.conditions(tokens, file)  # raises for one that is not closed
    paged = text.paged(tokens, file) is not None
    published = _prologue(tokens, context.prefixes) + query
    ask = partial(enumeration.question, published)
    reader = declare.Reader(file, read.metadata_line, read.metadata, context.params, ask)
    params = reader.params(names)
    projected = _check_syntax(published, names, lines, len(published) - len(query), file)
    public = {n.variable: n.name for n in names}
    variables = tuple(public.get(v, v) for v in projected)
    returns = reader.returns(variables)
    page_size = reader.page_size()
    examples = reader.examples()
    deprecated = reader.deprecated()
    transform = read.metadata.get("transform")
    findings = reader.findings + _keys(read, file)
    if transform is not None:
        try:
            shape.prototype(transform if isinstance(transform, Mapping) else {}, returns, variables)
        except BilimError as error:
            findings += [f.at(Where(file, line=read.metadata_line)) for f in error.findings]
    if name.split("/")[0] in declare.RESERVED_SUBJECTS:
        findings.append(finding("template-subject", where=Where(file), subject=name.split("/")[0]))
    findings += lint.lint(
        lint.Checked(
            file=file,
            lines=lines,
            tokens=seen,
            form=form,
            names=names,
            declared=read.metadata.get("params") or (),
            projected=variables,
            returns=returns,
            examples=len(examples),
            page_size=page_size,
            paged=paged,
        )
    )
    if any(f.severity == "Violation" for f in findings):
        raise BilimError(*findings)
    return Template(
        name=name,
        file=file,
        form=form,
        text=published,
        variables=variables,
        summary=reader.text("summary"),
        description=reader.text("description"),
        summaries=reader.texts("summary"),
        descriptions=reader.texts("description"),
        tags=reader.tags() or (name.split("/")[0],),
        params=params,
        returns=returns,
        examples=examples,
        page_size=page_size,
        paged=paged and page_size is not None,
        transform=transform if isinstance(transform, Mapping) else None,
        view=reader.text("view") or "table",
        deprecated=deprecated,
        findings=tuple(findings),
        extra={k: v for k, v in read.metadata.items() if k not in declare.KNOWN},
    )


def _vetted(query: str, lines: tuple[source.Line, ...], file: str, table: Mapping[str, str]) -> Form:
    """The form of the query, once it is sure that it asks no other server: only then may it be tried out."""
    try:
        return vet(query, prefixes=dict(table)).form
    except QueryError as error:
        origin = lines[min(error.line, len(lines)) - 1].origin if error.line and lines else None
        where = Where(file, line=origin, column=str(error.column) if error.column else None)
        raise BilimError(*(f.at(where) for f in error.findings)) from None


def _names(tokens: tuple[Token, ...], context: Context) -> list[grammar.Name]:
    found = (grammar.read(v, context.prefixes, strict=context.strict) for v in lint.parameters(tokens))
    return [name for name in found if name is not None]


def _prologue(tokens: tuple[Token, ...], table: Mapping[str, str]) -> str:
    """Declarations of the default prefixes that the text uses without declaring: the published text is whole."""
    needed = prefixes.missing(tokens, table)
    return "".join(f"PREFIX {prefix}: <{needed[prefix]}>\n" for prefix in sorted(needed))


def _check_syntax(
    published: str, names: list[grammar.Name], lines: tuple[source.Line, ...], added: int, file: str
) -> tuple[str, ...]:
    """Ask an empty store, with every optional parameter and with none. Returns the projected variables."""
    before = published.count("\n", 0, added)
    optional = frozenset(n.variable for n in names if not n.required)
    projected: tuple[str, ...] = ()
    for absent in (optional, frozenset[str]()):
        terms = {n.variable: [_sample(n)] if n.many else _sample(n) for n in names if n.variable not in absent}
        try:
            result = Store().query(bind(text.variant(published, absent), terms, absent))
        except (SyntaxError, QueryError) as error:
            line, column, reason = _place(error)
            origin = lines[max(0, min(line - before, len(lines)) - 1)].origin if line is not None else None
            where = Where(file, line=origin, column=str(column) if column else None)
            raise BilimError(finding("template-syntax", where=where, reason=reason)) from None
        if isinstance(result, QuerySolutions):
            projected = tuple(v.value for v in result.variables)
        elif isinstance(result, QueryBoolean):
            projected = ("boolean",)
    return projected


def _place(error: SyntaxError | QueryError) -> tuple[int | None, int | None, str]:
    if isinstance(error, QueryError):
        return error.line, error.column, error.findings[0].text()
    return syntax_place(str(error))


def _sample(name: grammar.Name) -> NamedNode | Literal:
    match name.suffix.kind:
        case "iri":
            return NamedNode("urn:x")
        case "integer" | "number":
            return Literal(1)
        case "language":
            return Literal("x", language=name.suffix.lang)
        case "typed":
            return Literal("x", datatype=NamedNode(name.suffix.datatype or ""))
        case _:
            return Literal("x")


def _keys(read: source.Source, file: str) -> list[Finding]:
    """Keys that other tools act on and we do not."""
    where = Where(file, line=read.metadata_line)
    return [finding("template-grlc-key", where=where, key=key) for key in _GRLC_ONLY if key in read.metadata]
