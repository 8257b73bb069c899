"""The side bar, grouped by job. An item shows when its page exists and the person may open it.

Reading it costs no query: rights come from the capability table, addresses are resolved once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy as pgettext

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Item:
    """One page. `capability` empty means every member of staff; `more` are further addresses it stands for."""

    label: Words
    page: str
    icon: str
    capability: str = ""
    more: tuple[str, ...] = ()
    number: str = ""  # what stands beside the word, by the name the script knows it by


@dataclass(frozen=True, slots=True)
class Group:
    """The pages of one job."""

    label: Words
    items: Sequence[Item]


@dataclass(frozen=True, slots=True)
class Link:
    """An item this person may open, resolved."""

    label: Words
    url: str
    icon: str
    active: bool
    number: str = ""


def register_page(room: str, model: str, label: Words, icon: str) -> Item:
    """The admin's list of one model, with the capability that opens it."""
    return Item(label, f"admin:{room}_{model}_changelist", icon, f"{room}.view_{model}")


GROUPS: tuple[Group, ...] = (
    Group(
        pgettext("navigation", "My work"),
        (
            Item(pgettext("navigation", "My day"), "desk:day", "sun", "tickets.work"),
            Item(pgettext("navigation", "Overview"), "dashboards:overview", "grid", "dashboards.view"),
            Item(pgettext("navigation", "Tickets"), "desk:queue", "ticket", "desk.view", number="in_hand"),
            Item(pgettext("navigation", "Macros"), "desk:macros", "bolt", "tickets.use_macros"),
            Item(
                pgettext("navigation", "Notices"),
                "notices:inbox",
                "bell",
                "notices.view_inbox",
                number="unread",
            ),
        ),
    ),
    Group(
        pgettext("navigation", "Cases"),
        (
            Item(
                pgettext("navigation", "E-mail received"),
                "desk:letters",
                "mail",
                "channels.view_letter",
                number="letters",
            ),
            Item(pgettext("navigation", "Returns and refunds"), "desk:cases", "undo", "cases.view_case"),
            Item(pgettext("navigation", "Small requests"), "desk:requests", "chat", "cases.view_case"),
            Item(
                pgettext("navigation", "Letters of authorities"),
                "desk:authority",
                "scale",
                "cases.view_authoritycase",
            ),
            Item(
                pgettext("navigation", "Earlier rulings"), "desk:precedents", "scale", "cases.review_dispute"
            ),
            Item(pgettext("navigation", "Receiving desk"), "desk:receiving", "box", "cases.receive"),
            Item(pgettext("navigation", "Archive"), "desk:archive", "book", "desk.archive"),
            Item(pgettext("navigation", "Answer templates"), "desk:answers", "chat", "tickets.use_answers"),
            register_page("tickets", "ticket", pgettext("navigation", "Ticket register"), "file"),
            register_page("orders", "order", pgettext("navigation", "Orders"), "box"),
            register_page("orders", "shipment", pgettext("navigation", "Parcels"), "truck"),
            register_page("orders", "review", pgettext("navigation", "Reviews"), "star"),
            register_page("customers", "customer", pgettext("navigation", "Customers"), "user"),
        ),
    ),
    Group(
        pgettext("navigation", "Merchants"),
        (
            Item(
                pgettext("navigation", "My shops"),
                "desk:shops",
                "store",
                "desk.my_shops",
                ("/desk/shops/", "/desk/plans/"),
            ),
            Item(
                pgettext("navigation", "Scores of merchants"),
                "dashboards:merchants",
                "chart",
                "scorecards.view_merchants",
                ("/overview/benchmark/", "/overview/obligations/"),
            ),
            Item(
                pgettext("navigation", "Carriers and partners"),
                "dashboards:partners",
                "truck",
                "scorecards.view_merchants",
                ("/overview/partners/",),
            ),
            Item(
                pgettext("navigation", "Measures"),
                "measures:measures",
                "flag",
                "scorecards.view_measures",
                ("/measures/",),
            ),
            Item(
                pgettext("navigation", "Agreements"),
                "merchants:agreements",
                "file",
                "merchants.view_agreements",
                ("/desk/merchants/",),
            ),
            Item(
                pgettext("navigation", "Merchants' training"),
                "merchants:training",
                "book",
                "merchants.view_training",
            ),
            register_page("merchants", "merchant", pgettext("navigation", "Merchant register"), "store"),
            register_page("orders", "product", pgettext("navigation", "Product register"), "box"),
        ),
    ),
    Group(
        pgettext("navigation", "People"),
        (
            register_page("accounts", "user", pgettext("navigation", "Staff"), "people"),
            register_page("accounts", "team", pgettext("navigation", "Teams"), "people"),
            Item(pgettext("navigation", "Roster"), "desk:roster", "grid", "desk.roster"),
            Item(pgettext("navigation", "Dispatch simulator"), "desk:simulator", "route", "desk.simulate"),
            Item(pgettext("navigation", "Trainer's desk"), "training:desk", "flag", "training.mark"),
            Item(
                pgettext("navigation", "Training"),
                "training:courses",
                "book",
                "training.view_courses",
                (
                    *("/training/runs/", "/training/hours/", "/training/numbers/", "/training/rules/course/"),
                    *(
                        "/training/exams/",
                        "/training/attempts/",
                        "/training/marking/",
                        "/training/bank/",
                        "/training/practical/",
                        "/training/orders/",
                        "/training/compliance/",
                        "/training/effects/",
                    ),
                    *("/training/rules/exam/", "/training/rules/number/", "/training/rules/rubric/"),
                ),
            ),
            Item(
                pgettext("navigation", "My performance file"),
                "ledger:my_file",
                "user",
                "ledger.view_own",
                ("/ledger/files/", "/ledger/statements/mine/"),
            ),
            register_page("accounts", "shift", pgettext("navigation", "Shifts"), "clock"),
            register_page("accounts", "away", pgettext("navigation", "Absences"), "moon"),
        ),
    ),
    Group(
        pgettext("navigation", "Money"),
        (
            Item(pgettext("navigation", "Refunds"), "desk:payments", "money", "cases.money_board"),
            Item(
                pgettext("navigation", "Payment runs"), "desk:payment_runs", "file", "cases.view_paymentrun"
            ),
            Item(pgettext("navigation", "Recoveries"), "desk:recoveries", "undo", "cases.view_recovery"),
            Item(
                pgettext("navigation", "Reconciliation"),
                "desk:reconciliation",
                "scale",
                "cases.view_reconciliation",
            ),
            Item(
                pgettext("navigation", "Payment services"),
                "desk:money_gateways",
                "send",
                "cases.view_moneygateway",
            ),
            Item(pgettext("navigation", "Ledger"), "ledger:journal", "book", "ledger.view", ("/ledger/",)),
            Item(pgettext("navigation", "Proposals"), "ledger:proposals", "flag", "ledger.view_proposals"),
            Item(
                pgettext("navigation", "Incentive rules"), "ledger:rules", "scale", "standards.view_rulebook"
            ),
            Item(
                pgettext("navigation", "Monthly run"),
                "rewards:months",
                "chart",
                "scorecards.view_own",
                ("/rules/months/",),
            ),
            register_page("orders", "payment", pgettext("navigation", "Payments"), "money"),
        ),
    ),
    Group(
        pgettext("navigation", "Quality"),
        (
            Item(
                pgettext("navigation", "Quality of products"),
                "dashboards:products",
                "box",
                "scorecards.view_merchants",
            ),
            Item(
                pgettext("navigation", "Results of staff"),
                "dashboards:results",
                "people",
                "scorecards.view_own",
            ),
        ),
    ),
    Group(
        pgettext("navigation", "Improvement"),
        (
            Item(
                pgettext("navigation", "Early warning"),
                "improvement:warnings",
                "alert",
                "improvement.open",
                ("/improvement/warnings",),
            ),
            Item(
                pgettext("navigation", "Signs of gaming"),
                "improvement:signs",
                "eye",
                "improvement.view_sign",
                ("/improvement/signs",),
            ),
        ),
    ),
    Group(pgettext("navigation", "Emergency"), ()),
    Group(
        pgettext("navigation", "Rule book"),
        (
            Item(
                pgettext("navigation", "Service standards"),
                "standards:rules",
                "scale",
                "standards.view_rulebook",
            ),
            Item(pgettext("navigation", "Numbers"), "standards:numbers", "filter", "standards.view_rulebook"),
            Item(
                pgettext("navigation", "Promotion mode"),
                "promotions:index",
                "bolt",
                "standards.view_rulebook",
                ("/rules/promotions/",),
            ),
            Item(
                pgettext("navigation", "Disasters and outages"),
                "circumstances:index",
                "alert",
                "standards.view_rulebook",
            ),
            Item(
                pgettext("navigation", "Return rules"),
                "standards:returns",
                "box",
                "standards.view_rulebook",
                ("/desk/eligibility/",),
            ),
            Item(
                pgettext("navigation", "Escalation ladder"),
                "ladder:rungs",
                "up",
                "standards.view_rulebook",
                ("/rules/ladder/",),
            ),
            Item(
                pgettext("navigation", "Formulas of scores"),
                "scorecards:formulas",
                "chart",
                "standards.view_rulebook",
                ("/rules/scores/",),
            ),
            Item(
                pgettext("navigation", "Consequence rules"),
                "consequences:rules",
                "scale",
                "standards.view_rulebook",
                ("/rules/consequences/",),
            ),
            Item(
                pgettext("navigation", "Shadow runs"),
                "shadow:index",
                "play",
                "scorecards.view_trials",
                ("/rules/shadow/",),
            ),
            Item(
                pgettext("navigation", "Fault trees"),
                "desk:fault_trees",
                "search",
                "standards.view_rulebook",
                ("/desk/faults/",),
            ),
            Item(
                pgettext("navigation", "Authority by tier"),
                "training:limits",
                "lock",
                "training.view_rules",
                ("/training/rules/",),
            ),
            register_page("standards", "workcalendar", pgettext("navigation", "Working calendars"), "clock"),
            register_page("standards", "calendarday", pgettext("navigation", "Holidays"), "sun"),
            register_page("standards", "market", pgettext("navigation", "Markets"), "globe"),
            register_page("tickets", "intakerule", pgettext("navigation", "Intake rules"), "filter"),
            register_page("tickets", "gradingrule", pgettext("navigation", "Grading rules"), "flag"),
            Item(pgettext("navigation", "Checklists"), "desk:checklists", "check", "tickets.view_rules"),
            Item(pgettext("navigation", "Automation"), "desk:automations", "bolt", "tickets.view_rules"),
            Item(
                pgettext("navigation", "Message templates"),
                "admin:notices_noticetext_changelist",
                "mail",
                "notices.view_noticetext",
                ("/notices/texts/", "/admin/notices/noticetemplate/"),
            ),
        ),
    ),
    Group(
        pgettext("navigation", "System"),
        (
            Item(pgettext("navigation", "Import"), "sheets:list", "upload", "sheets.upload"),
            Item(
                pgettext("navigation", "Outbox"),
                "notices:outbox",
                "send",
                "notices.view_notice",
                ("/admin/notices/notice/",),
            ),
            Item(
                pgettext("navigation", "Connected systems"),
                "desk:connections",
                "phone",
                "channels.view_connection",
            ),
            Item(pgettext("navigation", "Gateways"), "desk:gateways", "send", "notices.view_gateway"),
            register_page("core", "job", pgettext("navigation", "Jobs"), "cog"),
            register_page("core", "event", pgettext("navigation", "Audit trail"), "history"),
            Item(pgettext("navigation", "All registers"), "admin:index", "panel", "desk.registers"),
            Item(pgettext("navigation", "Style guide"), "desk:styleguide", "eye", "desk.styleguide"),
        ),
    ),
)


@cache
def address(page: str) -> str:
    """The path of a named page, empty when no room offers it yet."""
    try:
        return reverse(page)
    except NoReverseMatch:
        return ""


def links(group: Group, user: Any, here: str) -> list[Link]:
    """The items of a group this person may open; ``here`` is the address of the one that is open."""
    found = []
    for item in group.items:
        url = address(item.page)
        if url and (not item.capability or user.has_perm(item.capability)):
            found.append(Link(item.label, url, item.icon, url == here, item.number))
    return found


def place(path: str) -> str:
    """The address of the one item that `path` belongs to: of those it begins with, the longest says it best."""
    found = [
        (len(start), url)
        for group in GROUPS
        for item in group.items
        if (url := address(item.page))
        for start in (url, *item.more)
        if path.startswith(start) and (item.page != "admin:index" or path == url)
    ]
    return max(found, default=(0, ""))[1]


def menu(user: Any, path: str) -> list[tuple[Words, list[Link]]]:
    """Groups with at least one page for this person, in the order of the day's work."""
    here = place(path)
    groups = [(group.label, links(group, user, here)) for group in GROUPS]
    return [(label, items) for label, items in groups if items]
