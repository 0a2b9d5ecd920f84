"""What a thing has to do with others, for its page: each relation told from where one stands, by group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from markupsafe import Markup

from api.pages.markup import Writer
from api.pages.timeline import Line
from kg import dates
from kg.findings import Texts
from kg.kinds import KINDS
from kg.releases.lookups import Span
from kg.releases.terms_json import Json, edtf

# Of things that join others: whom they join. The one on whose page one stands is left out.
ENDS: Final[Mapping[str, tuple[str, ...]]] = {
    "tenure": ("member", "post", "organization"),
    "participation": ("participant", "participantDescription", "event", "inCapacity"),
    "involvement": ("agent", "agentDescription", "program", "inRegion"),
    "spell": ("value", "valueThing"),
    "figure": ("about", "inRegion"),
}
# In which way: values of lists that are told beside.
WAYS: Final = (
    "tenureStatus", "participationRole", "involvementRole", "outcomeKind", "agreementKind", "agreementStatus",
    "eventKind", "changeKind", "programKind", "status", "actKind",
)  # fmt: skip
# Groups in the order of the page; others follow by name.
ORDER: Final = (
    "tenure.member", "tenure.post", "tenure.organization", "spell.of", "post.postIn", "change.before", "change.after",
    "involvement.agent", "involvement.program", "agreement.party", "agreement.signatory", "participation.event",
    "participation.participant", "participation.inCapacity", "outcome.actor", "outcome.outcomeOf", "figure.about",
    "organization.subOrganizationOf",
)  # fmt: skip
_DRAWN: Final = frozenset({"tenure", "spell", "change", "involvement", "agreement", "post", "participation", "event"})
_SINGLE: Final = "singleSource"
_HIDDEN: Final = frozenset({"evidence.inDocument", "evidence.attributedTo"})  # told in a table of their own
SHOWN: Final = 60
"""Things of one group on the page; the group says how many there are and leads to the list of them."""


@dataclass(frozen=True, slots=True)
class Told:
    """One relation. ``certainty``: on the day asked for; None where it has no time."""

    what: Markup
    ways: tuple[str, ...]
    when: str
    item: Json
    certainty: dates.Certainty | None
    disputed: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Relations of one sort. ``total``: how many there are; ``more``: the address of all, if there is a list."""

    name: str
    heading: str
    items: tuple[Told, ...]
    total: int
    more: str | None


