"""The traps of the five source documents are numbered 1 to 37: each has a test that bears its number."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

NAMED = re.compile(r"^def test_trap_(\d\d)_\w+\(", re.MULTILINE)
SECTIONS = {
    "exist": range(1, 10),  # who and what existed at the date
    "dates": range(10, 15),
    "people": range(15, 22),
    "places": range(22, 29),
    "bodies": range(29, 32),
    "noise": range(32, 38),
}


def test_every_trap_has_one_named_test_in_its_section() -> None:
    here = Path(__file__).parent
    found = {
        section: Counter(int(n) for n in NAMED.findall((here / f"test_traps_{section}.py").read_text(encoding="utf-8")))
        for section in SECTIONS
    }
    assert found == {section: Counter(numbers) for section, numbers in SECTIONS.items()}
