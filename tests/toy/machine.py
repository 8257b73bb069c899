"""Two machines: a parcel, whose every version is kept, and a lamp, whose events are its only history."""

from aftersales.core.machine import Machine, Move, Need
from tests.toy import rules
from tests.toy.states import LampState as L
from tests.toy.states import ParcelState as P

PARCEL = Machine(
    "toy.parcel",
    states=P,
    initial=[P.PACKED],
    terminal=[P.LOST],
    moves=[
        Move(
            "send", [P.PACKED], P.SENT, "toy.move", "Send", "parcel.sent",
            guards=[rules.light_enough, rules.stamped], facts=["toy.stamps_missing"],
            needs=[Need("carrier", "Carrier"), Need("remark", "Remark", required=False)],
        ),
        Move("deliver", [P.SENT], P.DELIVERED, "toy.move", "Deliver", "parcel.delivered"),
        Move("bring_back", [P.SENT, P.DELIVERED], P.PACKED, "toy.move", "Bring back", "parcel.brought_back"),
        Move("ask", [P.SENT], P.SENT, "toy.move", "Ask where it is", "parcel.asked"),
        Move("write_off", [P.SENT], P.LOST, "toy.write_off", "Write off", "parcel.lost"),
        Move("lose", [P.SENT], P.LOST, "toy.run", "Lose", "parcel.lost", by_system=True),
    ],
)  # fmt: skip

LAMP = Machine(
    "toy.lamp",
    states=L,
    initial=[L.OFF],
    moves=[
        Move("switch_on", [L.OFF], L.ON, "toy.move", "Switch on", "lamp.lit"),
        Move("switch_off", [L.ON], L.OFF, "toy.move", "Switch off", "lamp.darkened"),
    ],
)
