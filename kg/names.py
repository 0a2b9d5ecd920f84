"""Names: the key under which their spellings meet, the slug made of one, the label to show.

The key is for finding, never for merging: namesakes share it, and a Kazakh name and its Russian form
(Оразалин, Уразалин) do not; both are stored as labels.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from kg.terms import LANGUAGES


class Label(NamedTuple):
    """A name with its language tag; no tag is the empty string."""

    value: str
    lang: str


# Letters that have no decomposition by which NFKD would bring them to the ones below.
_KEY: Final = str.maketrans(
    {
        **dict(zip("абвгдезиклмнопрстуфхыэ", "abvgdeziklmnoprstufhie", strict=True)),
        **dict(zip("әғқңөұүһі", "agknouuhi", strict=True)),
        "ж": "j",
        "ц": "ts",
        "ч": "ch",
        "ш": "sh",
        "щ": "sh",
        "ю": "iu",
        "я": "ia",
        "ь": None,
        "ъ": None,
        "q": "k",
        "x": "ks",
        "w": "u",
        "y": "i",
        "ı": "i",
        "ə": "a",
        "ß": "ss",
        "ø": "o",
        "ł": "l",
        "æ": "a",
        **dict.fromkeys("'ʼ’‘`ʹ′", None),
    }
)
_PAIRS: Final = (("shch", "sh"), ("zh", "j"), ("gh", "g"), ("kh", "h"), ("dj", "j"), ("nb", "mb"))
_DOUBLE: Final = re.compile(r"([^\W\d])\1+")
# е is ye at the start and after a vowel: Ермек, Yermek; Бейсембаев, Beisembayev, Beisembaev
_SOFT_E: Final = re.compile(r"(?<![^\W\daou])e")
_NO_WORD: Final = re.compile(r"[\W_]+")


def fold(text: str) -> str:
    """The key under which Kazakh, Russian and Latin spellings of a name meet; words are kept apart by a blank.

    ғ, г, gh are g; қ, к, q are k; ж, zh, j are j; х, kh, h are h; y, й, и, ы, і are i; ә is a; doubled
    letters count once; case, accents and punctuation not at all; n before b is m, as it is spoken.
    """
    words = _NO_WORD.sub(" ", _bare(text).translate(_KEY)).strip()
    before = None
    while before != words:  # a letter that was doubled may make a new pair: the key of a key is the key
        before = words
        for written, key in _PAIRS:
            words = words.replace(written, key)
        words = _DOUBLE.sub(r"\1", words)
    return _SOFT_E.sub("ie", words)


def _bare(text: str) -> str:
    """In small letters without accents; й and ё lose theirs too, which is what the key wants."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(c for c in apart if not unicodedata.combining(c))


_ROMAN: Final = str.maketrans(
    {
        **dict(zip("абвгдезийклмнопрстуфыэ", "abvgdeziiklmnoprstufye", strict=True)),
        **dict(zip("әғқңөұүһі", "agknouuhi", strict=True)),
        "ё": "yo",
        "ж": "zh",
        "х": "kh",
        "ц": "ts",
        "ч": "ch",
        "ш": "sh",
        "щ": "shch",
        "ь": "",
        "ъ": "",
        "ю": "yu",
        "я": "ya",
        "ı": "i",
        "ə": "a",
        "ß": "ss",
        "ø": "o",
        "ł": "l",
        "æ": "ae",
        **dict.fromkeys("'ʼ’‘`ʹ′", ""),
    }
)


def slugify(text: str) -> str:
    """A slug (:data:`kg.terms.SLUG`) from an English or romanised name; Cyrillic is romanised letter by letter.

    For proposals: a slug, once in use, is never made anew. Raises ValueError if no letter or digit is left.
    """
    latin = _bare(text.casefold().translate(_ROMAN)).encode("ascii", "ignore").decode()
    slug = "-".join(re.findall(r"[a-z0-9]+", latin))
    if not slug:
        raise ValueError(f"no slug can be made of {text!r}: it has no letter or digit that can be romanised")
    return slug


def pick_label(labels: Mapping[str, str] | Iterable[tuple[str, str]], asked: str | Sequence[str] = ()) -> Label | None:
    """The label to show: by the languages asked, then kk, ru, en, then any; None if there is none.

    ``labels`` maps language to text, or lists (text, language). A wanted language also takes its
    variants (``kk`` takes ``kk-Latn``, after ``kk`` itself; RFC 4647, basic filtering). The same labels
    in another order give the same answer.
    """
    if isinstance(labels, Mapping):
        if isinstance(asked, str) and asked and asked in labels:  # nearly always so; asked for each value of a page
            return Label(labels[asked], asked)
        pairs: Iterable[tuple[str, str]] = ((text, lang) for lang, text in labels.items())
    else:
        pairs = labels
    found = sorted((Label(text, lang) for text, lang in pairs), key=lambda x: (x.lang.lower(), x.value))
    wanted = [asked] if isinstance(asked, str) else list(asked)
    for lang in (*(w.lower() for w in wanted if w), *LANGUAGES):
        for label in found:
            tag = label.lang.lower()
            if tag == lang or tag.startswith(lang + "-"):
                return label
    return found[0] if found else None
