"""Where the pieces of a case are, and which of them are given up again when it is done."""

from collections import defaultdict

from django.db.models import Q

from aftersales.cases.models import Case, CaseLine, CaseParcel, ParcelItem
from aftersales.cases.refunding import ZERO, worth
from aftersales.cases.repairs.selectors import delivered_pieces
from aftersales.cases.services import accounts
from aftersales.cases.services.locking import Held
from aftersales.cases.states import COMING, JUDGED, MONEY_BACK, Direction, ParcelState

LOST = frozenset({ParcelState.LOST})


def inbound_of(case: Case) -> list[CaseParcel]:
    """Parcels with goods of this case, whichever case they were announced for."""
    mine = Q(items__case_line__case=case) | Q(case=case, items=None)
    return list(CaseParcel.objects.filter(mine, direction=Direction.INBOUND).distinct().order_by("id"))


def good_pieces(item: ParcelItem, state: str) -> int:
    """Pieces that give their refund: accepted or damaged ones, those nobody has seen yet, and lost ones."""
    if state in COMING:
        return max(int(item.announced), int(item.received))
    if state == ParcelState.LOST:
        return int(item.announced)
    return int(item.accepted + item.damaged) if state in JUDGED else 0


def refunded_pieces(line: CaseLine) -> int:
    """How many pieces the granted money stands for: whoever was paid at once and kept the goods gets nothing for them
    a second time."""
    if not line.agreed:
        return 0
    counts = range(1, line.announced + 1)
    return next(
        (n for n in counts if worth(line.value, line.announced, n) >= line.agreed), int(line.announced)
    )


def _partly_paid_release(mine: Held) -> None:
    """The goods stayed with the customer: only pieces that were paid back in full are gone, the others may still be
    returned, exchanged or repaired. What was given for them stays off what they are worth."""
    assert mine.books is not None
    for line in mine.lines:
        if line.agreed < line.value:
            account = mine.books.line_accounts[line.line_id]
            account.claimed -= line.announced
            account.claimed_value -= line.value - line.agreed
    accounts.save_lines(mine.books, mine.lines)


def pieces_release(mine: Held) -> None:
    """A case that is done gives up pieces that neither came back nor were paid, or were replaced: they may be asked for
    again."""
    if mine.books is None:
        return
    if not mine.case.goods_back:
        _partly_paid_release(mine)
        return
    good: dict[int, int] = defaultdict(int)
    states = {one.pk: one.state for one in inbound_of(mine.case)}
    for item in ParcelItem.objects.filter(parcel__in=states, case_line__case=mine.case):
        good[item.case_line_id] += good_pieces(item, states[item.parcel_id])
    for line_id, replaced in delivered_pieces(mine.case).items():  # the customer holds as many as before
        good[line_id] = max(good[line_id] - replaced, 0)
    money_back = mine.case.kind in MONEY_BACK
    for line in mine.lines:
        back = min(good[line.pk], line.announced)
        if money_back:
            back = max(back, refunded_pieces(line))
        kept = worth(line.value, line.announced, back) if back else ZERO
        account = mine.books.line_accounts[line.line_id]
        account.claimed -= line.announced - back
        account.claimed_value -= line.value - kept
    accounts.save_lines(mine.books, mine.lines)
