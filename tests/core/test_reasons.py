"""Reasons that the product gives itself are stored as codes and read in the reader's language."""

from datetime import datetime
from typing import Any

from django.utils import translation

from aftersales.core import events, jobs
from aftersales.core.models import JobState
from aftersales.core.sheets.models import SheetUpload
from aftersales.core.system_admin import JOB_TONES
from aftersales.tickets.states import OwnReason


def test_a_reason_of_the_product_is_said_in_the_readers_language() -> None:
    with translation.override("en"):
        assert events.reason_words(OwnReason.WAKE_UP) == "the time to wait is over"
        assert events.reason_words(OwnReason.SHIPPED) == "comes with the product"


def test_the_words_of_a_person_stay_as_they_are(db: None) -> None:
    for given in ("客户来电表示不需要处理了。", "shipped by post", "sheet of paper was missing", ""):
        assert events.reason_words(given) == given


def test_a_row_written_by_a_sheet_names_the_sheet_and_the_file(db: None, cast: Any, now: datetime) -> None:
    upload = SheetUpload.objects.create(
        owner=cast.operations, sheet="merchants", file_name="商家.csv", stored_name="x", size=1, sha256="0",
        uploaded_at=now,
    )  # fmt: skip
    with translation.override("en"):
        told = events.reason_words(f"sheet {upload.public_id}")
    assert told == "sheet “Merchants”, file 商家.csv"


def test_every_kind_of_work_has_a_name_and_every_state_a_tone() -> None:
    for kind in jobs.registered():
        if kind.split(".")[0] in ("sheets", "notices", "tickets"):
            assert jobs.name_of(kind) != kind
    assert set(JOB_TONES) == set(JobState.values)
