"""Whether the mapping of a column profile fits its sheet: what would fail at an upload is refused when it is saved."""

from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import available_timezones

from django.utils.translation import gettext as _

from aftersales.core.errors import DomainError

from . import resource
from .problems import Unreadable
from .resource import SheetResource
from .widgets import GRAINS, LookupWidget, MomentWidget

PARTS = {"columns", "zone", "constants", "chosen", "sums", "first_filled", "grains", "words"}


def check(sheet: str, spec: Any) -> None:
    """Raises DomainError with everything that is wrong, one sentence each."""
    try:
        found = resource.find(sheet)
    except LookupError as error:
        raise DomainError(str(error), "sheet") from error
    if not isinstance(spec, dict) or not isinstance(spec.get("columns"), dict) or not spec["columns"]:
        raise DomainError(_("A mapping names their columns under “columns”."), "mapping")
    try:
        wrong = list(_problems(found, spec))
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise DomainError(_("The mapping has another shape than it should."), "mapping") from error
    if wrong:
        raise DomainError(" ".join(dict.fromkeys(wrong)), "mapping")


def _problems(found: type[SheetResource], spec: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(spec.keys() - PARTS):
        yield _("A mapping has no part “%(name)s”.") % {"name": name}
    targets = list(_targets(spec))
    unknown = {name for name in targets if name not in found.fields}
    unknown |= {
        name for part in ("grains", "words") for name in spec.get(part, {}) if name not in found.fields
    }
    for name in sorted(unknown, key=str):
        yield _("This sheet has no column “%(name)s”.") % {"name": name}
    for name in sorted({name for name in targets if targets.count(name) > 1}, key=str):
        yield _("The column “%(name)s” is filled twice.") % {"name": name}
    for column in found.columns():
        if column.required and column.name not in targets:
            yield _("The column “%(name)s” must be filled and is not mapped.") % {"name": column.name}
    if spec.get("zone", "") and spec["zone"] not in available_timezones():
        yield _("“%(name)s” is no time zone.") % {"name": spec["zone"]}
    if not unknown:
        yield from _sources(spec)
        yield from _values(found, spec)


def _targets(spec: Mapping[str, Any]) -> Iterator[str]:
    """Our columns, as often as something fills them."""
    for ours in spec["columns"].values():
        yield from [ours] if isinstance(ours, str) else list(ours or [])
    for part in ("sums", "first_filled", "constants"):
        yield from dict(spec.get(part, {}))
    yield from list(spec.get("chosen", []))


def _sources(spec: Mapping[str, Any]) -> Iterator[str]:
    """Parts of sums and first filled cells are columns of the file."""
    named = [name for parts in spec.get("sums", {}).values() for name in parts]
    named += [name for steps in spec.get("first_filled", {}).values() for name, _value in steps if name]
    for name in sorted(set(named) - spec["columns"].keys()):
        yield _("Their column “%(name)s” does not stand under “columns”.") % {"name": name}


def _values(found: type[SheetResource], spec: Mapping[str, Any]) -> Iterator[str]:
    """Constants are readable; a grain belongs to a time."""
    given = list(spec.get("constants", {}).items())
    given += [(name, value) for name, steps in spec.get("first_filled", {}).items() for _cell, value in steps]
    given += [(name, ours) for name, words in spec.get("words", {}).items() for ours in words.values()]
    for name, value in given:
        widget = found.column(name).widget
        try:
            if not isinstance(value, str):
                raise Unreadable("text", _("A value stands in quotes."))
            if not isinstance(widget, LookupWidget):
                widget.clean(value)
        except Unreadable as error:
            yield f"{name}: {value}: {error.reason}"
    for name, grain in spec.get("grains", {}).items():
        if grain not in GRAINS or not isinstance(found.column(name).widget, MomentWidget):
            yield _("“%(grain)s” is no precision of the column “%(name)s”.") % {"grain": grain, "name": name}
