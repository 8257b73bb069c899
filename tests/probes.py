"""What strangers put into an address: every parameter that a page knows, with values that are none of theirs.

``rounds`` gives sets of parameters for one page: in each every parameter holds another value, and after all rounds
every parameter held every value. Tests ask for a few of them; ``AFTERSALES_PROBE=all`` asks for all. The parameters
are read off the source, so that a new filter is probed without a word here.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from django.conf import settings
from django.db import transaction
from django.test import Client

from tests.posted import Form

ROOMS = ("aftersales", "accounts", "training")
READ = re.compile(
    r"""(?:GET|given|asked|query|params|wanted|posted)(?:\.get|\.getlist|\.pop)?[(\[]["']([a-z_]{1,24})["']"""
    r"""|["']([a-z_]{1,24})["'] in (?:request\.GET|given|asked)"""
    r"""|[?&]([a-z_]{1,24})="""
)
POSTED = re.compile(r"""POST(?:\.get|\.getlist)?[(\[]["']([a-z_]{1,24})["']""")
# What pages of other makers know: whose rows, in which order, how many, all of them, as which file.
COMMON = (
    "merchant", "merchant_id", "MERCHANT", "merchant__name", "merchant__code__startswith", "merchants[]", "shop",
    "tenant", "user", "user_id", "as", "actor", "order", "o", "ordering", "sort", "p", "page", "limit", "offset",
    "all", "q", "search", "export_items", "select_across", "_selected_action", "fields", "_to_field", "_popup", "e",
    "id", "pk", "pk__in", "public_id", "ticket__assignee", "assignee__password__startswith", "next", "lang",
)  # fmt: skip
NONSENSE = (
    "", "-created_at", "-1", "0", "9" * 30, "²", "1,2", "true", "*", "%", "'", "1' OR '1'='1", "x) OR 1=1 --",
    "merchant__name", "-merchant__members__user__password", "None", "NaN", "1e999", "2026-13-45", "9999-12", "0001-01",
    "2026-W10", "../../../etc/passwd", "{{7*7}}", "<script>", "csv", "mine", "x" * 3000, "\x00", "a\x00b",
)  # fmt: skip
AWAY = "left away"
SPOILT = (AWAY, "", "x" * 5000, "a\x00b", "²", "9" * 30, "-1", "NaN", "1e999", "9999-99-99", "[]")
"""Of a field of a form: none, nothing, too long, what no column holds, and what only looks like a number or a day."""
RAW = (
    "%ff=%ff&q=%ff%fe", "q=%00", "merchant=1&merchant=2&q=a&q=b", "q[]=1&q[0]=2&before[]=3", "&&&=&=1", "before=%F0%9F",
    "=" + "&".join(f"a{n}=1" for n in range(1200)),
)  # fmt: skip


def parameters() -> list[str]:
    """Every parameter that the source reads from an address or writes into one."""
    found = set(COMMON)
    folders = [settings.BASE_DIR / room for room in ROOMS] + [settings.BASE_DIR / "templates"]
    for folder in folders:
        for path in [*Path(folder).rglob("*.py"), *Path(folder).rglob("*.html")]:
            if "migrations" not in path.parts:
                for groups in READ.findall(path.read_text(encoding="utf-8")):
                    found |= {one for one in groups if one}
    return sorted(found)


def posted(folder: str) -> set[str]:
    """Every field that the views of a folder read from what was sent."""
    files = (settings.BASE_DIR / folder).rglob("*.py")
    return {name for path in files for name in POSTED.findall(path.read_text(encoding="utf-8"))}


def some(values: Sequence[Any], few: int) -> Sequence[Any]:
    return values if os.environ.get("AFTERSALES_PROBE") == "all" else values[:: max(1, len(values) // few)]


def rounds(names: Sequence[str], values: Sequence[str], few: int) -> Iterator[dict[str, str]]:
    for shift in some(range(len(values)), few):
        yield {name: values[(at + shift) % len(values)] for at, name in enumerate(names)}


@dataclass
class Probe:
    """Somebody at the browser; ``secrets``: what no answer to him may say; ``wrong``: what was."""

    who: str
    browser: Client
    secrets: Sequence[str] = ()
    wrong: list[tuple[str, ...]] = field(default_factory=list)
    asked: int = 0

    def ask(self, path: str, query: str, sent: Iterable[str] = ()) -> str:
        """One look; what was sent may come back, and nothing else."""
        self.asked += 1
        address = f"{path}?{query}" if query else path
        self.browser.raise_request_exception = False
        with transaction.atomic():  # a statement that the database refuses spoils this look alone
            answer = self.browser.get(address)
            text = said(answer)
            transaction.set_rollback(True)
        if answer.status_code >= 500:
            error = getattr(answer, "exc_info", None)
            told = repr(error and error[1])[:200]
            self.wrong.append((self.who, address[:300], f"status {answer.status_code}", told))
        for one in sorted({*sent, *path.split("/")}, key=len, reverse=True):
            if len(one) > 3:
                for echo in (escape(one), quote(one), quote(one, safe=""), one):
                    text = text.replace(echo, "")
        self.wrong += [(self.who, address[:300], f"says {one}") for one in self.secrets if one in text]
        return text

    def try_all(self, path: str, names: Sequence[str], values: Sequence[str], few: int) -> None:
        for asked in rounds(names, values, few):
            self.ask(path, urlencode(asked), asked.values())

    def post(self, form: Form, sent: Mapping[str, str]) -> None:
        """What a form sends, with nothing of it kept: neither rows nor cookies."""
        self.asked += 1
        cookies, self.browser.raise_request_exception = self.browser.cookies.copy(), False
        with transaction.atomic():
            answer = self.browser.post(form.action, {key: one for key, one in sent.items() if one != AWAY})
            transaction.set_rollback(True)
        self.browser.cookies = cookies
        if answer.status_code >= 500:
            error = getattr(answer, "exc_info", None)
            self.wrong.append((self.who, form.action, str(sent)[:300], repr(error and error[1])[:200]))

    def post_all(self, form: Form, few: int) -> None:
        """As it stands; then with one field after the other spoilt."""
        self.post(form, form.fields)
        for at, name in enumerate(form.fields):
            for value in some([*SPOILT[at % len(SPOILT) :], *SPOILT[: at % len(SPOILT)]], few):
                self.post(form, form.fields | {name: value})

    def try_raw(self, path: str) -> None:
        for query in RAW:
            self.ask(path, query)

    def try_beside(self, address: str, values: Sequence[str], few: int) -> None:
        """An address that a page leads to, with one of its own parameters spoilt at a time."""
        path, _mark, query = address.partition("?")
        given = dict(parse_qsl(query, keep_blank_values=True))
        for spoilt in given:
            for other in some(values, few):
                self.ask(path, urlencode(given | {spoilt: other}), [other, *given.values()])


def said(answer: Any) -> str:
    """Everything that an answer says: its body, also of a file, and where it leads."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    headers = " ".join(f"{key}: {value}" for key, value in answer.headers.items())
    return str(body.decode(errors="replace")) + headers