class Relations:
    """Tells the relations of one document."""

    def __init__(
        self,
        document: Json,
        writer: Writer,
        spans: Mapping[tuple[str, str], Span],
        on: date,
        texts: Mapping[str, Texts],
    ) -> None:
        self._me = document["id"]
        self._slug = document["slug"]
        self._writer = writer
        self._spans = spans
        self._on = on
        self._texts = texts
        self.lines: list[tuple[tuple[str, str], Line]] = []
        sources = {
            "spell.of": {"items": document["history"], "total": len(document["history"])},
            **document["incoming"],
        }
        known = {name: place for place, name in enumerate(ORDER)}
        names = sorted((n for n in sources if n not in _HIDDEN), key=lambda n: (known.get(n, 99), n))
        found = [(name, sources[name]) for name in names if sources[name]["total"]]
        self.alone = [self._group(n, g, draw=False) for n, g in found if n.endswith(_SINGLE)]
        self.groups = [self._group(n, g, draw=True) for n, g in found if not n.endswith(_SINGLE)]

    def _group(self, name: str, group: Json, *, draw: bool) -> Group:
        kind, _, key = name.partition(".")
        items = group["items"]
        told = tuple(self._told(item) for item in items[:SHOWN])
        if draw and kind in _DRAWN:
            self.lines += [line for item in items if (line := self.line(item)) is not None]
        more = f"/doc/{kind}?{key}={self._slug}" if key in ("inRegion", "inCountry") else None
        return Group(name, self._heading(kind, key), told, group["total"], more)

    def _heading(self, kind: str, key: str) -> str:
        texts = self._texts.get(f"group.{kind}.{key}")
        if texts:
            return texts[self._writer.lang]
        plural = KINDS[kind].plurals[self._writer.lang] if kind in KINDS else kind
        return plural[:1].upper() + plural[1:]

    def _told(self, item: Json) -> Told:
        writer = self._writer
        time = self._time(item)
        return Told(
            what=self.what(item),
            ways=tuple(writer.word(v) for key in WAYS if isinstance(v := item.get(key), dict)),
            when=self.when(item),
            item=item,
            certainty=certainty_of(time, self._on) if time else None,
            disputed=bool(item.get("disputed")),
        )

    def what(self, item: Json) -> Markup:
        """The other ends of a thing that joins, else the thing itself."""
        writer, kind = self._writer, item.get("kind", "")
        ends = [
            end
            for key in ENDS.get(kind, ())
            for end in _many(item.get(key))
            if not (isinstance(end, dict) and end.get("id") == self._me)
        ]
        if kind == "spell":
            return Markup("{}: {}").format(writer.word(item["property"]), writer.joined(_one_text(writer, ends)))
        if kind == "figure":
            value = writer.joined(
                [*map(writer.value, _many(item.get("value"))), *map(writer.value, _many(item.get("unit")))], " "
            )
            told = writer.text(item["counts"]) if item.get("counts") else writer.word(item["measure"])
            about = writer.joined(map(writer.link, ends))
            here = Markup('<a href="/doc/figure/{}{}">{}</a>').format(item["slug"], Markup(writer.tail), value)
            return writer.joined([Markup("{} – {}").format(here, told), about], " · ")
        if ends:
            return writer.joined(_one_text(writer, ends), " · ")
        return writer.link(item, cut=160)

    def when(self, item: Json) -> str:
        """The time of a relation in words; of what joins a thing to an event, that of the event."""
        writer = self._writer
        point = next((item[name] for name in ("when", "signed", "issued") if item.get(name)), None)
        if point:
            return writer.date(point)
        if item.get("start") or item.get("end"):
            return writer.span(item.get("start"), item.get("end"))
        span = self._spans.get(_place(item.get("event")))
        return writer.date(edtf(span.point)) if span and span.point else ""

    def _time(self, item: Json) -> Span | None:
        point = next((item[name] for name in ("when", "signed", "issued") if item.get(name)), None)
        if point:
            return Span(point.get("earliest"), None, None, point.get("latest"), None, None, point.get("edtf"))
        start, end = item.get("start") or {}, item.get("end") or {}
        if start or end:
            bounds = (start.get("earliest"), start.get("latest"), end.get("earliest"), end.get("latest"))
            return Span(*bounds, start.get("edtf"), end.get("edtf"), None)
        return self._spans.get(_place(item.get("event")))

    def line(self, item: Json, label: str | None = None) -> tuple[tuple[str, str], Line] | None:
        """A relation as a line of the timeline, with what it is sorted by; None where no day is known."""
        span = self._time(item)
        if span is None or not any((span.es, span.ls, span.ee, span.le)):
            return None
        writer = self._writer
        name = label or str(self.what(item).striptags())
        first = label or name.split(" · ")[0]
        days = [date.fromisoformat(d) if d else None for d in (span.es, span.ls, span.ee, span.le)]
        point = (days[0], days[3]) if span.point is not None else None
        line = Line(
            label=first if len(first) <= 34 else first[:33].rstrip() + "…",
            href=f"/doc/{item['kind']}/{item['slug']}?lang={writer.lang}&clang={writer.clang}",
            told=f"{name}: {self.when(item)}",
            bounds=(days[0], days[1], days[2], days[3]),
            point=point,
        )
        return (span.es or span.ls or span.ee or span.le or "~", item["id"]), line


def wanted_spans(document: Json) -> set[tuple[str, str]]:
    """The events whose dates a page wants: participations do not hold them."""
    groups = (g["items"] for name, g in document["incoming"].items() if name.startswith("participation."))
    return {place for items in groups for item in items[:SHOWN] if (place := _place(item.get("event"))) != ("", "")}


def certainty_of(span: Span, on: date) -> dates.Certainty | None:
    """Whether what has these dates was in force, or happened, on the day; None where no day is known."""
    return span.on(on) if any(span) else None


def _one_text(writer: Writer, ends: Iterable[Any]) -> list[Markup]:
    """Things as links; of a text in several languages the one to show."""
    listed = list(ends)
    texts = [e for e in listed if isinstance(e, dict) and "value" in e and "lang" in e]
    others = [
        writer.value(e) if not isinstance(e, dict) or "edtf" in e else writer.link(e, cut=160)
        for e in listed
        if e not in texts
    ]
    return [*([writer.text(texts)] if texts else []), *others]


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _place(ref: Any) -> tuple[str, str]:
    return (ref["kind"], ref["slug"]) if isinstance(ref, dict) and "slug" in ref else ("", "")
