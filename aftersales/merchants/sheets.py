"""Import and export columns of merchants. A merchant's state moves through its machine only, never by a sheet.

Only where a merchant's life begins does a sheet say something: it is a list of those who trade on a platform
already, so a new one starts active. Who wants to join is registered on the page and starts applying.
"""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core.rulebook import RuleState
from aftersales.core.sheets.resource import Attached, Column, SheetResource, ShippedProfile, register, ship
from aftersales.core.sheets.sqltext import public_ids
from aftersales.core.sheets.widgets import (
    AmountWidget,
    BoolWidget,
    ChoiceWidget,
    EmailWidget,
    KeyWidget,
    LookupWidget,
    MomentWidget,
    TextWidget,
    WholeWidget,
    WordsWidget,
)
from aftersales.standards.models import ConsultationComment
from aftersales.standards.states import Taken

from .contactstates import ContactChannel, ContactSubject, SpokenWith
from .models import DepositCall, DepositMove, Lesson, Merchant, ReturnAddress, Talk, TrainingTerm
from .states import ContactRole, DepositKind, LearnedBy, MerchantState

FIELDS = ("phone", "email")


def reached(role: str, field: str, column: str) -> Attached:
    """How a merchant is reached for something: one contact for each role, and the sheet says its newest."""
    same = (
        "SELECT FROM merchants_merchantcontact k WHERE k.merchant_id = {target} "
        f"AND k.role = '{role}' AND k.{field} = {{{column}}}"
    )
    values = ", ".join("x.value" if name == field else "''" for name in FIELDS)
    return Attached(
        columns=(column,),
        missing=f"{{{column}}} IS NOT NULL AND NOT EXISTS ({same})",
        insert=(
            f"INSERT INTO merchants_merchantcontact (merchant_id, role, name, {', '.join(FIELDS)}) "
            f"SELECT x.target, '{role}', '', {values} FROM (SELECT {{target}} AS target, max({{{column}}}) AS value "
            f"{{rows}} WHERE {{{column}}} IS NOT NULL AND NOT EXISTS ({same}) GROUP BY 1) AS x "
            f"ORDER BY 1 ON CONFLICT (merchant_id, role) DO UPDATE SET {field} = EXCLUDED.{field}"
        ),
    )


PLACES = "merchants_returnaddress k WHERE k.merchant_id = {} AND k.is_default"
SAME_PLACE = f"SELECT FROM {PLACES.format('{target}')} AND k.place = {{returns_address}}"
RETURNED_TO = Attached(
    columns=("returns_address",),
    missing=f"{{returns_address}} IS NOT NULL AND NOT EXISTS ({SAME_PLACE})",
    insert=(
        "INSERT INTO merchants_returnaddress "
        "(public_id, version, merchant_id, name, contact, phone, place, categories, kinds, is_default) "
        f"SELECT {public_ids('x.target')}, 1, x.target,"
        " left(x.value, 60), '', '', x.value, "
        "'{{}}', '{{}}', true FROM (SELECT {target} AS target, max({returns_address}) AS value {rows} "
        f"WHERE {{returns_address}} IS NOT NULL AND NOT EXISTS ({SAME_PLACE}) GROUP BY 1) AS x ORDER BY 1 "
        "ON CONFLICT (merchant_id) WHERE is_default DO UPDATE SET place = EXCLUDED.place, "
        "version = merchants_returnaddress.version + 1"
    ),
)
"""Where a merchant takes goods back by default; his others are his own to keep."""


def known(role: str, field: str) -> str:
    """What an export shows of a contact."""
    return f"(SELECT k.{field} FROM merchants_merchantcontact k WHERE k.merchant_id = t.id AND k.role = '{role}')"


