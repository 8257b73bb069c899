"""Who acts for a merchant, kept by his owners: invited to an address, removed, made owner or clerk (R6.1)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import translation
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.services import system_user, user_create, user_end_sessions, user_set_roles
from accounts.states import MERCHANT_ROLES, Role
from aftersales.core import jobs, registers
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.models import Event
from aftersales.core.wording import minute
from aftersales.merchants.models import Merchant, MerchantInvitation, MerchantMember
from aftersales.merchants.states import MemberRole
from aftersales.standards.selectors import duration, parameter

LETTER = "merchants.invitation_letter"
SALT = "aftersales.merchants.invitation"
SENT = ("merchant.member_invited", "merchant.invitation_renewed")  # a letter went out with each
DAY = timedelta(days=1)
ROLES = {MemberRole.OWNER: Role.MERCHANT_OWNER, MemberRole.CLERK: Role.MERCHANT_CLERK}


def invitation_make(
    *, merchant: Merchant, email: str, name: str, role: str, actor: Any, now: datetime
) -> MerchantInvitation:
    """Ask somebody by mail to act for the merchant. Nothing is said of whether the address has an account.

    Errors: not_permitted, email, name, role, member (acts for the merchant already), invited, too_many.
    """
    address, called = email.replace("\x00", "").strip().lower(), " ".join(name.replace("\x00", "").split())
    _refuse_unfit(address, called, role)
    with transaction.atomic():
        _locked_for(merchant, actor)
        if merchant.members.filter(active_to=None, user__email__iexact=address).exists():
            raise DomainError(gettext_lazy("This person acts for the shop already."), "member")
        _refuse_too_many(merchant, now)
        row = MerchantInvitation(
            merchant=merchant, email=address, name=called, role=role, invited_by_id=actor.pk, invited_at=now,
            expires_at=now + duration("merchant_invitation_days", now),
        )  # fmt: skip
        try:
            with transaction.atomic():
                made: MerchantInvitation = registers.create(
                    row, actor=actor, now=now, event="merchant.member_invited", payload=_told(row)
                )
        except IntegrityError as error:
            raise DomainError(
                gettext_lazy("This address is invited already; send the invitation again instead."), "invited"
            ) from error
        _letter(made, now)
    return made


def _refuse_unfit(address: str, called: str, role: str) -> None:
    try:
        validate_email(address)
    except ValidationError as error:
        raise DomainError(gettext_lazy("Give the e-mail address of the person."), "email") from error
    if len(address) > 150:
        raise DomainError(gettext_lazy("Give the e-mail address of the person."), "email")
    if not 0 < len(called) <= 80:
        raise DomainError(gettext_lazy("Give the person's name, at most 80 characters."), "name")
    if role not in MemberRole.values:
        raise DomainError(gettext_lazy("Say whether the person is to be owner or clerk."), "role")


def _refuse_too_many(merchant: Merchant, now: datetime) -> None:
    """Every letter counts, to whomever: the first as well as the one that is sent again."""
    most = int(parameter("merchant_invitations_a_day", now))
    sent = Event.objects.filter(kind__in=SENT, at__gt=now - DAY, merchant_id=merchant.pk)
    if sent.count() >= most:
        raise DomainError(
            gettext_lazy("%(n)s invitations were sent within a day; go on tomorrow.") % {"n": most},
            "too_many",
        )


def invitation_renew(*, invitation: MerchantInvitation, actor: Any, now: datetime) -> MerchantInvitation:
    """A new link to the same address, good from now on; the earlier one no longer works. Errors: gone, too_many."""
    with transaction.atomic():
        _locked_for(invitation.merchant, actor)
        row = _open(invitation)
        _refuse_too_many(row.merchant, now)
        sent: MerchantInvitation = registers.save(
            row, actor=actor, now=now, event="merchant.invitation_renewed", round=row.round + 1, invited_at=now,
            expires_at=now + duration("merchant_invitation_days", now),
            payload={"role": row.role, "round": row.round + 1},
        )  # fmt: skip
        _letter(sent, now)
    return sent


def invitation_revoke(*, invitation: MerchantInvitation, actor: Any, now: datetime) -> MerchantInvitation:
    """The link no longer works; name and address are forgotten. Error: gone."""
    with transaction.atomic():
        _locked_for(invitation.merchant, actor)
        row = _open(invitation)
        return _ended(row, "merchant.invitation_revoked", actor, now)


def invitations_forget(*, actor: Any, now: datetime) -> int:
    """What was never accepted ends as long after its last day as it was good, and name and address with it."""
    kept = duration("merchant_invitation_days", now)
    rows = MerchantInvitation.objects.open().filter(expires_at__lte=now - kept).order_by("merchant_id", "pk")
    with transaction.atomic():
        found = list(rows.select_for_update(skip_locked=True))
        for row in found:
            _ended(row, "merchant.invitation_lapsed", actor, now)
    return len(found)


def invitation_of(token: str, now: datetime) -> MerchantInvitation | None:
    """The invitation behind a link; None for unknown, used, taken back, sent anew and too late alike."""
    try:
        key, _dot, number = signing.Signer(salt=SALT).unsign(token).rpartition(".")
    except signing.BadSignature:
        return None
    rows = MerchantInvitation.objects.open().filter(public_id=key, expires_at__gt=now)
    found: MerchantInvitation | None = rows.select_related("merchant").first()
    return found if found is not None and constant_time_compare(number, str(found.round)) else None


def invitation_link(invitation: MerchantInvitation) -> str:
    """What the letter leads to. It holds no secret of ours: the signature makes it."""
    token = signing.Signer(salt=SALT).sign(f"{invitation.public_id}.{invitation.round}")
    return f"{settings.SITE_URL}{reverse('portal:invitation', args=[token])}"


def account_of(invitation: MerchantInvitation) -> User | None:
    """The account that has this address: only it may accept."""
    found: User | None = User.objects.filter(email__iexact=invitation.email).first()
    return found


def invitation_accept(*, invitation: MerchantInvitation, actor: User, now: datetime) -> MerchantMember:
    """The person with that address acts for the merchant from now on; who is a clerk and was asked as owner is one.

    Errors: gone, wrong_address, both_sides.
    """
    with transaction.atomic():
        Merchant.objects.select_for_update().get(pk=invitation.merchant_id)
        row = _open(invitation, now)
        if not row.email or actor.email.lower() != row.email:
            raise DomainError(
                gettext_lazy(
                    "This invitation went to another address. Sign in with the account of that address."
                ),
                "wrong_address",
            )
        member = _join(row, actor, now)
        _ended(row, "merchant.invitation_accepted", actor, now, accepted_by_id=actor.pk)
    return member


def invitation_accept_new(
    *, invitation: MerchantInvitation, name: str, password: str, language: str, now: datetime
) -> MerchantMember:
    """The same by somebody without an account: it is made, its user name is the address. ``password`` was judged.

    Errors: gone, name, email_taken (an account has the address by now: sign in with it).
    """
    called = " ".join(name.replace("\x00", "").split())
    if not 0 < len(called) <= 80:
        raise DomainError(gettext_lazy("Give your name, at most 80 characters."), "name")
    with transaction.atomic():
        Merchant.objects.select_for_update().get(pk=invitation.merchant_id)
        row = _open(invitation, now)
        person = user_create(
            username=row.email, email=row.email, display_name=called, roles=[ROLES[MemberRole(row.role)]],
            language=language, password=password, actor=system_user(now), now=now,
        )  # fmt: skip
        return invitation_accept(invitation=row, actor=person, now=now)


def _join(row: MerchantInvitation, person: User, now: datetime) -> MerchantMember:
    _account_locked(person.pk)  # before a row names it: two merchants at once would wait for each other
    found: MerchantMember | None = row.merchant.members.filter(user=person, active_to=None).first()
    if found is None:
        member = MerchantMember(merchant=row.merchant, user_id=person.pk, role=row.role, active_from=now)
        found = registers.create(
            member, actor=person, now=now, event="merchant.member_added",
            payload={"user": person.pk, "role": row.role},
        )  # fmt: skip
    elif row.role == MemberRole.OWNER:
        found = _role_changed(found, row.role, person, now)
    roles_follow(person, now)
    return found


# --------------------------------------------------------------------------------------------------- members
def member_dismiss(*, member: MerchantMember, actor: Any, now: datetime) -> MerchantMember:
    """End a person's right to act for the merchant, by an owner; sessions end at once, what was begun stays.

    Errors: not_permitted, gone, last_owner.
    """
    with transaction.atomic():
        _locked_for(member.merchant, actor)
        row = _present(member)
        if row.role == MemberRole.OWNER:
            _keep_an_owner(row)
        return member_end(member=row, actor=actor, now=now)


def member_end(*, member: MerchantMember, actor: Any, now: datetime) -> MerchantMember:
    """Whoever ends it: the row stays, the person is signed out everywhere and loses what no other merchant gives.

    What he asked others to accept ends with him. Error: gone.
    """
    with transaction.atomic():
        Merchant.objects.select_for_update().get(pk=member.merchant_id)
        row = _present(member)
        ended: MerchantMember = registers.save(
            row, actor=actor, now=now, event="merchant.member_removed",
            payload={"user": row.user_id, "role": row.role}, active_to=now,
        )  # fmt: skip
        _invitations_end(ended, actor, now)
        person = User.objects.get(pk=row.user_id)
        if not roles_follow(person, now):
            user_end_sessions(user=person, actor=system_user(now), now=now)
    return ended


def member_role_set(*, member: MerchantMember, role: str, actor: Any, now: datetime) -> MerchantMember:
    """Make a clerk an owner or the other way round; who is no owner any more, his open invitations end.

    Errors: not_permitted, gone, role, last_owner.
    """
    if role not in MemberRole.values:
        raise DomainError(gettext_lazy("Say whether the person is to be owner or clerk."), "role")
    with transaction.atomic():
        _locked_for(member.merchant, actor)
        row = _present(member)
        if row.role == role:
            return row
        if row.role == MemberRole.OWNER:
            _keep_an_owner(row)
        changed = _role_changed(row, role, actor, now)
        if role != MemberRole.OWNER:
            _invitations_end(changed, actor, now)
        roles_follow(User.objects.get(pk=row.user_id), now)
    return changed


def _role_changed(member: MerchantMember, role: str, actor: Any, now: datetime) -> MerchantMember:
    if member.role == role:
        return member
    payload = {"user": member.user_id, "old": member.role, "new": role}
    changed: MerchantMember = registers.save(
        member, actor=actor, now=now, event="merchant.member_role_changed", payload=payload, role=role
    )
    return changed


def _invitations_end(inviter: MerchantMember, actor: Any, now: datetime) -> None:
    """Only owners ask others to act for the merchant: what this one asked and nobody accepted yet is taken back."""
    asked = MerchantInvitation.objects.open().filter(merchant=inviter.merchant_id, invited_by=inviter.user_id)
    for row in asked.order_by("pk"):
        _ended(row, "merchant.invitation_revoked", actor, now)


def roles_follow(person: User, now: datetime) -> bool:
    """The roles of the account are what the memberships give; answers whether one was lost, which ends sessions.

    Another merchant may change his people at the same time: the account is locked first, the memberships read then.
    """
    person = _account_locked(person.pk)
    held = MerchantMember.objects.filter(user=person, active_to=None).values_list("role", flat=True)
    given: Sequence[str] = sorted({ROLES[MemberRole(role)] for role in held}, reverse=True)
    kept = [role for role in person.roles if role not in MERCHANT_ROLES]
    if set(person.roles) == {*kept, *given}:
        return False
    user_set_roles(user=person, roles=[*kept, *given], actor=system_user(now), now=now)
    return bool(set(person.roles) - {*kept, *given})


def _account_locked(key: int) -> User:
    locked: User = User.objects.select_for_update().get(pk=key)
    return locked


def _locked_for(merchant: Merchant, actor: Any) -> None:
    """One act on a merchant's people at a time, by an owner of this very merchant."""
    Merchant.objects.select_for_update().get(pk=merchant.pk)
    owners = MerchantMember.objects.filter(merchant=merchant, active_to=None, role=MemberRole.OWNER)
    if not actor.has_perm("merchants.keep_people") or not owners.filter(user_id=actor.pk).exists():
        raise NotPermitted()


