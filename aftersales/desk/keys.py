"""The single keys of acts: each act has one, the same on every page and in every bar. ``?`` lists those of a page."""

from collections.abc import Mapping

ACTS: Mapping[str, str] = {
    "reply": "r",
    "note": "n",
    "macro": "m",
    "take": "a",
    "assign": "t",  # transfer
    "unassign": "u",  # put back
    "put_back": "u",  # the same act over many
    "hand_over": "e",  # escalate
    "escalate": "e",
    "wait": "h",  # hold
    "resume": "o",  # go on
    "start": "b",  # begin
    "agree": "p",
    "resolve": "s",
    "close_verified": "y",
    "archive": "d",
}
# Others: C register, F filter, G next for me, J and K walk, V save the view, W promise, X choose, Z take back.


def of(act: str) -> str:
    return ACTS.get(act, "")
