"""What is known of a query that may be run. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from kg.store.dataset import Dataset

Form = Literal["SELECT", "ASK", "CONSTRUCT", "DESCRIBE"]
FORMS: Final[tuple[Form, ...]] = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
VOLATILE: Final = re.compile("NOW|RAND|UUID", re.IGNORECASE)  # also where a keyword is glued to it


@dataclass(frozen=True, slots=True)
class Vetted:
    """A query that may be run: its form, the prefixes it lacks, the dataset that it names itself."""

    text: str
    form: Form
    prefixes: dict[str, str]  # of the default table, used and not declared
    dataset: Dataset | None
    normal: str  # the text with one space for each run of white space and comments
    volatile: bool  # calls a function that gives something else each time, or asks another store
    services: tuple[tuple[int, int, str], ...] = ()  # start, end and IRI of each allowed store that it asks
