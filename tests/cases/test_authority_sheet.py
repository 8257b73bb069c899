"""The daily list of an office by sheet: each row a letter and its ticket, wrong rows named, twice harmless."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from aftersales.cases.models import AuthorityCase
from aftersales.cases.services.authority import LetterDraft, letter_take
from aftersales.clocks.models import Clock
from aftersales.core.models import Event
from aftersales.orders.models import Order
from aftersales.tickets.models import Ticket
from tests.cast import Cast
from tests.core.sheets.steps import check, load, rows_as_csv, verdicts

HEAD = [
    "source",
    "letter_no",
    "received_at",
    "due_at",
    "subject",
    "reporter_name",
    "order_source",
    "order_no",
]


def listed(*rows: dict[str, str]) -> bytes:
    facts = {
        "source": "12315", "letter_no": "A-1", "received_at": "2026-11-23 09:00", "due_at": "2026-12-04 17:00",
        "subject": "退款不到账", "reporter_name": "王小明", "order_source": "", "order_no": "",
    }  # fmt: skip
    return rows_as_csv(HEAD, *([(facts | row)[name] for name in HEAD] for row in rows))


def test_a_list_opens_letters_with_their_tickets_and_twice_it_changes_nothing(
    order: Order, desk: Cast, now: datetime
) -> None:
    content = listed({}, {"letter_no": "A-2", "order_source": order.source, "order_no": order.external_no})
    for _time in range(2):
        upload = load("authority_cases", content, actor=desk.lead, now=now)
        assert upload.state == "done", upload.problem
    assert (AuthorityCase.objects.count(), Ticket.objects.count()) == (2, 2)
    about = AuthorityCase.objects.get(letter_no="A-2").ticket
    assert (about.order_id, about.nature) == (order.pk, "complaint")
    # Today's letters are no history that is read in: rules hear of them, people are told
    heard = Event.objects.filter(subject_kind="tickets.ticket", subject_id=about.pk, kind="ticket.opened")
    assert [one.source for one in heard] == ["web"]
    # And the same promises run as for one that was taken down by hand
    alone = LetterDraft(
        source="12315", letter_no="B-1", received_at=now, due_at=now + timedelta(days=9), subject="退款不到账"
    )
    letter_take(draft=alone, actor=desk.lead, now=now)
    listed_one, single = (AuthorityCase.objects.get(letter_no=number) for number in ("A-1", "B-1"))
    assert promises(listed_one) == promises(single) != []
    # The same numbers written otherwise are the same letters
    load("authority_cases", listed({"letter_no": "Ａ - 1"}), actor=desk.lead, now=now)
    assert AuthorityCase.objects.count() == 3


def promises(letter: AuthorityCase) -> list[tuple[str, str]]:
    about = Clock.objects.filter(subject_kind="tickets.ticket", subject_id=letter.ticket_id)
    return sorted(about.values_list("promise", "state"))


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("future", {"received_at": "2027-11-23 09:00", "due_at": "2027-12-04 17:00"}),
        ("due_before", {"due_at": "2026-11-22 17:00"}), ("names_reporter", {"subject": "王小明的投诉"}),
        ("too_far", {"due_at": "2096-12-04 17:00"}), ("too_far", {"received_at": "2016-11-23 09:00"}),
        ("due_at", {"due_at": "soon"}), ("order_no", {"order_source": "x", "order_no": "nothing"}),
        ("source", {"source": "nasa"}),
    ],
)  # fmt: skip
def test_a_wrong_row_is_named_with_its_column_and_the_others_go_in(
    desk: Cast, now: datetime, code: str, wrong: dict[str, Any]
) -> None:
    content = listed(wrong, {"letter_no": "A-3"})
    upload = check("authority_cases", content, actor=desk.lead, now=now)
    verdict, problems = verdicts(upload)[2]
    assert verdict == "r"
    assert code in problems
    load("authority_cases", content, actor=desk.lead, now=now)
    assert [row.letter_no for row in AuthorityCase.objects.all()] == ["A-3"]
