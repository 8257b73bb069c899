"""How a room declares a sheet: a django-import-export resource whose columns carry our widgets."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext, override
from import_export.declarative import ModelDeclarativeMetaclass
from import_export.fields import Field
from import_export.resources import ModelResource

from aftersales.core.errors import Text

from .widgets import ChoiceWidget, LookupWidget, MomentWidget, SheetWidget, said


class Column(Field):
    """One column. ``attribute`` is the model's field (empty: used by a lookup or an attached row only).

    ``personal`` names the mask (phone, name, address …); ``capability`` is asked in addition to the sheet's own.
    """

    widget: SheetWidget

    def __init__(
        self,
        attribute: str | None,
        widget: SheetWidget,
        label: Text,
        *,
        required: bool = False,
        example: str = "",
        personal: str = "",
        capability: str = "",
        export: str = "",
        hint: Text = "",
        column_name: str | None = None,
    ) -> None:
        super().__init__(attribute=attribute, column_name=column_name, widget=widget)
        self.label, self.required, self.example = label, required, example
        self.personal, self.capability, self.export_as, self.hint = personal, capability, export, hint

    @property
    def name(self) -> str:
        return str(self.column_name)

    @property
    def words(self) -> list[str]:
        """The words of a fixed set, as the reader may write them; none where anything may stand."""
        return [said(*one) for one in self.widget.choices] if isinstance(self.widget, ChoiceWidget) else []

    def labels(self) -> list[str]:
        """Every header this column answers to, besides its own code."""
        found = []
        for language in ("zh-hans", "en"):
            with override(language):
                found.append(str(self.label))
        return found


@dataclass(frozen=True)
class RowRule:
    """A rule over several columns. ``broken`` is SQL with ``{column}`` for final values; ``check`` is Python.

    ``among`` judges a row beside the others of its file (SQL with a window over final values; ``{given_column}`` is
    what the row itself says, NULL where it says nothing). ``again``: judged once more when the row is written, for
    rules that look at other rows or at rights. ``spares`` names the capability of those whom the rule does not bind.
    ``told`` reads the text of a refused cell once more and says which line or which words of it are meant; empty where
    it finds none, and the reason stands alone. It keeps under a key of its own in the plan's memory what it looked up,
    so that many refused cells ask the database once.
    """

    code: str
    columns: Sequence[str]
    broken: str
    reason: Text
    remedy: Text
    check: Callable[[Mapping[str, Any]], bool] | None = None
    among: str = ""
    again: bool = False
    spares: str = ""
    told: Callable[[str, dict[str, Any]], str] | None = None


@dataclass(frozen=True)
class Attached:
    """A row beside the main one (an account, a contact). ``missing`` and ``insert`` are SQL of the room.

    Placeholders: ``{target}`` the main row's id, ``{column}`` a typed value, ``{row}`` the source of rows for insert.
    """

    columns: Sequence[str]
    missing: str
    insert: str
    wrong: Sequence[tuple[str, str]] = field(default_factory=tuple)


class SheetMeta(ModelDeclarativeMetaclass):
    """Exactly the declared columns, in the declared order; the library would add every field of the model."""

    def __new__(cls, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> Any:
        declared = [key for key, value in attrs.items() if isinstance(value, Column)]
        if "Meta" in attrs:
            attrs["Meta"].fields = tuple(declared)
        made = super().__new__(cls, name, bases, attrs)
        made.fields = {key: made.fields[key] for key in declared}
        return made


class SheetResource(ModelResource, metaclass=SheetMeta):
    """A sheet: which rows, by which key, with which columns. ``Meta`` names the model."""

    fields: dict[str, Column]
    sheet = ""
    title: Text = ""
    key: Sequence[str] = ()
    row_key: Sequence[str] = ()
    rules: Sequence[RowRule] = ()
    attached: Sequence[Attached] = ()
    position = 100
    importable = True
    # SQL values of columns that a new row needs and no file gives: {"created_at": "{now}"}.
    born: Mapping[str, str] = {}
    # Statements when all rows are written: (plan, array of their ids) → SQL; must change nothing the second time.
    after: Sequence[Callable[[Any, str], str]] = ()
    view_capability = ""
    # Whether personal columns stay masked for those too who may export them elsewhere.
    always_masked = False
    # Lookup columns whose rows are locked while a chunk is written, because its rules look at what hangs on them.
    holds: Sequence[str] = ()
    # What single rows leave in the record besides the run's one event:
    # (keys of new rows, changed rows' keys → columns, actor, now).
    tell: Callable[[Sequence[int], Mapping[int, Sequence[str]], Any, Any], None] | None = None
    # An intake sheet gives its new rows to a service: (rows as typed values, actor, now) → for each of them in their
    # order the key of the row that it belongs to, None where it is left out. The service has its own transaction and
    # knows rows that it got before.
    intake: Callable[[Sequence[Mapping[str, Any]], Any, Any], Sequence[int | None]] | None = None
    # Under this name an intake row carries the moment of its preview, where the service refuses what changed since.
    previewed = ""
    # Under this name an intake row carries the version that its preview compared with (None: a new row), where the
    # service takes changed rows as well as new ones.
    seen = ""
    # Where drafts wait, for a sheet whose rows are versions with ``number`` and ``state``: the name of a page. Its
    # preview compares a row with the version that stands.
    drafts_at = ""
    # Why a row that was new is not there after writing.
    lost = "taken"
    # Rows of one transaction where the usual number would keep people waiting for too long; 0: the usual number.
    chunk_rows = 0
    # What closes the sheet to a person for a while: raises DomainError in words.
    closed: Callable[[Any], Any] | None = None
    # Condition on the stored row ``k`` by which a row is known, where that is not the key: SQL with ``{column}``.
    known_by = ""
    # The frame of its pages, and the page on which it stands instead of the list of all sheets: its rows go out from
    # there only.
    frame = ""
    home = ""

    @classmethod
    def model(cls) -> type[models.Model]:
        return cls._meta.model  # type: ignore[no-any-return]

    @classmethod
    def columns(cls) -> list[Column]:
        return list(cls.fields.values())

    @classmethod
    def column(cls, name: str) -> Column:
        return cls.fields[name]

    @classmethod
    def import_capability(cls) -> str:
        return f"core.import_{cls.sheet}"

    @classmethod
    def export_capability(cls) -> str:
        return f"core.export_{cls.sheet}"

    @classmethod
    def identity(cls) -> Sequence[str]:
        """Columns by which a repeated row inside a file is found."""
        return cls.row_key or cls.key

    @classmethod
    def key_columns(cls) -> set[str]:
        """Columns whose text is normalised, because rows are found by them."""
        looked_up = {c.name for c in cls.columns() if isinstance(c.widget, LookupWidget)}
        parts = {
            p for c in cls.columns() if isinstance(c.widget, LookupWidget) for p in c.widget.also.values()
        }
        return {*cls.key, *cls.row_key, *looked_up, *parts}

    @classmethod
    def moment_columns(cls) -> list[Column]:
        return [c for c in cls.columns() if isinstance(c.widget, MomentWidget)]

    @classmethod
    def measures(cls, now: datetime) -> Mapping[str, str]:
        """Further placeholders of row rules, as SQL: what a row is compared with, such as a number of the rule book."""
        return {}

    # django-import-export's own export of short lists goes through our widgets too
    def get_export_headers(self, selected_fields: Any = None) -> list[str]:
        return [str(column.label) for column in self.columns()]


@dataclass(frozen=True)
class ShippedProfile:
    """A column profile that comes with the product: loaded as a row with the rule book, and edited there."""

    code: str
    sheet: str
    name: Text
    spec: Mapping[str, Any]
    source: str = ""


_sheets: dict[str, type[SheetResource]] = {}
_profiles: dict[tuple[str, str], ShippedProfile] = {}


def register(*resources: type[SheetResource]) -> None:
    """Declare sheets; called when ``<room>/sheets.py`` is imported."""
    for resource in resources:
        _sheets[resource.sheet] = resource


def ship(*profiles: ShippedProfile) -> None:
    for profile in profiles:
        _profiles[(profile.code, profile.sheet)] = profile


def find(sheet: str) -> type[SheetResource]:
    """The declared sheet; LookupError for an unknown one."""
    try:
        return _sheets[sheet]
    except KeyError:
        raise LookupError(gettext("There is no sheet %(sheet)s.") % {"sheet": sheet}) from None


def refuse_closed(sheet: str, actor: Any) -> bool:
    """Raises what closes a sheet to this person for a while."""
    closed = find(sheet).closed
    if closed is not None:
        closed(actor)
    return True


def of_model(model: type[models.Model]) -> list[type[SheetResource]]:
    """The sheets that hold the rows of a model, for the links of its list."""
    return [found for found in registered() if found.model() is model]


def registered() -> list[type[SheetResource]]:
    return sorted(_sheets.values(), key=lambda resource: (resource.position, resource.sheet))


def shipped() -> Iterable[ShippedProfile]:
    return _profiles.values()
