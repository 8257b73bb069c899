"""Column profiles: rows that say how another platform's file maps on our sheet."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from aftersales.core import registers
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.sheets.models import ColumnProfile

from . import mapping, resource

CODE = re.compile(r"^[a-z0-9][a-z0-9_-]{0,39}$")


def load(*, actor: Any, now: datetime) -> dict[str, int]:
    """The loader for ``load_standards``: shipped profiles become rows once; what people changed or retired stays.

    Their names are stored in the language of the installation.
    """
    known = set(ColumnProfile.objects.values_list("code", "sheet"))
    fresh = [shipped for shipped in resource.shipped() if (shipped.code, shipped.sheet) not in known]
    with transaction.atomic(), override(settings.LANGUAGE_CODE):
        for shipped in fresh:
            row = ColumnProfile(
                code=shipped.code,
                sheet=shipped.sheet,
                name=str(shipped.name),
                spec=dict(shipped.spec),
                source=shipped.source,
            )
            _create(row, actor, now)
    return {"column_profiles": len(fresh)}


def find(code: str, sheet: str) -> ColumnProfile | None:
    """The profile in use; None when there is none or it is retired."""
    row: ColumnProfile | None = ColumnProfile.objects.filter(code=code, sheet=sheet, active_to=None).first()
    return row


def fitting(sheet: str, header: Sequence[str]) -> ColumnProfile | None:
    """The profile whose columns all stand in this header, the widest one when several do."""
    present = set(header)
    found = [row for row in of_sheet(sheet) if set(row.spec["columns"]) <= present]
    return max(found, key=lambda row: len(row.spec["columns"]), default=None)


def of_sheet(sheet: str) -> list[ColumnProfile]:
    """All profiles to choose from for a sheet."""
    return list(ColumnProfile.objects.filter(sheet=sheet, active_to=None).order_by("code"))


def create(
    *, code: str, sheet: str, name: str, spec: Any, actor: Any, now: datetime, source: str = ""
) -> ColumnProfile:
    """A profile for another platform's file. Raises DomainError when the mapping does not fit the sheet."""
    _permitted(actor)
    if not CODE.match(code):
        raise DomainError(_("A code has small letters, digits, - and _ only."), "code")
    if ColumnProfile.objects.filter(code=code, sheet=sheet).exists():
        raise DomainError(_("This sheet has a profile of this code already."), "taken")
    mapping.check(sheet, spec)
    return _create(ColumnProfile(code=code, sheet=sheet, name=name, spec=spec, source=source), actor, now)


def _create(row: ColumnProfile, actor: Any, now: datetime) -> ColumnProfile:
    payload = {"code": row.code, "sheet": row.sheet}
    return registers.create(row, actor=actor, now=now, event="columnprofile.created", payload=payload)


def change(
    *, profile: ColumnProfile, actor: Any, now: datetime, version: int | None = None, **columns: Any
) -> ColumnProfile:
    """Another mapping, name or end of use; files already previewed keep the mapping they were read by."""
    _permitted(actor)
    if "spec" in columns:
        mapping.check(profile.sheet, columns["spec"])
    payload = {"code": profile.code, "sheet": profile.sheet, "changed": sorted(columns)}
    return registers.save(
        profile,
        actor=actor,
        now=now,
        event="columnprofile.changed",
        payload=payload,
        version=version,
        **columns,
    )


def _permitted(actor: Any) -> None:
    if not actor.has_perm("core.change_columnprofile"):
        raise NotPermitted()
