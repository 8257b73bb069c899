"""A passkey in a real browser with an authenticator of its own, under the strict policy."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.passkeys.config import Site
from tests.browser.conftest import sideways
from tests.cast import PASSWORD, Cast

pytestmark = pytest.mark.django_db(transaction=True)
OPTIONS = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


def test_a_passkey_is_made_and_signs_in_alone_and_after_the_password(
    open_page: Callable[..., Any], cast: Cast, live_server: Any, settings: Any
) -> None:
    settings.PASSKEYS = Site("localhost", live_server.url)
    page = open_page(cast.lead, "/accounts/2fa/passkeys/add/", phone=True)
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    key = device.send("WebAuthn.addVirtualAuthenticator", {"options": OPTIONS})["authenticatorId"]

    page.locator("#id_password").fill(PASSWORD)  # once more before something delicate
    page.locator("main form button").click()
    page.locator("#id_name").fill("手机")
    assert sideways(page) == 0
    page.locator("form[data-passkey] button").click()
    page.wait_for_url("**/2fa/codes/")
    page.goto(live_server.url + "/accounts/2fa/")
    assert "手机" in page.locator(".keys").inner_text()
    assert sideways(page) == 0

    leave(page)
    page.locator("form[data-passkey] button").click()
    page.wait_for_url("**/desk/**")

    leave(page, live_server.url)
    page.locator("#id_login").fill(cast.lead.username)
    page.locator("#id_password").fill(PASSWORD)
    page.locator("main form:not([data-passkey]) button").first.click()
    page.wait_for_url("**/2fa/code/**")
    page.locator("form[data-passkey] button").click()
    page.wait_for_url("**/desk/**")

    leave(page, live_server.url)
    device.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
    page.locator("form[data-passkey] button").click()
    page.locator("[data-passkey-said]:visible").wait_for()
    assert "/login/" in page.url


def leave(page: Any, site: str = "") -> None:
    if site:
        page.goto(site + "/accounts/password/")
    page.locator("header.top form button").click()
    page.wait_for_url("**/login/**")
