"""What the log says against what the agents saw, and how much slower the crowd was."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count

from aftersales.core.models import Event
from aftersales.tickets.models import Message, Ticket
from tests.load.crowd import Seen

KINDS = {"wait": "ticket.waiting", "resume": "ticket.resumed"}
MARK = "退款已在处理，请稍候。["


def tell(alone: Sequence[Seen], together: Sequence[Seen], *, since: datetime, worst: float) -> int:
    """Print the figures; 1 when an act was lost or doubled or a page was too slow."""
    everybody = [*alone, *together]
    problems = (
        _words(everybody) + _moves(everybody, since) + [one for seen in everybody for one in seen.failed]
    )
    print(f"\n{'':8} {'requests':>8} {'alone P95':>10} {'crowd P50':>10} {'crowd P95':>10} {'ratio':>6}")
    for kind in ("list", "open", "reply", "move"):
        single, crowd = _times(alone, kind), _times(together, kind)
        if not single or not crowd:
            problems.append(f"no {kind} was measured")
            continue
        base, middle, high = _at(single, 0.95), _at(crowd, 0.5), _at(crowd, 0.95)
        print(f"{kind:8} {len(crowd):8} {base:9.3f}s {middle:9.3f}s {high:9.3f}s {high / base:6.2f}")
        if high > worst * base:
            problems.append(f"{kind}: {high / base:.1f} times as slow as alone (at most {worst:g})")
    print()
    for line in problems[:20]:
        print(f"  PROBLEM {line}")
    said, moved = sum(len(one.said) for one in everybody), sum(len(one.moves) for one in everybody)
    print(f"{said} messages and {moved} moves answered; {len(problems)} problems.")
    return 1 if problems else 0


def _words(seen: Sequence[Seen]) -> list[str]:
    rows = Message.objects.filter(text__contains=MARK).values_list("text").annotate(number=Count("id"))
    stored = dict(rows)
    lost = [f"lost: {words}" for one in seen for words in one.said if words not in stored]
    return lost + [f"doubled: {words}" for words, number in stored.items() if number > 1]


def _moves(seen: Sequence[Seen], since: datetime) -> list[str]:
    """Answered moves stand in the log; beyond them only those whose answer was not a yes may."""
    answered = Counter(move for one in seen for move in one.moves)
    unsure = Counter(move for one in seen for move in one.maybe)
    numbers = {number for number, _name in [*answered, *unsure]}
    keys = dict(Ticket.objects.filter(number__in=numbers).values_list("pk", "number"))
    found: Counter[tuple[str, str]] = Counter()
    rows = Event.objects.filter(
        subject_kind="tickets.ticket",
        subject_id__in=keys,
        kind__in=KINDS.values(),
        source="web",
        at__gte=since,
    )
    names = {kind: name for name, kind in KINDS.items()}
    for pk, kind in rows.values_list("subject_id", "kind"):
        found[keys[pk], names[kind]] += 1
    lost = [f"lost: {move}" for move, number in answered.items() if found[move] < number]
    return lost + [
        f"doubled: {move} {number}"
        for move, number in found.items()
        if number > answered[move] + unsure[move]
    ]


def _times(seen: Sequence[Seen], kind: str) -> list[float]:
    return sorted(value for one in seen for value in one.times.get(kind, []))


def _at(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))]
