"""What every row of the rule book has in common: edition, names, versions."""

from datetime import datetime
from typing import Any, ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField

from aftersales.core.models import StateModel, VersionedModel
from aftersales.standards.states import RuleState

CODE_LENGTH = 60


def new_edition() -> list[pgtrigger.Trigger]:
    """Any change of the table gives the rule book a new edition, so that no process answers from an old copy.

    A trigger and not the services, because a rule changed by SQL must move behaviour as well.
    """
    return [
        pgtrigger.Trigger(
            name="new_edition",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
            func="""
                INSERT INTO standards_edition (id, token) VALUES (1, gen_random_uuid()::text)
                ON CONFLICT (id) DO UPDATE SET token = EXCLUDED.token;
                RETURN NULL;
            """,
        )
    ]


class Edition(models.Model):
    """One row: a random token that changes with every change of the rule book."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    token = models.CharField(max_length=36)

    class Meta:
        verbose_name = _("edition of the rule book")
        verbose_name_plural = _("editions of the rule book")
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="edition_single")]

    def __str__(self) -> str:
        return self.token


class Named(models.Model):
    """A row with a stable code and a name in both languages."""

    code = models.SlugField(_("code"), max_length=CODE_LENGTH, unique=True)
    name_zh = models.CharField(_("Chinese name"), max_length=120)
    name_en = models.CharField(_("English name"), max_length=120)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        return self.name_en if (get_language() or "").startswith("en") else self.name_zh


def codes(label: Any, *, words: Any = None, **kwargs: Any) -> ArrayField:
    """A condition: any of these codes; empty means every one. ``words``: the codes there are, as choices."""
    one: models.CharField[Any, Any] = models.CharField(max_length=CODE_LENGTH, choices=words)
    return ArrayField(one, verbose_name=label, default=list, blank=True, **kwargs)


class RuleVersion(StateModel, VersionedModel):
    """What every version of every rule has: number, source, time, and who drafted and who activated it."""

    rule_key = ""  # the column that all versions of one rule share

    number = models.PositiveIntegerField(_("version"))
    state = FSMField(_("state"), choices=RuleState, default=RuleState.DRAFT, protected=True, max_length=10)
    source_ref = models.CharField(_("source id"), max_length=60, help_text=_("For example R3.4 or G4.1."))
    source_zh = models.TextField(_("source text"))
    source_en = models.CharField(_("source in English"), max_length=300)
    conflict_group = models.CharField(
        _("conflict group"),
        max_length=CODE_LENGTH,
        blank=True,
        help_text=_("Sources that contradict each other."),
    )
    note_zh = models.TextField(_("Chinese note"), blank=True)
    note_en = models.TextField(_("English note"), blank=True)
    change_reason = models.TextField(_("reason for the change"), blank=True)
    is_shipped = models.BooleanField(_("shipped default"), default=False, editable=False)
    valid_from = models.DateTimeField(_("in force from"), null=True, blank=True)
    valid_to = models.DateTimeField(_("in force until"), null=True, blank=True)
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("drafted by"), on_delete=models.PROTECT, related_name="+"
    )
    drafted_at = models.DateTimeField(_("drafted at"))
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("activated by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    activated_at = models.DateTimeField(_("activated at"), null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def note(self) -> str:
        return self.note_en if (get_language() or "").startswith("en") else self.note_zh

    @property
    def source(self) -> str:
        return self.source_en if (get_language() or "").startswith("en") else self.source_zh

    def applies_at(self, at: datetime) -> bool:
        if self.state not in {RuleState.ACTIVE, RuleState.RETIRED} or not self.valid_from:
            return False
        return self.valid_from <= at and (self.valid_to is None or at < self.valid_to)

    @property
    def citation(self) -> str:
        raise NotImplementedError  # how clocks, events and pages name it

    def siblings(self) -> models.QuerySet[Any]:
        """All versions of the same rule."""
        return type(self)._default_manager.filter(**{self.rule_key: getattr(self, self.rule_key)})

    def _payload(self, **more: Any) -> dict[str, Any]:
        return {"code": self.citation.partition(" v")[0], "number": self.number, **more}

    def _activate(self, actor: Any, now: datetime, valid_from: datetime | None) -> dict[str, Any]:
        self.activated_by_id, self.activated_at = actor.pk, now
        self.valid_from = valid_from or now
        return self._payload(valid_from=self.valid_from.isoformat())

    def _retire(self, now: datetime, valid_to: datetime | None) -> dict[str, Any]:
        self.valid_to = valid_to or now
        return self._payload(valid_to=self.valid_to.isoformat())
