"""Rows counted in the bytes of answers, against what the serializer was given."""

from __future__ import annotations

import io

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.sparql.formats import RESULTS
from kg.sparql.rows import counter

NASTY = st.text(alphabet='",{}[]:\\\r\n\t<>&a', max_size=12) | st.sampled_from(
    ["}},{", '"}},{"', "<result>", "[{", ',{"', "\\", '\\"', '""', "\r\n"]
)


@given(
    st.lists(st.tuples(st.none() | NASTY, st.none() | NASTY), max_size=12),
    st.lists(st.integers(1, 40), min_size=1, max_size=4),
)
@pytest.mark.parametrize("offer", RESULTS, ids=lambda offer: offer.suffix)
def test_every_row_counts_once_however_the_bytes_are_cut(
    offer: object, rows: list[tuple[str | None, str | None]], sizes: list[int]
) -> None:
    media_type: str = offer.media_type  # type: ignore[attr-defined]
    cells = (" ".join("UNDEF" if cell is None else str(ox.Literal(cell)) for cell in row) for row in rows)
    query = f"SELECT ?a ?b {{ VALUES (?a ?b) {{ {' '.join(f'({row})' for row in cells)} }} }}"
    result = ox.Store().query(query)
    assert isinstance(result, ox.QuerySolutions)
    out = io.BytesIO()
    result.serialize(out, ox.QueryResultsFormat.from_media_type(media_type))
    data = out.getvalue()
    count = counter(media_type)
    assert count is not None
    found, position, turn = 0, 0, 0
    while position < len(data):
        size = sizes[turn % len(sizes)]
        found += count(data[position : position + size])
        position += size
        turn += 1
    assert found == len(rows)


def test_graphs_have_no_rows() -> None:
    assert counter("text/turtle") is None
