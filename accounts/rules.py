"""Pure judgements about people; each yields its reasons."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.states import MACHINE_ROLES, MERCHANT_ROLES, STAFF_ROLES, Kind, Role
from aftersales.core.errors import Refusal


def in_order(roles: Iterable[str]) -> list[str]:
    """Without doubles, in the order given: the first one signs the events."""
    return list(dict.fromkeys(str(role) for role in roles))


def roles_fit(roles: Sequence[str]) -> Iterator[Refusal]:
    """Known, no machine's, staff and merchant apart; the auditor alone (reads all, changes nothing)."""
    given = set(roles)
    if given - set(Role.values) or given & MACHINE_ROLES:
        yield Refusal("unknown_role", _("This role cannot be given to a person."))
    if given & STAFF_ROLES and given & MERCHANT_ROLES:
        yield Refusal("both_sides", _("Nobody works for the platform and for a merchant."))
    if Role.AUDITOR in given and len(given) > 1:
        yield Refusal("auditor_alone", _("An auditor holds no other role."))


def not_oneself(user: Any, actor: Any) -> Iterator[Refusal]:
    if user.pk == actor.pk:
        yield Refusal("oneself", _("Nobody does this to the own account."))


def is_person(user: Any) -> Iterator[Refusal]:
    if user.kind == Kind.MACHINE:
        yield Refusal("machine", _("This account belongs to the system."))


MOST_PASSKEYS = 20  # one for each device and some spare; every sign-in reads them all


def may_add_passkey(held: int) -> Iterator[Refusal]:
    if held >= MOST_PASSKEYS:
        yield Refusal("too_many_passkeys", _("You have as many passkeys as possible. Remove one first."))


def may_remove_factor(*, needed: bool, others: bool) -> Iterator[Refusal]:
    """``needed``: the person's role demands a second factor; ``others``: another one is set up."""
    if needed and not others:
        yield Refusal(
            "last_factor",
            _(
                "Your role needs a second factor. Set up another passkey or the app before you remove this one."
            ),
        )


# What those who plan the work may set on somebody's account; everything else on it is the administrators' business.
PLANNED = frozenset({"capacity"})


def may_change(user: Any, actor: Any, columns: Iterable[str]) -> Iterator[Refusal]:
    """Whose account may be changed by whom: an administrator's by administrators only (R1.4)."""
    planned = actor.has_perm("accounts.set_capacity") and set(columns) <= PLANNED
    if actor.has_perm("accounts.change_user") or (planned and Role.ADMINISTRATOR not in user.roles):
        return
    yield Refusal("not_yours", _("You may not change this person."))


def own_ways_open(user: Any) -> bool:
    """Whether the installation lets this person in by the own password or passkey alone (``SSO_ONLY``).

    Merchants have no account at the house's provider; administrators get in on the day on which it is down.
    """
    return not settings.SSO_ONLY or not user.is_staff or Role.ADMINISTRATOR in user.roles


def may_unlink(*, others: bool, password: bool) -> Iterator[Refusal]:
    """Nobody takes off the last way into the own account."""
    if not others and not password:
        yield Refusal(
            "last_way_in", _("This is your only way to sign in. Set a password or link another one first.")
        )


Span = tuple[datetime, datetime]


def without(span: Span, gaps: Iterable[Span]) -> list[Span]:
    """What is left of a span when the gaps are taken out, in order."""
    left, pieces = span[0], []
    for start, end in sorted(gaps):
        if start > left:
            pieces.append((left, min(start, span[1])))
        left = max(left, end)
        if left >= span[1]:
            break
    if left < span[1]:
        pieces.append((left, span[1]))
    return [piece for piece in pieces if piece[1] > piece[0]]


def minutes_worked(spans: Iterable[Span], start: datetime, end: datetime) -> int:
    """Whole minutes of these spans between two moments."""
    seconds = sum(max((min(b, end) - max(a, start)).total_seconds(), 0) for a, b in spans)
    return int(seconds // 60)


def period(starts_at: datetime, ends_at: datetime | None) -> Iterator[Refusal]:
    if ends_at is not None and ends_at <= starts_at:
        yield Refusal("period", _("The end must be later than the beginning."))