class MerchantSheet(SheetResource):
    """Merchants by their code; a new one trades already, and is named by its code until somebody names it."""

    sheet, title, position = "merchants", _("Merchants"), 10
    key = ("code",)
    born = {"name": "{code}", "state": f"'{MerchantState.ACTIVE}'"}
    view_capability = "merchants.view_merchant"
    attached = (
        reached(ContactRole.AFTERSALES, "email", "aftersales_email"),
        reached(ContactRole.AFTERSALES, "phone", "aftersales_phone"),
        RETURNED_TO,
    )

    code = Column("code", KeyWidget(64), _("Merchant code"), required=True, example="M1001")
    name = Column("name", TextWidget(120), _("Merchant name"), example="禾木家电旗舰店")
    self_run = Column("self_run", BoolWidget(), _("Self-run"), example="no")
    main_category = Column("main_category", TextWidget(64), _("Main category"), example="家用电器")
    province = Column("province", TextWidget(60), _("Province"), example="浙江省")
    city = Column("city", TextWidget(80), _("City"), example="杭州市")
    postcode = Column("postcode", KeyWidget(20), _("Postcode"), example="310000")
    currency = Column("currency", KeyWidget(3), _("Currency"), example="CNY")
    deposit_due = Column("deposit_due", AmountWidget(), _("Deposit due"), example="50000.00")
    agreement = Column("agreement", TextWidget(40), _("Agreement version"), example="2026-1")
    aftersales_email = Column(
        None, EmailWidget(160), _("After-sales e-mail"), example="service@hemu.example",
        export=known(ContactRole.AFTERSALES, "email"),
    )  # fmt: skip
    aftersales_phone = Column(
        None, TextWidget(40), _("After-sales phone"), example="057188880000",
        export=known(ContactRole.AFTERSALES, "phone"),
    )  # fmt: skip
    returns_address = Column(
        None, TextWidget(300), _("Address for returns"), example="西湖区文三路 1 号",
        export=f"(SELECT k.place FROM {PLACES.format('t.id')})",
    )  # fmt: skip

    class Meta:
        model = Merchant


OLIST = ShippedProfile(
    "olist",
    "merchants",
    _("Olist: sellers"),
    {
        "columns": {
            "seller_id": "code",
            "seller_zip_code_prefix": "postcode",
            "seller_city": "city",
            "seller_state": "province",
        },
        "constants": {"currency": "BRL"},
    },
    source="olist_sellers_dataset.csv",
)

MEMBER = (
    "(SELECT coalesce(nullif(u.display_name, ''), u.username) FROM merchants_merchantmember m "
    "JOIN accounts_user u ON u.id = m.user_id WHERE m.id = t.member_id)"
)
MERCHANT = "(SELECT m.{column} FROM merchants_merchant m WHERE m.id = t.merchant_id)"


class LessonList(SheetResource):
    """Which course each of a merchant's people is asked for, by when, and whether it is finished."""

    sheet, title, position = "merchant_lessons", _("Training of merchants' people"), 15
    key = ("number",)
    importable = False
    view_capability = "merchants.view_training"

    number = Column("number", KeyWidget(40), _("Number"))
    merchant = Column(None, KeyWidget(64), _("Merchant code"), export=MERCHANT.format(column="code"))
    merchant_name = Column(None, TextWidget(120), _("Merchant name"), export=MERCHANT.format(column="name"))
    agreement = Column(
        None, KeyWidget(40), _("agreement version"), export=MERCHANT.format(column="agreement")
    )
    person = Column(None, TextWidget(), _("person"), export=MEMBER)
    course = Column(
        None,
        KeyWidget(60),
        _("course"),
        export="(SELECT c.code FROM training_course c WHERE c.id = t.course_id)",
    )
    term = Column("term", TextWidget(160), _("rule version"))
    assigned_at = Column("assigned_at", MomentWidget(), _("asked for since"))
    due_at = Column("due_at", MomentWidget(), _("to be finished by"))
    done_at = Column("done_at", MomentWidget(), _("finished at"))
    done_by = Column("done_by", ChoiceWidget(LearnedBy.choices), _("finished by"))
    counts_until = Column("counts_until", MomentWidget(), _("counts until"))
    ended_at = Column("ended_at", MomentWidget(), _("no longer asked for since"))

    class Meta:
        model = Lesson


