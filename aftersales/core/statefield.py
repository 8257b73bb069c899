"""The column that holds a row's state."""

from typing import Any, Self

from django_fsm import FSMField


class StateField(FSMField):
    """The state of a machine, by default protected: only the door's moves change it.

    In a migration it is a plain text column. django-fsm-2's field registers a receiver of ``class_prepared``
    each time a model is built, and a migration builds every model hundreds of times: most of the time of a
    first ``migrate`` went into asking those receivers.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("protected", True)
        super().__init__(*args, **options)

    def deconstruct(self) -> Any:
        name, _path, args, options = super().deconstruct()
        options.pop("protected", None)
        return name, "django.db.models.CharField", args, options

    def clone(self) -> Self:
        _name, _path, args, options = self.deconstruct()
        return self.__class__(*args, protected=self.protected, **options)
