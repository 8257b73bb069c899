"""Column profiles: rows that say how another platform's file maps on our sheet."""

import re
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from aftersales.core import registers
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.sheets.models import ColumnProfile

from . import mapping, resource

CODE = re.compile(r"^[a-z0-9][a-z0-9_-]{0,39}$")


def find(code: str, sheet: str) -> ColumnProfile | None:
    """The saved profile; a shipped one becomes a row at first use. None when there is no such profile."""
    row: ColumnProfile | None = ColumnProfile.objects.filter(code=code, sheet=sheet, active_to=None).first()
    if row is not None:
        return row
    for shipped in resource.shipped():
        if (shipped.code, shipped.sheet) == (code, sheet):
            row, _made = ColumnProfile.objects.get_or_create(
                code=code,
                sheet=sheet,
                defaults={"name": shipped.name, "spec": dict(shipped.spec), "source": shipped.source},
            )
            return row if row.active_to is None else None
    return None


def of_sheet(sheet: str) -> list[ColumnProfile]:
    """All profiles to choose from for a sheet."""
    codes = {shipped.code for shipped in resource.shipped() if shipped.sheet == sheet}
    codes |= set(ColumnProfile.objects.filter(sheet=sheet, active_to=None).values_list("code", flat=True))
    found = [find(code, sheet) for code in sorted(codes)]
    return [row for row in found if row is not None]


def unpack() -> None:
    """Shipped profiles that nobody has used yet become rows, so that the register shows them."""
    known = set(ColumnProfile.objects.values_list("code", "sheet"))
    for shipped in resource.shipped():
        if (shipped.code, shipped.sheet) not in known:
            find(shipped.code, shipped.sheet)


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
    row = ColumnProfile(code=code, sheet=sheet, name=name, spec=spec, source=source)
    payload = {"code": code, "sheet": sheet}
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
