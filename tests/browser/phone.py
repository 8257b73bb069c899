"""A merchant's person with a telephone: goes by what stands on the page, and every page fits the screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aftersales.cases.models import Case
from tests.browser.conftest import sideways

Open = Callable[..., Any]


class Phone:
    def __init__(self, page: Any, home: str) -> None:
        self.page, self.home = page, home

    def opens(self, path: str) -> str:
        """By address; answers what stands there."""
        answer = self.page.goto(self.home + path)
        assert answer.ok, (path, answer.status)
        return self.reads()

    def reads(self) -> str:
        assert sideways(self.page) == 0, self.page.url
        return str(self.page.inner_text("main"))

    def goes(self, link: str, *, within: str = "") -> str:
        """Over the link with these words, or of this address."""
        with self.turning():
            self.page.locator(within or "body").locator(link).first.click()
        return self.reads()

    @contextmanager
    def turning(self) -> Iterator[None]:
        with self.page.expect_navigation():
            yield

    def takes(self, case: Case) -> str:
        """From what waits on today's page to the case, by its button."""
        self.opens("/portal/")
        task = self.page.locator(".po-task", has_text=case.number)
        with self.turning():
            task.locator("a.btn").click()
        return self.reads()

    def begins(self, act: str) -> str:
        return self.goes(f".po-acts a[href*='/do/{act}/']")

    def sends(self, **filled: str) -> str:
        """Fills the form in and sends it by its solid button; answers the page that says it is done."""
        for name, value in filled.items():
            self.page.fill(f"main [name={name}]", value)
        with self.turning():
            self.page.click("main form button.pri[type=submit]")
        self.page.wait_for_selector(".po-msg.success")
        return self.reads()
