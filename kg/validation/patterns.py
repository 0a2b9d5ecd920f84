"""What a constraint can read of a graph: triple patterns in groups, and walks along them over sets of nodes.

A group is a conjunction: its patterns, and those of the groups around it, hold together in every solution. What may
be missing (OPTIONAL, EXISTS, NOT EXISTS, a nested shape) is a group inside. Filters are left out, so whatever is
found here is at least what the constraint reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode

from kg.store.views import Edge, Term, View

THIS: Final = "this"

Slot = str | Term | frozenset[NamedNode]
"""A variable's name, a constant, or several constants of which any may stand there."""


@dataclass(frozen=True, slots=True)
class Link:
    """One step along a property; None stands for any property."""

    predicate: NamedNode | None
    inverse: bool = False


@dataclass(frozen=True, slots=True)
class Seq:
    parts: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Alt:
    parts: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Many:
    """``?`` (not more), ``*`` (more) of a path; ``+`` is the path and then ``*``."""

    part: Path
    more: bool


Path = Link | Seq | Alt | Many


@dataclass(frozen=True, slots=True)
class Pattern:
    subject: Slot
    path: Path
    object: Slot

    def variables(self) -> tuple[str, ...]:
        return tuple(slot for slot in (self.subject, self.object) if isinstance(slot, str))


@dataclass(frozen=True, slots=True)
class Tagged:
    """``STRLANG(STR(text), STR(lang)) AS name`` where the text is a plain string: it can be undone."""

    text: str
    lang: str
    name: str


@dataclass(slots=True, eq=False)
class Group:
    """Patterns that hold together, with those of the groups around."""

    around: Group | None = None
    patterns: list[Pattern] = field(default_factory=list)
    tags: list[Tagged] = field(default_factory=list)
    inside: list[Group] = field(default_factory=list)

    def child(self) -> Group:
        """A new group inside this one."""
        made = Group(self)
        self.inside.append(made)
        return made

    def outwards(self) -> Iterator[Group]:
        """This group and those around it."""
        group: Group | None = self
        while group is not None:
            yield group
            group = group.around

    def all(self) -> Iterator[Group]:
        """This group and all inside it."""
        yield self
        for group in self.inside:
            yield from group.all()

    def names(self) -> set[str]:
        """Variables that are bound in every solution here."""
        out = {THIS}
        for group in self.outwards():
            for pattern in group.patterns:
                out.update(pattern.variables())
            out.update(tag.name for tag in group.tags)
        return out


def inverse(path: Path) -> Path:
    """The path walked from its end to its beginning."""
    if isinstance(path, Link):
        return Link(path.predicate, not path.inverse)
    if isinstance(path, Seq):
        return Seq(tuple(inverse(part) for part in reversed(path.parts)))
    if isinstance(path, Alt):
        return Alt(tuple(inverse(part) for part in path.parts))
    return Many(inverse(path.part), path.more)


class TooMany(Exception):
    """A walk came by more nodes than is allowed."""


def step(
    view: View, path: Path, nodes: Iterable[Term], cap: int | None = None, seen: set[Edge] | None = None
) -> set[Term]:
    """The nodes to which the path leads from any of these; ``seen`` is given the triples on the way.

    Raises :class:`TooMany` where more than ``cap`` nodes are found.
    """
    out: set[Term] = set()
    if isinstance(path, Link):
        for node in nodes:
            if path.predicate is None:
                out |= _any(view, node, path.inverse, seen)
                continue
            found = view.subjects(path.predicate, node) if path.inverse else view.objects(node, path.predicate)
            out.update(found)
            if seen is not None:
                p = path.predicate
                seen.update((n, p, node) if path.inverse else (node, p, n) for n in found)
            if cap is not None and len(out) > cap:
                raise TooMany
    elif isinstance(path, Seq):
        out = set(nodes)
        for part in path.parts:
            out = step(view, part, out, cap, seen)
    elif isinstance(path, Alt):
        given = tuple(nodes)
        for part in path.parts:
            out |= step(view, part, given, cap, seen)
    else:
        out = set(nodes)
        new = out
        while new:
            new = step(view, path.part, new, cap, seen) - out
            out |= new
            if cap is not None and len(out) > cap:
                raise TooMany
            if not path.more:
                break
    return out


def _any(view: View, node: Term, inverted: bool, seen: set[Edge] | None) -> set[Term]:
    edges = view.naming(node) if inverted else ((node, p, o) for p, found in view.about(node).items() for o in found)
    out: set[Term] = set()
    for edge in edges:
        out.add(edge[0] if inverted else edge[2])
        if seen is not None:
            seen.add(edge)
    return out


@dataclass(frozen=True, slots=True)
class Place:
    """One link in a path: a triple that matches it stands between what comes before and what comes after."""

    link: Link
    before: tuple[Path, ...] = ()
    after: tuple[Path, ...] = ()


def places(path: Path) -> Iterator[Place]:
    """Every link of a path, with the rest of the path on both sides."""
    if isinstance(path, Link):
        yield Place(path)
    elif isinstance(path, Alt):
        for part in path.parts:
            yield from places(part)
    elif isinstance(path, Seq):
        for i, part in enumerate(path.parts):
            for place in places(part):
                yield Place(place.link, (*path.parts[:i], *place.before), (*place.after, *path.parts[i + 1 :]))
    else:
        again = (path,) if path.more else ()
        for place in places(path.part):
            yield Place(place.link, (*again, *place.before), (*place.after, *again))


def tagged(text: Term, lang: Term) -> Literal | None:
    """``STRLANG(STR(text), STR(lang))``; None where that is no literal."""
    if isinstance(text, BlankNode) or isinstance(lang, BlankNode):
        return None
    try:
        return Literal(text.value, language=lang.value)
    except ValueError:
        return None
