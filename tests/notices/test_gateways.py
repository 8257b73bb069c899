"""Messages leave by a signed request: outside only, once, briefly; the secret and the address stay unsaid."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from aftersales.core import outgoing, webhooks
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.models import Event
from aftersales.customers.models import Contact, Customer
from aftersales.customers.states import ContactKind
from aftersales.notices import delivery, gateways, services
from aftersales.notices.models import Gateway, Notice, NoticeTemplate
from aftersales.notices.states import NoticeState, SkipReason

TOKEN = "token-that-nobody-may-see"
ASKS_EVERY = 0.02  # seconds until it sees that it shall end; by itself it would look twice a second


class Server(ThreadingHTTPServer):
    """A gateway on this machine: answers as told, remembers what came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.status, self.body, self.drip, self.location = 200, b"{}", 0.0, ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/send?access_token={TOKEN}"


class _Answer(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
        try:
            self.send_response(self.server.status)
            if self.server.location:
                self.send_header("Location", self.server.location)
            self.end_headers()
            if self.server.drip:
                for _n in range(200):
                    self.wfile.write(b"x")
                    self.wfile.flush()
                    time.sleep(self.server.drip)
            self.wfile.write(self.server.body)
        except OSError:
            return

    def log_message(self, *args: Any) -> None:
        return


@contextmanager
def running() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=(ASKS_EVERY,), daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as one:
        yield one


@pytest.fixture
def by_gateway(
    customer: Customer, server: Server, cast: Any, now: datetime, settings: Any
) -> tuple[Gateway, str]:
    """The accepted ticket is told by a gateway for text messages."""
    settings.GATEWAYS_INSIDE = True
    Contact.objects.create(customer=customer, kind=ContactKind.PHONE, value="13812345678")
    NoticeTemplate.objects.filter(code="ticket.opened").update(channels=["hook"])
    return services.gateway_create(
        code="sms",
        name="短信",
        form="plain",
        url=server.url,
        recipients=["customer"],
        actor=cast.operations,
        now=now,
    )


@pytest.mark.django_db
def test_a_message_leaves_signed_with_its_own_id(
    by_gateway: Any, server: Server, send: Any, run: Any, now: Any
) -> None:
    _gateway, secret = by_gateway
    notice = send()[0]
    run()
    headers, body = server.heard[0]
    notice.refresh_from_db()
    assert notice.state == NoticeState.SENT
    assert webhooks.proven(headers, body, [secret], now=now, skew=timedelta(minutes=5)) == notice.public_id
    told = json.loads(body)
    assert (told["to"], told["kind"], told["id"]) == ("13812345678", "ticket.opened", notice.public_id)
    assert "TK1" in told["text"]


@pytest.mark.django_db
def test_a_gateway_that_fails_is_tried_again_with_the_same_id_and_then_parked(
    by_gateway: Any, server: Server, send: Any, run: Any, now: Any, caplog: Any
) -> None:
    server.status = 500
    notice = send()[0]
    for attempt in range(8):
        run(now + timedelta(hours=attempt))
    notice.refresh_from_db()
    assert (notice.state, notice.attempts) == (NoticeState.PARKED, delivery.MAX_ATTEMPTS)
    assert {headers["webhook-id"] for headers, _body in server.heard} == {notice.public_id}
    assert "status_500" in notice.error
    everything = notice.error + caplog.text + str(list(Event.objects.values()))
    assert TOKEN not in everything
    assert by_gateway[1] not in everything


@pytest.mark.django_db
@pytest.mark.parametrize("why", ["no phone", "no gateway", "switched off"])
def test_without_a_way_nothing_leaves(by_gateway: Any, server: Server, send: Any, run: Any, why: str) -> None:
    if why == "no phone":
        Contact.objects.filter(kind=ContactKind.PHONE).update(
            erased_at="2026-01-01T00:00Z", value="", label=""
        )
    else:
        Gateway.objects.update(**({"recipients": ["user"]} if why == "no gateway" else {"is_active": False}))
    notice = send()[0]
    run()
    notice.refresh_from_db()
    assert (notice.state, notice.skip_reason) == (NoticeState.SKIPPED, SkipReason.NO_ADDRESS)
    assert server.heard == []


@pytest.mark.django_db
def test_both_secrets_sign_while_both_count(
    by_gateway: Any, server: Server, cast: Any, now: datetime
) -> None:
    gateway, old = by_gateway
    new = services.gateway_rotate(gateway=gateway, actor=cast.operations, now=now)
    gateway.refresh_from_db()
    assert services.gateway_test(gateway=gateway, actor=cast.operations, now=now) == ""
    headers, body = server.heard[-1]
    for secret in (old, new):
        assert webhooks.proven(headers, body, [secret], now=now, skew=timedelta(minutes=5))
    later = now + timedelta(hours=25)
    services.gateway_test(gateway=gateway, actor=cast.operations, now=later)
    headers, body = server.heard[-1]
    with pytest.raises(webhooks.Unproven):
        webhooks.proven(headers, body, [old], now=later, skew=timedelta(minutes=5))


@pytest.mark.django_db
@pytest.mark.parametrize(("form", "answer", "code"), [
    ("dingtalk", b'{"errcode":0}', ""), ("dingtalk", b'{"errcode":310000}', "refused"), ("wecom", b"oops", "refused"),
    ("feishu", b'{"code":0}', ""), ("feishu", b'{"code":19021}', "refused"), ("plain", b"ok", ""),
])  # fmt: skip
def test_robots_are_spoken_to_in_their_form(
    by_gateway: Any, server: Server, cast: Any, now: Any, form: str, answer: bytes, code: str
) -> None:
    gateway, _secret = by_gateway
    Gateway.objects.update(form=form)
    gateway.refresh_from_db()
    server.body = answer
    assert services.gateway_test(gateway=gateway, actor=cast.operations, now=now) == code
    told = json.loads(server.heard[0][1])
    assert told.get("msgtype", told.get("msg_type", "text")) == "text"


@pytest.mark.django_db
def test_an_address_is_shown_by_its_host_only(by_gateway: Any, cast: Any, settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    browser = cast.client(cast.operations)
    for page in ("/desk/gateways/", "/desk/gateways/sms/"):
        text = browser.get(page).content.decode()
        assert "127.0.0.1" in text
        assert TOKEN not in text
        assert "whsec_" not in text
    assert "whsec_" in browser.post("/desk/gateways/sms/act/", {"act": "rotate"}).content.decode()
    assert TOKEN not in str(list(Gateway.history.values()))
    assert browser.post("/desk/gateways/sms/act/", {"act": "test"}).status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize(
    "url", ["http://gateway.example.com/", "https://user:pass@gateway.example.com/", "file:///etc/passwd",
            "https://gateway.example.com/\r\nX: y", "https://", "//x", "gopher://x/", "https://a b/"],
)  # fmt: skip
def test_addresses_that_may_not_be_called_are_refused_at_save(url: str, cast: Any, now: Any) -> None:
    with pytest.raises(DomainError) as refused:
        services.gateway_create(
            code="x1", name="x", form="plain", url=url, recipients=["user"], actor=cast.operations, now=now
        )
    assert refused.value.code == "url"


@pytest.mark.django_db
def test_only_keepers_add_gateways(cast: Any, now: Any) -> None:
    with pytest.raises(NotPermitted):
        services.gateway_create(
            code="x1", name="x", form="plain", url="https://g.example.com/", recipients=["user"], actor=cast.lead,
            now=now,
        )  # fmt: skip


# The way out (X07)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0177.0.0.1", "0x7f.1",
     "10.0.0.8", "192.168.1.1", "172.16.0.1", "100.64.0.1", "0.0.0.0", "[fe80::1]", "[fc00::1]", "[64:ff9b::7f00:1]",
     "[2002:7f00:1::]", "224.0.0.1"],
)  # fmt: skip
def test_no_address_inside_is_called(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("a connection inside")

    monkeypatch.setattr(socket, "create_connection", never)
    with pytest.raises(outgoing.NotSent) as refused:
        outgoing.post(f"https://{host}/", headers={}, body=b"{}")
    assert refused.value.code in {"inside", "unreachable"}


@pytest.mark.parametrize("found", [["127.0.0.1"], ["93.184.216.34", "169.254.169.254"], ["::ffff:10.0.0.1"]])
def test_a_name_that_leads_inside_is_not_called(found: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [(0, 0, 0, "", (one, 443)) for one in found]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    with pytest.raises(outgoing.NotSent, match="inside"):
        outgoing.post("https://169.254.169.254.nip.io/", headers={}, body=b"{}")


def test_the_resolved_address_is_the_one_that_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", ("93.184.216.34", 443))])

    def connect(place: Any, timeout: float) -> None:
        asked.append(place)
        raise OSError("no net here")

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(outgoing.NotSent, match="unreachable"):
        outgoing.post("https://gateway.example.com/", headers={}, body=b"{}")
    assert asked == [("93.184.216.34", 443)]


def test_a_redirect_is_not_followed(server: Server) -> None:
    server.status, server.location = 302, "http://169.254.169.254/latest"
    with pytest.raises(outgoing.NotSent, match="redirect"):
        outgoing.post(server.url, headers={}, body=b"{}", private=True)
    assert len(server.heard) == 1


def test_an_endless_answer_is_cut(server: Server) -> None:
    server.body = b"x" * (20 * 1024 * 1024)
    with pytest.raises(outgoing.NotSent, match="too_large"):
        outgoing.post(server.url, headers={}, body=b"{}", private=True)


def test_a_dripping_answer_is_cut_in_time(server: Server) -> None:
    server.drip = 0.05
    began = time.monotonic()
    with suppress(outgoing.NotSent):
        outgoing.post(server.url, headers={}, body=b"{}", private=True, seconds=0.5)
    assert time.monotonic() - began < 3


@pytest.mark.django_db
def test_a_gateway_inside_is_not_called_unless_the_set_up_says_so(
    by_gateway: Any, server: Server, cast: Any, now: Any, settings: Any
) -> None:
    settings.GATEWAYS_INSIDE = False
    Gateway.objects.update(url=server.url.replace("http://", "https://"))
    gateway = Gateway.objects.get()
    assert services.gateway_test(gateway=gateway, actor=cast.operations, now=now) == "inside"
    assert server.heard == []
    assert gateways.serving("customer") == gateway


@pytest.mark.django_db
def test_what_was_written_stays_one_message_for_each_channel(by_gateway: Any, send: Any, run: Any) -> None:
    NoticeTemplate.objects.filter(code="ticket.opened").update(channels=["email", "hook"])
    assert sorted(one.channel for one in send()) == ["email", "hook"]
    run()
    assert set(Notice.objects.values_list("state", flat=True)) == {NoticeState.SENT}
