"""Proposals as a sheet to take out; each reader gets the rows that his pages show."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core.sheets.resource import Column, SheetResource, register
from aftersales.core.sheets.widgets import (
    AmountWidget,
    ChoiceWidget,
    KeyWidget,
    MomentWidget,
    TextWidget,
)
from aftersales.ledger.models import Proposal
from aftersales.ledger.states import Measure, Party, ProposalKind, ProposalState

PARTY_NAME = (
    "CASE t.party WHEN 'merchant' THEN (SELECT m.name FROM merchants_merchant m WHERE m.id = t.party_id) ELSE "
    "(SELECT coalesce(nullif(u.display_name, ''), u.username) FROM accounts_user u WHERE u.id = t.party_id) END"
)


class ProposalList(SheetResource):
    """What was proposed, for or against whom, by which rule, and what became of it."""

    sheet, title, position = "proposals", _("Rewards and penalties"), 130
    key = ("number",)
    importable = False
    view_capability = "ledger.view_proposals"

    number = Column("number", KeyWidget(40), _("Number"))
    kind = Column("kind", ChoiceWidget(ProposalKind.choices), _("kind"))
    state = Column("state", ChoiceWidget(ProposalState.choices), _("state"))
    party = Column("party", ChoiceWidget(Party.choices), _("party"))
    name = Column(None, TextWidget(), pgettext_lazy("ledger", "Party"), export=PARTY_NAME)
    amount = Column("amount", AmountWidget(), _("amount"))
    unit = Column("unit", KeyWidget(8), _("unit"))
    measure = Column("measure", ChoiceWidget(Measure.choices), _("measure"))
    fact = Column("fact_code", KeyWidget(60), _("fact"), column_name="fact")
    citation = Column("citation", TextWidget(120), _("rule"))
    proposed_at = Column("proposed_at", MomentWidget(), _("proposed at"))
    notified_at = Column("notified_at", MomentWidget(), _("told at"))
    appealed_at = Column("appealed_at", MomentWidget(), _("appealed at"))
    heard_at = Column("heard_at", MomentWidget(), _("heard at"))
    posted_at = Column("posted_at", MomentWidget(), _("posted at"))

    class Meta:
        model: Any = Proposal


register(ProposalList)
