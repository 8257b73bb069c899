"""The daily list of an office as a sheet: each row is one letter with its ticket. Read twice, nothing changes."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.cases.authority.states import LetterKind, LetterSource
from aftersales.cases.models import AuthorityCase
from aftersales.cases.services.authority.taking import letters_take
from aftersales.core.sheets.resource import Column, RowRule, SheetResource, register
from aftersales.core.sheets.widgets import (
    ChoiceWidget,
    KeyWidget,
    LookupWidget,
    MomentWidget,
    TextWidget,
    quote,
)
from aftersales.standards.selectors import duration

RULES = (
    RowRule(
        "future", ("received_at",), "{received_at} > {now}", _("This has not happened yet."), _("Correct the time."),
    ),
    RowRule(
        "due_before", ("received_at", "due_at"), "{due_at} <= coalesce({received_at}, {now})",
        _("The deadline lies before the day the letter came."), _("Compare both moments with the letter."),
    ),
    RowRule(
        "too_far", ("received_at", "due_at"),
        "{target} IS NULL AND ({received_at} < {earliest} OR {due_at} > {latest})",
        _("This lies too far from today for a letter."), _("Check the year."),
    ),
    RowRule(
        "names_reporter", ("subject", "reporter_name"),
        "length({reporter_name}) >= 2 AND position(lower({reporter_name}) IN lower({subject})) > 0",
        _("The subject names the reporter; the merchant could read it."), _("Take the name out of the subject."),
    ),
)  # fmt: skip
ORDER = "(SELECT o.{column} FROM orders_order o JOIN tickets_ticket tt ON tt.order_id = o.id WHERE tt.id = t.ticket_id)"


class AuthoritySheet(SheetResource):
    """Letters keyed by office and number."""

    sheet, title, position = "authority_cases", _("Letters of authorities"), 112
    key = ("source", "letter_no")
    view_capability = "cases.view_authoritycase"
    intake = staticmethod(letters_take)
    chunk_rows = 50
    lost = "not_taken_in"
    rules = RULES
    known_by = (
        "k.source = {source} AND k.letter_key = "
        "lower(regexp_replace(normalize({letter_no}, NFKC), '\\s+', '', 'g'))"
    )

    source = Column(
        "source",
        ChoiceWidget(LetterSource.choices),
        pgettext_lazy("authority", "From"),
        required=True,
        example="12315",
    )
    letter_no = Column(
        "letter_no", KeyWidget(80), _("Number of the letter"), required=True, example="杭市监诉〔2026〕1128号"
    )
    received_at = Column("received_at", MomentWidget(), _("Received at"), example="2026-11-26 09:00")
    due_at = Column(
        "due_at", MomentWidget(), _("Deadline of the letter"), required=True, example="2026-12-04 17:00"
    )
    subject = Column(
        "subject", TextWidget(160), _("Subject"), required=True, example="商家拒绝七天无理由退货"
    )
    demand = Column("demand", TextWidget(2000), _("What is demanded"), example="退款并书面答复。")
    kind = Column("kind", ChoiceWidget(LetterKind.choices), _("Kind"), example="complaint")
    office = Column("office", TextWidget(120), _("Office and person in charge"), example="西湖区市场监管局")
    reporter_name = Column("reporter_name", TextWidget(80), _("Reporter"), example="张三", personal="name")
    reporter_contact = Column(
        "reporter_contact", TextWidget(120), _("Reporter's contact"), example="13800001111", personal="phone"
    )
    order_source = Column(
        None, KeyWidget(40), _("Order source"), example="tmall", export=ORDER.format(column="source")
    )
    order_no = Column(
        None, LookupWidget("orders.Order", "external_no", also={"source": "order_source"}), _("Order number"),
        example="3026111788410001", export=ORDER.format(column="external_no"),
    )  # fmt: skip
    merchant = Column(
        None, LookupWidget("merchants.Merchant"), _("Merchant code"), example="M1001",
        export="(SELECT m.code FROM merchants_merchant m WHERE m.id = t.merchant_id)",
    )  # fmt: skip

    class Meta:
        model = AuthorityCase

    @classmethod
    def measures(cls, now: datetime) -> Mapping[str, str]:
        """How far from today the times of a letter may lie."""
        longest = duration("authority_longest_days", now)
        return {"earliest": quote(now - longest), "latest": quote(now + longest)}


register(AuthoritySheet)
