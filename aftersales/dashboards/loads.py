"""How full somebody's hands are, said in words beside the bar."""

from django.utils.translation import gettext as _

FULL = 0.9  # of a person's capacity: from here the bar warns


def told(load: float) -> tuple[str, str]:
    """Tone and words of a share of the capacity; without words where there is room."""
    if load > 1:
        return "bad", _("over capacity")
    return ("warn", _("nearly full")) if load >= FULL else ("ok", "")
