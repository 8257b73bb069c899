"""``python -m tests.load.two_people [--minutes 60]``: two people, two browsers, one queue of 200 tickets of real words.

They click and type as people do (an act every few seconds), now and then at the same ticket. Afterwards every word they
sent and every move the page confirmed must stand once. The words come from AFTERSALES_SAMPLE_DATA; nothing is kept.
"""

import argparse
import os
import random
import re
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TICKETS = 200
CHROMIUM = os.environ.get("AFTERSALES_CHROMIUM", "/usr/bin/chromium")
PLACES = re.compile(r"\[[^\[\]]{1,8}x\]")


@dataclass
class Diary:
    """What one person did: words sent, moves confirmed, what the page said no to, what went wrong."""

    sent: list[str] = field(default_factory=list)
    moves: list[tuple[str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    acts: int = 0


def main() -> int:
    wanted = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    wanted.add_argument("--minutes", type=float, default=60.0)
    wanted.add_argument(
        "--pace", type=float, default=5.0, help="seconds between two acts of one person, about"
    )
    options = wanted.parse_args()
    if not os.environ.get("AFTERSALES_SAMPLE_DATA"):
        print("AFTERSALES_SAMPLE_DATA is not set: there are no real words to work on.")
        return 2
    os.environ["AFTERSALES_DATA"] = str(ROOT / ".data" / "load")
    os.environ["DJANGO_SETTINGS_MODULE"] = "aftersales.settings"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    from tests.load import product

    with product.running() as address:
        import django

        django.setup()
        return _day(address, options)


def _day(address: str, options: argparse.Namespace) -> int:
    from django.utils import timezone

    from tests.load import world

    agents = world.people(2)
    numbers = _queue([agent.key for agent in agents])
    since, until = timezone.now(), time.monotonic() + 60 * options.minutes
    diaries = [Diary(), Diary()]
    threads = [
        threading.Thread(target=_work, args=(address, agent, numbers, until, options.pace, diary))
        for agent, diary in zip(agents, diaries, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    time.sleep(world.settle())
    return _tell(diaries, numbers, since)


# The queue -------------------------------------------------------------------------------------------------


def real_words() -> list[str]:
    """Complaints to an authority and questions to a shop's service, as people wrote them."""
    import python_calamine

    folder = Path(os.environ["AFTERSALES_SAMPLE_DATA"])
    book = python_calamine.CalamineWorkbook.from_path(str(folder / "zh-complaints" / "complaints.xlsx"))
    rows = book.get_sheet_by_index(0).to_python()[1:]
    complaints = [re.sub(r"\s+", " ", str(row[4])).strip() for row in rows[:400]]
    chats = (folder / "jddc-sample" / "dev_question.txt").read_text(encoding="utf-8").splitlines()
    asked = [PLACES.sub("", line[2:]).strip() for line in chats if line.startswith("Q:")]
    longer = [text for text in asked if len(text) > 8]
    return [text for pair in zip(complaints, longer, strict=False) for text in pair if text]


def _queue(people: list[int]) -> list[str]:
    from django.utils import timezone

    from accounts.models import User
    from aftersales.orders.models import Order
    from aftersales.tickets import services
    from aftersales.tickets.models import Ticket
    from aftersales.tickets.services.intake import TicketDraft

    lead, now = User.objects.get(username="lead"), timezone.now()
    orders = list(Order.objects.filter(customer__isnull=False).order_by("id")[:TICKETS])
    drafts = [
        TicketDraft(
            source="two-people", source_ref=f"{now:%H%M%S}-{place}", subject=text[:40], text=text[:4000], channel="web",
            opened_at=now, customer_id=order.customer_id, order_id=order.pk, beside=True,
        )
        for place, (text, order) in enumerate(zip(real_words(), orders, strict=False))
    ]  # fmt: skip
    for draft in drafts:
        ticket = services.ticket_open(draft=draft, actor=lead, now=now)
        row = Ticket.objects.get(pk=ticket.pk)
        if row.state == "new":
            row = services.ticket_triage(ticket=row, actor=lead, now=now)
        to = User.objects.get(pk=people[row.pk % 2])
        services.ticket_assign(ticket=row, to=to, actor=lead, now=now)
    return list(Ticket.objects.filter(source="two-people", opened_at=now).values_list("number", flat=True))


# One person ------------------------------------------------------------------------------------------------


def _work(address: str, agent: Any, numbers: list[str], until: float, pace: float, diary: Diary) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.add_cookies([{"name": "sessionid", "value": agent.session, "url": address}])
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: diary.wrong.append(f"script: {error}"))
        _Person(page, address, agent.key, numbers, diary, pace).until(until)
        browser.close()


class _Person:
    def __init__(self, page: Any, home: str, key: int, numbers: list[str], diary: Diary, pace: float) -> None:
        self.page, self.home, self.key, self.diary, self.pace = page, home, key, diary, pace
        self.numbers, self.chance = numbers, random.Random(key)

    def until(self, end: float) -> None:
        ways = [self.reply] * 6 + [self.note] * 3 + [self.wait, self.resume, self.resolve, self.resolve]
        ways += [self.look_around, self.search]
        while time.monotonic() < end:
            act = self.chance.choice(ways)
            try:
                act()
                self.diary.acts += 1
            except Exception as error:  # noqa: BLE001 - a person goes on with the next ticket
                self.diary.wrong.append(f"{act.__name__} at {self.page.url}: {str(error).splitlines()[0]}")
            time.sleep(self.chance.uniform(0.5, 1.5) * self.pace)

    def open_one(self) -> str:
        """From the queue by click, or straight to any of the 200: also those of the other person."""
        if self.chance.random() < 0.6:
            self.page.goto(f"{self.home}/desk/tickets/?view=mine")
            rows = self.page.locator("a.sj")
            if rows.count():
                rows.nth(self.chance.randrange(min(rows.count(), 12))).click()
                self.page.wait_for_url("**/desk/tickets/TK*/")
                return str(self.page.url.rstrip("/").rsplit("/", 1)[1])
        number = self.chance.choice(self.numbers)
        self.page.goto(f"{self.home}/desk/tickets/{number}/")
        return number

    def words(self, what: str) -> str:
        return f"{what}[{self.key}-{time.time_ns()}]"

    def reply(self) -> None:
        number = self.open_one()
        if not self.page.locator("label.v-customer").count():
            return
        text = self.words("您好，您反映的问题我们已经核实，正在为您处理。")
        self.page.keyboard.press("r")
        self.page.locator("#reply textarea[name=text]").fill(text)
        self.sent(number, text, lambda: self.page.keyboard.press("Control+Enter"))

    def note(self) -> None:
        number = self.open_one()
        if not self.page.locator("label.v-note").count():
            return
        text = self.words("已致电核实，等仓库回复。")
        self.page.click("label.v-note")
        self.page.locator("#reply textarea[name=text]").fill(text)
        self.sent(number, text, lambda: self.page.click("#reply button[type=submit]"))

    def sent(self, number: str, text: str, press: Any) -> None:
        """Sent when the page says so; else it must still stand in the box."""
        before = self.page.url
        press()
        self.page.wait_for_timeout(300)
        self.page.wait_for_load_state("networkidle")
        box = self.page.locator("#reply textarea[name=text]")
        if box.count() and text in box.input_value():
            self.diary.refused.append(f"{number}: reply")
            return
        self.diary.sent.append(text)
        assert before.split("/desk/")[0] in self.page.url

    def act(self, name: str, **fields: str) -> None:
        number = self.open_one()
        opener = self.page.locator(f"#acts [data-dialog=act-{name}]")
        if not opener.count():
            return
        opener.first.click()
        for field_name, value in fields.items():
            place = self.page.locator(f"#act-{name} [name={field_name}]")
            if place.evaluate("one => one.tagName") == "SELECT":
                place.select_option(value)
            else:
                place.fill(value)
        if self.page.locator(f"#act-{name} [name=told_by]").count():
            self.page.locator(f"#act-{name} [name=told_by]").select_option("phone")
        with self.page.expect_navigation():
            self.page.click(f"#act-{name} button[type=submit]")
        good = self.page.locator(".toast.success").count()
        (self.diary.moves if good else self.diary.refused).append(
            (number, name) if good else f"{number}: {name}"
        )  # type: ignore[arg-type]

    def told(self, number: str, name: str) -> None:
        """Done when the page says so."""
        if self.page.locator(".toast.success").count():
            self.diary.moves.append((number, name))
        else:
            self.diary.refused.append(f"{number}: {name}")

    def wait(self) -> None:
        self.act("wait", wait_for="carrier", reason="等承运商答复")

    def resolve(self) -> None:
        self.act("resolve", result="explained", text=self.words("已为您处理完毕，感谢您的耐心。"))

    def resume(self) -> None:
        number = self.open_one()
        button = self.page.locator("#acts form[action$='/do/resume/'] button")
        if not button.count():
            return
        with self.page.expect_navigation():
            button.first.click()
        good = self.page.locator(".toast.success").count()
        (self.diary.moves if good else self.diary.refused).append(
            (number, "resume") if good else f"{number}: resume"
        )  # type: ignore[arg-type]

    def look_around(self) -> None:
        for view in ("mine", "team", "due", "breached"):
            self.page.goto(f"{self.home}/desk/tickets/?view={view}")
            self.page.keyboard.press("j")
            self.page.wait_for_timeout(200)

    def search(self) -> None:
        self.page.goto(
            f"{self.home}/desk/search/?q={self.chance.choice(('退款', '快递', '小区', '发票', '维修'))}"
        )


# Afterwards ------------------------------------------------------------------------------------------------

MOVES = {"wait": "ticket.waiting", "resume": "ticket.resumed", "resolve": "ticket.resolved"}


def _tell(diaries: list[Diary], numbers: list[str], since: Any) -> int:
    from collections import Counter

    from aftersales.core.models import Event
    from aftersales.tickets.models import Message, Ticket

    keys = dict(Ticket.objects.filter(number__in=numbers).values_list("pk", "number"))
    stored = Counter(
        Message.objects.filter(at__gte=since, author_kind="staff").values_list("text", flat=True)
    )
    sent = [text for diary in diaries for text in diary.sent]
    problems = [f"lost: {text}" for text in sent if not stored[text]]
    problems += [f"doubled: {text}" for text, number in stored.items() if "[" in text and number > 1]
    names = {kind: name for name, kind in MOVES.items()}
    seen: Counter[tuple[str, str]] = Counter()
    rows = Event.objects.filter(subject_kind="tickets.ticket", at__gte=since, kind__in=names, source="web")
    for pk, kind in rows.values_list("subject_id", "kind"):
        seen[keys.get(pk, ""), names[kind]] += 1
    done = Counter(move for diary in diaries for move in diary.moves if move[0] in set(numbers))
    problems += [
        f"{move}: {number} confirmed, {seen[move]} in the log"
        for move, number in done.items()
        if number > seen[move]
    ]
    for diary in diaries:
        counts = f"{len(diary.sent)} messages, {len(diary.moves)} moves, {len(diary.refused)} said no to"
        print(f"{diary.acts} acts, {counts}, {len(diary.wrong)} went wrong")
        for line in [*diary.wrong[:10], *map(str, diary.refused[:5])]:
            print(f"    {line}")
    for line in problems[:20]:
        print(f"  PROBLEM {line}")
    print(f"{len(problems)} problems.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
