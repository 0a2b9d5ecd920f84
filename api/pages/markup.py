"""Values of documents as marked-up text: names in the language of the content, words of ours in that of the interface.

Names of things, titles and descriptions are content (``clang``); names of classes, properties and values of lists, and
dates in words, are the interface (``lang``). A text that is not in the language of the page says in which it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from api.pages.terms import term_page
from kg import dates
from kg.names import pick_label
from kg.releases.terms_json import Json

Text = Callable[..., str]
"""``t(key, **fields)``: a text of the interface."""


class Writer:
    """Writes values for one page."""

    def __init__(self, lang: str, clang: str, t: Text) -> None:
        self.lang = lang
        self.clang = clang
        self.t = t
        self.tail = f"?lang={lang}&amp;clang={clang}"
        self._made: dict[tuple[str, int], Markup] = {}

    def name(self, ref: Json, cut: int = 0) -> Markup:
        """What a thing is called; ``cut``: at most so many characters."""
        picked = pick_label(ref.get("labels") or {}, self.clang)
        text, language = (picked.value, picked.lang) if picked else (ref.get("slug") or ref["id"], self.lang)
        if cut and len(text) > cut:
            text = text[: cut - 1].rstrip() + "…"
        return self.marked(text, language)

    def marked(self, text: str, language: str) -> Markup:
        """A text, with its language where that is not the page's."""
        if language == self.lang or language in ("", "und"):
            return escape(text)
        return Markup(f'<span lang="{escape(language)}">{escape(text)}</span>')

    def word(self, ref: Json) -> str:
        """A term of ours in the language of the interface."""
        picked = pick_label(ref.get("labels") or {}, self.lang)
        return picked.value if picked else ref.get("slug") or ref.get("name") or ref["id"]

    def link(self, ref: Json, cut: int = 0) -> Markup:
        """A thing, a value of a list, a term of the model or another address, as a link."""
        key = (ref["id"], cut)
        if (made := self._made.get(key)) is None:
            made = self._made[key] = self._link(ref, cut)
        return made

    def _link(self, ref: Json, cut: int) -> Markup:
        # slugs and kinds are letters, digits, dots and hyphens (kg.terms); everything else is escaped
        kind = ref.get("kind")
        if kind == "concept":
            place = escape(f"{ref['scheme']}/{ref['slug']}")
            return Markup(f'<a href="/list/{place}?lang={self.lang}">{escape(self.word(ref))}</a>')
        if kind is not None:
            return Markup(f'<a href="/doc/{kind}/{ref["slug"]}{self.tail}">{self.name(ref, cut)}</a>')
        page = term_page(ref["id"]) if ref.get("labels") else None
        if page:
            return Markup(f'<a href="{escape(page)}?lang={self.lang}">{escape(self.word(ref))}</a>')
        return escape(self.word(ref)) if ref.get("labels") else self.address(ref["id"])

    def address(self, address: str) -> Markup:
        """An address elsewhere."""
        shown = escape(address)
        return Markup(f'<a href="{shown}" rel="nofollow">{shown}</a>')

    def date(self, value: Json | None) -> str:
        """A date in words: ``texts``, else its EDTF, else its bounds; empty where there is none."""
        if not value:
            return ""
        texts = value.get("texts") or {}
        if told := texts.get(self.lang) or value.get("edtf"):
            return str(told)
        earliest, latest = value.get("earliest") or "", value.get("latest") or ""
        return dates.humanize(f"[{earliest}..{latest}]", self.lang) if earliest or latest else "…"

    def span(self, start: Json | None, end: Json | None) -> str:
        """A time in words; that a start or an end is not stated is told too."""
        if not start and not end:
            return self.t("not-stated")
        parts, plain = [], 0
        for name, value, is_end in (("since", start, False), ("until", end, True)):
            words = dates.side_in_words(value.get("edtf") or "", is_end, self.lang) if value else None
            plain += words is not None
            parts.append(words or self.t(f"{name}.is" if value else f"{name}.none", day=self.date(value)))
        return (" " if plain == 2 else "; ").join(parts)

    def values(self, value: Any) -> list[Markup]:
        """All values of a property; of a text in several languages the one to show."""
        many = value if isinstance(value, list) else [value]
        if many and all(isinstance(v, dict) and "value" in v and "lang" in v for v in many):
            return [self.text(many)] if len({v["lang"] for v in many}) == len(many) else [self.text([v]) for v in many]
        return [self.value(v) for v in many]

    def text(self, value: Any) -> Markup:
        """One text of several: strings, ``{value, lang}``, or a list of such."""
        many: Sequence[Any] = value if isinstance(value, list) else [value]
        pairs = [(v["value"], v["lang"]) if isinstance(v, Mapping) else (str(v), "") for v in many]
        picked = pick_label(pairs, self.clang)
        return self.marked(picked.value, picked.lang) if picked else Markup("")

    def value(self, value: Any) -> Markup:
        """One value of a property."""
        if value is None:
            return Markup('<span class="quiet">%s</span>') % self.t("not-stated")
        if isinstance(value, Mapping):
            if "edtf" in value:
                return escape(self.date(dict(value)))
            return self.marked(value["value"], value["lang"]) if "value" in value else self.link(dict(value))
        if isinstance(value, bool):
            return escape(self.t("yes") if value else self.t("no"))
        if isinstance(value, int | float):
            return escape(self.number(value))
        text = str(value)
        return self.address(text) if text.startswith(("http://", "https://")) else escape(text)

    def number(self, value: float) -> str:
        """With thousands apart by narrow spaces; years and other numbers of four digits as they are."""
        whole = int(value) if float(value).is_integer() else value
        return f"{whole:,}".replace(",", "\u202f") if abs(whole) >= 10_000 else str(whole)

    def joined(self, parts: Iterable[Markup | str], by: str = ", ") -> Markup:
        """Parts in a row; empty ones are left out."""
        return Markup(escape(by)).join(part for part in parts if part)
