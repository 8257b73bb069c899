"""Import and export columns of people and shifts. Passwords and rights of sign-in never come from a sheet."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from accounts.models import Shift, User
from accounts.states import MACHINE_ROLES, MERCHANT_ROLES, STAFF_ROLES, Kind, Role
from aftersales.core.sheets.resource import Column, RowRule, SheetResource, register
from aftersales.core.sheets.widgets import (
    ChoiceWidget,
    EmailWidget,
    KeyWidget,
    LookupWidget,
    MomentWidget,
    TextWidget,
    WholeWidget,
    WordsWidget,
)

GIVEN_ROLES = [choice for choice in Role.choices if choice[0] not in MACHINE_ROLES]
OVERLAP = (
    "EXISTS (SELECT FROM accounts_shift k WHERE k.person_id = {person} AND k.cancelled_at IS NULL "
    "AND k.starts_at <> {starts_at} AND k.starts_at < {ends_at} AND k.ends_at > {starts_at})"
)


def _sql(roles: Iterable[str]) -> str:
    return "ARRAY[" + ", ".join(f"'{role}'" for role in sorted(roles)) + "]"


class StaffSheet(SheetResource):
    """People by their user name. A new person has no password: an invitation sets it."""

    sheet, title, position = "staff", _("Staff"), 110
    key = ("username",)
    born = {
        "created_at": "{now}",
        "password": "'!'",
        "kind": f"'{Kind.PERSON}'",
        "display_name": "{username}",
    }
    view_capability = "accounts.view_user"
    rules = (
        RowRule(
            "machine",
            ("username",),
            f"t.id IS NOT NULL AND t.kind = '{Kind.MACHINE}'",
            _("This is a machine account."),
            _("Leave the row out."),
        ),
        RowRule(
            "email_taken",
            ("email",),
            "{email} <> '' AND EXISTS "
            "(SELECT FROM accounts_user k WHERE k.email = {email} AND k.username <> {username})",
            _("Another person has this e-mail address."),
            _("Correct the address."),
        ),
        RowRule(
            "email_known",
            ("email",),
            "t.id IS NOT NULL AND t.email <> {email}",
            _("The e-mail address of a known person changes on the person's page only."),
            _("Leave the cell empty; an administrator changes the address."),
        ),
        RowRule(
            "roles_taken",
            ("roles",),
            "t.id IS NOT NULL AND NOT ({roles})::text[] @> t.roles::text[]",
            _("Roles are taken away on the person's page only, because open sessions end with them."),
            _("Keep the person's present roles in the cell."),
        ),
        RowRule(
            "roles_apart",
            ("roles",),
            f"(({{roles}})::text[] && {_sql(STAFF_ROLES)} AND ({{roles}})::text[] && {_sql(MERCHANT_ROLES)})",
            _("Nobody works for the platform and for a merchant."),
            _("Give roles of one side only."),
        ),
        RowRule(
            "auditor_alone",
            ("roles",),
            f"('{Role.AUDITOR}' = ANY (({{roles}})::text[]) AND cardinality({{roles}}) > 1)",
            _("An auditor holds no other role."),
            _("Give the person either the auditor's role or others."),
        ),
    )

    username = Column("username", KeyWidget(150), _("User name"), required=True, example="zhouting")
    display_name = Column("display_name", TextWidget(80), _("Name"), example="周婷")
    email = Column("email", EmailWidget(254), _("E-mail"), example="zhouting@example.com")
    language = Column(
        "language", ChoiceWidget((("zh-hans", "zh-hans"), ("en", "en"))), _("Language"), example="zh-hans"
    )
    roles = Column(
        "roles", WordsWidget(GIVEN_ROLES), _("Roles"), example="agent", capability="accounts.set_roles"
    )
    capacity = Column("capacity", WholeWidget(0, 500), _("Capacity"), example="20")

    class Meta:
        model = User


class ShiftSheet(SheetResource):
    """Planned working time by person and start (R1.5)."""

    sheet, title, position = "shifts", _("Shifts"), 120
    key = ("person", "starts_at")
    view_capability = "accounts.view_shift"
    rules = (
        RowRule(
            "ends_before_start",
            ("ends_at", "starts_at"),
            "{ends_at} <= {starts_at}",
            _("The shift ends before it starts."),
            _("Check both times."),
            check=lambda row: row["ends_at"] > row["starts_at"],
        ),
        RowRule(
            "overlap",
            ("starts_at", "person", "ends_at"),
            OVERLAP,
            _("The person has another shift in this time."),
            _("Cancel the other shift first, or correct the times."),
        ),
    )

    person = Column(
        "person",
        LookupWidget("accounts.User", "username", longest=150),
        _("User name"),
        required=True,
        example="zhouting",
    )
    starts_at = Column("starts_at", MomentWidget(), _("From"), required=True, example="2026-12-01 09:00")
    ends_at = Column("ends_at", MomentWidget(), _("Until"), required=True, example="2026-12-01 18:00")

    class Meta:
        model = Shift


register(StaffSheet, ShiftSheet)
