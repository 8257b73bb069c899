"""The rows that filters name (team, person, merchant), read once for all the lists of a page."""

from collections.abc import Iterable, Mapping
from typing import Any

from accounts.models import Team, User
from aftersales.desk.queues import Asked
from aftersales.merchants.models import Merchant

NAMED: Mapping[str, Any] = {"team": Team, "assignee": User, "merchant": Merchant}


class Named:
    """What these lists name, as far as this reader may see it: at most one statement for each kind."""

    def __init__(self, lists: Iterable[Asked], user: Any) -> None:
        lists = list(lists)
        self._rows: dict[str, Mapping[int, Any]] = {}
        for name, model in NAMED.items():
            keys = {int(one.parts[name]) for one in lists if str(one.parts.get(name, "")).isdecimal()}
            self._rows[name] = model.objects.visible_to(user).in_bulk(keys) if keys else {}

    def get(self, name: str, key: Any) -> Any:
        return self._rows[name].get(int(key))
