from django.apps import AppConfig


class ToyConfig(AppConfig):
    name = "tests.toy"
    label = "toy"
    verbose_name = "Toys"

    def ready(self) -> None:
        from aftersales.core import moves
        from tests.toy import events  # noqa: F401
        from tests.toy.machine import LAMP, PARCEL

        moves.use(PARCEL)
        moves.use(LAMP)
