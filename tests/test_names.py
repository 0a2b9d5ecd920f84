"""Names: spellings that meet, slugs, the label to show."""

from __future__ import annotations

import unicodedata
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.names import fold, pick_label, slugify
from kg.terms import SLUG


@pytest.mark.parametrize(
    "spellings",
    [
        (
            *("Aimagambetov", "Aymagambetov", "Aimağambetov", "Aımaǵambetov"),
            *("Аймағамбетов", "Аймагамбетов", "Aimaganbetov", "AIMAGAMBETOV", "Аймаг\u0430мбетов"),
        ),
        ("Askhat", "Ashat", "Асхат"),
        ("Beisembayev", "Beissembayev", "Beisembaev", "Бейсембаев"),
        ("Turegaliyev", "Turegaliev", "Турегалиев"),
        ("Zhetysu", "Zhetisu", "Jetisu", "Jetysu", "Жетісу", "Жетысу"),
        ("Abai", "Abay", "Абай"),
        ("Ulytau", "Ulytaū", "Ұлытау", "Улытау"),
        ("Yermek", "Ermek", "Ермек"),
        ("Suleimenova", "Сулейменова", "Сүлейменова"),
        ("Жангелдин", "Zhangeldin", "Jangeldin"),
        ("Mañğystau", "Маңғыстау"),
        ("Қайрат", "Kairat", "Qairat", "Кайрат"),
    ],
)
def test_spellings_of_one_name_meet(spellings: tuple[str, ...]) -> None:
    assert len({fold(s) for s in spellings}) == 1, {s: fold(s) for s in spellings}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Smailov Alikhan", "Smailov Askhat"),
        ("Marat Suleimenov", "Zhuldyz Suleimenova"),
        ("Kuanyshbek Iskakov", "Kuanysh Iskakov"),
        ("Оразалин", "Уразалин"),  # two strings, not spellings of one: both are stored as labels
        ("School No. 5", "School No. 55"),
    ],
)
def test_others_stay_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(
    st.text(alphabet="абвгдеёжзийклмнопрстуфхцчшщъыьэюяәғқңөұүһіabcdefghijklmnopqrstuvwxyz'- 0123456789", max_size=30)
)
def test_the_key_of_a_key_is_the_key(text: str) -> None:
    key = fold(text)
    assert fold(key) == key == fold(text.upper())
    assert key == key.strip()


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Askhat Aimagambetov", "askhat-aimagambetov"),
        ("Асхат Аймағамбетов", "askhat-aimagambetov"),
        ("Ministry of Education (Kazakhstan)", "ministry-of-education-kazakhstan"),
        ("Жетісу облысы", "zhetisu-oblysy"),
        ("Kölgınov", "kolginov"),
        ("№ 51 мектеп", "no-51-mektep"),
    ],
)
def test_slugs(name: str, slug: str) -> None:
    assert slugify(name) == slug
    assert SLUG.fullmatch(slug)


@given(st.text(max_size=30))
def test_a_slug_is_a_slug_or_refused(text: str) -> None:
    if any(c in "abcdefghijklmnopqrstuvwxyz0123456789" for c in text):
        assert SLUG.fullmatch(slugify(text))
    if not any(c.isalnum() or unicodedata.normalize("NFKD", c) != c for c in text):
        with pytest.raises(ValueError, match="no slug"):
            slugify(text)


def test_the_label_by_language() -> None:
    labels = {"ru": "Абайская область", "en": "Abai Region", "kk": "Абай облысы"}
    assert pick_label(labels) == ("Абай облысы", "kk")
    assert pick_label(labels, "en") == ("Abai Region", "en")
    assert pick_label(labels, "de") == ("Абай облысы", "kk")
    assert pick_label(labels, ["de", "ru"]) == ("Абайская область", "ru")
    assert pick_label({"en": "x", "ru": "й"}) == ("й", "ru")
    assert pick_label({"az": "Bakı"}, "en") == ("Bakı", "az")
    assert pick_label({}) is None


def test_a_variant_comes_after_its_language() -> None:
    labels = [("Abai oblysy", "kk-Latn"), ("Abai Region", "en")]
    assert pick_label(labels, "kk") == ("Abai oblysy", "kk-Latn")
    assert pick_label([*labels, ("Абай облысы", "kk")], "kk") == ("Абай облысы", "kk")


def test_the_same_labels_in_any_order() -> None:
    labels = [("B", "en"), ("A", "en"), ("C", "")]
    assert {pick_label(order, "en") for order in permutations(labels)} == {("A", "en")}
