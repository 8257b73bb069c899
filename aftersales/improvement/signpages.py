"""What the pages of signs show: the rows, how strong the sign is, and how it could be innocent."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from aftersales.core import moves, subjects
from aftersales.improvement import signwords
from aftersales.improvement.models import Sign, SignRow
from aftersales.improvement.states import LEFT_OUT, SIGN_COLOURS, SignKind, SignState

MARKS = {"amber": "triangle", "red": "cross", "green": "tick"}
PAGE = 50
INNOCENT: dict[str, Promise] = {
    SignKind.SELF_ORDER: _(
        "Staff may buy at their own shop, and a shop's telephone may be given for a pick-up."
    ),
    SignKind.SHARED_BUYER: _(
        "Families, offices, dormitories and parcel lockers share an address or a telephone."
    ),
    SignKind.REVIEW_RING: _("Shops of one brand, or goods that belong together, have the same customers."),
    SignKind.REVIEW_BURST: _(
        "A promotion days before, many parcels delivered together, or reviews loaded at once."
    ),
    SignKind.COPIED_REVIEW: _(
        "Some apps offer a sentence to tap on, and some buyers review each article alike."
    ),
    SignKind.EMPTY_ANSWER: _(
        "The answer may have been given by telephone, or the short word may be all that was asked."
    ),
    SignKind.CLOCK_EDGE: _(
        "Queues are worked by due time: much is solved late in its time. Some problems come back."
    ),
    SignKind.NO_SCAN: _("Carriers send scans late, in strikes and storms not at all."),
}
SHOWS: dict[str, Promise] = {
    SignKind.SELF_ORDER: _("Buyer and shop have the same telephone, e-mail or address."),
    SignKind.SHARED_BUYER: _("Orders of several buyers with the same telephone, e-mail or address."),
    SignKind.REVIEW_RING: _("Five-star reviews of buyers who also praised the same other shop."),
    SignKind.REVIEW_BURST: _("More five-star reviews on one day than the shop's own eight weeks explain."),
    SignKind.COPIED_REVIEW: _("The very same long text by several buyers."),
    SignKind.EMPTY_ANSWER: _(
        "Answers of a few characters, or the same words on many tickets, which stop the clock."
    ),
    SignKind.CLOCK_EDGE: _("Solved in the last minutes of a clock and opened again within a day."),
    SignKind.NO_SCAN: _(
        "A parcel number and a hand-over were told; a carrier that scans others has not scanned it."
    ),
}


def badge(row: Sign) -> tuple[str, str, str]:
    state = SignState(row.state)
    tone = SIGN_COLOURS[state]
    return str(state.label), tone, MARKS[tone]


def listed(user: Any, *, state: str, page: int) -> tuple[list[dict[str, Any]], bool]:
    """Signs, the strongest first; those to be decided unless told. One statement."""
    rows = Sign.objects.visible_to(user).select_related("merchant", "person", "decided_by")
    rows = rows.filter(state=state if state in SignState.values else SignState.FLAGGED)
    found = list(rows.order_by("-strength", "-count", "-pk")[page * PAGE : (page + 1) * PAGE + 1])
    return [{"row": one, "badge": badge(one), "shows": SHOWS[one.kind]} for one in found[:PAGE]], len(
        found
    ) > PAGE


def one(row: Sign, user: Any, now: Any, *, after: int | None) -> dict[str, Any]:
    """One sign with its rows, each opening where this person may see it. Statements do not grow with the rows."""
    rows = SignRow.objects.visible_to(user).filter(sign=row).order_by("pk")
    found = list((rows.filter(pk__gt=after) if after else rows)[: PAGE + 1])
    names = subjects.named([(one.subject_kind, one.subject_id) for one in found[:PAGE]], user)
    marks = list(rows.order_by("mark").values_list("mark", flat=True).distinct())
    groups, texts = signwords.groups(marks, user), signwords.texts(found[:PAGE], user)
    return {
        "row": row, "title": row.get_kind_display(), "now": now, "badge": badge(row), "shows": SHOWS[row.kind],
        "innocent": INNOCENT[row.kind], "marks": len(marks), "may_leave_out": row.kind in LEFT_OUT,
        "rows": [
            (one, names.get((one.subject_kind, one.subject_id)), groups.get(one.mark, ""), texts.get(one.pk, ""))
            for one in found[:PAGE]
        ],
        "more": found[PAGE - 1].pk if len(found) > PAGE else None,
        "acts": {
            act.move.name: act
            for act in moves.options(row, actor=user, now=now) if row.state in act.move.sources
        },
    }  # fmt: skip
