"""A shop with something on every page of the portal, and what every address of the portal is; see ``test_walk``.

Who adds an address to the portal writes it into ``KINDS``; one that holds a row's id also needs such a row in one of
the ``PARTS``, linked from a page of the shop's own people or given by ``addresses``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.timezone import localtime

from aftersales.ledger import services as ledger
from aftersales.merchants.services import addresses, people
from aftersales.merchants.services.agreements import agreement_answer
from aftersales.scorecards import services as scorecards
from aftersales.scorecards.services import rectification
from tests.merchants.agreed import a_supplement
from tests.merchants.shops import Shop
from tests.merchants.test_training import an_exam, asked
from tests.records import order as an_order
from tests.scorecards.test_measure_pages import imposed
from tests.training.school import a_run
from training.models import CourseFile
from training.services import courses, exams, rule_activate

KINDS = {
    # "list": one address for everybody, with the own rows; "row": it names a row by its id; "act": a form posts to it;
    # "open": also for people who act for nobody (what it names is a secret that only a letter holds).
    **dict.fromkeys(("index", "choose", "people", "consequences", "statement"), "list"),
    **dict.fromkeys(("today", "cases", "addresses", "rules", "score", "score_rows", "requests"), "list"),
    # The general agreement and drafts of it are everybody's; a supplement of one shop is a secret of its own.
    **dict.fromkeys(("agreements", "agreement", "draft", "comment", "duties"), "list"),
    # Their rows are a whole case with everything in it: tests/portal/test_strangers.py walks them.
    **dict.fromkeys(
        ("case", "talk", "dispute", "case_file", "receipt", "act", "rule_read", "request"), "case"
    ),
    **dict.fromkeys(
        ("lesson", "course", "file", "attempt", "consequence", "consequence_file", "consequence_letter"),
        "row",
    ),
    **dict.fromkeys(("join", "check_in", "start", "answer", "submit", "appeal", "consequence_appeal"), "row"),
    "statement_sheet": "row",
    **dict.fromkeys(("plans", "sheets", "take_out"), "list"),
    **dict.fromkeys(("measure", "measure_file", "measure_appeal"), "row"),
    **dict.fromkeys(("address", "address_retire"), "row"),
    "address_add": "act",
    **dict.fromkeys(("plan", "plan_file", "plan_answer", "plan_prove"), "row"),
    **dict.fromkeys(("chosen", "invite", "invitation_change", "remove", "role", "agreement_answer"), "act"),
    "invitation": "open",
}


@dataclass
class Scene:
    """``secrets``: words that only the shop's own people may read; ``posted``: what an intruder sends along."""

    shop: Shop
    secrets: list[str] = field(default_factory=list)
    addresses: dict[str, list[str]] = field(default_factory=dict)
    posted: dict[str, str] = field(default_factory=dict)

    def at(self, name: str, *args: Any) -> str:
        path = reverse(f"portal:{name}", args=args)
        self.addresses.setdefault(name, []).append(path)
        return path


def _people(scene: Scene, cast: Any, now: datetime) -> None:
    shop = scene.shop
    row = people.invitation_make(
        merchant=shop.merchant,
        email="mimi@secret.example",
        name="秘密新人",
        role="clerk",
        actor=shop.owner,
        now=now,
    )
    scene.posted |= {
        "member": str(shop.member(shop.clerk).pk), "invitation": row.public_id, "act": "revoke", "role": "owner",
        "merchant": shop.merchant.public_id,
    }  # fmt: skip
    scene.secrets += [
        *("mimi@secret.example", "秘密新人", shop.merchant.name, shop.merchant.code, row.public_id),
        *(text for person in (shop.owner, shop.clerk) for text in (person.display_name, person.email)),
    ]


def _school(scene: Scene, cast: Any, now: datetime) -> None:
    """A course of this shop's agreement alone, with a file, a run and an exam that its clerk sits."""
    version = courses.course_create(
        code="geheim", name_zh="秘密课程", name_en="Secret course", kind="merchant", hours=Decimal(2),
        material="秘密教材", actor=cast.trainer, now=now,
    )  # fmt: skip
    upload = SimpleUploadedFile("秘密.txt", "秘密文件".encode(), "text/plain")
    courses.course_file_add(draft=version, upload=upload, actor=cast.trainer, now=now)
    course = rule_activate(draft=version, actor=cast.operations, now=now).course
    shop = scene.shop
    shop.merchant.agreement = "2026-secret"
    shop.merchant.save(update_fields=["agreement"])
    exam = an_exam(cast, now)
    asked(cast, now, course, exam=exam, agreement="2026-secret")
    run = a_run(cast, now, course, places=9)
    attempt = exams.attempt_start(exam=exam, actor=shop.clerk, now=now)
    for name, key in {
        "file": CourseFile.objects.get().public_id, "attempt": attempt.public_id, "course": course.code,
        "start": exam.code, "join": run.number, "check_in": run.number, "answer": attempt.public_id,
        "submit": attempt.public_id, "appeal": attempt.public_id, "lesson": shop.clerk_lesson().number,
    }.items():  # fmt: skip
        scene.at(name, key)
    scene.secrets += [
        "秘密课程",
        "秘密教材",
        "秘密文件",
        run.number,
        attempt.public_id,
        "退货时限",
    ]


