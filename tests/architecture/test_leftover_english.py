"""Each page speaks one language: no English left over in Chinese, no Chinese in English but the data's own."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.postgres.fields import ArrayField
from django.core.cache import cache
from django.db import models, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import Resolver404, resolve, reverse

from accounts import demo
from accounts.models import User
from aftersales.core.events import registered
from aftersales.desk.demo import life, trade, write

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
ROLES = ("operations", "lead", "administrator")
STARTS = (
    "/desk/",
    "/desk/tickets/?view=all",
    "/overview/",
    "/rules/",
    "/sheets/",
    "/notices/inbox/",
    "/admin/",
)
PER_VIEW = 1  # addresses of one view looked at by each role
LEFT_OUT = {
    "account_logout",
    "desk:styleguide",
    "notices:preview",
}  # for builders; both languages side by side
SILENT = {"script", "style", "svg", "template", "code", "kbd", "pre", "noscript", "textarea"}
SPOKEN = ("title", "aria-label", "placeholder", "alt", "data-key-label")
CJK = re.compile(r"[\u4e00-\u9fff]+")
WORD = re.compile(r"[A-Za-z]{2,}")
# Numbers, formats, the name of the other language, random ids, addresses.
PLAIN = re.compile(
    r"[A-Z]{2}\d{4,}(-\w+)*|SHA-256|\w+\.csv|CSV|XLSX|JSON|App|English|Olist.*|\S+@\S+|\w+/\w+"
    r"|(POST )?https?://\S+|(\w+\.)+example\.com",
    re.ASCII,
)
EXAMPLES = {"zhouting", "浙江省", "禾木家电旗舰店"}  # in the first row of the templates
EXAMPLES |= {
    "TK…",
    "https://",
    '"chat_desk"',
    "records.example.com",
}  # beginnings of what is typed; the code of a calendar
EXAMPLES |= {
    "杭市监诉〔2026〕1128号",
    "商家拒绝七天无理由退货",
    "退款并书面答复。",
    "西湖区市场监管局",
    "张三",
    "西湖区文三路 1 号",
}
OWN_NAMES = {"中文", "简体中文"}  # a language is named in itself
# Codes that stand in the columns and templates of sheets, which other programs read.
CODES = {"zh-hans", "no", "yes", "mib", "kib"}
# Columns whose values are codes of ours: what they say is shown in words.
SPOKEN_FOR = {
    *(
        "kind",
        "key",
        "consumer",
        "sheet",
        "subject_kind",
        "promise",
        "acting_as",
        "actor_role",
        "rule_version",
        "reason",
    ),
    *(
        "next_promise",
        "source",
        "source_ref",
        "template",
        "audience",
        "payload",
        "result",
        "duty",
        "owed_party",
    ),
}
REPR = re.compile(r"\('|', '|<[A-Z]\w+[.:]|\b[A-Z]\w+\.[A-Z][A-Z_]+\b|gettext|__proxy__")
TEXTS = (models.CharField, models.TextField, models.JSONField)
DIVIDERS = re.compile(r"[\s,、←#·]+")


class Texts(HTMLParser):
    """What a page says: texts, and the attributes that people read or hear."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: set[str] = set()
        self.links: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        inside = bool(self._silent) and tag == self._silent[-1]
        other = tag != "html" and "lang" in given  # said in a language of its own, and marked so
        if inside or other or tag in SILENT or "material-symbols-outlined" in given.get("class", ""):
            self._silent.append(tag)
        self.found |= {given[name].strip() for name in SPOKEN if given.get(name, "").strip()}
        if tag == "input" and given.get("type") in ("submit", "button"):
            self.found.add(given.get("value", "").strip())
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])

    def handle_endtag(self, tag: str) -> None:
        if self._silent and self._silent[-1] == tag:
            self._silent.pop()

    def handle_data(self, data: str) -> None:
        if not self._silent and data.strip():
            self.found.add(" ".join(data.split()))


def read(answer: HttpResponse) -> Texts:
    page = Texts()
    page.feed(answer.content.decode())
    return page


