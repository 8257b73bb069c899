"""People: who acts, in which team, on which shift. Rows are closed by a time, never deleted."""

from collections.abc import Iterable
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.crypto import salted_hmac
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts import capabilities
from accounts.querysets import AwayQuerySet, ShiftQuerySet, TeamMemberQuerySet, TeamQuerySet, UserQuerySet
from accounts.states import STAFF_ROLES, AwayReason, Density, Duty, Kind, Role, Theme
from aftersales.core.events import MACHINES
from aftersales.core.wording import minute


class User(AbstractBaseUser):
    """A person of the department, of a vendor or of a merchant, or a machine account.

    No groups, no permissions, no superuser: ``roles`` and the capability table answer everything.
    """

    username = models.CharField(_("user name"), max_length=150, unique=True)
    display_name = models.CharField(_("name"), max_length=80)
    email = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True, choices=settings.LANGUAGES)
    roles = ArrayField(
        models.CharField(max_length=24, choices=Role.choices), verbose_name=_("roles"), default=list
    )
    kind = models.CharField(_("kind of account"), max_length=8, choices=Kind.choices, default=Kind.PERSON)
    is_active = models.BooleanField(_("active"), default=True)
    capacity = models.PositiveSmallIntegerField(
        _("capacity"), default=20, help_text=_("Open tickets this person carries at most.")
    )
    languages = ArrayField(
        models.CharField(max_length=12),
        verbose_name=_("speaks"),
        default=list,
        blank=True,
        help_text=_("Languages for customers beside the market's own, such as en or ja."),
    )
    session_epoch = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(_("created at"))
    version = models.PositiveIntegerField(default=1, editable=False)

    last_login = None  # sign-ins are events; a write to this row at every sign-in would be noise
    is_superuser = False  # nobody is; some packages ask

    history = HistoricalRecords(excluded_fields=["password", "display_name", "email"])
    objects = UserQuerySet.as_manager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["display_name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ("username",)
        constraints = (
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="user_kind_known"),
            models.UniqueConstraint(fields=["email"], condition=~Q(email=""), name="user_email_once"),
        )

    def __str__(self) -> str:
        """The name; the system and the customers' account are named in the reader's language."""
        return str(MACHINES.get(self.main_role) or self.display_name or self.username)

    @property
    def is_staff(self) -> bool:
        """May enter the staff side at all; what is seen there is the capability table's business."""
        return self.is_active and any(role in STAFF_ROLES for role in self.roles)

    @property
    def main_role(self) -> str:
        """The role events are signed with: the first one given."""
        return str(self.roles[0]) if self.roles else ""

    @property
    def needs_second_factor(self) -> bool:
        """By role, where the installation asks for it (``AFTERSALES_REQUIRE_TOTP``)."""
        return settings.REQUIRE_SECOND_FACTOR and capabilities.needs_second_factor(self.roles)

    def get_full_name(self) -> str:
        return self.display_name

    def get_short_name(self) -> str:
        return self.display_name

    @cached_property
    def team_ids(self) -> list[int]:
        """Open teams this person belongs to or leads; one query per request."""
        from accounts.selectors import team_ids_of

        return team_ids_of(self)

    def has_role(self, *roles: str) -> bool:
        return any(role in self.roles for role in roles)

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Answered from the capability table without a query."""
        return self.is_active and capabilities.allowed(self.roles, perm)

    def may_open(self, perm: str) -> bool:
        """Whether pages of this capability are this person's: what staff may do too are pages of staff alone."""
        return self.has_perm(perm) and (self.is_staff or capabilities.is_outside(perm))

    def has_perms(self, perm_list: Iterable[str], obj: object = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and capabilities.allowed_in(self.roles, app_label)

    def get_session_auth_hash(self) -> str:
        """Changes with the password and with ``session_epoch``, so that every open session ends at once."""
        return self._session_hash(None)

    def get_session_auth_fallback_hash(self) -> Iterable[str]:
        for secret in settings.SECRET_KEY_FALLBACKS:
            yield self._session_hash(str(secret))

    def _session_hash(self, secret: str | None) -> str:
        value = f"{self.password}:{self.session_epoch}"
        return salted_hmac("accounts.User.session", value, secret=secret, algorithm="sha256").hexdigest()


class Taste(models.Model):
    """How one person likes the pages: no business fact, so no history and no event; without a row all is as shipped.

    ``home_view``: the view of the tickets that opens ("" = by role). ``help_hidden``: pages whose line of help was
    put away. It is read with the person, in the same statement.
    """

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.PROTECT, related_name="taste"
    )
    theme = models.CharField(_("appearance"), max_length=5, choices=Theme.choices, default=Theme.AUTO)
    single_keys = models.BooleanField(_("single keys"), default=True)
    density = models.CharField(
        _("rows of lists"), max_length=11, choices=Density.choices, default=Density.COMFORTABLE
    )
    home_view = models.CharField(_("view that opens"), max_length=24, blank=True)
    toured_at = models.DateTimeField(_("tour seen at"), null=True, blank=True)
    help_hidden = ArrayField(models.CharField(max_length=60), verbose_name=_("help put away"), default=list)

    class Meta:
        verbose_name = _("personal setting")
        verbose_name_plural = _("personal settings")

    def __str__(self) -> str:
        return str(self.person_id)


