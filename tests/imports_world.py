"""A small home with one release, and a desk over it, for tests of imports."""

from __future__ import annotations

import shutil
from pathlib import Path

from kg.imports import flow
from kg.imports.accept import accept
from kg.imports.build import Options, build
from kg.imports.desk import Desk
from kg.imports.ledger import open_ledger
from kg.imports.records import Import
from kg.imports.rules import Rules
from kg.releases.layout import Home
from kg.releases.publish import Reason
from kg.resources import Resources
from kg.settings import Settings
from tests.graphs import HEADER, MINISTERS, write_data

STEWARD = Reason("aigerim", "")
BECAUSE = Reason("aigerim", "the source is good")

THIRD = """
person:third a foaf:Person ; skos:prefLabel "Third Person"@en , "Үшінші"@kk , "Третий"@ru .
tenure:c a bkg:Tenure ; org:member person:third ; bkg:post post:new .
evidence:c-start a bkg:Evidence ; bkg:inDocument doc:paper ; bkg:supports tenure:c ; bkg:onProperty bkg:start ;
  bkg:statesEdtf "2022-06-11"^^edtf:EDTF ; bkg:assertionMode am:asserted ; bkg:confidence 0.9 .
"""
"""A new person in the new post: clean upon MINISTERS."""

BAD = THIRD.replace(" ; bkg:confidence 0.9", "")
"""The same with evidence that does not say how sure it is."""

RIVAL = """
evidence:a-start-rival a bkg:Evidence ; bkg:inDocument doc:paper ; bkg:supports tenure:a ; bkg:onProperty bkg:start ;
  bkg:statesEdtf "2019-07-01"^^edtf:EDTF ; bkg:assertionMode am:asserted ; bkg:confidence 0.5 .
disc:a-start a bkg:Discrepancy ; bkg:discrepancyKind dk:date-conflict ; bkg:concerns tenure:a ;
  bkg:onProperty bkg:start ; bkg:between evidence:a-start , evidence:a-start-rival ; bkg:discrepancyStatus ds:open .
"""
"""Rival evidence of a start, and the discrepancy."""


def turtle(text: str) -> bytes:
    return f"{HEADER}{text}".encode()


def make_world(folder: Path) -> Path:
    """``resources/`` and ``home/`` with a release of MINISTERS."""
    write_data(folder / "resources", MINISTERS)
    made = build(Settings(home=folder / "home"), Resources(folder / "resources"), Options())
    assert made.outcome == "published", [f.text() for f in made.findings]
    return folder


def make_disputed_world(folder: Path) -> Path:
    """The same, and an import with a third person and with rival evidence of a start."""
    make_world(folder)
    desk = desk_of(folder, folder / "home")
    number = flow.receive(desk, turtle(THIRD + RIVAL), "third.ttl", None, STEWARD).import_.number
    flow.process(desk, number)
    assert accept(desk, number, BECAUSE).outcome == "published"
    return folder


def copied(world: Path, folder: Path) -> Path:
    """A home of one's own beside the same resources."""
    shutil.copytree(world / "home", folder / "home")
    return folder / "home"


def desk_of(world: Path, home: Path, rules: Rules | None = None) -> Desk:
    return Desk(Settings(home=home), Resources(world / "resources"), rules)


def state(home: Path, number: int) -> Import:
    with open_ledger(Home(home)) as ledger:
        return ledger.imports.get(number)
