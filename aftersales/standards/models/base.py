"""What every row of the rule book has in common: edition, names, versions."""

from typing import Any, ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from aftersales.core.rulebook import RuleVersion

__all__ = ["CODE_LENGTH", "Edition", "Named", "RuleVersion", "codes", "new_edition"]
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
