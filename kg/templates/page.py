"""Pages of a list: numbers, exact totals, links (RFC 8288)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from kg.findings import BilimError, Exit, finding
from kg.templates.params import BadParameters, Wrong


@dataclass(frozen=True, slots=True)
class Asked:
    """A page asked for, counted from 1."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size


@dataclass(frozen=True, slots=True)
class Page:
    """A page that exists. ``total`` counts things, not pages."""

    number: int
    size: int
    total: int

    @property
    def last(self) -> int:
        """The number of the last page; an empty list has one page."""
        return max(1, -(-self.total // self.size))


class NoSuchPage(BilimError):
    """A page beyond the last."""

    def __init__(self, page: Page) -> None:
        super().__init__(
            finding("page-beyond", number=page.number, last=page.last, total=page.total), exit_code=Exit.USAGE
        )
        self.page = page


def asked(number: str | None, size: str | None, *, usual: int, maximum: int, path: str) -> Asked:
    """The page asked for. Raises :class:`BadParameters` for what is no number from 1 on, or too large a size."""
    wrong: list[Wrong] = []
    values: dict[str, int] = {}
    for name, text, default, limit in (
        ("page", number, 1, 10**9),
        ("page_size", size, min(usual, maximum), maximum),
    ):
        values[name] = default
        if text is None:
            continue
        # ten digits at most: int() of a very long text is slow, and no list is that long
        if text.isascii() and text.isdigit() and len(text) <= 10 and 1 <= int(text) <= limit:
            values[name] = int(text)
        else:
            problem = finding("param-not-page", name=name, given=text[:80], limit=limit)
            wrong.append(Wrong(name, text, problem, f"{path}?{name}={default}"))
    if wrong:
        raise BadParameters(wrong)
    return Asked(values["page"], values["page_size"])


def links(path: str, query: Sequence[tuple[str, str]], page: Page) -> dict[str, str]:
    """``self``, ``first``, ``prev``, ``next``, ``last`` as addresses; ``prev`` and ``next`` only where they are.

    ``query`` is the request's, without ``page``; the first page is named too, so that one page has one address.
    """
    numbers = {"self": page.number, "first": 1, "last": page.last}
    if page.number > 1:
        numbers["prev"] = min(page.number - 1, page.last)
    if page.number < page.last:
        numbers["next"] = page.number + 1
    order = ("self", "first", "prev", "next", "last")
    return {rel: address(path, [*query, ("page", str(numbers[rel]))]) for rel in order if rel in numbers}


def link_header(addresses: dict[str, str]) -> str:
    """The ``Link`` header, relations quoted; ``self`` is left out."""
    return ", ".join(f'<{target}>; rel="{rel}"' for rel, target in addresses.items() if rel != "self")


def address(path: str, query: Sequence[tuple[str, str]]) -> str:
    """Path and query, percent-encoded."""
    return f"{path}?{urlencode(query)}" if query else path
