"""What somebody posts from his paper, saved by the exam's services: for every face that shows papers."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

from django.http import QueryDict

from aftersales.core.errors import DomainError
from aftersales.core.posted import whole
from training import examselectors
from training.models import Attempt, Item
from training.services import exams
from training.states import CHOSEN, QuestionKind

LONGEST = 4000
MOST = 50  # options of one question


def answer_posted(row: Attempt, posted: QueryDict, actor: Any, now: datetime) -> tuple[int, dict[str, Any]]:
    """One answer, saved as it is given: status and what the page is told; it sends again until it hears yes."""
    try:
        item = exams.answer_save(
            attempt=row, place=whole(posted.get("place")) or 0, actor=actor, now=now,
            picked=_picked(posted, "picked"), words=posted.get("words", "")[:LONGEST],
            serial=whole(posted.get("serial")) or 0,
        )  # fmt: skip
    except DomainError as error:
        status = 503 if error.code == "busy" else 409
        return status, {"ok": False, "code": error.code, "message": str(error)}
    return 200, {"ok": True, "serial": item.serial}


def _picked(posted: QueryDict, name: str) -> list[int]:
    found = [whole(value) for value in posted.getlist(name)[:MOST]]
    return [one for one in found if one is not None]


def whole_posted(
    row: Attempt, posted: QueryDict, actor: Any, now: datetime
) -> Iterator[Callable[[], Item | None]]:
    """The whole form, question by question: what was changed is saved. The way that needs no script."""
    if posted.get("whole") == "1":
        for one in examselectors.paper(row):
            yield partial(_save, row, one, posted, actor, now)


def _save(
    row: Attempt, one: examselectors.Shown, posted: QueryDict, actor: Any, now: datetime
) -> Item | None:
    """One question of the form; an order is read from the ranks that were chosen."""
    picked = _picked(posted, f"q{one.place}")
    if one.kind == QuestionKind.ORDER:
        ranks = [(whole(posted.get(f"q{one.place}-{n}")) or 0, n) for n in range(len(one.options))]
        picked = [n for rank, n in sorted(ranks) if rank]
    words = posted.get(f"q{one.place}", "")[:LONGEST] if one.kind not in CHOSEN else ""
    if list(one.picked) == picked and one.words == words:
        return None
    return exams.answer_save(
        attempt=row, place=one.place, actor=actor, now=now, picked=picked, words=words, serial=one.serial + 1
    )
