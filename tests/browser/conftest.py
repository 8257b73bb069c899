"""A real Chromium against a real server. Without Chromium the tests are skipped, loudly."""

import os
import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import Client

CHROMIUM = os.environ.get("AFTERSALES_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
# The driver's loop runs in the test's thread; the ORM is used there only between its calls.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def _flush_from_anywhere(django_db_setup: Any) -> Iterator[None]:
    """While the driver's loop runs, Django uses another connection object: it must empty tables our way too."""
    kept = DatabaseOperations.execute_sql_flush
    DatabaseOperations.execute_sql_flush = lambda _self, *_args: django_db_setup.flush()
    yield
    DatabaseOperations.execute_sql_flush = kept


@pytest.fixture(scope="session")
def browser(_flush_from_anywhere: None) -> Iterator[Any]:
    """The system's Chromium, one for the session."""
    if not Path(CHROMIUM).exists():
        warnings.warn(
            "Chromium is missing: no browser test ran. Install it or set AFTERSALES_CHROMIUM.", stacklevel=1
        )
        pytest.skip("Chromium is missing: install it (apt-get install chromium) or set AFTERSALES_CHROMIUM.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Any, live_server: Any) -> Iterator[Callable[..., Any]]:
    """``open_page(user, path, phone=False, language="zh-hans", theme="light")`` gives a page signed in as `user`.

    A message on the console or an uncaught error fails the test: a strict policy complains there.
    """
    contexts: list[Any] = []
    complaints: list[str] = []

    def open_one(
        user: Any, path: str, *, phone: bool = False, language: str = "zh-hans", theme: str = "light"
    ) -> Any:
        context = browser.new_context(viewport=PHONE if phone else WIDE, has_touch=phone)
        contexts.append(context)
        context.add_init_script(f"localStorage.setItem('_x_adminTheme', JSON.stringify('{theme}'))")
        context.add_cookies(cookies(user, live_server.url, language))
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if _complains(said) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.set_default_timeout(30_000)  # a busy machine is no reason to fail
        page.goto(live_server.url + path)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


def _complains(said: Any) -> bool:
    """A part that is fetched later says so when the person goes on before it came; a refusal of the server, a strict
    policy and an error of a script still count."""
    return said.type == "error" and not said.text.startswith(
        ("htmx:afterRequest,", "htmx:sendError,", "htmx:sendAbort,")
    )


def cookies(user: Any, url: str, language: str) -> list[dict[str, str]]:
    """The session of a person who has signed in with the second factor, and the language of the device."""
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
    session = client.session
    session["second_factor"] = True
    session.save()
    pairs = {settings.SESSION_COOKIE_NAME: session.session_key, settings.LANGUAGE_COOKIE_NAME: language}
    return [{"name": name, "value": str(value), "url": url} for name, value in pairs.items()]


def sideways(page: Any) -> int:
    """How many pixels the page is wider than the window; must be 0."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
