"""kg.client: the same rows over HTTP and from a local release; data frames."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kg.client import Client, Refused
from kg.findings import BilimError
from tests.test_templates_api import TEMPLATES

ASKED: dict[str, Any] = {"post": "kz-minister-of-education", "on": date(2022, 6, 24)}


@pytest.fixture(params=["http", "local"])
def asking(request: pytest.FixtureRequest, release_home: Path) -> Client:
    return Client(request.getfixturevalue("server") if request.param == "http" else release_home)


def test_rows(asking: Client) -> None:
    (row,) = asking.rows("posts/holders", **ASKED)
    assert (row["person"]["label"], row["certainty"]) == ("Askhat Aimagambetov", "certain")
    assert asking.rows("posts/holders", **ASKED, fields=["certainty"]) == [{"certainty": "certain"}]
    assert asking.names() == list(TEMPLATES)


def test_all_pages_are_read(asking: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = asking.rows("evidence/of", thing="o:kz-ministry-of-education")
    monkeypatch.setattr("kg.client.PAGE", 7)
    paged = asking.rows("evidence/of", thing="o:kz-ministry-of-education")
    assert paged == whole
    assert len(whole) > 7


def test_long_lists_are_taken(asking: Client) -> None:
    documents = ["https://w3id.org/bilim/id/document/seed-000"] * 400
    assert asking.rows("posts/holders", **ASKED, document=documents) == asking.rows(
        "posts/holders", **ASKED, document="seed-000"
    )


def test_a_data_frame(asking: Client) -> None:
    frame = asking.frame("posts/holders", **ASKED)
    assert list(frame["person.label"]) == ["Askhat Aimagambetov"]
    assert frame.loc[0, "start.earliest"] == "2022-06-11"


def test_without_pandas_rows_still_come(asking: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert asking.rows("posts/holders", **ASKED)
    with pytest.raises(BilimError, match="pandas"):
        asking.frame("posts/holders", **ASKED)


def test_what_is_wrong_is_told(asking: Client) -> None:
    with pytest.raises(BilimError, match="not a date"):
        asking.rows("posts/holders", post="kz-minister-of-education", on="24.06.2022")
    with pytest.raises(BilimError, match="no query"):
        asking.rows("posts/nothing")


def test_all_that_is_wrong_is_told(asking: Client) -> None:
    with pytest.raises(BilimError) as caught:
        asking.rows("posts/holders", post="nobody", on="24.06.2022", nope=1)
    for said in ("'post' names nothing", "'on' is not a date", "no parameter 'nope'"):
        assert said in str(caught.value)


@pytest.mark.parametrize("name", ["page", "page_size", "lang"])
def test_parameters_that_mean_nothing_here_are_refused(asking: Client, name: str) -> None:
    with pytest.raises(BilimError, match=f"'{name}' is no parameter here"):
        asking.rows("people/list", **{name: "2"})


def test_a_language_can_be_asked_for_each_question(asking: Client) -> None:
    labels = [asking.rows("posts/holders", **ASKED, clang=code)[0]["person"]["labelLang"] for code in ("ru", "kk")]
    assert labels == ["ru", "kk"]
    with pytest.raises(BilimError, match="'de' is no language"):
        asking.rows("posts/holders", **ASKED, clang="de")


def test_a_refusal_holds_the_problem(server: str) -> None:
    with pytest.raises(Refused) as caught:
        Client(server).rows("posts/holders", on="2022-06-24")
    assert caught.value.problem["parameter"] == "post"


def test_nobody_there() -> None:
    with pytest.raises(BilimError, match="cannot be reached"):
        Client("http://127.0.0.1:1").rows("posts/holders")


def test_both_say_the_same(server: str, release_home: Path) -> None:
    web, local = Client(server, clang="kk"), Client(release_home, clang="kk")
    for name, template in TEMPLATES.items():
        if template.form == "SELECT" and template.examples:
            given = dict(template.examples[0].params)
            assert web.rows(name, **given) == local.rows(name, **given), name
