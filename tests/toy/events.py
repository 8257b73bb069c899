"""What happens to toys."""

from aftersales.core.events import Kind, register

register(
    Kind("parcel.packed", "%(actor)s packed the parcel"),
    Kind("parcel.sent", "%(actor)s sent the parcel with %(carrier)s", {"carrier": "code"}, "customer"),
    Kind("parcel.delivered", "%(actor)s delivered the parcel"),
    Kind("parcel.brought_back", "%(actor)s brought the parcel back"),
    Kind("parcel.asked", "%(actor)s asked where the parcel is"),
    Kind("parcel.lost", "%(actor)s gave the parcel up"),
    Kind("parcel.weighed", "%(actor)s weighed the parcel: %(grams)s", payload={"grams": "number"}),
    Kind("parcel.echoed", "Something answered"),
    Kind("lamp.hung", "%(actor)s hung the lamp"),
    Kind("lamp.lit", "%(actor)s lit the lamp"),
    Kind("lamp.darkened", "%(actor)s switched the lamp off"),
)
