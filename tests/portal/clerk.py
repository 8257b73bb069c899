"""A merchant's person at the browser, without a script: pages are read, forms are sent as they stand."""

from __future__ import annotations

import re
from datetime import datetime
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from aftersales.cases.models import Case
from aftersales.core.once import FIELD, new_key
from tests.cast import Cast


def photo(name: str = "beschaedigt.png") -> SimpleUploadedFile:
    target = BytesIO()
    Image.new("RGB", (8, 8), "red").save(target, "PNG")
    return SimpleUploadedFile(name, target.getvalue(), "image/png")


class Clerk:
    def __init__(self, desk: Cast, person: Any, clock: Any) -> None:
        self.desk, self.person, self.clock = desk, person, clock
        self.browser: Client = desk.client(person)

    def at(self, moment: datetime) -> Clerk:
        """Later, signed in anew: days lie between the acts of a week."""
        self.clock.move_to(moment)
        self.browser = self.desk.client(self.person)
        return self

    def get(self, to: str, *args: Any, **query: Any) -> Any:
        return self.browser.get(reverse(f"portal:{to}", args=args), query)

    def page(self, to: str, *args: Any, **query: Any) -> str:
        answer = self.get(to, *args, **query)
        assert answer.status_code == 200, (to, answer.status_code)
        return str(answer.content.decode())

    def form(self, case: Case, act: str, row: str = "") -> dict[str, str]:
        """The hidden fields of the act's form, as the page carries them."""
        page = self.page("act", case.public_id, act, **({"row": row} if row else {}))
        body = page[page.rindex('<form class="stack"') :]
        return dict(re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"', body))

    def post(self, to: str, *args: Any, **data: Any) -> Any:
        return self.browser.post(reverse(f"portal:{to}", args=args), {FIELD: new_key(), **data})

    def does(self, case: Case, act: str, row: str = "", **data: Any) -> str:
        """Opens the form, fills it in and sends it; answers the page one is led to."""
        sent = self.browser.post(
            reverse("portal:act", args=[case.public_id, act]),
            {**self.form(case, act, row), **data},
            follow=True,
        )
        assert sent.redirect_chain, sent.content.decode()[-3000:]
        return str(sent.content.decode())
