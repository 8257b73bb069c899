"""Names of macros and automation rules that events cite by code."""

from functools import lru_cache

from django.utils.translation import get_language, gettext

from aftersales.tickets.models import Automation, Macro


def cited_name(code: str) -> str:
    """The name in the reader's language; the code when nothing is called so."""
    return _names(code)[int((get_language() or "").startswith("en"))]


@lru_cache(maxsize=512)
def _names(code: str) -> tuple[str, str]:
    """Both names as they were when this process first read them: a rename shows after its next start."""
    for model in (Automation, Macro):
        if found := model.objects.filter(code=code).values_list("name_zh", "name_en").first():
            return str(found[0]), str(found[1])
    return code, code


def doer(citation: str) -> str:
    """Who acted, when a rule did: "the rule “…” v2"."""
    code, _v, number = citation.rpartition(" v")
    return gettext("The rule “%(rule)s” v%(number)s") % {
        "rule": cited_name(code or citation),
        "number": number,
    }
