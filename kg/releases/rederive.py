"""Deriving again after a change: the same as :func:`kg.releases.derive.derive` of the whole, for what it can affect.

From each changed quad to the things of which something else may follow; then ``derive`` itself over the statements
that these rest on, and nothing else. tests/test_rederive.py shows that the result is that of deriving all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from pyoxigraph import DefaultGraph, NamedNode, Quad, Store

from kg.releases.candidate import Delta, apply, replace_graph
from kg.releases.derive import DERIVED, derive
from kg.store.overlay import Overlay
from kg.store.views import Edge, Term, View, Views, views
from kg.terms import BKG, GRAPH_DERIVED, GRAPH_LEDGER, ORG, RDF, RDFS, SKOS

_TYPE: Final = NamedNode(RDF + "type")
_SUBCLASS: Final = NamedNode(RDFS + "subClassOf")
_MEMBER: Final = NamedNode(ORG + "member")
_POST: Final = NamedNode(BKG + "post")
_POST_IN: Final = NamedNode(ORG + "postIn")
_SINGLE: Final = NamedNode(BKG + "singleHolder")
_SUPPORTS: Final = NamedNode(BKG + "supports")
_ON: Final = NamedNode(BKG + "onProperty")
_STATES: Final = NamedNode(BKG + "statesEdtf")
_ATTESTS: Final = NamedNode(BKG + "attestsEdtf")
_RANK: Final = NamedNode(BKG + "rank")
_IN_DOCUMENT: Final = NamedNode(BKG + "inDocument")
_TIER: Final = NamedNode(BKG + "tier")
_LABEL: Final = NamedNode(SKOS + "prefLabel")
_PARTY: Final = NamedNode(BKG + "party")
_IN_COUNTRY: Final = NamedNode(BKG + "inCountry")
_CONCERNS: Final = NamedNode(BKG + "concerns")
_BETWEEN: Final = NamedNode(BKG + "between")
_HERE: Final = NamedNode(BKG + "here")  # the one graph of the statements that are derived from
_COMPUTED: Final = (DefaultGraph(), DERIVED, NamedNode(GRAPH_LEDGER))


def laid(base: Store, change: Callable[[Store], Delta]) -> Overlay:
    """A release with a change laid on it, graph/derived and the default graph with it."""
    overlay, delta = Overlay(base), change(base)
    apply(overlay, delta)
    derived = rederive(overlay, delta)
    if derived is None:
        whole = Store()
        whole.bulk_extend(overlay.quads_for_pattern(None, None, None))
        derived = replace_graph(overlay, GRAPH_DERIVED, derive(whole))
    apply(overlay, derived)
    return overlay


def rederive(overlay: Overlay, delta: Delta) -> Delta | None:
    """What graph/derived must gain and lose, where ``delta`` has been applied to ``overlay``.

    The base's derived graph must be that of the base. None where the class hierarchy has changed: then all things may
    be affected, and ``derive`` is the way.
    """
    quads = [q for q in (*delta.added, *delta.removed) if q.graph_name not in _COMPUTED]
    if any(q.predicate == _SUBCLASS for q in quads):
        return None
    seen = views(overlay.base, overlay.added(), overlay.removed())
    things = _affected(quads, seen)
    basis = Store()
    edges: Iterable[tuple[Any, NamedNode, Any]] = _Basis(overlay, seen.new).of(things)
    basis.extend(Quad(s, p, o, _HERE) for s, p, o in edges)
    new = {quad for quad in derive(basis) if quad.subject in things}
    old = {quad for thing in things for quad in overlay.quads_for_pattern(thing, None, None, DERIVED)}
    return Delta(list(new - old), list(old - new))


def _affected(quads: Iterable[Quad], seen: Views) -> set[Term]:
    """The things of which something else may follow: walks on old ∪ new, so deletions count too."""
    view, out = seen.both, set[Term]()
    dated: set[Term] = set()  # what has other evidence of its dates
    posts: set[Term] = set()  # posts whose tenures are bounded by something else
    for quad in quads:
        s: Any = quad.subject
        p: NamedNode = quad.predicate
        o: Any = quad.object
        if p == _TYPE:  # superclasses of the thing; roles of those who held the post
            out.add(s)
            out.update(holder for tenure in view.subjects(_POST, s) for holder in view.objects(tenure, _MEMBER))
        elif p == _MEMBER:
            out.add(o)
        elif p == _POST:
            out.update((s, *view.objects(s, _MEMBER)))
            posts.update((o, *view.objects(s, _POST)))
        elif p in (_POST_IN, _SINGLE):
            posts.add(s)
        elif p == _SUPPORTS:
            dated.add(o)
            out.update(view.subjects(_CONCERNS, o))
        elif p in (_STATES, _ATTESTS, _RANK):
            dated.update(view.objects(s, _SUPPORTS))
        elif p == _ON:
            things = view.objects(s, _SUPPORTS)
            dated.update(things)
            out.update((s, *(d for thing in things for d in view.subjects(_CONCERNS, thing))))
        elif p in (_CONCERNS, _BETWEEN, _LABEL, _PARTY):
            out.add(s)
        elif p == _IN_COUNTRY:
            out.update(view.subjects(_PARTY, s))
        elif p == _IN_DOCUMENT:  # what its things rest on (kg.releases.sources)
            out.update(view.objects(s, _SUPPORTS))
        elif p == _TIER:
            out.update(thing for e in view.subjects(_IN_DOCUMENT, s) for thing in view.objects(e, _SUPPORTS))
    for thing in dated:  # a tenure moves those before and after it; a post or an organization all within it
        posts.update((thing, *view.objects(thing, _POST), *view.subjects(_POST_IN, thing)))
    out |= dated
    for post in posts:
        out.update(view.subjects(_POST, post))
    return {thing for thing in out if isinstance(thing, NamedNode)}


class _Basis:
    """The statements on which what follows of some things rests."""

    def __init__(self, overlay: Overlay, view: View) -> None:
        self._overlay = overlay
        self._view = view  # of the default graph: of the properties asked of it nothing is derived
        self._edges: set[Edge] = set()
        self._done: set[tuple[str, Term]] = set()

    def of(self, things: Iterable[Term]) -> set[Edge]:
        view = self._view
        self._edges.update((s, _SUBCLASS, o) for s, o in view.pairs(_SUBCLASS))
        for thing in things:
            self._stated(thing, _TYPE)
            self._evidence(thing)
            self._take(thing, _POST, _CONCERNS, _ON, _LABEL, _PARTY)
            for party in view.objects(thing, _PARTY):
                self._take(party, _IN_COUNTRY)
            self._stated(thing, _BETWEEN)
            for tenure in view.subjects(_MEMBER, thing):
                self._take(tenure, _MEMBER, _POST)
                for post in view.objects(tenure, _POST):
                    self._stated(post, _TYPE)
            for post in view.objects(thing, _POST):
                self._posts(post)
            for about in view.objects(thing, _CONCERNS):
                for evidence in view.subjects(_SUPPORTS, about):
                    self._edges.add((evidence, _SUPPORTS, about))
                    self._take(evidence, _ON)
        return self._edges

    def _posts(self, post: Term) -> None:
        """The lifetimes within which its tenures lie; with a single holder all of them, for each bounds the next."""
        if self._first("post", post):
            self._take(post, _POST_IN, _SINGLE)
            for frame in (post, *self._view.objects(post, _POST_IN)):
                self._evidence(frame)
            if self._view.objects(post, _SINGLE):
                for tenure in self._view.subjects(_POST, post):
                    self._take(tenure, _POST)
                    self._evidence(tenure)

    def _evidence(self, thing: Term) -> None:
        if self._first("evidence", thing):
            for evidence in self._view.subjects(_SUPPORTS, thing):
                self._edges.add((evidence, _SUPPORTS, thing))
                self._take(evidence, _ON, _STATES, _ATTESTS, _RANK, _IN_DOCUMENT)
                for document in self._view.objects(evidence, _IN_DOCUMENT):
                    if self._first("tier", document):
                        self._take(document, _TIER)

    def _first(self, what: str, thing: Term) -> bool:
        if (what, thing) in self._done:
            return False
        self._done.add((what, thing))
        return True

    def _take(self, thing: Term, *properties: NamedNode) -> None:
        for p in properties:
            self._edges.update((thing, p, o) for o in self._view.objects(thing, p))

    def _stated(self, thing: Term, p: NamedNode) -> None:
        """Of a property that is derived too, only what some source states."""
        for quad in self._overlay.quads_for_pattern(thing, p, None):
            if quad.graph_name not in _COMPUTED:
                self._edges.add((thing, p, quad.object))  # type: ignore[arg-type]
