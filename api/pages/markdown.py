"""Descriptions in Markdown (CommonMark) as HTML that cannot do harm: no HTML of their own, no images, safe links."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markupsafe import Markup


class Markdown:
    """Renders descriptions. markdown-it refuses ``javascript:``, ``vbscript:``, ``file:`` and ``data:`` in links."""

    def __init__(self) -> None:
        self._engine = MarkdownIt("commonmark", {"html": False}).disable("image")

    def html(self, text: str) -> Markup:
        """The text as HTML."""
        return Markup(self._engine.render(text))
