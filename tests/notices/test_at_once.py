"""Several workers and several callers at one message: one effect."""

from datetime import datetime
from typing import Any

import pytest
from django.core import mail as outgoing

from aftersales.core.models import Event, Job
from aftersales.notices import delivery
from aftersales.notices.models import Notice, NoticeTemplate
from tests.toy.fixtures import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]
EIGHT = 8


def test_the_first_eight_messages_load_the_texts_once_and_one_key_is_one_message(send: Any) -> None:
    answers = at_once([send] * EIGHT)
    assert not [one for one in answers if isinstance(one, Exception)]
    assert len({rows[0].pk for rows in answers}) == 1
    assert NoticeTemplate.objects.filter(code="ticket.opened").count() == 1
    assert Job.objects.filter(kind="notices.deliver").count() == 1


def test_eight_workers_send_one_mail(send: Any, now: datetime) -> None:
    notice = send()[0]
    answers = at_once([lambda: delivery.notices_deliver([notice.pk], now=now)] * EIGHT)
    assert sum(one["sent"] for one in answers) == 1
    assert len(outgoing.outbox) == 1
    assert Notice.objects.get().attempts == 1
    assert Event.objects.filter(kind="notice.sent").count() == 1
