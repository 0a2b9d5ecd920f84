"""The language of a text by its letters, where they tell it: Kazakh, Russian or English.

The rule: Cyrillic text is Kazakh if at least one letter in fifty is one of the nine that Russian has not
(in running Kazakh about one in five is), else Russian. Latin text is Kazakh if one letter in fifty is of the
Kazakh Latin alphabets of 2017–2021, else English. With under fifty letters, or two strong scripts, none is guessed.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_KAZAKH_CYRILLIC: Final = frozenset("әғқңөұүһі")
_KAZAKH_LATIN: Final = frozenset("äğıñöşüūáǵńóúýãŋ")
LETTERS_MIN: Final = 50
_ONE_IN: Final = 50
_MIXED: Final = 0.25  # share of the weaker script above which no language is guessed


def guess(text: str) -> str | None:
    """``kk``, ``ru`` or ``en``; None where the letters do not tell. Give it a cleaned text: menus are often kk."""
    letters = [c for c in unicodedata.normalize("NFC", text).lower() if c.isalpha()]
    cyrillic = [c for c in letters if "\u0400" <= c <= "\u04ff"]
    latin = [c for c in letters if c.isascii() or c in _KAZAKH_LATIN]
    weaker, stronger = sorted((len(cyrillic), len(latin)))
    if stronger < LETTERS_MIN or weaker > _MIXED * (weaker + stronger) or weaker + stronger < len(letters) * 0.9:
        return None
    strong, special, other = (
        (cyrillic, _KAZAKH_CYRILLIC, "ru") if len(cyrillic) > len(latin) else (latin, _KAZAKH_LATIN, "en")
    )
    return "kk" if sum(c in special for c in strong) * _ONE_IN >= len(strong) else other
