"""The shell in a browser: both widths, both languages, both themes, keys, dialogs, a strict policy."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import sideways
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/desk/styleguide/"


@pytest.mark.parametrize("phone", [False, True])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_style_guide_fits_the_window(
    open_page: Callable[..., Any], cast: Cast, phone: bool, language: str, theme: str
) -> None:
    page = open_page(cast.operations, PAGE, phone=phone, language=language, theme=theme)
    assert sideways(page) == 0
    assert ("dark" in (page.locator("html").get_attribute("class") or "")) == (theme == "dark")


def test_a_page_read_in_the_dark_is_printed_on_white(open_page: Callable[..., Any], cast: Cast) -> None:
    page = open_page(cast.operations, PAGE, theme="dark")
    ground = "getComputedStyle(document.documentElement).getPropertyValue('--panel').trim()"
    assert page.evaluate(ground) == "#131b2a"

    page.emulate_media(media="print")

    assert page.evaluate(ground) == "#fff"


def test_keys_open_the_dialog_and_escape_gives_the_focus_back(
    open_page: Callable[..., Any], cast: Cast
) -> None:
    page = open_page(cast.operations, PAGE)
    page.keyboard.press("s")
    assert page.locator("#sample[open]").count() == 1
    page.keyboard.type("s?")
    assert page.locator("#why").input_value() == "s?"
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0


def test_the_question_mark_lists_the_keys_of_the_page(open_page: Callable[..., Any], cast: Cast) -> None:
    page = open_page(cast.operations, PAGE)
    page.keyboard.press("?")
    assert "S" in page.locator("#keys .keys").inner_text()


def test_on_a_phone_the_side_bar_opens_over_the_page_and_closes_again(
    open_page: Callable[..., Any], cast: Cast
) -> None:
    page = open_page(cast.operations, PAGE, phone=True)
    assert not page.locator("#nav").is_visible()
    page.locator(".top [data-nav]").click()
    assert page.locator("#nav").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#nav").is_visible()


def test_the_theme_is_kept_on_this_device(open_page: Callable[..., Any], cast: Cast) -> None:
    page = open_page(cast.operations, PAGE)
    page.locator(".me summary").click()
    page.locator("[data-theme=dark]").click()
    assert "dark" in page.locator("html").get_attribute("class")


def test_an_unfold_page_wears_the_same_side_bar(open_page: Callable[..., Any], cast: Cast) -> None:
    page = open_page(cast.operations, "/admin/")
    assert page.locator("nav.side").is_visible()
    assert sideways(page) == 0