@pytest.fixture(scope="module")
def shown(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Nine days of the demonstration: tickets in every state, rules, notices, jobs."""
    crawl.cache_clear()
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock(), transaction.atomic():
        patch.setattr(life, "DAYS", 9)
        patch.setattr(life, "FORMS", 8)
        patch.setattr(trade, "DAYS", 9)
        people = demo.create(NOW)
        write.load(NOW, orders=80, customers=60, seed=4)
        life.live(NOW, people, seed=4)
        yield
        transaction.set_rollback(True)


def register_pages() -> Iterator[str]:
    """List, form, first row, its history and its first version, for every register."""
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        yield reverse(f"{name}_add")
        if (row := model._default_manager.order_by("pk").last()) is not None:
            yield reverse(f"{name}_change", args=[row.pk])
            yield reverse(f"{name}_history", args=[row.pk])


def pages(client: Client, registers: set[str]) -> Iterator[tuple[str, Texts]]:
    """What this person sees, following links, a few addresses of each view.

    A page of a register reads alike to all who may open it: whoever comes first has read it (``registers``).
    """
    waiting, seen, looked = [*STARTS, *register_pages()], set(), dict[str, int]()
    while waiting:
        address = waiting.pop(0)
        parts = urlsplit(address)
        if address in seen or parts.netloc:
            continue
        seen.add(address)
        try:
            view = resolve(parts.path).view_name
        except Resolver404:
            continue
        if (parts.query and view.startswith("admin:")) or view in LEFT_OUT or looked.get(view, 0) >= PER_VIEW:
            continue
        looked[view] = looked.get(view, 0) + 1
        if view in registers:
            continue
        answer = client.get(address)
        if answer.status_code == 302:
            waiting.append(urljoin(address, answer.headers["Location"]))
        if answer.status_code != 200 or not answer.headers["Content-Type"].startswith("text/html"):
            continue
        if view.startswith("admin:"):
            registers.add(view)
        page = read(answer)
        waiting += [urljoin(address, link) for link in page.links]
        yield address, page


@lru_cache(maxsize=2)
def crawl(language: str) -> list[tuple[str, str]]:
    """(address, text) of everything that the roles see; read once for all questions about it."""
    return list(_crawl(language))


def _crawl(language: str) -> Iterator[tuple[str, str]]:
    registers = set[str]()
    for role in ROLES:
        person = User.objects.get(username=role)
        User.objects.filter(pk=person.pk).update(language=language)
        cache.clear()
        client = Client()
        client.force_login(User.objects.get(pk=person.pk))
        for address, page in pages(client, registers):
            for text in page.found:
                yield address, text


def values(*, codes: bool = False) -> Iterator[str]:
    """Every text that stands in the database, except the codes of choices, and our own codes unless asked for."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            rows = model._default_manager.values_list(field.attname, flat=True)
            if field.name in SPOKEN_FOR and not codes:
                continue
            if isinstance(field, TEXTS) and not field.choices:
                yield from map(str, rows)
                yield from (str(one) for value in rows if isinstance(value, list) for one in value)
            elif isinstance(field, ArrayField) and not field.base_field.choices:
                yield from (str(value) for several in rows for value in several or ())


def is_data(text: str, data: set[str]) -> bool:
    """The row's own words, or a few codes side by side."""
    parts = [part for part in DIVIDERS.split(text.lower()) if WORD.search(part)]
    return (
        text.lower() in data
        or text in EXAMPLES
        or all(part in data or part in CODES or PLAIN.fullmatch(part) for part in parts)
    )


@pytest.mark.slow
def test_no_english_is_left_in_chinese(shown: None, db: None) -> None:
    data = {value.lower() for value in values()} | set(registered())  # events are looked up by their kind
    left = {
        text: address
        for address, text in crawl("zh-hans")
        if WORD.search(text)
        and not CJK.search(text)
        and not PLAIN.fullmatch(text)
        and not is_data(text, data)
    }
    assert not left, "\n".join(f"{address}: {text}" for text, address in sorted(left.items()))


@pytest.mark.slow
def test_no_page_prints_a_value_of_the_program(shown: None, db: None) -> None:
    """Tuples, enumerations and proxies are for programs; each of them has words."""
    left = {text: address for address, text in crawl("zh-hans") if REPR.search(text)}
    assert not left, "\n".join(f"{address}: {text[:200]}" for text, address in sorted(left.items()))


@pytest.mark.slow
def test_no_chinese_is_left_in_english(shown: None, db: None) -> None:
    data = "\n".join(values(codes=True))
    said = {text: CJK.findall(text) for _address, text in crawl("en")}
    strange = {run for run in {run for runs in said.values() for run in runs} if run not in data}
    left = {
        text: address
        for address, text in crawl("en")
        if not strange.isdisjoint(said[text]) and text not in OWN_NAMES | EXAMPLES
    }
    assert not left, "\n".join(f"{address}: {text}" for text, address in sorted(left.items()))