def _keep_an_owner(leaving: MerchantMember) -> None:
    others = MerchantMember.objects.filter(
        merchant=leaving.merchant_id, active_to=None, role=MemberRole.OWNER, user__is_active=True
    )
    if not others.exclude(pk=leaving.pk).exists():
        raise DomainError(
            gettext_lazy("The shop's last owner must stay. Make somebody else an owner first."), "last_owner"
        )


def _present(member: MerchantMember) -> MerchantMember:
    row: MerchantMember | None = MerchantMember.objects.filter(pk=member.pk, active_to=None).first()
    if row is None:
        raise DomainError(gettext_lazy("This person does not act for the shop any more."), "gone")
    return row


def _open(invitation: MerchantInvitation, now: datetime | None = None) -> MerchantInvitation:
    """As it stands now, the merchant locked before; with ``now`` also still good, and sent last as this one was."""
    row: MerchantInvitation | None = MerchantInvitation.objects.open().filter(pk=invitation.pk).first()
    late = row is not None and now is not None and (row.expires_at <= now or row.round != invitation.round)
    if row is None or late:
        raise DomainError(gettext_lazy("This invitation is not open any more."), "gone")
    return row


def _ended(
    row: MerchantInvitation, event: str, actor: Any, now: datetime, **columns: Any
) -> MerchantInvitation:
    ended: MerchantInvitation = registers.save(
        row, actor=actor, now=now, event=event, payload=_told(row), ended_at=now, email="", name="", **columns
    )
    return ended


