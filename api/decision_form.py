"""What a steward's form says, for each kind of decision: what is to be decided, or what is wrong, each at its field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from api.routers.entities import split_name
from api.routers.search import candidates
from kg.findings import BilimError, Finding, finding
from kg.imports.statements import Statement, corrected, line_of, statements
from kg.releases.reader import Release
from kg.releases.terms_json import Json
from kg.terms import entity_iri, split_entity_iri

WHY_MAX: Final = 2000
"""Characters of a reason, as in the API."""
NEAR: Final = 8
"""Candidates shown for a name."""
LIKE: Final = 60.0
"""The score from which on a name is like another."""
_RANKED: Final = "rank-"

Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class At:
    """The thing that a form is about."""

    release: Release
    document: Json
    languages: Sequence[str]

    @property
    def kind(self) -> str:
        return str(self.document["kind"])

    @property
    def slug(self) -> str:
        return str(self.document["slug"])

    @property
    def iri(self) -> str:
        return entity_iri(self.kind, self.slug)

    @property
    def place(self) -> str:
        return f"{self.kind}/{self.slug}"

    def statements(self) -> list[Statement]:
        """What may be corrected. Raises :class:`BilimError` where the graphs of the release are elsewhere."""
        return statements(self.release.embedded.raw, self.iri)


@dataclass(slots=True)
class Read:
    """``given``: for kg.imports.asking; ``errors``: field → what is wrong; ``choices``: who may be meant."""

    given: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, list[Finding]] = field(default_factory=dict)
    choices: list[dict[str, Any]] = field(default_factory=list)

    def wrong(self, name: str, *told: Finding) -> None:
        self.errors.setdefault(name, []).extend(told)


def read(action: str, at: At, form: Form) -> Read:
    """What the form says. The reason is looked at too; it stands in the form as ``why``."""
    found = READERS[action](at, form)
    why_of(form, found)
    return found


def why_of(form: Form, found: Read) -> None:
    """Whether the form gives a reason."""
    why = form.get("why", "").strip()
    if not why:
        found.wrong("why", finding("reason-needed"))
    elif len(why) > WHY_MAX:
        found.wrong("why", finding("reason-long", count=len(why), maximum=WHY_MAX))


def rank_of(evidence: Json) -> str:
    """The rank of a piece of evidence; what has none is normal."""
    rank = evidence.get("rank")
    return str(rank["slug"]) if isinstance(rank, Mapping) else "normal"


def sides_of(at: At) -> list[Json]:
    """The evidence that a discrepancy is between, as it stands in the release."""
    refs = at.document.get("between") or []
    refs = refs if isinstance(refs, list) else [refs]
    found = at.release.projection.documents([("evidence", ref["slug"]) for ref in refs])
    return [found["evidence", ref["slug"]] for ref in refs if ("evidence", ref["slug"]) in found]


def _settle(at: At, form: Form) -> Read:
    ranks = {
        f"evidence/{side['slug']}": rank
        for side in sides_of(at)
        if (rank := form.get(_RANKED + side["slug"], "")) and rank != rank_of(side)
    }
    return Read({"discrepancy": at.place, "ranks": ranks, "lang": form.get("why-lang", "en")})


def _correct(at: At, form: Form) -> Read:
    out = Read()
    chosen = statement_of(at, form.get("statement", ""))
    if chosen is None:
        out.wrong("statement", finding("decision-no-statement", statement=form.get("statement", "")[:40] or "—"))
        return out
    out.given = {"old": chosen.line, "new": None}
    if form.get("do") == "remove":
        return out
    text = form.get("value", "")
    if chosen.sort == "thing" and text.strip():
        place = _meant(at, text, [_kind_of(chosen) or at.kind], out, "value")
        if place is None:
            return out
        text = "/".join(place)
    try:
        new = corrected(chosen.quad, form.get("property") or chosen.quad.predicate.value, text, form.get("lang", ""))
    except BilimError as error:
        for told in error.findings:
            out.wrong("lang" if told.code == "value-lang" else "value", told)
        return out
    if new == chosen.quad:
        out.wrong("value", finding("decision-same-value"))
    out.given["new"] = line_of(new)
    return out


def _merge(at: At, form: Form) -> Read:
    out = Read({"thing": at.place})
    text = form.get("into", "").strip()
    if not text:
        out.wrong("into", finding("value-empty"))
    elif (place := _meant(at, text, [at.kind], out, "into")) is not None:
        out.given["into"] = "/".join(place)
    return out


def _about(at: At, _: Form) -> Read:
    return Read({"thing": at.place})


READERS: Final[Mapping[str, Callable[[At, Form], Read]]] = {
    "settle": _settle,
    "correct": _correct,
    "merge": _merge,
    "withdraw": _about,
    "comment": _about,
}


def statement_of(at: At, key: str) -> Statement | None:
    """The statement of a thing that has this key."""
    return next((s for s in at.statements() if s.key == key), None)


def _kind_of(chosen: Statement) -> str:
    place = split_entity_iri(str(getattr(chosen.quad.object, "value", "")))
    return place[0] if place else ""


def _meant(at: At, text: str, kinds: Sequence[str], out: Read, name: str) -> tuple[str, str] | None:
    """The thing that a text names: kind/slug, slug, IRI, or a name that is sure; else candidates, and an error."""
    text = text.strip()
    place = split_name(text) or (kinds[0], text)
    if at.release.projection.has(*place):
        return place
    found = candidates(at.release, text[:200], kinds, NEAR, at.languages)
    if sure := next((item for item in found if item["match"]), None):
        return sure["kind"], sure["slug"]
    out.choices = found
    code = finding("decision-who-is-meant", given=text[:80]) if found else finding("decision-no-thing", thing=text[:80])
    out.wrong(name, code)
    return None


def alike(at: At) -> list[dict[str, Any]]:
    """Things of the same kind whose names are like this one's, the likest first."""
    found: dict[str, dict[str, Any]] = {}
    for name in at.document["labels"].values():
        for item in candidates(at.release, name[:200], [at.kind], NEAR, at.languages):
            if item["slug"] != at.slug and item["score"] >= LIKE:
                before = found.get(item["slug"])
                found[item["slug"]] = item if before is None or before["score"] < item["score"] else before
    return sorted(found.values(), key=lambda item: -float(item["score"]))[:NEAR]
