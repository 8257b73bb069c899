"""Agents as threads of a process that steps back: list, open, reply, move, then a pause until the next round."""

import multiprocessing
import os
import random
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlencode, urlsplit

from tests.load.world import Agent

CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
REPLY = re.compile(r'<form class="rp".*?</form>', re.S)
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
VERSION = re.compile(r'name="version" value="(\d+)"')
TWICE = 5
ACTS = {"wait": re.compile(r"/do/wait/"), "resume": re.compile(r"/do/resume/")}


@dataclass
class Seen:
    """What one agent saw: seconds by kind of request, words that were taken, moves that were taken."""

    times: dict[str, list[float]] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    moves: list[tuple[str, str]] = field(default_factory=list)
    maybe: list[tuple[str, str]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def work(address: str, agents: Sequence[Agent], *, seconds: float, pace: float) -> list[Seen]:
    """All agents at once, in a niced process; answers what each saw."""
    box: multiprocessing.Queue[list[Seen]] = multiprocessing.Queue()
    child = multiprocessing.Process(target=_crowd, args=(address, list(agents), seconds, pace, box))
    child.start()
    found = box.get(timeout=seconds + 120)
    child.join()
    return found


def _crowd(
    address: str, agents: list[Agent], seconds: float, pace: float, box: "multiprocessing.Queue[list[Seen]]"
) -> None:
    os.nice(10)
    until = time.monotonic() + seconds
    seen = [Seen() for _agent in agents]
    threads = [
        threading.Thread(target=_agent, args=(address, agent, until, pace, mine))
        for agent, mine in zip(agents, seen, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    box.put(seen)


def _agent(address: str, agent: Agent, until: float, pace: float, seen: Seen) -> None:
    chance = random.Random(agent.key)
    person = _Person(urlsplit(address).netloc, agent, seen)
    time.sleep(chance.uniform(0, pace))
    while time.monotonic() < until:
        began = time.monotonic()
        person.round(chance.choice(agent.tickets))
        time.sleep(max(0.0, pace - (time.monotonic() - began)))


class _Person:
    def __init__(self, host: str, agent: Agent, seen: Seen) -> None:
        self.host, self.seen, self.counter = host, seen, 0
        self.name = f"{agent.key}-{int(time.time() * 1000)}"
        self.cookies = {"sessionid": agent.session}

    def round(self, number: str) -> None:
        """One turn: the list, one ticket, a reply, a move."""
        self.ask("list", "GET", "/desk/tickets/?view=mine")
        page = self.ask("open", "GET", f"/desk/tickets/{number}/")
        token = CSRF.search(page)
        if token is None:
            self.seen.failed.append(f"no form on {number}")
            return
        self.reply(number, page, token[1])
        page = self.ask("open", "GET", f"/desk/tickets/{number}/")
        self.move(number, page, token[1])

    def reply(self, number: str, page: str, token: str) -> None:
        found = REPLY.search(page)
        if found is None:
            self.seen.failed.append(f"no reply box on {number}")
            return
        self.counter += 1
        words = f"您好，退款已在处理，请稍候。[{self.name}-{self.counter}]"
        form = {
            **dict(HIDDEN.findall(found[0])),
            "voice": "customer",
            "text": words,
            "csrfmiddlewaretoken": token,
        }
        status = self.post("reply", f"/desk/tickets/{number}/say/", form)
        if self.counter % TWICE == 0:  # a double click: the same form again
            self.post("reply", f"/desk/tickets/{number}/say/", form)
        (self.seen.said if status == 302 else self.seen.unsure).append(words)

    def move(self, number: str, page: str, token: str) -> None:
        name = next((name for name, found in ACTS.items() if found.search(page)), "")
        version = VERSION.search(page)
        if not name or not version:
            return
        form = {
            "csrfmiddlewaretoken": token,
            "version": version[1],
            "wait_for": "carrier",
            "reason": "等承运商答复",
        }
        form["until"] = time.strftime("%Y-%m-%dT%H:%M", time.localtime(time.time() + 86400))
        status = self.post("move", f"/desk/tickets/{number}/do/{name}/", form)
        (self.seen.moves if status == 302 else self.seen.maybe).append((number, name))

    def post(self, kind: str, path: str, form: dict[str, str]) -> int:
        body = urlencode(form).encode()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Referer": f"http://{self.host}{path}",
        }
        return self._request(kind, "POST", path, body, headers)[0]

    def ask(self, kind: str, method: str, path: str) -> str:
        status, text = self._request(kind, method, path, None, {})
        if status != 200:
            self.seen.failed.append(f"{path}: {status}")
        return text

    def _request(
        self, kind: str, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, str]:
        began = time.monotonic()
        line = HTTPConnection(self.host, timeout=60)
        try:
            cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            line.request(method, path, body, {"Cookie": cookies, **headers})
            answer = line.getresponse()
            text = answer.read().decode("utf-8", "replace")
            for cookie in answer.headers.get_all("Set-Cookie") or []:
                name, _sign, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
            return answer.status, text
        except (OSError, HTTPException) as error:
            self.seen.failed.append(f"{path}: {error!r}")
            return 0, ""
        finally:
            self.seen.times.setdefault(kind, []).append(time.monotonic() - began)
            line.close()