def _told(row: MerchantInvitation) -> dict[str, Any]:
    return {"role": str(row.role), "round": row.round}


# ---------------------------------------------------------------------------------------------------- letter
def _letter(row: MerchantInvitation, now: datetime) -> None:
    payload = {"invitation": row.pk, "number": row.round, "language": translation.get_language() or ""}
    jobs.enqueue(LETTER, key=f"{LETTER}:{row.pk}:{row.round}", now=now, payload=payload)


def invitation_letter_send(*, invitation: int, number: int, language: str, now: datetime) -> None:
    """The mail with the link, in the language of who invites; nothing when it was taken back or sent anew."""
    row = (
        MerchantInvitation.objects.open()
        .filter(pk=invitation, round=number)
        .select_related("merchant")
        .first()
    )
    if row is None:
        return
    with translation.override(language or settings.LANGUAGE_CODE):
        shop = {"shop": row.merchant.name, "role": row.get_role_display()}
        subject = _("%(shop)s asks you to act for the shop") % shop
        told = _("%(shop)s asks you to act for the shop as %(role)s in the merchants' portal.") % shop
        until = _("The link works once, until %(until)s:") % {"until": minute(row.expires_at)}
        alarm = _("If you do not know this shop, do nothing.")
        greeting = _("%(name)s,") % {"name": row.name}
        body = f"{greeting}\n\n{told}\n\n{until}\n{invitation_link(row)}\n\n{alarm}\n"
        send_mail(subject, body, None, [row.email])