class TermList(SheetResource):
    """Every version of what agreements ask merchants' people to be taught. Drafted on its page, so nothing comes in."""

    sheet, title, position = "training_terms", _("What agreements ask for"), 14
    key = ("code", "number")
    importable = False
    view_capability = "merchants.view_training"

    code = Column("code", KeyWidget(120), _("code"))
    number = Column("number", WholeWidget(), _("version"))
    agreement = Column(
        None, KeyWidget(40), _("agreement version"), export="t.agreement", hint=_("Empty: every agreement.")
    )
    course = Column("course", LookupWidget("training.Course", "code"), _("course"))
    exam = Column(
        "exam", LookupWidget("training.Exam", "code"), pgettext_lazy("merchant training", "Finished by the exam"),
        hint=_("Empty: finished by attending a run."),
    )  # fmt: skip
    days = Column("days", WholeWidget(), _("days to finish"))
    state = Column("state", ChoiceWidget(RuleState.choices), _("state"))
    valid_from = Column("valid_from", MomentWidget(), _("in force from"))
    valid_to = Column("valid_to", MomentWidget(), _("in force until"))
    change_reason = Column("change_reason", TextWidget(2000), _("reason for the change"))

    class Meta:
        model = TrainingTerm


class CallList(SheetResource):
    """Who was asked to top up his deposit, what was missing, until when, and when it was there."""

    sheet, title, position = "deposit_calls", pgettext_lazy("navigation", "Deposits to top up"), 16
    key = ("merchant", "asked_at")
    importable = False
    view_capability = "merchants.view_deposits"

    merchant = Column(None, KeyWidget(64), _("Merchant code"), export=MERCHANT.format(column="code"))
    merchant_name = Column(None, TextWidget(120), _("Merchant name"), export=MERCHANT.format(column="name"))
    currency = Column(None, KeyWidget(3), _("currency"), export=MERCHANT.format(column="currency"))
    held = Column(
        None,
        AmountWidget(),
        pgettext_lazy("recovery", "Deposit held"),
        export=MERCHANT.format(column="deposit_held"),
    )
    due = Column(
        None,
        AmountWidget(),
        pgettext_lazy("recovery", "Deposit due"),
        export=MERCHANT.format(column="deposit_due"),
    )
    amount = Column("amount", AmountWidget(), pgettext_lazy("deposit", "Missing"))
    asked_at = Column("asked_at", MomentWidget(), _("asked at"))
    due_at = Column("due_at", MomentWidget(), _("to be topped up by"))
    met_at = Column("met_at", MomentWidget(), _("topped up at"))

    class Meta:
        model = DepositCall


class MoveList(SheetResource):
    """Every change of a merchant's deposit with what stood there after it; money moves by its page alone."""

    sheet, title, position = "deposit_moves", _("changes of deposits"), 17
    key = ("merchant", "reference")
    importable = False
    view_capability = "merchants.view_deposits"

    merchant = Column(None, KeyWidget(64), _("Merchant code"), export=MERCHANT.format(column="code"))
    merchant_name = Column(None, TextWidget(120), _("Merchant name"), export=MERCHANT.format(column="name"))
    currency = Column(None, KeyWidget(3), _("currency"), export=MERCHANT.format(column="currency"))
    kind = Column("kind", ChoiceWidget(DepositKind.choices), _("kind"))
    amount = Column("amount", AmountWidget(), _("amount"))
    held = Column("held", AmountWidget(), pgettext_lazy("deposit", "held after it"))
    reference = Column("reference", TextWidget(80), _("reference"))
    at = Column("at", MomentWidget(), _("at"))
    by = Column("by", LookupWidget("accounts.User", "username", longest=150), _("entered by"))

    class Meta:
        model = DepositMove


