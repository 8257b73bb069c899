"""What the rule approves by itself (R4.6): plain returns that the return rules grant without a doubt, many at once.

One case is a batch of one. The rule never refuses: whatever it does not approve is left to a person, with the reason.
Who the customer is decides only whether he is paid before his goods are back.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.services import system_user
from aftersales.cases.good_standing import Bounds, Check, Standing, checks
from aftersales.cases.models import Case, CaseJudgment, CaseParcel, ParcelItem
from aftersales.cases.refunding import Quote
from aftersales.cases.request_states import RuleOutcome, SignalState, WhyPerson
from aftersales.cases.services.accounts import reserve
from aftersales.cases.services.limits import CUSTOMER
from aftersales.cases.services.locking import Held, held, refuse_foreign, require
from aftersales.cases.services.many import held_many, one_after_another
from aftersales.cases.services.obliging import SHIP_DAYS, addresses_ask
from aftersales.cases.services.opening import note
from aftersales.cases.services.proposing import payment_propose
from aftersales.cases.services.quoting import quote_of
from aftersales.cases.services.returning import addresses_keep
from aftersales.cases.services.standing import bounds_in_force, categories, standings
from aftersales.cases.states import CaseKind, CaseState, DecidedBy, NoteKind, ReviewCause, Side
from aftersales.core import events, moves
from aftersales.core.errors import Busy, DomainError
from aftersales.core.events import Draft
from aftersales.core.plainwrite import write_columns
from aftersales.merchants.selectors import takes_returns
from aftersales.standards.returns.states import Verdict
from aftersales.standards.selectors import (
    Book,
    book,
    duration,
    market_default,
    parameter,
    parameter_version,
)

logger = logging.getLogger(__name__)
BATCH = 500
GROUNDS = "automatic_grounds"


@dataclass
class Done:
    """What one run did: cases approved, of them paid at once, and left to a person."""

    approved: list[int] = field(default_factory=list)
    instant: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)

    def add(self, other: "Done") -> None:
        self.approved += other.approved
        self.instant += other.instant
        self.left += other.left


@dataclass
class Judged:
    """One case under lock, and what the rule makes of it."""

    mine: Held
    why: str = ""
    quote: Quote | None = None
    instant: bool = False
    checks: list[Check] = field(default_factory=list)


def approve_due(*, now: datetime, limit: int = 10_000) -> Done:
    """Judge every case that waits for the rule, in batches; a case that somebody holds waits for the next run."""
    done, last = Done(), 0
    edition = book()
    while len(done.approved) + len(done.left) < limit:
        ids = list(_waiting(now, edition).filter(pk__gt=last).values_list("pk", flat=True)[:BATCH])
        if not ids:
            break
        last = ids[-1]
        done.add(_batch(ids, now, edition))
    _pay(done.instant, now)
    return done


def approve_one(*, case_id: int, now: datetime) -> Done:
    """The same for one case, as soon as it was asked for."""
    edition = book()
    if not _waiting(now, edition).filter(pk=case_id).exists():
        return Done()
    done = _batch([case_id], now, edition)
    _pay(done.instant, now)
    return done


def waits_for_rule(case_id: int, now: datetime) -> bool:
    """Nobody decided it, and no rule has judged it yet."""
    return _waiting(now, book()).filter(pk=case_id).exists()


def pay_due(*, now: datetime) -> int:
    """Refunds of approvals by rule that stand in no payment: at once, or when the goods were seen. Answers how many.

    What was proposed once is never proposed again by a machine, nor is a case that a person should look at.
    """
    ready = Case.objects.filter(
        state=CaseState.APPROVED, decided_how=DecidedBy.RULE, agreed__gt=F("paying"), payments=None, review=""
    ).exclude(flags__state=SignalState.OPEN)
    at_once = ready.filter(judgment__instant=True)
    seen = ready.filter(instant=False, settled_at__isnull=False)
    return _pay(
        [*at_once.values_list("pk", flat=True)[:BATCH], *seen.values_list("pk", flat=True)[:BATCH]], now
    )


def case_ask_person(
    *, case: Case, actor: Any, now: datetime, words: str = "", version: int | None = None
) -> CaseJudgment:
    """The customer wants a person: the rule does not touch his case any more. Asked twice, it is one wish.

    Error: nothing_to_judge (no rule decides this case, or it is over).
    """
    require(actor, "cases.answer")
    with transaction.atomic():
        mine = held(case, version=version)
        refuse_foreign(mine.ticket, actor)
        judged = CaseJudgment.objects.filter(case=mine.case).first()
        if (judged is None or judged.person_asked_at is None) and not may_ask_person(mine.case, judged):
            raise DomainError(_("No rule decides this case: a person does."), "nothing_to_judge")
        row, _created = CaseJudgment.objects.get_or_create(
            case=mine.case, defaults={"outcome": RuleOutcome.PERSON, "why": WhyPerson.ASKED, "at": now}
        )
        if row.person_asked_at is None:
            row.person_asked_at = now
            row.save(update_fields=["person_asked_at"])
            note(mine.case, NoteKind.ASK, Side.CUSTOMER, words, actor, now)
            payload = {"case_id": mine.case.pk}
            if mine.case.state != CaseState.APPROVED or mine.case.review:
                events.record("case.person_asked", subject=mine.case, actor=actor, now=now, payload=payload)
            else:  # the rule has approved it: nothing more is paid by a machine until somebody looked
                mine.case = moves.change(
                    mine.case, actor=actor, now=now, event="case.person_asked", payload=payload,
                    review=ReviewCause.PERSON,
                )  # fmt: skip
    return row


def may_ask_person(case: Case, judged: CaseJudgment | None) -> bool:
    """Whether the rule has a say in it, it is not over, and nobody asked yet."""
    concerns = judged is not None or (case.kind == CaseKind.RETURN and case.is_undecided)
    return concerns and case.is_open and (judged is None or judged.person_asked_at is None)


def _waiting(now: datetime, edition: Book) -> QuerySet[Case]:
    """Cases of the kind the rule approves at all, that nobody decided and no rule has judged."""
    grounds = parameter(GROUNDS, now, among=edition)
    rows = Case.objects.filter(
        state=CaseState.REQUESTED, kind=CaseKind.RETURN, ground__in=grounds, judgment=None,
        order__isnull=False, ticket__historic=False,
    )  # fmt: skip
    found: QuerySet[Case] = rows.order_by("pk")
    return found


def _batch(ids: Sequence[int], now: datetime, edition: Book) -> Done:
    """One transaction. When one case of it makes trouble, each gets a transaction of its own."""
    try:
        with moves.translated_locks(), transaction.atomic():
            return _judge_and_write(ids, now, edition)
    except Busy:
        return Done()
    except (DomainError, IntegrityError) as error:
        if len(ids) == 1:
            logger.warning("case %s was not judged by the rule: %s", ids[0], error)
            return _leave_alone(ids[0], now)
    done = Done()
    for pk in ids:
        done.add(_batch([pk], now, edition))
    return done


def _leave_alone(pk: int, now: datetime) -> Done:
    """A case that cannot be approved as it stands goes to a person."""
    try:
        with moves.translated_locks(), transaction.atomic():
            judged = [Judged(mine, WhyPerson.REFUSED) for mine in held_many([pk])]
            return _write([], judged, now, "")
    except Busy:
        return Done()


def _judge_and_write(ids: Sequence[int], now: datetime, edition: Book) -> Done:
    judged = [Judged(mine) for mine in held_many(ids)]
    parcels = _on_their_way([one.mine.case.pk for one in judged])
    for one in judged:
        one.why = _why_person(one.mine, parcels)
        if not one.why:
            one.quote, one.why = _quoted(one.mine)
    approved = [one for one in judged if not one.why]
    _judge_instant(approved, now, edition)
    cited = parameter_version(GROUNDS, now, among=edition).citation
    return _write(approved, [one for one in judged if one.why], now, cited)


def _why_person(mine: Held, parcels: set[int]) -> str:
    """What keeps the rule from approving; nothing about the customer."""
    case = mine.case
    if not mine.lines:
        return WhyPerson.ORDER
    if (case.kind, case.ground) != (case.first_kind, case.first_ground):
        return WhyPerson.CHANGED
    if case.verdict.get("verdict") != Verdict.YES:
        return WhyPerson.ANSWER
    if case.asked:
        return WhyPerson.AMOUNT
    return WhyPerson.PARCEL if case.pk in parcels else ""


def _on_their_way(ids: Sequence[int]) -> set[int]:
    """Cases with a parcel before anybody approved them: a person matches it."""
    announced = CaseParcel.objects.filter(case__in=ids).values_list("case", flat=True)
    inside = ParcelItem.objects.filter(case_line__case__in=ids).values_list("case_line__case", flat=True)
    return {*announced, *inside}


def _quoted(mine: Held) -> tuple[Quote | None, str]:
    """What the case gives, reserved on the accounts in memory, so that the next case of the order finds the rest."""
    found = quote_of(mine)
    if found.total <= 0:
        return None, WhyPerson.NOTHING
    assert mine.books is not None
    reserve(mine.books, mine.case, mine.lines, found)
    for line in mine.lines:
        line.approved, line.promised = line.announced, line.agreed
    return found, ""


# The instant refund


def _judge_instant(approved: Sequence[Judged], now: datetime, edition: Book) -> None:
    """Who is paid before his goods are back. Customers are taken one after another, so that the risk adds up."""
    customers = {one.mine.case.customer_id for one in approved if one.mine.case.customer_id}
    if not customers:
        return
    one_after_another(CUSTOMER, customers)
    bounds, known = bounds_in_force(now, edition), standings(customers, now, edition)
    paths = categories(line.line_id for one in approved for line in one.mine.lines)
    home = market_default().currency
    for one in approved:
        pk = one.mine.case.customer_id
        if pk:
            _judge_one(one, known, pk, paths, bounds, home)


def _judge_one(
    one: Judged,
    known: dict[int, Standing],
    customer: int,
    paths: Mapping[int, tuple[str, ...]],
    bounds: Bounds,
    home: str,
) -> None:
    assert one.quote is not None
    total = one.quote.total
    one.checks = checks(
        known[customer], total, [paths[line.line_id] for line in one.mine.lines], bounds,
        home=one.mine.case.currency == home,
    )  # fmt: skip
    one.instant = all(check.holds for check in one.checks)
    if one.instant:
        known[customer] = replace(known[customer], risk=known[customer].risk + total)


# Writing


def _write(approved: Sequence[Judged], left: Sequence[Judged], now: datetime, cited: str) -> Done:
    """Everything of a batch, one statement for each kind of row."""
    actor = system_user(now)
    if approved:
        _approve(approved, actor, now)
    CaseJudgment.objects.bulk_create(
        [
            CaseJudgment(
                case=one.mine.case, outcome=RuleOutcome.PERSON if one.why else RuleOutcome.APPROVED, why=one.why,
                instant=one.instant, checks=[check.as_json() for check in one.checks], rule=cited, at=now,
            )
            for one in [*approved, *left]
        ]
    )  # fmt: skip
    events.record_many(
        [
            Draft(
                kind="case.left_to_person", row=one.mine.case, actor=actor, at=now,
                payload={"case_id": one.mine.case.pk, "why": str(one.why)},
            )
            for one in left
        ], now=now,
    )  # fmt: skip
    return Done(_keys(approved), _keys([one for one in approved if one.instant]), _keys(left))


def _keys(judged: Iterable[Judged]) -> list[int]:
    return [one.mine.case.pk for one in judged]


def _approve(approved: Sequence[Judged], actor: Any, now: datetime) -> None:
    grants = {one.mine.case.pk: one.quote for one in approved}
    for instant in (False, True):
        keys = _keys([one for one in approved if one.instant is instant])
        if not keys:
            continue
        outcome = moves.perform_many(
            Case.objects.filter(pk__in=keys), "approve", actor=actor, now=now,
            data={"grant": grants, "how": DecidedBy.RULE, "terms": {"instant": instant}},
        )  # fmt: skip
        if len(outcome.done) != len(keys):
            raise DomainError(str(outcome.refused[0][1][0]) if outcome.refused else "", "refused")
    books = {one.mine.case.order_id: one.mine.books for one in approved if one.mine.books}
    lines = [line for one in approved for line in one.mine.lines]
    write_columns(
        [one.account for one in books.values()], ["paid", "before", "granted", "freight", "freight_granted"]
    )
    accounts = [account for one in books.values() for account in one.line_accounts.values()]
    write_columns(accounts, ["bought", "paid", "before", "granted"])
    write_columns(lines, ["agreed", "approved", "promised"])
    _await_goods(approved, actor, now)
    told = [
        Draft(
            kind="ticket.case_decided", row=one.mine.ticket, actor=actor, at=now,
            payload={"case_id": one.mine.case.pk, "number": one.mine.case.number},
        )
        for one in approved
    ]  # fmt: skip
    moves.tell_many(told, actor=actor, now=now)


def _await_goods(approved: Sequence[Judged], actor: Any, now: datetime) -> None:
    """One awaited parcel for each case whose goods come back."""
    back = [one.mine for one in approved if one.mine.case.goods_back]
    ship_by, sellers = now + duration(SHIP_DAYS, now), {mine.case.merchant_id for mine in back}
    known = takes_returns(sellers) | {None}
    parcels = [
        CaseParcel(
            case=mine.case, merchant_id=mine.case.merchant_id, announced_at=now, freight_by=mine.case.return_freight,
            ship_by=ship_by if mine.case.merchant_id in known else None,
        )
        for mine in back
    ]  # fmt: skip
    moves.create_many(
        parcels, actor=actor, now=now, event="case_parcel.announced", payloads=[one.told() for one in parcels]
    )
    ParcelItem.objects.bulk_create(
        [
            ParcelItem(parcel=parcel, case_line=line, announced=line.announced)
            for parcel, mine in zip(parcels, back, strict=True)
            for line in mine.lines
        ]
    )
    addresses_keep([mine.case for mine in back], now=now)
    nowhere = [mine.case for mine in back if mine.case.merchant_id not in known]
    if nowhere:
        held_now = (
            Case.objects.filter(pk__in=[case.pk for case in nowhere]).select_related("ticket").order_by("pk")
        )
        addresses_ask(held_now, actor=actor, now=now)


def _pay(ids: Sequence[int], now: datetime) -> int:
    """Propose what was agreed, case by case; what cannot go out by itself is a person's, and the story says so."""
    paid = 0
    for case in Case.objects.filter(pk__in=ids).order_by("pk"):
        try:
            payment_propose(case=case, actor=system_user(now), now=now)
            paid += 1
        except Busy:
            continue  # the next run finds it
        except DomainError as error:
            logger.warning("case %s was not paid by the rule: %s", case.pk, error.code)
            if error.code != "nothing_left":
                events.record(
                    "case.instant_refused", subject=case, actor=system_user(now), now=now,
                    payload={"case_id": case.pk, "why": error.code},
                )  # fmt: skip
    return paid
