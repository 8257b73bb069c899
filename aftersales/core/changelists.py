"""The list of a register page that goes on behind its last counted page.

Pages are counted up to a cap. Behind the last of them the list starts anew after its last row (``after`` in the
address, a key of that row): a comparison with the columns the list is sorted by, never a long OFFSET.
"""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from unfold.views import ChangeList

from aftersales.core.posted import whole

AFTER = "after"
COUNT_CAP = 10_000


class AtLeast(int):
    """A capped count: a number to reckon with that says "10000+" where people read it."""

    def __str__(self) -> str:
        return f"{int(self)}+"


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts at most 10,000 rows: a list is narrowed by filters, never leafed to its end."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        found = rows.order_by()[: COUNT_CAP + 1].count()
        return found if found <= COUNT_CAP else AtLeast(COUNT_CAP)


class RoomChangeList(ChangeList):  # type: ignore[misc]
    """See the module."""

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        found: dict[str, Any] = super().get_filters_params(params)
        found.pop(AFTER, None)
        return found

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request, exclude_parameters)
        key = whole(request.GET.get(AFTER))
        return rows if key is None else rows_after(rows, self.root_queryset, key)

    @property
    def is_narrowed(self) -> bool:
        """Whether "show all" would show more than this list."""
        return bool(self.query or self.has_active_filters or AFTER in self.params)

    @property
    def next_part(self) -> str:
        """The query string of the rows behind the last counted page; empty elsewhere."""
        if (
            not isinstance(self.paginator.count, AtLeast)
            or self.page_num != self.paginator.num_pages
            or not self.result_list
        ):
            return ""
        last = list(self.result_list)[-1]
        return str(self.get_query_string({AFTER: last.pk}, ["p"]))


def rows_after(rows: QuerySet[Any], seen: QuerySet[Any], key: int) -> QuerySet[Any]:
    """The rows behind the row with this key in the order of the list; a key that is not ``seen`` leaves nothing out."""
    order = [
        (name.lstrip("-"), name.startswith("-")) for name in rows.query.order_by if isinstance(name, str)
    ]
    order = [("pk" if name == "id" else name, down) for name, down in order]
    if not order or len(order) != len(rows.query.order_by):
        return rows
    last = seen.filter(pk=key).order_by().values(*(name for name, _down in order)).first()
    return rows if last is None else rows.filter(_behind(order, last))


def _behind(order: list[tuple[str, bool]], last: dict[str, Any]) -> Q:
    """Equal in the first columns and further on in the next one; PostgreSQL sorts NULL above every value."""
    found, equal = Q(pk__in=[]), Q()
    for name, down in order:
        value = last[name]
        found |= equal & _further(name, down, value)
        equal &= Q(**{f"{name}__isnull": True}) if value is None else Q(**{name: value})
    return found & _from(order[0], last)


def _further(name: str, down: bool, value: Any) -> Q:
    if value is None:
        return Q(**{f"{name}__isnull": False}) if down else Q(pk__in=[])
    beyond = Q(**{f"{name}__{'lt' if down else 'gt'}": value})
    return beyond if down else beyond | Q(**{f"{name}__isnull": True})


def _from(first: tuple[str, bool], last: dict[str, Any]) -> Q:
    """The same said of the first column alone, so that its index starts at the right place."""
    name, down = first
    if last[name] is None:
        return Q()
    here = Q(**{f"{name}__{'lte' if down else 'gte'}": last[name]})
    return here if down else here | Q(**{f"{name}__isnull": True})
