"""A version of a return rule as plain data, so that judging needs no row and no query."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Self

from .states import Anchor, Carry, Effect

ALWAYS_FROM = datetime(2000, 1, 1, tzinfo=UTC)
OF_PARENT = frozenset({"id", "code", "name_zh", "name_en", "valid_from"})


@dataclass(frozen=True)
class Rule:
    """See ``models.ReturnRuleVersion``: the same columns by the same names. ``id`` is the version's key."""

    id: int
    code: str
    number: int = 1
    name_zh: str = ""
    name_en: str = ""
    valid_from: datetime = ALWAYS_FROM
    valid_to: datetime | None = None
    source_ref: str = ""
    legal_ref: str = ""
    effect: str = Effect.GRANTS
    law_sets: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    demands: tuple[str, ...] = ()
    grounds: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    promises: tuple[str, ...] = ()
    exception: str = ""
    exception_kinds: tuple[str, ...] = ()
    window_value: int | None = None
    window_unit: str = ""
    legal_value: int | None = None
    legal_unit: str = ""
    look_value: int | None = None
    look_unit: str = ""
    anchor: str = Anchor.SIGNED
    consent_signers: tuple[str, ...] = ()
    after_replacement: str = Carry.KEEPS
    holiday_end: str = Carry.KEEPS
    repair_excluded: bool = False
    within_warranty: bool = False
    failed_repairs: int = 0
    slow_repair_days: int = 0
    slow_parts_days: int = 0
    freight_out: str = ""
    freight_back: str = ""
    freight_again: str = ""
    evidence: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    silence: str = ""
    person_marks: tuple[str, ...] = ()
    owed_by: str = ""

    @property
    def citation(self) -> str:
        return f"{self.code} v{self.number}"

    @property
    def clause(self) -> str:
        """The legal ground where there is one, else the source of the rule."""
        return self.legal_ref or self.source_ref

    def applies_at(self, at: datetime) -> bool:
        return self.valid_from <= at and (self.valid_to is None or at < self.valid_to)

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a ``ReturnRuleVersion`` whose ``rule`` is loaded."""
        parent = row.rule
        columns: dict[str, Any] = {
            one.name: getattr(row, one.name) for one in fields(cls) if one.name not in OF_PARENT
        }
        columns |= {"code": parent.code, "name_zh": parent.name_zh, "name_en": parent.name_en}
        columns |= {"id": row.pk or 0, "valid_from": row.valid_from or ALWAYS_FROM}
        plain: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in columns.items()
        }
        return cls(**plain)
