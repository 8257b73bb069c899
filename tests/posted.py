"""The forms of a page, as somebody sends them who fills in what is empty and leaves the rest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

WORDS = "一切如约"
FILLED = {
    "text": WORDS, "email": "somebody@shop.example", "tel": "13800000000", "number": "1", "date": "2026-12-01",
    "datetime-local": "2026-12-01T10:00", "time": "10:00",
}  # fmt: skip


@dataclass
class Form:
    """Where it is sent, and its fields as they stand; files left aside."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


class Forms(HTMLParser):
    """All forms of a page that write."""

    def __init__(self, path: str, page: str) -> None:
        super().__init__()
        self.path, self.forms = path, list[Form]()
        self.form: Form | None = None
        self.choosing = self.writing = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        if tag == "form" and given.get("method", "").lower() == "post":
            self.form = Form(given.get("action") or self.path)
            self.forms.append(self.form)
        elif self.form is not None:
            self._field(tag, given)

    def _field(self, tag: str, given: Mapping[str, str]) -> None:
        assert self.form is not None
        name, fields = given.get("name", ""), self.form.fields
        if tag == "option" and self.choosing and ("selected" in given or not fields[self.choosing]):
            fields[self.choosing] = given.get("value", "")
        elif not name or given.get("type") == "file" or name == "csrfmiddlewaretoken":
            return
        elif tag == "select":
            self.choosing = name
            fields[name] = ""
        elif tag == "textarea":
            self.writing = name
            fields[name] = ""
        elif given.get("type") in ("radio", "checkbox"):
            if "checked" in given or name not in fields:
                fields[name] = given.get("value", "on")
        elif tag in ("input", "button"):
            fields[name] = given.get("value", "") or FILLED.get(given.get("type", "text"), "")

    def handle_data(self, data: str) -> None:
        if self.writing and self.form is not None:
            self.form.fields[self.writing] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        elif tag == "select":
            self.choosing = ""
        elif tag == "textarea":
            if self.writing and self.form is not None:
                self.form.fields[self.writing] = self.form.fields[self.writing].strip() or WORDS
            self.writing = ""
