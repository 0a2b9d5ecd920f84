"""Truth and what sources say of it: the dates, tails and places of synthetic rows.

Every thing has true days. What a row states always *can* be true: its possible days hold the true one, in the mix of
precisions that the base has. Rules compare certain bounds only, so data made like this break no shape, however loose
or many the statements are. A disagreement is made on purpose, and recorded (:meth:`tests.bench.synthetic.Maker`).
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from tests.bench import words

TODAY = date(2026, 6, 30)
"""No synthetic source is younger."""

Row = dict[str, str]

_MODES = (("asserted", 0.7), ("inferred", 0.3))
_CONFIDENCES = ("0.75", "0.75", "0.8", "0.85", "0.55", "0.4", "0.9", "0.7", "0.5", "0.2")


@dataclass(frozen=True, slots=True)
class Life:
    """From ``start`` to the first day it no longer is; None: it still is."""

    start: date
    end: date | None = None

    @property
    def last(self) -> date:
        return self.end - timedelta(days=1) if self.end else TODAY

    def day(self, rng: random.Random, after: date | None = None) -> date:
        """Some day of it, not before ``after`` if it lasted that long."""
        low = max(self.start, after) if after and after <= self.last else self.start
        return low + timedelta(days=rng.randint(0, max(0, (self.last - low).days)))

    def holds(self, day: date) -> bool:
        return self.start <= day <= self.last


@dataclass(frozen=True, slots=True)
class Thing:
    """What other rows may lead to."""

    path: str  # kind/slug
    name: words.Name
    life: Life
    country: str = ""
    region: str = ""
    kind: str = ""  # class of an organization

    @property
    def slug(self) -> str:
        return self.path.partition("/")[2]


@dataclass(slots=True)
class Pool:
    """Things of earlier units that later ones lead to: the hubs, which are kept, and a sample of all the others.

    A tenth of the picks is a hub, whatever the size: so the links of a hub grow with the base, as those of a ministry
    do. The sample holds its size (reservoir sampling), so memory does not grow.
    """

    rng: random.Random
    hubs: list[Thing] = field(default_factory=list)
    sample: list[Thing] = field(default_factory=list)
    seen: int = 0
    keep: int = 2000

    def add(self, thing: Thing, hub: bool = False) -> None:
        if hub:
            self.hubs.append(thing)
        self.seen += 1
        if len(self.sample) < self.keep:
            self.sample.append(thing)
        elif (at := self.rng.randrange(self.seen)) < self.keep:
            self.sample[at] = thing

    def pick(self, on: date | None = None) -> Thing | None:
        """One of them that was there on that day."""
        for _ in range(8):
            source = self.hubs if self.hubs and self.rng.random() < 0.1 else self.sample
            if not source:
                return None
            thing = self.rng.choice(source)
            if on is None or thing.life.holds(on):
                return thing
        return None


def stated(rng: random.Random, day: date) -> str:
    """An EDTF text whose possible days hold this one: days, months, years, sets, open and approximate dates."""
    at = rng.random()
    if at < 0.52:
        return day.isoformat()
    if at < 0.68:
        return day.isoformat()[:7]
    if at < 0.88:
        return day.isoformat()[:4]
    near = day + timedelta(days=rng.choice((-365, -1, 1, 366)))
    if at < 0.92:
        return f"[{min(day, near)},{max(day, near)}]"
    if at < 0.95:
        return f"[..{(day + timedelta(days=rng.randint(0, 300))).isoformat()}]"
    if at < 0.97:
        return f"[{(day - timedelta(days=rng.randint(0, 300))).isoformat()}..]"
    return f"{day.isoformat()[:4]}~" if at < 0.99 else f"{day.isoformat()[:7]}?"


def tail(rng: random.Random, source: str, **more: str) -> Row:
    """The columns by which a row is evidence."""
    mode = rng.choices([m for m, _ in _MODES], [w for _, w in _MODES])[0]
    note = rng.choice(words.NOTES) if mode == "inferred" or rng.random() < 0.1 else ""
    locator = f"p. {rng.randint(1, 40)}" if rng.random() < 0.1 else ""
    row = {"source": source, "locator": locator, "mode": mode, "confidence": rng.choice(_CONFIDENCES), "note": note}
    return {**row, **more}


def some(rng: random.Random, mean: float) -> int:
    """A whole number whose mean this is."""
    whole = int(mean)
    return whole + (rng.random() < mean - whole)


def ror(number: int) -> str:
    """A well-formed identifier as of ROR; no two numbers give one."""
    letters = "abcdefghjkmnpqrstvwxyz0123456789"
    out = ""
    for _ in range(6):
        number, digit = divmod(number, len(letters))
        out = letters[digit] + out
    return f"0{out}{number % 97:02d}"


def letters(number: int, length: int) -> str:
    """The number in capital letters: codes of countries."""
    out = ""
    for _ in range(length):
        number, digit = divmod(number, 26)
        out = chr(ord("A") + digit) + out
    return out
