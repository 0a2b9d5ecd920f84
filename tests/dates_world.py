"""What tests of dates share: short forms, and EDTF texts as hypothesis draws them."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

DAY0 = date(2022, 1, 1)


def d(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


days = st.dates(date(1990, 1, 1), date(2030, 12, 31))
atoms = st.builds(
    lambda day, length, mark: day.isoformat()[:length] + mark,
    days,
    st.sampled_from([4, 7, 10]),
    st.sampled_from(["", "", "?", "~", "%"]),
)
ordered_pairs = st.tuples(days, days).map(lambda pair: sorted(pair))
texts = st.one_of(
    atoms,
    st.lists(atoms, min_size=2, max_size=3).map(lambda parts: f"[{','.join(parts)}]"),
    days.map(lambda day: f"[..{day}]"),
    days.map(lambda day: f"[{day}..]"),
    ordered_pairs.map(lambda pair: f"[{pair[0]}..{pair[1]}]"),
    ordered_pairs.map(lambda pair: f"{pair[0]}/{pair[1]}"),
    st.sampled_from(["202X", "2022-XX", "2022-22", "20XX-06", "2022-XX-05?", "201X~"]),
)
