"""``fields=``: which keys of an object, or columns of a table, are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from kg.findings import finding
from kg.templates.model import Template
from kg.templates.params import BadParameters, Wrong
from kg.templates.run import Table, prototype


def keys(template: Template) -> tuple[str, ...]:
    """What can be chosen in JSON: the outermost keys of an object."""
    return tuple(key for key, _ in prototype(template).fields) if template.form == "SELECT" else ()


def chosen(template: Template, texts: Sequence[str], *, table: bool = False) -> tuple[str, ...] | None:
    """The keys (of a table: the columns) asked for, in the order of the template; None for all.

    ``texts``: repeated, or with commas. Raises :class:`BadParameters` for one that the template does not have.
    """
    asked = [name.strip() for text in texts for name in text.split(",") if name.strip()]
    if not asked:
        return None
    known = template.variables if table and template.form == "SELECT" else keys(template)
    wrong = [name for name in asked if name not in known]
    if wrong:
        told = finding("fields-unknown", name="fields", given=wrong[0][:80], allowed=", ".join(known) or "—")
        example = template.path + ("?" + urlencode([("fields", known[0])]) if known else "")
        raise BadParameters([Wrong("fields", wrong[0], told, example)])
    return tuple(name for name in known if name in asked)


def columns(table: Table, fields: Sequence[str] | None) -> Table:
    """The table with these columns only."""
    if fields is None:
        return table
    indexes = [table.variables.index(name) for name in fields]
    return Table(tuple(fields), [tuple(row[i] for i in indexes) for row in table.rows], table.page)