def _consequences(scene: Scene, cast: Any, now: datetime) -> None:
    """A penalty that the shop was told and appealed against, with a file."""
    row = ledger.propose(
        kind="penalty", party=scene.shop.merchant, amount=Decimal(4321), fact_code="late_answer",
        source=("tests.fact", 1),
        citation="obligation.answer v1", actor=cast.operations, now=now, evidence=["TK2611-000777"],
    )  # fmt: skip
    row = ledger.proposal_notify(proposal=row, actor=cast.operations, now=now)
    scene.secrets += [row.number, "4,321", "TK2611-000777", "秘密申诉", "秘密证据"]
    for name in ("consequence", "consequence_letter", "consequence_appeal"):
        scene.at(name, row.public_id)
    browser = cast.client(scene.shop.owner)
    proof = SimpleUploadedFile("秘密证据.txt", "秘密证据".encode(), "text/plain")
    browser.post(scene.addresses["consequence_appeal"][0], {"reason": "秘密申诉", "files": [proof]})
    scene.at("statement_sheet", scene.shop.merchant.public_id)
    scene.at("consequence_file", row.files.get().public_id)


def _agreements(scene: Scene, cast: Any, now: datetime) -> None:
    """A supplement that only this shop signs, accepted by its owner."""
    version = a_supplement(cast, scene.shop.merchant, now)
    who = {"actor": scene.shop.owner, "now": now}
    agreement_answer(
        merchant=scene.shop.merchant, version=version, answer="accepted", seen=version.sha256, **who
    )
    scene.at("agreement", version.agreement.code, version.number)
    scene.secrets += ["秘密补充", "秘密条款", version.sha256]


def _score(scene: Scene, cast: Any, now: datetime) -> None:
    """An order that its score was counted from."""
    an_order("秘密订单77", now, merchant=scene.shop.merchant)
    scorecards.recount(codes=["orders"])
    scorecards.standings_count(now=now)
    scene.at("score")
    scene.at("score_rows", "orders")
    scene.secrets.append("秘密订单77")


def _plan(scene: Scene, cast: Any, now: datetime) -> None:
    """A rectification plan that the shop answered, with a file."""
    row = rectification.plan_open(
        merchant=scene.shop.merchant, cause="other", asked="秘密整改要求", actor=cast.operations, now=now
    )
    for name in ("plan", "plan_answer", "plan_prove"):
        scene.at(name, row.public_id)
    proof = SimpleUploadedFile("秘密措施.txt", "秘密措施内容".encode(), "text/plain")
    said = {
        "cause": "秘密原因",
        "measures": "秘密措施",
        "due": f"{localtime(now) + timedelta(days=9):%Y-%m-%dT%H:%M}",
    }
    cast.client(scene.shop.clerk).post(scene.addresses["plan_answer"][0], said | {"files": [proof]})
    scene.at("plan_file", row.files.get().public_id)
    scene.secrets += [row.number, "秘密整改要求", "秘密原因", "秘密措施"]


def _measure(scene: Scene, cast: Any, now: datetime) -> None:
    """A measure that was lifted, so that nobody else reads of it, and appealed against with a file."""
    row = imposed(scene.shop.merchant, now)
    scorecards.measure_lift(measure=row, reason="秘密撤销", actor=cast.operations, now=now)
    for name in ("measure", "measure_appeal"):
        scene.at(name, row.public_id)
    proof = SimpleUploadedFile("秘密凭证.txt", "秘密凭证内容".encode(), "text/plain")
    said = {"reason": "秘密异议", "files": [proof]}
    cast.client(scene.shop.owner).post(scene.addresses["measure_appeal"][0], said)
    scene.at("measure_file", row.files.get().public_id)
    scene.secrets += [row.number, "秘密异议", "秘密凭证"]


def _addresses(scene: Scene, cast: Any, now: datetime) -> None:
    """Two places for goods that come back."""
    who = {"merchant": scene.shop.merchant, "contact": "秘密收件人", "actor": scene.shop.owner, "now": now}
    addresses.address_add(name="秘密总仓", place="秘密路 1 号", phone="0571-88880000", **who)
    row = addresses.address_add(name="秘密二仓", place="秘密路 2 号", phone="0571-88880001", **who)
    for name in ("address", "address_retire"):
        scene.at(name, row.public_id)
    scene.secrets += ["秘密收件人", "秘密总仓", "秘密路 2 号", "88880001"]


def _sheets(scene: Scene, cast: Any, now: datetime) -> None:
    """The list of its own cases as a file."""
    scene.at("take_out", "shop_cases", "csv")


PARTS: tuple[Callable[[Scene, Any, datetime], None], ...] = (
    _people, _school, _consequences, _agreements, _score, _plan, _measure, _addresses, _sheets,
)  # fmt: skip


def a_full_shop(shop: Shop, cast: Any, now: datetime) -> Scene:
    scene = Scene(shop)
    for part in PARTS:
        part(scene, cast, now)
    return scene


def words(answer: Any) -> str:
    """Everything that an answer says: its body, also of a file, and where it leads."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    headers = " ".join(f"{key}: {value}" for key, value in answer.headers.items())
    return str(body.decode(errors="replace")) + headers


def leaks(text: str, secrets: list[str], but: str = "") -> Iterator[str]:
    """What of the secrets is said; an address that was asked for may come back."""
    said = text.replace(but, "") if but else text
    return (one for one in secrets if one in said)