class TalkList(SheetResource):
    """The log of talks with merchants: noted on the desk one by one, so nothing comes in."""

    sheet, title, position = "merchant_talks", pgettext_lazy("navigation", "Contact log"), 18
    key = ("number",)
    importable = False
    view_capability = "merchants.view_talk"

    number = Column("id", WholeWidget(), _("Number"))
    merchant = Column(None, KeyWidget(64), _("Merchant code"), export=MERCHANT.format(column="code"))
    merchant_name = Column(None, TextWidget(120), _("Merchant name"), export=MERCHANT.format(column="name"))
    day = Column(None, TextWidget(10), pgettext_lazy("contact log", "day"), export="t.day::text")
    channel = Column("channel", ChoiceWidget(ContactChannel.choices), pgettext_lazy("contact log", "how"))
    spoken_with = Column(
        "spoken_with", ChoiceWidget(SpokenWith.choices), pgettext_lazy("contact log", "with whom")
    )
    subject = Column("subject", ChoiceWidget(ContactSubject.choices), pgettext_lazy("contact log", "about"))
    agreed = Column("agreed", TextWidget(2000), pgettext_lazy("contact log", "what was agreed"))
    next_on = Column(
        None, TextWidget(10), pgettext_lazy("contact log", "next contact on"), export="t.next_on::text"
    )
    by = Column("by", LookupWidget("accounts.User", "username", longest=150), _("entered by"))

    class Meta:
        model = Talk


ASKED = "(SELECT c.{column} FROM standards_consultation c WHERE c.id = t.consultation_id)"


class CommentList(SheetResource):
    """What merchants said to drafts of rules and agreements, and what became of it: the record the law asks for."""

    sheet, title, position = "rule_comments", _("Comments on drafts of rules"), 19
    key = ("number",)
    importable = False
    view_capability = "standards.view_rulebook"

    number = Column("id", WholeWidget(), _("Number"))
    rule = Column(
        None, KeyWidget(120), pgettext_lazy("consultation", "rule"), export=ASKED.format(column="citation")
    )
    question = Column(
        None, TextWidget(2000), _("question in Chinese"), export=ASKED.format(column="asked_zh")
    )
    opened_at = Column(None, MomentWidget(), _("open since"), export=ASKED.format(column="opened_at"))
    closes_at = Column(None, MomentWidget(), _("open until"), export=ASKED.format(column="closes_at"))
    merchant = Column(None, KeyWidget(64), _("Merchant code"), export=MERCHANT.format(column="code"))
    merchant_name = Column(None, TextWidget(120), _("Merchant name"), export=MERCHANT.format(column="name"))
    words = Column("words", TextWidget(2000), _("comment"))
    at = Column("at", MomentWidget(), _("at"))
    taken = Column("taken", ChoiceWidget(Taken.choices), pgettext_lazy("comment on a rule", "taken"))
    answer = Column("answer", TextWidget(2000), _("answer"))
    answered_at = Column("answered_at", MomentWidget(), _("answered at"))
    answered_by = Column(
        "answered_by", LookupWidget("accounts.User", "username", longest=150), _("answered by")
    )

    class Meta:
        model = ConsultationComment


class PlaceList(SheetResource):
    """Where merchants take goods back: their owners keep the places in the portal, so nothing comes in."""

    sheet, title, position = "return_addresses", _("return addresses"), 19
    key = ("merchant", "name")
    importable = False
    view_capability = "merchants.view_returnaddress"

    merchant = Column(None, KeyWidget(64), _("Merchant code"), export=MERCHANT.format(column="code"))
    merchant_name = Column(None, TextWidget(120), _("Merchant name"), export=MERCHANT.format(column="name"))
    name = Column("name", TextWidget(60), _("short name"))
    contact = Column("contact", TextWidget(80), _("who takes them"))
    phone = Column("phone", TextWidget(40), _("telephone"))
    place = Column("place", TextWidget(300), _("address"))
    categories = Column("categories", WordsWidget(longest=400), _("product categories"))
    kinds = Column("kinds", WordsWidget(), _("kinds of cases"))
    is_default = Column("is_default", BoolWidget(), _("default"))
    active_to = Column("active_to", MomentWidget(), _("no longer used since"))

    class Meta:
        model = ReturnAddress


register(MerchantSheet, TermList, LessonList, CallList, MoveList, TalkList, CommentList, PlaceList)
ship(OLIST)
