"""What the ledger and the training room say in a performance file: consequences, appeals, hours, certificates."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext, pgettext

from accounts.models import User
from aftersales.core.wording import minute
from aftersales.ledger import clauses, pages, words
from aftersales.ledger.models import Account, Proposal
from aftersales.ledger.rules import amount_words
from aftersales.ledger.sections import Figure, Section
from aftersales.ledger.states import MERCHANT_ACCOUNTS, STAFF_ACCOUNTS, Party, ProposalKind, ProposalState
from aftersales.merchants.models import Merchant
from training import complianceselectors, courseselectors, examselectors
from training.models import Certificate
from training.tierpages import short

YEARS = timedelta(days=730)
SHOWN = 60
UNSAID = (ProposalState.PROPOSED, ProposalState.WITHDRAWN, ProposalState.CANCELLED)


def consequences_of_person(person: User, reader: Any, now: datetime) -> Section | None:
    """Rewards and penalties of two years with what became of them."""
    return _consequences(Party.PERSON, person.pk, now)


def consequences_of_merchant(merchant: Merchant, reader: Any, now: datetime) -> Section | None:
    return _consequences(Party.MERCHANT, merchant.pk, now)


def _consequences(party: str, key: int, now: datetime) -> Section:
    """What the party was told; what was only proposed says nothing about anybody yet."""
    found = Proposal.objects.filter(party=party, party_id=key, proposed_at__gte=now - YEARS)
    rows = list(found.exclude(state__in=UNSAID).order_by("-pk")[:SHOWN])
    rules = clauses.named(row.citation for row in rows)
    final = [row for row in rows if row.state == ProposalState.POSTED]
    rewards = sum(row.kind == ProposalKind.INCENTIVE for row in final)
    appeals = [row for row in rows if row.appealed_at]
    won = sum(row.state == ProposalState.OVERTURNED for row in appeals)
    return Section(
        gettext("Rewards and penalties"),
        [
            pgettext("ledger", "Proposal"), pgettext("ledger", "Fact"), pgettext("ledger", "Rule"),
            pgettext("ledger", "Amount"), pgettext("filter", "State"), pgettext("ledger", "Appeal"),
        ],
        [
            [
                f"{row.number} {row.get_kind_display()}", words.fact(row.fact_code), rules[row.citation],
                pages.amount_of(row), str(ProposalState(row.state).label), _appeal(row),
            ]
            for row in rows
        ],
        gettext("Nothing in the last two years."),
        [
            Figure(gettext("Rewards"), str(rewards)),
            Figure(gettext("Penalties and measures"), str(len(final) - rewards)),
            Figure(gettext("Appeals"), str(len(appeals))), Figure(gettext("of them accepted"), str(won)),
        ],
    )  # fmt: skip


def _appeal(row: Proposal) -> str:
    if not row.appealed_at:
        return "–"
    if row.heard_at is None:
        return gettext("to be heard")
    return gettext("accepted") if row.state == ProposalState.OVERTURNED else gettext("rejected")


def accounts_of_person(person: User, reader: Any, now: datetime) -> Section | None:
    return _accounts(STAFF_ACCOUNTS, person.pk, reader)


def accounts_of_merchant(merchant: Merchant, reader: Any, now: datetime) -> Section | None:
    return _accounts(MERCHANT_ACCOUNTS, merchant.pk, reader)


def _accounts(kinds: frozenset[Any], key: int, reader: Any) -> Section | None:
    """Money is shown to whom the accounts are, and to nobody else."""
    rows = Account.objects.visible_to(reader).filter(kind__in=sorted(kinds), subject_id=key)
    if not rows:
        return None
    return Section(
        pgettext("ledger", "Accounts"),
        [pgettext("ledger", "Account"), pgettext("ledger", "Balance")],
        [[str(row.get_kind_display()), amount_words(row.balance, row.unit)] for row in rows],
    )


def training_of(person: User, reader: Any, now: datetime) -> Section | None:
    """Hours of this year and altogether; the runs behind them."""
    year, _end = complianceselectors.year_of(now)
    spans = ((year, now), (now - 40 * timedelta(days=365), now))
    this, whole = (
        courseselectors.hours_between([person.pk], *span).get(person.pk, Decimal(0)) for span in spans
    )
    seats = courseselectors.seats_of_person(person)[:SHOWN]
    return Section(
        gettext("Training"),
        [
            pgettext("training", "Course"), gettext("When"), gettext("Hours"), pgettext("filter", "State"),
        ],
        [
            [seat.run.course.name, minute(seat.run.starts_at), short(seat.run.hours), str(seat.get_state_display())]
            for seat in seats
        ],
        gettext("No training yet."),
        [Figure(gettext("Hours this year"), short(this)), Figure(gettext("Hours altogether"), short(whole))],
    )  # fmt: skip


def exams_of(person: User, reader: Any, now: datetime) -> Section | None:
    rows = [row for row in examselectors.attempts_of(person) if row.passed is not None]
    return Section(
        gettext("Exams"),
        [pgettext("exam", "Exam"), gettext("When"), gettext("Result")],
        [
            [
                row.exam.name, minute(row.submitted_at or row.started_at),
                pgettext("exam", "passed") if row.passed else pgettext("exam", "not passed"),
            ]
            for row in rows[:SHOWN]
        ],
        gettext("No exam yet."),
    )  # fmt: skip


def certificates_of(person: User, reader: Any, now: datetime) -> Section | None:
    """They are shown with the file: who may read it reads these too."""
    rows = Certificate.objects.filter(person=person).select_related("tier").order_by("-pk")
    return Section(
        gettext("Certificates"),
        [
            pgettext("training", "Certificate"), pgettext("training", "Tier"), gettext("Valid"),
            pgettext("filter", "State"),
        ],
        [
            [
                row.number, str(row.tier),
                f"{minute(row.valid_from)} – {minute(row.valid_to)}", str(row.get_state_display()),
            ]
            for row in rows[:SHOWN]
        ],
        gettext("No certificate."),
    )  # fmt: skip
