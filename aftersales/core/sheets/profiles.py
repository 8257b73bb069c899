"""Column profiles: rows that say how another platform's file maps on our sheet."""

from aftersales.core.sheets.models import ColumnProfile

from . import resource


def find(code: str, sheet: str) -> ColumnProfile | None:
    """The saved profile; a shipped one becomes a row at first use. None when there is no such profile."""
    row = ColumnProfile.objects.filter(code=code, sheet=sheet, active_to=None).first()
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
