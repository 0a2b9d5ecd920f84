"""Questions, the editor and networks in a real browser: suggestions, completion, faults marked, history, moving."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, Page, expect

LINE = ".CodeMirror-line"


def test_a_thing_is_found_by_its_name_under_typing(page: Page) -> None:
    page.goto("/queries/people/posts?lang=en")
    field = page.get_by_role("combobox", name="Person")
    field.fill("")
    field.press_sequentially("Аймагамбет")
    option = page.locator(".suggestions:not([hidden]) li").first
    expect(option).to_contain_text("askhat-aimagambetov")
    field.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    field.press("Enter")
    expect(field).to_have_value("askhat-aimagambetov")
    expect(page.locator(".suggestions:not([hidden]) li")).to_have_count(0)
    field.press("Enter")
    expect(page.locator("#answer")).to_be_visible()
    expect(page.locator("tbody tr").first).to_be_visible(timeout=20_000)
    assert "person=askhat-aimagambetov" in page.url


def test_escape_closes_suggestions_and_keeps_the_text(page: Page) -> None:
    page.goto("/queries/posts/holders?lang=en")
    field = page.get_by_role("combobox", name="Post")
    field.fill("")
    field.press_sequentially("minister")
    expect(page.locator(".suggestions:not([hidden]) li").first).to_be_visible()
    field.press("Escape")
    expect(page.locator(".suggestions:not([hidden]) li")).to_have_count(0)
    expect(field).to_have_value("minister")


def test_questions_are_found_without_a_reload(page: Page) -> None:
    page.goto("/queries?lang=en")
    page.evaluate("window.here = true")
    page.get_by_label("Find a question").press_sequentially("akims")
    expect(page.locator("#found")).to_contain_text("regions/akims")
    expect(page.locator("#found")).not_to_contain_text("countries/list")
    assert page.evaluate("window.here") is True
    assert "q=akims" in page.url


def editor_of(page: Page, path: str = "/sparql?lang=en") -> None:
    page.goto(path)
    expect(page.locator("#ask[data-ready]")).to_be_attached()


def write(page: Page, text: str) -> None:
    page.keyboard.press("Escape")  # what is suggested may lie over the editor
    page.evaluate("document.querySelector('.CodeMirror').CodeMirror.focus()")
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(text)


def test_prefixes_that_need_no_declaration_are_no_faults(page: Page) -> None:
    editor_of(page)  # the example uses bkg:, org: and skos: as they are
    expect(page.locator(".parseErrorIcon")).to_have_count(0)
    write(page, "SELECT ?s WHERE { ?s nobody:knows ?o }")
    expect(page.locator(".parseErrorIcon")).to_have_count(1)


def test_a_query_runs_in_place_and_is_remembered(page: Page) -> None:
    editor_of(page)
    write(page, "SELECT ?class WHERE { person:bolat-tlep a ?class } ORDER BY ?class")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#result tbody")).to_contain_text("rector")
    assert "query=SELECT" in page.url
    link = page.locator("#permalink").get_attribute("href")
    assert link is not None
    page.goto(link)
    expect(page.locator("#result tbody")).to_contain_text("bkg:Rector")
    expect(page.locator("#history option")).to_have_count(2)
    page.goto("/sparql?lang=en")
    page.locator("#history").select_option(index=1)
    expect(page.locator(LINE).first).to_contain_text("person:bolat-tlep")
    page.locator("#forget").click()
    expect(page.locator("#history option")).to_have_count(1)


def test_a_fault_is_marked_at_its_line(page: Page) -> None:
    editor_of(page)
    write(page, "SELECT * WHERE {\n  ?s ?p\n}")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("alert")).to_contain_text("Line 3")
    expect(page.locator(".CodeMirror .fault-line")).to_have_count(1)
    expect(page.locator(".CodeMirror .fault-mark")).to_have_count(1)
    write(page, "ASK {}")
    expect(page.locator(".CodeMirror .fault-line")).to_have_count(0)


def hints(page: Page) -> list[str]:
    page.keyboard.press("Control+Space")
    expect(page.locator(".CodeMirror-hints")).to_be_visible()
    return page.locator(".CodeMirror-hint").all_inner_texts()


def test_classes_properties_and_names_are_completed(page: Page) -> None:
    editor_of(page)
    write(page, "SELECT * WHERE { ?t a bkg:Ten")
    assert [hint.split(" ")[0] for hint in hints(page)] == ["bkg:Tenure"]
    page.keyboard.press("Enter")
    expect(page.locator(LINE).first).to_contain_text("?t a bkg:Tenure")
    # properties of the class at hand: a tenure is of a post, and nothing signs it
    write(page, "SELECT * WHERE { ?t a bkg:Tenure ; bkg:")
    names = {hint.split(" ")[0] for hint in hints(page)}
    assert "bkg:post" in names
    assert "bkg:signedEdtf" not in names
    write(page, "SELECT * WHERE { ?t org:member Аймагамбет")
    assert any("person:askhat-aimagambetov" in hint for hint in hints(page))
    page.keyboard.press("Enter")
    expect(page.locator(LINE).first).to_contain_text("org:member person:askhat-aimagambetov")


def test_an_example_is_put_into_the_editor(page: Page) -> None:
    editor_of(page)
    page.locator("#example").select_option("posts/holders")
    expect(page.locator(".CodeMirror-code")).to_contain_text("kz-minister-of-education")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#result tbody")).to_contain_text("Aimagambetov")


def test_the_answer_of_a_question_is_opened_in_the_editor(page: Page) -> None:
    page.goto("/queries/posts/holders?post=kz-minister-of-education&on=2022-06-24&lang=en")
    page.get_by_role("button", name="Open in the SPARQL editor").click()
    expect(page.locator(".CodeMirror-code")).to_contain_text("kz-minister-of-education")
    expect(page.locator("#answer")).to_have_count(0)


def test_the_keyboard_leaves_the_editor(page: Page) -> None:
    editor_of(page)
    page.locator(".CodeMirror").click()
    page.keyboard.press("Tab")
    inside = "document.activeElement.closest('.CodeMirror') && document.activeElement.outerHTML"
    assert page.evaluate(inside) is None


def test_a_network_is_moved_only_when_asked_for(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto("/network/organization/abai-university?lang=en")
    drawn = page.locator("figure.network circle").count()
    assert not [url for url in asked if "cytoscape" in url]
    page.get_by_role("button", name="Move and zoom").click()
    expect(page.locator("figure.network canvas").first).to_be_visible()
    view = "document.querySelector('figure.network').network"
    assert page.evaluate(f"{view}.nodes().length") == drawn
    places = page.evaluate(f"{view}.nodes().map(n => [n.id(), n.position('x'), n.position('y')])")
    page.reload()
    page.get_by_role("button", name="Move and zoom").click()
    expect(page.locator("figure.network canvas").first).to_be_visible()
    assert page.evaluate(f"{view}.nodes().map(n => [n.id(), n.position('x'), n.position('y')])") == places
    assert faults == []


def test_without_scripts_the_editor_is_a_form(without_scripts: BrowserContext) -> None:
    page = without_scripts.new_page()
    page.goto("/sparql?lang=en")
    page.locator("#query").fill("SELECT ?class WHERE { person:bolat-tlep a ?class }")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#result tbody")).to_contain_text("rector")
    page.goto("/queries/people/posts?lang=en")
    page.get_by_label(re.compile("^Person")).fill("askhat-aimagambetov")
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("tbody tr").first).to_be_visible()
    page.close()
