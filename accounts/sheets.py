"""Import and export columns of people and shifts. Passwords and rights of sign-in never come from a sheet."""

from django.utils.translation import gettext_lazy as _

from accounts import services
from accounts.models import Shift, User
from accounts.services.breaks import shifts_loaded
from accounts.states import MACHINE_ROLES, Kind, Role
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
KNOWN = "t.id IS NOT NULL"
OVERLAP = (
    "EXISTS (SELECT FROM accounts_shift k WHERE k.person_id = {person} AND k.cancelled_at IS NULL "
    "AND k.starts_at <> {starts_at} AND k.starts_at < {ends_at} AND k.ends_at > {starts_at})"
)
# The shifts of a person that begin earlier in the same file and are not over yet.
OVERLAP_IN_FILE = (
    "t.cancelled_at IS NULL AND max({ends_at}) FILTER (WHERE t.cancelled_at IS NULL) OVER (PARTITION BY {person} "
    "ORDER BY {starts_at}, n.row_no ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) > {starts_at}"
)


class StaffSheet(SheetResource):
    """People by their user name, under the rules of a person's page (accounts.services.people).

    Administrators bring in new accounts and correct names and languages. Operations plans how much the others carry:
    it sets capacities, of nobody who is an administrator, and creates and renames nobody. A new person has no password
    (an invitation sets it) and no role. Roles, activity and a known person's e-mail address never come from a sheet:
    they are given, taken and changed on the person's page, where sessions end with them. Each account that is created
    or changed leaves its own event.
    """

    sheet, title, position = "staff", _("Staff"), 110
    key = ("username",)
    born = {
        "created_at": "{now}",
        "password": "'!'",
        "kind": f"'{Kind.PERSON}'",
        "display_name": "{username}",
    }
    view_capability = "accounts.view_user"
    tell = staticmethod(services.users_loaded)
    rules = (
        RowRule(
            "machine",
            ("username",),
            f"{KNOWN} AND t.kind = '{Kind.MACHINE}'",
            _("This is a machine account."),
            _("Leave the row out."),
        ),
        RowRule(
            "may_not_create",
            ("username",),
            "t.id IS NULL",
            _("You may not create accounts."),
            _("Leave the row out; an administrator creates the account."),
            again=True,
            spares="accounts.create_user",
        ),
        RowRule(
            "may_not_change",
            ("username", "display_name", "email", "language", "capacity"),
            f"{KNOWN} AND ((t.display_name, t.email, t.language) IS DISTINCT FROM "
            "({display_name}, {email}, {language}) "
            f"OR (t.capacity <> {{capacity}} AND '{Role.ADMINISTRATOR}' = ANY (t.roles)))",
            _("You may not change this person."),
            _("Leave the row out; an administrator changes the account."),
            again=True,
            spares="accounts.change_user",
        ),
        RowRule(
            "may_not_plan",
            ("capacity",),
            f"{KNOWN} AND t.capacity <> {{capacity}}",
            _("You may not set capacities."),
            _("Leave the column out."),
            again=True,
            spares="accounts.set_capacity",
        ),
        RowRule(
            "name_taken",
            ("username",),
            "t.id IS NULL AND EXISTS (SELECT FROM accounts_user k WHERE lower(k.username) = lower({username}))",
            _("This user name is taken."),
            _("Write the name as it is known, or choose another one."),
            among="t.id IS NULL AND row_number() OVER (PARTITION BY lower({username}) ORDER BY n.row_no) > 1",
            again=True,
        ),
        RowRule(
            "email_taken",
            ("email",),
            "{email} <> '' AND EXISTS "
            "(SELECT FROM accounts_user k WHERE lower(k.email) = lower({email}) AND k.username <> {username})",
            _("Another person has this e-mail address."),
            _("Correct the address."),
            among="{email} <> '' AND row_number() OVER (PARTITION BY lower({email}) ORDER BY n.row_no) > 1",
            again=True,
        ),
        RowRule(
            "email_known",
            ("email",),
            f"{KNOWN} AND t.email <> {{email}}",
            _("The e-mail address of a known person changes on the person's page only."),
            _("Leave the cell empty; an administrator changes the address."),
        ),
        RowRule(
            "roles_by_hand",
            ("roles",),
            "coalesce(t.roles, '{{}}')::text[] IS DISTINCT FROM ({roles})::text[]",
            _("Roles are given and taken on the person's page only."),
            _("Leave the column out, or keep the person's present roles in the cell."),
        ),
    )

    username = Column("username", KeyWidget(150), _("User name"), required=True, example="zhouting")
    display_name = Column("display_name", TextWidget(80), _("Name"), example="周婷")
    email = Column("email", EmailWidget(254), _("E-mail"), example="zhouting@example.com")
    language = Column(
        "language", ChoiceWidget((("zh-hans", "zh-hans"), ("en", "en"))), _("Language"), example="zh-hans"
    )
    roles = Column("roles", WordsWidget(GIVEN_ROLES), _("Roles"))
    capacity = Column("capacity", WholeWidget(0, 500), _("Capacity"), example="20")

    class Meta:
        model = User


class ShiftSheet(SheetResource):
    """Planned working time by person and start (R1.5); the shifts of one person never overlap."""

    sheet, title, position = "shifts", _("Shifts"), 120
    key = ("person", "starts_at")
    holds = ("person",)
    view_capability = "accounts.view_shift"
    tell = staticmethod(shifts_loaded)
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
            among=OVERLAP_IN_FILE,
            again=True,
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
