"""The way to the sign-in provider and back, in a browser that obeys our own strict policy."""

from typing import Any

import pytest
import requests
from django.urls import reverse

from accounts.states import Role
from tests.accounts.provider import CORP, ISSUER, FakeProvider
from tests.browser.conftest import PHONE, WIDE
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_a_button_leads_to_the_provider_and_back_to_work(
    size: Any, browser: Any, live_server: Any, cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    corp = FakeProvider()
    corp.claims = {"email": "zhou@example.com", "email_verified": True}
    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", lambda self, asked, **more: corp.answer(asked))
    settings.SSO_PROVIDERS, settings.SITE_URL = {"corp": CORP}, live_server.url
    cast.person(Role.AGENT, username="zhou", name="周婷", email="zhou@example.com")
    context = browser.new_context(viewport=size)
    page = context.new_page()
    page.set_default_timeout(30_000)
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    context.route(
        f"{ISSUER}/**",
        lambda asked: asked.fulfill(
            status=302, headers={"Location": live_server.url + corp.consent(asked.request.url)}
        ),
    )

    page.goto(live_server.url + reverse("account_login") + "?next=" + reverse("accounts:sso"))
    page.get_by_role("button", name=CORP.name).click()
    page.wait_for_url("**" + reverse("accounts:sso"))

    page.locator(f"form[action='{reverse('accounts:sso_unlink', args=['corp'])}'] button").click()
    link = page.locator(f"form[action='{reverse('accounts:sso_link', args=['corp'])}'] button")
    link.click()
    page.locator(f"form[action='{reverse('accounts:sso_unlink', args=['corp'])}']").wait_for()
    context.close()
    assert complaints == []
