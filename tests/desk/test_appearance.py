"""Light and dark: every pair of text and ground is legible in both, the choice is kept with the person."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Taste
from accounts.selectors import taste_of
from accounts.services import taste_set
from aftersales.core.errors import DomainError
from tests.cast import Cast

pytestmark = pytest.mark.django_db
STATIC = Path(__file__).resolve().parents[2] / "aftersales/static"
GROUNDS = ("canvas", "panel", "hover")
# Text on ground, as the stylesheets use them. Washes carry their own text and badge words.
PAIRS = [
    *((text, ground) for text in ("fg", "fg2", "fg3") for ground in GROUNDS),
    *((text, ground) for text in ("acc-d", "ok-t", "wa-t", "ba-t", "vi-t") for ground in ("canvas", "panel")),
    *((f"{tone}-t", f"{tone}-w") for tone in ("ok", "wa", "ba", "vi")),
    ("acc-d", "acc-w"), ("fg", "acc-w"), ("fg2", "acc-w"), ("fg3", "acc-w"), ("fg", "wa-w"), ("fg2", "wa-w"),
    ("on-acc", "acc"), ("panel", "ba-t"), ("panel", "wa-t"),
]  # fmt: skip
# The tokens themselves; customers' pages have a sheet of their own, and what is printed keeps the colours of paper.
OWN_COLOURS = ("desk.css", "selfservice.css", "certificate.css")


def tokens(sheet: str, block: str) -> dict[str, str]:
    text = (STATIC / sheet).read_text(encoding="utf-8")
    inside = re.search(re.escape(block) + r"\s*\{(.*?)\n\s*\}", text, re.S)
    assert inside, block
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3,6})\b", inside[1]))


LIGHT = tokens("desk.css", ":root")
DARK = LIGHT | tokens("desk.css", "html.dark")


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(2 * one for one in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_measure_knows_black_white_and_grey() -> None:
    assert round(contrast("#000", "#fff"), 1) == 21.0
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


def test_a_wide_list_of_facts_is_wide_on_every_page() -> None:
    """Its labels have room wherever the class is used, since every page has this sheet."""
    assert ".kv.wide > div {" in (STATIC / "desk.css").read_text(encoding="utf-8")


def test_on_a_phone_a_box_for_words_stays_higher_than_a_line() -> None:
    """What makes fields a finger high there is as strong as what makes these boxes high, and stands below it."""
    text = (STATIC / "desk.css").read_text(encoding="utf-8")
    line, box = (".fld :is(input:not(", "min-height: 40px"), (".desk .fld > textarea {", "min-height: 96px")
    rules = [
        one for one in text.splitlines() if any(head in one and high in one for head, high in (line, box))
    ]
    assert box[1] in rules[-1]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_on_its_ground_is_legible(theme: str, text: str, ground: str) -> None:
    known = LIGHT if theme == "light" else DARK
    assert contrast(known[text], known[ground]) >= 4.5, f"{theme}: {text} on {ground}"


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(
    ("text", "ground"),
    [("ink", "bg"), ("ink", "card"), ("ink2", "bg"), ("ink2", "card"), ("brand", "card"), ("brand", "bg"),
     ("on", "brand"), ("bad", "card"), ("bad", "bad-s"), ("good", "card"), ("ink", "soft")],
)  # fmt: skip
def test_customers_pages_are_legible_as_the_device_is_set(dark: bool, text: str, ground: str) -> None:
    known = tokens("selfservice.css", ":root")
    if dark:
        known |= tokens("selfservice.css", "@media (prefers-color-scheme: dark) {\n  :root")
    assert contrast(known[text], known[ground]) >= 4.5


@pytest.mark.parametrize("text", ["ct-ink", "ct-soft", "ct-brand"])
def test_a_certificate_is_legible_on_paper(text: str) -> None:
    known = tokens("certificate.css", ".ct")
    assert contrast(known[text], known["ct-paper"]) >= 4.5


def test_no_other_sheet_has_a_colour_of_its_own() -> None:
    found = {
        sheet.name: literal
        for sheet in STATIC.glob("*.css")
        if sheet.name not in OWN_COLOURS
        and (literal := re.findall(r":[^;{}]*(#[0-9a-fA-F]{3,8})\b", sheet.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_every_dark_token_has_a_light_one() -> None:
    assert set(tokens("desk.css", "html.dark")) <= set(LIGHT)


def test_a_choice_is_kept_with_the_person_and_told_to_each_device(cast: Cast, settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    first, second = cast.client(cast.agent), cast.client(cast.agent)
    answer = first.post(reverse("accounts:taste"), {"theme": "dark", "next": "/desk/tickets/"})
    assert (answer.url, answer.cookies["theme"].value) == ("/desk/tickets/", "dark")
    assert Taste.objects.get(person=cast.agent).theme == "dark"
    page = second.get("/desk/search/")
    assert page.cookies["theme"].value == "dark"
    assert 'data-theme="dark" aria-pressed="true"' in page.content.decode()
    assert "theme" not in second.get("/desk/search/").cookies


@pytest.mark.parametrize(
    "posted", [{"theme": "pink"}, {"theme": ""}, {"single_keys": "2"}, {"next": "https://evil.example/"}, {}]
)
def test_a_choice_that_is_none_changes_nothing(cast: Cast, settings: Any, posted: dict[str, str]) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    answer = cast.client(cast.agent).post(reverse("accounts:taste"), posted)
    assert answer.status_code == 302
    assert not answer.url.startswith("http")
    assert not Taste.objects.exists()


def test_single_keys_are_switched_off_for_one_person(cast: Cast, settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    browser = cast.client(cast.agent)
    assert 'data-keys=""' in browser.get("/desk/search/").content.decode()
    browser.post(reverse("accounts:taste"), {"single_keys": "0"})
    assert 'data-keys="off"' in browser.get("/desk/search/").content.decode()
    assert taste_of(cast.lead).single_keys


def test_a_guest_chooses_for_his_device_only(client: Any) -> None:
    answer = client.post(reverse("accounts:taste"), {"theme": "dark"})
    assert answer.cookies["theme"].value == "dark"
    assert not Taste.objects.exists()


def test_compact_rows_are_kept_with_the_person_and_nothing_unknown_is(desk: Cast) -> None:
    browser = desk.client(desk.agent)
    panel = browser.get("/desk/tickets/panel/", {"panel": "columns", "view": "mine"}).content.decode()
    assert 'name="density" value="compact" aria-pressed="false"' in panel
    answer = browser.post(
        reverse("accounts:taste"), {"density": "compact", "next": "/desk/tickets/?view=mine"}
    )
    assert answer.url == "/desk/tickets/?view=mine"
    assert taste_of(type(desk.agent).objects.get(pk=desk.agent.pk)).density == "compact"
    browser.post(reverse("accounts:taste"), {"density": "huge"})
    assert taste_of(type(desk.agent).objects.get(pk=desk.agent.pk)).density == "compact"
    with pytest.raises(DomainError):
        taste_set(actor=desk.agent, now=desk.now, density="huge")


@pytest.mark.parametrize(
    "target", ["mine", "%", "2026-02-30", "//evil.example", "javascript:alert(1)", "desk:queue"]
)
def test_the_way_back_is_an_address_or_home(desk: Cast, target: str) -> None:
    """The name of a page, or half of one, is no address; a foreign one is not followed."""
    answer = desk.client(desk.agent).post("/accounts/taste/", {"density": "compact", "next": target})
    assert answer.status_code == 302
    assert "evil" not in answer["Location"]
    assert "javascript" not in answer["Location"]
