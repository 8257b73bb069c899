"""A loss that an employee caused: at most a fifth of the month's pay, never below the local minimum wage (R6.5)."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from aftersales.core.errors import DomainError
from aftersales.core.files import StoredFile
from aftersales.ledger.incentiverules import of_a_loss
from aftersales.ledger.models import Proposal
from aftersales.ledger.services.hearing import keep_files
from aftersales.ledger.services.proposing import propose
from aftersales.ledger.states import DEAD, FilePurpose, ProposalKind
from aftersales.standards import services as rule_book
from aftersales.standards.selectors import parameter, parameter_version

SOURCE = "ledger.loss"
CLAIMS, MOST_CLAIMS = 10**15, 100
SHARE, FLOOR = "loss_compensation_percent", "local_minimum_wage"


def loss_propose(
    *,
    person: User,
    month: date,
    loss: Decimal,
    pay: Decimal,
    files: Sequence[StoredFile],
    actor: Any,
    now: datetime,
) -> Proposal:
    """Propose that a person makes good a loss he caused, out of one month's pay. Needs ``ledger.claim_loss``.

    ``loss`` and ``pay`` in yuan, ``pay`` before the deduction. One for a person and month: a fifth is a fifth of the
    month, whatever it is for; another one when it was withdrawn or overturned. Raises ``no_proof``, ``amount``,
    ``nothing_left``, ``month_taken``, ``own_proposal``.
    """
    rule_book.require(actor, "ledger.claim_loss")
    if not files:
        raise DomainError(_("A loss is proved: add the file that shows it and who caused it."), "no_proof")
    share, floor = parameter(SHARE, now), parameter(FLOOR, now)
    amount = of_a_loss(loss, pay, Decimal(str(share)), Decimal(str(floor)))
    source = (SOURCE, _key(person, month))
    terms = {"month": f"{month:%Y-%m}", "loss": str(loss), "share": str(share), "floor": str(floor)}
    with transaction.atomic():
        row = propose(
            kind=ProposalKind.LOSS, party=person, amount=amount, fact_code="loss_caused",
            citation=f"{SHARE} v{parameter_version(SHARE, now).number}", source=source, actor=actor, now=now,
            evidence=[f"sha256:{one.sha256[:16]}" for one in files],
            calculation=terms,
        )  # fmt: skip
        if (row.amount, row.calculation) != (amount, terms):
            raise DomainError(
                _(
                    "Something is taken from this person's pay of the month already (%(number)s); take a later month."
                )
                % {"number": row.number},
                "month_taken",
            )
        keep_files(row, files, FilePurpose.PROOF, actor, now)
    return row


def _key(person: User, month: date) -> int:
    """The key of a person's month; what was withdrawn or overturned frees the month for another claim."""
    first = person.pk * 1_000_000 + month.year * 100 + month.month
    of_month = [first + number * CLAIMS for number in range(MOST_CLAIMS)]
    claims = Proposal.objects.filter(kind=ProposalKind.LOSS, source_kind=SOURCE, source_id__in=of_month)
    fell = set(claims.filter(state__in=sorted(DEAD)).values_list("source_id", flat=True))
    return next((key for key in of_month if key not in fell), of_month[-1])