class Team(models.Model):
    """A group with one lead and its duties; ``vendor`` names the company of an outsourced team."""

    code = models.SlugField(_("code"), max_length=32, unique=True)
    name_zh = models.CharField(_("Chinese name"), max_length=80)
    name_en = models.CharField(_("English name"), max_length=80)
    lead = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("lead"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="teams_led",
    )
    duties = ArrayField(
        models.CharField(max_length=16, choices=Duty.choices), verbose_name=_("duties"), default=list
    )
    vendor = models.CharField(_("vendor"), max_length=120, blank=True)
    created_at = models.DateTimeField(_("created at"))
    active_to = models.DateTimeField(_("closed at"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()
    objects = TeamQuerySet.as_manager()

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        from django.utils.translation import get_language

        return self.name_en if (get_language() or "").startswith("en") else self.name_zh


class TeamMember(models.Model):
    """A person's place in a team, from when to when."""

    team = models.ForeignKey(Team, verbose_name=_("team"), on_delete=models.PROTECT, related_name="members")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.PROTECT,
        related_name="memberships",
    )
    active_from = models.DateTimeField(_("from"))
    active_to = models.DateTimeField(_("until"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()
    objects = TeamMemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("team member")
        verbose_name_plural = _("team members")
        ordering = ("team_id", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["team", "person"], condition=Q(active_to=None), name="team_member_once"
            ),
            models.CheckConstraint(
                condition=Q(active_to=None) | Q(active_to__gte=F("active_from")), name="team_member_period"
            ),
        )

    def __str__(self) -> str:
        return f"{self.person} · {self.team}"


class Away(models.Model):
    """A person takes no new work in this period; ``ends_at`` empty means until further notice."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.PROTECT,
        related_name="away_periods",
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    reason = models.CharField(
        _("reason"), max_length=12, choices=AwayReason.choices, default=AwayReason.LEAVE
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()
    objects = AwayQuerySet.as_manager()

    class Meta:
        verbose_name = _("away period")
        verbose_name_plural = _("away periods")
        ordering = ("-starts_at", "pk")
        indexes = (models.Index(fields=["person", "starts_at"], name="away_person_start"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gte=F("starts_at")), name="away_period"
            ),
        )

    def __str__(self) -> str:
        return f"{self.person} · {self.get_reason_display()}"


class Shift(models.Model):
    """A person's planned working time (R1.5). Shifts of one person never overlap; a cancelled one stays."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.PROTECT, related_name="shifts"
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()
    objects = ShiftQuerySet.as_manager()

    class Meta:
        verbose_name = _("shift")
        verbose_name_plural = _("shifts")
        ordering = ("-starts_at", "pk")
        indexes = (models.Index(fields=["ends_at", "starts_at"], name="shift_period"),)
        constraints = (
            models.UniqueConstraint(fields=["person", "starts_at"], name="shift_person_start_once"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="shift_ends_after_start"),
        )

    def __str__(self) -> str:
        return f"{self.person} · {minute(self.starts_at)}"
