"""The neighbourhood: every triple that a rule can read from given focus nodes, so that it is judged as in the whole."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pyoxigraph import NamedNode

from kg.store.views import Edge, Term, View
from kg.terms import BKG, PROV
from kg.validation.patterns import THIS, Group, Link, Pattern, inverse, step, tagged
from kg.validation.plan import PartPlan
from kg.validation.words import LINKS, NAMES, TEXTS

_NAMES: Final = tuple(NamedNode(str(p)) for p in (*NAMES, *TEXTS))
_LINKS: Final = tuple(NamedNode(str(p)) for p in LINKS)
_DERIVED_FROM: Final = NamedNode(PROV + "wasDerivedFrom")
_EVIDENCE: Final = tuple(NamedNode(BKG + name) for name in ("onProperty", "attestsEdtf"))


def extract(view: View, plan: PartPlan, nodes: Iterable[Term], into: set[Edge]) -> set[Any]:
    """Add to ``into`` the triples that the rule can read from these nodes: hundreds for a few nodes.

    Every solution of the rule's patterns in the whole graph is a solution here, and the other way round (of what is
    here nothing is not there), so a run on these nodes gives the same rows. Returns the nodes that can have rows: of a
    rule that is a query, those for which the patterns that must hold are not known to have no solution.
    """
    if not plan.only_queries:
        _gather(view, plan.group, {THIS: set(nodes)}, into)
        return set(nodes)
    return {node for query in plan.group.inside for node in _gather(view, query, {THIS: set(nodes)}, into)}


def _gather(view: View, group: Group, bound: dict[str, set[Any]], into: set[Edge]) -> set[Any]:
    """Follow the patterns from bound variables; what a conjunction rules out is not followed further.

    Returns the focus nodes that are left.
    """
    patterns, tags = list(group.patterns), list(group.tags)
    while patterns or tags:
        ready = next((tag for tag in tags if tag.text in bound and tag.lang in bound), None)
        if ready is not None:
            tags.remove(ready)
            made = {tagged(text, lang) for text in bound[ready.text] for lang in bound[ready.lang]} - {None}
            bound[ready.name] = made & bound.get(ready.name, made)
        elif (pattern := _next(patterns, bound)) is None:
            break  # only for tags of which a part is unbound: the plan has proven the patterns
        else:
            patterns.remove(pattern)
            start, path, end = pattern.subject, pattern.path, pattern.object
            if isinstance(start, str) and start not in bound:
                start, path, end = end, inverse(path), start
            _follow(view, start, path, end, bound, into)
        if not all(bound.values()):
            return set()  # a conjunction without a solution reads nothing more, nor does what is inside
    for inside in group.inside:
        _gather(view, inside, dict(bound), into)
    return bound[THIS]


def _next(patterns: list[Pattern], bound: dict[str, set[Any]]) -> Pattern | None:
    """A pattern whose subject is known, else one whose object is."""
    forward = (p for p in patterns if not isinstance(p.subject, str) or p.subject in bound)
    backward = (p for p in patterns if not isinstance(p.object, str) or p.object in bound)
    return next(forward, None) or next(backward, None)


def _follow(view: View, start: Any, path: Any, end: Any, bound: dict[str, set[Any]], into: set[Edge]) -> None:
    nodes = bound[start] if isinstance(start, str) else set(start) if isinstance(start, frozenset) else {start}
    wanted = bound.get(end) if isinstance(end, str) else end if isinstance(end, frozenset) else {end}
    if isinstance(path, Link):  # the usual case: also keeps which nodes it leads on from
        reached: set[Any] = set()
        fit: set[Any] = set()
        for node in nodes:
            found = step(view, path, (node,), None, into)
            if wanted is not None:
                found &= wanted
            if found:
                fit.add(node)
                reached |= found
    else:
        fit = nodes
        reached = step(view, path, nodes, None, into)
        if wanted is not None:
            reached &= wanted
    if isinstance(start, str):
        bound[start] = fit
    if isinstance(end, str):
        bound[end] = reached


def neighbourhood(view: View, work: Iterable[tuple[PartPlan, Iterable[Term]]]) -> set[Edge]:
    """The triples of several rules together."""
    into: set[Edge] = set()
    for plan, nodes in work:
        extract(view, plan, nodes, into)
    return into


def spoken(view: View, nodes: Iterable[Term], into: set[Edge]) -> None:
    """Add what messages and places need of nodes: names, or the names of what they join, and their evidence."""
    for node in nodes:
        if not _named(view, node, into):
            for p in _LINKS:
                for other in view.objects(node, p):
                    into.add((node, p, other))
                    _named(view, other, into)
        for evidence in view.objects(node, _DERIVED_FROM):
            into.add((node, _DERIVED_FROM, evidence))
            into.update((evidence, p, o) for p in _EVIDENCE for o in view.objects(evidence, p))


def _named(view: View, node: Term, into: set[Edge]) -> bool:
    found = [(node, p, o) for p in _NAMES for o in view.objects(node, p)]
    into.update(found)
    return bool(found)
